"""Membership rules: how they are read, whom they choose, and how groups follow them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import Tenant
from emulator.graph.groups.rules import BadRule, read_rule
from emulator.schema import schema
from tests.emulator.groups.driver import (
    BAD,
    DENIED,
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

DYNAMIC: dict[str, Any] = {"groupTypes": ["DynamicMembership"]}


def chosen(rule: str, **values: Any) -> bool:
    tenant = Tenant()
    person = tenant.add_person("Ada Lind", **values)
    return read_rule(rule)(person, "user")


@pytest.mark.parametrize(
    ("rule", "belongs"),
    [
        pytest.param('user.department -eq "sales"', True, id="equal in any case"),
        pytest.param('(user.department -ne "Sales")', False, id="not equal"),
        pytest.param('user.department -startsWith "Sal"', True, id="starts"),
        pytest.param('user.department -notStartsWith "Sal"', False, id="does not start"),
        pytest.param('user.department -contains "ale"', True, id="contains"),
        pytest.param('user.department -notContains "ale"', False, id="does not contain"),
        pytest.param('user.department -match "^S.*s$"', True, id="matches"),
        pytest.param('user.department -notMatch "^S.*s$"', False, id="does not match"),
        pytest.param('user.department -in ["HR", "Sales"]', True, id="among"),
        pytest.param('user.department -notIn ["HR", "Sales"]', False, id="not among"),
        pytest.param("user.department -in []", False, id="among none"),
        pytest.param("user.city -eq null", True, id="nothing"),
        pytest.param("user.department -ne $null", True, id="something"),
        pytest.param("user.accountEnabled -eq true", True, id="a truth value"),
        pytest.param('user.city -startsWith "B"', False, id="nothing starts with nothing"),
        pytest.param('user.department -eq "HR" -or user.department -eq "Sales"', True, id="or"),
        pytest.param('user.department -eq "Sales" and user.city -eq "Oslo"', False, id="and without a dash"),
        pytest.param('-not (user.department -eq "HR")', True, id="not"),
        pytest.param('user.city -eq "x" -and user.city -eq "y" -or user.department -eq "Sales"', True, id="and first"),
        pytest.param('user.otherMails -contains "a@b.example"', True, id="a collection contains"),
        pytest.param('user.otherMails -any (_ -startsWith "a@")', True, id="any element"),
        pytest.param('user.otherMails -all (_ -startsWith "a@")', False, id="all elements"),
        pytest.param('user.assignedPlans -any (assignedPlan.service -eq "exchange")', True, id="part of an element"),
        pytest.param('user.otherMails -any (x.y -eq "1")', False, id="part of what has none"),
        pytest.param('user.telephoneNumber -eq "+49 1"', True, id="a property by its name in rules"),
        pytest.param('user.extensionAttribute3 -eq "red"', True, id="an extension attribute"),
        pytest.param('user.extension_1_skill -eq "go"', True, id="an extension property"),
        pytest.param("user.objectId -ne null", True, id="everybody"),
        pytest.param('device.deviceOSType -eq "Windows"', False, id="a rule about devices"),
    ],
)
def test_whom_a_rule_chooses(rule: str, belongs: bool) -> None:
    values = {
        "department": "Sales",
        "otherMails": ["a@b.example", "c@d.example"],
        "assignedPlans": [{"service": "Exchange"}],
        "business_phones": ("+49 1", "+49 2"),
        "onPremisesExtensionAttributes": {"extensionAttribute3": "red"},
        "extension_1_skill": "go",
    }
    assert chosen(rule, **values) is belongs


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        pytest.param('user.shoeSize -eq "44"', "Unsupported property 'shoeSize'", id="an unknown property"),
        pytest.param('department -eq "x"', "Unsupported property 'department'", id="no object"),
        pytest.param('user.city -like "x"', "Invalid operator '-like'", id="an unknown operator"),
        pytest.param('user.city -in "x"', "Invalid operand", id="no list"),
        pytest.param("user.city -eq Oslo", "Invalid operand 'Oslo'", id="no quotes"),
        pytest.param("user.city -eq", "ends where a value", id="no value"),
        pytest.param("user.city", "ends where an operator", id="no operator"),
        pytest.param('"user.city" -eq "x"', "where a property is expected", id="a text for a property"),
        pytest.param('(user.city -eq "x"', "')' is missing", id="open"),
        pytest.param('user.city -in ["x"', "']' is missing", id="an open list"),
        pytest.param('user.city -eq "x")', "Unexpected token", id="closed too often"),
        pytest.param('user.city -eq "x', "Unexpected character", id="an open quote"),
        pytest.param('user.city -match "["', "regular expression", id="no pattern"),
        pytest.param('user.otherMails -any "x"', "Invalid operand", id="any of nothing"),
        pytest.param('user.city -eq "x" -or device.model -eq "y"', "not about both", id="two kinds"),
        pytest.param("(" * 60 + "user.city -eq null" + ")" * 60, "too deeply", id="deep"),
        pytest.param('user.city -eq "' + "x" * 3100 + '"', "longer", id="long"),
    ],
)
def test_what_is_no_rule(rule: str, words: str) -> None:
    with pytest.raises(BadRule, match=re.escape(words)):
        read_rule(rule)


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    with suppress(BadRule):
        read_rule(text)


def test_direct_reports_are_a_rule_of_their_own() -> None:
    tenant = small_tenant()
    rule = read_rule(f'Direct Reports for "{named(tenant, "Ada").id}"')
    assert [one.display_name for one in tenant.people.values() if rule(one, "user")] == ["Bo McAllister", "Cy Falk"]


async def test_a_dynamic_group_follows_its_people() -> None:
    tenant = small_tenant()
    dee = named(tenant, "Dee")
    async with as_person(tenant) as client:
        group = await made(client, "Sales", membershipRule='user.department -eq "Sales"', **DYNAMIC)
        path = f"/groups/{group['id']}/members"
        assert group["membershipRuleProcessingState"] == "On"
        assert await names(client.get(path)) == ["Bo McAllister", "Cy Falk"]
        await answer(client.patch(f"/users/{dee.id}", json={"department": "Sales"}), 204)
        await answer(client.delete(f"/users/{named(tenant, 'Cy').id}"), 204)
        assert await names(client.get(path)) == ["Bo McAllister", "Dee Ruiz"]
        await refused(client.post(f"{path}/$ref", json=link(named(tenant, "Ada").id)), 403, DENIED)
        await refused(client.delete(f"{path}/{dee.id}/$ref"), 403, DENIED)


async def test_a_changed_rule_is_processed_unless_processing_is_paused() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        group = await made(client, "Sales", membershipRule='user.department -eq "Sales"', **DYNAMIC)
        path = f"/groups/{group['id']}"
        await answer(client.patch(path, json={"membershipRule": 'user.department -eq "IT"'}), 204)
        assert await names(client.get(f"{path}/members")) == ["Dee Ruiz"]
        paused = {"membershipRule": "user.shoeSize -eq 1", "membershipRuleProcessingState": "paused"}
        await answer(client.patch(path, json=paused), 204)
        assert await names(client.get(f"{path}/members")) == ["Dee Ruiz"]
        again = {"membershipRuleProcessingState": "On"}
        code = "DynamicGroupQueryParseError"
        await refused(client.patch(path, json=again), 400, code, "Unsupported property 'shoeSize'")
        await refused(client.patch(path, json={"membershipRule": None}), 400, BAD, "membershipRule")


async def test_a_rule_that_cannot_be_read_makes_no_group() -> None:
    async with as_person(small_tenant()) as client:
        whole = body("Sales", membershipRule="user.shoeSize -eq 1", **DYNAMIC)
        await refused(client.post("/groups", json=whole), 400, "DynamicGroupQueryParseError", "shoeSize")
        await made(client, "Sales", membershipRule="user.x -eq 1", membershipRuleProcessingState="Paused", **DYNAMIC)


async def test_an_assigned_group_becomes_dynamic() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        path = f"/groups/{(await made(client, 'Door'))['id']}"
        await answer(client.patch(path, json={**DYNAMIC, "membershipRule": 'user.city -eq "Bremen"'}), 204)
        assert await names(client.get(f"{path}/members")) == ["Ada Lind"]


async def test_devices_are_chosen_too() -> None:
    tenant = small_tenant()
    async with as_person(tenant) as client:
        rule = 'device.deviceOSType -startsWith "Win"'
        group = await made(client, "Windows", membershipRule=rule, **DYNAMIC)
        for system in ("Windows", "IPhone"):
            values = {"displayName": system, "operatingSystem": system}
            tenant.store.root("devices").add(tenant.store.entity(schema().kind("device"), values))
        assert await names(client.get(f"/groups/{group['id']}/members")) == ["Windows"]
