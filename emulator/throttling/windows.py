"""How much was used in the last so many seconds, by the emulator's clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import ceil

# What comes almost at once is remembered as one, so that a window of many thousand calls stays small.
_GRAINS = 1000
# Sums of seconds are a little off; who waited as long as told must not be refused for that.
_ROUNDING = 1e-6


@dataclass
class _Use:
    """An amount that was used, and when."""

    at: float
    amount: int


class Window:
    """A sliding window: what was used leaves it after its `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._uses: deque[_Use] = deque()
        self._used = 0

    def add(self, now: float, amount: int) -> None:
        """Use something."""
        self.used(now)
        self._used += amount
        last = self._uses[-1] if self._uses else None
        if last is not None and 0 <= now - last.at < self.seconds / _GRAINS:
            last.amount += amount
        else:
            self._uses.append(_Use(now, amount))

    def used(self, now: float) -> int:
        """All that the window still holds."""
        while self._uses and now - self._uses[0].at >= self.seconds - _ROUNDING:
            self._used -= self._uses.popleft().amount
        return self._used

    def wait(self, now: float, limit: int, amount: int) -> int:
        """The whole seconds after which this amount fits, if nothing else comes in between."""
        excess = self.used(now) + amount - limit
        if excess <= 0:
            return 1
        for use in self._uses:
            excess -= use.amount
            if excess <= 0:
                return max(1, ceil(use.at + self.seconds - now))
        return ceil(self.seconds)

    def reset(self, now: float) -> int:
        """The whole seconds after which the window holds nothing of what is in it."""
        self.used(now)
        return ceil(self._uses[-1].at + self.seconds - now) if self._uses else 0
