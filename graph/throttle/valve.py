"""How many requests a lane lets be under way at once: fewer after a refusal, slowly more as answers come."""

from __future__ import annotations

from math import inf
from random import Random

# A lane whose concurrency is not documented is open for good again when so many have been well at once.
_OPEN = 64
# The longest wait after so many refusals in a row that do not say how long.
_WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
_JITTER = 0.1
# How long a lane remembers its refusals when nobody calls.
_MEMORY = 60.0


class Valve:
    """The slots of one lane, and its pause.

    A refusal pauses the lane. Then one request at a time may go, one more with each answer until half of what was
    open before, and from there one more with each round of answers, as in TCP: who waited for the pause to end does
    not go all at once.
    """

    __slots__ = ("_documented", "_eased_until", "_half", "_refusals", "in_use", "paused_until", "slots")

    def __init__(self, documented: int | None) -> None:
        self._documented = documented
        self.slots: float = documented or inf
        self.in_use = 0
        self.paused_until = 0.0
        self._half: float | None = None  # None when the lane is as open as documented
        self._refusals = 0
        self._eased_until = 0.0

    @property
    def is_whole(self) -> bool:
        """Whether it is as open as documented."""
        return self._half is None

    def is_idle(self, now: float) -> bool:
        """Whether there is nothing about it to remember."""
        return not self.in_use and (self._half is None or now >= self.paused_until + _MEMORY)

    def refused(self, now: float, wait: float | None, random: Random) -> None:
        """Pause as long as Graph said, or for a time drawn by chance that doubles from refusal to refusal."""
        is_news = now >= self.paused_until  # requests that were under way when the pause began say nothing new
        if is_news:
            self._refusals += 1
            self._narrow(0.5)
        if wait:
            self._pause(now + wait * (1 + _JITTER * random.random()))
        elif is_news:
            self._pause(now + _WAITS[min(self._refusals, len(_WAITS)) - 1] * random.random())

    def spent(self, now: float, reset: float, random: Random) -> None:
        """Pause because a budget is used up, before anything was refused."""
        if now >= self.paused_until:
            self._narrow(1.0)
        self._pause(now + reset * (1 + _JITTER * random.random()))

    def strained(self, now: float, seconds: float) -> None:
        """Let half as much be under way, once in so many seconds."""
        if now >= self._eased_until:
            self._eased_until = now + seconds
            self._half = self.slots = max(1.0, self._open() / 2)

    def answered(self, now: float) -> None:
        """Open a little more."""
        if self._half is None or now < max(self.paused_until, self._eased_until):
            return
        self._refusals = 0
        self.slots += 1 if self.slots < self._half else 1 / self.slots
        if self.slots >= (self._documented or _OPEN):
            self.slots, self._half = self._documented or inf, None

    def _open(self) -> float:
        return self.slots if self.slots < inf else max(2, self.in_use)

    def _narrow(self, share: float) -> None:
        self._half = max(1.0, self._open() * share)
        self.slots = 1.0

    def _pause(self, until: float) -> None:
        self.paused_until = max(self.paused_until, until)
