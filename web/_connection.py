"""One connection, whichever parser reads it: counted, timed, cut where it has to be; the rest is uvicorn's."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Protocol, cast

from web._line import Line, answer
from web._rates import network_of

_VERSIONS = frozenset({"1.0", "1.1"})
MOST_HEADERS = 256
MOST_PIPELINED = 16
# How chunks may be wrapped: generous to small ones, and yet no way to send without end.
_MOST_OVERHEAD = 64 * 1024
_OVERHEAD_PER_BYTE = 8

TOO_LARGE = (HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "long headers", "The headers are too long. Send fewer.")
MALFORMED = (HTTPStatus.BAD_REQUEST, "malformed request", "The request is malformed. Send one as RFC 9112 has it.")
_LATE = (HTTPStatus.REQUEST_TIMEOUT, "slow headers", "The request did not arrive in time. Send it again, in one go.")
_FULL = (HTTPStatus.SERVICE_UNAVAILABLE, "connections", "Too many connections are open. Try again later.")
_HOG = (HTTPStatus.SERVICE_UNAVAILABLE, "connections of address", "You have too many connections open. Close some.")


def _unheard(reason: str) -> None:
    """Nobody counts."""


@dataclass(frozen=True)
class Limits:
    """How long, how much and how many.

    The seconds are those in which a head has to arrive, a connection may wait for its next request, and an answer has
    to be read on. Addresses in `trusted` may have as many connections as there are; `refused` is told, in a word, why
    a connection was ended.
    """

    receive: float = 20
    idle: float = 75
    stalled: float = 20
    head_bytes: int = 32 * 1024
    connections: int = 4000
    per_address: int = 256
    trusted: Sequence[IPv4Network | IPv6Network] = ()
    refused: Callable[[str], None] = _unheard


def fault_of(version: str, target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> tuple[HTTPStatus, str, str] | None:
    """What is wrong with a head: what a proxy in front could read in another way, or what nobody asks of us."""
    found = list(headers)
    if len(found) > MOST_HEADERS:
        return TOO_LARGE
    codings = [value for name, value in found if name == b"transfer-encoding"]
    lengths = [value for name, value in found if name == b"content-length"]
    is_chunked = [each.lower() for each in codings] == [b"chunked"] and version == "1.1" and not lengths
    has_length = not codings and len(lengths) <= 1
    is_path = target[:1] == b"/" and b"#" not in target
    return None if version in _VERSIONS and is_path and (is_chunked or has_length) else MALFORMED


class Exchange(Protocol):
    """What both of uvicorn's protocols know of a request and its answer."""

    keep_alive: bool
    disconnected: bool
    more_body: bool
    response_started: bool
    response_complete: bool
    message_event: asyncio.Event


