"""Members and owners: references that come and go, groups in groups, and who belongs to what."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.directory.org_contacts import add_contact
from tests.emulator.groups.driver import (
    BAD,
    EVENTUAL,
    MISSING,
    UNIFIED,
    answer,
    as_person,
    link,
    made,
    named,
    names,
    refused,
    small_tenant,
)


async def test_a_member_is_added_once_and_removed_once() -> None:
    tenant = small_tenant()
    bo = named(tenant, "Bo")
    async with as_person(tenant) as client:
        path = f"/groups/{(await made(client, 'Door'))['id']}/members"
        await answer(client.post(f"{path}/$ref", json=link(bo.id)), 204)
        words = "One or more added object references already exist for the following modified properties: 'members'."
        await refused(client.post(f"{path}/$ref", json=link(bo.id)), 400, BAD, words)
        await refused(client.post(f"{path}/$ref", json=link("00000000-0000-0000-0000-000000000001")), 404, MISSING)
        assert (await answer(client.get(f"{path}/$ref")))["value"][0]["@odata.id"].count(bo.id) == 1
        await answer(client.delete(f"{path}/{bo.id}/$ref"), 204)
        await refused(client.delete(f"{path}/{bo.id}/$ref"), 404, MISSING)


async def test_a_member_may_be_named_by_id_when_it_is_removed() -> None:
    tenant = small_tenant()
    bo = named(tenant, "Bo")
    async with as_person(tenant) as client:
        path = f"/groups/{(await made(client, 'Door'))['id']}/members/$ref"
        await answer(client.post(path, json=link(bo.id)), 204)
        await answer(client.delete(f"{path}?$id=https://graph.microsoft.com/v1.0/users/{bo.id}"), 204)
        await refused(client.delete(f"{path}?$id=https://graph.microsoft.com/v1.0/users/{bo.id}"), 404, MISSING)


async def test_the_last_owner_stays() -> None:
    tenant = small_tenant()
    ada, bo = named(tenant, "Ada"), named(tenant, "Bo")
    async with as_person(tenant) as client:
        path = f"/groups/{(await made(client, 'Door'))['id']}/owners"
        words = "The group must have at least one owner, hence this owner cannot be removed."
        await refused(client.delete(f"{path}/{ada.id}/$ref"), 400, BAD, words)
        await answer(client.post(f"{path}/$ref", json=link(bo.id)), 204)
        await answer(client.delete(f"{path}/{ada.id}/$ref"), 204)


async def test_members_are_counted_cast_and_searched() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        inner = await made(client, "Inner")
        path = f"/groups/{(await made(client, 'Outer'))['id']}/members"
        for member in (named(tenant, "Bo").id, inner["id"]):
            await answer(client.post(f"{path}/$ref", json=link(member)), 204)
        response = await client.get(f"{path}/$count", headers=EVENTUAL)
        assert response.text == "2"
        await refused(client.get(f"{path}/$count"), 400, BAD, "$count is not currently supported.")
        assert await names(client.get(f"{path}/microsoft.graph.group")) == ["Inner"]
        found = client.get(f'{path}/microsoft.graph.user?$search="displayName:bo"&$count=true', headers=EVENTUAL)
        assert await names(found) == ["Bo McAllister"]


async def test_groups_hold_groups_even_in_circles() -> None:
    tenant = small_tenant()
    bo = named(tenant, "Bo")
    async with as_person(tenant) as client:
        a, b, c = [(await made(client, name))["id"] for name in ("A", "B", "C")]
        for outer, inner in ((a, b), (b, c), (c, a), (c, bo.id)):
            await answer(client.post(f"/groups/{outer}/members/$ref", json=link(inner)), 204)
        assert sorted(await names(client.get(f"/groups/{a}/transitiveMembers"))) == ["B", "Bo McAllister", "C"]
        assert await names(client.get(f"/groups/{a}/transitiveMembers/microsoft.graph.user")) == ["Bo McAllister"]
        shouted = await answer(client.get(f"/groups/{a}/transitiveMembers/{bo.id.upper()}/microsoft.graph.user"))
        assert shouted["id"] == bo.id
        assert sorted(await names(client.get(f"/groups/{c}/transitiveMemberOf"))) == ["A", "B"]
        assert await names(client.get(f"/groups/{c}/memberOf")) == ["B"]
        assert sorted(await names(client.get(f"/users/{bo.id}/transitiveMemberOf"))) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("kind", "inner_kind"),
    [
        pytest.param(UNIFIED, {}, id="a group in a Microsoft 365 group"),
        pytest.param({}, UNIFIED, id="a Microsoft 365 group in a security group"),
        pytest.param({"isAssignableToRole": True}, {}, id="a group in one for roles"),
    ],
)
async def test_groups_that_cannot_hold_one_another(kind: dict[str, Any], inner_kind: dict[str, Any]) -> None:
    async with as_person(small_tenant()) as client:
        outer = await made(client, "Outer", **kind)
        inner = await made(client, "Inner", **inner_kind)
        await refused(client.post(f"/groups/{outer['id']}/members/$ref", json=link(inner["id"])), 400, BAD, "members")
        await refused(client.post(f"/groups/{outer['id']}/owners/$ref", json=link(inner["id"])), 400, BAD, "owners")


async def test_a_group_is_not_its_own_member() -> None:
    async with as_person(small_tenant()) as client:
        group = await made(client, "A")
        await refused(client.post(f"/groups/{group['id']}/members/$ref", json=link(group["id"])), 400, BAD, "members")


@pytest.mark.parametrize("relation", ["acceptedSenders", "rejectedSenders"])
async def test_senders_are_let_in_or_kept_out(relation: str) -> None:
    tenant = small_tenant()
    bo = named(tenant, "Bo")
    contact = add_contact(tenant, "Eli Moor", "eli@moor.example")
    async with as_person(tenant) as client:
        path = f"/groups/{(await made(client, 'Fair', UNIFIED))['id']}/{relation}"
        by_name = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{bo.user_principal_name}"}
        await answer(client.post(f"{path}/$ref", json=by_name), 204)
        await answer(client.post(f"{path}/$ref", json=link(contact.id)), 204)
        assert await names(client.get(path)) == ["Bo McAllister", "Eli Moor"]
        await answer(client.delete(f"{path}/$ref?$id=https://graph.microsoft.com/v1.0/users/{bo.id}"), 204)
        assert await names(client.get(path)) == ["Eli Moor"]


async def test_who_is_deleted_leaves_and_who_is_restored_comes_back() -> None:
    tenant = small_tenant()
    bo = named(tenant, "Bo")
    async with as_person(tenant) as client:
        path = f"/groups/{(await made(client, 'Door'))['id']}/members"
        await answer(client.post(f"{path}/$ref", json=link(bo.id)), 204)
        await answer(client.delete(f"/users/{bo.id}"), 204)
        assert await names(client.get(path)) == []
        await answer(client.post(f"/directory/deletedItems/{bo.id}/restore"))
        assert await names(client.get(path)) == ["Bo McAllister"]


async def test_membership_is_checked_by_ids() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        inner, outer = await made(client, "Inner"), await made(client, "Outer")
        team = await made(client, "Team", UNIFIED)
        await answer(client.post(f"/groups/{outer['id']}/members/$ref", json=link(inner["id"])), 204)
        path = f"/groups/{inner['id']}"
        asked: dict[str, Any] = {"groupIds": [team["id"], outer["id"].upper()]}
        assert (await answer(client.post(f"{path}/checkMemberGroups", json=asked)))["value"] == [outer["id"]]
        asked = {"securityEnabledOnly": False}
        assert (await answer(client.post(f"{path}/getMemberGroups", json=asked)))["value"] == [outer["id"]]
        assert (await answer(client.post(f"{path}/getMemberObjects", json=asked)))["value"] == [outer["id"]]
