"""The TCP proxy that breaks connections: what each side sees, counted in bytes, and that nothing stays open."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from emulator import build_emulator
from emulator.fault_proxy import TROUBLES, FaultProxy
from emulator.standalone import server_of
from emulator.tls import CertificateAuthority
from tests.emulator.support import NOW, FakeEntra, delegated, small_tenant

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"
BODY = bytes(range(256)) * 4
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + BODY
PATIENCE = 0.2


@dataclass
class Server:
    """Answers each request on a connection that it keeps, and counts them."""

    requests: int = 0
    heard: bytes = b""
    port: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def connections(self) -> int:
        return len(self.writers)

    def leave(self) -> None:
        for writer in self.writers:
            writer.close()

    def reset(self) -> None:
        for writer in self.writers:
            linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    async def settle(self) -> None:
        for writer in self.writers:
            with suppress(OSError):
                await writer.wait_closed()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        with suppress(OSError):
            while data := await reader.read(65536):
                self.heard += data
                if self.heard.endswith(b"\r\n\r\n"):
                    self.requests += 1
                    writer.write(ANSWER)
                    await writer.drain()
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server()
    listener = await asyncio.start_server(found, "127.0.0.1", 0)
    found.port = listener.sockets[0].getsockname()[1]
    yield found
    listener.close()
    found.leave()
    await found.settle()


@pytest.fixture
async def proxy(server: Server) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(server.port) as found:
        yield found


class Wire:
    """A bare connection: asyncio's streams would drop what came before a reset."""

    def __init__(self, proxy: FaultProxy) -> None:
        self._port = proxy.port
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> Wire:
        await self._loop.sock_connect(self.socket, ("127.0.0.1", self._port))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.socket.close()

    async def send(self, data: bytes = REQUEST) -> None:
        await self._loop.sock_sendall(self.socket, data)

    async def read(self, size: int = 65536) -> bytes:
        return await self._loop.sock_recv(self.socket, size)

    async def all(self) -> tuple[bytes, bool]:
        """What comes until the end, and whether that is a reset."""
        found = b""
        try:
            while data := await self.read():
                found += data
        except ConnectionResetError:
            return found, True
        return found, False

    async def answer(self) -> bytes:
        found = b""
        while len(found) < len(ANSWER):
            data = await self.read()
            assert data, found
            found += data
        return found

    async def hears_nothing(self) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.read(), PATIENCE)
            return False
        return True


async def heard(proxy: FaultProxy) -> None:
    """Let the proxy run until it has read something on its newest connection."""
    for _ in range(10_000):
        if proxy.passages and proxy.passages[-1].sent:
            return
        await asyncio.sleep(0)
    raise AssertionError("nothing was heard")


async def test_bytes_pass_as_they_are_until_it_is_struck(proxy: FaultProxy, server: Server) -> None:
    async with Wire(proxy) as wire:
        for _ in range(2):
            await wire.send()
            assert await wire.answer() == ANSWER
        (passage,) = proxy.passages
        assert (passage.sent, passage.answered) == (2 * len(REQUEST), 2 * len(ANSWER))
        assert (proxy.accepted, proxy.open, server.requests) == (1, 1, 2)


async def test_much_passes_both_ways_at_once(proxy: FaultProxy, server: Server) -> None:
    async with Wire(proxy) as wire:
        long = b"x" * 3_000_000
        _, answer = await asyncio.gather(wire.send(long + b"\r\n\r\n"), wire.answer())
    assert answer == ANSWER
    assert len(server.heard) == 3_000_004


async def test_who_is_done_with_sending_still_gets_its_answer(proxy: FaultProxy) -> None:
    async with Wire(proxy) as wire:
        await wire.send()
        wire.socket.shutdown(socket.SHUT_WR)
        assert await wire.all() == (ANSWER, False)


# --- what meets the request


async def test_a_refused_connection_is_reset_before_anything_is_sent(proxy: FaultProxy, server: Server) -> None:
    proxy.strike("refuse")
    async with Wire(proxy) as wire:
        assert await wire.all() == (b"", True)
    assert server.connections == 0
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.answer() == ANSWER


