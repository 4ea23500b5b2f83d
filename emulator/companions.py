"""What things cannot be without when they are seeded: others that they refer to, a side they are kept on, a nature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from emulator.store import Entity

Make: TypeAlias = Callable[[str], Entity]
_NO_ROLE = "00000000-0000-0000-0000-000000000000"

# Setting these would make another thing of it: a deleted user, a dynamic group, a series of meetings, a folder.
TELLING = frozenset(
    {
        "assignedLicenses", "bundle", "deleted", "deletedDateTime", "externalUserState", "file", "folder", "groupTypes",
        "isOrganizer", "membershipRule", "membershipRuleProcessingState", "onPremisesSyncEnabled", "originalStart",
        "package", "passwordProfile", "recurrence", "remoteItem", "resourceBehaviorOptions",
        "resourceProvisioningOptions", "root", "seriesMasterId", "specialFolder",
    }
)  # fmt: skip

# What is seen from one side is kept on the other: the root that holds it, and its relation that leads back.
SEEN_FROM = {
    "directReports": ("users", "manager"),
    "people": ("users", "manager"),
    "memberOf": ("groups", "members"),
    "transitiveMemberOf": ("groups", "members"),
    "ownedObjects": ("groups", "owners"),
    "ownedDevices": ("devices", "registeredOwners"),
    "registeredDevices": ("devices", "registeredUsers"),
}
# What is seen of one relation is kept in another.
KEPT_IN = {"transitiveMembers": "members", "calendarView": "events"}
PHOTOS = ("photos", "photo")
DELETED = "deletedItems"
CREATED = "createdObjects"
LICENCES = "licenseDetails"

_MAILED = frozenset(
    {
        "acceptedSenders", "calendar", "calendarView", "conversations", "drive", "drives", "events", "onenote", "photo",
        "photos", "planner", "rejectedSenders", "sites", "team", "threads",
    }
)  # fmt: skip
_UNIFIED = {"groupTypes": ["Unified"], "mailEnabled": True, "securityEnabled": False}


# What a thing is unless somebody says otherwise; `{}` is a number of its own.
USUAL: Mapping[str, Mapping[str, Any]] = {
    "group": {"mailEnabled": False, "mailNickname": "group{}", "securityEnabled": True},
}


def nature(short_name: str, onward: str) -> Mapping[str, Any]:
    """What a thing must be so that the path can go on from it along a relation."""
    if short_name == "group" and onward in _MAILED:
        return _UNIFIED
    if short_name == "driveItem" and onward == "children":
        return {"folder": {}}
    return {}


def references(short_name: str, owner: Entity | None, relation: str, make: Make) -> Mapping[str, Any]:
    """Values of a new thing that are ids of others; it is made below `owner` by `relation`, `make` makes by path."""
    if short_name == "appRoleAssignment":
        return _role_assignment(owner, relation, make)
    if short_name == "oAuth2PermissionGrant":
        return _permission_grant(owner, make)
    if short_name == "scopedRoleMembership":
        return _scoped_role(owner, make)
    if short_name == "servicePrincipal":
        return {"appId": make("applications").get("appId")}
    if short_name == "calendarPermission":
        colleague = make("users")
        address = {"address": colleague.get("userPrincipalName"), "name": colleague.get("displayName")}
        return {"emailAddress": address, "role": "read"}
    return {}


def _role_assignment(owner: Entity | None, relation: str, make: Make) -> dict[str, Any]:
    is_resource = relation == "appRoleAssignedTo"
    principal = make("users") if owner is None or is_resource else owner
    resource = owner if owner is not None and is_resource else make("servicePrincipals")
    return {"principalId": principal.id, "resourceId": resource.id, "appRoleId": _NO_ROLE}


def _permission_grant(owner: Entity | None, make: Make) -> dict[str, Any]:
    is_person = _is(owner, "user")
    client = make("servicePrincipals") if owner is None or is_person else owner
    whose = {"consentType": "Principal", "principalId": owner.id} if owner is not None and is_person else {}
    resource = make("servicePrincipals")
    return {
        "clientId": client.id,
        "resourceId": resource.id,
        "scope": "User.Read",
        "consentType": "AllPrincipals",
    } | whose


def _scoped_role(owner: Entity | None, make: Make) -> dict[str, Any]:
    member = owner if owner is not None and _is(owner, "user") else make("users")
    unit = owner if owner is not None and _is(owner, "administrativeUnit") else make("directory/administrativeUnits")
    named = {"id": member.id, "displayName": member.get("displayName")}
    return {"roleId": make("directoryRoles").id, "administrativeUnitId": unit.id, "roleMemberInfo": named}


def _is(entity: Entity | None, short_name: str) -> bool:
    return entity is not None and entity.kind.name == f"microsoft.graph.{short_name}"
