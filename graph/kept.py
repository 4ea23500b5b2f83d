"""Answers that change slowly, kept for whoever got them: their mailbox settings, folder names, profile."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from errors import GraphUnavailable
from graph import wire
from graph.calls import Call, Reply

Fetch = Callable[[Call], Awaitable[Reply]]

MOST_IDENTITIES = 10_000
MOST_ENTRIES = 64  # of one identity
MOST_BYTES = 256 * 1024  # of one answer
MOST_BYTES_IN_ALL = 32 * 1024 * 1024
MOST_BYTES_OF_METADATA = 16 * 1024 * 1024
METADATA_SECONDS = 24 * 3600.0

# About what Python takes for an entry, and for a string, besides the text.
_ENTRY_BYTES, _STRING_BYTES = 1_000, 60
_OK, _NOT_MODIFIED = 200, 304
# Whose answer it is makes no difference to what was asked, so that thousands share a few calls.
_DIFFERENT_CALLS = 256
_METADATA = "$metadata"
_XML = (("Accept", "application/xml"),)
# A reader of what was kept needs no headers, and they take more room than most bodies.
_NO_HEADERS: MappingProxyType[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Entry:
    """An answer, when Graph last said that it holds, and what to show to be told so again."""

    reply: Reply
    at: float
    etag: str | None
    size: int


class _Shelf(dict[Call, _Entry]):
    """What one identity was answered, the longest unused first."""

    def take(self, call: Call) -> _Entry | None:
        """The entry, which becomes the last to go."""
        entry = self.pop(call, None)
        if entry is not None:
            self[call] = entry
        return entry


class Kept:
    """A small cache. Each identity has a shelf of its own; a write of that identity clears it.

    An error is never kept, and never hidden behind an old answer.
    """

    def __init__(self) -> None:
        self._shelves: dict[Hashable, _Shelf] = {}
        self._size = 0
        self._metadata = _Shelf()
        self._asking = asyncio.Lock()

    @property
    def size(self) -> int:
        """About how many bytes are kept, `$metadata` apart."""
        return self._size

    def __len__(self) -> int:
        return sum(map(len, self._shelves.values()))

    async def read(self, whose: Hashable, call: Call, seconds: float, fetch: Fetch) -> Reply:
        """The answer of the last so many seconds, else what `fetch` brings.

        An older answer with an ETag is fetched only if it has changed. Nothing is kept for None, which is nobody.
        """
        if whose is None:
            return await fetch(call)
        shelf = self._shelf(whose)
        entry = shelf.take(call)
        now = asyncio.get_running_loop().time()
        if entry is not None and now - entry.at < seconds:
            return entry.reply
        reply = await _fetched(call, entry, fetch)
        if self._shelves.get(whose) is shelf:  # nothing was written meanwhile
            self._put(shelf, call, _entry_of(call, reply, now, MOST_BYTES))
        return reply

    async def metadata(self, version: str, fetch: Fetch) -> Reply:
        """Graph's description of itself, which is the same for everybody, at most a day old.

        One asks for all. Where that one gets none, the next asks: who has to sign in is another question for each.
        """
        call = Call("GET", _METADATA, version=version, headers=_XML)
        async with self._asking:
            entry = self._metadata.get(call)
            now = asyncio.get_running_loop().time()
            if entry is not None and now - entry.at < METADATA_SECONDS:
                return entry.reply
            reply = await _fetched(call, entry, fetch)
            if reply.is_success and not _is_sound(call, reply):
                raise GraphUnavailable("BadAnswer", "What came is not Graph's description of itself. Try again.")
            if kept := _entry_of(call, reply, now, MOST_BYTES_OF_METADATA):
                self._metadata[call] = kept
            return reply

    def forget(self, whose: Hashable) -> None:
        """Drop what this identity was answered, and what it is being answered now."""
        shelf = self._shelves.pop(whose, None)
        if shelf:
            self._size -= sum(entry.size for entry in shelf.values())

    def _shelf(self, whose: Hashable) -> _Shelf:
        """The shelf of an identity, which becomes the last to go."""
        shelf = self._shelves.pop(whose, None)
        if shelf is None:
            shelf = _Shelf()
        self._shelves[whose] = shelf
        if len(self._shelves) > MOST_IDENTITIES:
            self.forget(next(iter(self._shelves)))
        return shelf

    def _put(self, shelf: _Shelf, call: Call, entry: _Entry | None) -> None:
        """Have an answer in the place of the one before, or nothing where there is nothing to keep."""
        self._drop(shelf, call)
        if entry is None:
            return
        shelf[_shared(call)] = entry
        self._size += entry.size
        if len(shelf) > MOST_ENTRIES:
            self._drop(shelf, next(iter(shelf)))
        while self._size > MOST_BYTES_IN_ALL:
            whose, oldest = next(iter(self._shelves.items()))
            if oldest:
                self._drop(oldest, next(iter(oldest)))
            else:
                del self._shelves[whose]

    def _drop(self, shelf: _Shelf, call: Call) -> None:
        entry = shelf.pop(call, None)
        if entry is not None:
            self._size -= entry.size


async def _fetched(call: Call, entry: _Entry | None, fetch: Fetch) -> Reply:
    """What Graph answers now; the old answer where Graph says that it still holds."""
    if entry is None or entry.etag is None:
        return await fetch(call)
    reply = await fetch(replace(call, headers=(*call.headers, *wire.differs(entry.etag).items())))
    return replace(entry.reply, headers={"etag": entry.etag}) if reply.status == _NOT_MODIFIED else reply


def _entry_of(call: Call, reply: Reply, at: float, most: float = math.inf) -> _Entry | None:
    """An answer as it is kept; None where it is not one to keep."""
    if reply.status != _OK or len(reply.body) > most or not _is_sound(call, reply):
        return None
    etag = _etag_of(reply)
    size = (
        _ENTRY_BYTES + len(reply.body) + sum(len(text) + _STRING_BYTES for text in (call.path, call.query, etag or ""))
    )
    return _Entry(Reply(reply.status, _NO_HEADERS, reply.body), at, etag, size)


@lru_cache(maxsize=_DIFFERENT_CALLS)
def _shared(call: Call) -> Call:
    return call


def _is_sound(call: Call, reply: Reply) -> bool:
    """Whether it is what was asked for, and not half of it or the page of a proxy."""
    if call.path == _METADATA:
        start = reply.body[:100].lstrip().lower()
        return start.startswith(b"<") and not start.startswith((b"<!doctype html", b"<html"))
    try:
        wire.read_object(reply.body)
    except GraphUnavailable:
        return False
    return True


def _etag_of(reply: Reply) -> str | None:
    """The tag in the answer's headers, else in its body."""
    if tag := wire.etag_of(reply.headers, {}):
        return tag
    try:
        return wire.etag_of({}, wire.read_object(reply.body))
    except GraphUnavailable:
        return None
