"""The lists of tools that benchmarks/tokens.py measures: what a client gets, its parts, and what it may be at most."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mcp import Client
from mcp.server import MCPServer
from mcp_types import Tool

import tools
from benchmarks._judged import Verdict

ADMIN_BYTES = 14_000


@dataclass(frozen=True)
class Limit:
    """What a list may have at most."""

    bytes: int | None = None
    tools: int | None = None


LIMITS = {
    "default": Limit(36_000, 40),
    "all": Limit(200_000),
    "discovery": Limit(6_000, 6),
    "application": Limit(200_000),
    "account": Limit(tools=5),
    "mail": Limit(tools=8),
    "calendar": Limit(tools=5),
    "contacts": Limit(tools=4),
    "diagnostics": Limit(tools=2),
    "graph": Limit(tools=5),
    "search": Limit(tools=1),
}


@dataclass(frozen=True)
class Listed:
    """A list of tools, as it is sent."""

    name: str
    tools: Sequence[Tool]
    whole: str
    limit: Limit

    @property
    def bytes(self) -> int:
        return len(self.whole.encode())

    @property
    def for_the_model(self) -> str:
        """What a client usually hands on; output schemas and hints it keeps."""
        return _compact([[tool.name, tool.description, tool.input_schema] for tool in self.tools])

    @property
    def parts(self) -> tuple[int, int, int]:
        """Bytes of the input schemas, of the output schemas and of the descriptions."""
        return (
            sum(len(_compact(tool.input_schema).encode()) for tool in self.tools),
            sum(len(_compact(tool.output_schema).encode()) for tool in self.tools if tool.output_schema),
            sum(len((tool.description or "").encode()) for tool in self.tools),
        )

    def verdicts(self) -> Iterator[Verdict]:
        """Whether it keeps what it is held to."""
        if self.limit.bytes is not None:
            yield Verdict(f"{self.name}, bytes", self.bytes, self.limit.bytes)
        if self.limit.tools is not None:
            yield Verdict(f"{self.name}, tools", len(self.tools), self.limit.tools)


async def listed(name: str, catalogue: tools.Catalogue, limit: Limit) -> Listed:
    """What a client of a server with this catalogue gets."""
    async with Client(MCPServer("measured", tools=[*catalogue.served])) as client:
        answer = await client.list_tools()
    return Listed(name, answer.tools, answer.model_dump_json(by_alias=True, exclude_none=True), limit)


async def every_list(toolsets: Sequence[tools.Toolset] = tools.TOOLSETS) -> list[Listed]:
    """Each toolset alone, and what is usually offered."""

    def chosen(*names: str, as_application: bool = False, finders: tools.Toolset | None = None) -> tools.Catalogue:
        selection = tools.Selection(names, as_application=as_application, with_token=True, catalogue=toolsets)
        return tools.Catalogue(selection, tools.Side(as_application=as_application), finders=finders)

    alone = {toolset.name: chosen(toolset.name) for toolset in toolsets}
    usual = {
        "default": chosen("default"),
        "all": chosen("all"),
        "discovery": chosen("all", finders=tools.DISCOVERY),
        "application": chosen("all", as_application=True),
    }
    admin = {each.name: Limit(ADMIN_BYTES) for each in toolsets if each.is_in_all and not each.is_default}
    limits = {**admin, **LIMITS}
    return [await listed(name, each, limits.get(name, Limit())) for name, each in {**alone, **usual}.items()]


def table(lists: Sequence[Listed], tokens: Sequence[int] | None) -> str:
    """A line for each list. `tokens` are for the model, and of the whole, list by list."""
    head = f"{'':12} {'tools':>9} {'bytes':>15} {'input':>7} {'output':>7} {'words':>6} {'tokens':>7} {'whole':>7}"
    lines = [head]
    for number, each in enumerate(lists):
        counts, sizes = _of(len(each.tools), each.limit.tools), _of(each.bytes, each.limit.bytes)
        given, answered, words = each.parts
        line = f"{each.name:12} {counts:>9} {sizes:>15} {given:>7} {answered:>7} {words:>6}"
        lines.append(f"{line} {tokens[2 * number]:>7} {tokens[2 * number + 1]:>7}" if tokens else line)
    return "\n".join(lines)


def _of(figure: int, limit: int | None) -> str:
    return f"{figure} of {limit}" if limit is not None else str(figure)


def _compact(value: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
