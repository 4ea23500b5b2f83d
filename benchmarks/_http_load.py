"""Callers over HTTP, in a process of its own: each on a kept connection, one call after the other.

Run as `python -m benchmarks._http_load` with a `Load` as JSON on its stdin, it prints a `Figures` as JSON. A call is
written as the SDK's client writes it under protocol 2026-07-28; its bytes are made before the clock starts.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, cast

import anyio

from benchmarks._http_watch import cpu_of

PROTOCOL = "2026-07-28"
_META = {
    "io.modelcontextprotocol/protocolVersion": PROTOCOL,
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_MOST_ERRORS = 3
_END_SECONDS = 10


@dataclass(frozen=True)
class Load:
    """Who calls what, where and how long."""

    port: int
    tokens: list[str]
    method: str
    tool: str = ""
    seconds: float = 3.0
    warm_up: float = 0.5
    watched: dict[str, int] = field(default_factory=dict)


@dataclass
class Figures:
    """What came of it after the warm-up, and the CPU seconds that each watched process took meanwhile."""

    calls: int = 0
    bytes: int = 0
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def pace(self) -> float:
        """Calls a second."""
        return self.calls / self.seconds


def request(port: int, token: str, method: str, tool: str = "", **arguments: object) -> bytes:
    """One call as bytes."""
    params: dict[str, Any] = {"name": tool, "arguments": arguments} if tool else {}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": _META}}).encode()
    head = [
        "POST /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept-Encoding: gzip, deflate",
        "Connection: keep-alive",
        "User-Agent: benchmark",
        f"Authorization: Bearer {token}",
        "accept: application/json, text/event-stream",
        "content-type: application/json",
        f"mcp-protocol-version: {PROTOCOL}",
        f"mcp-method: {method}",
        *([f"mcp-name: {tool}"] if tool else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


class Caller(asyncio.Protocol):
    """Sends its call again as soon as it is answered. What is wrong is noted always, the rest while it counts."""

    def __init__(self, call: bytes, figures: Figures) -> None:
        self._call = call
        self._figures = figures
        self._answer = bytearray()
        self._whole = 0
        self.is_counting = False
        self.is_done = False
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass
        self._transport.write(self._call)

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._whole:
            self._whole = length_of(self._answer)
        if self._whole and len(self._answer) >= self._whole:
            self._answered()

    def _answered(self) -> None:
        assert self._transport
        if self.is_counting:
            self._figures.calls += 1
            self._figures.bytes += self._whole
        if problem := problem_of(self._answer):
            self._figures.errors.append(problem)
        self._answer.clear()
        self._whole = 0
        if self.is_done:
            self._transport.close()
        else:
            self._transport.write(self._call)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_done:
            self._figures.errors.append(f"the connection was lost: {bytes(self._answer[:300])!r}")
        if not self.lost.done():
            self.lost.set_result(None)


def length_of(answer: bytearray) -> int:
    """How long the whole answer is, its head included; 0 as long as nobody can tell."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = bytes(answer[:end]).lower()
    _, found, rest = head.partition(b"content-length:")
    if not found:
        raise ValueError(f"an answer without a length: {head.decode()}")
    return end + 4 + int(rest.partition(b"\r\n")[0])


def problem_of(answer: bytearray) -> str:
    """What is wrong with an answer; nothing where it is a result."""
    if answer.startswith(b"HTTP/1.1 200 ") and b'"result":' in answer and b'"isError":true' not in answer:
        return ""
    return bytes(answer[:600]).decode(errors="replace")


async def measured(load: Load) -> Figures:
    """All callers at once, and what they got after the warm-up."""
    loop, figures = asyncio.get_running_loop(), Figures()
    callers = [Caller(request(load.port, token, load.method, load.tool), figures) for token in load.tokens]
    for caller in callers:
        await loop.create_connection(partial(_itself, caller), "127.0.0.1", load.port)
    await asyncio.sleep(load.warm_up)
    started, before = time.perf_counter(), _cpu(load)
    for caller in callers:
        caller.is_counting = True
    await asyncio.sleep(load.seconds)
    figures.seconds, after = time.perf_counter() - started, _cpu(load)
    figures.cpu = {name: after[name] - before[name] for name in after}
    for caller in callers:
        caller.is_counting, caller.is_done = False, True
    await asyncio.wait([caller.lost for caller in callers], timeout=_END_SECONDS)
    figures.errors = figures.errors[:_MOST_ERRORS]
    return figures


def _itself(caller: Caller) -> Caller:
    return caller


def _cpu(load: Load) -> dict[str, float]:
    return {name: cpu_of(process) for name, process in load.watched.items()} | {"load": time.process_time()}


if __name__ == "__main__":
    use_uvloop = importlib.util.find_spec("uvloop") is not None
    wanted = Load(**json.load(sys.stdin))
    print(json.dumps(asdict(anyio.run(measured, wanted, backend_options={"use_uvloop": use_uvloop}))))
