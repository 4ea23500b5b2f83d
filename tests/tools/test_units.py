"""tools/_units.py: sizes, spans and lists as people write them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools import _units


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        pytest.param(-1, "0 B", id="less than none"),
        pytest.param(0, "0 B", id="none"),
        pytest.param(820, "820 B", id="bytes"),
        pytest.param(999, "999 B", id="the most bytes"),
        pytest.param(1000, "1 kB", id="the first kB"),
        pytest.param(24_310, "24 kB", id="kB"),
        pytest.param(999_499, "999 kB", id="the most kB"),
        pytest.param(999_999, "1.0 MB", id="never 1000 kB"),
        pytest.param(1_400_000, "1.4 MB", id="MB"),
        pytest.param(999_999_999, "1.0 GB", id="never 1000 MB"),
        pytest.param(2_100_000_000, "2.1 GB", id="GB"),
        pytest.param(3_000_000_000_000, "3.0 TB", id="TB"),
        pytest.param(4_000_000_000_000_000, "4000 TB", id="beyond all units"),
    ],
)
def test_a_size_is_shown_as_people_write_it(count: int, shown: str) -> None:
    assert _units.size(count) == shown


@settings(max_examples=60)
@given(st.integers(min_value=0, max_value=10**14))
def test_a_size_is_shown_in_few_characters_and_nearly_right(count: int) -> None:
    amount, unit = _units.size(count).split()
    factor = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}[unit]
    assert len(amount) <= 6
    assert abs(float(amount) * factor - count) <= factor * (0.05 if "." in amount else 0.5) + 1


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        pytest.param(0, "0 s", id="nothing"),
        pytest.param(0.4, "0 s", id="nearly nothing"),
        pytest.param(45, "45 s", id="seconds"),
        pytest.param(60, "1 min", id="a minute"),
        pytest.param(59.9, "1 min", id="nearly a minute"),
        pytest.param(5400, "1 h 30 min", id="hours and minutes"),
        pytest.param(7200, "2 h", id="hours alone"),
        pytest.param(90_061, "1 d 1 h", id="the two largest"),
        pytest.param(86_460, "1 d", id="the second is none"),
        pytest.param(-1800, "minus 30 min", id="back in time"),
        pytest.param(float("inf"), None, id="endless"),
        pytest.param(float("nan"), None, id="no number"),
        pytest.param("PT1H30M", "1 h 30 min", id="ISO"),
        pytest.param("PT90M", "1 h 30 min", id="ISO, many minutes"),
        pytest.param("PT0S", "0 s", id="ISO, nothing"),
        pytest.param("PT2M3.5S", "2 min 3 s", id="ISO, a fraction"),
        pytest.param("P1DT2H", "1 d 2 h", id="ISO, days and hours"),
        pytest.param("P2W", "14 d", id="ISO, weeks"),
        pytest.param("P180D", "180 d", id="ISO, many days"),
        pytest.param("P1Y", "1 y", id="ISO, a year"),
        pytest.param("P18M", "1 y 6 mo", id="ISO, months"),
        pytest.param("P3MT5M", "3 mo 5 min", id="ISO, months and minutes"),
        pytest.param("-PT15M", "minus 15 min", id="ISO, back in time"),
        pytest.param("-PT0S", "0 s", id="ISO, nothing back in time"),
        pytest.param("P10675199DT2H48M5.4775807S", "10675199 d 2 h", id="ISO, the longest of Windows"),
        pytest.param("P", None, id="ISO without any"),
        pytest.param("PT", None, id="ISO without any time"),
        pytest.param("P1DT", None, id="ISO without its time"),
        pytest.param("1:30", None, id="garbage"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_span_is_shown_in_its_two_largest_units(span: float | str | None, shown: str | None) -> None:
    assert _units.duration(span) == shown


@settings(max_examples=60)
@given(st.integers(min_value=0, max_value=10**9 - 1))
def test_seconds_and_their_iso_form_are_shown_alike(seconds: int) -> None:
    shown = _units.duration(seconds)
    assert shown == _units.duration(f"PT{seconds}S")
    assert re.fullmatch(r"[0-9]+ (?:d|h|min|s)(?: [0-9]+ (?:h|min|s))?", shown or "")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param(_units.count(1, "message"), "1 message", id="one"),
        pytest.param(_units.count(25, "message"), "25 messages", id="many"),
        pytest.param(_units.count(0, "message"), "0 messages", id="none"),
        pytest.param(_units.count(2, "mailbox"), "2 mailboxes", id="a hiss"),
        pytest.param(_units.count(2, "match"), "2 matches", id="two letters"),
        pytest.param(_units.count(2, "reply"), "2 replies", id="a y"),
        pytest.param(_units.count(2, "day"), "2 days", id="a y after a vowel"),
        pytest.param(_units.count(2, "person", "people"), "2 people", id="a plural of its own"),
        pytest.param(_units.count(1, "person", "people"), "1 person", id="one of them"),
    ],
)
def test_things_are_counted_in_plain_words(shown: str, expected: str) -> None:
    assert shown == expected


@pytest.mark.parametrize(
    ("items", "shown"),
    [
        pytest.param([], "none", id="none"),
        pytest.param(["a"], "a", id="one"),
        pytest.param(["a", "b"], "a and b", id="two"),
        pytest.param(["a", "b", "c"], "a, b and c", id="as many as may be"),
        pytest.param(["a", "b", "c", "d"], "a, b, c and 1 more", id="one too many"),
        pytest.param([*"abcdefg"], "a, b, c and 4 more", id="many"),
    ],
)
def test_a_long_list_is_cut_and_says_so(items: list[str], shown: str) -> None:
    assert _units.listed(items, most=3) == shown
