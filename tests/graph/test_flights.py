"""graph/flights.py: equal reads under way are one call, and whoever leaves takes it from nobody. A jumping clock."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import GraphThrottled, GraphUnavailable, SettingsError
from graph import Call, Reply, deadline
from graph.flights import Flights, fresh
from tests.virtual_time import VIRTUAL_TIME, VirtualTimeLoop

CALL = Call("GET", "me")
KEY = ("ines", CALL)


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@dataclass
class Graph:
    """Answers after a second, each time with another body, or fails."""

    seconds: float = 1.0
    error: Callable[[], Exception] | None = None
    begun: int = 0
    ended: int = 0
    cancelled: int = 0

    async def __call__(self) -> Reply:
        self.begun += 1
        number = self.begun
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error()
        self.ended += 1
        return Reply(200, {}, b'{"n":%d}' % number)


@dataclass
class Airport:
    flights: Flights = field(default_factory=Flights)
    graph: Graph = field(default_factory=Graph)

    def read(self, key: tuple[object, Call] = KEY) -> asyncio.Task[Reply]:
        return asyncio.create_task(self._read(key))

    async def _read(self, key: tuple[object, Call]) -> Reply:
        return await self.flights.shared(key, self.graph)


@pytest.fixture
def airport() -> Airport:
    return Airport()


async def numbers(*tasks: asyncio.Task[Reply]) -> list[int]:
    return [reply.object()["n"] for reply in await asyncio.gather(*tasks)]


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_equal_reads_under_way_are_one_call(airport: Airport) -> None:
    first = airport.read()
    await asyncio.sleep(0.5)
    assert await numbers(first, airport.read(), airport.read()) == [1, 1, 1]
    assert now() == 1
    assert len(airport.flights) == 0


async def test_an_answer_that_has_come_is_not_given_again(airport: Airport) -> None:
    assert await numbers(airport.read()) == [1]
    assert await numbers(airport.read()) == [2]


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(("jonas", CALL), id="another identity"),
        pytest.param(("ines", Call("GET", "me", version="beta")), id="another version"),
        pytest.param(("ines", Call("GET", "me", "$select=id")), id="another query"),
        pytest.param(("ines", Call("GET", "me", headers=(("Prefer", "x"),))), id="another header"),
    ],
)
async def test_reads_that_differ_in_anything_are_not_shared(airport: Airport, key: tuple[object, Call]) -> None:
    assert await numbers(airport.read(), airport.read(key)) == [1, 2]


async def test_reads_of_nobody_in_particular_are_not_shared(airport: Airport) -> None:
    assert await numbers(airport.read((None, CALL)), airport.read((None, CALL))) == [1, 2]


@pytest.mark.parametrize("leaving", [0, 1], ids=["who began", "who joined"])
async def test_who_leaves_takes_nothing_from_the_others(airport: Airport, leaving: int) -> None:
    tasks = [airport.read(), airport.read(), airport.read()]
    await asyncio.sleep(0.5)
    tasks.pop(leaving).cancel()
    assert await numbers(*tasks) == [1, 1]
    assert airport.graph.begun == 1


async def test_when_all_have_left_the_call_ends(airport: Airport) -> None:
    tasks = [airport.read(), airport.read()]
    await asyncio.sleep(0.5)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    later = airport.read()
    await asyncio.sleep(0)
    assert (airport.graph.cancelled, len(airport.flights)) == (1, 1)
    assert await numbers(later) == [2]
    assert len(airport.flights) == 0


async def test_after_a_write_nobody_joins_an_older_read(airport: Airport) -> None:
    before = airport.read()
    theirs = airport.read(("jonas", CALL))
    await asyncio.sleep(0.5)
    airport.flights.land("ines")
    after = airport.read()
    await asyncio.sleep(0.2)
    assert await numbers(before, theirs, after, airport.read(), airport.read(("jonas", CALL))) == [1, 2, 3, 3, 2]
    assert airport.graph.begun == 3
    assert len(airport.flights) == 0


async def test_who_leaves_an_older_read_leaves_the_newer_one_alone(airport: Airport) -> None:
    before = airport.read()
    await asyncio.sleep(0.1)
    airport.flights.land("ines")
    after = airport.read()
    await asyncio.sleep(0.1)
    before.cancel()
    await asyncio.sleep(0.1)
    assert await numbers(after, airport.read()) == [2, 2]
    assert airport.graph.cancelled == 1


async def test_an_error_reaches_all_and_each_has_a_traceback_of_its_own(airport: Airport) -> None:
    airport.graph.error = lambda: GraphUnavailable("Unreachable", "No network.", status=0, request_id="r")
    errors = await asyncio.gather(*(airport.read() for _ in range(3)), return_exceptions=True)
    assert [str(error) for error in errors] == ["Unreachable: No network. [request-id r]"] * 3
    assert len({id(error) for error in errors}) == 3
    tracebacks = {id(error.__traceback__) for error in errors if isinstance(error, BaseException)}
    assert len(tracebacks) == 3


async def test_an_error_that_nobody_waits_for_any_more_is_no_noise(
    airport: Airport, caplog: pytest.LogCaptureFixture
) -> None:
    airport.graph.error = lambda: GraphUnavailable("Unreachable", "No network.")
    task = airport.read()
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.wait([task])
    del task
    gc.collect()
    await asyncio.sleep(1)
    assert not caplog.records


async def test_who_has_less_time_than_the_call_takes_is_told_in_time(airport: Airport) -> None:
    first = airport.read()
    await asyncio.sleep(0.1)
    with deadline.within(0.5):
        hasty = airport.read()
    with pytest.raises(GraphUnavailable, match="Timeout"):
        await hasty
    assert now() == pytest.approx(0.6)
    assert await numbers(first) == [1]


@dataclass
class Punctual(Graph):
    """Ends by the deadline of whoever began it, as the client does."""

    async def __call__(self) -> Reply:
        try:
            async with asyncio.timeout_at(deadline.end()):
                return await super().__call__()
        except TimeoutError as error:
            raise GraphUnavailable("Timeout", "Too long.") from error


async def test_who_has_more_time_than_whoever_began_tries_once_more(airport: Airport) -> None:
    airport.graph = Punctual(seconds=2)
    with deadline.within(1):
        hasty = airport.read()
    with deadline.within(10):
        patient = [airport.read(), airport.read()]
    with pytest.raises(GraphUnavailable, match="Timeout"):
        await hasty
    assert await numbers(*patient) == [2, 2]
    assert now() == pytest.approx(3)


async def test_who_has_no_more_time_than_whoever_began_does_not_try_again(airport: Airport) -> None:
    airport.graph = Punctual(seconds=20)
    with deadline.within(1):
        tasks = [airport.read(), airport.read()]
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in errors] == [GraphUnavailable] * 2
    assert airport.graph.begun == 1
    assert now() == pytest.approx(1)


async def test_a_timeout_of_the_network_is_no_reason_to_try_again(airport: Airport) -> None:
    airport.graph.error = lambda: GraphUnavailable("Timeout", "Graph took too long.")
    with deadline.within(5):
        tasks = [airport.read()]
    with deadline.within(50):
        tasks.append(airport.read())
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in errors] == [GraphUnavailable] * 2
    assert airport.graph.begun == 1


async def test_a_pause_that_is_too_long_for_both_is_met_once(airport: Airport) -> None:
    airport.graph.error = lambda: GraphThrottled("Throttled", "In 100 seconds.")
    with deadline.within(50):
        tasks = [airport.read(), airport.read()]
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(error) for error in errors] == [GraphThrottled] * 2
    assert airport.graph.begun == 1


async def test_a_pause_that_is_too_long_for_one_may_be_short_enough_for_another(airport: Airport) -> None:
    async def admitted() -> Reply:
        if deadline.left() < 30:
            raise GraphThrottled("Throttled", "In 30 seconds.")
        return await airport.graph()

    async def read(seconds: float) -> Reply:
        with deadline.within(seconds):
            return await airport.flights.shared(KEY, admitted)

    hasty, patient = asyncio.create_task(read(5)), asyncio.create_task(read(100))
    with pytest.raises(GraphThrottled):
        await hasty
    assert await numbers(patient) == [1]


async def test_a_call_whose_connection_is_closed_under_it_is_an_error_and_no_cancellation(airport: Airport) -> None:
    async def closed() -> Reply:
        raise asyncio.CancelledError

    with pytest.raises(GraphUnavailable, match="shutting down"):
        await airport.flights.shared(KEY, closed)


def test_an_error_that_cannot_be_made_again_is_told_as_it_is() -> None:
    class Odd(Exception):
        def __init__(self, *, name: str) -> None:
            super().__init__(name)

    odd, settings = Odd(name="x"), SettingsError("one", "two")
    assert fresh(odd) is odd
    assert type(twin := fresh(settings)) is SettingsError
    assert twin is not settings


@dataclass(frozen=True)
class Reader:
    """Somebody who reads: what, when, how long they have for it, and when they leave; in tenths of a second."""

    whose: str
    path: str
    comes: int
    patience: int
    leaves: int | None


@dataclass
class Day:
    """All that happens on one clock: who reads, and when something is written."""

    readers: list[Reader]
    writes: list[float]
    flights: Flights = field(default_factory=Flights)
    begun: int = 0

    async def pass_by(self) -> None:
        loop = asyncio.get_running_loop()
        tasks = [asyncio.create_task(self.read(reader)) for reader in self.readers]
        for task, reader in zip(tasks, self.readers, strict=True):
            if reader.leaves is not None:
                loop.call_later(reader.leaves / 10, task.cancel)
        for at in self.writes:
            loop.call_later(at, self.flights.land, "ines")
            loop.call_later(at, self.flights.land, "jonas")
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError), repr(result)
        await asyncio.sleep(0.01)
        assert len(self.flights) == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    async def read(self, reader: Reader) -> None:
        await asyncio.sleep(reader.comes / 10)
        came, seconds = now(), reader.patience / 10

        async def start() -> Reply:
            return await self.fetch(reader)

        with deadline.within(seconds):
            try:
                reply = await self.flights.shared((reader.whose, Call("GET", reader.path)), start)
            except GraphUnavailable:
                assert now() >= came + min(seconds, 1.0) - 0.001
            else:
                answer = reply.object()
                assert answer["of"] == f"{reader.whose} {reader.path}"
                assert answer["at"] >= max([0.0, *(each for each in self.writes if each < came)])
        assert now() <= came + seconds + 0.001

    async def fetch(self, reader: Reader) -> Reply:
        self.begun, at = self.begun + 1, now()
        try:
            async with asyncio.timeout_at(deadline.end()):
                await asyncio.sleep(1.05)
        except TimeoutError as error:
            raise GraphUnavailable("Timeout", "Too long.") from error
        return Reply(200, {}, f'{{"of":"{reader.whose} {reader.path}","at":{at}}}'.encode())


READERS = st.builds(
    Reader,
    st.sampled_from(["ines", "jonas"]),
    st.sampled_from(["me", "users"]),
    st.integers(0, 30),
    st.integers(1, 40),
    st.one_of(st.none(), st.integers(0, 30)),
)


@given(st.lists(READERS, max_size=12), st.lists(st.integers(0, 50).map(lambda tenths: tenths / 10), max_size=3))
def test_whatever_comes_and_goes_each_has_an_answer_of_its_own_time_or_an_error_in_time(
    readers: list[Reader], writes: list[float]
) -> None:
    day = Day(readers, writes)
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(day.pass_by())
    assert day.begun <= len(readers)
