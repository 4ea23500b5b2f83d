"""What the directory's index answers, type by type, and in which words it refuses the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from emulator import Tenant
from emulator.graph.directory.support import index_of
from emulator.schema import schema
from tests.emulator.support import names, small_tenant
from tests.emulator.users.support import as_person, ok, person, refused

EVENTUAL = {"ConsistencyLevel": "eventual"}
UNSUPPORTED = "Request_UnsupportedQuery"
SCOPES = ("Directory.Read.All", "User.Read.All", "Group.Read.All", "Application.Read.All", "Device.Read.All",
          "OrgContact.Read.All", "User.Read", "AdministrativeUnit.Read.All")  # fmt: skip


@pytest.fixture
def tenant() -> Tenant:
    found = small_tenant()
    for root, kind, name, more in (
        ("groups", "group", "Blue Crew", {"description": "Lamps and LightShows", "mail": "crew@lindenhall.example"}),
        ("groups", "group", "Red Crew", {"mailNickname": "red"}),
        ("devices", "device", "Tablet7", {"operatingSystem": "linux", "physicalIds": ["a"]}),
        ("applications", "application", "Catalogue", {"tags": ["shown"], "identifierUris": ["api://x"]}),
        ("servicePrincipals", "servicePrincipal", "Catalogue", {"servicePrincipalType": "Application"}),
        ("contacts", "orgContact", "Ola Outside", {"department": "Sales", "proxyAddresses": ["SMTP:o@x.example"]}),
    ):
        values = {"displayName": name, **more}
        found.store.root(root).add(found.store.entity(schema().kind(kind), values))
    return found


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant, *SCOPES) as client:
        yield client


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("/groups?$filter=startswith(displayName,'red')", ["Red Crew"], id="group starts"),
        pytest.param("/groups?$filter=mailNickname eq 'RED'", ["Red Crew"], id="group eq"),
        pytest.param("/groups?$orderby=displayName desc", ["Red Crew", "Blue Crew"], id="group sorted"),
        pytest.param("/devices?$filter=physicalIds/any(p:p eq 'a')", ["Tablet7"], id="device any"),
        pytest.param("/applications?$filter=tags/any(t:t eq 'shown')", ["Catalogue"], id="application any"),
        pytest.param(
            "/servicePrincipals?$filter=servicePrincipalType eq 'Application'", ["Catalogue"], id="service principal"
        ),
        pytest.param("/contacts?$filter=department in ('Sales','IT')", ["Ola Outside"], id="contact in"),
    ],
)
async def test_what_is_indexed_is_answered_at_once(graph: httpx.AsyncClient, query: str, expected: list[str]) -> None:
    assert names(await graph.get(query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("/groups?$filter=description eq null", ["Red Crew"], id="null"),
        pytest.param("/groups?$filter=startswith(description,'lamps')", ["Blue Crew"], id="starts"),
        pytest.param("/groups?$filter=proxyAddresses/$count eq 0", ["Blue Crew", "Red Crew"], id="count"),
        pytest.param("/groups?$filter=proxyAddresses/any()", [], id="any"),
        pytest.param("/groups?$filter=appRoleAssignments/$count gt 0", [], id="counted relation"),
        pytest.param("/users?$filter=ownedObjects/$count eq 1", [], id="owns one"),
        pytest.param("/devices?$orderby=displayName", ["Tablet7"], id="sorted"),
        pytest.param("/contacts?$filter=proxyAddresses/$count ne 0", ["Ola Outside"], id="contact count"),
        pytest.param('/groups?$search="description:light"', ["Blue Crew"], id="search inside words"),
        pytest.param('/groups?$search="mailNickname:re"', ["Red Crew"], id="search by beginning"),
        pytest.param('/devices?$search="displayName:tab"', ["Tablet7"], id="search devices"),
        pytest.param('/applications?$search="displayName:cat" AND "tags:sh"', ["Catalogue"], id="search applications"),
    ],
)
async def test_what_needs_advanced_parameters_is_answered_with_them(
    graph: httpx.AsyncClient, query: str, expected: list[str]
) -> None:
    if "search" not in query:
        refusal = await graph.get(query)
        refused(refusal, 400, UNSUPPORTED)
    assert names(await graph.get(f"{query}&$count=true", headers=EVENTUAL)) == expected


@pytest.mark.parametrize(
    ("query", "words"),
    [
        pytest.param("/groups?$filter=visibility eq 'Public'", "'visibility' of resource 'Group'", id="not indexed"),
        pytest.param("/groups?$filter=endswith(displayName,'x')", "'displayName'", id="endswith elsewhere"),
        pytest.param("/groups?$filter=renewedDateTime gt 2026-01-01T00:00:00Z", "'renewedDateTime'", id="greater"),
        pytest.param("/groups?$filter=proxyAddresses/$count gt 3", "'proxyAddresses'", id="how many"),
        pytest.param("/users?$filter=otherMails/$count eq 1", "'otherMails'", id="exactly one"),
        pytest.param("/groups?$filter=resourceBehaviorOptions/any()", None, id="any of the default ones"),
        pytest.param("/devices?$filter=systemLabels/any()", "'systemLabels'", id="any not indexed"),
        pytest.param("/groups?$orderby=mail", "Unsupported sort property 'mail' for 'Group'", id="sort"),
    ],
)
async def test_what_the_index_never_answers_is_refused_even_then(
    graph: httpx.AsyncClient, query: str, words: str | None
) -> None:
    response = await graph.get(f"{query}&$count=true", headers=EVENTUAL)
    if words is None:
        assert response.status_code == 200
    else:
        refused(response, 400, UNSUPPORTED, words)


async def test_a_long_value_needs_advanced_parameters(graph: httpx.AsyncClient) -> None:
    query = f"/groups?$filter=displayName eq '{'x' * 121}'"
    refused(await graph.get(query), 400, UNSUPPORTED, "longer than 120")
    assert ok(await graph.get(f"{query}&$count=true", headers=EVENTUAL))["value"] == []


async def test_any_of_a_collection_needs_advanced_parameters(graph: httpx.AsyncClient) -> None:
    refused(await graph.get("/groups?$filter=proxyAddresses/any()"), 400, UNSUPPORTED, "advanced-queries")


async def test_mixed_objects_are_filtered_by_what_any_of_them_has(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    crew = next(iter(tenant.store.root("groups")))
    crew.links_of("members").add(person(tenant, "Cy"))
    query = f"/groups/{crew.id}/members?$filter=userPrincipalName eq 'cy.falk@lindenhall.example'"
    assert names(await graph.get(query)) == ["Cy Falk"]
    isof = f"/groups/{crew.id}/members?$filter=isof('microsoft.graph.user')&$count=true"
    assert names(await graph.get(isof, headers=EVENTUAL)) == ["Cy Falk"]
    search = f'/groups/{crew.id}/members?$search="displayName:falk"'
    assert names(await graph.get(search, headers=EVENTUAL)) == ["Cy Falk"]


async def test_types_outside_the_index_are_filtered_freely_and_not_searched(graph: httpx.AsyncClient) -> None:
    async with as_person(small_tenant(), "Domain.Read.All", "Directory.Read.All") as client:
        assert len(ok(await client.get("/domains?$filter=isVerified eq true"))["value"]) == 1


def test_a_type_that_is_not_in_the_table_has_no_index() -> None:
    assert index_of(schema().kind("subscribedSku")) is None
    index = index_of(schema().kind("directoryObject"))
    assert index is not None
    assert index.allows("eq", "userPrincipalName")
    assert index.allows("eq", "deviceId")
