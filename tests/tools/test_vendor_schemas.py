"""Every listed tool within the limits that Claude, OpenAI and Gemini publish for functions that a model may call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from mcp.server.mcpserver.tools import Tool

from tools import DISCOVERY, TOOLSETS, Catalogue, Selection, Side

Schema = dict[str, Any]

_WORDS = frozenset({
    *("type", "description", "enum", "items", "properties", "required", "default", "format", "pattern"),
    *("minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength"),
})  # fmt: skip


@dataclass(frozen=True)
class Vendor:
    """What one of them takes. A number that they do not publish is None."""

    name: str
    tool_name: str
    argument_name: str = r".+"
    description: int | None = None
    """Characters of what is said of a function."""
    properties: int | None = None
    depth: int | None = None
    enum_values: int | None = None
    string_total: int | None = None
    """Characters of all names and choices of a schema together."""
    words: frozenset[str] = _WORDS
    formats: frozenset[str] = frozenset()
    root_words: frozenset[str] = frozenset({"additionalProperties"})
    """What an object at the root may say beside."""
    types: frozenset[str] = field(
        default_factory=lambda: frozenset({"object", "array", "string", "integer", "number", "boolean"})
    )


VENDORS = (
    # docs.claude.com, "Define tools": name ^[a-zA-Z0-9_-]{1,64}$ (Claude's apps hold the whole list to it), and the
    # schema is JSON Schema 2020-12 with an object, and no anyOf, oneOf or allOf, at its root. Claude Code puts
    # `mcp__<server>__` before the name, and counts that.
    Vendor("Claude", r"[a-zA-Z0-9_-]{1,47}", argument_name=r"[a-zA-Z0-9_.-]{1,64}", formats=frozenset({"date-time"})),
    # platform.openai.com, "Structured outputs", supported schemas: 5000 properties, 10 levels, 1000 choices, 120 000
    # characters; API reference: function name a-z, A-Z, 0-9, _ and -, at most 64; the API refuses a description beyond
    # 1024 characters.
    Vendor(
        "OpenAI",
        r"[a-zA-Z0-9_-]{1,64}",
        description=1024,
        properties=5000,
        depth=10,
        enum_values=1000,
        string_total=120_000,
        formats=frozenset({"date-time"}),
    ),
    # ai.google.dev, FunctionDeclaration: a letter or _ first, then a-z, A-Z, 0-9, _, dots and dashes, 63 in the older
    # API and 64 in the newer; the names of parameters likewise, without dots and dashes. Schema: the words above and
    # no others, formats enum and date-time for texts, choices of texts alone. `additionalProperties` is taken in
    # `parametersJsonSchema`, and what makes `parameters` of it takes it off the root.
    Vendor(
        "Gemini",
        r"[a-zA-Z_][a-zA-Z0-9_.-]{0,62}",
        argument_name=r"[a-zA-Z_][a-zA-Z0-9_]{0,63}",
        formats=frozenset({"date-time"}),
    ),
)

# An object without a shape, which Gemini's older models refuse: tool_call cannot do without.
OPEN_OBJECTS = {("tool_call", "arguments")}


def served(*, discovery: bool = False, as_application: bool = False, names: tuple[str, ...] = ("all",)) -> list[Tool]:
    selection = Selection(names, as_application=as_application, with_token=True, catalogue=TOOLSETS)
    return [*Catalogue(selection, Side(as_application), finders=DISCOVERY if discovery else None).served]


def faults(tool: Tool, vendor: Vendor) -> list[str]:
    """What this vendor would refuse of a tool."""
    return [f"{vendor.name}: {tool.name}: {fault}" for fault in _faults(tool, vendor)]


def _faults(tool: Tool, vendor: Vendor) -> Iterator[str]:
    root, below = tool.parameters, [each for _, each in _within(tool.parameters)]
    if not re.fullmatch(vendor.tool_name, tool.name):
        yield "the name"
    if not tool.description or len(tool.description) > (vendor.description or len(tool.description)):
        yield "the description"
    if root.get("type") != "object" or "properties" not in root:
        yield "no object with properties at the root"
    if foreign := root.keys() - vendor.words - vendor.root_words:
        yield f"{sorted(foreign)} at the root"
    for name, schema in _within(root):
        yield from (f"{name}: {fault}" for fault in _faults_within(name, schema, vendor, tool.name))
    yield from _sums(root, below, vendor)


def _faults_within(name: str, schema: Schema, vendor: Vendor, tool: str) -> Iterator[str]:
    if not re.fullmatch(vendor.argument_name, name):
        yield "the name"
    yield from map(str, schema.keys() - vendor.words)
    if schema.get("type") not in vendor.types:
        yield f"type {schema.get('type')}"
    yield from (f"format {each}" for each in {schema["format"]} - vendor.formats) if "format" in schema else ()
    yield from _shapeless(name, schema, tool)


def _shapeless(name: str, schema: Schema, tool: str) -> Iterator[str]:
    if not all(isinstance(each, str) and each for each in schema.get("enum", [])):
        yield "a choice that is no text"
    if schema.get("type") == "array" and "items" not in schema:
        yield "a list of nothing in particular"
    if schema.get("type") == "object" and not schema.get("properties") and (tool, name) not in OPEN_OBJECTS:
        yield "an object without properties"
    if not _is_plain(schema.get("pattern", "")):
        yield "a pattern that is not the same everywhere"


def _is_plain(pattern: str) -> bool:
    """Without what only some of the engines know: looking around, classes by name, possession."""
    return not re.search(r"\(\?(?!:)|\\[pPkKRXAzZ]|[*+?}]\+", pattern)


def _sums(root: Schema, below: list[Schema], vendor: Vendor) -> Iterator[str]:
    choices = [choice for each in below for choice in each.get("enum", [])]
    names = [name for name, _ in _within(root)]
    for what, count, most in (
        ("properties", len(names), vendor.properties),
        ("levels", _depth(root), vendor.depth),
        ("choices", len(choices), vendor.enum_values),
        ("characters", sum(len(str(each)) for each in (*names, *choices)), vendor.string_total),
    ):
        if most is not None and count > most:
            yield f"{count} {what}"


def _within(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every schema below, by the name of the property that it is of."""
    for name, each in schema.get("properties", {}).items():
        while each.get("type") == "array" and "items" in each:
            yield name, each
            each = each["items"]  # noqa: PLW2901
        yield name, each
        yield from _within(each)


