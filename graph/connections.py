"""The shared way to Graph: few connections for everybody, which no single caller can spoil.

httpcore multiplexes HTTP/2 well but forgives nothing: a write that is cancelled halfway loses frames of the whole
connection, and a stream that is left unread is never reset, so that what still arrives for it eats the window of the
others. So each exchange is a task of its own. Who is cancelled or late leaves it, and it is read to its end; one that
does not end in time takes its connection with it, and the next request opens another.
"""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

import httpx

from errors import GraphTooLarge
from graph.calls import Reply

log = logging.getLogger(__name__)

MOST_BYTES = 16 * 1024 * 1024
# How long an answer is waited for before it counts as lost, and how long one is read that nobody waits for any more.
PATIENCE_SECONDS, LINGER_SECONDS = 45.0, 15.0
# How soon connections may be replaced again.
RENEWAL_SECONDS = 5.0
# After so long without any answer, whoever gives up takes the connection for lost.
SILENT_SECONDS = 20.0

_ZLIB_OR_GZIP = 47


@dataclass(eq=False)
class _Line:
    """One httpx client with its pool, and how many exchanges are under way on it."""

    http: httpx.AsyncClient
    opened: float
    heard: float = 0.0
    under_way: int = 0
    is_retired: bool = False


class Connections:
    """Sends requests and reads whole answers. `opened` makes a client of the network, `bulk` one for transfers."""

    def __init__(
        self,
        opened: Callable[[], httpx.AsyncClient],
        bulk: Callable[[], httpx.AsyncClient] | None = None,
        *,
        linger: float = LINGER_SECONDS,
        renewal: float = RENEWAL_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._opened = opened
        self._bulk = bulk or opened
        self._linger = linger
        self._renewal = renewal
        self._patience = patience
        self._line: _Line | None = None
        self._bulk_http: httpx.AsyncClient | None = None
        self._tasks: set[asyncio.Task[Reply]] = set()
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def bulk(self) -> httpx.AsyncClient:
        """A client apart for what is long: over HTTP/1.1, where each transfer has a connection to itself."""
        if self._bulk_http is None:
            self._bulk_http = self._bulk()
        return self._bulk_http

    @asynccontextmanager
    async def apart(self, request: httpx.Request, auth: httpx.Auth | None = None) -> AsyncIterator[httpx.Response]:
        """The answer to a request over that client, its body unread; made without it, which would add cookies."""
        request.extensions["timeout"] = self.bulk.timeout.as_dict()
        response = await self.bulk.send(request, auth=auth, stream=True, follow_redirects=False)
        try:
            yield response
        finally:
            await response.aclose()

    async def exchange(
        self, request: httpx.Request, auth: httpx.Auth, on_end: Callable[[], None], most: int = MOST_BYTES
    ) -> Reply:
        """Graph's answer to one request; `on_end` is called when the exchange has really ended."""
        try:
            line = self._current()
        except BaseException:
            on_end()
            raise
        line.under_way += 1
        began = asyncio.get_running_loop().time()
        task = asyncio.create_task(_exchanged(line.http, request, auth, most))
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, line, on_end))
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.shield(task)
        except (asyncio.CancelledError, TimeoutError) as error:
            if not task.done():
                self._left(line, task, began)
            if isinstance(error, TimeoutError):
                raise httpx.ReadTimeout("no answer came") from error
            raise
        except GraphTooLarge:
            self._retire(line)  # the rest of the answer is still on its way
            raise

    def _left(self, line: _Line, task: asyncio.Task[Reply], began: float) -> None:
        """Nobody waits for it any more. Where all was silent for long, the connection is not there any more either."""
        loop = asyncio.get_running_loop()
        if loop.time() - max(began, line.heard) >= SILENT_SECONDS:
            self._retire(line)
        loop.call_later(self._linger, self._give_up, line, task)

    def renew(self) -> None:
        """Have the next request open a new connection, as Microsoft advises after a 503."""
        line = self._line
        if line is not None and asyncio.get_running_loop().time() - line.opened >= self._renewal:
            self._retire(line)

    def _current(self) -> _Line:
        if self._line is None:
            self._line = _Line(self._opened(), asyncio.get_running_loop().time())
        return self._line

    def _ended(self, line: _Line, on_end: Callable[[], None], task: asyncio.Task[Reply]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is None:  # whoever still waits has the error, too
            line.heard = asyncio.get_running_loop().time()
        line.under_way -= 1
        on_end()
        self._close_if_done(line)

    def _give_up(self, line: _Line, task: asyncio.Task[Reply]) -> None:
        if not task.done():
            log.warning("a connection to Graph was given up: an answer did not end")
            self._retire(line)
            task.cancel()

    def _retire(self, line: _Line) -> None:
        if self._line is line:
            self._line = None
        if not line.is_retired:
            line.is_retired = True
            self._close_if_done(line)

    def _close_if_done(self, line: _Line) -> None:
        if line.is_retired and not line.under_way:
            closing = asyncio.create_task(line.http.aclose())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            self._retire(self._line)
        for task in self._tasks:
            task.cancel()
        while rest := self._tasks | self._closing:
            await asyncio.wait(rest)
        if self._bulk_http is not None:
            await self._bulk_http.aclose()


async def _exchanged(http: httpx.AsyncClient, request: httpx.Request, auth: httpx.Auth, most: int) -> Reply:
    """One request and its answer, and what the signer makes of a challenge, whose body is bounded, too."""
    timeout, flow = http.timeout.as_dict(), auth.async_auth_flow(request)
    try:
        signed = await anext(flow)
        while True:
            signed.extensions["timeout"] = timeout
            response = await http.send(signed, auth=None, stream=True, follow_redirects=False)
            try:
                reply = Reply(response.status_code, response.headers, await whole_body(response, most))
            finally:
                await response.aclose()
            try:
                signed = await flow.asend(response)
            except StopAsyncIteration:
                return reply
    finally:
        await flow.aclose()


async def whole_body(response: httpx.Response, most: int) -> bytes:
    """The body, unpacked; GraphTooLarge where it has more than so many bytes, httpx.DecodingError where it is cut."""
    if response.is_stream_consumed:  # a transport without a network had it already
        return response.content
    encoding = response.headers.get("content-encoding", "identity")
    if encoding not in ("identity", "gzip", "deflate"):
        raise httpx.DecodingError(f"packed as {encoding[:20]}, which was not asked for")
    unpacker = None if encoding == "identity" else zlib.decompressobj(_ZLIB_OR_GZIP)
    chunks, size, is_empty = list[bytes](), 0, True
    async for raw in response.aiter_raw():
        is_empty = is_empty and not raw
        chunk = raw if unpacker is None else _unpacked(unpacker, raw, most - size + 1)
        size += len(chunk)
        if size > most:
            raise GraphTooLarge("TooLarge", f"Graph's answer has more than {most:,} bytes. Ask for less of it.")
        chunks.append(chunk)
    if unpacker is not None and not (unpacker.eof or is_empty):
        raise httpx.DecodingError("ends too early")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _unpacked(unpacker: zlib._Decompress, raw: bytes, most: int) -> bytes:
    try:
        chunk = unpacker.decompress(raw, most)
    except zlib.error as error:
        raise httpx.DecodingError("damaged") from error
    if unpacker.unused_data:  # it would be kept, however much comes
        raise httpx.DecodingError("goes on after its end")
    return chunk
