"""The authorization endpoint: the people picker, where answers may go, and what is refused where."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from emulator.entra import DEMO_CLIENT_ID, AppRegistration, Entra
from emulator.tenant import Person, Tenant
from tests.emulator.entra.driver import (
    AUTHORITY,
    CERTIFICATE_APP,
    LOGIN,
    NARROW_APP,
    SECRET_APP,
    WEB_REDIRECT,
    Browser,
    Clock,
    Page,
    location,
)

REDIRECT = "http://localhost:5000"
ASKED = {"client_id": DEMO_CLIENT_ID, "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid User.Read"}


def address(**changes: str | None) -> str:
    fields = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}
    return f"{AUTHORITY}/oauth2/v2.0/authorize?{urlencode(fields)}"


def sign_in(browser: Browser, person: Person, **changes: str | None) -> dict[str, str]:
    return location(browser.submit(browser.open(address(**changes)), person=person.id, decision="accept"))


def test_the_page_lists_who_can_sign_in_and_what_is_asked(browser: Browser, mira: Person, tobias: Person) -> None:
    page = browser.open(address())
    assert page.people == [mira.id, tobias.id]
    for text in (
        "Graphward demo",
        "User.Read",
        "openid",
        mira.user_principal_name,
        "Engineer",
        "Sign in to Lindenhall",
    ):
        assert text in page.text
    assert page.chosen == mira.id  # the demo's own person, as nobody is hinted at
    assert page.hidden == ASKED


def test_the_page_needs_no_scripts_and_forbids_them(browser: Browser) -> None:
    answer = browser.answer(address())
    assert "script" not in Page(answer.text, "").tags
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'none'" in policy
    assert "unsafe" not in policy
    assert "form-action 'self' http://localhost:5000;" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"


def test_the_choice_sends_a_code_back_with_the_state(browser: Browser, mira: Person) -> None:
    answer = sign_in(browser, mira, state="a state & more")
    assert set(answer) == {"code", "state", "session_state"}
    assert answer["state"] == "a state & more"


def test_a_request_may_be_posted(client: TestClient, mira: Person) -> None:
    url = f"{AUTHORITY}/oauth2/v2.0/authorize"
    answer: Any = client.post(url, data={**ASKED, "state": "s"})
    page = Page(answer.text, url)
    assert location(Browser(client).submit(page, person=mira.id, decision="accept"))["state"] == "s"


def test_an_answer_joins_the_query_of_a_registered_address(browser: Browser, mira: Person) -> None:
    page = browser.open(address(client_id=SECRET_APP, redirect_uri=WEB_REDIRECT))
    answer = browser.submit(page, person=mira.id, decision="accept")
    assert answer.headers["location"].startswith(f"{WEB_REDIRECT}&code=")


def test_a_single_registered_address_need_not_be_named(browser: Browser, mira: Person) -> None:
    page = browser.open(address(client_id=SECRET_APP, redirect_uri=None))
    assert browser.submit(page, person=mira.id, decision="accept").headers["location"].startswith(WEB_REDIRECT)


def test_form_post_can_be_sent_by_hand_or_by_its_one_allowed_script(browser: Browser, mira: Person) -> None:
    asked = browser.open(address(response_mode="form_post", state="<s>"))
    answer = browser.submit(asked, person=mira.id, decision="accept")
    page = Page(answer.text, "")
    assert (page.action, page.method) == (REDIRECT, "post")
    assert page.hidden["state"] == "<s>"
    assert "button" in page.tags
    assert "script-src 'sha256-" in answer.headers["content-security-policy"]


def test_an_app_with_its_own_scheme_is_reached_and_allowed_by_the_policy(browser: Browser, mira: Person) -> None:
    page = address(client_id=NARROW_APP, redirect_uri="narrow.app://auth")
    assert "form-action 'self' narrow.app:;" in browser.answer(page).headers["content-security-policy"]
    answer = browser.submit(browser.open(page), person=mira.id, decision="accept")
    assert answer.headers["location"].startswith("narrow.app://auth?code=")


@pytest.mark.parametrize(
    ("client_id", "redirect_uri"),
    [
        pytest.param(DEMO_CLIENT_ID, "http://localhost", id="as registered"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost:65000/", id="port and slash"),
        pytest.param(DEMO_CLIENT_ID, "http://127.0.0.1:8400", id="address and port"),
        pytest.param(DEMO_CLIENT_ID, "HTTP://LOCALHOST:9", id="capitals"),
        pytest.param(NARROW_APP, "http://localhost:1234/back", id="path and port"),
    ],
)
def test_loopback_addresses_match_on_any_port(browser: Browser, client_id: str, redirect_uri: str) -> None:
    assert browser.open(address(client_id=client_id, redirect_uri=redirect_uri)).people


@pytest.mark.parametrize(
    ("client_id", "redirect_uri"),
    [
        pytest.param(DEMO_CLIENT_ID, "https://evil.example/", id="other host"),
        pytest.param(DEMO_CLIENT_ID, "https://localhost:5000", id="other scheme"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost.evil.example", id="host that begins alike"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost@evil.example", id="host in front of an at sign"),
        pytest.param(DEMO_CLIENT_ID, "http://me@localhost:5000", id="user name"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost:5000/other", id="other path"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost:5000?a=b", id="other query"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost:5000/#x", id="fragment"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost:port", id="port that is no number"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost:0", id="port zero"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost:5000\r\nX: y", id="line break"),
        pytest.param(DEMO_CLIENT_ID, "http://localhost:5000/\n", id="line break at the end"),
        pytest.param(DEMO_CLIENT_ID, "http://local\thost:5000", id="tab within"),
        pytest.param(DEMO_CLIENT_ID, " http://localhost:5000", id="blank in front"),
        pytest.param(DEMO_CLIENT_ID, "http:\\\\localhost", id="backslashes"),
        pytest.param(DEMO_CLIENT_ID, "javascript:alert(1)", id="script"),
        pytest.param(NARROW_APP, "http://127.0.0.1:1/back", id="host that is not registered"),
        pytest.param(SECRET_APP, "https://app.lindenhall.example:444/callback?from=entra", id="port of a web address"),
        pytest.param(SECRET_APP, "https://app.lindenhall.example/callback", id="query left out"),
    ],
)
@pytest.mark.parametrize("cancel", [pytest.param(False, id="asked"), pytest.param(True, id="cancelled")])
def test_an_unregistered_address_gets_a_page_and_never_a_redirect(
    client: TestClient, client_id: str, redirect_uri: str, *, cancel: bool
) -> None:
    fields = {**ASKED, "client_id": client_id, "redirect_uri": redirect_uri}
    more = {"decision": "cancel"} if cancel else {}
    answer = client.post(f"{AUTHORITY}/oauth2/v2.0/authorize", data={**fields, **more})
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "AADSTS50011" in answer.text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"client_id": None}, 900144, id="no client"),
        pytest.param({"client_id": "no-such-app"}, 700016, id="unknown client"),
        pytest.param({"redirect_uri": None}, 900971, id="no address"),
        pytest.param({"client_id": CERTIFICATE_APP, "redirect_uri": None}, 900971, id="app without an address"),
    ],
)
def test_a_request_that_nobody_can_be_sent_back_from_gets_a_page(
    browser: Browser, changes: dict[str, str | None], code: int
) -> None:
    answer = browser.answer(address(**changes))
    assert answer.status_code == 400
    assert f"AADSTS{code}:" in answer.text
    assert answer.headers["x-ms-request-id"] in answer.text


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        pytest.param({"response_type": None}, "invalid_request", 900144, id="no response type"),
        pytest.param({"response_type": "id_token"}, "unsupported_response_type", 700054, id="implicit"),
        pytest.param({"response_type": "coffee"}, "unsupported_response_type", 70005, id="unknown response type"),
        pytest.param({"response_mode": "pigeon"}, "invalid_request", 90023, id="unknown response mode"),
        pytest.param({"prompt": "nag"}, "invalid_request", 90023, id="unknown prompt"),
        pytest.param({"scope": None}, "invalid_request", 900144, id="no scope"),
        pytest.param({"scope": "User.Raed"}, "invalid_client", 650053, id="misspelt scope"),
        pytest.param({"scope": "https://vault.example/x"}, "invalid_resource", 500011, id="unknown resource"),
        pytest.param({"scope": ".default Mail.Read"}, "invalid_scope", 70011, id="mixed with default"),
        pytest.param({"code_challenge": "short"}, "invalid_request", 501491, id="short challenge"),
        pytest.param({"code_challenge": "x" * 42 + "!"}, "invalid_request", 501491, id="odd challenge"),
        pytest.param({"code_challenge_method": "S256"}, "invalid_request", 501491, id="method without challenge"),
        pytest.param(
            {"code_challenge": "x" * 43, "code_challenge_method": "S1"}, "invalid_request", 50147, id="unknown method"
        ),
        pytest.param({"prompt": "none"}, "login_required", 50058, id="nobody is signed in"),
    ],
)
def test_other_mistakes_go_back_to_the_app(
    browser: Browser, changes: dict[str, str | None], error: str, code: int
) -> None:
    raw = browser.answer(address(**{"state": "s-1", **changes}))
    answer = location(raw)
    assert (answer["error"], answer["state"]) == (error, "s-1")
    assert answer["error_description"].startswith(f"AADSTS{code}: ")
    assert f"Trace ID: {raw.headers['x-ms-request-id']}\r\n" in answer["error_description"]


def test_a_cancelled_sign_in_goes_back_as_access_denied(browser: Browser) -> None:
    answer = location(browser.submit(browser.open(address()), decision="cancel"))
    assert (answer["error"], answer["error_subcode"]) == ("access_denied", "cancel")
    assert "AADSTS65004" in answer["error_description"]


def test_permissions_beyond_the_registration_need_an_administrator(browser: Browser) -> None:
    url = address(client_id=NARROW_APP, redirect_uri="http://localhost:7/back", scope="Mail.Send User.Read")
    answer = location(browser.answer(url))
    assert answer["error"] == "consent_required"
    assert "'Mail.Send'" in answer["error_description"]


def test_a_hint_chooses_the_person(browser: Browser, tobias: Person) -> None:
    assert browser.open(address(login_hint=tobias.user_principal_name.upper())).chosen == tobias.id
    assert browser.open(address(login_hint="nobody@lindenhall.example")).chosen is None


def test_searching_narrows_the_list_and_keeps_the_request(browser: Browser, mira: Person) -> None:
    page = browser.open(address(state="kept"))
    found = browser.submitted(page, search="MIRA", decision="search")
    assert found.people == [mira.id]
    assert found.hidden == {**ASKED, "state": "kept"}
    assert "Nobody by that name" in browser.submitted(page, search="zzz", decision="search").text


def test_nobody_and_a_disabled_person_cannot_sign_in(browser: Browser, gone: Person) -> None:
    page = browser.open(address())
    nobody = browser.submit(page, decision="accept")
    assert nobody.status_code == 400
    assert "AADSTS50034" in nobody.text
    assert "AADSTS50057" in browser.submit(page, person=gone.id, decision="accept").text


def test_an_address_alone_never_signs_anybody_in(browser: Browser, mira: Person) -> None:
    answer = browser.answer(address(person=mira.id, decision="accept"))
    assert answer.status_code == 200
    assert Page(answer.text, "").people


def test_a_session_lets_the_next_sign_in_pass_silently(browser: Browser, mira: Person) -> None:
    first = sign_in(browser, mira)
    second = location(browser.answer(address(prompt="none")))
    assert second["code"] != first["code"]
    assert second["session_state"] == first["session_state"]


@pytest.mark.parametrize(
    ("prompt", "is_chosen"),
    [
        pytest.param(None, True, id="no prompt"),
        pytest.param("consent", True, id="consent"),
        pytest.param("login", False, id="login"),
        pytest.param("select_account", False, id="select account"),
    ],
)
def test_a_session_suggests_its_person(
    browser: Browser, mira: Person, tobias: Person, prompt: str | None, *, is_chosen: bool
) -> None:
    sign_in(browser, tobias)
    assert browser.open(address(prompt=prompt)).chosen == (tobias if is_chosen else mira).id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"login_hint": "tobias.okafor@lindenhall.example"}, 16000, id="somebody else"),
        pytest.param({"scope": "Mail.Read"}, 65001, id="not agreed to"),
    ],
)
def test_a_silent_sign_in_that_needs_a_person_says_so(
    browser: Browser, mira: Person, changes: dict[str, str], code: int
) -> None:
    sign_in(browser, mira)
    answer = location(browser.answer(address(prompt="none", **changes)))
    assert answer["error"] == "interaction_required"
    assert f"AADSTS{code}" in answer["error_description"]


def test_a_session_ends_after_a_day_or_with_its_person(browser: Browser, mira: Person, clock: Clock) -> None:
    sign_in(browser, mira)
    mira.account_enabled = False
    assert location(browser.answer(address(prompt="none")))["error"] == "login_required"
    mira.account_enabled = True
    assert "code" in location(browser.answer(address(prompt="none")))
    clock.move(days=1)
    assert location(browser.answer(address(prompt="none")))["error"] == "login_required"


def test_signing_in_and_out_without_an_application(
    browser: Browser, mira: Person, tobias: Person, gone: Person
) -> None:
    page = browser.open(f"{AUTHORITY}/login")
    assert browser.submitted(page, search="mira", decision="search").people == [mira.id]
    assert "AADSTS50057" in browser.submitted(page, person=gone.id, decision="accept").text
    assert "signed in as Tobias Okafor" in browser.submitted(page, person=tobias.id, decision="accept").text
    assert browser.open(address()).chosen == tobias.id
    assert "You signed out" in browser.open(f"{AUTHORITY}/oauth2/v2.0/logout").text
    assert browser.open(address()).chosen == mira.id


def test_signing_out_ends_the_session_wherever_its_cookie_still_is(
    client: TestClient, browser: Browser, mira: Person
) -> None:
    sign_in(browser, mira)
    kept = client.cookies["ESTSAUTH"]
    browser.open(f"{AUTHORITY}/oauth2/v2.0/logout")
    client.cookies.clear()
    client.cookies["ESTSAUTH"] = kept
    assert location(browser.answer(address(prompt="none")))["error"] == "login_required"


def test_signing_out_leads_back_to_registered_addresses_only(browser: Browser) -> None:
    logout = f"{AUTHORITY}/oauth2/v2.0/logout?post_logout_redirect_uri="
    assert browser.answer(f"{logout}http://localhost:99").headers["location"] == "http://localhost:99"
    answer = browser.answer(f"{logout}https://evil.example/")
    assert answer.status_code == 200
    assert "location" not in answer.headers


def test_a_tenant_without_people_still_has_a_page(clock: Clock) -> None:
    entra = Entra(Tenant(), clock=clock)
    with TestClient(Starlette(routes=entra.routes), base_url=LOGIN) as client:
        assert "Nobody by that name" in client.get("/common/login").text


HOSTILE = "\"><script>alert(1)</script><b x='&lt;"


def test_nothing_that_a_stranger_sends_becomes_markup(
    browser: Browser, entra: Entra, tenant: Tenant, mira: Person
) -> None:
    entra.register(AppRegistration("evil-app", HOSTILE, ("http://localhost",), allow_public_client=True))
    tenant.add_person(HOSTILE, id=HOSTILE, user_principal_name="x@lindenhall.example", job_title=HOSTILE)
    fields = {"client_id": "evil-app", "state": HOSTILE, "login_hint": HOSTILE, HOSTILE: HOSTILE}
    page = browser.open(address(**fields))
    assert not {"script", "b"} & set(page.tags)
    assert page.hidden == {**ASKED, **fields}
    assert HOSTILE in page.people
    found = browser.submitted(page, search=HOSTILE, decision="search")
    assert not {"script", "b"} & set(found.tags)
    assert found.inputs["search"] == HOSTILE
    wrong = browser.open(address(redirect_uri=HOSTILE, client_id="evil-app"))
    assert not {"script", "b"} & set(wrong.tags)
    assert "AADSTS50011" in wrong.text


@given(state=st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x00"), max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_every_state_comes_back_as_it_went(browser: Browser, mira: Person, state: str) -> None:
    assert sign_in(browser, mira, state=state).get("state", "") == state


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param("client_id=a&client_id=b", 9000411, id="twice"),
        pytest.param("&".join(f"a{number}=1" for number in range(101)), 9002313, id="too many"),
        pytest.param("client_id=%ff", 9002313, id="no UTF-8"),
    ],
)
def test_a_malformed_query_is_refused(browser: Browser, query: str, code: int) -> None:
    answer = browser.answer(f"{AUTHORITY}/oauth2/v2.0/authorize?{query}")
    assert answer.status_code == 400
    assert f"AADSTS{code}" in answer.text


def test_the_error_page_names_the_callers_own_request_id(client: TestClient) -> None:
    answer = client.get(f"{LOGIN}/common/oauth2/v2.0/authorize", headers={"client-request-id": "my-own-id"})
    assert "my-own-id" in answer.text
    assert answer.headers["client-request-id"] == "my-own-id"
