"""The mail tools without a person: in the mailbox that a call names, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest
from mcp import Client

from _server_services import Rules
from graph import GraphClient, GraphService
from principal import Identity, Level, Principal, SignedIn
from tests.graph.support import speaker
from tests.support import text_of
from tests.tools.people import FakePeople
from tests.tools.recording import Recorder
from tests.tools.serving import server_with
from tools import TOOLSETS

MAILBOX = "sales@lindenhall.example"


class Daemon(FakePeople):
    """An app that signed in as itself."""

    async def identity(self, account: str | None = None) -> Identity:
        roles = ("Mail.Read", "Mail.Send", "MailboxSettings.Read", "User.Read.All")
        return Identity(
            Principal("public", "tenant", "app", "app"), is_person=False, name="app", username="", permissions=roles
        )

    async def listed(self) -> Sequence[SignedIn]:
        return []


def answer(request: httpx.Request) -> httpx.Response:
    path = request.url.path
    if path.endswith("/sendMail"):
        return httpx.Response(202)
    if path.endswith("/organization"):
        return httpx.Response(200, json={"value": [{"verifiedDomains": [{"name": "lindenhall.example"}]}]})
    if path.endswith("/mailboxSettings"):
        return httpx.Response(200, json={"timeZone": "Tokyo Standard Time"})
    item = {"id": "x", "conversationId": "c", "receivedDateTime": "2026-11-20T12:00:00Z"}
    return httpx.Response(200, json={"value": [item], **item} if "/messages" in path else {"value": []})


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("mail_list_messages", {}, "Newest first, Asia/Tokyo"),
        ("mail_read_message", {"id": "x"}, "Received 2026-11-20 21:00 Asia/Tokyo."),
        ("mail_read_thread", {"id": "x"}, "oldest first, Asia/Tokyo"),
        ("mail_send_message", {"to": ["a@lindenhall.example"], "subject": "x", "text": "y"}, "Sent to a@"),
    ],
)
async def test_a_call_stays_in_the_mailbox_that_it_names(tool: str, arguments: dict[str, object], told: str) -> None:
    recorder = Recorder(httpx.MockTransport(answer))

    def client(service: GraphService, _: str | None, mailbox: str) -> GraphClient:
        return GraphClient(service, speaker(), user=mailbox)

    server = server_with(
        recorder, Daemon(), client, catalogue=TOOLSETS, as_application=True, rules=Rules(level=Level.FULL)
    )
    async with Client(server) as mcp:
        result = await mcp.call_tool(tool, {**arguments, "mailbox": MAILBOX})
    assert told in text_of(result)
    paths = {each.path for each in recorder.exchanges if not each.path.endswith(("/organization", "/$batch"))}
    assert paths
    assert {path.split("/")[2:4] == ["users", "sales%40lindenhall.example"] for path in paths} == {True}, paths
