"""Settings from templates, names that a policy refuses, and how long groups live."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.groups.settings_state import GUESTS
from emulator.graph.groups.settings_state import UNIFIED as TEMPLATE
from tests.emulator.groups.driver import (
    BAD,
    MISSING,
    UNIFIED,
    answer,
    as_person,
    body,
    made,
    named,
    names,
    refused,
    small_tenant,
)

POLICY = {"groupLifetimeInDays": 100, "managedGroupTypes": "selected", "alternateNotificationEmails": "it@x.example"}
UNPROCESSABLE = "Request_UnprocessableEntity"


def setting(**values: str) -> dict[str, Any]:
    pairs = [{"name": name, "value": value} for name, value in values.items()]
    return {"templateId": TEMPLATE, "values": pairs}


async def test_templates_are_the_same_everywhere() -> None:
    async with as_person(small_tenant()) as client:
        found = (await answer(client.get("/groupSettingTemplates")))["value"]
        assert {"Group.Unified", "Group.Unified.Guest"} < {one["displayName"] for one in found}
        one = await answer(client.get(f"/groupSettingTemplates/{TEMPLATE}"))
        assert {"name", "type", "defaultValue", "description"} == set(one["values"][0])


async def test_a_setting_has_all_values_of_its_template_and_keeps_the_rest() -> None:
    async with as_person(small_tenant()) as client:
        new = await answer(client.post("/groupSettings", json=setting(AllowToAddGuests="false")), 201)
        values = {pair["name"]: pair["value"] for pair in new["values"]}
        assert (new["displayName"], values["AllowToAddGuests"], values["EnableGroupCreation"]) == (
            "Group.Unified", "false", "true",
        )  # fmt: skip
        path = f"/groupSettings/{new['id']}"
        changed = {"values": [{"name": "EnableGroupCreation", "value": "false"}]}
        await answer(client.patch(path, json=changed), 204)
        found = {pair["name"]: pair["value"] for pair in (await answer(client.get(path)))["values"]}
        assert found == {**values, "EnableGroupCreation": "false"}
        words = "A conflicting object"
        await refused(client.post("/groupSettings", json=setting()), 400, BAD, words)
        await answer(client.delete(path), 204)
        await answer(client.post("/groupSettings", json=setting()), 201)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        pytest.param({"templateId": "x"}, "templateId", id="an unknown template"),
        pytest.param(setting(Colour="red"), "Colour", id="an unknown value"),
        pytest.param(setting(AllowToAddGuests="perhaps"), "AllowToAddGuests", id="no truth value"),
        pytest.param(
            {"templateId": "5cf42378-d67d-4f36-ba46-e8b86229381d",
             "values": [{"name": "LockoutThreshold", "value": "many"}]}, "LockoutThreshold", id="no number",
        ),
    ],
)  # fmt: skip
async def test_what_is_no_setting(wish: dict[str, Any], words: str) -> None:
    async with as_person(small_tenant()) as client:
        await refused(client.post("/groupSettings", json=wish), 400, BAD, words)


async def test_a_group_has_settings_of_its_own() -> None:
    async with as_person(small_tenant()) as client:
        path = f"/groups/{(await made(client, 'Fair', UNIFIED))['id']}/settings"
        guests = {"templateId": GUESTS, "values": [{"name": "AllowToAddGuests", "value": "false"}]}
        new = await answer(client.post(path, json=guests), 201)
        await answer(client.patch(f"{path}/{new['id']}", json=guests | {"values": []}), 204)
        assert await names(client.get(path)) == ["Group.Unified.Guest"]
        await refused(client.post(path, json=setting()), 400, BAD, "templateId")
        assert await names(client.get("/groupSettings")) == []


async def test_names_follow_the_naming_policy() -> None:
    tenant = small_tenant()
    rules = setting(CustomBlockedWordsList="boss, payroll", PrefixSuffixNamingRequirement="[Department]_[GroupName]_x")
    async with as_person(tenant, "Bo") as client:
        await answer(client.post("/groupSettings", json=rules), 201)
        response = await client.post("/groups", json=body("The boss", UNIFIED))
        await refused(client.post("/groups", json=body("The boss", UNIFIED)), 422, UNPROCESSABLE)
        codes = {(one["target"], one["code"]) for one in response.json()["error"]["details"]}
        assert ("displayName", "ContainsBlockedWord") in codes
        assert ("displayName", "MissingPrefixSuffix") in codes
        await answer(client.post("/groups", json=body("Sales_Fair_x", UNIFIED)), 201)
        await made(client, "The boss")


@pytest.mark.parametrize("path", ["/directoryObjects/validateProperties", "/groups/{}/validateProperties"])
async def test_names_are_tried_before_a_group_is_made(path: str) -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        group = await made(client, "Fair", UNIFIED)
        await made(client, "Other", UNIFIED)
        path = path.format(group["id"])
        kind = {"entityType": "Group"} if path.startswith("/directory") else {}
        await answer(client.post(path, json={**kind, "displayName": "New", "mailNickname": "new"}), 204)
        response = await client.post(path, json={**kind, "displayName": "", "mailNickname": "other"})
        assert (response.status_code, response.json()["error"]["code"]) == (422, UNPROCESSABLE)
        codes = [one["code"] for one in response.json()["error"]["details"]]
        assert codes == ["InvalidLength", "PropertyConflict"]
        await refused(client.post(path, json={**kind, "mailNickname": "a b"}), 422, UNPROCESSABLE)


async def test_names_are_tried_on_behalf_of_somebody() -> None:
    tenant = small_tenant()
    path = "/directoryObjects/validateProperties"
    async with as_person(tenant) as client:
        await answer(
            client.post("/groupSettings", json=setting(PrefixSuffixNamingRequirement="[Department][GroupName]")), 201
        )
        wish = {"entityType": "group", "displayName": "IT desk"}
        await refused(client.post(path, json=wish), 422, UNPROCESSABLE)
        await answer(client.post(path, json={**wish, "onBehalfOfUserId": named(tenant, "Dee").id}), 204)
        nobody = "00000000-0000-0000-0000-000000000001"
        await refused(client.post(path, json={**wish, "onBehalfOfUserId": nobody}), 404, MISSING)
        await refused(client.post(path, json={**wish, "entityType": "User"}), 400, BAD, "entityType")


async def test_a_policy_says_when_groups_end() -> None:
    async with as_person(small_tenant()) as client:
        group = await made(client, "Fair", UNIFIED)
        path = f"/groups/{group['id']}"
        policy = await answer(client.post("/groupLifecyclePolicies", json=POLICY), 201)
        own = f"/groupLifecyclePolicies/{policy['id']}"
        assert policy["managedGroupTypes"] == "Selected"
        assert (await answer(client.get(path)))["expirationDateTime"] is None
        for expected in (True, False):
            assert (await answer(client.post(f"{own}/addGroup", json={"groupId": group["id"]})))["value"] is expected
        assert (await answer(client.get(path)))["expirationDateTime"] == "2026-06-19T14:30:00Z"
        assert len((await answer(client.get(f"{path}/groupLifecyclePolicies")))["value"]) == 1
        await answer(client.post(f"{path}/renew"), 204)
        for expected in (True, False):
            assert (await answer(client.post(f"{own}/removeGroup", json={"groupId": group["id"]})))["value"] is expected
        changed = await answer(client.patch(own, json={"managedGroupTypes": "All", "groupLifetimeInDays": 30}))
        assert changed["managedGroupTypes"] == "All"
        assert (await answer(client.get(path)))["expirationDateTime"] == "2026-04-10T14:30:00Z"
        assert (await answer(client.post(f"{own}/addGroup", json={"groupId": group["id"]})))["value"] is False


async def test_there_is_one_policy_and_it_makes_sense() -> None:
    async with as_person(small_tenant()) as client:
        path = "/groupLifecyclePolicies"
        await refused(client.post(path, json={"groupLifetimeInDays": 100}), 400, BAD, "managedGroupTypes")
        await refused(client.post(path, json=POLICY | {"groupLifetimeInDays": 5}), 400, BAD, "groupLifetimeInDays")
        await refused(client.post(path, json=POLICY | {"managedGroupTypes": "Some"}), 400, BAD, "managedGroupTypes")
        own = await answer(client.post(path, json=POLICY), 201)
        await refused(client.post(path, json=POLICY), 400, BAD, "A conflicting object")
        await refused(client.post(f"{path}/{own['id']}/addGroup", json={}), 400, BAD, "groupId")
        await refused(client.post(f"{path}/{own['id']}/addGroup", json={"groupId": "x"}), 404, MISSING)
