"""The device code flow: the device's side, the person's page, and every way it can end."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from emulator.entra import DEMO_CLIENT_ID, Entra
from emulator.tenant import Person
from tests.emulator.entra.driver import AUTHORITY, LOGIN, NARROW_APP, SECRET_APP, Answer, Browser, Clock, Page, aadsts

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def start(client: TestClient, scope: str = "User.Read offline_access", app: str = DEMO_CLIENT_ID) -> Any:
    return client.post(f"{AUTHORITY}/oauth2/v2.0/devicecode", data={"client_id": app, "scope": scope})


def poll(client: TestClient, device_code: str, app: str = DEMO_CLIENT_ID, name: str = "device_code") -> Answer:
    form = {"grant_type": GRANT, "client_id": app, name: device_code}
    return client.post(f"{AUTHORITY}/oauth2/v2.0/token", data=form)


def open_with(browser: Browser, user_code: str) -> Page:
    return browser.submitted(browser.open(f"{LOGIN}/devicelogin"), user_code=user_code)


def test_a_device_gets_its_codes_and_what_to_say(client: TestClient) -> None:
    body = start(client).json()
    assert set(body) == {"user_code", "device_code", "verification_uri", "expires_in", "interval", "message"}
    assert (body["expires_in"], body["interval"]) == (900, 5)
    assert body["verification_uri"] == "https://microsoft.com/devicelogin"
    assert re.fullmatch(r"[CDFGHJKLMNPQRTVWX34679]{9}", body["user_code"])
    assert body["message"] == (
        "To sign in, use a web browser to open the page https://microsoft.com/devicelogin "
        f"and enter the code {body['user_code']} to authenticate."
    )


def test_the_page_can_be_elsewhere(client: TestClient, entra: Entra) -> None:
    entra.pages_url = "http://127.0.0.1:3000/"
    assert entra.pages_url == "http://127.0.0.1:3000/"
    assert start(client).json()["verification_uri"] == "http://127.0.0.1:3000/devicelogin"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        pytest.param({"scope": "User.Read"}, 900144, id="no client"),
        pytest.param({"client_id": DEMO_CLIENT_ID}, 900144, id="no scope"),
        pytest.param({"client_id": DEMO_CLIENT_ID, "scope": "  "}, 900144, id="blank scope"),
        pytest.param({"client_id": "unknown", "scope": "User.Read"}, 700016, id="unknown client"),
        pytest.param({"client_id": DEMO_CLIENT_ID, "scope": "User.Raed"}, 650053, id="misspelt scope"),
        pytest.param({"client_id": NARROW_APP, "scope": "Mail.Send"}, 90094, id="needs an administrator"),
        pytest.param({"client_id": DEMO_CLIENT_ID, "scope": "api://other/Read"}, 500011, id="unknown resource"),
        pytest.param({"client_id": DEMO_CLIENT_ID, "scope": "https://graph.microsoft.com/a/b"}, 500011, id="path"),
        pytest.param({"client_id": DEMO_CLIENT_ID, "scope": "User.Read .default"}, 70011, id="mixed with default"),
        pytest.param({"client_id": DEMO_CLIENT_ID, "scope": "User.Read\tX"}, 70011, id="odd characters"),
    ],
)
def test_a_device_request_that_cannot_be_is_refused(client: TestClient, form: dict[str, str], code: int) -> None:
    answer: Any = client.post(f"{AUTHORITY}/oauth2/v2.0/devicecode", data=form)
    assert answer.status_code == 400
    assert aadsts(answer) == code


def test_the_endpoint_takes_posts_only(client: TestClient) -> None:
    answer: Any = client.get(f"{AUTHORITY}/oauth2/v2.0/devicecode")
    assert answer.status_code == 405
    assert aadsts(answer) == 900561


def test_polling_waits_then_succeeds_then_never_again(client: TestClient, browser: Browser, mira: Person) -> None:
    flow = start(client).json()
    for _ in range(3):
        waiting = poll(client, flow["device_code"])
        assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
        assert aadsts(waiting) == 70016
    done = browser.submitted(open_with(browser, flow["user_code"]), person=mira.id, decision="accept")
    assert "You have signed in" in done.text
    assert "close this window" in done.text
    body = poll(client, flow["device_code"]).json()
    assert body["scope"] == "User.Read"
    assert body["refresh_token"]
    assert "id_token" not in body
    assert aadsts(poll(client, flow["device_code"])) == 54005


def test_the_old_name_of_the_device_code_is_taken_too(client: TestClient) -> None:
    assert aadsts(poll(client, start(client).json()["device_code"], name="code")) == 70016


def test_a_declined_sign_in_is_told_to_the_device(client: TestClient, browser: Browser) -> None:
    flow = start(client).json()
    assert "You declined" in browser.submitted(open_with(browser, flow["user_code"]), decision="cancel").text
    assert poll(client, flow["device_code"]).json()["error"] == "authorization_declined"


def test_an_expired_code_is_told_to_the_device_and_the_person(
    client: TestClient, browser: Browser, clock: Clock
) -> None:
    flow = start(client).json()
    clock.move(seconds=900)
    assert poll(client, flow["device_code"]).json()["error"] == "expired_token"
    assert aadsts(poll(client, flow["device_code"])) == 70020
    assert "expired" in open_with(browser, flow["user_code"]).text


def test_a_code_long_gone_is_forgotten(client: TestClient, clock: Clock) -> None:
    flow = start(client).json()
    clock.move(seconds=1801)
    start(client)
    assert aadsts(poll(client, flow["device_code"])) == 70018


@pytest.mark.parametrize(
    "app", [pytest.param(DEMO_CLIENT_ID, id="unknown"), pytest.param(NARROW_APP, id="not its own")]
)
def test_a_device_code_that_is_not_the_clients_is_refused(client: TestClient, app: str) -> None:
    device_code = "DAQnonsense" if app == DEMO_CLIENT_ID else start(client).json()["device_code"]
    answer = poll(client, device_code, app)
    assert answer.json()["error"] == "bad_verification_code"
    assert aadsts(answer) == 70018


def test_polling_without_a_code_is_refused(client: TestClient) -> None:
    assert aadsts(poll(client, "")) == 900144


def test_an_app_that_is_not_public_cannot_poll_without_its_secret(client: TestClient) -> None:
    flow = start(client, app=SECRET_APP).json()
    answer = poll(client, flow["device_code"], SECRET_APP)
    assert (answer.status_code, aadsts(answer)) == (401, 7000218)


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param(str.lower, id="lower case"),
        pytest.param(lambda code: f" {code[:3]}-{code[3:6]} {code[6:]} ", id="with dashes and blanks"),
    ],
)
def test_a_person_may_type_the_code_as_they_like(client: TestClient, browser: Browser, spelling: Any) -> None:
    page = open_with(browser, spelling(start(client).json()["user_code"]))
    assert page.people


def test_the_page_shows_who_asks_for_what_and_who_can_answer(
    client: TestClient, browser: Browser, mira: Person, tobias: Person
) -> None:
    page = open_with(browser, start(client, "User.Read openid", NARROW_APP).json()["user_code"])
    assert page.people == [mira.id, tobias.id]
    for text in ("Narrow <b>app</b>", "User.Read", "openid", "Mira Sandoval", "Office Manager", "Lindenhall"):
        assert text in page.text
    assert "b" not in page.tags


def test_the_people_can_be_searched(client: TestClient, browser: Browser, tobias: Person) -> None:
    page = open_with(browser, start(client).json()["user_code"])
    found = browser.submitted(page, search="okafor engineer", decision="search")
    assert found.people == [tobias.id]
    assert found.inputs["search"] == "okafor engineer"


@pytest.mark.parametrize("code", ["", "NOTACODE", "<script>alert(1)</script>"])
def test_a_wrong_code_may_be_typed_again(browser: Browser, code: str) -> None:
    page = open_with(browser, code)
    assert "That code is unknown" in page.text
    assert page.inputs["user_code"] == code
    assert "script" not in page.tags


def test_the_code_may_come_with_the_address(browser: Browser) -> None:
    assert browser.open(f"{LOGIN}/devicelogin?otc=ABC").inputs["user_code"] == "ABC"


def test_an_answered_code_is_of_no_further_use(client: TestClient, browser: Browser, mira: Person) -> None:
    flow = start(client).json()
    page = open_with(browser, flow["user_code"])
    browser.submit(page, person=mira.id, decision="accept")
    assert browser.submit(page, decision="cancel").status_code == 400
    assert "access_token" in poll(client, flow["device_code"]).json()


def test_nobody_and_a_disabled_person_cannot_answer(client: TestClient, browser: Browser, gone: Person) -> None:
    page = open_with(browser, start(client).json()["user_code"])
    assert "AADSTS50034" in browser.submitted(page, decision="accept").text
    again = browser.submit(page, person=gone.id, decision="accept")
    assert again.status_code == 400
    assert "AADSTS50057" in again.text


def test_a_person_disabled_before_the_device_asks_gets_no_token(
    client: TestClient, browser: Browser, mira: Person
) -> None:
    flow = start(client).json()
    browser.submit(open_with(browser, flow["user_code"]), person=mira.id, decision="accept")
    mira.account_enabled = False
    assert aadsts(poll(client, flow["device_code"])) == 50057


def test_the_page_suggests_who_signed_in_here_before(
    client: TestClient, browser: Browser, mira: Person, tobias: Person
) -> None:
    first = open_with(browser, start(client).json()["user_code"])
    assert first.chosen == mira.id
    browser.submit(first, person=tobias.id, decision="accept")
    assert open_with(browser, start(client).json()["user_code"]).chosen == tobias.id
