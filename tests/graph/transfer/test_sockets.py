"""Transfers over real sockets and to real files: resets, cuts and stalls, and no connection left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulator.fault_proxy import FaultProxy, Trouble
from errors import GraphConflict, GraphUnavailable, ToolInputError
from graph import deadline
from graph.calls import Call
from graph.service import GraphService, graph_service
from graph.transfer import FileSource, FileTarget, download, upload_file
from graph.transfer.hashes import QuickXor
from tests.graph.support import HOST, speaker
from tests.graph.transfer.support import ROOT, noise

DATA = noise(3_000_017)
LARGE = noise(12 * 1024 * 1024)
CALL = Call("GET", f"{ROOT}:/a.bin:/content")


class Server:
    """Serves one file, and takes another in an upload session."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.total = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
                body = await reader.readexactly(int(fields.get("content-length", 0)))
                writer.write(self._answer(head.split()[0], head.split()[1], fields, body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _answer(self, method: str, path: str, fields: dict[str, str], body: bytes) -> bytes:
        if method == "post":
            return _json(200, f'{{"uploadUrl": "https://{HOST}/up"}}')
        if method == "put":
            place, _, total = fields["content-range"].removeprefix("bytes ").partition("/")
            if int(place.partition("-")[0]) == len(self.received):
                self.received += body
            self.total = int(total)
        return self._state() if path == "/up" else self._part(fields)

    def _state(self) -> bytes:
        if self.total and len(self.received) == self.total:
            hasher = QuickXor()
            hasher.update(bytes(self.received))
            hashes = f'{{"hashes": {{"quickXorHash": "{hasher.text()}"}}}}'
            return _json(201, f'{{"id": "1", "name": "a.bin", "size": {self.total}, "file": {hashes}}}')
        return _json(202, f'{{"nextExpectedRanges": ["{len(self.received)}-"]}}')

    def _part(self, fields: dict[str, str]) -> bytes:
        first = int(fields.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(DATA)}\r\n"
        if first:
            place = f"bytes {first}-{len(DATA) - 1}/{len(DATA)}"
            head = f"HTTP/1.1 206 Part\r\nContent-Range: {place}\r\nContent-Length: {len(DATA) - first}\r\n"
        return f'{head}ETag: "1"\r\n\r\n'.encode() + DATA[first:]


def _json(status: int, text: str) -> bytes:
    return f"HTTP/1.1 {status} OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()


class Loopback(httpx.AsyncBaseTransport):
    """Takes what is meant for Graph to a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self.inner.aclose()

    def open_connections(self) -> int:
        pool: Any = self.inner._pool
        return sum(not (each.is_idle() or each.is_closed()) for each in pool.connections)


def inside(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@asynccontextmanager
async def graph(server: Server, patience: float = 30) -> AsyncIterator[tuple[GraphService, FaultProxy]]:
    """A service whose network is a server behind a proxy that makes trouble."""
    listening = await asyncio.start_server(server, "127.0.0.1", 0, limit=1024 * 1024)
    async with listening, FaultProxy(listening.sockets[0].getsockname()[1]) as proxy:
        transport = Loopback(proxy.port)
        opened = partial(httpx.AsyncClient, transport=transport, timeout=patience, trust_env=False)
        async with graph_service(opened, HOST) as service:
            yield service, proxy
            assert transport.open_connections() == 0


@pytest.mark.parametrize(
    ("trouble", "after"),
    [
        pytest.param("refuse", 0, id="refused"),
        pytest.param("reset-before", 0, id="reset before it is passed on"),
        pytest.param("reset-after", 0, id="reset in place of the answer"),
        pytest.param("cut", 1_000_000, id="cut"),
        pytest.param("rst-mid-body", 1_000_000, id="reset in the middle"),
    ],
)
async def test_a_file_comes_whole_past_broken_connections(tmp_path: Path, trouble: Trouble, after: int) -> None:
    async with graph(Server()) as (service, proxy):
        proxy.strike(trouble, after=after)
        path = tmp_path / "a.bin"
        found = await download(service, speaker(), CALL, FileTarget(path), most=10_000_000)
        assert found.size == len(DATA)
    assert inside(tmp_path) == {"a.bin": DATA}


async def test_a_stall_is_ended_by_the_read_timeout(tmp_path: Path) -> None:
    async with graph(Server(), patience=0.2) as (service, proxy):
        proxy.strike("black-hole")
        path = tmp_path / "a.bin"
        await download(service, speaker(), CALL, FileTarget(path), most=10_000_000)
    assert (tmp_path / "a.bin").read_bytes() == DATA


async def test_a_drip_is_ended_by_the_deadline_and_leaves_nothing(tmp_path: Path) -> None:
    async with graph(Server()) as (service, proxy):
        proxy.strike("drip", times=None, after=500_000)
        with pytest.raises(GraphUnavailable, match="Timeout"), deadline.within(0.5):
            await download(service, speaker(), CALL, FileTarget(tmp_path / "a.bin"), most=10_000_000)
    assert inside(tmp_path) == {}


async def test_a_wrong_file_leaves_nothing(tmp_path: Path) -> None:
    item = {"file": {"hashes": {"crc32Hash": "00000000"}}}
    async with graph(Server()) as (service, _):
        with pytest.raises(GraphConflict, match="HashMismatch"):
            await download(service, speaker(), CALL, FileTarget(tmp_path / "a.bin"), most=10_000_000, item=item)
    assert inside(tmp_path) == {}


async def test_a_name_that_is_taken_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")
    async with graph(Server()) as (service, proxy):
        with pytest.raises(ToolInputError, match="is there already"):
            await download(service, speaker(), CALL, FileTarget(tmp_path / "a.bin"), most=10_000_000)
        assert proxy.passages == []
    assert (tmp_path / "a.bin").read_bytes() == b"old"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large.bin"
    path.write_bytes(LARGE)
    return path


@pytest.mark.parametrize(
    ("trouble", "after"),
    [
        pytest.param("refuse", 0, id="refused"),
        pytest.param("reset-before", 2_000_000, id="reset while it is sent"),
        pytest.param("reset-after", 0, id="reset in place of the answer"),
    ],
)
async def test_a_file_arrives_whole_past_broken_connections(large: Path, trouble: Trouble, after: int) -> None:
    server = Server()
    async with graph(server) as (service, proxy):
        proxy.strike(trouble, after=after)
        async with FileSource(large) as source:
            item = await upload_file(service, speaker(), f"{ROOT}:/a.bin:", source, name="a.bin")
        assert item["size"] == len(LARGE)
    assert bytes(server.received) == LARGE


async def test_a_file_that_changes_while_it_is_sent_is_told(large: Path) -> None:
    async with graph(Server()) as (service, _), FileSource(large) as source:

        async def progress(done: int, total: int | None) -> None:
            await asyncio.to_thread(large.write_bytes, b"shorter now")

        with pytest.raises(ToolInputError, match="changed while it was being sent"):
            await upload_file(service, speaker(), f"{ROOT}:/a.bin:", source, name="a.bin", progress=progress)
