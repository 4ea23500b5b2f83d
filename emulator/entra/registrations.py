"""App registrations: which applications may sign people in here, from where, and with which proof."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from emulator.entra.errors import EntraError

DEMO_CLIENT_ID = "5b1f0c9e-6d43-4a8e-b7c2-90d1e3f4a6b8"
EXCHANGE_URI = "api://AzureADTokenExchange"
# The application behind the audience of federated credentials is the same one in every tenant.
EXCHANGE_ID = "fb60f99c-7a34-4190-8149-302f77469936"

_ACCOUNTS = ("tenant", "organizations", "all", "personal")
_LOOPBACK = ("localhost", "127.0.0.1")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True)
class FederatedCredential:
    """A workload that may sign in as an application: whose tokens, about whom, for what audience.

    `keys` is the issuer's JWK set, or the PEM of its public key or certificate; None when this Entra is the issuer.
    """

    issuer: str
    subject: str
    audience: str = EXCHANGE_URI
    keys: Mapping[str, Any] | str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.public_keys()

    def public_keys(self) -> list[tuple[str | None, object]]:
        """The issuer's keys, each with its id; the key of a PEM has none."""
        if self.keys is None:
            return []
        if not isinstance(self.keys, str):
            return [(each.key_id, each.key) for each in jwt.PyJWKSet.from_dict(dict(self.keys)).keys]
        if "CERTIFICATE" in self.keys:
            return [(None, x509.load_pem_x509_certificate(self.keys.encode()).public_key())]
        return [(None, load_pem_public_key(self.keys.encode()))]


@dataclass(frozen=True)
class AppRegistration:
    """What the directory knows about an application.

    `certificates` are public PEM certificates. `delegated_scopes` are the permissions that people may consent to;
    None means any. `application_roles` are the ones an administrator granted to the app itself. In both, those of
    Graph are plain and those of another API are written `{its client id}/{name}`.

    As an API of its own an application is named by its client id or one of `identifier_uris`. Clients in
    `pre_authorized` need no consent for its `exposed_scopes`; consent that one of `known_clients` gets for it is
    also consent to what it asks of Graph itself.
    """

    client_id: str
    display_name: str
    redirect_uris: tuple[str, ...] = ()
    allow_public_client: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)
    certificates: tuple[str, ...] = field(default=(), repr=False)
    delegated_scopes: frozenset[str] | None = None
    application_roles: frozenset[str] = frozenset()
    accounts: Literal["tenant", "organizations", "all", "personal"] = "tenant"
    is_disabled: bool = False
    expired_secrets: tuple[str, ...] = field(default=(), repr=False)
    federated: tuple[FederatedCredential, ...] = ()
    identifier_uris: tuple[str, ...] = ()
    exposed_scopes: tuple[str, ...] = ()
    app_roles: tuple[str, ...] = ()
    token_version: Literal[1, 2] = 2
    pre_authorized: tuple[str, ...] = ()
    known_clients: tuple[str, ...] = ()
    optional_claims: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # A test that misspells one of these would otherwise only see an odd answer much later.
        if self.accounts not in _ACCOUNTS or self.token_version not in (1, 2):
            raise ValueError(f"accounts must be one of {', '.join(_ACCOUNTS)}, and token_version 1 or 2")
        list(self.loaded_certificates())

    @property
    def is_confidential(self) -> bool:
        return bool(self.secrets or self.expired_secrets or self.certificates or self.federated)

    @property
    def names(self) -> tuple[str, ...]:
        """What may be written before one of its scopes to mean this API."""
        return (self.client_id, *(uri.rstrip("/") for uri in self.identifier_uris))

    def trusts(self, client_id: str) -> bool:
        """Whether a client needs nobody's consent to call this API: it is the API itself, or was cleared for it."""
        return client_id.lower() in (self.client_id.lower(), *(known.lower() for known in self.pre_authorized))

    def knows(self, client_id: str) -> bool:
        """Whether consent that a client gets for this API also covers what the API needs itself."""
        return client_id.lower() in (known.lower() for known in self.known_clients)

    def reply_address(self, uri: str) -> str:
        """Where an answer goes. Nothing is ever sent to an address that is not registered."""
        if not uri and len(self.redirect_uris) == 1:
            return self.redirect_uris[0]
        if not uri:
            raise EntraError(900971)
        if not self.accepts_redirect(uri):
            raise EntraError(50011, uri=uri, app=self.client_id)
        return uri

    def accepts_redirect(self, uri: str) -> bool:
        """Whether a code may be sent there: an exact match, save for the port of a loopback address."""
        # urlsplit drops line breaks silently, so they have to be looked for first.
        if not uri or _UNSAFE.search(uri) or "#" in uri:
            return False
        return any(uri == known or _same_loopback(uri, known) for known in self.redirect_uris)

    def check_secret(self, secret: str) -> None:
        """Refuse what is not one of the secrets, or was one until it expired."""
        if _is_among(secret, self.secrets):
            return
        raise EntraError(7000222 if _is_among(secret, self.expired_secrets) else 7000215, app=self.client_id)

    def loaded_certificates(self) -> Iterable[x509.Certificate]:
        return (x509.load_pem_x509_certificate(pem.encode()) for pem in self.certificates)


DEMO_APP = AppRegistration(
    client_id=DEMO_CLIENT_ID,
    display_name="Graphward demo",
    redirect_uris=tuple(f"http://{host}" for host in _LOOPBACK),
    allow_public_client=True,
    accounts="organizations",
)
EXCHANGE = AppRegistration(EXCHANGE_ID, "AAD Token Exchange Endpoint", identifier_uris=(EXCHANGE_URI,))


class Registrations:
    """The applications of one tenant, by client id."""

    def __init__(self, apps: Iterable[AppRegistration] = (DEMO_APP, EXCHANGE)) -> None:
        self._apps = {app.client_id.lower(): app for app in apps}

    def add(self, app: AppRegistration) -> None:
        """Register an application, or replace the one with its client id."""
        self._apps[app.client_id.lower()] = app

    def find(self, client_id: str, tenant: str) -> AppRegistration:
        """The application with this client id."""
        if client_id.lower() not in self._apps:
            raise EntraError(700016, app=client_id, tenant=tenant)
        return self._apps[client_id.lower()]

    def remove(self, client_id: str) -> None:
        """Forget an application, as when it is deleted."""
        self._apps.pop(client_id.lower(), None)

    def resource(self, written: str) -> tuple[AppRegistration, str] | None:
        """The API whose permission is written, and the name it was written with."""
        found = [
            (app, written[: len(name)])
            for app in self._apps.values()
            for name in app.names
            if written.lower().startswith(f"{name}/".lower())
        ]
        # One address may begin with another; the longer one is meant.
        return max(found, key=lambda each: len(each[1]), default=None)

    def api(self, app_id: str) -> AppRegistration | None:
        """The application with this id, if it is one of the tenant's own."""
        return self._apps.get(app_id.lower())

    def accept_redirect(self, uri: str) -> bool:
        """Whether any application of the tenant may be sent back to."""
        return any(app.accepts_redirect(uri) for app in self._apps.values())


def _is_among(secret: str, known: Iterable[str]) -> bool:
    return any(hmac.compare_digest(secret.encode(), each.encode()) for each in known)


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
