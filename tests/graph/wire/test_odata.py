"""graph/wire/odata.py: texts that stay texts, and queries that come apart as they were put together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from urllib.parse import parse_qsl, unquote
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import ToolInputError
from graph import wire

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
NAMES = st.from_regex(r"\A\$?[A-Za-z][A-Za-z0-9]{0,10}\Z")


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 3


# Literals.


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("inbox", "'inbox'", id="text"),
        pytest.param("", "''", id="empty text"),
        pytest.param("O'Hara", "'O''Hara'", id="a quote"),
        pytest.param("x') or (1 eq 1", "'x'') or (1 eq 1'", id="a way out"),
        pytest.param(Colour.RED, "'red'", id="a named text"),
        pytest.param(True, "true", id="yes"),
        pytest.param(False, "false", id="no"),
        pytest.param(None, "null", id="nothing"),
        pytest.param(-5, "-5", id="a number"),
        pytest.param(Size.BIG, "3", id="a named number"),
        pytest.param(0.25, "0.25", id="a fraction"),
        pytest.param(date(2026, 11, 20), "2026-11-20", id="a day"),
        pytest.param(datetime(2026, 11, 20, 9, tzinfo=UTC), "2026-11-20T09:00:00Z", id="a moment"),
        pytest.param(
            datetime(2026, 11, 20, 9, 0, 0, 120, tzinfo=timezone(timedelta(hours=1))),
            "2026-11-20T08:00:00.000120Z",
            id="a moment elsewhere",
        ),
        pytest.param(datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z", id="the first moment"),
        pytest.param(
            UUID("87d349ed-44d7-43e1-9a83-5f2406dee5bd"), "87d349ed-44d7-43e1-9a83-5f2406dee5bd", id="an object id"
        ),
        pytest.param(["a", "b'c"], "('a','b''c')", id="a choice"),
        pytest.param((1, None), "(1,null)", id="a choice of other things"),
    ],
)
def test_a_value_is_written_as_odata_has_it(value: wire.Scalar, text: str) -> None:
    assert wire.literal(value) == text


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param(float("nan"), "compared", id="not a number"),
        pytest.param(float("-inf"), "compared", id="infinity"),
        pytest.param(datetime(2026, 11, 20, 9), "time zone", id="a time of no zone"),  # noqa: DTZ001
        pytest.param(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "range", id="before the first moment"),
        pytest.param([], "at least one", id="no choice"),
        pytest.param([["a"]], "compared", id="a list in a list"),
        pytest.param({"a": 1}, "compared", id="an object"),
        pytest.param(b"x", "compared", id="bytes"),
        pytest.param("a\x00", "control", id="NUL"),
        pytest.param("\udc00", "control", id="broken Unicode"),
    ],
)
def test_what_cannot_be_compared_is_refused(value: wire.Scalar, says: str) -> None:
    with pytest.raises(ToolInputError, match=says):
        wire.literal(value)


@given(TEXT)
def test_a_text_ends_where_it_began_to_be_quoted(text: str) -> None:
    quoted = wire.literal(text)
    assert (quoted[0], quoted[-1]) == ("'", "'")
    assert quoted[1:-1].replace("''", "") == text.replace("'", "")
    assert quoted[1:-1].replace("''", "'") == text


# Search.


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        pytest.param("pizza party", '"pizza party"', id="words"),
        pytest.param('say "hi"', r'"say \"hi\""', id="quotes"),
        pytest.param("a\\", r'"a\\"', id="a backslash at the end"),
        pytest.param('a" OR "b', r'"a\" OR \"b"', id="a way out"),
    ],
)
def test_a_phrase_stays_one_phrase(text: str, phrase: str) -> None:
    assert wire.search(text) == phrase


@given(TEXT.filter(str.strip))
def test_a_phrase_has_no_open_quote_inside(text: str) -> None:
    inside = wire.search(text)[1:-1].replace("\\\\", "")
    assert inside.count('"') == inside.count('\\"')
    assert not inside.endswith("\\")


def test_a_phrase_is_looked_for_in_one_property() -> None:
    assert wire.search_of("displayName", 'Ops "East"') == r'"displayName:Ops \"East\""'


@pytest.mark.parametrize(
    "text", [pytest.param(" ", id="blank"), pytest.param("a\nb", id="a line break"), pytest.param("", id="empty")]
)
def test_what_cannot_be_searched_for_is_refused(text: str) -> None:
    with pytest.raises(ToolInputError):
        wire.search(text)


def test_a_property_that_is_none_is_told_to_us() -> None:
    with pytest.raises(ValueError, match="property"):
        wire.search_of('a" OR "b', "x")


# Query options.


@pytest.mark.parametrize(
    ("query", "text"),
    [
        pytest.param({}, "", id="none"),
        pytest.param({"$select": "id,subject", "$top": 25}, "$select=id,subject&$top=25", id="the usual"),
        pytest.param({"$select": ["id", "subject"]}, "$select=id,subject", id="a list"),
        pytest.param({"$select": ("id",)}, "$select=id", id="a list of one"),
        pytest.param({"$count": True, "x": False}, "$count=true&x=false", id="yes and no"),
        pytest.param({"$orderby": "receivedDateTime desc"}, "$orderby=receivedDateTime%20desc", id="a space"),
        pytest.param(
            {"$filter": "startswith(displayName,'A&B+C#')"},
            "$filter=startswith(displayName,%27A%26B%2BC%23%27)",
            id="what would end it",
        ),
        pytest.param({"$expand": "members($select=id)"}, "$expand=members($select%3Did)", id="options inside"),
        pytest.param(
            {"startDateTime": "2026-11-20T09:00:00+01:00"}, "startDateTime=2026-11-20T09:00:00%2B01:00", id="a time"
        ),
        pytest.param({"$search": '"a;b%20c"'}, "$search=%22a%3Bb%2520c%22", id="a percent sign"),
        pytest.param({"q": ""}, "q=", id="empty"),
        pytest.param({"@p1": "'x'", "api-version": "1.0"}, "@p1=%27x%27&api-version=1.0", id="unusual names"),
        pytest.param({"q": "Grüße \U0001f600"}, "q=Gr%C3%BC%C3%9Fe%20%F0%9F%98%80", id="letters of Europe"),
    ],
)
def test_a_query_is_written(query: dict[str, str | int | list[str]], text: str) -> None:
    assert wire.query_string(query) == text


@given(st.dictionaries(NAMES, TEXT | st.integers() | st.lists(TEXT, max_size=3), max_size=5))
def test_a_query_comes_apart_as_it_was_put_together(query: dict[str, str | int | list[str]]) -> None:
    text = wire.query_string(query)
    expected = [(n, ",".join(v) if isinstance(v, list) else str(v)) for n, v in query.items()]
    assert parse_qsl(text, keep_blank_values=True) == expected
    assert [tuple(map(unquote, each.split("="))) for each in text.split("&") if each] == expected
    url = httpx.URL(f"https://graph.microsoft.com/v1.0/me?{text}")
    assert url.query.decode() == text
    assert not url.fragment


@pytest.mark.parametrize(
    ("query", "says"),
    [
        pytest.param({"": "x"}, "option", id="no name"),
        pytest.param({"$top=1&x": "x"}, "option", id="two in one"),
        pytest.param({"$top ": "x"}, "option", id="a space in the name"),
        pytest.param({"$" * 2 + "top": "x"}, "option", id="two dollars"),
        pytest.param({"a" * 200: "x"}, "option", id="too long a name"),
        pytest.param({"\u212aelvin": "x"}, "option", id="a name that is not ASCII"),
        pytest.param({"x": "a\r\nb"}, "control", id="a line break"),
        pytest.param({"x": ["a", "\x00"]}, "control", id="NUL in a list"),
        pytest.param({"x": "\ud83d"}, "control", id="broken Unicode"),
    ],
)
def test_what_is_no_query_is_refused(query: dict[str, str | list[str]], says: str) -> None:
    with pytest.raises(ToolInputError, match=says):
        wire.query_string(query)
