"""A connection that httptools reads, which lets through more than is sound."""

from __future__ import annotations

from collections import Counter

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from web._connection import MALFORMED, MOST_HEADERS, MOST_PIPELINED, TOO_LARGE, Connection, Limits, fault_of

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class _Unfit(Exception):
    """Stops the parser."""


class HttpToolsConnection(Connection, HttpToolsProtocol):
    """Its limits on headers and on waiting requests; trailers are dropped, for the app has long read the headers."""

    _is_in_head = False
    _running: RequestResponseCycle | None = None
    _fault = MALFORMED

    def feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_on(data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self.turn_away(*self._fault)

    def _read_on(self, rest: bytes) -> None:
        """Nobody offers another protocol: the request is served as it is. Its parser has stopped before the body, so
        another one reads that, as the body of a request with the same framing."""
        framing = [name + b": " + value + b"\r\n" for name, value in self.headers if name in _FRAMING]
        if not framing:
            return self.end_after_this()
        self.cycle.keep_alive = False
        self.cycle.more_body = True
        self.parser = httptools.HttpRequestParser(_Tail(self))
        self.feed(b"".join([b"POST / HTTP/1.1\r\n", *framing, b"\r\n", rest]))

    def has_open_head(self) -> bool:
        return self._is_in_head

    def running(self) -> RequestResponseCycle | None:
        return self._running

    def on_message_begin(self) -> None:
        self._is_in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_in_head:
            return
        if len(self.headers) >= MOST_HEADERS:
            self._fault = TOO_LARGE
            raise _Unfit
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        fault = fault_of(self.parser.get_http_version(), self.url, self.headers)
        if fault is not None or len(self.pipeline) >= MOST_PIPELINED:
            self._fault = fault or MALFORMED
            raise _Unfit
        self._is_in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.took(len(body))
        super().on_body(body)

    def on_response_complete(self) -> None:
        self.answered(super().on_response_complete)

    def _should_upgrade(self) -> bool:
        return False

    def stop_idling(self) -> None:
        self._unset_keepalive_if_required()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)


class _Tail:
    """Takes a body, and nothing after it."""

    def __init__(self, connection: HttpToolsConnection) -> None:
        self._connection = connection

    def on_body(self, body: bytes) -> None:
        self._connection.on_body(body)

    def on_message_complete(self) -> None:
        self._connection.on_message_complete()
        self._connection.end_after_this()


def connection_class(limits: Limits, peers: Counter[str]) -> type[Connection]:
    """The class for one server."""
    return type("_Connection", (HttpToolsConnection,), {"limits": limits, "peers": peers})
