"""The doctor on the network: names, proxies, certificates, what answers, and the clock."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from starlette.types import ASGIApp

import network
import web
from commands.doctor import issuer_of, resolved
from commands.doctor._proxy import route_to
from commands.doctor._verdict import Status, Verdict, ok
from errors import StartError
from tests.auth.support import public_cloud
from tests.certificates import key_and_certificate
from tests.commands.doctor.support import Dated, answering, surroundings, verdicts
from tests.test_network import tls_server

NETWORK = ("proxy", "dns-login", "dns-graph", "login-service", "clock", "discovery", "graph-service")
LOGIN, GRAPH = "login.microsoftonline.com", "graph.microsoft.com"


async def said(name: str, **details: Any) -> Verdict:
    return (await verdicts(surroundings(**details), "login-service", name))[name]


# The clock.


@pytest.mark.parametrize(
    ("ahead", "status", "says"),
    [
        pytest.param(0, Status.OK, "agrees", id="the same"),
        pytest.param(60, Status.OK, "agrees", id="a minute"),
        pytest.param(61, Status.WARN, "61 seconds behind", id="behind"),
        pytest.param(-61, Status.WARN, "61 seconds ahead of", id="ahead"),
        pytest.param(300, Status.WARN, "5 minutes behind", id="five minutes"),
        pytest.param(301, Status.FAIL, "5 minutes behind", id="more than five"),
        pytest.param(-3 * 3600, Status.FAIL, "3 hours ahead of", id="hours"),
    ],
)
async def test_the_clock_is_compared_with_that_of_the_sign_in_service(ahead: int, status: Status, says: str) -> None:
    cloud = public_cloud()
    verdict = await said("clock", cloud=cloud, transport=Dated(cloud, ahead=ahead))
    assert verdict.status is status
    assert says in verdict.says
    assert ("NTP" in verdict.remedy) == (status is not Status.OK)


async def test_a_copy_out_of_a_proxys_store_is_as_old_as_it_says() -> None:
    cloud = public_cloud()
    assert (await said("clock", cloud=cloud, transport=Dated(cloud, ahead=-600, age="600"))).status is Status.OK


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no date"),
        pytest.param({"date": "some day"}, id="no date in it"),
        pytest.param({"date": "Mon, 21 Sep 2026 14:13:20 GMT", "age": "old"}, id="an odd age"),
    ],
)
async def test_a_service_that_tells_no_time_is_not_compared(headers: dict[str, str]) -> None:
    verdict = await said("clock", transport=answering(lambda _: httpx.Response(200, headers=headers)))
    assert verdict.status is Status.SKIPPED


# What answers.


async def test_the_tenant_of_a_domain_is_found_out() -> None:
    cloud = public_cloud()
    tenant = cloud.app.state.tenant
    found = await verdicts(surroundings(cloud, {"ENTRA_TENANT_ID": tenant.domain}), *NETWORK)
    assert found["discovery"] == ok(f"issues tokens for tenant {tenant.id}")


@pytest.mark.parametrize(
    ("tenant", "says"),
    [
        pytest.param("common", "issues tokens for any tenant", id="common"),
        pytest.param("consumers", "issues tokens for personal accounts", id="consumers"),
    ],
)
async def test_shared_tenants_are_named(tenant: str, says: str) -> None:
    issued = "9188040d-6c67-4c5b-b112-36a304b66dad" if tenant == "consumers" else "{tenantid}"
    document = {"issuer": f"https://{LOGIN}/{issued}/v2.0", "msgraph_host": GRAPH}
    about = surroundings(
        environ={"ENTRA_TENANT_ID": tenant}, transport=answering(lambda _: httpx.Response(200, json=document))
    )
    assert (await verdicts(about, *NETWORK))["discovery"] == ok(says)


async def test_a_tenant_that_does_not_exist_is_named() -> None:
    verdict = await said("discovery", environ={"ENTRA_TENANT_ID": "nobody.example"})
    assert verdict.status is Status.FAIL
    assert "there is no tenant nobody.example in the public cloud" in verdict.says
    assert "ENTRA_TENANT_ID" in verdict.remedy


TENANT = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a11"


@pytest.mark.parametrize(
    ("document", "says", "remedy"),
    [
        pytest.param(
            {"issuer": f"https://login.microsoftonline.com.evil.example/{TENANT}/v2.0"},
            "tokens would come from login.microsoftonline.com.evil.example",
            "ENTRA_CLOUD",
            id="another host",
        ),
        pytest.param({"issuer": f"http://{LOGIN}/{TENANT}/v2.0"}, "tokens would come from", "proxy", id="no TLS"),
        pytest.param(
            {"issuer": f"https://{LOGIN}/{TENANT[:-1]}9/v2.0"}, f"not {TENANT}", "ENTRA_TENANT_ID", id="another tenant"
        ),
        pytest.param(
            {"issuer": f"https://{LOGIN}/{TENANT}/v2.0", "msgraph_host": "graph.microsoft.us"},
            "data is at graph.microsoft.us",
            "Set ENTRA_CLOUD=usgov.",
            id="another cloud",
        ),
        pytest.param(
            {"issuer": f"https://{LOGIN}/{TENANT}/v2.0", "msgraph_host": "graph.example"},
            "data is at graph.example",
            "administrator",
            id="an unknown cloud",
        ),
        pytest.param({"error": "other"}, "refuses this authority", "ENTRA_AUTHORITY", id="another error"),
        pytest.param({"no": "issuer"}, "something else answers", "hotel", id="no issuer"),
    ],
)
async def test_an_authority_that_does_not_fit_says_where(document: dict[str, str], says: str, remedy: str) -> None:
    transport = answering(lambda _: httpx.Response(200, json=document))
    verdict = await said("discovery", environ={"ENTRA_TENANT_ID": TENANT}, transport=transport)
    assert verdict.status is Status.FAIL
    assert says in verdict.says
    assert remedy in verdict.remedy


@pytest.mark.parametrize(
    ("answer", "discovery", "graph"),
    [
        pytest.param(httpx.Response(200, text="<html>hotel"), Status.FAIL, Status.FAIL, id="a page"),
        pytest.param(httpx.Response(302, headers={"location": "/"}), Status.FAIL, Status.FAIL, id="a redirect"),
        pytest.param(httpx.Response(200, json=[1]), Status.FAIL, Status.FAIL, id="no object"),
        pytest.param(httpx.Response(503, text="busy"), Status.WARN, Status.WARN, id="trouble that passes"),
    ],
)
async def test_whatever_answers_instead_is_seen(answer: httpx.Response, discovery: Status, graph: Status) -> None:
    transport = answering(lambda _: httpx.Response(answer.status_code, headers=answer.headers, content=answer.content))
    found = await verdicts(surroundings(transport=transport), *NETWORK)
    assert found["discovery"].status is discovery
    assert found["graph-service"].status is graph


async def test_graph_is_asked_without_a_token_and_no_redirect_is_followed() -> None:
    cloud = public_cloud()
    transport = Dated(cloud)
    found = await verdicts(surroundings(cloud, transport=transport), *NETWORK)
    assert found["graph-service"] == ok("graph.microsoft.com answers")
    assert [request.url.host for request in transport.asked] == [LOGIN, GRAPH]
    assert not any("authorization" in request.headers for request in transport.asked)


async def test_a_supplied_token_needs_no_sign_in_service() -> None:
    found = await verdicts(surroundings(environ={"GRAPH_ACCESS_TOKEN": "some-token-of-the-test"}), *NETWORK)
    assert found["login-service"].status is found["discovery"].status is found["clock"].status is Status.SKIPPED


# What does not answer.


@pytest.mark.parametrize(
    ("trouble", "environ", "says", "remedy"),
    [
        pytest.param(httpx.ConnectError("refused"), {}, "cannot be reached", "TCP port 443", id="refused"),
        pytest.param(httpx.ReadTimeout("slow"), {}, "does not answer in time", "firewall", id="slow"),
        pytest.param(
            httpx.ConnectError("refused"),
            {"HTTPS_PROXY": "http://user:canary-pass@proxy.example:3128"},
            "cannot be reached",
            "Check proxy http://proxy.example:3128 (from HTTPS_PROXY).",
            id="refused behind a proxy",
        ),
        pytest.param(
            httpx.ProxyError("407 Proxy Authentication Required"),
            {"https_proxy": "http://proxy.example:3128"},
            "the proxy does not let us through",
            "user and password",
            id="the proxy refuses",
        ),
    ],
)
async def test_why_there_is_no_answer(trouble: Exception, environ: dict[str, str], says: str, remedy: str) -> None:
    def fails(request: httpx.Request) -> httpx.Response:
        raise trouble

    found = await verdicts(surroundings(transport=answering(fails), variables=environ), *NETWORK)
    assert found["login-service"].status is found["graph-service"].status is Status.FAIL
    assert says in found["login-service"].says
    assert remedy in found["login-service"].remedy
    assert "canary-pass" not in str(found)
    assert found["discovery"].status is Status.SKIPPED


async def test_a_proxy_that_cannot_be_used_at_all_says_so() -> None:
    def unusable() -> httpx.AsyncClient:
        raise StartError("HTTPS_PROXY: this proxy cannot be used.")

    verdict = await said("login-service", http=unusable)
    assert verdict == Verdict(Status.FAIL, "does not work", "HTTPS_PROXY: this proxy cannot be used.")


# Names.


async def test_a_name_that_is_unknown_is_told_and_not_tried_again() -> None:
    async def unknown(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    cloud = public_cloud()
    transport = Dated(cloud)
    found = await verdicts(surroundings(cloud, transport=transport, resolve=unknown), *NETWORK)
    assert "Name or service not known" in found["dns-login"].says
    assert "HTTPS_PROXY" in found["dns-login"].remedy
    assert found["login-service"].status is found["graph-service"].status is Status.SKIPPED
    assert transport.asked == []


async def test_a_real_name_is_resolved() -> None:
    assert set(await resolved("localhost")) <= {"127.0.0.1", "::1"}


@pytest.mark.parametrize(
    "trouble",
    [pytest.param(OSError("none"), id="unknown"), pytest.param(UnicodeError("label too long"), id="no name at all")],
)
async def test_a_name_that_cannot_be_resolved_raises(trouble: Exception) -> None:
    def lookup(*_: object, **__: object) -> Sequence[Any]:
        raise trouble

    with pytest.raises(OSError, match=r"none|no name"):
        await resolved("x", lookup)


# Proxies.

PAST = "no proxy, by NO_PROXY"


@pytest.mark.parametrize(
    ("environ", "system", "address", "text"),
    [
        pytest.param({}, {}, "", "no proxy", id="none"),
        pytest.param(
            {"HTTPS_PROXY": "http://p:1"}, {}, "http://p:1", "proxy http://p:1 (from HTTPS_PROXY)", id="a variable"
        ),
        pytest.param({"all_proxy": "p:1"}, {}, "p:1", "proxy http://p:1 (from all_proxy)", id="for all, no scheme"),
        pytest.param({"HTTP_PROXY": "http://p:1"}, {}, "", "no proxy", id="for plain HTTP only"),
        pytest.param(
            {"https_proxy": "http://small", "HTTPS_PROXY": "http://large"},
            {},
            "http://small",
            "proxy http://small (from https_proxy)",
            id="small letters win",
        ),
        pytest.param({}, {"https": "http://s"}, "http://s", "proxy http://s (from the system settings)", id="system"),
        pytest.param({"HTTPS_PROXY": "http://p", "NO_PROXY": "*"}, {}, "", PAST, id="none for anybody"),
        pytest.param({"HTTPS_PROXY": "http://p", "NO_PROXY": "microsoft.com"}, {}, "", PAST, id="below"),
        pytest.param({"HTTPS_PROXY": "http://p", "no_proxy": f"a, {GRAPH}"}, {}, "", PAST, id="itself"),
        pytest.param(
            {"HTTPS_PROXY": "http://p", "NO_PROXY": ".graph.microsoft.com,soft.com,http://x"},
            {},
            "http://p",
            "proxy http://p (from HTTPS_PROXY)",
            id="only what is below, or alike",
        ),
        pytest.param({"HTTPS_PROXY": "http://p", "NO_PROXY": f"https://{GRAPH}"}, {}, "", PAST, id="with a scheme"),
        pytest.param(
            {"HTTPS_PROXY": "http://user:canary@p:1"},
            {},
            "http://user:canary@p:1",
            "proxy http://p:1 (from HTTPS_PROXY)",
            id="no password shown",
        ),
        pytest.param(
            {"HTTPS_PROXY": "http://[broken"},
            {},
            "http://[broken",
            "proxy (an address that cannot be read) (from HTTPS_PROXY)",
            id="unreadable",
        ),
    ],
)
def test_the_route_follows_the_rules_of_the_client(
    environ: dict[str, str], system: dict[str, str], address: str, text: str
) -> None:
    route = route_to(GRAPH, environ, system)
    assert (route.address, route.text) == (address, text)


@pytest.mark.parametrize(
    ("no_proxy", "is_excepted"),
    [
        pytest.param("microsoft.com", True, id="the domain"),
        pytest.param(".microsoft.com", True, id="below the domain"),
        pytest.param("graph.microsoft.com", True, id="the host"),
        pytest.param(".graph.microsoft.com", False, id="below the host"),
        pytest.param("soft.com", False, id="the end of a word"),
    ],
)
def test_the_rules_are_those_of_httpx_itself(
    no_proxy: str, monkeypatch: pytest.MonkeyPatch, *, is_excepted: bool
) -> None:
    environ = {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": no_proxy}
    for name in ("https_proxy", "all_proxy", "ALL_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with httpx.Client() as client:
        is_direct = client._transport_for_url(httpx.URL(f"https://{GRAPH}")) is client._transport
    assert is_direct is is_excepted
    assert (not route_to(GRAPH, environ, {}).address) is is_excepted


async def test_which_hosts_pass_the_proxy_is_told() -> None:
    environ = {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": "graph.microsoft.com"}
    found = await verdicts(surroundings(variables=environ), *NETWORK)
    assert found["proxy"].says == (
        "proxy http://proxy.example:3128 (from HTTPS_PROXY); NO_PROXY lets graph.microsoft.com past it"
    )
    assert found["dns-login"].says == "the proxy resolves login.microsoftonline.com"
    assert found["dns-graph"].status is Status.OK


# Certificates.


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param({}, "trusted: the operating system", id="the system's"),
        pytest.param(
            {"SSL_CERT_FILE": "/etc/own.pem"},
            "trusted: the operating system and SSL_CERT_FILE (/etc/own.pem)",
            id="a file",
        ),
        pytest.param(
            {"REQUESTS_CA_BUNDLE": "/etc/own.pem"},
            "trusted: the operating system and REQUESTS_CA_BUNDLE (/etc/own.pem)",
            id="a bundle",
        ),
        pytest.param(
            {"CURL_CA_BUNDLE": "/etc/own.pem"},
            "trusted: the operating system; CURL_CA_BUNDLE is for other programs and is not read here",
            id="a variable of others",
        ),
    ],
)
async def test_whose_certificates_are_trusted(environ: dict[str, str], says: str) -> None:
    found = await verdicts(surroundings(variables=environ), "certificates")
    assert found["certificates"] == ok(says)


async def test_a_file_of_certificates_that_is_missing_is_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    verdict = await said("certificates", trusted=network.trusted_certificates)
    assert verdict.status is Status.FAIL
    assert "SSL_CERT_FILE" in verdict.remedy


class Elsewhere(httpx.AsyncBaseTransport):
    """Every host is a server on loopback, as behind a proxy that inspects TLS."""

    def __init__(self, url: str) -> None:
        self._url = httpx.URL(url)
        self._inner = httpx.AsyncHTTPTransport(verify=network.trusted_certificates())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(host=self._url.host, port=self._url.port)
        return await self._inner.handle_async_request(request)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("tls") / "loopback.pem"
    file.write_text("".join(key_and_certificate()))
    return file


async def test_a_certificate_that_is_not_trusted_names_its_issuer(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in network.CA_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    asked: list[str] = []

    async def issuer(url: str) -> str:
        asked.append(url)
        return "CN=Inspecting Proxy"

    async with tls_server(certificate) as url:
        variables = {"CURL_CA_BUNDLE": "/etc/proxy.pem"}
        verdict = await said("login-service", transport=Elsewhere(url), issuer_of=issuer, variables=variables)
    assert verdict.status is Status.FAIL
    assert "is not trusted" in verdict.says
    assert "self-signed" in verdict.says.replace("self signed", "self-signed")
    assert "issued by CN=Inspecting Proxy" in verdict.says
    assert "SSL_CERT_FILE. It may be in /etc/proxy.pem" in verdict.remedy
    assert asked[0].startswith(f"https://{LOGIN}/")


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] expired"), id="told in the text"),
        pytest.param(ssl.SSLCertVerificationError(1, "expired"), id="told by its cause"),
    ],
)
async def test_an_issuer_that_cannot_be_seen_is_no_crash(error: Exception) -> None:
    def fails(request: httpx.Request) -> httpx.Response:
        if isinstance(error, httpx.ConnectError):
            raise error
        raise httpx.ConnectError("no TLS") from error

    async def unseen(url: str) -> str:
        raise OSError("gone")

    verdict = await said("login-service", transport=answering(fails), issuer_of=unseen)
    assert "issued by an unknown issuer" in verdict.says


async def test_the_issuer_is_read_and_no_request_is_sent(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    received: list[bytes] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        accepted.settimeout(10)
        with context.wrap_socket(accepted, server_side=True) as connection:
            received.append(b"".join(iter(lambda: _received(connection), b"")))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, serve, listener)
            assert await issuer_of(f"https://127.0.0.1:{listener.getsockname()[1]}/x") == "CN=graphward test"
    assert received == [b""]


async def test_the_issuer_is_read_through_a_proxy_too(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked: list[bytes] = []

    def inspect(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        accepted.settimeout(10)
        asked.append(accepted.recv(65536))
        accepted.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(accepted, server_side=True) as connection:
            asked.append(_received(connection))

    for name in ("HTTPS_PROXY", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{listener.getsockname()[1]}")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, inspect, listener)
            assert await issuer_of(f"https://{LOGIN}/x") == "CN=graphward test"
    assert asked[0].startswith(f"CONNECT {LOGIN}:443 ".encode())
    assert asked[1] == b"", "no request is sent to whom nobody trusts"


def _received(connection: ssl.SSLSocket) -> bytes:
    try:
        return connection.recv(65536)
    except OSError:
        return b""


async def test_a_host_that_does_not_answer_shows_no_certificate() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(httpx.TransportError):
        await issuer_of(f"https://127.0.0.1:{port}/")


@asynccontextmanager
async def serving_plain(app: ASGIApp) -> AsyncIterator[str]:
    listener = web.bound_socket("127.0.0.1", 0)
    async with web.serving(app, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


async def test_an_address_without_tls_shows_no_certificate() -> None:
    cloud = public_cloud()
    async with serving_plain(cloud) as url:
        with pytest.raises(OSError, match="shows no certificate"):
            await issuer_of(url)
