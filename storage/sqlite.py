"""State in one file, for the processes of one computer: SQLite, in a thread, so that nobody waits for the disk."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, TypeVar

import anyio
from anyio import to_thread

from storage._database import Database
from storage._lease import leased
from storage.store import Clock

Result = TypeVar("Result")

_PURGE_EVERY = 60.0
_BUSY_SECONDS = 5.0
_LOCKS = b"\xff"
_END = b"\xff"

_GET = "SELECT value FROM entries WHERE key = ? AND expires > ?"
_PUT = "INSERT OR REPLACE INTO entries (key, value, life, expires) VALUES (?, ?, ?, ?)"
_DELETE = "DELETE FROM entries WHERE key = ? AND expires > ?"
_ADD = """
INSERT INTO entries (key, value, life, expires) VALUES (?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, life = excluded.life, expires = excluded.expires
WHERE entries.expires <= ?"""
_CLAIM = _ADD + " OR entries.value = excluded.value"
_EXCHANGE = "UPDATE entries SET value = ?, life = ?, expires = ? WHERE key = ? AND value = ? AND expires > ?"
_SPEND = "DELETE FROM entries WHERE key = ? AND value = ? AND expires > ?"
_COUNT = "SELECT count(*) FROM entries WHERE key >= ? AND key < ? AND expires > ?"
_TRIM = """
DELETE FROM entries WHERE key IN (
    SELECT key FROM entries WHERE key >= ? AND key < ? AND expires > ? ORDER BY expires DESC LIMIT -1 OFFSET ?)"""
_PURGE = "DELETE FROM entries WHERE expires <= ?"
_SET_BACK = "UPDATE entries SET expires = ? + life WHERE expires > ? + life"

Work = Callable[[sqlite3.Connection, float], Result]


class _Times(NamedTuple):
    """When an entry is written, how long it lives, and until when."""

    now: float
    life: float
    until: float

    @classmethod
    def of(cls, now: float, seconds: float | None) -> _Times:
        life = math.inf if seconds is None else seconds
        return cls(now, life, now + life)


class SqliteStore:
    """A Store in this file, opened when first used.

    Whoever is cancelled while the thread works gets away when that is done: a change is whole, or not begun.
    """

    def __init__(self, path: Path, *, clock: Clock = time.time, busy_seconds: float = _BUSY_SECONDS) -> None:
        self._database = Database(path, patience=busy_seconds)
        self._clock = clock
        self._latest = math.inf
        self._purged = -math.inf
        self._one_thread = anyio.CapacityLimiter(1)

    async def get(self, key: str) -> bytes | None:
        return await self._do(lambda database, now: _value(database, _bytes(key), now))

    async def put(self, key: str, value: bytes, *, seconds: float | None = None) -> None:
        def work(database: sqlite3.Connection, now: float) -> None:
            times = _Times.of(now, seconds)
            database.execute(_PUT, (_bytes(key), value, times.life, times.until))

        await self._do(work)

    async def delete(self, key: str) -> bool:
        return await self._do(lambda database, now: database.execute(_DELETE, (_bytes(key), now)).rowcount == 1)

    async def swap(
        self, key: str, expected: bytes | None, value: bytes | None, *, seconds: float | None = None
    ) -> bool:
        return await self._swap(_bytes(key), expected, value, seconds)

    async def claim(self, items: Mapping[str, bytes], *, seconds: float | None = None) -> dict[str, bytes]:
        wanted = dict(items)
        return await self._do(lambda database, now: _claimed(database, wanted, _Times.of(now, seconds)))

    async def count(self, prefix: str) -> int:
        def work(database: sqlite3.Connection, now: float) -> int:
            (number,) = database.execute(_COUNT, (*_range(prefix), now)).fetchone()
            return int(number)

        return await self._do(work)

    async def trim(self, prefix: str, keep: int) -> int:
        return await self._do(
            lambda database, now: database.execute(_TRIM, (*_range(prefix), now, max(0, keep))).rowcount
        )

    def lock(self, name: str, *, patience: float = 30.0, seconds: float = 60.0) -> AbstractAsyncContextManager[None]:
        key = _LOCKS + _bytes(name)

        async def take(holder: bytes) -> bool:
            return await self._swap(key, None, holder, seconds)

        async def drop(holder: bytes) -> bool:
            return await self._swap(key, holder, None, None)

        return leased(name, take, drop, patience=patience)

    async def aclose(self) -> None:
        """Close the file for good."""
        await self._in_thread(self._database.close)

    async def __aenter__(self) -> SqliteStore:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self.aclose()

    async def _swap(self, key: bytes, expected: bytes | None, value: bytes | None, seconds: float | None) -> bool:
        """A yes that was spent must not come back, so this lasts."""
        return await self._do(
            lambda database, now: _swapped(database, key, expected, value, _Times.of(now, seconds)), is_lasting=True
        )

    async def _do(self, work: Work[Result], *, is_lasting: bool = False) -> Result:
        def whole(database: sqlite3.Connection) -> Result:
            return work(database, self._tended(database))

        return await self._in_thread(lambda: self._database.run(whole, is_lasting=is_lasting))

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await to_thread.run_sync(work, limiter=self._one_thread)

    def _tended(self, database: sqlite3.Connection) -> float:
        """The time, after what is due: dropping what has expired, and a look at the clock.

        Where that was set back, also while nobody ran, nothing may live longer than it would from now on.
        """
        now = self._clock()
        if now < self._latest:
            database.execute(_SET_BACK, (now, now))
        if abs(now - self._purged) >= _PURGE_EVERY:
            database.execute(_PURGE, (now,))
            self._purged = now
        self._latest = now
        return now


def _value(database: sqlite3.Connection, key: bytes, now: float) -> bytes | None:
    row: tuple[bytes] | None = database.execute(_GET, (key, now)).fetchone()
    return row[0] if row else None


def _swapped(
    database: sqlite3.Connection, key: bytes, expected: bytes | None, value: bytes | None, times: _Times
) -> bool:
    """Each case is one statement, so none needs a transaction."""
    if value is None:
        if expected is None:
            return _value(database, key, times.now) is None
        return database.execute(_SPEND, (key, expected, times.now)).rowcount == 1
    if expected is None:
        return database.execute(_ADD, (key, value, times.life, times.until, times.now)).rowcount == 1
    return database.execute(_EXCHANGE, (value, times.life, times.until, key, expected, times.now)).rowcount == 1


def _claimed(database: sqlite3.Connection, items: Mapping[str, bytes], times: _Times) -> dict[str, bytes]:
    others = {}
    database.execute("BEGIN IMMEDIATE")
    for text, value in items.items():
        key = _bytes(text)
        if database.execute(_CLAIM, (key, value, times.life, times.until, times.now)).rowcount == 0:
            (others[text],) = database.execute(_GET, (key, times.now)).fetchone()
    database.execute("COMMIT")
    return others


def _bytes(key: str) -> bytes:
    """The key as it is kept; half a surrogate pair is no reason to fail."""
    return key.encode("utf-8", "surrogatepass")


def _range(prefix: str) -> tuple[bytes, bytes]:
    """From where to where keys begin so: as no byte of UTF-8 is 255, the last one can always be raised."""
    start = _bytes(prefix)
    return start, start[:-1] + bytes([start[-1] + 1]) if start else _END
