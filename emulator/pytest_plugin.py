"""Fixtures for tests of code that calls Microsoft Graph: `pytest_plugins = ["emulator.pytest_plugin"]`.

`graph_emulator` is in the same process, with a transport for httpx; `graph_emulator_server` is on a loopback port, for
code in any language. Both have the demo's tenant, made anew for each test; a fixture `graph_tenant` of one's own that
returns a function changes what is made.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from threading import Thread
from typing import Any

import httpx
import pytest

from emulator.app import build_emulator
from emulator.clock import Clock
from emulator.control import Control, controlled
from emulator.graph.mail.message import Message
from emulator.seed import demo_tenant
from emulator.standalone import server_of
from emulator.store import Entity
from emulator.tenant import Person, Tenant

GRAPH = "https://graph.microsoft.com"


class Transport(httpx.AsyncBaseTransport):
    """Calls the emulator in this process; a connection that it loses is lost as on the network."""

    def __init__(self, app: Any) -> None:  # noqa: ANN401 - any ASGI app
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.ReadError(str(error), request=request) from error


class GraphEmulator:
    """An emulator for one test. `control` has all that can be done to it; what is needed most is here, too."""

    def __init__(self, control: Control, host: str) -> None:
        self.control = control
        self.host = host

    @property
    def url(self) -> str:
        """Where v1.0 begins."""
        return f"{self.host}/v1.0"

    @property
    def transport(self) -> httpx.AsyncBaseTransport:
        """For `httpx.AsyncClient(transport=...)`: calls go to the emulator, whatever their host."""
        return Transport(controlled(self.control))

    @property
    def tenant(self) -> Tenant:
        return self.control.tenant

    @property
    def person(self) -> Person:
        """The person whom tokens are for, unless another is named."""
        return self.tenant.demo_person

    def token(
        self, scopes: Iterable[str] = (), *, roles: Iterable[str] = (), person: Person | str | None = None
    ) -> str:
        """An access token for a person with these scopes, or for an application with these roles."""
        if roles:
            return self.control.entra.access_token(roles=roles)
        whose = self.tenant.person(person) if isinstance(person, str) else person or self.person
        return self.control.entra.access_token(whose, scopes=scopes or ("User.Read",))

    def client(self, scopes: Iterable[str] = (), **whose: Any) -> httpx.AsyncClient:  # noqa: ANN401 - as of `token`
        """A client in this process that sends such a token."""
        headers = {"Authorization": f"Bearer {self.token(scopes, **whose)}"}
        return httpx.AsyncClient(transport=self.transport, base_url=self.url, headers=headers)

    def seed(self, path: str, values: Mapping[str, Any] | None = None, **more: Any) -> Entity:  # noqa: ANN401 - as there
        """Make what a path names: see `Control.seed`."""
        return self.control.seed(path, values, **more)

    def receive(self, sender: str, to: str | Iterable[str], subject: str = "", **more: Any) -> list[Message]:  # noqa: ANN401
        """Let mail come in from outside: see `Control.receive`."""
        return self.control.receive(sender, to, subject, **more)

    def advance(self, seconds: float) -> None:
        """Let time pass at once."""
        self.control.advance(seconds)

    def reset(self) -> None:
        """Bring back the state of the start."""
        self.control.reset()


@pytest.fixture
def graph_tenant() -> Callable[[], Tenant]:
    """What makes the tenant; a fixture of the same name in one's own tests takes its place."""
    return partial(demo_tenant, Clock().now)


@pytest.fixture
def graph_emulator(graph_tenant: Callable[[], Tenant]) -> GraphEmulator:
    """An emulator in this process, as `https://graph.microsoft.com`."""
    return GraphEmulator(_control(graph_tenant), GRAPH)


@pytest.fixture
def graph_emulator_server(graph_tenant: Callable[[], Tenant]) -> Iterator[GraphEmulator]:
    """An emulator on a port of this computer, with its control routes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"http://localhost:{listener.getsockname()[1]}"
        control = _control(graph_tenant, host)
        with _served(control, listener):
            yield GraphEmulator(control, host)


def _control(make: Callable[[], Tenant], host: str = "") -> Control:
    clock = Clock()
    app = build_emulator(make(), clock=clock, pages_url=host or "https://microsoft.com", login_url=host)
    return Control(app, clock, make)


@contextmanager
def _served(control: Control, listener: socket.socket) -> Iterator[None]:
    server = server_of(controlled(control))
    thread = Thread(target=server.run, args=([listener],), name="graph-emulator")
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
