"""Callers over HTTP, each known by what they show: for tests of what one of them can see of another."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import unquote, urlsplit

import anyio.lowlevel
import httpx
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp, Receive, Scope, Send

from _server_services import Rules
from graph import BearerAuth, GraphClient, GraphService, Speaker
from graph import Caller as GraphCaller
from principal import Identity, Principal, Sender, current_sender, sent_by
from server import GraphwardServer
from tests.tools.clients import Person
from tests.tools.people import HOST, TENANT, FakePeople
from tests.tools.serving import server_with
from tools import CallRecord, Services, Toolset

URL = "http://service.example/mcp"
OUTSIDER = {"emailAddress": {"name": "Eve", "address": "eve@elsewhere.example"}}


def sender(name: str, user: str = "", client: str = "assistant", **details: Any) -> Sender:
    """Somebody whose every trace has their name in it, where that is not shared on purpose."""
    who = Principal("public", TENANT, user or f"id-of-{name}", client)
    return Sender(who, name=name, username=f"{name}@a.example", token=name, **details)


def people() -> tuple[Sender, Sender]:
    return sender("ines"), sender("jonas")


def keys_of_one_app() -> tuple[Sender, Sender]:
    return sender("red", "key:1", "app", is_person=False), sender("blue", "key:2", "app", is_person=False)


def clients_of_one_person() -> tuple[Sender, Sender]:
    return sender("desk", "id-of-ines"), sender("phone", "id-of-ines", "another assistant")


class Callers(FakePeople):
    """Whoever sends a request works as themselves; keys and clients `as_one` do so as the same account."""

    def __init__(self) -> None:
        super().__init__("first@a.example", "second@a.example")
        self.as_one = False
        self.granted: dict[str, tuple[str, ...]] = {}

    async def identity(self, account: str | None = None) -> Identity:
        who = current_sender()
        assert who is not None
        user = "the one account" if self.as_one else who.principal.user_id
        principal = Principal("public", TENANT, user, "our api")
        return Identity(principal, True, who.name, who.username, self.granted.get(who.name))


class _OwnToken:
    """What Graph is shown for a sender."""

    def __init__(self, who: Sender) -> None:
        self._who = who

    async def token(self, scopes: object, claims: str | None = None, refused: str | None = None) -> str:
        return self._who.token


@dataclass
class Boxes:
    """A Graph in which everything has the name of its owner in it, and which notes who reached for another's."""

    random: Random | None = None
    trouble: float = 0.0
    sent: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    held: anyio.Event | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        owner = request.headers["authorization"].removeprefix("Bearer ")
        if self.random:
            for _ in range(self.random.randrange(6)):
                await anyio.lowlevel.checkpoint()
        if self.held:
            await self.held.wait()
        if not request.url.path.endswith("/$batch"):
            status, body = self._answer(owner, request.method, str(request.url))
            return httpx.Response(status, json=body)
        parts = json.loads(request.content)["requests"]
        answers = [(part["id"], *self._answer(owner, part["method"], part["url"])) for part in parts]
        return httpx.Response(200, json={"responses": [_part(*each) for each in answers]})

    def _answer(self, owner: str, method: str, url: str) -> tuple[int, Any]:
        path = unquote(urlsplit(url).path).removeprefix("/v1.0").lstrip("/")
        self.asked.append(f"{owner} {method} {path}")
        if self.random and self.random.random() < self.trouble:
            return self.random.choice([(403, _error("Forbidden")), (404, _error("NotFound")), (200, {"value": 7})])
        if method == "POST":
            self.sent.append(owner)
            return 202, {}
        return 200, self._found(owner, path)

    def _found(self, owner: str, path: str) -> dict[str, Any]:
        if path.endswith("/messages"):
            link = f"https://{HOST}/v1.0/{path}?$skiptoken={owner}-{len(self.asked)}"
            rows = [_message(owner, number) for number in range(2)]
            return {"value": rows, "@odata.count": 9, "@odata.nextLink": link}
        if path.startswith("me/messages/"):
            if not path.removeprefix("me/messages/").startswith(f"{owner}-"):
                self.foreign.append(f"{owner} reached for {path}")
            return {**_message(owner, 0), "body": {"contentType": "text", "content": f"Text of {owner}"}}
        if path == "organization":
            return {"value": [{"verifiedDomains": [{"name": "a.example"}]}]}
        if path.endswith("mailboxSettings"):
            return {"timeZone": "UTC"}
        return {"displayName": owner, "jobTitle": f"Job of {owner}", "userPrincipalName": f"{owner}@a.example"}


def _part(number: str, status: int, body: Any) -> dict[str, Any]:
    return {"id": number, "status": status, "headers": {"Content-Type": "application/json"}, "body": body}


def _error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "No."}}


def _message(owner: str, number: int) -> dict[str, Any]:
    received = "2026-03-02T10:00:00Z"
    return {
        "id": f"{owner}-{'A' * 60}{number}",
        "subject": f"Mail of {owner}",
        "from": OUTSIDER,
        "receivedDateTime": received,
    }


class _Gate:
    """Knows senders by what they show, as the authentication does."""

    def __init__(self, app: ASGIApp, senders: Mapping[str, Sender]) -> None:
        self._app = app
        self._senders = senders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = dict(scope["headers"])[b"authorization"].decode()
        with sent_by(replace(self._senders[shown])):  # each request has its own, as in the service
            await self._app(scope, receive, send)


@dataclass
class House:
    """One service that all of them use."""

    app: ASGIApp
    server: GraphwardServer
    graph: Boxes
    callers: Callers
    records: list[CallRecord]
    services: Services

    @asynccontextmanager
    async def client(self, who: Sender, person: Person | None = None, *, era: str = "auto") -> AsyncIterator[Client]:
        asked = person or Person()
        transport, shown = httpx2.ASGITransport(app=self.app), {"authorization": who.name}
        async with httpx2.AsyncClient(transport=transport, headers=shown) as http:
            client = Client(
                streamable_http_client(URL, http_client=http),
                mode="legacy" if era == "legacy" else "auto",
                elicitation_callback=asked.ask,
                message_handler=asked.hear,
            )
            async with client:
                yield client


@asynccontextmanager
async def house(
    *senders: Sender,
    catalogue: tuple[Toolset, ...],
    graph: Boxes | None = None,
    rules: Rules | None = None,
    adjusted: Callable[[Services], Services] = lambda made: made,
) -> AsyncIterator[House]:
    """The service, in this process; older clients are served stateless."""
    boxes, callers, records = graph or Boxes(), Callers(), list[CallRecord]()
    made: list[Services] = []

    def speaking(service: GraphService, account: str | None, _: str) -> GraphClient:
        who = current_sender()
        assert who is not None
        assert account is None
        return GraphClient(
            service, Speaker(BearerAuth(_OwnToken(who), (), HOST), GraphCaller(TENANT, who.who), who.principal)
        )

    def adjust(services: Services) -> Services:
        ours = replace(services, rights=lambda: (current_sender() or senders[0]).rights, audit=records.append)
        made.append(adjusted(ours))
        return made[0]

    server = server_with(
        httpx.MockTransport(boxes), callers, speaking, catalogue=catalogue, rules=rules, adjusted=adjust
    )
    app = server.streamable_http_app(
        streamable_http_path="/mcp",
        stateless_http=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    gate = _Gate(app, {each.name: each for each in senders})
    async with server.session_manager.run():
        yield House(gate, server, boxes, callers, records, made[0])
