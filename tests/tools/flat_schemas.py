"""A strict reader of the flat schemas that our tools list: what is not described there does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


def misfits(value: Any, schema: Mapping[str, Any], where: str = "answer") -> Iterator[str]:
    """What of a value the schema does not describe."""
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        yield f"{where}: the schema has the type {kind!r}"
    elif not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        yield f"{where}: {value!r} is no {kind}"
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from misfits(each, schema.get("items", {}), f"{where}[{number}]")
    elif isinstance(value, dict):
        yield from _in_object(value, schema, where)
    elif "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"


def _in_object(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, each in value.items():
        if name in known:
            yield from misfits(each, known[name], f"{where}.{name}")
        else:
            yield f"{where}: {name} is not in the schema"
