"""The whole service on a loopback socket, in this process: all that server.py puts together but the network behind it.

Clients reach it by its public name, as through a proxy that hands on the Host header.
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import anyio
import httpx
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.types import Receive, Scope, Send

import _server_http
import auth
import logging_config
import web
from _server_services import Serving, memory_only, state_of
from _server_wiring import scopes_of
from auth.inbound import Door, Refusals
from server import GraphwardServer, build_server
from settings import Settings
from tests.http.edge import ABOUT, LEGACY, MODERN
from tests.http.raw import Peer
from tests.http.scene import PUBLIC_URL, RESOURCE, HttpCloud
from tests.tools.clients import Person
from web._connection import Connection

MCP_HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": ABOUT,
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}, "url": {}}},
}
USUAL = {
    "HTTP_DRAIN_SECONDS": "0",
    "HTTP_CALLER_RATE": "100000/minute",
    "HTTP_ADDRESS_RATE": "100000/minute",
    "HTTP_FAILURE_RATE": "100000/minute",
    "HTTP_CALLER_SESSIONS": "1000",
}


# To make one of its own would take each client longer than a call.
_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class HeldCloud(HttpCloud):
    """A cloud whose Graph answers when the test says so, and that counts who asks for its keys."""

    def __init__(self, **details: Any) -> None:
        super().__init__(**details)
        self.key_fetches = 0
        self.waiting = 0
        self._gate: anyio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        self.key_fetches += path.endswith("/discovery/v2.0/keys")
        if self._gate is not None and path.startswith("/v1.0/"):
            await self._pass(self._gate)
        await super().__call__(scope, receive, send)

    async def _pass(self, gate: anyio.Event) -> None:
        self.waiting += 1
        try:
            await gate.wait()
        finally:
            self.waiting -= 1

    @contextmanager
    def holding(self) -> Iterator[anyio.Event]:
        """Hold all calls until the event is set."""
        self._gate = anyio.Event()
        try:
            yield self._gate
        finally:
            self._gate.set()
            self._gate = None

    async def until_waiting(self, calls: int) -> None:
        await until(lambda: self.waiting >= calls)


class Onto(httpx.AsyncHTTPTransport):
    """Leads every request to one port of this machine, whatever it is addressed to."""

    def __init__(self, port: int) -> None:
        super().__init__(verify=_NO_TLS, trust_env=False)
        self._port = port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return await super().handle_async_request(request)


class OntoToo(httpx2.AsyncHTTPTransport):
    """The same, for the library of the SDK."""

    def __init__(self, port: int) -> None:
        super().__init__(verify=_NO_TLS, trust_env=False)
        self._port = port

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return await super().handle_async_request(request)


@dataclass
class Service:
    """Where it listens, and how requests get there."""

    port: int
    cloud: HttpCloud
    settings: Settings
    server: GraphwardServer

    def http(self, token: str = "", **headers: str) -> httpx.AsyncClient:
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        fields = {**MCP_HEADERS, **shown, **headers}
        return httpx.AsyncClient(transport=Onto(self.port), base_url=PUBLIC_URL, headers=fields, timeout=30)

    @asynccontextmanager
    async def client(self, token: str, era: str = "auto", person: Person | None = None) -> AsyncIterator[Client]:
        """A client of the SDK."""
        shown, asked = {"Authorization": f"Bearer {token}"}, person or Person()
        async with httpx2.AsyncClient(transport=OntoToo(self.port), headers=shown) as http:
            way = streamable_http_client(RESOURCE, http_client=http)
            async with Client(way, mode=era, elicitation_callback=asked.ask) as client:
                yield client

    async def calls(self, token: str, tool: str, number: Any = 1, **given: Any) -> httpx.Response:
        """One call of this era; `given` is what its parameters have beside the name."""
        async with self.http(token) as http:
            return await http.post(RESOURCE, **modern("tools/call", {"name": tool, "arguments": {}, **given}, number))

    async def session(self, token: str) -> str:
        """A session of an older client; empty where the server keeps none."""
        async with self.http(token) as http:
            return await session_of(http)

    async def within(
        self, token: str, session: str, method: str, params: Any = None, number: Any = None
    ) -> httpx.Response:
        """A message of an older client."""
        async with self.http(token) as http:
            return await http.post(RESOURCE, **older(method, params, number, session=session))

    async def connect(self) -> Peer:
        return Peer(*await asyncio.open_connection("127.0.0.1", self.port))

    async def ask(self, data: bytes) -> bytes:
        """Send these bytes over a connection of their own, and take what comes until it is closed."""
        peer = await self.connect()
        await peer.send(data)
        try:
            return await peer.rest()
        finally:
            peer.hang_up()

    async def until_quiet(self, connections: int = 0) -> None:
        """Wait until no more connections than these are open."""
        await until(lambda: open_connections() <= connections)


def modern(method: str, params: Any = None, number: Any = 1, *, meta: Any = None) -> dict[str, Any]:
    """A request of this era, for `http.post`."""
    headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": method}
    if isinstance(params, dict) and "name" in params:
        headers["Mcp-Name"] = params["name"]
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": {**(params or {}), "_meta": meta or META}}
    return {"json": message, "headers": headers}


def older(method: str, params: Any = None, number: Any = None, *, session: str = "") -> dict[str, Any]:
    """A message of an older client, for `http.post`."""
    made = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    headers = {"MCP-Protocol-Version": LEGACY, **({"Mcp-Session-Id": session} if session else {})}
    return {"json": {name: value for name, value in made.items() if value is not None}, "headers": headers}


async def session_of(http: httpx.AsyncClient) -> str:
    """Shake hands as an older client does."""
    hello = {"protocolVersion": LEGACY, "capabilities": {"elicitation": {}}, "clientInfo": ABOUT}
    answer = await http.post(RESOURCE, **older("initialize", hello, 1))
    session = str(answer.headers.get("mcp-session-id", ""))
    await http.post(RESOURCE, **older("notifications/initialized", session=session))
    return session


def message_in(text: str) -> dict[str, Any]:
    """The JSON-RPC answer in a body of either form."""
    if not text.startswith("{"):
        text = next(line for line in reversed(text.splitlines()) if line.startswith("data: {")).removeprefix("data: ")
    found: dict[str, Any] = json.loads(text)
    return found


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what nobody tells: sockets and threads have to bring it about."""
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0)


