"""Pages of the sites that are listed may call from a browser; nobody else learns anything from there.

Starlette's CORSMiddleware answers a preflight of anybody with what is allowed, and cannot allow headers by a pattern,
which Mcp-Param-* needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web._hosts import origin_in
from web.middleware._passage import refuse

_METHODS = "GET, POST, DELETE"
_HEADERS = (
    *("Authorization", "Content-Type", "Accept", "Last-Event-ID"),
    *("Mcp-Session-Id", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"),
)
_EXPOSED = "WWW-Authenticate, Mcp-Session-Id, X-Request-ID, Retry-After"
_PARAMETER = re.compile(r"mcp-param-[a-z0-9-]{1,64}")
_MOST_PARAMETERS = 32
_SECONDS = "600"
_PREFIX = b"access-control-"
_REFUSED = "Pages of that site may not call this server. Its operator can allow it (CORS_ORIGINS)."


class Cors:
    """Answers preflights itself, before anybody has to show who they are, and marks the answers for listed sites."""

    def __init__(self, app: ASGIApp, *, origins: Iterable[str]) -> None:
        self.app = app
        self._origins = frozenset(origin_in(origin) for origin in origins) - {None}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        origin = origin_in(headers.get("origin", ""))
        allowed = origin if origin in self._origins else None
        if scope["method"] == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers:
            return await self._preflight(scope, receive, send, allowed)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                _mark(message, allowed)
            await send(message)

        await self.app(scope, receive, sent)

    async def _preflight(self, scope: Scope, receive: Receive, send: Send, allowed: str | None) -> None:
        if allowed is None:
            return await refuse(scope, receive, send, 403, _REFUSED, reason="origin", headers={"vary": "Origin"})
        asked = ",".join(Headers(scope=scope).getlist("access-control-request-headers"))
        fields = {
            "access-control-allow-origin": allowed,
            "access-control-allow-methods": _METHODS,
            "access-control-allow-headers": ", ".join((*_HEADERS, *_parameters(asked))),
            "access-control-max-age": _SECONDS,
            "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        }
        listed = [(name.encode(), value.encode()) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": 204, "headers": listed})
        await send({"type": "http.response.body", "body": b""})


def _parameters(asked: str) -> Iterator[str]:
    """The headers of single arguments that a page asks for; whatever else it asks for is not reflected."""
    names = [name.strip() for name in asked.lower().split(",")]
    yield from list(dict.fromkeys(name for name in names if _PARAMETER.fullmatch(name)))[:_MOST_PARAMETERS]


def _mark(message: Message, allowed: str | None) -> None:
    """Say for whom the answer is, in the place of whatever the app says about that."""
    message["headers"] = [field for field in message.get("headers", []) if not field[0].lower().startswith(_PREFIX)]
    headers = MutableHeaders(scope=message)
    headers.add_vary_header("Origin")
    if allowed is not None:
        headers["Access-Control-Allow-Origin"] = allowed
        headers["Access-Control-Expose-Headers"] = _EXPOSED
