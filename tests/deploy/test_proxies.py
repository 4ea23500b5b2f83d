"""Behind nginx and Caddy, as the files in deploy/ set them up; in CI, or with CI=true, since it takes its time."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from mcp.client import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult

from tests.deploy.proxies import FROM, IN_CI, LONGEST_BODY, OWN_HOST, Front
from tests.http.edge import LEGACY, MODERN
from tests.http.scene import CLIENT, HttpCloud
from tests.support import facts_of

pytestmark = [
    pytest.mark.skipif(not IN_CI, reason="starts three servers and six proxies; CI=true plays it"),
    pytest.mark.skipif(sys.platform != "linux", reason="callers need addresses of their own in 127/8"),
]

WELL_KNOWN = "/.well-known/oauth-protected-resource"
ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Real-IP": "203.0.113.9",
    "Forwarded": 'for=203.0.113.9;host=evil.example;proto=http;by="[::1]"',
    "X-Request-ID": "forged-by-the-client",
}
ABOUT = {"name": "test", "version": "1"}
LISTEN = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "subscriptions/listen",
    "params": {
        "notifications": {"toolsListChanged": True},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": ABOUT,
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    },
}
HELLO = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": ABOUT}


def token_for(cloud: HttpCloud, front: Front) -> str:
    """What Entra gives a client that asks for the scope of the challenge."""
    return cloud.entra.access_token(cloud.ines, scopes=[f"{front.url}/mcp.access"], client_id=CLIENT)


@pytest.mark.parametrize(
    ("era", "version"),
    [pytest.param("auto", MODERN, id="this era"), pytest.param("legacy", LEGACY, id="older clients")],
)
async def test_a_client_reads_mail(stateless: Front, cloud: HttpCloud, era: str, version: str) -> None:
    async with stateless.client(token_for(cloud, stateless), era) as client:
        assert client.protocol_version == version
        found = facts_of(await client.call_tool("mail_list_messages", {"limit": 2}))
    assert [each["subject"] for each in found["messages"]] == ["For Ines"]


async def test_a_client_finds_where_to_sign_in(stateless: Front) -> None:
    async with stateless.http(headers={"X-Forwarded-Host": "evil.example"}) as http:
        refused = await http.post(stateless.url, json={})
        challenge = refused.headers["www-authenticate"]
        found = re.search(r'resource_metadata="([^"]+)"', challenge)
        assert found
        metadata = await http.get(found[1])
    assert refused.status_code == 401
    assert f'scope="{stateless.url}/mcp.access"' in challenge
    assert found[1] == str(httpx.URL(stateless.url).copy_with(path=WELL_KNOWN + httpx.URL(stateless.url).path))
    assert metadata.status_code == 200
    assert metadata.json()["resource"] == stateless.url
    assert metadata.json()["authorization_servers"][0].startswith("https://login.microsoftonline.com/")


async def test_an_event_arrives_while_its_stream_stands(stateless: Front, cloud: HttpCloud) -> None:
    named = {**ACCEPT, "MCP-Protocol-Version": MODERN, "Mcp-Method": "subscriptions/listen"}
    async with (
        stateless.http(token_for(cloud, stateless), headers=named) as http,
        http.stream("POST", stateless.url, json=LISTEN) as answer,
    ):
        assert answer.status_code == 200
        assert (await _first_event(answer.aiter_lines()))["method"] == "notifications/subscriptions/acknowledged"
    # It is written down when it ends: the server hears that the client has left.
    assert stateless.service.request(answer.headers["x-request-id"])["route"] == "mcp"


async def _first_event(lines: AsyncIterator[str]) -> dict[str, Any]:
    async for line in lines:
        if line.startswith("data: {"):
            found: dict[str, Any] = json.loads(line.removeprefix("data: "))
            return found
    raise AssertionError("the stream ended without an event")


async def test_an_older_client_is_asked_in_the_middle_of_a_call(sessions: Front, cloud: HttpCloud) -> None:
    asked = []

    async def agree(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"approve": True})

    async with sessions.client(token_for(cloud, sessions), "legacy", elicitation_callback=agree) as client:
        mail = {"to": ["jonas.brandt@lindenhall.example"], "subject": "Minutes", "text": "Here they are."}
        sent = await client.call_tool("mail_send_message", mail)
    assert not sent.is_error
    assert len(asked) == 1


async def test_a_session_has_its_stream(sessions: Front, cloud: HttpCloud) -> None:
    async with sessions.http(token_for(cloud, sessions), headers=ACCEPT) as http:
        hello = await http.post(sessions.url, json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO})
        within = {"Mcp-Session-Id": hello.headers["mcp-session-id"], "MCP-Protocol-Version": LEGACY}
        async with http.stream("GET", sessions.url, headers=within) as stream:
            assert stream.status_code == 200
            assert stream.headers["content-type"].startswith("text/event-stream")
        assert (await http.delete(sessions.url, headers=within)).status_code == 200
        assert (await http.get(sessions.url, headers=within)).status_code == 404


async def test_what_a_client_says_of_its_way_counts_for_nothing(stateless: Front) -> None:
    async with stateless.http(headers=FORGED) as http:
        answer = await http.post(stateless.url, json={})
    assert answer.status_code == 401
    assert stateless.public_url in answer.headers["www-authenticate"]
    record = stateless.service.request(answer.headers["x-request-id"])
    assert record["address"] == FROM
    assert record["proxy_request_id"] != FORGED["X-Request-ID"]


async def test_a_peer_that_is_no_proxy_of_ours_is_itself(sessions: Front) -> None:
    transport = httpx.AsyncHTTPTransport(local_address=FROM)
    async with httpx.AsyncClient(transport=transport, headers=FORGED) as http:
        answer = await http.post(sessions.service.url, json={})
    record = sessions.service.request(answer.headers["x-request-id"])
    assert record["address"] == FROM
    assert "proxy_request_id" not in record


@pytest.mark.parametrize(
    "target",
    [
        *("/readyz", "/metrics", "//readyz", "/%72eadyz", "/./readyz", "/mcp/../readyz", "/mcp%2f..%2freadyz"),
        *(
            "/mcp/%2e%2e/metrics",
            "/mcp\\..\\readyz",
            "/mcp;/../readyz",
            "/READYZ",
            "/graphward/readyz",
            "/healthz/../metrics",
        ),
        *("/graphward/mcp/../../readyz", "/graphward/mcp/..%2f..%2fmetrics", "/graphward/metrics", "/mcp/readyz"),
        *(f"{WELL_KNOWN}/../../readyz", f"{WELL_KNOWN}/mcp/../../../metrics", "http://localhost/readyz", "/mcp%0a"),
    ],
)
async def test_what_is_for_operators_stays_inside(stateless: Front, target: str) -> None:
    head = f"GET {target} HTTP/1.1\r\nHost: {stateless.host}\r\nAuthorization: Bearer token-of-metrics\r\n"
    answer = await stateless.raw(f"{head}Connection: close\r\n\r\n".encode())
    assert b"ready" not in answer
    assert b"graphward_" not in answer
    status = int(answer.split()[1])
    # Caddy's way to say that it knows no such site, or no such path of one: nothing at all.
    assert 400 <= status < 500 or (stateless.kind == "caddy" and status == 200 and answer.endswith(b"\r\n\r\n"))


@pytest.mark.parametrize("http2", [pytest.param(True, id="HTTP/2"), pytest.param(False, id="HTTP/1.1")])
async def test_a_long_token_arrives(stateless: Front, http2: bool) -> None:
    async with stateless.http("x" * 15_000, http2=http2) as http:
        answer = await http.post(stateless.url, json={})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("is_chunked", [pytest.param(False, id="of known length"), pytest.param(True, id="in chunks")])
async def test_a_body_may_be_as_long_as_the_server_says_and_no_longer(
    stateless: Front, cloud: HttpCloud, is_chunked: bool
) -> None:
    async def chunks(length: int) -> AsyncIterator[bytes]:
        for _ in range(length // 65536):
            yield b" " * 65536
        yield b" " * (length % 65536)

    statuses = []
    async with stateless.http(token_for(cloud, stateless), headers=ACCEPT) as http:
        for length in (LONGEST_BODY, LONGEST_BODY + 1):
            content = chunks(length) if is_chunked else b" " * length
            statuses.append((await http.post(stateless.url, content=content)).status_code)
    assert statuses == [400, 413]


async def test_another_name_is_not_answered_by_the_server(stateless: Front) -> None:
    path = httpx.URL(stateless.url).path
    answer = await stateless.raw(f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
    status, body = int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]
    assert status in (404, 421) or not body
    assert b"www-authenticate" not in answer.lower()


async def test_nothing_is_answered_without_tls(stateless: Front) -> None:
    async with httpx.AsyncClient(headers={"Host": stateless.host}, trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{stateless.plain}{httpx.URL(stateless.url).path}")
    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert "x-request-id" not in answer.headers


async def test_the_own_host_tells_that_it_is_alive(stateless: Front) -> None:
    async with stateless.http() as http:
        answer = await http.get(f"https://{stateless.host}/healthz")
    assert (answer.text == "ok\n") == (stateless.public_url == OWN_HOST)


INNER = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        pytest.param("Content-Length: 4\r\nTransfer-Encoding: chunked", f"0\r\n\r\n{INNER}", id="CL and TE"),
        pytest.param("Transfer-Encoding: chunked\r\nContent-Length: 4", f"0\r\n\r\n{INNER}", id="TE and CL"),
        pytest.param(f"Content-Length: 0\r\nContent-Length: {len(INNER)}", INNER, id="two lengths"),
        pytest.param(f"Content-Length: {len(INNER)}\r\nContent-Length: 0", INNER, id="two lengths, the other way"),
        pytest.param(f"Content-Length: 0, {len(INNER)}", INNER, id="a list of lengths"),
        pytest.param("Content-Length: +0", INNER, id="a length with a sign"),
        pytest.param("Content-Length: 0x0", INNER, id="a length in hex"),
        pytest.param("Content-Length : 0", INNER, id="white space before the colon"),
        pytest.param("Transfer-Encoding : chunked", f"0\r\n\r\n{INNER}", id="the same of TE"),
        pytest.param("Transfer-Encoding: xchunked", f"0\r\n\r\n{INNER}", id="an unknown coding"),
        pytest.param("Transfer-Encoding: chunked, identity", f"0\r\n\r\n{INNER}", id="chunked is not the last"),
        pytest.param("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", f"0\r\n\r\n{INNER}", id="two codings"),
        pytest.param("Transfer-Encoding:\x0bchunked", f"0\r\n\r\n{INNER}", id="a vertical tab"),
        pytest.param("X-A: b\r\n Content-Length: 4", INNER, id="a folded line"),
        pytest.param("X-A: b\x00\r\nContent-Length: 0", INNER, id="NUL"),
        pytest.param("X-A: b\rContent-Length: 4", INNER, id="a bare CR"),
        pytest.param("X_Content_Length: 0\r\nContent_Length: 7", INNER, id="underscores"),
        pytest.param("Transfer-Encoding: chunked", f"0x0\r\n\r\n{INNER}", id="a chunk size with 0x"),
        pytest.param("Transfer-Encoding: chunked", f"-1\r\n\r\n{INNER}", id="a negative chunk size"),
        pytest.param("Transfer-Encoding: chunked", f"{'0' * 40}\r\n\r\n{INNER}", id="a chunk size of many zeros"),
        pytest.param("Transfer-Encoding: chunked", f"10000000000000000\r\n{INNER}", id="a chunk size beyond 64 bits"),
        pytest.param("Transfer-Encoding: chunked", f"1\r\nab\r\n0\r\n\r\n{INNER}", id="a chunk longer than it says"),
        pytest.param("Transfer-Encoding: chunked", f"0;a=\n\r\n\r\n{INNER}", id="LF in an extension"),
        pytest.param("Transfer-Encoding: chunked", f"0\n\n{INNER}", id="LF alone"),
        pytest.param("Transfer-Encoding: chunked", f"0\r\nContent-Length: 9\r\n\r\n{INNER}", id="a length as trailer"),
        pytest.param("Content-Length: 0\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk", INNER, id="an upgrade to h2c"),
        pytest.param("Content-Length: 0\r\nExpect: 100-continue", INNER, id="Expect"),
    ],
)
async def test_no_request_hides_in_another(sessions: Front, head: str, body: str) -> None:
    path = httpx.URL(sessions.url).path
    outer = f"POST {path} HTTP/1.1\r\nHost: {sessions.host}\r\nConnection: close\r\n{head}\r\n\r\n{body}"
    answers = await sessions.raw(outer.encode("latin-1"))
    assert len(re.findall(rb"^HTTP/1\.1 [2-5]", answers, re.MULTILINE)) <= 1
    # One worker logs in order: what came through before is there when this is.
    async with sessions.http() as http:
        last = await http.post(sessions.url, json={})
    sessions.service.request(last.headers["x-request-id"])
    assert {each.get("route") for each in sessions.service.records} <= {None, "mcp", "well-known"}
    assert not any(each["message"] == "request crashed" for each in sessions.service.records)
