"""GET without any workload: single things, lists in pages, properties, counts and references."""

from __future__ import annotations

import httpx
import pytest

from emulator import Tenant
from emulator.graph.engine.dialects import DIRECTORY, EXCHANGE, SHAREPOINT
from emulator.graph.engine.workload import Page
from tests.emulator.engine.tiny import (
    BASE,
    EVENTUAL,
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
from tests.emulator.support import app_only, client_for, ids, pages


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/users/{id}", id="by id"),
        pytest.param("/USERS/{id}", id="in capitals"),
        pytest.param("/users('{id}')", id="in parentheses"),
        pytest.param("/users(userPrincipalName='bo.mcallister@lindenhall.example')", id="by another key"),
        pytest.param("/users(USERPRINCIPALNAME='BO.McAllister%40lindenhall.example')", id="in another case"),
        pytest.param("/directoryObjects/{id}", id="as any object"),
        pytest.param("/users/{id}/microsoft.graph.directoryObject", id="as what it derives from"),
    ],
)
async def test_one_thing_is_found_by_every_form_of_its_address(tenant: Tenant, path: str) -> None:
    bo = person(tenant, "Bo")
    tenant.store.root("directoryObjects").entities[bo.id] = bo
    async with graph_of(tenant) as graph:
        found = await read(graph, path.format(id=bo.id))
    assert found["id"] == bo.id


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/users/nobody", id="no such key"),
        pytest.param("/users(userPrincipalName='nobody')", id="no such other key"),
        pytest.param("/users(nothing='x')", id="a key that is no property"),
        pytest.param("/users/nobody/displayName", id="a property of nobody"),
        pytest.param("/users/nobody/displayName/$value", id="its value"),
        pytest.param("/users/nobody/manager", id="a relation of nobody"),
        pytest.param("/users/nobody/microsoft.graph.user", id="a cast of nobody"),
        pytest.param("/me/manager", id="an empty relation"),
        pytest.param("/me/manager/$ref", id="a reference to nothing"),
        pytest.param("/me/contacts/x/photo/$value", id="the bytes of nothing"),
        pytest.param("/me/manager/id", id="a property of nothing"),
        pytest.param("/groups/x/members/y", id="a member of nothing"),
        pytest.param("/me/drive/root:/a.txt", id="a file of nothing"),
    ],
)
async def test_what_is_not_there_is_404(graph: httpx.AsyncClient, path: str) -> None:
    assert code_of(await graph.get(path)) == (404, "ResourceNotFound")


async def test_a_cast_to_what_a_thing_is_not_is_404(tenant: Tenant) -> None:
    bo = person(tenant, "Bo")
    tenant.store.root("directoryObjects").entities[bo.id] = bo
    async with graph_of(tenant) as graph:
        assert (await graph.get(f"/directoryObjects/{bo.id}/microsoft.graph.group")).status_code == 404
        assert (await graph.get(f"/directoryObjects/{bo.id}/microsoft.graph.user")).status_code == 200
        assert (await graph.get(f"/directoryObjects/{bo.id}/microsoft.graph.user/displayName")).status_code == 200


