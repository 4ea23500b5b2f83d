"""tools/_toon.py: what is written is TOON, and says exactly what the JSON said.

The decoder below knows as much of TOON as the encoder writes, and is strict: counts, widths and indentation must be
right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools._toon import toon

_TOKEN = r'"(?:[^"\\]|\\.)*"|[^,"]*'
_HEAD = re.compile(r'("(?:[^"\\]|\\.)*"|[A-Za-z_][\w.]*)?\[(\d+)\](?:\{(.*)\})?:(?: (.*))?', re.ASCII)
_FIELD = re.compile(r'("(?:[^"\\]|\\.)*"|[A-Za-z_][\w.]*):(?: (.*))?', re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?", re.IGNORECASE)


def scalar(token: str) -> Any:
    if token.startswith('"'):
        return json.loads(token)
    if token in {"true", "false", "null"} or _NUMBER.fullmatch(token):
        return json.loads(token)
    assert token, "only a quoted text may be empty"
    return token


def cells(text: str) -> list[str]:
    found = re.findall(rf"({_TOKEN})(?:,|$)", text)
    return found if text.endswith(",") else found[:-1] if found[-1] == "" and len(found) > 1 else found


class Decoder:
    """The lines that are left, with their depths."""

    def __init__(self, document: str) -> None:
        self.lines: list[tuple[int, str]] = []
        for line in document.split("\n") if document else []:
            body = line.lstrip(" ")
            assert body == body.rstrip(" ")
            assert (len(line) - len(body)) % 2 == 0
            self.lines.append(((len(line) - len(body)) // 2, body))

    def document(self) -> Any:
        if not self.lines:
            return {}
        first = self.lines[0][1]
        head = _HEAD.fullmatch(first)
        if first == "[]":
            value: Any = []
            self.lines.pop(0)
        elif head and not head[1]:
            self.lines.pop(0)
            value = self.array(head, 0)
        elif head or _FIELD.fullmatch(first):
            value = self.fields(0)
        else:
            value = scalar(self.lines.pop(0)[1])
        assert not self.lines
        return value

    def at(self, depth: int) -> Iterator[str]:
        while self.lines and self.lines[0][0] == depth:
            yield self.lines[0][1]
        assert not self.lines or self.lines[0][0] < depth

    def fields(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for line in self.at(depth):
            head, field = _HEAD.fullmatch(line), _FIELD.fullmatch(line)
            self.lines.pop(0)
            match = field or head
            assert match, line
            name = scalar(match[1]) if match[1].startswith('"') else match[1]
            assert name not in found
            if field:
                found[name] = self.value(field[2], depth)
            else:
                assert head
                found[name] = self.array(head, depth)
        return found

    def value(self, text: str | None, depth: int) -> Any:
        if text is None:
            return self.fields(depth + 1)
        return [] if text == "[]" else scalar(text)

    def array(self, head: re.Match[str], depth: int) -> list[Any]:
        wanted = int(head[2])
        if head[4] is not None:
            found = [scalar(cell) for cell in cells(head[4])]
        elif head[3] is not None:
            found = list(self.rows([scalar(name) for name in cells(head[3])], wanted, depth + 1))
        else:
            found = list(self.items(wanted, depth + 1))
        assert len(found) == wanted
        return found

    def rows(self, names: list[str], wanted: int, depth: int) -> Iterator[dict[str, Any]]:
        for _ in range(wanted):
            at, line = self.lines.pop(0)
            row = [scalar(cell) for cell in cells(line)]
            assert (at, len(row)) == (depth, len(names))
            yield dict(zip(names, row, strict=True))

    def items(self, wanted: int, depth: int) -> Iterator[Any]:
        for _ in range(wanted):
            at, line = self.lines.pop(0)
            assert at == depth
            assert line == "-" or line.startswith("- ")
            body = line[2:]
            head = _HEAD.fullmatch(body)
            if head and not head[1]:
                assert head[3] is None, "no tables inside lists"
                yield self.array(head, depth)
            elif head or _FIELD.fullmatch(body):
                self.lines.insert(0, (depth + 1, body))
                yield self.fields(depth + 1)
            else:
                yield scalar(body) if body else {}


def decoded(document: str) -> Any:
    return Decoder(document).document()


def without_nulls(value: Any) -> Any:
    """In our answers a key without a value and a key left out say the same."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.sampled_from(
    ["", "a", "-", "- a", "#x", "05", "1e5", "null", "a,b", "a: b", "[]", "[2]: x", '"', "\\n", " "]
)
TEXTS = st.text('ab1 ,:-#."\\[]{}\n\t\x01\u2028é👋', max_size=6) | WORDS
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
KEYS = st.sampled_from(["id", "name", "a.b", "my key", "", "7", "-", "x:y", 'q"q']) | TEXTS
TABLES = st.lists(st.dictionaries(st.sampled_from(["id", "name", "my key"]), SCALARS, max_size=3), max_size=4)
VALUES = st.recursive(
    SCALARS | TABLES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(VALUES)
def test_what_is_written_says_what_the_json_said(value: Any) -> None:
    assert without_nulls(decoded(toon(value))) == without_nulls(value)


@settings(max_examples=30)
@given(st.lists(st.fixed_dictionaries({"id": TEXTS, "size": NUMBERS, "read": st.booleans()}), min_size=1, max_size=5))
def test_full_rows_come_back_exactly(rows: list[dict[str, Any]]) -> None:
    document = toon({"rows": rows})
    assert decoded(document) == {"rows": rows}
    assert document.startswith(f"rows[{len(rows)}]{{{','.join(rows[0])}}}:\n")
    assert document.count("\n") == len(rows)


@pytest.mark.parametrize(
    ("value", "document"),
    [
        pytest.param({}, "", id="an empty object"),
        pytest.param([], "[]", id="an empty list"),
        pytest.param("hello", "hello", id="a text alone"),
        pytest.param({"a": 1, "b": "two words", "c": None}, "a: 1\nb: two words\nc: null", id="fields"),
        pytest.param({"a": {"b": {"c": True}}, "d": {}}, "a:\n  b:\n    c: true\nd:", id="objects in objects"),
        pytest.param({"a": [], "b": [1, "x", False]}, "a: []\nb[3]: 1,x,false", id="plain lists"),
        pytest.param(
            {"messages": [{"id": "msg_1", "read": True}, {"id": "msg_2", "read": False}]},
            "messages[2]{id,read}:\n  msg_1,true\n  msg_2,false",
            id="a table",
        ),
        pytest.param([{"a": 1}, {"a": 2}], "[2]{a}:\n  1\n  2", id="a table alone"),
        pytest.param(
            [{"a": 1, "b": 2}, {"b": 4, "a": 3}], "[2]{a,b}:\n  1,2\n  3,4", id="a table of differently ordered rows"
        ),
        pytest.param(
            [{"a": 1}, {"a": 2, "b": "", "c": 3}, {"a": 4, "c": 5}],
            '[3]{a,b,c}:\n  1,null,null\n  2,"",3\n  4,null,5',
            id="a table with gaps",
        ),
        pytest.param(
            [{"a": 1}, {"b": 2}, {"c": 3}], "[3]:\n  - a: 1\n  - b: 2\n  - c: 3", id="rows that have little in common"
        ),
        pytest.param(
            {"x": [{"a": 1, "to": ["p", "q"]}, {}]}, "x[2]:\n  - a: 1\n    to[2]: p,q\n  -", id="rows that are not flat"
        ),
        pytest.param(
            [{"rows": [{"a": 1}, {"a": 2}], "n": 1}],
            "[1]:\n  - rows[2]{a}:\n      1\n      2\n    n: 1",
            id="a table behind a hyphen",
        ),
        pytest.param(
            [[1, 2], [], [[3]], [{"a": 1}]],
            "[4]:\n  - [2]: 1,2\n  - [0]:\n  - [1]:\n    - [1]: 3\n  - [1]:\n    - a: 1",
            id="lists in lists",
        ),
        pytest.param([1, {"a": {"b": 2}}, "x"], "[3]:\n  - 1\n  - a:\n      b: 2\n  - x", id="all sorts"),
        pytest.param({"my key": 1, "a.b": 2, "": 3}, '"my key": 1\na.b: 2\n"": 3', id="keys that need quotes"),
        pytest.param({"my key": [{"a b": 1}]}, '"my key"[1]{"a b"}:\n  1', id="a table's keys that need quotes"),
    ],
)
def test_every_shape_has_its_form(value: Any, document: str) -> None:
    assert toon(value) == document
    assert without_nulls(decoded(document)) == without_nulls(value)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("plain words", "plain words", id="plain"),
        pytest.param("Zoë 👋 (x) a/b; c=d", "Zoë 👋 (x) a/b; c=d", id="plain, other letters"),
        pytest.param("", '""', id="empty"),
        pytest.param(" x", '" x"', id="a space before"),
        pytest.param("x\u00a0", '"x\u00a0"', id="a space behind, not ASCII"),
        pytest.param("true", '"true"', id="like a boolean"),
        pytest.param("True", "True", id="not like a boolean"),
        pytest.param("42", '"42"', id="like a number"),
        pytest.param("+1", '"+1"', id="like a number with a plus"),
        pytest.param("05", '"05"', id="like a number with a zero"),
        pytest.param("1e-6", '"1e-6"', id="like a number with an exponent"),
        pytest.param("2026-11-20", "2026-11-20", id="a day"),
        pytest.param("2026-11-20 15:00", '"2026-11-20 15:00"', id="a time, for its colon"),
        pytest.param("a,b", '"a,b"', id="a comma"),
        pytest.param("[x]", '"[x]"', id="brackets"),
        pytest.param("{x}", '"{x}"', id="braces"),
        pytest.param("-", '"-"', id="a hyphen"),
        pytest.param("#tag", '"#tag"', id="a number sign"),
        pytest.param('say "x"', '"say \\"x\\""', id="quotes"),
        pytest.param("a\\b", '"a\\\\b"', id="a backslash"),
        pytest.param("a\nb\r\tc", '"a\\nb\\r\\tc"', id="ends of lines"),
        pytest.param("a\x00\x1b", '"a\\u0000\\u001b"', id="control characters"),
        pytest.param("a\u2028b\x85", '"a\\u2028b\\u0085"', id="what a reader may take for a new line"),
        pytest.param("a\ud800", "a\ufffd", id="half a character"),
        pytest.param("a:\ud800", '"a:\ufffd"', id="half a character in quotes"),
    ],
)
def test_a_text_is_quoted_where_it_must_be_and_nowhere_else(text: str, written: str) -> None:
    assert toon({"k": text}) == f"k: {written}"


