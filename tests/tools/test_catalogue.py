"""The catalogue: which tools there are, which are chosen, and that each says what it needs."""

from __future__ import annotations

import re

import pytest
from mcp import Client
from mcp_types import Tool

import tools
from errors import SettingsError
from server import DemoTenant
from tests.support import client_of, demo_settings, server_on, small_tenant, text_of
from tools import TOOLSETS
from tools.account import WhoAmI


def chosen(*names: str, as_application: bool = False, with_token: bool = True) -> list[str]:
    return [tool.name for tool in tools.choose(names, as_application=as_application, with_token=with_token)]


def test_a_toolset_brings_its_tools_and_no_others() -> None:
    assert chosen("mail") == ["mail_list_messages", "mail_read_message"]
    assert chosen("all") == chosen("mail", "account") == ["account_whoami", *chosen("mail")]


def test_without_a_token_only_what_needs_none_is_left() -> None:
    assert chosen("all", with_token=False) == ["account_whoami"]


def test_an_app_without_a_person_gets_what_has_such_a_form() -> None:
    assert chosen("all", as_application=True) == chosen("all")


def test_a_tool_without_an_app_only_form_is_hidden_from_apps(monkeypatch: pytest.MonkeyPatch) -> None:
    personal = tools.Toolset("personal", "Only for people.")

    @personal.read("User.Read")
    async def look() -> WhoAmI:
        """Look."""
        return WhoAmI(signed_in=True)

    monkeypatch.setattr(tools, "TOOLSETS", (personal,))
    monkeypatch.setattr(tools, "_BY_NAME", {"personal": personal})
    assert chosen("all", as_application=True) == []
    assert chosen("all") == ["personal_look"]


def test_every_unknown_toolset_is_named_with_the_nearest_that_exists() -> None:
    with pytest.raises(SettingsError) as caught:
        chosen("mial", "account", "x")
    assert len(caught.value.problems) == 2
    assert "'mial' is not a toolset. Did you mean mail?" in caught.value.problems[0]


@pytest.mark.parametrize("tool", [pytest.param(tool, id=tool.name) for each in TOOLSETS for tool in each.tools])
def test_every_tool_says_what_it_needs(tool: tools.ToolSpec) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,39}", tool.name)
    assert tool.name.startswith(f"{tool.toolset}_")
    assert tool.handler.__doc__
    assert tool.delegated or not tool.needs_token


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
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.destructive_hint is False


async def test_the_list_may_be_cached_but_not_shared() -> None:
    async with Client(server_on(DemoTenant(small_tenant()), demo_settings())) as client:
        listed = await client.list_tools()
    assert listed.cache_scope == "private"
    assert listed.ttl_ms == 3_600_000
