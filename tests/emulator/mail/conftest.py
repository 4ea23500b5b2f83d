"""Ada, Bo and Cy with their mailboxes, and Graph as any of them sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from emulator import Tenant
from emulator.entra import Caller
from emulator.tenant import Person
from tests.emulator.mail.scene import SCOPES
from tests.emulator.support import client_for, delegated, small_tenant

ClientOf = Callable[..., "httpx.AsyncClient"]


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def ada(tenant: Tenant) -> Person:
    return tenant.person("ada.lind@lindenhall.example")


@pytest.fixture
def bo(tenant: Tenant) -> Person:
    return tenant.person("bo.mcallister@lindenhall.example")


@pytest.fixture
def cy(tenant: Tenant) -> Person:
    return tenant.person("cy.falk@lindenhall.example")


@pytest.fixture
async def client_of(tenant: Tenant) -> AsyncIterator[ClientOf]:
    """A client for a person with all mail permissions, or for any caller."""
    opened: list[httpx.AsyncClient] = []

    def client(who: Person | Caller) -> httpx.AsyncClient:
        opened.append(client_for(tenant, delegated(who, *SCOPES) if isinstance(who, Person) else who))
        return opened[-1]

    yield client
    for one in opened:
        await one.aclose()


@pytest.fixture
async def graph(tenant: Tenant, ada: Person) -> AsyncIterator[httpx.AsyncClient]:
    """Graph as Ada sees it."""
    async with client_for(tenant, delegated(ada, *SCOPES)) as client:
        yield client
