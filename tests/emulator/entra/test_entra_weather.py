"""Trouble on request, and the journal of what came in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msal
import pytest
from starlette.testclient import TestClient

from emulator import SignInStopped, build_emulator
from emulator.entra import DEMO_CLIENT_ID, Entra, GraphCall, TokenRequest
from emulator.tenant import Person, Tenant
from tests.emulator.entra.driver import AUTHORITY, LOGIN, SECRET, SECRET_APP, Clock, MsalHttp, aadsts, location
from tests.emulator.entra.flows import ask, call_graph, came_back, link_to, redeem, refresh, tokens

DOCUMENT = f"{AUTHORITY}/v2.0/.well-known/openid-configuration"
GRAPH_DEFAULT = "https://graph.microsoft.com/.default"


@pytest.fixture
def client(tenant: Tenant, entra: Entra, clock: Clock) -> Iterator[TestClient]:
    app = build_emulator(tenant, entra=entra, clock=clock)
    with TestClient(app, base_url=LOGIN, follow_redirects=False) as client:
        yield client


def daemon(client: TestClient, secret: str = SECRET) -> Any:
    form = {"grant_type": "client_credentials", "client_id": SECRET_APP, "client_secret": secret}
    return ask(client, **form, scope=GRAPH_DEFAULT)


# --- throttling


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [
        pytest.param(17, "17", id="seconds"),
        pytest.param(datetime(2026, 11, 21, 12, 0, tzinfo=UTC), "Sat, 21 Nov 2026 12:00:00 GMT", id="date"),
        pytest.param(None, None, id="no word about when"),
    ],
)
def test_a_throttled_token_request_is_told_when_to_come_back(
    client: TestClient, entra: Entra, retry_after: Any, header: str | None
) -> None:
    entra.weather.throttle(retry_after)
    answer = daemon(client)
    assert (answer.status_code, aadsts(answer)) == (429, 90055)
    assert answer.json()["error"] == "temporarily_unavailable"
    assert answer.headers.get("retry-after") == header
    assert answer.headers["x-ms-request-id"] == answer.json()["trace_id"]
    entra.weather.clear()
    assert daemon(client).status_code == 200


def test_a_client_in_a_loop_is_stopped(client: TestClient, entra: Entra) -> None:
    entra.weather.throttle(code=50196)
    assert (daemon(client).status_code, aadsts(daemon(client))) == (429, 50196)


def test_trouble_passes_after_so_many_requests_and_the_next_begins(client: TestClient, entra: Entra) -> None:
    entra.weather.throttle(times=2)
    entra.weather.outage(times=1)
    assert [daemon(client).status_code for _ in range(4)] == [429, 429, 503, 200]
    assert entra.weather.is_fine


def test_trouble_can_be_one_persons(client: TestClient, entra: Entra, mira: Person, tobias: Person) -> None:
    mine, theirs = tokens(client, mira), tokens(client, tobias)
    code = came_back(client, mira)["code"]
    entra.weather.throttle(person=mira)
    assert refresh(client, mine).status_code == 429
    assert redeem(client, code).status_code == 429
    assert refresh(client, theirs).status_code == 200
    assert daemon(client).status_code == 200


def test_trouble_can_be_one_apps(client: TestClient, entra: Entra, mira: Person) -> None:
    body = tokens(client, mira)
    entra.weather.throttle(client_id=SECRET_APP.upper())
    assert daemon(client).status_code == 429
    assert refresh(client, body).status_code == 200


# --- outages


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_outage_answers_with_a_gateways_page(client: TestClient, entra: Entra, status: Any) -> None:
    entra.weather.outage(status)
    answer = daemon(client)
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert str(status) in answer.text


def test_an_outage_may_be_entras_own(client: TestClient, entra: Entra) -> None:
    entra.weather.outage(503, "json", retry_after=5)
    answer = daemon(client)
    assert (answer.status_code, aadsts(answer), answer.headers["retry-after"]) == (503, 90033, "5")
    assert answer.json()["error"] == "temporarily_unavailable"


@pytest.mark.parametrize("endpoint", ["token", "devicecode", "authorize", "discovery"])
def test_trouble_stays_where_it_is(client: TestClient, entra: Entra, mira: Person, endpoint: Any) -> None:
    entra.weather.outage(endpoint=endpoint)
    struck = {
        "token": daemon(client).status_code,
        "devicecode": client.post(
            f"{AUTHORITY}/oauth2/v2.0/devicecode", data={"client_id": DEMO_CLIENT_ID, "scope": "User.Read"}
        ).status_code,
        "authorize": client.get(link_to()).status_code,
        "discovery": client.get(DOCUMENT).status_code,
    }
    assert {name for name, status in struck.items() if status == 503} == {endpoint}


def test_discovery_is_all_its_documents(client: TestClient, entra: Entra) -> None:
    entra.weather.outage(endpoint="discovery")
    assert client.get(f"{AUTHORITY}/discovery/v2.0/keys").status_code == 503
    assert client.get(f"{LOGIN}/common/discovery/instance?authorization_endpoint=x").status_code == 503


def test_an_outage_at_the_page_stops_a_visitor(client: TestClient, entra: Entra, mira: Person) -> None:
    entra.weather.outage(endpoint="authorize")
    with pytest.raises(SignInStopped, match="does not lead back"):
        came_back(client, mira)


# --- torn answers


def test_a_torn_answer_has_happened_all_the_same(client: TestClient, entra: Entra, mira: Person) -> None:
    code = came_back(client, mira)["code"]
    entra.weather.tear(times=1)
    answer = redeem(client, code)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    with pytest.raises(ValueError, match=r"Unterminated|Expecting|Invalid"):
        answer.json()
    assert aadsts(redeem(client, code)) == 54005


def test_a_redirect_has_nothing_to_tear(client: TestClient, entra: Entra, mira: Person) -> None:
    entra.weather.tear(endpoint="authorize")
    assert location(client.get(link_to(prompt="none")))["error"] == "login_required"


# --- the journal


def test_the_journal_has_every_token_request_and_no_secret(
    client: TestClient, entra: Entra, mira: Person, clock: Clock
) -> None:
    body = tokens(client, mira)
    entra.journal.clear()
    refresh(client, body, scope="User.Read", claims="{}")
    daemon(client)
    daemon(client, "wrong")
    entra.weather.outage(504, times=1)
    daemon(client)
    ask(client)
    assert entra.journal.token_requests == (
        TokenRequest(clock(), "refresh_token", DEMO_CLIENT_ID, mira.id, "User.Read", has_claims=True, error=0),
        *(
            TokenRequest(clock(), "client_credentials", SECRET_APP, "", GRAPH_DEFAULT, has_claims=False, error=error)
            for error in (0, 7000215, 504)
        ),
        TokenRequest(clock(), "", DEMO_CLIENT_ID, "", "", has_claims=False, error=900144),
    )
    shown = repr(entra.journal)
    assert SECRET not in shown
    assert body["refresh_token"] not in shown


def test_the_journal_counts_by_grant_app_and_person(
    client: TestClient, entra: Entra, mira: Person, tobias: Person
) -> None:
    body = tokens(client, mira)
    tokens(client, tobias)
    refresh(client, body)
    daemon(client)
    journal = entra.journal
    assert journal.count() == 4
    assert journal.count("refresh_token") == journal.count(grant="client_credentials") == 1
    assert journal.count(person=mira) == 2
    assert journal.count("authorization_code", client_id=DEMO_CLIENT_ID, person=tobias) == 1
    assert journal.count(client_id="nobody") == 0


def test_the_journal_knows_who_called_graph(client: TestClient, entra: Entra, mira: Person, clock: Clock) -> None:
    body = tokens(client, mira)
    call_graph(client, body)
    call_graph(client, daemon(client).json(), "users")
    clock.move(days=1)
    call_graph(client, body)
    call_graph(client, {"access_token": "rubbish"})
    assert [(call.app_id, call.user_id, call.refused) for call in entra.journal.graph_calls] == [
        (DEMO_CLIENT_ID, mira.id, False),
        (SECRET_APP, None, False),
        (DEMO_CLIENT_ID, mira.id, True),
        ("", None, True),
    ]
    assert entra.journal.graph_calls[-1] == GraphCall(clock(), "", None, refused=True)
    entra.journal.clear()
    assert entra.journal.graph_calls == ()


def test_the_journal_is_bounded(client: TestClient, entra: Entra) -> None:
    for _ in range(2001):
        entra.journal.add(GraphCall(0, "app", None, refused=False))
    assert len(entra.journal.graph_calls) == 2000


@pytest.mark.parametrize(
    "assertion",
    [pytest.param("rubbish", id="no token"), pytest.param(f"{'W1tb' * 9000}.e30.AA", id="deeply nested")],
)
def test_an_assertion_that_nobody_can_read_is_nobodys(client: TestClient, entra: Entra, assertion: str) -> None:
    ask(client, grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=assertion)
    (request,) = entra.journal.token_requests
    assert (request.user_id, request.error != 0) == ("", True)


# --- with MSAL


def test_msal_meets_the_weather(client: TestClient, entra: Entra) -> None:
    app = msal.ConfidentialClientApplication(SECRET_APP, SECRET, AUTHORITY, http_client=MsalHttp(client))
    entra.weather.throttle(1)
    refused = app.acquire_token_for_client([GRAPH_DEFAULT])
    assert refused["error_codes"] == [90055]
    entra.weather.clear()
    app = msal.ConfidentialClientApplication(SECRET_APP, SECRET, AUTHORITY, http_client=MsalHttp(client))
    assert "access_token" in app.acquire_token_for_client([GRAPH_DEFAULT])
    assert [request.error for request in entra.journal.token_requests] == [90055, 0]
