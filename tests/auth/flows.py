"""What the tests of the ways to sign in share: a cloud, MSAL's way to it, and a browser that people could use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urljoin

import anyio.to_thread
import httpx
import msal
from starlette.applications import Starlette

from auth._flow import Attempt
from auth._worker import Application, Result
from auth.msal_http import client_options
from clouds import PUBLIC
from emulator import AppRegistration, BlockingTransport, Tenant, build_emulator
from emulator.tenant import Person
from errors import AppError
from network import sync_client
from tests.emulator.entra.driver import Page

APP = "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10"
SCOPES = ("https://graph.microsoft.com/User.Read",)
PAGES = "http://127.0.0.1:4000"


class Wire(httpx.BaseTransport):
    """Passes on and remembers what was sent; gives the scripted answers first, and can hold requests for tokens."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.inner = inner
        self.forms: list[dict[str, str]] = []
        self.script: list[httpx.Response | Exception] = []
        self.go = threading.Event()
        self.go.set()
        self.threads: set[int] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.threads.add(threading.get_ident())
        if request.url.path.endswith("/token"):
            self.forms.append(dict(parse_qsl(request.content.decode())))
            self.go.wait()
            if self.script:
                return self._scripted(self.script.pop(0))
        return self.inner.handle_request(request)

    def _scripted(self, answer: httpx.Response | Exception) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer


class Cloud:
    """A tenant of two people with its Entra, and an app that people sign in to."""

    def __init__(self, **registration: Any) -> None:
        self.tenant = Tenant()
        self.ines = self.tenant.demo_person = self.tenant.add_person("Ines Aldana", job_title="Office manager")
        self.jonas = self.tenant.add_person("Jonas Brandt")
        self.app: Starlette = build_emulator(self.tenant, pages_url=PAGES)
        details: dict[str, Any] = {"allow_public_client": True, "redirect_uris": ("http://localhost",), **registration}
        self.app.state.entra.register(AppRegistration(APP, "Nightly report", **details))
        self.wire = Wire(BlockingTransport(self.app))

    async def application(self) -> Application:
        """MSAL's application over a cache of its own."""

        def made() -> Application:
            authority = f"{PUBLIC.login_url}/{self.tenant.id}"
            return msal.PublicClientApplication(APP, authority=authority, **client_options(sync_client(self.wire)))

        return await anyio.to_thread.run_sync(made)


@dataclass
class Ended:
    """How an attempt ended, for those who wait for it in another task."""

    result: Result = field(default_factory=dict)
    error: AppError | None = None

    async def watch(self, attempt: Attempt) -> None:
        try:
            self.result = await attempt.result()
        except AppError as error:
            self.error = error
        finally:
            attempt.close(self.error)


class Browser:
    """A browser without scripts. Microsoft's pages are the emulator's; this computer's come through a socket."""

    def __init__(self, cloud: Cloud, local: httpx.AsyncBaseTransport | None = None) -> None:
        mounts = {"https://": httpx.ASGITransport(app=cloud.app), PAGES: httpx.ASGITransport(app=cloud.app)}
        self.http = httpx.AsyncClient(mounts=mounts, transport=local, trust_env=False)

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def sent_to(self, link: str) -> str:
        """Where the short link leads."""
        answer = await self.http.get(link)
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    async def decided(self, link: str, person: Person | None) -> Page:
        """Entra's last page, whose form hands over the decision: a person, or to cancel."""
        address = await self.sent_to(link)
        choice = Page((await self.http.get(address)).text, address)
        decision = {"person": person.id, "decision": "accept"} if person else {"decision": "cancel"}
        answer = await self.http.post(urljoin(address, choice.action), data={**choice.hidden, **decision})
        return Page(answer.text, address)

    async def hand_over(self, page: Page, **changed: str) -> httpx.Response:
        """Send the form to the application, as a browser does that comes from another site."""
        headers = {"Origin": PUBLIC.login_url, "Sec-Fetch-Site": "cross-site"}
        return await self.http.post(str(page.action), data={**page.hidden, **changed}, headers=headers)

    async def type_code(self, code: str, person: Person | None) -> None:
        """Answer at the page for device codes."""
        decision = {"person": person.id, "decision": "accept"} if person else {"decision": "cancel"}
        await self.http.post(f"{PAGES}/devicelogin", data={"user_code": code, **decision})


class Pauses:
    """Waiting without time passing: notes each pause, moves the clock, and lets something happen meanwhile."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.taken: list[float] = []
        self.meanwhile: dict[int, Callable[[], Any]] = {}

    def clock(self) -> float:
        return self.now

    async def __call__(self, seconds: float) -> None:
        self.now += seconds
        self.taken.append(seconds)
        if len(self.taken) in self.meanwhile:
            await self.meanwhile[len(self.taken)]()
