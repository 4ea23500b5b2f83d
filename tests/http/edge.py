"""The service up to its edge, in this process: real tokens, the real server, and a Graph that tells people apart."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import httpx
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware

from auth.inbound import EntraDoor
from graph import BearerAuth, GraphClient, GraphService, Speaker
from graph import Caller as GraphCaller
from principal import Rights, current_sender
from tests.graph.support import OneToken
from tests.http.scene import PUBLIC_URL, RESOURCE, HttpCloud
from tests.tools.clients import Person
from tests.tools.people import HOST
from tests.tools.senders import Boxes, Callers
from tests.tools.serving import server_with
from tools import Services, Toolset
from tools.mail import mail
from web.health import Readiness, health_routes
from web.metadata import metadata_routes, public_paths
from web.middleware.audit_hook import AuditHook, unheard
from web.middleware.authentication import Authentication
from web.middleware.enough_scope import EnoughScope

URL = RESOURCE
MODERN, LEGACY = "2026-07-28", "2025-11-25"
SENDS = "mail_send_message"
ABOUT = {"name": "test", "version": "1"}

_ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": ABOUT,
    "io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}, "url": {}}},
}


def of_mail() -> Toolset:
    """Three tools of mail: to bind all of them takes longer than to call one."""
    only = Toolset("mail", mail.description, in_mailbox=True)
    only.tools = [each for each in mail.tools if each.name.endswith(("_messages", "_read_message", "_send_message"))]
    return only


@dataclass
class Edge:
    """The service, and how requests get to it."""

    app: Starlette
    cloud: HttpCloud
    graph: Boxes

    def http(self, token: str = "", **headers: str) -> httpx.AsyncClient:
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url=PUBLIC_URL, headers={**_ACCEPT, **shown, **headers}
        )

    @asynccontextmanager
    async def client(self, token: str, era: str = "auto", person: Person | None = None) -> AsyncIterator[Client]:
        """A client of the SDK."""
        shown, asked = {"Authorization": f"Bearer {token}"}, person or Person()
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app), headers=shown) as http:
            transport = streamable_http_client(URL, http_client=http)
            async with Client(transport, mode=era, elicitation_callback=asked.ask) as client:
                yield client

    async def calls(self, token: str, tool: str, number: Any = 1, **given: Any) -> httpx.Response:
        """One call of this era; `given` is what its parameters have beside the name."""
        params = {"name": tool, "arguments": {}, "_meta": _META, **given}
        named = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": tool}
        async with self.http(token, **named) as http:
            return await http.post(URL, json=_message("tools/call", params, number))

    async def session(self, token: str) -> str:
        """A session of an older client."""
        hello = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": ABOUT}
        async with self.http(token) as http:
            answer = await http.post(URL, json=_message("initialize", hello, 1))
            session = str(answer.headers["mcp-session-id"])
            await self.within(token, session, "notifications/initialized")
        return session

    async def within(
        self, token: str, session: str, method: str, params: Any = None, number: Any = None, *, verb: str = "POST"
    ) -> httpx.Response:
        """A message of an older client, or with another `verb` a request without one."""
        async with self.http(token, **{"Mcp-Session-Id": session, "MCP-Protocol-Version": LEGACY}) as http:
            return await http.request(verb, URL, json=_message(method, params, number) if verb == "POST" else None)


def _message(method: str, params: Any, number: Any) -> dict[str, Any]:
    made = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return {name: value for name, value in made.items() if value is not None}


def answer_in(response: httpx.Response) -> dict[str, Any]:
    """The JSON-RPC message of an answer, in either form."""
    text = response.text
    if response.headers["content-type"].startswith("text/event-stream"):
        text = next(line for line in reversed(text.splitlines()) if line.startswith("data: {")).removeprefix("data: ")
    found: dict[str, Any] = json.loads(text)
    return found


def text_in(response: httpx.Response) -> str:
    return str(answer_in(response)["result"]["content"][0]["text"])


@asynccontextmanager
async def edge(
    cloud: HttpCloud,
    *,
    catalogue: Sequence[Toolset] = (),
    graph: Boxes | None = None,
    stateless: bool = False,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Edge]:
    """The server behind our authentication; Graph is shown the name of whoever calls."""
    boxes, settings = graph or Boxes(), cloud.settings(**(environ or {}))
    keys = partial(httpx.AsyncClient, transport=httpx.ASGITransport(app=cloud))

    def clock() -> float:
        return cloud.now()

    door = EntraDoor(settings, keys, clock=clock)

    def speaking(service: GraphService, account: str | None, _: str) -> GraphClient:
        who = current_sender()
        assert who is not None
        signed = BearerAuth(OneToken(who.name), (), HOST)
        return GraphClient(service, Speaker(signed, GraphCaller(who.principal.tenant_id, who.who), who.principal))

    def rights() -> Rights:
        who = current_sender()
        return who.rights if who else Rights()

    def adjusted(services: Services) -> Services:
        return replace(services, rights=rights)

    server = server_with(
        httpx.MockTransport(boxes), Callers(), speaking, catalogue=catalogue or (of_mail(),), adjusted=adjusted
    )
    mcp = server.streamable_http_app(
        streamable_http_path=settings.http_path,
        stateless_http=stateless,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    public = public_paths(settings)
    app = Starlette(
        routes=[*health_routes(Readiness()), *metadata_routes(settings, door), *mcp.routes],
        middleware=[
            Middleware(Authentication, door=door, public=public, clock=clock),
            Middleware(EnoughScope, door=door, needs_more=lambda tool: tool == SENDS),
            Middleware(AuditHook, audit=unheard, public=public),
        ],
    )
    async with door.running(), server.session_manager.run():
        yield Edge(app, cloud, boxes)
