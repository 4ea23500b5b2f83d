"""Sessions of the older protocol: each caller has so many, so that none of them takes the room of the others."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from principal import current_sender
from web.middleware._passage import refuse

_TOO_MANY = "You have too many sessions open. Close one of them, or wait until one that is idle has ended."
_GONE = 404
_SUCCESS = range(200, 300)
_SOON = 60


class Sessions:
    """Counts what the SDK opens, since it has one limit for all. `idle` is after how many seconds it ends a session.

    A session is known by the answer that opens it, goes with the request that ends it, or when the SDK has ended it.
    """

    def __init__(self, app: ASGIApp, *, most: int, idle: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self._most = most
        self._idle = idle
        self._clock = clock
        self._open: OrderedDict[str, OrderedDict[str, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender = current_sender() if scope["type"] == "http" else None
        if sender is None:
            return await self.app(scope, receive, send)
        headers = Headers(scope=scope)
        session = headers.get(MCP_SESSION_ID_HEADER, "")
        if session:
            self._seen(sender.who, session)
        elif _may_open_one(headers) and len(self._of(sender.who)) >= self._most:
            wait = {"Retry-After": str(_SOON)}
            return await refuse(scope, receive, send, 429, _TOO_MANY, reason="sessions", headers=wait)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._learn(sender.who, session, scope["method"], message)
            await send(message)

        await self.app(scope, receive, noted)

    def _of(self, who: str) -> OrderedDict[str, float]:
        """The sessions of a caller that can still be open, the longest idle first."""
        mine, now = self._open.get(who, OrderedDict[str, float]()), self._clock()
        while mine and now - next(iter(mine.values())) >= self._idle:
            mine.popitem(last=False)
        return mine

    def _opened(self, who: str, session: str) -> None:
        """Note one more, and forget the callers whose sessions are all over."""
        now = self._clock()
        self._open.setdefault(who, OrderedDict())[session] = now
        self._open.move_to_end(who)
        while now - max(next(iter(self._open.values())).values(), default=0.0) >= self._idle:
            self._open.popitem(last=False)

    def _seen(self, who: str, session: str) -> None:
        mine = self._open.get(who)
        if mine and session in mine:
            mine[session] = self._clock()
            mine.move_to_end(session)
            self._open.move_to_end(who)

    def _learn(self, who: str, session: str, method: str, message: Message) -> None:
        if not session:
            if opened := Headers(raw=message.get("headers", [])).get(MCP_SESSION_ID_HEADER, ""):
                self._opened(who, opened)
        elif message["status"] == _GONE or (method == "DELETE" and message["status"] in _SUCCESS):
            self._open.get(who, OrderedDict[str, float]()).pop(session, None)


def _may_open_one(headers: Headers) -> bool:
    """This era has no sessions; a request that names no version is an older client's."""
    version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
    return version is None or version in HANDSHAKE_PROTOCOL_VERSIONS
