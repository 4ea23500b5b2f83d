"""HTTP/2 as httpcore speaks it, mended for many callers on one connection.

httpcore 1.0 lets the streams of a connection take turns at reading it, in the order in which they asked. A stream
whose answer has come waits behind one that blocks on the socket for its own, so two slow answers hold up all quick
ones. Here one stream at a time reads for all; whoever has news goes on at once, and one of the others reads on.

It also packs the token, which is most of a request, by Huffman's code each time, which costs more than all else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import hpack
import httpcore
from httpcore._async import http2


class FairConnection(httpcore.AsyncHTTP2Connection):
    """A connection on which no answer waits behind another."""

    def __init__(self, *facts: Any, **options: Any) -> None:  # noqa: ANN401 - httpcore's own
        super().__init__(*facts, **options)
        self._h2_state.encoder = _PlainEncoder()
        self._is_being_read = False
        self._waiting: dict[asyncio.Future[None], int | None] = {}

    async def _receive_events(self, request: httpcore.Request, stream_id: int | None = None) -> None:
        """Come back when there may be news of a stream; without one, whenever anything came."""
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
            if is_over or stream_id is None or self._events.get(stream_id):
                news.set_result(None)
            elif heir is None:
                heir = news
        if heir is not None and not self._is_being_read:
            heir.set_result(None)


class _PlainEncoder(hpack.Encoder):
    """Leaves texts as they are: a little longer, and twenty times as fast for a token."""

    def encode(self, headers: Iterable[Any], huffman: bool = True) -> bytes:
        return super().encode(headers, huffman=False)


def install() -> None:
    """Have all of httpx's HTTP/2 connections in this process be fair. httpcore looks the class up in this module."""
    http2.AsyncHTTP2Connection = FairConnection  # type: ignore[misc]
