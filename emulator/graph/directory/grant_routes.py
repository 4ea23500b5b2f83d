"""Grants and role assignments over HTTP, seen from the client, the person and the resource."""

from __future__ import annotations

from emulator.faults import DirectoryNotFound
from emulator.graph.directory import grants
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.target import Target
from emulator.graph.engine.workload import Workload
from emulator.store import Entity, Slice

granting = Workload("grants", DIRECTORY)
user = granting.type("user")
group = granting.type("group")
service_principal = granting.type("servicePrincipal")
grant = granting.type("oAuth2PermissionGrant", patched=204)
assignment = granting.type("appRoleAssignment")


@user.navigation("appRoleAssignments")
@group.navigation("appRoleAssignments")
@service_principal.navigation("appRoleAssignments")
def role_assignments(call: Call, owner: Entity) -> Slice:
    """The roles of applications that somebody has."""
    return grants.assigned_to(call.tenant, owner)


@service_principal.navigation("appRoleAssignedTo")
def assigned_roles(call: Call, owner: Entity) -> Slice:
    """Who has roles of this application."""
    return grants.assigned_by(call.tenant, owner)


@assignment.hook("create")
def assign(call: Call, _: Target, values: Values) -> Entity:
    """Give the role, whichever of the two sides the path begins at."""
    grants.check_assignment(values)
    principal = call.tenant.directory_object(values["principalId"])
    resource = call.tenant.store.root("servicePrincipals").get(values["resourceId"].lower())
    if resource is None:
        raise DirectoryNotFound(values["resourceId"])
    return grants.assign(call.tenant, principal, resource, values["appRoleId"].lower(), call.stamp)


@grant.hook("create")
def allow(call: Call, _: Target, values: Values) -> Entity:
    """Let a client act on behalf of people."""
    return grants.grant(call.tenant, values)


@user.navigation("oauth2PermissionGrants")
def grants_of_person(call: Call, owner: Entity) -> Slice:
    """What clients may do on behalf of this person alone."""
    return grants.grants_about(call.tenant, "principalId", owner)


@service_principal.navigation("oauth2PermissionGrants")
def grants_of_client(call: Call, owner: Entity) -> Slice:
    """What this client may do on behalf of people."""
    return grants.grants_about(call.tenant, "clientId", owner)
