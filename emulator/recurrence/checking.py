"""What a caller sent as `recurrence`, checked and completed into what Graph returns."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date

from emulator.recurrence.series import Series
from emulator.recurrence.words import DAYS, INDEXES, PATTERN_TYPES, RANGE_TYPES, UNUSED_DATE
from emulator.time_zones import TimeError, zone_of

# What Outlook accepts: nothing repeats more rarely, and no counted series is longer.
_LONGEST_INTERVAL = {"daily": 999}
_LONGEST_OTHER_INTERVAL = 99
_MOST_OCCURRENCES = 999
_LEAP_YEAR = 2000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class RecurrenceError(Exception):
    """A recurrence that cannot be kept: the text names the member and what it should be."""

    def __init__(self, member: str, wrong: str) -> None:
        super().__init__(f"recurrence.{member}: {wrong}")
        self.member = member


class NoOccurrence(RecurrenceError):
    """A recurrence whose range ends before the pattern comes round once."""


def validated(recurrence: object, zone: str = "UTC") -> dict[str, dict[str, object]]:
    """The recurrence with every member that Graph shows; `zone` is the event's, for a range that names none."""
    whole = _mapping(recurrence, None)
    complete = {"pattern": _pattern(_mapping(whole, "pattern")), "range": _range(_mapping(whole, "range"), zone)}
    if Series.of(complete).first() is None:
        raise NoOccurrence("range", "the pattern has no occurrence between startDate and endDate.")
    return complete


def _pattern(given: Mapping[str, object]) -> dict[str, object]:
    kind = _word(given, "pattern.type", PATTERN_TYPES)
    month = _number(given, "pattern.month", 1, 12) if kind.endswith("Yearly") else 0
    relative = kind.startswith("relative")
    days = {"daysOfWeek": _days(given)} if relative or kind == "weekly" else {}
    return {
        "type": kind,
        "interval": _number(given, "pattern.interval", 1, _LONGEST_INTERVAL.get(kind, _LONGEST_OTHER_INTERVAL), 1),
        "month": month,
        "dayOfMonth": _day_of_month(given, month) if kind.startswith("absolute") else 0,
        **days,
        "firstDayOfWeek": _word(given, "pattern.firstDayOfWeek", DAYS, "sunday"),
        "index": _word(given, "pattern.index", INDEXES, "first") if relative else "first",
    }


def _range(given: Mapping[str, object], zone: str) -> dict[str, object]:
    kind = _word(given, "range.type", RANGE_TYPES)
    start = _date(given, "range.startDate")
    end = _date(given, "range.endDate") if kind == "endDate" else None
    if end and end < start:
        raise RecurrenceError("range.endDate", f"{end} is before startDate {start}.")
    return {
        "type": kind,
        "startDate": start.isoformat(),
        "endDate": end.isoformat() if end else UNUSED_DATE,
        "recurrenceTimeZone": _zone(given.get("recurrenceTimeZone"), zone),
        "numberOfOccurrences": (
            _number(given, "range.numberOfOccurrences", 1, _MOST_OCCURRENCES) if kind == "numbered" else 0
        ),
    }


def _mapping(given: object, member: str | None) -> Mapping[str, object]:
    value = given.get(member) if isinstance(given, Mapping) and member else given
    if not isinstance(value, Mapping):
        raise RecurrenceError(member or "pattern", "an object is needed, and there is none.")
    return value


def _word(given: Mapping[str, object], member: str, words: Sequence[str], default: str | None = None) -> str:
    value = given.get(_name(member))
    if value is None and default:
        return default
    return _one_of(value, member, words)


def _one_of(value: object, member: str, words: Sequence[str]) -> str:
    for word in words:
        if isinstance(value, str) and value.casefold() == word.casefold():
            return word
    raise RecurrenceError(member, f"{_shown(value)} is not one of {', '.join(words)}.")


def _number(given: Mapping[str, object], member: str, least: int, most: int, default: int | None = None) -> int:
    value = given.get(_name(member))
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise RecurrenceError(member, f"{_shown(value)} is not a whole number from {least} to {most}.")
    return value


def _days(given: Mapping[str, object]) -> list[str]:
    value = given.get("daysOfWeek")
    if not isinstance(value, list) or not value:
        raise RecurrenceError("pattern.daysOfWeek", "this pattern needs at least one day of the week.")
    named = {_one_of(day, "pattern.daysOfWeek", DAYS) for day in value}
    return [day for day in DAYS if day in named]


def _day_of_month(given: Mapping[str, object], month: int) -> int:
    most = monthrange(_LEAP_YEAR, month)[1] if month else 31
    return _number(given, "pattern.dayOfMonth", 1, most)


def _date(given: Mapping[str, object], member: str) -> date:
    value = given.get(_name(member))
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise RecurrenceError(member, f"{_shown(value)} is not a date such as 2026-03-01.")


def _zone(value: object, default: str) -> str:
    named = default if value is None or value == "" else value
    try:
        zone_of(named if isinstance(named, str) else str(named))
    except TimeError as error:
        raise RecurrenceError("range.recurrenceTimeZone", str(error)) from error
    return str(named)


def _name(member: str) -> str:
    return member.rpartition(".")[2]


def _shown(value: object) -> str:
    return "nothing" if value is None else f"'{value}'"
