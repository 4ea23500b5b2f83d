"""graph/connections.py over real HTTP/2: no caller's haste or misfortune spoils the connection of the others."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest

from errors import GraphTooLarge, StartError
from graph.calls import Reply
from graph.connections import Connections, whole_body
from tests.graph.h2_server import H2Server, answers

MIB = 1024 * 1024
# What httpcore lets a server send ahead on one connection: more that nobody takes and it stands still.
WINDOW = 16 * MIB


class Unsigned(httpx.Auth):
    """No token is needed here."""


class Endings:
    """Counts the exchanges that have ended."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@asynccontextmanager
async def connected(
    server: H2Server, *, linger: float = 15, renewal: float = 5, patience: float = 45
) -> AsyncIterator[Connections]:
    async with (
        server.running(),
        Connections(server.client, linger=linger, renewal=renewal, patience=patience) as connections,
    ):
        yield connections


async def exchange(
    connections: Connections, path: str = "/", ended: Endings | None = None, most: int = WINDOW
) -> Reply:
    request = httpx.Request("GET", f"https://graph.microsoft.com{path}")
    return await connections.exchange(request, Unsigned(), ended or Endings(), most)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0)


async def cancelled(task: asyncio.Task[Reply]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_hundreds_of_callers_that_leave_do_not_eat_the_window_of_the_others() -> None:
    server = H2Server(answers((200, MIB)))
    async with connected(server) as connections:
        ended = Endings()
        for count in range(WINDOW // MIB + 4):
            leaver = asyncio.create_task(exchange(connections, f"/{count}", ended))
            await until(partial(server.has_had, count + 1))
            await cancelled(leaver)
        reply = await exchange(connections)
    assert len(reply.body) == MIB
    assert server.connections == 1
    assert ended.count == WINDOW // MIB + 4, "what nobody waited for was still read to its end"


@pytest.mark.parametrize("turns", range(12))
async def test_a_caller_may_leave_at_any_moment_without_breaking_the_connection(turns: int) -> None:
    server = H2Server(answers((200, 100)))
    async with connected(server) as connections:
        await exchange(connections)
        for _ in range(5):
            leaver = asyncio.create_task(exchange(connections, f"/{'x' * 100}"))
            for _ in range(turns):
                await asyncio.sleep(0)
            if not leaver.done():
                await cancelled(leaver)
        assert (await exchange(connections)).status == 200
    assert (server.connections, server.broken) == (1, [])


async def test_an_answer_that_does_not_end_takes_its_connection_with_it_and_nothing_else() -> None:
    release = asyncio.Event()

    async def answer(path: str) -> tuple[int, int]:
        if path == "/slow":
            await release.wait()
        return 200, -1 if path == "/never" else 100

    server = H2Server(answer)
    async with connected(server, linger=0) as connections:
        slow = asyncio.create_task(exchange(connections, "/slow"))
        stuck = asyncio.create_task(exchange(connections, "/never"))
        await until(partial(server.has_had, 2))
        await cancelled(stuck)
        while server.connections < 2:
            assert (await exchange(connections)).status == 200
        release.set()
        assert (await slow).status == 200


async def test_an_answer_that_does_not_come_counts_as_lost_and_the_others_go_on() -> None:
    async def answer(path: str) -> tuple[int, int]:
        return 200, -1 if path == "/never" else 100

    server, ended = H2Server(answer), Endings()
    async with connected(server, patience=0.2) as connections:
        with pytest.raises(httpx.ReadTimeout):
            await exchange(connections, "/never", ended)
        assert (await exchange(connections)).status == 200
        assert ended.count == 0, "Graph may still be at work on it"
    assert server.connections == 1


async def test_an_exchange_ends_when_it_has_really_ended() -> None:
    go_on, ended = asyncio.Event(), Endings()

    async def answer(path: str) -> tuple[int, int]:
        await go_on.wait()
        return 200, 10

    server = H2Server(answer)
    async with connected(server) as connections:
        leaver = asyncio.create_task(exchange(connections, ended=ended))
        await until(partial(server.has_had, 1))
        await cancelled(leaver)
        assert ended.count == 0, "Graph is still at work on it"
        go_on.set()
        await exchange(connections)
        await until(lambda: ended.count > 0)


async def test_an_answer_beyond_the_limit_is_cut_and_the_next_call_has_a_new_connection() -> None:
    server = H2Server(answers((200, 2 * MIB), (200, 100)))
    async with connected(server) as connections:
        with pytest.raises(GraphTooLarge, match="1,048,576"):
            await exchange(connections, most=MIB)
        assert (await exchange(connections)).status == 200
    assert server.connections == 2


async def test_a_connection_is_renewed_on_demand_but_not_over_and_over() -> None:
    server = H2Server(answers((200, 100)))
    async with connected(server, renewal=0) as connections:
        await exchange(connections)
        connections.renew()
        await exchange(connections)
        assert server.connections == 2
    calm = H2Server(answers((200, 100)))
    async with connected(calm, renewal=3600) as connections:
        await exchange(connections)
        connections.renew()
        await exchange(connections)
        assert calm.connections == 1


async def test_closing_ends_what_is_still_under_way() -> None:
    server, ended = H2Server(answers((200, -1))), Endings()
    async with connected(server) as connections:
        waiting = asyncio.create_task(exchange(connections, ended=ended))
        await until(partial(server.has_had, 1))
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.count == 1


async def test_transfers_have_a_client_of_their_own_that_is_closed_with_the_rest() -> None:
    opened: list[httpx.AsyncClient] = []

    def bulk() -> httpx.AsyncClient:
        opened.append(httpx.AsyncClient(trust_env=False))
        return opened[-1]

    async with Connections(httpx.AsyncClient, bulk) as connections:
        assert connections.bulk is connections.bulk
    assert [each.is_closed for each in opened] == [True]


class Chunks(httpx.AsyncByteStream):
    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


def packed(*chunks: bytes, encoding: str = "gzip") -> httpx.Response:
    return httpx.Response(200, headers={"content-encoding": encoding}, stream=Chunks(*chunks))


async def test_a_packed_answer_is_unpacked() -> None:
    data = gzip.compress(b"hello" * 100)
    assert await whole_body(packed(data[:10], data[10:]), 1000) == b"hello" * 100


async def test_a_small_packed_answer_that_becomes_huge_is_cut_before_it_is_unpacked() -> None:
    with pytest.raises(GraphTooLarge):
        await whole_body(packed(gzip.compress(b"\0" * (200 * MIB))), MIB)


async def test_an_empty_packed_answer_is_empty() -> None:
    assert await whole_body(packed(), 10) == b""


@pytest.mark.parametrize(
    ("response", "why"),
    [
        pytest.param(packed(gzip.compress(b"hello" * 100)[:-9]), "too early", id="cut"),
        pytest.param(packed(b"\x1f\x8b"), "too early", id="cut before anything came"),
        pytest.param(packed(b"no gzip at all"), "damaged", id="damaged"),
        pytest.param(packed(b"x", encoding="br"), "not asked for", id="packed otherwise"),
    ],
)
async def test_what_cannot_be_unpacked_counts_as_lost(response: httpx.Response, why: str) -> None:
    with pytest.raises(httpx.DecodingError, match=why):
        await whole_body(response, 1000)


async def test_a_client_that_cannot_be_opened_leaves_nothing_taken() -> None:
    def opened() -> httpx.AsyncClient:
        raise StartError("This proxy cannot be used.")

    ended = Endings()
    async with Connections(opened) as connections:
        with pytest.raises(StartError):
            await exchange(connections, ended=ended)
    assert ended.count == 1


async def test_the_body_of_a_challenge_is_bounded_too() -> None:
    class Asks(httpx.Auth):
        async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
            response = yield request
            if response.status_code == httpx.codes.UNAUTHORIZED:
                yield request

    def handler(request: httpx.Request) -> httpx.Response:
        stream = Chunks(gzip.compress(b"x" * MIB))
        return httpx.Response(401, headers={"content-encoding": "gzip"}, stream=stream)

    async with Connections(partial(httpx.AsyncClient, transport=httpx.MockTransport(handler))) as connections:
        with pytest.raises(GraphTooLarge):
            await connections.exchange(httpx.Request("GET", "https://graph.microsoft.com/"), Asks(), Endings(), 1000)
