"""graph/throttle/: turns between callers, and that many small calls starve no large one. On a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from graph.calls import Call, Caller
from graph.throttle.governor import LocalThrottle
from graph.throttle.limits import Demand, demand_of
from tests.graph.throttle.support import (
    ADELE,
    APP,
    DIEGO,
    Log,
    all_of,
    demand,
    lane,
    mail,
    now,
    settled,
    taken,
    throttle,
)
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


class Queue:
    """Calls that wait, in the order in which they are let go; each takes a second."""

    def __init__(self, gate: LocalThrottle) -> None:
        self.gate = gate
        self.order: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, wanted: Demand, caller: Caller) -> None:
        self.tasks.append(asyncio.create_task(self._one(name, wanted, caller)))

    async def _one(self, name: str, wanted: Demand, caller: Caller) -> None:
        permit = await self.gate.admit(wanted, caller)
        self.order.append(name)
        await asyncio.sleep(1)
        permit.release()

    async def end(self) -> Sequence[str]:
        await all_of(*self.tasks)
        return self.order


async def test_one_callers_calls_go_in_the_order_in_which_they_came() -> None:
    queue = Queue(throttle())
    for number in range(20):
        queue.add(str(number), demand(lane("single", 1)), ADELE)
    assert await queue.end() == [str(number) for number in range(20)]


async def test_callers_take_turns() -> None:
    queue = Queue(throttle())
    single = demand(lane("single", 1))
    for number in range(3):
        queue.add(f"a{number}", single, ADELE)
    await settled()
    for number in range(3):
        queue.add(f"d{number}", single, DIEGO)
    assert await queue.end() == ["a0", "a1", "d0", "a2", "d1", "d2"]


async def test_one_person_takes_half_of_a_tenant_at_most() -> None:
    gate = throttle()
    mailboxes = [demand_of(Call("GET", f"users/{number}/messages"), ADELE) for number in range(100)]
    permits = [permit for each in mailboxes if (permit := gate.try_admit(each, ADELE))]
    assert len(permits) == 32
    assert gate.try_admit(mail(DIEGO), DIEGO)


async def test_an_app_with_a_thousand_waiting_calls_delays_another_by_one_turn_at_most() -> None:
    queue = Queue(throttle())
    for number in range(1000):
        queue.add(f"hog{number}", demand_of(Call("GET", f"users/{number}/messages"), APP), APP)
    await settled()
    assert len(queue.order) == 64
    queue.add("other", mail(DIEGO), DIEGO)
    queue.add("other", mail(DIEGO), DIEGO)
    await asyncio.sleep(1.5)
    assert queue.order.index("other") <= 65
    assert queue.order.count("other") == 2
    await queue.end()


async def test_a_hog_in_its_own_mailbox_does_not_delay_others_at_all() -> None:
    gate = throttle()
    queue = Queue(gate)
    for number in range(1000):
        queue.add(f"hog{number}", mail(ADELE), ADELE)
    await settled()
    assert gate.try_admit(mail(DIEGO), DIEGO)
    await queue.end()
    assert now() == 250


async def test_when_a_tenant_is_full_its_users_share_it_whatever_they_wait_for() -> None:
    gate = throttle()
    tenant = lane("tenant", 8)
    logs = {name: Log() for name in ("a", "b", "c")}

    async def caller(name: str, wanted: Demand, many: int) -> None:
        async def one() -> None:
            while now() < 100:
                permit = await gate.admit(wanted, Caller("contoso", name))
                logs[name].sent()
                await asyncio.sleep(0.5)
                logs[name].ended()
                permit.release()

        await all_of(*(one() for _ in range(many)))

    await all_of(
        caller("a", demand(lane("a", 6), tenant), 100),
        caller("b", demand(lane("b", 4), tenant), 20),
        caller("c", demand(lane("c"), tenant), 4),
    )
    counts = {name: sum(at < 100 for at, _ in log.times) for name, log in logs.items()}
    assert sum(counts.values()) >= 0.97 * 8 * 200
    assert min(counts.values()) >= 0.9 * max(counts.values())
    assert logs["a"].peak <= 6


async def test_a_call_that_needs_four_slots_is_not_starved_by_small_ones_that_came_later() -> None:
    gate = throttle()
    queue = Queue(gate)
    for number in range(4):
        queue.add(f"early{number}", mail(), ADELE)
    await settled()
    queue.add("batch", mail().times(20), ADELE)
    for number in range(50):
        queue.add(f"late{number}", mail(), DIEGO if number % 2 else ADELE)
    order = await queue.end()
    assert order.index("batch") == 4


async def test_a_large_call_gets_its_turn_though_others_fill_two_lanes_all_the_time() -> None:
    gate, order = throttle(), list[float]()
    inner, outer = lane("inner", 4), lane("outer", 8)

    async def small(wanted: Demand, name: str, seconds: float) -> None:
        while now() < 50:
            permit = await gate.admit(wanted, Caller("contoso", name))
            await asyncio.sleep(seconds)
            permit.release()

    async def large() -> None:
        await asyncio.sleep(1)
        for _ in range(10):
            permit = await gate.admit(demand(inner, outer).times(4), ADELE)
            order.append(now())
            await asyncio.sleep(0.3)
            permit.release()

    rest = [small(demand(inner, outer), f"in{number}", 0.1 + number / 97) for number in range(10)]
    rest += [small(demand(outer), f"out{number}", 0.1 + number / 89) for number in range(20)]
    await all_of(large(), *rest)
    assert len(order) == 10
    assert order[-1] < 40


async def test_lanes_that_cross_do_not_hold_each_other_up_for_ever() -> None:
    gate, order = throttle(), list[float]()
    row, column = lane("row", None, (5, 1)), lane("column", None, (3, 1))

    async def busy(wanted: Demand, name: str) -> None:
        while now() < 60:
            (await gate.admit(wanted, Caller("contoso", name))).release()

    async def crossing() -> None:
        for _ in range(20):
            (await gate.admit(demand(row, column), ADELE)).release()
            order.append(now())

    rest = [busy(demand(row), f"r{number}") for number in range(10)]
    rest += [busy(demand(column), f"c{number}") for number in range(10)]
    await all_of(crossing(), *rest)
    assert len(order) == 20


async def test_calls_of_one_caller_stay_in_order_though_they_wait_in_two_lanes() -> None:
    gate = throttle()
    inner, outer = lane("inner", 2), lane("outer", 3)
    queue = Queue(gate)
    blockers = taken(gate, demand(outer))
    for number in range(12):
        queue.add(str(number), demand(inner, outer), ADELE)
        queue.add("x", demand(outer), DIEGO)
    await settled()
    for blocker in blockers:
        blocker.release()
    order = [name for name in await queue.end() if name != "x"]
    assert order == [str(number) for number in range(12)]
