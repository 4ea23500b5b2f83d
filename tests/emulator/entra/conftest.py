"""One small tenant with its Entra, and the ways to talk to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.testclient import TestClient

from emulator.entra import AppRegistration, Entra
from emulator.entra.keys import SigningKey
from emulator.tenant import Person, Tenant
from tests.emulator.entra.driver import (
    CERTIFICATE_APP,
    LOGIN,
    NARROW_APP,
    SECRET,
    SECRET_APP,
    TENANT_ID,
    WEB_REDIRECT,
    Browser,
    Clock,
    MsalHttp,
)


@dataclass(frozen=True)
class KeyPair:
    """A private key and its certificate, as PEM."""

    private: str
    certificate: str
    loaded: x509.Certificate


def make_key_pair(key: Any) -> KeyPair:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "daemon.lindenhall.example")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=3650))
    certificate = builder.sign(key, hashes.SHA256())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return KeyPair(private, certificate.public_bytes(Encoding.PEM).decode(), certificate)


@pytest.fixture(scope="session")
def key_pair() -> KeyPair:
    return make_key_pair(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture(scope="session")
def stranger() -> KeyPair:
    """A key pair that nobody registered."""
    return make_key_pair(rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tenant() -> Tenant:
    tenant = Tenant(id=TENANT_ID, domain="lindenhall.example", display_name="Lindenhall")
    tenant.add_person("Mira Sandoval", job_title="Office Manager")
    tenant.add_person("Tobias Okafor", job_title="Engineer")
    tenant.add_person("Gone Person", account_enabled=False)
    return tenant


@pytest.fixture
def mira(tenant: Tenant) -> Person:
    return next(person for person in tenant.people.values() if person.display_name == "Mira Sandoval")


@pytest.fixture
def tobias(tenant: Tenant) -> Person:
    return next(person for person in tenant.people.values() if person.display_name == "Tobias Okafor")


@pytest.fixture
def gone(tenant: Tenant) -> Person:
    return next(person for person in tenant.people.values() if not person.account_enabled)


@pytest.fixture(scope="session")
def signing_keys() -> tuple[SigningKey, SigningKey]:
    """Made once: to make keys takes longer than most of the tests."""
    now = Clock()()
    return SigningKey.new(now), SigningKey.new(now)


@pytest.fixture
def entra(tenant: Tenant, clock: Clock, key_pair: KeyPair, signing_keys: tuple[SigningKey, SigningKey]) -> Entra:
    entra = Entra(tenant, clock=clock)
    entra.keys.current, entra.keys.standby = signing_keys
    roles = frozenset({"Mail.Read", "User.Read.All"})
    redirects = (WEB_REDIRECT,)
    entra.register(AppRegistration(SECRET_APP, "Web app", redirects, secrets=(SECRET,), application_roles=roles))
    entra.register(AppRegistration(CERTIFICATE_APP, "Daemon", certificates=(key_pair.certificate,)))
    entra.register(
        AppRegistration(
            NARROW_APP,
            "Narrow <b>app</b>",
            ("http://localhost/back", "narrow.app://auth"),
            allow_public_client=True,
            delegated_scopes=frozenset({"User.Read", "Mail.Read"}),
        )
    )
    return entra


@pytest.fixture
def client(entra: Entra) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=entra.routes), base_url=LOGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def browser(client: TestClient) -> Browser:
    return Browser(client)


@pytest.fixture
def msal_http(client: TestClient) -> MsalHttp:
    return MsalHttp(client)
