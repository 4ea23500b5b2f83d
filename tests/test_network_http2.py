"""_network_http2.py: many calls on one connection, and none of them waits for another's answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import hpack
import httpcore
import httpx
import pytest

import network
from _network_http2 import FairConnection
from tests.graph.h2_server import H2Server

SLOW, QUICK = "https://graph.microsoft.com/slow", "https://graph.microsoft.com/quick"


class Doors:
    """Answers `/slow` when they are opened, and everything else at once."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def __call__(self, path: str) -> tuple[int, int]:
        if path == "/slow":
            await self.opened.wait()
        return 200, 100


@asynccontextmanager
async def served(doors: Doors) -> AsyncIterator[tuple[H2Server, httpx.AsyncClient]]:
    server = H2Server(doors)
    async with server.running(), server.client() as http:
        yield server, http


async def begun(server: H2Server, http: httpx.AsyncClient, count: int) -> list[asyncio.Task[httpx.Response]]:
    """Slow calls that are under way, each of them at the server."""
    before = server.streams
    tasks = [asyncio.create_task(http.get(SLOW)) for _ in range(count)]
    while server.streams < before + count:  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0)
    return tasks


@pytest.mark.parametrize("count", [pytest.param(each, id=str(each)) for each in (1, 2, 3, 20)])
async def test_a_quick_answer_does_not_wait_behind_slow_ones(count: int) -> None:
    doors = Doors()
    async with served(doors) as (server, http):
        slow = await begun(server, http, count)
        async with asyncio.timeout(10):
            for _ in range(3):
                assert (await http.get(QUICK)).status_code == 200
            await asyncio.gather(*(http.get(QUICK) for _ in range(10)))
        assert not any(task.done() for task in slow)
        doors.opened.set()
        assert {task.status_code for task in await asyncio.gather(*slow)} == {200}
    assert server.connections == 1


@pytest.mark.parametrize("first", [pytest.param(0, id="who reads"), pytest.param(1, id="who waits")])
@pytest.mark.parametrize("turns", range(6))
async def test_whoever_leaves_another_reads_on(first: int, turns: int) -> None:
    doors = Doors()
    async with served(doors) as (server, http):
        slow = await begun(server, http, 4)
        quick = asyncio.create_task(http.get(QUICK))
        for _ in range(turns):
            await asyncio.sleep(0)
        leavers, stayers = slow[first : first + 2], [*slow[:first], *slow[first + 2 :]]
        for task in leavers:
            task.cancel()
        await asyncio.gather(*leavers, return_exceptions=True)
        async with asyncio.timeout(10):
            assert (await quick).status_code == 200
            doors.opened.set()
            assert {task.status_code for task in await asyncio.gather(*stayers)} == {200}


async def test_all_hear_at_once_that_the_connection_is_gone() -> None:
    doors = Doors()
    server = H2Server(doors)
    async with AsyncExitStack() as running:
        await running.enter_async_context(server.running())
        http = server.client()
        slow = await begun(server, http, 5)
        await running.aclose()
    async with asyncio.timeout(10):
        outcomes = await asyncio.gather(*slow, return_exceptions=True)
        await http.aclose()
    assert all(isinstance(each, httpx.TransportError) for each in outcomes)


async def test_a_request_with_a_body_larger_than_the_window_goes_through_beside_others() -> None:
    doors = Doors()
    async with served(doors) as (server, http):
        slow = await begun(server, http, 3)
        async with asyncio.timeout(10):
            replies = await asyncio.gather(*(http.post(QUICK, content=b"x" * 200_000) for _ in range(3)))
        assert {reply.status_code for reply in replies} == {200}
        doors.opened.set()
        await asyncio.gather(*slow)


def test_what_is_sent_is_read_as_it_was_meant() -> None:
    encoder = FairConnection(httpcore.Origin(b"https", b"x", 443), httpcore.AsyncMockStream([]))._h2_state.encoder
    headers = [("authorization", "Bearer " + "a" * 1500), ("x", "ä")]
    assert [(str(name), str(value)) for name, value in hpack.Decoder().decode(encoder.encode(headers))] == headers


async def test_the_clients_for_graph_have_such_connections() -> None:
    http2 = __import__("httpcore._async.http2", fromlist=["http2"])
    async with network.async_client():
        assert http2.AsyncHTTP2Connection is FairConnection