async def test_an_unknown_path_is_400_and_a_wrong_method_405(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/nowhere")
    assert code_of(response) == (400, "BadRequest")
    assert message_of(response) == "Resource not found for the segment 'nowhere'."
    assert code_of(await graph.delete("/users")) == (405, "Request_BadRequest")


async def test_an_app_has_no_me(tenant: Tenant) -> None:
    async with client_for(tenant, app_only("User.Read.All"), workloads=()) as graph:
        response = await graph.get("/me")
        assert code_of(response) == (400, "BadRequest")
        assert message_of(response) == "/me request is only valid with delegated authentication flow."
        assert (await graph.get("/users")).status_code == 200


async def test_properties_are_read_alone_and_as_text(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    me = f"users('{person(tenant).id}')"
    person(tenant).update({"passwordProfile": {"password": "x", "forceChangePasswordNextSignIn": True}})
    assert await read(graph, "/me/displayname") == {
        "@odata.context": f"{BASE}/$metadata#{me}/displayName",
        "value": "Ada Lind",
    }
    assert (await read(graph, "/me/businessPhones"))["value"] == []
    assert await read(graph, "/me/passwordProfile/password") == {
        "@odata.context": f"{BASE}/$metadata#{me}/passwordProfile/password",
        "value": "x",
    }
    assert (await read(graph, "/me/passwordProfile"))["password"] == "x"
    value = await graph.get("/me/displayName/$value")
    assert (value.text, value.headers["content-type"]) == ("Ada Lind", "text/plain")
    assert (await graph.get("/me/passwordProfile/forceChangePasswordNextSignIn/$value")).text == "true"
    for path in ("/me/mobilePhone", "/me/mobilePhone/$value", "/me/employeeOrgData/division"):
        assert (await graph.get(path)).status_code == 204


async def test_a_list_names_its_place_and_shows_its_items(graph: httpx.AsyncClient) -> None:
    await contacts(graph, "A", "B")
    body = await read(graph, "/me/contacts?$select=displayName")
    assert body["@odata.context"].endswith("/contacts(displayName)")
    assert shown(body) == ["A", "B"]
    assert list(body["value"][0]) == ["id", "displayName"]


async def test_pages_are_followed_by_skip(graph: httpx.AsyncClient) -> None:
    wanted = await contacts(graph, *"ABCDE")
    found = [page async for page in pages(graph, "/me/contacts?$top=2&$select=id&$count=true")]
    assert [len(page["value"]) for page in found] == [2, 2, 1]
    assert [identity for page in found for identity in ids(page)] == wanted
    assert found[0]["@odata.nextLink"] == f"{BASE}/me/contacts?$top=2&$select=id&$count=true&$skip=2"
    # Only the first page counts.
    assert [page.get("@odata.count") for page in found] == [5, None, None]
    assert shown(await read(graph, "/me/contacts?$skip=4")) == ["E"]
    assert shown(await read(graph, "/me/contacts?$skip=9")) == []
    empty = await read(graph, "/me/contacts?$top=0")
    assert (empty["value"], "@odata.nextLink" in empty) == ([], False)


async def test_pages_are_followed_by_token_where_the_service_does_so(tenant: Tenant) -> None:
    async with graph_of(tenant, speaking(DIRECTORY, "user")) as graph:
        found = [page async for page in pages(graph, "/users?$top=3&$select=id")]
        assert [len(page["value"]) for page in found] == [3, 1]
        link = found[0]["@odata.nextLink"]
        assert "$skiptoken=RFNwdAIAAQAA" in link
        for other in (link.replace("$top=3", "$top=2"), link.replace("/users", "/directoryObjects"), f"{link}x"):
            assert (await graph.get(other)).status_code == 400
        assert code_of(await graph.get("/users?$skiptoken=x")) == (400, "Request_BadRequest")


@pytest.mark.parametrize("size", [pytest.param("0", id="none"), pytest.param("1000", id="too many")])
async def test_the_directory_refuses_pages_of_other_sizes(tenant: Tenant, size: str) -> None:
    async with graph_of(tenant, speaking(DIRECTORY, "user")) as graph:
        response = await graph.get(f"/users?$top={size}")
    assert code_of(response) == (400, "Request_BadRequest")
    assert message_of(response) == f"Invalid page size specified: '{size}'. Must be between 1 and 999 inclusive."


async def test_a_workload_says_how_large_pages_are(tenant: Tenant) -> None:
    workload = speaking(EXCHANGE)
    workload.type("contact", page=Page(2, 3))
    async with graph_of(tenant, workload) as graph:
        await contacts(graph, *"ABCDE")
        assert len((await read(graph, "/me/contacts"))["value"]) == 2
        assert len((await read(graph, "/me/contacts?$top=9"))["value"]) == 3
        wished = await read(graph, "/me/contacts", Prefer="odata.maxpagesize=1")
        assert len(wished["value"]) == 1
        assert len((await read(graph, "/me/contacts", Prefer="odata.maxpagesize=many"))["value"]) == 2


async def test_counts_are_numbers_as_text(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    await contacts(graph, "A", "B")
    assert (await graph.get("/me/contacts/$count")).text == "2"
    assert (await graph.get("/me/contacts/$count?$filter=displayName eq 'A'")).text == "1"
    assert (await graph.get("/me/contacts/$count?$top=1")).status_code == 400
    async with graph_of(tenant, speaking(DIRECTORY, "user")) as directory:
        assert code_of(await directory.get("/users/$count")) == (400, "Request_BadRequest")
        assert (await directory.get("/users/$count", headers=EVENTUAL)).text == "4"
        assert "@odata.count" not in await read(directory, "/users?$count=true")
        assert (await read(directory, "/users?$count=true", **EVENTUAL))["@odata.count"] == 4


async def test_lists_are_filtered_sorted_and_selected(graph: httpx.AsyncClient) -> None:
    await contacts(graph, "Bo", "Al", "Cy")
    assert shown(await read(graph, "/me/contacts?$filter=startswith(displayName,'A') or displayName eq 'Cy'")) == [
        "Al",
        "Cy",
    ]
    assert shown(await read(graph, "/me/contacts?$orderby=displayName desc")) == ["Cy", "Bo", "Al"]
    bad = await graph.get("/me/contacts?$filter=displayName eq")
    assert message_of(bad).startswith("Invalid filter clause")
    for query in ("$select=nothing", "$orderby=nothing", "$expand=nothing", "$top=x", "$levels=2"):
        assert (await graph.get(f"/me/contactFolders?{query}")).status_code == 400
    assert (await graph.get("/me?$top=1")).status_code == 400


async def test_search_needs_a_workload(graph: httpx.AsyncClient) -> None:
    response = await graph.get('/me/contacts?$search="x"')
    assert code_of(response) == (400, "BadRequest")
    assert message_of(response) == "'$search' is not supported by the service."


async def test_a_service_may_read_options_without_their_dollar_sign(tenant: Tenant) -> None:
    async with graph_of(tenant, speaking(SHAREPOINT, "contact")) as graph:
        await contacts(graph, "A", "B")
        assert shown(await read(graph, "/me/contacts?top=1")) == ["A"]
        item = (await read(graph, "/me/contacts?select=displayName,title"))["value"][0]
        # It leaves out what has no value.
        assert list(item) == ["id", "displayName"]


async def test_references_are_addresses(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    ada, bo = person(tenant), person(tenant, "Bo")
    group = await made(graph, "/groups", displayName="G", **{"members@odata.bind": [f"{BASE}/users/{bo.id}"]})
    body = await read(graph, f"/groups/{group['id']}/members/$ref")
    address = f"https://graph.microsoft.com/v2/{tenant.id}/directoryObjects/{bo.id}/microsoft.graph.user"
    assert body == {"@odata.context": f"{BASE}/$metadata#Collection($ref)", "value": [{"@odata.id": address}]}
    bo.links_of("manager").replace(ada)
    single = await read(graph, f"/users/{bo.id}/manager/$ref")
    assert single["@odata.context"] == f"{BASE}/$metadata#$ref"
    assert ada.id in single["@odata.id"]


async def test_members_say_their_type_where_the_place_does_not(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    bo = person(tenant, "Bo")
    inner = await made(graph, "/groups", displayName="Inner")
    binds = [f"{BASE}/users/{bo.id}", f"{BASE}/groups/{inner['id']}"]
    group = await made(graph, "/groups", displayName="G", **{"members@odata.bind": binds})
    members = f"/groups/{group['id']}/members"
    types = shown(await read(graph, members), "@odata.type")
    assert types == ["#microsoft.graph.user", "#microsoft.graph.group"]
    cast = await read(graph, f"{members}/microsoft.graph.user")
    assert ids(cast) == [bo.id]
    assert "@odata.type" not in cast["value"][0]
    assert (await graph.get(f"{members}/microsoft.graph.user/$count")).text == "1"
    assert (await graph.get(f"{members}/microsoft.graph.user/{inner['id']}")).status_code == 404
    selected = await read(graph, f"{members}?$select=id,microsoft.graph.user/userPrincipalName")
    assert ["userPrincipalName" in item for item in selected["value"]] == [True, False]


async def test_relations_are_expanded(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    ada, bo, cy = (person(tenant, name) for name in ("Ada", "Bo", "Cy"))
    bo.links_of("manager").replace(ada)
    cy.links_of("manager").replace(bo)
    one = await read(graph, f"/users/{cy.id}?$select=id&$expand=manager($select=displayName)")
    assert one["manager"]["displayName"] == bo.display_name
    chain = await read(graph, f"/users/{cy.id}?$select=id&$expand=manager($levels=max;$select=id)")
    assert chain["manager"]["manager"]["id"] == ada.id
    assert "manager" not in chain["manager"]["manager"]
    two = await read(graph, f"/users/{cy.id}?$select=id&$expand=manager($levels=2;$select=id)")
    assert two["manager"]["manager"]["id"] == ada.id
    nobody = await read(graph, "/me?$select=id&$expand=manager")
    assert nobody["manager"] is None
    referred = await read(graph, f"/users/{cy.id}?$select=id&$expand=manager/$ref")
    assert list(referred["manager"]) == ["@odata.id"]


async def test_an_expanded_list_has_options_of_its_own(graph: httpx.AsyncClient) -> None:
    inside = [{"displayName": name} for name in ("C", "A", "B", "D")]
    await made(graph, "/me/contactFolders", displayName="F", contacts=inside)
    options = "$filter=displayName ne 'D';$orderby=displayName;$skip=1;$top=1;$count=true;$select=displayName"
    (folder,) = (await read(graph, f"/me/contactFolders?$expand=contacts({options})"))["value"]
    assert [one["displayName"] for one in folder["contacts"]] == ["B"]
    assert folder["contacts@odata.count"] == 3
    bad = await graph.get("/me/contactFolders?$expand=childFolders($filter=nothing eq 1)")
    assert bad.status_code == 400


async def test_what_only_some_members_have_is_expanded_for_those(tenant: Tenant, graph: httpx.AsyncClient) -> None:
    bo = person(tenant, "Bo")
    bo.links_of("manager").replace(person(tenant))
    inner = await made(graph, "/groups", displayName="Inner")
    binds = [f"{BASE}/users/{bo.id}", f"{BASE}/groups/{inner['id']}"]
    group = await made(graph, "/groups", displayName="G", **{"members@odata.bind": binds})
    body = await read(
        graph, f"/groups/{group['id']}/members?$select=id&$expand=microsoft.graph.user/manager($select=id)"
    )
    assert ["manager" in item for item in body["value"]] == [True, False]
    cast = await read(graph, f"/groups/{group['id']}?$select=id&$expand=members/microsoft.graph.user($select=id)")
    assert [one["id"] for one in cast["members"]] == [bo.id]


async def test_exchange_says_which_preferences_it_followed(tenant: Tenant) -> None:
    wishes = 'outlook.body-content-type="Text"; outlook.timezone="Europe/Berlin", IdType="ImmutableId"'
    async with graph_of(tenant, speaking(EXCHANGE, "event", "contact")) as graph:
        for path, zone in (("/me/events", True), ("/me/contacts", False)):
            response = await graph.get(path, headers={"Prefer": wishes})
            applied = response.headers["preference-applied"].split(", ")
            assert 'outlook.body-content-type="text"' in applied
            assert 'IdType="ImmutableId"' in applied
            assert ('outlook.timezone="Europe/Berlin"' in applied) is zone
        plain = await graph.get("/me/contacts", headers={"Prefer": "odata.maxpagesize=5"})
        assert "preference-applied" not in plain.headers


async def test_several_prefer_headers_are_one(tenant: Tenant) -> None:
    async with graph_of(tenant, speaking(EXCHANGE, "contact")) as graph:
        headers = [("Prefer", 'IdType="ImmutableId"'), ("Prefer", "odata.maxpagesize=1")]
        await contacts(graph, "A", "B")
        response = await graph.get("/me/contacts", headers=headers)
    assert response.headers["preference-applied"] == 'IdType="ImmutableId"'
    assert len(response.json()["value"]) == 1


async def test_a_developer_is_told_to_select(graph: httpx.AsyncClient) -> None:
    hints = {"Prefer": "ms-graph-dev-mode"}
    listed = (await graph.get("/users", headers=hints)).json()["@microsoft.graph.tips"]
    assert listed.endswith("For example: GET users?$select=signInActivity,accountEnabled")
    one = (await graph.get("/me", headers=hints)).json()["@microsoft.graph.tips"]
    assert "GET users('<guid>')?$select=" in one
    assert "@microsoft.graph.tips" not in (await graph.get("/me?$select=id", headers=hints)).json()
    assert "@microsoft.graph.tips" not in (await graph.get("/groups", headers=hints)).json()


async def test_half_a_character_in_a_value_breaks_no_answer(graph: httpx.AsyncClient) -> None:
    body = b'{"displayName": "x\\ud800"}'
    response = await graph.post("/me/contacts", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 201
    assert shown(await read(graph, "/me/contacts")) == ["x?"]
