"""tools/_render.py: answers stay within their bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import _render


@given(st.lists(st.text(max_size=40)), st.integers(min_value=0, max_value=200))
def test_lines_fit_into_their_bytes_from_the_first_on(lines: list[str], limit: int) -> None:
    usable = [line.encode(errors="replace").decode() for line in lines]
    kept = _render.fitting(usable, limit)
    assert kept == usable[: len(kept)]
    assert len(kept) <= 1 or sum(len(line.encode()) + 1 for line in kept) <= limit
    assert kept or not usable


@pytest.mark.parametrize(
    ("graph_time", "shown"),
    [
        pytest.param("2026-11-20T14:03:59Z", "2026-11-20 14:03", id="UTC"),
        pytest.param("2026-11-20T14:03:59.1234567Z", "2026-11-20 14:03", id="Graph's seven digits"),
        pytest.param("2026-11-20T23:30:00-05:00", "2026-11-21 04:30", id="another zone"),
        pytest.param(None, None, id="none"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_time_is_shown_to_the_minute_in_utc(graph_time: str | None, shown: str | None) -> None:
    assert _render.minute(graph_time) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        pytest.param(0, "0 B", id="none"),
        pytest.param(999, "999 B", id="bytes"),
        pytest.param(12_345, "12 kB", id="kB"),
        pytest.param(2_500_000, "2.5 MB", id="MB"),
    ],
)
def test_a_size_is_shown_as_people_write_it(count: int, shown: str) -> None:
    assert _render.size(count) == shown
