"""auth/certificate.py: an app proves itself with a certificate, by real MSAL; and all that a PEM text can be."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from auth.certificate import CertificateCredential, read_certificate
from auth.credentials import credential_of
from errors import AppRefused
from settings import read_settings
from tests.auth.apps import APP, DEFAULT, RSA_KEYS, Clock, Cloud, certificate, key_pem, replaced

KEY, OTHER, ISSUER, ROOT = RSA_KEYS
PUBLIC = certificate(KEY)
PAIR = key_pem(KEY) + PUBLIC
SOON = "the app's certificate expires soon; upload and set a new one"
FORMER = "the certificate on file cannot be used, the former one is"
DAY = 86_400


def chained() -> tuple[str, str, str]:
    """A leaf, who vouches for it, and who vouches for that."""
    leaf = certificate(KEY, by=(ISSUER, "issuer"))
    return leaf, certificate(ISSUER, name="issuer", by=(ROOT, "root")), certificate(ROOT, name="root")


def names(pem: str) -> list[str]:
    return [each.subject.rfc4514_string() for each in x509.load_pem_x509_certificates(pem.encode())]


@pytest.mark.parametrize(
    ("pem", "passphrase"),
    [
        pytest.param(PAIR, "", id="key first"),
        pytest.param(PUBLIC + key_pem(KEY), "", id="certificate first"),
        pytest.param(key_pem(KEY, legacy=True) + PUBLIC, "", id="a legacy key"),
        pytest.param(key_pem(KEY, "open sesame") + PUBLIC, "open sesame", id="an encrypted key"),
        pytest.param(key_pem(KEY, "öffne dich") + PUBLIC, "öffne dich", id="a passphrase beyond ASCII"),
        pytest.param(key_pem(KEY, "open sesame", legacy=True) + PUBLIC, "open sesame", id="an encrypted legacy key"),
        pytest.param(PAIR, "not needed", id="a passphrase for a key that has none"),
        pytest.param(PAIR.replace("\n", "\\n"), "", id="line breaks written out"),
        pytest.param(PAIR.replace("\n", "\r\n"), "", id="line breaks of Windows"),
        pytest.param(f"Bag Attributes\n    friendlyName: nightly\n{PAIR}\ntrailing text", "", id="as openssl exports"),
    ],
)
async def test_a_certificate_signs_the_app_in(pem: str, passphrase: str) -> None:
    cloud = Cloud(certificates=(PUBLIC,))
    assert await cloud.source(CertificateCredential(pem, passphrase)).token(DEFAULT)
    assert "client_secret" not in cloud.wire.forms[0]
    assert {"alg": "PS256", "typ": "JWT"}.items() <= cloud.assertion_header.items()
    assert "x5t#S256" in cloud.assertion_header


@pytest.mark.parametrize("turn", [pytest.param(number, id=f"order {number}") for number in range(4)])
async def test_a_chain_is_sent_leaf_first_whatever_its_order_and_strays_stay_here(turn: int) -> None:
    leaf, issuer, root = chained()
    parts = [key_pem(KEY), root, certificate(OTHER, name="stray"), leaf, issuer]
    cloud = Cloud(certificates=(leaf,))
    assert await cloud.source(CertificateCredential("".join(parts[turn:] + parts[:turn]))).token(DEFAULT)
    sent = [x509.load_der_x509_certificate(base64.b64decode(each)) for each in cloud.assertion_header["x5c"]]
    assert [each.subject.rfc4514_string() for each in sent] == ["CN=leaf", "CN=issuer", "CN=root"]


def test_certificates_that_vouch_for_each_other_are_no_endless_chain() -> None:
    one = certificate(KEY, name="one", by=(OTHER, "two"))
    two = certificate(OTHER, name="two", by=(KEY, "one"))
    form = CertificateCredential(key_pem(KEY) + one + two).for_msal()
    assert names(form["public_certificate"]) == ["CN=one", "CN=two"]


def test_a_namesake_of_the_issuer_is_not_the_issuer() -> None:
    leaf, _, _ = chained()
    form = CertificateCredential(key_pem(KEY) + leaf + certificate(OTHER, name="issuer")).for_msal()
    assert names(form["public_certificate"]) == ["CN=leaf"]


@pytest.mark.parametrize(
    "first", [pytest.param(True, id="the old one first"), pytest.param(False, id="the new one first")]
)
def test_of_two_certificates_for_one_key_the_one_that_lasts_is_taken(first: bool) -> None:
    old, new = certificate(KEY, name="old", days=(-300, -1)), certificate(KEY, name="new")
    form = CertificateCredential(key_pem(KEY) + (old + new if first else new + old)).for_msal()
    assert names(form["public_certificate"]) == ["CN=new"]


def test_a_renewed_certificate_that_is_not_valid_yet_waits_its_turn() -> None:
    old, new = certificate(KEY, name="old", days=(-300, 20)), certificate(KEY, name="new", days=(1, 366))
    form = CertificateCredential(key_pem(KEY) + new + old).for_msal()
    assert names(form["public_certificate"]) == ["CN=old"]


def of_another_kind(key: rsa.RSAPrivateKey) -> str:
    """The key, with another number where its kind stands."""
    form = serialization.PrivateFormat.PKCS8
    der = key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption())
    changed = der.replace(bytes.fromhex("2a864886f70d010101"), bytes.fromhex("2a864886f70d010163"))
    text = base64.encodebytes(changed).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{text}-----END PRIVATE KEY-----\n"


EC_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    ("pem", "passphrase", "says"),
    [
        pytest.param("", "", "this has 0 and 0", id="empty"),
        pytest.param(PUBLIC, "", "this has 0 and 1", id="no key"),
        pytest.param(key_pem(KEY), "", "this has 1 and 0", id="no certificate"),
        pytest.param(PAIR + key_pem(OTHER), "", "this has 2 and 1", id="two keys"),
        pytest.param(PAIR[: len(PAIR) - 40], "", "this has 1 and 0", id="cut off"),
        pytest.param(key_pem(KEY) + PUBLIC.replace("MII", "xyz"), "", "certificate in it is damaged", id="damaged"),
        pytest.param(key_pem(KEY).replace("MII", "xyz") + PUBLIC, "", "the private key is damaged", id="damaged key"),
        pytest.param(key_pem(OTHER) + PUBLIC, "", "belongs to none of the certificates", id="not a pair"),
        pytest.param(key_pem(KEY, "a") + PUBLIC, "", "ENTRA_CERTIFICATE_PASSPHRASE_FILE", id="no passphrase"),
        pytest.param(key_pem(KEY, "a") + PUBLIC, "b", "the passphrase is wrong", id="wrong passphrase"),
        pytest.param(
            key_pem(KEY, "a", legacy=True) + PUBLIC, "b", "the passphrase is wrong", id="wrong passphrase, legacy"
        ),
        pytest.param(key_pem(EC_KEY) + certificate(EC_KEY), "", "is not RSA", id="an elliptic curve"),
        pytest.param(
            key_pem(KEY).replace("BEGIN PRIVATE", "BEGIN OPENSSH PRIVATE").replace("END PRIVATE", "END OPENSSH PRIVATE")
            + PUBLIC,
            "",
            "the private key is damaged",
            id="a key in a form of its own",
        ),
        pytest.param(of_another_kind(KEY) + PUBLIC, "", "openssl pkcs8", id="a kind that is not known"),
    ],
)
def test_a_pem_text_that_cannot_be_used_says_what_to_do(pem: str, passphrase: str, says: str) -> None:
    with pytest.raises(AppRefused, match=says) as caught:
        CertificateCredential(pem, passphrase).for_msal()
    assert str(caught.value).startswith("ENTRA_CLIENT_CERTIFICATE: ")
    with pytest.raises(ValueError, match=says):
        read_certificate(pem, passphrase, 0)


@pytest.mark.parametrize(
    ("days", "says"),
    [
        pytest.param((-400, -2), r"expired on 20\d\d-\d\d-\d\d \d\d:\d\d UTC\. Upload a new one", id="expired"),
        pytest.param((2, 400), r"valid from 20\d\d-\d\d-\d\d \d\d:\d\d UTC only.*Set the clock", id="not yet valid"),
    ],
)
async def test_a_certificate_outside_its_time_is_not_sent(days: tuple[float, float], says: str) -> None:
    cloud = Cloud(certificates=(PUBLIC,))
    with pytest.raises(AppRefused, match=says):
        await cloud.source(CertificateCredential(key_pem(KEY) + certificate(KEY, days=days))).token(DEFAULT)
    assert not cloud.wire.requests


@pytest.mark.parametrize(
    ("days", "warnings"), [pytest.param(13, 1, id="13 days left"), pytest.param(15, 0, id="15 days left")]
)
def test_a_certificate_that_expires_soon_is_told_once(
    days: int, warnings: int, caplog: pytest.LogCaptureFixture
) -> None:
    credential = CertificateCredential(key_pem(KEY) + certificate(KEY, days=(-1, days)))
    for _ in range(3):
        credential.for_msal()
    assert [record.getMessage() for record in caplog.records] == [SOON] * warnings


async def test_a_certificate_that_the_app_does_not_have_is_told_with_its_number() -> None:
    cloud = Cloud(certificates=(certificate(OTHER),))
    with pytest.raises(AppRefused, match="AADSTS700027"):
        await cloud.source(CertificateCredential(PAIR)).token(DEFAULT)
    assert len(cloud.wire.forms) == 1


@pytest.mark.parametrize(
    ("ahead", "says"),
    [
        pytest.param(3600, "about 60 minutes behind Entra's", id="an hour slow"),
        pytest.param(-3600, "about 60 minutes ahead of Entra's", id="an hour fast"),
    ],
)
async def test_a_clock_that_is_off_by_an_hour_is_told_as_such(ahead: float, says: str) -> None:
    cloud = Cloud(clock=Clock(ahead), certificates=(PUBLIC,))
    source = cloud.source(CertificateCredential(PAIR))
    if ahead > 0:
        with pytest.raises(AppRefused, match=rf"{says}.*AADSTS700024"):
            await source.token(DEFAULT)
    else:
        assert await source.token(DEFAULT), "Entra asks when an assertion ends, not when it was made"


def from_file(cloud: Cloud, path: Path, **environ: str) -> CertificateCredential:
    """The credential of a server that was started with the certificate in a file."""
    credential = credential_of(
        read_settings(
            {
                "ENTRA_CLIENT_ID": APP,
                "ENTRA_TENANT_ID": cloud.tenant.id,
                "ENTRA_CLIENT_CERTIFICATE_FILE": str(path),
                **environ,
            }
        )
    )
    assert isinstance(credential, CertificateCredential)
    return credential


@pytest.fixture
def pem_file(tmp_path: Path) -> Path:
    path = tmp_path / "app.pem"
    replaced(path, PAIR)
    return path


async def test_a_certificate_that_is_replaced_in_its_file_is_used_from_then_on(pem_file: Path) -> None:
    cloud = Cloud(certificates=(PUBLIC,))
    source = cloud.source(from_file(cloud, pem_file))
    first = await source.token(DEFAULT)
    before, renewed = cloud.assertion_header["x5t#S256"], certificate(OTHER)
    cloud.register(certificates=(renewed,))
    replaced(pem_file, key_pem(OTHER) + renewed)
    assert await source.token(DEFAULT, refused=first)
    assert cloud.assertion_header["x5t#S256"] != before
    assert len(cloud.wire.forms) == 2


async def test_a_certificate_that_is_replaced_while_it_is_sent_is_looked_up_once_more_at_once(pem_file: Path) -> None:
    cloud = Cloud(certificates=(PUBLIC,))

    def rotate(request: object) -> None:
        if len(cloud.wire.forms) == 1:
            renewed = certificate(OTHER)
            cloud.register(certificates=(renewed,))
            replaced(pem_file, key_pem(OTHER) + renewed)

    cloud.wire.before = rotate
    assert await cloud.source(from_file(cloud, pem_file)).token(DEFAULT)
    assert len(cloud.wire.forms) == 2


def half(pem: str) -> str:
    return pem[: len(pem) // 2]


def encrypted(pem: str) -> str:
    return key_pem(OTHER, "a new passphrase") + PUBLIC


@pytest.mark.parametrize(
    "spoilt", [pytest.param(half, id="half written"), pytest.param(encrypted, id="its passphrase not there yet")]
)
def test_a_certificate_that_cannot_be_read_yet_leaves_the_former_one(
    pem_file: Path, spoilt: Callable[[str], str], caplog: pytest.LogCaptureFixture
) -> None:
    credential = from_file(Cloud(), pem_file)
    form = credential.for_msal()
    replaced(pem_file, spoilt(PAIR))
    assert credential.for_msal() == form
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [FORMER]
    replaced(pem_file, key_pem(OTHER) + certificate(OTHER))
    assert credential.for_msal() != form


def test_a_passphrase_in_a_file_is_replaced_together_with_its_certificate(pem_file: Path) -> None:
    passphrase_file = pem_file.with_name("passphrase")
    replaced(pem_file, key_pem(KEY, "the first") + PUBLIC)
    replaced(passphrase_file, "the first\n")
    credential = from_file(Cloud(), pem_file, ENTRA_CERTIFICATE_PASSPHRASE_FILE=str(passphrase_file))
    first = credential.for_msal()
    replaced(passphrase_file, "the second\n")
    assert credential.for_msal() == first, "between the two files"
    replaced(pem_file, key_pem(OTHER, "the second") + certificate(OTHER))
    assert credential.for_msal() != first


def test_a_certificate_from_a_file_is_named_by_that_file(pem_file: Path) -> None:
    clock = Clock()
    credential = from_file(Cloud(), pem_file)
    credential._clock = clock
    clock.now += 200 * DAY
    with pytest.raises(AppRefused, match="ENTRA_CLIENT_CERTIFICATE_FILE") as caught:
        credential.for_msal()
    assert str(pem_file) in str(caught.value)
