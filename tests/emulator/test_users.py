"""People over HTTP: single ones, lists, paging, advanced queries, managers and permissions."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from emulator import Tenant
from tests.emulator.support import app_only, client_for, delegated, error_of, ids, names, pages, small_tenant

EVENTUAL = {"ConsistencyLevel": "eventual"}
DEFAULT = {
    "businessPhones": list,
    "displayName": str,
    "givenName": str,
    "jobTitle": str | None,
    "mail": str | None,
    "mobilePhone": str | None,
    "officeLocation": str | None,
    "preferredLanguage": str | None,
    "surname": str,
    "userPrincipalName": str,
    "id": str,
}


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        yield client


async def test_me_is_the_signed_in_person_with_the_eleven_default_properties(
    graph: httpx.AsyncClient, tenant: Tenant
) -> None:
    body = (await graph.get("/me")).json()
    assert body.pop("@odata.context") == "https://graph.microsoft.com/v1.0/$metadata#users/$entity"
    assert set(body) == set(DEFAULT)
    assert all(isinstance(body[name], kind) for name, kind in DEFAULT.items())
    assert body["id"] == tenant.demo_person.id


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/users/BO.MCALLISTER@lindenhall.example", id="principal name in capitals"),
        pytest.param("/users('bo.mcallister@lindenhall.example')", id="key in parentheses"),
        pytest.param("/Users/bo.mcallister%40lindenhall.example", id="percent-encoded"),
    ],
)
async def test_a_user_is_found_by_name(graph: httpx.AsyncClient, path: str) -> None:
    assert (await graph.get(path)).json()["displayName"] == "Bo McAllister"


async def test_select_gives_exactly_the_properties_asked_for(graph: httpx.AsyncClient) -> None:
    body = (await graph.get("/me?$select=displayName,identities,skills,aboutMe,jobTitle")).json()
    context = "users(displayName,identities,skills,aboutMe,jobTitle)/$entity"
    assert body.pop("@odata.context").endswith(f"$metadata#{context}")
    assert list(body) == ["displayName", "identities", "skills", "aboutMe", "jobTitle"]
    assert (body["skills"], body["aboutMe"]) == ([], None)
    assert body["identities"][0]["issuer"] == "lindenhall.example"


async def test_every_property_of_the_type_can_be_selected_at_once(graph: httpx.AsyncClient) -> None:
    body = (await graph.get("/me?$select=*")).json()
    assert {"accountEnabled", "onPremisesSyncEnabled", "print", "mailboxSettings", "proxyAddresses"} <= set(body)


async def test_beta_answers_the_same_and_takes_options_without_the_dollar_sign(graph: httpx.AsyncClient) -> None:
    body = (await graph.get("https://graph.microsoft.com/beta/me?select=id")).json()
    assert body["@odata.context"] == "https://graph.microsoft.com/beta/$metadata#users(id)/$entity"
    assert set(body) == {"@odata.context", "id"}


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        pytest.param("$filter=department eq 'sales'", {}, ["Bo McAllister", "Cy Falk"], id="eq"),
        pytest.param("$filter=startswith(displayName,'c')", {}, ["Cy Falk"], id="startswith"),
        pytest.param("$filter=accountEnabled eq true and city eq 'Bremen'", {}, ["Ada Lind"], id="and"),
        pytest.param("$filter=displayName in ('Cy Falk','Dee Ruiz')", {}, ["Cy Falk", "Dee Ruiz"], id="in"),
        pytest.param("$filter=createdDateTime ge 2026-03-01", {}, ["Bo McAllister"], id="ge"),
        pytest.param("$filter=proxyAddresses/any(p:startswith(p,'smtp:cy'))", {}, ["Cy Falk"], id="any"),
        pytest.param("$filter=department ne 'Sales'&$count=true", EVENTUAL, ["Ada Lind", "Dee Ruiz"], id="ne"),
        pytest.param("$filter=not(department eq 'Sales')&$count=true", EVENTUAL, ["Ada Lind", "Dee Ruiz"], id="not"),
        pytest.param(
            "$filter=endswith(mail,'falk@lindenhall.example')&$count=true", EVENTUAL, ["Cy Falk"], id="endswith"
        ),
        pytest.param("$filter=mail eq null&$count=true", EVENTUAL, ["Dee Ruiz"], id="eq null"),
        pytest.param("$filter=businessPhones/any()&$count=true", EVENTUAL, ["Cy Falk"], id="any without body"),
        pytest.param(
            "$filter=proxyAddresses/$count eq 0&$count=true", EVENTUAL, ["Dee Ruiz"], id="count of a collection"
        ),
        pytest.param("$orderby=displayName desc&$top=2", {}, ["Dee Ruiz", "Cy Falk"], id="orderby"),
        pytest.param(
            "$filter=department eq 'Sales'&$orderby=displayName desc&$count=true",
            EVENTUAL,
            ["Cy Falk", "Bo McAllister"],
            id="filter and orderby",
        ),
        pytest.param('$search="displayName:fal"', EVENTUAL, ["Cy Falk"], id="search by a word's beginning"),
        pytest.param('$search="displayName:allister"', EVENTUAL, ["Bo McAllister"], id="capitals start a word"),
        pytest.param('$search="displayName:alk"', EVENTUAL, [], id="search does not look inside words"),
        pytest.param('$search="displayName:lind ada"', EVENTUAL, ["Ada Lind"], id="words in any order"),
        pytest.param('$search="mail:cy" OR "displayName:dee"', EVENTUAL, ["Cy Falk", "Dee Ruiz"], id="search with OR"),
        pytest.param('$search="department:sales" AND "mail:bo"', EVENTUAL, ["Bo McAllister"], id="search with AND"),
        pytest.param(
            '$search=("mail:cy" OR "mail:bo") AND "mail:b"', EVENTUAL, ["Bo McAllister"], id="search in groups"
        ),
        pytest.param('$search="proxyAddresses:smtp:ada"', EVENTUAL, ["Ada Lind"], id="search a collection"),
    ],
)
async def test_a_list_is_narrowed_and_sorted(
    graph: httpx.AsyncClient, query: str, headers: dict[str, str], expected: list[str]
) -> None:
    assert names(await graph.get(f"/users?{query}", headers=headers)) == expected


BAD, UNSUPPORTED = "Request_BadRequest", "Request_UnsupportedQuery"


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        pytest.param(
            "$select=zip", BAD, "Could not find a property named 'zip' on type 'microsoft.graph.user'.", id="select"
        ),
        pytest.param("$orderby=zip", BAD, "Could not find a property named 'zip'", id="unknown orderby"),
        pytest.param("$filter=zip eq 1", "BadRequest", "Invalid filter clause: Could not find", id="unknown in filter"),
        pytest.param("$filter=mail eq", "BadRequest", "Invalid filter clause: Expression expected", id="syntax"),
        pytest.param(
            "$top=1000", BAD, "Invalid page size specified: '1000'. Must be between 1 and 999", id="page too large"
        ),
        pytest.param("$top=0", BAD, "Invalid page size specified: '0'", id="page of nothing"),
        pytest.param("$top=-1", BAD, "Invalid value '-1' for $top", id="negative page"),
        pytest.param("$top=two", BAD, "Invalid value 'two' for $top", id="page not a number"),
        pytest.param("$skip=1", BAD, "'$skip' is not supported by the service.", id="skip"),
        pytest.param("$nonsense=1", BAD, "The query parameter '$nonsense' is not supported.", id="unknown option"),
        pytest.param("$top=1&$top=2", BAD, "specified more than once", id="twice"),
        pytest.param("$count=maybe", BAD, "Invalid value 'maybe' for $count", id="count"),
        pytest.param("$format=xml", BAD, "$format", id="format"),
        pytest.param("$filter=", BAD, "cannot be empty", id="empty filter"),
        pytest.param("$select=id,,mail", BAD, "not valid in a $select", id="empty select term"),
        pytest.param("$skiptoken=abc", BAD, "page token value is not valid", id="odd token"),
        pytest.param("$skiptoken=RFNwdAIAAAAA", BAD, "page token value is not valid", id="forged token"),
        pytest.param('$search="displayName:a"', BAD, "'ConsistencyLevel: eventual'", id="search without header"),
        pytest.param("$filter=mail ne 'a'", UNSUPPORTED, "Operator 'NotEqualsMatch' is not supported", id="ne"),
        pytest.param("$filter=not(mail eq 'a')", UNSUPPORTED, "Operator 'Not' is not supported", id="not"),
        pytest.param("$filter=endswith(mail,'a')", UNSUPPORTED, "Operator 'EndsWithMatch'", id="endswith"),
        pytest.param("$filter=mail eq null", UNSUPPORTED, "advanced-queries", id="eq null"),
        pytest.param(
            "$filter=officeLocation eq 'a'", UNSUPPORTED, "'officeLocation' of resource 'User'", id="advanced property"
        ),
        pytest.param(
            "$filter=aboutMe eq 'a'", UNSUPPORTED, "specified for property 'aboutMe'", id="unindexed property"
        ),
        pytest.param("$filter=createdDateTime gt 2026-01-01", UNSUPPORTED, "'createdDateTime'", id="gt"),
        pytest.param(
            "$filter=contains(mail,'a')", UNSUPPORTED, "Filter operator 'Contains' is not supported.", id="contains"
        ),
        pytest.param("$filter=tolower(mail) eq 'a'", UNSUPPORTED, "Unsupported Query.", id="function in a comparison"),
        pytest.param("$filter=accountEnabled", UNSUPPORTED, "Unsupported Query.", id="no comparison"),
        pytest.param("$filter=proxyAddresses/all(p:p eq 'a')", UNSUPPORTED, "'All' is not supported", id="all"),
        pytest.param("$filter=businessPhones/$count eq 0", UNSUPPORTED, "Operator 'Count'", id="count"),
        pytest.param(
            "$filter=mail in ('" + "','".join("abcdefghijklmnop") + "')", UNSUPPORTED, "Max allowed: 15", id="many"
        ),
        pytest.param(
            "$filter=mail eq 'a'&$orderby=displayName", UNSUPPORTED, "Sorting not supported", id="filter, orderby"
        ),
        pytest.param("$orderby=jobTitle", UNSUPPORTED, "Unsupported sort property 'jobTitle'", id="orderby"),
    ],
)
async def test_a_bad_list_query_is_refused_in_the_directorys_words(
    graph: httpx.AsyncClient, query: str, code: str, message: str
) -> None:
    status, found, text = error_of(await graph.get(f"/users?{query}"))
    assert (status, found) == (400, code)
    assert message in text


@pytest.mark.parametrize(
    "search",
    [
        pytest.param("displayName:a", id="no quotes"),
        pytest.param('"ada"', id="no property"),
        pytest.param('"aboutMe:x"', id="not searchable"),
        pytest.param('"mail:a" "mail:b"', id="nothing between"),
        pytest.param('"mail:a" AND', id="nothing after AND"),
        pytest.param('("mail:a"', id="open parenthesis"),
    ],
)
async def test_a_bad_search_is_refused(graph: httpx.AsyncClient, search: str) -> None:
    status, code, _ = error_of(await graph.get("/users", params={"$search": search}, headers=EVENTUAL))
    assert (status, code) == (400, BAD)


async def test_all_pages_give_each_person_once(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    for number in range(23):
        tenant.add_person(f"Extra Person{number}")
    seen = [await_page async for await_page in pages(graph, "/users?$top=5&$select=id")]
    assert [len(page["value"]) for page in seen] == [5, 5, 5, 5, 5, 2]
    assert [key for page in seen for key in ids(page)] == list(tenant.people)


async def test_the_default_page_holds_a_hundred(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    for number in range(120):
        tenant.add_person(f"Extra Person{number}", has_mailbox=False)
    assert [len(page["value"]) async for page in pages(graph, "/users")] == [100, 24]


async def test_a_link_keeps_the_callers_host_and_options_and_is_counted_once(graph: httpx.AsyncClient) -> None:
    first, second = [
        page async for page in pages(graph, "/users?$top=3&$count=true&$filter=accountEnabled eq true", **EVENTUAL)
    ]
    assert first["@odata.count"] == 4
    assert "@odata.count" not in second
    link = httpx.URL(first["@odata.nextLink"])
    assert (link.scheme, link.host, link.path) == ("https", "graph.microsoft.com", "/v1.0/users")
    assert link.params["$filter"] == "accountEnabled eq true"
    assert link.params["$skiptoken"]


async def test_count_is_silently_ignored_without_the_header(graph: httpx.AsyncClient) -> None:
    assert "@odata.count" not in (await graph.get("/users?$count=true")).json()


async def test_a_token_of_another_list_or_tenant_is_refused(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    token = httpx.URL((await graph.get("/users?$top=1")).json()["@odata.nextLink"]).params["$skiptoken"]
    assert (await graph.get("/users", params={"$top": "1", "$skiptoken": token})).status_code == 200
    assert error_of(await graph.get("/users", params={"$top": "2", "$skiptoken": token}))[1] == BAD
    other = Tenant(id="00000000-1111-4222-8333-444444444444")
    person = other.add_person("Zoe Only")
    async with client_for(other, delegated(person)) as foreign:
        assert error_of(await foreign.get("/users", params={"$top": "1", "$skiptoken": token}))[1] == BAD


async def test_the_count_segment_is_a_bare_number_and_needs_the_header(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/users/$count?$filter=department ne 'Sales'", headers=EVENTUAL)
    assert (response.text, response.headers["content-type"]) == ("2", "text/plain")
    found = await graph.get('/users/$count?$search="displayName:ada"', headers=EVENTUAL)
    assert found.text == "1"
    assert error_of(await graph.get("/users/$count")) == (400, BAD, "$count is not currently supported.")


async def test_a_manager_is_a_typed_directory_object(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    body = (await graph.get("/users/cy.falk@lindenhall.example/manager")).json()
    assert body["@odata.context"].endswith("$metadata#directoryObjects/$entity")
    assert (body["@odata.type"], body["id"]) == ("#microsoft.graph.user", tenant.demo_person.id)


async def test_the_head_of_the_company_has_no_manager(graph: httpx.AsyncClient) -> None:
    assert error_of(await graph.get("/me/manager"))[:2] == (404, "Request_ResourceNotFound")


async def test_direct_reports_are_those_one_step_below(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/me/directReports?$select=displayName")
    assert names(response) == ["Bo McAllister", "Cy Falk"]
    assert all(item["@odata.type"] == "#microsoft.graph.user" for item in response.json()["value"])
    assert names(await graph.get("/users/bo.mcallister@lindenhall.example/directReports")) == ["Dee Ruiz"]


async def test_an_unknown_user_is_not_found(graph: httpx.AsyncClient) -> None:
    status, code, message = error_of(await graph.get("/users/nobody@lindenhall.example"))
    assert (status, code) == (404, "Request_ResourceNotFound")
    assert message.startswith("Resource 'nobody@lindenhall.example' does not exist")


@pytest.mark.parametrize(
    ("path", "cost"),
    [
        pytest.param("/users", "2", id="list"),
        pytest.param("/users?$select=id", "1", id="selecting"),
        pytest.param("/users?$select=id&$top=5", "1", id="never nothing"),
        pytest.param("/me", "1", id="one person"),
    ],
)
async def test_directory_answers_say_what_they_cost(graph: httpx.AsyncClient, path: str, cost: str) -> None:
    assert (await graph.get(path)).headers["x-ms-resource-unit"] == cost


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        pytest.param("User.Read", "/me", 200, id="me"),
        pytest.param("User.Read", "/users/ada.lind@lindenhall.example", 200, id="me by name"),
        pytest.param("User.Read", "/me/directReports", 200, id="my reports"),
        pytest.param("User.Read", "/me/manager", 403, id="my manager"),
        pytest.param("User.Read", "/users", 403, id="everyone"),
        pytest.param("User.Read", "/users/cy.falk@lindenhall.example", 403, id="someone"),
        pytest.param("User.ReadBasic.All", "/users", 200, id="basics of everyone"),
        pytest.param("User.ReadBasic.All", "/users/cy.falk@lindenhall.example/manager", 403, id="basics, manager"),
        pytest.param("Directory.Read.All", "/users/cy.falk@lindenhall.example/manager", 200, id="directory"),
        pytest.param("Mail.Read", "/me", 403, id="mail only"),
    ],
)
async def test_delegated_permissions_open_what_they_should(tenant: Tenant, scope: str, path: str, status: int) -> None:
    async with client_for(tenant, delegated(tenant.demo_person, scope)) as client:
        response = await client.get(path)
    assert response.status_code == status
    if status == 403:
        denied = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        assert error_of(response) == denied


async def test_basic_permission_shows_basic_properties_of_others(tenant: Tenant) -> None:
    async with client_for(tenant, delegated(tenant.demo_person, "User.ReadBasic.All")) as client:
        body = (await client.get("/users/cy.falk@lindenhall.example")).json()
    assert (body["displayName"], body["jobTitle"], body["businessPhones"]) == ("Cy Falk", None, [])


async def test_an_app_on_its_own_reads_users_but_is_nobody(tenant: Tenant) -> None:
    async with client_for(tenant, app_only("User.Read.All")) as client:
        assert len(names(await client.get("/users"))) == 4
        message = "/me request is only valid with delegated authentication flow."
        assert error_of(await client.get("/me")) == (400, "BadRequest", message)
    async with client_for(tenant, app_only("Mail.Read")) as client:
        assert error_of(await client.get("/users"))[0] == 403
        assert error_of(await client.get("/users/cy.falk@lindenhall.example"))[0] == 403
