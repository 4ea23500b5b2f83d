"""Directory roles, their templates, and administrative units over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emulator.graph.directory.org_contacts import add_contact
from emulator.graph.roles.state import GLOBAL_ADMINISTRATOR, directory_of, role_of
from tests.emulator.groups.driver import (
    BAD,
    DENIED,
    MISSING,
    answer,
    as_person,
    body,
    link,
    made,
    named,
    names,
    refused,
    small_tenant,
)

HELPDESK = "729827e3-9c14-49f7-bb1b-9608f156bbb8"
UNITS = "/directory/administrativeUnits"


async def role(client: httpx.AsyncClient, template_id: str = HELPDESK) -> str:
    """The path of an activated role."""
    found = await answer(client.post("/directoryRoles", json={"roleTemplateId": template_id}), 201)
    return f"/directoryRoles/{found['id']}"


async def unit(client: httpx.AsyncClient, **more: Any) -> str:
    """The path of a new administrative unit."""
    return f"{UNITS}/{(await answer(client.post(UNITS, json={'displayName': 'North', **more}), 201))['id']}"


async def test_templates_are_read_as_a_whole() -> None:
    async with as_person(small_tenant()) as client:
        found = await answer(client.get("/directoryRoleTemplates"))
        assert "@odata.nextLink" not in found
        assert "Global Administrator" in [one["displayName"] for one in found["value"]]
        one = await answer(client.get(f"/directoryRoleTemplates/{GLOBAL_ADMINISTRATOR}"))
        assert one["displayName"] == "Global Administrator"
        await refused(client.get("/directoryRoleTemplates?$top=2"), 400, "Request_UnsupportedQuery")


async def test_a_role_is_activated_once_and_found_by_its_template() -> None:
    async with as_person(small_tenant()) as client:
        assert await names(client.get("/directoryRoles")) == []
        path = await role(client)
        again = client.post("/directoryRoles", json={"roleTemplateId": HELPDESK.upper()})
        await refused(again, 400, BAD, "A conflicting object")
        for address in (
            path,
            f"/directoryRoles(roleTemplateId='{HELPDESK}')",
            f"/directoryRoles/roleTemplateId={HELPDESK}",
        ):
            assert (await answer(client.get(address)))["displayName"] == "Helpdesk Administrator"
        await refused(client.patch(path, json={"displayName": "x"}), 400, BAD, "read-only")


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        pytest.param({}, 400, BAD, id="no template"),
        pytest.param(
            {"roleTemplateId": "00000000-0000-0000-0000-000000000001"}, 404, MISSING, id="an unknown template"
        ),
    ],
)
async def test_a_role_comes_from_a_template(wish: dict[str, str], status: int, code: str) -> None:
    async with as_person(small_tenant()) as client:
        await refused(client.post("/directoryRoles", json=wish), status, code)


async def test_who_may_have_a_role() -> None:
    tenant = small_tenant()
    contact = add_contact(tenant, "Eli Moor", "eli@moor.example")
    async with as_person(tenant) as client:
        path = f"{await role(client)}/members"
        plain, special = await made(client, "Plain"), await made(client, "Special", isAssignableToRole=True)
        for member in (named(tenant, "Bo").id, special["id"]):
            await answer(client.post(f"{path}/$ref", json=link(member)), 204)
        for other in (plain["id"], contact.id):
            await refused(client.post(f"{path}/$ref", json=link(other)), 400, BAD, "members")
        assert await names(client.get(path)) == ["Bo McAllister", "Special"]
        await answer(client.post(f"/groups/{special['id']}/members/$ref", json=link(named(tenant, "Cy").id)), 204)
        above = await names(client.get(f"/users/{named(tenant, 'Cy').id}/transitiveMemberOf"))
        assert above == ["Special", "Helpdesk Administrator"]
        await answer(client.delete(f"{path}/{named(tenant, 'Bo').id}/$ref"), 204)


async def test_somebody_must_be_left_who_may_do_everything() -> None:
    tenant = small_tenant()
    ada, bo = named(tenant, "Ada"), named(tenant, "Bo")
    async with as_person(tenant) as client:
        path = f"{await role(client, GLOBAL_ADMINISTRATOR)}/members"
        for one in (ada, bo):
            await answer(client.post(f"{path}/$ref", json=link(one.id)), 204)
        await answer(client.delete(f"{path}/{bo.id}/$ref"), 204)
        await refused(client.delete(f"{path}/{ada.id}/$ref"), 400, BAD, "last global administrator")
    found = role_of(tenant, GLOBAL_ADMINISTRATOR)
    assert found is not None
    assert list(found.links_of("members")) == [ada]


async def test_members_of_a_role_are_told_in_its_delta() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        path = await role(client)
        await answer(client.post(f"{path}/members/$ref", json=link(named(tenant, "Bo").id)), 204)
        found = (await answer(client.get("/directoryRoles/delta")))["value"]
        assert [one["id"] for one in found[0]["members@delta"]] == [named(tenant, "Bo").id]


async def test_a_unit_is_made_changed_deleted_and_restored() -> None:
    async with as_person(small_tenant()) as client:
        path = await unit(client, description="All of it", visibility="HiddenMembership")
        await answer(client.patch(path, json={"displayName": "South"}), 204)
        found = await answer(client.get(path))
        assert (found["displayName"], found["visibility"]) == ("South", "HiddenMembership")
        assert (await answer(client.get(f"{UNITS}/delta")))["value"][0]["displayName"] == "South"
        await answer(client.delete(path), 204)
        await refused(client.get(path), 404, MISSING)
        deleted = f"/directory/deletedItems/{path.rpartition('/')[2]}"
        await answer(client.post(f"{deleted}/restore"))
        await answer(client.get(path))
        await answer(client.delete(path), 204)
        await answer(client.delete(deleted), 204)


@pytest.mark.parametrize(
    ("wish", "code", "words"),
    [
        pytest.param({"displayName": None}, BAD, "displayName", id="no name"),
        pytest.param({"visibility": "Secret"}, BAD, "visibility", id="visibility"),
        pytest.param({"membershipType": "Random"}, BAD, "membershipType", id="kind of membership"),
        pytest.param(
            {"membershipType": "Dynamic", "membershipRule": "user.x -eq 1", "membershipRuleProcessingState": "On"},
            "DynamicGroupQueryParseError", "Unsupported property 'x'", id="rule",
        ),
    ],
)  # fmt: skip
async def test_what_no_unit_can_be(wish: dict[str, Any], code: str, words: str) -> None:
    async with as_person(small_tenant()) as client:
        await refused(client.post(UNITS, json={"displayName": "North", **wish}), 400, code, words)


async def test_a_unit_holds_people_groups_and_devices() -> None:
    tenant = small_tenant()
    contact = add_contact(tenant, "Eli Moor", "eli@moor.example")
    bo = named(tenant, "Bo")
    async with as_person(tenant) as client:
        path = await unit(client)
        await answer(client.post(f"{path}/members/$ref", json=link(bo.id)), 204)
        await refused(client.post(f"{path}/members/$ref", json=link(contact.id)), 400, BAD, "members")
        group = await answer(
            client.post(f"{path}/members", json={"@odata.type": "#microsoft.graph.group", **body("In")}), 201
        )
        assert await names(client.get(f"{path}/members")) == ["Bo McAllister", "In"]
        assert await names(client.get(f"/groups/{group['id']}/memberOf")) == ["North"]
        assert (await answer(client.get(f"{path}/members/{bo.id}")))["displayName"] == "Bo McAllister"
        inner = link(named(tenant, "Cy").id)
        await answer(client.post(f"/groups/{group['id']}/members/$ref", json=inner), 204)
        assert await names(client.get(f"/users/{named(tenant, 'Cy').id}/transitiveMemberOf")) == ["In"]
        await answer(client.delete(f"{path}/members/{bo.id}/$ref"), 204)


async def test_a_units_rule_chooses_its_members() -> None:
    tenant = small_tenant()
    rule = {"membershipType": "Dynamic", "membershipRuleProcessingState": "On"}
    async with as_person(tenant) as client:
        path = await unit(client, membershipRule='user.department -eq "Sales"', **rule)
        assert await names(client.get(f"{path}/members")) == ["Bo McAllister", "Cy Falk"]
        await answer(client.patch(path, json={"membershipRule": 'user.department -eq "IT"'}), 204)
        assert await names(client.get(f"{path}/members")) == ["Dee Ruiz"]
        await refused(client.post(f"{path}/members/$ref", json=link(named(tenant, "Ada").id)), 403, DENIED)


async def test_a_role_within_a_unit_is_seen_from_all_sides() -> None:
    tenant = small_tenant()
    bo, cy = named(tenant, "Bo"), named(tenant, "Cy")
    async with as_person(tenant) as client:
        own_role, own_unit = await role(client), await unit(client)
        role_id, unit_id = own_role.rpartition("/")[2], own_unit.rpartition("/")[2]
        wish = {"roleId": role_id, "roleMemberInfo": {"id": bo.id}}
        scoped = await answer(client.post(f"{own_unit}/scopedRoleMembers", json=wish), 201)
        assert scoped["roleMemberInfo"]["displayName"] == "Bo McAllister"
        wish = {"administrativeUnitId": unit_id, "roleMemberInfo": {"id": cy.id}}
        await answer(client.post(f"{own_role}/scopedMembers", json=wish), 201)
        for path in (f"{own_role}/scopedMembers", f"{own_unit}/scopedRoleMembers"):
            assert len((await answer(client.get(path)))["value"]) == 2
        assert len((await answer(client.get(f"/users/{bo.id}/scopedRoleMemberOf")))["value"]) == 1
        await answer(client.delete(f"{own_unit}/scopedRoleMembers/{scoped['id']}"), 204)
        assert (await answer(client.get(f"/users/{bo.id}/scopedRoleMemberOf")))["value"] == []
        path = f"{own_unit}/scopedRoleMembers"
        await refused(client.post(path, json={"roleId": role_id}), 400, BAD, "roleMemberInfo")
        wish = {"roleId": "00000000-0000-0000-0000-000000000001", "roleMemberInfo": {"id": bo.id}}
        await refused(client.post(path, json=wish), 404, MISSING)


def test_a_tenant_has_one_directory() -> None:
    tenant = small_tenant()
    assert directory_of(tenant) is directory_of(tenant)
