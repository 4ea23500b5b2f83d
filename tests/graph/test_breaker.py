"""graph/breaker.py: an outage is noticed, waited out, and tried by one call at a time."""

from __future__ import annotations

import asyncio
import math

import pytest

from errors import GraphUnavailable
from graph.breaker import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Breaker
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


def broken() -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker.check()
        breaker.failed(math.inf)
    return breaker


def lets_through(breaker: Breaker) -> bool:
    try:
        breaker.check()
    except GraphUnavailable:
        return False
    return True


async def test_some_failures_in_a_row_open_it_and_calls_fail_at_once_with_the_time_to_wait() -> None:
    with pytest.raises(GraphUnavailable, match=f"did not answer {FAILURES} times.*in 5 seconds") as caught:
        broken().check()
    assert caught.value.code == "Outage"


async def test_an_answer_in_between_starts_the_count_again() -> None:
    breaker = Breaker()
    for _ in range(FAILURES * 3):
        breaker.failed(math.inf)
        breaker.failed(math.inf)
        breaker.answered()
    assert not breaker.is_open


async def test_after_the_pause_one_call_tries_and_the_others_still_fail() -> None:
    breaker = broken()
    await asyncio.sleep(FIRST_PAUSE - 0.1)
    assert not lets_through(breaker)
    await asyncio.sleep(0.2)
    assert [lets_through(breaker) for _ in range(3)] == [True, False, False]
    breaker.answered()
    assert [lets_through(breaker) for _ in range(3)] == [True, True, True]


async def test_a_try_that_fails_doubles_the_pause_up_to_a_limit() -> None:
    breaker, loop, pauses = broken(), asyncio.get_running_loop(), list[float]()
    for _ in range(6):
        started = loop.time()
        while not lets_through(breaker):  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(1)
        pauses.append(loop.time() - started)
        breaker.failed(math.inf)
    assert pauses == [5, 10, 20, 40, LONGEST_PAUSE, LONGEST_PAUSE]


async def test_a_try_whose_caller_left_makes_room_for_another() -> None:
    breaker = broken()
    await asyncio.sleep(FIRST_PAUSE)
    assert lets_through(breaker)
    assert not lets_through(breaker)
    breaker.unknown()
    assert lets_through(breaker)


async def test_all_that_ends_with_one_connection_is_one_failure() -> None:
    breaker, began = Breaker(), asyncio.get_running_loop().time()
    await asyncio.sleep(1)
    for _ in range(FAILURES * 10):
        breaker.failed(began)
    assert not breaker.is_open
    for _ in range(FAILURES):
        await asyncio.sleep(1)
        breaker.failed(asyncio.get_running_loop().time())
    assert breaker.is_open
