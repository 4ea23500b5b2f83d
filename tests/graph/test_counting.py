"""How many calls to Graph something took: as many as were asked for, whatever became of them on the way."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from graph import GraphClient, counting
from tests.graph.support import client_on
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


def answered(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith("/$batch"):
        asked = httpx.Response(200, content=request.content).json()["requests"]
        return httpx.Response(
            200, json={"responses": [{"id": each["id"], "status": 200, "body": {}} for each in asked]}
        )
    return httpx.Response(200, json={"value": []})


async def counted(graph: GraphClient, *paths: str) -> int:
    with counting.calls() as count:
        await asyncio.gather(*(graph.get(path) for path in paths))
    return count.calls


async def test_each_call_counts_though_they_travel_together_or_are_one() -> None:
    async with client_on(answered) as graph:
        assert await counted(graph, "me", "me/messages", "users") == 3
        assert await counted(graph, "me", "me") == 2


async def test_a_call_that_is_tried_again_counts_once() -> None:
    tries = list[httpx.Request]()

    def second_time(request: httpx.Request) -> httpx.Response:
        tries.append(request)
        return httpx.Response(429, headers={"Retry-After": "0"}) if len(tries) == 1 else answered(request)

    async with client_on(second_time) as graph:
        assert await counted(graph, "me") == 1
    assert len(tries) == 2


async def test_writes_batches_and_pages_count_too() -> None:
    async with client_on(answered) as graph:
        with counting.calls() as count:
            await graph.post("me/sendMail", {})
            assert count.calls == 1
            await graph.batch([graph.call("GET", "me"), graph.call("GET", "users")])
            assert count.calls == 3
            assert [item async for item in graph.pages("me/messages", select="id")] == []
            assert count.calls == 4


async def test_of_two_at_once_each_counts_its_own() -> None:
    async with client_on(answered) as graph:
        assert [*await asyncio.gather(counted(graph, "me"), counted(graph, "users", "groups"))] == [1, 2]


async def test_tasks_that_are_started_within_are_counted_and_what_comes_after_is_not() -> None:
    with counting.calls() as count:
        await asyncio.create_task(noting(2))
        with counting.calls() as inner:
            counting.note()
        counting.note(3)
    counting.note(100)
    assert (count.calls, inner.calls) == (5, 1)


async def noting(calls: int) -> None:
    counting.note(calls)
