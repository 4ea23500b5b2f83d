"""Entra as one object: its routes, its registrations, and the reader of its tokens."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.routing import BaseRoute, Route

from emulator.entra.authorize import authorize
from emulator.entra.callers import Caller, read_caller
from emulator.entra.device import device_code, device_login
from emulator.entra.discovery import instance, key_set, openid_configuration
from emulator.entra.grants import token
from emulator.entra.keys import SigningKeys
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.replies import CACHED, json_endpoint, page_endpoint
from emulator.entra.sessions import login, logout
from emulator.tenant import Tenant

_BOTH = ("GET", "POST")


class Entra:
    """A small Microsoft Entra ID for one tenant. Making one is cheap: keys are generated when first needed."""

    def __init__(
        self, tenant: Tenant, *, clock: Callable[[], float] = time.time, pages_url: str = "https://microsoft.com"
    ) -> None:
        self._realm = Realm(tenant, clock, pages_url, SigningKeys(clock()))
        self.routes: list[BaseRoute] = _routes(self._realm)

    @property
    def pages_url(self) -> str:
        """Where people open /devicelogin."""
        return self._realm.pages_url

    @pages_url.setter
    def pages_url(self, url: str) -> None:
        self._realm.pages_url = url

    def register(self, app: AppRegistration) -> None:
        """Make an application known, or replace the one with its client id."""
        self._realm.apps.add(app)

    def caller(self, authorization: str | None) -> Caller:
        """Who an Authorization header speaks for; raises TokenRefused when Graph would not accept it."""
        return read_caller(self._realm, authorization)


def _routes(realm: Realm) -> list[BaseRoute]:
    oauth = "/{tenant}/oauth2/v2.0"
    return [
        Route("/{tenant}/v2.0/.well-known/openid-configuration", json_endpoint(realm, openid_configuration, CACHED)),
        Route("/{tenant}/discovery/v2.0/keys", json_endpoint(realm, key_set, CACHED)),
        Route("/common/discovery/instance", json_endpoint(realm, instance, CACHED)),
        Route(f"{oauth}/devicecode", json_endpoint(realm, device_code), methods=_BOTH),
        Route(f"{oauth}/token", json_endpoint(realm, token), methods=_BOTH),
        Route(f"{oauth}/authorize", page_endpoint(realm, authorize), methods=_BOTH),
        Route(f"{oauth}/logout", page_endpoint(realm, logout)),
        Route("/devicelogin", page_endpoint(realm, device_login), methods=_BOTH),
        Route("/{tenant}/login", page_endpoint(realm, login), methods=_BOTH),
    ]
