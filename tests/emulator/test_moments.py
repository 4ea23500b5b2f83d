"""Moments are told in UTC, to the second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from emulator.moments import timestamp


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        pytest.param(datetime(2026, 3, 11, 14, 30, tzinfo=UTC), "2026-03-11T14:30:00Z", id="UTC"),
        pytest.param(datetime(2026, 3, 11, 14, 30, 5, 999_999, UTC), "2026-03-11T14:30:05Z", id="a part of a second"),
        pytest.param(
            datetime(2026, 3, 11, 0, 30, tzinfo=timezone(timedelta(hours=1))), "2026-03-10T23:30:00Z", id="elsewhere"
        ),
        pytest.param(datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z", id="the first one"),
    ],
)
def test_a_moment_is_written_as_graph_writes_it(moment: datetime, text: str) -> None:
    assert timestamp(moment) == text
