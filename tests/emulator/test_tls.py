"""Certificates for the demo: what they are good for, and that no key is left behind."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

import pytest
from cryptography import x509

from emulator.tls import HOSTS, CertificateAuthority


@pytest.fixture(scope="module")
def authority() -> CertificateAuthority:
    return CertificateAuthority.new()


def shaken(server: ssl.SSLContext, trusted: str, host: str) -> x509.Certificate:
    """The certificate that a client sees who trusts one authority and asks for one host."""
    client = ssl.create_default_context(cadata=trusted)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    seen = ours.getpeercert(binary_form=True)
    assert seen
    return x509.load_der_x509_certificate(seen)


@pytest.mark.parametrize("host", HOSTS)
def test_every_host_of_the_cloud_is_covered(authority: CertificateAuthority, host: str) -> None:
    certificate = shaken(authority.server_context(), authority.pem, host)
    assert certificate.issuer == authority.certificate.subject


def test_a_strict_client_finds_nothing_wrong(authority: CertificateAuthority) -> None:
    client = ssl.create_default_context(cadata=authority.pem)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    certificate = shaken(authority.server_context(), authority.pem, "localhost")
    certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    usage = authority.certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign


def test_another_host_is_not_covered(authority: CertificateAuthority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(authority.server_context(["localhost"]), authority.pem, "bank.example")


def test_another_authority_is_not_trusted(authority: CertificateAuthority) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(authority.server_context(), CertificateAuthority.new().pem, "localhost")


def test_no_key_stays_on_the_disk(
    authority: CertificateAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    authority.server_context()
    assert list(tmp_path.iterdir()) == []
    assert "PRIVATE" not in authority.pem
