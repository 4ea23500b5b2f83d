"""How often an hour something may be done: counted in the store, so for all processes and calls together."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping

from errors import StorageError
from principal import Access
from storage import Store

_HOUR = 3600
_GRAIN = 10  # seconds that are counted as one moment, the last of them, so that an entry is never forgotten early
_KEPT_SECONDS = 32 * 24 * 3600.0  # longer than handles live: a store that is full drops first what expires first
_MOST_TRIES = 500
_DONE = {
    Access.READ: ("read", "reads"),
    Access.WRITE: ("change", "changes"),
    Access.SEND: ("send", "sends"),
    Access.DESTROY: ("call that deletes, wipes or resets", "calls that delete, wipe or reset"),
}

_Counts = dict[int, int]  # how many, by the moment


class Caps:
    """The caps of a policy. What is spent is counted for the hour that follows."""

    def __init__(self, store: Store, limits: Mapping[Access, int], clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._limits = limits
        self._clock = clock

    async def spend(self, who: str, access: Access, count: int = 1) -> str:
        """Count so many now and return "", or count nothing and return why there is no room and when there will be."""
        if self._limits.get(access) is None or count < 1:
            return ""
        key = f"cap/{who}/{access}"
        for _ in range(_MOST_TRIES):
            before = await self._store.get(key)
            now = self._clock()
            if reason := self._reason(before, access, count, now):
                return reason
            counts = _counted(before, now)
            counts[_moment(now)] = counts.get(_moment(now), 0) + count
            if await self._store.swap(key, before, json.dumps(counts).encode(), seconds=_KEPT_SECONDS):
                return ""
        return "Too many calls count at the same moment. Nothing was done: try again in a minute."

    async def full(self, who: str, access: Access, count: int = 1) -> str:
        """Why there is no room for so many now, and when there will be; "" where there is. Counts nothing."""
        if self._limits.get(access) is None or count < 1:
            return ""
        return self._reason(await self._store.get(f"cap/{who}/{access}"), access, count, self._clock())

    def _reason(self, stored: bytes | None, access: Access, count: int, now: float) -> str:
        limit = self._limits[access]
        if count > limit:
            return self._too_many(access, limit, count)
        counts = _counted(stored, now)
        return _no_room(access, limit, counts, count, now) if sum(counts.values()) + count > limit else ""

    def _too_many(self, access: Access, limit: int, count: int) -> str:
        rule = _rule(access, limit)
        if limit == 0:
            return f"{rule}. Only the administrator can change that."
        return f"{rule}, and this call has {count} of them. Make it smaller, or spread it over several hours."


def _counted(stored: bytes | None, now: float) -> _Counts:
    """What was spent within the last hour. Where the clock was set back, what lies ahead counts as spent now."""
    if stored is None:
        return {}
    try:
        entries = [(int(moment), int(number)) for moment, number in json.loads(stored).items()]
    except (ValueError, TypeError, AttributeError):
        raise StorageError(
            "What was counted towards the caps of the policy cannot be read, so nothing was done. "
            "Whoever runs the server stops it, deletes state.db in its state directory and starts it again."
        ) from None
    counts: _Counts = {}
    for moment, number in entries:
        if _end(moment) + _HOUR > now:
            seen = min(moment, _moment(now))
            counts[seen] = counts.get(seen, 0) + number
    return counts


def _moment(now: float) -> int:
    return math.floor(now / _GRAIN)


def _end(moment: int) -> int:
    return (moment + 1) * _GRAIN


def _no_room(access: Access, limit: int, counts: _Counts, count: int, now: float) -> str:
    used = sum(counts.values())
    free_at, to_free = now, used + count - limit
    for moment in sorted(counts):
        if to_free > 0:
            free_at, to_free = _end(moment) + _HOUR, to_free - counts[moment]
    left = f"{used} of them are used" if count == 1 else f"{used} of them are used, and this call has {count}"
    minutes = max(1, math.ceil((free_at - now) / 60))
    return f"{_rule(access, limit)}, and {left}. There is room again in {minutes} minute{'s' * (minutes > 1)}."


def _rule(access: Access, limit: int) -> str:
    one, many = _DONE[access]
    return f"The policy allows {limit or 'no'} {one if limit == 1 else many} an hour (caps.{access}_per_hour)"
