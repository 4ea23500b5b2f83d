"""Graph, the way there and a client, all in one process over real sockets, for one cell of the matrix."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

import network
from emulator import Tenant, build_emulator
from emulator.entra.keys import SigningKey
from emulator.fault_proxy import FaultProxy
from emulator.graph.catalogue import WORKLOADS
from emulator.graph.engine.workload import Service
from emulator.standalone import server_of
from emulator.tenant import Person
from errors import SignInNeeded
from graph import BearerAuth, Caller, GraphClient, GraphService, Speaker, graph_service
from tests.emulator.support import NOW, small_tenant
from tests.graph.chaos.h2_gateway import Gateway
from tests.graph.chaos.watched import HOST, Baseline, Log, Watched, until
from tests.graph.wires import transport_to

SCOPES = ("Mail.ReadWrite", "Files.ReadWrite.All", "User.ReadWrite.All")


@dataclass
class Tokens:
    """Real tokens of the emulator's Entra; a challenge is answered once, after that only a person could help."""

    entra: Any
    person: Person
    asked: list[tuple[str | None, str | None]] = field(default_factory=list)
    current: str = ""

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        self.asked.append((claims, refused))
        if claims and refused:
            raise SignInNeeded("Sign in again.")
        if claims or refused or not self.current:
            self.current = self.entra.access_token(self.person, scopes=SCOPES)
        return self.current


@dataclass
class Stage:
    """One cell's world."""

    tenant: Tenant
    app: Starlette
    proxy: FaultProxy
    gateway: Gateway
    tokens: Tokens
    log: Log
    service: GraphService
    speaker: Speaker

    @property
    def graph(self) -> GraphClient:
        """A new one, as each tool call has."""
        return GraphClient(self.service, self.speaker)

    @property
    def me(self) -> Person:
        return self.tokens.person

    @property
    def chaos(self) -> Any:
        return self.app.state.chaos

    def calm(self) -> None:
        """All trouble is over."""
        self.chaos.clear()
        self.proxy.calm()
        self.gateway.calm()
        self.log.before.clear()

    def held_slots(self) -> int:
        """How many requests the governor believes to be under way."""
        return sum(lane.valve.in_use for lane in self.service.sender.throttle._lanes.values())  # type: ignore[attr-defined]


@asynccontextmanager
async def stage(*, http2: bool = False) -> AsyncIterator[Stage]:
    """Set it up, and see at the end that nothing of the client is left.

    The proxy is where calls go, with `http2` before the gateway; transfers speak HTTP/1.1 always.
    """
    tenant, loop = small_tenant(), asyncio.get_running_loop()
    start = NOW.timestamp() - loop.time()
    app = build_emulator(tenant, clock=lambda: start + loop.time())
    app.state.entra.keys.current, app.state.graph.service = _key(), _service_of_graph()
    tokens = Tokens(app.state.entra, next(iter(tenant.people.values())))
    baseline, log = Baseline.now(), Log()
    async with _served(app) as server, Gateway(app).running() as gateway, _proxies(server, gateway) as proxies:
        async with _service([each.port for each in proxies], log, http2=http2) as service:
            speaker = Speaker(BearerAuth(tokens, SCOPES, HOST), Caller(tenant.id, tokens.person.id), tokens.person.id)
            found = Stage(tenant, app, proxies[http2], gateway, tokens, log, service, speaker)
            yield found
        await _all_closed(proxies, server, gateway)
        assert found.held_slots() == 0
    assert gateway.broken == [], "the client broke the rules of HTTP/2"
    await baseline.regained()
    assert [each for each in log.sent if each.is_astray] == []


@asynccontextmanager
async def _served(app: Starlette) -> AsyncIterator[uvicorn.Server]:
    """uvicorn without its own loop, which would only look for signals."""
    server = server_of(_behind_tls(app))
    server.config.port = 0  # bound by uvicorn: a socket of Python's own would send its answers with a delay
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    try:
        yield server
    finally:
        await server.shutdown()


def _behind_tls(app: ASGIApp) -> ASGIApp:
    """The network leaves out TLS, and nobody is to see it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "scheme": "https"}, receive, send)

    return answer


@asynccontextmanager
async def _proxies(server: uvicorn.Server, gateway: Gateway) -> AsyncIterator[list[FaultProxy]]:
    """One before the server, and one before its HTTP/2."""
    port = server.servers[0].sockets[0].getsockname()[1]
    async with FaultProxy(port) as usual, FaultProxy(gateway.port) as http2:
        yield [usual, http2]


@asynccontextmanager
async def _service(ports: Sequence[int], log: Log, *, http2: bool) -> AsyncIterator[GraphService]:
    def opened(limits: httpx.Limits, timeout: httpx.Timeout, *, http2: bool = False) -> httpx.AsyncClient:
        transport = transport_to(ports[http2], http2=http2, limits=limits)
        return httpx.AsyncClient(transport=Watched(transport, log), timeout=timeout, trust_env=False)

    usual = partial(opened, network.LIMITS, network.TIMEOUT, http2=http2)
    bulk = partial(opened, network.TRANSFER_LIMITS, network.TRANSFER_TIMEOUT)
    async with graph_service(usual, HOST, bulk=bulk) as service:
        yield service


async def _all_closed(proxies: Sequence[FaultProxy], server: uvicorn.Server, gateway: Gateway) -> None:
    """See that the client's connections are closed; of those where a proxy was told not to listen nobody sees it."""
    strikes = [passage._strike for proxy in proxies for passage in proxy.passages if passage._strike is not None]
    if any(strike.kind == "half-open" for strike in strikes):
        return

    def counted() -> list[int]:
        return [*(proxy.open for proxy in proxies), len(server.server_state.connections), gateway.open]

    await until(lambda: not any(counted()))
    assert not any(counted()), "connections are left"


@cache
def _service_of_graph() -> Service:
    """One for all, since its description takes long to write."""
    return Service(WORKLOADS)


@cache
def _key() -> SigningKey:
    """Made once: it takes longer than everything else."""
    return SigningKey.new(NOW.timestamp())
