"""A stop that lets calls end: event streams end at once, calls get their time, and who is late hears 503."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.middleware._passage import refuse
from web.middleware._standing import is_standing

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Call:
    """A request that is being answered."""

    within: anyio.CancelScope
    is_standing: bool
    has_started: bool = False
    has_ended: bool = False
    has_length: bool = False


class Drain:
    """What is under way, and whether the server is on its way out. One for each process."""

    def __init__(self) -> None:
        self.is_stopping = False
        self._calls: set[_Call] = set()

    @property
    def under_way(self) -> int:
        """How many requests are being answered."""
        return len(self._calls)

    def begin(self) -> None:
        """Stop: whoever only listens has heard everything."""
        self.is_stopping = True
        for call in [each for each in self._calls if each.is_standing]:
            call.within.cancel()

    def cut(self) -> None:
        """End what has not ended by now."""
        if self._calls:
            log.warning("calls were cut off, since the server stops", extra={"calls": len(self._calls)})
        for call in list(self._calls):
            call.within.cancel()

    def enter(self, call: _Call) -> None:
        self._calls.add(call)
        if self.is_stopping and call.is_standing:
            call.within.cancel()

    def leave(self, call: _Call) -> None:
        self._calls.discard(call)


class Draining:
    """Knows every request that is being answered; outermost, so that nothing is under way behind its back."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self.app = app
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        with anyio.CancelScope() as within:
            call = _Call(within, is_standing(scope))
            self._drain.enter(call)
            try:
                await self.app(scope, receive, _watched(send, call))
            finally:
                self._drain.leave(call)
        if within.cancel_called and not call.has_ended:
            await _end(call, scope, receive, send)


def _watched(send: Send, call: _Call) -> Send:
    async def watched(message: Message) -> None:
        if message["type"] == "http.response.start":
            call.has_started = True
            call.has_length = "content-length" in Headers(raw=message.get("headers", []))
        elif message["type"] == "http.response.body":
            call.has_ended = not message.get("more_body", False)
        await send(message)

    return watched


async def _end(call: _Call, scope: Scope, receive: Receive, send: Send) -> None:
    if not call.has_started:
        text = "This server is being stopped, and the call was not finished. Repeat it in a moment."
        await refuse(scope, receive, send, 503, text, reason="stopping", headers={"retry-after": "5"})
    elif not call.has_length:
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    # An answer that told its length and is cut short ends with the connection: that is how the client can tell.
