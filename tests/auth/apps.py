"""What tests of apps that prove who they are share: the app, the wire that it speaks over, keys and certificates."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from starlette.types import ASGIApp

from auth._keeper import TokenKeeper
from auth.aadsts import Context
from auth.client_credentials import ClientCredentialsSource
from auth.credentials import Credential
from clouds import PUBLIC
from emulator import AppRegistration, BlockingTransport, Tenant, build_emulator
from emulator.entra import Entra
from network import sync_client
from tests.support import small_tenant

APP = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"
SECRET = "a-secret-of-the-test"
GRAPH = "https://graph.microsoft.com"
DEFAULT = [f"{GRAPH}/.default"]


class Clock:
    """A clock that is moved by hand."""

    def __init__(self, ahead: float = 0) -> None:
        self.now = time.time() + ahead

    def __call__(self) -> float:
        return self.now


class Wire(httpx.BaseTransport):
    """Passes on to the emulator and remembers what was sent; `before` gets each request first, and may answer it."""

    def __init__(self, app: ASGIApp) -> None:
        self._inner = BlockingTransport(app)
        self.requests: list[httpx.Request] = []
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda _: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return self.before(request) or self._inner.handle_request(request)

    @property
    def forms(self) -> list[dict[str, str]]:
        """What was posted to the token endpoint."""
        posted = (request for request in self.requests if request.method == "POST")
        return [dict(parse_qsl(request.content.decode())) for request in posted]


class Cloud:
    """The emulator with an app that proves who it is."""

    def __init__(self, *, clock: Callable[[], float] = time.time, tenant: Tenant | None = None, **details: Any) -> None:
        self.tenant = tenant or small_tenant()
        self.app = build_emulator(self.tenant, clock=clock)
        self.entra: Entra = self.app.state.entra
        self.wire = Wire(self.app)
        self.http = sync_client(self.wire)
        self.details = details
        self.register(**details)

    def register(self, **details: Any) -> None:
        """Register the app, or change its registration."""
        self.details |= details
        self.entra.register(AppRegistration(client_id=APP, display_name="Nightly report", **self.details))

    def context(self, *, scopes: tuple[str, ...] = (DEFAULT[0],), mode: Any = "application") -> Context:
        return Context(PUBLIC.login_url, self.tenant.id, APP, scopes, mode)

    def source(self, credential: Credential, keeper: TokenKeeper | None = None) -> ClientCredentialsSource:
        return ClientCredentialsSource(self.context(), credential, lambda: self.http, keeper or TokenKeeper())

    @property
    def assertion_header(self) -> dict[str, Any]:
        """The header of the client assertion that was sent last."""
        return dict(jwt.get_unverified_header(self.wire.forms[-1]["client_assertion"]))


def replaced(path: Path, text: str) -> None:
    """Write a file as a careful program does: beside it, then in its place."""
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.chmod(0o600)
    beside.replace(path)


def removed(path: Path) -> None:
    path.unlink()


def text_in(path: Path) -> str:
    return path.read_text("utf-8")


def overwritten(path: Path, text: str) -> None:
    """Write over a file in place, and set its date back: nothing shows from outside that it changed."""
    before = path.stat()
    path.write_text(text, encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


RSA_KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(4)]


def key_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: str = "", *, legacy: bool = False) -> str:
    form = serialization.PrivateFormat.TraditionalOpenSSL if legacy else serialization.PrivateFormat.PKCS8
    how = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, how).decode()


def certificate(
    key: Any, *, name: str = "leaf", days: tuple[float, float] = (-1, 90), by: tuple[Any, str] | None = None
) -> str:
    """A certificate for a key, valid from so many days to so many days from now, signed by (key, name) or itself."""
    signer, issuer = by or (key, name)
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .sign(signer, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


def public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
