"""Directory roles and administrative units of a tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from emulator.graph.groups.keeping import keep_references
from emulator.graph.roles.templates import TEMPLATES, RoleTemplate
from emulator.schema import schema
from emulator.store import Entity, Items
from emulator.tenant import Tenant

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def directory_of(tenant: Tenant) -> Entity:
    """The one thing behind `/directory`."""
    return tenant.store.one("directory", schema().kind("directory"))


def administrative_units(tenant: Tenant) -> Items:
    """The parts that the administration of the tenant is split into."""
    return directory_of(tenant).set_of("administrativeUnits")


def template_of(key: str) -> RoleTemplate | None:
    """The role template with this id."""
    return TEMPLATES.get(key.lower())


def role_of(tenant: Tenant, template_id: str) -> Entity | None:
    """The activated role of a template."""
    wanted = template_id.lower()
    return next((role for role in tenant.store.root("directoryRoles") if role["roleTemplateId"] == wanted), None)


def activate_role(tenant: Tenant, template: RoleTemplate, role_id: str | None = None) -> Entity:
    """Activate the role of a template, so that it can have members."""
    keep_references(tenant)
    values: Mapping[str, Any] = {
        "id": role_id or str(uuid5(NAMESPACE_URL, f"{tenant.id}/directoryRoles/{template.id}")),
        "displayName": template.name,
        "description": template.description,
        "roleTemplateId": template.id,
    }
    return tenant.store.root("directoryRoles").add(tenant.store.entity(schema().kind("directoryRole"), values))


def grant_role(tenant: Tenant, template_id: str, member: Entity) -> Entity:
    """Give somebody a role, activating it where it was not yet."""
    role = role_of(tenant, template_id) or activate_role(tenant, TEMPLATES[template_id])
    if member not in role.links_of("members"):
        role.links_of("members").add(member)
    return role


def scoped_memberships(tenant: Tenant) -> list[Entity]:
    """Who has a role within a unit only."""
    return [scoped for unit in administrative_units(tenant) for scoped in unit.set_of("scopedRoleMembers")]


def scope_role(tenant: Tenant, unit: Entity, role: Entity, member: Entity, scoped_id: str | None = None) -> Entity:
    """Give somebody a role within a unit."""
    info = {"id": member.id, "displayName": member.get("displayName")}
    if member.get("userPrincipalName"):
        info["userPrincipalName"] = member["userPrincipalName"]
    values = {
        "id": scoped_id or uuid5(NAMESPACE_URL, f"{role.id}/{unit.id}/{member.id}").hex,
        "administrativeUnitId": unit.id,
        "roleId": role.id,
        "roleMemberInfo": info,
    }
    kind = schema().kind("scopedRoleMembership")
    return unit.set_of("scopedRoleMembers").add(tenant.store.entity(kind, values))
