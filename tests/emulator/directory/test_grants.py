"""Grants to clients and roles of applications: given once, seen from every side."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.graph.directory.grants import assign
from emulator.graph.directory.state import security_identifier
from emulator.schema import schema
from emulator.store import Entity
from tests.emulator.support import ids, small_tenant
from tests.emulator.users.support import as_person, ok, person, refused

BAD = "Request_BadRequest"
ROLE = "5d3d8fa1-6e2b-4f04-9b6a-2a6a4b8b3f11"
WIDE = ("Directory.ReadWrite.All", "Directory.Read.All", "AppRoleAssignment.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All", "Application.ReadWrite.All")  # fmt: skip


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant, *WIDE) as client:
        yield client


def service(tenant: Tenant, name: str) -> Entity:
    """An application of the tenant, with one role."""
    values = {"displayName": name, "appRoles": [{"id": ROLE, "value": "Reader", "isEnabled": True}]}
    entity = tenant.store.entity(schema().kind("servicePrincipal"), values)
    return tenant.store.root("servicePrincipals").add(entity)


@pytest.fixture
def resource(tenant: Tenant) -> Entity:
    return service(tenant, "Lamp store")


def role(principal: Entity, resource: Entity, role_id: str = ROLE) -> dict[str, Any]:
    return {"principalId": principal.id, "resourceId": resource.id, "appRoleId": role_id}


async def test_a_role_is_seen_from_both_sides_and_taken_away(
    graph: httpx.AsyncClient, tenant: Tenant, resource: Entity
) -> None:
    cy = person(tenant, "Cy")
    made = ok(await graph.post(f"/users/{cy.id}/appRoleAssignments", json=role(cy, resource)), 201)
    assert (made["principalDisplayName"], made["principalType"]) == ("Cy Falk", "User")
    assert (made["resourceDisplayName"], made["appRoleId"]) == ("Lamp store", ROLE)
    assert ids(ok(await graph.get(f"/users/{cy.id}/appRoleAssignments"))) == [made["id"]]
    assert ids(ok(await graph.get(f"/servicePrincipals/{resource.id}/appRoleAssignedTo"))) == [made["id"]]
    assert ok(await graph.get(f"/users/{cy.id}/appRoleAssignments/{made['id']}"))["resourceId"] == resource.id
    refused(await graph.post(f"/users/{cy.id}/appRoleAssignments", json=role(cy, resource)), 400, BAD, "already exists")
    assert (await graph.delete(f"/users/{cy.id}/appRoleAssignments/{made['id']}")).status_code == 204
    assert ids(ok(await graph.get(f"/servicePrincipals/{resource.id}/appRoleAssignedTo"))) == []


async def test_the_role_of_a_group_is_its_members_too(
    graph: httpx.AsyncClient, tenant: Tenant, resource: Entity
) -> None:
    cy = person(tenant, "Cy")
    group = tenant.store.root("groups").add(tenant.store.entity(schema().kind("group"), {"displayName": "Crew"}))
    group.links_of("members").add(cy)
    path = f"/servicePrincipals/{resource.id}/appRoleAssignedTo"
    default = "00000000-0000-0000-0000-000000000000"
    made = ok(await graph.post(path, json=role(group, resource, default)), 201)
    assert made["principalType"] == "Group"
    assert ids(ok(await graph.get(f"/groups/{group.id}/appRoleAssignments"))) == [made["id"]]
    assert ids(ok(await graph.get(f"/users/{cy.id}/appRoleAssignments"))) == [made["id"]]
    assert ids(ok(await graph.get(f"/users/{person(tenant, 'Bo').id}/appRoleAssignments"))) == []


async def test_a_role_that_cannot_be_given_is_refused(
    graph: httpx.AsyncClient, tenant: Tenant, resource: Entity
) -> None:
    cy = person(tenant, "Cy")
    path = f"/users/{cy.id}/appRoleAssignments"
    other = "11111111-2222-4333-8444-555555555555"
    refused(await graph.post(path, json=role(cy, resource, other)), 400, BAD, "not found on application")
    refused(await graph.post(path, json={"principalId": cy.id}), 400, BAD, "'resourceId'")
    unknown = {**role(cy, resource), "resourceId": other}
    refused(await graph.post(path, json=unknown), 404, "Request_ResourceNotFound")


def grant(client: Entity, resource: Entity, **more: Any) -> dict[str, Any]:
    given = {"clientId": client.id, "resourceId": resource.id, "consentType": "AllPrincipals", "scope": "Read"}
    return {**given, **more}


async def test_a_grant_is_seen_from_client_and_person(
    graph: httpx.AsyncClient, tenant: Tenant, resource: Entity
) -> None:
    client, cy = service(tenant, "Client"), person(tenant, "Cy")
    everybody = ok(await graph.post("/oauth2PermissionGrants", json=grant(client, resource)), 201)
    alone = grant(client, resource, consentType="Principal", principalId=cy.id)
    own = ok(await graph.post("/oauth2PermissionGrants", json=alone), 201)
    assert ids(ok(await graph.get("/oauth2PermissionGrants"))) == [everybody["id"], own["id"]]
    assert ids(ok(await graph.get(f"/users/{cy.id}/oauth2PermissionGrants"))) == [own["id"]]
    both = ok(await graph.get(f"/servicePrincipals/{client.id}/oauth2PermissionGrants"))
    assert ids(both) == [everybody["id"], own["id"]]
    assert (await graph.patch(f"/oauth2PermissionGrants/{own['id']}", json={"scope": "Read Write"})).status_code == 204
    assert ok(await graph.get(f"/oauth2PermissionGrants/{own['id']}"))["scope"] == "Read Write"
    found = ok(await graph.get(f"/oauth2PermissionGrants?$filter=clientId eq '{client.id}'"))
    assert len(found["value"]) == 2
    assert (await graph.delete(f"/oauth2PermissionGrants/{own['id']}")).status_code == 204
    assert ids(ok(await graph.get(f"/users/{cy.id}/oauth2PermissionGrants"))) == []


async def test_a_grant_that_cannot_be_is_refused(graph: httpx.AsyncClient, tenant: Tenant, resource: Entity) -> None:
    client = service(tenant, "Client")
    path = "/oauth2PermissionGrants"
    ok(await graph.post(path, json=grant(client, resource)), 201)
    refused(await graph.post(path, json=grant(client, resource)), 400, BAD, "already exists")
    refused(await graph.post(path, json=grant(client, resource, scope=None)), 400, BAD, "'scope'")
    refused(await graph.post(path, json=grant(client, resource, consentType="Anybody")), 400, BAD, "'consentType'")
    refused(await graph.post(path, json=grant(client, resource, consentType="Principal")), 400, BAD, "'principalId'")
    refused(await graph.post(path, json=grant(client, resource, principalId=client.id)), 400, BAD, "'principalId'")
    unknown = grant(client, resource, clientId="11111111-2222-4333-8444-555555555555")
    refused(await graph.post(path, json=unknown), 404, "Request_ResourceNotFound")


def test_odd_ids_get_assignments_too(tenant: Tenant, resource: Entity) -> None:
    odd = tenant.add_person("Odd One", id="odd-1")
    made = assign(tenant, odd, resource, ROLE, "2026-03-11T14:30:00Z")
    assert made["principalId"] == "odd-1"
    assert security_identifier("odd-1").startswith("S-1-12-1-")


async def test_filters_on_role_assignments_reach_along_the_relation(
    graph: httpx.AsyncClient, tenant: Tenant, resource: Entity
) -> None:
    groups = tenant.store.root("groups")
    crew = groups.add(tenant.store.entity(schema().kind("group"), {"displayName": "Crew"}))
    groups.add(tenant.store.entity(schema().kind("group"), {"displayName": "Idle"}))
    assign(tenant, crew, resource, ROLE, "2026-03-11T14:30:00Z")
    async with as_person(tenant, "Group.Read.All") as client:
        query = "/groups?$filter=appRoleAssignments/$count gt 0&$count=true&$select=displayName"
        body = ok(await client.get(query, headers={"ConsistencyLevel": "eventual"}))
    assert body["value"] == [{"displayName": "Crew"}]
