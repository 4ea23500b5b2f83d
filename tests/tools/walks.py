"""Walking through the tools: the server on the seeded demo tenant, with everything that it sends noted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from mcp import Client
from mcp_types import CallToolResult

from _server_demo import DemoTenant
from _server_wiring import scopes_of
from server import build_server
from tests.support import demo_settings, facts_of
from tests.tools.examples import EXAMPLES, Arguments, Example
from tests.tools.recording import Exchange, Recorder
from tools import TOOLSETS, ToolSpec

TOOLS = [tool for toolset in TOOLSETS for tool in toolset.tools]


@dataclass
class Walk:
    """A client of the server, and what its calls cause."""

    client: Client
    recorder: Recorder

    async def called(self, tool: str, arguments: Arguments) -> tuple[CallToolResult, list[Exchange]]:
        """What a tool answers, and what it sent for that."""
        self.recorder.exchanges.clear()
        result = await self.client.call_tool(tool, arguments)
        return result, [*self.recorder.exchanges]

    async def arguments(self, example: Example) -> Arguments:
        return await example(self._ask) if callable(example) else example

    async def _ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return facts_of(await self.client.call_tool(tool, arguments))


@asynccontextmanager
async def walking(cloud: DemoTenant) -> AsyncIterator[Walk]:
    """Through the whole server, as the person of the demo."""
    settings = demo_settings()
    people = cloud.accounts(scopes_of(settings), sign_in=False, tell=lambda _: None)
    recorder = Recorder(httpx.ASGITransport(app=cloud))
    async with Client(build_server(settings, people, transport=recorder)) as client:
        yield Walk(client, recorder)


def reaches_graph(tool: ToolSpec) -> bool:
    return bool(tool.delegated or tool.application)


def examples_of(tool: ToolSpec) -> tuple[Example, ...]:
    """Arguments for the tool; those of a tool that reaches Graph have to be written down."""
    if tool.name in EXAMPLES or not reaches_graph(tool):
        return EXAMPLES.get(tool.name, ({},))
    raise AssertionError(
        f"{tool.name} reaches Graph, and nobody says how to call it. Add arguments that fit the seeded demo tenant to "
        "EXAMPLES in tests/tools/examples.py, one set for each way in which it asks Graph for something else."
    )
