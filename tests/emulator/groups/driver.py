"""A small tenant for tests of groups, who calls, and shorthand for what most tests begin with."""

from __future__ import annotations

from typing import Any

import httpx

from emulator import Tenant
from emulator.seeding import every_permission
from emulator.tenant import Person
from tests.emulator.support import app_only, client_for, delegated, error_of, small_tenant

UNIFIED = {"mailEnabled": True, "securityEnabled": False, "groupTypes": ["Unified"]}
SECURITY = {"mailEnabled": False, "securityEnabled": True}
BAD, DENIED, MISSING = "Request_BadRequest", "Authorization_RequestDenied", "Request_ResourceNotFound"
EVENTUAL = {"ConsistencyLevel": "eventual"}

__all__ = ["BAD", "DENIED", "EVENTUAL", "MISSING", "SECURITY", "UNIFIED", "small_tenant"]


def named(tenant: Tenant, first: str) -> Person:
    """The person with this first name."""
    return next(one for one in tenant.people.values() if one.display_name.startswith(first))


def as_person(tenant: Tenant, first: str = "Ada", *scopes: str) -> httpx.AsyncClient:
    """A client signed in as somebody, with every permission unless some are named."""
    return client_for(tenant, delegated(named(tenant, first), *(scopes or every_permission())))


def as_app(tenant: Tenant, *roles: str) -> httpx.AsyncClient:
    """A client of an application on its own."""
    return client_for(tenant, app_only(*(roles or every_permission())))


def body(name: str, kind: dict[str, Any] = SECURITY, **more: Any) -> dict[str, Any]:
    """What a new group is made of."""
    return {"displayName": name, "mailNickname": name.lower().replace(" ", "-"), **kind, **more}


def link(entity_id: str) -> dict[str, str]:
    """A reference to an object."""
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{entity_id}"}


async def made(client: httpx.AsyncClient, name: str, kind: dict[str, Any] = SECURITY, **more: Any) -> dict[str, Any]:
    """A new group."""
    return await answer(client.post("/groups", json=body(name, kind, **more)), 201)


async def answer(request: Any, status: int = 200) -> dict[str, Any]:
    """The body of an answer that must have this status."""
    response = await request
    assert response.status_code == status, response.text
    found: dict[str, Any] = response.json() if response.content else {}
    return found


async def names(request: Any) -> list[str]:
    """The display names in a list."""
    return [item["displayName"] for item in (await answer(request))["value"]]


async def refused(request: Any, status: int, code: str, words: str = "") -> None:
    """An answer that must refuse, with these words among others."""
    found_status, found_code, message = error_parts(await request)
    assert (found_status, found_code) == (status, code), message
    assert words in message


def error_parts(response: httpx.Response) -> tuple[int, str, str]:
    """As `error_of`, for errors that may have details."""
    error = response.json()["error"]
    if "details" in error:
        return response.status_code, error["code"], error["message"]
    return error_of(response)
