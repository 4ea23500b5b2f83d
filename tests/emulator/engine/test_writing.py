"""POST, PATCH, PUT and DELETE without any workload."""

from __future__ import annotations

import httpx
import pytest

from emulator import Tenant
from emulator.graph.engine.dialects import DIRECTORY, EXCHANGE, PLAIN, SHAREPOINT, Dialect
from tests.emulator.engine.tiny import (
    BASE,
    code_of,
    contacts,
    graph_of,
    made,
    message_of,
    person,
    read,
    shown,
    speaking,
)
from tests.emulator.support import ids


async def test_a_new_thing_is_shown_and_found(graph: httpx.AsyncClient) -> None:
    response = await graph.post("/me/contacts", json={"DISPLAYNAME": "Kim", "emailAddresses": [{"address": "k@x"}]})
    body = response.json()
    assert response.status_code == 201
    assert body["@odata.context"].endswith("/contacts/$entity")
    assert (body["displayName"], body["createdDateTime"]) == ("Kim", "2026-03-11T14:30:00Z")
    location = response.headers["location"]
    assert location == f"{BASE}/me/contacts('{body['id']}')"
    assert (await read(graph, location))["emailAddresses"][0]["address"] == "k@x"


async def test_what_it_brings_along_is_made_too(graph: httpx.AsyncClient) -> None:
    folder = await made(
        graph,
        "/me/contactFolders",
        displayName="F",
        contacts=[{"displayName": "In"}],
        childFolders=[{"displayName": "G"}],
    )
    assert shown(await read(graph, f"/me/contactFolders/{folder['id']}/contacts")) == ["In"]
    assert shown(await read(graph, f"/me/contactFolders/{folder['id']}/childFolders")) == ["G"]
    contact = await made(graph, "/me/contacts", displayName="P", photo={"id": "pic"})
    assert (await read(graph, f"/me/contacts/{contact['id']}/photo"))["id"] == "pic"


