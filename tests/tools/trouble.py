"""The server on a small tenant whose Graph can be put into trouble, with real tokens and without sign-in."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache

import httpx
import pytest
from mcp import Client

from _server_demo import DemoTenant
from emulator import Tenant
from emulator.entra.keys import SigningKey
from emulator.graph.catalogue import WORKLOADS
from emulator.graph.engine.workload import Service
from server import GraphwardServer, build_server
from settings import Settings
from tests.support import account_of, demo_settings, small_tenant

LIST, READ, SEND = "mail_list_messages", "mail_read_message", "mail_send_message"
GRANTED = ("Mail.Read", "Mail.Send", "User.Read", "MailboxSettings.Read", "People.Read")
MAIL = {"to": ["jonas.brandt@lindenhall.example"], "subject": "Budget", "text": "As agreed."}

ERAS = [pytest.param("legacy stream", id="older handshake"), pytest.param("modern stream", id="2026-07-28")]
FREE = {"ACCESS": "full"}


class Tokens:
    """Real tokens of the emulator's Entra."""

    def __init__(self, cloud: DemoTenant, scopes: Sequence[str]) -> None:
        self._state = cloud.app.state
        self._scopes = tuple(scopes)

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        token: str = self._state.entra.access_token(self._state.tenant.demo_person, scopes=self._scopes)
        return token


class Wire(httpx.AsyncBaseTransport):
    """The way to the emulator, which loses a connection as a socket would."""

    def __init__(self, cloud: DemoTenant) -> None:
        self._inner = httpx.ASGITransport(app=cloud)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._inner.handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.ReadError("connection reset") from error


@cache
def _key() -> SigningKey:
    """Made once: it takes longer than everything else."""
    return SigningKey.new(time.time())


@cache
def _graph() -> Service:
    """One for all, since its description takes long to write."""
    return Service(WORKLOADS)


def cloud_of(tenant: Tenant | None = None) -> DemoTenant:
    """The emulator of a small tenant, sooner than usual."""
    cloud = DemoTenant(tenant or small_tenant())
    cloud.app.state.entra.keys.current, cloud.app.state.graph.service = _key(), _graph()
    return cloud


def served(cloud: DemoTenant, scopes: Sequence[str] = GRANTED, settings: Settings | None = None) -> GraphwardServer:
    source = account_of(Tokens(cloud, scopes))
    return build_server(settings or demo_settings(FREE), source, transport=Wire(cloud))


@asynccontextmanager
async def working(scopes: Sequence[str] = GRANTED) -> AsyncIterator[tuple[Client, DemoTenant]]:
    cloud = cloud_of()
    async with Client(served(cloud, scopes)) as client:
        yield client, cloud
