"""The tenant's own settings: what people may consent to, device codes, and several people in one browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msal
import pytest
from starlette.testclient import TestClient

from emulator import SignInStopped, build_emulator
from emulator.entra import DEMO_CLIENT_ID, AppRegistration, Entra
from emulator.entra.scope_limits import ORDINARY, PERSONAL
from emulator.tenant import Person, Tenant
from tests.emulator.entra.driver import AUTHORITY, LOGIN, SECRET_APP, Browser, Clock, MsalHttp, aadsts, location
from tests.emulator.entra.flows import ask, came_back, link_to, refresh, shown, tokens

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def client(tenant: Tenant, entra: Entra, clock: Clock) -> Iterator[TestClient]:
    app = build_emulator(tenant, entra=entra, clock=clock)
    with TestClient(app, base_url=LOGIN, follow_redirects=False) as client:
        yield client


# --- consent


@pytest.mark.parametrize(
    ("extent", "scope", "code"),
    [
        pytest.param("anything", "Group.ReadWrite.All", None, id="anything"),
        pytest.param("ordinary", "Mail.Read", None, id="an ordinary permission"),
        pytest.param("ordinary", "User.Read Group.ReadWrite.All", 90094, id="one for administrators"),
        pytest.param("ordinary", "openid profile", None, id="only who somebody is"),
        pytest.param("nobody", "User.Read", 90094, id="consent switched off"),
        pytest.param("nobody", ".default", 90094, id="all that is registered"),
        pytest.param("request", "User.Read", 90095, id="requests switched on"),
    ],
)
def test_people_consent_to_what_the_tenant_lets_them(
    client: TestClient, entra: Entra, mira: Person, *, extent: Any, scope: str, code: int | None
) -> None:
    entra.user_consent = extent
    assert entra.user_consent == extent
    fields = came_back(client, mira, scope=scope, state="s")
    if code is None:
        assert "code" in fields
        return
    assert (fields["error"], fields["state"]) == ("consent_required", "s")
    assert f"AADSTS{code}" in fields["error_description"]
    form = {"client_id": DEMO_CLIENT_ID, "scope": scope}
    assert aadsts(client.post(f"{AUTHORITY}/oauth2/v2.0/devicecode", data=form)) == code


def test_an_administrators_consent_counts_for_everybody(
    client: TestClient, entra: Entra, mira: Person, tobias: Person
) -> None:
    entra.user_consent = "nobody"
    entra.grant_admin_consent(DEMO_CLIENT_ID, ["User.Read", "Group.ReadWrite.All"])
    for person in (mira, tobias):
        assert tokens(client, person, scope="User.Read Group.ReadWrite.All")["scope"] == "Group.ReadWrite.All User.Read"
        assert tokens(client, person, scope="https://graph.microsoft.com/.default")
    assert came_back(client, mira, scope="Mail.Read")["error"] == "consent_required"
    entra.withdraw_consent(DEMO_CLIENT_ID)
    assert came_back(client, mira, scope="User.Read")["error"] == "consent_required"


@pytest.mark.parametrize(("extent", "code"), [("nobody", 90094), ("request", 90095)])
def test_who_agreed_before_the_rules_were_tightened_may_go_on(
    client: TestClient, entra: Entra, mira: Person, tobias: Person, *, extent: Any, code: int
) -> None:
    tokens(client, mira)
    entra.user_consent = extent
    assert "code" in came_back(client, mira)
    assert "code" in came_back(client, mira, scope=".default")
    for scope in ("User.Read", ".default"):
        fields = came_back(client, tobias, scope=scope)
        assert fields["error"] == "consent_required"
        assert f"AADSTS{code}" in fields["error_description"]
    flow = device_flow(client)
    browser = Browser(client)
    page = browser.submitted(browser.open(f"{LOGIN}/devicelogin"), user_code=flow["user_code"])
    assert f"AADSTS{code}" in browser.submitted(page, person=tobias.id, decision="accept").text


def test_an_administrator_consents_alone(client: TestClient, entra: Entra, mira: Person, tobias: Person) -> None:
    entra.user_consent = "nobody"
    entra.make_administrator(tobias)
    assert "code" in came_back(client, tobias)
    assert came_back(client, mira)["error"] == "consent_required"


def test_other_tenants_people_are_under_their_own_rules(client: TestClient, entra: Entra, mira: Person) -> None:
    outsider = entra.add_outsider("Omar Reyes", "omar@fabrikam.example", "22222222-3333-4444-8555-666666666666")
    entra.user_consent = "nobody"
    assert "code" in came_back(client, outsider, authority="common")
    assert came_back(client, mira, authority="common")["error"] == "consent_required"


def test_an_ordinary_person_may_let_an_app_call_the_tenants_own_api(
    client: TestClient, entra: Entra, mira: Person
) -> None:
    entra.register(
        AppRegistration(SECRET_APP, "An API", identifier_uris=("api://lindenhall",), exposed_scopes=("access",))
    )
    entra.user_consent = "ordinary"
    assert "code" in came_back(client, mira, scope="api://lindenhall/access")
    entra.user_consent = "nobody"
    refused = came_back(client, mira, scope="api://lindenhall/access Mail.Read")
    assert "grant 'Mail.Read' to" in refused["error_description"]


def test_withdrawn_consent_is_missed_at_the_next_refresh(
    client: TestClient, entra: Entra, mira: Person, tobias: Person
) -> None:
    mine, theirs = tokens(client, mira), tokens(client, tobias)
    entra.withdraw_consent(DEMO_CLIENT_ID, mira)
    answer = refresh(client, mine)
    assert (aadsts(answer), answer.json()["suberror"]) == (65001, "consent_required")
    assert refresh(client, theirs).status_code == 200
    entra.grant_admin_consent(DEMO_CLIENT_ID, ["User.Read"])
    assert refresh(client, mine).status_code == 200


def test_an_administrator_may_grant_all_that_is_registered(client: TestClient, entra: Entra, mira: Person) -> None:
    entra.user_consent = "nobody"
    entra.grant_admin_consent(DEMO_CLIENT_ID, [".default"])
    assert "code" in came_back(client, mira, scope="User.Read")


def test_the_lists_of_permissions_are_not_swapped() -> None:
    assert {"Mail.Read", "Files.ReadWrite", "User.Read"} <= ORDINARY & PERSONAL
    assert not {"User.Read.All", "Group.ReadWrite.All", "DeviceManagementManagedDevices.Read.All"} & ORDINARY
    assert not {"User.Read.All", "Group.Read.All", "Chat.Read"} & PERSONAL


# --- device codes


def device_flow(client: TestClient) -> Any:
    form = {"client_id": DEMO_CLIENT_ID, "scope": "User.Read"}
    return client.post(f"{AUTHORITY}/oauth2/v2.0/devicecode", data=form).json()


def poll(client: TestClient, flow: Any) -> str:
    return str(ask(client, grant_type=DEVICE_GRANT, device_code=flow["device_code"]).json().get("error", ""))


def test_a_device_that_asks_too_often_slows_down_when_the_tenant_is_strict(
    client: TestClient, entra: Entra, clock: Clock
) -> None:
    entra.device_interval = 7
    assert (entra.device_interval, entra.strict_polling) == (7, False)
    flow = device_flow(client)
    assert flow["interval"] == 7
    assert [poll(client, flow) for _ in range(2)] == ["authorization_pending"] * 2
    entra.strict_polling = True
    assert poll(client, flow) == "slow_down"
    clock.move(seconds=7)
    assert poll(client, flow) == "authorization_pending"
    clock.move(seconds=6)
    assert poll(client, flow) == "slow_down"


def test_a_device_code_can_live_shorter(client: TestClient, entra: Entra, clock: Clock) -> None:
    entra.device_seconds = 60
    flow = device_flow(client)
    assert (entra.device_seconds, flow["expires_in"]) == (60, 60)
    clock.move(seconds=59)
    assert poll(client, flow) == "authorization_pending"
    clock.move(seconds=1)
    assert poll(client, flow) == "expired_token"


def test_msal_polls_without_a_pause_when_the_interval_is_zero(client: TestClient, entra: Entra, mira: Person) -> None:
    entra.device_interval = 0
    app = msal.PublicClientApplication(DEMO_CLIENT_ID, authority=AUTHORITY, http_client=MsalHttp(client))
    flow = app.initiate_device_flow(["User.Read"])
    browser = Browser(client)
    page = browser.submitted(browser.open(f"{LOGIN}/devicelogin"), user_code=flow["user_code"])
    browser.submit(page, person=mira.id, decision="accept")
    assert "access_token" in app.acquire_token_by_device_flow(flow)


def test_a_device_asks_at_an_authority_for_its_kind_of_account(client: TestClient) -> None:
    form = {"client_id": SECRET_APP, "scope": "User.Read"}
    assert aadsts(client.post(f"{LOGIN}/common/oauth2/v2.0/devicecode", data=form)) == 50194


# --- several people in one browser


def silent(client: TestClient, **asked: str) -> dict[str, str]:
    return location(client.get(link_to(prompt="none", **asked)))


def test_with_two_people_in_the_browser_a_hint_says_which_one(client: TestClient, mira: Person, tobias: Person) -> None:
    first, second = came_back(client, mira), came_back(client, tobias)
    unclear = silent(client)
    assert unclear["error"] == "interaction_required"
    assert "AADSTS16000" in unclear["error_description"]
    assert silent(client, login_hint=mira.user_principal_name)["session_state"] == first["session_state"]
    assert silent(client, login_hint=tobias.user_principal_name.upper())["session_state"] == second["session_state"]
    assert "AADSTS16000" in silent(client, login_hint="nobody@lindenhall.example")["error_description"]


def test_who_signs_in_again_has_one_session_still(client: TestClient, mira: Person) -> None:
    came_back(client, mira)
    again = came_back(client, mira)
    assert silent(client)["session_state"] == again["session_state"]


def test_the_page_suggests_who_came_last_and_a_choice_is_not_suggested(
    client: TestClient, mira: Person, tobias: Person
) -> None:
    for person in (mira, tobias):
        came_back(client, person)
    browser = Browser(client)
    assert browser.open(link_to()).chosen == tobias.id
    assert browser.open(link_to(login_hint=mira.user_principal_name)).chosen == mira.id
    assert browser.open(link_to(prompt="select_account")).chosen == mira.id  # the demo's own person


def test_signing_out_signs_everybody_out(client: TestClient, mira: Person, tobias: Person) -> None:
    for person in (mira, tobias):
        came_back(client, person)
    kept = client.cookies["ESTSAUTH"]
    client.get(f"{AUTHORITY}/oauth2/v2.0/logout")
    client.cookies.clear()
    client.cookies["ESTSAUTH"] = kept
    assert silent(client, login_hint=mira.user_principal_name)["error"] == "login_required"


def test_one_persons_end_leaves_the_other(client: TestClient, entra: Entra, mira: Person, tobias: Person) -> None:
    for person in (mira, tobias):
        came_back(client, person)
    entra.revoke_sessions(tobias)
    assert "code" in silent(client)


def test_a_session_may_be_too_old_for_an_app(client: TestClient, mira: Person, clock: Clock) -> None:
    came_back(client, mira)
    clock.move(seconds=600)
    assert "code" in silent(client, max_age="600")
    assert silent(client, max_age="599")["error"] == "login_required"
    came_back(client, mira)
    assert "code" in silent(client, max_age="0")


@pytest.mark.parametrize("age", ["", "-1", "soon", "1.5", "9999999999"])
def test_an_age_that_is_no_number_is_refused(client: TestClient, age: str) -> None:
    assert "AADSTS90023" in silent(client, max_age=age)["error_description"]


def test_a_browser_remembers_ten_people_at_most(client: TestClient, tenant: Tenant) -> None:
    people = [tenant.add_person(f"Guest {number}") for number in range(11)]
    for person in people:
        came_back(client, person)
    assert len(client.cookies["ESTSAUTH"].split(".")) == 10
    assert "AADSTS16000" in silent(client, login_hint=people[0].user_principal_name)["error_description"]
    assert "code" in silent(client, login_hint=people[1].user_principal_name)


def test_a_guest_is_told_apart_in_the_token(client: TestClient, tenant: Tenant, entra: Entra) -> None:
    guest = tenant.add_person("Gia Ferro", user_type="Guest")
    entra.state(guest).invitation_pending = True
    with pytest.raises(SignInStopped, match="AADSTS50014"):
        came_back(client, guest)
    entra.state(guest).invitation_pending = False
    assert shown(tokens(client, guest)["access_token"])["acct"] == 1
