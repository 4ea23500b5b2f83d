"""tools/_schema.py: the flattest form of a schema."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model

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


@pytest.mark.parametrize(
    ("kind", "flat"),
    [
        pytest.param(Annotated[int, Field(gt=0, lt=9)], {"minimum": 1, "maximum": 8}, id="open bounds of an integer"),
        pytest.param(Annotated[float, Field(gt=0, lt=9)], {"minimum": 0, "maximum": 9}, id="open bounds of a number"),
        pytest.param(Annotated[int, Field(ge=2, gt=0)], {"minimum": 2}, id="both bounds"),
        pytest.param(Annotated[int, Field(multiple_of=5)], {}, id="steps"),
        pytest.param(Literal["a"], {"enum": ["a"]}, id="one choice"),
        pytest.param(Literal["a", "b"], {"enum": ["a", "b"]}, id="choices"),
        pytest.param(date, {"description": "a date"}, id="a format that not all know"),
        pytest.param(datetime, {"format": "date-time"}, id="a format that all know"),
        pytest.param(Annotated[date, Field(description="when")], {"description": "when"}, id="a format, described"),
        pytest.param(
            Annotated[str, Field(pattern="^a+$", max_length=9)], {"pattern": "^a+$", "maxLength": 9}, id="text"
        ),
        pytest.param(Annotated[str, Field(examples=["a"], deprecated=True)], {}, id="words for others"),
        pytest.param(set[str], {"items": {"type": "string"}}, id="a set"),
        pytest.param(dict[str, Any] | None, {}, id="an open object that may be left out"),
    ],
)
def test_only_words_that_every_vendor_knows_are_left(kind: Any, flat: dict[str, Any]) -> None:
    model: type[BaseModel] = create_model("Arguments", it=(kind, ...))
    schema = model.model_json_schema()
    it = _schema.flat_input(schema)["properties"]["it"]
    assert {key: value for key, value in it.items() if key != "type"} == flat


@pytest.mark.parametrize("default", [None, False, [], "", 0], ids=repr)
def test_a_default_that_says_nothing_is_not_told(default: Any) -> None:
    def flat(said: Any) -> Any:
        argument = {"type": "string", "default": said}
        return _schema.flat_input({"type": "object", "properties": {"it": argument}})["properties"]["it"]

    assert flat(default) == {"type": "string"}
    assert flat("inbox") == {"type": "string", "default": "inbox"}


@pytest.mark.parametrize("choices", [pytest.param([1, 2], id="numbers"), pytest.param(["a", None], id="null")])
def test_choices_that_are_no_texts_are_refused_at_declaration(choices: list[Any]) -> None:
    with pytest.raises(ValueError, match="texts to choose from"):
        _schema.flat_input({"type": "object", "properties": {"it": {"enum": choices}}})


def test_a_real_union_is_refused_at_declaration() -> None:
    with pytest.raises(ValueError, match="union"):
        _schema.flat_input(Outer.model_json_schema())
