"""When a recurring event takes place: its days, and the moments at which it starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from emulator.recurrence.series import Series
from emulator.time_zones import InvalidDateTime, settled, zone_of

# A moment has another date elsewhere, up to two days off, and a start that the clocks skip may move into the next day.
_FAR_ENOUGH = 3


def first_date(recurrence: Mapping[str, Mapping[str, Any]]) -> date | None:
    """The day of the first occurrence: startDate, or later where the pattern does not hold on that day."""
    return Series.of(recurrence).first()


def last_date(recurrence: Mapping[str, Mapping[str, Any]]) -> date | None:
    """The day of the last occurrence; `None` for a series without end."""
    return Series.of(recurrence).last()


def occurrence_dates(recurrence: Mapping[str, Mapping[str, Any]], since: date, until: date) -> Iterator[date]:
    """The days of a validated recurrence from `since` to `until`, both included."""
    return Series.of(recurrence).between(since, until)


def occurrences(
    recurrence: Mapping[str, Mapping[str, Any]], first_start: datetime, window_start: datetime, window_end: datetime
) -> Iterator[datetime]:
    """The starts from `window_start` until before `window_end`, both with their zone.

    Of `first_start` only the clock counts, and its zone: the days are the recurrence's. Without a zone of its own the
    clock is that of recurrenceTimeZone. The clock stays the same all year; a time that daylight saving skips moves on.
    """
    zone = first_start.tzinfo or zone_of(recurrence["range"]["recurrenceTimeZone"])
    clock = first_start.time()
    for day in occurrence_dates(
        recurrence, _days_from(window_start, -_FAR_ENOUGH), _days_from(window_end, _FAR_ENOUGH)
    ):
        try:
            start = settled(datetime.combine(day, clock), zone)
        except InvalidDateTime:  # the calendar's own first or last day
            continue
        if window_start <= start.astimezone(UTC) < window_end:
            yield start


def _days_from(moment: datetime, days: int) -> date:
    return date.fromordinal(min(max(moment.toordinal() + days, 1), date.max.toordinal()))
