"""The functions of `$filter`: what they take, what they return, what they do."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from emulator.odata.values import converted, moment, time_of_day

_BOOLEAN, _STRING, _INT32, _DOUBLE = "Edm.Boolean", "Edm.String", "Edm.Int32", "Edm.Double"
_DATE, _MOMENT = "Edm.Date", "Edm.DateTimeOffset"


@dataclass(frozen=True)
class Function:
    """Its result type, the families of arguments it takes (one tuple per form), and its work on values."""

    returns: str
    forms: tuple[tuple[str, ...], ...]
    run: Callable[..., Any]

    @property
    def is_condition(self) -> bool:
        """Whether it answers yes or no, and so says no to null."""
        return self.returns == _BOOLEAN


def called(function: Function, arguments: list[Any]) -> Any:  # noqa: ANN401 - JSON values
    """The function's value; null, or no, for a null among the arguments and for values it does not work on."""
    empty = False if function.is_condition else None
    if any(argument is None for argument in arguments):
        return empty
    try:
        return function.run(*arguments)
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        return empty


def _indexof(text: str, part: str) -> int:
    found = re.search(re.escape(part), text, re.IGNORECASE)
    return found.start() if found else -1


def _substring(text: str, start: int, length: int | None = None) -> str:
    begin = max(int(start), 0)
    return text[begin:] if length is None else text[begin : begin + max(int(length), 0)]


def _moment(value: Any) -> datetime:  # noqa: ANN401 - JSON values
    found: datetime = converted(value, moment)
    return found


def _clock(value: Any) -> datetime | time:  # noqa: ANN401 - JSON values
    found = converted(value, moment)
    clock: datetime | time = converted(value, time_of_day) if found is None else found
    return clock


def _date(value: Any) -> datetime:  # noqa: ANN401 - JSON values
    return _moment(value).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)


def _rounded(value: float) -> int:
    """To the nearest whole number, halves away from zero."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))


def _of(returns: str, forms: str, run: Callable[..., Any]) -> Function:
    return Function(returns, tuple(tuple(form.split()) for form in forms.split("|")), run)


FUNCTIONS: Mapping[str, Function] = {
    "contains": _of(_BOOLEAN, "text text", lambda text, part: part.casefold() in text.casefold()),
    "startswith": _of(_BOOLEAN, "text text", lambda text, part: text.casefold().startswith(part.casefold())),
    "endswith": _of(_BOOLEAN, "text text", lambda text, part: text.casefold().endswith(part.casefold())),
    "tolower": _of(_STRING, "text", str.lower),
    "toupper": _of(_STRING, "text", str.upper),
    "trim": _of(_STRING, "text", str.strip),
    "concat": _of(_STRING, "text text", lambda left, right: str(left) + str(right)),
    "length": _of(_INT32, "text", len),
    "indexof": _of(_INT32, "text text", _indexof),
    "substring": _of(_STRING, "text number|text number number", _substring),
    "year": _of(_INT32, "moment", lambda value: _moment(value).year),
    "month": _of(_INT32, "moment", lambda value: _moment(value).month),
    "day": _of(_INT32, "moment", lambda value: _moment(value).day),
    "hour": _of(_INT32, "moment|time", lambda value: _clock(value).hour),
    "minute": _of(_INT32, "moment|time", lambda value: _clock(value).minute),
    "second": _of(_INT32, "moment|time", lambda value: _clock(value).second),
    "fractionalseconds": _of(_DOUBLE, "moment|time", lambda value: _clock(value).microsecond / 1_000_000),
    "date": _of(_DATE, "moment", _date),
    "time": _of("Edm.TimeOfDay", "moment", lambda value: _moment(value).time()),
    "totalseconds": _of(_DOUBLE, "duration", lambda value: value.total_seconds()),
    "mindatetime": _of(_MOMENT, "", lambda: datetime.min.replace(tzinfo=UTC)),
    "maxdatetime": _of(_MOMENT, "", lambda: datetime.max.replace(tzinfo=UTC)),
    "now": _of(_MOMENT, "", lambda: datetime.now(UTC)),
    "ceiling": _of(_DOUBLE, "number", math.ceil),
    "floor": _of(_DOUBLE, "number", math.floor),
    "round": _of(_DOUBLE, "number", _rounded),
}
