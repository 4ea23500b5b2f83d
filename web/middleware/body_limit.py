"""No body longer than the limit: neither one that says so, nor one that turns out to be."""

from __future__ import annotations

import re
from functools import partial

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.middleware._cut import Cut
from web.middleware._passage import refuse

# Requests that have no use for a body.
_BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_MOST_FOR_NOTHING = 64 * 1024
_LENGTH = re.compile(r"[0-9]{1,19}")

_TOO_LONG = (413, "body too long", "The request is too long. Send less at once, or ask for a larger HTTP_BODY_BYTES.")
_MISCOUNTED = (400, "content length", "Content-Length is not the length of the body. Send one header with its bytes.")


class BodyLimit:
    """Refuses by Content-Length before anything is read, and counts what arrives while the app reads it."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self.app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        most = min(self._most, _MOST_FOR_NOTHING) if scope["method"] in _BODILESS else self._most
        lengths = Headers(scope=scope).getlist("content-length")
        why = _fault(lengths, most)
        if why is not None:
            status, reason, text = why
            return await refuse(scope, receive, send, status, text, reason=reason)
        cut = Cut(send)
        count = _Count(int(lengths[0]) if lengths else None, most)
        await cut.run(self.app, scope, partial(_counted, receive, cut, count), late=_TOO_LONG)


def _fault(lengths: list[str], most: int) -> tuple[int, str, str] | None:
    if not lengths:
        return None
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        return _MISCOUNTED
    return _TOO_LONG if int(lengths[0]) > most else None


class _Count:
    """The bytes of a body so far."""

    def __init__(self, declared: int | None, most: int) -> None:
        self._declared = declared
        self._most = most
        self._bytes = 0

    def fault(self, message: Message) -> tuple[int, str, str] | None:
        """What is wrong with the body, now that this part of it has come."""
        if message["type"] != "http.request":
            return None
        self._bytes += len(message.get("body", b""))
        if self._bytes > self._most:
            return _TOO_LONG
        is_whole = not message.get("more_body", False)
        expected = self._bytes if self._declared is None else self._declared
        return _MISCOUNTED if self._bytes > expected or (is_whole and self._bytes < expected) else None


async def _counted(receive: Receive, cut: Cut, count: _Count) -> Message:
    message = await receive()
    why = count.fault(message)
    return message if why is None else await cut.end(*why)
