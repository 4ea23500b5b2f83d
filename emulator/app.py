"""The demo tenant as one ASGI app: Entra's sign-in and Graph, on one host."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import parse_qsl, quote

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from emulator.clouds import PUBLIC, Cloud, is_other_graph
from emulator.dated import Dated
from emulator.entra import Entra, TokenRefused
from emulator.faults import GraphFault, NotSignedIn, UnknownVersion
from emulator.graph import graph_router
from emulator.graph.call import Answer, Call, CallerLike
from emulator.graph.responses import Trace, refusal, respond
from emulator.graph.router import Router
from emulator.tenant import Tenant

_VERSIONS = frozenset({"v1.0", "beta"})


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
) -> Starlette:
    """An app that answers for the tenant.

    `pages_url` is where a person opens the sign-in pages, `login_url` the authority that discovery advertises if that
    is not the `cloud`'s own. Every answer has its Date by `clock`.
    """
    entra = entra or Entra(tenant, clock=clock, pages_url=pages_url, login_url=login_url, cloud=cloud)
    graph = GraphEndpoint(tenant, entra, clock, cloud)
    app = Starlette(routes=entra.routes, middleware=[Middleware(Dated, clock)])
    app.router.default = graph  # and no route: its pattern would miss a path with a line break in it
    app.state.tenant = tenant
    app.state.entra = entra
    return app


class GraphEndpoint:
    """Reads HTTP requests into calls and writes their answers, whatever the path and method."""

    def __init__(self, tenant: Tenant, entra: EntraLike, clock: Callable[[], float], cloud: Cloud) -> None:
        self._tenant = tenant
        self._entra = entra
        self._clock = clock
        self._cloud = cloud
        self._router: Router = graph_router()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await self._response(request)(scope, receive, send)

    def _response(self, request: Request) -> Response:
        now = datetime.fromtimestamp(self._clock(), UTC)
        trace = Trace.of(request.headers, now)
        try:
            answer = self._answer(request, now)
        except GraphFault as fault:
            answer = refusal(fault, trace, self._cloud.login_url)
        return respond(answer, trace)

    def _answer(self, request: Request, now: datetime) -> Answer:
        version, _, path = _raw_path(request).strip("/").partition("/")
        if version.lower() not in _VERSIONS:
            raise UnknownVersion(version)
        caller = self._caller(request, path)
        call = Call(
            tenant=caller.directory or self._tenant,
            caller=caller,
            method=request.method,
            host=f"{request.url.scheme}://{request.url.netloc}",
            version=version.lower(),
            path=path,
            query=tuple(parse_qsl(request.url.query, keep_blank_values=True)),
            headers=request.headers,
            now=now,
        )
        return self._router.answer(call)

    def _caller(self, request: Request, path: str) -> CallerLike:
        try:
            caller = self._entra.caller(request.headers.get("authorization"))
        except TokenRefused as error:
            raise NotSignedIn(str(error), error.claims) from error
        if is_other_graph(request.url.hostname or "", self._cloud):
            raise NotSignedIn("Access token validation failure. Invalid audience.")
        for guarded, claims in caller.barred:
            if f"{path}/".lower().startswith(f"{guarded.strip('/')}/".lower()):
                raise NotSignedIn("The token lacks the authentication context that this request demands.", claims)
        return caller


def _raw_path(request: Request) -> str:
    # The raw form keeps an encoded slash inside an id from looking like a path separator.
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    return raw.decode("ascii", "replace").partition("?")[0]
