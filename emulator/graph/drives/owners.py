"""Whose drives are: people, groups, sites."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from emulator.store import Entity
from emulator.tenant import Tenant

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
USER, GROUP, SITE = (f"microsoft.graph.{name}" for name in ("user", "group", "site"))


def person_identity(person: Entity) -> dict[str, Any]:
    """A person as `createdBy` and the like name one."""
    mail = person.get("mail") or person.get("userPrincipalName")
    return {"user": {"email": mail, "id": person.id, "displayName": person.get("displayName")}}


def drive_values(tenant: Tenant, owner: Entity) -> dict[str, Any]:
    seed = hashlib.sha512(f"{tenant.id}/{owner.id}".encode()).digest()
    is_person = owner.kind.name == USER
    is_personal = tenant.id == PERSONAL_TENANT
    return {
        "id": seed[:8].hex() if is_personal else "b!" + base64.urlsafe_b64encode(seed[:48]).decode(),
        "driveType": "personal" if is_personal else "business" if is_person else "documentLibrary",
        "name": "OneDrive" if is_person else "Documents",
        "createdDateTime": owner.get("createdDateTime") or "2021-03-01T08:00:00Z",
        "webUrl": f"{site_address(tenant, owner)}/{'Documents' if is_person else 'Shared%20Documents'}",
    }


def site_address(tenant: Tenant, owner: Entity) -> str:
    """Where the pages of a drive's owner would be; the host is no real one."""
    label = tenant.domain.partition(".")[0]
    if owner.kind.name == USER:
        name = str(owner["userPrincipalName"]).lower()
        return f"https://{label}-my.sharepoint.example/personal/{''.join(c if c.isalnum() else '_' for c in name)}"
    if owner.kind.name == SITE:
        return f"https://{label}.sharepoint.example"
    return f"https://{label}.sharepoint.example/sites/{owner.get('mailNickname') or owner.id}"


def identity_of(owner: Entity) -> dict[str, Any]:
    if owner.kind.name == USER:
        return person_identity(owner)
    if owner.kind.name == GROUP:
        return {"group": {"email": owner.get("mail"), "id": owner.id, "displayName": owner.get("displayName")}}
    return {"user": {"displayName": "System Account"}}


def owner_identity(drive: Entity) -> dict[str, Any]:
    """Whose drive it is, as an identity set."""
    return identity_of(drive.state["owner"])
