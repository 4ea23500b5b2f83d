"""When a cell ended well: in the right answers or in errors that are ours, with just the writes that they speak of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from errors import AppError, GraphUncertain
from tests.graph.chaos.deed import Part


def check(outcomes: Sequence[Any], parts: Sequence[Part]) -> None:
    """Every outcome, and what the tenant says of it."""
    assert len(outcomes) == len(parts)
    for found, part in zip(outcomes, parts, strict=True):
        done = part.done()
        if not isinstance(found, AppError):
            assert part.is_right(found), f"a wrong answer was taken for a right one: {found!r:.500}"
            assert done == part.asked, f"{done} writes in place of {part.asked}"
        elif isinstance(found, GraphUncertain) and part.asked:
            assert done <= part.asked, f"{done} writes in place of {part.asked}, and then {found!r}"
        else:
            assert not done, f"it was done, and then said to have failed: {found!r}"


def check_all_right(outcomes: Sequence[Any]) -> None:
    """No outcome is an error."""
    assert [found for found in outcomes if isinstance(found, AppError)] == []
