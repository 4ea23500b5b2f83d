"""The demo tenant as one ASGI app: Entra's sign-in and Graph, on one host."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Protocol
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.call_log import CallLog, LoggedCall
from emulator.clouds import PUBLIC, Cloud, is_other_graph
from emulator.dated import Dated
from emulator.dropping import ConnectionDropped, drop
from emulator.entra import Entra, TokenRefused
from emulator.entra.weather import torn
from emulator.faults import GraphFault, NotSignedIn, UnknownVersion
from emulator.graph.catalogue import WORKLOADS
from emulator.graph.engine.batch import batched
from emulator.graph.engine.call import NOBODY, Answer, Call, CallerLike, answered
from emulator.graph.engine.mishaps import befall
from emulator.graph.engine.responses import Trace, refusal, respond
from emulator.graph.engine.serving import Graph
from emulator.graph.engine.workload import Service, Workload
from emulator.graph.metadata import described, is_description
from emulator.graph.subscriptions.state import notifications_of
from emulator.tenant import Tenant
from emulator.throttling import Chaos, Fault, Gate, Throttle, Visit

_VERSIONS = frozenset({"v1.0", "beta"})
_PREFIXES = ("/v1.0/", "/beta/")
_CALLER = "emulator.caller"


class EntraLike(Protocol):
    """The sign-in half: its routes, and who a Graph access token speaks for."""

    @property
    def routes(self) -> Sequence[BaseRoute]: ...
    def caller(self, authorization: str | None) -> CallerLike: ...


def build_emulator(
    tenant: Tenant,
    *,
    entra: EntraLike | None = None,
    pages_url: str = "https://microsoft.com",
    login_url: str = "",
    cloud: Cloud = PUBLIC,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    workloads: Sequence[Workload] = WORKLOADS,
) -> Starlette:
    """An app that answers for the tenant.

    `pages_url` is where a person opens the sign-in pages, `login_url` the authority that discovery advertises if that
    is not the `cloud`'s own. Every answer has its Date by `clock`. Throttling and trouble are off; `app.state.throttle`
    and `app.state.chaos` turn them on, `sleep` is how a call takes its time then. Graph is made of the `workloads`.
    """
    entra = entra or Entra(tenant, clock=clock, pages_url=pages_url, login_url=login_url, cloud=cloud)
    graph = GraphEndpoint(
        tenant, entra, clock, cloud, throttle=Throttle(clock, sleep=sleep), graph=Graph(Service(workloads))
    )
    graph.login_url = login_url or cloud.login_url
    _notifying(tenant, entra, clock)
    app = Starlette(routes=entra.routes, middleware=[Middleware(Dated, clock), Middleware(GraphFirst, graph)])
    app.router.default = graph  # and no route: its pattern would miss a path with a line break in it
    app.state.tenant = tenant
    app.state.entra = entra
    app.state.graph = graph.graph
    app.state.throttle = graph.throttle
    app.state.chaos = graph.chaos
    app.state.calls = graph.log
    app.state.connect = partial(_notifying, tenant, entra, clock)
    return app


def _notifying(tenant: Tenant, entra: EntraLike, clock: Callable[[], float]) -> None:
    """Have webhooks told by the emulator's clock, in the name of its own sign-in service."""
    notifications = notifications_of(tenant)
    notifications.clock = clock
    if isinstance(entra, Entra):
        notifications.keys = entra.keys


class GraphFirst:
    """Takes Graph's calls to Graph without trying all the routes of the sign-in half before."""

    def __init__(self, app: ASGIApp, graph: ASGIApp) -> None:
        self._app = app
        self._graph = graph

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_graph = scope["type"] == "http" and scope["path"].startswith(_PREFIXES)
        await (self._graph if is_graph else self._app)(scope, receive, send)


