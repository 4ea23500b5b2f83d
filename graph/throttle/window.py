"""How much one rate let through lately: a sliding window in a bounded number of grains."""

from __future__ import annotations

from array import array

# What is let through within a hundredth of the window is remembered as one.
_GRAINS = 100
# Graph counts when a request arrives, and two requests are not equally long on their way.
_SLACK, _MOST_SLACK = 0.02, 1.0
# A grain is three numbers: when it was opened, when the latest was let through in it, and how many units. All of it
# counts until the latest has left the window. As objects, those of thousands of mailboxes take four times the room.
_NUMBERS = 3


class Window:
    """Lets no more than `amount` through in any `seconds`, wherever one begins to count."""

    __slots__ = ("_amount", "_grain", "_grains", "_span", "_used")

    def __init__(self, amount: int, seconds: float) -> None:
        self._amount = amount
        self._span = seconds + min(_MOST_SLACK, seconds * _SLACK)
        self._grain = seconds / _GRAINS
        self._grains = array("d")
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
        grains = self._grains
        if grains and now - grains[-3] < self._grain:
            grains[-2] = max(grains[-2], now)
            grains[-1] += units
        else:
            self._forget(now)
            grains.extend((now, now, units))

    def fits_at(self, now: float, units: int) -> float:
        """When so much may be let through if nothing else is until then."""
        self._forget(now)
        over, at = self._used + units - self._amount, now
        for latest, count in zip(self._grains[1::_NUMBERS], self._grains[2::_NUMBERS], strict=True):
            if over <= 0:
                break
            over -= int(count)
            at = latest + self._span
        return at

    def is_empty(self, now: float) -> bool:
        """Whether nothing counts any more."""
        self._forget(now)
        return not self._grains

    def _forget(self, now: float) -> None:
        grains, gone = self._grains, 0
        while gone < len(grains) and grains[gone + 1] + self._span <= now:
            self._used -= int(grains[gone + 2])
            gone += _NUMBERS
        if gone:
            del grains[:gone]