async def test_a_request_can_be_lost_with_its_connection(proxy: FaultProxy, server: Server) -> None:
    proxy.strike("reset-before", times=2)
    for _ in range(2):
        async with Wire(proxy) as wire:
            await wire.send(REQUEST[:9])
            await heard(proxy)
            await wire.send(REQUEST[9:])
            assert await wire.all() == (b"", True)
    assert (server.connections, server.requests) == (0, 0)
    assert [passage.sent for passage in proxy.passages] == [len(REQUEST)] * 2


async def test_part_of_a_request_can_get_through(proxy: FaultProxy, server: Server) -> None:
    proxy.strike("reset-before", after=9)
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.all() == (b"", True)
    assert server.heard == REQUEST[:9]


async def test_a_black_hole_reads_and_never_answers(proxy: FaultProxy, server: Server) -> None:
    proxy.strike("black-hole")
    async with Wire(proxy) as wire:
        await wire.send()
        await wire.send(b"x" * 3_000_000)
        assert await wire.hears_nothing()
    assert (server.connections, proxy.passages[0].sent) == (0, len(REQUEST) + 3_000_000)


async def test_a_half_open_connection_stops_taking(proxy: FaultProxy, server: Server) -> None:
    proxy.strike("half-open")
    async with Wire(proxy) as wire:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wire.send(b"x" * 50_000_000), PATIENCE)
    assert server.connections == 0


async def test_a_connection_can_stop_taking_later(proxy: FaultProxy, server: Server) -> None:
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.answer() == ANSWER
        proxy.strike("half-open", live=True)
        await wire.send()
        assert await wire.hears_nothing()
    assert server.requests == 1


async def test_a_request_on_an_open_connection_can_vanish(proxy: FaultProxy, server: Server) -> None:
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.answer() == ANSWER
        proxy.strike("black-hole", live=True)
        await wire.send()
        assert await wire.hears_nothing()
        await wire.send()
        assert await wire.hears_nothing()
    assert (server.requests, proxy.passages[0].sent) == (1, 3 * len(REQUEST))


async def test_a_client_that_leaves_a_struck_connection_ends_it(proxy: FaultProxy) -> None:
    proxy.strike("reset-before")
    proxy.strike("black-hole")
    for _ in range(2):
        async with Wire(proxy):
            pass
    await proxy.settle()
    assert [passage.sent for passage in proxy.passages] == [0, 0]


# --- what meets the answer


async def test_an_answer_can_be_lost_with_its_connection(proxy: FaultProxy, server: Server) -> None:
    proxy.strike("reset-after")
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.all() == (b"", True)
    assert server.requests == 1


@pytest.mark.parametrize(
    ("kind", "is_reset"), [pytest.param("cut", False, id="cut"), pytest.param("rst-mid-body", True, id="reset")]
)
async def test_an_answer_ends_after_so_many_bytes(proxy: FaultProxy, server: Server, kind: Any, is_reset: bool) -> None:
    proxy.strike(kind, after=100)
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.all() == (ANSWER[:100], is_reset)
    assert (server.requests, proxy.passages[0].answered) == (1, 100)


async def test_an_answer_can_come_byte_by_byte(proxy: FaultProxy) -> None:
    proxy.strike("drip", after=len(ANSWER) - 5, pause=0.01)
    async with Wire(proxy) as wire:
        await wire.send()
        pieces: list[bytes] = []
        while sum(map(len, pieces)) < len(ANSWER):
            pieces.append(await wire.read())
        assert b"".join(pieces) == ANSWER
        # The first is a longer piece; what drips may at most have met on its way.
        assert len(pieces) > 3
        await wire.send()
        assert await wire.read(1) == ANSWER[:1]


async def test_a_client_may_leave_a_drip(proxy: FaultProxy, server: Server) -> None:
    proxy.strike("drip", pause=0.001)
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.read(1) == ANSWER[:1]
    await proxy.settle()
    assert proxy.passages[0].answered < len(ANSWER)


async def test_an_answer_can_be_late(proxy: FaultProxy) -> None:
    proxy.strike("delay", pause=2 * PATIENCE)
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.hears_nothing()
        assert await wire.answer() == ANSWER
        await wire.send()
        assert await wire.answer() == ANSWER


