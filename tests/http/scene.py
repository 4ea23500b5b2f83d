"""The HTTP service in front of a small Microsoft cloud: its app registration in Entra, callers, and their tokens."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt

from _server_demo import DemoTenant
from emulator import AppRegistration, Tenant, build_emulator
from emulator.entra import Entra
from emulator.tenant import Person
from settings import Settings, read_settings
from tests.support import small_tenant

API = "a0a0a0a0-1111-4222-8333-444444444444"
CLIENT = "c11e07a0-0000-4000-8000-00000000c11e"
DAEMON = "dae00000-0000-4000-8000-0000000dae00"
SECRET = "a-secret-of-the-test"
PUBLIC_URL = "https://mcp.lindenhall.example"
RESOURCE = f"{PUBLIC_URL}/mcp"
SCOPE = f"{RESOURCE}/mcp.access"
PERMISSIONS = ("User.Read", "Mail.Read", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read", "People.Read")


class HttpCloud(DemoTenant):
    """The emulator with our API registered, its client pre-authorised, and an administrator's consent to Graph."""

    def __init__(self, tenant: Tenant | None = None, *, consented: bool = True, **details: Any) -> None:
        self.tenant = tenant or small_tenant()
        super().__init__(self.tenant)
        self.now: Callable[[], float] = time.time
        self._app = build_emulator(self.tenant, clock=lambda: self.now())  # noqa: PLW0108 - it may be set later
        self.register(**details)
        if consented:
            self.entra.grant_admin_consent(API, [f"https://graph.microsoft.com/{name}" for name in PERMISSIONS])

    @property
    def entra(self) -> Entra:
        entra: Entra = self.app.state.entra
        return entra

    @property
    def ines(self) -> Person:
        return self.tenant.demo_person

    @property
    def jonas(self) -> Person:
        return next(each for each in self.tenant.people.values() if each.display_name.startswith("Jonas"))

    def register(self, **details: Any) -> None:
        """Register our API, or change its registration; and the client that people call it with."""
        given: dict[str, Any] = {
            "client_id": API,
            "display_name": "Graphward",
            "secrets": (SECRET,),
            "identifier_uris": (f"api://{API}", RESOURCE),
            "exposed_scopes": ("mcp.access", "mcp.read"),
            "app_roles": ("mcp.read", "mcp.full"),
            "application_roles": frozenset({"Mail.Read", "Mail.Send", "User.Read.All"}),
            "pre_authorized": (CLIENT,),
        }
        self.entra.register(AppRegistration(**(given | details)))
        self.entra.register(AppRegistration(CLIENT, "Assistant", ("http://localhost",), allow_public_client=True))

    def token(self, person: Person | None = None, *scopes: str, client: str = CLIENT) -> str:
        """What a person's client sends with each request."""
        wanted = scopes or ("mcp.access",)
        qualified = [f"{RESOURCE}/{scope}" for scope in wanted]
        return self.entra.access_token(person or self.ines, scopes=qualified, client_id=client)

    def app_token(self, *roles: str, client: str = DAEMON) -> str:
        """What a daemon sends that was given these roles of our API."""
        return self.entra.access_token(roles=roles, client_id=client, resource=RESOURCE)

    def settings(self, **environ: str) -> Settings:
        return read_settings(self.environ(**environ))

    def environ(self, **environ: str) -> dict[str, str]:
        """What the service is started with."""
        given = {
            "TRANSPORT": "http",
            "HTTP_AUTH": "entra",
            "PUBLIC_URL": PUBLIC_URL,
            "ENTRA_TENANT_ID": self.tenant.id,
            "ENTRA_CLIENT_ID": API,
            "ENTRA_CLIENT_SECRET": SECRET,
        }
        return {**given, **environ}


def claims_of(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))
