"""The two sides that are compared: GraphClient with all that is under it, and plain httpx with the same headers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

import httpx

import network
from benchmarks._rig import BASE, HOST, Mailbox, Rig
from graph import BearerAuth, Caller, GraphClient, GraphService, Speaker, graph_service, wire

SELECT = {"$select": "id,subject,from,receivedDateTime"}
# What GraphClient sends with each request, too.
SAME = {"User-Agent": "Graphward", "Accept-Encoding": "gzip"}


class OneToken:
    """Has its token already, as an account that is signed in nearly always has."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        return self._token


@asynccontextmanager
async def plain(transport: httpx.AsyncBaseTransport) -> AsyncIterator[httpx.AsyncClient]:
    """httpx as the documentation shows it."""
    async with httpx.AsyncClient(
        base_url=BASE, transport=transport, headers=SAME, timeout=network.TIMEOUT, trust_env=False
    ) as http:
        yield http


@asynccontextmanager
async def service(transport: httpx.AsyncBaseTransport, *, coalesce: bool = True) -> AsyncIterator[GraphService]:
    """What all GraphClients of a process share, as the server makes it."""
    async with graph_service(partial(network.async_client, transport), HOST, coalesce=coalesce) as shared:
        yield shared


def client_of(shared: GraphService, rig: Rig, mailbox: Mailbox) -> GraphClient:
    """A client for the owner of a mailbox."""
    auth = BearerAuth(OneToken(mailbox.token), ["https://graph.microsoft.com/.default"], HOST)
    return GraphClient(shared, Speaker(auth, Caller(rig.tenant, mailbox.user), mailbox.user))


def headers_of(mailbox: Mailbox) -> dict[str, str]:
    """What a careful caller sends with each request: the same as GraphClient."""
    return {
        "Accept": "application/json",
        "Prefer": 'IdType="ImmutableId"',
        "client-request-id": str(uuid4()),
        "Authorization": f"Bearer {mailbox.token}",
    }


def paths_of(mailbox: Mailbox) -> list[str]:
    """Where its messages are."""
    return [f"me/messages/{wire.path_segment(message)}" for message in mailbox.messages]
