"""A small tenant for tests of accounts, and who calls."""

from __future__ import annotations

from typing import Any

import httpx

from emulator import Tenant
from emulator.tenant import Person
from tests.emulator.support import app_only, client_for, delegated, error_of

WIDE = ("User.ReadWrite.All", "Directory.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All",
        "User.DeleteRestore.All", "User-PasswordProfile.ReadWrite.All", "User.Read",
        "UserAuthMethod-Passkey.ReadWrite.All")  # fmt: skip
PASSWORD = "Lamp-post-17"
NEW = {
    "accountEnabled": True,
    "displayName": "Eve Stone",
    "mailNickname": "eve",
    "userPrincipalName": "eve@lindenhall.example",
    "passwordProfile": {"password": PASSWORD, "forceChangePasswordNextSignIn": True},
}


def as_person(tenant: Tenant, *scopes: str, who: Person | None = None) -> httpx.AsyncClient:
    """A client signed in as somebody, the demo person if nobody is named."""
    return client_for(tenant, delegated(who or tenant.demo_person, *(scopes or WIDE)))


def as_app(tenant: Tenant, *roles: str) -> httpx.AsyncClient:
    """A client of an application on its own."""
    return client_for(tenant, app_only(*(roles or WIDE)))


def person(tenant: Tenant, name: str) -> Person:
    """The person with this first name."""
    return next(one for one in tenant.people.values() if one.display_name.startswith(name))


def refused(response: httpx.Response, status: int, code: str, words: str = "") -> None:
    """Hold a refusal against what it should be."""
    found, said, message = error_of(response)
    assert (found, said) == (status, code), message
    assert words in message


def ok(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The JSON of an answer that succeeded."""
    assert response.status_code == status, response.text
    body: dict[str, Any] = response.json() if response.content else {}
    return body
