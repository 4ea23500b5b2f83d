"""graph/throttle/: whatever comes when, no limit is passed, nobody waits for ever, and nothing is left behind."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import GraphThrottled
from graph import deadline
from graph.calls import Call, Caller
from graph.throttle.governor import LocalThrottle, Permit
from graph.throttle.limits import Demand, Lane, demand_of
from tests.graph.throttle.support import ADELE, demand, lane, mail, most_in_any, now, refusal, settled, taken, throttle
from tests.virtual_time import VIRTUAL_TIME, VirtualTimeLoop


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


BOX = lane("box", 4, (30, 10))
OTHER_BOX = lane("other-box", 2)
ROW, COLUMN = lane("row", None, (12, 1)), lane("column", 3, (18, 5))
TENANT = lane("tenant", 6)
DEMANDS = [
    demand(BOX, TENANT),
    demand(BOX, ROW, TENANT),
    demand(OTHER_BOX, TENANT),
    demand(ROW, COLUMN, TENANT),
    demand((ROW, 2), TENANT),
    demand(COLUMN),
    demand(TENANT),
]
ANSWERS = [(200, {}), (200, {}), (404, {}), (500, {}), (429, {}), (429, refusal(3)), (503, refusal(1)), None]


@dataclass(frozen=True)
class Arrival:
    """A call that comes at some time, with all that becomes of it."""

    at: float
    caller: Caller
    wanted: Demand
    holds: float
    answer: tuple[int, dict[str, str]] | None
    cancelled_after: float | None
    deadline: float | None


moments = st.floats(0, 20).map(lambda at: round(at, 2))
arrivals = st.builds(
    Arrival,
    at=moments,
    caller=st.sampled_from([Caller("contoso", name) for name in "abc"]),
    wanted=st.builds(Demand.times, st.sampled_from(DEMANDS), st.sampled_from([1, 1, 1, 1, 2, 4, 6])),
    holds=st.floats(0, 2).map(lambda seconds: round(seconds, 2)),
    answer=st.sampled_from(ANSWERS),
    cancelled_after=st.none() | st.none() | moments,
    deadline=st.none() | st.none() | moments,
)


class Reference:
    """Counts by itself what each lane lets through."""

    def __init__(self) -> None:
        self.under_way: Counter[tuple[str, ...]] = Counter()
        self.times: dict[Lane, list[tuple[float, int]]] = {}

    def began(self, permit: Permit) -> None:
        for each, units in permit.demand.lanes:
            self.under_way[each.key] += permit.slots
            assert each.limits.slots is None or self.under_way[each.key] <= each.limits.slots
            self.times.setdefault(each, []).append((now(), units * permit.demand.calls))

    def ended(self, permit: Permit) -> None:
        self.under_way.subtract({each.key: permit.slots for each, _ in permit.demand.lanes})
        permit.release()

    def check_rates(self) -> None:
        for each, times in self.times.items():
            for rate in each.limits.rates:
                assert most_in_any(rate.seconds, times) <= rate.amount


async def become(gate: LocalThrottle, reference: Reference, arrival: Arrival) -> None:
    await asyncio.sleep(arrival.at)
    with deadline.within(1e6 if arrival.deadline is None else arrival.deadline):
        permit = await gate.admit(arrival.wanted, arrival.caller)
    reference.began(permit)
    try:
        await asyncio.sleep(arrival.holds)
        if arrival.answer:
            gate.heard(arrival.wanted, *arrival.answer)
    finally:
        reference.ended(permit)


async def lived(gate: LocalThrottle, reference: Reference, arrival: Arrival) -> None:
    task = asyncio.create_task(become(gate, reference, arrival))
    if arrival.cancelled_after is not None:
        asyncio.get_running_loop().call_later(arrival.cancelled_after, task.cancel)
    with suppress(asyncio.CancelledError, GraphThrottled):
        await task


async def whole(schedule: list[Arrival]) -> None:
    gate, reference = throttle(), Reference()
    await asyncio.gather(*(lived(gate, reference, arrival) for arrival in schedule))
    assert now() < 20 + 2 * len(schedule) + 120  # a minute is the longest pause without a time
    reference.check_rates()
    assert not +reference.under_way
    await asyncio.sleep(300)
    gate._sweep(now())
    assert not gate._lanes
    assert not gate._narrowed


@settings(max_examples=150)
@given(st.lists(arrivals, min_size=1, max_size=60))
def test_any_schedule_keeps_all_limits_and_comes_to_an_end(schedule: list[Arrival]) -> None:
    loop = VirtualTimeLoop()
    try:
        loop.run_until_complete(whole(schedule))
    finally:
        loop.close()


# Memory.


async def test_lanes_that_nobody_uses_are_forgotten() -> None:
    gate = throttle()
    for number in range(5000):
        caller = Caller("contoso", f"user{number}")
        permit = gate.try_admit(mail(caller), caller)
        assert permit is not None
        permit.release()
        await asyncio.sleep(10)
    assert len(gate._lanes) < 200  # sixty mailboxes are remembered for ten minutes


async def test_a_paused_lane_is_not_forgotten() -> None:
    gate = throttle()
    gate.heard(mail(), 429, refusal(1000))
    await asyncio.sleep(900)
    for number in range(500):
        caller = Caller("contoso", f"user{number}")
        taken(gate, demand_of(Call("GET", "me/events"), caller), caller, most=1)
    assert gate.try_admit(mail(), ADELE) is None


async def test_a_rate_that_still_counts_is_not_forgotten() -> None:
    gate = throttle()
    hourly = demand(lane("hourly", None, (1, 3600)))
    taken(gate, hourly)[0].release()
    await asyncio.sleep(3000)
    for number in range(500):
        taken(gate, demand(lane(f"other{number}")), most=1)[0].release()
    assert gate.try_admit(hourly, ADELE) is None
    assert len(gate._lanes) < 200


async def test_what_is_under_way_is_not_forgotten() -> None:
    gate = throttle()
    slow = demand(lane("slow", 1))
    permits = taken(gate, slow)
    for number in range(500):
        taken(gate, demand(lane(f"other{number}")), most=1)[0].release()
    assert gate.try_admit(slow, ADELE) is None
    permits[0].release()
    assert gate.try_admit(slow, ADELE)


async def test_a_thousand_callers_that_gave_up_leave_no_timer_and_no_waiter() -> None:
    gate = throttle()
    taken(gate, mail())
    with deadline.within(30):
        waiting = [asyncio.create_task(gate.admit(mail(), Caller("contoso", f"u{number}"))) for number in range(1000)]
    for task in waiting[::2]:
        task.get_loop().call_later(1, task.cancel)
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert Counter(type(end) for end in ends) == {asyncio.CancelledError: 500, GraphThrottled: 500}
    assert now() < 31
    assert not any(state.turns or state.alarm for state in gate._lanes.values())


async def test_a_call_that_got_its_turn_leaves_no_timer_for_its_deadline() -> None:
    gate = throttle()
    permits = taken(gate, mail())
    with deadline.within(3600):
        waiting = asyncio.create_task(gate.admit(mail(), ADELE))
    await settled()
    permits[0].release()
    await waiting
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    assert all(timer.cancelled() for timer in loop._scheduled)  # type: ignore[attr-defined]


async def test_a_lane_is_not_forgotten_between_two_turns() -> None:
    gate = throttle()
    single = demand(lane("single", 1))
    permits = taken(gate, single)
    waiting = asyncio.create_task(gate.admit(single, ADELE))
    await settled()
    permits[0].release()
    for number in range(500):
        taken(gate, demand(lane(f"other{number}")), most=1)[0].release()
    assert gate.try_admit(single, ADELE) is None
    await waiting
