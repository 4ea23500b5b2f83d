"""Conditional Access: what each policy asks, on the page and at the token endpoint, and how it is met."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msal
import pytest
from starlette.testclient import TestClient

from emulator import SignInStopped, build_emulator
from emulator.entra import DEMO_CLIENT_ID, AppRegistration, Entra, Policy
from emulator.entra.accounts import Device
from emulator.tenant import Person, Tenant
from tests.emulator.entra.driver import (
    AUTHORITY,
    LOGIN,
    SECRET,
    SECRET_APP,
    Browser,
    Clock,
    MsalHttp,
    Page,
    aadsts,
    location,
)
from tests.emulator.entra.flows import REDIRECT, ask, came_back, link_to, redeem, refresh, shown, tokens, visit

GRAPH_ID = "00000003-0000-0000-c000-000000000000"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
WITH_C1 = json.dumps({"access_token": {"acrs": {"essential": True, "value": "c1"}}})


@pytest.fixture
def client(tenant: Tenant, entra: Entra, clock: Clock) -> Iterator[TestClient]:
    app = build_emulator(tenant, entra=entra, clock=clock)
    with TestClient(app, base_url=LOGIN, follow_redirects=False) as client:
        yield client


def refusal(answer: Any) -> tuple[int, str, str | None]:
    body = answer.json()
    return aadsts(answer), body["error"], body.get("suberror")


def policy_in(answer: Any) -> str:
    """The id of the policy that a refusal's claims name."""
    claims = json.loads(answer.json()["claims"])
    (named,) = claims["access_token"]["polids"]["values"]
    return str(named)


# --- a second factor


def test_a_second_factor_is_asked_for_on_the_page_and_then_holds(
    client: TestClient, entra: Entra, mira: Person
) -> None:
    before = tokens(client, mira)
    policy = entra.policies.add(Policy(grant="mfa"))
    answer = refresh(client, before)
    assert refusal(answer) == (50076, "interaction_required", "basic_action")
    assert policy_in(answer) == policy.id
    assert shown(before["access_token"])["amr"] == ["pwd"]
    after = tokens(client, mira)
    assert shown(after["access_token"])["amr"] == ["pwd", "mfa"]
    assert refresh(client, after).status_code == 200
    entra.policies.remove(policy)
    assert refresh(client, before).status_code == 200


def test_the_step_is_a_page_of_its_own_that_says_what_it_is(client: TestClient, entra: Entra, mira: Person) -> None:
    entra.policies.add(Policy(grant="mfa"))
    browser = Browser(client)
    answer = browser.submit(browser.open(link_to(state="s & s")), person=mira.id, decision="accept")
    page = Page(answer.text, link_to())
    assert "Approve the sign-in" in page.text
    assert "second factor" in page.text
    assert page.hidden["state"] == "s & s"
    assert "script" not in page.tags
    assert "form-action 'self' http://localhost:5000;" in answer.headers["content-security-policy"]
    assert set(location(browser.submit(page, decision="accept"))) == {"code", "state", "session_state"}


def test_who_turns_the_second_factor_down_is_not_signed_in(client: TestClient, entra: Entra, mira: Person) -> None:
    before = tokens(client, mira)
    entra.policies.add(Policy(grant="mfa"))
    fields = came_back(client, mira, willing=False)
    assert fields["error"] == "access_denied"
    assert refusal(refresh(client, before)) == (50074, "interaction_required", "basic_action")
    assert tokens(client, mira)
    assert aadsts(refresh(client, before)) == 50076


def test_who_has_no_second_factor_enrols_first(client: TestClient, entra: Entra, mira: Person) -> None:
    before = tokens(client, mira)
    entra.policies.add(Policy(grant="mfa"))
    entra.state(mira).second_factor = False
    assert refusal(refresh(client, before)) == (50079, "interaction_required", "basic_action")
    fields = location(client.get(link_to(prompt="none")))
    assert fields["error"] == "interaction_required"
    assert "AADSTS50072" in fields["error_description"]
    assert shown(tokens(client, mira)["access_token"])["amr"] == ["pwd", "mfa"]
    assert entra.state(mira).second_factor


