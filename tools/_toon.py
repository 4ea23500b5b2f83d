"""TOON, the Token-Oriented Object Notation: JSON's data in fewer tokens, for clients that ask for it.

Written to what decoders of TOON 3.3 and of 4.0 both read (github.com/toon-format/spec): two spaces, commas, tables for
lists of flat objects; without 4.0's keyed tables and nested columns. Our answers leave out a key that has no value, and
TOON's tables know only full rows, so a gap in a table is written `null`, which says the same; an empty cell would be
read as an empty text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, TypeGuard

Json: TypeAlias = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_LIKE_A_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
# What has a meaning in TOON, and what a reader may take for the end of a line.
_QUOTED = re.compile(r'[\x00-\x1f:"\\\[\]{},\x85\u2028\u2029]')
_ESCAPES = str.maketrans(
    {chr(code): f"\\u{code:04x}" for code in (*range(0x20), 0x85, 0x2028, 0x2029)}
    | {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
)
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_LITERALS = {"true", "false", "null"}
# A table of which more is gaps than values says less than its rows would one by one.
_LEAST_FILLED = 0.5


def toon(value: Json) -> str:
    """The value as a TOON document; an object without keys is an empty one."""
    if isinstance(value, Mapping):
        return "\n".join(_object(value, 0))
    if _is_list(value):
        return "\n".join(_list("", value, 0)) if value else "[]"
    return _scalar(value)


def _object(fields: Mapping[str, Json], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for name, value in fields.items():
        key = _key(name)
        if isinstance(value, Mapping):
            yield f"{pad}{key}:"
            yield from _object(value, depth + 1)
        elif _is_list(value):
            yield from _list(key, value, depth) if value else [f"{pad}{key}: []"]
        else:
            yield f"{pad}{key}: {_scalar(value)}"


def _list(key: str, items: Sequence[Json], depth: int, *, is_nested: bool = False) -> Iterator[str]:
    """A list in the shortest form that it has. Inside another list there are no tables."""
    head = f"{'  ' * depth}{key}[{len(items)}]"
    if not any(isinstance(item, Mapping) or _is_list(item) for item in items):
        yield f"{head}: {','.join(_scalar(item) for item in items)}".rstrip()
    elif not is_nested and _is_table(items):
        names = list(dict.fromkeys(name for row in items for name in row))
        yield f"{head}{{{','.join(_key(name) for name in names)}}}:"
        for row in items:
            yield "  " * (depth + 1) + ",".join(_scalar(row.get(name)) for name in names)
    else:
        yield f"{head}:"
        for item in items:
            yield from _item(item, depth + 1)


def _item(item: Json, depth: int) -> Iterator[str]:
    """An item of a list, its first line behind the hyphen; an object's fields stand a step further in."""
    if isinstance(item, Mapping):
        lines = _object(item, depth + 1)
    else:
        lines = _list("", item, depth, is_nested=True) if _is_list(item) else iter([_scalar(item)])
    yield f"{'  ' * depth}- {next(lines, '').lstrip(' ')}".rstrip(" ")
    yield from lines


def _is_list(value: Json) -> TypeGuard[Sequence[Json]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_table(items: Sequence[Json]) -> TypeGuard[Sequence[Mapping[str, Json]]]:
    """Whether all are flat objects with something in them, and enough alike."""
    rows = [item for item in items if isinstance(item, Mapping) and item]
    if len(rows) < len(items):
        return False
    if any(isinstance(value, Mapping) or _is_list(value) for row in rows for value in row.values()):
        return False
    columns = {name for row in rows for name in row}
    return sum(map(len, rows)) >= _LEAST_FILLED * len(rows) * len(columns)


def _key(name: str) -> str:
    return name if _PLAIN_KEY.fullmatch(name) else _in_quotes(name)


def _scalar(value: Json) -> str:
    if isinstance(value, str):
        return _in_quotes(value) if _needs_quotes(value) else _whole(value)
    return _number(value) if isinstance(value, float) else json.dumps(value)


def _needs_quotes(text: str) -> bool:
    is_like_other = text in _LITERALS or text.startswith(("-", "#")) or _LIKE_A_NUMBER.fullmatch(text)
    return not text or text != text.strip() or bool(is_like_other or _QUOTED.search(text))


def _in_quotes(text: str) -> str:
    return f'"{_whole(text.translate(_ESCAPES))}"'


def _whole(text: str) -> str:
    """Without halves of characters, which no encoding can write."""
    return _HALF_A_CHARACTER.sub("\ufffd", text)


def _number(value: float) -> str:
    """Without exponent, trailing zeros or a sign before zero, as far as TOON has numbers written out."""
    if not math.isfinite(value):
        return "null"
    exact = Decimal(repr(value))
    if value and not 1e-6 <= abs(value) < 1e21:
        digits, exponent = f"{exact.normalize():e}".split("e")
        return f"{digits}e{int(exponent):+d}"
    return str(int(value)) if value.is_integer() else f"{exact:f}"
