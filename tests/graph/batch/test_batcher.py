"""graph/batch/ against the demo tenant with Graph's limits on, and against whatever may happen at random."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from emulator import build_emulator
from emulator.call_log import LoggedCall
from errors import GraphError, GraphThrottled, GraphUnavailable
from graph import Call, GraphClient, GraphService, Reply, deadline
from graph.wire import path_segment
from tests.emulator.support import NOW, FakeEntra, delegated, small_tenant
from tests.graph.fake_graph import FakeGraph, Trouble, is_free, now, service_of
from tests.graph.support import service_on, speaker
from tests.virtual_time import VIRTUAL_TIME, VirtualTimeLoop

INES = speaker(user="ines")


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@dataclass
class Office:
    """A mailbox of forty messages behind Graph's limits."""

    app: Starlette
    ids: list[str]

    @property
    def requests(self) -> list[LoggedCall]:
        return [call for call in self.app.state.calls.calls if not call.is_part]

    @property
    def statuses(self) -> list[int]:
        return [call.status for call in self.app.state.calls.calls]

    def message(self, number: int) -> Call:
        return Call("GET", f"me/messages/{path_segment(self.ids[number])}", "$select=id,subject")

    async def subjects(self, service: GraphService, *calls: Call) -> list[str | int]:
        """What each message is about, or the status where it was not to be had."""
        replies = await asyncio.gather(*(service.batcher.read(call, INES) for call in calls))
        return [reply.object()["subject"] if reply.is_success else reply.status for reply in replies]


@pytest.fixture
def office() -> Office:
    tenant = small_tenant()
    ids = [
        tenant.add_message(tenant.demo_person, f"Number {number}", sent=NOW - timedelta(hours=number)).id
        for number in range(40)
    ]
    entra = FakeEntra(delegated(tenant.demo_person, "Mail.ReadWrite", "User.Read.All", "User.ReadWrite"))
    app = build_emulator(tenant, entra=entra, clock=lambda: NOW.timestamp() + now())
    app.state.throttle.turn_on()
    app.state.throttle.latency, app.state.throttle.round_trip = 0.02, 0.1
    return Office(app, ids)


