"""The `$filter` language: what parses, what it means, and how bad filters are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.odata import (
    Collection,
    ODataError,
    UnknownProperty,
    check_filter,
    matches,
    ordered,
    parse_filter,
    read_orderby,
    structured,
)
from emulator.odata.nodes import walk

ADDRESS = structured("t.address", "Edm.String: city")
PART = structured("t.part", "Edm.String: name\nEdm.Int32: size")
THING = structured(
    "t.thing",
    """
    Edm.String: id name note
    Edm.Int32: size
    Edm.Double: price
    Edm.Boolean: open
    Edm.DateTimeOffset: made
    Edm.Guid: key
    Edm.Enum: state
    Collection(Edm.String): tags
    """,
    address=ADDRESS,
    parts=Collection(PART),
)
ITEM: dict[str, Any] = {
    "id": "1",
    "name": "Blue O'Hara Lamp",
    "note": None,
    "size": 12,
    "price": 2.5,
    "open": True,
    "made": "2026-03-11T10:00:00Z",
    "key": "0b5a39a0-8a3f-4f0b-9d3c-6a35bb9f7f01",
    "state": "high",
    "tags": ["Warm", "cold"],
    "address": {"city": "Bremen"},
    "parts": [{"name": "lens", "size": 2}, {"name": "ring", "size": 9}],
}


def passes(text: str, item: dict[str, Any] = ITEM) -> bool:
    node = parse_filter(text)
    check_filter(node, THING)
    return matches(node, item)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name eq 'blue o''hara lamp'", id="eq without case, doubled quote"),
        pytest.param("name ne 'x'", id="ne"),
        pytest.param("note eq null", id="null"),
        pytest.param("name ne null", id="not null"),
        pytest.param("size gt 11 and size lt 13", id="gt and lt"),
        pytest.param("size ge 12 and size le 12", id="ge and le"),
        pytest.param("price eq 2.5 and size gt -3", id="numbers"),
        pytest.param("open eq true", id="true"),
        pytest.param("open", id="boolean property alone"),
        pytest.param("not(open eq false)", id="not with parentheses"),
        pytest.param("not open eq false", id="not before a comparison"),
        pytest.param("size eq 1 or (size eq 12 and open)", id="or and parentheses"),
        pytest.param("open eq true or size eq 1 and size eq 2", id="and binds tighter"),
        pytest.param("made ge 2026-03-11T09:00:00Z", id="datetime"),
        pytest.param("made lt 2026-03-11T12:00:00+01:30", id="datetime with zone"),
        pytest.param("made gt 2026-03-10", id="date"),
        pytest.param("key eq 0B5A39A0-8a3f-4f0b-9d3c-6a35bb9f7f01", id="guid"),
        pytest.param("state eq 'high'", id="enum"),
        pytest.param("name in ('x','BLUE O''HARA LAMP')", id="in"),
        pytest.param("startswith(name,'blue')", id="startswith"),
        pytest.param("startsWith(name,'Blue')", id="startsWith"),
        pytest.param("endsWith(name,'lamp') and endswith(name,'p')", id="endswith"),
        pytest.param("contains(name,'HARA')", id="contains"),
        pytest.param("tolower(name) eq 'blue o''hara lamp'", id="tolower"),
        pytest.param("contains(toupper(name),'LAMP')", id="toupper"),
        pytest.param("length(name) eq 16", id="length"),
        pytest.param("address/city eq 'Bremen'", id="path"),
        pytest.param("tags/any(t:t eq 'warm')", id="any of texts"),
        pytest.param("tags/any(t:startswith(t,'co'))", id="any with a function"),
        pytest.param("parts/any(p:p/name eq 'ring' and p/size lt size)", id="any of structures"),
        pytest.param("parts/all(p:p/size lt 10)", id="all"),
        pytest.param("tags/any()", id="any without a body"),
        pytest.param("tags/$count eq 2", id="count"),
        pytest.param("name gt 'a' and 'a' lt name", id="order of texts, literal first"),
        pytest.param("NOT (note ne null)", id="operators in capitals"),
    ],
)
def test_a_filter_that_holds_lets_the_item_through(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name eq 'other'", id="eq"),
        pytest.param("note gt 'a'", id="null is not above"),
        pytest.param("startswith(note,'a')", id="null starts with nothing"),
        pytest.param("length(note) eq 0", id="null has no length"),
        pytest.param("open and size eq 1", id="and"),
        pytest.param("tags/all(t:t eq 'warm')", id="all"),
        pytest.param("name in ('a')", id="in"),
        pytest.param("made eq 2026-03-11", id="a date is midnight"),
    ],
)
def test_a_filter_that_does_not_hold_keeps_the_item_out(text: str) -> None:
    assert not passes(text)


def test_a_path_through_nothing_is_null() -> None:
    assert passes("address/city eq null", ITEM | {"address": None})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("name eq 'a", "unterminated string literal", id="open quote"),
        pytest.param("name eq", "Expression expected", id="nothing after eq"),
        pytest.param("name eq ?", "character '?' is not valid at position 8", id="odd character"),
        pytest.param("(name eq 'a'", "Expression expected", id="open parenthesis"),
        pytest.param("name eq 'a')", "Syntax error at position 11", id="extra parenthesis"),
        pytest.param("name like 'a'", "Syntax error at position 5", id="unknown operator"),
        pytest.param("name eq bare eq 1", "Syntax error", id="chained comparison"),
        pytest.param("tags/any(5:t eq 1)", "Syntax error", id="odd lambda variable"),
        pytest.param("address/'x' eq 1", "Syntax error", id="literal in a path"),
        pytest.param("name in ()", "Syntax error", id="empty in"),
        pytest.param("made gt 2026-13-45", "Syntax error", id="impossible date"),
        pytest.param("(" * 300 + "open" + ")" * 300, "Recursion depth", id="too deep"),
        pytest.param("name", "single boolean value", id="not a condition"),
        pytest.param("tags/any(t:t)", "single boolean value", id="lambda without a condition"),
        pytest.param("zip eq 1", "Could not find a property named 'zip' on type 't.thing'", id="unknown property"),
        pytest.param("address/zip eq 'a'", "'zip' on type 't.address'", id="unknown inner property"),
        pytest.param("name/x eq 'a'", "'x' on type 'Edm.String'", id="path into a text"),
        pytest.param("open eq 'x'", "'Edm.Boolean' and 'Edm.String' for operator kind 'Equal'", id="types differ"),
        pytest.param("made gt '2026-01-01'", "'Edm.DateTimeOffset' and 'Edm.String'", id="quoted date"),
        pytest.param("size in ('a')", "operator kind 'In'", id="types differ in in"),
        pytest.param("tags eq 'a'", "'Collection(Edm.String)' and 'Edm.String'", id="collection compared"),
        pytest.param("name and open", "operator kind 'And'", id="and of a text"),
        pytest.param("not name", "operator kind 'Not'", id="not of a text"),
        pytest.param("contains(name)", "No function signature", id="too few arguments"),
        pytest.param("contains(name,5)", "No function signature", id="wrong argument"),
        pytest.param("length() eq 1", "No function signature", id="no arguments"),
        pytest.param("shout(name)", "unknown function with name 'shout'", id="unknown function"),
        pytest.param("name/any(t:t eq 'a')", "is not a collection", id="lambda over a text"),
        pytest.param("name/$count eq 1", "is not a collection", id="count of a text"),
    ],
)
def test_a_bad_filter_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(ODataError, match=r".*") as caught:
        passes(text)
    assert message in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_either_parses_or_is_refused(text: str) -> None:
    try:
        node = parse_filter(text)
        check_filter(node, THING)
    except ODataError:
        return
    assert matches(node, ITEM) in {True, False}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_any_text_finds_itself_when_quoted(text: str) -> None:
    quoted = text.replace("'", "''")
    assert passes(f"name eq '{quoted}' and startswith(name,'{quoted}')", ITEM | {"name": text})


def test_a_tree_is_walked_in_the_order_it_was_written() -> None:
    kinds = [
        type(node).__name__
        for node in walk(
            parse_filter("not (name in ('a')) and tags/any(t:t eq 'b') and tags/$count eq 1 or length(id) eq 1")
        )
    ]
    assert kinds[:3] == ["Logic", "Logic", "Not"]
    assert {"Not", "In", "Lambda", "Count", "Call", "Compare", "Path", "Literal"} <= set(kinds)
    assert walk(None) == []


def test_sorting_is_stable_and_puts_missing_values_first() -> None:
    items: list[dict[str, Any]] = [{"name": "b", "size": 1}, {"name": "A", "size": 1}, {"name": None, "size": 2}]
    by_name = ordered(items, read_orderby("name", THING))
    assert [item["name"] for item in by_name] == [None, "A", "b"]
    both = ordered(items, read_orderby("size desc, name asc", THING))
    assert [item["name"] for item in both] == [None, "A", "b"]


def test_sorting_follows_a_path() -> None:
    items: list[dict[str, Any]] = [{"address": {"city": "B"}}, {"address": None}, {"address": {"city": "A"}}]
    found = ordered(items, read_orderby("address/city", THING))
    assert [item["address"] for item in found] == [None, {"city": "A"}, {"city": "B"}]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name sideways", id="odd direction"),
        pytest.param("name asc desc", id="two directions"),
        pytest.param("name,", id="empty term"),
        pytest.param("tags", id="a collection"),
    ],
)
def test_a_bad_orderby_is_refused(text: str) -> None:
    with pytest.raises(ODataError, match=r"orderby"):
        read_orderby(text, THING)


def test_sorting_by_an_unknown_property_is_refused() -> None:
    with pytest.raises(UnknownProperty, match=r"'zip'"):
        read_orderby("zip", THING)
