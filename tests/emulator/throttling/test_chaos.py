"""Trouble on request: which calls it strikes, what they get instead, and whether what they asked for was done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.dropping import drop
from emulator.throttling.weighing import OPEN_PLACES
from tests.emulator.support import delegated, error_of, small_tenant
from tests.emulator.throttling.support import Scene, scene


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
def office(tenant: Tenant) -> Scene:
    return scene(tenant, delegated(tenant.demo_person, "User.ReadWrite", "User.Read.All", "Mail.ReadWrite"))


@pytest.fixture
async def graph(office: Scene) -> AsyncIterator[httpx.AsyncClient]:
    async with office.client() as client:
        yield client


@pytest.mark.parametrize(
    ("status", "code"),
    [
        pytest.param(500, "InternalServerError", id="500"),
        pytest.param(502, "BadGateway", id="502"),
        pytest.param(503, "ServiceUnavailable", id="503"),
        pytest.param(504, "GatewayTimeout", id="504"),
        pytest.param(507, "insufficientStorage", id="507"),
        pytest.param(418, "UnknownError", id="one without words of its own"),
    ],
)
async def test_an_error_comes_instead_of_the_answer(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient, status: int, code: str
) -> None:
    office.chaos.strike(status=status)
    refused = await graph.patch("/me", json={"city": "Oslo"})
    assert error_of(refused)[:2] == (status, code)
    assert "retry-after" not in refused.headers
    assert tenant.demo_person.city == "Bremen"
    assert (await graph.patch("/me", json={"city": "Oslo"})).status_code == 204
    assert office.chaos.is_fine


async def test_a_429_has_graphs_body(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike(status=429, retry_after=17)
    answer = await graph.get("/me")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "17")
    assert answer.json()["error"]["innerError"]["code"] == "429"


async def test_code_message_and_date_can_be_chosen(office: Scene, graph: httpx.AsyncClient) -> None:
    when = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)
    office.chaos.strike(status=429, code="activityLimitReached", message="Later.", retry_after=when)
    answer = await graph.get("/me")
    assert error_of(answer) == (429, "activityLimitReached", "Later.")
    assert answer.headers["retry-after"] == "Wed, 11 Mar 2026 15:00:00 GMT"


async def test_a_gateway_answers_with_a_page_or_with_nothing(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike(status=502, body="html")
    office.chaos.strike(status=504, body="none", retry_after=3)
    page, nothing = await graph.get("/me"), await graph.get("/me")
    assert (page.status_code, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert "<h1>502 Bad Gateway</h1>" in page.text
    assert (nothing.status_code, nothing.content, nothing.headers["retry-after"]) == (504, b"", "3")


async def test_a_torn_answer_is_half_of_what_was_done(office: Scene, tenant: Tenant, graph: httpx.AsyncClient) -> None:
    whole = await graph.get("/me")
    office.chaos.strike("torn", times=2)
    torn = await graph.get("/me")
    assert (torn.status_code, torn.content) == (200, whole.content[: len(whole.content) // 2])
    assert (await graph.patch("/me", json={"city": "Oslo"})).status_code == 204
    assert tenant.demo_person.city == "Oslo"


@pytest.mark.parametrize(
    ("kind", "city"),
    [pytest.param("reset", "Bremen", id="before it was done"), pytest.param("lost", "Oslo", id="after it was done")],
)
async def test_a_connection_is_lost(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient, kind: Any, city: str
) -> None:
    office.chaos.strike(kind)
    with pytest.raises(ConnectionResetError, match="lost"):
        await graph.patch("/me", json={"city": "Oslo"})
    assert tenant.demo_person.city == city
    assert [call.status for call in office.app.state.calls.calls] == [0]


async def test_a_server_that_can_drop_connections_does() -> None:
    happened = []

    async def receive() -> dict[str, str]:
        happened.append("waited for the end")
        return {"type": "http.disconnect"}

    await drop({"extensions": {"emulator.drop": {"drop": lambda: happened.append("dropped")}}}, receive)
    assert happened == ["dropped", "waited for the end"]


@pytest.mark.parametrize(
    ("facts", "struck"),
    [
        pytest.param({}, [True, True, True, True], id="all"),
        pytest.param({"method": "patch"}, [False, False, True, False], id="by method"),
        pytest.param({"path": "me"}, [True, True, True, False], id="below a path"),
        pytest.param({"path": "/ME/messages/"}, [False, True, False, False], id="below a longer path"),
        pytest.param({"path": "m"}, [False, False, False, False], id="not by half a segment"),
        pytest.param({"path": "users", "method": "GET"}, [False, False, False, True], id="by both"),
    ],
)
async def test_it_strikes_where_it_was_sent(
    office: Scene, graph: httpx.AsyncClient, facts: dict[str, Any], struck: list[bool]
) -> None:
    office.chaos.strike(times=None, **facts)
    answers = [
        await graph.get("/me"),
        await graph.get("/me/messages"),
        await graph.patch("/me", json={"city": "Oslo"}),
        await graph.get("/users"),
    ]
    assert [answer.status_code == 503 for answer in answers] == struck
    assert len(office.chaos.faults) == 1
    office.chaos.clear()
    assert (await graph.get("/me")).status_code == 200


@pytest.mark.parametrize(
    ("service", "struck"),
    [
        pytest.param("outlook", ["/me/messages", "/me/photo", "/attachmentSessions/x"], id="Outlook"),
        pytest.param("directory", ["/me", "/users"], id="directory"),
        pytest.param("sharepoint", ["/me/drive/root", "/driveMonitors/x"], id="SharePoint"),
        pytest.param("subscriptions", ["/subscriptions"], id="subscriptions"),
        pytest.param("other", ["/nonsense"], id="none of these"),
    ],
)
async def test_it_strikes_the_service_it_was_sent_to(
    office: Scene, graph: httpx.AsyncClient, service: str, struck: list[str]
) -> None:
    office.chaos.strike(service=service, status=509, times=None)
    paths = ["/me", "/users", "/me/messages", "/me/photo", "/attachmentSessions/x", "/me/drive/root"]
    paths += ["/driveMonitors/x", "/subscriptions", "/nonsense"]
    assert [path for path in paths if (await graph.get(path)).status_code == 509] == struck


async def test_a_batch_is_no_services_but_its_parts_are(office: Scene, graph: httpx.AsyncClient) -> None:
    for service in ("outlook", "other"):
        office.chaos.strike(service=service, status=429, retry_after=4)
    parts = [{"id": url, "method": "GET", "url": url} for url in ("/me", "/me/messages", "/nonsense")]
    answer = await graph.post("/$batch", json={"requests": parts})
    found = {part["id"]: part["status"] for part in answer.json()["responses"]}
    assert (answer.status_code, found) == (200, {"/me": 200, "/me/messages": 429, "/nonsense": 429})


@pytest.mark.parametrize(
    ("path", "code"),
    [
        pytest.param("/me", "TooManyRequests", id="directory"),
        pytest.param("/me/messages", "TooManyRequests", id="Outlook"),
        pytest.param("/me/drive", "activityLimitReached", id="SharePoint"),
    ],
)
async def test_each_service_has_its_own_words_for_too_much(
    office: Scene, graph: httpx.AsyncClient, path: str, code: str
) -> None:
    office.chaos.strike(status=429)
    answer = await graph.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, code)
    assert "retry-after" not in answer.headers


async def test_some_calls_can_be_spared_before(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike(status=500, times=2, spares=2, path="me")
    office.chaos.strike(status=504, path="users")
    assert [(await graph.get(path)).status_code for path in ("/me", "/users", "/me", "/me", "/me", "/me")] == [
        *(200, 504, 200, 500, 500, 200)
    ]


async def test_who_is_spared_by_one_may_meet_the_next(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike(status=500, spares=1)
    office.chaos.strike(status=504)
    assert [(await graph.get("/me")).status_code for _ in range(3)] == [504, 500, 200]


@pytest.mark.parametrize(
    ("kind", "facts", "told"),
    [
        pytest.param("hiccup", {}, "no trouble of the kind 'hiccup'. The kinds are challenge, ", id="unknown"),
        pytest.param("torn", {"status": 503}, "of the kind 'torn' has no 'status'", id="a fact of another kind"),
        pytest.param("error", {"user": "x"}, "of the kind 'error' has no 'user'", id="a user"),
        pytest.param("link", {}, "of the kind 'link' needs a 'target'", id="a link to nowhere"),
        pytest.param("redirect", {}, "of the kind 'redirect' needs a 'target'", id="a redirect to nowhere"),
        pytest.param("redirect", {"target": "x", "status": 503}, "has no status 503", id="no redirect"),
        pytest.param("error", {"status": 302}, "has no status 302", id="no error"),
    ],
)
def test_trouble_that_makes_no_sense_is_refused(office: Scene, kind: Any, facts: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        office.chaos.strike(kind, **facts)
    assert office.chaos.is_fine


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_comes_before_anything_is_done(
    office: Scene, tenant: Tenant, graph: httpx.AsyncClient, status: int
) -> None:
    office.chaos.strike("redirect", status=status, target="another-host")
    answer = await graph.patch("/me?a=b", json={"city": "Oslo"})
    assert (answer.status_code, answer.headers["location"]) == (
        status,
        "https://graph.attacker.example/v1.0/me?a=b",
    )
    assert tenant.demo_person.city == "Bremen"
    office.chaos.strike("redirect", target="https://elsewhere.example/x")
    answer = await graph.get("/me")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://elsewhere.example/x")


async def test_a_redirect_can_lead_in_a_circle_whatever_the_host(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("redirect", target="loop", times=None)
    answer = await graph.get("/me?$select=id")
    assert answer.headers["location"] == str(answer.url)
    answer = await graph.get("/me", headers={"Host": "[broken"})
    assert answer.headers["location"] == "https://[broken/v1.0/me"
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/me?$select=id"}]}
    office.chaos.clear()
    office.chaos.strike("redirect", target="loop", path="me")
    (part,) = (await graph.post("/$batch", json=batch)).json()["responses"]
    assert (part["status"], part["headers"]["Location"]) == (302, "https://graph.microsoft.com/v1.0/me?$select=id")


async def test_every_open_address_is_some_services(office: Scene) -> None:
    assert set(OPEN_PLACES) == set(office.app.state.graph.service.open_paths)


async def test_the_oldest_strikes_first_and_each_so_often(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike(status=500, times=2)
    office.chaos.strike(status=504)
    assert [(await graph.get("/me")).status_code for _ in range(4)] == [500, 500, 504, 200]


async def test_it_needs_no_token_to_be_struck(office: Scene, graph: httpx.AsyncClient) -> None:
    office.entra.refusal = "Signature is invalid."
    office.chaos.strike(status=503)
    assert [(await graph.get("/me")).status_code for _ in range(2)] == [503, 401]


async def test_a_part_of_a_batch_is_struck_alone(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike("reset", path="me")
    office.chaos.strike(path="me", status=429, retry_after=9)
    parts = [{"id": str(number), "method": "GET", "url": "/me"} for number in (1, 2)]
    body = (await graph.post("/$batch", json={"requests": parts})).json()
    first, second = body["responses"]
    assert (first["status"], first["headers"]["Retry-After"]) == (429, "9")
    assert second["status"] == 200
    # The lost connection waits for a call that has one.
    assert [fault.kind for fault in office.chaos.faults] == ["reset"]


async def test_a_whole_batch_is_struck_by_its_own_path(office: Scene, graph: httpx.AsyncClient) -> None:
    office.chaos.strike(path="$batch", status=504)
    body = {"requests": [{"id": "1", "method": "GET", "url": "/me"}]}
    assert [(await graph.post("/$batch", json=body)).status_code for _ in range(2)] == [504, 200]
