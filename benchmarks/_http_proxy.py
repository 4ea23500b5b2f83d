"""A proxy that takes CONNECT and leads every host to one port of this machine, in a process of its own.

Run as `python -m benchmarks._http_proxy PORT`, it prints where it listens.
"""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from functools import partial
from typing import cast

import anyio

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class End(asyncio.Protocol):
    """One end of a tunnel: what arrives here leaves at the other end."""

    def __init__(self) -> None:
        self.other: End | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass

    def data_received(self, data: bytes) -> None:
        if self.other and self.other.transport:
            self.other.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other and self.other.transport:
            self.other.transport.close()


class Entrance(End):
    """The client's end: its first lines ask for a tunnel."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self._head = b""
        self._opening: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        if self.other:
            return super().data_received(data)
        self._head += data
        if self._opening is None and b"\r\n\r\n" in self._head:
            self._opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        _, self.other = await asyncio.get_running_loop().create_connection(End, "127.0.0.1", self._port)
        self.other.other = self
        assert self.transport
        self.transport.write(_ESTABLISHED)


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(partial(Entrance, port), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    use_uvloop = importlib.util.find_spec("uvloop") is not None
    anyio.run(main, int(sys.argv[1]), backend_options={"use_uvloop": use_uvloop})
