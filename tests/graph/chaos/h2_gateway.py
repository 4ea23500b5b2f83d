"""Graph's front door as it really is: HTTP/2, with the emulator behind it, and trouble that only HTTP/2 has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias, get_args

import h2.exceptions
import httpx
from h2.errors import ErrorCodes
from starlette.applications import Starlette

from tests.graph.h2_server import Asked, Speaker, listening

Trouble: TypeAlias = Literal[
    "refused", "reset", "lost", "cut", "stalled", "silent", "endless",
    "goaway-before", "goaway-without", "goaway-lost", "goaway-then-answer", "hang-up", "no-frames",
]  # fmt: skip

TROUBLES: tuple[Trouble, ...] = get_args(Trouble)
# These come before Graph has heard of the request.
_UNHEARD = frozenset({"refused", "reset", "silent", "goaway-before", "goaway-without", "hang-up", "no-frames"})
_PIECE = b" " * 16_384


class Gateway:
    """Passes requests on to the emulator; the next ones meet trouble when told so."""

    def __init__(self, app: Starlette) -> None:
        self.port = 0
        self.speakers = list[Speaker]()
        self.broken = list[str]()
        self._inside = httpx.ASGITransport(app=app)
        self._troubles = list[Trouble]()

    def strike(self, kind: Trouble) -> None:
        """Have the next request meet trouble."""
        self._troubles.append(kind)

    @property
    def left(self) -> int:
        """How much trouble nobody met yet."""
        return len(self._troubles)

    def calm(self) -> None:
        self._troubles.clear()

    @property
    def open(self) -> int:
        """How many connections there are."""
        return sum(not each.writer.transport.is_closing() for each in self.speakers)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Gateway]:
        async with listening(self._accepted) as self.port:
            yield self

    def next_trouble(self) -> Trouble | None:
        return self._troubles.pop(0) if self._troubles else None

    async def passed(self, asked: Asked) -> httpx.Response:
        """Graph's answer to a request."""
        url = f"https://{asked.header(':authority')}{asked.header(':path')}"
        headers = [each for each in asked.headers if not each[0].startswith(":")]
        request = httpx.Request(asked.header(":method"), url, headers=headers, content=asked.body)
        return await self._inside.handle_async_request(request)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Speaker:
        self.speakers.append(_Door(self, reader, writer))
        return self.speakers[-1]


class _Door(Speaker):
    def __init__(self, gateway: Gateway, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self._gateway = gateway

    async def serve(self) -> None:
        try:
            await super().serve()
        except ConnectionError:  # the client has left
            self.writer.close()
        except h2.exceptions.ProtocolError as error:
            self._gateway.broken.append(repr(error))

    async def answer(self, asked: Asked) -> None:
        trouble = self._gateway.next_trouble()
        if trouble in _UNHEARD:
            self._unheard(trouble, asked.stream)
            return
        response = await self._gateway.passed(asked)
        body = b"".join([piece async for piece in response.stream])  # type: ignore[union-attr]
        headers = [(name, value) for name, value in response.headers.items() if name != "content-length"]
        if trouble in ("lost", "goaway-lost"):
            self._lost(trouble, asked.stream)
            return
        if trouble == "goaway-then-answer":
            self.go_away(asked.stream)
        self.h2.send_headers(asked.stream, [(":status", str(response.status_code)), *headers])
        await self.send(asked.stream, self._spoilt(trouble, asked.stream, body))

    def _unheard(self, trouble: Trouble | None, stream: int) -> None:
        if trouble == "refused":
            self.h2.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
        elif trouble == "reset":
            self.h2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        elif trouble == "goaway-before":
            self.go_away(max(0, stream - 2))
        elif trouble == "goaway-without":
            self.go_away(0)
        elif trouble == "hang-up":
            self.writer.transport.abort()
        elif trouble == "no-frames":
            self.writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def _lost(self, trouble: Trouble, stream: int) -> None:
        if trouble == "lost":
            self.h2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        else:
            self.go_away(stream)
            self.writer.close()

    def _spoilt(self, trouble: Trouble | None, stream: int, body: bytes) -> Iterator[bytes]:
        """The body, and how it ends."""
        half = body[: len(body) // 2]
        if trouble == "endless":
            yield body
            while True:
                yield _PIECE
        yield half
        if trouble == "cut":
            self.h2.reset_stream(stream, ErrorCodes.CANCEL)
        elif trouble != "stalled":
            yield body[len(half) :]
            self.h2.end_stream(stream)