# --- whom it meets


async def test_an_open_connection_is_struck_at_its_next_bytes(proxy: FaultProxy, server: Server) -> None:
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.answer() == ANSWER
        proxy.strike("rst-mid-body", live=True, after=7)
        await wire.send()
        assert await wire.all() == (ANSWER[:7], True)
    assert server.requests == 2


async def test_the_oldest_strikes_and_new_connections_only(proxy: FaultProxy) -> None:
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.answer() == ANSWER
        proxy.strike("cut", after=1)
        proxy.strike("cut", times=None, after=2)
        await wire.send()
        assert await wire.answer() == ANSWER
    heard = []
    for _ in range(3):
        async with Wire(proxy) as wire:
            await wire.send()
            heard.append(await wire.all())
    assert heard == [(ANSWER[:1], False), (ANSWER[:2], False), (ANSWER[:2], False)]
    proxy.calm()
    async with Wire(proxy) as wire:
        await wire.send()
        assert await wire.answer() == ANSWER


def test_trouble_that_makes_no_sense_is_refused() -> None:
    proxy = FaultProxy(1)
    with pytest.raises(ValueError, match=r"no trouble of the kind 'hiccup'. The kinds are refuse, "):
        proxy.strike("hiccup")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="neither a past nor bytes"):
        proxy.strike("refuse", live=True)
    with pytest.raises(ValueError, match="neither a past nor bytes"):
        proxy.strike("refuse", after=1)


# --- what is left behind


async def test_a_server_that_is_not_there_ends_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = listener.getsockname()[1]
    async with FaultProxy(nobody) as proxy, Wire(proxy) as wire:
        assert await wire.all() == (b"", True)


async def test_a_server_that_resets_resets_the_client(proxy: FaultProxy, server: Server) -> None:
    async with Wire(proxy) as wire:
        await wire.send()
        await wire.answer()
        server.reset()
        assert await wire.all() == (b"", True)


async def test_a_server_that_leaves_takes_the_client_along(proxy: FaultProxy, server: Server) -> None:
    async with Wire(proxy) as wire:
        await wire.send()
        await wire.answer()
        server.leave()
        assert await wire.all() == (b"", False)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="Only Linux shows its file descriptors.")  # noqa: PTH112
@pytest.mark.parametrize("kind", TROUBLES)
async def test_nothing_stays_open(server: Server, kind: Any) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208

    before, tasks = descriptors(), len(asyncio.all_tasks())
    async with FaultProxy(server.port) as proxy:
        proxy.strike(kind, times=None, pause=0.001)
        async with AsyncExitStack() as stack:
            for _ in range(3):
                wire = await stack.enter_async_context(Wire(proxy))
                with suppress(ConnectionError, TimeoutError):
                    await wire.send()
                    await asyncio.wait_for(wire.read(1), PATIENCE / 4)
            assert proxy.accepted == 3
    await server.settle()
    assert (descriptors(), len(asyncio.all_tasks())) == (before, tasks)
    assert proxy.open == 0


# --- in front of the emulator


async def test_tls_passes_unchanged_and_breaks_by_bytes() -> None:
    tenant = small_tenant()
    app = build_emulator(tenant, entra=FakeEntra(delegated(tenant.demo_person, "User.Read")), clock=NOW.timestamp)
    authority = CertificateAuthority.new()
    trust = ssl.create_default_context(cadata=authority.pem)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = server_of(app, lambda *_: authority.server_context(["localhost"]))
        serving = asyncio.create_task(server.serve([listener]))
        async with FaultProxy(listener.getsockname()[1]) as proxy:
            base = f"https://localhost:{proxy.port}/v1.0"
            async with httpx.AsyncClient(base_url=base, verify=trust, trust_env=False) as client:
                assert (await client.get("/me")).json()["displayName"] == "Ada Lind"
                proxy.strike("reset-after", live=True)
                with pytest.raises(httpx.ReadError):
                    await client.get("/me")
                proxy.strike("cut", after=500)
                with pytest.raises(httpx.ConnectError):
                    await client.get("/me")
                assert (await client.get("/me")).status_code == 200
        server.should_exit = True
        await serving
