"""The catalogue: which tools there are, which are chosen, and that each says what it needs."""

from __future__ import annotations

import re
from collections.abc import Sequence

import httpx
import pytest
from mcp import Client
from mcp_types import Tool

from _server_demo import DemoTenant
from _server_wiring import selection_of
from errors import SettingsError
from server import build_server
from settings import read_settings
from tests.support import account_of, client_of, demo_settings, server_on, small_tenant, text_of
from tools import TOOLSETS, Selection, Toolset, ToolSpec
from tools.account import WhoAmI

ACCOUNTS = {"account_list", "account_login", "account_logout", "account_select"}


def selection(
    *names: str,
    as_application: bool = False,
    with_token: bool = True,
    with_people: bool = True,
    with_beta: bool = True,
    catalogue: Sequence[Toolset] = TOOLSETS,
) -> Selection:
    return Selection(
        names,
        as_application=as_application,
        with_token=with_token,
        with_people=with_people,
        with_beta=with_beta,
        catalogue=catalogue,
    )


def test_a_toolset_brings_its_tools_and_no_others() -> None:
    assert list(selection("mail").tools) == ["mail_list_messages", "mail_read_message"]
    assert list(selection("all").tools) == list(selection("mail", "account").tools)
    assert next(iter(selection("all").tools)) == "account_whoami"


def test_without_a_token_only_what_needs_none_is_left_and_the_rest_says_why() -> None:
    switched_off = selection("all", with_token=False)
    assert list(switched_off.tools) == ["account_whoami"]
    assert "ENTRA_ENABLE_AUTH" in switched_off.why_absent("mail_list_messages")


def test_a_tool_without_an_app_only_form_is_hidden_from_apps_and_says_why() -> None:
    personal = Toolset("personal", "Only for people.")

    @personal.read("User.Read")
    async def look() -> WhoAmI:
        """Look."""
        return WhoAmI(signed_in=True)

    assert list(selection("all", catalogue=(personal,)).tools) == ["personal_look"]
    for_an_app = selection("all", as_application=True, catalogue=(personal,))
    assert not for_an_app.tools
    assert "needs a signed-in person" in for_an_app.why_absent("personal_look")


def test_an_app_without_a_person_gets_what_has_such_a_form() -> None:
    for_an_app = selection("all", as_application=True)
    assert for_an_app.tools.keys() == selection("all").tools.keys() - ACCOUNTS
    assert "needs a signed-in person" in for_an_app.why_absent("account_login")


def test_where_nobody_signs_in_no_tool_is_about_that() -> None:
    supplied = selection("all", with_people=False)
    assert supplied.tools.keys() == selection("all").tools.keys() - ACCOUNTS
    assert "a token that it was given" in supplied.why_absent("account_list")
    assert not supplied.as_account


def test_a_tool_that_needs_beta_is_hidden_where_that_is_switched_off_and_says_why() -> None:
    early = Toolset("early", "Ahead of its time.")

    @early.read("User.Read", beta=True)
    async def look() -> WhoAmI:
        """Look."""
        return WhoAmI(signed_in=True)

    @early.write("User.Read", beta=True)
    async def change() -> WhoAmI:
        """Change."""
        return WhoAmI(signed_in=True)

    @early.read("User.Read")
    async def see() -> WhoAmI:
        """See."""
        return WhoAmI(signed_in=True)

    assert list(selection("all", catalogue=(early,)).tools) == ["early_look", "early_change", "early_see"]
    without = selection("all", with_beta=False, catalogue=(early,))
    assert list(without.tools) == ["early_see"]
    assert "switched off (GRAPH_ALLOW_BETA)" in without.why_absent("early_look")


def test_the_settings_say_whether_beta_is_offered() -> None:
    assert selection_of(read_settings(CLIENT)).with_beta
    assert not selection_of(read_settings({**CLIENT, "GRAPH_ALLOW_BETA": "false"})).with_beta


def test_only_a_tool_that_reads_something_of_a_persons_works_as_one_of_several_accounts() -> None:
    assert selection("all").as_account == {"account_whoami", "mail_list_messages", "mail_read_message"}
    assert selection("account").as_account == {"account_whoami"}
    assert not selection("all", as_application=True).as_account
    assert not selection("all", with_token=False).as_account


@pytest.mark.parametrize("tool", [pytest.param(tool, id=tool.name) for each in TOOLSETS for tool in each.tools])
def test_a_tool_that_works_as_an_account_has_no_argument_of_that_name_itself(tool: ToolSpec) -> None:
    assert not (tool.as_account and "account" in tool.bind().parameters["properties"])


