"""tools/_schema.py: the flattest form of a schema."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from tools import _schema


class Inner(BaseModel):
    """Written for us."""

    title: str
    note: str | None = None


class Outer(BaseModel):
    """Written for us, too."""

    rows: list[Inner]
    one: Annotated[Inner, Field(description="said to the model")]
    description: str = "a property may bear any name"
    either: int | str = 1


def keys_in(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*(keys_in(each) for each in schema))
    if not isinstance(schema, dict):
        return set()
    named = schema.get("properties", {})
    below = [keys_in(each) for key, each in schema.items() if key != "properties"] + [
        keys_in(each) for each in named.values()
    ]
    return set(schema).union(*below)


def test_references_titles_and_null_unions_are_gone() -> None:
    class Flat(Outer):
        either: int = 1

    flat = _schema.flat_output(Flat.model_json_schema())
    assert keys_in(flat).isdisjoint({"$ref", "$defs", "anyOf", "title"})
    assert flat["properties"]["rows"]["items"]["properties"]["note"] == {"type": "string"}


def test_a_property_may_be_called_title_or_description() -> None:
    class Flat(Outer):
        either: int = 1

    flat = _schema.flat_output(Flat.model_json_schema())
    assert flat["properties"]["rows"]["items"]["properties"]["title"] == {"type": "string"}
    assert flat["properties"]["description"]["type"] == "string"


def test_docstrings_of_our_classes_do_not_reach_the_model() -> None:
    class Flat(Outer):
        either: int = 1

    assert "Written for us" not in str(_schema.flat_output(Flat.model_json_schema()))


def test_arguments_take_nothing_beyond_what_is_listed() -> None:
    assert _schema.flat_input({"type": "object", "properties": {}})["additionalProperties"] is False


def test_what_can_never_be_flat_is_refused_at_declaration() -> None:
    class Open(BaseModel):
        by_name: dict[str, int]

    with pytest.raises(ValueError, match="additionalProperties"):
        _schema.flat_output(Open.model_json_schema())


def test_a_real_union_is_refused_at_declaration() -> None:
    with pytest.raises(ValueError, match="union"):
        _schema.flat_input(Outer.model_json_schema())