class GraphEndpoint:
    """Reads HTTP requests into calls and writes their answers, whatever the path and method."""

    def __init__(
        self,
        tenant: Tenant,
        entra: EntraLike,
        clock: Callable[[], float],
        cloud: Cloud,
        *,
        throttle: Throttle,
        graph: Graph,
    ) -> None:
        self._tenant = tenant
        self._entra = entra
        self._clock = clock
        self._cloud = cloud
        self.login_url = cloud.login_url
        self.graph = graph
        self.throttle = throttle
        self.chaos = Chaos(clock)
        self.log = CallLog()
        self._gate = Gate(self.graph, throttle, self.chaos, self.log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await self.throttle.travel()
        try:
            response = await self._response(request)
        except ConnectionDropped:
            await drop(scope, receive)
            return
        await self.throttle.travel()
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        headers = _headers(request)
        trace = Trace.of(headers, datetime.fromtimestamp(self._clock(), UTC))
        version, _, path = _raw_path(request).strip("/").partition("/")
        body = await request.body()
        visit = None if self.chaos.is_fine else self._visit(request, path)
        trouble = None if visit is None else self.chaos.meets(visit)
        try:
            if visit is not None and trouble is not None and trouble.is_instead:
                answer = trouble.answer(visit)
            else:
                call = self._call(request, headers, version, path, body=body, now=trace.date)
                answer = await self._answer(call, trace, visit, trouble)
        except GraphFault as fault:
            answer = refusal(fault, trace, self.login_url)
        if visit is not None and trouble is None:
            trouble = self.chaos.spoils(visit, answer)
        is_lost = trouble is not None and trouble.kind in ("reset", "lost")
        self._note(request, version, path, 0 if is_lost else answer.status)
        if visit is None or trouble is None:
            return respond(answer, trace)
        if is_lost:
            raise ConnectionDropped
        response = respond(trouble.spoil(answer, visit), trace)
        return torn(response) if trouble.kind == "torn" else trouble.spoil_bytes(response, request.scope)

    def _visit(self, request: Request, path: str) -> Visit:
        query = _query(request)
        url = f"{self._host(_headers(request), request)}{_raw_path(request)}"
        return Visit(request.method, path, f"{url}?{query}" if query else url, self._gate.service_at)

    def _call(
        self, request: Request, headers: Mapping[str, str], version: str, path: str, *, body: bytes, now: datetime
    ) -> Call:
        if version.lower() not in _VERSIONS:
            raise UnknownVersion(version)
        is_anonymous = is_description(path) or self.graph.is_open(path)
        caller = request.scope[_CALLER] = NOBODY if is_anonymous else self._caller(headers)
        return Call(
            tenant=caller.directory or self._tenant,
            caller=caller,
            method=request.method,
            host=self._host(headers, request),
            version=version.lower(),
            path=path,
            query=tuple(parse_qsl(_query(request), keep_blank_values=True)),
            headers=headers,
            now=now,
            body=body,
        )

    def _host(self, headers: Mapping[str, str], request: Request) -> str:
        return f"{request.scope['scheme']}://{headers.get('host', self._cloud.graph_host)}"

    async def _answer(self, call: Call, trace: Trace, visit: Visit | None, trouble: Fault | None) -> Answer:
        if visit is not None:
            await self._prepare(call, visit, trouble)
        if call.caller is not NOBODY:
            is_batch = call.path.lower() == "$batch"
            return await (batched(self._gate, call, trace) if is_batch else self._gate.answer(call))
        if is_description(call.path):
            return described(self.graph.service, call)
        return await answered(self.graph.answer_open(call))

    async def _prepare(self, call: Call, visit: Visit, trouble: Fault | None) -> None:
        """What has to happen first for a call to go wrong as somebody asked for."""
        if trouble is not None and trouble.kind == "expired":
            # Only the workload can end a session, and it does when it is told that nobody wants it any more.
            with suppress(GraphFault):
                await answered(self.graph.answer_open(call.at("DELETE", call.path, call.query)))
        elif trouble is not None:
            befall(call, trouble.mishap)
        if call.caller is not NOBODY:
            self.chaos.check_challenged(visit, call)

    def _caller(self, headers: Mapping[str, str]) -> CallerLike:
        try:
            caller = self._entra.caller(headers.get("authorization"))
        except TokenRefused as error:
            raise NotSignedIn(str(error), error.claims) from error
        if is_other_graph(headers.get("host", "").partition(":")[0].lower(), self._cloud):
            raise NotSignedIn("Access token validation failure. Invalid audience.")
        return caller

    def _note(self, request: Request, version: str, path: str, status: int) -> None:
        caller: CallerLike = request.scope.get(_CALLER, NOBODY)
        first = path.partition("/")[0]
        # The rest of a pre-authenticated address is as good as a token.
        is_secret = first.lower() in self.graph.service.open_paths
        shown, query = (f"{first}/...", "") if is_secret else (path, _query(request))
        user_id, at = caller.user_id, self._clock()
        self.log.add(LoggedCall(at, request.method, f"/{version}/{shown}", query, status, caller.app_id, user_id))


def _headers(request: Request) -> dict[str, str]:
    """The headers by their names in lower case; what was sent in several lines is one list."""
    found: dict[str, str] = {}
    for raw, value in request.scope["headers"]:
        name, text = raw.decode("latin-1"), value.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _query(request: Request) -> str:
    query: bytes = request.scope["query_string"]
    return query.decode("ascii", "replace")


def _raw_path(request: Request) -> str:
    # The raw form keeps an encoded slash inside an id from looking like a path separator.
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    return raw.decode("ascii", "replace").partition("?")[0]
