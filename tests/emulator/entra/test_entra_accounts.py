"""Accounts in every state that keeps them out, people of other tenants, and personal accounts."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import msal
import pytest
from starlette.testclient import TestClient

from emulator import SignInStopped, build_emulator
from emulator.entra import DEMO_CLIENT_ID, PERSONAL_TENANT, AppRegistration, Entra
from emulator.tenant import Person, Tenant
from tests.emulator.entra.driver import (
    LOGIN,
    SECRET,
    SECRET_APP,
    TENANT_ID,
    Browser,
    Clock,
    MsalHttp,
    aadsts,
    location,
)
from tests.emulator.entra.flows import (
    REDIRECT,
    WIDE_APP,
    ask,
    call_graph,
    came_back,
    link_to,
    redeem,
    refresh,
    shown,
    tokens,
    visit,
)

OTHER_TENANT = "22222222-3333-4444-8555-666666666666"


@pytest.fixture
def client(tenant: Tenant, entra: Entra, clock: Clock) -> Iterator[TestClient]:
    entra.register(
        AppRegistration(WIDE_APP, "Wide app", ("http://localhost",), allow_public_client=True, accounts="all")
    )
    app = build_emulator(tenant, entra=entra, clock=clock)
    with TestClient(app, base_url=LOGIN, follow_redirects=False) as client:
        yield client


@pytest.fixture
def outsider(entra: Entra) -> Person:
    return entra.add_outsider("Omar Reyes", "omar.reyes@fabrikam.example", OTHER_TENANT)


@pytest.fixture
def personal(entra: Entra) -> Person:
    return entra.add_personal("Pia Sand", "pia.sand@outlook.example")


# --- states


STATES = [
    pytest.param("locked", 50053, "invalid_grant", id="locked"),
    pytest.param("invitation_pending", 50014, "invalid_grant", id="invitation pending"),
    pytest.param("suspicious", 50131, "interaction_required", id="suspicious"),
]


@pytest.mark.parametrize(("field", "code", "error"), STATES)
def test_a_state_keeps_a_person_out_until_it_is_over(
    client: TestClient, entra: Entra, mira: Person, *, field: str, code: int, error: str
) -> None:
    body = tokens(client, mira)
    setattr(entra.state(mira), field, True)
    answer = refresh(client, body)
    assert (aadsts(answer), answer.json()["error"]) == (code, error)
    with pytest.raises(SignInStopped, match=f"AADSTS{code}: "):
        came_back(client, mira)
    setattr(entra.state(mira), field, False)
    assert refresh(client, body).status_code == 200
    assert tokens(client, mira)


def test_a_locked_person_has_no_silent_sign_in(client: TestClient, entra: Entra, mira: Person) -> None:
    came_back(client, mira)
    entra.state(mira).locked = True
    fields = came_back_silently(client)
    assert fields["error"] == "interaction_required"
    assert "AADSTS50053" in fields["error_description"]


def came_back_silently(client: TestClient, **asked: str) -> dict[str, str]:
    return location(client.get(link_to(prompt="none", **asked)))


def test_a_deleted_person_is_gone_from_entra_and_graph_until_restored(
    client: TestClient, entra: Entra, mira: Person, tobias: Person
) -> None:
    mine, theirs = tokens(client, mira), tokens(client, tobias, scope="User.Read.All")
    entra.remove_person(mira)
    assert aadsts(refresh(client, mine)) == 50034
    with pytest.raises(SignInStopped, match="AADSTS50034"):
        came_back(client, mira)
    assert call_graph(client, theirs, f"users/{mira.user_principal_name}").status_code == 404
    entra.restore_person(mira)
    assert refresh(client, mine).status_code == 200
    assert call_graph(client, theirs, f"users/{mira.user_principal_name}").status_code == 200


def test_an_expired_password_is_changed_on_the_page_and_ends_what_the_old_one_gave(
    client: TestClient, entra: Entra, mira: Person
) -> None:
    body = tokens(client, mira)
    entra.state(mira).password_expired = True
    answer = refresh(client, body)
    assert (aadsts(answer), answer.json()["suberror"]) == (50055, "user_password_expired")
    assert came_back(client, mira, willing=False)["error"] == "access_denied"
    assert entra.state(mira).password_expired
    assert tokens(client, mira)
    assert not entra.state(mira).password_expired
    assert aadsts(refresh(client, body)) == 50173


def test_an_app_may_be_for_some_people_only(client: TestClient, entra: Entra, mira: Person, tobias: Person) -> None:
    body = tokens(client, mira)
    entra.require_assignment(DEMO_CLIENT_ID, [tobias])
    answer = refresh(client, body)
    assert (aadsts(answer), answer.json()["error"]) == (50105, "invalid_grant")
    fields = came_back(client, mira, state="s")
    assert (fields["error"], fields["state"]) == ("interaction_required", "s")
    assert "AADSTS50105" in fields["error_description"]
    assert mira.user_principal_name in fields["error_description"]
    assert tokens(client, tobias)
    entra.require_assignment(DEMO_CLIENT_ID, [])
    assert "AADSTS50105" in came_back(client, tobias)["error_description"]
    entra.require_assignment(DEMO_CLIENT_ID, None)
    assert refresh(client, body).status_code == 200


# --- people of other tenants


def test_an_outsider_has_no_account_here(client: TestClient, outsider: Person) -> None:
    with pytest.raises(SignInStopped, match=r"AADSTS50020: .*omar.reyes@fabrikam.example.*does not exist in 'Lind"):
        came_back(client, outsider)


@pytest.mark.parametrize("authority", ["common", "organizations", OTHER_TENANT, "fabrikam.example"])
def test_an_outsider_signs_in_to_a_tenant_of_their_own(
    client: TestClient, outsider: Person, mira: Person, authority: str
) -> None:
    body = tokens(client, outsider, authority, WIDE_APP)
    for token in (body["access_token"], body["id_token"]):
        assert shown(token)["tid"] == OTHER_TENANT
    assert shown(body["id_token"])["iss"] == f"{LOGIN}/{OTHER_TENANT}/v2.0"
    info = json.loads(base64.urlsafe_b64decode(body["client_info"] + "=="))
    assert info == {"uid": outsider.id, "utid": OTHER_TENANT}
    assert call_graph(client, body).json()["displayName"] == "Omar Reyes"
    assert refresh(client, body, authority, client_id=WIDE_APP).status_code == 200
    assert aadsts(refresh(client, body, TENANT_ID, client_id=WIDE_APP)) == 50020
    assert mira.id not in call_graph(client, body, "users").text


def test_an_outsiders_tenant_has_a_page_with_its_own_people_and_name(
    client: TestClient, browser: Browser, outsider: Person, mira: Person
) -> None:
    page = Browser(client).open(link_to(OTHER_TENANT, WIDE_APP))
    assert page.people == [outsider.id]
    assert "Sign in to Fabrikam" in page.text
    shared = Browser(client).open(link_to("common", WIDE_APP, login_hint=outsider.user_principal_name))
    assert {outsider.id, mira.id} <= set(shared.people)
    assert shared.chosen == outsider.id


@pytest.mark.parametrize("prompt", ["none", ""])
def test_an_app_of_one_tenant_is_unknown_in_another(client: TestClient, outsider: Person, prompt: str) -> None:
    answer = client.get(link_to(OTHER_TENANT, SECRET_APP, redirect_uri="", prompt=prompt))
    assert answer.status_code == 400
    assert "AADSTS700016" in answer.text


def test_a_person_of_this_tenant_is_no_person_of_another(client: TestClient, outsider: Person, mira: Person) -> None:
    with pytest.raises(SignInStopped, match=r"AADSTS50020: .*does not exist in 'Fabrikam'"):
        came_back(client, mira, authority=OTHER_TENANT, app=WIDE_APP)


def test_a_deleted_outsider_comes_back_to_their_own_tenant(client: TestClient, entra: Entra, outsider: Person) -> None:
    entra.remove_person(outsider)
    with pytest.raises(SignInStopped, match="AADSTS50034"):
        came_back(client, outsider, authority="common", app=WIDE_APP)
    entra.restore_person(outsider)
    assert shown(tokens(client, outsider, "common", WIDE_APP)["id_token"])["tid"] == OTHER_TENANT


# --- personal accounts


@pytest.mark.parametrize("authority", ["consumers", "common", PERSONAL_TENANT])
def test_a_personal_account_signs_in_and_graph_knows_it(
    client: TestClient, entra: Entra, personal: Person, authority: str
) -> None:
    body = tokens(client, personal, authority, WIDE_APP, scope="openid profile offline_access User.Read Mail.Read")
    assert body["access_token"].startswith("EwB")
    assert "." not in body["access_token"]
    claims = shown(body["id_token"])
    assert (claims["tid"], claims["iss"]) == (PERSONAL_TENANT, f"{LOGIN}/{PERSONAL_TENANT}/v2.0")
    assert claims["preferred_username"] == "pia.sand@outlook.example"
    assert claims["oid"].startswith("00000000-0000-0000-")
    entra.directory_of(personal).add_message(personal, "Sunday")
    mail = call_graph(client, refresh(client, body, authority, client_id=WIDE_APP).json(), "me/messages")
    assert [message["subject"] for message in mail.json()["value"]] == ["Sunday"]
    me = call_graph(client, body).json()
    assert (me["displayName"], me["userPrincipalName"]) == ("Pia Sand", "pia.sand@outlook.example")
    assert call_graph(client, body, "users").status_code == 403
    again = refresh(client, body, authority, client_id=WIDE_APP)
    assert again.json()["access_token"].startswith("EwB")


def test_a_personal_accounts_token_ends_like_any_other(client: TestClient, personal: Person, clock: Clock) -> None:
    body = tokens(client, personal, "consumers", WIDE_APP)
    clock.move(seconds=5400)
    assert "expired" in call_graph(client, body).json()["error"]["message"]
    assert call_graph(client, {"access_token": "EwBnonsense"}).status_code == 401


@pytest.mark.parametrize(
    ("authority", "app", "code"),
    [
        pytest.param("organizations", WIDE_APP, 500200, id="work accounts only"),
        pytest.param(TENANT_ID, WIDE_APP, 50020, id="a tenant"),
        pytest.param("common", DEMO_CLIENT_ID, 500200, id="an app without personal accounts"),
    ],
)
def test_a_personal_account_is_refused_elsewhere(
    client: TestClient, personal: Person, authority: str, app: str, code: int
) -> None:
    with pytest.raises(SignInStopped, match=f"AADSTS{code}: .*pia.sand@outlook.example"):
        came_back(client, personal, authority=authority, app=app)


def test_a_work_account_is_no_personal_one(client: TestClient, mira: Person) -> None:
    with pytest.raises(SignInStopped, match="AADSTS50034"):
        came_back(client, mira, authority="consumers", app=WIDE_APP)


def test_neither_service_takes_the_others_refresh_tokens(client: TestClient, personal: Person, mira: Person) -> None:
    theirs, mine = tokens(client, personal, "common", WIDE_APP), tokens(client, mira, "common", WIDE_APP)
    for authority in (TENANT_ID, "organizations"):
        answer = refresh(client, theirs, authority, client_id=WIDE_APP)
        assert (aadsts(answer), answer.json()["error"]) == (9002313, "invalid_grant")
    answer = refresh(client, mine, "consumers", client_id=WIDE_APP)
    assert (aadsts(answer), answer.json()["error"]) == (70000, "invalid_grant")


def test_a_personal_account_cannot_have_the_permissions_of_a_company(
    client: TestClient, entra: Entra, personal: Person
) -> None:
    fields = came_back(client, personal, authority="common", app=WIDE_APP, scope="User.Read Group.Read.All")
    assert fields["error"] == "invalid_scope"
    assert "'Group.Read.All' does not exist for personal accounts" in fields["error_description"]
    body = tokens(client, personal, "common", WIDE_APP)
    entra.grant_admin_consent(WIDE_APP, ["Group.Read.All"])
    answer = refresh(client, body, "common", client_id=WIDE_APP, scope="Group.Read.All")
    assert (aadsts(answer), answer.json()["error"]) == (70011, "invalid_scope")


def test_an_app_for_work_accounts_has_no_place_at_consumers(client: TestClient) -> None:
    assert "AADSTS9002332" in client.get(link_to("consumers")).text
    form = {"client_id": DEMO_CLIENT_ID, "scope": "User.Read"}
    assert aadsts(client.post(f"{LOGIN}/consumers/oauth2/v2.0/devicecode", data=form)) == 9002332
    assert aadsts(ask(client, "consumers", grant_type="refresh_token", refresh_token="1.Ax")) == 9002332
    answer = ask(client, "consumers", grant_type="client_credentials", client_id=SECRET_APP, client_secret=SECRET)
    assert aadsts(answer) == 9001023


def test_an_app_for_personal_accounts_takes_nobody_else(
    client: TestClient, entra: Entra, mira: Person, personal: Person
) -> None:
    app = AppRegistration("games", "Games", ("http://localhost",), allow_public_client=True, accounts="personal")
    entra.register(app)
    assert "AADSTS9002346" in client.get(link_to(TENANT_ID, "games")).text
    with pytest.raises(SignInStopped, match="AADSTS50020"):
        came_back(client, mira, authority="common", app="games")
    assert tokens(client, personal, "common", "games")


def test_the_consumers_authority_is_discovered_under_its_tenants_name(client: TestClient) -> None:
    document = client.get(f"{LOGIN}/consumers/v2.0/.well-known/openid-configuration").json()
    assert document["issuer"] == f"{LOGIN}/{PERSONAL_TENANT}/v2.0"
    assert document["token_endpoint"] == f"{LOGIN}/consumers/oauth2/v2.0/token"


def test_the_page_of_consumers_has_personal_accounts_only(client: TestClient, personal: Person) -> None:
    page = Browser(client).open(link_to("consumers", WIDE_APP))
    assert page.people == [personal.id]
    assert "Sign in to your Microsoft account" in page.text


@pytest.mark.parametrize("authority", ["common", "consumers"])
def test_msal_keeps_a_personal_account_apart(
    client: TestClient, personal: Person, mira: Person, authority: str
) -> None:
    app = msal.PublicClientApplication(WIDE_APP, authority=f"{LOGIN}/{authority}", http_client=MsalHttp(client))
    people = [personal, mira] if authority == "common" else [personal]
    for person in people:
        client.cookies.clear()
        flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=REDIRECT, response_mode="form_post")
        fields = visit(client, flow["auth_uri"], person)
        assert "access_token" in app.acquire_token_by_auth_code_flow(flow, fields)
    accounts: dict[str, Any] = {each["username"]: each for each in app.get_accounts()}
    mine = accounts[personal.user_principal_name]
    assert mine["home_account_id"] == f"{personal.id}.{PERSONAL_TENANT}"
    result = app.acquire_token_silent_with_error(["User.Read"], mine, force_refresh=True)
    assert result["access_token"].startswith("EwB")


def test_a_code_of_one_kind_of_account_is_not_redeemed_at_the_others_authority(
    client: TestClient, personal: Person
) -> None:
    code = came_back(client, personal, authority="common", app=WIDE_APP)["code"]
    assert aadsts(redeem(client, code, TENANT_ID, client_id=WIDE_APP)) == 9002313
    assert redeem(client, code, "consumers", client_id=WIDE_APP).status_code == 200
