"""Admin consent: the page, who may accept on it, and what everybody has afterwards."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from emulator.entra import Entra
from emulator.tenant import Person, Tenant
from tests.emulator.entra.api_flows import (
    ACCESS,
    API_APP,
    OTHER_API,
    OTHER_URI,
    REDIRECT,
    api,
    other_api,
    read,
    trade,
    user_token,
)
from tests.emulator.entra.driver import AUTHORITY, LOGIN, SECRET, TENANT_ID, Browser, aadsts, location


@pytest.fixture(autouse=True)
def apis(entra: Entra) -> None:
    entra.register(api())
    entra.register(other_api())


def link(version: str = "/v2.0", base: str = AUTHORITY, **changes: str) -> str:
    asked = {"client_id": API_APP, "redirect_uri": REDIRECT, "state": "kept & safe"}
    query = {name: value for name, value in {**asked, **changes}.items() if value}
    return f"{base}{version}/adminconsent?{urlencode(query)}"


def answered(browser: Browser, url: str, person: Person, decision: str = "accept") -> Any:
    return browser.submit(browser.open(url), person=person.id, decision=decision)


def test_what_an_administrator_accepts_counts_for_everybody(
    client: TestClient, browser: Browser, mira: Person, tobias: Person
) -> None:
    assertion = user_token(client, tobias)
    assert aadsts(trade(client, assertion, scope="Mail.Read")) == 65001
    answer = location(answered(browser, link(scope="https://graph.microsoft.com/Mail.Read"), mira))
    assert answer == {
        "admin_consent": "True",
        "tenant": TENANT_ID,
        "scope": "https://graph.microsoft.com/Mail.Read",
        "state": "kept & safe",
    }
    assert trade(client, assertion, scope="Mail.Read").status_code == 200
    assert aadsts(trade(client, assertion, scope="User.Read")) == 65001


def test_the_older_address_means_all_that_is_registered(
    client: TestClient, browser: Browser, mira: Person, tobias: Person
) -> None:
    answer = location(answered(browser, link("", state=""), mira))
    assert answer == {"admin_consent": "True", "tenant": TENANT_ID}
    body = trade(client, user_token(client, tobias), scope=".default").json()
    assert read(body["access_token"])["scp"] == "Mail.Read User.Read"


def test_default_means_all_that_is_registered_for_the_resource(
    client: TestClient, browser: Browser, mira: Person, tobias: Person
) -> None:
    answered(browser, link(scope=f"{OTHER_URI}/.default"), mira)
    body = trade(client, user_token(client, tobias), scope=f"{OTHER_URI}/Items.Read").json()
    assert read(body["access_token"])["aud"] == OTHER_API


def test_several_resources_are_granted_at_once(
    client: TestClient, browser: Browser, mira: Person, tobias: Person
) -> None:
    answered(browser, link(scope=f"User.Read {OTHER_URI}/Items.Read"), mira)
    for scope in ("User.Read", f"{OTHER_URI}/Items.Read"):
        assert trade(client, user_token(client, tobias), scope=scope).status_code == 200


def test_the_page_names_the_application_and_its_permissions(browser: Browser, mira: Person) -> None:
    page = browser.open(link(scope="Mail.Read"))
    assert "Assistant" in page.text
    assert "Mail.Read" in page.text
    assert page.chosen == mira.id


def test_whoever_is_no_administrator_is_told_to_ask_one(client: TestClient, browser: Browser, tobias: Person) -> None:
    answer = answered(browser, link(scope="Mail.Read"), tobias)
    assert answer.status_code == 400
    assert "AADSTS90094" in answer.text
    assert aadsts(trade(client, user_token(client, tobias), scope="Mail.Read")) == 65001


def test_administrators_are_who_is_named(browser: Browser, mira: Person, tobias: Person, entra: Entra) -> None:
    entra.make_administrator(tobias)
    assert answered(browser, link(scope="Mail.Read"), mira).status_code == 400
    assert answered(browser, link(scope="Mail.Read"), tobias).status_code == 302


def test_an_administrator_may_decline(browser: Browser, mira: Person) -> None:
    answer = location(answered(browser, link(scope="Mail.Read"), mira, "cancel"))
    assert (answer["error"], answer["state"]) == ("consent_required", "kept & safe")
    assert "AADSTS65004" in answer["error_description"]


def test_a_link_alone_grants_nothing(browser: Browser, mira: Person) -> None:
    assert browser.answer(link(scope="Mail.Read", person=mira.id, decision="accept")).status_code == 200


def test_the_page_searches(browser: Browser, tobias: Person) -> None:
    page = browser.submitted(browser.open(link(scope="Mail.Read")), search="okafor", decision="search")
    assert page.people == [tobias.id]


@pytest.mark.parametrize(
    ("scope", "code"),
    [pytest.param("Mail.Raed", "AADSTS650053", id="misspelt"), pytest.param("", "AADSTS900144", id="missing")],
)
def test_a_scope_that_makes_no_sense_goes_back_as_an_error(browser: Browser, scope: str, code: str) -> None:
    assert code in location(browser.answer(link(scope=scope)))["error_description"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"client_id": "nobody"}, "AADSTS700016", id="unknown application"),
        pytest.param({"client_id": ""}, "AADSTS900144", id="no application"),
        pytest.param({"redirect_uri": "https://evil.example"}, "AADSTS50011", id="address of somebody else"),
        pytest.param({"base": f"{LOGIN}/organizations"}, "AADSTS50194", id="shared address"),
        pytest.param({"base": f"{LOGIN}/nowhere.example"}, "AADSTS90002", id="unknown tenant"),
    ],
)
def test_an_error_without_a_safe_way_back_is_shown(browser: Browser, changes: dict[str, str], code: str) -> None:
    answer = browser.answer(link(scope="Mail.Read", **changes))
    assert answer.status_code == 400
    assert code in answer.text


def test_the_only_address_of_an_application_need_not_be_named(browser: Browser, mira: Person) -> None:
    answer = answered(browser, link(scope="Mail.Read", redirect_uri=""), mira)
    assert answer.headers["location"].startswith(f"{REDIRECT}?admin_consent=True")


def test_an_application_without_an_address_is_shown_its_mistake(browser: Browser, entra: Entra) -> None:
    entra.register(api(redirect_uris=()))
    assert "AADSTS900971" in browser.answer(link(scope="Mail.Read", redirect_uri="")).text


def test_the_address_keeps_its_own_query(browser: Browser, mira: Person, entra: Entra) -> None:
    target = "https://app.lindenhall.example/back?from=entra"
    entra.register(api(redirect_uris=(target,), secrets=(SECRET,)))
    answer = answered(browser, link(scope="Mail.Read", redirect_uri=target), mira)
    assert answer.headers["location"].startswith(f"{target}&admin_consent=True")


def test_a_tenant_without_people_has_nobody_to_accept() -> None:
    entra = Entra(Tenant(id=TENANT_ID))
    entra.register(api())
    with TestClient(Starlette(routes=entra.routes), base_url=LOGIN) as client:
        page = Browser(client).open(link(scope=ACCESS))
    assert (page.people, page.chosen) == ([], None)
