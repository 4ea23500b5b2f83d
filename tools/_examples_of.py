"""What is wrong with a call's arguments, in plain words, each mistake with a right example."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from tools._example_values import example_for
from tools._schema import Schema
from tools._units import count, listed

__all__ = ["complaints", "example_for"]

_MOST = 5
_SHOWN = 40
_LONGEST_REASON = 160


@dataclass(frozen=True)
class _Mistake:
    """One of pydantic's errors, and what the flat schema says about its place."""

    kind: str
    value: Any
    context: Mapping[str, Any]
    reason: str
    where: str
    schema: Schema
    name: str
    """Of the nearest argument or field above it, whose schema is `field`."""
    field: Schema
    is_required: bool
    takes: tuple[str, ...]
    """The names that are known where an unknown one was found."""

    @property
    def shown(self) -> str:
        """The value, where it is short."""
        if isinstance(self.value, str):
            return json.dumps(_short(self.value), ensure_ascii=False)
        if isinstance(self.value, list | dict):
            return "this"
        is_long = isinstance(self.value, int) and abs(self.value) >= 10**20
        return "this number" if is_long else json.dumps(self.value, default=lambda _: "this")


def complaints(error: ValidationError, parameters: Schema) -> list[str]:
    """A line for each mistake: the argument, what is wrong, and a right example; five lines at most."""
    problems = error.errors(include_url=False)
    shown = problems if len(problems) <= _MOST else problems[: _MOST - 1]
    lines = [_line(_placed(problem, parameters)) for problem in shown]
    return lines if len(shown) == len(problems) else [*lines, f"And {len(problems) - len(shown)} more mistakes."]


def _placed(problem: Mapping[str, Any], parameters: Schema) -> _Mistake:
    """The mistake with what the schema knows of its place, as far as the two agree on the way."""
    schema = field = parameters
    name, is_required = "", True
    for part in problem["loc"]:
        fields = schema.get("properties", {})
        if part in fields:
            is_required = part in schema.get("required", [])
            name, schema = part, fields[part]
            field = schema
        else:
            schema = schema.get("items", {}) if isinstance(part, int) else {"properties": fields}
    return _Mistake(
        kind=problem["type"],
        value=problem["input"],
        context=problem.get("ctx", {}),
        reason=problem["msg"],
        where=_where(problem["loc"]),
        schema=schema,
        name=name,
        field=field,
        is_required=is_required,
        takes=tuple(schema.get("properties", {})),
    )


