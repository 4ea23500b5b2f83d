"""Sliding windows: what was used leaves them after a while, and they know when something fits again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emulator.throttling.windows import Window


def test_what_was_used_leaves_after_its_time() -> None:
    window = Window(10)
    window.add(0, 3)
    window.add(4, 2)
    assert [window.used(at) for at in (4, 9.9, 10, 13.9, 14)] == [5, 5, 2, 2, 0]


def test_it_says_how_long_until_something_fits() -> None:
    window = Window(10)
    window.add(0, 3)
    window.add(4, 2)
    assert window.wait(5, limit=5, amount=1) == 5
    assert window.wait(5, limit=5, amount=4) == 9
    assert window.wait(5, limit=5, amount=0) == 1


def test_what_never_fits_waits_for_the_whole_window() -> None:
    window = Window(10)
    window.add(0, 3)
    assert window.wait(1, limit=5, amount=6) == 10
    assert Window(10).wait(0, limit=5, amount=6) == 10


def test_it_says_when_it_will_be_empty() -> None:
    window = Window(10)
    assert window.reset(0) == 0
    window.add(0, 1)
    window.add(2.5, 1)
    assert window.reset(3) == 10
    assert window.reset(20) == 0


def test_many_calls_at_once_are_one_entry() -> None:
    window = Window(600)
    for number in range(10_000):
        window.add(number / 1_000_000, 1)
    assert window.used(1) == 10_000
    assert len(window._uses) == 1


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5)), min_size=1, max_size=40),
    st.integers(5, 30),
    st.integers(1, 5),
)
def test_who_waits_as_long_as_told_fits(uses: list[tuple[int, int]], limit: int, amount: int) -> None:
    window, now = Window(10), 0.0
    for pause, used in uses:
        now += pause / 10
        window.add(now, used)
    later = now + window.wait(now, limit, amount)
    assert window.used(later) + amount <= limit
