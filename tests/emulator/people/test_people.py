"""People: who is relevant, how they are shown, and how they are found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from emulator import Tenant
from emulator.graph.contacts.state import contact_box
from emulator.graph.mail.parts import Address
from emulator.graph.people.searching import found
from emulator.graph.people.state import directory, own_circle
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Person
from tests.emulator.support import NOW, app_only, client_for, delegated, error_of, names, pages, small_tenant

_STAMP = "2026-03-11T14:30:00Z"
_OUTSIDE = Address("Ivo Marsh", "ivo@outside.example")


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def bo(tenant: Tenant) -> Person:
    return tenant.person("bo.mcallister@lindenhall.example")


@pytest.fixture
def group(tenant: Tenant, bo: Person) -> Entity:
    values = {"displayName": "Sales team", "mail": "sales@lindenhall.example", "groupTypes": ["Unified"]}
    made = tenant.store.root("groups").add(tenant.store.entity(schema().kind("group"), values))
    made.links_of("members").add(bo)
    return made


def wrote(tenant: Tenant, owner: Person, *to: Address, times: int = 1, **details: Any) -> None:
    for number in range(times):
        moment = NOW - timedelta(days=number)
        details = {"subject": "Plans", "folder": "sentitems", "sender": owner.address, **details}
        tenant.add_message(owner, sent=moment, to=to, **details)


def heard(tenant: Tenant, owner: Person, sender: Address, times: int = 1, **details: Any) -> None:
    for number in range(times):
        tenant.add_message(
            owner, **{"subject": "Hello", "sent": NOW - timedelta(days=number), "sender": sender, **details}
        )


async def test_the_manager_comes_first_as_long_as_nobody_has_written(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        assert names(await client.get("/me/people")) == ["Ada Lind", "Dee Ruiz", "Cy Falk"]


async def test_whom_one_writes_to_most_is_most_relevant(tenant: Tenant, bo: Person) -> None:
    wrote(tenant, bo, _OUTSIDE, times=20)
    heard(tenant, bo, Address("Una Reed", "una@outside.example"), times=3)
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        body = (await client.get("/me/people?$select=displayName,scoredEmailAddresses,personType")).json()["value"]
    assert [one["displayName"] for one in body] == ["Ivo Marsh", "Ada Lind", "Dee Ruiz", "Cy Falk", "Una Reed"]
    assert body[0]["scoredEmailAddresses"] == [
        {"address": "ivo@outside.example", "relevanceScore": 60.0, "selectionLikelihood": "notSpecified"}
    ]
    assert body[0]["personType"] == {"class": "Person", "subclass": "ImplicitContact"}
    scores = [one["scoredEmailAddresses"][0]["relevanceScore"] for one in body]
    assert scores == sorted(scores, reverse=True)


async def test_machines_newsletters_and_drafts_make_nobody_relevant(tenant: Tenant, bo: Person) -> None:
    heard(tenant, bo, Address("Shop", "no-reply@shop.example"))
    heard(tenant, bo, Address("News", "news@paper.example"), inference="other")
    wrote(tenant, bo, _OUTSIDE, folder="drafts", is_draft=True)
    known = {one.address for one in own_circle(tenant, bo)}
    assert all(address.endswith("@lindenhall.example") for address in known)


async def test_a_colleague_is_one_person_whatever_the_address(tenant: Tenant, bo: Person) -> None:
    cy = tenant.person("cy.falk@lindenhall.example")
    cy.update({"proxyAddresses": ["smtp:falk@lindenhall.example"]})
    wrote(tenant, bo, Address("Falk", "FALK@lindenhall.example"))
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        body = (await client.get(f"/me/people/{cy.id}")).json()
    assert body["displayName"] == "Cy Falk"
    assert body["scoredEmailAddresses"][0]["relevanceScore"] == 13.0
    assert body["phones"] == [{"type": "business", "number": "+49 1"}]


async def test_a_person_is_shown_with_everything_that_graph_has(tenant: Tenant, bo: Person) -> None:
    tenant.person("ada.lind@lindenhall.example").update({"mobilePhone": "+49 2"})
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        body = (await client.get("/me/people?$top=1")).json()["value"][0]
    assert body == {
        "id": tenant.person("ada.lind@lindenhall.example").id,
        "displayName": "Ada Lind",
        "givenName": "Ada",
        "surname": "Lind",
        "birthday": "",
        "personNotes": "",
        "isFavorite": False,
        "jobTitle": "Head",
        "companyName": None,
        "yomiCompany": "",
        "department": "Board",
        "officeLocation": None,
        "profession": "",
        "userPrincipalName": "ada.lind@lindenhall.example",
        "imAddress": "sip:ada.lind@lindenhall.example",
        "scoredEmailAddresses": [
            {"address": "ada.lind@lindenhall.example", "relevanceScore": 30.0, "selectionLikelihood": "notSpecified"}
        ],
        "phones": [{"type": "mobile", "number": "+49 2"}],
        "postalAddresses": [],
        "websites": [],
        "personType": {"class": "Person", "subclass": "OrganizationUser"},
    }


async def test_ones_own_contacts_and_groups_are_people_too(tenant: Tenant, bo: Person, group: Entity) -> None:
    box = contact_box(tenant, bo)
    box.add_contact({"displayName": "Uncle Ivo", "emailAddresses": [{"address": _OUTSIDE.address}, {}]}, _STAMP)
    box.add_contact({"displayName": "The boss", "emailAddresses": [{"address": "ada.lind@lindenhall.example"}]}, _STAMP)
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        body = (await client.get("/me/people")).json()["value"]
    kinds = {one["displayName"]: one["personType"]["subclass"] for one in body}
    assert kinds["Uncle Ivo"] == "PersonalContact"
    assert kinds["Ada Lind"] == "OrganizationUser"
    assert kinds["Sales team"] == "UnifiedGroup"
    assert next(one["id"] for one in body if one["displayName"] == "Sales team") == group.id


async def test_a_plain_list_is_a_distribution_list_and_a_room_is_a_room(
    tenant: Tenant, bo: Person, group: Entity
) -> None:
    group.update({"groupTypes": []})
    tenant.person("ada.lind@lindenhall.example").state["purpose"] = "room"
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        body = (await client.get("/me/people")).json()["value"]
    kinds = {one["displayName"]: one["personType"] for one in body}
    assert kinds["Sales team"] == {"class": "Group", "subclass": "PublicDistributionList"}
    assert kinds["Ada Lind"]["subclass"] == "Room"


async def test_who_is_disabled_is_nobodys_people(tenant: Tenant, bo: Person) -> None:
    tenant.person("ada.lind@lindenhall.example").account_enabled = False
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        assert "Ada Lind" not in names(await client.get("/me/people"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("$filter=displayName eq 'Cy Falk'", ["Cy Falk"], id="by name"),
        pytest.param(
            "$filter=personType/class eq 'Person' and startswith(displayName,'D')", ["Dee Ruiz"], id="by kind"
        ),
        pytest.param("$filter=personType/class eq 'Group'", [], id="by another kind"),
        pytest.param("$orderby=displayName", ["Ada Lind", "Cy Falk", "Dee Ruiz"], id="in order"),
        pytest.param("$top=1&$skip=1", ["Dee Ruiz"], id="the second"),
        pytest.param("$search=d", ["Dee Ruiz"], id="begun"),
        pytest.param('$search="Adda Lindt"', ["Ada Lind"], id="misspelt"),
        pytest.param('$search="cy.falk@lindenhall.example"', ["Cy Falk"], id="by address"),
        pytest.param('$search="Bo McAllister"', [], id="not oneself"),
        pytest.param('$search="zzz"', [], id="nobody"),
        pytest.param('$search=""', [], id="nothing"),
    ],
)
async def test_people_are_chosen_as_usual(tenant: Tenant, bo: Person, query: str, expected: list[str]) -> None:
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        assert names(await client.get(f"/me/people?{query}")) == expected


async def test_a_search_by_name_reaches_the_whole_directory(tenant: Tenant, bo: Person) -> None:
    tenant.add_person("Quentin Far", department="Elsewhere")
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        assert "Quentin Far" not in names(await client.get("/me/people"))
        assert names(await client.get("/me/people?$search=quentin")) == ["Quentin Far"]


async def test_a_search_by_topic_finds_whom_one_wrote_with_about_it(tenant: Tenant, bo: Person) -> None:
    una = Address("Una Reed", "una@outside.example")
    wrote(tenant, bo, _OUTSIDE, times=2, subject="Harbour lights: offer")
    heard(tenant, bo, una, subject="Hi", body="<p>the lights in the harbour</p>")
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        assert names(await client.get('/me/people?$search="topic:harbour lights"')) == ["Ivo Marsh", "Una Reed"]
        assert names(await client.get('/me/people?$search="topic:submarines"')) == []
        assert names(await client.get('/me/people?$search="topic:"')) == []


def test_a_search_among_nobody_finds_nobody(tenant: Tenant) -> None:
    dee = tenant.person("dee.ruiz@lindenhall.example")
    known = own_circle(tenant, dee)
    assert found(tenant, dee, known, "topic:lights") == []
    assert {one.name for one in (*known, *directory(tenant, dee, known))} == {"Ada Lind", "Bo McAllister", "Cy Falk"}


async def test_pages_lead_on_by_skipping(tenant: Tenant, bo: Person) -> None:
    wrote(tenant, bo, *(Address(f"P {number}", f"p{number}@x.example") for number in range(21)))
    async with client_for(tenant, delegated(bo, "People.Read")) as client:
        sizes = [len(page["value"]) async for page in pages(client, "/me/people")]
        assert sizes == [10, 10, 4]
        assert len((await client.get("/me/people?$top=1000")).json()["value"]) == 24


async def test_of_others_only_the_organisation_is_seen(tenant: Tenant, bo: Person) -> None:
    wrote(tenant, bo, _OUTSIDE, times=20)
    ada = tenant.person("ada.lind@lindenhall.example")
    path = f"/users/{bo.id}/people"
    async with client_for(tenant, delegated(ada, "People.Read.All")) as client:
        assert names(await client.get(path)) == ["Ada Lind", "Dee Ruiz", "Cy Falk"]
    async with client_for(tenant, app_only("People.Read.All")) as client:
        assert names(await client.get(path)) == ["Ada Lind", "Dee Ruiz", "Cy Falk"]
    async with client_for(tenant, delegated(ada, "People.Read")) as client:
        assert error_of(await client.get(path))[:2] == (403, "ErrorAccessDenied")


async def test_nobody_writes_people(tenant: Tenant, bo: Person) -> None:
    async with client_for(tenant, delegated(bo, "People.Read", "User.ReadWrite.All")) as client:
        path = f"/me/people/{tenant.person('ada.lind@lindenhall.example').id}"
        for method, address in (("POST", "/me/people"), ("PATCH", path), ("DELETE", path)):
            assert (await client.request(method, address, json={})).status_code in {403, 405}
        assert (await client.get(path)).json()["displayName"] == "Ada Lind"
        assert (await client.get("/me/people/nobody")).status_code == 400
