"""Serving over HTTP: who is let in, what stands around MCP there, and the processes that it runs in."""

from __future__ import annotations

import gc
import logging
import secrets
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

import auth
import network
import storage
import tools
import web
from _server_memory import share_one_heap
from _server_services import Serving
from _server_wiring import catalogue_of, run_async, selection_of, tell
from auth.inbound import Door, EntraDoor, KeyDoor, Refusals, keys_path
from auth.inbound.metadata import document_address
from commands import snippets
from principal import Access
from settings import VERSION, Settings

if TYPE_CHECKING:
    from server import GraphwardServer

log = logging.getLogger("graphward")

ROOT = Path(__file__).resolve().parent

# So many new objects, and so many looks at those before, to a look at older ones; Python's own are 700, 10, 10.
_LOOKS = (20_000, 3, 3)

_TOOLS = {toolset.name: frozenset(tool.name for tool in toolset.tools) for toolset in tools.TOOLSETS}


Assembled = Callable[[Serving], AbstractContextManager["GraphwardServer"]]


def over_http(settings: Settings, assembled: Assembled) -> int:
    """Serve until a signal comes; the exit status. What `assembled` makes is made in each process for itself."""
    web.check_workers(settings.workers)
    counted = settings.metrics_port is not None or settings.metrics_token is not None
    with web.shared_numbers() if counted and settings.workers > 1 else nullcontext():
        listeners = web.bound_sockets(settings.http_host, settings.http_port, settings.workers)
        extra = [] if settings.metrics_port is None else [_bound_for_metrics(settings.http_host, settings.metrics_port)]
        workers = web.workers_on(listeners, extra)
        work = partial(_work, settings, assembled, request_keys(settings), counted=counted)
        return web.run_workers(workers, work, drain=settings.http_drain_seconds)


def _bound_for_metrics(host: str, port: int) -> socket.socket:
    return web.bound_socket(host, port, setting="METRICS_PORT")


def request_keys(settings: Settings) -> list[bytes]:
    """Keys for the state of calls: of STATE_KEYS, so that they outlive a restart, else for this run of the server."""
    if settings.state_keys is None:
        return [secrets.token_bytes(storage.KEY_BYTES)]
    return storage.derived_keys(settings.state_keys.get_secret_value(), "request state")


def door_of(
    settings: Settings, refusals: Refusals, opened: Callable[[], httpx.AsyncClient] = network.async_client
) -> Door | None:
    """Who is let in; None where nobody has to show anything."""
    if settings.callers == "entra":
        return EntraDoor(settings, opened, refusals)
    if settings.callers == "apikey":
        return KeyDoor(keys_path(settings), settings, tools_in)
    return None


def tools_in(toolsets: Sequence[str]) -> frozenset[str]:
    """The tools of these toolsets; ValueError for a name that is none."""
    if unknown := [name for name in toolsets if name not in _TOOLS]:
        raise ValueError(f"there is no toolset {unknown[0]!r}; there are {', '.join(sorted(_TOOLS))}")
    return frozenset[str]().union(*(_TOOLS[name] for name in toolsets))


def wider_scope_helps(settings: Settings) -> Callable[[str], bool]:
    """Whether a tool would be carried out, but for a token that only lets its holder read."""
    offered = {} if settings.level == "read" else dict(selection_of(settings).tools)
    wide = {name for name, tool in offered.items() if tool.reaches_graph and tool.lightest is not Access.READ}
    return wide.__contains__


def _work(settings: Settings, assembled: Assembled, keys: Sequence[bytes], worker: web.Worker, *, counted: bool) -> int:
    """What one process does."""
    share_one_heap()
    refusals = Refusals()
    door = door_of(settings, refusals)
    number = worker.index if worker.is_forked else None
    names = [tool.name for tool in catalogue_of(settings).listed] if counted else []
    meter = web.PrometheusMeter(VERSION, names, worker=number) if counted else web.NoMeter()
    told = auth.Challenges(door.challenge, refusals.note) if settings.callers == "entra" and door else None
    with assembled(Serving(told, meter, settings.workers, tuple(keys))) as server:
        run_async(partial(_serve, settings, server, door, meter, worker))
    return 0


