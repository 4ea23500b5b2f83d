"""graph/_turns.py: whose turn it is in one lane."""

from __future__ import annotations

import asyncio
from math import inf

import pytest

from graph.calls import Caller
from graph.throttle.turns import Turns, Waiter
from tests.graph.throttle.support import ADELE, DIEGO, mail
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


def waiter(ticket: int, caller: Caller = ADELE) -> Waiter:
    return Waiter(ticket, mail(), caller, inf, asyncio.get_running_loop().create_future())


def waiting(*those: Waiter) -> Turns:
    turns = Turns()
    for each in those:
        turns.add(each)
    return turns


def gone(turns: Turns) -> list[int]:
    """Let all go, by their tickets."""
    order = []
    while head := turns.head():
        turns.take_turn(head)
        order.append(head.ticket)
    return order


async def test_nobody_waits_at_first() -> None:
    assert not Turns()
    assert Turns().head() is None


async def test_a_callers_own_calls_go_by_their_tickets_however_they_came() -> None:
    assert gone(waiting(*map(waiter, (3, 1, 2)))) == [1, 2, 3]


async def test_callers_take_turns_and_a_new_one_comes_after_all_that_wait() -> None:
    turns = waiting(waiter(1), waiter(2), waiter(3), waiter(4, DIEGO), waiter(5, DIEGO))
    assert gone(turns) == [1, 4, 2, 5, 3]


async def test_who_had_a_turn_comes_back_to_the_front_by_ticket() -> None:
    first, second = waiter(1), waiter(2, DIEGO)
    turns = waiting(first, second, waiter(3), waiter(4, DIEGO))
    for each in (first, second):
        turns.take_turn(each)
    for each in (second, first):
        turns.add(each)
    assert gone(turns) == [1, 2, 3, 4]


async def test_coming_back_takes_no_turn_of_the_callers_others() -> None:
    first = waiter(1)
    turns = waiting(first, waiter(2, DIEGO), waiter(3))
    turns.take_turn(first)
    turns.add(first)
    turns.take_turn(first)
    assert gone(turns) == [2, 3]


async def test_others_are_before_one_who_had_no_turn_yet() -> None:
    assert waiting(waiter(2)).are_before(waiter(1))
    assert not Turns().are_before(waiter(1))


async def test_only_older_ones_at_the_front_are_before_one_who_had_a_turn() -> None:
    old, middle, young = (waiter(ticket) for ticket in (1, 2, 3))
    turns = waiting(old, middle, young, waiter(0, DIEGO))
    for each in (old, middle, young):
        turns.remove(each)
        each.turned.add(turns)
    assert not turns.are_before(young)
    turns.add(middle)
    assert turns.are_before(young)
    assert not turns.are_before(old)


async def test_who_leaves_is_gone() -> None:
    leaving, front = waiter(2), waiter(3)
    turns = waiting(waiter(1), leaving, front)
    turns.remove(leaving)
    turns.remove(front)
    front.turned.add(turns)
    turns.add(front)
    turns.remove(front)
    assert leaving.at is None
    assert gone(turns) == [1]
    assert not turns