def open_connections() -> int:
    """How many connections the services of this process have open."""
    return sum(each.peers.total() for each in _below(Connection) if "peers" in vars(each))


def _below(kind: Any) -> Iterator[Any]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


@asynccontextmanager
async def service(
    cloud: HttpCloud,
    environ: Mapping[str, str] = MappingProxyType({}),
    *,
    changes: Mapping[str, Any] = MappingProxyType({}),
    door: Callable[[Settings], Door] | None = None,
) -> AsyncIterator[Service]:
    """Serve as `server.py` does with these settings, until the signal that a supervisor sends.

    The rates are beyond what any test sends, where it does not say otherwise. `changes` are values of settings that no
    operator may choose, such as deadlines that are over at once. `door` makes another door than the server's own.
    """
    settings = cloud.settings(**{**USUAL, **environ}).model_copy(update=changes)
    refusals, meter = Refusals(), web.NoMeter()
    keys = partial(httpx.AsyncClient, transport=httpx.ASGITransport(cloud))
    used = door(settings) if door else _server_http.door_of(settings, refusals, keys)
    assert used is not None
    told = auth.Challenges(used.challenge, refusals.note) if settings.callers == "entra" else None
    accounts = auth.accounts_of(
        settings,
        scopes_of(settings),
        cloud.http,
        auth.DeviceFlow(),
        tell=lambda _: None,
        hide=lambda _: None,
        challenges=told,
    )
    server = build_server(
        settings,
        accounts,
        transport=httpx.ASGITransport(cloud),
        state=partial(state_of, settings) if settings.state_dir else memory_only,
        serving=Serving(told, meter, settings.workers, tuple(_server_http.request_keys(settings))),
    )
    listener = web.bound_socket("127.0.0.1", 0)
    running = Service(listener.getsockname()[1], cloud, settings, server)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_server_http._serve, settings, server, used, meter, web.Worker(0, (listener,)))
        async with running.http() as http:
            assert (await http.get("/healthz")).status_code == 200
        await running.until_quiet()
        try:
            yield running
        finally:
            assert callable(signal.getsignal(signal.SIGTERM)), "it would end the tests"
            signal.raise_signal(signal.SIGTERM)


class _Kept(logging.Handler):
    def __init__(self, records: list[Any]) -> None:
        super().__init__(logging.DEBUG)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        is_quiet = record.levelno < logging.INFO and record.name.startswith(logging_config._TALKATIVE)
        if not is_quiet and not record.name.startswith(_OF_TESTS):
            self._records.append(record)


# What tests call with: it logs as well, and what was sent.
_OF_TESTS = ("httpx", "httpx2", "httpcore", "httpcore2", "mcp.client", "hpack", "asyncio")


@contextmanager
def heard() -> Iterator[list[Any]]:
    """All that the server logs from now on at LOG_LEVEL=DEBUG."""
    found: list[Any] = []
    kept, root = _Kept(found), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(kept)
    try:
        yield found
    finally:
        root.removeHandler(kept)
        root.setLevel(before)


def told_in(records: list[Any]) -> str:
    """All that is in them, with their extras and exceptions."""
    formatter = logging.Formatter()
    lines = []
    for each in records:
        trace = formatter.formatException(each.exc_info) if each.exc_info and each.exc_info[0] else ""
        lines.append(f"{each.name} {each.getMessage()} {vars(each)!r} {trace}")
    return "\n".join(lines)
