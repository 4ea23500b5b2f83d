"""A small tenant's drives over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import httpx

from emulator import Tenant
from emulator.graph.drives.owners import PERSONAL_TENANT
from emulator.tenant import Person
from tests.emulator.support import client_for, delegated, small_tenant

FILES = ("Files.ReadWrite.All", "Sites.ReadWrite.All", "User.Read.All")
ROOT = "/me/drive/root"
STEP = 327_680
BAD = (400, "invalidRequest")
DENIED = (403, "accessDenied")
MISSING = (404, "itemNotFound")
TAKEN = (409, "nameAlreadyExists")
STALE = (412, "resourceModified")


def people(tenant: Tenant) -> list[Person]:
    """Ada (the head), Bo, Cy and Dee."""
    return list(tenant.people.values())


def as_person(tenant: Tenant, person: Person, *scopes: str) -> httpx.AsyncClient:
    """A client of a person who may do with files what it likes, unless scopes are given."""
    return client_for(tenant, delegated(person, *(scopes or FILES)))


def personal() -> Tenant:
    """Where personal accounts are."""
    tenant = Tenant(PERSONAL_TENANT, "live.example", "Personal")
    tenant.add_person("Pia Sol")
    return tenant


def ada(tenant: Tenant | None = None) -> httpx.AsyncClient:
    """A client of the head of a small tenant."""
    tenant = tenant or small_tenant()
    return as_person(tenant, people(tenant)[0])


async def put(client: httpx.AsyncClient, path: str, content: bytes = b"words", **headers: str) -> dict[str, Any]:
    """A file at a path of one's own drive."""
    response = await client.put(f"{ROOT}:/{path}:/content", content=content, headers=headers)
    assert response.status_code in {200, 201}, response.text
    found: dict[str, Any] = response.json()
    return found


async def folder(client: httpx.AsyncClient, name: str, parent: str = ROOT) -> dict[str, Any]:
    """A new folder."""
    response = await client.post(f"{parent}/children", json={"name": name, "folder": {}})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


def ok(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The body of an answer that has the status."""
    assert response.status_code == status, response.text
    found: dict[str, Any] = response.json()
    return found


def refused(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return response.status_code, response.json()["error"]["code"]


def item_names(body: dict[str, Any]) -> list[str]:
    return [item["name"] for item in body["value"]]


def each(values: Iterable[dict[str, Any]], name: str) -> list[Any]:
    return [value[name] for value in values]
