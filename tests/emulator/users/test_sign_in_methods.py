"""Authentication methods over HTTP: who has which, what each allows, what is told only once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant, build_emulator
from emulator.graph.users.sign_in import EMAIL_ID, PASSWORD_ID, PHONE_IDS
from emulator.schema import schema
from tests.emulator.support import NOW, ids, small_tenant
from tests.emulator.users.support import as_person, ok, person, refused

CY = "/users/cy.falk@lindenhall.example/authentication"
MOBILE = {"phoneNumber": "+49 42112345", "phoneType": "mobile"}


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant) as client:
        yield client


async def test_everybody_has_a_password_that_nobody_reads(graph: httpx.AsyncClient) -> None:
    (one,) = ok(await graph.get(f"{CY}/passwordMethods"))["value"]
    assert (one["id"], one["password"]) == (PASSWORD_ID, None)
    assert ok(await graph.get(f"{CY}/passwordMethods/{PASSWORD_ID}"))["createdDateTime"]
    listed = ok(await graph.get(f"{CY}/methods"))["value"]
    assert [method["@odata.type"] for method in listed] == ["#microsoft.graph.passwordAuthenticationMethod"]
    assert (await graph.delete(f"{CY}/passwordMethods/{PASSWORD_ID}")).status_code == 405
    refused(await graph.get(f"{CY}/phoneMethods/{PHONE_IDS['mobile']}"), 404, "resourceNotFound")


async def test_a_phone_is_added_changed_and_removed(graph: httpx.AsyncClient) -> None:
    made = ok(await graph.post(f"{CY}/phoneMethods", json=MOBILE), 201)
    assert (made["id"], made["smsSignInState"]) == (PHONE_IDS["mobile"], "ready")
    path = f"{CY}/phoneMethods/{made['id']}"
    assert (await graph.patch(path, json={"phoneNumber": "+49 42199999"})).status_code == 204
    assert ok(await graph.get(path))["phoneNumber"] == "+49 42199999"
    assert (await graph.post(f"{path}/disableSmsSignIn")).status_code == 204
    assert ok(await graph.get(path))["smsSignInState"] == "notEnabled"
    assert (await graph.post(f"{path}/enableSmsSignIn")).status_code == 204
    assert ok(await graph.get(path))["smsSignInState"] == "ready"
    assert len(ok(await graph.get(f"{CY}/methods"))["value"]) == 2
    assert (await graph.delete(path)).status_code == 204
    assert ids(ok(await graph.get(f"{CY}/phoneMethods"))) == []


@pytest.mark.parametrize(
    ("phone", "words"),
    [
        pytest.param({"phoneNumber": "12", "phoneType": "mobile"}, "phone number is invalid", id="number"),
        pytest.param({"phoneNumber": "+49 42112345"}, "phone type", id="no type"),
        pytest.param({**MOBILE, "phoneType": "alternateMobile"}, "alternate mobile", id="alternate first"),
        pytest.param({**MOBILE, "colour": "red"}, "'colour'", id="unknown property"),
    ],
)
async def test_a_phone_that_cannot_be_is_refused(graph: httpx.AsyncClient, phone: dict[str, Any], words: str) -> None:
    refused(await graph.post(f"{CY}/phoneMethods", json=phone), 400, "badRequest", words)


async def test_there_is_one_phone_of_a_kind(graph: httpx.AsyncClient) -> None:
    ok(await graph.post(f"{CY}/phoneMethods", json=MOBILE), 201)
    refused(await graph.post(f"{CY}/phoneMethods", json=MOBILE), 400, "badRequest", "already registered")
    office = ok(await graph.post(f"{CY}/phoneMethods", json={**MOBILE, "phoneType": "office"}), 201)
    path = f"{CY}/phoneMethods/{office['id']}"
    refused(await graph.post(f"{path}/enableSmsSignIn"), 400, "badRequest", "mobile phones only")
    refused(await graph.patch(path, json={"phoneType": "mobile"}), 400, "badRequest", "cannot be changed")


async def test_an_email_address_is_for_resetting_the_password(graph: httpx.AsyncClient) -> None:
    address = {"emailAddress": "cy@home.example"}
    assert ok(await graph.post(f"{CY}/emailMethods", json=address), 201)["id"] == EMAIL_ID
    refused(await graph.post(f"{CY}/emailMethods", json=address), 400, "badRequest", "already registered")
    path = f"{CY}/emailMethods/{EMAIL_ID}"
    assert (await graph.patch(path, json={"emailAddress": "cy2@home.example"})).status_code == 204
    assert ok(await graph.get(path))["emailAddress"] == "cy2@home.example"
    refused(await graph.patch(path, json={"emailAddress": "cy"}), 400, "badRequest", "invalid")


async def test_a_pass_is_told_once(graph: httpx.AsyncClient) -> None:
    made = ok(await graph.post(f"{CY}/temporaryAccessPassMethods", json={"lifetimeInMinutes": 90}), 201)
    assert len(made["temporaryAccessPass"]) == 8
    assert (made["isUsable"], made["methodUsabilityReason"], made["isUsableOnce"]) == (True, "EnabledByPolicy", False)
    again = ok(await graph.get(f"{CY}/temporaryAccessPassMethods/{made['id']}"))
    assert (again["temporaryAccessPass"], again["lifetimeInMinutes"]) == (None, 90)
    refused(await graph.post(f"{CY}/temporaryAccessPassMethods", json={}), 400, "badRequest", "already exists")


@pytest.mark.parametrize(
    ("start", "minutes", "reason"),
    [
        pytest.param("2026-03-11T16:00:00Z", 60, "NotYetValid", id="later"),
        pytest.param("2026-03-11T12:00:00Z", 60, "Expired", id="over"),
        pytest.param("2026-03-11T14:00:00Z", 60, "EnabledByPolicy", id="now"),
    ],
)
async def test_a_pass_is_good_for_its_time(graph: httpx.AsyncClient, start: str, minutes: int, reason: str) -> None:
    body = {"startDateTime": start, "lifetimeInMinutes": minutes, "isUsableOnce": True}
    made = ok(await graph.post(f"{CY}/temporaryAccessPassMethods", json=body), 201)
    assert made["methodUsabilityReason"] == reason


async def test_a_pass_begins_at_a_whole_second(tenant: Tenant) -> None:
    app = build_emulator(tenant, clock=lambda: NOW.timestamp() + 0.25)
    scope = "UserAuthenticationMethod.ReadWrite.All"
    token = app.state.entra.access_token(tenant.demo_person, scopes=[scope])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="https://graph.microsoft.com/v1.0"
    ) as client:
        headers = {"Authorization": f"Bearer {token}"}
        made = ok(await client.post(f"{CY}/temporaryAccessPassMethods", json={}, headers=headers), 201)
    assert (made["createdDateTime"], made["startDateTime"]) == ("2026-03-11T14:30:00Z",) * 2


async def test_a_pass_that_is_over_makes_room_and_a_used_one_is_used(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    over = {"startDateTime": "2026-03-10T12:00:00Z", "lifetimeInMinutes": 10}
    ok(await graph.post(f"{CY}/temporaryAccessPassMethods", json=over), 201)
    made = ok(await graph.post(f"{CY}/temporaryAccessPassMethods", json={}), 201)
    passes = person(tenant, "Cy").ones["authentication"].set_of("temporaryAccessPassMethods")
    assert [one.id for one in passes] == [made["id"]]
    next(iter(passes)).state["used"] = True
    (shown,) = ok(await graph.get(f"{CY}/temporaryAccessPassMethods"))["value"]
    assert shown["methodUsabilityReason"] == "OneTimeUsed"
    refused(
        await graph.post(f"{CY}/temporaryAccessPassMethods", json={"lifetimeInMinutes": 5}),
        400,
        "badRequest",
        "between",
    )


async def test_a_password_is_reset_and_told_when_it_was_made_up(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    told: list[str] = []
    tenant.account_listeners.append(lambda what, _: told.append(what))
    path = f"{CY}/methods/{PASSWORD_ID}/resetPassword"
    response = await graph.post(path, json={})
    assert len(ok(response, 202)["newPassword"]) == 12
    operation = ok(await graph.get(response.headers["location"]))
    assert operation["status"] == "succeeded"
    chosen = await graph.post(path, json={"newPassword": "Lamp-post-18"})
    assert ok(chosen, 202)["newPassword"] is None
    refused(await graph.post(path, json={"newPassword": "x"}), 400, "Request_BadRequest", "complexity")
    refused(await graph.post(path, json={"newPassword": 1}), 400, "badRequest", "Edm.String")
    assert told == ["password", "password"]


async def test_keys_are_seen_and_removed_but_not_made_here(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    await graph.get(f"{CY}/methods")
    keys = person(tenant, "Cy").ones["authentication"].set_of("fido2Methods")
    kind = schema().kind("fido2AuthenticationMethod")
    key = keys.add(tenant.store.entity(kind, {"displayName": "Blue key", "model": "NFC"}))
    assert ok(await graph.get(f"{CY}/fido2Methods/{key.id}"))["displayName"] == "Blue key"
    assert (await graph.post(f"{CY}/fido2Methods", json={"displayName": "x"})).status_code == 405
    assert (await graph.delete(f"{CY}/fido2Methods/{key.id}")).status_code == 204
    assert ids(ok(await graph.get(f"{CY}/fido2Methods"))) == []


async def test_methods_need_their_own_permission(tenant: Tenant) -> None:
    async with as_person(tenant, "User.ReadWrite.All") as client:
        refused(await client.get(f"{CY}/methods"), 403, "accessDenied")
    async with as_person(tenant, "UserAuthenticationMethod.Read") as client:
        assert len(ok(await client.get("/me/authentication/methods"))["value"]) == 1
        refused(await client.get(f"{CY}/methods"), 403, "Authorization_RequestDenied")
    async with as_person(tenant) as client:
        refused(await client.get("/users/nobody/authentication/methods"), 404, "resourceNotFound")
