"""The Date of every answer, by the emulator's own clock."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Dated:
    """Says when each answer was given. A server around it must not add a Date of its own."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock
        self._written = (-1, "")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Date"] = self._date()
            await send(message)

        await self._app(scope, receive, send_dated)

    def _date(self) -> str:
        second = int(self._clock())
        if self._written[0] != second:
            self._written = second, formatdate(second, usegmt=True)
        return self._written[1]
