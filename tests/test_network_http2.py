"""_network_http2.py: many calls on one connection, and none of them waits for another's answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import hpack
import httpcore
import httpx
import pytest
from h2.errors import ErrorCodes
from hyperframe.frame import SettingsFrame

import network
from _network_http2 import FairConnection
from tests.graph.h2_server import Asked, H2Server, Sized, Speaker, listening
from tests.graph.wires import transport_to

SLOW, QUICK = "https://graph.microsoft.com/slow", "https://graph.microsoft.com/quick"


class Doors:
    """Answers `/slow` when they are opened, and everything else at once."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def __call__(self, path: str) -> tuple[int, int]:
        if path == "/slow":
            await self.opened.wait()
        return 200, 100


class Large:
    """Answers with so many bytes as the path says."""

    async def __call__(self, path: str) -> tuple[int, int]:
        return 200, int(path[1:])


@asynccontextmanager
async def served(doors: Sized) -> AsyncIterator[tuple[H2Server, httpx.AsyncClient]]:
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


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0)


async def ended(tasks: list[asyncio.Task[httpx.Response]]) -> set[int]:
    async with asyncio.timeout(10):
        return {reply.status_code for reply in await asyncio.gather(*tasks)}


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


@pytest.mark.parametrize("lasts", [pytest.param([7], id="at once"), pytest.param([2**31 - 1, 7], id="in two steps")])
async def test_a_server_that_leaves_in_good_order_answers_what_it_has_taken(lasts: list[int]) -> None:
    doors = Doors()
    async with served(doors) as (server, http):
        slow = await begun(server, http, 4)
        for last in lasts:
            server.speakers[0].go_away(last)
        await until(lambda: not http._transport._pool.connections[0].is_available())  # type: ignore[attr-defined]
        assert (await http.get(QUICK)).status_code == 200
        assert server.connections == 2
        doors.opened.set()
        assert await ended(slow) == {200}
        await until(lambda: server.open == 1)
        assert len(http._transport._pool.connections) == 1  # type: ignore[attr-defined]
    assert (server.streams, server.broken) == (5, [])


async def test_what_a_leaving_server_has_not_taken_goes_by_another_connection() -> None:
    doors = Doors()
    async with served(doors) as (server, http):
        slow = await begun(server, http, 4)
        server.speakers[0].go_away(5)
        server.speakers[0].go_away(3)
        server.speakers[0].go_away(5)  # it cannot take back what it said
        await until(lambda: server.has_had(6))
        doors.opened.set()
        assert await ended(slow) == {200}
        await until(lambda: server.open == 1)
    assert (server.connections, server.broken) == (2, [])


async def test_a_body_that_a_leaving_server_will_never_read_goes_by_another_connection() -> None:
    async with served(Doors()) as (server, http):
        await http.get(QUICK)
        server.speakers[0].is_hoarding = True
        post = asyncio.create_task(http.post(QUICK, content=b"x" * 200_000))
        await until(lambda: server.speakers[0].bytes_read == 65_535)
        server.speakers[0].go_away(1)
        assert await ended([post]) == {200}
    assert server.connections == 2


async def test_a_server_that_leaves_in_disorder_ends_all() -> None:
    async with served(Doors()) as (server, http):
        slow = await begun(server, http, 3)
        server.speakers[0].go_away(5, ErrorCodes.INTERNAL_ERROR)
        async with asyncio.timeout(10):
            outcomes = await asyncio.gather(*slow, return_exceptions=True)
    assert {type(each) for each in outcomes} == {httpx.RemoteProtocolError}


class Leaver(Speaker):
    """Leaves at each request, which it has not taken."""

    met = 0

    async def answer(self, asked: Asked) -> None:
        Leaver.met += 1
        if asked.header(":path") == "/begun":
            self.h2.send_headers(asked.stream, [(":status", "200")])
        self.go_away(0)


@pytest.mark.parametrize(
    ("path", "error", "times"),
    [
        pytest.param("/", httpx.ConnectError, 4, id="never taken"),
        pytest.param("/begun", httpx.RemoteProtocolError, 1, id="taken after all"),
    ],
)
async def test_a_server_that_always_leaves_is_not_asked_for_ever(
    path: str, error: type[httpx.TransportError], times: int
) -> None:
    Leaver.met = 0
    async with listening(Leaver) as port, httpx.AsyncClient(transport=transport_to(port, http2=True)) as http:
        async with asyncio.timeout(10):
            with pytest.raises(error):
                await http.get(f"https://graph.microsoft.com{path}")
    assert Leaver.met == times


