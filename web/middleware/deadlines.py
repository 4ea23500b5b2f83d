"""A request arrives whole within its time, and a call ends within its own."""

from __future__ import annotations

import math

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.middleware._cut import Cut
from web.middleware._standing import is_standing

_LATE_BODY = (408, "slow body", "The request did not arrive in time. Send it again, in one go.")
_LATE_CALL = (
    504,
    "call deadline",
    "The call took longer than this server lets one take, and was stopped. Look what was done before you repeat it.",
)


class Deadlines:
    """So many seconds are waited for the body, and a call lasts so many at most, standing event streams aside.

    The time that the server itself takes before it reads on is no fault of the client, and not counted. Clients that
    stop reading are seen by the connection alone: see web/connections.py.
    """

    def __init__(self, app: ASGIApp, *, receive: float, call: float) -> None:
        self.app = app
        self._receive = receive
        self._call = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        cut = Cut(send)
        seconds = math.inf if is_standing(scope) else self._call
        body = _Body(receive, cut, self._receive)
        await cut.run(self.app, scope, body.receive, seconds=seconds, late=_LATE_CALL)


class _Body:
    """A request body, waited for no longer than its time; after it, only the client's leaving can come."""

    def __init__(self, receive: Receive, cut: Cut, seconds: float) -> None:
        self._receive = receive
        self._cut = cut
        self._left = seconds
        self._is_whole = False

    async def receive(self) -> Message:
        if self._is_whole:
            return await self._receive()
        began = anyio.current_time()
        with anyio.move_on_after(self._left):
            message = await self._receive()
            self._left -= anyio.current_time() - began
            self._is_whole = not message.get("more_body", False)
            return message
        return await self._cut.end(*_LATE_BODY)
