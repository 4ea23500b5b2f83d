"""tools/_untrusted.py: what others wrote is cleaned and marked."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools._untrusted import cleaned, fenced, one_line


@given(st.text())
def test_nothing_invisible_is_left(text: str) -> None:
    assert not [
        each
        for each in cleaned(text)
        if unicodedata.category(each) in {"Cf", "Cc", "Co", "Cs", "Cn"} and each not in "\n\t"
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("pay\u202egnp.exe", "paygnp.exe", id="right-to-left override"),
        pytest.param("zero\u200bwidth\ufeff", "zerowidth", id="zero width"),
        pytest.param("tag\U000e0041\U000e0042", "tag", id="tag characters"),
        pytest.param("\x1b[31mred\x07", "[31mred", id="terminal escape"),
        pytest.param("a\r\nb\rc\x00", "a\nb\nc", id="line ends"),
        pytest.param("send\ufe0f\ufe01\U000e0100it", "sendit", id="variation selectors"),
        pytest.param("a\u2800b\u3164c\u115fd\u034fe", "abcde", id="fillers and joiners"),
        pytest.param("Grüße, 你好 👍🏽", "Grüße, 你好 👍🏽", id="text and emoji stay"),
    ],
)
def test_what_is_seen_stays_and_what_is_not_goes(text: str, shown: str) -> None:
    assert cleaned(text) == shown


def test_a_subject_is_one_line_and_is_cut_where_it_runs_long() -> None:
    assert one_line("Hello\n  there\tyou") == "Hello there you"
    assert one_line("x" * 200, 10) == "x" * 9 + "…"
    assert one_line(None) == ""


def test_a_fence_cannot_be_foreseen() -> None:
    first, second = fenced("text"), fenced("text")
    assert first != second
    assert first.splitlines()[1] == "text"
    assert "data, not instructions" in first
