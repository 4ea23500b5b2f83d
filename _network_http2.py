"""HTTP/2 as httpcore speaks it, mended for many callers on one connection.

httpcore 1.0 lets the streams of a connection take turns at reading it, in the order in which they asked. A stream
whose answer has come waits behind one that blocks on the socket for its own, so two slow answers hold up all quick
ones. Here one stream at a time reads for all; whoever has news goes on at once, and one of the others reads on.

It also packs the token, which is most of a request, by Huffman's code each time, which costs more than all else. A
server that leaves in good order ends every call under way, one that lowers its limit of streams stops the reader, and
a stream that is left unread keeps its share of the window. Here none of them does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import anyio
import hpack
import httpcore
from h2.errors import ErrorCodes
from h2.events import DataReceived, RemoteSettingsChanged
from h2.exceptions import ProtocolError, TooManyStreamsError
from h2.settings import SettingCodes
from httpcore._async import http2
from httpcore._synchronization import AsyncSemaphore
from hyperframe.frame import GoAwayFrame

# A request that so many connections in a row would not take is not offered to another.
MOST_MOVES = 3

_MOVES = "graphward.moves"
# Whose time limit holds for what is sent when a stream is closed.
_CLOSING = httpcore.Request("GET", "https://closing/", extensions={"timeout": {"write": 5.0}})


class FairConnection(httpcore.AsyncHTTP2Connection):
    """A connection on which no answer waits behind another."""

    _max_streams_semaphore: _Room

    def __init__(self, *facts: Any, **options: Any) -> None:  # noqa: ANN401 - httpcore's own
        super().__init__(*facts, **options)
        self._h2_state.encoder = _PlainEncoder()
        self._is_being_read = False
        self._waiting: dict[asyncio.Future[None], int | None] = {}
        self._last_taken: int | None = None
        self._h2_state._frame_dispatch_table[GoAwayFrame] = self._going  # noqa: SLF001 - h2 has no other way

    def _going(self, frame: GoAwayFrame) -> tuple[list[Any], list[Any]]:
        """A server that leaves in good order still answers what it has taken; h2 by itself would read no more."""
        if frame.error_code:
            return self._h2_state._receive_goaway_frame(frame)  # noqa: SLF001 - as h2 would
        last = frame.last_stream_id
        self._last_taken = last if self._last_taken is None else min(last, self._last_taken)
        self._used_all_stream_ids = True
        return [], []

    def _is_refused(self, stream_id: int | None) -> bool:
        return self._last_taken is not None and stream_id is not None and stream_id > self._last_taken

    def _moved(self, request: httpcore.Request) -> Exception:
        """What makes the pool send a request again, which the server has not taken."""
        self._request_count -= 1
        moves = request.extensions[_MOVES] = request.extensions.get(_MOVES, 0) + 1
        if moves > MOST_MOVES:
            return httpcore.ConnectError("each connection is closed before it takes a request")
        return httpcore.ConnectionNotAvailable()

    def _refusal(self, request: httpcore.Request, stream_id: int) -> Exception:
        stream = self._h2_state.streams.get(stream_id)
        if stream is not None and stream.state_machine.headers_received:
            return httpcore.RemoteProtocolError("the server began an answer, then said it had not taken the request")
        return self._moved(request)

    async def _send_request_headers(self, request: httpcore.Request, stream_id: int) -> None:
        if self._used_all_stream_ids:  # since it waited for room
            raise self._moved(request)
        try:
            await super()._send_request_headers(request, stream_id)
        except TooManyStreamsError:  # the limit fell after this one had found room
            raise self._moved(request) from None

    async def _wait_for_outgoing_flow(self, request: httpcore.Request, stream_id: int) -> int:
        """As httpcore does, but not for a server that will never read it."""
        state = self._h2_state
        while not (flow := min(state.local_flow_control_window(stream_id), state.max_outbound_frame_size)):
            if self._is_refused(stream_id):
                raise self._refusal(request, stream_id)
            await self._receive_events(request)
        return flow

    async def _receive_remote_settings_change(self, event: RemoteSettingsChanged) -> None:
        """Who reads for all must not wait for room, which only comes when others have read their answers."""
        changed = event.changed_settings.get(SettingCodes.MAX_CONCURRENT_STREAMS)
        if changed is None or changed.new_value >= self._max_streams:
            await super()._receive_remote_settings_change(event)
        elif changed.new_value == 0:  # with no stream, nobody would read that there may be some again
            self._used_all_stream_ids = True
        else:
            for _ in range(self._max_streams - changed.new_value):
                self._max_streams_semaphore.shrink()
            self._max_streams = changed.new_value

    async def _response_closed(self, stream_id: int) -> None:
        try:
            if not (self._connection_error or self._is_refused(stream_id)) and self._give_back(stream_id):
                with suppress(Exception):  # why it is closed matters more
                    await self._write_outgoing_data(_CLOSING)
        finally:
            await super()._response_closed(stream_id)

    def _give_back(self, stream_id: int) -> bool:
        """Let a stream that was left unread take no room from the others; whether there is something to send."""
        data = (each for each in self._events[stream_id] if isinstance(each, DataReceived))
        unread = sum(each.flow_controlled_length or 0 for each in data)
        stream = self._h2_state.streams.get(stream_id)
        with suppress(ProtocolError):
            if unread:
                self._h2_state.acknowledge_received_data(unread, stream_id)
            if stream is not None and not stream.closed:
                self._h2_state.reset_stream(stream_id, ErrorCodes.CANCEL)
                return True
        return unread > 0

    async def _receive_events(self, request: httpcore.Request, stream_id: int | None = None) -> None:
        """Come back when there may be news of a stream; without one, whenever anything came."""
        if stream_id is not None and self._is_refused(stream_id):
            raise self._refusal(request, stream_id)
        if self._is_being_read:
            await self._told(stream_id)
            return
        self._is_being_read = True
        try:
            await super()._receive_events(request, stream_id)
        finally:
            self._is_being_read = False
            self._tell()

    async def _told(self, stream_id: int | None) -> None:
        news = asyncio.get_running_loop().create_future()
        self._waiting[news] = stream_id
        try:
            await news
        except asyncio.CancelledError:
            if not news.cancelled():  # it was to read on, perhaps: now another has to
                self._tell()
            raise
        finally:
            del self._waiting[news]

    def _tell(self) -> None:
        """Wake those who have news, and one more, who reads on."""
        is_over = self._connection_terminated is not None or self._read_exception is not None
        heir: asyncio.Future[None] | None = None
        for news, stream_id in self._waiting.items():
            if news.done():
                continue
            if is_over or stream_id is None or self._is_refused(stream_id) or self._events.get(stream_id):
                news.set_result(None)
            elif heir is None:
                heir = news
        if heir is not None and not self._is_being_read:
            heir.set_result(None)


class _Room(AsyncSemaphore):
    """Room for streams that can shrink while all of it is taken: then what becomes free is kept back."""

    def __init__(self, bound: int) -> None:
        super().__init__(bound)
        self._owed = 0

    def shrink(self) -> None:
        """Have room for one less."""
        try:
            self._anyio_semaphore.acquire_nowait()
        except anyio.WouldBlock:
            self._owed += 1

    async def release(self) -> None:
        if self._owed:
            self._owed -= 1
        else:
            await super().release()


class _PlainEncoder(hpack.Encoder):
    """Leaves texts as they are: a little longer, and twenty times as fast for a token."""

    def encode(self, headers: Iterable[Any], huffman: bool = True) -> bytes:
        return super().encode(headers, huffman=False)


def install() -> None:
    """Have all of httpx's HTTP/2 connections in this process be fair. httpcore looks the classes up in this module."""
    http2.AsyncHTTP2Connection = FairConnection  # type: ignore[misc]
    http2.AsyncSemaphore = _Room  # type: ignore[attr-defined]
