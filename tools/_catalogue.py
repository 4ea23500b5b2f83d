"""The tools of one process, bound as they are served: all of them listed, or a few that find and call the others."""

from __future__ import annotations

from functools import cached_property

from principal import Access, Level
from tools._binding import Side, hints_for
from tools._forms import graver
from tools._ranking import Ranking
from tools._selection import Selection
from tools._served import ServedTool
from tools._toolset import Toolset, ToolSpec

# Listed beside the tools that find others: without an account there is nothing to find.
LISTED_ANYWAY = ("account_whoami", "account_login", "account_select")

_NAME, _DESCRIPTION, _TOOLSET, _ARGUMENT = 3.0, 2.0, 1.0, 0.7


class Catalogue:
    """What is offered, and what is listed of it."""

    def __init__(self, selection: Selection, side: Side | None = None, *, finders: Toolset | None = None) -> None:
        """`finders` are the tools that find and call all others; with them, those are not listed."""
        self.selection = selection
        self._side = side or Side()
        self._finders = finders.tools if finders else []
        self._bound: dict[str, ServedTool] = {}

    @property
    def listed(self) -> list[ToolSpec]:
        """What tools/list shows before it looks at who asks."""
        offered = self.selection.tools
        if not self._finders:
            return list(offered.values())
        return [*self._finders, *(offered[name] for name in LISTED_ANYWAY if name in offered)]

    @property
    def served(self) -> list[ServedTool]:
        """The listed tools, as the SDK serves them."""
        return [self._finder(tool) if tool in self._finders else self.bound(tool) for tool in self.listed]

    def bound(self, tool: ToolSpec) -> ServedTool:
        """A tool as it is or would be served; bound when it is first wanted."""
        if tool.name not in self._bound:
            self._bound[tool.name] = tool.bind(self._side)
        return self._bound[tool.name]

    def why_unlisted(self, name: str) -> str:
        """What to tell a model that calls a tool which is not listed."""
        if name in self.selection.tools:
            return f"{name} is called through tool_call here: tool_call(name={name!r}, arguments={{…}})."
        found = " tool_find finds what there is." if self._finders and name not in self._everything else ""
        return f"{self.selection.why_absent(name)}{found}"

    def named(self, name: str) -> ToolSpec | None:
        """The tool of this name, offered or not."""
        return self._everything.get(name)

    def found(self, query: str, most: int) -> list[ToolSpec]:
        """The tools, offered or not, that fit a request best."""
        return [self._everything[name] for name, _ in self._ranking.best(query, most)]

    @cached_property
    def _everything(self) -> dict[str, ToolSpec]:
        return {tool.name: tool for toolset in self.selection.catalogue for tool in toolset.tools}

    @cached_property
    def _ranking(self) -> Ranking:
        described = {toolset.name: toolset.description for toolset in self.selection.catalogue}
        return Ranking({tool.name: self._words(tool, described[tool.toolset]) for tool in self._everything.values()})

    def _words(self, tool: ToolSpec, toolset: str) -> list[tuple[str, float]]:
        said = [(f"{name} {words}", _ARGUMENT) for name, words in tool.signature.arguments.items()]
        return [(tool.name, _NAME), (tool.description, _DESCRIPTION), (toolset, _TOOLSET), *said]

    def _finder(self, tool: ToolSpec) -> ServedTool:
        """What calls other tools may do whatever any of them does."""
        bound = self.bound(tool)
        if not tool.forwards:
            return bound
        offered = self.selection.tools.values()
        only_reads = self.selection.level is Level.READ
        hints = hints_for(
            Access.READ if only_reads else graver(Access.READ, *(each.access for each in offered)),
            removes=not only_reads and any(each.removes for each in offered),
            open_world=any(each.hints.open_world_hint for each in offered),
        )
        return bound.model_copy(update={"annotations": hints})
