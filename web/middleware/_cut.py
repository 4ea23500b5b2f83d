"""A call that is ended before its app has: cancelled, so that nothing in the app takes it for a fault of its own."""

from __future__ import annotations

import math

import anyio
from anyio.lowlevel import checkpoint
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.middleware._passage import refuse


class Cut:
    """One call; `why` is the status, the reason and the text with which it was cut, None where it was not."""

    def __init__(self, send: Send) -> None:
        self.why: tuple[int, str, str] | None = None
        self._scope = anyio.CancelScope()
        self._send = send
        self._has_begun = False
        self._has_ended = False
        self._is_events = False

    async def run(
        self, app: ASGIApp, scope: Scope, receive: Receive, *, seconds: float = math.inf, late: tuple[int, str, str]
    ) -> None:
        """The app's answer, or instead of it ours; `late` is why the call is cut after so many seconds."""
        self._scope.deadline = anyio.current_time() + seconds
        with self._scope:
            await app(scope, receive, self._watched)
        if self._scope.cancelled_caught:
            await self._answer(scope, receive, self.why or late)

    async def end(self, status: int, reason: str, text: str) -> Message:
        """Cut it from within what the app awaits; one that cannot be cancelled is told that the client has gone."""
        self.why = self.why or (status, reason, text)
        self._scope.cancel()
        await checkpoint()
        return {"type": "http.disconnect"}

    async def _answer(self, scope: Scope, receive: Receive, why: tuple[int, str, str]) -> None:
        status, reason, text = why
        if not self._has_begun:
            await refuse(scope, receive, self._send, status, text, reason=reason)
        elif self._is_events and not self._has_ended:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _watched(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_begun = True
            self._is_events = Headers(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")
        elif message["type"] == "http.response.body":
            self._has_ended = not message.get("more_body", False)
        await self._send(message)
