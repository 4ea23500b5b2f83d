"""On behalf of: which tokens an API may trade, and what it gets for them."""

from __future__ import annotations

import msal
import pytest
from starlette.testclient import TestClient

from emulator.entra import DEMO_CLIENT_ID, AppRegistration, Entra
from emulator.tenant import Person
from tests.emulator.entra.api_flows import (
    ACCESS,
    API_APP,
    API_URI,
    OTHER_API,
    OTHER_URI,
    api,
    app_only,
    other_api,
    read,
    refresh,
    sign_in,
    tokens,
    trade,
    user_token,
)
from tests.emulator.entra.driver import AUTHORITY, LOGIN, SECRET, Clock, MsalHttp, aadsts


@pytest.fixture(autouse=True)
def apis(entra: Entra, client: TestClient, mira: Person) -> None:
    """Two APIs, and a person who let the first read their mail."""
    entra.register(api())
    entra.register(other_api())
    sign_in(client, mira, "User.Read Mail.Read", client_id=API_APP)


def test_an_api_calls_graph_as_the_person_who_called_it(client: TestClient, mira: Person, entra: Entra) -> None:
    body = trade(client, user_token(client, mira), scope="Mail.Read offline_access").json()
    assert set(body) == {"token_type", "scope", "expires_in", "ext_expires_in", "access_token", "refresh_token"}
    assert body["scope"] == "Mail.Read"
    caller = entra.caller(f"Bearer {body['access_token']}")
    assert (caller.app_id, caller.user_id) == (API_APP, mira.id)
    assert "Mail.Read" in caller.scopes
    assert read(body["access_token"])["appidacr"] == "1"


def test_default_is_all_that_the_person_agreed_to(client: TestClient, mira: Person) -> None:
    body = trade(client, user_token(client, mira), scope="https://graph.microsoft.com/.default").json()
    assert "refresh_token" not in body
    assert read(body["access_token"])["scp"] == "Mail.Read User.Read"


def test_the_refresh_token_belongs_to_the_api(client: TestClient, mira: Person) -> None:
    token = trade(client, user_token(client, mira), scope="User.Read offline_access").json()["refresh_token"]
    assert aadsts(refresh(client, token)) == 70000
    assert refresh(client, token, client_id=API_APP, client_secret=SECRET).status_code == 200


@pytest.mark.parametrize("written", [API_URI, API_APP])
def test_a_token_of_version_one_is_an_assertion_too(
    client: TestClient, mira: Person, entra: Entra, written: str
) -> None:
    entra.register(api(token_version=1))
    assert trade(client, user_token(client, mira, f"{written}/mcp.access")).status_code == 200


def test_an_api_may_call_another_api(client: TestClient, mira: Person, entra: Entra) -> None:
    entra.register(other_api(pre_authorized=(API_APP,)))
    body = trade(client, user_token(client, mira), scope=f"{OTHER_URI}/Items.Read").json()
    claims = read(body["access_token"])
    assert (claims["aud"], claims["azp"], claims["oid"]) == (OTHER_API, API_APP, mira.id)


def test_what_nobody_agreed_to_needs_consent(client: TestClient, mira: Person, tobias: Person) -> None:
    for person, scope in ((mira, "Calendars.Read"), (tobias, "User.Read"), (tobias, ".default")):
        answer = trade(client, user_token(client, person), scope=scope)
        assert (answer.json()["error"], answer.json()["suberror"], aadsts(answer)) == (
            "invalid_grant", "consent_required", 65001,
        )  # fmt: skip


def test_consent_to_a_known_client_covers_the_api_behind_it(client: TestClient, tobias: Person, entra: Entra) -> None:
    entra.register(api(known_clients=(DEMO_CLIENT_ID.upper(),)))
    token = user_token(client, tobias, f"{API_URI}/.default")
    assert trade(client, token, scope="Mail.Read").status_code == 200


# --- assertions that are refused


def test_a_token_that_was_meant_for_somebody_else_is_refused(client: TestClient, mira: Person) -> None:
    for scope in ("User.Read", f"{OTHER_URI}/Items.Read"):
        answer = trade(client, user_token(client, mira, scope))
        assert (answer.json()["error"], aadsts(answer)) == ("invalid_grant", 500131)


