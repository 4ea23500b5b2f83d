"""Application mode: an app has no person, so that each call says in whose mailbox it works, where nothing else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from mcp import Client

import auth
from _server_services import Rules
from errors import ToolInputError
from principal import Identity, Rights
from server import build_server
from tests.auth.support import GRAPH, SECRET, public_cloud, registered, settings_for
from tests.support import facts_of, text_of
from tests.tools.approving import is_done
from tests.tools.clients import Person, at
from tests.tools.offering import AnApp, Offering
from tests.tools.recording import Recorder
from tests.tools.sampled import sample
from tests.tools.test_approval import answered, asked_raw, question_of
from tests.tools.test_cursors import paged
from tools import Side
from tools._listing import named_mailbox

INES, JONAS = "ines.aldana@lindenhall.example", "jonas.brandt@lindenhall.example"
ROLES = ("Mail.Read", "Mail.Send", "MailboxSettings.Read")


@asynccontextmanager
async def an_app(*roles: str, **environ: str) -> AsyncIterator[tuple[Client, Recorder]]:
    """A client of the server that is an app in the emulator, with these permissions; and what it sends."""
    cloud = public_cloud()
    tenant = cloud.app.state.tenant
    for person in tenant.people.values():
        tenant.add_message(person, subject=f"For {person.display_name}", body={"contentType": "text", "content": "x"})
    registered(cloud, secrets=(SECRET,), application_roles=frozenset(roles))
    settings = settings_for(cloud, ENTRA_CLIENT_SECRET=SECRET, **environ)
    recorder = Recorder(httpx.ASGITransport(app=cloud))
    accounts = auth.accounts_of(
        settings, [f"{GRAPH}/.default"], cloud.http, auth.DeviceFlow(), tell=lambda _: None, hide=lambda _: None
    )
    async with Client(build_server(settings, accounts, transport=recorder)) as client:
        yield client, recorder


async def test_an_apps_tools_take_a_mailbox_and_work_in_it() -> None:
    async with an_app(*ROLES) as (client, recorder):
        listed = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
        assert list(listed) == [
            "account_whoami",
            "mail_list_messages",
            "mail_read_message",
            "mail_send_message",
            "mail_read_thread",
        ]
        assert all("mailbox" in schema["required"] for name, schema in listed.items() if name.startswith("mail_"))
        assert listed["account_whoami"]["properties"] == {}
        for who, subject in ((INES, "For Ines Aldana"), (JONAS, "For Jonas Brandt")):
            recorder.exchanges.clear()
            facts = facts_of(await client.call_tool("mail_list_messages", {"mailbox": f" {who} "}))
            assert [row["subject"] for row in facts["messages"]] == [subject]
            paths = [each.path for each in recorder.exchanges if "mailFolders" in each.path]
            assert paths == [f"/v1.0/users/{who.replace('@', '%40')}/mailFolders/inbox/messages"]
        who_am_i = await client.call_tool("account_whoami", {})
        assert "the app Nightly report, without a person" in text_of(who_am_i)


async def test_the_servers_own_mailbox_is_meant_where_a_call_names_none() -> None:
    async with an_app(*ROLES, GRAPH_MAILBOX=JONAS) as (client, recorder):
        listed = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
        assert "mailbox" not in listed["mail_list_messages"].get("required", [])
        assert "the server's own if left out" in listed["mail_list_messages"]["properties"]["mailbox"]["description"]
        for arguments, subject in (({}, "For Jonas Brandt"), ({"mailbox": INES}, "For Ines Aldana")):
            facts = facts_of(await client.call_tool("mail_list_messages", arguments))
            assert [row["subject"] for row in facts["messages"]] == [subject]
        assert not [each.path for each in recorder.exchanges if "/me/" in each.path]


async def test_a_mailbox_that_is_not_there_is_an_error_that_a_model_can_read() -> None:
    async with an_app(*ROLES) as (client, _):
        result = await client.call_tool("mail_list_messages", {"mailbox": "nobody@lindenhall.example"})
    assert result.is_error
    assert "nobody@lindenhall.example" in text_of(result)


async def test_an_app_without_the_permission_is_told_which_and_the_tool_is_listed_no_more() -> None:
    async with an_app("Mail.Read") as (client, _):
        assert "mail_send_message" in [tool.name for tool in (await client.list_tools()).tools]
        arguments = {"mailbox": INES, "to": [JONAS], "subject": "x", "text": "x"}
        refused = await client.call_tool("mail_send_message", arguments)
        assert refused.is_error
        assert "mail_send_message, of the toolset mail, needs Mail.Send, which was not granted" in text_of(refused)
        assert "adminconsent" in text_of(refused)
        assert "mail_send_message" not in [tool.name for tool in (await client.list_tools()).tools]


# With tools of the test's own, where nothing but the framework decides.


def offering(*, usual: str = "", **details: object) -> Offering:
    side = Side(as_application=True, has_mailbox=bool(usual))
    rules = Rules(mailbox=usual)
    people = AnApp("Mail.Read", "Mail.ReadWrite", "Mail.Send")
    return Offering(**{"catalogue": (sample,), "side": side, "rules": rules, "people": people, **details})  # type: ignore[arg-type]


HOSTILE = [
    pytest.param("me", id="the person that an app is not"),
    pytest.param("..", id="dots"),
    pytest.param("a/../b", id="a path"),
    pytest.param(f"{INES}/messages", id="a path behind a name"),
    pytest.param("x?$expand=attachments", id="a query"),
    pytest.param("ines", id="half a name"),
    pytest.param(f"{INES}#fragment", id="a fragment"),
    pytest.param("a\nb@x.example", id="a line end"),
    pytest.param("%2e%2e@x/y", id="encoded dots"),
    pytest.param("x@" + "y" * 5000, id="no end"),
    pytest.param("\u2024\u2024@x.example", id="letters that look like dots"),
    pytest.param("{1.id}", id="a field of an earlier step"),
]
NO_TEXT = [pytest.param(7, id="a number"), pytest.param(None, id="null"), pytest.param([INES], id="a list")]


@pytest.mark.parametrize("tool", [("sample_look", {}), ("sample_mark", {"id": "x"})], ids=["a read", "a write"])
@pytest.mark.parametrize("mailbox", [*HOSTILE, *NO_TEXT])
async def test_what_is_no_mailbox_is_refused_before_anything_is_sent(
    mailbox: object, tool: tuple[str, dict[str, str]]
) -> None:
    offered = offering(usual=JONAS)
    async with Client(offered.server()) as client:
        result = await client.call_tool(tool[0], {**tool[1], "mailbox": mailbox})
    assert result.is_error
    assert "mailbox" in text_of(result)
    assert not offered.sent


@pytest.mark.parametrize("mailbox", HOSTILE)
def test_what_is_no_mailbox_is_seen(mailbox: str) -> None:
    with pytest.raises(ToolInputError, match="is no mailbox"):
        named_mailbox(mailbox, is_needed=False)


@pytest.mark.parametrize(
    "mailbox",
    [
        pytest.param(INES, id="a user principal name"),
        pytest.param("o'neil-x_1@a-b.example", id="with signs"),
        pytest.param("ines_partner.example#EXT#@lindenhall.example", id="a guest"),
        pytest.param("3f1c0c0e-1111-4222-8333-444455556666", id="an object id"),
    ],
)
def test_what_is_a_mailbox_is_taken_without_what_stands_around_it(mailbox: str) -> None:
    assert named_mailbox(f" {mailbox}\t", is_needed=True) == mailbox


@pytest.mark.parametrize("arguments", [{}, {"mailbox": " "}], ids=["left out", "blank"])
async def test_a_mailbox_that_is_needed_is_asked_for(arguments: dict[str, str]) -> None:
    assert named_mailbox(" ", is_needed=False) == ""
    with pytest.raises(ToolInputError, match="say in mailbox whose"):
        named_mailbox(" ", is_needed=True)
    offered = offering()
    async with Client(offered.server()) as client:
        result = await client.call_tool("sample_look", arguments)
    assert "say in mailbox whose" in text_of(result)
    assert not offered.sent


@pytest.mark.parametrize(
    ("usual", "arguments", "is_allowed"),
    [
        pytest.param("", {"mailbox": INES}, True, id="an allowed one"),
        pytest.param("", {"mailbox": INES.upper()}, True, id="in another case"),
        pytest.param("", {"mailbox": JONAS}, False, id="another one"),
        pytest.param("", {"mailbox": "3f1c0c0e-1111-4222-8333-444455556666"}, False, id="whoever an id stands for"),
        pytest.param(JONAS, {}, False, id="the server's own, which this caller may not"),
        pytest.param(INES, {}, True, id="the server's own"),
    ],
)
async def test_a_caller_works_only_in_the_mailboxes_that_are_theirs(
    usual: str, arguments: dict[str, str], is_allowed: bool
) -> None:
    offered = offering(usual=usual, rights=Rights(mailboxes=frozenset([INES])))
    async with Client(offered.server()) as client:
        result = await client.call_tool("sample_look", arguments)
        written = await client.call_tool("sample_mark", {"id": "x", **arguments})
    assert (result.is_error, written.is_error) == (not is_allowed, not is_allowed)
    assert is_allowed or "this caller may not work in the mailbox" in text_of(result)
    assert bool(offered.sent) is is_allowed


async def test_what_has_no_form_for_apps_is_neither_listed_nor_called() -> None:
    offered = offering(usual=INES)
    async with Client(offered.server()) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [
            "sample_look",
            "sample_mark",
            "sample_post",
            "sample_drop",
        ]
        result = await client.call_tool("sample_burn", {"id": "x"})
    assert "needs a signed-in person, and the server works as an app" in text_of(result)


async def test_a_person_does_not_choose_a_mailbox() -> None:
    offered = Offering(catalogue=(sample,))
    async with Client(offered.server()) as client:
        result = await client.call_tool("sample_look", {"mailbox": JONAS})
    assert text_of(result) == "sample_look has no argument mailbox. It takes: folder."
    assert not offered.sent


async def test_the_mailbox_goes_through_tool_call() -> None:
    offered = offering(discovery=True)
    async with Client(offered.server()) as client:
        arguments = {"name": "sample_look", "arguments": {"mailbox": INES}}
        assert text_of(await client.call_tool("tool_call", arguments)) == "Read 0."
        described = facts_of(await client.call_tool("tool_describe", {"name": "sample_look"}))
    assert '"required":["mailbox"]' in described["arguments"]
    assert offered.sent == ["GET /v1.0/users/ines.aldana%40lindenhall.example/mailFolders/inbox/messages"]


# What a person is asked, and where a list goes on.


class TheReport(AnApp):
    """An app that has a name."""

    async def identity(self, account: str | None = None) -> Identity:
        return replace(await super().identity(None), name="Nightly report")


async def test_the_question_names_the_mailbox_and_one_for_another_leaves_it_open() -> None:
    offered = offering(usual=JONAS, people=TheReport("Mail.Read", "Mail.Send"))
    async with at(offered.server(), "modern stream", Person()) as client:
        for_ines, for_jonas = {"text": "Minutes", "mailbox": INES}, {"text": "Minutes"}
        first = await asked_raw(client, "sample_post", for_ines)
        second = await asked_raw(client, "sample_post", for_jonas)
        for question, mailbox in ((first, INES), (second, JONAS)):
            assert f"As: Nightly report, in the mailbox {mailbox}" in question_of(question).splitlines()
            assert "Changed:" not in question_of(question)
        assert not offered.sent
        assert is_done(await answered(client, first, "sample_post", for_ines)())
        assert is_done(await answered(client, second, "sample_post", for_jonas)())
    assert offered.sent == [f"POST /v1.0/users/{who.replace('@', '%40')}/sendMail" for who in (INES, JONAS)]


ELSEWHERE = "This cursor continues another query"


@pytest.mark.parametrize(
    ("begun", "continued", "refusal"),
    [
        pytest.param({"mailbox": INES}, {"mailbox": INES}, "", id="the same"),
        pytest.param({"mailbox": INES}, {"mailbox": INES.upper()}, "", id="the same in another case"),
        pytest.param({"mailbox": INES.upper()}, {"mailbox": INES}, "", id="begun in another case"),
        pytest.param({}, {}, "", id="the server's own"),
        pytest.param({}, {"mailbox": JONAS.title()}, "", id="the server's own by its name"),
        pytest.param({"mailbox": JONAS}, {}, "", id="the server's own, left out later"),
        pytest.param({}, {"mailbox": INES}, ELSEWHERE, id="from the server's own to another"),
        pytest.param({"mailbox": INES}, {}, ELSEWHERE, id="from another to the server's own"),
        pytest.param({"mailbox": INES}, {"mailbox": JONAS}, ELSEWHERE, id="another"),
    ],
)
async def test_a_cursor_leads_on_in_its_mailbox_alone(
    begun: dict[str, str], continued: dict[str, str], refusal: str
) -> None:
    offered = offering(usual=JONAS, catalogue=(paged,))
    async with Client(offered.server()) as client:
        cursor = facts_of(await client.call_tool("paged_look", begun))["next"]
        result = await client.call_tool("paged_look", {**continued, "cursor": cursor})
    assert result.is_error is bool(refusal)
    assert refusal in text_of(result)
    assert len(offered.sent) == (1 if refusal else 2)


@pytest.mark.parametrize(
    ("named", "refusal"),
    [
        pytest.param({"mailbox": INES}, "may not work in the mailbox", id="its own"),
        pytest.param({}, ELSEWHERE, id="theirs"),
    ],
)
async def test_a_cursor_is_no_way_into_a_mailbox_that_is_not_theirs(named: dict[str, str], refusal: str) -> None:
    offered = offering(usual=JONAS, catalogue=(paged,))
    async with Client(offered.server()) as client:
        cursor = facts_of(await client.call_tool("paged_look", {"mailbox": INES}))["next"]
        offered.rights = Rights(mailboxes=frozenset([JONAS]))
        result = await client.call_tool("paged_look", {**named, "cursor": cursor})
    assert result.is_error
    assert refusal in text_of(result)
    assert len(offered.sent) == 1
