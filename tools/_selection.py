"""Which tools one process offers: fixed at its start, by what whoever runs it wants and what can work there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

from errors import SettingsError
from principal import Access, Level
from tools._scopes import missing
from tools._toolset import Toolset, ToolSpec
from tools._units import listed

ALL, DEFAULT = "all", "default"

AccountType = Literal["any", "work", "personal"]

# More names than these are no help in an answer: then only those that are near.
_MOST_NAMED = 30
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Selection:
    """The tools that one process offers: those that are wanted and work in the way it signs in."""

    names: Sequence[str]
    """Toolsets; `default` and `all` stand for many."""
    as_application: bool
    with_token: bool
    catalogue: Sequence[Toolset]
    single: Sequence[str] = ()
    """Tools that are wanted beside those of the toolsets."""
    excluded: Sequence[str] = ()
    level: Level = Level.FULL
    accounts: AccountType = "any"
    """Which kind of account can sign in here."""
    allowed_scopes: Collection[str] | None = None
    """The permissions that may be asked for; None is no limit."""
    with_people: bool = True
    """Whether people sign in here; not so where the server works with a token that it was given."""
    with_beta: bool = True
    """Whether Graph's beta version may be called."""

    def __post_init__(self) -> None:
        toolsets = [toolset.name for toolset in self.catalogue]
        tools = [tool.name for tool in self._all()]
        problems = [
            *_unknown("TOOLSETS", "toolset", self.names, [*toolsets, ALL, DEFAULT]),
            *_unknown("TOOLS", "tool", self.single, tools),
            *_unknown("EXCLUDE_TOOLS", "tool", self.excluded, tools),
        ]
        if problems:
            raise SettingsError(*problems)

    @cached_property
    def tools(self) -> dict[str, ToolSpec]:
        """By name, in the order of the catalogue."""
        return {tool.name: tool for tool in self._all() if not self.reason_against(tool)}

    @property
    def delegated_scopes(self) -> list[str]:
        """What a signed-in person is asked to grant for these tools, and no more."""
        asked = {scope for tool in self.tools.values() for scope in (*tool.delegated, *self._wanted_by(tool))}
        return sorted(asked)

    @property
    def as_account(self) -> frozenset[str]:
        """The tools that work as one of several accounts; none where there is never a choice."""
        if self.as_application or not self.with_token or not self.with_people:
            return frozenset()
        return frozenset(name for name, tool in self.tools.items() if tool.as_account)

    def left_out(self) -> dict[str, str]:
        """Every tool that is not offered, and why not."""
        return {tool.name: reason for tool in self._all() if (reason := self.reason_against(tool))}

    def why_absent(self, name: str) -> str:
        """What to tell a model that calls a tool which is not offered."""
        tool = next((tool for tool in self._all() if tool.name == name), None)
        if tool is None:
            return f"There is no tool {name[:_LONGEST_NAME]!r}. {_nearest(name, self.tools)}".rstrip()
        return f"{name} is not offered here: {self.reason_against(tool)}."

    def reason_against(self, tool: ToolSpec) -> str:
        """Why this one is not offered; an empty text where it is."""
        return next(filter(None, self._reasons(tool)), "")

    def _reasons(self, tool: ToolSpec) -> Iterator[str]:
        yield self._not_chosen(tool)
        yield self._too_far(tool)
        yield self._cannot_work(tool)
        yield self._not_granted(tool)

    def _not_chosen(self, tool: ToolSpec) -> str:
        if tool.name in self.excluded:
            return "EXCLUDE_TOOLS leaves it out"
        toolset = next(each for each in self.catalogue if each.name == tool.toolset)
        by_word = (ALL in self.names and toolset.is_in_all) or (DEFAULT in self.names and toolset.is_default)
        if by_word or tool.toolset in self.names or tool.name in self.single:
            return ""
        every = ", or all" if toolset.is_in_all else ""
        return f"the person has to start the server with --toolsets {tool.toolset}{every}"

    def _too_far(self, tool: ToolSpec) -> str:
        if self.level is Level.READ and tool.reaches_graph and tool.lightest is not Access.READ:
            return "the server only reads (READ_ONLY, ACCESS)"
        return ""

    def _cannot_work(self, tool: ToolSpec) -> str:
        if tool.needs_token and not self.with_token:
            return "sign-in is switched off (ENTRA_ENABLE_AUTH)"
        if self.as_application and tool.application is None:
            return "it needs a signed-in person, and the server works as an app"
        if tool.is_about_sign_in and not self.with_people:
            return "nobody signs in here, since the server works with tokens that it is given"
        if tool.work_only and self.accounts == "personal":
            return "it needs a work or school account, and personal ones sign in here"
        if tool.beta and not self.with_beta:
            return "it needs Graph's beta version, which is switched off (GRAPH_ALLOW_BETA)"
        return ""

    def _not_granted(self, tool: ToolSpec) -> str:
        needed = tool.scopes(as_application=self.as_application)
        lacks = missing(needed, self.allowed_scopes) if self.allowed_scopes is not None else []
        return f"it needs {listed(lacks)}, which ALLOWED_SCOPES does not name" if lacks else ""

    def _wanted_by(self, tool: ToolSpec) -> list[str]:
        if self.allowed_scopes is None:
            return list(tool.wants)
        return [scope for scope in tool.wants if not missing([scope], self.allowed_scopes, strictly=True)]

    def _all(self) -> list[ToolSpec]:
        return [tool for toolset in self.catalogue for tool in toolset.tools]


def _unknown(setting: str, what: str, given: Collection[str], known: Collection[str]) -> list[str]:
    strange = dict.fromkeys(name for name in given if name not in known)
    return [f"{setting}: {name!r} is not a {what}. {_nearest(name, known)}".rstrip() for name in strange]


def _nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name[:_LONGEST_NAME], known, n=3 if len(known) > _MOST_NAMED else 1)
    meant = f"Did you mean {' or '.join(near)}? " if near else ""
    return meant if len(known) > _MOST_NAMED else f"{meant}There are: {', '.join(known)}."
