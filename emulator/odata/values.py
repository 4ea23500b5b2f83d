"""Primitive values: read from the text that JSON and filters keep them as, and compared the way Graph compares."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

_DURATION = re.compile(
    r"(?P<sign>[+-]?)P(?=.)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?",
    re.ASCII,
)
# Years and months have no fixed length; policies that write them mean these many days.
_YEAR, _MONTH = 365, 30
_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")
_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def moment(text: str) -> datetime:
    """A point in time from its ISO text; one without a zone is UTC, a seventh digit of the second is dropped."""
    found = datetime.fromisoformat(_FRACTION.sub(r"\1", text.upper()))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def duration(text: str) -> timedelta:
    """A length of time from its ISO text."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(text)
    part = {name: float(value or 0) for name, value in found.groupdict().items() if name != "sign"}
    try:
        length = timedelta(
            days=part["days"] + _MONTH * part["months"] + _YEAR * part["years"],
            weeks=part["weeks"],
            hours=part["hours"],
            minutes=part["minutes"],
            seconds=part["seconds"],
        )
    except OverflowError:
        raise ValueError(text) from None
    return -length if found["sign"] == "-" else length


def time_of_day(text: str) -> time:
    """A time on the clock from its ISO text."""
    return time.fromisoformat(_FRACTION.sub(r"\1", text)).replace(tzinfo=None)


def flags(text: str) -> frozenset[str]:
    """The members in the text of a flags enumeration, without case and order."""
    return frozenset(part.strip().casefold() for part in text.split(",") if part.strip())


CONVERTERS: Mapping[str, Callable[[str], Any]] = {
    "Edm.DateTimeOffset": moment,
    "Edm.Date": moment,
    "Edm.Guid": UUID,
    "Edm.Duration": duration,
    "Edm.TimeOfDay": time_of_day,
}
_BY_PYTHON_TYPE: Mapping[type, Callable[[str], Any]] = {
    datetime: moment,
    UUID: UUID,
    timedelta: duration,
    time: time_of_day,
    frozenset: flags,
}


def converted(value: Any, converter: Callable[[str], Any]) -> Any:  # noqa: ANN401 - JSON values
    """The value behind a text; null for a text that holds none. What is no text stays."""
    if not isinstance(value, str):
        return value
    try:
        return converter(value)
    except (OverflowError, ValueError):
        return None


def compare(name: str, left: Any, right: Any) -> bool:  # noqa: ANN401 - JSON values
    """One of eq ne gt ge lt le; nothing stands above or below null, nor beside what it cannot be compared with."""
    if type(left) is not type(right):
        left, right = _comparable(left, right), _comparable(right, left)
    elif isinstance(left, str):
        left, right = left.casefold(), right.casefold()
    if name in {"eq", "ne"}:
        return bool(left == right) is (name == "eq")
    try:
        return left is not None and right is not None and bool(_ORDERINGS[name](left, right))
    except TypeError:
        return False


def _comparable(value: Any, other: Any) -> Any:  # noqa: ANN401 - JSON values
    converter = _BY_PYTHON_TYPE.get(type(other))
    return converted(value, converter) if converter else value
