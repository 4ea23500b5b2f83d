"""Every kind of error as a model reads it, from the trouble at Graph to the text: what happened, why, what next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from server import build_server
from settings import read_settings
from tests.auth.support import APP
from tests.support import account_of, demo_settings, facts_of, text_of
from tests.tools.clients import Person, at
from tests.tools.trouble import ERAS, FREE, LIST, MAIL, READ, SEND, Tokens, Wire, cloud_of, served, working
from tests.virtual_time import VIRTUAL_TIME

INBOX, OUT = "me/mailFolders/inbox", "me/sendMail"
NEVER = ("Traceback", "://graph", "$select", "$top", "eyJ", "Bearer", ".py", "object at 0x", "Error executing")


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


def told(result: CallToolResult) -> str:
    """The error, which in any case is short and has nothing of the request and nothing of ours in it."""
    assert result.is_error
    assert result.structured_content is None
    text = text_of(result)
    assert len(text) <= 600
    assert not [never for never in NEVER if never in text]
    assert text == " ".join(text.split())
    return text


TROUBLE = [
    pytest.param({"status": 400}, LIST, {}, ["BadRequest: The request is malformed", "[request-id "], id="400"),
    pytest.param({"status": 401}, LIST, {}, ["sign-in is no longer accepted", "[request-id "], id="401"),
    pytest.param(
        {"status": 403, "code": "ErrorAccessDenied", "message": "Access is denied."},
        LIST,
        {},
        [
            "ErrorAccessDenied: Access is denied.",
            "[request-id ",
            "was granted (Mail.Read)",
            "role, a licence or a share",
        ],
        id="403 with the permission",
    ),
    pytest.param(
        {"status": 403, "code": "Authorization_RequestDenied", "message": "Tenant does not have a SPO license."},
        LIST,
        {},
        ["A licence is missing: an administrator can assign one."],
        id="403 for want of a licence",
    ),
    pytest.param(
        {"status": 404, "code": "ErrorItemNotFound", "message": "The specified object was not found."},
        LIST,
        {},
        ["ErrorItemNotFound: The specified object was not found.", "[request-id "],
        id="404",
    ),
    pytest.param({"status": 409}, LIST, {}, ["Conflict: ", "[request-id "], id="409"),
    pytest.param({"status": 412}, LIST, {}, ["changed meanwhile: read it again", "[request-id "], id="412"),
    pytest.param(
        {"status": 429, "retry_after": 200}, LIST, {}, ["TooManyRequests", "wait 200 seconds", "[request-id "], id="429"
    ),
    pytest.param({"status": 500}, LIST, {}, ["InternalServerError", "Try again", "[request-id "], id="500"),
    pytest.param({"status": 502, "body": "html"}, LIST, {}, ["502", "proxy or a gateway", "Try again"], id="a gateway"),
    pytest.param({"status": 504, "body": "none"}, LIST, {}, ["504", "gave no reason", "Try again"], id="nothing said"),
    pytest.param({"kind": "reset"}, LIST, {}, ["Unreachable", "Check the network"], id="no connection"),
    pytest.param({"kind": "torn"}, LIST, {}, ["not JSON", "Try again"], id="a torn answer"),
    pytest.param({"kind": "not-json"}, LIST, {}, ["JSON"], id="no JSON"),
    pytest.param({"kind": "lost", "path": OUT}, SEND, MAIL, ["AnswerLost", "before doing it again"], id="a lost send"),
    pytest.param(
        {"status": 429, "retry_after": 300, "path": OUT}, SEND, MAIL, ["wait 300 seconds"], id="a send that has to wait"
    ),
    pytest.param({"status": 503, "path": OUT}, SEND, MAIL, ["before doing it again"], id="a send in an outage"),
]


@pytest.mark.parametrize(("trouble", "tool", "arguments", "says"), TROUBLE)
async def test_trouble_at_graph_is_told_with_its_reason_and_the_next_step(
    trouble: dict[str, Any], tool: str, arguments: dict[str, Any], says: list[str]
) -> None:
    async with working() as (client, cloud):
        cloud.app.state.chaos.strike(**{"path": INBOX, "times": None, **trouble})
        text = told(await client.call_tool(tool, arguments))
    assert [words for words in says if words not in text] == []


async def test_a_thing_that_is_gone_is_told_with_the_tool_that_lists_those_that_are_there() -> None:
    async with working() as (client, cloud):
        tenant = cloud.app.state.tenant
        tenant.add_message(tenant.demo_person, "Budget", "As agreed.")
        (row,) = facts_of(await client.call_tool(LIST, {}))["messages"]
        mailbox = tenant.mailbox(tenant.demo_person)
        mailbox.remove(next(iter(mailbox.messages.values())))
        text = told(await client.call_tool(READ, {"id": row["id"]}))
    assert "ErrorItemNotFound" in text
    assert text.endswith("mail_list_messages lists each message that is there now.")


async def test_what_takes_too_long_is_given_up_and_told_so() -> None:
    async with working() as (client, cloud):
        cloud.app.state.throttle.latency = 10_000
        text = told(await client.call_tool(LIST, {}))
    assert text.startswith("Timeout: Graph took too long to answer.")


async def test_a_permission_that_was_not_granted_is_named_with_its_toolset_and_the_link_to_agree() -> None:
    cloud = cloud_of()
    settings = read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": cloud.app.state.tenant.id, **FREE})
    async with Client(served(cloud, ["Mail.Read", "User.Read"], settings)) as client:
        text = text_of(await client.call_tool(SEND, MAIL))
    assert text.startswith("mail_send_message, of the toolset mail, needs Mail.Send, which was not granted.")
    link = text.partition("here: ")[2]
    assert link.startswith("https://login.microsoftonline.com/")
    assert APP in link
    assert "Mail.Send" in link
    assert not [call for call in cloud.app.state.calls.calls if "sendMail" in call.path]


MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    (READ, {}, 'id: missing. Example: "id": "msg_4k7q2m"'),
    (READ, {"id": 5}, 'id: 5 must be text, in quotes. Example: "id": "msg_4k7q2m"'),
    (LIST, {"limit": "25"}, 'limit: "25" must be a whole number, without quotes'),
    (LIST, {"limit": 5000}, 'limit: 5000 is too large (1 to 50). Example: "limit": 25'),
    (LIST, {"limit": True}, "limit: true must be a whole number"),
    (LIST, {"unread": "yes"}, 'unread: "yes" must be true or false, without quotes'),
    (SEND, {**MAIL, "to": []}, 'to: too few: 0 (at least 1 item). Example: "to": ["'),
    (SEND, {**MAIL, "to": "jonas"}, 'to: "jonas" must be a list, in [ ]. Example: "to": ["'),
    (SEND, {**MAIL, "to": ["jonas"]}, "to: 'jonas' is no address."),
    (SEND, {**MAIL, "subject": "s" * 300}, "subject: too long: 300 characters (at most 255)"),
    (SEND, {**MAIL, "dry_run": "yes"}, "dry_run has to be true or false"),
    (LIST, {"foldr": "inbox"}, "has no argument foldr. It takes: folder, unread, limit"),
    (LIST, {"cursor": "next_zzzzzzzzzz"}, "Call mail_list_messages without cursor"),
    (READ, {"id": "msg_a2b3c4"}, "mail_list_messages lists messages again"),
    (LIST, {"folder": "archiv"}, "Did you mean Archive?"),
]


@pytest.mark.parametrize("era", ERAS)
async def test_a_mistake_names_the_argument_and_a_right_example(era: str) -> None:
    """All in one server, which is what takes time."""
    async with at(served(cloud_of()), era, Person()) as client:
        for tool, arguments, says in MISTAKES:
            assert says in told(await client.call_tool(tool, arguments))


CANARY = "Kestrel-" * 40

ECHOES: list[tuple[str, dict[str, Any]]] = [
    (READ, {"id": [CANARY]}),
    (READ, {CANARY: 1}),
    (LIST, {"limit": CANARY}),
    (LIST, {"cursor": CANARY}),
    (SEND, {**MAIL, "subject": CANARY}),
    (SEND, {**MAIL, "to": [[CANARY]]}),
]


async def test_a_long_argument_is_not_repeated() -> None:
    async with working() as (client, _):
        for tool, arguments in ECHOES:
            assert CANARY[:41] not in told(await client.call_tool(tool, arguments))


async def test_a_crash_tells_the_model_nothing_of_itself() -> None:
    class Crashing(Tokens):
        async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
            raise RuntimeError("a secret detail")

    cloud = cloud_of()
    server = build_server(demo_settings(), account_of(Crashing(cloud, ())), transport=Wire(cloud))
    async with Client(server) as client:
        text = text_of(await client.call_tool(LIST, {}))
    assert text == "Error executing tool mail_list_messages"
