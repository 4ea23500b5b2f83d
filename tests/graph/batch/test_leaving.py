"""graph/batch/: readers that leave, and a server that stops, in whatever moment: nothing is left of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from errors import GraphError, GraphThrottled, GraphUnavailable
from graph import Caller, Reply, deadline
from graph.throttle.governor import LocalThrottle, Permit
from graph.throttle.limits import Demand
from tests.graph.fake_graph import FakeGraph, is_free, message, outcomes, reading, service_of
from tests.graph.support import service_on, speaker
from tests.virtual_time import VIRTUAL_TIME

INES = speaker(user="ines")


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.fixture
def graph() -> FakeGraph:
    return FakeGraph()


@pytest.mark.parametrize("after", [pytest.param(0, id="at once"), pytest.param(0.001, id="in the window")])
async def test_a_reader_that_leaves_before_anything_is_sent_is_not_sent_for(graph: FakeGraph, after: float) -> None:
    async with service_of(graph) as service:
        tasks = reading(service, INES, *map(message, range(4)))
        await asyncio.sleep(after)
        tasks[0].cancel()
        tasks[2].cancel()
        assert await outcomes(tasks) == [asyncio.CancelledError, 200, asyncio.CancelledError, 200]
    assert [asked.paths for asked in graph.asked] == [("me/messages/1", "me/messages/3")]


async def test_a_reader_that_leaves_later_is_not_missed_by_the_others(graph: FakeGraph) -> None:
    graph.refuse("me/messages/0", 503)
    async with service_of(graph) as service:
        tasks = reading(service, INES, *map(message, range(3)))
        await asyncio.sleep(0.05)
        tasks[0].cancel()
        assert await outcomes(tasks) == [asyncio.CancelledError, 200, 200]
    assert graph.sizes == [3]


async def test_when_all_readers_have_left_nothing_goes_on(graph: FakeGraph) -> None:
    graph.batches.extend(httpx.ReadError("gone") for _ in range(9))
    async with service_of(graph) as service:
        tasks = reading(service, INES, *map(message, range(3)))
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        assert await outcomes(tasks) == [asyncio.CancelledError] * 3
        await asyncio.sleep(20)
    assert graph.sizes == [3]


async def test_when_all_leave_who_wait_for_the_limits_nothing_is_asked_for(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        others = [asyncio.create_task(service.sender.send(message(f"other {n}"), INES)) for n in range(4)]
        await asyncio.sleep(0.01)
        tasks = reading(service, INES, message(1), message(2))
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*others)
        assert await outcomes(tasks) == [asyncio.CancelledError] * 2
        await asyncio.gather(*reading(service, INES, *map(message, range(20))))
    assert graph.sizes == [1, 1, 1, 1, 20]


async def test_a_read_that_rests_before_its_next_try_can_be_left(graph: FakeGraph) -> None:
    graph.refuse("me/messages/0", *[503] * 9)
    async with service_of(graph) as service:
        tasks = reading(service, INES, message(0), message(1))
        assert (await tasks[1]).is_success
        tasks[0].cancel()
        assert await outcomes(tasks[:1]) == [asyncio.CancelledError]
        assert not service.batcher._queues
        resting = [each for each in asyncio.get_running_loop()._scheduled if not each.cancelled()]  # type: ignore[attr-defined]
        assert not resting
        await asyncio.sleep(60)
    assert graph.sizes == [2]


@pytest.mark.parametrize("refusal", [pytest.param(None, id="waiting"), pytest.param(503, id="resting")])
async def test_when_the_server_stops_nobody_waits_any_more(graph: FakeGraph, refusal: int | None) -> None:
    if refusal:
        graph.refuse("me/messages/0", *[refusal] * 9)
    async with service_of(graph) as service:
        tasks = reading(service, INES, *map(message, range(45)))
        await asyncio.sleep(0.21 if refusal else 0.05)
        await service.batcher.aclose()
        found = await outcomes(tasks)
        assert GraphUnavailable in found
        assert set(found) <= {200, GraphUnavailable}
        for work in (service.batcher.read(message(1), INES), service.batcher.batch([message(1)], INES)):
            with pytest.raises(GraphUnavailable, match="shutting down"):
                await work


async def test_the_last_moment_of_a_deadline_is_no_crash(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        with deadline.within(0):
            assert set(await outcomes(reading(service, INES, message(1)))) <= {GraphUnavailable, GraphThrottled}
            found = await outcomes(reading(service, INES, message(1), message(2)))
    assert all(issubclass(kind, GraphError) for kind in found if isinstance(kind, type))


class Watched(LocalThrottle):
    """Tells when somebody's turn has come."""

    def __init__(self, told: Callable[[], None]) -> None:
        super().__init__()
        self._told = told

    async def admit(self, demand: Demand, caller: Caller) -> Permit:
        permit = await super().admit(demand, caller)
        self._told()
        return permit


async def test_readers_that_leave_in_the_moment_of_their_turn_let_others_have_it(graph: FakeGraph) -> None:
    tasks = list[asyncio.Task[Reply]]()

    def leave() -> None:
        for task in tasks:
            task.cancel()

    async with service_on(httpx.MockTransport(graph), throttle=Watched(leave)) as service:
        others = [asyncio.create_task(service.sender.send(message(f"other {n}"), INES)) for n in range(4)]
        await asyncio.sleep(0.01)
        tasks += reading(service, INES, message(1), message(2))
        assert await outcomes(tasks) == [asyncio.CancelledError] * 2
        await asyncio.gather(*others)
        assert is_free(service)
    assert graph.sizes == [1] * 4


@pytest.mark.parametrize("waits", [False, True], ids=["for each other", "for the limits"])
@pytest.mark.parametrize("turns", range(12))
async def test_in_whatever_moment_all_readers_leave_nothing_is_held(graph: FakeGraph, turns: int, waits: bool) -> None:
    async with service_of(graph) as service:
        others = [asyncio.create_task(service.sender.send(message(f"other {n}"), INES)) for n in range(4 * waits)]
        await asyncio.sleep(0.05 if waits else 0)
        tasks = reading(service, INES, *map(message, range(20)))
        if others:
            await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        assert set(await outcomes(tasks)) == {asyncio.CancelledError}
        await asyncio.gather(*others)
        await asyncio.sleep(1)
        assert is_free(service)
        assert set(await outcomes(reading(service, INES, *map(message, range(20))))) == {200}


@pytest.mark.parametrize("turns", range(12))
async def test_in_whatever_moment_the_server_stops_nothing_is_held(graph: FakeGraph, turns: int) -> None:
    async with service_of(graph) as service:
        others = [asyncio.create_task(service.sender.send(message(f"other {n}"), INES)) for n in range(4)]
        await asyncio.sleep(0.05)
        tasks = reading(service, INES, *map(message, range(5)))
        await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        for _ in range(turns):
            await asyncio.sleep(0)
        await service.batcher.aclose()
        assert set(await outcomes(tasks)) <= {GraphUnavailable}
        await asyncio.gather(*others)
        await asyncio.sleep(1)
        assert is_free(service)
