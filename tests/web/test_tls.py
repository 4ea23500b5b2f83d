"""web/tls.py: which files are taken, what TLS they make, and how they are renewed."""

from __future__ import annotations

import logging
import os
import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from errors import StartError
from web.tls import server_context

on_posix = pytest.mark.skipif(os.name != "posix", reason="modes of files mean little elsewhere")
not_as_root = pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="needs another owner's file")

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def certificate_of(key: Key, name: str, days: tuple[int, int] = (-1, 1)) -> bytes:
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("graphward.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


def pem_of(key: Key, password: bytes = b"") -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


class Files:
    """A certificate and its key in a folder; each writing is told from the one before."""

    def __init__(self, folder: Path) -> None:
        self.cert = folder / "cert.pem"
        self.key = folder / "key.pem"
        self.now = 0.0
        self._written = 0

    def put(self, path: Path, content: bytes) -> None:
        self._written += 1
        path.write_bytes(content)
        path.chmod(0o600)
        os.utime(path, ns=(self._written, self._written))

    def renew(self, name: str, days: tuple[int, int] = (-1, 1)) -> Key:
        key = ec.generate_private_key(ec.SECP256R1())
        self.put(self.cert, certificate_of(key, name, days))
        self.put(self.key, pem_of(key))
        return key

    def context(self) -> ssl.SSLContext:
        return server_context(self.cert, self.key, clock=lambda: self.now)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    found = Files(tmp_path)
    found.renew("first")
    return found


def greeted(context: ssl.SSLContext, *, name: str | None = None, newest: ssl.TLSVersion | None = None) -> ssl.SSLObject:
    """The client's end of a connection, after the handshake."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    trusting.set_alpn_protocols(["h2", "http/1.1"])
    if newest is not None:
        trusting.minimum_version = trusting.maximum_version = newest
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=name)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    todo = [client, server]
    while todo:
        try:
            todo[0].do_handshake()
        except ssl.SSLWantReadError:
            todo.reverse()
        else:
            todo.pop(0)
    return client


def name_shown(context: ssl.SSLContext, name: str | None = None) -> str:
    shown = greeted(context, name=name).getpeercert(binary_form=True)
    assert shown
    (attribute,) = x509.load_der_x509_certificate(shown).subject
    return str(attribute.value)


def test_it_speaks_todays_tls_and_http_1(files: Files) -> None:
    client = greeted(files.context())
    assert client.version() == "TLSv1.3"
    assert client.selected_alpn_protocol() == "http/1.1"


def test_tls_1_2_will_do(files: Files) -> None:
    assert greeted(files.context(), newest=ssl.TLSVersion.TLSv1_2).version() == "TLSv1.2"


@pytest.mark.filterwarnings("ignore:.*TLSv1.*:DeprecationWarning")
def test_older_tls_is_refused(files: Files) -> None:
    with pytest.raises(ssl.SSLError):
        greeted(files.context(), newest=ssl.TLSVersion.TLSv1_1)


def test_a_whole_chain_is_taken(files: Files) -> None:
    key = files.renew("leaf")
    files.put(files.cert, certificate_of(key, "leaf") + certificate_of(ec.generate_private_key(ec.SECP256R1()), "ca"))
    assert name_shown(files.context()) == "leaf"


# Renewed while the server runs.


@pytest.mark.parametrize(
    "asked", [pytest.param("graphward.example", id="a named host"), pytest.param(None, id="no name")]
)
def test_a_renewed_certificate_is_shown_to_the_next_client(files: Files, asked: str | None) -> None:
    context = files.context()
    assert name_shown(context, asked) == "first"
    files.renew("second")
    files.now = 10
    assert name_shown(context, asked) == "second"
    assert greeted(context).selected_alpn_protocol() == "http/1.1"
    files.now = 20
    assert name_shown(context, asked) == "second"


def test_files_are_not_looked_at_for_each_connection(files: Files) -> None:
    context = files.context()
    files.renew("second")
    files.now = 9.9
    assert name_shown(context) == "first"


def test_a_half_renewed_pair_leaves_the_old_one_in_use(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    context = files.context()
    key = ec.generate_private_key(ec.SECP256R1())
    files.put(files.cert, certificate_of(key, "second"))
    for files.now in (10, 20):
        assert name_shown(context) == "first"
    assert len([each for each in caplog.records if "the old one stays" in each.message]) == 1
    files.put(files.key, pem_of(key))
    files.now = 30
    assert name_shown(context) == "second"


def test_files_that_are_gone_for_a_moment_do_no_harm(files: Files) -> None:
    context = files.context()
    files.cert.unlink()
    files.now = 10
    assert name_shown(context) == "first"
    files.renew("second")
    files.now = 20
    assert name_shown(context) == "second"


# What is not taken.


def refusal(files: Files) -> str:
    with pytest.raises(StartError) as caught:
        files.context()
    return str(caught.value)


def test_a_key_of_another_certificate_is_refused(files: Files) -> None:
    files.put(files.key, pem_of(ec.generate_private_key(ec.SECP256R1())))
    assert "does not belong to the first certificate" in refusal(files)


def test_an_encrypted_key_is_refused_with_the_way_to_decrypt_it(files: Files) -> None:
    files.put(files.key, pem_of(ec.generate_private_key(ec.SECP256R1()), b"a password of the test"))
    assert "is encrypted" in refusal(files)
    assert "openssl pkey" in refusal(files)


def test_a_key_too_short_for_today_is_refused(files: Files) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the point
    files.put(files.cert, certificate_of(key, "short"))
    files.put(files.key, pem_of(key))
    assert "too short for today" in refusal(files)


@pytest.mark.parametrize(
    ("which", "content", "told"),
    [
        pytest.param("cert", b"hello", "holds no certificate in PEM form", id="no certificate"),
        pytest.param("cert", b"", "holds no certificate in PEM form", id="an empty certificate"),
        pytest.param("key", b"hello", "is no private key in PEM form", id="no key"),
        pytest.param("cert", None, "HTTP_TLS_CERT: .* cannot be read .*No such file", id="no certificate file"),
        pytest.param("key", None, "HTTP_TLS_KEY: .* cannot be read .*No such file", id="no key file"),
    ],
)
def test_other_files_are_refused_by_name(files: Files, which: str, content: bytes | None, told: str) -> None:
    path: Path = getattr(files, which)
    files.put(path, content) if content is not None else path.unlink()
    with pytest.raises(StartError, match=told):
        files.context()


def test_a_folder_is_no_key(files: Files, tmp_path: Path) -> None:
    files.key = tmp_path
    assert "cannot be read by this account" in refusal(files)


@on_posix
@pytest.mark.parametrize("mode", [pytest.param(0o644, id="everybody"), pytest.param(0o640, id="a group of ours")])
def test_a_key_that_others_may_read_is_refused(files: Files, mode: int) -> None:
    files.key.chmod(mode)
    assert f"(mode {mode:04o}). Run: chmod 600" in refusal(files)


@not_as_root
def test_a_key_of_another_account_is_refused(files: Files) -> None:
    os.chown(files.key, 12345, -1)
    assert "belongs to another account (id 12345)" in refusal(files)


@on_posix
def test_root_may_hand_a_key_to_a_group_of_ours(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.key.chmod(0o640)
    owner, me = files.key.stat().st_uid, 4711
    monkeypatch.setattr(os, "geteuid", lambda: me)
    assert owner != 0 or name_shown(files.context()) == "first"
    files.key.chmod(0o644)
    refusal(files)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        pytest.param((-3, -1), "the certificate has expired: clients will refuse it", id="expired"),
        pytest.param((1, 3), "the certificate is not valid yet", id="not yet valid"),
    ],
)
def test_a_certificate_out_of_its_time_is_served_and_told(
    files: Files, days: tuple[int, int], told: str, caplog: pytest.LogCaptureFixture
) -> None:
    files.renew("old", days)
    with caplog.at_level(logging.WARNING):
        assert name_shown(files.context()) == "old"
    assert told in caplog.messages
