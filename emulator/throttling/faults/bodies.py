"""Answers that nobody can use: cut, packed and cut, blown up, without an end, or not what they say they are."""

from __future__ import annotations

import asyncio
import gzip
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

from starlette.responses import Response, StreamingResponse
from starlette.types import Scope

from emulator.graph.engine.call import Answer

GIB = 1024**3
_CHUNK = 1024 * 1024
_PIECE = 64 * 1024
# The most for those to whom no answer comes before its end.
_MOST_AT_ONCE = 64 * 1024 * 1024
_RAW_DEFLATE = -15
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_PAGE = b"<!DOCTYPE html>\n<html><head><title>Network</title></head><body><h1>Please sign in first</h1></body></html>"
_BROKEN = b'{"value": [{"id": "1", "subject": "Half\x00 of"}, }'
_NO_BODY = frozenset({204, 304})
_REDIRECTS = range(300, 400)


def can_spoil(kind: str, answer: Answer) -> bool:
    """Whether there is anything in an answer to spoil so; what only says where to go is let through."""
    if answer.status in _REDIRECTS:
        return False
    if kind == "truncated":
        return isinstance(answer.body, Mapping)
    return kind != "gzip" or answer.body is not None


def spoilt(kind: str, response: Response, size: int | None, scope: Scope) -> Response:
    """The same answer, unusable. It has its own status, or 200 where that would not let it have a body."""
    return _KINDS[kind](response, size, scope)


def _truncated(response: Response, size: int | None, _: Scope) -> Response:
    whole = bytes(response.body)
    return _other(response, whole[: len(whole) // 2 if size is None else size])


def _packed(response: Response, size: int | None, _: Scope) -> Response:
    whole = gzip.compress(bytes(response.body), mtime=0)
    return _other(response, whole[: len(whole) // 2 if size is None else size], **{"content-encoding": "gzip"})


def _other_type(response: Response, _: int | None, __: Scope) -> Response:
    return _instead(response, _PAGE, "text/html; charset=utf-8")


def _not_json(response: Response, _: int | None, __: Scope) -> Response:
    return _instead(response, _BROKEN, "application/json")


def _bomb(response: Response, size: int | None, _: Scope) -> Response:
    content = inflating(bytes(response.body), GIB if size is None else size)
    headers = _headers(response, **{"content-encoding": "gzip"})
    return StreamingResponse(_in_turn(content), _status(response), headers)


def _endless(response: Response, size: int | None, scope: Scope) -> Response:
    # A server names the version of its HTTP; a transport inside one process, which nobody can leave, does not.
    can_leave = "spec_version" in scope.get("asgi", {})
    most = size if size is not None or can_leave else _MOST_AT_ONCE
    content = _in_turn(_on_and_on(bytes(response.body), most))
    return StreamingResponse(content, _status(response), _headers(response))


_KINDS: Mapping[str, Callable[[Response, int | None, Scope], Response]] = {
    "truncated": _truncated,
    "gzip": _packed,
    "gzip-bomb": _bomb,
    "type": _other_type,
    "not-json": _not_json,
    "endless": _endless,
}


def inflating(start: bytes, size: int) -> Iterator[bytes]:
    """A gzip file, piece by piece, that unpacks to `size` bytes: the start and then spaces: JSON stays JSON."""
    start = start[:size]
    yield _GZIP_HEAD + _deflated(start)
    spaces, crc, left = b" " * _CHUNK, zlib.crc32(start), size - len(start)
    block = _deflated(spaces)
    while left >= _CHUNK:
        yield block
        crc, left = zlib.crc32(spaces, crc), left - _CHUNK
    rest = spaces[:left]
    last = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE)
    yield last.compress(rest) + last.flush() + struct.pack("<II", zlib.crc32(rest, crc), size % 2**32)


def _deflated(data: bytes) -> bytes:
    """A part of a deflate stream that may stand after, and before, any other such part."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


async def _in_turn(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """A transport with room for everything would never let anybody else have a turn."""
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


def _on_and_on(start: bytes, most: int | None) -> Iterator[bytes]:
    yield start if most is None else start[:most]
    sent, piece = len(start), b" " * _PIECE
    while most is None or sent < most:
        yield piece if most is None else piece[: most - sent]
        sent += _PIECE


def _other(response: Response, content: bytes, **headers: str) -> Response:
    return Response(content, _status(response), _headers(response, **headers))


def _instead(response: Response, content: bytes, kind: str) -> Response:
    """Another body altogether, so that it is not packed as the first one was."""
    headers = _headers(response, **{"content-type": kind})
    headers.pop("content-encoding", None)
    return Response(content, _status(response), headers)


def _status(response: Response) -> int:
    return 200 if response.status_code in _NO_BODY else response.status_code


def _headers(response: Response, **others: str) -> dict[str, str]:
    kept = {name: value for name, value in response.headers.items() if name != "content-length"}
    return {**kept, **others}
