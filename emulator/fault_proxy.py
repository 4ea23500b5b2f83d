"""A TCP proxy in front of any server, for the trouble that no app can make: connections that break, stall or drip.

    async with FaultProxy(server_port) as proxy:
        proxy.strike("rst-mid-body", after=100)
        ...  # and call 127.0.0.1:proxy.port in place of the server

It passes bytes on as they are, so it may stand below TLS; where trouble begins is told in bytes.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, TypeAlias, cast, get_args

Trouble: TypeAlias = Literal[
    "refuse", "reset-before", "reset-after", "cut", "rst-mid-body", "drip", "black-hole", "half-open", "delay"
]

TROUBLES: tuple[str, ...] = get_args(Trouble)
# These meet what the client sends; the others meet the answer.
_OF_REQUEST = frozenset({"refuse", "reset-before", "black-hole", "half-open"})
_CHUNK = 64 * 1024
# A socket that is closed so sends a reset; Windows has shorter numbers for it.
_LINGER_NOT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
# No more bytes for so long, and a request is taken for whole; it is also the time that sent bytes get to arrive.
_QUIET = 0.02


@dataclass
class Strike:
    """Trouble for so many connections still, None for all: it begins `after` so many bytes have passed.

    What it meets are new connections, or with `live` those, too, that are open, at the next bytes from the client.
    """

    kind: Trouble
    left: int | None = 1
    after: int = 0
    pause: float = 0.05
    live: bool = False

    @property
    def meets_request(self) -> bool:
        return self.kind in _OF_REQUEST


class FaultProxy:
    """Listens on a free port of this computer, `port`, and passes everything on to `target_port` until struck."""

    def __init__(self, target_port: int, target_host: str = "127.0.0.1", host: str = "127.0.0.1") -> None:
        self.target = target_host, target_port
        self.port = 0
        self.passages: list[Passage] = []
        self._host = host
        self._strikes: list[Strike] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, self._host, 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None  # noqa: S101 - it was entered
        self._server.close()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A task that was cancelled before its first step has closed nothing.
        await asyncio.gather(*(passage.close() for passage in self.passages))
        await self._server.wait_closed()

    @property
    def accepted(self) -> int:
        """How many connections there were."""
        return len(self.passages)

    @property
    def open(self) -> int:
        """How many there are now."""
        return len(self._tasks)

    def strike(
        self, kind: Trouble, *, times: int | None = 1, after: int = 0, pause: float = 0.05, live: bool = False
    ) -> Strike:
        """Trouble for the next connections; `pause` is the time between the bytes of a drip, or that of a delay."""
        if kind not in TROUBLES:
            raise ValueError(f"There is no trouble of the kind '{kind}'. The kinds are {', '.join(TROUBLES)}.")
        if kind == "refuse" and (after or live):
            raise ValueError("A connection that is refused has neither a past nor bytes.")
        strike = Strike(kind, times, after, pause, live)
        self._strikes.append(strike)
        return strike

    def calm(self) -> None:
        """Strike no more connections; those that were struck stay so."""
        self._strikes.clear()

    async def settle(self) -> None:
        """Wait until every connection has ended."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def next_strike(self, *, is_open: bool) -> Strike | None:
        """The oldest trouble that a connection meets, new or open, which counts as one time."""
        found = next((each for each in self._strikes if each.live or not is_open), None)
        if found is not None and found.left is not None:
            found.left -= 1
        self._strikes = [each for each in self._strikes if each.left != 0]
        return found

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passage = Passage(self, reader, writer)
        self.passages.append(passage)
        task = asyncio.get_running_loop().create_task(passage.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class Passage:
    """One connection through the proxy: `sent` bytes came from the client so far, `answered` went to it."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sent = 0
        self.answered = 0
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._upstream: asyncio.StreamWriter | None = None
        self._strike: Strike | None = None
        self._begins = 0
        _unbuffered(writer)

    async def run(self) -> None:
        """Pass on what comes from both sides until one has enough."""
        try:
            self._struck(self._proxy.next_strike(is_open=False))
            if self._strike is not None and self._strike.meets_request and not self._strike.after:
                await self._unheard(self._strike)
            else:
                await self._passed()
        except OSError:
            # Either side may leave at any time. The other shall notice.
            _reset(self._writer)
        finally:
            self._let_go()

    async def close(self) -> None:
        """Let go of both sides, whatever is still on its way, and wait until that is done."""
        # Not where the task may be cancelled: whoever is cancelled in `wait_closed` spoils it for those who come later.
        for writer in self._let_go():
            with suppress(OSError):
                await writer.wait_closed()

    def _let_go(self) -> list[asyncio.StreamWriter]:
        writers = [writer for writer in (self._writer, self._upstream) if writer is not None]
        for writer in writers:
            writer.transport.abort()
        return writers

    async def _unheard(self, strike: Strike) -> None:
        """A connection of which the server never knows."""
        if strike.kind == "refuse":
            _reset(self._writer)
            return
        if strike.kind != "half-open":
            self.sent += len(await self._reader.read(_CHUNK))
        await self._swallowed()

    async def _passed(self) -> None:
        reader, self._upstream = await asyncio.open_connection(*self._proxy.target, limit=_CHUNK)
        _unbuffered(self._upstream)
        up, down = asyncio.create_task(self._up(self._upstream)), asyncio.create_task(self._down(reader))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if down.done():
                await asyncio.wait({up}, timeout=_QUIET)
            elif up.exception() is None and up.result():
                # A client may be done with sending and still read.
                await down
        finally:
            for task in (up, down):
                task.cancel()
            ended = await asyncio.gather(up, down, return_exceptions=True)
        for error in ended:
            if isinstance(error, OSError):
                raise error

    async def _up(self, upstream: asyncio.StreamWriter) -> bool:
        """The client's side; says whether an answer may still come when it is over."""
        while data := await self._reader.read(_CHUNK):
            if self._strike is None:
                self._struck(self._proxy.next_strike(is_open=True))
            passing = self._until(data, self.sent, is_request=True)
            self.sent += len(data)
            upstream.write(passing)
            await upstream.drain()
            if len(passing) < len(data):
                await self._swallowed()
                return False
        upstream.write_eof()
        return True

    async def _down(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(_CHUNK):
            passing = self._until(data, self.answered, is_request=False)
            await self._told(passing)
            if len(passing) < len(data) and not await self._spoilt(data[len(passing) :]):
                return
        self._writer.write_eof()

    def _struck(self, strike: Strike | None) -> None:
        self._strike = strike
        if strike is not None:
            self._begins = strike.after + (self.sent if strike.meets_request else self.answered)

    def _until(self, data: bytes, passed: int, *, is_request: bool) -> bytes:
        """The bytes that pass before trouble begins."""
        if self._strike is None or self._strike.meets_request != is_request:
            return data
        return data[: max(0, self._begins - passed)]

    async def _swallowed(self) -> None:
        """What becomes of a client whose request meets trouble."""
        assert self._strike is not None  # noqa: S101 - asked by the caller
        if self._strike.kind == "half-open":
            await self._stalled()
        elif self._strike.kind == "black-hole":
            while data := await self._reader.read(_CHUNK):
                self.sent += len(data)
        else:
            await self._until_quiet()
            _reset(self._writer)

    async def _spoilt(self, data: bytes) -> bool:
        """What becomes of an answer that meets trouble, and whether there is more to come."""
        assert self._strike is not None  # noqa: S101 - asked by the caller
        kind, pause = self._strike.kind, self._strike.pause
        if kind == "drip":
            for byte in data:
                await self._told(bytes((byte,)))
                await asyncio.sleep(pause)
            return True
        if kind == "delay":
            await asyncio.sleep(pause)
            self._strike = None
            await self._told(data)
            return True
        # What was passed on is to arrive before the end does.
        await asyncio.sleep(_QUIET)
        if kind == "cut":
            self._writer.write_eof()
        else:
            _reset(self._writer)
        return False

    async def _told(self, data: bytes) -> None:
        self.answered += len(data)
        self._writer.write(data)
        await self._writer.drain()

    async def _until_quiet(self) -> None:
        """Read what still comes: a request may come in pieces."""
        with suppress(TimeoutError):
            while True:
                data = await asyncio.wait_for(self._reader.read(_CHUNK), _QUIET)
                if not data:
                    return
                self.sent += len(data)

    async def _stalled(self) -> None:
        # The system reads on into its own buffer; a small one is full sooner.
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _CHUNK)
        cast("asyncio.Transport", self._writer.transport).pause_reading()
        await asyncio.get_running_loop().create_future()


def _unbuffered(writer: asyncio.StreamWriter) -> None:
    """Have `drain` wait until all is handed to the system: nothing may be left when a connection is closed."""
    writer.transport.set_write_buffer_limits(0)


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    writer.transport.abort()
