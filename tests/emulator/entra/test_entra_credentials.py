"""How an application proves itself: secrets that are good, over or mistaken, and certificates with their dates."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from typing import Any

import jwt
import msal
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.testclient import TestClient

from emulator.entra import Entra
from tests.emulator.entra.api_flows import (
    API_APP,
    GRAPH_DEFAULT,
    OTHER_API,
    TOKEN_URL,
    api,
    app_only,
    asserted,
    claims_of,
)
from tests.emulator.entra.conftest import KeyPair
from tests.emulator.entra.driver import AUTHORITY, SECRET, Clock, MsalHttp, aadsts

DAY = timedelta(days=1)


class Daemon:
    """The application's own side: a key, certificates for it with the dates that a test needs, and assertions."""

    def __init__(self, entra: Entra, clock: Clock, key: rsa.RSAPrivateKey) -> None:
        self._entra = entra
        self._clock = clock
        self.key = key

    def certify(self, since: timedelta = -DAY, until: timedelta = DAY) -> x509.Certificate:
        """Register a certificate that is valid between two moments, counted from now."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "daemon.lindenhall.example")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        builder = builder.serial_number(7).not_valid_before(now + since).not_valid_after(now + until)
        certificate = builder.sign(self.key, hashes.SHA256())
        self._entra.register(api(certificates=(pem(certificate),)))
        return certificate

    def sign(self, certificate: x509.Certificate, algorithm: str = "PS256", **changes: Any) -> str:
        """An assertion in the application's name."""
        header = changes.pop("header", {"x5t#S256": b64(certificate.fingerprint(hashes.SHA256()))})
        now = self._clock()
        claims = {"aud": TOKEN_URL, "iss": API_APP, "sub": API_APP, "jti": "once", "nbf": now, "exp": now + 300}
        return jwt.encode(claims | changes, self.key, algorithm, headers=header)


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def daemon(entra: Entra, clock: Clock, key: rsa.RSAPrivateKey) -> Daemon:
    return Daemon(entra, clock, key)


# --- secrets


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        pytest.param("old", 7000222, id="expired"),
        pytest.param("9f2d1c3e-1111-4222-8333-444444444444", 7000215, id="the id of a secret"),
        pytest.param("nonsense", 7000215, id="wrong"),
    ],
)
def test_a_secret_that_is_over_is_told_from_a_wrong_one(
    client: TestClient, entra: Entra, secret: str, code: int
) -> None:
    entra.register(api(expired_secrets=("older", "old")))
    answer = app_only(client, client_secret=secret)
    assert (answer.status_code, answer.json()["error"], aadsts(answer)) == (401, "invalid_client", code)


def test_the_answer_to_a_wrong_secret_thinks_of_the_secrets_id(client: TestClient, entra: Entra) -> None:
    entra.register(api())
    assert "not its id" in app_only(client, client_secret="nonsense").json()["error_description"]


def test_an_application_with_expired_secrets_alone_is_still_confidential(client: TestClient, entra: Entra) -> None:
    entra.register(api(secrets=(), expired_secrets=("old",)))
    assert aadsts(app_only(client, client_secret="old")) == 7000222


def test_a_new_secret_works_beside_the_old_one(client: TestClient, entra: Entra) -> None:
    entra.register(api(secrets=("first", "second")))
    for secret in ("first", "second"):
        assert app_only(client, client_secret=secret).status_code == 200


def test_msal_reads_that_a_secret_has_expired(msal_http: MsalHttp, entra: Entra) -> None:
    entra.register(api(expired_secrets=("old",)))
    app = msal.ConfidentialClientApplication(API_APP, "old", AUTHORITY, http_client=msal_http)
    result = app.acquire_token_for_client([GRAPH_DEFAULT])
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000222])


# --- certificates


