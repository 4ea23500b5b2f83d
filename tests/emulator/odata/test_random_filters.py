"""What must hold for any filter: its text reads back as its tree, it means what Python says, nothing crashes it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.odata import ODataError, bound, check_filter, compiled, matches, ordered, parse_filter, read_orderby
from emulator.odata.nodes import Arithmetic, Call, Compare, Count, In, Lambda, Literal, Logic, Negate, Node, Not, Path
from tests.emulator.odata.model import ADA, NAMES, OPEN, USER, Thing, related

_NUMBERS = st.integers(-40, 40).map(lambda value: Literal(value, "Edm.Int32"))
_TEXTS = st.text("abAB' ", max_size=4).map(lambda value: Literal(value, "Edm.String"))
_MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zones are given
_LITERALS = st.one_of(
    _NUMBERS,
    _TEXTS,
    st.booleans().map(lambda value: Literal(value, "Edm.Boolean")),
    st.just(Literal(None, "null")),
    st.uuids().map(lambda value: Literal(value, "Edm.Guid")),
    _MOMENTS.map(lambda value: Literal(value, "Edm.DateTimeOffset")),
    st.times().map(lambda value: Literal(value, "Edm.TimeOfDay")),
    st.timedeltas(timedelta(days=-99), timedelta(days=99)).map(lambda value: Literal(value, "Edm.Duration")),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: Literal(value, "Edm.Double")),
)
_PATHS = st.lists(st.sampled_from(["id", "size", "address", "t.user", "eq", "and", "x_1"]), min_size=1, max_size=3).map(
    lambda segments: Path(tuple(segments))
)


def _chains(
    inner: st.SearchStrategy[Node], products: tuple[str, ...] = ("mul", "div", "divby", "mod")
) -> st.SearchStrategy[Node]:
    sums = st.lists(st.tuples(st.sampled_from(["add", "sub"]), inner), min_size=1, max_size=3)
    scaled = st.lists(st.tuples(st.sampled_from(products), inner), min_size=1, max_size=3)
    return st.builds(lambda first, steps: Arithmetic(first, tuple(steps)), inner, sums | scaled)


def _deeper(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    many = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Compare, st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le", "has"]), inner, inner),
        st.builds(Logic, st.sampled_from(["and", "or"]), many),
        st.builds(Not, inner),
        st.builds(Negate, inner),
        st.builds(In, inner, st.lists(_LITERALS, min_size=1, max_size=3).map(tuple)),
        st.builds(
            Call, st.sampled_from(["concat", "contains", "length", "now"]), st.lists(inner, max_size=3).map(tuple)
        ),
        st.builds(Count, _PATHS),
        _chains(inner),
    )


_PLAIN_TREES = st.recursive(_LITERALS | _PATHS, _deeper, max_leaves=12)
_TREES = _PLAIN_TREES | st.builds(
    Lambda, _PATHS, st.sampled_from(["any", "all"]), st.sampled_from(["x", "it"]), _PLAIN_TREES
)


def text_of(node: Node) -> str:
    """A tree as text, every operand in parentheses."""
    return _WRITERS[type(node)](node)


def _literal(node: Literal) -> str:
    value = node.value
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, time):
        return value.isoformat()
    if isinstance(value, timedelta):
        sign, length = ("-", -value) if value < timedelta() else ("", value)
        return f"duration'{sign}P{length.days}DT{length.seconds}.{length.microseconds:06}S'"
    if isinstance(value, UUID | int | float) and not isinstance(value, bool):
        return str(value)
    return "null" if value is None else str(value).lower()


def _in_parentheses(node: Node) -> str:
    return f"({text_of(node)})"


_WRITERS: Mapping[type, Callable[[Any], str]] = {
    Literal: _literal,
    Path: lambda node: "/".join(node.segments),
    Count: lambda node: text_of(node.path) + "/$count",
    Call: lambda node: f"{node.name}({', '.join(map(text_of, node.arguments))})",
    Arithmetic: lambda node: " ".join(
        [_in_parentheses(node.first), *(f"{name} {_in_parentheses(operand)}" for name, operand in node.steps)]
    ),
    Negate: lambda node: f"-{_in_parentheses(node.operand)}",
    Compare: lambda node: f"{_in_parentheses(node.left)} {node.operator} {_in_parentheses(node.right)}",
    In: lambda node: f"{_in_parentheses(node.operand)} in ({','.join(map(_literal, node.choices))})",
    Logic: lambda node: f" {node.operator} ".join(map(_in_parentheses, node.operands)),
    Not: lambda node: f"not ({text_of(node.operand)})",
    Lambda: lambda node: f"{text_of(node.path)}/{node.quantifier}({node.variable}:{text_of(node.body)})",
}


@given(_TREES)
def test_a_tree_written_out_reads_back_as_the_same_tree(tree: Node) -> None:
    assert parse_filter(text_of(tree)) == tree


@given(_TREES)
def test_any_tree_can_be_worked_out_on_any_item(tree: Node) -> None:
    assert compiled(tree, related)(ADA) in {True, False}


@given(_TREES)
def test_what_the_check_lets_through_stays_right_when_bound_again(tree: Node) -> None:
    try:
        check_filter(tree, USER, OPEN)
    except ODataError:
        return
    once = bound(tree, USER, {}, OPEN)
    assert bound(once, USER, {}, OPEN) == once
    assert compiled(once, related)(ADA) in {True, False}


_FIELDS = ("a", "b", "c")
_ITEMS = st.fixed_dictionaries({name: st.none() | st.integers(-9, 9) for name in _FIELDS})
_VALUES = st.sampled_from(_FIELDS).map(lambda name: Path((name,))) | _NUMBERS
_SUMS = st.recursive(_VALUES, lambda inner: _chains(inner, ("mul", "div", "mod")), max_leaves=4)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_CONDITIONS = st.recursive(
    st.builds(Compare, st.sampled_from(sorted(_COMPARISONS)), _SUMS, _SUMS)
    | st.builds(In, _SUMS, st.lists(_NUMBERS, min_size=1, max_size=3).map(tuple)),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(Logic, st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


def value_of(node: Node, item: Mapping[str, Any]) -> Any:
    """A number, worked out the plain way."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Path):
        return item[node.segments[0]]
    assert isinstance(node, Arithmetic)
    found = value_of(node.first, item)
    for name, operand in node.steps:
        found = _step(name, found, value_of(operand, item))
    return found


