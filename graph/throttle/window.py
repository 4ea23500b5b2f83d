"""How much one rate let through lately: a sliding window in a bounded number of grains."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

# What is let through within a hundredth of the window is remembered as one.
_GRAINS = 100
# Graph counts when a request arrives, and two requests are not equally long on their way.
_SLACK, _MOST_SLACK = 0.02, 1.0


@dataclass(slots=True)
class _Grain:
    """What was let through from `opened` to `latest`; all of it counts until the latest has left the window."""

    opened: float
    latest: float
    units: int


class Window:
    """Lets no more than `amount` through in any `seconds`, wherever one begins to count."""

    __slots__ = ("_amount", "_grain", "_grains", "_span", "_used")

    def __init__(self, amount: int, seconds: float) -> None:
        self._amount = amount
        self._span = seconds + min(_MOST_SLACK, seconds * _SLACK)
        self._grain = seconds / _GRAINS
        self._grains: deque[_Grain] = deque()
        self._used = 0

    def fits(self, now: float, units: int) -> bool:
        """Whether so much may be let through; more than there ever is may pass when nothing else counts."""
        if self._used + units <= self._amount:
            return True
        self._forget(now)
        return self._used + units <= self._amount or not self._used

    def take(self, now: float, units: int) -> None:
        """Let so much through."""
        self._used += units
        last = self._grains[-1] if self._grains else None
        if last is not None and now - last.opened < self._grain:
            last.latest = max(last.latest, now)
            last.units += units
        else:
            self._forget(now)
            self._grains.append(_Grain(now, now, units))

    def fits_at(self, now: float, units: int) -> float:
        """When so much may be let through if nothing else is until then."""
        self._forget(now)
        over, at = self._used + units - self._amount, now
        for grain in self._grains:
            if over <= 0:
                break
            over -= grain.units
            at = grain.latest + self._span
        return at

    def is_empty(self, now: float) -> bool:
        """Whether nothing counts any more."""
        self._forget(now)
        return not self._grains

    def _forget(self, now: float) -> None:
        grains = self._grains
        while grains and grains[0].latest + self._span <= now:
            self._used -= grains.popleft().units
