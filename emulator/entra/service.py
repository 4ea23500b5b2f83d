"""Entra as one object: its routes, its registrations, and the reader of its tokens."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from uuid import uuid4

from starlette.routing import BaseRoute, Route

from emulator.clouds import PUBLIC, Cloud
from emulator.entra.admin_consent import admin_consent, admin_consent_to_all
from emulator.entra.authorize import authorize
from emulator.entra.callers import Caller, read_caller
from emulator.entra.controls import Controls
from emulator.entra.device import device_code, device_login
from emulator.entra.discovery import instance, key_set, older_configuration, openid_configuration
from emulator.entra.grants import token
from emulator.entra.issuing import issued_to_app, issued_to_person
from emulator.entra.keys import SigningKeys
from emulator.entra.managed_identity import ManagedIdentities, ManagedIdentity
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.replies import CACHED, json_endpoint, page_endpoint
from emulator.entra.sessions import login, logout
from emulator.tenant import Person, Tenant

_BOTH = ("GET", "POST")
# The application that tokens without a sign-in are for, unless another is named.
TEST_CLIENT_ID = "c7a1e0d4-52b9-4f3e-8d6a-19f0b3e7c258"


class Entra(Controls):
    """A small Microsoft Entra ID for one tenant. Making one is cheap: keys are generated when first needed."""

    def __init__(
        self,
        tenant: Tenant,
        *,
        clock: Callable[[], float] = time.time,
        pages_url: str = "https://microsoft.com",
        login_url: str = "",
        cloud: Cloud = PUBLIC,
    ) -> None:
        super().__init__(Realm(tenant, clock, pages_url, SigningKeys(clock()), cloud=cloud, login_url=login_url))
        # What an App Service puts into IDENTITY_HEADER.
        self.identity_header = secrets.token_hex(16)
        self._identities = ManagedIdentities(self._realm, self.identity_header)
        tenant.account_listeners.append(self._hear)
        self.routes: list[BaseRoute] = [*_routes(self._realm), *_identity_routes(self._identities)]

    def _hear(self, what: str, person: Person) -> None:
        """Do to sign-ins what an administrator's change to an account through Graph does to them."""
        if what == "password":
            self.change_password(person)
        elif what in {"revoked", "disabled", "deleted"}:
            self.revoke_sessions(person)
        elif what in {"invited", "accepted"}:
            self.state(person).invitation_pending = what == "invited"

    @property
    def keys(self) -> SigningKeys:
        """What tokens are signed with; Graph's notifications are, too."""
        return self._realm.keys

    @property
    def pages_url(self) -> str:
        """Where people open the page for device codes."""
        return self._realm.pages_url

    @pages_url.setter
    def pages_url(self, url: str) -> None:
        self._realm.pages_url = url

    def register(self, app: AppRegistration) -> None:
        """Make an application known, or replace the one with its client id."""
        self._realm.apps.add(app)

    def unregister(self, client_id: str) -> None:
        """Forget an application, as when it is deleted."""
        self._realm.apps.remove(client_id)

    def add_managed_identity(
        self,
        name: str,
        *,
        client_id: str | None = None,
        roles: frozenset[str] = frozenset(),
        is_system_assigned: bool = False,
    ) -> ManagedIdentity:
        """Assign an identity to the machine whose metadata service this is; `roles` are its application roles."""
        chosen = client_id or str(uuid4())
        identity = ManagedIdentity.new(self._realm, name, chosen, roles, is_system_assigned=is_system_assigned)
        self._identities.add(identity)
        return identity

    def make_administrator(self, person: Person) -> None:
        """Let a person consent for everybody; until somebody is named, the tenant's demo person may."""
        self._realm.administrators.add(person.id)

    def assign_role(self, person: Person, client_id: str, role: str) -> None:
        """Give a person an application role, which tokens for that API then carry in `roles`."""
        self._realm.assigned_roles.setdefault((person.id, client_id.lower()), set()).add(role)

    def rotate_keys(self, *, keep_old: bool = True) -> None:
        """Sign with a new key; the old one stays published, or is withdrawn as in an emergency."""
        self._realm.keys.rotate(self._realm.clock(), keep_old=keep_old)

    def access_token(
        self,
        person: Person | None = None,
        *,
        scopes: Iterable[str] = (),
        roles: Iterable[str] = (),
        client_id: str = TEST_CLIENT_ID,
        resource: str = "",
    ) -> str:
        """A token without a sign-in: for a person with `scopes`, or for an application with `roles` of a `resource`.

        Plain names are those of Graph; scopes of another API are written `{its name}/{scope}`.
        """
        if person is None:
            return issued_to_app(self._realm, client_id, roles, resource)
        return issued_to_person(self._realm, client_id, person, scopes)

    def caller(self, authorization: str | None) -> Caller:
        """Who an Authorization header speaks for; raises TokenRefused when Graph would not accept it."""
        return read_caller(self._realm, authorization)


def _routes(realm: Realm) -> list[BaseRoute]:
    oauth = "/{tenant}/oauth2/v2.0"
    return [
        Route("/{tenant}/v2.0/.well-known/openid-configuration", json_endpoint(realm, openid_configuration, CACHED)),
        Route("/{tenant}/discovery/v2.0/keys", json_endpoint(realm, key_set, CACHED)),
        Route("/{tenant}/.well-known/openid-configuration", json_endpoint(realm, older_configuration, CACHED)),
        Route("/{tenant}/discovery/keys", json_endpoint(realm, key_set, CACHED)),
        Route("/{tenant}/v2.0/adminconsent", page_endpoint(realm, admin_consent), methods=_BOTH),
        Route("/{tenant}/adminconsent", page_endpoint(realm, admin_consent_to_all), methods=_BOTH),
        Route("/common/discovery/instance", json_endpoint(realm, instance, CACHED)),
        Route(f"{oauth}/devicecode", json_endpoint(realm, device_code), methods=_BOTH),
        Route(f"{oauth}/token", json_endpoint(realm, token), methods=_BOTH),
        Route(f"{oauth}/authorize", page_endpoint(realm, authorize), methods=_BOTH),
        Route(f"{oauth}/logout", page_endpoint(realm, logout)),
        *(Route(f"/{page}", page_endpoint(realm, device_login), methods=_BOTH) for page in _device_pages(realm)),
        Route("/{tenant}/login", page_endpoint(realm, login), methods=_BOTH),
    ]


def _device_pages(realm: Realm) -> set[str]:
    """The page that people are sent to, and the one that its forms lead to."""
    return {realm.cloud.device_page, "devicelogin"}


def _identity_routes(identities: ManagedIdentities) -> list[BaseRoute]:
    return [
        Route("/metadata/identity/oauth2/token", identities.imds),
        Route("/msi/token", identities.app_service),
    ]
