"""The flattest form of a JSON schema: what every model vendor accepts, in the fewest bytes."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_LOCAL = "#/$defs/"
_DROPPED = {"title", "$defs"}
_NEVER_FLAT = {"oneOf", "allOf", "prefixItems", "additionalProperties", "patternProperties"}


def flat_input(schema: Schema) -> Schema:
    """Arguments: no references, null unions or titles; nothing beyond what is listed is taken."""
    return {**_flat(schema, schema.get("$defs", {})), "additionalProperties": False}


def flat_output(schema: Schema) -> Schema:
    """Results: as above, without defaults, and without the docstrings of our classes, which are written for us."""
    flat: Schema = _plain(_flat(schema, schema.get("$defs", {})))
    return flat


def _flat(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    if used := _NEVER_FLAT & schema.keys():
        raise ValueError(f"a schema may not use {', '.join(sorted(used))}: {schema}")
    if "$ref" in schema:
        target = definitions[schema["$ref"].removeprefix(_LOCAL)]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    if "anyOf" in schema:
        schema = _without_null(schema)
    flat = {key: value for key, value in schema.items() if key not in _DROPPED and (key, value) != ("default", None)}
    if "items" in schema:
        flat["items"] = _flat(schema["items"], definitions)
    if "properties" in schema:
        flat["properties"] = {name: _flat(each, definitions) for name, each in schema["properties"].items()}
        flat["required"] = [name for name in schema.get("required", []) if not _is_nullable(schema["properties"][name])]
    return flat if flat.get("required", True) else {key: value for key, value in flat.items() if key != "required"}


def _is_nullable(schema: Schema) -> bool:
    """What may be null is left out of an answer instead."""
    return {"type": "null"} in schema.get("anyOf", [])


def _without_null(schema: Schema) -> Schema:
    kept = [arm for arm in schema["anyOf"] if arm.get("type") != "null"]
    if len(kept) != 1:
        raise ValueError(f"a schema may not be a union: {schema}")
    return {**kept[0], **{key: value for key, value in schema.items() if key != "anyOf"}}


def _plain(schema: Schema) -> Schema:
    hidden = {"default", "description"} if schema.get("type") == "object" else {"default"}
    plain = {key: value for key, value in schema.items() if key not in hidden}
    if "items" in plain:
        plain["items"] = _plain(plain["items"])
    if "properties" in plain:
        plain["properties"] = {name: _plain(each) for name, each in plain["properties"].items()}
    return plain
