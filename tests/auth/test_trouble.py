"""auth/trouble.py: what MSAL and the network raise, met through real MSAL, is told as what it is."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio.to_thread
import httpx
import msal
import pytest

import network
from auth.msal_http import client_options
from auth.trouble import sign_in_trouble
from errors import AppRefused, SignInError, SignInNeeded, SignInUnavailable
from tests.auth.aadsts_scene import APP, LOGIN, SECRET, TENANT_ID, Scene
from tests.certificates import key_and_certificate

PROXY_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def no_network_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine of the developer names does not count."""
    for variable in (*PROXY_VARIABLES, *(name.lower() for name in PROXY_VARIABLES), *network.CA_VARIABLES):
        monkeypatch.delenv(variable, raising=False)


def signs_in(http: httpx.Client) -> dict[str, Any]:
    """What a daemon does first."""
    with http, sign_in_trouble():
        options = client_options(http)
        application = msal.ConfidentialClientApplication(
            APP, client_credential=SECRET, authority=f"{LOGIN}/{TENANT_ID}", **options
        )
        return dict(application.acquire_token_for_client(["https://graph.microsoft.com/.default"]))


@contextmanager
def proxy(answer: bytes, certificate: Path | None = None) -> Iterator[str]:
    """A proxy that answers one CONNECT like this, and goes on with a certificate of its own if it has one."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve, args=(listener, answer, certificate))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with suppress(OSError):  # whoever still waits for a caller gets one
            socket.create_connection(listener.getsockname(), 1).close()
        thread.join()
        listener.close()


def _serve(listener: socket.socket, answer: bytes, certificate: Path | None) -> None:
    try:
        accepted, _ = listener.accept()
        with accepted:
            accepted.recv(65536)
            accepted.sendall(answer)
            if certificate is not None:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate)
                context.wrap_socket(accepted, server_side=True).close()
    except OSError:
        return


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param(
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "wants a user name and a password", id="password"
        ),
        pytest.param(b"HTTP/1.1 403 Forbidden\r\n\r\n", "did not let the connection", id="forbidden"),
        pytest.param(b"HTTP/1.1 502 Bad Gateway\r\n\r\n", "did not let the connection", id="no way on"),
    ],
)
def test_a_proxy_that_refuses_is_told_as_such(answer: bytes, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(answer) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        with pytest.raises(SignInUnavailable, match=says) as told:
            signs_in(network.sync_client())
    assert "HTTPS_PROXY" in str(told.value)


def test_a_proxy_that_inspects_tls_is_to_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "proxy.pem"
    file.write_text("".join(key_and_certificate()))
    with proxy(b"HTTP/1.1 200 Connection established\r\n\r\n", file) as url:
        monkeypatch.setenv("HTTPS_PROXY", url)
        with pytest.raises(SignInUnavailable, match="SSL_CERT_FILE"):
            signs_in(network.sync_client())


def test_a_proxy_that_is_not_there_is_a_network_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy(b"") as url:
        pass
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(SignInUnavailable, match="cannot be reached"):
        signs_in(network.sync_client())


def raising(error: Exception, cause: Exception | None = None) -> httpx.Client:
    def handle(request: httpx.Request) -> httpx.Response:
        raise error from cause

    return httpx.Client(transport=httpx.MockTransport(handle))


def not_valid_now(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("the system says it in its own words")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "cause", "says"),
    [
        pytest.param(httpx.ConnectError("[Errno -2] Name or service not known"), None, "cannot be reached", id="name"),
        pytest.param(httpx.ConnectTimeout("timed out"), None, "did not answer in time", id="no connection in time"),
        pytest.param(httpx.ReadTimeout("timed out"), None, "did not answer in time", id="no answer in time"),
        pytest.param(httpx.RemoteProtocolError("peer closed"), None, "cannot be reached", id="connection broke"),
        pytest.param(
            httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"),
            None,
            "SSL_CERT_FILE",
            id="untrusted",
        ),
        pytest.param(
            httpx.ConnectError("it is not trusted"),
            ssl.SSLCertVerificationError("it is not trusted"),
            "SSL_CERT_FILE",
            id="untrusted, in a system's own words",
        ),
        pytest.param(
            httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired"),
            None,
            "Set the clock",
            id="expired",
        ),
        pytest.param(
            httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate is not yet valid"),
            None,
            "Set the clock",
            id="not yet valid",
        ),
        pytest.param(httpx.ConnectError("no"), not_valid_now(10), "Set the clock", id="expired, by its number"),
        pytest.param(httpx.ConnectError("no"), not_valid_now(18), "SSL_CERT_FILE", id="untrusted, by its number"),
    ],
)
def test_a_network_that_fails_names_the_remedy(error: Exception, cause: Exception | None, says: str) -> None:
    with pytest.raises(SignInUnavailable, match=says):
        signs_in(raising(error, cause))


async def test_a_tenant_that_does_not_exist_is_known_by_its_number() -> None:
    def look() -> None:
        with sign_in_trouble():
            Scene().public(tenant="nowhere.example")

    with pytest.raises(AppRefused, match="ENTRA_TENANT_ID") as told:
        await anyio.to_thread.run_sync(look)
    assert told.value.code == 90002


def test_msals_own_words_for_an_unknown_authority_are_understood() -> None:
    with pytest.raises(AppRefused, match="ENTRA_AUTHORITY"), sign_in_trouble():
        raise ValueError("Unable to get authority configuration for https://login.microsoftonline.com/x.")


@pytest.mark.parametrize(
    ("kept", "brought"),
    [
        pytest.param({}, {"state": "of-another-sign-in"}, id="another state"),
        pytest.param({"state": ""}, {}, id="no state kept"),
        pytest.param({"nonce": "of-another-sign-in"}, {}, id="another nonce"),
        pytest.param({}, {"code": ""}, id="neither code nor error"),
    ],
)
async def test_an_answer_of_another_sign_in_is_refused_and_not_logged(
    kept: dict[str, str], brought: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    scene = Scene()

    def sign_in() -> None:
        application = scene.public()
        flow, answer = scene.answered(application)
        with sign_in_trouble():
            application.acquire_token_by_auth_code_flow({**flow, **kept}, {**answer, **brought})

    with caplog.at_level("INFO"), pytest.raises(SignInError, match="does not belong to this sign-in") as told:
        await anyio.to_thread.run_sync(sign_in)
    assert "of-another-sign-in" not in str(told.value)
    assert "of-another-sign-in" not in caplog.text
    assert "sign-in failed" in caplog.text


def test_discovery_that_lacks_an_address_is_no_usable_answer() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"issuer": "https://login.microsoftonline.com"})

    with pytest.raises(SignInUnavailable, match="no usable answer"):
        signs_in(httpx.Client(transport=httpx.MockTransport(handle)))


def test_an_error_of_ours_passes_through() -> None:
    needed = SignInNeeded("Open the page.", url="https://microsoft.com/devicelogin")
    with pytest.raises(SignInNeeded) as told, sign_in_trouble():
        raise needed
    assert told.value is needed


def test_nothing_is_changed_where_nothing_is_raised() -> None:
    with sign_in_trouble():
        answer = 42
    assert answer == 42
