"""How many requests each key sent lately: a sliding window, in memory that does not grow with the number of keys."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}
_NETWORK_BITS = 64


@dataclass(frozen=True)
class Rate:
    """So many in so many seconds."""

    amount: int
    seconds: float


def rate_of(text: str, share: int = 1) -> Rate:
    """The part of a rate such as 600/minute that one of `share` workers may let through."""
    amount, _, unit = text.partition("/")
    return Rate(math.ceil(int(amount) / share), _SECONDS[unit])


@dataclass
class _Window:
    start: float
    count: int = 0
    before: int = 0
    """How many there were in the window before this one."""


class Tally:
    """Counts by key, and says how long the next one of a key has to wait.

    A window begins with the first request of its key, and the one before counts for the part of it that still lies
    within the time of the rate. Of more than `most` keys, the one that was quiet for longest is forgotten.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = 50_000) -> None:
        self._clock = clock
        self._most = most
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    def __len__(self) -> int:
        return len(self._windows)

    def wait(self, key: str, rate: Rate) -> int:
        """Whole seconds until one more would be within the rate; 0 where it is."""
        now = self._clock()
        window = self._current(key, rate, now)
        if window is None:
            return 0
        passed = now - window.start
        if window.count + window.before * (1 - passed / rate.seconds) < rate.amount:
            return 0
        return max(1, math.floor(_time_left(window, rate, passed)) + 1)

    def count(self, key: str, rate: Rate) -> None:
        """One more was let through."""
        now = self._clock()
        window = self._current(key, rate, now)
        if window is None:
            window = self._windows[key] = _Window(now)
            if len(self._windows) > self._most:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(key)
        window.count += 1

    def take(self, key: str, rate: Rate) -> int:
        """Count one more if it is within the rate; else how many seconds it has to wait."""
        wait = self.wait(key, rate)
        if not wait:
            self.count(key, rate)
        return wait

    def _current(self, key: str, rate: Rate, now: float) -> _Window | None:
        window = self._windows.get(key)
        if window is None or now < window.start + rate.seconds:
            return window
        if now >= window.start + 2 * rate.seconds:
            del self._windows[key]
            return None
        window.start += rate.seconds
        window.before, window.count = window.count, 0
        return window


def _time_left(window: _Window, rate: Rate, passed: float) -> float:
    """Until so little of the earlier window counts that there is room for one more."""
    if window.count >= rate.amount:
        after = rate.seconds * (1 - rate.amount / window.count)
        return rate.seconds - passed + after
    return rate.seconds * (1 - (rate.amount - window.count) / window.before) - passed


def network_of(address: str) -> str:
    """What an address is counted as: IPv6 by the /64 that one subscriber has to itself."""
    if ":" not in address:
        return address
    try:
        parsed = ipaddress.IPv6Address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> _NETWORK_BITS:x}::/{_NETWORK_BITS}"
