"""The Starlette app: MCP at one path, the health checks beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware

from web import health
from web.middleware.loopback import LoopbackOnly
from web.middleware.trimmed_headers import TrimmedHeaders

# Outermost first.
MIDDLEWARE = [Middleware(TrimmedHeaders), Middleware(LoopbackOnly)]

# LoopbackOnly has looked at Host and Origin already, for every path and not for MCP's alone.
_CHECKED_OUTSIDE = TransportSecuritySettings(enable_dns_rebinding_protection=False)


def build_app(server: MCPServer[Any], *, path: str, stateless: bool) -> Starlette:
    """Both eras of the protocol at `path`. `stateless` keeps no sessions for the older one."""
    mcp = server.streamable_http_app(
        streamable_http_path=path, stateless_http=stateless, transport_security=_CHECKED_OUTSIDE
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with server.session_manager.run():
            app.state.ready = True
            try:
                yield
            finally:
                app.state.ready = False

    return Starlette(routes=[*health.routes, *mcp.routes], middleware=MIDDLEWARE, lifespan=lifespan)
