"""graph/transfer/ranges.py: what headers and sessions say of ranges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.transfer.ranges import ContentRange, content_length, content_range, next_expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("bytes 0-9/10", ContentRange(0, 10, 10), id="all of it"),
        pytest.param("Bytes  5-9/*", ContentRange(5, 10, None), id="of nobody knows how many"),
        pytest.param(" bytes */10 ", ContentRange(0, None, 10), id="none of it"),
        pytest.param("bytes */*", ContentRange(0, None, None), id="nothing at all"),
        pytest.param("bytes 9-5/10", None, id="backwards"),
        pytest.param("bytes 0-10/10", None, id="past the end"),
        pytest.param("bytes 0-9", None, id="no total"),
        pytest.param("bytes 0-1,4-5/10", None, id="two ranges"),
        pytest.param("items 0-9/10", None, id="another unit"),
        pytest.param("bytes 0-9/1" + "0" * 30, None, id="more than there can be"),
        pytest.param("bytes \u0660-\u0669/10", None, id="digits of another script"),
        pytest.param(None, None, id="no header"),
    ],
)
def test_a_content_range_is_read(text: str | None, expected: ContentRange | None) -> None:
    assert content_range(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("0", 0, id="nothing"),
        pytest.param(" 17 ", 17, id="some"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1e3", None, id="no number"),
        pytest.param(None, None, id="no header"),
    ],
)
def test_a_content_length_is_read(text: str | None, expected: int | None) -> None:
    assert content_length(text) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"nextExpectedRanges": ["26-"]}, 26, id="an open end"),
        pytest.param({"nextExpectedRanges": ["26-99"]}, 26, id="both ends"),
        pytest.param({"NextExpectedRanges": ["2097152"]}, 2_097_152, id="as Outlook writes it"),
        pytest.param({"nextExpectedRanges": ["90-", "26-50"]}, 26, id="the first of several"),
        pytest.param({"nextExpectedRanges": []}, None, id="nothing more"),
        pytest.param({"nextExpectedRanges": None}, None, id="null"),
        pytest.param({"nextExpectedRanges": [7, "x", "-5"]}, None, id="nonsense"),
        pytest.param({"nextExpectedRanges": 5}, None, id="no list"),
        pytest.param({}, None, id="not a word"),
    ],
)
def test_what_a_session_wants_next_is_read(body: dict[str, Any], expected: int | None) -> None:
    assert next_expected(body) == expected


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    assert content_range(text) is None or text.strip().lower().startswith("bytes")
    assert content_length(text) is None or text.strip().isdigit()
    assert (next_expected({"nextExpectedRanges": [text]}) or 0) >= 0
