"""Organisational contacts: read over Graph, kept by Exchange."""

from __future__ import annotations

from emulator.graph.directory.org_contacts import add_contact
from tests.emulator.groups.driver import (
    EVENTUAL,
    answer,
    as_app,
    as_person,
    link,
    made,
    named,
    names,
    refused,
    small_tenant,
)


async def test_contacts_are_read_and_searched() -> None:
    tenant = small_tenant()
    add_contact(tenant, "Eli Moor", "eli@moor.example", companyName="Moor and Sons")
    add_contact(tenant, "Uma", "uma@x.example")
    async with as_app(tenant) as client:
        found = (await answer(client.get("/contacts")))["value"]
        assert [(one["givenName"], one["surname"]) for one in found] == [("Eli", "Moor"), (None, "Uma")]
        assert found[0]["proxyAddresses"] == ["SMTP:eli@moor.example"]
        assert await names(client.get("/contacts?$filter=mail eq 'uma@x.example'")) == ["Uma"]
        assert await names(client.get('/contacts?$search="displayName:moor"', headers=EVENTUAL)) == ["Eli Moor"]
        assert len((await answer(client.get("/contacts/delta")))["value"]) == 2


async def test_contacts_belong_and_report_to_others() -> None:
    tenant = small_tenant()
    contact = add_contact(tenant, "Eli Moor", "eli@moor.example")
    contact.links_of("manager").replace(named(tenant, "Ada"))
    path = f"/contacts/{contact.id}"
    async with as_person(tenant) as client:
        group = await made(client, "Door")
        await answer(client.post(f"/groups/{group['id']}/members/$ref", json=link(contact.id)), 204)
        assert await names(client.get(f"{path}/memberOf")) == ["Door"]
        assert await names(client.get(f"{path}/transitiveMemberOf")) == ["Door"]
        assert (await answer(client.get(f"{path}/manager")))["displayName"] == "Ada Lind"


async def test_contacts_are_not_written_here() -> None:
    tenant = small_tenant()
    contact = add_contact(tenant, "Eli Moor", "eli@moor.example")
    async with as_app(tenant) as client:
        for request in (
            client.patch(f"/contacts/{contact.id}", json={"displayName": "x"}),
            client.delete(f"/contacts/{contact.id}"),
            client.post("/contacts", json={"displayName": "x"}),
        ):
            await refused(request, 403, "Authorization_RequestDenied")
        assert await names(client.get("/contacts")) == ["Eli Moor"]


async def test_an_unknown_contact_is_missing() -> None:
    async with as_app(small_tenant()) as client:
        await refused(client.get("/contacts/00000000-0000-0000-0000-000000000001"), 404, "Request_ResourceNotFound")
