"""Who reports to whom, who belongs to what, and whose things are whose: the same from every side."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from emulator import Tenant
from emulator.graph.roles.state import administrative_units, scope_role
from emulator.schema import schema
from emulator.store import Entity
from tests.emulator.support import ids, names, small_tenant
from tests.emulator.users.support import NEW, as_person, ok, person, refused

EVENTUAL = {"ConsistencyLevel": "eventual"}
HOST = "https://graph.microsoft.com/v1.0"
CY = "/users/cy.falk@lindenhall.example"


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant, "Directory.ReadWrite.All", "User.ReadWrite.All", "User.Read") as client:
        yield client


def held(tenant: Tenant, root: str, kind: str, name: str, **values: object) -> Entity:
    """Something in the directory."""
    entity = tenant.store.entity(schema().kind(kind), {"displayName": name, "securityEnabled": True, **values})
    return tenant.store.root(root).add(entity)


async def test_a_manager_is_set_seen_from_both_sides_and_taken_away(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    dee, cy = person(tenant, "Dee"), person(tenant, "Cy")
    link = {"@odata.id": f"{HOST}/users/{dee.id}"}
    assert (await graph.put(f"{CY}/manager/$ref", json=link)).status_code == 204
    assert ok(await graph.get(f"{CY}/manager"))["id"] == dee.id
    assert ids(ok(await graph.get(f"/users/{dee.id}/directReports"))) == [cy.id]
    assert names(await graph.get("/me/directReports")) == ["Bo McAllister"]
    assert ok(await graph.get(f"{CY}/manager/$ref"))["@odata.id"].endswith(f"{dee.id}/microsoft.graph.user")
    assert (await graph.delete(f"{CY}/manager/$ref")).status_code == 204
    refused(await graph.get(f"{CY}/manager"), 404, "Request_ResourceNotFound")
    refused(await graph.delete(f"{CY}/manager/$ref"), 404, "Request_ResourceNotFound")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"@odata.id": f"{HOST}/users/nobody"}, 404, id="nobody"),
        pytest.param({}, 400, id="nothing"),
    ],
)
async def test_a_manager_must_exist(graph: httpx.AsyncClient, body: dict[str, str], status: int) -> None:
    assert (await graph.put(f"{CY}/manager/$ref", json=body)).status_code == status


async def test_the_chain_of_managers_is_expanded_to_the_top(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    dee = person(tenant, "Dee")
    query = "$expand=manager($levels=max;$select=id,displayName)&$select=id,displayName"
    body = ok(await graph.get(f"/users/{dee.id}?{query}"))
    assert (body["manager"]["displayName"], body["manager"]["manager"]["displayName"]) == ("Bo McAllister", "Ada Lind")
    flat = ok(await graph.get("/users?$expand=manager&$select=id"))
    assert [one["manager"] and one["manager"]["displayName"] for one in flat["value"]] == [
        None, "Ada Lind", "Ada Lind", "Bo McAllister",
    ]  # fmt: skip


async def test_sponsors_vouch_and_are_seen_vouching(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    bo, cy = person(tenant, "Bo"), person(tenant, "Cy")
    link = {"@odata.id": f"{HOST}/users/{bo.id}"}
    assert (await graph.post(f"{CY}/sponsors/$ref", json=link)).status_code == 204
    assert (await graph.post(f"{CY}/sponsors/$ref", json=link)).status_code == 400
    assert names(await graph.get(f"{CY}/sponsors")) == ["Bo McAllister"]
    assert ids(ok(await graph.get(f"/users/{bo.id}/sponsorOf"))) == [cy.id]
    assert (await graph.delete(f"{CY}/sponsors/{bo.id}/$ref")).status_code == 204
    assert names(await graph.get(f"{CY}/sponsors")) == []


async def test_memberships_of_every_kind_are_listed_filtered_and_counted(
    graph: httpx.AsyncClient, tenant: Tenant
) -> None:
    cy = person(tenant, "Cy")
    inner = held(tenant, "groups", "group", "Crew")
    outer = held(tenant, "groups", "group", "Everyone")
    role = held(tenant, "directoryRoles", "directoryRole", "Helpers")
    inner.links_of("members").add(cy)
    outer.links_of("members").add(inner)
    role.links_of("members").add(cy)
    direct = ok(await graph.get(f"{CY}/memberOf"))
    assert direct["@odata.context"].endswith("$metadata#directoryObjects")
    assert {one["displayName"]: one["@odata.type"] for one in direct["value"]} == {
        "Crew": "#microsoft.graph.group",
        "Helpers": "#microsoft.graph.directoryRole",
    }
    assert sorted(names(await graph.get(f"{CY}/transitiveMemberOf"))) == ["Crew", "Everyone", "Helpers"]
    groups = await graph.get(f"{CY}/transitiveMemberOf/microsoft.graph.group?$select=displayName")
    assert groups.json()["@odata.context"].endswith("$metadata#groups(displayName)")
    assert groups.json()["value"] == [{"displayName": "Crew"}, {"displayName": "Everyone"}]
    counted = await graph.get(f"{CY}/transitiveMemberOf/$count", headers=EVENTUAL)
    assert counted.text == "3"
    query = "$count=true&$filter=startswith(displayName,'E')"
    assert names(await graph.get(f"{CY}/transitiveMemberOf/microsoft.graph.group?{query}", headers=EVENTUAL)) == [
        "Everyone"
    ]
    assert ok(await graph.get(f"{CY}/memberOf/{inner.id}"))["displayName"] == "Crew"
    assert ids((await graph.get(f"{CY}/memberOf/microsoft.graph.administrativeUnit")).json()) == []


async def test_what_somebody_owns_uses_and_made_is_found(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    ada = tenant.demo_person
    group = held(tenant, "groups", "group", "Crew")
    own, used = held(tenant, "devices", "device", "Own"), held(tenant, "devices", "device", "Used")
    group.links_of("owners").add(ada)
    group.links_of("createdOnBehalfOf").add(ada)
    own.links_of("registeredOwners").add(ada)
    used.links_of("registeredUsers").add(ada)
    assert names(await graph.get("/me/ownedObjects")) == ["Crew"]
    assert names(await graph.get("/me/createdObjects")) == ["Crew"]
    assert names(await graph.get("/me/ownedDevices")) == ["Own"]
    assert names(await graph.get("/me/registeredDevices")) == ["Used"]


async def test_somebody_who_reads_groups_only_sees_no_more_than_ids_of_people(tenant: Tenant) -> None:
    cy = person(tenant, "Cy")
    group = held(tenant, "groups", "group", "Crew")
    group.links_of("members").add(cy)
    async with as_person(tenant, "GroupMember.Read.All") as client:
        (member,) = ok(await client.get(f"/groups/{group.id}/members"))["value"]
    assert (member["id"], member["displayName"], member["businessPhones"]) == (cy.id, None, [])


async def test_a_type_may_be_named_by_the_short_name_of_the_namespace(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    held(tenant, "groups", "group", "Crew").links_of("members").add(person(tenant, "Cy"))
    assert names(await graph.get(f"{CY}/memberOf/graph.group")) == ["Crew"]


async def test_services_have_memberships_and_things_too(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    service = held(tenant, "servicePrincipals", "servicePrincipal", "Robot")
    group = held(tenant, "groups", "group", "Crew")
    group.links_of("members").add(service)
    group.links_of("owners").add(service)
    base = f"/servicePrincipals/{service.id}"
    async with as_person(tenant, "Application.Read.All", "Directory.Read.All") as client:
        assert names(await client.get(f"{base}/memberOf")) == ["Crew"]
        assert names(await client.get(f"{base}/transitiveMemberOf")) == ["Crew"]
        assert names(await client.get(f"{base}/ownedObjects")) == ["Crew"]
        assert names(await client.get(f"{base}/createdObjects")) == []


async def test_a_contact_from_outside_has_a_manager_inside(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    contact = held(tenant, "contacts", "orgContact", "Ola Outside")
    contact.links_of("manager").replace(tenant.demo_person)
    reports = ok(await graph.get("/me/directReports"))["value"]
    assert [one["@odata.type"] for one in reports][-1] == "#microsoft.graph.orgContact"


async def test_roles_within_a_unit_are_listed(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    unit = tenant.store.entity(schema().kind("administrativeUnit"), {"displayName": "North"})
    administrative_units(tenant).add(unit)
    role = held(tenant, "directoryRoles", "directoryRole", "Helpers")
    scope_role(tenant, unit, role, person(tenant, "Cy"))
    scopes = ("RoleManagement.Read.Directory", "Directory.Read.All", "User.Read.All")
    async with as_person(tenant, *scopes) as client:
        (scoped,) = ok(await client.get(f"{CY}/scopedRoleMemberOf"))["value"]
    assert scoped["administrativeUnitId"] == unit.id


async def test_what_somebody_makes_over_graph_is_theirs(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    ok(await graph.post("/users", json=NEW), 201)
    assert names(await graph.get("/me/createdObjects")) == ["Eve Stone"]
