"""Who calls an API of the tenant, from wherever: their tokens, what the API gets for them, and what it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from emulator import build_emulator
from emulator.entra import AppRegistration, Entra, FederatedCredential, Policy
from emulator.entra.scopes import GRAPH_ID
from emulator.tenant import Person, Tenant
from tests.emulator.entra.api_flows import (
    ACCESS,
    API_APP,
    API_URI,
    API_URL,
    ASSERTION_TYPE,
    GRAPH_DEFAULT,
    ISSUER,
    OLDER_ISSUER,
    api,
    claims_of,
    read,
    trade,
    verified,
)
from tests.emulator.entra.driver import LOGIN, TENANT_ID, Clock, aadsts
from tests.emulator.entra.flows import call_graph, shown, tokens

OTHER_TENANT = "22222222-3333-4444-8555-666666666666"
OTHER_TOKENS = f"{LOGIN}/{OTHER_TENANT}/oauth2/v2.0/token"
ASSISTANT = "c11e07a0-0000-4000-8000-00000000c11e"
CP1 = json.dumps({"access_token": {"xms_cc": {"values": ["cp1"]}}})


@pytest.fixture
def client(tenant: Tenant, entra: Entra, clock: Clock) -> Iterator[TestClient]:
    """Entra and Graph; our API takes people of any organisation, and has consent everywhere."""
    entra.register(api(accounts="organizations", pre_authorized=(ASSISTANT,)))
    entra.register(
        AppRegistration(ASSISTANT, "Client", ("http://localhost",), allow_public_client=True, accounts="organizations")
    )
    entra.grant_admin_consent(API_APP, ["User.Read", "Mail.Read"])
    app = build_emulator(tenant, entra=entra, clock=clock)
    with TestClient(app, base_url=LOGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def outsider(entra: Entra) -> Person:
    return entra.add_outsider("Omar Reyes", "omar.reyes@fabrikam.example", OTHER_TENANT)


@pytest.fixture
def guest(entra: Entra, outsider: Person) -> Person:
    return entra.add_guest(outsider)


def called_with(client: TestClient, person: Person, authority: str = TENANT_ID, **asked: str) -> str:
    """The token that a client calls our API with, after a sign-in."""
    body = tokens(client, person, authority, ASSISTANT, scope=ACCESS, **asked)
    return str(body["access_token"])


def minted(entra: Entra, person: Person, api_name: str = API_URI) -> str:
    return entra.access_token(person, scopes=[f"{api_name}/mcp.access"], client_id=ASSISTANT)


def refusal(answer: Any) -> tuple[int, str, dict[str, Any]]:
    body = answer.json()
    claims: dict[str, Any] = json.loads(body.get("claims", "{}"))
    return aadsts(answer), body["error"], claims


# --- tokens without a sign-in


def test_a_token_for_an_api_is_like_that_of_a_sign_in(client: TestClient, entra: Entra, mira: Person) -> None:
    mine, theirs = verified(client, minted(entra, mira), API_APP), read(called_with(client, mira))
    fleeting = {"exp", "iat", "nbf", "rh", "sid", "uti", "aio"}
    assert mine.keys() == theirs.keys()
    assert {name: mine[name] for name in mine.keys() - fleeting} == {
        name: theirs[name] for name in theirs.keys() - fleeting
    }


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        pytest.param(1, {"aud": API_URL, "iss": OLDER_ISSUER, "appid": ASSISTANT, "ver": "1.0"}, id="version 1"),
        pytest.param(2, {"aud": API_APP, "iss": ISSUER, "azp": ASSISTANT, "ver": "2.0"}, id="version 2"),
    ],
)
def test_such_a_token_has_the_version_that_the_api_wants(
    client: TestClient, entra: Entra, mira: Person, version: Any, expected: dict[str, str]
) -> None:
    entra.register(api(token_version=version))
    claims = verified(client, minted(entra, mira, API_URL), expected["aud"])
    assert expected.items() <= claims.items()
    assert (claims["tid"], claims["scp"]) == (TENANT_ID, "mcp.access")


@pytest.mark.parametrize("name", [pytest.param(API_URI, id="URI"), pytest.param(API_URL, id="address")])
def test_an_app_gets_such_a_token_with_the_roles_of_the_api(client: TestClient, entra: Entra, name: str) -> None:
    token = entra.access_token(roles=["Daemon.Run", "Nothing.Known"], client_id=ASSISTANT, resource=name)
    claims = verified(client, token, API_APP)
    assert (claims["roles"], claims["azp"], claims["sub"]) == (["Daemon.Run"], ASSISTANT, claims["oid"])
    assert "scp" not in claims
    assert aadsts(trade(client, token)) == 7000114


# --- people of other tenants


@pytest.mark.parametrize(
    ("version", "issuer"),
    [
        pytest.param(1, f"https://sts.windows.net/{OTHER_TENANT}/", id="version 1"),
        pytest.param(2, f"{LOGIN}/{OTHER_TENANT}/v2.0", id="version 2"),
    ],
)
def test_an_outsiders_token_is_of_their_own_tenant(
    client: TestClient, entra: Entra, outsider: Person, version: Any, issuer: str
) -> None:
    entra.register(api(accounts="organizations", token_version=version, pre_authorized=(ASSISTANT,)))
    signed_in = [called_with(client, outsider, authority) for authority in ("organizations", OTHER_TENANT)]
    for token in (*signed_in, minted(entra, outsider)):
        claims = verified(client, token, API_URI if version == 1 else API_APP)
        assert (claims["tid"], claims["iss"], claims["oid"]) == (OTHER_TENANT, issuer, outsider.id)
        assert claims.get("acct", 0) == 0


def test_the_issuer_is_that_which_their_tenant_publishes(client: TestClient, entra: Entra, outsider: Person) -> None:
    document = client.get(f"{LOGIN}/{OTHER_TENANT}/v2.0/.well-known/openid-configuration").json()
    assert document["issuer"] == shown(minted(entra, outsider))["iss"]


def test_an_api_trades_an_outsiders_token_in_their_own_tenant(client: TestClient, outsider: Person) -> None:
    answer = trade(client, called_with(client, outsider, "organizations"), OTHER_TOKENS)
    assert claims_of(answer)["tid"] == OTHER_TENANT
    assert call_graph(client, answer.json()).json()["displayName"] == "Omar Reyes"


def test_an_outsiders_token_is_worth_nothing_in_the_apis_tenant(
    client: TestClient, outsider: Person, mira: Person
) -> None:
    assert aadsts(trade(client, called_with(client, outsider, "organizations"))) == 50020
    assert aadsts(trade(client, called_with(client, mira), OTHER_TOKENS)) == 50020


def test_an_api_of_one_tenant_is_unknown_in_another(client: TestClient, entra: Entra, outsider: Person) -> None:
    entra.register(api())
    assert aadsts(trade(client, minted(entra, outsider), OTHER_TOKENS)) == 700016


# --- guests


def test_a_guest_has_an_account_of_the_tenant_that_invited(
    client: TestClient, entra: Entra, outsider: Person, guest: Person
) -> None:
    assert guest.id != outsider.id
    for token in (called_with(client, guest), minted(entra, guest)):
        claims = verified(client, token, API_APP)
        assert (claims["tid"], claims["iss"], claims["oid"]) == (TENANT_ID, ISSUER, guest.id)
        assert claims["idp"] == f"https://sts.windows.net/{OTHER_TENANT}/"
        assert claims["preferred_username"] == claims["email"] == outsider.user_principal_name
        assert "upn" not in claims


def test_a_guests_token_of_version_one_tells_who_vouches_for_them(
    client: TestClient, entra: Entra, outsider: Person, guest: Person
) -> None:
    entra.register(api(token_version=1, optional_claims=("acct",)))
    claims = verified(client, minted(entra, guest), API_URI)
    assert (claims["iss"], claims["idp"]) == (OLDER_ISSUER, f"https://sts.windows.net/{OTHER_TENANT}/")
    assert (claims["acct"], claims["unique_name"]) == (1, outsider.user_principal_name)
    assert "upn" not in claims


@pytest.mark.usefixtures("client")
def test_a_guest_of_no_known_organisation_is_vouched_for_by_their_mailbox(entra: Entra, tenant: Tenant) -> None:
    guest = tenant.add_person("Una Vale", user_type="Guest", mail="una@vale.example")
    assert shown(minted(entra, guest))["idp"] == "mail"


def test_a_members_token_says_nothing_of_who_vouches(entra: Entra, client: TestClient, mira: Person) -> None:
    claims = verified(client, minted(entra, mira), API_APP)
    assert {"idp", "email"} & claims.keys() == set()


def test_an_api_trades_a_guests_token_in_the_tenant_that_invited(client: TestClient, guest: Person) -> None:
    token = called_with(client, guest)
    assert aadsts(trade(client, token, OTHER_TOKENS)) == 50020
    answer = trade(client, token)
    claims = claims_of(answer)
    assert (claims["tid"], claims["oid"], claims["acct"]) == (TENANT_ID, guest.id, 1)
    assert claims["idp"] == f"https://sts.windows.net/{OTHER_TENANT}/"
    assert call_graph(client, answer.json()).json()["userPrincipalName"] == guest.user_principal_name


# --- what keeps an API from trading


@pytest.mark.parametrize(
    "scope",
    [pytest.param("Calendars.Read", id="a permission"), pytest.param(GRAPH_DEFAULT, id="all that was agreed to")],
)
def test_an_administrator_mends_missing_consent(
    client: TestClient, entra: Entra, mira: Person, outsider: Person, scope: str
) -> None:
    entra.withdraw_consent(API_APP)
    token, theirs = called_with(client, mira), called_with(client, outsider, "organizations")
    assert refusal(trade(client, token, scope=scope))[:2] == (65001, "invalid_grant")
    entra.grant_admin_consent(API_APP, ["Calendars.Read"])
    assert claims_of(trade(client, token, scope=scope))["scp"] == "Calendars.Read"
    assert claims_of(trade(client, theirs, OTHER_TOKENS, scope=scope))["scp"] == "Calendars.Read"


def test_a_second_factor_that_graph_wants_needs_a_new_sign_in(client: TestClient, entra: Entra, mira: Person) -> None:
    token = called_with(client, mira)
    policy = entra.policies.add(Policy(grant="mfa", resources=[GRAPH_ID]))
    code, error, claims = refusal(trade(client, token))
    assert (code, error) == (50076, "interaction_required")
    assert claims["access_token"]["polids"]["values"] == [policy.id]
    entra.policies.add(Policy(grant="mfa", resources=[API_APP]))
    assert trade(client, called_with(client, mira, claims=json.dumps(claims))).status_code == 200
    assert refusal(trade(client, token))[0] == 50076, "the old token is worth no more than before"


def test_a_second_factor_that_is_missing_is_enrolled_with_the_next_sign_in(
    client: TestClient, entra: Entra, mira: Person
) -> None:
    token = called_with(client, mira)
    entra.state(mira).second_factor = False
    entra.policies.add(Policy(grant="mfa"))
    code, error, claims = refusal(trade(client, token))
    assert (code, error) == (50079, "interaction_required")
    assert trade(client, called_with(client, mira, claims=json.dumps(claims))).status_code == 200


def test_a_block_lasts_as_long_as_its_policy(client: TestClient, entra: Entra, mira: Person) -> None:
    token = called_with(client, mira)
    policy = entra.policies.add(Policy(grant="block", resources=[GRAPH_ID]))
    for assertion in (token, called_with(client, mira)):
        code, _, claims = refusal(trade(client, assertion))
        assert (code, claims["access_token"]["polids"]["values"]) == (53003, [policy.id])
    entra.policies.remove(policy)
    assert trade(client, token).status_code == 200


def test_policies_of_a_tenant_are_for_its_guests_too(client: TestClient, entra: Entra, guest: Person) -> None:
    token = called_with(client, guest)
    entra.policies.add(Policy(grant="mfa", users=[guest], resources=[GRAPH_ID]))
    assert refusal(trade(client, token))[0] == 50076


def test_what_came_of_a_revoked_sign_in_is_neither_taken_nor_traded(
    client: TestClient, entra: Entra, mira: Person
) -> None:
    token = called_with(client, mira)
    body = trade(client, token, claims=CP1).json()
    assert call_graph(client, body).status_code == 200
    entra.revoke_sessions(mira)
    answer = call_graph(client, body)
    assert (answer.status_code, "insufficient_claims" in answer.headers["www-authenticate"]) == (401, True)
    assert refusal(trade(client, token, claims=CP1))[:2] == (50173, "invalid_grant")
    renewed = trade(client, called_with(client, mira), claims=CP1).json()
    assert call_graph(client, renewed).status_code == 200


def test_a_token_that_is_outdated_is_mended_by_trading_again(client: TestClient, entra: Entra, mira: Person) -> None:
    token = called_with(client, mira)
    body = trade(client, token, claims=CP1).json()
    entra.outdate_tokens(mira)
    assert call_graph(client, body).status_code == 401
    assert call_graph(client, trade(client, token, claims=CP1).json()).status_code == 200


# --- how an API proves itself


def test_a_managed_identity_proves_who_trades(client: TestClient, entra: Entra, mira: Person) -> None:
    identity = entra.add_managed_identity("assistant")
    trusted = (FederatedCredential(ISSUER, identity.object_id),)
    entra.register(api(secrets=(), federated=trusted, pre_authorized=(ASSISTANT,)))
    query = {"api-version": "2018-02-01", "resource": "api://AzureADTokenExchange"}
    proof = client.get(
        "http://169.254.169.254/metadata/identity/oauth2/token", params=query, headers={"Metadata": "true"}
    ).json()["access_token"]
    proven = {"client_secret": "", "client_assertion": proof, "client_assertion_type": ASSERTION_TYPE}
    answer = trade(client, called_with(client, mira), **proven)
    claims = claims_of(answer)
    assert (claims["appid"], claims["appidacr"], claims["oid"]) == (API_APP, "2", mira.id)
    assert aadsts(trade(client, called_with(client, mira), client_secret="")) == 7000218


# --- keys and outages


def test_keys_can_be_out_while_tokens_are_given(client: TestClient, entra: Entra, mira: Person) -> None:
    token = called_with(client, mira)
    entra.weather.outage(endpoint="keys")
    document = client.get(f"{LOGIN}/{TENANT_ID}/v2.0/.well-known/openid-configuration")
    assert client.get(document.json()["jwks_uri"]).status_code == 503
    assert client.get(f"{LOGIN}/{TENANT_ID}/discovery/keys").status_code == 503
    assert trade(client, token).status_code == 200
    entra.weather.clear()
    assert verified(client, token, API_APP)["oid"] == mira.id


def test_tokens_can_be_out_while_keys_are_published(client: TestClient, entra: Entra, mira: Person) -> None:
    token = called_with(client, mira)
    entra.weather.outage(endpoint="token")
    assert trade(client, token).status_code == 503
    assert verified(client, token, API_APP)["oid"] == mira.id


@pytest.mark.parametrize("keep_old", [pytest.param(True, id="published"), pytest.param(False, id="withdrawn")])
def test_an_old_token_is_traded_as_long_as_its_key_is_published(
    client: TestClient, entra: Entra, outsider: Person, keep_old: bool
) -> None:
    token = called_with(client, outsider, "organizations")
    entra.rotate_keys(keep_old=keep_old)
    kids = {key["kid"] for key in client.get(f"{LOGIN}/{OTHER_TENANT}/discovery/v2.0/keys").json()["keys"]}
    assert (jwt.get_unverified_header(token)["kid"] in kids) is keep_old
    answer = trade(client, token, OTHER_TOKENS)
    assert answer.status_code == 200 if keep_old else aadsts(answer) == 50013
    assert trade(client, minted(entra, outsider), OTHER_TOKENS).status_code == 200