def test_a_second_factor_gets_old(client: TestClient, entra: Entra, mira: Person, clock: Clock) -> None:
    entra.policies.add(Policy(grant="mfa", sign_in_frequency=3600))
    body = tokens(client, mira)
    clock.move(seconds=3599)
    assert refresh(client, body).status_code == 200
    clock.move(seconds=1)
    assert refusal(refresh(client, body)) == (50078, "interaction_required", "basic_action")
    assert refresh(client, tokens(client, mira)).status_code == 200


def test_a_silent_sign_in_needs_the_second_factor_of_its_session(
    client: TestClient, entra: Entra, mira: Person
) -> None:
    came_back(client, mira)
    entra.policies.add(Policy(grant="mfa"))
    fields = location(client.get(link_to(prompt="none")))
    assert (fields["error"], "AADSTS50076" in fields["error_description"]) == ("interaction_required", True)
    came_back(client, mira)
    assert "code" in location(client.get(link_to(prompt="none")))


def test_a_policy_that_comes_between_code_and_token_counts(client: TestClient, entra: Entra, mira: Person) -> None:
    code = came_back(client, mira)["code"]
    policy = entra.policies.add(Policy(grant="block"))
    assert aadsts(redeem(client, code)) == 53003
    entra.policies.remove(policy)
    assert redeem(client, code).status_code == 200


# --- everything else that a policy can ask


@pytest.mark.parametrize(
    ("grant", "device", "code", "suberror"),
    [
        pytest.param("block", "compliant", 53003, "message_only", id="blocked"),
        pytest.param("approved_app", "compliant", 53002, "additional_action", id="app not approved"),
        pytest.param("compliant_device", "registered", 53000, "additional_action", id="device not compliant"),
        pytest.param("compliant_device", "unknown", 50097, "basic_action", id="device unknown"),
        pytest.param("domain_joined", "registered", 53001, "additional_action", id="device not joined"),
    ],
)
def test_some_policies_no_page_can_meet(
    client: TestClient, entra: Entra, mira: Person, *, grant: Any, device: Device, code: int, suberror: str
) -> None:
    body = tokens(client, mira)
    entra.state(mira).device = device
    entra.policies.add(Policy(grant=grant))
    assert refusal(refresh(client, body)) == (code, "interaction_required", suberror)
    with pytest.raises(SignInStopped, match=f"AADSTS{code}: "):
        came_back(client, mira)
    entra.policies.clear()
    assert refresh(client, body).status_code == 200


@pytest.mark.parametrize(
    ("grant", "device"),
    [
        pytest.param("compliant_device", "compliant", id="compliant"),
        pytest.param("domain_joined", "joined", id="joined"),
    ],
)
def test_the_right_device_meets_a_policy(
    client: TestClient, entra: Entra, mira: Person, grant: Any, device: Device
) -> None:
    entra.policies.add(Policy(grant=grant))
    entra.state(mira).device = device
    assert refresh(client, tokens(client, mira)).status_code == 200


def test_an_approved_app_passes(client: TestClient, entra: Entra, mira: Person) -> None:
    entra.policies.add(Policy(grant="approved_app"))
    entra.policies.approved_apps.add(DEMO_CLIENT_ID)
    assert tokens(client, mira)


def test_terms_are_accepted_once(client: TestClient, entra: Entra, mira: Person, tobias: Person) -> None:
    body = tokens(client, mira)
    entra.policies.add(Policy(grant="terms"))
    assert refusal(refresh(client, body)) == (50158, "interaction_required", "basic_action")
    assert came_back(client, mira, willing=False)["error"] == "access_denied"
    tokens(client, mira)
    assert refresh(client, body).status_code == 200
    assert "proofs" in Page(post_choice(client, tobias), link_to()).hidden


def post_choice(client: TestClient, person: Person) -> str:
    browser = Browser(client)
    return browser.submit(browser.open(link_to()), person=person.id, decision="accept").text


