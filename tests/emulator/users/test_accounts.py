"""Accounts over HTTP: made with Graph's rules, changed, deleted, restored; with real effect on sign-ins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.tenant import Person
from tests.emulator.support import ids, names, small_tenant
from tests.emulator.users.support import NEW, PASSWORD, as_app, as_person, ok, person, refused

BAD = "Request_BadRequest"


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant) as client:
        yield client


@pytest.fixture
def told(tenant: Tenant) -> list[tuple[str, str]]:
    heard: list[tuple[str, str]] = []

    def hear(what: str, who: Person) -> None:
        heard.append((what, who.display_name))

    tenant.account_listeners.append(hear)
    return heard


async def test_a_new_account_is_found_everywhere_at_once(graph: httpx.AsyncClient) -> None:
    response = await graph.post("/users", json={**NEW, "usageLocation": "de", "jobTitle": "Planner"})
    body = ok(response, 201)
    assert body["@odata.context"].endswith("$metadata#users/$entity")
    assert (body["displayName"], body["jobTitle"], body["mail"]) == ("Eve Stone", "Planner", None)
    assert body["id"] in response.headers["location"]
    assert names(await graph.get("/users?$filter=userPrincipalName eq 'EVE@lindenhall.example'")) == ["Eve Stone"]
    chosen = "id,accountEnabled,userType,usageLocation,passwordProfile,createdDateTime,securityIdentifier"
    more = ok(await graph.get(f"/users/eve@lindenhall.example?$select={chosen}"))
    assert (more["accountEnabled"], more["userType"], more["usageLocation"]) == (True, "Member", "DE")
    assert more["passwordProfile"]["password"] is None
    assert more["passwordProfile"]["forceChangePasswordNextSignIn"] is True
    assert more["securityIdentifier"].startswith("S-1-12-1-")


async def test_a_new_account_may_name_its_manager(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    link = f"https://graph.microsoft.com/v1.0/users/{tenant.demo_person.id}"
    ok(await graph.post("/users", json={**NEW, "manager@odata.bind": link}), 201)
    assert ok(await graph.get("/users/eve@lindenhall.example/manager"))["id"] == tenant.demo_person.id
    assert "Eve Stone" in names(await graph.get("/me/directReports"))


async def test_a_local_account_needs_no_principal_name(graph: httpx.AsyncClient) -> None:
    identity = {"signInType": "emailAddress", "issuer": "lindenhall.example", "issuerAssignedId": "x@else.example"}
    given = {"displayName": "Local", "identities": [identity], "passwordProfile": {"password": PASSWORD}}
    body = ok(await graph.post("/users", json=given), 201)
    more = ok(await graph.get(f"/users/{body['id']}?$select=identities"))
    assert [one["signInType"] for one in more["identities"]] == ["emailAddress", "userPrincipalName"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"accountEnabled": None}, "A value is required for property 'accountEnabled'", id="no state"),
        pytest.param({"displayName": ""}, "A value is required for property 'displayName'", id="no name"),
        pytest.param({"mailNickname": None}, "required for property 'mailNickname' of resource 'User'", id="no nick"),
        pytest.param({"userPrincipalName": None}, "required for property 'userPrincipalName'", id="no sign-in name"),
        pytest.param({"passwordProfile": None}, "required for property 'passwordProfile'", id="no profile"),
        pytest.param(
            {"passwordProfile": {"forceChangePasswordNextSignIn": True}}, "A password must be", id="no password"
        ),
        pytest.param({"passwordProfile": {"password": "short1A"}}, "password complexity", id="short password"),
        pytest.param({"passwordProfile": {"password": "onlyletters"}}, "password complexity", id="easy password"),
        pytest.param({"userPrincipalName": "eve"}, "Property userPrincipalName is invalid.", id="no domain"),
        pytest.param({"userPrincipalName": "eve@else.example"}, "domain portion", id="foreign domain"),
        pytest.param(
            {"userPrincipalName": "BO.mcallister@lindenhall.example"},
            "Another object with the same value for property userPrincipalName already exists.",
            id="taken",
        ),
        pytest.param({"mailNickname": "e v e"}, "property 'mailNickname'", id="odd nickname"),
        pytest.param({"usageLocation": "Germany"}, "property 'usageLocation'", id="odd location"),
        pytest.param({"displayName": "x" * 257}, "property 'displayName'", id="long name"),
        pytest.param({"mail": "nowhere"}, "property 'mail'", id="odd mail"),
        pytest.param({"mail": "cy.falk@lindenhall.example"}, "proxyAddresses already exists", id="mail taken"),
        pytest.param({"shoeSize": 43}, "The property 'shoeSize' does not exist", id="unknown property"),
        pytest.param({"accountEnabled": "perhaps"}, "Cannot convert", id="wrong type"),
    ],
)
async def test_an_account_that_cannot_be_is_refused(
    graph: httpx.AsyncClient, tenant: Tenant, changes: dict[str, Any], words: str
) -> None:
    before = len(tenant.people)
    refused(await graph.post("/users", json={**NEW, **changes}), 400, BAD, words)
    assert len(tenant.people) == before


async def test_a_weak_password_is_taken_where_the_policy_allows_it(graph: httpx.AsyncClient) -> None:
    given = {**NEW, "passwordPolicies": "DisableStrongPassword", "passwordProfile": {"password": "onlyletters"}}
    ok(await graph.post("/users", json=given), 201)


async def test_an_immutable_id_is_unique(graph: httpx.AsyncClient) -> None:
    ok(await graph.post("/users", json={**NEW, "onPremisesImmutableId": "a"}), 201)
    second = {**NEW, "userPrincipalName": "e2@lindenhall.example", "onPremisesImmutableId": "a"}
    refused(await graph.post("/users", json=second), 400, BAD, "onPremisesImmutableId already exists")


async def test_a_change_is_silent_and_keeps_what_it_does_not_name(graph: httpx.AsyncClient) -> None:
    who = "/users/cy.falk@lindenhall.example"
    given = {"jobTitle": "Buyer", "onPremisesExtensionAttributes": {"extensionAttribute1": "a"}, "skills": ["x"]}
    response = await graph.patch(who, json=given)
    assert (response.status_code, response.content) == (204, b"")
    await graph.patch(who, json={"onPremisesExtensionAttributes": {"extensionAttribute2": "b"}})
    body = ok(await graph.get(f"{who}?$select=jobTitle,department,onPremisesExtensionAttributes,skills"))
    assert (body["jobTitle"], body["department"], body["skills"]) == ("Buyer", "Sales", ["x"])
    attributes = body["onPremisesExtensionAttributes"]
    assert (attributes["extensionAttribute1"], attributes["extensionAttribute2"]) == ("a", "b")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"createdDateTime": "2020-01-01T00:00:00Z"}, "read-only", id="read-only"),
        pytest.param({"userPrincipalName": "bo.mcallister@lindenhall.example"}, "already exists", id="taken"),
        pytest.param({"usageLocation": "x"}, "usageLocation", id="location"),
        pytest.param({"displayName": None}, "displayName", id="nameless"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(graph: httpx.AsyncClient, change: dict[str, Any], words: str) -> None:
    refused(await graph.patch("/users/cy.falk@lindenhall.example", json=change), 400, BAD, words)


async def test_a_new_name_to_sign_in_with_is_found(graph: httpx.AsyncClient) -> None:
    response = await graph.patch(
        "/users/cy.falk@lindenhall.example", json={"userPrincipalName": "cy@lindenhall.example"}
    )
    assert response.status_code == 204
    assert ok(await graph.get("/users/CY@lindenhall.example"))["displayName"] == "Cy Falk"
    assert (await graph.get("/users/cy.falk@lindenhall.example")).status_code == 404


async def test_what_happens_to_an_account_reaches_its_sign_ins(
    graph: httpx.AsyncClient, tenant: Tenant, told: list[tuple[str, str]]
) -> None:
    who = "/users/cy.falk@lindenhall.example"
    await graph.patch(who, json={"accountEnabled": False})
    await graph.patch(who, json={"accountEnabled": False})
    await graph.patch(who, json={"accountEnabled": True})
    await graph.patch(who, json={"passwordProfile": {"password": PASSWORD}})
    await graph.patch(who, json={"passwordProfile": {"forceChangePasswordNextSignIn": True}})
    assert ok(await graph.post(f"{who}/revokeSignInSessions"))["value"] is True
    assert told == [(what, "Cy Falk") for what in ("disabled", "enabled", "password", "revoked")]
    dates = ok(await graph.get(f"{who}?$select=lastPasswordChangeDateTime,signInSessionsValidFromDateTime"))
    assert dates["lastPasswordChangeDateTime"] == dates["signInSessionsValidFromDateTime"] == "2026-03-11T14:30:00Z"
    assert person(tenant, "Cy").account_enabled


async def test_a_person_changes_the_own_password_knowing_the_old_one(
    tenant: Tenant, told: list[tuple[str, str]]
) -> None:
    change = {"currentPassword": "whatever it was", "newPassword": PASSWORD}
    async with as_person(tenant, "User-PasswordProfile.ReadWrite.All", "Directory.AccessAsUser.All") as me:
        assert (await me.post("/me/changePassword", json=change)).status_code == 204
        refused(await me.post("/me/changePassword", json=change), 400, BAD, "does not match")
        refused(await me.post("/me/changePassword", json={"newPassword": PASSWORD}), 400, BAD, "currentPassword")
        other = f"/users/{person(tenant, 'Cy').id}/changePassword"
        refused(await me.post(other, json=change), 403, "Authorization_RequestDenied")
        weak = {"currentPassword": PASSWORD, "newPassword": "weak"}
        refused(await me.post("/me/changePassword", json=weak), 400, BAD, "complexity")
    assert told == [("password", "Ada Lind")]


async def test_a_deleted_account_waits_in_the_bin_and_comes_back_whole(
    graph: httpx.AsyncClient, tenant: Tenant, told: list[tuple[str, str]]
) -> None:
    bo = person(tenant, "Bo")
    assert (await graph.delete(f"/users/{bo.id}")).status_code == 204
    assert (await graph.get(f"/users/{bo.id}")).status_code == 404
    assert names(await graph.get("/me/directReports")) == ["Cy Falk"]
    listed = await graph.get("/directory/deletedItems/microsoft.graph.user?$select=id,displayName,deletedDateTime")
    assert listed.json()["value"] == [
        {"id": bo.id, "displayName": "Bo McAllister", "deletedDateTime": "2026-03-11T14:30:00Z"}
    ]
    one = ok(await graph.get(f"/directory/deletedItems/{bo.id}"))
    assert (one["@odata.type"], one["displayName"]) == ("#microsoft.graph.user", "Bo McAllister")
    assert one["@odata.context"].endswith("#directoryObjects/$entity")
    assert ids((await graph.get("/directory/deletedItems/microsoft.graph.group")).json()) == []
    restored = ok(await graph.post(f"/directory/deletedItems/{bo.id}/restore"))
    assert (restored["id"], restored["@odata.type"]) == (bo.id, "#microsoft.graph.user")
    assert ok(await graph.get(f"/users/{bo.id}/manager"))["id"] == tenant.demo_person.id
    assert sorted(names(await graph.get("/me/directReports"))) == ["Bo McAllister", "Cy Falk"]
    assert told == [("deleted", "Bo McAllister"), ("restored", "Bo McAllister")]


async def test_what_is_deleted_from_the_bin_is_gone(
    graph: httpx.AsyncClient, tenant: Tenant, told: list[tuple[str, str]]
) -> None:
    bo = person(tenant, "Bo")
    await graph.delete(f"/users/{bo.id}")
    assert (await graph.delete(f"/directory/deletedItems/{bo.id}")).status_code == 204
    refused(await graph.get(f"/directory/deletedItems/{bo.id}"), 404, "Request_ResourceNotFound")
    refused(await graph.post(f"/directory/deletedItems/{bo.id}/restore"), 404, "Request_ResourceNotFound")
    assert [what for what, _ in told] == ["deleted", "erased"]


async def test_a_name_that_was_given_away_meanwhile_needs_another(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    bo = person(tenant, "Bo")
    await graph.delete(f"/users/{bo.id}")
    ok(await graph.post("/users", json={**NEW, "userPrincipalName": "bo.mcallister@lindenhall.example"}), 201)
    refused(await graph.post(f"/directory/deletedItems/{bo.id}/restore"), 400, BAD, "userPrincipalName already exists")
    other = {"newUserPrincipalName": "bo2@lindenhall.example"}
    ok(await graph.post(f"/directory/deletedItems/{bo.id}/restore", json=other))
    assert ok(await graph.get("/users/bo2@lindenhall.example"))["id"] == bo.id


async def test_a_live_account_cannot_be_restored(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    cy = person(tenant, "Cy")
    refused(await graph.post(f"/directory/deletedItems/{cy.id}/restore"), 404, "Request_ResourceNotFound")


async def test_followers_of_the_changes_hear_of_deletions(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    bo, cy = person(tenant, "Bo"), person(tenant, "Cy")
    link = ok(await graph.get("/users/delta?$select=displayName"))["@odata.deltaLink"]
    await graph.delete(f"/users/{bo.id}")
    await graph.delete(f"/users/{cy.id}")
    await graph.delete(f"/directory/deletedItems/{cy.id}")
    gone = {one["id"]: one["@removed"]["reason"] for one in ok(await graph.get(link))["value"] if "@removed" in one}
    assert gone == {bo.id: "changed", cy.id: "deleted"}


async def test_lists_do_not_show_what_other_services_keep(graph: httpx.AsyncClient) -> None:
    refused(await graph.get("/users?$select=id,skills"), 501, "NotImplemented")
    assert ok(await graph.get("/me?$select=skills"))["skills"] == []


async def test_guarded_properties_need_a_permission_of_their_own(tenant: Tenant) -> None:
    async with as_person(tenant) as plain:
        refused(
            await plain.get("/users?$select=id,signInActivity"), 403, "Authentication_MSGraphPermissionMissing", "Audit"
        )
        refused(await plain.get("/me?$select=customSecurityAttributes"), 403, "Authentication_MSGraphPermissionMissing")
        change = {"customSecurityAttributes": {"Engineering": {"@odata.type": "#x.y", "Level": 3}}}
        refused(await plain.patch("/me", json=change), 403, "Authentication_MSGraphPermissionMissing")
    writers = ("User.ReadWrite.All", "CustomSecAttributeAssignment.ReadWrite.All", "AuditLog.Read.All")
    async with as_person(tenant, *writers) as wide:
        assert (await wide.patch("/me", json=change)).status_code == 204
        body = ok(await wide.get("/me?$select=customSecurityAttributes,signInActivity"))
    assert body["customSecurityAttributes"]["Engineering"]["Level"] == 3
    assert body["signInActivity"] is None


async def test_a_person_reads_the_own_account_only_with_the_narrow_permission(tenant: Tenant) -> None:
    cy = person(tenant, "Cy")
    async with as_person(tenant, "User.ReadWrite") as me:
        assert (await me.patch("/me", json={"mobilePhone": "+49 1"})).status_code == 204
        assert ok(await me.get(f"/users/{tenant.demo_person.id}"))["mobilePhone"] == "+49 1"
        refused(await me.get(f"/users/{cy.id}"), 403, "Authorization_RequestDenied")
        refused(await me.get(f"/users/{cy.id}/directReports"), 403, "Authorization_RequestDenied")


async def test_an_app_makes_and_deletes_accounts(tenant: Tenant) -> None:
    async with as_app(tenant, "User.ReadWrite.All") as app:
        made = ok(await app.post("/users", json=NEW), 201)
        assert (await app.delete(f"/users/{made['id']}")).status_code == 204
    async with as_app(tenant, "User.Read.All") as reader:
        refused(await reader.post("/users", json=NEW), 403, "Authorization_RequestDenied")


async def test_the_export_of_personal_data_goes_on_by_itself(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    who = f"/users/{tenant.demo_person.id}"
    async with as_app(tenant, "User.Export.All") as app:
        response = await app.post(f"{who}/exportPersonalData", json={"storageLocation": "https://x.example/c"})
        assert response.status_code == 202
        assert "/dataPolicyOperations/" in response.headers["location"]
        refused(await app.post(f"{who}/exportPersonalData", json={}), 400, BAD, "storageLocation")


async def test_what_is_erased_takes_its_mailbox_along(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    bo = person(tenant, "Bo")
    await graph.delete(f"/users/{bo.id}")
    assert bo.id in tenant.mailboxes
    assert tenant.by_address("bo.mcallister@lindenhall.example") is None
    await graph.delete(f"/directory/deletedItems/{bo.id}")
    assert bo.id not in tenant.mailboxes


@pytest.mark.parametrize(
    "name",
    [pytest.param("retryServiceProvisioning", id="retry"), pytest.param("removeAllDevicesFromManagement", id="mdm")],
)
async def test_services_do_their_part_in_the_background(tenant: Tenant, name: str) -> None:
    scopes = ("User.ReadWrite.All", "DeviceManagementManagedDevices.PrivilegedOperations.All",
              "DeviceManagementManagedDevices.ReadWrite.All", "Directory.ReadWrite.All")  # fmt: skip
    async with as_person(tenant, *scopes) as client:
        assert (await client.post(f"/users/{person(tenant, 'Cy').id}/{name}")).status_code == 204


async def test_a_deleted_person_frees_the_groups_and_gets_them_back(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    async with as_app(tenant, "Group.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All") as app:
        given = {"displayName": "Crew", "mailNickname": "crew", "mailEnabled": False, "securityEnabled": True}
        group = ok(await app.post("/groups", json=given), 201)
        bo = person(tenant, "Bo")
        link = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{bo.id}"}
        assert (await app.post(f"/groups/{group['id']}/members/$ref", json=link)).status_code == 204
        await app.delete(f"/users/{bo.id}")
        assert ids(ok(await app.get(f"/groups/{group['id']}/members"))) == []
        ok(await app.post(f"/directory/deletedItems/{bo.id}/restore"))
        assert ids(ok(await app.get(f"/groups/{group['id']}/members"))) == [bo.id]


async def test_people_are_found_by_their_last_sign_in(tenant: Tenant) -> None:
    person(tenant, "Cy").update({"signInActivity": {"lastSignInDateTime": "2025-01-05T08:00:00Z"}})
    query = (
        "/users?$filter=signInActivity/lastSignInDateTime le 2025-06-01T00:00:00Z&$select=displayName,signInActivity"
    )
    async with as_person(tenant, "User.Read.All") as plain:
        refused(await plain.get(query), 403, "Authentication_MSGraphPermissionMissing")
    async with as_person(tenant, "User.Read.All", "AuditLog.Read.All") as auditor:
        (found,) = ok(await auditor.get(query))["value"]
    assert (found["displayName"], found["signInActivity"]["lastSignInDateTime"]) == ("Cy Falk", "2025-01-05T08:00:00Z")


async def test_a_deleted_account_is_read_by_its_type(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    bo = person(tenant, "Bo")
    path = f"/directory/deletedItems/microsoft.graph.user/{bo.id}"
    refused(await graph.get(path), 404, "Request_ResourceNotFound")
    await graph.delete(f"/users/{bo.id}")
    assert ok(await graph.get(path))["displayName"] == "Bo McAllister"