def test_an_expired_assertion_is_refused(client: TestClient, mira: Person, clock: Clock) -> None:
    token = user_token(client, mira)
    clock.move(seconds=5401)
    assert aadsts(trade(client, token)) == 500133


def test_an_assertion_from_the_future_is_refused(client: TestClient, mira: Person, clock: Clock) -> None:
    token = user_token(client, mira)
    clock.move(seconds=-60)
    assert aadsts(trade(client, token)) == 500133


def test_a_forged_assertion_is_refused(client: TestClient, mira: Person) -> None:
    head, body, _ = user_token(client, mira).split(".")
    _, _, signature = user_token(client, mira).split(".")
    answer = trade(client, f"{head}.{body}.{signature}")
    assert (answer.json()["error"], aadsts(answer)) == ("invalid_grant", 50013)


@pytest.mark.parametrize("assertion", [pytest.param("rubbish", id="no dots"), pytest.param("a.b.c", id="no JWT")])
def test_an_assertion_that_is_no_jwt_is_refused(client: TestClient, assertion: str) -> None:
    answer = trade(client, assertion)
    assert (answer.status_code, answer.json()["error"], aadsts(answer)) == (400, "invalid_request", 50027)


def test_an_applications_token_is_refused(client: TestClient) -> None:
    token = app_only(client, f"{API_URI}/.default").json()["access_token"]
    answer = trade(client, token)
    assert (answer.json()["error"], aadsts(answer)) == ("unauthorized_client", 7000114)


def test_an_id_token_is_refused(client: TestClient, mira: Person) -> None:
    token = tokens(client, mira, "openid", client_id=API_APP).json()["id_token"]
    assert aadsts(trade(client, token)) == 240002


def test_a_token_of_someone_disabled_since_is_refused(client: TestClient, mira: Person) -> None:
    token = user_token(client, mira)
    mira.account_enabled = False
    assert aadsts(trade(client, token)) == 50057


# --- requests that are refused


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"requested_token_use": ""}, 900144, id="no use"),
        pytest.param({"requested_token_use": "other"}, 90023, id="other use"),
        pytest.param({"assertion": ""}, 900144, id="no assertion"),
        pytest.param({"scope": ""}, 900144, id="no scope"),
        pytest.param({"scope": f"User.Read {OTHER_URI}/Items.Read"}, 28000, id="two resources"),
        pytest.param({"client_secret": "wrong"}, 7000215, id="wrong secret"),
        pytest.param({"client_secret": ""}, 7000218, id="no secret"),
    ],
)
def test_an_incomplete_request_is_refused(client: TestClient, mira: Person, changes: dict[str, str], code: int) -> None:
    assertion = changes.pop("assertion") if "assertion" in changes else user_token(client, mira)
    assert aadsts(trade(client, assertion, **changes)) == code


def test_a_client_that_proves_nothing_cannot_trade(client: TestClient, mira: Person, entra: Entra) -> None:
    entra.register(AppRegistration(API_APP, "Public", identifier_uris=(API_URI,), allow_public_client=True))
    entra.register(api(allow_public_client=True))
    assert aadsts(trade(client, user_token(client, mira), client_secret="")) == 7000218


@pytest.mark.parametrize("name", ["common", "organizations"])
def test_trading_needs_a_concrete_tenant(client: TestClient, mira: Person, name: str) -> None:
    answer = trade(client, user_token(client, mira), f"{LOGIN}/{name}/oauth2/v2.0/token")
    assert aadsts(answer) == 9001023


def test_msal_trades_a_token(msal_http: MsalHttp, client: TestClient, mira: Person, entra: Entra) -> None:
    app = msal.ConfidentialClientApplication(API_APP, SECRET, AUTHORITY, http_client=msal_http)
    assertion = user_token(client, mira, ACCESS)
    result = app.acquire_token_on_behalf_of(assertion, ["https://graph.microsoft.com/Mail.Read"])
    assert entra.caller(f"Bearer {result['access_token']}").user_id == mira.id
    (account,) = app.get_accounts()
    silent = app.acquire_token_silent(["https://graph.microsoft.com/Mail.Read"], account)
    assert silent["access_token"] == result["access_token"]
