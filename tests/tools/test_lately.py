"""tools/_lately.py: what was written a moment ago is not written again, and all else is."""

from __future__ import annotations

import pytest

from tools._lately import Lately


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(
    ("passed", "is_known"),
    [
        pytest.param(0, True, id="at once"),
        pytest.param(59.9, True, id="within its time"),
        pytest.param(60, False, id="after its time"),
        pytest.param(-1, False, id="the clock was set back"),
    ],
)
def test_it_knows_what_was_noted_within_its_time(clock: Clock, passed: float, is_known: bool) -> None:
    lately = Lately(60, clock)
    lately.note("ines", "a")
    clock.now += passed
    assert lately.has("ines", "a") is is_known


def test_what_one_has_noted_is_nothing_to_another(clock: Clock) -> None:
    lately = Lately(60, clock)
    lately.note("ines", "a")
    assert not lately.has("jonas", "a")
    assert not lately.has("ines", "b")


def test_what_is_noted_again_counts_from_then(clock: Clock) -> None:
    lately = Lately(60, clock)
    lately.note("ines", "a")
    clock.now += 50
    lately.note("ines", "a")
    clock.now += 50
    assert lately.has("ines", "a")


def test_without_any_time_it_remembers_nothing(clock: Clock) -> None:
    lately = Lately(0, clock)
    lately.note("ines", "a")
    assert not lately.has("ines", "a")


def test_it_forgets_the_oldest_where_there_is_too_much(clock: Clock) -> None:
    lately = Lately(60, clock, most=2)
    for name in ("a", "b", "c"):
        lately.note("ines", name)
    assert [lately.has("ines", name) for name in ("a", "b", "c")] == [False, True, True]


def test_it_forgets_all_of_one_and_nothing_of_others(clock: Clock) -> None:
    lately = Lately(60, clock)
    for who in ("ines", "jonas"):
        lately.note(who, "a")
    lately.forget("ines")
    assert not lately.has("ines", "a")
    assert lately.has("jonas", "a")
