"""The demo: a tenant inside this process, and the people of it signed in by real MSAL."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import ModuleType
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

import auth
import network
import web
from clouds import PUBLIC

if TYPE_CHECKING:
    from emulator import Tenant

log = logging.getLogger("graphward")

# The emulator's own, written here too: to ask it would load it, and its seed, before anybody needs them.
TENANT_ID = "7f0c2a58-4c1e-4b8f-9d65-3c2a1b7e9f40"
CLIENT_ID = "5b1f0c9e-6d43-4a8e-b7c2-90d1e3f4a6b8"


class DemoTenant:
    """The demo's cloud: an ASGI app inside this process, built when somebody first needs it."""

    def __init__(self, tenant: Tenant | None = None) -> None:
        self._building = threading.Lock()
        self._tenant = tenant
        self._app: Starlette | None = None
        self.pages_url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    @property
    def is_built(self) -> bool:
        return self._app is not None

    @property
    def app(self) -> Starlette:
        """The emulator. Loading it and its seed takes a while, so neither happens before the first request."""
        with self._building:
            if self._app is None:
                emulator = _emulator()
                tenant = self._tenant or emulator.demo_tenant()
                self._app = emulator.build_emulator(tenant, pages_url=self.pages_url)
        return self._app

    def accounts(self, scopes: Sequence[str], *, sign_in: bool, tell: Callable[[str], None]) -> auth.People:
        """Real MSAL against the demo's Entra; the person is asked only where `sign_in` wants it."""
        flow: auth.Flow = auth.DeviceFlow() if sign_in else auth.DemoFlow(self._confirm)
        tenant_id = self._tenant.id if self._tenant else TENANT_ID
        context = auth.Context(PUBLIC.login_url, tenant_id, CLIENT_ID, tuple(scopes), "delegated")
        app = auth.PublicApp(CLIENT_ID, PUBLIC.login_url, tenant_id, self.http)
        return auth.People(app, auth.MemoryTokenCache(), flow, context, cloud=PUBLIC.name, tell=tell)

    def http(self) -> httpx.Client:
        """A client whose every request the demo answers."""
        return network.sync_client(_emulator().BlockingTransport(self))

    def _confirm(self, link: str) -> Mapping[str, str]:
        with self.http() as browser:
            answer: Mapping[str, str] = _emulator().sign_in_at(browser, link, self.app.state.tenant.demo_person)
            return answer

    @asynccontextmanager
    async def pages(self) -> AsyncIterator[None]:
        """The sign-in pages, on a free loopback port, for a person's browser."""
        listener = web.bound_socket("127.0.0.1", 0)
        self.pages_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        log.info("demo tenant", extra={"sign_in_pages": f"{self.pages_url}/devicelogin"})
        async with web.serving(web.HostAndOrigin(self, loopback=True), listener):
            yield


def _emulator() -> ModuleType:
    """The demo tenant's package, loaded only by those who need it."""
    return importlib.import_module("emulator")
