"""Arithmetic in `$filter`: which types go together, and what comes out."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from emulator.odata.values import converted, duration, moment

# Left family, operator, right family: the family of the result.
_RESULTS: Mapping[tuple[str, str, str], str] = {
    **{("number", name, "number"): "number" for name in ("add", "sub", "mul", "div", "divby", "mod")},
    **{("moment", name, "duration"): "moment" for name in ("add", "sub")},
    **{("duration", name, "duration"): "duration" for name in ("add", "sub")},
    **{("duration", name, "number"): "duration" for name in ("mul", "div", "divby")},
    ("duration", "add", "moment"): "moment",
    ("number", "mul", "duration"): "duration",
    ("moment", "sub", "moment"): "duration",
}


def result_family(left: str, name: str, right: str) -> str | None:
    """What the operation makes of two families of types; nothing when they do not go together."""
    if "any" in {left, right}:
        return "any"
    if "null" in {left, right}:
        return "null"
    return _RESULTS.get((left, name, right))


def computed(name: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - JSON values
    """The result; null where an operand is null, where nothing can be computed, and where the result has no room."""
    left, right = _operand(left), _operand(right)
    if left is None or right is None:
        return None
    try:
        return _OPERATIONS[name](left, right)
    except (ArithmeticError, TypeError, ValueError):
        return None


def negated(value: Any) -> Any:  # noqa: ANN401 - JSON values
    """The value with the other sign."""
    value = _operand(value)
    return -value if isinstance(value, int | float | timedelta) else None


def _operand(value: Any) -> Any:  # noqa: ANN401 - JSON values
    """JSON keeps lengths of time and moments as text."""
    if not isinstance(value, str):
        return value
    length = converted(value, duration)
    return converted(value, moment) if length is None else length


def _divided(left: Any, right: Any) -> Any:  # noqa: ANN401 - JSON values
    """Whole numbers divide to a whole number, cut towards zero."""
    if not (isinstance(left, int) and isinstance(right, int)):
        return left / right
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: Any, right: Any) -> Any:  # noqa: ANN401 - JSON values
    """What division leaves; it has the sign of the left side."""
    if isinstance(left, int) and isinstance(right, int):
        return left - right * _divided(left, right)
    return math.fmod(left, right)


_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": _divided,
    "divby": operator.truediv,
    "mod": _remainder,
}