def _where(location: tuple[int | str, ...]) -> str:
    """`to[2].address`; keys that nobody knows come from the caller and may be long."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_short(part)}" for part in location)
    return "".join(parts).removeprefix(".") or "arguments"


def _line(mistake: _Mistake) -> str:
    wrong = f"{mistake.where}: {_wrong(mistake)}"
    example = None if mistake.kind in {"extra_forbidden", "json_invalid"} or not mistake.name else _right(mistake)
    if example is None:
        return f"{wrong}."
    return f"{wrong}. Example: {json.dumps(mistake.name)}: {json.dumps(example, ensure_ascii=False)}"


def _right(mistake: _Mistake) -> Any:  # noqa: ANN401 - whatever JSON the schema asks for
    """The example; among few values the one that was nearly written."""
    if known := next((each for kind, each in _BY_KIND.items() if mistake.kind.startswith(kind)), None):
        return known
    options = mistake.field.get("enum", [])
    if isinstance(mistake.value, str):
        texts = {str(each).casefold(): each for each in options}
        for close in get_close_matches(mistake.value[:_SHOWN].casefold(), texts, n=1):
            return texts[close]
    return example_for(mistake.field, mistake.name)


def _wrong(mistake: _Mistake) -> str:
    if mistake.value is None and mistake.kind.endswith("_type"):
        return "null is not taken" + ("" if mistake.is_required else "; leave it out")
    for prefix, wanted in _WANTED.items():
        if mistake.kind.startswith(prefix):
            return f"{mistake.shown} {wanted}"
    say = _SAID.get(mistake.kind)
    return say(mistake) if say else _said_by_pydantic(mistake)


# Of what the listed schema does not say, since not every vendor takes the word for it.
_BY_KIND = {
    "time_delta_": "PT1H30M",
    "time_": "15:00:00",
    "uuid_": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
}

# By how the name of pydantic's error begins; the first that fits counts.
_WANTED = {
    "string_type": "must be text, in quotes",
    "string_sub_type": "must be text, in quotes",
    "string_unicode": "has characters that cannot be written",
    "int_parsing_size": "has too many digits",
    "int_": "must be a whole number, without quotes",
    "float_": "must be a number, without quotes",
    "finite_number": "must be a finite number",
    "bool_": "must be true or false, without quotes",
    "list_type": "must be a list, in [ ]",
    "tuple_type": "must be a list, in [ ]",
    "set_type": "must be a list, in [ ]",
    "dict_type": "must be an object, in { }",
    "model_": "must be an object, in { }",
    "date_type": "must be a day",
    "date_parsing": "is not a day",
    "date_from_datetime_": "is not a day",
    "datetime_type": "must be a time",
    "datetime_parsing": "is not a time",
    "datetime_from_date_parsing": "is not a time",
    "datetime_object_invalid": "is not a time",
    "time_type": "must be a time of day",
    "time_parsing": "is not a time of day",
    "time_delta_": "is not a duration",
    "uuid_": "is not a UUID",
    "url_": "is not a web address",
}


def _too_small(mistake: _Mistake) -> str:
    return f"{mistake.shown} is too small{_bounds(mistake)}"


def _too_large(mistake: _Mistake) -> str:
    return f"{mistake.shown} is too large{_bounds(mistake)}"


def _bounds(mistake: _Mistake) -> str:
    """The schema tells both ends; pydantic only the one that was passed."""
    ends = mistake.schema if any(name in mistake.schema for name, _, _ in _ENDS) else mistake.context
    if "minimum" in ends and "maximum" in ends:
        return f" ({ends['minimum']} to {ends['maximum']})"
    said = [f"{words} {ends[key]}" for name, short, words in _ENDS for key in (name, short) if key in ends]
    return f" ({', '.join(said)})" if said else ""


_ENDS = (
    ("minimum", "ge", "at least"),
    ("exclusiveMinimum", "gt", "more than"),
    ("maximum", "le", "at most"),
    ("exclusiveMaximum", "lt", "less than"),
)


def _short_text(mistake: _Mistake) -> str:
    least = count(mistake.context["min_length"], "character")
    return "must not be empty" if mistake.value == "" else f"{mistake.shown} is too short (at least {least})"


def _long_text(mistake: _Mistake) -> str:
    return f"too long: {len(mistake.value)} characters (at most {mistake.context['max_length']})"


def _few_items(mistake: _Mistake) -> str:
    least = count(mistake.context["min_length"], "item")
    return f"too few: {mistake.context['actual_length']} (at least {least})"


def _many_items(mistake: _Mistake) -> str:
    return f"too many: {len(mistake.value)} (at most {count(mistake.context['max_length'], 'item')})"


def _other_form(mistake: _Mistake) -> str:
    return f"{mistake.shown} must have the form {_short(mistake.context['pattern'], 80)}"


def _none_of(mistake: _Mistake) -> str:
    options = [str(each) for each in mistake.schema.get("enum", [])]
    return f"{mistake.shown} is not one of {listed(options, 12) if options else mistake.context['expected']}"


def _unknown(mistake: _Mistake) -> str:
    return f"there is no such argument; it takes {listed(mistake.takes, 20)}"


def _said_by_code(mistake: _Mistake) -> str:
    return _reason(str(mistake.context["error"]), mistake)


def _said_by_pydantic(mistake: _Mistake) -> str:
    return _reason(mistake.reason[:1].lower() + mistake.reason[1:], mistake)


def _reason(text: str, mistake: _Mistake) -> str:
    """Somebody else's words, which may repeat all of a long value."""
    if isinstance(mistake.value, str) and len(mistake.value) > _SHOWN:
        text = text.replace(mistake.value, _short(mistake.value))
    return _short(text.rstrip("."), _LONGEST_REASON)


def _short(text: str, most: int = _SHOWN) -> str:
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:most])
    return f"{shown}…" if len(text) > most else shown


_SAID: dict[str, Callable[[_Mistake], str]] = {
    "missing": lambda _: "missing",
    "extra_forbidden": _unknown,
    "greater_than": _too_small,
    "greater_than_equal": _too_small,
    "less_than": _too_large,
    "less_than_equal": _too_large,
    "multiple_of": lambda mistake: f"{mistake.shown} is not a multiple of {mistake.context['multiple_of']}",
    "string_too_short": _short_text,
    "string_too_long": _long_text,
    "too_short": _few_items,
    "too_long": _many_items,
    "string_pattern_mismatch": _other_form,
    "enum": _none_of,
    "literal_error": _none_of,
    "json_invalid": lambda _: "this is not JSON",
    "value_error": _said_by_code,
    "assertion_error": _said_by_code,
}
