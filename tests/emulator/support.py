"""A Graph client on a small tenant, signed in as whoever a test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.routing import BaseRoute

from emulator import Tenant, build_emulator
from emulator.entra import Caller, TokenRefused
from emulator.graph.catalogue import WORKLOADS
from emulator.graph.engine.workload import Workload
from emulator.tenant import Person

NOW = datetime(2026, 3, 11, 14, 30, tzinfo=UTC)
ALL_SCOPES = frozenset({"User.Read.All", "Mail.Read"})


@dataclass
class FakeEntra:
    """Says who is calling without any token."""

    speaks_for: Caller
    refusal: str | None = None
    routes: Sequence[BaseRoute] = field(default_factory=list)

    def caller(self, authorization: str | None) -> Caller:
        if self.refusal is not None:
            raise TokenRefused(self.refusal)
        return self.speaks_for


def delegated(person: Person, *scopes: str) -> Caller:
    return Caller("app", person.id, frozenset(scopes) or ALL_SCOPES, frozenset())


def app_only(*roles: str) -> Caller:
    return Caller("app", None, frozenset(), frozenset(roles))


def client_for(
    tenant: Tenant, caller: Caller, refusal: str | None = None, workloads: Sequence[Workload] = WORKLOADS
) -> httpx.AsyncClient:
    app = build_emulator(tenant, entra=FakeEntra(caller, refusal), clock=NOW.timestamp, workloads=workloads)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://graph.microsoft.com/v1.0")


def small_tenant() -> Tenant:
    """A head with two reports, one of whom has a report; nobody has mail yet."""
    tenant = Tenant()
    head = tenant.add_person("Ada Lind", job_title="Head", department="Board", city="Bremen")
    bo = tenant.add_person("Bo McAllister", manager_id=head.id, department="Sales", created=NOW - timedelta(days=9))
    tenant.add_person("Cy Falk", manager_id=head.id, department="Sales", business_phones=("+49 1",))
    tenant.add_person("Dee Ruiz", manager_id=bo.id, department="IT", has_mailbox=False)
    return tenant


def ids(body: dict[str, Any]) -> list[str]:
    return [item["id"] for item in body["value"]]


def subjects(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [item["subject"] for item in response.json()["value"]]


def names(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [item["displayName"] for item in response.json()["value"]]


def error_of(response: httpx.Response) -> tuple[int, str, str]:
    error = response.json()["error"]
    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    return response.status_code, error["code"], error["message"]


async def pages(client: httpx.AsyncClient, path: str, **headers: str) -> AsyncIterator[dict[str, Any]]:
    """Every page of a list, following the links as a client does."""
    link: str | None = path
    while link:
        response = await client.get(link, headers=headers)
        assert response.status_code == 200, response.text
        page = response.json()
        yield page
        link = page.get("@odata.nextLink")