def _depth(schema: Schema) -> int:
    below = [*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    return 1 + max(map(_depth, below), default=0)


LISTS: dict[str, Callable[[], list[Tool]]] = {
    "everything": served,
    "default": lambda: served(names=("default",)),
    "discovery": lambda: served(discovery=True),
    "application": lambda: served(as_application=True),
}


@pytest.mark.parametrize("vendor", [pytest.param(vendor, id=vendor.name) for vendor in VENDORS])
@pytest.mark.parametrize("which", LISTS)
def test_every_listed_tool_is_what_a_vendor_takes(which: str, vendor: Vendor) -> None:
    tools = LISTS[which]()
    found = [fault for tool in tools for fault in faults(tool, vendor)]
    assert tools
    assert not found, "\n".join(found)


@pytest.mark.parametrize("which", LISTS)
def test_answers_are_described_by_flat_objects(which: str) -> None:
    for tool in LISTS[which]():
        schema = tool.output_schema
        if schema is None:
            continue
        assert schema["type"] == "object", tool.name
        assert schema.keys() <= {"type", "properties", "required"}, tool.name
        found = [fault for name, each in _within(schema) for fault in _faults_within(name, each, VENDORS[2], tool.name)]
        assert not found, f"{tool.name}: {found}"


# What the walk would see.


def broken(argument: Schema, name: str = "sample_look", called: str = "thing") -> list[str]:
    tool = served()[0].model_copy()
    tool.name = name
    tool.parameters = {"type": "object", "properties": {called: argument}, "additionalProperties": False}
    return [fault for vendor in VENDORS for fault in faults(tool, vendor)]


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        pytest.param({"anyOf": [TEXT, {"type": "null"}]}, "anyOf", id="a union"),
        pytest.param({"$ref": "#/$defs/x"}, "$ref", id="a reference"),
        pytest.param({"type": "null"}, "type null", id="null"),
        pytest.param({"type": "integer", "exclusiveMinimum": 0}, "exclusiveMinimum", id="an open bound"),
        pytest.param({"type": "array", "items": TEXT, "uniqueItems": True}, "uniqueItems", id="a set"),
        pytest.param({"type": "array"}, "a list of nothing", id="a list of anything"),
        pytest.param({"type": "array", "items": {**TEXT, "title": "x"}}, "title", id="a title in a list"),
        pytest.param({**TEXT, "format": "uuid"}, "format uuid", id="a format"),
        pytest.param({"type": "integer", "enum": [1, 2]}, "a choice that is no text", id="choices of numbers"),
        pytest.param({**TEXT, "pattern": r"^(?!x)\p{L}+$"}, "a pattern", id="a pattern of one engine"),
        pytest.param({"type": "object"}, "an object without properties", id="an open object"),
        pytest.param({**TEXT, "enum": [f"c{number}" for number in range(1001)]}, "1001 choices", id="many choices"),
    ],
)
def test_a_schema_that_a_vendor_refuses_is_caught(argument: Schema, said: str) -> None:
    assert said in " ".join(broken(argument))
    assert not broken(TEXT)


def test_names_and_depths_that_a_vendor_refuses_are_caught() -> None:
    deep: Schema = TEXT
    for _ in range(10):
        deep = {"type": "object", "properties": {"x": deep}}
    assert "12 levels" in " ".join(broken(deep))
    assert "the name" in " ".join(broken(TEXT, name="sample.look"))
    assert "the name" in " ".join(broken(TEXT, called="the-thing"))
