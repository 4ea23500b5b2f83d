"""How long Graph asks to wait, in whatever form it says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

MOST_SECONDS = 3600.0
"""Nobody waits longer, whatever a header says: after an hour it is worth another try."""

_SECONDS = "retry-after"
_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")

# One value of several: a date has a comma behind its day of the week.
_VALUE = re.compile(r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,)?[^,]+", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_ZONE = r"(?: (?:GMT|UTC?|Z|[+-]0000))?"
# The three forms that RFC 9110 has; locale and release of the standard library have no say in it.
_DATES = (
    re.compile(
        r"(?:[a-z]+, *)?(?P<day>[0-9]{1,2})[ -](?P<month>[a-z]{3})[ -](?P<year>[0-9]{4}|[0-9]{2}) " + _TIME + _ZONE,
        re.IGNORECASE,
    ),
    re.compile(
        rf"[a-z]{{3}} (?P<month>[a-z]{{3}}) {{1,2}}(?P<day>[0-9]{{1,2}}) {_TIME} (?P<year>[0-9]{{4}})", re.IGNORECASE
    ),
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds to wait, the longest of all that are named; None where nothing usable is. Names are in lower case."""
    waits = [*_named(headers.get(_SECONDS), now)]
    for name in _MILLISECONDS:
        waits += (wait / 1000 for wait in _numbers(headers.get(name)))
    return min(max(waits), MOST_SECONDS) if waits else None


def _named(text: str | None, now: datetime) -> Iterator[float]:
    for value in _values(text):
        if _NUMBER.fullmatch(value):
            yield float(value)
        elif at := _moment(value, now):
            yield max(0.0, (at - now).total_seconds())


def _numbers(text: str | None) -> Iterator[float]:
    return (float(value) for value in _values(text) if _NUMBER.fullmatch(value))


def _values(text: str | None) -> list[str]:
    return [value.strip() for value in _VALUE.findall(text)] if text else []


def _moment(text: str, now: datetime) -> datetime | None:
    found = next((match for form in _DATES if (match := form.fullmatch(text))), None)
    if found is None or found["month"].lower() not in _MONTHS:
        return None
    month = _MONTHS.index(found["month"].lower()) + 1
    second = min(int(found["second"]), 59)  # 60 is a leap second, which datetime does not know
    try:
        return datetime(
            _year(found["year"], now),
            month,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            second,
            tzinfo=UTC,
        )
    except ValueError:
        return None


def _year(text: str, now: datetime) -> int:
    """Two digits mean the year with that ending that is nearest."""
    if len(text) == 4:
        return int(text)
    return min(
        (now.year - now.year % 100 + int(text) + shift for shift in (-100, 0, 100)), key=lambda y: abs(y - now.year)
    )
