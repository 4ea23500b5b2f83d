"""Contacts: what Outlook makes of a new one, changes, ids, and lists."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.graph.contacts.state import contact_box
from emulator.tenant import Person
from tests.emulator.support import app_only, client_for, delegated, error_of, names, pages, small_tenant

_SCOPES = ("Contacts.ReadWrite",)
_STAMP = "2026-03-11T14:30:00Z"


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def bo(tenant: Tenant) -> Person:
    return tenant.person("bo.mcallister@lindenhall.example")


async def made(client: httpx.AsyncClient, path: str = "/me/contacts", **values: Any) -> dict[str, Any]:
    response = await client.post(path, json=values)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


async def test_a_new_contact_is_shown_whole_and_found_again(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        response = await client.post(
            "/me/contacts", json={"givenName": "Ida", "surname": "Moor", "businessPhones": ["+49 421 1"]}
        )
        body = response.json()
        assert response.status_code == 201
        assert response.headers["Location"].endswith(f"('{body['id']}')")
        again = (await client.get(f"/me/contacts/{body['id']}")).json()
    assert again == body | {"@odata.context": again["@odata.context"]}
    assert body["@odata.etag"] == f'W/"{body["changeKey"]}"'
    assert len(body["id"]) == 152
    assert body["createdDateTime"] == body["lastModifiedDateTime"] == _STAMP
    assert body["parentFolderId"] == contact_box(tenant, bo).default.id
    assert body["homeAddress"] == {}
    assert body["emailAddresses"] == body["children"] == []
    assert body["primaryEmailAddress"] is None


@pytest.mark.parametrize(
    ("given", "display_name", "file_as"),
    [
        pytest.param({"givenName": "Ida", "surname": "Moor"}, "Ida Moor", "Moor, Ida", id="given name and surname"),
        pytest.param(
            {"givenName": "Ida", "middleName": "B", "surname": "Moor", "generation": "Jr."},
            "Ida B Moor Jr.",
            "Moor, Ida B",
            id="all parts",
        ),
        pytest.param({"surname": "Moor"}, "Moor", "Moor", id="surname alone"),
        pytest.param({"displayName": "The Moors"}, "The Moors", "The Moors", id="display name alone"),
        pytest.param({"companyName": "Moor AG"}, None, "Moor AG", id="company alone"),
        pytest.param({"givenName": "I", "displayName": "X", "fileAs": "Y"}, "X", "Y", id="names of one's own"),
        pytest.param({}, None, None, id="nothing at all"),
    ],
)
async def test_outlook_makes_the_names_that_nobody_gave(
    tenant: Tenant, bo: Person, given: dict[str, str], display_name: str | None, file_as: str | None
) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        body = await made(client, **given)
    assert (body["displayName"], body["fileAs"]) == (display_name, file_as)


async def test_names_that_outlook_made_follow_a_change_and_others_stay(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        own = await made(client, givenName="Ida", surname="Moor", fileAs="Neighbour")
        response = await client.patch(f"/me/contacts/{own['id']}", json={"surname": "Kell"})
        body = response.json()
    assert response.status_code == 200
    assert (body["displayName"], body["fileAs"]) == ("Ida Kell", "Neighbour")
    assert body["changeKey"] != own["changeKey"]


async def test_a_birthday_is_a_day_whatever_the_time_zone(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        assert (await made(client, birthday="1974-07-22"))["birthday"] == "1974-07-22T11:59:00Z"
        assert (await made(client, birthday="1974-07-22T00:00:00Z"))["birthday"] == "1974-07-22T11:59:00Z"


async def test_addresses_have_ranks_that_can_be_written_one_by_one(tenant: Tenant, bo: Person) -> None:
    first, second, third = ({"name": key, "address": f"{key}@x.example"} for key in "abc")
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        own = await made(client, emailAddresses=[first, {"address": "b@x.example"}])
        assert own["primaryEmailAddress"] == first
        assert own["secondaryEmailAddress"] == {"name": "b@x.example", "address": "b@x.example"}
        path = f"/me/contacts/{own['id']}"
        more = (await client.patch(path, json={"tertiaryEmailAddress": third, "secondaryEmailAddress": second})).json()
        assert more["emailAddresses"] == [first, second, third]
        less = (await client.patch(path, json={"primaryEmailAddress": None})).json()
    assert less["emailAddresses"] == [second, third]


async def test_a_postal_address_is_merged_part_by_part_and_emptied_by_null(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        own = await made(client, homeAddress={"city": "Bremen", "street": "Wall 1"})
        path = f"/me/contacts/{own['id']}"
        moved = (await client.patch(path, json={"homeAddress": {"city": "Leeds"}})).json()
        assert moved["homeAddress"] == {"city": "Leeds", "street": "Wall 1"}
        gone = (await client.patch(path, json={"homeAddress": None})).json()
    assert gone["homeAddress"] == {}


async def test_a_change_for_an_earlier_state_is_refused(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        own = await made(client, givenName="Ida")
        path, etag = f"/me/contacts/{own['id']}", {"If-Match": own["@odata.etag"]}
        assert (await client.patch(path, json={"title": "Dr."}, headers=etag)).status_code == 200
        stale = await client.patch(path, json={"title": "Prof."}, headers=etag)
        assert error_of(stale)[:2] == (412, "ErrorIrresolvableConflict")
        assert (await client.delete(path, headers=etag)).status_code == 412


async def test_what_exchange_gives_cannot_be_written(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        own = await made(client, givenName="Ida", changeKey="mine", parentFolderId="nowhere")
        changed = (await client.patch(f"/me/contacts/{own['id']}", json={"id": "x", "parentFolderId": "y"})).json()
    assert own["changeKey"] != "mine"
    assert (changed["id"], changed["parentFolderId"]) == (own["id"], own["parentFolderId"])


@pytest.mark.parametrize("suffix", [pytest.param("", id="DELETE"), pytest.param("/permanentDelete", id="for good")])
async def test_a_deleted_contact_is_gone(tenant: Tenant, bo: Person, suffix: str) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        path = f"/me/contacts/{(await made(client, givenName='Ida'))['id']}"
        response = await client.request("POST" if suffix else "DELETE", f"{path}{suffix}")
        assert response.status_code == 204
        assert error_of(await client.get(path))[:2] == (404, "ErrorItemNotFound")
        assert error_of(await client.get("/me/contacts/nonsense"))[:2] == (400, "ErrorInvalidIdMalformed")


async def test_an_immutable_id_is_shown_when_preferred_and_always_understood(tenant: Tenant, bo: Person) -> None:
    prefer = {"Prefer": 'IdType="ImmutableId"'}
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        own = await made(client, givenName="Ida")
        listed = await client.get("/me/contacts", headers=prefer)
        immutable = listed.json()["value"][0]["id"]
        assert listed.headers["Preference-Applied"] == 'IdType="ImmutableId"'
        assert immutable != own["id"]
        assert (await client.get(f"/me/contacts/{immutable}")).json()["id"] == own["id"]
        await client.delete(f"/me/contacts/{immutable}")
        assert (await client.get(f"/me/contacts/{immutable}")).status_code == 404


async def test_a_list_has_ten_and_at_most_a_thousand(tenant: Tenant, bo: Person) -> None:
    box = contact_box(tenant, bo)
    for number in range(23):
        box.add_contact({"displayName": f"Nr {number:02}"}, _STAMP)
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        sizes = [len(page["value"]) async for page in pages(client, "/me/contacts?$select=id")]
        assert sizes == [10, 10, 3]
        assert len((await client.get("/me/contacts?$top=1000")).json()["value"]) == 23
        latest = await client.get("/me/contacts?$orderby=displayName desc&$top=2")
        assert names(latest) == ["Nr 22", "Nr 21"]
        assert (await client.get("/me/contacts/$count")).text == "23"


async def test_contacts_are_found_by_an_address(tenant: Tenant, bo: Person) -> None:
    box = contact_box(tenant, bo)
    for name in ("ida", "kim"):
        box.add_contact({"displayName": name, "emailAddresses": [{"address": f"{name}@x.example"}]}, _STAMP)
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        found = await client.get("/me/contacts?$filter=emailAddresses/any(a:a/address eq 'kim@x.example')")
    assert names(found) == ["kim"]


async def test_extended_properties_and_extensions_come_along_and_are_replaced(tenant: Tenant, bo: Person) -> None:
    name = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Colour"
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        extension = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "org.x.note", "kind": "vip"}
        own = await made(
            client,
            givenName="Ida",
            singleValueExtendedProperties=[{"id": name, "value": "red"}],
            extensions=[extension],
        )
        path = f"/me/contacts/{own['id']}"
        await client.patch(path, json={"singleValueExtendedProperties": [{"id": name, "value": "blue"}]})
        query = f"$expand=extensions,singleValueExtendedProperties($filter=id eq '{name}')"
        body = (await client.get(f"{path}?{query}")).json()
    assert body["singleValueExtendedProperties"] == [{"id": name, "value": "blue"}]
    assert body["extensions"][0]["kind"] == "vip"
    assert body["extensions"][0]["id"] == "microsoft.outlookServices.openTypeExtension.org.x.note"


@pytest.mark.parametrize(
    ("values", "code"),
    [
        pytest.param({"colour": 3, "emailAddresses": "x"}, "RequestBodyRead", id="a list that is none"),
        pytest.param({"businessPhones": [1]}, "RequestBodyRead", id="a number for a text"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused(
    tenant: Tenant, bo: Person, values: dict[str, Any], code: str
) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        assert error_of(await client.post("/me/contacts", json=values))[:2] == (400, code)


async def test_an_app_on_its_own_writes_contacts_of_anybody_with_a_mailbox(tenant: Tenant, bo: Person) -> None:
    nobody = tenant.person("dee.ruiz@lindenhall.example")
    async with client_for(tenant, app_only(*_SCOPES)) as client:
        await made(client, f"/users/{bo.id}/contacts", givenName="Ida")
        assert names(await client.get(f"/users/{bo.user_principal_name}/contacts")) == ["Ida"]
        missing = await client.get(f"/users/{nobody.id}/contacts")
        assert error_of(missing)[:2] == (404, "MailboxNotEnabledForRESTAPI")
        assert (await client.get("/me/contacts")).status_code == 400


async def test_reading_does_not_open_writing(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, "Contacts.Read")) as client:
        assert (await client.get("/me/contacts")).status_code == 200
        assert error_of(await client.post("/me/contacts", json={}))[:2] == (403, "ErrorAccessDenied")
    async with client_for(tenant, delegated(bo, "Mail.Read")) as client:
        assert error_of(await client.get("/me/contacts"))[:2] == (403, "ErrorAccessDenied")


async def test_a_contact_has_a_photo_once_somebody_puts_one_there(tenant: Tenant, bo: Person) -> None:
    picture = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b080030003001011100ffd9")
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        path = f"/me/contacts/{(await made(client, givenName='Ida'))['id']}/photo"
        assert (await client.get(path)).status_code == 404
        put = await client.put(f"{path}/$value", content=picture, headers={"Content-Type": "image/jpeg"})
        assert put.status_code == 200
        assert (await client.get(f"{path}/$value")).content == picture
        assert (await client.get(path)).json()["width"] == 48


async def test_an_extension_is_kept_with_a_contact(tenant: Tenant, bo: Person) -> None:
    kind = "microsoft.graph.openTypeExtension"
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        path = f"/me/contacts/{(await made(client, givenName='Ida'))['id']}/extensions"
        put = await client.post(path, json={"@odata.type": kind, "extensionName": "org.x.note", "colour": "red"})
        assert put.status_code == 201
        assert (await client.get(f"{path}/org.x.note")).json()["colour"] == "red"
        assert (await client.delete(f"{path}/org.x.note")).status_code == 204
        assert (await client.get(f"{path}/org.x.note")).status_code == 404
