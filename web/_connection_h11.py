"""A connection that h11 reads, where httptools is not installed."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from web._connection import MALFORMED, TOO_LARGE, Connection, Limits, fault_of

# A line that ends in LF alone, one that goes on in the next, and characters that no header has: h11 lets them through.
_UNSOUND = re.compile(rb"(?<!\r)\n|\n[ \t]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Of several lengths that are equal, h11 shows one.
_LENGTHS = re.compile(rb"(?is)\ncontent-length:(?:[^\r]*,|.*\ncontent-length:)")


class _Parser(h11.Connection):
    """Tells the connection of what is unsound; for uvicorn, there is just nothing to do then."""

    def __init__(self, connection: H11Connection) -> None:
        # The head has a limit already; this one is for what is between chunks.
        super().__init__(h11.SERVER, max_incomplete_event_size=2 * connection.limits.head_bytes)
        self._connection = connection

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        waiting = self.trailing_data[0] if self.their_state is h11.IDLE else b""
        try:
            event = super().next_event()
        except h11.RemoteProtocolError as error:
            is_long = error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            return self._refused(TOO_LARGE if is_long else MALFORMED)
        if isinstance(event, h11.Data):
            self._connection.took(len(event.data))
        if isinstance(event, h11.Request):
            head = waiting[: len(waiting) - len(self.trailing_data[0])]
            fault = fault_of(event.http_version.decode(), event.target, event.headers)
            if fault or _UNSOUND.search(head) or _LENGTHS.search(head):
                return self._refused(fault or MALFORMED)
        return event

    def _refused(self, fault: tuple[HTTPStatus, str, str]) -> type[h11.NEED_DATA]:
        self._connection.turn_away(*fault)
        return h11.NEED_DATA


class H11Connection(Connection, H11Protocol):
    """Stricter than uvicorn's, and quieter."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.conn = _Parser(self)
        super().connection_made(transport)

    def feed(self, data: bytes) -> None:
        self.conn.receive_data(data)
        self.handle_events()

    def has_open_head(self) -> bool:
        return self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])

    def running(self) -> RequestResponseCycle | None:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle

    def on_response_complete(self) -> None:
        self.answered(super().on_response_complete)

    def stop_idling(self) -> None:
        self._unset_keepalive_if_required()

    def _should_upgrade(self) -> bool:
        """Nobody offers another protocol: the request is served as it is."""
        return False


def connection_class(limits: Limits, peers: Counter[str]) -> type[Connection]:
    """The class for one server."""
    return type("_Connection", (H11Connection,), {"limits": limits, "peers": peers})
