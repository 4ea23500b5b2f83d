"""The catalogue: every toolset there is, and which of its tools one process offers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from errors import SettingsError
from tools._accounts_argument import AccountsArgument
from tools._services import Accounts, Services
from tools._toolset import Toolset, ToolSpec
from tools.account import account
from tools.mail import mail

__all__ = ["TOOLSETS", "Accounts", "AccountsArgument", "Selection", "Services", "ToolSpec", "Toolset"]

TOOLSETS: tuple[Toolset, ...] = (account, mail)


@dataclass(frozen=True)
class Selection:
    """The tools that one process offers: those of the named toolsets that work in the way it signs in."""

    names: Sequence[str]
    as_application: bool
    with_token: bool
    catalogue: Sequence[Toolset] = TOOLSETS
    with_people: bool = True
    """Whether people sign in here; not so where the server works with a token that it was given."""
    with_beta: bool = True
    """Whether Graph's beta version may be called."""

    def __post_init__(self) -> None:
        known = [toolset.name for toolset in self.catalogue]
        wrong = [name for name in self.names if name not in known and name != "all"]
        if wrong:
            raise SettingsError(*(f"TOOLSETS: {name!r} is not a toolset. {_nearest(name, known)}" for name in wrong))

    @cached_property
    def tools(self) -> dict[str, ToolSpec]:
        """By name, in the order of the catalogue."""
        return {tool.name: tool for tool in self._all() if not self._reason_against(tool)}

    @property
    def delegated_scopes(self) -> list[str]:
        """What a signed-in person has to grant for these tools, and no more."""
        return sorted({scope for tool in self.tools.values() for scope in tool.delegated})

    @property
    def as_account(self) -> frozenset[str]:
        """The tools that work as one of several accounts; none where there is never a choice."""
        if self.as_application or not self.with_token or not self.with_people:
            return frozenset()
        return frozenset(name for name, tool in self.tools.items() if tool.as_account)

    def why_absent(self, name: str) -> str:
        """What to tell a model that calls a tool which is not offered."""
        tool = next((tool for tool in self._all() if tool.name == name), None)
        if tool is None:
            return f"There is no tool {name[:60]!r}. {_nearest(name, self.tools)}"
        return f"{name} is not offered here: {self._reason_against(tool)}."

    def _all(self) -> list[ToolSpec]:
        return [tool for toolset in self.catalogue for tool in toolset.tools]

    def _reason_against(self, tool: ToolSpec) -> str:
        if tool.toolset not in self.names and "all" not in self.names:
            return f"the person has to start the server with --toolsets {tool.toolset}, or all"
        if tool.needs_token and not self.with_token:
            return "sign-in is switched off (ENTRA_ENABLE_AUTH)"
        if self.as_application and tool.application is None:
            return "it needs a signed-in person, and the server works as an app"
        if tool.is_about_sign_in and not self.with_people:
            return "nobody signs in here, since the server works with a token that it was given"
        if tool.beta and not self.with_beta:
            return "it needs Graph's beta version, which is switched off (GRAPH_ALLOW_BETA)"
        return ""


def _nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"{meant}There are: {', '.join(known)}."
