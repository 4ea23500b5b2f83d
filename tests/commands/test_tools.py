"""commands/tools.py: the chosen tools, what each costs and needs, and what is left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from mcp.server.mcpserver.tools import Tool

from commands import tools
from settings import Settings
from tests.commands.support import Paper, settings_with
from tools import TOOLSETS, ToolSpec, listed_bytes

CATALOGUE = {tool.name: replace(tool, wants=()) for toolset in TOOLSETS for tool in toolset.tools}
APP = {"ENTRA_CLIENT_SECRET": "a-secret-of-the-test"}


@dataclass
class Choice:
    """Some tools of the catalogue, and why others are not among them."""

    names: tuple[str, ...]
    without: Mapping[str, str] = field(default_factory=dict)
    catalogue: Mapping[str, ToolSpec] = field(default_factory=lambda: CATALOGUE)

    @property
    def tools(self) -> Mapping[str, ToolSpec]:
        return {name: self.catalogue[name] for name in self.names}

    def left_out(self) -> Mapping[str, str]:
        return self.without


MAIL = Choice(
    ("account_list", "mail_list_messages", "mail_read_message"),
    {"account_login": "nobody signs in\nhere", "account_select": "EXCLUDE_TOOLS names it"},
)


def shown(settings: Settings, choice: Choice = MAIL, **options: Any) -> str:
    paper = Paper()
    assert tools(settings, choice, paper.output, **options) == 0
    assert paper.told == []
    (text,) = paper.shown
    return text


def size(*names: str) -> int:
    return sum(listed_bytes(CATALOGUE[name].bind()) for name in names)


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_people_read_a_row_for_each_tool_and_a_sum_for_each_toolset() -> None:
    text = shown(settings_with())
    assert text.splitlines()[0].split()[:4] == ["toolset", "tool", "class", "bytes"]
    assert "permissions of a signed-in person" in text.splitlines()[0]
    mail_size = size("mail_list_messages", "mail_read_message")
    for row in (
        ["account", "account_list", "read", str(size("account_list")), "none"],
        ["mail", "mail_read_message", "read", str(size("mail_read_message")), "Mail.Read"],
        ["mail", "2", str(mail_size)],
        ["all", "3", str(mail_size + size("account_list"))],
    ):
        assert row in rows(text)
    assert "All together they need: Mail.Read." in text


def test_what_is_left_out_is_counted_and_named_on_request() -> None:
    assert "Left out: 2. --all says which, and why." in shown(settings_with())
    assert "account_login" not in shown(settings_with())
    text = shown(settings_with(), everything=True)
    assert ["account_login", "nobody", "signs", "in", "here"] in rows(text), "one line each"
    assert ["account_select", "EXCLUDE_TOOLS", "names", "it"] in rows(text)
    assert "Nothing is left out." in shown(settings_with(), Choice(("account_list",)))


def test_an_app_by_itself_reads_of_its_own_permissions() -> None:
    text = shown(settings_with(**APP), Choice(("account_whoami", "mail_read_message")))
    assert "permissions of an app by itself" in text
    assert rows(text)[1][-1] == "none"
    assert rows(text)[2][-1] == "Mail.Read"


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        pytest.param({"ACCESS": "read"}, "They only read.", id="read"),
        pytest.param({}, "A person is asked before", id="ask"),
        pytest.param({"ACCESS": "full"}, "Nobody is asked", id="full"),
        pytest.param({"ACCESS": "full", "READ_ONLY": "1"}, "They only read.", id="read-only outranks"),
        pytest.param({"DISCOVERY": "1"}, "DISCOVERY is on", id="discovery"),
    ],
)
def test_the_report_says_how_far_the_tools_go(environ: dict[str, str], told: str) -> None:
    assert told in shown(settings_with(**environ))


def test_what_a_tool_can_do_without_is_told_of_people_only() -> None:
    better = {**CATALOGUE, "mail_read_message": replace(CATALOGUE["mail_read_message"], wants=("User.Read",))}
    choice = Choice(("mail_read_message",), catalogue=better)
    text = shown(settings_with(), choice)
    assert ["Mail.Read;", "better", "with", "User.Read"] in [row[-4:] for row in rows(text)]
    assert "All together they need: Mail.Read; better with User.Read." in text
    assert "better with" not in shown(settings_with(**APP), choice)


def test_where_no_tool_is_left_the_report_says_where_to_look() -> None:
    text = shown(settings_with(), Choice((), MAIL.without))
    assert text.startswith("No tool is left. Look at TOOLSETS, TOOLS,")
    assert "Left out: 2." in text


def test_the_bytes_are_those_of_the_tools_as_they_are_served() -> None:
    def longer(tool: ToolSpec) -> Tool:
        bound = tool.bind()
        return bound.model_copy(update={"description": f"{bound.description}12345"})

    text = shown(settings_with(), bind=longer)
    assert ["account", "1", str(size("account_list") + 5)] in rows(text)


def test_programs_read_json() -> None:
    found: dict[str, Any] = json.loads(shown(settings_with(), json_wanted=True))
    assert found["tools"][1] == {
        "toolset": "mail",
        "name": "mail_list_messages",
        "access": "read",
        "bytes": size("mail_list_messages"),
        "scopes": ["Mail.Read"],
        "wants": [],
    }
    assert [each["toolset"] for each in found["toolsets"]] == ["account", "mail"]
    assert found["total"] == {"tools": 3, "bytes": size(*MAIL.names), "scopes": ["Mail.Read"], "wants": []}
    assert (found["auth_mode"], found["access"], found["discovery"]) == ("delegated", "ask", False)
    assert "left_out" not in found


def test_programs_read_what_is_left_out_on_request() -> None:
    found: dict[str, Any] = json.loads(shown(settings_with(), json_wanted=True, everything=True))
    assert found["left_out"][0] == {"name": "account_login", "reason": "nobody signs in here"}
