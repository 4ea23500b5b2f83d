"""The emulator's own time: it runs, is set, moves, stands still, and becomes the machine's again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from emulator.clock import Clock, ClockRange


class Machine:
    """A machine's clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_it_runs_like_the_machine() -> None:
    machine = Machine()
    clock = Clock(machine)
    assert clock() == 1000
    machine.now += 5
    assert clock() == 1005


def test_it_moves_and_runs_on_from_there() -> None:
    machine = Machine()
    clock = Clock(machine)
    clock.advance(3600)
    machine.now += 5
    assert clock() == 4605
    clock.advance(-4605)
    assert clock() == 0


def test_it_can_be_set_to_a_moment() -> None:
    clock = Clock(Machine())
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    clock.set(moment)
    assert clock.now == moment
    clock.set(50.0)
    assert clock() == 50


def test_it_stands_still_until_told_to_go_on() -> None:
    machine = Machine()
    clock = Clock(machine)
    clock.stop()
    machine.now += 100
    assert (clock(), clock.is_stopped) == (1000, True)
    clock.advance(10)
    machine.now += 100
    assert clock() == 1010
    clock.go_on()
    machine.now += 1
    assert (clock(), clock.is_stopped) == (1011, False)


def test_it_becomes_the_machines_again() -> None:
    machine = Machine()
    clock = Clock(machine)
    clock.advance(99)
    clock.stop()
    clock.reset()
    machine.now += 1
    assert (clock(), clock.is_stopped) == (1001, False)


@pytest.mark.parametrize("step", [-1001.0, 4e11, float("nan")])
def test_it_stays_within_the_years_that_dates_can_be_reckoned_in(step: float) -> None:
    clock = Clock(Machine())
    with pytest.raises(ClockRange, match="1970 to 9000"):
        clock.advance(step)
    assert clock() == 1000
