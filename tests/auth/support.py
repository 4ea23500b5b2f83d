"""What tests of signing in share: the emulator's Entra, app registrations, and people who sign in at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import auth
from _server_demo import DemoTenant
from auth.cache import MemoryTokenCache, TokenCache
from clouds import PUBLIC
from emulator import AppRegistration, sign_in_at
from emulator.tenant import Person
from settings import Settings, read_settings
from tests.support import small_tenant

APP = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"
SECRET = "a-secret-of-the-test"
GRAPH = "https://graph.microsoft.com"
SCOPES = (f"{GRAPH}/User.Read",)


def registered(cloud: DemoTenant, **details: Any) -> None:
    cloud.app.state.entra.register(AppRegistration(client_id=APP, display_name="Nightly report", **details))


def public_cloud(people: int = 0, **details: Any) -> DemoTenant:
    """A tenant with two people, and more if wanted, and an app that they may sign in through."""
    tenant = small_tenant()
    for number in range(people):
        tenant.add_person(f"Person Number{number}")
    cloud = DemoTenant(tenant)
    cloud.app.state.entra.pages_url = "https://microsoft.com"
    registered(cloud, **{"allow_public_client": True, "redirect_uris": ("http://localhost",), **details})
    return cloud


def settings_for(cloud: DemoTenant, **environ: str) -> Settings:
    return read_settings({"ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": cloud.app.state.tenant.id, **environ})


class AtOnce:
    """A flow without waiting: whoever is `next` signs in, through the real pages."""

    def __init__(self, cloud: DemoTenant, person: Person | None = None) -> None:
        self.cloud = cloud
        self.next = person or cloud.app.state.tenant.demo_person
        self.requests: list[auth.SignInRequest] = []
        self._flow = auth.DemoFlow(self._confirm)

    async def begin(self, application: Any, request: auth.SignInRequest) -> Any:
        self.requests.append(request)
        return await self._flow.begin(application, request)

    def _confirm(self, link: str) -> Mapping[str, str]:
        with self.cloud.http() as browser:
            return sign_in_at(browser, link, self.next)


def people_of(
    cloud: DemoTenant,
    flow: auth.Flow | None = None,
    cache: TokenCache | None = None,
    *,
    tenant: str = "",
    told: list[str] | None = None,
    **details: Any,
) -> auth.People:
    """The engine on the emulator: real MSAL, a cache in memory unless one is given."""
    tenant = tenant or cloud.app.state.tenant.id
    context = auth.Context(PUBLIC.login_url, tenant, APP, SCOPES, "delegated")
    return auth.People(
        auth.PublicApp(APP, PUBLIC.login_url, tenant, cloud.http),
        cache or MemoryTokenCache(),
        flow or AtOnce(cloud),
        context,
        cloud="public",
        tell=(list[str]() if told is None else told).append,
        **details,
    )
