"""Permissions granted to clients, and roles of applications assigned to people, groups and services."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from emulator.graph.directory.errors import AssignmentExists, InvalidValue, UnknownAppRole, ValueRequired
from emulator.schema import schema
from emulator.store import Entity, Items, Slice
from emulator.tenant import Tenant

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
_ASSIGNMENT, _GRANT = "AppRoleAssignment", "OAuth2PermissionGrant"


def permission_grants(tenant: Tenant) -> Items:
    """What clients may do on behalf of everybody, or of one person."""
    return tenant.store.root("oauth2PermissionGrants")


def assignments(tenant: Tenant) -> Items:
    """All assignments of roles of applications."""
    return tenant.store.root("appRoleAssignments")


def assigned_to(tenant: Tenant, principal: Entity) -> Slice:
    """The roles that somebody has, groups' included whose direct member it is."""

    def belongs(assignment: Entity) -> bool:
        holder = tenant.store.root("groups").get(assignment["principalId"])
        return assignment["principalId"] == principal.id or (
            holder is not None and principal in holder.links_of("members")
        )

    return Slice(assignments(tenant), belongs)


def assigned_by(tenant: Tenant, resource: Entity) -> Slice:
    """Who has roles of an application."""

    return Slice(assignments(tenant), lambda assignment: bool(assignment["resourceId"] == resource.id))


def grants_about(tenant: Tenant, party: str, whose: Entity) -> Slice:
    """The grants in which somebody is the `clientId`, or the `principalId`."""

    return Slice(permission_grants(tenant), lambda one: bool(one[party] == whose.id))


def assign(tenant: Tenant, principal: Entity, resource: Entity, role_id: str, stamp: str) -> Entity:
    """Give somebody a role of an application."""
    defined = {str(role.get("id")).lower() for role in resource.get("appRoles")}
    if role_id != DEFAULT_ACCESS and role_id not in defined:
        raise UnknownAppRole
    key = f"{principal.id}/{resource.id}/{role_id}"
    identity = _short(principal.id) + _short(str(uuid5(NAMESPACE_URL, key)))
    if assignments(tenant).get(identity) is not None:
        raise AssignmentExists
    values = {
        "id": identity,
        "appRoleId": role_id,
        "createdDateTime": stamp,
        "principalDisplayName": principal.get("displayName"),
        "principalId": principal.id,
        "principalType": _principal_type(principal),
        "resourceDisplayName": resource.get("displayName"),
        "resourceId": resource.id,
    }
    return assignments(tenant).add(tenant.store.entity(schema().kind("appRoleAssignment"), values))


def check_assignment(values: Mapping[str, Any]) -> None:
    """Refuse a body that does not say who gets which role of what."""
    for name in ("principalId", "resourceId", "appRoleId"):
        if not values.get(name):
            raise ValueRequired(name, _ASSIGNMENT)


def grant(tenant: Tenant, values: Mapping[str, Any]) -> Entity:
    """Let a client do something on behalf of everybody (`AllPrincipals`) or of one person (`Principal`)."""
    for name in ("clientId", "consentType", "resourceId", "scope"):
        if values.get(name) is None:
            raise ValueRequired(name, _GRANT)
    whose = values.get("principalId")
    if values["consentType"] not in {"AllPrincipals", "Principal"}:
        raise InvalidValue("consentType", _GRANT)
    if (values["consentType"] == "Principal") is not bool(whose):
        raise InvalidValue("principalId", _GRANT)
    ids = (values["clientId"], values["resourceId"], *([whose] if whose else []))
    for object_id in ids:
        tenant.directory_object(object_id)
    identity = "".join(_short(object_id) for object_id in ids)
    if permission_grants(tenant).get(identity) is not None:
        raise AssignmentExists
    found = {**values, "id": identity, "principalId": whose}
    return permission_grants(tenant).add(tenant.store.entity(schema().kind("oAuth2PermissionGrant"), found))


def _principal_type(principal: Entity) -> str:
    short = principal.kind.name.rpartition(".")[2]
    return short[0].upper() + short[1:]


def _short(object_id: str) -> str:
    try:
        raw = UUID(object_id).bytes
    except ValueError:
        raw = uuid5(NAMESPACE_URL, object_id).bytes
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
