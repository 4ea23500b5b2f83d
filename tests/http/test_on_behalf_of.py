"""Graph on behalf of each caller: everybody gets their own, no inbound token leaves for Graph, refusals step up."""

from __future__ import annotations

import base64
import random
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

import auth
import network
from _server_wiring import scopes_of, speaker_for
from auth.credentials import SecretCredential
from auth.inbound import EntraDoor
from emulator import Tenant, demo_tenant
from emulator.entra import Policy
from emulator.tenant import Person
from errors import NotAdmitted
from graph import GraphClient, GraphService, graph_service
from principal import sent_by
from server import GraphwardServer, build_server
from tests.http.scene import SECRET, HttpCloud, claims_of
from tests.support import small_tenant, text_of
from tests.tools.recording import Exchange, Recorder
from tests.tools.walks import TOOLS, Walk, examples_of, reaches_graph
from web.middleware._passage import refuse
from web.step_up import KEY

HOST = "graph.microsoft.com"
URL = "http://127.0.0.1:3000/mcp"
# The list asks Graph for two things, each of them three times at most.
MOST_CALLS = 6
ERAS = [pytest.param("auto", id="this era"), pytest.param("legacy", id="the older handshake")]


class Service(HttpCloud):
    """The server for callers with tokens, its door in front, and the network to Graph behind it."""

    def __init__(self, tenant: Tenant | None = None, **details: Any) -> None:
        super().__init__(tenant, **details)
        settings = self.chosen = self.settings(TOOLSETS="all")
        self.graph = Recorder(httpx.ASGITransport(app=self))
        self.door = EntraDoor(settings, lambda: httpx.AsyncClient(transport=httpx.ASGITransport(app=self)))
        challenges = auth.Challenges(self.door.challenge, self.door.refusals.note)
        self.callers = auth.callers_of(settings, scopes_of(settings), self.http, SecretCredential(SECRET), challenges)
        self.refused: list[NotAdmitted] = []

    def client(self, service: GraphService) -> GraphClient:
        """Graph for the sender of the request that is being answered."""
        return GraphClient(service, speaker_for(self.chosen, self.callers, scopes_of(self.chosen)))

    @property
    def server(self) -> GraphwardServer:
        return build_server(self.chosen, self.callers, transport=self.graph)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[ASGIApp]:
        """The server behind its door."""
        server, open_to_any_host = self.server, TransportSecuritySettings(enable_dns_rebinding_protection=False)
        inside = server.streamable_http_app(transport_security=open_to_any_host, json_response=True)

        async def door(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                sender = await self.door.sender(Headers(scope=scope)["authorization"].removeprefix("Bearer "))
            except NotAdmitted as error:
                self.refused.append(error)
                return await refuse(scope, receive, send, 401, "Sign in again.", reason="token")
            with sent_by(sender):
                return await inside(scope, receive, send)

        async with server.session_manager.run():
            yield door

    def bearers(self) -> list[str]:
        """The tokens that Graph was shown."""
        return [shown for each in self.graph.exchanges if (shown := _bearer(each))]


def _bearer(exchange: Exchange) -> str:
    return exchange.headers.get("authorization", "").removeprefix("Bearer ")


@asynccontextmanager
async def calling(app: ASGIApp, token: str, mode: str = "auto") -> AsyncIterator[Client]:
    """A real client whose every request carries this token."""
    shown = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers=shown) as http,
        Client(streamable_http_client(URL, http_client=http), mode=mode) as client,
    ):
        yield client


def tenant_of(number: int) -> tuple[Tenant, list[Person]]:
    """People with a message each that names whose it is."""
    tenant = small_tenant()
    people = [tenant.add_person(f"Person Number{each}") for each in range(number)]
    for person in people:
        tenant.add_message(person, f"marker-{person.id}")
    return tenant, people


async def test_a_thousand_interleaved_calls_of_fifty_people_each_speak_for_their_own_sender() -> None:
    tenant, people = tenant_of(50)
    service, chance = Service(tenant), random.Random(7)  # noqa: S311 - an order that can be had again
    senders = {person.id: await service.door.sender(service.token(person)) for person in people}
    answered, wrong = Counter[str](), list[str]()
    calls = people * 20
    chance.shuffle(calls)

    async def call(graph: GraphService, person: Person, pauses: int, *, gives_up: bool) -> None:
        with sent_by(senders[person.id]), anyio.CancelScope() as scope:
            client = service.client(graph)
            for _ in range(pauses):
                await anyio.lowlevel.checkpoint()
            if gives_up:
                tasks.start_soon(_after, pauses, scope)
            page = await client.get("me/messages", {"$select": "subject"})
            answered[person.id] += 1
            wrong.extend(row["subject"] for row in page["value"] if row["subject"] != f"marker-{person.id}")

    opened = partial(network.async_client, service.graph)
    async with graph_service(opened, HOST) as graph, anyio.create_task_group() as tasks:
        for number, person in enumerate(calls):
            gives_up = number % 10 == 0
            tasks.start_soon(partial(call, graph, person, chance.randrange(6), gives_up=gives_up))
    assert not wrong
    assert answered.total() >= 900
    assert set(answered) == {person.id for person in people}
    _check_bearers(service, people, [sender.token for sender in senders.values()])


async def _after(pauses: int, scope: anyio.CancelScope) -> None:
    for _ in range(pauses):
        await anyio.lowlevel.checkpoint()
    scope.cancel()


