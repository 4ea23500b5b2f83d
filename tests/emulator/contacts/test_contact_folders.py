"""Contact folders, the changes that delta tells, and the contacts of others."""

from __future__ import annotations

import httpx
import pytest

from emulator import Tenant
from emulator.graph.contacts.state import ContactBox, contact_box
from emulator.tenant import Person
from tests.emulator.support import client_for, delegated, error_of, names, small_tenant

_SCOPES = ("Contacts.ReadWrite",)
_STAMP = "2026-03-11T14:30:00Z"


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def bo(tenant: Tenant) -> Person:
    return tenant.person("bo.mcallister@lindenhall.example")


@pytest.fixture
def box(tenant: Tenant, bo: Person) -> ContactBox:
    return contact_box(tenant, bo)


async def test_the_default_folder_is_not_listed_but_answers_to_its_name(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        made = await client.post("/me/contactFolders", json={"displayName": "Family"})
        assert made.status_code == 201
        assert names(await client.get("/me/contactFolders")) == ["Family"]
        default = (await client.get("/me/contactFolders/Contacts")).json()
    assert default["displayName"] == "Contacts"
    assert default["parentFolderId"] == tenant.mailbox(bo).root.id
    assert made.json()["parentFolderId"] == default["id"]


async def test_contacts_lie_in_the_folder_where_they_were_made(tenant: Tenant, bo: Person, box: ContactBox) -> None:
    family = box.add_folder("Family")
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        ida = (await client.post(f"/me/contactFolders/{family.id}/contacts", json={"displayName": "Ida"})).json()
        assert ida["parentFolderId"] == family.id
        assert names(await client.get("/me/contacts")) == []
        assert names(await client.get(f"/me/contactFolders('{family.id}')/contacts")) == ["Ida"]
        assert (await client.get(f"/me/contacts/{ida['id']}")).status_code == 200
        elsewhere = await client.get(f"/me/contactFolders/contacts/contacts/{ida['id']}")
        assert error_of(elsewhere)[:2] == (404, "ErrorItemNotFound")


async def test_folders_nest_and_go_with_all_that_is_in_them(tenant: Tenant, bo: Person, box: ContactBox) -> None:
    family = box.add_folder("Family")
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        path = f"/me/contactFolders/{family.id}"
        kids = (await client.post(f"{path}/childFolders", json={"displayName": "Kids"})).json()
        ida = box.add_contact({"displayName": "Ida"}, _STAMP, box.folder(kids["id"]))
        assert names(await client.get(f"{path}/childFolders")) == ["Kids"]
        assert (await client.get(f"/me/contactFolders/{kids['id']}")).json()["displayName"] == "Kids"
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(f"/me/contactFolders/{kids['id']}")).status_code == 404
        assert (await client.get(f"/me/contacts/{ida.id}")).status_code == 404


async def test_a_folder_is_renamed_but_never_like_its_neighbour(tenant: Tenant, bo: Person, box: ContactBox) -> None:
    family, _ = box.add_folder("Family"), box.add_folder("Work")
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        path = f"/me/contactFolders/{family.id}"
        renamed = await client.patch(path, json={"displayName": "FAMILY", "parentFolderId": "elsewhere"})
        assert (renamed.status_code, renamed.json()["displayName"]) == (200, "FAMILY")
        assert renamed.json()["parentFolderId"] == box.default.id
        assert error_of(await client.patch(path, json={"displayName": "work"}))[:2] == (409, "ErrorFolderExists")
        assert (await client.patch(path, json={})).json()["displayName"] == "FAMILY"
        twice = await client.post("/me/contactFolders", json={"displayName": "work"})
        assert error_of(twice)[:2] == (409, "ErrorFolderExists")
        assert (await client.post("/me/contactFolders", json={})).status_code == 400


