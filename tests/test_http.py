"""The server as an organisation runs it: over HTTP."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import httpx
import pytest
from mcp import Client

from tests import processes
from tests.support import facts_of


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with processes.http("--demo", "--log-level", "DEBUG") as running:
        yield running


@pytest.mark.parametrize(
    ("mode", "version"),
    [pytest.param("auto", "2026-07-28", id="this era"), pytest.param("legacy", "2025-11-25", id="the older handshake")],
)
async def test_a_client_of_either_era_reads_mail(url: str, mode: str, version: str) -> None:
    async with Client(url, mode=mode) as client:
        assert client.protocol_version == version
        assert len(facts_of(await client.call_tool("mail_list_messages", {"limit": 5}))["messages"]) == 5


@pytest.mark.parametrize("path", [pytest.param("healthz", id="alive"), pytest.param("readyz", id="ready")])
def test_health_is_answered_without_a_word_too_many(url: str, path: str) -> None:
    answer = httpx.get(url.replace("/mcp", f"/{path}"))
    assert answer.status_code == 200
    assert answer.text in {"ok\n", "ready\n"}
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"Host": "evil.example"}, 421, id="foreign Host"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="foreign Origin"),
        pytest.param({"Origin": "null"}, 403, id="no Origin to speak of"),
    ],
)
@pytest.mark.parametrize("path", [pytest.param("mcp", id="MCP"), pytest.param("healthz", id="health")])
def test_what_was_not_addressed_to_this_machine_is_refused(
    url: str, headers: dict[str, str], status: int, path: str
) -> None:
    assert httpx.get(url.replace("/mcp", f"/{path}"), headers=headers).status_code == status


def test_white_space_around_a_header_is_no_part_of_it(url: str) -> None:
    host, port = httpx.URL(url).host, httpx.URL(url).port
    connection = http.client.HTTPConnection(host, port, timeout=processes.WAIT)
    connection.putrequest("GET", "/healthz", skip_host=True)
    connection.putheader("Host", f"  {host}:{port}\t ")  # httpx would not send it
    connection.endheaders()
    assert connection.getresponse().status == 200
    connection.close()


def test_what_is_not_json_is_answered_with_an_error(url: str) -> None:
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    answer = httpx.post(url, content=b"{not json", headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32700


def test_without_sign_in_http_serves_what_needs_no_token() -> None:
    options = ("--path", "/graph", "--http-auth", "none", "--insecure-loopback")
    with processes.http(*options, extra={"ENTRA_ENABLE_AUTH": "false"}, pattern=r"http://\S+:\d+/graph\b") as url:
        assert httpx.get(url.replace("/graph", "/readyz")).status_code == 200


def test_another_path_and_no_sessions_can_be_chosen() -> None:
    with processes.http("--demo", "--stateless-http") as url:
        about = {"name": "test", "version": "1"}
        hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": about}
        answer = httpx.post(
            url,
            json={"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
            headers={"Accept": "application/json, text/event-stream"},
        )
    assert answer.status_code == 200
    assert "mcp-session-id" not in answer.headers


def test_the_sign_in_pages_of_the_demo_answer_this_machine_only() -> None:
    with processes.http("--demo", pattern=r"http://\S+:\d+/devicelogin") as pages:
        assert httpx.get(pages).status_code == 200
        assert httpx.get(pages, headers={"Host": "evil.example"}).status_code == 421
