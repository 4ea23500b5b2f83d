"""A right example for an argument, by its flat schema, its name and its description."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tools._schema import Schema

_TIME, _DAY, _ADDRESS = "2026-11-20 15:00", "2026-11-20", "jonas.brandt@contoso.com"
_ID, _ZONE, _PLAIN = "msg_4k7q2m", "Europe/Berlin", "budget"

_BY_FORMAT = {
    "date-time": "2026-11-20T15:00:00Z",
    "date": _DAY,
    "time": "15:00:00",
    "duration": "PT1H30M",
    "email": _ADDRESS,
    "uri": "https://contoso.com",
    "uuid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
}
# The first line with a word of the argument's name counts.
_BY_NAME = (
    (_ZONE, {"zone", "timezone"}),
    (_ADDRESS, {"to", "cc", "bcc", "address", "addresses", "email", "mailbox", "recipient", "recipients"}),
    (_ADDRESS, {"attendee", "attendees", "sender", "user", "users", "person", "people", "account", "owner", "member"}),
    (_DAY, {"date", "day"}),
    (_TIME, {"time", "since", "until", "before", "after", "start", "end", "due", "when"}),
    (_ID, {"id", "ids", "handle"}),
    ("https://contoso.com", {"url", "link", "website"}),
    ("contoso.com", {"domain"}),
    ("inbox", {"folder"}),
    ("Budget 2027", {"subject", "title", "name"}),
)
# In a description fewer words are sure signs: `to` and `user` are in many.
_BY_DESCRIPTION = (
    (_ZONE, {"zone"}),
    (_ADDRESS, {"address", "addresses", "email", "emails", "username", "usernames"}),
    (_DAY, {"date", "day"}),
    (_TIME, {"time", "times", "moment"}),
    (_ID, {"id", "ids", "handle"}),
)


def example_for(schema: Schema, name: str = "") -> Any:  # noqa: ANN401 - whatever JSON the schema asks for
    """A value that the schema takes, as a model would write it; none where no right one is known."""
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    make = _BY_TYPE.get(schema.get("type", "string"))
    return make(schema, name) if make else None


def _number(schema: Schema, _: str) -> float | None:
    guesses = (guess for guess in _numbers(schema) if _is_in_bounds(guess, schema))
    is_whole = schema["type"] == "integer"
    return next((guess for guess in guesses if isinstance(guess, int) or not is_whole), None)


def _numbers(schema: Schema) -> Iterator[float]:
    """The schema's own default, then a plain ten, then what lies at the bounds and between them."""
    step = schema.get("multipleOf", 1)
    bounds = [schema[name] for name in _BOUNDS if name in schema]
    yield from (default for default in (schema.get("default"),) if isinstance(default, int | float))
    yield from (10, step)
    for bound in bounds:
        yield bound
        yield from (bound // step * step + near * step for near in (-1, 0, 1))
    if bounds:
        yield (bounds[0] + bounds[-1]) / 2


_BOUNDS: dict[str, Callable[[float, float], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
}


def _is_in_bounds(value: float, schema: Schema) -> bool:
    is_step = "multipleOf" not in schema or value % schema["multipleOf"] == 0
    return is_step and all(holds(value, schema[name]) for name, holds in _BOUNDS.items() if name in schema)


def _text(schema: Schema, name: str) -> str | None:
    guesses = (guess for guess in _texts(schema, name) if _is_taken(guess, schema))
    return next(guesses, None)


def _texts(schema: Schema, name: str) -> Iterator[str]:
    """The likeliest first; for a schema with a pattern, whatever we have may fit."""
    described = schema.get("description", "")
    yield from (each for each in (schema.get("default"), _BY_FORMAT.get(schema.get("format", ""))) if each)
    # readReceiptTo and read_receipt_to are the same words.
    yield from _fitting(_BY_NAME, re.findall(r"[A-Z]?[a-z]+", name))
    yield from _fitting(_BY_DESCRIPTION, re.findall(r"[A-Za-z]+", described))
    yield _PLAIN
    yield from _BY_FORMAT.values()
    yield from (example for example, _ in _BY_NAME)
    if "pattern" not in schema:
        least = schema.get("minLength", 1)
        yield (_PLAIN * (least // len(_PLAIN) + 1))[: max(least, 1)]


def _fitting(table: Iterable[tuple[str, set[str]]], words: Iterable[str]) -> Iterator[str]:
    used = {word.lower() for word in words}
    return (example for example, signs in table if signs & used)


def _is_taken(text: str, schema: Schema) -> bool:
    try:
        has_form = re.search(schema.get("pattern", ""), text) is not None
    except re.error:  # pydantic's patterns are Rust's, and some are not Python's
        return False
    return has_form and schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))


def _list(schema: Schema, name: str) -> list[Any] | None:
    one = example_for(schema.get("items", {}), name)
    return None if one is None else [one] * max(1, schema.get("minItems", 1))


def _object(schema: Schema, _: str) -> dict[str, Any] | None:
    fields = schema.get("properties", {})
    made = {name: example_for(fields[name], name) for name in schema.get("required", list(fields)[:1])}
    return None if None in made.values() else made


_BY_TYPE: dict[str, Callable[[Schema, str], Any]] = {
    "integer": _number,
    "number": _number,
    "boolean": lambda *_: True,
    "string": _text,
    "array": _list,
    "object": _object,
}