@pytest.mark.parametrize("algorithm", ["PS256", "RS256"])
@pytest.mark.parametrize("thumbprint", ["x5t", "x5t#S256"])
def test_a_certificate_is_found_by_either_thumbprint(
    client: TestClient, daemon: Daemon, algorithm: str, thumbprint: str
) -> None:
    certificate = daemon.certify()
    der = certificate.public_bytes(Encoding.DER)
    digest = sha256(der) if thumbprint == "x5t#S256" else sha1(der, usedforsecurity=False)
    answer = asserted(client, daemon.sign(certificate, algorithm, header={thumbprint: b64(digest.digest())}))
    assert claims_of(answer)["appidacr"] == "2"


@pytest.mark.parametrize(
    ("since", "until"),
    [
        pytest.param(-2 * DAY, -DAY, id="expired"),
        pytest.param(DAY, 2 * DAY, id="not yet valid"),
    ],
)
def test_a_registered_certificate_is_held_to_its_dates(
    client: TestClient, daemon: Daemon, since: timedelta, until: timedelta
) -> None:
    answer = asserted(client, daemon.sign(daemon.certify(since, until)))
    assert (answer.status_code, answer.json()["error"], aadsts(answer)) == (401, "invalid_client", 700027)
    assert "the certificate" in answer.json()["error_description"]


def test_a_certificate_expires_while_the_clock_runs(client: TestClient, daemon: Daemon, clock: Clock) -> None:
    certificate = daemon.certify()
    assert asserted(client, daemon.sign(certificate)).status_code == 200
    clock.move(days=2)
    assert aadsts(asserted(client, daemon.sign(certificate))) == 700027


def test_an_assertion_may_be_sent_twice(client: TestClient, daemon: Daemon) -> None:
    assertion = daemon.sign(daemon.certify())
    assert [asserted(client, assertion).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"aud": f"{AUTHORITY}/oauth2/v2.0/authorize"}, 700023, id="other audience"),
        pytest.param({"exp": 1}, 700024, id="expired"),
        pytest.param({"iss": OTHER_API, "sub": OTHER_API}, 700021, id="of another application"),
        pytest.param({"sub": "somebody"}, 50048, id="about somebody else"),
        pytest.param({"jti": 7}, 50027, id="id that is a number"),
        pytest.param({"header": {"x5t": "AAAA"}}, 700027, id="unknown thumbprint"),
        pytest.param({"algorithm": "RS384"}, 700027, id="other algorithm"),
    ],
)
def test_a_wrong_assertion_is_refused(client: TestClient, daemon: Daemon, changes: dict[str, Any], code: int) -> None:
    assert aadsts(asserted(client, daemon.sign(daemon.certify(), **changes))) == code


@pytest.mark.parametrize(
    "details",
    [
        pytest.param({"certificates": ("rubbish",)}, id="certificate that is none"),
        pytest.param({"accounts": "everybody"}, id="unknown kind of accounts"),
        pytest.param({"token_version": 3}, id="unknown version"),
    ],
)
def test_a_registration_that_makes_no_sense_is_refused_at_once(details: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"PEM|accounts must be"):
        api(**details)


def test_msal_sends_its_certificate_along(
    msal_http: MsalHttp, entra: Entra, client: TestClient, key_pair: KeyPair
) -> None:
    entra.register(api(certificates=(key_pair.certificate,), secrets=(SECRET,)))
    thumbprint = sha1(key_pair.loaded.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest()
    credential = {
        "private_key": key_pair.private,
        "thumbprint": thumbprint,
        "public_certificate": key_pair.certificate,
    }
    app = msal.ConfidentialClientApplication(API_APP, credential, AUTHORITY, http_client=msal_http)
    result = app.acquire_token_for_client([GRAPH_DEFAULT])
    assert entra.caller(f"Bearer {result['access_token']}").app_id == API_APP


def test_msal_works_out_the_thumbprint_of_a_certificate(msal_http: MsalHttp, daemon: Daemon) -> None:
    private = daemon.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    credential = {"private_key": private, "public_certificate": pem(daemon.certify())}
    app = msal.ConfidentialClientApplication(API_APP, credential, AUTHORITY, http_client=msal_http)
    assert "access_token" in app.acquire_token_for_client([GRAPH_DEFAULT])