class Connection(asyncio.Protocol, ABC):
    """Comes before a protocol of uvicorn among the bases of a class, and hands on to it what is sound."""

    limits: Limits
    peers: Counter[str]
    # Of uvicorn's protocols:
    loop: asyncio.AbstractEventLoop
    transport: Any
    connections: set[Any]
    cycle: Any
    client: tuple[str, int] | None
    timeout_keep_alive: Any

    _line: Line
    _peer = ""
    _is_over = False
    _timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _overhead = 0

    @abstractmethod
    def feed(self, data: bytes) -> None:
        """Hand bytes to the parser."""

    @abstractmethod
    def has_open_head(self) -> bool:
        """Whether a request has begun whose headers are not complete."""

    @abstractmethod
    def running(self) -> Exchange | None:
        """The request that is being answered, or was last; None before the first."""

    @abstractmethod
    def stop_idling(self) -> None:
        """The pause between two requests is over."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._line = Line(
            cast("asyncio.Transport", transport),
            self.loop,
            patience=self.limits.stalled,
            is_sending=self._is_receiving,
            on_stalled=lambda: self.limits.refused("stalled"),
        )
        self.timeout_keep_alive = self.limits.idle
        super().connection_made(cast("asyncio.Transport", self._line))
        self._peer = network_of(self.client[0]) if self.client else ""
        self.peers[self._peer] += 1
        if len(self.connections) > self.limits.connections:
            self.turn_away(*_FULL)
        elif self.peers[self._peer] > self.limits.per_address and not self._is_trusted():
            self.turn_away(*_HOG)
        else:
            self._timer = self.loop.call_later(self.limits.receive, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self.peers[self._peer] -= 1
        if not self.peers[self._peer]:
            del self.peers[self._peer]
        self._stop_timer()
        self.stop_idling()
        self._line.lost()
        _tell_of_the_end(self.running())
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        start = 0
        while start < len(data) and self._takes_more():
            end = start + self.limits.head_bytes - self._head_bytes
            self._take(data[start:end])
            start = end

    def pause_writing(self) -> None:
        super().pause_writing()
        self._line.watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._line.relax()

    def answered(self, hand_on: Callable[[], None]) -> None:
        """An answer has been written; `hand_on` tells uvicorn."""
        cycle, running = self.cycle, self.running()
        if running is not None and running.more_body:
            # It was answered early. What is left of it may take for ever to come, and is of no use.
            self.transport.close()
        hand_on()
        if self.cycle is not cycle:
            self._head_arrived()
        self._watch_head(0)

    def took(self, size: int) -> None:
        """So much of what came was body."""
        self._overhead -= size * (1 + _OVERHEAD_PER_BYTE)

    def end_after_this(self) -> None:
        """Answer what has come so far, and take nothing more."""
        self._is_over = True
        self._stop_timer()
        self.cycle.keep_alive = False

    def turn_away(self, status: HTTPStatus, reason: str, text: str) -> None:
        """Take nothing more, and say so unless that would end up within the answer to an earlier request."""
        self.limits.refused(reason)
        self._is_over = True
        self._stop_timer()
        running = self.running()
        if running is not None and not running.response_complete:
            if not self.cycle.more_body:
                return self.end_after_this()
            _tell_of_the_end(running)
            if running.response_started or running is not self.cycle:
                self.transport.abort()
        if not self.transport.is_closing():
            self.transport.write(answer(status, text))
            self.transport.close()

    def _take(self, data: bytes) -> None:
        before = self.cycle
        in_body = before is not None and before.more_body
        self.feed(data)
        if not self._takes_more():
            return
        if self.cycle is not before:
            self._head_arrived()
        elif in_body:
            self._watch_overhead(len(data))
        # What came with the end of an earlier request is not counted: where this head began in it is not known.
        self._watch_head(0 if in_body or self.cycle is not before else len(data))

    def _takes_more(self) -> bool:
        return not self._is_over and not self.transport.is_closing()

    def _head_arrived(self) -> None:
        self._stop_timer()
        self.stop_idling()
        self._head_bytes = self._overhead = 0

    def _watch_head(self, size: int) -> None:
        if not self._takes_more() or not self.has_open_head():
            return
        self.stop_idling()
        self._head_bytes += size
        running = self.running()
        if self._head_bytes >= self.limits.head_bytes:
            self.turn_away(*TOO_LARGE)
        elif self._timer is None and (running is None or running.response_complete):
            self._timer = self.loop.call_later(self.limits.receive, self._head_is_late)

    def _head_is_late(self) -> None:
        if self.has_open_head():
            return self.turn_away(*_LATE)
        self.limits.refused("silent connection")
        self.transport.close()

    def _watch_overhead(self, size: int) -> None:
        self._overhead += size
        if self._overhead > _MOST_OVERHEAD:
            self.turn_away(*MALFORMED)

    def _is_receiving(self) -> bool:
        """Whether the peer may still be sending, and would lose our answer if we just left."""
        return self._is_over or (self.cycle is not None and self.cycle.more_body)

    def _is_trusted(self) -> bool:
        address = ip_address(self.client[0]) if self.client else None
        address = getattr(address, "ipv4_mapped", None) or address
        return address is None or any(address in network for network in self.limits.trusted)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _tell_of_the_end(exchange: Exchange | None) -> None:
    if exchange is not None and not exchange.response_complete:
        exchange.disconnected = True
        exchange.message_event.set()
