"""Who may call over HTTP: tokens of Entra at the edge of the real server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
import pytest
from mcp.shared.exceptions import MCPError
from starlette.types import Message

from emulator.tenant import Person
from tests.http.edge import LEGACY, MODERN, SENDS, URL, Edge, answer_in, edge, text_in
from tests.http.scene import PUBLIC_URL, RESOURCE, SCOPE, HttpCloud, claims_of
from tests.support import text_of
from tests.virtual_time import VIRTUAL_TIME

BARE = "/.well-known/oauth-protected-resource"
LISTS = "mail_list_messages"
ERAS = [pytest.param("auto", id="this era"), pytest.param("legacy", id="older clients")]


@pytest.fixture(scope="module")
def cloud() -> HttpCloud:
    """One for all: to make its keys takes longer than most tests."""
    return HttpCloud(exposed_scopes=("mcp.access", "mcp.read", "mcp.other"))


def jonas(cloud: HttpCloud) -> Person:
    return next(each for each in cloud.tenant.people.values() if each.display_name == "Jonas Brandt")


@pytest.fixture
async def service(cloud: HttpCloud) -> AsyncIterator[Edge]:
    cloud.now = time.time
    async with edge(cloud) as running:
        yield running


@pytest.mark.parametrize("era", ERAS)
async def test_who_shows_a_good_token_works_as_themselves(service: Edge, era: str) -> None:
    for person in (service.cloud.ines, jonas(service.cloud)):
        async with service.client(service.cloud.token(person), era) as client:
            listed = text_of(await client.call_tool(LISTS, {"limit": 2}))
        assert f"Mail of {person.display_name}" in listed
    assert not service.graph.foreign


async def test_without_a_good_token_nobody_comes_in_and_nobody_learns_why(service: Edge) -> None:
    good = service.cloud.token()
    head, body, signature = good.split(".")
    graph = service.cloud.entra.access_token(service.cloud.ines, scopes=["Mail.Read"])
    shown = ["", "garbage", f"{head}.{body}.", f"{head}.{body}.{signature[::-1]}", "x" * 20_000, graph]
    answers = [await service.calls(token, LISTS) for token in shown]
    assert [answer.status_code for answer in answers] == [401] * len(shown)
    challenge = f'Bearer resource_metadata="{PUBLIC_URL}{BARE}/mcp", scope="{SCOPE}"'
    assert answers[0].headers["www-authenticate"] == challenge
    for answer in answers[1:]:
        assert answer.headers["www-authenticate"].startswith(f'{challenge}, error="invalid_token", ')
        assert len(answer.content) < 200
    assert len({answer.content for answer in answers[1:]}) == 1
    assert not service.graph.asked


@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE", "PUT", "HEAD", "OPTIONS"])
async def test_every_method_and_path_asks_for_a_token(service: Edge, verb: str) -> None:
    async with service.http() as http:
        for path in ("/mcp", "/", "/nothing", "/mcp/", "/metrics"):
            assert (await http.request(verb, path)).status_code == 401


async def test_the_way_in_is_told_at_both_well_known_places_whatever_the_host(service: Edge) -> None:
    async with service.http() as http:
        answers = [
            await http.get(path, headers={"Host": host})
            for path in (BARE, f"{BARE}/mcp")
            for host in ("mcp.lindenhall.example", "evil.example")
        ]
    assert len({answer.content for answer in answers}) == 1
    document = answers[0].json()
    assert document["resource"] == RESOURCE == URL
    assert document["authorization_servers"]
    assert document["scopes_supported"] == [SCOPE]
    assert document["bearer_methods_supported"] == ["header"]
    assert "offline_access" not in answers[0].text
    assert "evil" not in answers[0].text


async def test_a_token_is_looked_at_with_every_request(service: Edge) -> None:
    token = service.cloud.token()
    assert (await service.calls(token, LISTS)).status_code == 200
    session = await service.session(token)
    call = ("tools/call", {"name": LISTS, "arguments": {}}, 5)
    assert (await service.within(token, session, *call)).status_code == 200
    service.cloud.now = lambda: time.time() + 3 * 3600
    assert (await service.calls(token, LISTS)).status_code == 401
    assert (await service.within(token, session, *call)).status_code == 401
    again = service.cloud.token()
    assert f"Mail of {service.cloud.ines.display_name}" in text_in(await service.within(again, session, *call))


async def test_a_token_anywhere_but_in_the_one_header_is_none(service: Edge) -> None:
    token = service.cloud.token()
    async with service.http() as http:
        assert (await http.post(f"{URL}?access_token={token}", json={})).status_code == 400
        assert (await http.post(URL, data={"access_token": token})).status_code == 401
        assert (await http.post(URL, headers={"Cookie": f"Authorization=Bearer {token}"})).status_code == 401
        twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {service.cloud.token()}")]
        answer = await http.post(URL, headers=twice)
    assert answer.status_code == 400
    assert token not in answer.text


@dataclass
class Wire:
    """One request without the help of a client, which would wait for the end of a stream."""

    method: str
    headers: dict[str, str]
    body: bytes = b""
    sent: list[Message] = field(default_factory=list)
    _read: bool = False

    async def run(self, service: Edge) -> None:
        listed = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        scope = {"type": "http", "method": self.method, "path": "/mcp", "query_string": b"", "headers": listed}
        await service.app({**scope, "http_version": "1.1", "scheme": "https", "root_path": ""}, self._receive, self)

    async def _receive(self) -> Message:
        if self._read:
            await anyio.sleep_forever()
        self._read = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def __call__(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def has_ended(self) -> bool:
        return self.sent[-1]["type"] == "http.response.body" and not self.sent[-1].get("more_body", False)


def listening(token: str, session: str) -> Wire:
    """The event stream of an older client where there is a session, else one of this era."""
    shown = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    if session:
        return Wire("GET", {**shown, "Mcp-Session-Id": session, "MCP-Protocol-Version": LEGACY})
    meta = (
        b'{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t",'
        b'"version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}'
    )
    body = (
        b'{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{"notifications":'
        b'{"toolsListChanged":true},"_meta":' + meta + b"}}"
    )
    named = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "subscriptions/listen", "Content-Type": "application/json"}
    return Wire("POST", {**shown, **named}, body)


class TestStreams:
    """They stand as long as their token is good, without anybody waiting for it."""

    @pytest.fixture
    def anyio_backend(self) -> object:
        return VIRTUAL_TIME

    @pytest.mark.parametrize("is_older", [pytest.param(False, id="this era"), pytest.param(True, id="older clients")])
    async def test_a_stream_ends_with_its_token_and_another_may_be_opened(self, service: Edge, is_older: bool) -> None:
        session = ""
        for _ in range(2):
            token = service.cloud.token()
            expires = float(claims_of(token)["exp"])
            # The clock goes on from a minute before, because each minute of a stream has its pings.
            service.cloud.now = partial(clock_that_began, anyio.current_time(), expires - 60)
            session = session or (await service.session(token) if is_older else "")
            stream = listening(token, session)
            await stream.run(service)
            assert stream.sent[0]["status"] == 200
            assert stream.has_ended
            assert service.cloud.now() == pytest.approx(expires, abs=2)
            late = listening(token, session)
            await late.run(service)
            assert late.sent[0]["status"] == 401


def clock_that_began(at: float, time_then: float) -> float:
    return time_then + anyio.current_time() - at


@pytest.mark.parametrize("era", ERAS)
async def test_what_a_caller_may_not_do_is_neither_listed_nor_done(service: Edge, era: str) -> None:
    names: dict[str, set[str]] = {}
    for scope in ("mcp.access", "mcp.read"):
        async with service.client(service.cloud.token(service.cloud.ines, scope), era) as client:
            names[scope] = {tool.name for tool in (await client.list_tools()).tools}
    assert names["mcp.access"] - names["mcp.read"] == {SENDS}


async def test_a_call_beyond_the_scope_is_challenged_once_and_then_refused(service: Edge) -> None:
    narrow, wide = service.cloud.token(service.cloud.ines, "mcp.read"), service.cloud.token()
    mail: Any = {"arguments": {"to": ["x@elsewhere.example"], "subject": "s", "text": "t"}}
    first, second = [await service.calls(narrow, SENDS, **mail) for _ in range(2)]
    assert first.status_code == 403
    assert f'scope="{SCOPE}", error="insufficient_scope"' in first.headers["www-authenticate"]
    assert answer_in(second)["result"]["isError"]
    assert answer_in(await service.calls(wide, SENDS, **mail))["result"]["resultType"] == "input_required"
    assert not service.graph.sent


async def test_an_older_client_is_challenged_too(service: Edge) -> None:
    narrow = service.cloud.token(jonas(service.cloud), "mcp.read")
    session = await service.session(narrow)
    answer = await service.within(narrow, session, "tools/call", {"name": SENDS, "arguments": {}}, 3)
    assert answer.status_code == 403
    assert "insufficient_scope" in answer.headers["www-authenticate"]


async def test_neither_scope_is_403_before_anything_else(service: Edge) -> None:
    token = service.cloud.entra.access_token(service.cloud.ines, scopes=[f"{RESOURCE}/mcp.other"])
    answer = await service.calls(token, LISTS)
    assert answer.status_code == 403
    assert f'scope="{SCOPE}", error="insufficient_scope"' in answer.headers["www-authenticate"]


async def test_a_client_of_the_sdk_is_told_by_an_error(service: Edge) -> None:
    with pytest.raises((MCPError, ExceptionGroup)):
        async with service.client("garbage") as client:
            await client.list_tools()
