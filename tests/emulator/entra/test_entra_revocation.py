"""What ends before its time: refresh tokens, sessions, and access tokens that Graph challenges."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import msal
import pytest
from starlette.testclient import TestClient

from emulator import build_emulator
from emulator.entra import DEMO_CLIENT_ID, Entra, Policy
from emulator.tenant import Person, Tenant
from tests.emulator.entra.driver import AUTHORITY, LOGIN, NARROW_APP, Clock, MsalHttp, aadsts, location
from tests.emulator.entra.flows import REDIRECT, call_graph, came_back, link_to, refresh, shown, tokens, visit

CP1 = json.dumps({"access_token": {"xms_cc": {"values": ["cp1"]}}})
_CLAIMS = re.compile(r'error="insufficient_claims", claims="([A-Za-z0-9+/=]+)"$')


@pytest.fixture
def client(tenant: Tenant, entra: Entra, clock: Clock) -> Iterator[TestClient]:
    app = build_emulator(tenant, entra=entra, clock=clock)
    with TestClient(app, base_url=LOGIN, follow_redirects=False) as client:
        yield client


def challenge(answer: Any) -> dict[str, Any]:
    """The claims that a 401 of Graph asks for, out of its header."""
    assert answer.status_code == 401
    header = answer.headers["www-authenticate"]
    assert header.startswith('Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/')
    assert 'client_id="00000003-0000-0000-c000-000000000000", error=' in header
    found = _CLAIMS.search(header)
    assert found is not None
    return dict(json.loads(base64.b64decode(found[1]))["access_token"])


# --- refresh tokens


def test_revoked_sessions_end_every_refresh_token_until_the_next_sign_in(
    client: TestClient, entra: Entra, mira: Person, tobias: Person
) -> None:
    mine, theirs = tokens(client, mira), tokens(client, tobias)
    entra.revoke_sessions(mira)
    answer = refresh(client, mine)
    assert (aadsts(answer), answer.json()["error"], answer.json()["suberror"]) == (50173, "invalid_grant", "bad_token")
    assert refresh(client, theirs).status_code == 200
    assert refresh(client, tokens(client, mira)).status_code == 200


def test_a_token_that_came_of_a_refresh_is_revoked_with_the_rest(
    client: TestClient, entra: Entra, mira: Person
) -> None:
    old = tokens(client, mira)
    new = refresh(client, old).json()
    assert new["refresh_token"] != old["refresh_token"]
    assert refresh(client, old).status_code == 200
    entra.change_password(mira)
    assert [aadsts(refresh(client, body)) for body in (old, new)] == [50173, 50173]


def test_refresh_tokens_are_revoked_for_one_app_alone(client: TestClient, entra: Entra, mira: Person) -> None:
    mine = tokens(client, mira)
    others = tokens(client, mira, app=NARROW_APP, redirect_uri="http://localhost:5000/back")
    entra.revoke_refresh_tokens(mira, NARROW_APP)
    assert aadsts(refresh(client, others, client_id=NARROW_APP)) == 50173
    assert refresh(client, mine).status_code == 200
    entra.revoke_refresh_tokens(mira)
    assert aadsts(refresh(client, mine)) == 50173
    assert call_graph(client, mine).status_code == 200


def test_a_revoked_session_no_longer_signs_in_silently(client: TestClient, entra: Entra, mira: Person) -> None:
    came_back(client, mira)
    entra.revoke_sessions(mira)
    assert location(client.get(link_to(prompt="none")))["error"] == "login_required"


# --- access tokens at Graph


def test_graph_challenges_a_client_that_can_answer(
    client: TestClient, entra: Entra, mira: Person, clock: Clock
) -> None:
    body = tokens(client, mira, claims=CP1)
    assert call_graph(client, body).status_code == 200
    entra.revoke_sessions(mira)
    answer = call_graph(client, body)
    assert challenge(answer) == {"nbf": {"essential": True, "value": str(int(clock()))}}
    error = answer.json()["error"]
    assert error["code"] == "InvalidAuthenticationToken"
    assert error["message"] == (
        "Continuous access evaluation resulted in challenge with result: InteractionRequired "
        "and code: TokenIssuedBeforeRevocationTimestamp"
    )
    assert call_graph(client, tokens(client, mira, claims=CP1)).status_code == 200


def test_a_client_that_cannot_answer_keeps_its_token_until_it_expires(
    client: TestClient, entra: Entra, mira: Person, clock: Clock
) -> None:
    body = tokens(client, mira)
    entra.revoke_sessions(mira)
    assert call_graph(client, body).status_code == 200
    clock.move(seconds=5400)
    answer = call_graph(client, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert "insufficient_claims" not in answer.headers["www-authenticate"]


@pytest.mark.parametrize("how", ["disabled", "deleted"])
def test_graph_challenges_the_token_of_an_account_that_is_gone(
    client: TestClient, entra: Entra, mira: Person, how: str
) -> None:
    body = tokens(client, mira, claims=CP1)
    if how == "deleted":
        entra.remove_person(mira)
    mira.account_enabled = how != "disabled"
    assert "nbf" in challenge(call_graph(client, body))


def test_outdated_tokens_are_mended_by_a_refresh(
    client: TestClient, entra: Entra, mira: Person, tobias: Person
) -> None:
    mine, theirs = tokens(client, mira, claims=CP1), tokens(client, tobias, claims=CP1)
    for _ in range(3):
        entra.outdate_tokens(mira)
    answer = call_graph(client, mine)
    assert "nbf" in challenge(answer)
    assert answer.json()["error"]["message"].endswith("TokenCreatedWithOutdatedPolicies")
    assert call_graph(client, theirs).status_code == 200
    claims = json.dumps({"access_token": {**challenge(answer), "xms_cc": {"values": ["cp1"]}}})
    assert call_graph(client, refresh(client, mine, claims=claims).json()).status_code == 200


def test_outdating_tokens_again_and_again_costs_no_more_each_time(
    client: TestClient, entra: Entra, mira: Person
) -> None:
    body = tokens(client, mira, claims=CP1)
    for _ in range(20):
        entra.outdate_tokens(mira)
    assert len(entra._realm.ledger.sign_ins.entries) == 21
    assert call_graph(client, refresh(client, body, claims=CP1).json()).status_code == 200


def test_graph_can_demand_an_authentication_context(client: TestClient, entra: Entra, mira: Person) -> None:
    body = tokens(client, mira, scope="openid offline_access User.Read Mail.Read")
    entra.policies.add(Policy(grant="mfa", auth_context="c1"))
    entra.require_auth_context("me/messages")
    assert call_graph(client, body).status_code == 200
    answer = call_graph(client, body, "ME/messages?$top=1")
    wanted = challenge(answer)
    assert wanted == {"acrs": {"essential": True, "value": "c1"}}
    claims = json.dumps({"access_token": wanted})
    assert aadsts(refresh(client, body, claims=claims)) == 50076
    met = tokens(client, mira, scope="openid Mail.Read", claims=claims)
    assert call_graph(client, met, "me/messages").status_code == 200
    entra.require_auth_context("me/messages", "")
    assert call_graph(client, body, "me/messages").status_code == 200


def test_long_lived_tokens_are_for_clients_that_answer_challenges(
    client: TestClient, entra: Entra, mira: Person, clock: Clock
) -> None:
    entra.long_lived_tokens = True
    assert entra.long_lived_tokens
    assert tokens(client, mira)["expires_in"] <= 5400
    body = tokens(client, mira, claims=CP1)
    assert 20 * 3600 <= body["expires_in"] <= 28 * 3600
    clock.move(seconds=19 * 3600)
    assert call_graph(client, body).status_code == 200
    entra.revoke_sessions(mira)
    assert "nbf" in challenge(call_graph(client, body))
    entra.long_lived_tokens = False
    assert tokens(client, mira, claims=CP1)["expires_in"] <= 5400


def test_msal_answers_a_challenge_with_a_new_sign_in(client: TestClient, entra: Entra, mira: Person) -> None:
    app = msal.PublicClientApplication(
        DEMO_CLIENT_ID, authority=AUTHORITY, http_client=MsalHttp(client), client_capabilities=["cp1"]
    )
    first = sign_in_with(app, client, mira)
    entra.revoke_sessions(mira)
    claims = json.dumps({"access_token": challenge(call_graph(client, first))})
    account = app.get_accounts()[0]
    refused = app.acquire_token_silent_with_error(["User.Read"], account, claims_challenge=claims)
    assert (refused["error"], refused["error_codes"]) == ("invalid_grant", [50173])
    second = sign_in_with(app, client, mira, claims_challenge=claims)
    assert shown(second["access_token"])["nbf"] >= int(json.loads(claims)["access_token"]["nbf"]["value"])
    assert call_graph(client, second).status_code == 200


def sign_in_with(app: msal.PublicClientApplication, client: TestClient, person: Person, **asked: Any) -> dict[str, Any]:
    flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=REDIRECT, response_mode="form_post", **asked)
    return dict(app.acquire_token_by_auth_code_flow(flow, visit(client, flow["auth_uri"], person)))
