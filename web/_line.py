"""The way to one peer: it ends for sure, whatever the peer does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from http import HTTPStatus

_LEAST_SPEED = 1024
_LINGER = 2.0


def answer(status: HTTPStatus, text: str) -> bytes:
    """What a peer is told before its connection is closed, as short as other refusals."""
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": text}}).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


class Line:
    """A transport, for uvicorn to write to, that does not wait for ever for a peer that reads no more.

    To one that is still sending, it closes its own side first: closed at once, the system would drop the answer.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        *,
        patience: float,
        is_sending: Callable[[], bool],
        on_stalled: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._loop = loop
        self._patience = patience
        self._is_sending = is_sending
        self._on_stalled = on_stalled
        self._is_closing = False
        self._end: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._transport, name)
        return found

    def is_closing(self) -> bool:
        return self._is_closing or self._transport.is_closing()

    def close(self) -> None:
        """Let the peer read what was written, for as long as its patience lasts."""
        if self._is_closing:
            return
        self._is_closing = True
        lingers = self._is_sending() and not self._transport.is_closing() and self._transport.can_write_eof()
        patience = min(_LINGER, self._patience) if lingers else self._patience
        self._end = self._loop.call_later(patience, self._transport.abort)
        if lingers:
            self._transport.resume_reading()
            self._transport.write_eof()
        else:
            self._transport.close()

    def lost(self) -> None:
        """The connection is gone: nothing is waited for any more."""
        self._is_closing = True
        self.relax()
        if self._end is not None:
            self._end.cancel()

    def watch(self) -> None:
        """The peer leaves more unread than is good: it has to go on reading."""
        left = self._transport.get_write_buffer_size()
        self._watch = self._loop.call_later(self._patience, self._check, left)

    def relax(self) -> None:
        """The peer has read what was waiting."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _check(self, before: int) -> None:
        if before - self._transport.get_write_buffer_size() >= _LEAST_SPEED * self._patience:
            return self.watch()
        self._on_stalled()
        self._transport.abort()
