"""The flattest form of a JSON schema: what every model vendor accepts, in the fewest bytes."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

_LOCAL = "#/$defs/"
# What an object allows that says nothing about what is in it.
_ANYTHING = ("additionalProperties", True)
_NEVER_FLAT = {"oneOf", "allOf", "prefixItems", "additionalProperties", "patternProperties"}

# A client that hands our schemas to Gemini as they are is refused for anything beside these, and with it the whole
# request. What is dropped is judged all the same, by the model of the arguments.
_KEPT = frozenset({
    *("type", "description", "enum", "default", "format", "items", "properties", "required"),
    *("minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength", "pattern"),
})  # fmt: skip
_FORMATS = frozenset({"date-time"})


def flat_input(schema: Schema) -> Schema:
    """Arguments: no references, null unions or titles; nothing beyond what is listed is taken."""
    return {**_flat(schema, schema.get("$defs", {})), "additionalProperties": False}


def flat_output(schema: Schema) -> Schema:
    """Results: as above, without defaults, and without the docstrings of our classes, which are written for us."""
    flat: Schema = _plain(_flat(schema, schema.get("$defs", {})))
    return flat


def _flat(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    if "anyOf" in schema:
        schema = _without_null(schema)
    if "$ref" in schema:
        target = definitions[schema["$ref"].removeprefix(_LOCAL)]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    schema = {key: value for key, value in schema.items() if (key, value) != _ANYTHING}
    if used := _NEVER_FLAT & schema.keys():
        raise ValueError(f"a schema may not use {', '.join(sorted(used))}: {schema}")
    flat = {key: value for key, value in _in_known_words(schema).items() if key in _KEPT and _tells(key, value)}
    if "items" in schema:
        flat["items"] = _flat(schema["items"], definitions)
    if "properties" in schema:
        flat["properties"] = {name: _flat(each, definitions) for name, each in schema["properties"].items()}
        flat["required"] = [name for name in schema.get("required", []) if not _is_nullable(schema["properties"][name])]
    return flat if flat.get("required", True) else {key: value for key, value in flat.items() if key != "required"}


def _tells(key: str, value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether it says more than nothing would: what is left out is no, nothing or none anyhow."""
    return bool(value) or key != "default"


def _in_known_words(schema: Schema) -> Schema:
    """The same with words that every vendor knows, as far as there are any."""
    if "const" in schema:
        schema = {**schema, "enum": [schema["const"]]}
    if not all(isinstance(each, str) for each in schema.get("enum", [])):
        raise ValueError(f"a schema may only offer texts to choose from: {schema}")
    step = 1 if schema.get("type") == "integer" else 0
    if "exclusiveMinimum" in schema:
        schema = {"minimum": schema["exclusiveMinimum"] + step, **schema}
    if "exclusiveMaximum" in schema:
        schema = {"maximum": schema["exclusiveMaximum"] - step, **schema}
    if schema.get("format", "date-time") not in _FORMATS:
        schema = {"description": f"a {schema['format']}", **schema}
        schema = {key: value for key, value in schema.items() if key != "format"}
    return schema


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
