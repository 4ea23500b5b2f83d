"""Delta queries of groups and of all directory objects: members that came and went are told inside."""

from __future__ import annotations

from tests.emulator.groups.driver import (
    UNIFIED,
    answer,
    as_person,
    link,
    made,
    named,
    small_tenant,
)


async def test_members_that_came_and_went_are_told() -> None:
    tenant = small_tenant()
    bo, cy = named(tenant, "Bo"), named(tenant, "Cy")
    async with as_person(tenant) as client:
        group = await made(client, "Door")
        members = f"/groups/{group['id']}/members"
        await answer(client.post(f"{members}/$ref", json=link(bo.id)), 204)
        first = await answer(client.get("/groups/delta?$select=displayName,members"))
        told = [{"@odata.type": "#microsoft.graph.user", "id": bo.id}]
        assert first["value"] == [{"displayName": "Door", "id": group["id"], "members@delta": told}]
        await answer(client.delete(f"{members}/{bo.id}/$ref"), 204)
        await answer(client.post(f"{members}/$ref", json=link(cy.id)), 204)
        second = await answer(client.get(first["@odata.deltaLink"]))
        assert second["value"][0]["members@delta"] == [
            {"@odata.type": "#microsoft.graph.user", "id": cy.id},
            {"@odata.type": "#microsoft.graph.user", "id": bo.id, "@removed": {"reason": "deleted"}},
        ]
        assert (await answer(client.get(second["@odata.deltaLink"])))["value"] == []


async def test_members_are_not_told_when_other_things_were_selected() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        await made(client, "Fair", UNIFIED)
        found = (await answer(client.get("/groups/delta?$select=displayName")))["value"]
        assert set(found[0]) == {"id", "displayName"}
        whole = (await answer(client.get("/groups/delta")))["value"]
        assert {"members@delta", "owners@delta"} < set(whole[0])


async def test_a_deleted_group_may_come_back_or_is_gone_for_good() -> None:
    async with as_person(small_tenant()) as client:
        group = await made(client, "Door")
        link_to = (await answer(client.get("/groups/delta")))["@odata.deltaLink"]
        await answer(client.delete(f"/groups/{group['id']}"), 204)
        gone = await answer(client.get(link_to))
        assert gone["value"] == [{"id": group["id"], "@removed": {"reason": "changed"}}]
        await answer(client.delete(f"/directory/deletedItems/{group['id']}"), 204)
        gone = await answer(client.get(gone["@odata.deltaLink"]))
        assert gone["value"] == [{"id": group["id"], "@removed": {"reason": "deleted"}}]


async def test_objects_of_all_types_are_told_together() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        group = await made(client, "Fair", UNIFIED)
        asked = "/directoryObjects/delta?$filter=isof('microsoft.graph.group')"
        found = await answer(client.get(asked))
        assert [one["id"] for one in found["value"]] == [group["id"]]
        assert "members@delta" in found["value"][0]
        whole = (await answer(client.get("/directoryObjects/delta")))["value"]
        assert len(whole) == len(tenant.people) + 1
        assert (await answer(client.get(f"/directoryObjects/{group['id']}")))["displayName"] == "Fair"
