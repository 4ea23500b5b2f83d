"""State that lasts as long as the process: for a single run, a demo, or where there is no folder to write to."""

from __future__ import annotations

import heapq
import logging
import math
import time
from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType

from storage._lease import leased
from storage.store import Clock

log = logging.getLogger(__name__)

MOST = 100_000

_PURGE_EVERY = 60.0
# Room is made for several at once, as finding whom to drop looks at all.
_ROOM = 16


@dataclass(slots=True)
class _Entry:
    value: bytes
    life: float
    expires: float


class _Entries:
    """What is kept, by key. Nothing in here waits, so that every call is one step for the tasks of a process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latest = -math.inf
        self._purged = -math.inf
        self.all: dict[str, _Entry] = {}

    def __len__(self) -> int:
        return len(self.all)

    def value(self, key: str) -> bytes | None:
        now = self.now()
        entry = self.all.get(key)
        return entry.value if entry and entry.expires > now else None

    def write(self, key: str, value: bytes, seconds: float | None) -> None:
        life = math.inf if seconds is None else seconds
        self.all[key] = _Entry(value, life, self.now() + life)

    def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float | None) -> bool:
        if self.value(key) != expected:
            return False
        if value is None:
            self.all.pop(key, None)
        else:
            self.write(key, value, seconds)
        return True

    def live(self, prefix: str) -> list[str]:
        now = self.now()
        return [key for key, entry in self.all.items() if entry.expires > now and key.startswith(prefix)]

    def now(self) -> float:
        """The time. Where the clock was set back, nothing may live longer than it would from now on."""
        now = self._clock()
        if now < self._latest:
            for entry in self.all.values():
                entry.expires = min(entry.expires, now + entry.life)
        self._latest = now
        return now

    def tend(self) -> None:
        """Once in a while, drop what has expired."""
        if abs(self.now() - self._purged) >= _PURGE_EVERY:
            self.purge()

    def purge(self) -> None:
        now = self._purged = self.now()
        self.all = {key: entry for key, entry in self.all.items() if entry.expires > now}


class MemoryStore:
    """A Store in memory of `most` entries at most: when it is full, those that would expire first go first."""

    def __init__(self, *, clock: Clock = time.time, most: int = MOST) -> None:
        self._entries = _Entries(clock)
        self._locks = _Entries(clock)
        self._most = most
        self._has_told = False

    async def get(self, key: str) -> bytes | None:
        return self._entries.value(key)

    async def put(self, key: str, value: bytes, *, seconds: float | None = None) -> None:
        self._entries.write(key, value, seconds)
        self._make_room({key})

    async def delete(self, key: str) -> bool:
        was_there = self._entries.value(key) is not None
        self._entries.all.pop(key, None)
        return was_there

    async def swap(
        self, key: str, expected: bytes | None, value: bytes | None, *, seconds: float | None = None
    ) -> bool:
        done = self._entries.swap(key, expected, value, seconds)
        self._make_room({key})
        return done

    async def claim(self, items: Mapping[str, bytes], *, seconds: float | None = None) -> dict[str, bytes]:
        others = {}
        for key, value in items.items():
            found = self._entries.value(key)
            if found is None or found == value:
                self._entries.write(key, value, seconds)
            else:
                others[key] = found
        self._make_room(items.keys())
        return others

    async def count(self, prefix: str) -> int:
        return len(self._entries.live(prefix))

    async def trim(self, prefix: str, keep: int) -> int:
        keys = self._entries.live(prefix)
        return self._drop(keys, len(keys) - max(0, keep))

    def lock(self, name: str, *, patience: float = 30.0, seconds: float = 60.0) -> AbstractAsyncContextManager[None]:
        async def take(holder: bytes) -> bool:
            self._locks.tend()
            return self._locks.swap(name, None, holder, seconds)

        async def drop(holder: bytes) -> bool:
            return self._locks.swap(name, holder, None, None)

        return leased(name, take, drop, patience=patience)

    async def aclose(self) -> None:
        """Forget everything."""
        self._entries.all.clear()

    async def __aenter__(self) -> MemoryStore:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _make_room(self, new: Collection[str]) -> None:
        self._entries.tend()
        if len(self._entries) <= self._most:
            return
        self._entries.purge()
        excess = len(self._entries) - self._most
        if excess > 0:
            self._drop([key for key in self._entries.all if key not in new], excess + self._most // _ROOM)
            self._tell()

    def _drop(self, keys: list[str], number: int) -> int:
        """Forget those of these keys that would expire first."""
        gone = heapq.nsmallest(number, keys, key=lambda key: self._entries.all[key].expires)
        for key in gone:
            del self._entries.all[key]
        return len(gone)

    def _tell(self) -> None:
        if not self._has_told:
            self._has_told = True
            log.warning("state in memory is full: what would expire first is dropped", extra={"most": self._most})
