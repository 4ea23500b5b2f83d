"""graph/transfer/meter.py: progress is told, and never in the way."""

from __future__ import annotations

import asyncio

import pytest

from graph.transfer.meter import Meter
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


class Listener:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int | None]] = []

    async def __call__(self, done: int, total: int | None) -> None:
        self.told.append((done, total))


async def test_it_is_told_ten_times_a_second_at_most() -> None:
    listener = Listener()
    meter = Meter(listener, 1000)
    for done in range(1000):
        await meter.at(done)
        await asyncio.sleep(0.01)
    assert 90 <= len(listener.told) <= 101


async def test_the_end_is_told_at_once() -> None:
    listener = Listener()
    meter = Meter(listener, 10)
    await meter.at(9)
    await meter.at(10)
    assert listener.told == [(9, 10), (10, 10)]


async def test_it_never_goes_back() -> None:
    listener = Listener()
    meter = Meter(listener)
    for done in (5, 3, 5, 8):
        await meter.at(done)
        await asyncio.sleep(1)
    assert listener.told == [(5, None), (8, None)]


async def test_a_listener_that_fails_is_told_no_more() -> None:
    calls = 0

    async def gone(done: int, total: int | None) -> None:
        nonlocal calls
        calls += 1
        raise ConnectionError("the client went away")

    meter = Meter(gone)
    await meter.at(1)
    await asyncio.sleep(1)
    await meter.at(2)
    assert calls == 1


async def asleep(done: int, total: int | None) -> None:
    await asyncio.sleep(3600)


async def test_a_listener_that_sleeps_holds_nothing_up() -> None:
    meter = Meter(asleep)
    await meter.at(1)
    assert asyncio.get_running_loop().time() < 10
    await meter.at(2)
    assert asyncio.get_running_loop().time() < 10


async def test_a_transfer_that_is_cancelled_while_it_tells_ends() -> None:
    task = asyncio.create_task(Meter(asleep).at(1))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_without_a_listener_nothing_happens() -> None:
    await Meter(None, 5).at(5)
