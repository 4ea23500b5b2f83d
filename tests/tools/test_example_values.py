"""tools/_example_values.py: an example is always one that its schema takes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools._example_values import example_for
from tools._schema import Schema


@pytest.mark.parametrize(
    ("name", "schema", "example"),
    [
        pytest.param("importance", {"type": "string", "enum": ["low", "high"]}, "low", id="one of few"),
        pytest.param("kind", {"const": "mail"}, "mail", id="the only one"),
        pytest.param("limit", {"type": "integer", "minimum": 1, "maximum": 50, "default": 25}, 25, id="the default"),
        pytest.param("limit", {"type": "integer", "minimum": 1, "maximum": 50}, 10, id="a number"),
        pytest.param("limit", {"type": "integer", "minimum": 20}, 20, id="a number from 20 on"),
        pytest.param("limit", {"type": "integer", "maximum": 5}, 1, id="a number up to 5"),
        pytest.param("limit", {"type": "integer", "exclusiveMinimum": 20, "exclusiveMaximum": 22}, 21, id="only 21"),
        pytest.param("step", {"type": "integer", "minimum": 11, "multipleOf": 7}, 14, id="a multiple"),
        pytest.param("share", {"type": "number", "minimum": 0.2, "maximum": 0.4}, 0.2, id="a fraction"),
        pytest.param("share", {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5, id="between"),
        pytest.param("limit", {"type": "integer", "minimum": 5, "maximum": 4}, None, id="no number at all"),
        pytest.param("unread", {"type": "boolean", "default": False}, True, id="a boolean"),
        pytest.param("folder", {"type": "string", "default": "sentitems"}, "sentitems", id="a default text"),
        pytest.param("start", {"type": "string"}, "2026-11-20 15:00", id="a time by its name"),
        pytest.param("receivedBefore", {"type": "string"}, "2026-11-20 15:00", id="a time by a part of its name"),
        pytest.param("x", {"type": "string", "description": "local time"}, "2026-11-20 15:00", id="a described time"),
        pytest.param("due_date", {"type": "string"}, "2026-11-20", id="a day"),
        pytest.param("time_zone", {"type": "string"}, "Europe/Berlin", id="a zone"),
        pytest.param("to", {"type": "string"}, "jonas.brandt@contoso.com", id="a recipient"),
        pytest.param("mailbox", {"type": "string"}, "jonas.brandt@contoso.com", id="a mailbox"),
        pytest.param(
            "who", {"type": "string", "description": "Email addresses."}, "jonas.brandt@contoso.com", id="who"
        ),
        pytest.param("message_id", {"type": "string"}, "msg_4k7q2m", id="an id"),
        pytest.param("x", {"type": "string", "description": "to the user"}, "budget", id="words that say nothing"),
        pytest.param("at", {"type": "string", "format": "date-time"}, "2026-11-20T15:00:00Z", id="a format"),
        pytest.param("at", {"type": "string", "format": "hostname"}, "budget", id="a format nobody knows"),
        pytest.param("country", {"type": "string", "maxLength": 2}, "b", id="a short text"),
        pytest.param("note", {"type": "string", "minLength": 50}, ("budget" * 9)[:50], id="a long text"),
        pytest.param("n", {"type": "string", "maxLength": 0, "minLength": 1}, None, id="no text at all"),
        pytest.param("day", {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}, "2026-11-20", id="a form we have"),
        pytest.param("x", {"type": "string", "pattern": "@"}, "jonas.brandt@contoso.com", id="a form that some have"),
        pytest.param("x", {"type": "string", "pattern": "^Q[1-4]$"}, None, id="a form nobody has"),
        pytest.param("x", {"type": "string", "pattern": r"\p{L}+"}, None, id="a form that Python does not read"),
        pytest.param("to", {"type": "array", "items": {"type": "string"}}, ["jonas.brandt@contoso.com"], id="a list"),
        pytest.param("n", {"type": "array", "items": {"type": "integer"}, "minItems": 2}, [10, 10], id="two items"),
        pytest.param("n", {"type": "array", "items": {"type": "string", "pattern": "^Q$"}}, None, id="no item known"),
        pytest.param(
            "person",
            {"type": "object", "properties": {"email": {"type": "string"}, "age": {}}, "required": ["email"]},
            {"email": "jonas.brandt@contoso.com"},
            id="an object",
        ),
        pytest.param("o", {"type": "object", "properties": {"a": {"const": 1}}}, {"a": 1}, id="an optional field"),
        pytest.param("o", {"type": "object"}, {}, id="an empty object"),
        pytest.param("x", {}, "budget", id="anything"),
        pytest.param("x", {"type": "null"}, None, id="a type we do not use"),
    ],
)
def test_an_example_fits_the_argument(name: str, schema: Schema, example: Any) -> None:
    assert example_for(schema, name) == example


@settings(max_examples=60)
@given(st.integers(-100, 100), st.integers(0, 100), st.integers(1, 9))
def test_a_number_is_within_its_bounds(low: int, width: int, step: int) -> None:
    example = example_for({"type": "integer", "minimum": low, "maximum": low + width, "multipleOf": step})
    if width >= step - 1:
        assert low <= example <= low + width
        assert example % step == 0


@settings(max_examples=40)
@given(st.text("abcdefinst_", max_size=12), st.integers(0, 30), st.integers(0, 30))
def test_a_text_is_as_long_as_it_must_be(name: str, least: int, more: int) -> None:
    example = example_for({"type": "string", "minLength": least, "maxLength": least + more}, name)
    assert example is None or least <= len(example) <= least + more
    assert example is not None or least + more == 0


def test_an_address_is_nobodys() -> None:
    assert re.fullmatch(r"[a-z.]+@contoso\.com", example_for({"type": "string"}, "to"))
