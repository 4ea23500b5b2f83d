"""account: who this server works as, and who else is signed in, told through MCP."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest
from mcp import Client
from mcp_types import CallToolResult

from _server_demo import DemoTenant
from auth import SignedOut
from server import build_server
from tests.support import account_of, client_of, demo_settings, facts_of, server_on, small_tenant, text_of
from tests.tools.people import CODE, PAGE, TENANT, FakePeople, person, server_for

INES, JONAS = "ines@a.example", "jonas@a.example"


async def test_whoami_tells_the_person_the_tenant_and_what_was_granted() -> None:
    tenant = small_tenant()
    async with client_of(tenant) as client:
        result = await client.call_tool("account_whoami", {})
    facts = facts_of(result)
    assert facts["signed_in"] is True
    assert facts["username"] == "ines.aldana@lindenhall.example"
    assert facts["job"] == "Office manager, Operations"
    assert facts["tenant_id"] == tenant.id
    assert {"Mail.Read", "User.Read"} <= set(facts["permissions"])
    assert text_of(result).startswith("Signed in as Ines Aldana <ines.aldana@lindenhall.example>, Office manager")


class OneToken:
    """A token of a personal account, which says nothing to us, or of a person with other permissions."""

    def __init__(self, text: str) -> None:
        self.text = text

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        return self.text


def jwt_with(**claims: str) -> str:
    return f"h.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()}.s"


async def told_for(token: str, profile: dict[str, str]) -> str:
    graph = httpx.MockTransport(lambda _: httpx.Response(200, json=profile))
    async with Client(build_server(demo_settings(), account_of(OneToken(token)), transport=graph)) as client:
        return text_of(await client.call_tool("account_whoami", {}))


async def test_a_personal_account_is_named_by_its_profile() -> None:
    told = await told_for("opaque", {"displayName": "Ines\u202e", "userPrincipalName": "ines@outlook.example"})
    assert told == "Signed in as Ines <ines@outlook.example>. Permissions: not told."


async def test_a_person_whose_profile_may_not_be_read_is_named_by_the_token() -> None:
    token = jwt_with(name="Ines", upn="ines@x.example", tid="t", scp="Mail.Read")
    told = await told_for(token, {"jobTitle": "not to be asked for"})
    assert told == "Signed in as Ines <ines@x.example>. Tenant t, public cloud. Permissions: Mail.Read."


async def test_a_person_is_asked_only_for_what_the_chosen_tools_need() -> None:
    async with client_of(small_tenant(), {"TOOLSETS": "account"}) as client:
        facts = facts_of(await client.call_tool("account_whoami", {}))
    assert "Mail.Read" not in facts["permissions"]


async def test_without_sign_in_whoami_says_so_and_no_other_tool_is_there() -> None:
    settings = demo_settings().model_copy(update={"entra_enable_auth": False})
    nobody = SignedOut(OneToken(""))
    async with Client(server_on(DemoTenant(small_tenant()), settings, nobody)) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["account_whoami"]
        result = await client.call_tool("account_whoami", {})
    assert facts_of(result) == {"signed_in": False}
    assert "ENTRA_ENABLE_AUTH" in text_of(result)


# Several accounts.


async def called(people: FakePeople, tool: str, **arguments: object) -> CallToolResult:
    async with Client(server_for(people)) as client:
        return await client.call_tool(tool, arguments)


async def test_the_list_says_who_is_signed_in_and_which_is_the_default() -> None:
    people = FakePeople(INES)
    people.people.append(person("jo\u202enas@outlook.example", personal=True))
    result = await called(people, "account_list")
    assert text_of(result) == (
        f"Signed in, * the default:\n* {INES} | work or school, tenant {TENANT}\n  jonas@outlook.example | personal"
    )
    assert facts_of(result)["accounts"][1] == {
        "account": "jonas@outlook.example",
        "default": False,
        "personal": True,
        "tenant_id": TENANT,
    }


async def test_a_list_of_nobody_says_how_to_sign_in() -> None:
    result = await called(FakePeople(), "account_list")
    assert text_of(result) == "Nobody is signed in. account_login signs somebody in."
    assert facts_of(result) == {"accounts": []}


@pytest.mark.parametrize(
    ("asked", "came"),
    [
        pytest.param({}, INES, id="whom the person chooses"),
        pytest.param({"account": f" {JONAS} "}, JONAS, id="a named account"),
        pytest.param({"account": " "}, INES, id="a blank name is none"),
    ],
)
async def test_logging_in_is_said_to_be_needed_and_then_says_who_came(asked: dict[str, str], came: str) -> None:
    people = FakePeople("first@a.example")
    async with Client(server_for(people)) as client:
        needed = await client.call_tool("account_login", asked)
        assert needed.is_error
        assert text_of(needed) == f"Open {PAGE} and enter the code {CODE}."
        people.sign_in(people.next_one)
        result = await client.call_tool("account_login", asked)
    assert text_of(result) == f"{came} is signed in. Signed in now, the default first: first@a.example, {came}."
    assert facts_of(result) == {"account": came, "signed_in": ["first@a.example", came]}


@pytest.mark.parametrize(
    ("asked", "gone", "left"),
    [
        pytest.param({}, INES, JONAS, id="the default account"),
        pytest.param({"account": JONAS.upper()}, JONAS, INES, id="a named account"),
    ],
)
async def test_logging_out_says_who_went_and_who_is_left(asked: dict[str, str], gone: str, left: str) -> None:
    result = await called(FakePeople(INES, JONAS), "account_logout", **asked)
    assert text_of(result) == f"Signed out: {gone}. Signed in now: {left}."
    assert facts_of(result) == {"signed_out": [gone], "signed_in": [left]}


async def test_logging_in_where_the_newcomer_becomes_the_default_says_so() -> None:
    people = FakePeople(INES)
    people.sign_in(JONAS)
    people.people = [replace(each, is_selected=each.username == JONAS) for each in people.people]
    result = await called(people, "account_login")
    assert text_of(result) == f"{JONAS} is signed in. Signed in now, the default first: {JONAS}, {INES}."


async def test_logging_out_ends_with_nobody() -> None:
    people = FakePeople(INES)
    async with Client(server_for(people)) as client:
        assert text_of(await client.call_tool("account_logout", {})) == f"Signed out: {INES}."
        assert text_of(await client.call_tool("account_logout", {})) == "Nobody was signed in."


async def test_the_selected_account_is_the_one_that_calls_work_as() -> None:
    async with Client(server_for(FakePeople(INES, JONAS))) as client:
        selected = await client.call_tool("account_select", {"account": JONAS})
        assert text_of(selected) == f"Calls that name no account work as {JONAS} from now on."
        assert facts_of(await client.call_tool("account_whoami", {}))["username"] == JONAS
        assert f"Mail of {JONAS}" in text_of(await client.call_tool("mail_list_messages", {}))


@pytest.mark.parametrize(
    "tool", [pytest.param("account_logout", id="logout"), pytest.param("account_select", id="select")]
)
async def test_an_account_that_is_not_signed_in_is_refused_with_those_that_are(tool: str) -> None:
    people = FakePeople(INES, JONAS)
    result = await called(people, tool, account="nobody@a.example")
    assert result.is_error
    assert f"Signed in: {INES}, {JONAS}" in text_of(result)
    assert len(people.people) == 2


async def test_where_nobody_is_listed_the_accounts_say_what_is_wrong() -> None:
    result = await called(FakePeople(), "account_select", account=INES)
    assert text_of(result) == "Nobody could be selected."