class Wire(httpx.ASGITransport):
    """Has a connection that the emulator drops look as it does over a network."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.ReadError(str(error)) from error


def service_at(office: Office) -> AbstractAsyncContextManager[GraphService]:
    return service_on(Wire(app=office.app))


ALL = [f"Number {number}" for number in range(40)]


async def test_forty_messages_are_at_most_four_requests_and_a_sixth_of_the_time(office: Office) -> None:
    async with service_at(office) as service:
        assert await office.subjects(service, *map(office.message, range(40))) == ALL
    assert len(office.requests) <= 4
    assert 429 not in office.statuses
    assert now() <= 40 * (0.1 + 0.02) / 6


async def test_the_client_of_a_tool_reads_the_same_way(office: Office) -> None:
    async with service_at(office) as service:
        client = GraphClient(service, INES)
        paths = [office.message(number).path for number in range(40)]
        pages = await asyncio.gather(*(client.get(path, {"$select": "subject"}) for path in paths))
    assert [page["subject"] for page in pages] == ALL
    assert len(office.requests) <= 4


async def test_one_message_that_is_gone_is_missing_to_its_reader_alone(office: Office) -> None:
    calls = [office.message(number) for number in range(20)]
    calls[7] = Call("GET", f"me/messages/{office.ids[7][:-8]}zzzzAAA%3D", "$select=id,subject")
    async with service_at(office) as service:
        assert await office.subjects(service, *calls) == [*ALL[:7], 404, *ALL[8:20]]
    assert len(office.requests) == 1


@pytest.mark.parametrize("retry_after", [5, None])
async def test_one_message_that_is_throttled_comes_later_than_the_others(
    office: Office, retry_after: int | None
) -> None:
    call = office.message(3)
    office.app.state.chaos.strike(path=call.path, status=429, retry_after=retry_after)
    async with service_at(office) as service:
        assert await office.subjects(service, *map(office.message, range(20))) == ALL[:20]
    assert office.statuses.count(429) == 1
    assert len(office.requests) == 2
    assert retry_after is None or now() > 5


async def test_a_service_that_refuses_for_a_while_is_not_stormed(office: Office) -> None:
    office.app.state.chaos.strike(service="outlook", status=429, retry_after=3, times=8)
    async with service_at(office) as service:
        assert await office.subjects(service, *map(office.message, range(40))) == ALL
    assert office.statuses.count(429) == 8
    assert len(office.requests) < 30


@pytest.mark.parametrize("kind", ["shuffled", "foreign-id", "duplicated", "missing", "torn-part"])
async def test_each_has_its_own_message_whatever_disarray_the_replies_are_in(office: Office, kind: str) -> None:
    office.app.state.chaos.strike(kind, times=2)
    async with service_at(office) as service:
        assert await office.subjects(service, *map(office.message, range(40))) == ALL
    assert len(office.requests) <= 4


@pytest.mark.parametrize("kind", ["lost", "reset", "torn", "truncated", "not-json", "type"])
async def test_a_batch_that_comes_back_broken_costs_a_second_try(office: Office, kind: str) -> None:
    office.app.state.chaos.strike(kind, path="$batch")
    async with service_at(office) as service:
        assert await office.subjects(service, *map(office.message, range(5))) == ALL[:5]
    assert len(office.requests) <= 6


async def test_an_explicit_batch_changes_each_message_once_and_in_order(office: Office) -> None:
    json = (("Content-Type", "application/json"),)
    paths = [office.message(number).path for number in range(30)]
    calls = [Call("PATCH", path, headers=json, body=b'{"isRead":true}', repeatable=True) for path in paths]
    async with service_at(office) as service:
        outcomes = await service.batcher.batch([*calls, Call("GET", "me", "$select=id")], INES)
        assert all(isinstance(each, Reply) and each.is_success for each in outcomes)
        in_order = await service.batcher.batch(calls, INES, in_order=True)
    assert [each.status for each in in_order if isinstance(each, Reply)] == [200] * 30
    assert 429 not in office.statuses
    parts = [call for call in office.app.state.calls.calls if call.is_part and call.method == "PATCH"]
    assert [call.path for call in parts[-30:]] == [f"/v1.0/{path}" for path in paths]
    assert len(parts) == 60


# Whatever comes, fails, leaves and runs out of time at random.


@dataclass(frozen=True)
class Reader:
    """Somebody who reads: when, how long they have for it, when they leave, in milliseconds; and how it is refused."""

    whose: str
    comes: int
    patience: int
    leaves: int | None
    refusals: list[int]


READERS = st.builds(
    Reader,
    st.sampled_from(["ines", "jonas"]),
    st.integers(0, 400),
    st.integers(0, 8000),
    st.one_of(st.none(), st.integers(0, 1000)),
    st.lists(st.sampled_from([404, 429, 503, 504]), max_size=2),
)
WHOLES = st.lists(st.sampled_from(["gone", "again", 400, 500, 503, 429, 401]), max_size=3)
MIXED_UP: dict[str, Trouble] = {
    "as it should be": lambda replies: replies,
    "shuffled": lambda replies: replies[::-1],
    "one missing": lambda replies: replies[1:],
    "one twice": lambda replies: [*replies, {**replies[0], "status": 500}],
    "none": lambda replies: replies[:0],
}


def troubled(wholes: list[str | int], order: str) -> FakeGraph:
    """A Graph that has trouble with its first batches, and always with the order of replies."""
    graph = FakeGraph()
    for each in wholes:
        if isinstance(each, int):
            graph.batches.append(httpx.Response(each, headers={"Retry-After": "1"} if each == 429 else {}, json={}))
        else:
            graph.batches.append(httpx.ReadError(each))
    graph.distort = MIXED_UP[order]
    return graph


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(main)


async def read_in_time(service: GraphService, reader: Reader, path: str) -> None:
    await asyncio.sleep(reader.comes / 1000)
    came, seconds = now(), reader.patience / 1000
    with deadline.within(seconds), suppress(GraphThrottled, GraphUnavailable):
        reply = await service.batcher.read(Call("GET", path), speaker(user=reader.whose))
        assert reply.status in {200, 401, 404, 429, 500, 503, 504}
        if reply.status == 200:
            assert reply.object() == {"path": path}
    assert now() <= came + seconds + 0.002


async def read_by_all(graph: FakeGraph, readers: list[Reader]) -> None:
    loop, tasks = asyncio.get_running_loop(), []
    async with service_of(graph) as service:
        for number, reader in enumerate(readers):
            path = f"me/messages/{reader.whose}-{number}"
            graph.refuse(path, *reader.refusals)
            tasks.append(asyncio.create_task(read_in_time(service, reader, path)))
            if reader.leaves is not None:
                loop.call_later((reader.comes + reader.leaves) / 1000, tasks[-1].cancel)
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError), repr(result)
        await asyncio.sleep(30)  # what was left alone has ended, and nothing else goes on
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert is_free(service)


@settings(max_examples=100)
@given(st.lists(READERS, max_size=45), WHOLES, st.sampled_from(sorted(MIXED_UP)))
def test_each_reader_has_its_own_answer_or_an_error_in_time_and_nothing_is_left(
    readers: list[Reader], wholes: list[str | int], order: str
) -> None:
    graph = troubled(wholes, order)
    run(read_by_all(graph, readers))
    assert graph.most_at_once <= 2 * 4


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "PATCH"]),
            st.booleans(),
            st.lists(st.sampled_from([404, 429, 503]), max_size=2),
        ),
        max_size=45,
    ),
    WHOLES,
    st.sampled_from(sorted(MIXED_UP)),
    st.booleans(),
)
def test_a_batch_tells_of_each_call_what_became_of_it_and_no_write_is_done_twice(
    plan: list[tuple[str, bool, list[int]]], wholes: list[str | int], order: str, in_order: bool
) -> None:
    graph = troubled(wholes, order)
    calls = []
    for number, (method, repeatable, refusals) in enumerate(plan):
        body, headers = (b"", ()) if method == "GET" else (b"{}", (("Content-Type", "application/json"),))
        calls.append(Call(method, f"me/messages/{number}", headers=headers, body=body, repeatable=repeatable))
        graph.refuse(calls[-1].path, *refusals)

    async def main() -> None:
        async with service_of(graph) as service:
            with deadline.within(40):
                outcomes = await service.batcher.batch(calls, INES, in_order=in_order)
            assert now() <= 40.01
        assert len(outcomes) == len(calls)
        for call, outcome in zip(calls, outcomes, strict=True):
            times = graph.done.count(f"{call.method} {call.path}")
            if isinstance(outcome, Reply) and outcome.status == 200:
                assert outcome.object() == {"path": call.path}
                assert times >= 1
            if not call.may_repeat:
                assert times <= 1
                is_uncertain = isinstance(outcome, GraphError) or outcome.status == 200
                assert is_uncertain or not times, "it was done, and nobody says so"

    run(main())
