"""A small tenant with its Entra, and MSAL's applications in front of it, for tests that bring its errors about."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import jwt
import msal

from auth.aadsts import Context
from auth.msal_http import DiscoveryOnly, client_options
from emulator import CLOUDS, DEMO_CLIENT_ID, AppRegistration, BlockingTransport, Tenant, build_emulator, sign_in_at
from emulator.tenant import Person
from tests.certificates import key_and_certificate
from tests.emulator.entra.driver import Page

LOGIN = "https://login.microsoftonline.com"
TENANT_ID = "6b0c1f5e-3d6a-4a43-8d0b-1f1d3c2b4a59"
OTHER_TENANT = "0d7e5f0a-9b1c-4c2e-8f3a-5a6b7c8d9e0f"
APP = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"
SECRET = "a-secret-of-the-test"
REDIRECT = "http://localhost:8400"
CI = "https://ci.example"
SCOPES = ["User.Read"]
DEFAULT = ["https://graph.microsoft.com/.default"]
# What no error may repeat: who signed in, as what, and with what.
CANARIES = ("ines.aldana", "Ines", "lindenhall", SECRET, "Nightly report")
PRIVATE_KEY, CERTIFICATE = key_and_certificate()

Result = dict[str, Any]


class Clock:
    """A clock that starts at the real time, which MSAL reads, and moves only when told to."""

    def __init__(self) -> None:
        self.off = 0.0

    def __call__(self) -> float:
        return time.time() + self.off

    def move(self, *, seconds: float = 0, days: float = 0) -> None:
        self.off += seconds + days * 86_400


class Scene:
    """One tenant; everything that talks to it has to run in a worker thread."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.our_clock = time.time
        self.tenant = Tenant(id=TENANT_ID, domain="lindenhall.example", display_name="Lindenhall")
        self.ines = self.tenant.add_person("Ines Aldana")
        self.jonas = self.tenant.add_person("Jonas Brandt")
        self.tenant.demo_person = self.ines
        self.context = Context(LOGIN, TENANT_ID, DEMO_CLIENT_ID, ("User.Read", "Mail.Read"))
        self.secrets: list[str] = []
        self.move_to("public")

    def move_to(self, cloud: str) -> None:
        """Have the tenant in this cloud; whoever signs in goes on asking the public one."""
        self.app = build_emulator(self.tenant, clock=self.clock, cloud=CLOUDS[cloud])
        self.entra = self.app.state.entra
        self.http = httpx.Client(transport=BlockingTransport(self.app))
        self.browser = httpx.Client(transport=BlockingTransport(self.app))

    def register(self, client_id: str = APP, **details: Any) -> None:
        self.entra.register(AppRegistration(client_id, "Nightly report", **{"redirect_uris": (REDIRECT,), **details}))

    def public(self, client_id: str = DEMO_CLIENT_ID, tenant: str = TENANT_ID) -> msal.PublicClientApplication:
        return msal.PublicClientApplication(client_id, authority=f"{LOGIN}/{tenant}", **client_options(self.http))

    def confidential(
        self, credential: Any = SECRET, tenant: str = TENANT_ID, http_cache: DiscoveryOnly | None = None
    ) -> msal.ConfidentialClientApplication:
        options = client_options(self.http, http_cache)
        return msal.ConfidentialClientApplication(APP, credential, authority=f"{LOGIN}/{tenant}", **options)

    def for_itself(self, credential: Any = SECRET, scopes: Sequence[str] = tuple(DEFAULT), **more: Any) -> Result:
        """What the app gets as itself."""
        tenant = more.pop("tenant", TENANT_ID)
        return dict(self.confidential(credential, tenant).acquire_token_for_client(list(scopes), **more))

    def federated(self, key: str = PRIVATE_KEY, **claims: Any) -> dict[str, Callable[[], str]]:
        """MSAL's credential out of a token that somebody else signed."""
        now = int(self.clock())
        known = {"iss": CI, "sub": "repo:main", "aud": "api://AzureADTokenExchange"}
        token = jwt.encode({**known, "nbf": now, "exp": now + 600, **claims}, key, "RS256")
        return self.presented(token)

    def presented(self, token: str) -> dict[str, Callable[[], str]]:
        self.secrets.append(token)
        return {"client_assertion": lambda: token}

    def begun(self, application: msal.ClientApplication, scopes: Sequence[str] = tuple(SCOPES), **more: Any) -> Result:
        """A sign-in that waits for the browser."""
        return dict(
            application.initiate_auth_code_flow(list(scopes), redirect_uri=REDIRECT, response_mode="form_post", **more)
        )

    def answered(
        self,
        application: msal.ClientApplication,
        person: Person | None = None,
        scopes: Sequence[str] = tuple(SCOPES),
    ) -> tuple[Result, dict[str, str]]:
        """A sign-in, and what the browser brought back from it."""
        flow = self.begun(application, scopes)
        return flow, sign_in_at(self.browser, flow["auth_uri"], person or self.ines)

    def signed_in(
        self,
        application: msal.ClientApplication,
        person: Person | None = None,
        scopes: Sequence[str] = tuple(SCOPES),
    ) -> Result:
        """Somebody goes through the whole sign-in."""
        flow, answer = self.answered(application, person, scopes)
        result: Result = dict(application.acquire_token_by_auth_code_flow(flow, answer))
        assert "access_token" in result, result
        self.secrets += [result[name] for name in ("access_token", "refresh_token") if name in result]
        return result

    def shown(self, url: str) -> Mapping[str, str]:
        """What a page hands over without anybody doing anything."""
        return Page(self.browser.get(url).text, url).hidden

    def refreshed(
        self, application: msal.ClientApplication, scopes: Sequence[str] = tuple(SCOPES), **more: Any
    ) -> Result:
        """What MSAL gets in silence, past its cache."""
        (account,) = application.get_accounts()
        found = application.acquire_token_silent_with_error(list(scopes), account, force_refresh=True, **more)
        assert found is not None
        return dict(found)

    def polled(self, application: msal.PublicClientApplication, flow: Result) -> Result:
        """One look whether a device code was used."""
        return dict(application.acquire_token_by_device_flow(flow, exit_condition=lambda _: True))
