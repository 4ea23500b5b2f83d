"""TLS in the server itself, for those without a proxy: files that are checked, and read again when they are renewed."""

from __future__ import annotations

import logging
import os
import ssl
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from errors import StartError

log = logging.getLogger(__name__)

_LOOK_EVERY = 10.0
_OTHERS = 0o007
_GROUP = 0o070
_ROOT = 0

_REASONS = {
    "KEY_VALUES_MISMATCH": "HTTP_TLS_KEY: {key} does not belong to the first certificate of {cert}. Put the server's "
    "own certificate first, then the chain, and name the key that it was made for.",
    "EE_KEY_TOO_SMALL": "HTTP_TLS_CERT: the key of {cert} is too short for today. Have a certificate made for RSA "
    "with 2048 bits or more, or for an elliptic curve.",
}
_Stamp = tuple[int, ...]


def server_context(
    cert: Path, key: Path, *, clock: Callable[[], float] = time.monotonic, look_every: float = _LOOK_EVERY
) -> ssl.SSLContext:
    """TLS for a server with this certificate and chain, or the reason why not.

    Renewed files count for the next connection; where they are not usable, the old ones stay in use.
    """
    files = _Files(cert, key, clock, look_every)
    # Asked at the beginning of each connection, also where the client names no host.
    files.context.sni_callback = files.offer
    return files.context


class _Files:
    """A certificate with its key, as they are in their files at the moment."""

    def __init__(self, cert: Path, key: Path, clock: Callable[[], float], look_every: float) -> None:
        self._cert = cert
        self._key = key
        self._clock = clock
        self._look_every = look_every
        self._looked_at = clock()
        self._stamp = self._stamp_now()
        self.context = _context(cert, key)
        self._offered = self.context

    def offer(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Give a connection the newest certificate."""
        self._look()
        if self._offered is not self.context:
            connection.context = self._offered

    def _look(self) -> None:
        now = self._clock()
        if now - self._looked_at < self._look_every:
            return
        self._looked_at = now
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return
        try:
            self._offered = _context(self._cert, self._key)
        except StartError as error:
            # Most likely one file is new and the other not yet; if not, the next look is too soon to say it again.
            log.warning("the renewed certificate cannot be used, the old one stays: %s", error)
        else:
            log.info("the certificate was renewed", extra={"file": str(self._cert)})
        self._stamp = stamp

    def _stamp_now(self) -> _Stamp:
        """What differs where a file was written or replaced; nothing where one is missing for the moment."""
        try:
            found = [each.stat() for each in (self._cert, self._key)]
        except OSError:
            return ()
        return tuple(number for each in found for number in (each.st_ino, each.st_mtime_ns, each.st_size))


def _context(cert: Path, key: Path) -> ssl.SSLContext:
    _check_key_file(key)
    _check_validity(cert)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as error:
        why = _REASONS.get(error.reason or "", "HTTP_TLS_KEY: {key} is no private key in PEM form, or not of {cert}.")
        raise StartError(why.format(cert=cert, key=key)) from error
    except _Encrypted:
        raise StartError(
            f"HTTP_TLS_KEY: {key} is encrypted, and nobody is there to type its password. Write it without one "
            "(openssl pkey -in key.pem -out plain.pem), readable by this account alone."
        ) from None
    return context


class _Encrypted(Exception):
    """The key wants a password."""


def _no_password() -> str:
    raise _Encrypted


def _check_key_file(key: Path) -> None:
    """It is nobody else's to read or to change."""
    try:
        status = key.stat()
        readable = os.access(key, os.R_OK)
    except OSError as error:
        raise StartError(f"HTTP_TLS_KEY: {key} cannot be read ({error.strerror}). Name a PEM file.") from error
    if not stat.S_ISREG(status.st_mode) or not readable:
        raise StartError(f"HTTP_TLS_KEY: {key} cannot be read by this account. Name a PEM file that it owns.")
    if os.name != "posix":  # who may read is not in the mode there
        return
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid not in (os.geteuid(), _ROOT):
        raise StartError(
            f"HTTP_TLS_KEY: {key} belongs to another account (id {status.st_uid}). Give it to the one that runs this "
            "server: chown."
        )
    # Root hands keys to services through a group of theirs: 0640 is safe there, and nowhere else.
    if mode & (_OTHERS if status.st_uid == _ROOT and os.geteuid() != _ROOT else _OTHERS | _GROUP):
        raise StartError(f"HTTP_TLS_KEY: others may read {key} (mode {mode:04o}). Run: chmod 600 {key}")


def _check_validity(cert: Path) -> None:
    """A certificate out of its time is served, since that is for clients to judge; but it is said."""
    try:
        first = x509.load_pem_x509_certificates(cert.read_bytes())[0]
    except OSError as error:
        raise StartError(f"HTTP_TLS_CERT: {cert} cannot be read ({error.strerror}). Name a PEM file.") from error
    except (ValueError, IndexError) as error:
        raise StartError(
            f"HTTP_TLS_CERT: {cert} holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----."
        ) from error
    now = datetime.now(UTC)
    if now > first.not_valid_after_utc:
        log.warning(
            "the certificate has expired: clients will refuse it", extra={"since": f"{first.not_valid_after_utc:%F}"}
        )
    elif now < first.not_valid_before_utc:
        log.warning("the certificate is not valid yet", extra={"until": f"{first.not_valid_before_utc:%F}"})
