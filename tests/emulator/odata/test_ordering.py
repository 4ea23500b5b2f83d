"""`$orderby`: by paths, counts, casts and values of every type; what is missing comes first."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.odata import Names, ODataError, Order, Structured, UnknownProperty, ordered, read_orderby
from tests.emulator.odata.model import BAG, BOSS, DERIVED, ENTITY, NAMES, OPEN, SALES, USER, Thing, related


def sorted_ids(text: str, *items: Thing, kind: Structured = USER, names: Names = NAMES) -> str:
    orders = read_orderby(text, kind, names)
    return "".join(item["id"] for item in ordered(items, orders, related, types=names.types))


def things(name: str, *values: Any) -> list[Thing]:
    return [Thing(USER, {"id": label, name: value}) for label, value in zip("abcdef", values, strict=False)]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        pytest.param("displayName", ["b", "A", None, "C"], "cbad", id="texts without case"),
        pytest.param("size", [2, None, -1, 10], "bcad", id="numbers"),
        pytest.param("enabled", [True, None, False], "bca", id="booleans"),
        pytest.param("made", ["2026-01-01T00:00:00Z", "2025-12-31T23:00:00-02:00", None], "cab", id="moments in zones"),
        pytest.param("made", ["2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z"], "ba", id="fractions of a second"),
        pytest.param("length", ["PT2H", "PT90M", "P1D"], "bac", id="durations"),
        pytest.param("level", ["high", "low", "normal", None, "odd"], "dbcae", id="members in their order"),
        pytest.param("methods", ["sms", "fido2,password", None], "cba", id="flags"),
        pytest.param("displayName", ["b", 5, None, "a"], "cbda", id="values of several types"),
        pytest.param("displayName", [{"x": 2}, {"x": 1}, None], "cba", id="structures where none belong"),
    ],
)
def test_values_are_sorted_by_their_type(name: str, values: list[Any], expected: str) -> None:
    assert sorted_ids(name, *things(name, *values)) == expected


def test_a_descending_order_is_the_opposite() -> None:
    assert sorted_ids("size desc", *things("size", 2, None, -1, 10)) == "dacb"
    assert sorted_ids("size DESC, id Desc", *things("size", 1, 2, 1)) == "bca"


def test_related_entities_and_counts_can_be_sorted_by() -> None:
    first = Thing(USER, {"id": "1"}, manager=BOSS, memberOf=[SALES])
    second = Thing(USER, {"id": "2"}, memberOf=[SALES, BOSS])
    third = Thing(USER, {"id": "3"}, manager=SALES)
    assert sorted_ids("manager/id", first, second, third) == "213"
    assert sorted_ids("manager/t.user/displayName desc", first, second, third) == "123"
    assert sorted_ids("memberOf/$count", first, second, third) == "312"
    assert sorted_ids("memberOf/t.group/$count desc,id desc", first, second, third) == "213"


def test_lists_of_several_types_are_sorted() -> None:
    assert sorted_ids("t.user/displayName desc", SALES, BOSS, kind=ENTITY) == "bosssales"
    assert sorted_ids("displayName desc", BOSS, SALES, kind=ENTITY, names=DERIVED) == "salesboss"


def test_open_properties_can_be_sorted_by() -> None:
    bags = [Thing(BAG, {"id": "1", "Size": "x"}), Thing(BAG, {"id": "2", "Size": 3}), Thing(BAG, {"id": "3"})]
    assert sorted_ids("Size", *bags, kind=BAG, names=OPEN) == "321"
    with pytest.raises(UnknownProperty):
        read_orderby("Size", BAG, NAMES)


def test_orders_are_spelled_as_the_type_spells() -> None:
    assert read_orderby("$it/ADDRESS/City desc,Tags/$Count,address/city", USER) == (
        Order(("address", "city"), descending=True),
        Order(("tags",), counts=True),
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("memberOf", id="a navigation"),
        pytest.param("address", id="a structure"),
        pytest.param("manager", id="an entity"),
        pytest.param("id/$count", id="count of a text"),
        pytest.param("$count", id="count of nothing"),
        pytest.param("$it", id="the item"),
        pytest.param("t.user", id="a type"),
        pytest.param("id upwards", id="odd direction"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_bad_order_is_refused(text: str) -> None:
    with pytest.raises(ODataError, match=r"orderby"):
        read_orderby(text, USER, NAMES)