def test_clearing_the_policies_forgets_who_accepted_what(client: TestClient, entra: Entra, mira: Person) -> None:
    policy = entra.policies.add(Policy(grant="terms"))
    tokens(client, mira)
    entra.policies.clear()
    body = tokens(client, mira)
    entra.policies.add(policy)
    assert aadsts(refresh(client, body)) == 50158


def test_a_password_change_is_asked_for_once(client: TestClient, entra: Entra, mira: Person) -> None:
    body = tokens(client, mira)
    entra.policies.add(Policy(grant="password_change"))
    assert refusal(refresh(client, body)) == (50142, "interaction_required", "user_password_expired")
    after = tokens(client, mira)
    assert refresh(client, after).status_code == 200
    assert aadsts(refresh(client, body)) == 50173


def test_a_person_who_owes_several_things_does_them_one_after_another(
    client: TestClient, entra: Entra, mira: Person
) -> None:
    for grant in ("terms", "mfa", "password_change"):
        entra.policies.add(Policy(grant=grant))
    entra.state(mira).second_factor = False
    entra.state(mira).password_expired = True
    browser, page, titles = Browser(client), Page(post_choice(client, mira), link_to()), []
    while "proofs" in page.hidden:
        titles.append(page.hidden["proofs"].split())
        answer = browser.submit(page, decision="accept")
        page = Page(answer.text, link_to())
    assert "code" in location(answer)
    assert titles[-1] == ["enrol", "password", "terms"]


def test_a_sign_in_gets_old(client: TestClient, entra: Entra, mira: Person, clock: Clock) -> None:
    entra.policies.add(Policy(sign_in_frequency=86_400))
    body = tokens(client, mira)
    clock.move(seconds=86_399)
    body = refresh(client, body).json()
    clock.move(seconds=1)
    answer = refresh(client, body)
    assert refusal(answer) == (70043, "invalid_grant", "token_expired")
    assert "may live for 86400 seconds" in answer.json()["error_description"]
    assert refresh(client, tokens(client, mira)).status_code == 200


def test_signing_in_every_time_leaves_time_to_redeem_the_code(
    client: TestClient, entra: Entra, mira: Person, clock: Clock
) -> None:
    entra.policies.add(Policy(sign_in_frequency=0))
    body = tokens(client, mira)
    clock.move(seconds=300)
    assert aadsts(refresh(client, body)) == 70043


# --- for whom and for what


def test_a_policy_is_for_the_people_apps_and_resources_it_names(
    client: TestClient, entra: Entra, mira: Person, tobias: Person
) -> None:
    mine, theirs = tokens(client, mira), tokens(client, tobias)
    for policy, is_hit in (
        (Policy(grant="block", users=[mira]), True),
        (Policy(grant="block", users=[tobias]), False),
        (Policy(grant="block", apps=[DEMO_CLIENT_ID]), True),
        (Policy(grant="block", apps=[SECRET_APP]), False),
        (Policy(grant="block", resources=[GRAPH_ID]), True),
        (Policy(grant="block", resources=["another"]), False),
    ):
        entra.policies.clear()
        entra.policies.add(policy)
        assert (refresh(client, mine).status_code == 400) is is_hit
    entra.policies.clear()
    entra.policies.add(Policy(grant="block", users=[mira]))
    assert refresh(client, theirs).status_code == 200


def test_the_gravest_obstacle_is_told_first(client: TestClient, entra: Entra, mira: Person) -> None:
    body = tokens(client, mira)
    entra.policies.add(Policy(grant="terms"))
    entra.policies.add(Policy(grant="mfa"))
    assert aadsts(refresh(client, body)) == 50076
    entra.policies.add(Policy(grant="block"))
    assert aadsts(refresh(client, body)) == 53003


def test_other_tenants_people_are_not_under_this_ones_policies(client: TestClient, entra: Entra) -> None:
    outsider = entra.add_outsider("Omar Reyes", "omar@fabrikam.example", "22222222-3333-4444-8555-666666666666")
    entra.policies.add(Policy(grant="block"))
    assert refresh(client, tokens(client, outsider, "common"), "common").status_code == 200


