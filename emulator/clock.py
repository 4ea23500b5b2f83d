"""The emulator's own time: runs like the machine's, and can be set, moved and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 12, 31, tzinfo=UTC)


class ClockRange(ValueError):
    """A time so far away that dates around it cannot be written."""

    def __init__(self) -> None:
        super().__init__(f"The clock shows the years {EARLIEST.year} to {LATEST.year} only.")


class Clock:
    """Seconds since 1970, as `build_emulator(clock=...)` takes them."""

    def __init__(self, base: Callable[[], float] = time.time) -> None:
        self._base = base
        self._offset = 0.0
        self._stopped_at: float | None = None

    def __call__(self) -> float:
        return self._stopped_at if self._stopped_at is not None else self._base() + self._offset

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self(), UTC)

    @property
    def is_stopped(self) -> bool:
        return self._stopped_at is not None

    def advance(self, seconds: float) -> None:
        """Let time pass at once; a negative number turns it back."""
        self.set(self() + seconds)

    def set(self, moment: float | datetime) -> None:
        """Make it another time; a clock that stands goes on standing there."""
        seconds = moment.timestamp() if isinstance(moment, datetime) else moment
        check_moment(seconds)
        if self._stopped_at is None:
            self._offset = seconds - self._base()
        else:
            self._stopped_at = seconds

    def stop(self) -> None:
        """Let time stand still."""
        self._stopped_at = self()

    def go_on(self) -> None:
        """Let time run again from where it stands."""
        now, self._stopped_at = self(), None
        self.set(now)

    def reset(self) -> None:
        """Be the machine's clock again."""
        self._offset, self._stopped_at = 0.0, None


def check_moment(seconds: float) -> None:
    """Refuse a time that the clock cannot show."""
    if not EARLIEST.timestamp() <= seconds <= LATEST.timestamp():
        raise ClockRange
