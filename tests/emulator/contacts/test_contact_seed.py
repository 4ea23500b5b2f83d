"""The address books that the demo begins with."""

from __future__ import annotations

from random import Random

from emulator import Tenant
from emulator.graph.contacts.state import contact_box
from emulator.seed.contacts import furnish_contacts
from emulator.seed.outside import CONTACTS
from emulator.seed.people import hire_staff
from tests.emulator.support import NOW, client_for, delegated, names


def _furnished(seed: int = 7) -> Tenant:
    tenant = Tenant()
    hire_staff(tenant, Random(seed), NOW)  # noqa: S311 - the same each time
    tenant.add_person("No Mailbox", has_mailbox=False)
    furnish_contacts(tenant, Random(seed))  # noqa: S311 - the same each time
    return tenant


async def test_the_demo_person_knows_everyone_outside_and_keeps_them_in_order() -> None:
    tenant = _furnished()
    async with client_for(tenant, delegated(tenant.demo_person, "Contacts.Read")) as client:
        folders = (await client.get("/me/contactFolders")).json()["value"]
        assert [folder["displayName"] for folder in folders] == ["Suppliers", "Private"]
        lists = [await client.get(f"/me/contactFolders/{folder['id']}/contacts") for folder in folders]
        known = names(await client.get("/me/contacts"))
    assert len(known) + len(names(lists[0])) == len(CONTACTS)
    assert "Climbing hall, desk" in names(lists[1])


async def test_no_contact_was_made_in_the_future() -> None:
    tenant = _furnished()
    for person in tenant.people.values():
        if person.id in tenant.mailboxes:
            for contact in contact_box(tenant, person).contacts:
                assert contact["createdDateTime"] < NOW.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_the_same_seed_makes_the_same_books() -> None:
    first, second = _furnished(), _furnished()
    assert [one.values for one in contact_box(first, first.demo_person).contacts] == [
        one.values for one in contact_box(second, second.demo_person).contacts
    ]
