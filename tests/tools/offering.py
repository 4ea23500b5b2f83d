"""Our server with chosen tools, rights and permissions: what is listed, found and let through depends on these."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import httpx
from mcp.server import MCPServer

import tools
from _server_services import Rules, memory_only, services
from graph import BearerAuth, Caller, GraphClient, Speaker, graph_service
from principal import Identity, Rights
from server import GraphwardServer
from tests.tools.people import HOST, FakePeople, TokenOf
from tools import CallRecord


class Granted(FakePeople):
    """People whose tokens hold these permissions; None where the tokens do not tell."""

    def __init__(self, *usernames: str, permissions: Sequence[str] | None = ("Mail.Read", "Mail.Send")) -> None:
        super().__init__(*usernames)
        self.permissions = permissions

    async def identity(self, account: str | None = None) -> Identity:
        permissions = None if self.permissions is None else tuple(self.permissions)
        return replace(await super().identity(account), permissions=permissions)


class AnApp(Granted):
    """Nobody: an app, with the permissions that an administrator gave it."""

    def __init__(self, *permissions: str) -> None:
        super().__init__("the app", permissions=permissions)

    async def identity(self, account: str | None = None) -> Identity:
        return replace(await super().identity(None), is_person=False, username="")

    async def listed(self) -> Sequence[Any]:
        return []


@dataclass
class Offering:
    """What a server is made of; `sent` and `records` are what came of its calls."""

    catalogue: Sequence[tools.Toolset] = tools.TOOLSETS
    people: FakePeople = field(default_factory=lambda: Granted("ines@a.example"))
    rights: Rights = field(default_factory=Rights)
    discovery: bool = False
    side: tools.Side = field(default_factory=tools.Side)
    chosen: dict[str, Any] = field(default_factory=dict)
    rules: Rules = field(default_factory=Rules)
    answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200, json={"value": []})
    sent: list[str] = field(default_factory=list)
    records: list[CallRecord] = field(default_factory=list)
    link: str = ""

    def selection(self) -> tools.Selection:
        usual = {"names": ["all"], "as_application": self.side.as_application, "with_token": True}
        return tools.Selection(**{**usual, "catalogue": self.catalogue, **self.chosen})

    def server(self) -> GraphwardServer:
        offered = tools.Catalogue(self.selection(), self.side, finders=tools.DISCOVERY if self.discovery else None)

        @asynccontextmanager
        async def lifespan(_: MCPServer[tools.Services]) -> AsyncIterator[tools.Services]:
            opened = partial(httpx.AsyncClient, transport=httpx.MockTransport(self._answered))
            async with memory_only() as state, graph_service(opened, HOST) as service:

                def client(account: str | None, mailbox: str) -> GraphClient:
                    signed = BearerAuth(TokenOf(self.people, account), (), HOST)
                    user = mailbox or self.rules.mailbox or None if self.side.as_application else "me"
                    return GraphClient(service, Speaker(signed, Caller(), key=object()), user=user)

                made = services(state, offered, client, self.people, rules=self.rules, consent_link=lambda _: self.link)
                yield replace(made, rights=lambda: self.rights, audit=self.records.append)

        return GraphwardServer(offered, lifespan)

    def _answered(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(f"{request.method} {request.url.raw_path.decode().partition('?')[0]}")
        return self.answer(request)
