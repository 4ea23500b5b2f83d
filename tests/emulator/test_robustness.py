"""Hostile and careless requests: each gets Graph's own answer, none exhausts the stack or the clock."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator

import anyio
import anyio.to_thread
import httpx
import pytest

from emulator import Tenant
from emulator.graph.mail.state import Address
from tests.emulator.support import client_for, delegated, error_of, small_tenant, subjects

EVENTUAL = {"ConsistencyLevel": "eventual"}


@pytest.fixture
def tenant() -> Tenant:
    tenant = small_tenant()
    for number in range(4):
        tenant.add_message(
            tenant.demo_person,
            f"Plan {number}",
            "<p>About the plan</p>",
            sender=tenant.demo_person.address,
            to=tuple(Address(f"Guest {each}", f"guest{each}@elsewhere.example") for each in range(3)),
        )
    return tenant


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        yield client


def nested(depth: int, text: str) -> str:
    return "(" * depth + text + ")" * depth


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(nested(5000, "isRead"), id="parentheses"),
        pytest.param("not " * 5000 + "isRead", id="not"),
        pytest.param(f"{'contains(' * 3000}subject,'a'{')' * 3000}", id="functions"),
        pytest.param("from gt from", id="order of structures"),
        pytest.param("flag lt flag", id="order of other structures"),
        pytest.param("body eq body", id="equality of structures"),
        pytest.param("toRecipients ge toRecipients", id="order of collections"),
        pytest.param("toRecipients/any(a:toRecipients/any(b:b/emailAddress/name eq 'x'))", id="any inside any"),
        pytest.param("subject eq " + "9" * 5000, id="number without end"),
        pytest.param("receivedDateTime ge 2026-02-30T00:00:00Z", id="no such day"),
        pytest.param("subject eq 'open", id="open quote"),
        pytest.param("\x00", id="control character"),
        pytest.param("subject add 1 eq 2", id="arithmetic"),
        pytest.param("$count gt 1", id="count of nothing"),
        pytest.param("any()", id="any of nothing"),
        pytest.param("null", id="null alone"),
    ],
)
async def test_a_filter_beyond_reason_is_a_bad_request(graph: httpx.AsyncClient, text: str) -> None:
    response = await graph.get("/me/messages", params={"$filter": text})
    assert error_of(response)[:2] == (400, "BadRequest")
    assert "Invalid filter clause" in error_of(response)[2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(" and ".join(["isRead eq false"] * 900), 4, id="900 joined by and"),
        pytest.param(" or ".join(["subject eq 'x'"] * 900), 0, id="900 joined by or"),
        pytest.param(nested(40, "isRead eq false"), 4, id="40 parentheses"),
        pytest.param("not " * 40 + "isRead", 0, id="an even number of not"),
        pytest.param("receivedDateTime ge 0001-01-01T00:00:00+14:00", 4, id="before the first day"),
        pytest.param("receivedDateTime le 9999-12-31T23:59:59.9999999Z", 4, id="after the last day"),
        pytest.param(f"contains(subject,'{'a' * 9000}')", 0, id="text without end"),
    ],
)
async def test_a_large_filter_within_reason_is_answered(graph: httpx.AsyncClient, text: str, found: int) -> None:
    assert len(subjects(await graph.get("/me/messages", params={"$filter": text}))) == found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("NOT " * 3000 + "plan", id="not"),
        pytest.param(nested(3000, "plan"), id="parentheses"),
        pytest.param("received:9999-12-31", id="last day"),
        pytest.param("received>=9999-12-31T23:59:59Z", id="last second"),
        pytest.param("received<2026-01-01T00:00:00+99:00", id="no such zone"),
        pytest.param("size:many", id="size not a number"),
        pytest.param("size>-1", id="negative size"),
        pytest.param("*", id="only a star"),
    ],
)
async def test_a_search_beyond_reason_is_a_bad_request(graph: httpx.AsyncClient, text: str) -> None:
    assert error_of(await graph.get("/me/messages", params={"$search": text}))[:2] == (400, "BadRequest")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(nested(3000, '"displayName:a"'), id="parentheses"),
        pytest.param("NOT " * 3000 + '"displayName:a"', id="not"),
        pytest.param('"displayName:   "', id="blanks"),
    ],
)
async def test_a_directory_search_beyond_reason_is_a_bad_request(graph: httpx.AsyncClient, text: str) -> None:
    response = await graph.get("/users", params={"$search": text}, headers=EVENTUAL)
    assert error_of(response)[:2] == (400, "Request_BadRequest")


async def test_a_search_for_signs_alone_finds_nobody(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/users", params={"$search": '"displayName:--"'}, headers=EVENTUAL)
    assert response.json()["value"] == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "NONSENSE"])
async def test_any_other_method_is_refused_in_graphs_words(graph: httpx.AsyncClient, method: str) -> None:
    assert error_of(await graph.request(method, "/me"))[:2] == (405, "Request_BadRequest")
    assert error_of(await graph.request(method, "/nonsense"))[:2] == (400, "BadRequest")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/", id="root"),
        pytest.param("//", id="slashes"),
        pytest.param("/v2.0/me", id="other version"),
        pytest.param("/favicon.ico", id="what browsers ask for"),
    ],
)
async def test_a_path_without_a_version_is_a_bad_request(graph: httpx.AsyncClient, path: str) -> None:
    status, code, message = error_of(await graph.get(f"https://graph.microsoft.com{path}"))
    assert (status, code) == (400, "BadRequest")
    assert message.startswith("Invalid version")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/v1.0//me", id="twice before"),
        pytest.param("/v1.0/me//", id="twice behind"),
        pytest.param("/V1.0/ME/", id="capitals"),
        pytest.param("//v1.0/me", id="twice before the version"),
    ],
)
async def test_empty_segments_and_case_do_not_matter(graph: httpx.AsyncClient, path: str) -> None:
    response = await graph.get(f"https://graph.microsoft.com{path}")
    assert response.json()["displayName"] == "Ada Lind"


async def test_an_empty_segment_is_no_person(graph: httpx.AsyncClient) -> None:
    assert error_of(await graph.get("/users//manager"))[2].startswith("Resource 'manager' does not exist")


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("%ff%fe", id="not UTF-8"),
        pytest.param("%00", id="nul"),
        pytest.param("%20", id="blank"),
        pytest.param("a" * 20000, id="long"),
        pytest.param("%2e%2e", id="dots"),
    ],
)
async def test_odd_keys_are_looked_up_and_not_found(graph: httpx.AsyncClient, key: str) -> None:
    assert error_of(await graph.get(f"/users/{key}"))[:2] == (404, "Request_ResourceNotFound")
    assert error_of(await graph.get(f"/me/messages/{key}"))[:2] == (400, "ErrorInvalidIdMalformed")


async def test_an_id_with_stray_signs_is_malformed(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    key = next(iter(tenant.mailbox(tenant.demo_person).messages))
    assert error_of(await graph.get(f"/me/messages/{key[:9]}!{key[9:]}"))[1] == "ErrorInvalidIdMalformed"
    assert error_of(await graph.get(f"/me/messages/{key.lower()}"))[1] == "ErrorInvalidIdMalformed"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("%24top=2&%24select=subject", id="encoded dollar"),
        pytest.param("$Top=2&$SELECT=subject", id="options in capitals"),
        pytest.param("$top=2&$select=Subject", id="property in capitals"),
        pytest.param("$top=2&%ff=%ff&&=", id="rubbish beside"),
    ],
)
async def test_options_are_read_however_they_are_spelled(graph: httpx.AsyncClient, query: str) -> None:
    assert len(subjects(await graph.get(f"/me/messages?{query}"))) == 2


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("$filter=subject+eq+'Plan+1'", 1, id="plus is a blank"),
        pytest.param("$filter=subject%20eq%20'Plan%201'", 1, id="percent-encoded blank"),
        pytest.param("$top=0", 0, id="page of nothing"),
        pytest.param("$top=99999999999999999999999", 4, id="page beyond the largest"),
        pytest.param("$skip=99999999999999999999999", 0, id="beyond the last"),
        pytest.param("$count=TRUE", 4, id="true in capitals"),
        pytest.param("$orderby=" + ",".join(["subject desc"] * 2000), 4, id="the same order again and again"),
    ],
)
async def test_edge_values_are_answered(graph: httpx.AsyncClient, query: str, found: int) -> None:
    assert len(subjects(await graph.get(f"/me/messages?{query}"))) == found


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param("a" + " " * 9000 + "b", id="blanks inside"),
        pytest.param(" " * 20000, id="only blanks"),
        pytest.param("," * 9000, id="commas"),
        pytest.param('a="', id="open quote"),
        pytest.param("=" * 9000, id="equals signs"),
    ],
)
async def test_an_odd_prefer_header_changes_nothing(graph: httpx.AsyncClient, wish: str) -> None:
    response = await graph.get("/me/messages", headers={"Prefer": wish})
    assert len(subjects(response)) == 4
    assert "preference-applied" not in response.headers


@pytest.mark.parametrize(
    "wish",
    [
        pytest.param('outlook.body-content-type="text"', id="quoted"),
        pytest.param("Outlook.Body-Content-Type=text", id="bare"),
        pytest.param('IdType="MutableId" , outlook.body-content-type = "text"', id="one of two"),
        pytest.param('outlook.timezone="UTC"; outlook.body-content-type="text"', id="semicolon"),
    ],
)
async def test_a_preference_is_read_in_all_its_forms(graph: httpx.AsyncClient, wish: str) -> None:
    body = (await graph.get("/me/messages", headers={"Prefer": wish})).json()["value"][0]["body"]
    assert body == {"contentType": "text", "content": "About the plan"}


async def test_mail_may_arrive_while_folders_are_read(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    started, done = threading.Event(), threading.Event()

    def deliver() -> None:
        started.set()
        while not done.is_set():
            tenant.add_message(tenant.demo_person, "New", sender=tenant.demo_person.address)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anyio.to_thread.run_sync, deliver)
        await anyio.to_thread.run_sync(started.wait)
        for _ in range(20):
            response = await graph.get("/me/mailFolders/inbox/messages?$top=1")
            counted = await graph.get("/me/mailFolders/inbox")
            assert (response.status_code, counted.status_code) == (200, 200)
        done.set()


async def test_a_line_break_in_a_path_gets_an_error_of_graph(tenant: Tenant) -> None:
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        response = await client.get("/me/mailFolders/a%0Ab/messages")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "ErrorInvalidIdMalformed"