def test_no_text_can_forge_a_row() -> None:
    document = toon({"rows": [{"a": "x\n  msg_2,forged"}]})
    assert document.splitlines() == ["rows[1]{a}:", '  "x\\n  msg_2,forged"']


@pytest.mark.parametrize(
    ("number", "written"),
    [
        pytest.param(10**30, "1" + "0" * 30, id="a large whole number"),
        pytest.param(1.0, "1", id="whole"),
        pytest.param(1.5, "1.5", id="a fraction"),
        pytest.param(-0.0, "0", id="less than nothing"),
        pytest.param(1e6, "1000000", id="no exponent"),
        pytest.param(100.0, "100", id="zeros that count"),
        pytest.param(1e-6, "0.000001", id="a small one"),
        pytest.param(1.5e-7, "1.5e-7", id="a very small one"),
        pytest.param(1e21, "1e+21", id="a very large one"),
        pytest.param(-2.5e300, "-2.5e+300", id="an enormous one"),
        pytest.param(0.1, "0.1", id="no binary noise"),
        pytest.param(float("nan"), "null", id="no number"),
        pytest.param(float("inf"), "null", id="endless"),
    ],
)
def test_a_number_is_written_out(number: float, written: str) -> None:
    assert toon([number]) == f"[1]: {written}"
