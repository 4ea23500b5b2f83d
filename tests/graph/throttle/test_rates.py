"""graph/throttle/: rates against an exact reference, hours at a time. On a clock that jumps."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from graph.calls import Call
from graph.throttle.limits import demand_of
from graph.throttle.window import Window
from tests.graph.throttle.support import ADELE, DIEGO, Log, all_of, demand, lane, mail, most_in_any, now, throttle
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.mark.parametrize(
    "seconds",
    [pytest.param(0.02, id="quick-answers"), pytest.param(0.237, id="slow-answers"), pytest.param(0.24, id="even")],
)
async def test_a_mailbox_gets_10_000_in_any_ten_minutes_and_nearly_as_many_when_more_are_wanted(seconds: float) -> None:
    gate, log = throttle(), Log()

    async def greedy() -> None:
        while now() < 3600:
            permit = await gate.admit(mail(), ADELE)
            log.sent()
            await asyncio.sleep(seconds)
            log.ended()
            permit.release()

    await all_of(*(greedy() for _ in range(4)))
    times = [(at, units) for at, units in log.times if at < 3600]
    assert most_in_any(600, times) <= 10_000
    assert len(times) >= 0.95 * min(60_000, 4 * 3600 / seconds)
    assert log.peak == 4


async def test_batches_count_as_many_calls_as_they_hold() -> None:
    gate, log = throttle(), Log()
    batch = mail().times(20)
    while now() < 1800:
        permit = await gate.admit(batch, ADELE)
        if now() < 1800:
            log.sent(20)
        await asyncio.sleep(0.1)
        permit.release()
    assert most_in_any(600, log.times) <= 10_000
    assert sum(units for _, units in log.times) >= 0.95 * 30_000


async def test_thirty_messages_a_minute_are_sent_and_no_more() -> None:
    gate, log = throttle(), Log()
    sending = demand_of(Call("POST", "me/messages/x/send"), ADELE)
    while now() < 600:
        (await gate.admit(sending, ADELE)).release()
        if now() < 600:
            log.sent()
    assert most_in_any(60, log.times) == 30
    assert len(log.times) >= 0.95 * 300


async def test_several_rates_hold_together() -> None:
    gate, log = throttle(), Log()
    notes = demand_of(Call("GET", "me/onenote/pages"), ADELE)
    while now() < 7200:
        (await gate.admit(notes, ADELE)).release()
        if now() < 7200:
            log.sent()
    assert most_in_any(60, log.times) <= 120
    assert most_in_any(3600, log.times) <= 400
    assert len(log.times) >= 0.95 * 800


async def test_costly_calls_take_more_of_a_rate() -> None:
    gate = throttle()
    shared = lane("shared", None, (10, 10))
    admitted = [bool(gate.try_admit(demand((shared, units)), ADELE)) for units in (5, 3, 3, 2, 1)]
    assert admitted == [True, True, False, True, False]


async def test_a_tenants_rate_is_shared_by_its_users() -> None:
    gate, log = throttle(), Log()
    audit = Call("GET", "auditLogs/signIns")

    async def greedy(caller: object) -> None:
        who = ADELE if caller == 0 else DIEGO
        while now() < 100:
            (await gate.admit(demand_of(audit, who), who)).release()
            if now() < 100:
                log.sent()

    await all_of(greedy(0), greedy(1))
    assert most_in_any(10, log.times) == 5
    assert len(log.times) >= 0.95 * 50


def test_a_window_never_holds_more_than_its_amount_whatever_comes_when() -> None:
    random = Random(5)  # noqa: S311 - the same each time
    for amount, seconds in ((7, 1.0), (100, 10.0), (40, 600.0), (10_000, 600.0)):
        window, at, times = Window(amount, seconds), 0.0, []
        for _ in range(20_000):
            at += random.choice((0.0, random.random() * seconds / amount, random.expovariate(amount / seconds)))
            units = random.choice((1, 1, 1, 2, 5))
            if window.fits(at, units):
                window.take(at, units)
                times.append((at, units))
        assert most_in_any(seconds, times) <= amount
        assert sum(units for _, units in times) > 0.75 * amount * at / seconds  # not everything that comes fits


def test_a_window_says_when_it_has_room_and_then_it_has() -> None:
    random = Random(6)  # noqa: S311 - the same each time
    window, at = Window(50, 10.0), 0.0
    for _ in range(5000):
        units = random.randint(1, 60)
        opens = window.fits_at(at, units)
        assert (opens == at) == window.fits(at, units)
        assert window.fits(opens, units)
        window.take(opens, units)
        at = opens


def test_a_window_remembers_thousands_of_calls_in_few_grains_and_forgets_them() -> None:
    window = Window(10_000, 600.0)
    for number in range(9_000):
        window.take(number / 15, 1)
    assert len(window._grains) <= 3 * 102
    assert not window.is_empty(600)
    assert window.is_empty(1300)


def test_a_clock_that_rang_a_moment_early_does_not_shorten_a_window() -> None:
    window = Window(2, 10.0)
    window.take(1.0, 1)
    window.take(0.99, 1)
    assert window.fits_at(1.0, 1) == pytest.approx(11.2)
