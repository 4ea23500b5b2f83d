"""graph/throttle/: who is let through, who waits, and what a call leaves behind. On a clock that jumps."""

from __future__ import annotations

import asyncio

import pytest

from errors import GraphThrottled
from graph import deadline
from graph.calls import Call
from graph.throttle.governor import LocalThrottle
from graph.throttle.limits import demand_of
from tests.graph.throttle.support import ADELE, DIEGO, demand, lane, mail, now, refusal, settled, taken, throttle
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


async def test_a_mailbox_gets_four_requests_at_once_and_the_next_when_one_has_ended() -> None:
    gate = throttle()
    permits = taken(gate, mail())
    assert len(permits) == 4
    permits[0].release()
    assert len(taken(gate, mail())) == 1


@pytest.mark.parametrize(
    ("processes", "slots"),
    [pytest.param(2, 2, id="two"), pytest.param(3, 1, id="three"), pytest.param(9, 1, id="many")],
)
async def test_processes_share_the_requests_at_once_and_none_goes_without(processes: int, slots: int) -> None:
    assert len(taken(LocalThrottle(processes=processes), mail())) == slots


async def test_two_mailboxes_do_not_share_slots() -> None:
    gate = throttle()
    taken(gate, mail(ADELE))
    assert len(taken(gate, mail(DIEGO))) == 4


async def test_a_permit_gives_its_slots_back_once() -> None:
    gate = throttle()
    first, *_ = taken(gate, mail())
    first.release()
    first.release()
    assert len(taken(gate, mail())) == 1


async def test_who_waits_goes_when_a_slot_is_given_back() -> None:
    gate = throttle()
    permits = taken(gate, mail())
    waiting = asyncio.create_task(gate.admit(mail(), ADELE))
    await settled()
    assert not waiting.done()
    permits[0].release()
    assert (await waiting).slots == 1


async def test_a_free_lane_admits_without_waiting() -> None:
    permit = await throttle().admit(mail(), ADELE)
    assert permit.slots == 1
    assert permit.demand == mail()
    assert now() == 0


async def test_nobody_jumps_the_queue_even_when_there_is_room_for_a_moment() -> None:
    gate = throttle()
    permits = taken(gate, mail())
    waiting = asyncio.create_task(gate.admit(mail(), ADELE))
    await settled()
    permits[0].release()
    assert gate.try_admit(mail(), DIEGO) is None
    assert (await waiting).slots == 1


async def test_who_hears_an_answer_says_so_before_the_next_is_let_go() -> None:
    gate = throttle()
    permit, *others = taken(gate, mail())
    for other in others:
        other.release()
    waiting = asyncio.create_task(gate.admit(mail().times(4), ADELE))
    await settled()
    exchange = asyncio.create_task(asyncio.sleep(0))
    exchange.add_done_callback(lambda _: permit.release())
    await asyncio.shield(exchange)
    gate.heard(mail(), 429, refusal(5))
    await settled()
    assert not waiting.done()
    await waiting
    assert now() >= 5


async def test_a_batch_of_twenty_takes_the_four_slots_of_a_mailbox_and_twenty_calls_of_its_rate() -> None:
    gate = throttle()
    batch = gate.try_admit(mail().times(20), ADELE)
    assert batch is not None
    assert batch.slots == 4
    assert gate.try_admit(mail(), ADELE) is None
    batch.release()
    assert len(taken(gate, mail())) == 4


async def test_a_batch_takes_as_many_slots_of_the_tenant_as_of_the_mailbox() -> None:
    gate = throttle()
    callers = [ADELE, DIEGO] + [type(ADELE)("contoso", f"u{number}") for number in range(14)]
    assert all(gate.try_admit(mail(caller).times(20), caller) for caller in callers)


async def test_a_batch_waits_for_all_its_slots() -> None:
    gate = throttle()
    permits = taken(gate, mail(), most=2)
    waiting = asyncio.create_task(gate.admit(mail().times(3), ADELE))
    await settled()
    assert not waiting.done()
    permits[0].release()
    assert (await waiting).slots == 3


async def test_a_call_takes_from_all_its_lanes_or_from_none() -> None:
    gate = throttle()
    narrow, wide = lane("narrow", 1), lane("wide", 2)
    permit = gate.try_admit(demand(wide, narrow), ADELE)
    assert permit is not None
    assert gate.try_admit(demand(wide, narrow), ADELE) is None
    assert len(taken(gate, demand(wide))) == 1


async def test_a_rate_lets_no_more_through_until_its_window_has_passed() -> None:
    gate = throttle()
    tickets = demand(lane("tickets", None, (3, 10)))
    assert len(taken(gate, tickets)) == 3
    assert gate.pause_left(tickets) == pytest.approx(10.2)
    await gate.admit(tickets, ADELE)
    assert now() == pytest.approx(10.2)


async def test_a_batch_larger_than_a_rate_goes_alone_and_not_never() -> None:
    gate = throttle()
    small = demand(lane("small", None, (5, 10)))
    assert small.most == 5
    await gate.admit(small, ADELE)
    await gate.admit(small.times(8), ADELE)
    assert now() == pytest.approx(10.2)
    await gate.admit(small, ADELE)
    assert now() == pytest.approx(20.4)