def _step(name: str, left: Any, right: Any) -> Any:
    if left is None or right is None or (right == 0 and name in {"div", "mod"}):
        return None
    if name in {"div", "mod"}:
        quotient = int(left / right)
        return quotient if name == "div" else left - right * quotient
    return {"add": operator.add, "sub": operator.sub, "mul": operator.mul}[name](left, right)


def holds(node: Node, item: Mapping[str, Any]) -> bool:
    """A condition, worked out the plain way."""
    if isinstance(node, Not):
        return not holds(node.operand, item)
    if isinstance(node, Logic):
        return (all if node.operator == "and" else any)(holds(operand, item) for operand in node.operands)
    if isinstance(node, In):
        return value_of(node.operand, item) in [choice.value for choice in node.choices]
    assert isinstance(node, Compare)
    left, right = value_of(node.left, item), value_of(node.right, item)
    if node.operator not in {"eq", "ne"} and None in {left, right}:
        return False
    return _COMPARISONS[node.operator](left, right)


@settings(max_examples=300)
@given(_CONDITIONS, _ITEMS)
def test_conditions_mean_what_python_says(tree: Node, item: dict[str, int | None]) -> None:
    assert matches(parse_filter(text_of(tree)), item) is holds(tree, item)


_WORDS = """( ) ' , / : - $it $count any( all( not and or eq ne has in add div 'a' 1 2.5 null true id size level tags
methods address/city manager memberOf made length key t.user t.level'low' duration'PT1H' 2026-01-01 08:30 isof( cast(
year( contains( now() bag/X/y INF t: t"""
_PIECES = st.sampled_from(_WORDS.split())


@settings(max_examples=400)
@given(st.lists(_PIECES, max_size=14).map(" ".join))
def test_any_words_are_a_filter_or_refused(text: str) -> None:
    try:
        node = bound(parse_filter(text), USER, {}, OPEN)
    except ODataError:
        return
    assert compiled(node, related, types=OPEN.types)(ADA) in {True, False}


@given(
    st.sampled_from(["(", "not ", "-", "not(", "tolower(", "1 eq (", "tags/any(t:", "-(1 add "]), st.integers(1, 400)
)
def test_any_depth_is_a_filter_or_refused(piece: str, times: int) -> None:
    for text in (piece * times, piece * times + "enabled" + ")" * (times * piece.count("("))):
        try:
            node = bound(parse_filter(text), USER, {}, NAMES)
        except ODataError:
            continue
        assert compiled(node)(ADA) in {True, False}


@given(st.text(max_size=40))
def test_any_order_is_read_or_refused(text: str) -> None:
    try:
        orders = read_orderby(text, USER, OPEN)
    except ODataError:
        return
    assert ordered([ADA], orders, related) == [ADA]


@given(
    st.lists(st.none() | st.integers() | st.text(max_size=3) | st.booleans() | st.floats(allow_nan=False), max_size=8)
)
def test_any_values_can_be_sorted(values: list[Any]) -> None:
    items = [Thing(USER, {"displayName": value}) for value in values]
    found = ordered(items, read_orderby("displayName desc", USER))
    assert sorted(map(id, found)) == sorted(map(id, items))
    assert [item for item in found if item["displayName"] is None] == found[len(values) - values.count(None) :]
