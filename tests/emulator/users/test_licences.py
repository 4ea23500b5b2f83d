"""Licences over HTTP: bought units are used up and freed, services open, and a mailbox comes with Exchange."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.graph.users.products import ENTERPRISE, OFFICE
from tests.emulator.support import small_tenant
from tests.emulator.users.support import as_person, ok, person, refused

BAD = "Request_BadRequest"
DEE = "/users/dee.ruiz@lindenhall.example"
WIDE = ("User.ReadWrite.All", "Directory.ReadWrite.All", "Organization.Read.All")


@pytest.fixture
def tenant() -> Tenant:
    found = small_tenant()
    person(found, "Dee").update({"usageLocation": "DE"})
    return found


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant, *WIDE) as client:
        yield client


def adding(*sku_ids: str, disabled: tuple[str, ...] = (), removing: tuple[str, ...] = ()) -> dict[str, Any]:
    adds = [{"skuId": sku_id, "disabledPlans": list(disabled)} for sku_id in sku_ids]
    return {"addLicenses": adds, "removeLicenses": list(removing)}


async def consumed(graph: httpx.AsyncClient, sku_id: str) -> int:
    skus = ok(await graph.get("/subscribedSkus"))["value"]
    return int(next(sku for sku in skus if sku["skuId"] == sku_id)["consumedUnits"])


async def test_a_subscription_says_what_is_in_it(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    skus = ok(await graph.get("/subscribedSkus"))["value"]
    sku = next(one for one in skus if one["skuPartNumber"] == ENTERPRISE.name)
    assert sku["id"] == f"{tenant.id}_{ENTERPRISE.id}"
    assert sku["prepaidUnits"]["enabled"] == ENTERPRISE.units
    assert len(sku["servicePlans"]) == len(ENTERPRISE.plans)
    assert ok(await graph.get(f"/subscribedSkus/{sku['id']}"))["capabilityStatus"] == "Enabled"
    assert (await graph.post("/subscribedSkus", json={})).status_code in {403, 405}


async def test_a_licence_is_given_counted_and_taken(graph: httpx.AsyncClient) -> None:
    body = ok(await graph.post(f"{DEE}/assignLicense", json=adding(ENTERPRISE.id)))
    assert body["assignedLicenses"] == [{"skuId": ENTERPRISE.id, "disabledPlans": []}]
    assert body["accountEnabled"] is True
    assert await consumed(graph, ENTERPRISE.id) == 1
    more = ok(await graph.get(f"{DEE}?$select=assignedPlans,provisionedPlans,licenseAssignmentStates"))
    assert {plan["service"] for plan in more["assignedPlans"]} >= {"exchange", "SharePoint"}
    assert all(plan["capabilityStatus"] == "Enabled" for plan in more["provisionedPlans"])
    assert more["licenseAssignmentStates"][0]["state"] == "Active"
    again = ok(await graph.post(f"{DEE}/assignLicense", json=adding(removing=(ENTERPRISE.id,))))
    assert again["assignedLicenses"] == []
    assert await consumed(graph, ENTERPRISE.id) == 0


async def test_teams_is_open_to_those_whose_licence_opens_it(graph: httpx.AsyncClient) -> None:
    path = f"{DEE}/licenseDetails/getTeamsLicensingDetails"
    assert ok(await graph.get(path))["hasTeamsLicense"] is False
    ok(await graph.post(f"{DEE}/assignLicense", json=adding(ENTERPRISE.id)))
    assert ok(await graph.get(path))["hasTeamsLicense"] is True
    teams = next(plan.id for plan in ENTERPRISE.plans if plan.name == "TEAMS1")
    ok(await graph.post(f"{DEE}/assignLicense", json=adding(ENTERPRISE.id, disabled=(teams,))))
    assert ok(await graph.get(path))["hasTeamsLicense"] is False


async def test_plans_that_are_off_are_shown_as_off(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    exchange = next(plan.id for plan in OFFICE.plans if plan.service == "exchange")
    ok(await graph.post(f"{DEE}/assignLicense", json=adding(OFFICE.id, disabled=(exchange,))))
    details = ok(await graph.get(f"{DEE}/licenseDetails"))["value"]
    assert [one["skuPartNumber"] for one in details] == [OFFICE.name]
    statuses = {plan["servicePlanId"]: plan["provisioningStatus"] for plan in details[0]["servicePlans"]}
    assert statuses.pop(exchange) == "Disabled"
    assert set(statuses.values()) == {"Success"}
    assert ok(await graph.get(f"{DEE}/licenseDetails/{details[0]['id']}"))["skuId"] == OFFICE.id
    assert person(tenant, "Dee").id not in tenant.mailboxes
    ok(await graph.post(f"{DEE}/assignLicense", json=adding(OFFICE.id)))
    assert len(ok(await graph.get(f"{DEE}?$select=assignedLicenses"))["assignedLicenses"]) == 1
    assert person(tenant, "Dee").id in tenant.mailboxes
    assert person(tenant, "Dee").mail == "dee.ruiz@lindenhall.example"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(adding("11111111-1111-1111-1111-111111111111"), "valid company License", id="unknown"),
        pytest.param(adding(removing=(OFFICE.id,)), "does not have a corresponding license", id="nothing to take"),
        pytest.param(adding(OFFICE.id, disabled=(ENTERPRISE.id,)), "not part of the license", id="foreign plan"),
        pytest.param({"addLicenses": []}, "'removeLicenses' is required", id="half a body"),
        pytest.param({"addLicenses": [{"skuId": 1}], "removeLicenses": []}, "Cannot convert", id="wrong type"),
    ],
)
async def test_a_licence_that_cannot_be_given_is_refused(
    graph: httpx.AsyncClient, body: dict[str, Any], words: str
) -> None:
    refused(await graph.post(f"{DEE}/assignLicense", json=body), 400, BAD, words)


async def test_nobody_gets_what_is_used_up_or_without_a_location(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    sku_id = ok(await graph.get("/subscribedSkus"))["value"][0]["id"]
    sku = tenant.store.root("subscribedSkus").get(sku_id)
    assert sku is not None
    nowhere = f"/users/{person(tenant, 'Cy').id}/assignLicense"
    refused(await graph.post(nowhere, json=adding(sku["skuId"])), 400, BAD, "usage location")
    sku.update({"prepaidUnits": {**sku["prepaidUnits"], "enabled": 0}})
    refused(await graph.post(f"{DEE}/assignLicense", json=adding(sku["skuId"])), 400, BAD, "available licenses")


async def test_adding_and_removing_the_same_licence_is_refused(graph: httpx.AsyncClient) -> None:
    ok(await graph.post(f"{DEE}/assignLicense", json=adding(OFFICE.id)))
    body = adding(OFFICE.id, removing=(OFFICE.id,))
    refused(await graph.post(f"{DEE}/assignLicense", json=body), 400, BAD, "both added and removed")


async def test_who_leaves_frees_the_licences(graph: httpx.AsyncClient) -> None:
    ok(await graph.post(f"{DEE}/assignLicense", json=adding(OFFICE.id)))
    assert (await graph.delete(DEE)).status_code == 204
    assert await consumed(graph, OFFICE.id) == 0


async def test_processing_again_changes_nothing(graph: httpx.AsyncClient) -> None:
    ok(await graph.post(f"{DEE}/assignLicense", json=adding(OFFICE.id)))
    assert len(ok(await graph.post(f"{DEE}/reprocessLicenseAssignment"))["assignedLicenses"]) == 1


async def test_people_are_found_by_their_licence(graph: httpx.AsyncClient) -> None:
    ok(await graph.post(f"{DEE}/assignLicense", json=adding(OFFICE.id)))
    query = f"/users?$filter=assignedLicenses/any(x:x/skuId eq {OFFICE.id})&$select=displayName"
    assert ok(await graph.get(query))["value"] == [{"displayName": "Dee Ruiz"}]
