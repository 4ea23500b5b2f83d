"""When an event takes place: what a caller writes as `dateTimeTimeZone`, and what a caller is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from emulator.graph.calendar.errors import (
    AllDayNotAtMidnight,
    InvalidCalendarArgument,
    InvalidCalendarRequest,
    PropertyValidationFailure,
    UnsupportedTimeZone,
    WindowMissing,
)
from emulator.time_zones import InvalidDateTime, UnknownTimeZone, moment_of, settled, zone_of, zoned_json

_DAY = timedelta(days=1)
_SHORT = timedelta(minutes=30)
_LONGEST_WINDOW = timedelta(days=1825)


@dataclass(frozen=True)
class Span:
    """From when to when, in the zones it was written in; whole days float: they are midnights of UTC everywhere."""

    start: datetime
    end: datetime
    is_all_day: bool = False

    def meets(self, window: Window) -> bool:
        """Whether any of it, or all of it where it takes no time, lies within a window."""
        start, end = self.start.astimezone(UTC), self.end.astimezone(UTC)
        return start < window.end and (end > window.start or start == end == window.start)

    def at(self, start: datetime) -> Span:
        """The same length by the clock, at another start."""
        length = self.end.replace(tzinfo=None) - self.start.astimezone(self.end.tzinfo).replace(tzinfo=None)
        local = start.astimezone(self.end.tzinfo).replace(tzinfo=None)
        return Span(start, settled(local + length, self.end.tzinfo or UTC), self.is_all_day)


@dataclass(frozen=True)
class Window:
    """A stretch of time in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def read(cls, start: str | None, end: str | None) -> Window:
        """The window that two query parameters name."""
        if not start or not end:
            raise WindowMissing
        window = cls(_parameter("StartDateTime", start), _parameter("EndDateTime", end))
        if window.end < window.start:
            raise InvalidCalendarArgument("The end time must not be earlier than the start time.")
        if window.end - window.start > _LONGEST_WINDOW:
            raise InvalidCalendarRequest(
                "The range between the start and end dates is greater than the allowed range. "
                f"Maximum number of days: {_LONGEST_WINDOW.days}."
            )
        return window


def moment(zoned: Mapping[str, Any]) -> datetime:
    """The moment that a `dateTimeTimeZone` of a body means."""
    with reading_times():
        return moment_of(zoned)


@contextmanager
def reading_times() -> Iterator[None]:
    """Turn what is wrong with a time into Exchange's 400."""
    try:
        yield
    except UnknownTimeZone as error:
        raise UnsupportedTimeZone(str(error)) from error
    except InvalidDateTime as error:
        raise InvalidCalendarArgument(str(error)) from error


def wanted_zone(name: str) -> str:
    """A zone that a caller prefers, refused if there is none of this name."""
    with reading_times():
        zone_of(name)
    return name


def read_span(start: Mapping[str, Any] | None, end: Mapping[str, Any] | None, now: datetime, *, all_day: bool) -> Span:
    """The time of an event; one that says nothing of it takes the next half hour."""
    begins = moment(start) if start else _next_half_hour(now)
    ends = moment(end) if end else begins + (_DAY if all_day else _SHORT)
    if not all_day:
        if ends < begins:
            raise PropertyValidationFailure
        return Span(begins, ends)
    for name, found in (("Start", begins), ("End", ends)):
        if found.time() != time():
            raise AllDayNotAtMidnight(name)
    span = Span(_floating(begins), _floating(ends), is_all_day=True)
    if span.end - span.start < _DAY:
        raise PropertyValidationFailure
    return span


def shown_time(found: datetime, zone_name: str, *, all_day: bool) -> dict[str, str]:
    """A moment as the caller wants it; whole days are midnight in every zone."""
    if all_day:
        return {"dateTime": f"{found:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": zone_name}
    return zoned_json(found, zone_name)


def iso(found: datetime) -> str:
    """A moment as Graph writes it where the zone is always UTC."""
    return found.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _floating(found: datetime) -> datetime:
    return found.replace(tzinfo=UTC)


def _parameter(name: str, text: str) -> datetime:
    # A plus sign that was not encoded arrives as a space.
    candidate = text.strip().strip("'").replace(" ", "+")
    try:
        return moment_of({"dateTime": candidate}).astimezone(UTC)
    except InvalidDateTime as error:
        raise InvalidCalendarArgument(f"The value '{text}' of parameter '{name}' is invalid.") from error


def _next_half_hour(now: datetime) -> datetime:
    past = timedelta(minutes=now.minute % 30, seconds=now.second, microseconds=now.microsecond)
    return now.astimezone(UTC) - past + _SHORT
