"""The doctor on where HTTP is served: ports, names, TLS, proxies in front, workers."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from commands.doctor import is_running
from commands.doctor._verdict import Status, Verdict, ok, skipped
from emulator.tls import CertificateAuthority
from settings import Settings
from tests.auth.apps import RSA_KEYS, certificate, key_pem
from tests.certificates import key_and_certificate, signed_by
from tests.commands.doctor.support import surroundings, verdicts
from tests.http.scene import PUBLIC_URL, HttpCloud
from web import server_context

DAY = 86_400
HOST = "mcp.lindenhall.example"
AUTHORITY = CertificateAuthority.new()
CLOUD = HttpCloud()
ALONE = {"TRANSPORT": "http", "HTTP_AUTH": "none", "INSECURE_LOOPBACK": "true"}
PROXY = {"TRUSTED_PROXIES": "10.0.3.0/24"}


async def said(name: str, environ: dict[str, str], **details: Any) -> Verdict:
    return (await verdicts(surroundings(CLOUD, environ, **details), name))[name]


async def edge(**environ: str) -> Verdict:
    """Of a service with tokens of Entra."""
    return await edge_at(0, environ)


async def edge_at(later: float, environ: dict[str, str]) -> Verdict:
    """So many seconds from now."""
    return await said("http-edge", CLOUD.environ(**environ), clock=lambda: CLOUD.now() + later)


def files(folder: Path, pair: tuple[str, str]) -> dict[str, str]:
    key, cert = folder / "key.pem", folder / "cert.pem"
    key.write_text(pair[0])
    key.chmod(0o600)
    cert.write_text(pair[1])
    return {"HTTP_TLS_CERT": str(cert), "HTTP_TLS_KEY": str(key)}


@contextmanager
def a_taken_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield str(taken.getsockname()[1])


# Ports.


async def test_the_port_of_http_is_tried() -> None:
    assert (await said("http-port", {})).status is Status.SKIPPED
    assert await said("http-port", {**ALONE, "HTTP_PORT": "0"}) == ok("127.0.0.1 port (any) is free")
    with a_taken_port() as port:
        verdict = await said("http-port", {**ALONE, "HTTP_PORT": port})
    assert verdict.status is Status.FAIL
    assert f"HTTP_PORT: port {port}" in verdict.remedy


async def test_a_port_on_which_this_server_runs_already_is_no_fault() -> None:
    async def runs(settings: Settings) -> bool:
        return True

    with a_taken_port() as port:
        verdict = await said("http-port", {**ALONE, "HTTP_PORT": port}, is_running=runs)
    assert verdict == ok(f"a server answers on 127.0.0.1 port {port} already, as this one would")


async def test_who_can_reach_the_ports_is_told() -> None:
    environ = CLOUD.environ(HTTP_HOST="0.0.0.0", HTTP_PORT="0", **PROXY)
    assert await said("http-port", environ) == ok("0.0.0.0 port (any) is free, and other machines can reach it")
    verdict = await said("http-port", {**environ, "METRICS_PORT": "0"})
    assert verdict.status is Status.WARN
    assert "METRICS_TOKEN_FILE" in verdict.remedy


async def test_the_port_of_the_metrics_is_tried_too() -> None:
    free = await said("http-port", {**ALONE, "HTTP_PORT": "0", "METRICS_PORT": "0"})
    assert free.says.endswith("; /metrics: 127.0.0.1 port (any) is free")
    with a_taken_port() as port:
        verdict = await said("http-port", {**ALONE, "HTTP_PORT": "0", "METRICS_PORT": port})
    assert verdict.status is Status.FAIL
    assert verdict.remedy.startswith(f"METRICS_PORT: port {port}")
    assert "METRICS_PORT: port" in verdict.remedy


@pytest.mark.parametrize(
    ("status", "body", "is_ours"),
    [
        pytest.param("200 OK", "ok\n", True, id="ours"),
        pytest.param("200 OK", "<html>", False, id="another's page"),
        pytest.param("421 Misdirected Request", "ok\n", False, id="one that does not know the name"),
    ],
)
async def test_a_server_that_runs_is_known_by_its_health_check(status: str, body: str, *, is_ours: bool) -> None:
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = str(server.sockets[0].getsockname()[1])
        settings = CLOUD.settings(HTTP_HOST="0.0.0.0", HTTP_PORT=port, **PROXY)
        assert await is_running(settings) is is_ours
    assert heads[0].startswith(b"GET /healthz HTTP/1.1\r\n")
    assert f"host: {HOST}\r\n".encode() in heads[0].lower()


async def test_a_server_with_tls_is_asked_over_tls(tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n")
        await writer.drain()
        writer.close()

    environ = files(tmp_path, signed_by(AUTHORITY, HOST))
    tls = server_context(tmp_path / "cert.pem", tmp_path / "key.pem")
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls) as server:
        settings = CLOUD.settings(HTTP_PORT=str(server.sockets[0].getsockname()[1]), **environ)
        assert await is_running(settings)


async def test_where_nothing_listens_nothing_runs() -> None:
    with a_taken_port() as port:
        pass
    assert not await is_running(CLOUD.settings(HTTP_HOST="::1", HTTP_PORT=port))


# Names, TLS, proxies, workers.


async def test_over_stdio_there_is_no_edge() -> None:
    assert await said("http-edge", {}) == skipped("clients reach the server over stdio")


async def test_the_names_that_are_answered_are_told() -> None:
    assert await said("http-edge", ALONE) == ok("answers to loopback names, in 1 process")
    verdict = await edge(HTTP_ALLOWED_HOSTS="10.0.0.7:3000", **PROXY)
    assert verdict == ok(
        f"answers to 10.0.0.7:3000, {HOST}, loopback names, in 1 process; 10.0.3.0/24 may say for whom they ask"
    )


async def test_a_server_on_a_name_of_its_own_answers_to_no_loopback_name() -> None:
    assert (await edge(HTTP_HOST="inner.lindenhall.example", **PROXY)).says.startswith(f"answers to {HOST}, in 1")


async def test_https_has_to_be_done_by_somebody_who_is_trusted() -> None:
    verdict = await edge()
    assert verdict.status is Status.WARN
    assert "TRUSTED_PROXIES" in verdict.remedy
    assert (await edge(PUBLIC_URL="http://localhost:3000")).status is Status.OK


@pytest.mark.parametrize("network", [pytest.param("0.0.0.0/0", id="IPv4"), pytest.param("10.0.0.1,::/0", id="IPv6")])
async def test_to_trust_everybody_is_to_trust_nobody(network: str) -> None:
    verdict = await edge(TRUSTED_PROXIES=network)
    assert verdict.status is Status.WARN
    assert "anybody can pass for any address" in verdict.says


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is one process here")
async def test_workers_are_counted_where_there_can_be_several() -> None:
    assert "in 3 processes" in (await edge(WORKERS="3", **PROXY)).says


async def test_workers_fail_where_there_can_be_one_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork", raising=False)
    verdict = await edge(WORKERS="3", **PROXY)
    assert verdict.status is Status.FAIL
    assert "WORKERS=1" in verdict.remedy


@pytest.mark.parametrize(
    ("names", "url", "status"),
    [
        pytest.param((HOST,), PUBLIC_URL, Status.OK, id="the very name"),
        pytest.param(("other.example", HOST.upper()), PUBLIC_URL, Status.OK, id="one of them"),
        pytest.param(("*.lindenhall.example",), PUBLIC_URL, Status.OK, id="a wildcard"),
        pytest.param(("*.example",), PUBLIC_URL, Status.FAIL, id="a wildcard further up"),
        pytest.param(("lindenhall.example",), PUBLIC_URL, Status.FAIL, id="the domain above"),
        pytest.param(("192.0.2.7",), "https://192.0.2.7:3000", Status.OK, id="an address"),
        pytest.param((HOST,), "https://192.0.2.7:3000", Status.FAIL, id="a name for an address"),
    ],
)
async def test_the_certificate_has_to_name_the_host(
    names: tuple[str, ...], url: str, status: Status, tmp_path: Path
) -> None:
    verdict = await edge(PUBLIC_URL=url, **files(tmp_path, signed_by(AUTHORITY, *names)))
    assert verdict.status is status
    assert ("the host of PUBLIC_URL" in verdict.says) == (status is Status.FAIL)
    assert "the certificate is valid until 20" in verdict.says


@pytest.mark.parametrize(
    ("later", "status", "says"),
    [
        pytest.param(0.3 * DAY, Status.OK, "is valid until", id="in its time"),
        pytest.param(0.6 * DAY, Status.WARN, "expires on", id="in its last quarter"),
        pytest.param(2 * DAY, Status.FAIL, "expired on", id="over"),
        pytest.param(-2 * DAY, Status.FAIL, "is valid from", id="not yet"),
    ],
)
async def test_the_certificate_has_its_time(later: float, status: Status, says: str, tmp_path: Path) -> None:
    verdict = await edge_at(later, files(tmp_path, signed_by(AUTHORITY, HOST)))
    assert verdict.status is status
    assert f"the certificate {says}" in verdict.says
    assert bool(verdict.remedy) == (status is not Status.OK)


async def test_a_key_of_another_certificate_is_a_failure(tmp_path: Path) -> None:
    key, (_, cert) = signed_by(AUTHORITY, HOST)[0], key_and_certificate()
    verdict = await edge(**files(tmp_path, (key, cert)))
    assert verdict.status is Status.FAIL
    assert "HTTP_TLS_KEY" in verdict.remedy
    assert "PRIVATE KEY" not in str(verdict)


async def test_a_certificate_without_names_is_for_nobody(tmp_path: Path) -> None:
    pair = key_pem(RSA_KEYS[0]), certificate(RSA_KEYS[0], name=HOST)
    verdict = await edge(**files(tmp_path, pair))
    assert verdict.status is Status.FAIL
    assert f"it does not name {HOST}" in verdict.says


async def test_an_address_without_tls_does_not_fit_a_server_with_it(tmp_path: Path) -> None:
    verdict = await edge(PUBLIC_URL="http://localhost:3000/x", **files(tmp_path, signed_by(AUTHORITY, "localhost")))
    assert verdict.status is Status.FAIL
    assert verdict.remedy == "Set PUBLIC_URL=https://localhost:3000/x."


async def test_without_a_public_name_the_certificate_may_name_anybody(tmp_path: Path) -> None:
    environ = {"TRANSPORT": "http", "HTTP_AUTH": "apikey", "ENTRA_CLIENT_SECRET": "a-secret-of-the-test"}
    pair = files(tmp_path, signed_by(AUTHORITY, "any.example"))
    verdict = await said("http-edge", environ | pair, clock=CLOUD.now)
    assert verdict.status is Status.OK
