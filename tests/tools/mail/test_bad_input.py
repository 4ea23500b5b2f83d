"""The mail tools through a client that makes mistakes, and with parts behind them that break."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from mcp import Client

from server import build_server
from settings import read_settings
from tests.graph.support import OneToken
from tests.support import account_of, client_of, demo_settings, small_tenant, text_of
from tests.tools.mail.support import mailbox_of
from tests.tools.recording import Recorder


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        pytest.param("list_messages", {"folder": 5}, ["folder", "text"], id="wrong type"),
        pytest.param("list_messages", {"limit": True}, ["limit", "number"], id="true is no number"),
        pytest.param("list_messages", {"limit": "5"}, ["limit", "number"], id="a number as text"),
        pytest.param("list_messages", {"unread": "yes"}, ["unread", "true or false"], id="a word for true"),
        pytest.param("list_messages", {"limit": 51}, ["limit", "50"], id="too many"),
        pytest.param("list_messages", {"limit": 0, "unread": 3}, ["limit", "unread"], id="two mistakes at once"),
        pytest.param("list_messages", {"top": 5}, ["no argument top", "limit"], id="unknown argument"),
        pytest.param("read_message", {}, ["id"], id="missing argument"),
        pytest.param("read_message", {"id": "x", "start": -1}, ["start"], id="a start before the text"),
        pytest.param("read_message", {"id": ".."}, ["not an id"], id="an id that climbs"),
        pytest.param("read", {}, ["no tool 'mail_read'", "mail_read_message"], id="unknown tool"),
    ],
)
async def test_bad_input_is_answered_with_what_to_do(tool: str, arguments: dict[str, Any], says: list[str]) -> None:
    async with mailbox_of(small_tenant()) as mailbox:
        told = await mailbox.refusal(tool, **arguments)
        assert all(part in told for part in says), told
        assert not (await mailbox.call("list_messages")).is_error, "and the next call is served"


async def test_a_crash_tells_the_model_nothing_of_itself() -> None:
    class Crashing(OneToken):
        async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
            raise RuntimeError("a secret detail")

    network = httpx.MockTransport(lambda _: httpx.Response(500))
    async with Client(build_server(demo_settings(), account_of(Crashing()), transport=network)) as client:
        result = await client.call_tool("mail_list_messages", {})
    assert result.is_error
    assert text_of(result) == "Error executing tool mail_list_messages"


async def test_another_cloud_is_called_at_its_own_host() -> None:
    cloud = Recorder(httpx.MockTransport(lambda _: httpx.Response(200, json={"value": []})))
    environ = {"ENTRA_CLIENT_ID": "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10", "ENTRA_CLOUD": "usgov"}
    async with Client(build_server(read_settings(environ), account_of(OneToken()), transport=cloud)) as client:
        await client.call_tool("mail_list_messages", {})
    assert {each.url.host for each in cloud.exchanges} == {"graph.microsoft.us"}


async def test_a_real_sign_in_reads_its_own_mail() -> None:
    tenant = small_tenant()
    tenant.add_message(tenant.demo_person, "Hello", "x")
    async with client_of(tenant) as client:
        assert "|Hello" in text_of(await client.call_tool("mail_list_messages", {}))