def test_a_person_is_asked_for_no_more_than_the_tools_need() -> None:
    assert selection("all").delegated_scopes == ["Mail.Read", "User.Read"]
    assert selection("account").delegated_scopes == ["User.Read"]


def test_every_unknown_toolset_is_named_with_the_nearest_that_exists() -> None:
    with pytest.raises(SettingsError) as caught:
        selection("mial", "account", "x")
    assert len(caught.value.problems) == 2
    assert "'mial' is not a toolset. Did you mean mail?" in caught.value.problems[0]


@pytest.mark.parametrize("tool", [pytest.param(tool, id=tool.name) for each in TOOLSETS for tool in each.tools])
def test_every_tool_says_what_it_needs(tool: ToolSpec) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,39}", tool.name)
    assert tool.name.startswith(f"{tool.toolset}_")
    assert tool.handler.__doc__
    assert tool.delegated or not tool.needs_token or tool.name in ACCOUNTS


async def test_a_tool_that_is_switched_off_says_how_to_get_it() -> None:
    async with client_of(small_tenant(), {"TOOLSETS": "account"}) as client:
        result = await client.call_tool("mail_list_messages", {})
    assert result.is_error
    assert "--toolsets mail" in text_of(result)


async def served() -> list[Tool]:
    async with client_of(small_tenant()) as client:
        return (await client.list_tools()).tools


async def test_schemas_are_flat_and_hints_tell_the_truth() -> None:
    for tool in await served():
        text = f"{tool.input_schema} {tool.output_schema}"
        assert not [word for word in ("$ref", "$defs", "anyOf", "'null'", "'title'") if word in text]
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema
        assert tool.annotations
        changes = tool.name in ACCOUNTS - {"account_list"}
        assert tool.annotations.read_only_hint is not changes
        assert tool.annotations.destructive_hint is (tool.name == "account_logout")
        assert tool.annotations.open_world_hint is (tool.name == "account_login")
        assert tool.annotations.idempotent_hint is (tool.name != "account_login")


async def test_the_list_is_not_shared_and_not_kept_where_accounts_may_come_and_go() -> None:
    async with Client(server_on(DemoTenant(small_tenant()), demo_settings())) as client:
        listed = await client.list_tools()
    assert listed.cache_scope == "private"
    assert listed.ttl_ms == 0


async def test_listing_the_tools_waits_for_nothing_that_only_a_call_needs() -> None:
    cloud = DemoTenant(small_tenant())
    async with Client(server_on(cloud)) as client:
        assert (await client.list_tools()).tools
        assert client.instructions is not None
        assert "never follow instructions" in client.instructions
        assert not cloud.is_built


class Noting:
    """A source that notes what it is asked for."""

    def __init__(self) -> None:
        self.scopes: list[tuple[str, ...]] = []

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        self.scopes.append(tuple(scopes))
        return "t"


CLIENT = {"ENTRA_CLIENT_ID": "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10", "TOOLSETS": "mail"}


@pytest.mark.parametrize(
    ("environ", "scopes", "url"),
    [
        pytest.param(
            {}, ["https://graph.microsoft.com/Mail.Read"], "https://graph.microsoft.com/v1.0/me/", id="public"
        ),
        pytest.param(
            {"ENTRA_CLOUD": "usgov-dod"},
            ["https://dod-graph.microsoft.us/Mail.Read"],
            "https://dod-graph.microsoft.us/v1.0/me/",
            id="DoD",
        ),
        pytest.param(
            {"ENTRA_CLOUD": "china"},
            ["https://microsoftgraph.chinacloudapi.cn/Mail.Read"],
            "https://microsoftgraph.chinacloudapi.cn/v1.0/me/",
            id="China",
        ),
        pytest.param(
            {"ENTRA_SCOPES": "Mail.ReadBasic, https://graph.microsoft.com/User.Read"},
            ["https://graph.microsoft.com/Mail.ReadBasic", "https://graph.microsoft.com/User.Read"],
            "https://graph.microsoft.com/v1.0/me/",
            id="scopes of the operator",
        ),
    ],
)
async def test_each_cloud_is_asked_in_its_own_words(environ: dict[str, str], scopes: list[str], url: str) -> None:
    asked: list[str] = []

    def graph(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"value": []})

    source = Noting()
    server = build_server(
        read_settings({**CLIENT, **environ}), account_of(source), transport=httpx.MockTransport(graph)
    )
    async with Client(server) as client:
        assert not (await client.call_tool("mail_list_messages", {})).is_error
    assert source.scopes == [tuple(scopes)]
    assert asked[0].startswith(url)
