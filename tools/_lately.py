"""What was written so lately that it need not be written again: calls repeat themselves, and each write is a wait."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable


class Lately:
    """Remembers for so many seconds, and no more than so many things; nothing where that is no time at all."""

    def __init__(self, seconds: float, clock: Callable[[], float], *, most: int = 10_000) -> None:
        self.seconds = seconds
        self._clock = clock
        self._most = most
        self._noted: OrderedDict[tuple[str, str], float] = OrderedDict()

    def has(self, who: str, what: str) -> bool:
        """Whether this of theirs was noted of late; not where the clock was set back since then."""
        noted = self._noted.get((who, what))
        return noted is not None and 0 <= self._clock() - noted < self.seconds

    def note(self, who: str, what: str) -> None:
        """It was written now."""
        if self.seconds <= 0:
            return
        self._noted[who, what] = self._clock()
        self._noted.move_to_end((who, what))
        if len(self._noted) > self._most:
            self._noted.popitem(last=False)

    def forget(self, who: str) -> None:
        """Something of theirs is not there any more."""
        for key in [key for key in self._noted if key[0] == who]:
            del self._noted[key]
