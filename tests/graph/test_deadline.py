"""graph/deadline.py: one limit for all that is done for a call, and no inner one makes it longer."""

from __future__ import annotations

import asyncio
import math

import pytest

from graph import deadline
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


async def test_without_a_limit_there_is_the_usual_one() -> None:
    assert (deadline.at(), deadline.left()) == (None, math.inf)
    assert deadline.end() == asyncio.get_running_loop().time() + deadline.CALL_SECONDS


async def test_a_limit_runs_down_and_never_below_nothing() -> None:
    with deadline.within(10):
        await asyncio.sleep(4)
        assert (deadline.left(), deadline.end()) == (6, 10)
        await asyncio.sleep(10)
        assert deadline.left() == 0
    assert deadline.at() is None


async def test_the_earlier_of_two_limits_counts() -> None:
    with deadline.within(10), deadline.within(100):
        assert deadline.at() == 10
        with deadline.within(1):
            assert deadline.at() == 1
        assert deadline.at() == 10


async def test_work_for_others_has_their_limit() -> None:
    with deadline.within(10), deadline.until(50):
        assert deadline.at() == 50


async def test_each_task_has_its_own() -> None:
    async def limited(seconds: float) -> float | None:
        with deadline.within(seconds):
            await asyncio.sleep(0)
            return deadline.at()

    assert list(await asyncio.gather(limited(1), limited(2))) == [1, 2]
