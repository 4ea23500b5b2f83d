"""A calendar as others may see it: the status in each stretch of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_DIGITS = {"free": "0", "tentative": "1", "busy": "2", "oof": "3", "workingElsewhere": "4"}
# Where appointments overlap the gravest speaks; one who works elsewhere can still meet, so that is the mildest of all.
_GRAVITY = {status: rank for rank, status in enumerate(("free", "workingElsewhere", "tentative", "busy", "oof"))}
_SHORTEST_INTERVAL, _LONGEST_INTERVAL = 5, 1440
_LONGEST_WINDOW = timedelta(days=62)


class ScheduleError(Exception):
    """A question about free and busy times that has no answer; `code` is Outlook's."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Busy:
    """One appointment: from its start until before its end, given in any zone and kept in UTC."""

    start: datetime
    end: datetime
    status: str = "busy"

    def __post_init__(self) -> None:
        # Two times of one zone are compared by their clocks, which is wrong when the clocks change.
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    def meets(self, start: datetime, end: datetime) -> bool:
        """Whether it takes any of this time, told in UTC; an appointment without length takes the moment itself."""
        return self.start < end and (self.end > start or self.start == self.end == start)


def status_between(busy: Iterable[Busy], start: datetime, end: datetime) -> str:
    """The gravest status within this time; `unknown` counts as free."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    met = (item.status for item in busy if item.status in _GRAVITY and item.meets(start, end))
    return max(met, key=_GRAVITY.__getitem__, default="free")


def availability_view(busy: Iterable[Busy], start: datetime, end: datetime, minutes: int = 30) -> str:
    """One digit for each interval from `start`; the last interval may reach past `end`."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    check_window(start, end)
    if not _SHORTEST_INTERVAL <= minutes <= _LONGEST_INTERVAL:
        raise ScheduleError(
            "ErrorInvalidMergedFreeBusyInterval",
            f"availabilityViewInterval must be {_SHORTEST_INTERVAL} to {_LONGEST_INTERVAL} minutes, not {minutes}.",
        )
    step = timedelta(minutes=minutes)
    number = -((start - end) // step)
    slots = ["free"] * number
    for item in busy:
        _mark(slots, item, start, step)
    return "".join(_DIGITS[status] for status in slots)


def check_window(start: datetime, end: datetime) -> None:
    """Refuse a stretch of time that ends before it starts, or is longer than Outlook looks ahead."""
    if end <= start:
        raise ScheduleError("ErrorInvalidTimeInterval", "The end time must be later than the start time.")
    if end - start > _LONGEST_WINDOW:
        raise ScheduleError(
            "ErrorTimeIntervalTooBig", f"The time between start and end is more than {_LONGEST_WINDOW.days} days."
        )


def _mark(slots: list[str], item: Busy, start: datetime, step: timedelta) -> None:
    first = max((item.start - start) // step, 0)
    last = min(-((start - item.end) // step), len(slots))
    if item.start == item.end >= start:
        last = min(first + 1, len(slots))
    for place in range(first, last):
        if _GRAVITY.get(item.status, 0) > _GRAVITY[slots[place]]:
            slots[place] = item.status
