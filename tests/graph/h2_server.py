"""A server that speaks HTTP/2 and nothing else, without TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings
import httpx
from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame

from tests.graph.wires import transport_to

Sized = Callable[[str], Awaitable[tuple[int, int]]]


@dataclass(frozen=True)
class Asked:
    """One request, whole."""

    stream: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """The value of a header, or of what HTTP/2 has in its place, such as `:path`."""
        return next(value for found, value in self.headers if found == name)


class Speaker:
    """One connection. `streams` may be open beside each other; who answers is the work of tasks."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.is_hoarding = False
        self.bytes_read = 0
        self._last_taken = 2**31 - 1
        self._room = asyncio.Event()
        self._coming: dict[int, tuple[tuple[tuple[str, str], ...], bytearray]] = {}
        self._answers: set[asyncio.Task[None]] = set()

    async def answer(self, asked: Asked) -> None:
        """Answer a request, or do not."""
        raise AssertionError

    async def serve(self) -> None:
        """Until the client leaves, or breaks the rules."""
        self.h2.initiate_connection()
        self.flush()
        try:
            while data := await self._reader.read(65_536):
                for event in self.h2.receive_data(data):
                    self._take(event)
                self.flush()
        finally:
            for answer in self._answers:
                answer.cancel()
            await asyncio.gather(*self._answers, return_exceptions=True)
            self.writer.close()

    def flush(self) -> None:
        """Send what has to be sent."""
        if data := self.h2.data_to_send():
            self.writer.write(data)

    def go_away(self, last: int, error: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """As a server does that is about to leave, and answers nothing above `last`; h2 would let it answer no more."""
        self.flush()
        self._last_taken = min(last, self._last_taken)
        self.writer.write(GoAwayFrame(0, last_stream_id=last, error_code=error).serialize())

    def allow(self, streams: int) -> None:
        """Have another limit of streams that may be open."""
        self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: streams})
        self.flush()

    async def send(self, stream: int, pieces: Iterable[bytes]) -> None:
        """Send parts of a body as far as the client lets us, and when it does."""
        for piece in pieces:
            rest = piece
            while rest:
                room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
                if room <= 0:
                    self._room.clear()
                    await self._room.wait()
                    continue
                self.h2.send_data(stream, rest[:room])
                rest = rest[room:]
                self.flush()
                await self.writer.drain()

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            headers = tuple((_text(name), _text(value)) for name, value in event.headers or [])
            self._coming[event.stream_id or 0] = headers, bytearray()
        elif isinstance(event, h2.events.DataReceived):
            self._coming[event.stream_id or 0][1].extend(event.data or b"")
            self.bytes_read += len(event.data or b"")
            if not self.is_hoarding:
                self.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        elif isinstance(event, h2.events.StreamEnded):
            self._begin(event.stream_id or 0)
        elif isinstance(event, h2.events.WindowUpdated):
            self._room.set()

    def _begin(self, stream: int) -> None:
        headers, body = self._coming.pop(stream)
        answer = asyncio.create_task(self._answered(Asked(stream, headers, bytes(body))))
        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)

    async def _answered(self, asked: Asked) -> None:
        with suppress(h2.exceptions.ProtocolError, ConnectionError):  # the client has left
            if asked.stream <= self._last_taken:
                await self.answer(asked)
            self.flush()


@asynccontextmanager
async def listening(made: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Speaker]) -> AsyncIterator[int]:
    """A port where each connection gets such a speaker."""
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(made(reader, writer).serve())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class H2Server:
    """Answers each path with a status and so many bytes, as `answer` says; -1 bytes are an answer that never comes."""

    answer: Sized
    connections: int = 0
    streams: int = 0
    speakers: list[Speaker] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    port: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[H2Server]:
        async with listening(self._accepted) as self.port:
            yield self

    @property
    def open(self) -> int:
        """How many connections there are."""
        return sum(not each.writer.transport.is_closing() for each in self.speakers)

    def has_had(self, streams: int) -> bool:
        """Whether so many requests have come."""
        return self.streams >= streams

    def client(self) -> httpx.AsyncClient:
        """A client that takes this server for every https host."""
        return httpx.AsyncClient(transport=transport_to(self.port, http2=True), timeout=20, trust_env=False)

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Speaker:
        self.connections += 1
        self.speakers.append(_Sizes(self, reader, writer))
        return self.speakers[-1]


class _Sizes(Speaker):
    def __init__(self, server: H2Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self._server = server

    async def serve(self) -> None:
        try:
            await super().serve()
        except (h2.exceptions.ProtocolError, ConnectionError) as error:
            self._server.broken.append(repr(error))

    async def answer(self, asked: Asked) -> None:
        self._server.streams += 1
        status, size = await self._server.answer(asked.header(":path"))
        if size < 0 or asked.stream > self._last_taken:
            return
        self.h2.send_headers(asked.stream, [(":status", str(status)), ("content-type", "application/json")])
        await self.send(asked.stream, [b" " * (size - 2), b"{}"])
        self.h2.end_stream(asked.stream)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def answers(*sizes: tuple[int, int]) -> Sized:
    """The same for everybody, in turn; the last one for good."""
    left: Iterable[tuple[int, int]] = iter(sizes)
    last = sizes[-1]

    async def answer(path: str) -> tuple[int, int]:
        return next(iter(left), last)

    return answer
