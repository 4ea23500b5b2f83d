"""`cast` of one value to a primitive type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.odata.values import CONVERTERS

_TRUTH = {"true": True, "false": False}


def cast_value(value: Any, name: str) -> Any:  # noqa: ANN401 - JSON values
    """The value as this type; null where it is none."""
    if value is None:
        return None
    try:
        return _CASTS[name](value)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _text(value: Any) -> str:  # noqa: ANN401 - JSON values
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return _iso_length(value) if isinstance(value, timedelta) else str(value)


def _iso_length(value: timedelta) -> str:
    seconds = abs(value).total_seconds()
    return f"{'-' if value < timedelta() else ''}PT{seconds:.6f}".rstrip("0").rstrip(".") + "S"


def _whole(value: Any) -> int:  # noqa: ANN401 - JSON values
    return int(value) if not isinstance(value, str) else int(value.strip())


def _truth(value: Any) -> bool:  # noqa: ANN401 - JSON values
    return value if isinstance(value, bool) else _TRUTH[value.lower()]


def _day(value: Any) -> Any:  # noqa: ANN401 - JSON values
    moment = _moving("Edm.Date")(value)
    return moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)


def _moving(name: str) -> Callable[[Any], Any]:
    convert = CONVERTERS[name]
    return lambda value: convert(value) if isinstance(value, str) else value


_CASTS: Mapping[str, Callable[[Any], Any]] = {
    **{name: _moving(name) for name in CONVERTERS},
    **dict.fromkeys(("Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32", "Edm.Int64"), _whole),
    **dict.fromkeys(("Edm.Single", "Edm.Double", "Edm.Decimal"), float),
    **dict.fromkeys(("Edm.String", "Edm.Enum", "Edm.Binary", "Edm.Stream"), _text),
    "Edm.Boolean": _truth,
    "Edm.Date": _day,
    "Edm.Untyped": lambda value: value,
}
