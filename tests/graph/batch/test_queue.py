"""graph/batch/: when reads go, how many together, and what is left of those that nobody waits for any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from errors import GraphError, GraphThrottled, GraphUnavailable, SignInNeeded
from graph import Call, Caller, Reply, Speaker, deadline
from graph.auth import Signer
from graph.service import GraphService
from graph.throttle.governor import LocalThrottle, Permit
from graph.throttle.limits import Demand
from tests.graph.fake_graph import (
    ROUND_TRIP,
    WORK,
    FakeGraph,
    Refusal,
    is_free,
    message,
    now,
    outcomes,
    reading,
    service_of,
)
from tests.graph.support import service_on, speaker
from tests.virtual_time import VIRTUAL_TIME

INES = speaker(user="ines")
BATCH_SECONDS = ROUND_TRIP + 5 * WORK


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.fixture
def graph() -> FakeGraph:
    return FakeGraph()


@pytest.mark.parametrize("thought", [0.0, 0.002], ids=["at once", "after a thought"])
@pytest.mark.parametrize("callers", [5, 7, 19, 21, 30, 40, 100])
async def test_callers_that_always_want_more_get_almost_all_that_the_mailbox_gives(
    graph: FakeGraph, callers: int, thought: float
) -> None:
    done = 0

    async def work(service: GraphService, name: int) -> None:
        nonlocal done
        while True:
            await service.batcher.read(message(f"{name}-{done}"), INES)
            done += now() >= 2
            await asyncio.sleep(thought)

    async with service_of(graph) as service:
        tasks = [asyncio.create_task(work(service, name)) for name in range(callers)]
        await asyncio.sleep(22)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await asyncio.sleep(1)
    together = min(callers, 20)
    ideal = 20 * together / (ROUND_TRIP + WORK * -(-together // 4) + (thought if callers <= 20 else 0))
    assert graph.most_at_once == 4
    assert done >= 0.95 * ideal


async def test_what_waits_for_the_limits_fills_the_next_batch(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        tasks = reading(service, INES, *map(message, range(20)))
        for number in range(15):
            await asyncio.sleep(0.01)
            tasks += reading(service, INES, message(f"late {number}"))
        assert set(await outcomes(tasks)) == {200}
    assert graph.sizes == [20, 15]
    assert graph.asked[1].at == pytest.approx(BATCH_SECONDS, abs=0.01)


async def test_what_waits_behind_others_of_the_same_mailbox_takes_along_what_comes_meanwhile(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        others = [asyncio.create_task(service.sender.send(message(f"other {n}"), INES)) for n in range(4)]
        await asyncio.sleep(0.01)
        tasks = reading(service, INES, message(1))
        await asyncio.sleep(0.01)
        tasks += reading(service, INES, *map(message, range(2, 12)))
        await asyncio.gather(*tasks, *others)
    assert graph.sizes == [1, 1, 1, 1, 11]


async def test_where_no_slots_are_documented_several_batches_are_under_way(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        app, calls = speaker(user=""), [Call("GET", f"users/{number}") for number in range(60)]
        await asyncio.gather(*reading(service, app, *calls))
    assert [(asked.at, len(asked.paths)) for asked in graph.asked] == [(0, 20)] * 3


async def test_no_batch_is_larger_than_what_the_limits_ever_let_through_together(graph: FakeGraph) -> None:
    calls = [Call("GET", f"teams/t/channels/c/messages/{number}") for number in range(9)]
    async with service_of(graph) as service:
        await asyncio.gather(*reading(service, INES, *calls))
    assert graph.sizes == [4, 4, 1]


async def test_after_a_refusal_few_go_together_until_the_lane_is_open_again(graph: FakeGraph) -> None:
    graph.refuse("me/messages/0", Refusal(429, {"Retry-After": "1"}))
    async with service_of(graph) as service:
        tasks = reading(service, INES, message(0), message(1))
        await asyncio.sleep(0.5)
        tasks += reading(service, INES, *map(message, range(2, 200)))
        await asyncio.gather(*tasks)
    assert graph.sizes[:2] == [2, 1]
    assert max(graph.sizes[2:5]) <= 4
    assert max(graph.sizes) == 20
    assert 1 <= graph.asked[1].at < 1.5


async def test_a_pause_is_told_at_once_to_those_who_cannot_wait_for_its_end(graph: FakeGraph) -> None:
    graph.refuse("me/messages/0", Refusal(429, {"Retry-After": "40"}))
    async with service_of(graph) as service:
        with deadline.within(100):
            tasks = reading(service, INES, message(0), message(1))
            await asyncio.sleep(0.5)
            tasks += reading(service, INES, message(2))
        with deadline.within(10):
            late = reading(service, INES, message("late"), message("later"))
        assert await outcomes(late) == [GraphThrottled] * 2
        assert now() < 1
        assert await outcomes(tasks) == [200] * 3


async def test_a_pause_that_outlasts_all_who_wait_ends_their_waiting(graph: FakeGraph) -> None:
    graph.refuse("me/messages/0", Refusal(429, {"Retry-After": "50"}))
    async with service_of(graph) as service:
        with deadline.within(20):
            first = reading(service, INES, *map(message, range(20)))
            await asyncio.sleep(0.01)
            waiting = reading(service, INES, message("a"), message("b"))
        assert await outcomes(waiting) == [GraphThrottled] * 2
        assert (await outcomes(first))[0] == 429
        assert now() < 1


def busy(service: GraphService) -> list[asyncio.Task[Reply]]:
    """Four requests of others that take all that the mailbox gives."""
    return [asyncio.create_task(service.sender.send(message("other"), INES)) for _ in range(4)]


async def test_a_pause_that_begins_while_reads_wait_is_told_to_those_whom_it_outlasts(graph: FakeGraph) -> None:
    graph.refuse("me/messages/other", Refusal(429, {"Retry-After": "30"}))
    async with service_of(graph) as service:
        with deadline.within(20):
            others = busy(service)
            await asyncio.sleep(0.01)
            waiting = reading(service, INES, *map(message, range(20)))
        await asyncio.sleep(0.01)
        with deadline.within(50):
            patient = reading(service, INES, message("patient"))
        assert await outcomes(waiting) == [GraphThrottled] * 20
        assert now() < 1
        await asyncio.gather(*others)
        assert await outcomes(patient) == [200]


async def test_a_full_batch_that_waits_keeps_its_turn_whatever_comes(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        others = busy(service)
        await asyncio.sleep(0.01)
        tasks = reading(service, INES, *map(message, range(20)))
        await asyncio.sleep(0.01)
        later = asyncio.create_task(service.sender.send(message("later"), INES))
        await asyncio.sleep(0.01)
        tasks += reading(service, INES, message("last"))
        await asyncio.gather(*others, *tasks, later)
    assert graph.sizes == [1, 1, 1, 1, 20, 1, 1]


async def test_reads_whose_turn_comes_after_batches_were_turned_off_go_one_by_one(graph: FakeGraph) -> None:
    graph.batches.append(httpx.Response(400))
    async with service_of(graph) as service:
        others = busy(service)
        await asyncio.sleep(0.01)
        tasks = reading(service, INES, message(1), message(2))
        assert len(await service.batcher.batch([Call("GET", "users/1"), Call("GET", "users/2")], INES)) == 2
        await asyncio.gather(*others, *tasks)
    assert sorted(graph.sizes) == [1] * 8 + [2]


async def test_a_read_whose_turn_does_not_come_in_time_is_told_that_too_many_wait(graph: FakeGraph) -> None:
    graph.seconds = {f"me/messages/slow{number}": 5 for number in range(4)}
    async with service_of(graph) as service:
        slow = reading(service, INES, *(message(f"slow{number}") for number in range(4)))
        await asyncio.sleep(0.1)
        with deadline.within(1):
            hasty = reading(service, INES, message(1))
        patient = reading(service, INES, message(2), message(3))
        assert await outcomes(hasty) == [GraphThrottled]
        assert now() == pytest.approx(1.1, abs=0.01)
        assert await outcomes([*slow, *patient]) == [200] * 6
    assert graph.sizes == [4, 2]


async def test_each_reader_of_a_batch_waits_no_longer_than_its_own_deadline(graph: FakeGraph) -> None:
    graph.seconds = {"me/messages/0": 5}
    async with service_of(graph) as service:
        with deadline.within(1):
            hasty = reading(service, INES, message(0))
        with deadline.within(10):
            patient = reading(service, INES, message(1))
        (error,) = await asyncio.gather(*hasty, return_exceptions=True)
        assert isinstance(error, GraphUnavailable)
        assert error.code == "Timeout"
        assert now() == pytest.approx(1)
        assert await outcomes(patient) == [200]
    assert graph.sizes == [2]


async def test_a_batch_that_does_not_come_back_ends_with_the_last_deadline(graph: FakeGraph) -> None:
    graph.seconds = {"me/messages/0": 50}
    async with service_of(graph) as service:
        with deadline.within(3):
            tasks = reading(service, INES, message(0), message(1))
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in errors] == [GraphUnavailable] * 2
        assert now() == pytest.approx(3, abs=0.01)


class SignsIn(Signer):
    """Takes its time to have a token, or never has one."""

    def __init__(self, seconds: float, error: Exception | None = None) -> None:
        self._seconds = seconds
        self._error = error
        self.signed_in = 0

    async def ready(self) -> None:
        if not self.signed_in:
            await asyncio.sleep(self._seconds)
            if self._error is not None:
                raise self._error
        self.signed_in += 1

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        yield request


@pytest.mark.parametrize("first", [1, 2], ids=["by one", "by two"])
async def test_reads_that_come_during_a_sign_in_go_together_after_it(graph: FakeGraph, first: int) -> None:
    who = Speaker(SignsIn(30), INES.caller, "ines")
    async with service_of(graph) as service:
        tasks = [asyncio.create_task(service.batcher.read(message(number), who)) for number in range(first)]
        await asyncio.sleep(10)
        assert is_free(service)
        tasks += [asyncio.create_task(service.batcher.read(message(number), who)) for number in range(first, 5)]
        assert await outcomes(tasks) == [200] * 5
    assert (sum(graph.sizes), len(graph.asked)) == (5, 1)


@pytest.mark.parametrize("count", [1, 3])
async def test_a_sign_in_that_fails_is_told_to_all_who_wait_for_it(graph: FakeGraph, count: int) -> None:
    who = Speaker(SignsIn(1, SignInNeeded("Sign in.")), INES.caller, "ines")
    async with service_of(graph) as service:
        tasks = [asyncio.create_task(service.batcher.read(message(number), who)) for number in range(count)]
        assert await outcomes(tasks) == [SignInNeeded] * count
    assert not graph.asked


@pytest.mark.parametrize("count", [1, 3])
async def test_a_sign_in_that_outlasts_the_deadline_is_told_in_time(graph: FakeGraph, count: int) -> None:
    who = Speaker(SignsIn(100), INES.caller, "ines")
    async with service_of(graph) as service:
        with deadline.within(5):
            tasks = [asyncio.create_task(service.batcher.read(message(number), who)) for number in range(count)]
            outcome = await service.batcher.batch([message(1), message(2)], who)
        assert all(issubclass(each, GraphError) for each in await outcomes(tasks) if isinstance(each, type))
        assert [type(each) for each in outcome] == [GraphUnavailable] * 2
        assert now() == pytest.approx(5)
        assert is_free(service)


async def test_when_all_leave_who_wait_for_a_sign_in_nothing_goes_on(graph: FakeGraph) -> None:
    signer = SignsIn(30)
    who = Speaker(signer, INES.caller, "ines")
    async with service_of(graph) as service:
        tasks = [asyncio.create_task(service.batcher.read(message(number), who)) for number in range(3)]
        await asyncio.sleep(10)
        for task in tasks:
            task.cancel()
        assert await outcomes(tasks) == [asyncio.CancelledError] * 3
        await asyncio.sleep(100)
    assert not graph.asked
    assert not signer.signed_in


class Broken(LocalThrottle):
    """Fails when somebody has to wait."""

    def try_admit(self, demand: Demand, caller: Caller) -> Permit | None:
        return None

    async def admit(self, demand: Demand, caller: Caller) -> Permit:
        raise ArithmeticError


async def test_a_mistake_while_waiting_reaches_the_readers(graph: FakeGraph) -> None:
    async with service_on(httpx.MockTransport(graph), throttle=Broken()) as service:
        assert await outcomes(reading(service, INES, message(1))) == [ArithmeticError]
        assert await outcomes(reading(service, INES, message(1), message(2))) == [ArithmeticError] * 2
        assert not service.batcher._queues


class Worse(LocalThrottle):
    """Cannot even be asked."""

    def try_admit(self, demand: Demand, caller: Caller) -> Permit | None:
        raise ArithmeticError


async def test_a_mistake_of_the_pump_leaves_nobody_waiting(graph: FakeGraph) -> None:
    async with service_on(httpx.MockTransport(graph), throttle=Worse()) as service:
        assert await outcomes(reading(service, INES, message(1), message(2))) == [ArithmeticError] * 2
        assert not service.batcher._queues


async def test_a_mistake_of_our_own_reaches_the_readers_and_not_only_the_log(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        broken = Call("GET", "me/messages/1", headers=(("Accept", object()),))  # type: ignore[arg-type]
        with pytest.raises(AttributeError):
            await service.batcher.read(broken, INES)
        bad = [Call("GET", f"me/messages/{number}", headers=(("Prefer", object()),)) for number in (1, 2)]  # type: ignore[arg-type]
        assert await outcomes(reading(service, INES, *bad)) == [TypeError, TypeError]
        assert await outcomes(reading(service, INES, *map(message, range(20)))) == [200] * 20


@pytest.mark.parametrize(("slow", "count"), [(1, 6), (2, 6), (2, 3), (3, 2)])
async def test_reads_take_the_slots_that_are_free_beside_slow_calls(graph: FakeGraph, slow: int, count: int) -> None:
    graph.seconds = {"me/messages/slow": 20}
    async with service_of(graph) as service:
        others = [asyncio.create_task(service.sender.send(message("slow"), INES)) for _ in range(slow)]
        await asyncio.sleep(0.01)
        assert await outcomes(reading(service, INES, *map(message, range(count)))) == [200] * count
        assert now() < 5
        await asyncio.gather(*others)
    assert graph.most_at_once == 4
