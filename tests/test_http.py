"""The server as an organisation runs it: over HTTP."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from emulator.tls import CertificateAuthority
from tests import processes
from tests.certificates import signed_by
from tests.serving import Service, serving
from tests.support import facts_of

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for the workers in /proc")


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


HTTPS = "https://127.0.0.1"
BARE = {"HTTP_AUTH": "none", "INSECURE_LOOPBACK": "true", "ENTRA_ENABLE_AUTH": "false"}


@dataclass(frozen=True)
class Own:
    """Two workers with TLS of their own; the last test ends them."""

    service: Service
    context: ssl.SSLContext

    def connection(self) -> ssl.SSLSocket:
        plain = socket.create_connection(("127.0.0.1", self.service.port), timeout=processes.WAIT)
        return self.context.wrap_socket(plain, server_hostname="127.0.0.1")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    folder = tmp_path_factory.mktemp("tls")
    authority = CertificateAuthority.new()
    files = {"HTTP_TLS_KEY": folder / "key.pem", "HTTP_TLS_CERT": folder / "cert.pem"}
    for path, content in zip(files.values(), signed_by(authority, "127.0.0.1"), strict=True):
        path.write_text(content, encoding="ascii")
        path.chmod(0o600)
    named = {name: str(path) for name, path in files.items()}
    with serving(extra={**BARE, **named, "WORKERS": "2", "STATE_DIR": str(folder / "state")}) as service:
        yield Own(service, ssl.create_default_context(cadata=authority.pem))


@on_linux
@pytest.mark.parametrize("era", [pytest.param("auto", id="this era"), pytest.param("legacy", id="older clients")])
async def test_without_a_proxy_the_server_does_tls_itself(own: Own, era: str) -> None:
    assert own.service.url.startswith(HTTPS)
    async with (
        httpx2.AsyncClient(verify=own.context, trust_env=False) as http,
        Client(streamable_http_client(own.service.url, http_client=http), mode=era) as client,
    ):
        assert "account_whoami" in {tool.name for tool in (await client.list_tools()).tools}


@on_linux
def test_tls_of_yesterday_is_not_spoken(own: Own) -> None:
    older = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    older.check_hostname, older.verify_mode = False, ssl.CERT_NONE
    older.set_ciphers("DEFAULT:@SECLEVEL=0")  # OpenSSL would not even try
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        older.minimum_version = older.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Own(own.service, older).connection()


@on_linux
def test_a_worker_that_is_killed_is_replaced_and_nobody_else_notices(own: Own) -> None:
    before = own.service.workers()
    kept = [own.connection() for _ in range(24)]  # one worker alone gets them all once in eight million times
    assert {_alive(each) for each in kept} == {True}
    os.kill(before[0], signal.SIGKILL)
    assert own.service.said("a worker died and is replaced")["signal"] == "SIGKILL"
    after = [_alive(each) for each in kept]
    assert True in after
    assert False in after
    fresh = [own.connection() for _ in range(24)]
    assert {_alive(each) for each in fresh} == {True}
    now = own.service.workers()
    assert len(now) == 2
    assert set(now) & set(before) == {before[1]}
    for each in (*kept, *fresh):
        each.close()


def _alive(connection: ssl.SSLSocket) -> bool:
    try:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = connection.recv(65536)
        while answer and not answer.endswith(b"ok\n"):
            answer += connection.recv(65536)
    except OSError:
        return False
    return answer.startswith(b"HTTP/1.1 200")


@on_linux
def test_a_stop_lets_the_calls_end_that_are_under_way(own: Own) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
    head = (
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json, text/event-stream\r\n"
        "Content-Type: application/json\r\nMCP-Protocol-Version: 2025-11-25\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    calls = [own.connection() for _ in range(12)]
    for each in calls:
        each.sendall(head.encode())
        assert each.recv(65536).startswith(b"HTTP/1.1 100")
    own.service.process.terminate()
    own.service.said("Shutting down", nth=2)  # both workers have begun to stop
    for each in calls:
        each.sendall(body)
    answers = [_rest(each) for each in calls]
    assert [each.partition(b"\r\n")[0] for each in answers] == [b"HTTP/1.1 200 OK"] * len(calls)
    assert own.service.ended() == 0
    with pytest.raises(ConnectionRefusedError):
        own.connection()


def _rest(connection: ssl.SSLSocket) -> bytes:
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))