async def test_who_waits_for_a_rate_does_not_hold_up_who_needs_none_of_it() -> None:
    gate = throttle()
    sending = demand_of(Call("POST", "me/sendMail"), ADELE)
    for _ in range(30):
        (await gate.admit(sending, ADELE)).release()
    waiting = asyncio.create_task(gate.admit(sending, ADELE))
    await settled()
    assert len(taken(gate, mail(), most=3)) == 3
    await waiting
    assert now() == pytest.approx(61)


# Deadlines and cancellation.


async def test_a_known_pause_beyond_the_deadline_is_an_error_at_once_and_says_how_long() -> None:
    gate = throttle()
    gate.heard(mail(), 429, refusal(30))
    with deadline.within(20), pytest.raises(GraphThrottled, match=r"for 3\d seconds") as caught:
        await gate.admit(mail(), ADELE)
    assert now() == 0
    assert 30 <= caught.value.retry_after <= 33


async def test_a_pause_within_the_deadline_is_waited_for() -> None:
    gate = throttle()
    gate.heard(mail(), 429, refusal(10))
    with deadline.within(20):
        await gate.admit(mail(), ADELE)
    assert 10 <= now() <= 11


async def test_a_full_rate_beyond_the_deadline_is_an_error_at_once() -> None:
    gate = throttle()
    hourly = demand(lane("hourly", None, (1, 3600)))
    await gate.admit(hourly, ADELE)
    with deadline.within(60), pytest.raises(GraphThrottled):
        await gate.admit(hourly, ADELE)
    assert now() == 0


async def test_a_pause_that_begins_while_somebody_waits_ends_the_waiting_at_once() -> None:
    gate = throttle()
    taken(gate, mail())
    with deadline.within(20):
        waiting = asyncio.create_task(gate.admit(mail(), ADELE))
    await settled()
    gate.heard(mail(), 429, refusal(60))
    with pytest.raises(GraphThrottled, match="Try again after that"):
        await waiting
    assert now() == 0


async def test_who_gets_no_turn_before_the_deadline_is_told_so() -> None:
    gate = throttle()
    permits = taken(gate, mail())
    with deadline.within(5), pytest.raises(GraphThrottled, match="fewer requests") as caught:
        await gate.admit(mail(), ADELE)
    assert now() == pytest.approx(5, abs=0.1)
    assert caught.value.retry_after == 0
    permits[0].release()
    assert len(taken(gate, mail())) == 1


async def test_a_call_that_moves_on_to_a_lane_paused_beyond_its_deadline_is_told_so() -> None:
    gate = throttle()
    first, second = lane("first", 1), lane("second", 1)
    permit = gate.try_admit(demand(first), ADELE)
    assert permit is not None
    with deadline.within(5):
        waiting = asyncio.create_task(gate.admit(demand(first, second), ADELE))
    await settled()
    gate.heard(demand(second), 429, refusal(60))
    permit.release()
    with pytest.raises(GraphThrottled, match="for 6"):
        await waiting
    assert len(taken(gate, demand(first))) == 1


async def test_a_cancelled_call_leaves_no_trace() -> None:
    gate = throttle()
    permits = taken(gate, mail())
    waiting = asyncio.create_task(gate.admit(mail(), ADELE))
    await settled()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    permits[0].release()
    await settled()
    assert len(taken(gate, mail())) == 1


@pytest.mark.parametrize("moment", [pytest.param(rounds, id=f"{rounds}-rounds-later") for rounds in range(6)])
async def test_a_call_that_is_cancelled_in_the_moment_of_its_turn_gives_it_back(moment: int) -> None:
    gate = throttle()
    single = demand(lane("single", 1))
    permit = gate.try_admit(single, ADELE)
    assert permit is not None
    waiting = asyncio.create_task(gate.admit(single, ADELE))
    next_one = asyncio.create_task(gate.admit(single, DIEGO))
    await settled()
    permit.release()
    for _ in range(moment):
        await asyncio.sleep(0)
    if waiting.cancel():
        await asyncio.wait([waiting])
        assert waiting.cancelled()
    else:
        waiting.result().release()
    assert (await next_one).slots == 1


async def test_a_call_that_is_cancelled_in_the_moment_of_its_deadline_is_just_cancelled() -> None:
    gate = throttle()
    single = demand(lane("single", 1))
    taken(gate, single)
    with deadline.within(5):
        waiting = asyncio.create_task(gate.admit(single, ADELE))
    await settled()
    gate.heard(single, 429, refusal(60))
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()


async def test_a_call_that_is_cancelled_just_before_its_deadline_is_just_cancelled() -> None:
    gate = throttle()
    taken(gate, mail())
    with deadline.within(5):
        waiting = asyncio.create_task(gate.admit(mail(), ADELE))
    asyncio.get_running_loop().call_at(4.95 - 1e-10, waiting.cancel)
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert now() == pytest.approx(4.95)


async def test_when_a_call_that_needs_much_gives_up_those_behind_it_go() -> None:
    gate = throttle()
    taken(gate, mail(), most=2)
    large = asyncio.create_task(gate.admit(mail().times(20), ADELE))
    small = asyncio.create_task(gate.admit(mail(), ADELE))
    await settled()
    large.cancel()
    await asyncio.wait([large])
    assert (await small).slots == 1
    assert now() == 0