@pytest.mark.parametrize(
    ("dialect", "code"),
    [
        pytest.param(PLAIN, "BadRequest", id="plain"),
        pytest.param(DIRECTORY, "Request_BadRequest", id="the directory"),
        pytest.param(EXCHANGE, "RequestBodyRead", id="Exchange"),
        pytest.param(SHAREPOINT, "invalidRequest", id="SharePoint"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_by_the_service(tenant: Tenant, dialect: Dialect, code: str) -> None:
    async with graph_of(tenant, speaking(dialect, "contactFolder")) as graph:
        folder = await made(graph, "/me/contactFolders", displayName="F")
        bodies: list[dict[str, object]] = [{"nothing": 1}, {"displayName": 5}, {"contacts": {}}]
        for body in bodies:
            assert code_of(await graph.post("/me/contactFolders", json=body)) == (400, code)
            assert code_of(await graph.patch(f"/me/contactFolders/{folder['id']}", json=body)) == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'"x"', id="a text"),
        pytest.param(b'{"displayName": NaN}', id="not a number"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b'{"displayName":' + b"[" * 100_000, id="very deep"),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(graph: httpx.AsyncClient, body: bytes) -> None:
    response = await graph.post("/me/contacts", content=body)
    assert code_of(response) == (400, "BadRequest")
    assert message_of(response).startswith("Unable to read JSON request payload.")


async def test_no_body_is_an_empty_one(graph: httpx.AsyncClient) -> None:
    assert (await graph.post("/me/contacts")).status_code == 201
    assert (await graph.post("/me/contacts", content=b" \n")).status_code == 201


async def test_a_change_keeps_what_it_does_not_mention(graph: httpx.AsyncClient) -> None:
    contact = await made(
        graph, "/me/contacts", displayName="A", homeAddress={"city": "Bremen", "street": "Kai 1"}, categories=["x", "y"]
    )
    path = f"/me/contacts/{contact['id']}"
    response = await graph.patch(path, json={"homeAddress": {"city": "Kiel"}, "categories": ["z"], "id": "other"})
    assert response.status_code == 200
    found = await read(graph, path)
    assert found["homeAddress"] == {"city": "Kiel", "street": "Kai 1"}
    assert (found["categories"], found["displayName"], found["id"]) == (["z"], "A", contact["id"])
    await graph.patch(path, json={"homeAddress": None, "categories": None})
    found = await read(graph, path)
    assert (found["homeAddress"], found["categories"]) == (None, [])


async def test_how_a_change_is_answered_is_up_to_service_type_and_caller(tenant: Tenant) -> None:
    workload = speaking(DIRECTORY, "user")
    workload.type("contact", patched=200)
    async with graph_of(tenant, workload) as graph:
        (identity,) = await contacts(graph, "A")
        me, contact = "/me", f"/me/contacts/{identity}"
        cases = (
            (me, "", 204),
            (me, "return=representation", 200),
            (me, "return=minimal", 204),
            (contact, "", 200),
            (contact, "return=minimal", 204),
        )
        for path, wish, status in cases:
            response = await graph.patch(path, json={"displayName": "N"}, headers={"Prefer": wish})
            assert response.status_code == status
            assert bool(response.content) is (status == 200)


async def test_a_structured_property_is_changed_alone(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    person(tenant).update({"employeeOrgData": {"division": "North", "costCenter": "1"}})
    response = await graph.patch("/me/employeeOrgData", json={"costCenter": "2"})
    assert response.status_code == 200
    assert (await read(graph, "/me/employeeOrgData"))["division"] == "North"
    assert person(tenant)["employeeOrgData"]["costCenter"] == "2"
    assert (await graph.patch("/me/employeeOrgData", json={"costCenter": 2})).status_code == 400
    assert (await graph.patch("/me/employeeOrgData/division", json={"value": "x"})).status_code == 405
    assert (await graph.patch("/users/nobody/employeeOrgData", json={})).status_code == 404


async def test_a_structure_within_a_structure_is_changed_alone(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    settings = {"timeZone": "UTC", "automaticRepliesSetting": {"status": "disabled", "internalReplyMessage": "x"}}
    person(tenant).update({"mailboxSettings": settings})
    async with graph_of(tenant, scopes=("MailboxSettings.ReadWrite",)) as mail:
        response = await mail.patch("/me/mailboxSettings/automaticRepliesSetting", json={"status": "alwaysEnabled"})
        assert response.status_code == 200
        found = await read(mail, "/me/mailboxSettings")
    assert found["automaticRepliesSetting"] == {"status": "alwaysEnabled", "internalReplyMessage": "x"}
    assert found["timeZone"] == "UTC"


async def test_a_write_for_an_earlier_state_is_refused(tenant: Tenant) -> None:
    workload = speaking(EXCHANGE)
    workload.type("contact").hook("etag")(lambda entity: f'W/"{entity.version}"')
    async with graph_of(tenant, workload) as graph:
        contact = await made(graph, "/me/contacts", displayName="A")
        path, etag = f"/me/contacts/{contact['id']}", contact["@odata.etag"]
        changed = await graph.patch(path, json={"displayName": "B"}, headers={"If-Match": etag})
        assert changed.status_code == 200
        for method in ("PATCH", "DELETE"):
            stale = await graph.request(method, path, json={"displayName": "C"}, headers={"If-Match": etag})
            assert code_of(stale) == (412, "ErrorIrresolvableConflict")
        assert (await graph.patch(path, json={}, headers={"If-Match": "*"})).status_code == 200
        newest = (await read(graph, path))["@odata.etag"].removeprefix("W/")
        assert (await graph.delete(path, headers={"If-Match": newest})).status_code == 204


async def test_what_is_deleted_is_gone(graph: httpx.AsyncClient) -> None:
    first, second = await contacts(graph, "A", "B")
    assert (await graph.delete(f"/me/contacts/{first}")).status_code == 204
    assert (await graph.delete(f"/me/contacts/{first}")).status_code == 404
    assert ids(await read(graph, "/me/contacts")) == [second]


async def test_the_single_thing_below_a_navigation_can_be_taken_away(graph: httpx.AsyncClient) -> None:
    contact = await made(graph, "/me/contacts", displayName="P", photo={"id": "pic"})
    path = f"/me/contacts/{contact['id']}/photo"
    assert (await graph.delete(path)).status_code == 204
    assert (await graph.get(path)).status_code == 404
    assert (await graph.delete(path)).status_code == 404


async def test_a_put_makes_what_its_path_names(graph: httpx.AsyncClient) -> None:
    response = await graph.put("/me/contacts/mine", json={"displayName": "A"})
    assert (response.status_code, response.json()["id"]) == (201, "mine")
    again = await graph.put("/me/contacts/mine", json={"displayName": "B"})
    assert again.status_code == 200
    assert (await read(graph, "/me/contacts/mine"))["displayName"] == "B"
    assert (await graph.put("/me/contacts", json={})).status_code == 405


async def test_a_patch_makes_what_an_alternate_key_names_only(graph: httpx.AsyncClient) -> None:
    made_one = await graph.patch("/groups(uniqueName='sales')", json={"displayName": "Sales"})
    assert made_one.status_code == 201
    assert made_one.json()["uniqueName"] == "sales"
    assert (await graph.patch("/groups(uniqueName='SALES')", json={"displayName": "S"})).status_code == 200
    assert (await graph.patch("/groups/sales", json={"displayName": "S"})).status_code == 404
    assert (await graph.patch("/me/manager", json={})).status_code == 404


async def test_properties_and_lists_are_not_written_as_wholes(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    assert (await graph.put("/me/displayName", json={"value": "x"})).status_code == 405
    assert (await graph.delete("/me/displayName")).status_code == 405
    for method in ("PUT", "DELETE"):
        assert (await graph.request(method, "/me/photo/$value")).status_code in {403, 405}
    assert (await graph.post("/me/manager", json={})).status_code == 405
    assert (await graph.post("/me/directReports", json={"@odata.type": "#microsoft.graph.user"})).status_code == 405


async def test_references_come_and_go(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    ada, bo = person(tenant), person(tenant, "Bo")
    group = (await made(graph, "/groups", displayName="G"))["id"]
    members = f"/groups/{group}/members"
    for one, form in ((ada, "directoryObjects/{}"), (bo, "users('{}')")):
        body = {"@odata.id": f"{BASE}/{form.format(one.id)}"}
        assert (await graph.post(f"{members}/$ref", json=body)).status_code == 204
    assert ids(await read(graph, members)) == [ada.id, bo.id]
    again = await graph.post(f"{members}/$ref", json={"@odata.id": f"{BASE}/users/{bo.id}"})
    assert again.status_code == 400
    assert "already exist for the following modified properties: 'members'" in message_of(again)
    assert (await graph.delete(f"{members}/{bo.id}/$ref")).status_code == 204
    assert (await graph.delete(f"{members}/{bo.id}/$ref")).status_code == 404
    assert (await graph.delete(f"{members}/$ref?$id={BASE}/users/{ada.id}")).status_code == 204
    assert (await graph.delete(f"{members}/$ref")).status_code == 404
    assert ids(await read(graph, members)) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 400, id="nothing"),
        pytest.param({"@odata.id": ""}, 400, id="an empty address"),
        pytest.param({"@odata.id": 5}, 400, id="a number"),
        pytest.param({"@odata.id": f"{BASE}/users/nobody"}, 404, id="nobody"),
    ],
)
async def test_a_reference_needs_an_address(graph: httpx.AsyncClient, body: dict[str, object], status: int) -> None:
    group = (await made(graph, "/groups", displayName="G"))["id"]
    assert (await graph.post(f"/groups/{group}/members/$ref", json=body)).status_code == status
    assert (await graph.put("/me/manager/$ref", json=body)).status_code == status


async def test_a_single_reference_is_put_and_replaced(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    bo, cy = person(tenant, "Bo"), person(tenant, "Cy")
    for one in (bo, cy):
        response = await graph.put("/me/manager/$ref", json={"@odata.id": f"{BASE}/users/{one.id}"})
        assert response.status_code == 204
        assert (await read(graph, "/me/manager"))["id"] == one.id
    assert (await graph.delete("/me/manager/$ref")).status_code == 204
    assert (await graph.delete("/me/manager/$ref")).status_code == 404


async def test_what_is_contained_or_no_relation_has_no_references(graph: httpx.AsyncClient) -> None:
    (identity,) = await contacts(graph, "A")
    body = {"@odata.id": f"{BASE}/users/x"}
    assert (await graph.delete(f"/me/contacts/{identity}/$ref")).status_code == 405
    assert (await graph.post("/groups/$ref", json=body)).status_code == 405


async def test_binds_in_a_change_add_members_and_replace_a_single_one(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    ada, bo, cy = (person(tenant, name) for name in ("Ada", "Bo", "Cy"))
    group = (await made(graph, "/groups", displayName="G", **{"members@odata.bind": [f"{BASE}/users/{bo.id}"]}))["id"]
    more = {"members@odata.bind": [f"{BASE}/directoryObjects/{cy.id}"]}
    assert (await graph.patch(f"/groups/{group}", json=more)).status_code == 200
    assert ids(await read(graph, f"/groups/{group}/members")) == [bo.id, cy.id]
    for boss in (bo, ada):
        await graph.patch(f"/users/{cy.id}", json={"manager@odata.bind": f"{BASE}/users/{boss.id}"})
        assert (await read(graph, f"/users/{cy.id}/manager"))["id"] == boss.id