def test_on_behalf_of_somebody_needs_what_they_need(client: TestClient, entra: Entra, mira: Person) -> None:
    api = AppRegistration(
        SECRET_APP,
        "An API",
        ("http://localhost",),
        secrets=(SECRET,),
        identifier_uris=("api://lindenhall",),
        exposed_scopes=("access",),
    )
    entra.register(api)
    entra.grant_admin_consent(SECRET_APP, ["User.Read"])
    graph_only = Policy(grant="mfa", resources=[GRAPH_ID])
    plain = tokens(client, mira, scope="api://lindenhall/access")
    entra.policies.add(graph_only)
    answer = traded(client, plain)
    assert refusal(answer) == (50076, "interaction_required", "basic_action")
    assert policy_in(answer) == graph_only.id
    entra.policies.add(Policy(grant="mfa", apps=[DEMO_CLIENT_ID]))
    assert traded(client, tokens(client, mira, scope="api://lindenhall/access")).status_code == 200


def traded(client: TestClient, body: Any) -> Any:
    return ask(
        client,
        client_id=SECRET_APP,
        client_secret=SECRET,
        grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer",
        requested_token_use="on_behalf_of",
        assertion=body["access_token"],
        scope="User.Read",
    )


# --- authentication contexts


def test_a_context_that_is_asked_for_is_in_the_token(client: TestClient, mira: Person) -> None:
    plain = tokens(client, mira)
    assert "acrs" not in shown(plain["access_token"])
    with_context = refresh(client, plain, claims=WITH_C1).json()
    assert shown(with_context["access_token"])["acrs"] == ["c1"]
    several = json.dumps({"access_token": {"acrs": {"values": ["c2", "c3"]}, "nbf": {"value": "1"}}})
    assert shown(refresh(client, plain, claims=several).json()["access_token"])["acrs"] == ["c2", "c3"]


def test_a_context_can_have_a_policy_of_its_own(client: TestClient, entra: Entra, mira: Person) -> None:
    plain = tokens(client, mira)
    entra.policies.add(Policy(grant="mfa", auth_context="c1"))
    assert refresh(client, plain).status_code == 200
    answer = refresh(client, plain, claims=WITH_C1)
    assert aadsts(answer) == 50076
    claims = json.loads(answer.json()["claims"])["access_token"]
    assert claims["acrs"] == {"essential": True, "value": "c1"}
    met = tokens(client, mira, claims=answer.json()["claims"])
    assert shown(met["access_token"])["acrs"] == ["c1"]
    assert shown(refresh(client, met).json()["access_token"])["acrs"] == ["c1"]


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("[]", id="no object"),
        pytest.param('{"access_token": {"acrs": "c1"}}', id="a member that is no object"),
        pytest.param('{"access_token": {"acrs": {"values": "c1"}}}', id="values that are no list"),
        pytest.param("[" * 100_000, id="deeply nested"),
    ],
)
def test_claims_that_make_no_sense_are_refused(client: TestClient, mira: Person, claims: str) -> None:
    assert aadsts(refresh(client, tokens(client, mira), claims=claims)) == 9002313


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param("{}", id="nothing"),
        pytest.param('{"access_token": null}', id="null"),
        pytest.param('{"access_token": {"acrs": null}}', id="whatever there is"),
        pytest.param('{"id_token": {"auth_time": null}}', id="of another token"),
    ],
)
def test_claims_may_ask_for_nothing(client: TestClient, mira: Person, claims: str) -> None:
    assert refresh(client, tokens(client, mira), claims=claims).status_code == 200


def test_claims_that_make_no_sense_go_back_from_the_page(client: TestClient) -> None:
    assert "AADSTS9002313" in location(client.get(link_to(claims="{")))["error_description"]


# --- device codes


