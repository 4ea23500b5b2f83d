"""The catalogue: every toolset there is, and how the tools of one process are chosen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from errors import SettingsError
from tools._services import Accounts, Services
from tools._toolset import Toolset, ToolSpec
from tools.account import account
from tools.mail import mail

__all__ = ["TOOLSETS", "Accounts", "Services", "ToolSpec", "Toolset", "choose", "delegated_scopes", "unknown_tool"]

TOOLSETS: tuple[Toolset, ...] = (account, mail)

_BY_NAME = {toolset.name: toolset for toolset in TOOLSETS}


def choose(names: Sequence[str], *, as_application: bool, with_token: bool) -> list[ToolSpec]:
    """The tools of these toolsets, in the catalogue's order, that can work in the way this process signs in."""
    unknown = [name for name in names if name not in _BY_NAME and name != "all"]
    if unknown:
        raise SettingsError(*(f"TOOLSETS: {name!r} is not a toolset. {_nearest(name, _BY_NAME)}" for name in unknown))
    return [
        tool
        for toolset in TOOLSETS
        if toolset.name in names or "all" in names
        for tool in toolset.tools
        if (with_token or not tool.needs_token) and not (as_application and tool.application is None)
    ]


def delegated_scopes(tools: Sequence[ToolSpec]) -> list[str]:
    """What a signed-in person has to grant for these tools, and no more."""
    return sorted({scope for tool in tools for scope in tool.delegated})


def unknown_tool(name: str, chosen: Iterable[str]) -> str:
    """What to tell a model that calls a tool which is not there."""
    owner = next((tool.toolset for toolset in TOOLSETS for tool in toolset.tools if tool.name == name), None)
    if owner:
        return f"{name} is not switched on here: the person has to start the server with --toolsets {owner} or all."
    return f"There is no tool {name[:60]!r}. {_nearest(name, list(chosen))}"


def _nearest(name: str, known: Sequence[str] | dict[str, Toolset]) -> str:
    near = get_close_matches(name, known, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"{meant}There are: {', '.join(known)}."
