"""OData's quoting, in one place: literals, search phrases, query options."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from errors import ToolInputError
from graph.wire._characters import encoded, usable

_OPTION = re.compile(r"[$@]?[A-Za-z_][A-Za-z0-9_.\-]{0,127}")
_PROPERTY = re.compile(r"[A-Za-z_][A-Za-z0-9_/.]*")
# All but what a query may hold as it is, and nobody takes for a separator or for a space.
_SPECIAL = re.compile(r"[^A-Za-z0-9_.~,:()/$@\-]+")

_WORDS = {None: "null", True: "true", False: "false"}

Scalar = str | bool | int | float | datetime | date | UUID | None


def literal(value: Scalar | Sequence[Scalar]) -> str:
    """A value as a `$filter` has it, not yet percent-encoded; a list or tuple as the right side of `in`."""
    if isinstance(value, list | tuple):
        if not value:
            raise ToolInputError("There is nothing to choose from: give at least one value.")
        return f"({','.join(_scalar(each) for each in value)})"
    return _scalar(value)


def search(text: str) -> str:
    """A phrase for `$search`, in its quotes."""
    if not text.strip():
        raise ToolInputError("There is nothing to search for: give at least one word.")
    escaped = usable(text, "text to search for").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def search_of(name: str, text: str) -> str:
    """A phrase that is looked for in one property, as a directory's `$search` wants it."""
    if not _PROPERTY.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a property.")
    return f'"{name}:{search(text)[1:]}'


def query_string(query: Mapping[str, str | int | Sequence[str]]) -> str:
    """Query options as they stand in an address, in the order given; several values are joined by commas."""
    return "&".join([f"{_option(name)}={_encoded(value)}" for name, value in query.items()])


def _scalar(value: object) -> str:
    match value:
        case None | bool():
            return _WORDS[value]
        case str():
            return "'" + usable(value, "text").replace("'", "''") + "'"
        case int():
            return str(int(value))
        case float() if math.isfinite(value):
            return repr(float(value))
        case datetime():
            return _moment(value)
        case date() | UUID():
            return str(value)
    raise ToolInputError(f"{value!r} cannot be compared with anything in Graph.")


def _moment(value: datetime) -> str:
    if value.utcoffset() is None:
        raise ToolInputError("A time needs its time zone, such as 2026-11-20T09:00:00+01:00.")
    try:
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    except OverflowError as error:
        raise ToolInputError("The time is out of range.") from error


def _option(name: str) -> str:
    if not _OPTION.fullmatch(name):
        raise ToolInputError(f"{name!r} is no query option. They look like $filter or startDateTime.")
    return name


def _encoded(value: str | int | Sequence[str]) -> str:
    if not isinstance(value, str):
        value = _text(value)
    return encoded(value, "query", _SPECIAL)


def _text(value: int | Sequence[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else ",".join(value)
