"""The CPU time of one call: GraphClient beside plain httpx, over the same connection and with the same headers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median
from urllib.parse import unquote

import httpx

from benchmarks._judged import Verdict, told
from benchmarks._rig import Mailbox, Rig
from benchmarks._sides import SELECT, client_of, headers_of, paths_of, plain, service
from graph import GraphService

CALLS = 320
# Of eight users, so that the governor, which takes part, has room for four calls of each.
AT_ONCE = (1, 32)
# Each request's own name, and what HTTP/2 leaves out.
_NOT_COMPARED = {b"client-request-id", b"connection"}

Read = Callable[[int], Awaitable[None]]


async def over_http2(rig: Rig, rounds: int, limit: float) -> list[Verdict]:
    """One at a time and 32 at once, both held to the limit."""
    ratios = await _measured(rig, rig.transport(), rounds)
    return told(*(Verdict(f"CPU of GraphClient.get / of httpx, {name}", ratio, limit) for name, ratio in ratios))


async def over_http1(rig: Rig, rounds: int) -> list[Verdict]:
    """For comparison."""
    for name, ratio in await _measured(rig, rig.transport(http2=False), (rounds + 2) // 3):
        print(f"CPU of GraphClient.get / of httpx, {name}: {ratio:.3f}")
    return []


async def _measured(rig: Rig, transport: httpx.AsyncBaseTransport, rounds: int) -> list[tuple[str, float]]:
    rig.conditions()
    await _compare_headers(rig, transport)
    async with plain(transport) as http, service(transport, coalesce=False) as shared:
        sides = [_bare(http, each) for each in rig.mailboxes], [_ours(shared, rig, each) for each in rig.mailboxes]
        return [await _pair(sides, at_once, rounds) for at_once in AT_ONCE]


def _bare(http: httpx.AsyncClient, mailbox: Mailbox) -> Read:
    paths = paths_of(mailbox)

    async def read(number: int) -> None:
        reply = await http.get(paths[number], params=SELECT, headers=headers_of(mailbox))
        assert reply.status_code == httpx.codes.OK

    return read


def _ours(shared: GraphService, rig: Rig, mailbox: Mailbox) -> Read:
    paths, graph = paths_of(mailbox), client_of(shared, rig, mailbox)

    async def read(number: int) -> None:
        await graph.get(paths[number], SELECT)

    return read


async def _pair(sides: tuple[list[Read], list[Read]], at_once: int, rounds: int) -> tuple[str, float]:
    """Both sides in turns: their medians, and what comes of them."""
    for side in sides:
        await _spent(side, at_once)  # the first calls fill caches and open connections
    turns = [[await _spent(side, at_once) for side in sides] for _ in range(rounds)]
    bare, ours = (median(cpu for cpu, _ in each) for each in zip(*turns, strict=True))
    paces = " and ".join(f"{median(1 / wall for _, wall in each):.0f}" for each in zip(*turns, strict=True))
    name = "one at a time" if at_once == 1 else f"{at_once} at once"
    print(f"{name}: httpx {bare * 1e6:.0f} us, ours {ours * 1e6:.0f} us of CPU; {paces} calls/s", flush=True)
    return name, ours / bare


async def _spent(readers: list[Read], at_once: int) -> tuple[float, float]:
    """CPU and wall-clock seconds that one call takes."""

    async def reader(first: int) -> None:
        for number in range(first, CALLS, at_once):
            await readers[number % len(readers)](number)

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*map(reader, range(at_once)))
    return (time.process_time() - cpu) / CALLS, (time.perf_counter() - wall) / CALLS


class _Noting(httpx.AsyncBaseTransport):
    """Notes what is sent."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return await self._transport.handle_async_request(request)


async def _compare_headers(rig: Rig, transport: httpx.AsyncBaseTransport) -> None:
    """The comparison is fair only where both send the same."""
    noting, mailbox = _Noting(transport), rig.mailboxes[0]
    async with plain(noting) as http, service(noting, coalesce=False) as shared:
        await _bare(http, mailbox)(0)
        await _ours(shared, rig, mailbox)(0)
    bare, ours = map(_shown, noting.sent)
    assert bare == ours, f"the two send different requests: {bare ^ ours}"


def _shown(request: httpx.Request) -> set[tuple[bytes, bytes]]:
    headers = {(name.lower(), value) for name, value in request.headers.raw if name.lower() not in _NOT_COMPARED}
    return {(b"url", unquote(str(request.url)).encode()), *headers}
