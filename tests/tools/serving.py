"""Our server with tools, accounts and a Graph of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import httpx
from mcp.server import MCPServer

import tools
from _server_services import Rules, memory_only, services
from graph import GraphClient, GraphService, graph_service
from server import GraphwardServer
from tests.graph.support import HOST

Client = Callable[[GraphService, str | None, str], GraphClient]


def server_with(
    network: httpx.AsyncBaseTransport,
    accounts: tools.Accounts,
    client: Client,
    *,
    catalogue: Sequence[tools.Toolset] = tools.TOOLSETS,
    as_application: bool = False,
    rules: Rules | None = None,
    pages: tools.ApprovalPages | None = None,
    adjusted: Callable[[tools.Services], tools.Services] = lambda made: made,
) -> GraphwardServer:
    """`client` makes what a tool calls Graph with, for an account and a mailbox; `adjusted` has the last word."""
    selection = tools.Selection(["all"], as_application=as_application, with_token=True, catalogue=catalogue)
    offered = tools.Catalogue(selection, tools.Side(as_application=as_application))

    @asynccontextmanager
    async def lifespan(_: MCPServer[tools.Services]) -> AsyncIterator[tools.Services]:
        opened = partial(httpx.AsyncClient, transport=network)
        async with memory_only() as state, graph_service(opened, HOST) as service:
            made = partial(client, service)
            yield adjusted(services(state, offered, made, accounts, rules=rules or Rules(), pages=pages))

    return GraphwardServer(offered, lifespan)
