"""A fresh small tenant for each sample, and a way to ask it as a signed-in caller."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator.app import build_emulator
from emulator.entra import Caller
from emulator.graph.engine.serving import Graph
from emulator.graph.subscriptions.state import notifications_of
from emulator.seeding import every_permission
from emulator.tenant import Tenant

NOW = datetime(2026, 3, 11, 14, 30, tzinfo=UTC)
HOST = "https://graph.microsoft.com"
# What may stand in a path as it is; documentation has more there than a URL allows.
_IN_PATH = "/:()'=,;@!$&*+-._~%"


@dataclass(frozen=True)
class Reply:
    """An answer of the emulator; `json` is None where the body is not JSON."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    json: Any

    @property
    def error(self) -> str:
        """The message of an error answer."""
        found = self.json.get("error") if isinstance(self.json, dict) else None
        return f"{found.get('code')}: {found.get('message')}" if isinstance(found, dict) else ""


@dataclass
class _Door:
    """The sign-in half as far as Graph needs it: whoever the measuring says is calling."""

    speaks_for: Caller = field(default_factory=lambda: everything(None))
    routes: Sequence[BaseRoute] = ()

    def caller(self, authorization: str | None) -> Caller:
        return self.speaks_for


def everything(user_id: str | None) -> Caller:
    """A caller who may do anything: a person, or an application."""
    scopes = every_permission() if user_id else frozenset[str]()
    return Caller("11111111-1111-1111-1111-111111111111", user_id, scopes, every_permission() - scopes)


class Emulator:
    """One client for all samples; the tenant, and the app that answers for it, are new each time.

    `through` is what every app is seen through, to measure what the measuring itself is worth.
    """

    def __init__(self, through: Callable[[ASGIApp], ASGIApp] = lambda app: app) -> None:
        self._app: ASGIApp | None = None
        self._through = through
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self._serve), base_url=HOST, trust_env=False)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._app is not None  # noqa: S101 - a world is opened before it is asked
        await self._app(scope, receive, send)

    def world(self, domain: str = "", now: datetime = NOW) -> World:
        """A new tenant; the one before is gone."""
        tenant = Tenant(domain=domain) if domain else Tenant()
        tenant.add_person("Ada Lind", job_title="Head")
        notifications_of(tenant).web.transport = httpx.MockTransport(_received)
        door = _Door()
        app = build_emulator(tenant, entra=door, clock=now.timestamp)
        self._app = self._through(app)
        return World(app.state.graph, tenant, door, self._http, now)

    async def close(self) -> None:
        await self._http.aclose()


@dataclass
class World:
    """One tenant while one sample is measured."""

    graph: Graph
    tenant: Tenant
    door: _Door
    http: httpx.AsyncClient
    now: datetime

    def sign_in(self, caller: Caller) -> None:
        """Who the next requests come from."""
        self.door.speaks_for = caller

    async def ask(
        self,
        method: str,
        address: str,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: Any = None,  # noqa: ANN401 - JSON values
    ) -> Reply:
        """Send one request; the address is a path with its version, or a link that the emulator gave."""
        url = address if "://" in address else f"{HOST}{quote(address, safe=_IN_PATH)}"
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query, quote_via=quote, safe="$'(),:@/")
        content, kind = _content(body)
        sent = {**({"content-type": kind} if kind else {}), **(headers or {})}
        response = await self.http.request(method, url, headers=sent, content=content)
        return Reply(response.status_code, response.headers, response.content, _json(response))


def _received(request: httpx.Request) -> httpx.Response:
    """A webhook that shows itself by the token it is sent, and takes every notification."""
    token = request.url.params.get("validationToken")
    return httpx.Response(202) if token is None else httpx.Response(200, text=token)


def _content(body: Any) -> tuple[bytes, str]:  # noqa: ANN401 - JSON values
    if body is None:
        return b"", ""
    if isinstance(body, bytes):
        return body, "image/png"
    if isinstance(body, str):
        return body.encode(), "text/plain"
    return json.dumps(body).encode(), "application/json"


def _json(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON values
    if "json" not in response.headers.get("content-type", ""):
        return None
    return response.json()
