"""The days of a series, found by arithmetic: a far window costs no more than a near one.

A series is cut into periods (days, weeks, months or years, `interval` apart, the first holding the start date). Every
period but the first has the same number of days, so the n-th occurrence is known without walking to it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from emulator.recurrence.words import DAYS, INDEXES

_LAST_YEAR: Final = date.max.year


class Pattern(ABC):
    """One way of repeating, told from the start date on."""

    days_in_period: int = 1

    @abstractmethod
    def period_of(self, day: date) -> int:
        """The newest period that has begun by this day."""

    @abstractmethod
    def days(self, period: int) -> list[date]:
        """The days of a period in order; none where the calendar has ended."""


@dataclass(frozen=True)
class Daily(Pattern):
    """Every `interval` days."""

    start: date
    interval: int

    def period_of(self, day: date) -> int:
        return (day - self.start).days // self.interval

    def days(self, period: int) -> list[date]:
        return _real_days([self.start.toordinal() + period * self.interval])


class Weekly(Pattern):
    """Some days of every `interval`-th week, counted from the week of the start."""

    def __init__(self, start: date, interval: int, days: list[int], first_day: int) -> None:
        # Weekdays count from Sunday here, as in Graph; an ordinal that is a multiple of seven is a Sunday.
        self._interval = 7 * interval
        self._first_week = start.toordinal() - (start.toordinal() - first_day) % 7
        self._offsets = sorted((day - first_day) % 7 for day in days)
        self.days_in_period = len(days)

    def period_of(self, day: date) -> int:
        return (day.toordinal() - self._first_week) // self._interval

    def days(self, period: int) -> list[date]:
        week = self._first_week + period * self._interval
        return _real_days([week + offset for offset in self._offsets])


class Monthly(Pattern):
    """One day of every `interval`-th month, counted from the month of the start; or of one month of the year."""

    def __init__(self, start: date, interval: int, rule: DayRule, month: int = 0) -> None:
        self._interval = interval * (12 if month else 1)
        self._first_month = start.year * 12 + (month or start.month) - 1
        self._rule = rule

    def period_of(self, day: date) -> int:
        return (day.year * 12 + day.month - 1 - self._first_month) // self._interval

    def days(self, period: int) -> list[date]:
        year, month = divmod(self._first_month + period * self._interval, 12)
        return [self._rule.day_in(year, month + 1)] if 1 <= year <= _LAST_YEAR else []


class DayRule(ABC):
    """How one day of a month is chosen."""

    @abstractmethod
    def day_in(self, year: int, month: int) -> date:
        """The day in this month."""


@dataclass(frozen=True)
class ByNumber(DayRule):
    """The day of this number; a shorter month has it on its last day."""

    number: int

    def day_in(self, year: int, month: int) -> date:
        return date(year, month, min(self.number, monthrange(year, month)[1]))


@dataclass(frozen=True)
class ByPlace(DayRule):
    """The first to fourth, or last, of the days that fall on one of these weekdays."""

    weekdays: frozenset[int]
    index: int

    def day_in(self, year: int, month: int) -> date:
        length = monthrange(year, month)[1]
        eve = date(year, month, 1).toordinal() - 1
        fitting = [number for number in range(1, length + 1) if (eve + number) % 7 in self.weekdays]
        return date(year, month, fitting[self.index])


@dataclass(frozen=True)
class Series:
    """A pattern within its range."""

    pattern: Pattern
    start: date
    end: date | None
    count: int

    @classmethod
    def of(cls, recurrence: Mapping[str, Mapping[str, Any]]) -> Series:
        """The series that a validated recurrence describes."""
        bounds = recurrence["range"]
        start = date.fromisoformat(bounds["startDate"])
        end = date.fromisoformat(bounds["endDate"]) if bounds["type"] == "endDate" else None
        return cls(_pattern(recurrence["pattern"], start), start, end, bounds["numberOfOccurrences"])

    def first(self) -> date | None:
        """The first day, if the range holds any."""
        return next(self.between(self.start, self.end or date.max), None)

    def last(self) -> date | None:
        """The last day; `None` for a series without end, and for one without days."""
        if self.end:
            return self._newest(self.end)
        return self._numbered(self.count) if self.count else None

    def between(self, since: date, until: date) -> Iterator[date]:
        """The days from `since` to `until`, both included."""
        end = self._numbered(self.count) if self.count else self.end
        last = min(until, end or until)
        since = max(since, self.start)
        for period in range(self.pattern.period_of(since), self.pattern.period_of(last) + 1):
            yield from (day for day in self.pattern.days(period) if since <= day <= last)

    def _newest(self, until: date) -> date | None:
        newest = self.pattern.period_of(until)
        days = [*self.pattern.days(newest - 1), *self.pattern.days(newest)]
        return max((day for day in days if self.start <= day <= until), default=None)

    def _numbered(self, number: int) -> date | None:
        opening_period = self.pattern.period_of(self.start)
        opening = [day for day in self.pattern.days(opening_period) if day >= self.start]
        if number <= len(opening):
            return opening[number - 1]
        periods, place = divmod(number - len(opening) - 1, self.pattern.days_in_period)
        days = self.pattern.days(opening_period + 1 + periods)
        return days[place] if place < len(days) else self._newest(date.max)


def _pattern(pattern: Mapping[str, Any], start: date) -> Pattern:
    kind, interval = pattern["type"], pattern["interval"]
    if kind == "daily":
        return Daily(start, interval)
    if kind == "weekly":
        return Weekly(start, interval, _weekdays(pattern), DAYS.index(pattern["firstDayOfWeek"]))
    return Monthly(start, interval, _day_rule(pattern), pattern["month"])


def _day_rule(pattern: Mapping[str, Any]) -> DayRule:
    if pattern["type"].startswith("absolute"):
        return ByNumber(pattern["dayOfMonth"])
    place = INDEXES.index(pattern["index"])
    return ByPlace(frozenset(_weekdays(pattern)), -1 if pattern["index"] == "last" else place)


def _weekdays(pattern: Mapping[str, Any]) -> list[int]:
    return [DAYS.index(day) for day in pattern["daysOfWeek"]]


def _real_days(ordinals: list[int]) -> list[date]:
    return [date.fromordinal(ordinal) for ordinal in ordinals if 1 <= ordinal <= date.max.toordinal()]
