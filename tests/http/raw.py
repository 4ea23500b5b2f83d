"""HTTP by hand: what no client library would send, to our connections on a loopback socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from web.connections import Limits, protocol_class

_PATIENCE = 10.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


class Peer:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send, for as long as anybody takes it."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError:
            pass

    async def answer(self) -> Answer:
        """The next answer."""
        async with asyncio.timeout(_PATIENCE):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            return Answer(int(status.split()[1]), headers, await self._body(headers))

    async def rest(self) -> bytes:
        """All that comes until the server closes; empty where it closed already."""
        async with asyncio.timeout(_PATIENCE):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""

    async def some(self) -> bytes:
        """What has come, or comes next."""
        async with asyncio.timeout(_PATIENCE):
            return await self._reader.read(65536)

    def hang_up(self) -> None:
        self._writer.transport.abort()

    def stop_reading(self) -> None:
        """Let what comes pile up, from now on."""
        transport: Any = self._writer.transport
        transport.pause_reading()

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readline()
        return body


class Listener:
    """An app behind our connections."""

    def __init__(self, server: asyncio.Server, state: ServerState) -> None:
        self.port: int = server.sockets[0].getsockname()[1]
        self.state = state
        self._peers: list[Peer] = []

    async def connect(self) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port))
        self._peers.append(peer)
        return peer

    def hang_up(self) -> None:
        """End all connections that were made here."""
        for peer in self._peers:
            peer.hang_up()

    async def ask(self, data: bytes) -> bytes:
        """Send this over a connection of its own, and take what comes until the server closes it."""
        peer = await self.connect()
        await peer.send(data)
        try:
            return await peer.rest()
        finally:
            peer.hang_up()

    async def until_quiet(self) -> None:
        """Wait until nobody is connected and no request is under way."""
        async with asyncio.timeout(_PATIENCE):
            while self.state.connections or self.state.tasks:  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0)


@asynccontextmanager
async def listening(app: ASGIApp, limits: Limits, parser: str) -> AsyncIterator[Listener]:
    """Serve as uvicorn does, without what it does once a second."""
    loop, state = asyncio.get_running_loop(), ServerState()
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", lifespan="off", proxy_headers=False)
    made: Any = protocol_class(limits, parser)
    server = await loop.create_server(
        lambda: made(config=config, server_state=state, app_state={}, _loop=loop), "127.0.0.1", 0, backlog=2048
    )
    listener = Listener(server, state)
    try:
        yield listener
    finally:
        listener.hang_up()
        await listener.until_quiet()
        server.close()
