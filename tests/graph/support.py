"""What tests of graph/ build on: a client whose network is a function, or the emulator."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx

from graph import BearerAuth, Caller, GraphClient, GraphService, Speaker, graph_service

HOST = "graph.microsoft.com"
BASE = f"https://{HOST}/v1.0/"

Handler = Callable[[httpx.Request], httpx.Response]


class OneToken:
    """Always the same token."""

    def __init__(self, token: str = "t") -> None:  # noqa: S107 - no password
        self._token = token

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        return self._token


def speaker(token: str = "t", *, user: str = "ines", tenant: str = "contoso", key: Hashable = None) -> Speaker:  # noqa: S107
    """Somebody with a token of their own."""
    return Speaker(BearerAuth(OneToken(token), (), HOST), Caller(tenant, user), (tenant, user) if key is None else key)


@asynccontextmanager
async def service_on(
    network: Handler | httpx.AsyncBaseTransport,
    **options: Any,
) -> AsyncIterator[GraphService]:
    """The shared half, on a network of the test's own."""
    transport = network if isinstance(network, httpx.AsyncBaseTransport) else httpx.MockTransport(network)
    opened = partial(httpx.AsyncClient, transport=transport, trust_env=False)
    async with graph_service(opened, HOST, chance=random.Random(1), **options) as service:  # noqa: S311
        yield service


@asynccontextmanager
async def client_on(
    network: Handler | httpx.AsyncBaseTransport,
    who: Speaker | None = None,
    **options: Any,
) -> AsyncIterator[GraphClient]:
    """One caller's client."""
    async with service_on(network, **options) as service:
        yield GraphClient(service, who or speaker())
