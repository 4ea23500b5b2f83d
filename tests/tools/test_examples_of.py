"""tools/_examples_of.py: each way in which an argument can be wrong is told in plain words, with a right example."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AfterValidator, AnyUrl, BaseModel, ConfigDict, Field, ValidationError

from tools._examples_of import complaints
from tools._schema import Schema, flat_input


class Importance(StrEnum):
    """How a message is marked."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Person(BaseModel):
    """Somebody who is invited."""

    model_config = ConfigDict(extra="forbid")

    email: str
    name: str | None = None


def _a_workday(text: str) -> str:
    if text.startswith("Sun"):
        raise ValueError(f"{text} is not a workday")
    return text


def _short_enough(text: str) -> str:
    if len(text) > 9:
        raise AssertionError("too much to read")
    return text


class Arguments(BaseModel):
    """One argument for each kind of mistake."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[str, Field(min_length=3, max_length=20)]
    limit: Annotated[int, Field(ge=1, le=50)] = 25
    skip: Annotated[int, Field(ge=0)] = 0
    hours: Annotated[int, Field(gt=0, lt=24)] = 8
    share: Annotated[float, Field(le=1)] = 0.5
    step: Annotated[int, Field(multiple_of=5)] = 5
    unread: bool = False
    to: Annotated[list[str], Field(min_length=1, max_length=3)] = ["a@contoso.com"]
    people: list[Person] | None = None
    organizer: Person = Person(email="x")
    query: Annotated[str, Field(min_length=1)] = "x"
    label: str | None = None
    code: Annotated[str, Field(pattern="^[0-9]{4}$")] = "1234"
    importance: Literal["low", "normal", "high"] = "normal"
    marked: Importance = Importance.NORMAL
    on: date = date(2026, 11, 20)
    at: datetime | None = None
    clock: time | None = None
    span: timedelta | None = None
    key: UUID | None = None
    link: AnyUrl | None = None
    workday: Annotated[str, AfterValidator(_a_workday)] = "Mon"
    words: Annotated[str, AfterValidator(_short_enough)] = "few"


def flat() -> Schema:
    """As tools have it: that nothing else is taken is said once, for the arguments as a whole."""
    schema = Arguments.model_json_schema()
    for each in (schema, schema["$defs"]["Person"]):
        del each["additionalProperties"]
    return flat_input(schema)


SCHEMA = flat()


def told(given: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as refused:
        Arguments.model_validate_json(json.dumps({"subject": "Budget", **given}), strict=True)
    return complaints(refused.value, SCHEMA)


@pytest.mark.parametrize(
    ("given", "line"),
    [
        pytest.param({"limit": 99}, 'limit: 99 is too large (1 to 50). Example: "limit": 25', id="too large"),
        pytest.param({"limit": 0}, 'limit: 0 is too small (1 to 50). Example: "limit": 25', id="too small"),
        pytest.param({"skip": -1}, 'skip: -1 is too small (at least 0). Example: "skip": 10', id="one bound"),
        pytest.param({"share": 1.5}, 'share: 1.5 is too large (at most 1). Example: "share": 0.5', id="a fraction"),
        pytest.param(
            {"hours": 24},
            'hours: 24 is too large (1 to 23). Example: "hours": 8',
            id="bounds outside",
        ),
        pytest.param({"hours": 0}, 'hours: 0 is too small (1 to 23). Example: "hours": 8', id="a bound itself"),
        pytest.param({"step": 7}, 'step: 7 is not a multiple of 5. Example: "step": 5', id="no multiple"),
        pytest.param(
            {"limit": "25"},
            'limit: "25" must be a whole number, without quotes. Example: "limit": 25',
            id="a number as text",
        ),
        pytest.param(
            {"limit": 2.5}, 'limit: 2.5 must be a whole number, without quotes. Example: "limit": 25', id="not whole"
        ),
        pytest.param(
            {"limit": 10**30}, 'limit: this number is too large (1 to 50). Example: "limit": 25', id="far too large"
        ),
        pytest.param(
            {"share": "half"},
            'share: "half" must be a number, without quotes. Example: "share": 0.5',
            id="no number",
        ),
        pytest.param(
            {"unread": "true"},
            'unread: "true" must be true or false, without quotes. Example: "unread": true',
            id="a boolean as text",
        ),
        pytest.param({"query": 5}, 'query: 5 must be text, in quotes. Example: "query": "x"', id="a text as number"),
        pytest.param(
            {"query": ["a"]}, 'query: this must be text, in quotes. Example: "query": "x"', id="a text as list"
        ),
        pytest.param({"label": {}}, 'label: this must be text, in quotes. Example: "label": "budget"', id="object"),
        pytest.param({"query": None}, 'query: null is not taken; leave it out. Example: "query": "x"', id="null"),
        pytest.param({"subject": None}, 'subject: null is not taken. Example: "subject": "Budget 2027"', id="needed"),
        pytest.param(
            {"to": "jonas"},
            'to: "jonas" must be a list, in [ ]. Example: "to": ["jonas.brandt@contoso.com"]',
            id="a text as list",
        ),
        pytest.param(
            {"to": ["a@contoso.com", 7]},
            'to[1]: 7 must be text, in quotes. Example: "to": ["jonas.brandt@contoso.com"]',
            id="one item",
        ),
        pytest.param(
            {"to": []}, 'to: too few: 0 (at least 1 item). Example: "to": ["jonas.brandt@contoso.com"]', id="no items"
        ),
        pytest.param(
            {"to": ["x"] * 9},
            'to: too many: 9 (at most 3 items). Example: "to": ["jonas.brandt@contoso.com"]',
            id="many items",
        ),
        pytest.param(
            {"organizer": "jonas"},
            'organizer: "jonas" must be an object, in { }. Example: "organizer": {"email": "jonas.brandt@contoso.com"}',
            id="no object",
        ),
        pytest.param(
            {"people": [{"name": "Jonas"}]},
            'people[0].email: missing. Example: "email": "jonas.brandt@contoso.com"',
            id="a field inside is missing",
        ),
        pytest.param(
            {"people": [{"email": "x", "nick": "J"}]},
            "people[0].nick: there is no such argument; it takes email and name.",
            id="a field inside is unknown",
        ),
        pytest.param(
            {"subject": "ab"},
            'subject: "ab" is too short (at least 3 characters). Example: "subject": "Budget 2027"',
            id="too short",
        ),
        pytest.param({"query": ""}, 'query: must not be empty. Example: "query": "x"', id="empty"),
        pytest.param(
            {"subject": "a" * 3000},
            'subject: too long: 3000 characters (at most 20). Example: "subject": "Budget 2027"',
            id="too long",
        ),
        pytest.param(
            {"code": "12"}, 'code: "12" must have the form ^[0-9]{4}$. Example: "code": "1234"', id="another form"
        ),
        pytest.param(
            {"importance": "urgent"},
            'importance: "urgent" is not one of low, normal and high. Example: "importance": "low"',
            id="none of them",
        ),
        pytest.param(
            {"importance": "HIGHH"},
            'importance: "HIGHH" is not one of low, normal and high. Example: "importance": "high"',
            id="nearly one of them",
        ),
        pytest.param(
            {"importance": 3}, 'importance: 3 is not one of low, normal and high. Example: "importance": "low"', id="3"
        ),
        pytest.param(
            {"marked": "high!"},
            'marked: "high!" is not one of low, normal and high. Example: "marked": "high"',
            id="none of an enumeration",
        ),
        pytest.param({"on": "soon"}, 'on: "soon" is not a day. Example: "on": "2026-11-20"', id="no day"),
        pytest.param({"at": "soon"}, 'at: "soon" is not a time. Example: "at": "2026-11-20T15:00:00Z"', id="no time"),
        pytest.param({"at": 5}, 'at: 5 must be a time. Example: "at": "2026-11-20T15:00:00Z"', id="a time as number"),
        pytest.param({"on": True}, 'on: true must be a day. Example: "on": "2026-11-20"', id="a day as boolean"),
        pytest.param({"clock": "x"}, 'clock: "x" is not a time of day. Example: "clock": "15:00:00"', id="no clock"),
        pytest.param({"span": "x"}, 'span: "x" is not a duration. Example: "span": "PT1H30M"', id="no duration"),
        pytest.param(
            {"key": "x"},
            'key: "x" is not a UUID. Example: "key": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"',
            id="no UUID",
        ),
        pytest.param(
            {"link": "x"}, 'link: "x" is not a web address. Example: "link": "https://contoso.com"', id="link"
        ),
        pytest.param(
            {"workday": "Sun"}, 'workday: Sun is not a workday. Example: "workday": "Mon"', id="our own judgement"
        ),
        pytest.param({"words": "a" * 10}, 'words: too much to read. Example: "words": "few"', id="our own assertion"),
        pytest.param(
            {"when": 1},
            f"when: there is no such argument; it takes {', '.join([*Arguments.model_fields][:20])} and 3 more.",
            id="unknown",
        ),
    ],
)
def test_a_mistake_names_the_argument_what_is_wrong_and_a_right_example(given: dict[str, Any], line: str) -> None:
    assert told(given) == [line]


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ValidationError) as refused:
        Arguments.model_validate_json("{}", strict=True)
    assert complaints(refused.value, SCHEMA) == ['subject: missing. Example: "subject": "Budget 2027"']


def test_what_is_no_json_is_told_without_an_example() -> None:
    with pytest.raises(ValidationError) as refused:
        Arguments.model_validate_json("{")
    assert complaints(refused.value, SCHEMA) == ["arguments: this is not JSON."]


def test_what_is_no_object_is_told() -> None:
    with pytest.raises(ValidationError) as refused:
        Arguments.model_validate_json("[1]")
    assert complaints(refused.value, SCHEMA) == ["arguments: this must be an object, in { }."]


def test_a_mistake_that_nobody_foresaw_is_told_in_pydantics_words() -> None:
    class Odd(BaseModel):
        raw: bytes

    with pytest.raises(ValidationError) as refused:
        Odd.model_validate_json('{"raw": 5}')
    assert complaints(refused.value, {"properties": {"raw": {"type": "none of JSON's"}}}) == [
        "raw: input should be a valid bytes."
    ]


def test_without_a_schema_the_bounds_and_options_of_the_error_are_told() -> None:
    with pytest.raises(ValidationError) as refused:
        Arguments.model_validate({"subject": "Budget", "skip": -1, "hours": 24, "importance": "x"})
    assert complaints(refused.value, {}) == [
        "skip: -1 is too small (at least 0).",
        "hours: 24 is too large (less than 24).",
        "importance: \"x\" is not one of 'low', 'normal' or 'high'.",
    ]


def test_numbers_without_any_known_bound_are_told_plainly() -> None:
    with pytest.raises(ValidationError) as refused:
        Arguments.model_validate({"subject": "Budget", "share": float("inf")})
    assert complaints(refused.value, SCHEMA)[0].startswith("share: Infinity is too large (at most 1)")


def test_many_mistakes_take_five_lines() -> None:
    five = told({"limit": 0, "skip": -1, "hours": 0, "step": 1, "share": 2})
    assert [line.split(":")[0] for line in five] == ["limit", "skip", "hours", "share", "step"]
    many = told({"to": [1, 2, 3], "limit": 0, "skip": -1, "hours": 0})
    assert len(many) == 5
    assert many[-1] == "And 2 more mistakes."


def test_a_long_unknown_name_is_cut_and_loses_what_cannot_be_seen() -> None:
    line = told({"\u202e" + "n" * 5000: 1})[0]
    assert "n" * 39 + "…:" in line
    assert "n" * 40 not in line
    assert "\u202e" not in line


@settings(max_examples=40)
@given(st.sampled_from(sorted(SCHEMA["properties"])), st.text("xyz", min_size=41, max_size=90), st.booleans())
def test_no_line_repeats_more_than_forty_characters_of_a_value(name: str, text: str, is_sunday: bool) -> None:
    value = f"Sun{text}" if is_sunday else text
    try:
        Arguments.model_validate_json(json.dumps({"subject": "Budget", name: value}), strict=True)
    except ValidationError as error:
        line = "".join(complaints(error, SCHEMA))
        assert value[:41] not in line
        assert line.startswith(f"{name}: ")


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in SCHEMA["properties"]])
def test_the_example_of_every_mistake_is_taken(name: str) -> None:
    wrong: dict[str, Any] = {"subject": 5} if name == "subject" else {name: [[]] if name != "to" else 5}
    line = told(wrong)[0]
    example = json.loads(f"{{{line.split(' Example: ')[1]}}}")
    if name == "people":
        assert line.startswith("people[0]: this must be an object")
    Arguments.model_validate_json(json.dumps({"subject": "Budget", **example}), strict=True)
