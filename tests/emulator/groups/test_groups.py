"""Groups over HTTP: how they are made, changed, found and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.groups.state import add_group
from tests.emulator.groups.driver import (
    BAD,
    DENIED,
    EVENTUAL,
    MISSING,
    UNIFIED,
    answer,
    as_app,
    as_person,
    body,
    error_parts,
    link,
    made,
    named,
    names,
    refused,
    small_tenant,
)


async def test_a_microsoft_365_group_gets_an_address_and_belongs_to_who_made_it() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        group = await made(client, "Fair Team", UNIFIED, description="Stand 12")
        assert group["mail"] == f"fair-team@{tenant.domain}"
        assert group["proxyAddresses"] == [f"SMTP:fair-team@{tenant.domain}"]
        assert (group["visibility"], group["renewedDateTime"]) == ("Public", group["createdDateTime"])
        assert group["securityIdentifier"].startswith("S-1-12-1-")
        for relation in ("owners", "members"):
            assert await names(client.get(f"/groups/{group['id']}/{relation}")) == ["Ada Lind"]
    assert tenant.addressee(f"FAIR-TEAM@{tenant.domain}") is not None


async def test_a_security_group_has_no_address() -> None:
    async with as_app(small_tenant()) as client:
        group = await made(client, "Door")
        assert (group["mail"], group["proxyAddresses"], group["visibility"]) == (None, [], None)
        assert await names(client.get(f"/groups/{group['id']}/owners")) == []


async def test_named_owners_and_members_come_with_the_group() -> None:
    tenant = small_tenant()
    root = "https://graph.microsoft.com/v1.0/users/"
    binds: dict[str, Any] = {
        "owners@odata.bind": [root + named(tenant, "Bo").id],
        "members@odata.bind": [root + named(tenant, "Cy").user_principal_name, root + named(tenant, "Dee").id],
    }
    async with as_person(tenant) as client:
        group = await made(client, "Door", **binds)
        assert await names(client.get(f"/groups/{group['id']}/owners")) == ["Bo McAllister"]
        assert await names(client.get(f"/groups/{group['id']}/members")) == ["Cy Falk", "Dee Ruiz"]


@pytest.mark.parametrize("missing", ["displayName", "mailEnabled", "mailNickname", "securityEnabled"])
async def test_what_a_new_group_must_have(missing: str) -> None:
    whole = body("Door")
    del whole[missing]
    async with as_person(small_tenant()) as client:
        words = f"A value is required for property '{missing}' of resource 'Group'."
        await refused(client.post("/groups", json=whole), 400, BAD, words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"mailNickname": "a b"}, "mailNickname", id="a blank in the nickname"),
        pytest.param({"mailNickname": "x" * 65}, "mailNickname", id="a long nickname"),
        pytest.param({"displayName": "x" * 257}, "displayName", id="a long name"),
        pytest.param({"groupTypes": ["Team"]}, "groupTypes", id="an unknown kind"),
        pytest.param({"visibility": "Secret"}, "visibility", id="an unknown visibility"),
        pytest.param({"mailEnabled": True}, "writes of mail-enabled groups", id="a mail-enabled security group"),
        pytest.param({"securityEnabled": False}, "writes of mail-enabled groups", id="neither mail nor security"),
        pytest.param({"groupTypes": ["Unified"]}, "mailEnabled", id="a Microsoft 365 group without mail"),
        pytest.param({"membershipRule": "user.city -eq null"}, "membershipRule", id="a rule without its kind"),
        pytest.param({"isAssignableToRole": True, "visibility": "Public"}, "visibility", id="a public role group"),
        pytest.param({"groupTypes": ["DynamicMembership"]}, "membershipRule", id="no rule"),
        pytest.param(
            {"groupTypes": ["DynamicMembership"], "membershipRule": "user.city -eq null",
             "membershipRuleProcessingState": "Maybe"},
            "membershipRuleProcessingState", id="an unknown state of processing",
        ),
        pytest.param(
            {"groupTypes": ["DynamicMembership"], "membershipRule": "user.city -eq null", "isAssignableToRole": True},
            "isAssignableToRole", id="a dynamic role group",
        ),
        pytest.param({"members@odata.bind": ["x/1"] * 21}, "20", id="too many references"),
    ],
)  # fmt: skip
async def test_what_no_new_group_can_be(changes: dict[str, Any], words: str) -> None:
    async with as_person(small_tenant()) as client:
        await refused(client.post("/groups", json={**body("Door"), **changes}), 400, BAD, words)
        assert await names(client.get("/groups")) == []


async def test_the_nickname_of_a_microsoft_365_group_is_its_own() -> None:
    async with as_person(small_tenant()) as client:
        await made(client, "Fair", UNIFIED)
        await made(client, "Fair")
        response = await client.post("/groups", json=body("FAIR", UNIFIED))
        words = "Another object with the same value for property mailNickname already exists."
        assert error_parts(response) == (400, BAD, words)
        details = response.json()["error"]["details"]
        assert details == [{"code": "ObjectConflict", "message": words, "target": "mailNickname"}]


async def test_an_address_that_a_person_has_gets_a_number() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        group = await made(client, "x", UNIFIED | {"mailNickname": "Ada.Lind"})
        assert group["mail"] == f"Ada.Lind2@{tenant.domain}"


async def test_a_group_for_roles_needs_the_permission_for_roles() -> None:
    tenant = small_tenant()
    async with as_person(tenant, "Ada", "Group.ReadWrite.All") as client:
        await refused(client.post("/groups", json=body("Power", isAssignableToRole=True)), 403, DENIED)
    async with as_person(tenant) as client:
        group = await made(client, "Power", isAssignableToRole=True)
        assert (group["isAssignableToRole"], group["visibility"]) == (True, "Private")
        words = "read-only"
        await refused(client.patch(f"/groups/{group['id']}", json={"isAssignableToRole": False}), 400, BAD, words)
        await answer(client.patch(f"/groups/{group['id']}", json={"isAssignableToRole": True}), 204)
    async with as_person(tenant, "Ada", "Group.ReadWrite.All") as client:
        await refused(client.patch(f"/groups/{group['id']}", json={"displayName": "x"}), 403, DENIED)
        await refused(client.delete(f"/groups/{group['id']}"), 403, DENIED)
        await refused(
            client.post(f"/groups/{group['id']}/members/$ref", json=link(named(tenant, "Bo").id)), 403, DENIED
        )


async def test_a_change_is_silent_and_kept() -> None:
    async with as_person(small_tenant()) as client:
        group = await made(client, "Fair", UNIFIED)
        await answer(client.patch(f"/groups/{group['id']}", json={"description": "x", "visibility": "private"}), 204)
        found = await answer(client.get(f"/groups/{group['id']}"))
        assert (found["description"], found["visibility"]) == ("x", "Private")
        await refused(client.patch(f"/groups/{group['id']}", json={"mail": "a@b"}), 400, BAD, "'mail' is read-only")
        await made(client, "Other", UNIFIED)
        path = f"/groups/{group['id']}"
        await refused(client.patch(path, json={"mailNickname": "other"}), 400, BAD, "mailNickname already exists")
        await answer(client.patch(path, json={"mailNickname": "FAIR"}), 204)


async def test_a_patch_binds_members_all_or_none() -> None:
    tenant = small_tenant()
    bo, cy = (link(named(tenant, name).id)["@odata.id"] for name in ("Bo", "Cy"))
    async with as_person(tenant) as client:
        path = f"/groups/{(await made(client, 'Door'))['id']}"
        await answer(client.patch(path, json={"members@odata.bind": [bo]}), 204)
        words = "One or more added object references already exist for the following modified properties: 'members'."
        await refused(client.patch(path, json={"members@odata.bind": [cy, bo]}), 400, BAD, words)
        assert await names(client.get(f"{path}/members")) == ["Bo McAllister"]


async def test_a_group_is_made_or_changed_by_its_unique_name() -> None:
    async with as_app(small_tenant()) as client:
        path = "/groups(uniqueName='door-1')"
        await refused(client.get(path), 404, MISSING)
        await refused(client.patch(path, json={"displayName": "Door"}), 400, BAD, "A value is required")
        await answer(client.patch(path, json=body("Door")), 201)
        await answer(client.patch(path, json={"displayName": "Gate"}), 204)
        assert (await answer(client.get(path)))["displayName"] == "Gate"
        words = "uniqueName already exists"
        await refused(client.post("/groups", json=body("Wall", uniqueName="door-1")), 400, BAD, words)


async def test_a_deleted_group_waits_in_the_bin_and_comes_back_whole() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        outer, inner = await made(client, "Outer"), await made(client, "Inner")
        await answer(client.post(f"/groups/{outer['id']}/members/$ref", json=link(inner["id"])), 204)
        await answer(client.delete(f"/groups/{inner['id']}"), 204)
        await refused(client.get(f"/groups/{inner['id']}"), 404, MISSING)
        assert await names(client.get(f"/groups/{outer['id']}/members")) == []
        assert await names(client.get("/directory/deletedItems/microsoft.graph.group")) == ["Inner"]
        await answer(client.post(f"/directory/deletedItems/{inner['id']}/restore"))
        assert await names(client.get(f"/groups/{outer['id']}/members")) == ["Inner"]
        await answer(client.delete(f"/groups/{inner['id']}"), 204)
        await answer(client.delete(f"/directory/deletedItems/{inner['id']}"), 204)
        assert await names(client.get("/directory/deletedItems/microsoft.graph.group")) == []


async def test_what_exchange_keeps_is_shown_but_not_changed() -> None:
    tenant = small_tenant()
    values = {"displayName": "List", "mailNickname": "list", "mailEnabled": True, "securityEnabled": True}
    listed = add_group(tenant, values, "2026-01-01T00:00:00Z")
    listed.links_of("members").add(named(tenant, "Bo"))
    async with as_person(tenant) as client:
        path = f"/groups/{listed.id}"
        assert (await answer(client.get(path)))["mail"] == f"list@{tenant.domain}"
        words = "Cannot Update a mail-enabled security groups and or distribution list."
        await refused(client.patch(path, json={"description": "x"}), 400, BAD, words)
        await refused(client.post(f"{path}/members/$ref", json=link(named(tenant, "Cy").id)), 400, BAD, words)
        await refused(client.delete(f"{path}/members/{named(tenant, 'Bo').id}/$ref"), 400, BAD, words)
        await refused(client.delete(path), 400, BAD, words)


async def test_lists_are_filtered_searched_and_do_not_show_what_exchange_keeps() -> None:
    async with as_person(small_tenant()) as client:
        await made(client, "Sales North", UNIFIED)
        await made(client, "Sales South")
        assert await names(client.get("/groups?$filter=groupTypes/any(c:c eq 'Unified')")) == ["Sales North"]
        asked = "/groups?$filter=startswith(displayName,'Sales')&$orderby=displayName&$count=true"
        assert await names(client.get(asked, headers=EVENTUAL)) == ["Sales North", "Sales South"]
        assert await names(client.get('/groups?$search="displayName:sou"', headers=EVENTUAL)) == ["Sales South"]
        await refused(client.get("/groups?$select=id,unseenCount"), 501, "NotImplemented")


async def test_marks_of_one_person_are_that_persons() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client, as_person(tenant, "Bo") as other:
        path = f"/groups/{(await made(client, 'Fair', UNIFIED))['id']}"
        wanted = f"{path}?$select=id,isFavorite,isSubscribedByMail"
        await answer(client.post(f"{path}/addFavorite"), 204)
        await answer(client.post(f"{path}/subscribeByMail"), 204)
        found = await answer(client.get(wanted))
        assert (found["isFavorite"], found["isSubscribedByMail"]) == (True, True)
        assert (await answer(other.get(wanted)))["isFavorite"] is False
        await answer(client.post(f"{path}/removeFavorite"), 204)
        await answer(client.post(f"{path}/unsubscribeByMail"), 204)
        found = await answer(client.get(wanted))
        assert (found["isFavorite"], found["isSubscribedByMail"]) == (False, False)
        await answer(client.post(f"{path}/retryServiceProvisioning"), 204)


async def test_an_app_sees_the_permissions_it_has_within_a_group() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        path = f"/groups/{(await made(client, 'Fair', UNIFIED))['id']}"
        group = next(iter(tenant.store.root("groups")))
        kind = group.kind.navigations["permissionGrants"].target
        for app_id in ("app", "other"):
            group.set_of("permissionGrants").add(tenant.store.entity(kind, {"clientAppId": app_id, "permission": "x"}))
        assert len((await answer(client.get(f"{path}/permissionGrants")))["value"]) == 2
        found = await answer(client.post(f"{path}/checkGrantedPermissionsForApp"))
        assert [one["clientAppId"] for one in found["value"]] == ["app"]


async def test_licences_of_a_group_reach_its_members() -> None:
    tenant = small_tenant()
    named(tenant, "Bo").update({"usageLocation": "DE"})
    async with as_person(tenant) as client:
        sku = (await answer(client.get("/subscribedSkus")))["value"][0]["skuId"]
        path = f"/groups/{(await made(client, 'Licensed'))['id']}"
        for name in ("Bo", "Cy"):
            await answer(client.post(f"{path}/members/$ref", json=link(named(tenant, name).id)), 204)
        order = {"addLicenses": [{"skuId": sku, "disabledPlans": []}], "removeLicenses": []}
        await refused(client.post(f"{path}/assignLicense", json={"addLicenses": []}), 400, BAD, "removeLicenses")
        await answer(client.post(f"{path}/assignLicense", json=order), 202)
        assert [one["skuId"] for one in named(tenant, "Bo")["assignedLicenses"]] == [sku]
        assert await names(client.get(f"{path}/membersWithLicenseErrors")) == ["Cy Falk"]
        assert (await answer(client.get(f"{path}?$select=hasMembersWithLicenseErrors")))["hasMembersWithLicenseErrors"]
        state = named(tenant, "Cy")["licenseAssignmentStates"][0]
        assert (state["state"], state["error"]) == ("Error", "ProhibitedInUsageLocationViolation")
        await answer(client.post(f"{path}/assignLicense", json={"addLicenses": [], "removeLicenses": [sku]}), 202)
        assert named(tenant, "Bo")["assignedLicenses"] == []
        assert await names(client.get(f"{path}/membersWithLicenseErrors")) == []
