"""A certificate with its private key, and the chain above it, out of one PEM text."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from auth._guarded import Guarded
from auth._moments import told
from auth.watched_file import Held, WatchedFile, text_of
from errors import AppRefused

log = logging.getLogger(__name__)

_SOON = timedelta(days=14).total_seconds()
_BLOCK = re.compile(r"-----BEGIN (?P<label>[A-Z0-9 ]{1,40})-----.*?-----END (?P=label)-----", re.DOTALL)


@dataclass(frozen=True, repr=False)
class AppCertificate(Guarded):
    """A private key, the certificate that belongs to it, and those that vouch for that one, nearest first."""

    private_key: str
    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def since(self) -> float:
        return self.leaf.not_valid_before_utc.timestamp()

    @property
    def until(self) -> float:
        return self.leaf.not_valid_after_utc.timestamp()

    @property
    def fingerprint(self) -> str:
        """The thumbprint that the Entra admin centre shows."""
        return self.leaf.fingerprint(hashes.SHA1()).hex().upper()  # a name for it, no proof  # noqa: S303  # nosec B303

    def for_msal(self) -> dict[str, str]:
        pems = [each.public_bytes(Encoding.PEM).decode() for each in (self.leaf, *self.chain)]
        form = {"private_key": self.private_key, "public_certificate": "".join(pems)}
        # Named by its SHA-256, MSAL sends the first certificate alone; named by its SHA-1, all of them.
        return form | ({"thumbprint": self.fingerprint} if self.chain else {})


class CertificateCredential(Guarded):
    """A certificate with its key, given or in a file, and the passphrase of that key."""

    def __init__(self, pem: Held, passphrase: Held | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._pem = pem
        self._passphrase = passphrase or ""
        self._clock = clock
        self._read_from: tuple[str, str] | None = None
        self._certificate: AppCertificate | None = None
        self._warned_of = ""
        self._one_reader = threading.Lock()

    def for_msal(self, *, afresh: bool = False) -> dict[str, str]:
        """MSAL's form of the certificate, which is valid today."""
        with self._one_reader:
            certificate = self._current(text_of(self._pem, afresh=afresh), text_of(self._passphrase, afresh=afresh))
            self._check_dates(certificate)
        return certificate.for_msal()

    def _current(self, pem: str, passphrase: str) -> AppCertificate:
        if self._certificate is None or self._read_from != (pem, passphrase):
            try:
                self._certificate = read_certificate(pem, passphrase, self._clock())
                self._read_from = (pem, passphrase)
            except ValueError as error:
                # Half written, or its passphrase is still the old one's: it is read again the next time.
                if self._certificate is None:
                    raise AppRefused(f"{self._place}: {error}") from None
                log.warning("the certificate on file cannot be used, the former one is", extra={"cause": str(error)})
        return self._certificate

    def _check_dates(self, certificate: AppCertificate) -> None:
        now = self._clock()
        renewal = f"Upload a new one to the app registration, then put it with its key into {self._place}."
        if now >= certificate.until:
            raise AppRefused(f"{self._place}: the certificate expired on {told(certificate.until)}. {renewal}")
        if now < certificate.since:
            raise AppRefused(
                f"{self._place}: the certificate is valid from {told(certificate.since)} only, and this computer's "
                f"clock says {told(now)}. Set the clock, or wait until then."
            )
        if certificate.until - now < _SOON and self._warned_of != certificate.fingerprint:
            self._warned_of = certificate.fingerprint
            extra = {"expires": told(certificate.until), "thumbprint": certificate.fingerprint}
            log.warning("the app's certificate expires soon; upload and set a new one", extra=extra)

    @property
    def _place(self) -> str:
        pem = self._pem
        return f"{pem.name} ({pem.path})" if isinstance(pem, WatchedFile) else "ENTRA_CLIENT_CERTIFICATE"


def read_certificate(pem: str, passphrase: str, now: float) -> AppCertificate:
    """Read key, certificate and chain, in any order; raises ValueError with what is wrong and the remedy."""
    text = pem if "\n" in pem else pem.replace("\\n", "\n")
    blocks = [(match["label"], match[0]) for match in _BLOCK.finditer(text)]
    keys = [block for label, block in blocks if label.endswith("PRIVATE KEY")]
    certificates = [_loaded(block) for label, block in blocks if label == "CERTIFICATE"]
    if len(keys) != 1 or not certificates:
        raise ValueError(
            f"a PEM text with one private key and its certificate is wanted; this has {len(keys)} and "
            f"{len(certificates)}. Put both, one after the other, into one file."
        )
    key = _private_key(keys[0], passphrase)
    leaf = _leaf(key, certificates, now)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return AppCertificate(plain, leaf, _chain(leaf, certificates))


def _loaded(block: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block.encode())
    except ValueError:
        raise ValueError("a certificate in it is damaged. Export it again, as PEM.") from None


def _private_key(block: str, passphrase: str) -> RSAPrivateKey:
    is_encrypted = "ENCRYPTED" in block
    if is_encrypted and not passphrase:
        raise ValueError(
            "the private key is encrypted. Set ENTRA_CERTIFICATE_PASSPHRASE_FILE to a file with its passphrase."
        )
    try:
        key = load_pem_private_key(block.encode(), passphrase.encode() if is_encrypted else None)
    except UnsupportedAlgorithm:
        raise ValueError("the private key has an unknown form. Convert it: openssl pkcs8 -topk8 -v2 aes256.") from None
    except (ValueError, TypeError):
        problem = "the passphrase is wrong, or the private key" if is_encrypted else "the private key"
        remedy = "Correct ENTRA_CERTIFICATE_PASSPHRASE, or export" if is_encrypted else "Export"
        raise ValueError(f"{problem} is damaged. {remedy} the key again, as PEM.") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError(  # noqa: TRY004 - what is wrong is the text that somebody gave
            "the private key is not RSA, and Entra takes no other here. Make an RSA key of 2048 bits or more."
        )
    return key


def _leaf(key: RSAPrivateKey, certificates: Sequence[x509.Certificate], now: float) -> x509.Certificate:
    """The key's own certificate; of several, as after a renewal, one that is valid, and the longest."""
    own = _spki(key.public_key())
    fitting = [each for each in certificates if _spki(each.public_key()) == own]
    if not fitting:
        raise ValueError("the private key belongs to none of the certificates in it. Put the pair together again.")
    return max(fitting, key=lambda each: (each.not_valid_before_utc.timestamp() <= now, each.not_valid_after_utc))


def _spki(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _chain(leaf: x509.Certificate, certificates: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """From the leaf's issuer upwards, as far as the text has them; strays are left out."""
    chain = [leaf]
    while (above := _issuer(chain[-1], certificates)) is not None and above not in chain:
        chain.append(above)
    return tuple(chain[1:])


def _issuer(certificate: x509.Certificate, certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    return next((each for each in certificates if _vouches(each, certificate)), None)


def _vouches(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - a name, a signature or an algorithm that does not fit: not the issuer
        return False
    return True
