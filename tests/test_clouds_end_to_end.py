"""The whole server in each of Microsoft's clouds: who signs in there works there, and no token leaves the cloud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from starlette.types import Receive, Scope, Send

import auth
from _server_wiring import scopes_of
from emulator import CLOUDS
from settings import Settings, read_settings
from tests.auth.support import APP, SECRET, AtOnce, registered
from tests.microsoft import BuiltCloud
from tests.support import facts_of, server_on, small_tenant, text_of

MAILBOX = "ines.aldana@lindenhall.example"
GRAPH = {
    "public": "graph.microsoft.com",
    "usgov": "graph.microsoft.us",
    "usgov-dod": "dod-graph.microsoft.us",
    "china": "microsoftgraph.chinacloudapi.cn",
}
LOGIN = {
    "public": "login.microsoftonline.com",
    "usgov": "login.microsoftonline.us",
    "usgov-dod": "login.microsoftonline.us",
    "china": "login.partner.microsoftonline.cn",
}
EVERY_CLOUD = pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in GRAPH])


class WatchedCloud(BuiltCloud):
    """A national cloud that notes which of its hosts were asked, and which were shown a token."""

    def __init__(self, name: str) -> None:
        super().__init__(small_tenant(), cloud=CLOUDS[name])
        self.asked: set[str] = set()
        self.shown: set[str] = set()
        self.app.state.tenant.add_message(self.app.state.tenant.demo_person, "Found it")
        details: dict[str, Any] = {"allow_public_client": True, "redirect_uris": ("http://localhost",)}
        registered(self, secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}), **details)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        host = headers[b"host"].decode().partition(":")[0]
        self.asked.add(host)
        if b"authorization" in headers:
            self.shown.add(host)
        await super().__call__(scope, receive, send)


@dataclass
class Setup:
    """What a server is started with."""

    cloud: WatchedCloud
    folder: Path

    def settings(self, **environ: str) -> Settings:
        kept = str(self.folder / "cache.json")
        given = {"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": self.cloud.app.state.tenant.id}
        return read_settings({**given, "ENTRA_TOKEN_CACHE_PATH": kept, **environ})

    def client(self, settings: Settings, flow: auth.Flow | None = None) -> Client:
        """An MCP client of the server as `run` builds it, save for the network; people sign in at once."""
        flow, scopes = flow or AtOnce(self.cloud), scopes_of(settings)
        accounts = auth.accounts_of(settings, scopes, self.cloud.http, flow, tell=_ignore, hide=_ignore)
        return Client(server_on(self.cloud, settings, accounts))


def _ignore(_: str) -> None:
    """Nobody is at the terminal."""


@EVERY_CLOUD
async def test_a_person_signs_in_and_works_in_their_cloud_only(name: str, tmp_path: Path) -> None:
    setup = Setup(WatchedCloud(name), tmp_path)
    async with setup.client(setup.settings(ENTRA_CLOUD=name)) as client:
        who = facts_of(await client.call_tool("account_whoami", {}))
        mail = text_of(await client.call_tool("mail_list_messages", {}))
    assert (who["username"], who["cloud"]) == (MAILBOX, name)
    assert "Mail.Read" in who["permissions"]
    assert "Found it" in mail
    assert setup.cloud.shown == {GRAPH[name]}
    assert setup.cloud.asked == {LOGIN[name], GRAPH[name]}


@EVERY_CLOUD
async def test_the_next_start_works_from_the_cache_in_every_cloud(name: str, tmp_path: Path) -> None:
    setup = Setup(WatchedCloud(name), tmp_path)
    settings = setup.settings(ENTRA_CLOUD=name)
    async with setup.client(settings) as client:
        facts_of(await client.call_tool("account_whoami", {}))
    before = setup.cloud.app.state.entra.journal.token_requests
    async with setup.client(settings) as client:
        assert "Found it" in text_of(await client.call_tool("mail_list_messages", {}))
    assert setup.cloud.app.state.entra.journal.token_requests == before


@EVERY_CLOUD
async def test_an_app_works_as_itself_in_its_cloud_only(name: str, tmp_path: Path) -> None:
    setup = Setup(WatchedCloud(name), tmp_path)
    settings = setup.settings(ENTRA_CLOUD=name, ENTRA_CLIENT_SECRET=SECRET, GRAPH_MAILBOX=MAILBOX)
    async with setup.client(settings) as client:
        who = facts_of(await client.call_tool("account_whoami", {}))
        mail = text_of(await client.call_tool("mail_list_messages", {}))
    assert (who["name"], who["cloud"]) == ("Nightly report", name)
    assert "Found it" in mail
    assert setup.cloud.shown == {GRAPH[name]}
    assert setup.cloud.asked == {LOGIN[name], GRAPH[name]}


@pytest.mark.parametrize("host", ["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"])
async def test_the_authority_alone_says_which_cloud_it_is(host: str, tmp_path: Path) -> None:
    setup = Setup(WatchedCloud("china"), tmp_path)
    settings = setup.settings(ENTRA_AUTHORITY=f"https://{host}/{setup.cloud.app.state.tenant.id}")
    async with setup.client(settings) as client:
        assert facts_of(await client.call_tool("account_whoami", {}))["cloud"] == "china"
        assert "Found it" in text_of(await client.call_tool("mail_list_messages", {}))
    assert setup.cloud.shown == {GRAPH["china"]}


@pytest.mark.parametrize(
    ("home", "set_to"),
    [
        pytest.param("usgov", "public", id="a government tenant with the default"),
        pytest.param("china", "public", id="a tenant in China with the default"),
        pytest.param("public", "usgov", id="a public tenant with usgov"),
    ],
)
@pytest.mark.parametrize("way", [pytest.param("", id="a person"), pytest.param(SECRET, id="an app")])
async def test_the_wrong_cloud_is_told_with_the_setting_to_change(
    home: str, set_to: str, way: str, tmp_path: Path
) -> None:
    setup = Setup(WatchedCloud(home), tmp_path)
    app_alone = {"ENTRA_CLIENT_SECRET": way, "GRAPH_MAILBOX": MAILBOX} if way else {}
    async with setup.client(setup.settings(ENTRA_CLOUD=set_to, **app_alone), auth.DeviceFlow()) as client:
        answer = await client.call_tool("account_whoami", {})
    assert answer.is_error
    assert "ENTRA_CLOUD" in text_of(answer)
    assert setup.cloud.shown == set()


async def test_the_two_government_clouds_share_a_sign_in_and_no_token(tmp_path: Path) -> None:
    setup = Setup(WatchedCloud("usgov-dod"), tmp_path)
    settings = setup.settings(ENTRA_CLOUD="usgov", ENTRA_CLIENT_SECRET=SECRET, GRAPH_MAILBOX=MAILBOX)
    async with setup.client(settings) as client:
        answer = await client.call_tool("account_whoami", {})
    assert answer.is_error
    assert "500011" in text_of(answer)
    assert setup.cloud.shown == set()
