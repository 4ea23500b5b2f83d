"""Objects of the directory whatever their type: found by id, asked for memberships, in the bin; the organisation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.graph.directory.recycling import deleted_items, erase, forget_old, recycle
from emulator.schema import schema
from emulator.store import Entity
from tests.emulator.support import ids, names, small_tenant
from tests.emulator.users.support import as_app, as_person, ok, person, refused

BAD = "Request_BadRequest"
WIDE = ("Directory.ReadWrite.All", "User.ReadWrite.All", "Group.ReadWrite.All", "Domain.ReadWrite.All",
        "Organization.ReadWrite.All", "Application.ReadWrite.All", "Device.Read.All", "User.Read",
        "Directory.Read.All", "Directory.AccessAsUser.All")  # fmt: skip


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant, *WIDE) as client:
        yield client


@pytest.fixture
def groups(tenant: Tenant) -> list[Entity]:
    """Cy is in Crew, Crew is in Everyone; Mailing is no security group."""
    found = []
    for name, secure in (("Crew", True), ("Everyone", True), ("Mailing", False)):
        values = {"displayName": name, "securityEnabled": secure, "mailEnabled": not secure}
        found.append(tenant.store.root("groups").add(tenant.store.entity(schema().kind("group"), values)))
    found[0].links_of("members").add(person(tenant, "Cy"))
    found[1].links_of("members").add(found[0])
    found[2].links_of("members").add(person(tenant, "Cy"))
    return found


async def test_any_object_is_found_by_its_id(graph: httpx.AsyncClient, tenant: Tenant, groups: list[Entity]) -> None:
    body = ok(await graph.get(f"/directoryObjects/{groups[0].id}"))
    assert (body["@odata.type"], body["displayName"]) == ("#microsoft.graph.group", "Crew")
    assert ok(await graph.get(f"/directoryObjects/{tenant.demo_person.id}"))["displayName"] == "Ada Lind"
    refused(await graph.get("/directoryObjects/nothing"), 404, "Request_ResourceNotFound")
    assert (await graph.delete(f"/directoryObjects/{person(tenant, 'Dee').id}")).status_code == 204
    assert len(tenant.people) == 3


async def test_objects_are_fetched_by_ids_of_chosen_types(
    graph: httpx.AsyncClient, tenant: Tenant, groups: list[Entity]
) -> None:
    wanted = [tenant.demo_person.id, groups[0].id, "unknown"]
    every = ok(await graph.post("/directoryObjects/getByIds", json={"ids": wanted}))
    assert every["@odata.context"].endswith("#directoryObjects")
    assert ids(every) == wanted[:2]
    some = ok(await graph.post("/directoryObjects/getByIds", json={"ids": wanted, "types": ["group"]}))
    assert [one["@odata.type"] for one in some["value"]] == ["#microsoft.graph.group"]
    refused(await graph.post("/directoryObjects/getByIds", json={"ids": ["x"] * 1001}), 400, BAD, "maximum")
    refused(await graph.post("/directoryObjects/getByIds", json={}), 400, BAD, "'ids'")


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        pytest.param(False, ["Crew", "Everyone", "Mailing"], id="all"),
        pytest.param(True, ["Crew", "Everyone"], id="security"),
    ],
)
async def test_memberships_are_told_as_ids(
    graph: httpx.AsyncClient, tenant: Tenant, groups: list[Entity], only: bool, expected: list[str]
) -> None:
    called = {group.id: group["displayName"] for group in groups}
    for name in ("getMemberGroups", "getMemberObjects"):
        path = f"/users/{person(tenant, 'Cy').id}/{name}"
        body = ok(await graph.post(path, json={"securityEnabledOnly": only}))
        assert body["@odata.context"].endswith("$metadata#Collection(Edm.String)")
        assert sorted(called[one] for one in body["value"]) == expected
    refused(await graph.post(path, json={"securityEnabledOnly": "perhaps"}), 400, BAD)


async def test_memberships_are_checked(graph: httpx.AsyncClient, tenant: Tenant, groups: list[Entity]) -> None:
    other = tenant.store.root("groups").add(tenant.store.entity(schema().kind("group"), {"displayName": "Other"}))
    asked = [groups[1].id, other.id, groups[0].id]
    base = f"/directoryObjects/{person(tenant, 'Cy').id}"
    body = ok(await graph.post(f"{base}/checkMemberGroups", json={"groupIds": asked}))
    assert body["value"] == [groups[1].id, groups[0].id]
    body = ok(await graph.post(f"{base}/checkMemberObjects", json={"ids": asked}))
    assert body["value"] == [groups[1].id, groups[0].id]
    many = {"groupIds": asked * 7}
    refused(await graph.post(f"{base}/checkMemberGroups", json=many), 400, BAD, "maximum of 20")
    refused(await graph.post(f"{base}/checkMemberGroups", json={"groupIds": "x"}), 400, BAD, "groupIds")


async def test_the_bin_forgets_after_thirty_days(tenant: Tenant) -> None:
    recycle(tenant, person(tenant, "Cy"), "2026-01-01T00:00:00Z")
    recycle(tenant, person(tenant, "Dee"), "2026-02-01T00:00:00Z")
    forget_old(tenant, datetime(2026, 2, 10, tzinfo=UTC))
    assert [one["displayName"] for one in deleted_items(tenant)] == ["Dee Ruiz"]
    loose = tenant.store.entity(schema().kind("group"), {"displayName": "Loose"})
    recycle(tenant, loose, "2026-02-01T00:00:00Z")
    assert loose not in deleted_items(tenant)


async def test_an_object_that_is_not_recycled_is_gone(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    device = tenant.store.root("devices").add(tenant.store.entity(schema().kind("device"), {"displayName": "Old"}))
    assert (await graph.delete(f"/directoryObjects/{device.id}")).status_code == 204
    assert ids(ok(await graph.get("/directory/deletedItems/microsoft.graph.device"))) == []


async def test_what_somebody_owned_is_found_in_the_bin(
    graph: httpx.AsyncClient, tenant: Tenant, groups: list[Entity]
) -> None:
    groups[0].links_of("owners").add(tenant.demo_person)
    recycle(tenant, groups[0], "2026-03-11T14:00:00Z")
    path = "/directory/deletedItems/getUserOwnedObjects"
    body = {"userId": tenant.demo_person.id, "type": "Group"}
    assert names(await graph.post(path, json=body)) == ["Crew"]
    assert names(await graph.post(path, json={**body, "userId": person(tenant, "Bo").id})) == []
    async with as_app(tenant, *WIDE, "Group.Read.All") as app:
        refused(await app.post(path, json={}), 400, BAD, "userId")


async def test_directory_extensions_are_listed(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    app = tenant.store.root("applications").add(tenant.store.entity(schema().kind("application"), {"displayName": "A"}))
    kind = schema().kind("extensionProperty")
    app.set_of("extensionProperties").add(
        tenant.store.entity(kind, {"name": "extension_a_b", "isSyncedFromOnPremises": False})
    )
    path = "/directoryObjects/getAvailableExtensionProperties"
    assert [one["name"] for one in ok(await graph.post(path, json={}))["value"]] == ["extension_a_b"]
    assert ok(await graph.post(path, json={"isSyncedFromOnPremises": True}))["value"] == []


async def test_the_organisation_knows_its_domains(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    (body,) = ok(await graph.get("/organization"))["value"]
    assert (body["id"], body["displayName"]) == (tenant.id, tenant.display_name)
    assert [(one["name"], one["isDefault"]) for one in body["verifiedDomains"]] == [("lindenhall.example", True)]
    assert (await graph.patch(f"/organization/{tenant.id}", json={"city": "Bremen"})).status_code == 204
    assert ok(await graph.get(f"/organization/{tenant.id}?$select=city"))["city"] == "Bremen"
    assert (await graph.delete(f"/organization/{tenant.id}")).status_code == 405


async def test_a_domain_is_added_verified_made_default_and_removed(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    made = ok(await graph.post("/domains", json={"id": "Lamps.example"}), 201)
    assert (made["id"], made["isVerified"]) == ("lamps.example", False)
    refused(await graph.post("/domains", json={"id": "lamps.example"}), 400, BAD, "already exists")
    refused(await graph.post("/domains", json={"id": "lamps"}), 400, BAD, "'id'")
    refused(await graph.post("/domains/lamps.example/promote"), 400, BAD, "not verified")
    move = {"userPrincipalName": "cy@lamps.example"}
    refused(await graph.patch(f"/users/{person(tenant, 'Cy').id}", json=move), 400, BAD, "verified domain")
    assert ok(await graph.post("/domains/lamps.example/verify"))["isVerified"] is True
    assert (await graph.patch(f"/users/{person(tenant, 'Cy').id}", json=move)).status_code == 204
    assert ok(await graph.post("/domains/lamps.example/promote"))["value"] is True
    assert [one["isDefault"] for one in ok(await graph.get("/domains"))["value"]] == [False, True]
    refused(await graph.delete("/domains/lamps.example"), 400, BAD, "not allowed")
    await graph.post("/domains/lindenhall.example/promote")
    refused(await graph.delete("/domains/lamps.example"), 400, BAD, "not allowed")
    await graph.delete(f"/users/{person(tenant, 'Cy').id}")
    assert (await graph.delete("/domains/lamps.example")).status_code == 204


DEVICE: dict[str, Any] = {
    "accountEnabled": True,
    "alternativeSecurityIds": [{"type": 2, "key": "AAEC"}],
    "deviceId": "4c299165-6e8f-4b45-a5ba-c5d250a70700",
    "displayName": "Bench tablet",
    "operatingSystem": "linux",
    "operatingSystemVersion": "1",
}


async def test_a_device_has_owners_and_users(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    made = ok(await graph.post("/devices", json=DEVICE), 201)
    assert made["registrationDateTime"] == "2026-03-11T14:30:00Z"
    refused(await graph.post("/devices", json=DEVICE), 400, BAD, "deviceId already exists")
    refused(await graph.post("/devices", json={**DEVICE, "alternativeSecurityIds": []}), 400, BAD, "required")
    refused(await graph.post("/devices", json={**DEVICE, "displayName": None}), 400, BAD, "of resource 'Device'")
    link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{tenant.demo_person.id}"}
    async with as_person(tenant, *WIDE, "Device.ReadWrite.All") as client:
        for name in ("registeredOwners", "registeredUsers"):
            assert (await client.post(f"/devices/{made['id']}/{name}/$ref", json=link)).status_code == 204
            assert names(await client.get(f"/devices/{made['id']}/{name}")) == ["Ada Lind"]
    assert names(await graph.get("/me/ownedDevices")) == ["Bench tablet"]
    assert names(await graph.get("/me/registeredDevices")) == ["Bench tablet"]
    by_key = ok(await graph.get(f"/devices(deviceId='{DEVICE['deviceId']}')"))
    assert by_key["id"] == made["id"]
    assert (await graph.patch(f"/devices/{made['id']}", json={"accountEnabled": False})).status_code == 204
    attributes = {"extensionAttributes": {"extensionAttribute1": "BYOD"}}
    assert (await graph.patch(f"/devices/{made['id']}", json=attributes)).status_code == 204
    query = "$filter=extensionAttributes/extensionAttribute1 eq 'BYOD'&$count=true&$select=displayName"
    found = await graph.get(f"/devices?{query}", headers={"ConsistencyLevel": "eventual"})
    assert names(found) == ["Bench tablet"]
    assert (await graph.delete(f"/devices/{made['id']}")).status_code == 204
    assert names(await graph.get("/me/ownedDevices")) == []


async def test_an_application_is_recycled_restored_and_erased(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    app = tenant.store.root("applications").add(tenant.store.entity(schema().kind("application"), {"displayName": "A"}))
    refused(await graph.post(f"/directoryObjects/{app.id}/restore"), 404, "Request_ResourceNotFound")
    for _ in range(2):
        assert (await graph.delete(f"/applications/{app.id}")).status_code == 204
        listed = await graph.get("/directory/deletedItems/microsoft.graph.application?$select=id")
        assert ids(ok(listed)) == [app.id]
        restored = ok(await graph.post(f"/directory/deletedItems/{app.id}/restore"))
        assert restored["@odata.type"] == "#microsoft.graph.application"
        assert ok(await graph.get(f"/applications/{app.id}"))["displayName"] == "A"
    await graph.delete(f"/applications/{app.id}")
    assert (await graph.delete(f"/directory/deletedItems/{app.id}")).status_code == 204
    assert deleted_items(tenant).get(app.id) is None


async def test_a_short_name_of_a_type_counts_the_bin(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    recycle(tenant, person(tenant, "Cy"), "2026-03-11T14:00:00Z")
    headers = {"ConsistencyLevel": "eventual"}
    assert (await graph.get("/directory/deletedItems/graph.user/$count", headers=headers)).text == "1"
    query = "$count=true&$orderby=deletedDateTime desc&$select=id,displayName"
    body = ok(await graph.get(f"/directory/deletedItems/microsoft.graph.user?{query}", headers=headers))
    assert (body["@odata.count"], [one["displayName"] for one in body["value"]]) == (1, ["Cy Falk"])


def test_erasing_what_was_never_recycled_only_forgets_it(tenant: Tenant) -> None:
    group = tenant.store.entity(schema().kind("group"), {"displayName": "Stray"})
    deleted_items(tenant).add(group)
    erase(tenant, group)
    assert group not in deleted_items(tenant)