async def test_answers_that_are_left_unread_take_no_room_from_others() -> None:
    async with served(Large()) as (server, http):
        async with asyncio.timeout(20):
            for _ in range(4):
                async with http.stream("GET", "https://graph.microsoft.com/6000000"):
                    pass
            assert (await http.get("https://graph.microsoft.com/100")).status_code == 200
    assert (server.connections, server.broken) == (1, [])


async def test_answers_that_came_whole_and_are_left_unread_take_no_room_from_others() -> None:
    async with served(Large()) as (server, http):
        async with asyncio.timeout(20):
            for _ in range(12):
                async with http.stream("GET", "https://graph.microsoft.com/1500000"):
                    await http.get("https://graph.microsoft.com/1500000")
            assert (await http.get("https://graph.microsoft.com/100")).status_code == 200
    assert (server.connections, server.broken) == (1, [])


async def test_a_server_may_lower_its_limit_under_load_and_raise_it_again() -> None:
    doors = Doors()
    async with served(doors) as (server, http):
        await http.get(QUICK)
        slow = await begun(server, http, 6)
        server.speakers[0].allow(2)
        slow += [asyncio.create_task(http.get(SLOW)) for _ in range(6)]
        await until(lambda: server.speakers[0].h2.local_settings.max_concurrent_streams == 2)
        doors.opened.set()
        assert await ended(slow) == {200}
        doors.opened.clear()
        server.speakers[0].allow(30)
        await http.get(QUICK)
        slow = await begun(server, http, 30)
        doors.opened.set()
        assert await ended(slow) == {200}
    assert (server.connections, server.broken) == (1, [])


@pytest.mark.parametrize("turns", range(12))
async def test_a_limit_that_falls_while_requests_set_out_stops_none(turns: int) -> None:
    doors = Doors()
    async with served(doors) as (server, http):
        await http.get(QUICK)
        slow = await begun(server, http, 3)
        server.speakers[0].allow(1)
        for _ in range(turns):
            slow.append(asyncio.create_task(http.get(SLOW)))
            await asyncio.sleep(0)
        doors.opened.set()
        assert await ended(slow) == {200}
    assert server.broken == []


async def test_a_request_that_meets_a_limit_it_did_not_know_of_has_not_been_sent() -> None:
    doors = Doors()
    async with served(doors) as (server, http):
        await http.get(QUICK)
        slow = await begun(server, http, 1)
        lowered = SettingsFrame(0, settings={SettingsFrame.MAX_CONCURRENT_STREAMS: 1}).serialize()
        connection = http._transport._pool.connections[0]._connection  # type: ignore[attr-defined]
        connection._h2_state.receive_data(lowered)
        async with asyncio.timeout(10):
            with pytest.raises(httpx.ConnectError):
                await http.get(QUICK)
        doors.opened.set()
        assert await ended(slow) == {200}
        assert (await http.get(QUICK)).status_code == 200
    assert (server.streams, server.connections) == (3, 1)


@pytest.mark.parametrize("leaves", [pytest.param(True, id="it leaves"), pytest.param(False, id="it allows none")])
async def test_who_waits_for_room_goes_elsewhere_when_there_is_none(leaves: bool) -> None:
    doors = Doors()
    async with served(doors) as (server, http):
        await http.get(QUICK)
        speaker = server.speakers[0]
        speaker.allow(1)
        await http.get(QUICK)
        slow = await begun(server, http, 1)
        slow += [asyncio.create_task(http.get(SLOW)) for _ in range(3)]
        await until(lambda: len(http._transport._pool._requests) == 4)  # type: ignore[attr-defined]
        if leaves:
            speaker.go_away(2**31 - 1)
        else:
            speaker.allow(0)
        await until(lambda: not http._transport._pool.connections[0].is_available())  # type: ignore[attr-defined]
        doors.opened.set()
        assert await ended(slow) == {200}
        await until(lambda: server.open == 1)
    assert (server.connections, server.broken) == (2, [])


def test_what_is_sent_is_read_as_it_was_meant() -> None:
    encoder = FairConnection(httpcore.Origin(b"https", b"x", 443), httpcore.AsyncMockStream([]))._h2_state.encoder
    headers = [("authorization", "Bearer " + "a" * 1500), ("x", "ä")]
    assert [(str(name), str(value)) for name, value in hpack.Decoder().decode(encoder.encode(headers))] == headers


async def test_the_clients_for_graph_have_such_connections() -> None:
    http2 = __import__("httpcore._async.http2", fromlist=["http2"])
    async with network.async_client():
        assert http2.AsyncHTTP2Connection is FairConnection


async def test_one_silent_stream_does_not_end_the_others_for_want_of_time() -> None:
    async with network.async_client() as shared, network.async_client(for_transfers=True) as transfers:
        assert (shared.timeout.read, transfers.timeout.read) == (None, 45.0)
