"""App registrations: which applications may sign people in here, from where, and with which proof."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from cryptography import x509

from emulator.entra.errors import EntraError

DEMO_CLIENT_ID = "5b1f0c9e-6d43-4a8e-b7c2-90d1e3f4a6b8"

_LOOPBACK = ("localhost", "127.0.0.1")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True)
class AppRegistration:
    """What the directory knows about an application.

    `certificates` are public PEM certificates. `delegated_scopes` are the Graph permissions that people
    may consent to; None means any. `application_roles` are the ones an administrator granted to the app itself.
    """

    client_id: str
    display_name: str
    redirect_uris: tuple[str, ...] = ()
    allow_public_client: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    certificates: tuple[str, ...] = field(default=(), repr=False)
    delegated_scopes: frozenset[str] | None = None
    application_roles: frozenset[str] = frozenset()

    @property
    def is_confidential(self) -> bool:
        return bool(self.secrets or self.certificates)

    def accepts_redirect(self, uri: str) -> bool:
        """Whether a code may be sent there: an exact match, save for the port of a loopback address."""
        # urlsplit drops line breaks silently, so they have to be looked for first.
        if not uri or _UNSAFE.search(uri) or "#" in uri:
            return False
        return any(uri == known or _same_loopback(uri, known) for known in self.redirect_uris)

    def accepts_secret(self, secret: str) -> bool:
        return any(hmac.compare_digest(secret.encode(), known.encode()) for known in self.secrets)

    def loaded_certificates(self) -> Iterable[x509.Certificate]:
        return (x509.load_pem_x509_certificate(pem.encode()) for pem in self.certificates)


DEMO_APP = AppRegistration(
    client_id=DEMO_CLIENT_ID,
    display_name="Graphward demo",
    redirect_uris=tuple(f"http://{host}" for host in _LOOPBACK),
    allow_public_client=True,
)


class Registrations:
    """The applications of one tenant, by client id."""

    def __init__(self, apps: Iterable[AppRegistration] = (DEMO_APP,)) -> None:
        self._apps = {app.client_id.lower(): app for app in apps}

    def add(self, app: AppRegistration) -> None:
        """Register an application, or replace the one with its client id."""
        self._apps[app.client_id.lower()] = app

    def find(self, client_id: str, tenant: str) -> AppRegistration:
        """The application with this client id."""
        if client_id.lower() not in self._apps:
            raise EntraError(700016, app=client_id, tenant=tenant)
        return self._apps[client_id.lower()]

    def accept_redirect(self, uri: str) -> bool:
        """Whether any application of the tenant may be sent back to."""
        return any(app.accepts_redirect(uri) for app in self._apps.values())


def _same_loopback(uri: str, known: str) -> bool:
    try:
        asked, registered = _loopback(uri), _loopback(known)
    except ValueError:  # a port that is no number
        return False
    return asked is not None and asked == registered


def _loopback(uri: str) -> tuple[str | None, str, str] | None:
    """Host, path and query of a plain-HTTP loopback address; nothing for any other."""
    parts: SplitResult = urlsplit(uri)
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or parts.username is not None or parts.port == 0:
        return None
    return parts.hostname, parts.path or "/", parts.query