async def test_outlooks_own_folder_stays_as_it_is(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        path = "/me/contactFolders/contacts"
        assert error_of(await client.delete(path))[:2] == (403, "ErrorDeleteDistinguishedFolder")
        assert (await client.patch(path, json={"displayName": "X"})).status_code == 403


async def test_a_restored_mailbox_begins_with_no_contacts(tenant: Tenant, bo: Person, box: ContactBox) -> None:
    box.add_contact({"displayName": "Ida"}, _STAMP)
    tenant.open_mailbox(bo)
    assert contact_box(tenant, bo) is not box


async def _delta(client: httpx.AsyncClient, path: str, **headers: str) -> tuple[list[dict[str, object]], str]:
    response = await client.get(path, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()["value"], response.json()["@odata.deltaLink"]


async def test_delta_tells_what_came_changed_and_left_in_one_folder(
    tenant: Tenant, bo: Person, box: ContactBox
) -> None:
    family = box.add_folder("Family")
    ida = box.add_contact({"displayName": "Ida"}, _STAMP, family)
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        first, link = await _delta(client, f"/me/contactFolders/{family.id}/contacts/delta?$select=displayName")
        assert [one["displayName"] for one in first] == ["Ida"]
        box.add_contact({"displayName": "Elsewhere"}, _STAMP)
        box.change(ida, {"displayName": "Ida M."}, _STAMP)
        second, link = await _delta(client, link)
        assert [one["displayName"] for one in second] == ["Ida M."]
        box.contacts.discard(ida)
        third, _ = await _delta(client, link)
        immutable, _ = await _delta(client, link, Prefer='IdType="ImmutableId"')
    assert third == [{"@removed": {"reason": "deleted"}, "id": ida.id}]
    assert immutable[0]["id"] != ida.id


async def test_delta_of_folders_reaches_all_levels(tenant: Tenant, bo: Person, box: ContactBox) -> None:
    family = box.add_folder("Family")
    kids = box.add_folder("Kids", family)
    async with client_for(tenant, delegated(bo, *_SCOPES)) as client:
        first, link = await _delta(client, "/me/contactFolders/delta")
        assert [one["displayName"] for one in first] == ["Family", "Kids"]
        box.remove_folder(kids)
        gone, _ = await _delta(client, link)
    assert gone == [{"@removed": {"reason": "deleted"}, "id": kids.id}]


@pytest.mark.parametrize(
    ("scope", "role", "statuses"),
    [
        pytest.param("Contacts.ReadWrite", "owner", (403, 403), id="no scope for others"),
        pytest.param("Contacts.Read.Shared", None, (403, 403), id="nothing was shared"),
        pytest.param("Contacts.Read.Shared", "reviewer", (200, 403), id="reads what was shared"),
        pytest.param("Contacts.ReadWrite.Shared", "reviewer", (200, 403), id="a reviewer does not write"),
        pytest.param("Contacts.ReadWrite.Shared", "editor", (200, 201), id="an editor writes"),
    ],
)
async def test_others_contacts_need_the_scope_and_a_share(
    tenant: Tenant, box: ContactBox, scope: str, role: str | None, statuses: tuple[int, int]
) -> None:
    reading, writing = statuses
    cy = tenant.person("cy.falk@lindenhall.example")
    ida = box.add_contact({"displayName": "Ida"}, _STAMP)
    if role:
        box.share(cy, role)
    async with client_for(tenant, delegated(cy, scope)) as client:
        path = "/users/bo.mcallister@lindenhall.example/contacts"
        assert (await client.get(path)).status_code == reading
        assert (await client.get(f"{path}/{ida.id}")).status_code == reading
        assert (await client.post(path, json={"displayName": "Kim"})).status_code == writing


async def test_one_shared_folder_opens_no_other(tenant: Tenant, bo: Person, box: ContactBox) -> None:
    cy = tenant.person("cy.falk@lindenhall.example")
    family, work = box.add_folder("Family"), box.add_folder("Work")
    box.share(cy, folder=work)
    async with client_for(tenant, delegated(cy, "Contacts.Read.Shared")) as client:
        path = f"/users/{bo.id}/contactFolders"
        assert (await client.get(f"{path}/{work.id}/contacts")).status_code == 200
        assert error_of(await client.get(f"{path}/{family.id}"))[:2] == (403, "ErrorAccessDenied")
        assert (await client.get(f"/users/{bo.id}/contacts")).status_code == 403


async def test_full_access_opens_everything(tenant: Tenant, bo: Person, box: ContactBox) -> None:
    cy = tenant.person("cy.falk@lindenhall.example")
    box.add_contact({"displayName": "Ida"}, _STAMP, box.add_folder("Family"))
    tenant.mailbox(bo).grant(cy, full_access=True)
    async with client_for(tenant, delegated(cy, "Contacts.Read.Shared")) as client:
        assert names(await client.get(f"/users/{bo.id}/contactFolders")) == ["Family"]
        assert (await client.get(f"/users/{bo.id}/contacts")).status_code == 200


async def test_a_shared_scope_opens_ones_own_contacts_too(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, "Contacts.Read.Shared")) as client:
        assert (await client.get("/me/contacts")).status_code == 200