def device_flow(client: TestClient, **form: str) -> Any:
    fields = {"client_id": DEMO_CLIENT_ID, "scope": "User.Read offline_access", **form}
    return client.post(f"{AUTHORITY}/oauth2/v2.0/devicecode", data=fields).json()


def answered(client: TestClient, flow: Any, person: Person, **fields: str) -> Page:
    """The page that a person sees after they typed the code and chose themselves."""
    browser = Browser(client)
    page = browser.submitted(browser.open(f"{LOGIN}/devicelogin"), user_code=flow["user_code"])
    return browser.submitted(page, person=person.id, decision="accept", **fields)


def test_device_codes_can_be_blocked(client: TestClient, entra: Entra, mira: Person) -> None:
    early, late = device_flow(client), device_flow(client)
    answered(client, early, mira)
    entra.policies.add(Policy(blocks_device_code=True))
    assert "AADSTS53003" in answered(client, late, mira).text
    assert aadsts(ask(client, grant_type=DEVICE_GRANT, device_code=late["device_code"])) == 70016
    assert aadsts(ask(client, grant_type=DEVICE_GRANT, device_code=early["device_code"])) == 53003
    assert tokens(client, mira)
    entra.policies.clear()
    assert ask(client, grant_type=DEVICE_GRANT, device_code=early["device_code"]).status_code == 200


def test_nobody_vouches_for_the_device_behind_a_device_code(client: TestClient, entra: Entra, mira: Person) -> None:
    entra.policies.add(Policy(grant="compliant_device"))
    entra.state(mira).device = "compliant"
    assert "AADSTS50097" in answered(client, device_flow(client), mira).text
    assert tokens(client, mira)


def test_a_device_code_takes_a_second_factor_and_a_context(client: TestClient, entra: Entra, mira: Person) -> None:
    entra.policies.add(Policy(grant="mfa", auth_context="c1"))
    flow = device_flow(client, claims=WITH_C1)
    page = answered(client, flow, mira)
    assert "second factor" in page.text
    assert "You have signed in" in Browser(client).submitted(page, decision="accept").text
    body = ask(client, grant_type=DEVICE_GRANT, device_code=flow["device_code"]).json()
    claims = shown(body["access_token"])
    assert (claims["amr"], claims["acrs"]) == (["pwd", "mfa"], ["c1"])


def test_turning_the_second_factor_down_declines_the_device(client: TestClient, entra: Entra, mira: Person) -> None:
    entra.policies.add(Policy(grant="mfa"))
    flow = device_flow(client)
    page = answered(client, flow, mira)
    assert "You declined" in Browser(client).submitted(page, decision="cancel").text
    answer = ask(client, grant_type=DEVICE_GRANT, device_code=flow["device_code"])
    assert answer.json()["error"] == "authorization_declined"
    assert entra.state(mira).factor_refused


# --- with MSAL


def test_msal_hands_on_the_claims_and_meets_them(client: TestClient, entra: Entra, mira: Person) -> None:
    app = msal.PublicClientApplication(
        DEMO_CLIENT_ID, authority=AUTHORITY, http_client=MsalHttp(client), client_capabilities=["cp1"]
    )
    sign_in_with(app, client, mira)
    entra.policies.add(Policy(grant="mfa"))
    account = app.get_accounts()[0]
    refused = app.acquire_token_silent_with_error(["User.Read"], account, force_refresh=True)
    assert (refused["error"], refused["suberror"]) == ("interaction_required", "basic_action")
    granted = sign_in_with(app, client, mira, claims_challenge=refused["claims"])
    claims = shown(granted["access_token"])
    assert (claims["amr"], claims["xms_cc"]) == (["pwd", "mfa"], ["cp1"])
    assert "access_token" in app.acquire_token_silent_with_error(["User.Read"], account, force_refresh=True)


def sign_in_with(app: msal.PublicClientApplication, client: TestClient, person: Person, **asked: Any) -> dict[str, Any]:
    flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=REDIRECT, response_mode="form_post", **asked)
    return dict(app.acquire_token_by_auth_code_flow(flow, visit(client, flow["auth_uri"], person)))
