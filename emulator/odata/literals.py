"""The values that a filter writes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from emulator.odata.lexer import Token
from emulator.odata.nodes import Literal
from emulator.odata.values import duration, moment, time_of_day

_WORDS = {
    "true": Literal(value=True, kind="Edm.Boolean"),
    "false": Literal(value=False, kind="Edm.Boolean"),
    "null": Literal(None, "null"),
}
_LIMITS = {"INF": Literal(float("inf"), "Edm.Double"), "NaN": Literal(float("nan"), "Edm.Double")}
_INT32, _INT64 = 2**31, 2**63


def is_constant(name: str) -> bool:
    """Whether a name is a value and no property."""
    return name in _LIMITS or name.lower() in _WORDS


def literal(token: Token) -> Literal:
    """The value of a token; `KeyError` or `ValueError` when it has none."""
    return _READERS[token.kind](token.text)


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _number(text: str) -> Literal:
    if not text.lstrip("-").isdigit():
        return Literal(float(text), "Edm.Double")
    value = int(text)
    if -_INT32 <= value < _INT32:
        return Literal(value, "Edm.Int32")
    return Literal(value, "Edm.Int64" if -_INT64 <= value < _INT64 else "Edm.Decimal")


def _typed(text: str) -> Literal:
    name, _, rest = text.partition("'")
    value = _unquoted(f"'{rest}")
    if name.lower() == "duration":
        return Literal(duration(value.upper()), "Edm.Duration")
    return Literal(value, "Edm.Binary" if name.lower() == "binary" else name)


def _word(text: str) -> Literal:
    return _LIMITS.get(text) or _WORDS[text.lower()]


_READERS: Mapping[str, Callable[[str], Literal]] = {
    "string": lambda text: Literal(_unquoted(text), "Edm.String"),
    "number": _number,
    "guid": lambda text: Literal(UUID(text), "Edm.Guid"),
    "datetime": lambda text: Literal(moment(text), "Edm.DateTimeOffset"),
    "date": lambda text: Literal(moment(text), "Edm.Date"),
    "time": lambda text: Literal(time_of_day(text), "Edm.TimeOfDay"),
    "typed": _typed,
    "name": _word,
}
