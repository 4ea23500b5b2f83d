"""`$batch`: what is read, in which order it runs, and what each part is told."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.entra import Caller
from emulator.graph.engine.batch import reply
from emulator.graph.engine.batch_parts import read_parts
from emulator.graph.engine.call import Answer
from emulator.throttling import CONCURRENCY
from tests.emulator.support import app_only, delegated, error_of, small_tenant
from tests.emulator.throttling.support import Scene, scene

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def office(tenant: Tenant) -> Scene:
    scopes = ("User.ReadWrite.All", "Mail.ReadWrite", "Mail.Send", "ProfilePhoto.ReadWrite.All")
    return scene(tenant, delegated(tenant.demo_person, *scopes))


@pytest.fixture
async def graph(office: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with office.client() as client:
        yield client


def get(identity: str, url: str, *after: str, **headers: str) -> dict[str, Any]:
    more = {"dependsOn": list(after)} if after else {}
    return {"id": identity, "method": "GET", "url": url, "headers": headers, **more}


def write(identity: str, method: str, url: str, body: Any, *after: str, **headers: str) -> dict[str, Any]:
    return {**get(identity, url, *after), "method": method, "body": body, "headers": {**JSON, **headers}}


async def asked(graph: httpx.AsyncClient, *parts: Any) -> httpx.Response:
    return await graph.post("/$batch", json={"requests": list(parts)})


async def answered(graph: httpx.AsyncClient, *parts: Any) -> dict[str, Any]:
    response = await asked(graph, *parts)
    assert response.status_code == 200, response.text
    return {part["id"]: part for part in response.json()["responses"]}


# --- the parts and their answers


async def test_each_part_has_its_own_answer(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    response = await asked(graph, get("one", "/me"), get("2", "users/nobody"), get("3", "/me/messages?$top=1"))
    assert response.headers["content-type"] == "application/json"
    found = {part["id"]: part for part in response.json()["responses"]}
    assert [set(part) for part in found.values()] == [{"id", "status", "headers", "body"}] * 3
    assert found["one"]["body"]["id"] == tenant.demo_person.id
    assert found["one"]["headers"] == {
        "Cache-Control": "no-cache",
        "x-ms-resource-unit": "1",
        "OData-Version": "4.0",
        "Content-Type": (
            "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
        ),
    }
    assert (found["2"]["status"], found["2"]["body"]["error"]["code"]) == (404, "Request_ResourceNotFound")
    assert found["2"]["headers"] == {
        "Cache-Control": "no-cache",
        "x-ms-resource-unit": "1",
        "Content-Type": "application/json",
    }
    assert found["3"]["status"] == 200


async def test_a_part_that_answers_nothing_has_no_body(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    found = await answered(graph, write("1", "PATCH", "/me", {"city": "Oslo"}))
    assert found["1"] == {
        "id": "1",
        "status": 204,
        "headers": {"Cache-Control": "no-cache", "x-ms-resource-unit": "1"},
        "body": None,
    }
    assert tenant.demo_person.city == "Oslo"


async def test_errors_repeat_the_ids_of_the_batch(graph: httpx.AsyncClient) -> None:
    parts = [get("1", "/users/nobody"), get("2", "/users/nobody", **{"client-request-id": "my own"})]
    response = await graph.post("/$batch", json={"requests": parts}, headers={"client-request-id": "mine"})
    inner = {part["id"]: part["body"]["error"]["innerError"] for part in response.json()["responses"]}
    assert {each["request-id"] for each in inner.values()} == {response.headers["request-id"]}
    assert [inner[name]["client-request-id"] for name in ("1", "2")] == ["mine", "my own"]


async def test_next_links_are_absolute_and_of_the_version_of_the_batch(office: Scene, tenant: Tenant) -> None:
    transport = httpx.ASGITransport(app=office.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:4999/beta") as client:
        found = await answered(client, get("1", "/users?$top=1"))
        link = found["1"]["body"]["@odata.nextLink"]
        assert link.startswith("http://localhost:4999/beta/users?")
        assert (await client.get(link)).status_code == 200


async def test_headers_belong_to_their_part(graph: httpx.AsyncClient) -> None:
    query = "/users?$count=true&$filter=endsWith(mail,'example')&$select=displayName"
    found = await answered(graph, get("1", query), get("2", query, ConsistencyLevel="eventual"))
    assert (found["1"]["status"], found["2"]["status"]) == (400, 200)
    assert found["2"]["body"]["@odata.count"] == 3


async def test_a_query_need_not_be_encoded(graph: httpx.AsyncClient) -> None:
    found = await answered(graph, get("1", "users?$select=id,city&$filter=city eq 'Bremen'"))
    assert [each["city"] for each in found["1"]["body"]["value"]] == ["Bremen"]


async def test_permissions_are_asked_of_every_part(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    office.speak_as(delegated(tenant.demo_person, "User.Read"))
    found = await answered(graph, get("1", "/me"), get("2", "/me/messages"), get("3", "/users"))
    assert [found[name]["status"] for name in ("1", "2", "3")] == [200, 403, 403]


async def test_an_app_on_its_own_has_no_me(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    office.speak_as(app_only("User.Read.All"))
    found = await answered(graph, get("1", "/me"), get("2", f"/users/{tenant.demo_person.id}"))
    assert [found[name]["status"] for name in ("1", "2")] == [400, 200]


async def test_a_guarded_path_is_guarded_in_a_batch(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    barred = (("me/messages", '{"access_token":{}}'),)
    scopes = frozenset({"Mail.Read", "User.Read"})
    office.speak_as(Caller("app", tenant.demo_person.id, scopes, frozenset(), barred=barred))
    found = await answered(graph, get("1", "/me"), get("2", "/me/messages"))
    assert [found[name]["status"] for name in ("1", "2")] == [200, 401]
    assert 'error="insufficient_claims"' in found["2"]["headers"]["WWW-Authenticate"]
    assert (await graph.get("/me/messages")).status_code == 401


@pytest.mark.parametrize(
    ("url", "segment"),
    [
        pytest.param("/v1.0/me", "v1.0", id="the version again"),
        pytest.param("/beta/me", "beta", id="another version"),
        pytest.param("https://graph.microsoft.com/v1.0/me", "https", id="the host as well"),
    ],
)
async def test_a_url_that_is_not_relative_to_the_version_leads_nowhere(
    graph: httpx.AsyncClient, url: str, segment: str
) -> None:
    found = await answered(graph, get("1", url), get("2", "/me"))
    assert (found["1"]["status"], found["2"]["status"]) == (400, 200)
    assert found["1"]["body"]["error"]["message"] == f"Resource not found for the segment '{segment}'."


async def test_a_batch_does_not_hold_another(graph: httpx.AsyncClient) -> None:
    found = await answered(graph, write("1", "POST", "/$batch", {"requests": [get("1", "/me")]}))
    assert found["1"]["status"] == 400


# --- bodies


async def test_pictures_go_and_come_as_base64(graph: httpx.AsyncClient) -> None:
    picture = b"\xff\xd8\xff\xe0" + bytes(range(256))
    packed = base64.urlsafe_b64encode(picture).decode().rstrip("=")
    parts = [
        {
            "id": "1",
            "method": "PUT",
            "url": "/me/photo/$value",
            "headers": {"Content-Type": "image/jpeg"},
            "body": packed,
        },
        get("2", "/me/photo/$value", "1"),
    ]
    found = await answered(graph, *parts)
    assert found["1"]["status"] in (200, 204)
    assert base64.b64decode(found["2"]["body"]) == picture


def test_text_and_files_are_told_apart_in_an_answer() -> None:
    assert reply("1", Answer("12"))["body"] == "12"
    assert reply("1", Answer("12"))["headers"]["Content-Type"] == "text/plain"
    packed = reply("1", Answer(b"\x00\x01", headers={"Content-Type": "image/png"}))
    assert (packed["body"], packed["headers"]["Content-Type"]) == ("AAE=", "image/png")
    assert reply("1", Answer(b"x"))["headers"]["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        pytest.param("application/json", {"a": 1}, b'{"a": 1}', id="JSON"),
        pytest.param("application/json", "text", b'"text"', id="JSON that is text"),
        pytest.param("text/plain", "as it is", b"as it is", id="text"),
        pytest.param("image/png", "-_8", b"\xfb\xff", id="base64url without padding"),
        pytest.param("image/png", "+/8=", b"\xfb\xff", id="base64"),
        pytest.param("image/png", {"a": 1}, b'{"a": 1}', id="JSON under another name"),
    ],
)
def test_bodies_are_read_by_their_type(kind: str, sent: Any, read: bytes) -> None:
    part = {"id": "1", "method": "PUT", "url": "/x", "headers": {"content-type": kind}, "body": sent}
    assert read_parts({"requests": [part]})[0].body == read


# --- order


async def test_a_chain_runs_in_turn(graph: httpx.AsyncClient) -> None:
    response = await asked(
        graph,
        write("1", "PATCH", "/me", {"city": "Oslo"}),
        get("2", "/me?$select=city", "1"),
        write("3", "PATCH", "/me", {"city": "Rome"}, "2"),
        get("4", "/me?$select=city", "3"),
    )
    replies = response.json()["responses"]
    assert [part["id"] for part in replies] == ["1", "2", "3", "4"]
    assert [part["body"]["city"] for part in replies if part["status"] == 200] == ["Oslo", "Rome"]


async def test_several_may_wait_for_the_same(graph: httpx.AsyncClient) -> None:
    patch = write("1", "PATCH", "/me", {"city": "Oslo"})
    city = "/me?$select=city"
    found = await answered(graph, patch, get("2", city, "1"), get("3", city, "1"), get("4", city))
    assert {found[name]["body"]["city"] for name in ("2", "3", "4")} == {"Oslo"}


async def test_what_waits_for_a_failure_fails(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    found = await answered(
        graph,
        get("1", "/users/nobody"),
        write("2", "PATCH", "/me", {"city": "Oslo"}, "1"),
        get("3", "/me", "2"),
    )
    assert [found[name]["status"] for name in ("1", "2", "3")] == [404, 424, 424]
    assert found["2"]["body"]["error"]["code"] == "FailedDependency"
    assert set(found["2"]["body"]["error"]["innerError"]) == {"date", "request-id", "client-request-id"}
    assert tenant.demo_person.city == "Bremen"


@pytest.mark.parametrize(
    ("waits", "told"),
    [
        pytest.param([[], ["1"], [], ["3"]], "fully sequential or fully parallel", id="two pairs"),
        pytest.param([[], ["1"], ["2"], ["1"]], "fully sequential or fully parallel", id="a tree"),
        pytest.param([[], [], ["1", "2"]], "fully sequential or fully parallel", id="two at once"),
        pytest.param([["2"], []], "Invalid dependency for request Id 1", id="a later one"),
        pytest.param([["1"]], "Invalid dependency for request Id 1", id="itself"),
        pytest.param([[], ["x"]], "Invalid dependency for request Id 2", id="nobody"),
        pytest.param([[], "1"], "Invalid batch payload", id="no list"),
        pytest.param([[], [1]], "Invalid batch payload", id="no name"),
    ],
)
async def test_other_orders_are_refused(graph: httpx.AsyncClient, waits: list[Any], told: str) -> None:
    parts = [{**get(str(number), "/me"), "dependsOn": wait} for number, wait in enumerate(waits, 1)]
    status, code, message = error_of(await asked(graph, *parts))
    assert (status, code) == (400, "BadRequest")
    assert told in message


async def test_independent_parts_run_at_once(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.latency = 1
    await answered(graph, *(get(str(number), "/me") for number in range(20)))
    assert office.pause.most == 20


async def test_of_outlooks_parts_four_run_at_once(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on()
    office.throttle.latency = 1
    mail = [get(str(number), "/me/messages?$top=1") for number in range(12)]
    found = await answered(graph, *mail)
    assert {part["status"] for part in found.values()} == {200}
    assert office.pause.most == 4
    office.pause.most = 0
    await answered(graph, *mail, *(get(f"user {number}", "/me") for number in range(3)))
    assert office.pause.most == 7


async def test_a_part_that_waited_does_not_run_beside_others(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.latency = 1
    await answered(graph, get("1", "/me"), get("2", "/me", "1"), get("3", "/me", "1"))
    assert office.pause.most == 1


async def test_parts_are_throttled_one_by_one(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on(factors={"mailboxRequests": 3 / 10_000})
    found = await answered(graph, *(get(str(number), "/me/messages?$top=1") for number in range(5)))
    throttled = [part for part in found.values() if part["status"] == 429]
    assert len(throttled) == 2
    assert {part["headers"]["Retry-After"] for part in throttled} == {"600"}
    assert {part["body"]["error"]["code"] for part in throttled} == {"TooManyRequests"}


async def test_a_call_from_outside_takes_a_slot_from_the_batch(office: Scene, graph: httpx.AsyncClient) -> None:
    office.throttle.turn_on(factors={CONCURRENCY: 0.5})
    office.throttle.latency, office.pause.waits = 1, True
    async with asyncio.TaskGroup() as calls:
        outside = calls.create_task(graph.get("/me/messages?$top=1"))
        await office.pause.until(1)
        batch = calls.create_task(answered(graph, *(get(str(number), "/me/messages?$top=1") for number in range(3))))
        await office.pause.until(2)
        office.pause.end()
    assert outside.result().status_code == 200
    statuses = sorted(part["status"] for part in batch.result().values())
    assert (statuses[0], statuses[-1]) == (200, 429)


async def test_the_log_has_the_batch_and_its_parts(office: Scene, graph: httpx.AsyncClient) -> None:
    await answered(graph, get("1", "/me?$select=id"), get("2", "/users/nobody"))
    logged = [(call.method, call.path, call.query, call.status, call.is_part) for call in office.app.state.calls.calls]
    assert logged == [
        ("GET", "/v1.0/me", "$select=id", 200, True),
        ("GET", "/v1.0/users/nobody", "", 404, True),
        ("POST", "/v1.0/$batch", "", 200, False),
    ]


# --- malformed


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        pytest.param([], "Invalid batch payload", id="none"),
        pytest.param(["x"], "Invalid batch payload", id="no object"),
        pytest.param([{"method": "GET", "url": "/me"}], "Request Id cannot be null", id="no id"),
        pytest.param([get("", "/me")], "Request Id cannot be null", id="empty id"),
        pytest.param([{**get("1", "/me"), "id": True}], "Request Id cannot be null", id="an id that is no text"),
        pytest.param([get("1", "/me"), get("1", "/me")], "unique", id="the same id twice"),
        pytest.param([{**get("1", "/me"), "method": "HEAD"}], "Invalid method", id="another method"),
        pytest.param([{"id": "1", "url": "/me"}], "Invalid method", id="no method"),
        pytest.param([{"id": "1", "method": "GET"}], "has no URL", id="no URL"),
        pytest.param([get("1", "/")], "has no URL", id="an empty URL"),
        pytest.param([{**get("1", "/me"), "headers": []}], "Invalid batch payload", id="headers that are none"),
        pytest.param(
            [{"id": "1", "method": "POST", "url": "/me/messages", "body": {}}],
            "Write request id : 1 does not contain Content-Type header or body.",
            id="a body without its type",
        ),
        pytest.param(
            [{"id": "1", "method": "POST", "url": "/me/messages/x/send", "headers": JSON}],
            "Write request id : 1 does not contain Content-Type header or body.",
            id="a write without a body",
        ),
        pytest.param(
            [{"id": "1", "method": "PUT", "url": "/x", "headers": {"Content-Type": "image/png"}, "body": "!"}],
            "is not base64",
            id="a picture that is no base64",
        ),
    ],
)
async def test_one_malformed_part_refuses_all(graph: httpx.AsyncClient, parts: list[Any], told: str) -> None:
    status, code, message = error_of(await asked(graph, *parts))
    assert (status, code) == (400, "BadRequest")
    assert told in message


async def test_twenty_are_the_most(graph: httpx.AsyncClient) -> None:
    parts = [get(str(number), "/me") for number in range(21)]
    assert len(await answered(graph, *parts[:20])) == 20
    expected = (400, "MaximumValueExceeded", "Number of batch request steps exceeds the maximum value of 20.")
    assert error_of(await asked(graph, *parts)) == expected


@pytest.mark.parametrize("body", [b"[]", b"{", b"{}", b'{"requests": {}}'])
async def test_a_body_that_is_no_batch_is_refused(graph: httpx.AsyncClient, body: bytes) -> None:
    assert (await graph.post("/$batch", content=body, headers=JSON)).status_code == 400


async def test_numbers_are_taken_for_ids(graph: httpx.AsyncClient) -> None:
    assert list(await answered(graph, {**get("1", "/me"), "id": 7})) == ["7"]


async def test_a_batch_is_posted(graph: httpx.AsyncClient) -> None:
    assert error_of(await graph.get("/$batch"))[:2] == (405, "Request_BadRequest")


async def test_a_delete_needs_neither_body_nor_type(graph: httpx.AsyncClient) -> None:
    made = (await graph.post("/me/messages", json={"subject": "x"})).json()
    found = await answered(graph, {"id": "1", "method": "DELETE", "url": f"/me/messages/{made['id']}"})
    assert (found["1"]["status"], found["1"]["body"]) == (204, None)
    assert json.dumps(found)
