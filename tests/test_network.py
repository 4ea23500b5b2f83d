"""network.py: whose certificates are trusted."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest
import truststore

import network
from errors import StartError
from tests.certificates import key_and_certificate


@pytest.fixture(autouse=True)
def no_certificates_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine of the developer names does not count."""
    for variable in network.CA_VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file with the key and the certificate of a server on 127.0.0.1."""
    file = tmp_path_factory.mktemp("tls") / "loopback.pem"
    file.write_text("".join(key_and_certificate()))
    return file


@asynccontextmanager
async def tls_server(certificate: Path, agreed: list[str | None] | None = None) -> AsyncIterator[str]:
    """Answers one request over TLS; with `agreed` it offers HTTP/2 and notes the protocol that was agreed on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if agreed is not None:
        context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with anyio.create_task_group() as tasks:
            answer = partial(_answer_once, listener, context, [] if agreed is None else agreed)
            tasks.start_soon(partial(anyio.to_thread.run_sync, answer, abandon_on_cancel=True))
            yield f"https://127.0.0.1:{listener.getsockname()[1]}"
            tasks.cancel_scope.cancel()


def _answer_once(listener: socket.socket, context: ssl.SSLContext, agreed: list[str | None]) -> None:
    try:
        accepted, _ = listener.accept()
        with context.wrap_socket(accepted, server_side=True) as connection:
            agreed.append(connection.selected_alpn_protocol())
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    except OSError:
        return


async def test_graph_is_spoken_to_over_http_2_where_it_can_be(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    agreed: list[str | None] = []
    async with tls_server(certificate, agreed) as url, network.async_client() as http:
        with pytest.raises(httpx.TransportError):  # the server agrees, and then cannot
            await http.get(url)
    assert agreed == ["h2"]


async def test_an_unknown_certificate_is_refused(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    async with tls_server(certificate) as url, network.async_client() as http:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            await http.get(url)


@pytest.mark.parametrize("variable", [pytest.param(name, id=name) for name in network.CA_VARIABLES])
async def test_the_certificates_that_a_variable_names_are_trusted_for_graph(
    certificate: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, str(certificate))
    async with tls_server(certificate) as url, network.async_client() as http:
        assert (await http.get(url)).text == "ok"


async def test_and_for_sign_in(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with tls_server(certificate) as url:
        with network.sync_client() as http:
            assert (await anyio.to_thread.run_sync(http.get, url)).text == "ok"


@pytest.mark.parametrize("variable", [pytest.param(name, id=name) for name in network.CA_VARIABLES])
@pytest.mark.parametrize("content", [pytest.param(None, id="missing"), pytest.param("no PEM", id="not PEM")])
def test_a_file_of_certificates_that_cannot_be_read_says_so(
    content: str | None, variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv(variable, str(file))
    with pytest.raises(StartError, match=variable):
        network.trusted_certificates()


def test_the_systems_certificates_stay_trusted_beside_the_file(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "system.pem"
    system.write_bytes(certificate.read_bytes())
    paths = ssl.DefaultVerifyPaths("", "", "SSL_CERT_FILE", str(system), "SSL_CERT_DIR", str(tmp_path))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    loaded: list[object] = []
    real = truststore.SSLContext.load_verify_locations

    def noted(self: truststore.SSLContext, cafile: object = None, capath: object = None, cadata: object = None) -> None:
        loaded.extend(each for each in (cafile, capath) if each)
        real(self, cafile, capath, cadata)  # type: ignore[arg-type]

    monkeypatch.setattr(truststore.SSLContext, "load_verify_locations", noted)
    network.trusted_certificates()
    assert [str(each) for each in loaded] == [str(system), str(tmp_path), str(certificate)]


def test_the_sign_in_client_is_opened_once_and_closed_with_the_server() -> None:
    opened: list[httpx.Client] = []

    def open_one() -> httpx.Client:
        opened.append(network.sync_client(httpx.MockTransport(lambda _: httpx.Response(200))))
        return opened[-1]

    with network.OnDemand(open_one) as http:
        assert http() is http()
        assert not opened[0].is_closed
    assert len(opened) == 1
    assert opened[0].is_closed
    with network.OnDemand(open_one):
        pass
    assert len(opened) == 1


@pytest.mark.parametrize(
    "proxy", [pytest.param("socks5://127.0.0.1:9", id="SOCKS"), pytest.param("ftp://127.0.0.1:9", id="no proxy")]
)
@pytest.mark.parametrize("kind", [pytest.param("async", id="Graph"), pytest.param("sync", id="sign-in")])
def test_a_proxy_that_cannot_be_used_says_so(kind: str, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(StartError, match="HTTPS_PROXY"):
        network.async_client() if kind == "async" else network.sync_client()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("PYTHONHTTPSVERIFY", "0", id="Python's own switch"),
        pytest.param("CURL_CA_BUNDLE", "", id="an empty bundle, as for requests"),
        pytest.param("SSL_VERIFY", "false", id="as other tools have it"),
    ],
)
async def test_no_switch_leaves_certificates_unchecked(
    certificate: Path, variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    async with tls_server(certificate) as url, network.async_client() as http:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get(url)
    context = network.trusted_certificates()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


async def test_a_neighbour_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as listener, network.direct_client() as http:

        def answer() -> None:
            accepted, _ = listener.accept()
            with accepted:
                accepted.recv(65536)
                accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, answer)
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/metadata"
            assert (await anyio.to_thread.run_sync(http.get, url)).text == "ok"


def test_threads_that_begin_at_once_share_one_sign_in_client() -> None:
    opened, start = list[httpx.Client](), threading.Barrier(8)

    def open_one() -> httpx.Client:
        client = httpx.Client(trust_env=False)
        opened.append(client)
        return client

    with network.OnDemand(open_one) as http:

        def call() -> None:
            start.wait(10)
            http()

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert len(opened) == 1
