"""Graph with next to no workloads: what the engine does from the types alone."""

from __future__ import annotations

from typing import Any

import httpx

from emulator import Tenant
from emulator.graph.engine.dialects import Dialect
from emulator.graph.engine.workload import Workload
from emulator.tenant import Person
from tests.emulator.support import client_for, delegated

SCOPES = (
    *("User.ReadWrite.All", "Directory.ReadWrite.All", "Group.ReadWrite.All", "Contacts.ReadWrite", "Mail.ReadWrite"),
    *("Calendars.ReadWrite", "Files.ReadWrite.All", "Sites.ReadWrite.All", "Application.ReadWrite.All"),
)
BASE = "https://graph.microsoft.com/v1.0"
EVENTUAL = {"ConsistencyLevel": "eventual"}


def graph_of(tenant: Tenant, *workloads: Workload, scopes: tuple[str, ...] = SCOPES) -> httpx.AsyncClient:
    """A client for the first person of the tenant, who may do everything."""
    return client_for(tenant, delegated(person(tenant), *scopes), workloads=workloads)


def person(tenant: Tenant, name: str = "Ada") -> Person:
    return next(one for one in tenant.people.values() if one.display_name.startswith(name))


def speaking(dialect: Dialect, *types: str) -> Workload:
    """A workload with nothing to say but how it speaks."""
    workload = Workload("tiny", dialect)
    for name in types:
        workload.type(name)
    return workload


async def made(graph: httpx.AsyncClient, path: str, **values: Any) -> dict[str, Any]:
    """A new thing."""
    response = await graph.post(path, json=values)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


async def contacts(graph: httpx.AsyncClient, *names: str) -> list[str]:
    """The ids of new contacts."""
    return [(await made(graph, "/me/contacts", displayName=name))["id"] for name in names]


async def read(graph: httpx.AsyncClient, path: str, **headers: str) -> dict[str, Any]:
    """The body of a successful GET."""
    response = await graph.get(path, headers=headers)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def shown(body: dict[str, Any], name: str = "displayName") -> list[Any]:
    return [item[name] for item in body["value"]]


def code_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def message_of(response: httpx.Response) -> str:
    return str(response.json()["error"]["message"])


def nested(depth: int, leaf: Any) -> Any:
    """A value inside so many objects."""
    for _ in range(depth):
        leaf = {"not": leaf}
    return leaf