def _check_bearers(service: Service, people: Sequence[Person], inbound: Sequence[str]) -> None:
    """Graph saw tokens of its own only, one for each person, and answered each about whom it was for."""
    assert service.bearers()
    assert not set(service.bearers()) & set(inbound)
    assert {claims_of(each)["aud"] for each in service.bearers()} == {f"https://{HOST}"}
    assert {claims_of(each)["oid"] for each in service.bearers()} == {person.id for person in people}
    for exchange in service.graph.exchanges:
        assert not any(token in f"{exchange.url}{exchange.headers}" for token in inbound)


@pytest.mark.parametrize("mode", ERAS)
async def test_people_who_call_tools_at_the_same_time_read_their_own_mail(mode: str) -> None:
    tenant, people = tenant_of(6)
    service, texts = Service(tenant), dict[str, str]()
    tokens = {person.id: service.token(person) for person in people}

    async def call(app: ASGIApp, person: Person) -> None:
        async with calling(app, tokens[person.id], mode) as client:
            texts[person.id] = text_of(await client.call_tool("mail_list_messages", {}))

    async with service.listening() as app, anyio.create_task_group() as tasks:
        for person in people:
            tasks.start_soon(call, app, person)
    for person in people:
        assert f"marker-{person.id}" in texts[person.id]
        assert texts[person.id].count("marker-") == 1
    _check_bearers(service, people, [*tokens.values()])


async def test_no_tool_shows_graph_the_token_that_the_caller_showed_us() -> None:
    service = Service(demo_tenant())
    token = service.token()
    with sent_by(await service.door.sender(token)):
        async with Client(service.server) as client:
            walk = Walk(client, service.graph)
            shown = [await _called(walk, tool.name, example) for tool in TOOLS for example in examples_of(tool)]
    exchanges = [each for batch in shown for each in batch]
    assert len([batch for batch in shown if batch]) >= len([tool for tool in TOOLS if reaches_graph(tool)]) // 2
    service.graph.exchanges[:] = exchanges
    _check_bearers(service, [service.ines], [token])


async def _called(walk: Walk, tool: str, example: Any) -> list[Exchange]:
    _, exchanges = await walk.called(tool, await walk.arguments(example))
    return exchanges


@pytest.mark.parametrize("mode", ERAS)
async def test_a_call_that_needs_a_stronger_sign_in_says_so_to_the_client_and_the_next_request_is_challenged(
    mode: str,
) -> None:
    service = Service()
    policy = service.entra.policies.add(Policy(grant="mfa"))
    async with service.listening() as app, calling(app, service.token(), mode) as client:
        result = await client.call_tool("account_whoami", {})
        assert result.is_error
        assert "stronger or a newer sign-in" in text_of(result)
        assert policy.id not in text_of(result)
        (challenge,) = (result.meta or {})[KEY]
        assert challenge.startswith(f"Bearer {service.door.challenge}, error=")
        encoded = challenge.rpartition('claims="')[2].removesuffix('"')
        assert policy.id in base64.b64decode(encoded).decode()
        with pytest.raises(MCPError):
            await client.call_tool("account_whoami", {})
        again = await client.call_tool("account_whoami", {})
    (refused,) = service.refused
    assert (refused.error, policy.id in refused.claims) == ("insufficient_claims", True)
    assert again.is_error, "whoever cannot do better is told, and not turned away for ever"


async def test_a_call_that_succeeds_or_that_a_sign_in_would_not_help_has_no_challenge() -> None:
    service = Service()
    async with service.listening() as app, calling(app, service.token()) as client:
        fine = await client.call_tool("account_whoami", {})
        mistaken = await client.call_tool("mail_read_message", {"id": "nothing"})
        listed = await client.list_tools()
    assert not fine.is_error
    assert mistaken.is_error
    assert all(KEY not in (each.meta or {}) for each in (fine, mistaken, listed))


async def test_missing_consent_is_told_with_the_administrators_page_and_turns_nobody_away() -> None:
    service = Service(consented=False)
    async with service.listening() as app, calling(app, service.token()) as client:
        results = [await client.call_tool("account_whoami", {}) for _ in range(2)]
    for result in results:
        assert f"login.microsoftonline.com/{service.tenant.id}/adminconsent" in text_of(result)
        assert KEY not in (result.meta or {})
    assert not service.refused


async def test_a_sign_in_that_was_ended_is_challenged_by_graph_and_then_turned_away_at_the_door() -> None:
    service = Service()
    async with service.listening() as app, calling(app, service.token()) as client:
        assert not (await client.call_tool("mail_list_messages", {})).is_error
        service.entra.revoke_sessions(service.ines)
        service.entra.journal.clear()
        result = await client.call_tool("mail_list_messages", {})
        assert result.is_error
        assert "Connect" in text_of(result)
        assert KEY in (result.meta or {})
        assert len(service.entra.journal.graph_calls) <= MOST_CALLS
        assert service.entra.journal.count() <= 2
        with pytest.raises(MCPError):
            await client.call_tool("mail_list_messages", {})
    async with service.listening() as app, calling(app, service.token()) as client:
        assert not (await client.call_tool("mail_list_messages", {})).is_error, "a new sign-in is as good as ever"


async def test_graph_that_is_never_content_is_not_asked_for_ever() -> None:
    service = Service()
    async with service.listening() as app, calling(app, service.token()) as client:
        assert not (await client.call_tool("mail_list_messages", {})).is_error
        service.entra.require_auth_context("me/mailFolders", "c1")
        service.entra.policies.add(Policy(grant="mfa", auth_context="c1"))
        service.entra.journal.clear()
        result = await client.call_tool("mail_list_messages", {})
        assert result.is_error
        assert "c1" not in text_of(result)
        encoded = (result.meta or {})[KEY][0].rpartition('claims="')[2].removesuffix('"')
        assert "c1" in base64.b64decode(encoded).decode()
    assert len(service.entra.journal.graph_calls) <= MOST_CALLS