async def _serve(
    settings: Settings, server: GraphwardServer, door: Door | None, meter: web.Meter, worker: web.Worker
) -> None:
    drain = web.Drain()
    async with AsyncExitStack() as beside:
        around = web.Surroundings(
            door=door,
            meter=meter,
            readiness=web.Readiness(_checks(settings, server, door), is_stopping=lambda: drain.is_stopping),
            needs_more=wider_scope_helps(settings),
            routes=_metrics_routes(settings, meter),
        )
        if worker.extra and isinstance(meter, web.PrometheusMeter):
            await beside.enter_async_context(web.serving(web.metrics_app(meter), *worker.extra))
        app = web.build_app(server, settings, around)
        ready = partial(_ready, settings, worker)
        await web.serve(app, *worker.listeners, on_ready=ready, how=_listening(settings, meter, worker), drain=drain)


def _listening(settings: Settings, meter: web.Meter, worker: web.Worker) -> web.Listening:
    limits = web.Limits(
        receive=settings.http_receive_seconds,
        idle=settings.http_idle_seconds,
        stalled=settings.http_receive_seconds,
        connections=settings.http_connections,
        per_address=settings.http_connections_per_address,
        trusted=settings.trusted_proxies,
        refused=meter.refused,
    )
    cert, key = settings.http_tls_cert, settings.http_tls_key
    return web.Listening(
        protocol=web.protocol_class(limits),
        tls=web.server_context(cert, key) if cert and key else None,
        handshake=settings.http_receive_seconds,
        idle=settings.http_idle_seconds,
        drain=settings.http_drain_seconds,
        is_worker=worker.is_forked,
    )


def _checks(settings: Settings, server: GraphwardServer, door: Door | None) -> dict[web.Part, web.Check]:
    """What the server cannot do without; the demo has it all within itself."""
    checks: dict[web.Part, web.Check] = {"store": server.store_answers}
    if door is not None:
        checks["keys"] = door.is_ready
    if settings.callers in ("entra", "apikey"):
        checks["graph"] = partial(_graph_answers, settings)
    return checks


async def _graph_answers(settings: Settings) -> bool:
    """Whether Graph can be reached: any answer will do, and no token is shown."""
    async with network.async_client() as http:
        await http.head(f"{settings.cloud.graph_url}/v1.0/")
    return True


def _metrics_routes(settings: Settings, meter: web.Meter) -> list[web.Route]:
    if settings.metrics_token is None or not isinstance(meter, web.PrometheusMeter):
        return []
    return [web.metrics_route(meter, settings.metrics_token.get_secret_value())]


def _ready(settings: Settings, worker: web.Worker) -> None:
    _settle()
    if worker.index == 0:
        _announce(settings, worker)


def _settle() -> None:
    """Have the collector pass over what is there by now, and look less often at what is new: a call makes much of it.

    Older things are looked at about as often as Python would, or garbage in cycles would add up to megabytes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_LOOKS)


def _announce(settings: Settings, worker: web.Worker) -> None:
    host, port = worker.listeners[0].getsockname()[:2]
    scheme = "https" if settings.http_tls_cert else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}{settings.http_path}"
    facts = {"url": url, "callers": settings.callers or "everybody on this machine"}
    if settings.callers == "entra":
        facts["metadata"] = document_address(settings)
    log.info("serving MCP over HTTP", extra=facts)
    if settings.callers == "none":
        log.warning("HTTP callers are not authenticated: every program on this machine can use the signed-in account")
    if settings.demo:
        tell(snippets(url, python=sys.executable, script=str(ROOT / "server.py")))
