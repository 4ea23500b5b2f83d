"""tools/discovery.py: a few listed tools reach all the others, under the same rules as if these were listed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult, ErrorData

from _server_services import Rules
from errors import StorageError
from principal import Access, Level, Rights
from tests.support import client_of, facts_of, small_tenant, text_of
from tests.tools.clients import Person, at
from tests.tools.offering import Granted, Offering
from tests.tools.people import FakePeople
from tests.tools.sampled import sample
from tools import TOOLSETS, Policy
from tools._policy import Verdict

INES, JONAS = "ines@a.example", "jonas@a.example"
WRITES = ("Mail.ReadWrite", "Mail.Send")
FINDERS = ["tool_find", "tool_describe", "tool_call"]
WAYS = [
    pytest.param("legacy stream", id="older handshake, stdio"),
    pytest.param("modern stream", id="2026-07-28, stdio"),
]


class Deciding(Person):
    """Answers the question whether something may be done."""

    def __init__(self, *, approves: bool) -> None:
        super().__init__()
        self.approves = approves

    async def ask(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        self.forms.append(params.message)
        return ElicitResult(action="accept", content={"approve": self.approves})


def offering(*usernames: str, permissions: tuple[str, ...] = WRITES, **details: Any) -> Offering:
    people = Granted(*(usernames or (INES,)), permissions=permissions)
    return Offering(**{"catalogue": (sample,), "discovery": True, "people": people, **details})


async def called(offered: Offering, name: Any, arguments: Any = None, **more: Any) -> CallToolResult:
    given = {"name": name, **({} if arguments is None else {"arguments": arguments}), **more}
    async with Client(offered.server()) as client:
        return await client.call_tool("tool_call", given)


async def found(offered: Offering, query: str) -> list[dict[str, Any]]:
    async with Client(offered.server()) as client:
        tools: list[dict[str, Any]] = facts_of(await client.call_tool("tool_find", {"query": query}))["tools"]
    return tools


# What is listed.


async def test_a_few_small_tools_stand_for_all() -> None:
    async with client_of(small_tenant(), {"DISCOVERY": "true", "TOOLSETS": "all"}) as client:
        listed = await client.list_tools()
    names = [tool.name for tool in listed.tools]
    assert names == [*FINDERS, "account_whoami", "account_login", "account_select"]
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True).encode()) <= 6000


@pytest.mark.parametrize(
    ("level", "chosen", "hints"),
    [
        pytest.param(Level.ASK, {}, (False, True, True), id="everything"),
        pytest.param(Level.READ, {}, (True, False, False), id="only reading, though one tool could do more"),
        pytest.param(Level.ASK, {"excluded": ["sample_burn", "sample_drop"]}, (False, False, True), id="up to sending"),
        pytest.param(Level.ASK, {"names": [], "single": ["sample_look"]}, (True, False, False), id="one that reads"),
    ],
)
async def test_the_hints_of_tool_call_are_those_of_what_it_can_call(
    level: Level, chosen: dict[str, Any], hints: tuple[bool, bool, bool]
) -> None:
    offered = offering(rights=Rights(level=level), chosen={"level": level, **chosen})
    async with Client(offered.server()) as client:
        told = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}["tool_call"]
    assert told is not None
    assert (told.read_only_hint, told.destructive_hint, told.open_world_hint) == hints


async def test_what_takes_something_away_shows_in_the_hints_of_tool_call() -> None:
    offered = Offering(discovery=True, chosen={"names": ["account"]})
    async with Client(offered.server()) as client:
        told = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}["tool_call"]
    assert told is not None
    assert (told.destructive_hint, told.open_world_hint) == (True, True)  # account_logout, account_login


@pytest.mark.parametrize(
    "rights",
    [
        pytest.param(Rights(level=Level.READ), id="only reading"),
        pytest.param(Rights(tools=frozenset(["sample_look"])), id="a key's tools"),
    ],
)
async def test_a_caller_with_few_rights_still_sees_the_tool_whose_calls_are_judged_one_by_one(rights: Rights) -> None:
    offered = offering(rights=rights)
    async with Client(offered.server()) as client:
        assert "tool_call" in [tool.name for tool in (await client.list_tools()).tools]


# Finding and describing.


async def test_what_is_found_says_what_it_takes_and_does() -> None:
    (first, *_) = await found(offering(), "burn a thing")
    assert first == {
        "name": "sample_burn",
        "what": "Burn a thing. There is no such form for apps.",
        "access": "destroy",
        "takes": ["id", "dry_run?"],
    }


async def test_a_request_that_nothing_fits_says_how_to_go_on() -> None:
    async with Client(offering().server()) as client:
        result = await client.call_tool("tool_find", {"query": "xyzzy"})
    assert text_of(result).startswith("Nothing fits.")


async def test_a_tool_is_found_by_the_words_of_its_arguments() -> None:
    assert (await found(offering(), "not only in this list"))[0]["name"] == "sample_drop"


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        pytest.param({"chosen": {"names": []}}, "--toolsets sample, or all", id="not chosen"),
        pytest.param({"chosen": {"excluded": ["sample_burn"]}}, "EXCLUDE_TOOLS leaves it out", id="excluded"),
        pytest.param({"chosen": {"level": Level.READ}}, "the server only reads", id="only reading"),
        pytest.param({"chosen": {"allowed_scopes": ["Mail.Read"]}}, "Mail.ReadWrite, which ALLOWED", id="scopes"),
        pytest.param({"rights": Rights(level=Level.READ)}, "what this caller may do", id="the caller's rights"),
        pytest.param({"rights": Rights(tools=frozenset(["tool_find", "tool_describe"]))}, "may do", id="a key's tools"),
    ],
)
async def test_what_is_not_offered_is_found_and_says_how_to_get_it(details: dict[str, Any], reason: str) -> None:
    offered = offering(**details)
    async with Client(offered.server()) as client:
        listed = await client.call_tool("tool_find", {"query": "burn a thing"})
        described = await client.call_tool("tool_describe", {"name": "sample_burn"})
    tool = next(each for each in facts_of(listed)["tools"] if each["name"] == "sample_burn")
    assert reason in tool["not_offered"]
    assert reason in text_of(listed)
    assert reason in facts_of(described)["not_offered"]
    assert "Not offered here: " in text_of(described)
    assert not offered.sent


async def test_permissions_that_are_missing_show_once_a_token_was_seen() -> None:
    offered = offering(permissions=("Mail.Read",))
    async with Client(offered.server()) as client:

        async def reason() -> str | None:
            facts = facts_of(await client.call_tool("tool_describe", {"name": "sample_post"}))
            return facts.get("not_offered")

        assert await reason() is None
        facts_of(await client.call_tool("tool_call", {"name": "sample_look"}))
        assert "permissions" in (await reason() or "")


async def test_a_description_is_the_schema_of_a_direct_call() -> None:
    async with Client(offering().server()) as client:
        described = await client.call_tool("tool_describe", {"name": "sample_mark"})
    async with Client(offering(discovery=False).server()) as client:
        direct = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
    assert json.loads(facts_of(described)["arguments"]) == direct["sample_mark"]
    assert text_of(described).startswith("sample_mark [write]: Mark a thing.\nArguments, as JSON schema: {")


async def test_a_description_names_the_accounts_there_are() -> None:
    async with Client(offering(INES, JONAS).server()) as client:
        described = facts_of(await client.call_tool("tool_describe", {"name": "sample_look"}))
    said = json.loads(described["arguments"])["properties"]["account"]["description"]
    assert said == f"Which account: {INES} (default), {JONAS}."
    result = await called(offering(INES, JONAS), "sample_look", {"account": JONAS})
    assert text_of(result) == "Read 0."


async def test_accounts_that_cannot_be_listed_hide_no_tool() -> None:
    class Broken(Granted):
        async def listed(self) -> list[Any]:
            raise StorageError("The token cache cannot be read.")

    assert (await found(offering(people=Broken(INES, permissions=WRITES)), "burn"))[0]["name"] == "sample_burn"


# Calling.


@pytest.mark.parametrize("tool", [tool.name for toolset in TOOLSETS for tool in toolset.tools])
async def test_every_tool_is_reached_through_tool_call(tool: str) -> None:
    offered = Offering(discovery=True, people=FakePeople(INES))
    result = await called(offered, tool, {"no_such_argument": 1})
    assert f"{tool} has no argument no_such_argument. It takes: " in text_of(result)


def _told(result: CallToolResult) -> tuple[object, ...]:
    """All of it but the marks around what others wrote, which are new each time."""
    whole = f"{text_of(result)} {result.structured_content}"
    return re.sub(r"<<(data|end) \w+", r"<<\1", whole), result.is_error


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        pytest.param("sample_look", {}, id="as it should be"),
        pytest.param("sample_look", {"folder": ".."}, id="an argument that is no id"),
        pytest.param("sample_look", {"folder": 7}, id="a wrong type"),
        pytest.param("sample_look", {"fodler": "inbox"}, id="an unknown argument"),
        pytest.param("sample_mark", {}, id="a missing argument"),
        pytest.param("sample_mark", {"id": "x"}, id="a write"),
        pytest.param("sample_mark", {"id": "x", "dry_run": True}, id="a dry run"),
        pytest.param("sample_post", {"text": "x"}, id="a send that nobody can be asked about"),
        pytest.param("sample_look", {"account": JONAS}, id="an account that is not there"),
    ],
)
async def test_a_call_is_judged_answered_and_recorded_as_a_direct_one(tool: str, arguments: dict[str, Any]) -> None:
    direct, through = offering(discovery=False), offering()
    async with Client(direct.server()) as client:
        wanted = await client.call_tool(tool, arguments)
    got = await called(through, tool, arguments)
    assert _told(got) == _told(wanted)
    assert through.sent == direct.sent
    assert [replace(each, ms=0, who="") for each in through.records] == [
        replace(each, ms=0, who="") for each in direct.records
    ]


async def test_a_call_that_lacks_a_permission_is_refused_as_a_direct_one() -> None:
    offered = offering(permissions=("Mail.Read",), link="https://login.example/agree")
    result = await called(offered, "sample_post", {"text": "x"})
    assert text_of(result) == (
        "sample_post, of the toolset sample, needs Mail.Send, which was not granted. "
        "Whoever may agree to it does so here: https://login.example/agree"
    )
    assert not offered.sent


@pytest.mark.parametrize(
    ("way", "approves", "sent"),
    [
        pytest.param("legacy stream", True, ["POST /v1.0/me/sendMail"], id="yes, older handshake"),
        pytest.param("legacy stream", False, [], id="no, older handshake"),
        pytest.param("modern stream", True, ["POST /v1.0/me/sendMail"], id="yes, 2026-07-28"),
        pytest.param("modern stream", False, [], id="no, 2026-07-28"),
        pytest.param("modern stateless", True, ["POST /v1.0/me/sendMail"], id="yes, stateless HTTP"),
    ],
)
async def test_a_person_is_asked_once_and_exactly_that_is_done(way: str, approves: bool, sent: list[str]) -> None:
    offered, person = offering(), Deciding(approves=approves)
    async with at(offered.server(), way, person) as client:
        result = await client.call_tool("tool_call", {"name": "sample_post", "arguments": {"text": "x"}})
    assert offered.sent == sent
    assert facts_of(result)["done"] is approves
    assert len(person.forms) == 1
    assert person.forms[0].startswith("Post it?")
    assert {record.tool for record in offered.records} == {"sample_post"}


@pytest.mark.parametrize("way", WAYS)
async def test_a_sign_in_that_a_call_needs_is_asked_for(way: str) -> None:
    offered, person = Offering(discovery=True, people=FakePeople()), Person()
    async with at(offered.server(), way, person) as client:
        result = await client.call_tool("tool_call", {"name": "account_whoami"})
    assert facts_of(result)["username"] == INES
    assert len(person.questions) == 1


@pytest.mark.parametrize("how", [pytest.param(None, id="none"), pytest.param("{}", id="as a text")])
async def test_arguments_may_be_left_out_or_written_as_a_text(how: str | None) -> None:
    assert text_of(await called(offering(), "sample_look", how)) == "Read 0."
    result = await called(offering(), "sample_look", '{"folder": "archive"}')
    assert text_of(result) == "Read 0."


async def test_null_stands_for_no_arguments() -> None:
    async with Client(offering().server()) as client:
        result = await client.call_tool("tool_call", {"name": "sample_look", "arguments": None})
    assert text_of(result) == "Read 0."


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"name": 7}, id="a number for a name"),
        pytest.param({"name": None}, id="null for a name"),
        pytest.param({"name": ["sample_look"]}, id="a list for a name"),
        pytest.param({"name": "sample_look", "arguments": []}, id="a list of arguments"),
        pytest.param({"name": "sample_look", "arguments": "[1]"}, id="a list as a text"),
        pytest.param({"name": "sample_look", "arguments": "{'folder'}"}, id="a text that is no object"),
        pytest.param({"name": "sample_look", "arguments": "[" * 100_000}, id="a text without a bottom"),
        pytest.param({"name": "sample_look", "arguments": 7}, id="a number"),
        pytest.param({"name": "sample_look", "folder": "inbox"}, id="the other tool's argument beside it"),
        pytest.param({"tool": "sample_look"}, id="another word"),
    ],
)
async def test_what_is_no_call_of_a_tool_is_told_how_one_looks(given: dict[str, Any]) -> None:
    offered = offering()
    async with Client(offered.server()) as client:
        result = await client.call_tool("tool_call", given)
    assert result.is_error
    assert text_of(result).startswith("tool_call takes a name and an object: ")
    assert [(record.tool, record.outcome) for record in offered.records] == [("tool_call", "failed")]
    assert not offered.sent


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *(pytest.param(name, f"{name} is called by itself", id=f"{name} itself") for name in FINDERS),
        pytest.param("sample_lok", "Did you mean sample_look?", id="nearly a tool"),
        pytest.param("xyzzy", "tool_find finds what there is.", id="no tool"),
        pytest.param("x" * 100_000, "tool_find finds what there is.", id="no end"),
        pytest.param("", "tool_find finds what there is.", id="no name"),
        pytest.param(" sample_look", "Did you mean sample_look?", id="a space before it"),
        pytest.param("sample_burn", "EXCLUDE_TOOLS leaves it out", id="not offered"),
    ],
)
async def test_a_name_that_cannot_be_called_or_described_says_why(name: str, said: str) -> None:
    offered = offering(chosen={"excluded": ["sample_burn"]})
    result = await called(offered, name, {"id": "x"})
    assert result.is_error
    assert said in text_of(result)
    assert len(text_of(result)) < 400
    assert [(record.tool, record.outcome) for record in offered.records] == [("tool_call", "failed")]
    async with Client(offered.server()) as client:
        assert said in text_of(await client.call_tool("tool_describe", {"name": name}))
    assert not offered.sent


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("sample_look", "tool_call(name='sample_look', arguments={…})", id="offered"),
        pytest.param("sample_burn", "EXCLUDE_TOOLS leaves it out", id="not offered"),
        pytest.param("xyzzy", "tool_find finds what there is.", id="unknown"),
    ],
)
async def test_a_tool_that_is_called_though_it_is_not_listed_says_how_to_reach_it(name: str, said: str) -> None:
    async with Client(offering(chosen={"excluded": ["sample_burn"]}).server()) as client:
        result = await client.call_tool(name, {})
    assert result.is_error
    assert said in text_of(result)


async def test_the_rules_of_the_server_hold_through_tool_call() -> None:
    offered = offering(rules=Rules(level=Level.FULL), rights=Rights(level=Level.FULL))
    assert facts_of(await called(offered, "sample_burn", {"id": "x"}))["done"] is True
    assert offered.sent == ["DELETE /v1.0/me/messages/x"]
    assert offered.records[0].access is Access.DESTROY


async def test_a_read_that_is_never_approved_is_refused_through_tool_call_too() -> None:
    offered = offering(rules=Rules(policy=Policy(tools={"sample_look": Verdict.REFUSE})))
    result = await called(offered, "sample_look")
    assert result.is_error
    assert "tools.never_approved" in text_of(result)
    assert not offered.sent


async def test_a_key_with_a_list_of_tools_reaches_no_other_through_tool_call() -> None:
    offered = offering(rights=Rights(tools=frozenset(["sample_look"])))
    assert text_of(await called(offered, "sample_look")) == "Read 0."
    refused = await called(offered, "sample_mark", {"id": "x"})
    assert "sample_mark is not among the tools that this caller may use." in text_of(refused)
