"""Real, unchanged MSAL signs in against the emulator in every way that a Graph client uses."""

from __future__ import annotations

from hashlib import sha1
from typing import Any

import jwt
import msal
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from emulator.entra import DEMO_CLIENT_ID, Entra
from emulator.tenant import Person
from tests.emulator.entra.conftest import KeyPair
from tests.emulator.entra.driver import (
    AUTHORITY,
    CERTIFICATE_APP,
    LOGIN,
    SECRET,
    SECRET_APP,
    TENANT_ID,
    WEB_REDIRECT,
    Browser,
    Clock,
    MsalHttp,
    location,
)

SCOPES = ["User.Read", "Mail.Read"]
DEFAULT = ["https://graph.microsoft.com/.default"]


def public_app(http: MsalHttp, authority: str = AUTHORITY, **options: Any) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(DEMO_CLIENT_ID, authority=authority, http_client=http, **options)


def sign_in_by_code(app: msal.ClientApplication, browser: Browser, person: Person, **options: Any) -> dict[str, Any]:
    flow = app.initiate_auth_code_flow(options.pop("scopes", SCOPES), response_mode="form_post", **options)
    handover = browser.submitted(browser.open(flow["auth_uri"]), person=person.id, decision="accept")
    assert handover.action == options["redirect_uri"]
    return dict(app.acquire_token_by_auth_code_flow(flow, handover.hidden))


def sign_in_by_device(app: msal.PublicClientApplication, browser: Browser, person: Person) -> dict[str, Any]:
    flow = app.initiate_device_flow(SCOPES)
    page = browser.submitted(browser.open(f"{LOGIN}/devicelogin"), user_code=flow["user_code"])
    browser.submit(page, person=person.id, decision="accept")
    return dict(app.acquire_token_by_device_flow(flow))


@pytest.mark.parametrize(
    "authority",
    [
        pytest.param(AUTHORITY, id="tenant id"),
        pytest.param(f"{LOGIN}/lindenhall.example", id="domain"),
        pytest.param(f"{LOGIN}/common", id="common"),
        pytest.param(f"{LOGIN}/organizations", id="organizations"),
    ],
)
def test_a_person_signs_in_by_code_and_pkce(
    msal_http: MsalHttp, browser: Browser, mira: Person, entra: Entra, authority: str
) -> None:
    app = public_app(msal_http, authority)
    result = sign_in_by_code(app, browser, mira, redirect_uri="http://localhost:49321")
    claims = result["id_token_claims"]
    assert claims["preferred_username"] == mira.user_principal_name
    assert claims["tid"] == TENANT_ID
    caller = entra.caller(f"Bearer {result['access_token']}")
    assert (caller.app_id, caller.user_id) == (DEMO_CLIENT_ID, mira.id)
    assert caller.scopes >= set(SCOPES)
    assert caller.roles == frozenset()
    (account,) = app.get_accounts()
    assert account["home_account_id"] == f"{mira.id}.{TENANT_ID}"
    assert account["username"] == mira.user_principal_name


def test_a_confidential_web_app_signs_a_person_in(
    msal_http: MsalHttp, browser: Browser, tobias: Person, entra: Entra
) -> None:
    app = msal.ConfidentialClientApplication(SECRET_APP, SECRET, AUTHORITY, http_client=msal_http)
    result = sign_in_by_code(app, browser, tobias, redirect_uri=WEB_REDIRECT, login_hint=tobias.user_principal_name)
    assert entra.caller(f"Bearer {result['access_token']}").user_id == tobias.id


@pytest.mark.parametrize("mode", ["query", "fragment"])
@pytest.mark.filterwarnings("ignore:response_mode=:UserWarning")
def test_a_redirect_brings_the_code_back(msal_http: MsalHttp, browser: Browser, mira: Person, mode: str) -> None:
    app = public_app(msal_http)
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri="http://localhost:8400", response_mode=mode)
    answer = browser.submit(browser.open(flow["auth_uri"]), person=mira.id, decision="accept")
    assert answer.headers["location"].startswith(f"http://localhost:8400{'#' if mode == 'fragment' else '?'}code=")
    assert "access_token" in app.acquire_token_by_auth_code_flow(flow, location(answer))


def test_a_person_signs_in_with_a_device_code(
    msal_http: MsalHttp, browser: Browser, tobias: Person, entra: Entra
) -> None:
    result = sign_in_by_device(public_app(msal_http), browser, tobias)
    assert entra.caller(f"Bearer {result['access_token']}").user_id == tobias.id
    assert result["id_token_claims"]["oid"] == tobias.id


def test_msal_reads_a_declined_device_code(msal_http: MsalHttp, browser: Browser) -> None:
    app = public_app(msal_http)
    flow = app.initiate_device_flow(SCOPES)
    page = browser.submitted(browser.open(f"{LOGIN}/devicelogin"), user_code=flow["user_code"])
    browser.submit(page, decision="cancel")
    assert app.acquire_token_by_device_flow(flow)["error"] == "authorization_declined"


def test_msal_sees_that_a_device_code_is_still_pending(msal_http: MsalHttp) -> None:
    app = public_app(msal_http)
    flow = app.initiate_device_flow(SCOPES)
    result = app.acquire_token_by_device_flow(flow, exit_condition=lambda _: True)
    assert (result["error"], result["error_codes"]) == ("authorization_pending", [70016])


def test_a_cancelled_sign_in_comes_back_as_access_denied(msal_http: MsalHttp, browser: Browser) -> None:
    app = public_app(msal_http)
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri="http://localhost:1", response_mode="form_post")
    handover = browser.submitted(browser.open(flow["auth_uri"]), decision="cancel")
    result = app.acquire_token_by_auth_code_flow(flow, handover.hidden)
    assert result["error"] == "access_denied"
    assert "AADSTS65004" in result["error_description"]


@pytest.mark.parametrize(
    "scopes",
    [
        pytest.param(SCOPES, id="bare"),
        pytest.param(["https://graph.microsoft.com/User.Read"], id="with Graph's address"),
        pytest.param(["00000003-0000-0000-c000-000000000000/Mail.Read"], id="with Graph's app id"),
        pytest.param(["User.Read", "https://graph.microsoft.com/Mail.Read"], id="mixed"),
        pytest.param(DEFAULT, id="default"),
    ],
)
def test_msal_finds_its_token_in_the_cache_in_the_spelling_it_asked_with(
    msal_http: MsalHttp, browser: Browser, mira: Person, scopes: list[str]
) -> None:
    app = public_app(msal_http)
    sign_in_by_code(app, browser, mira, scopes=scopes, redirect_uri="http://localhost:2")
    posts = msal_http.posts
    result = app.acquire_token_silent_with_error(scopes, app.get_accounts()[0])
    assert result["token_source"] == "cache"
    assert msal_http.posts == posts


def test_msal_refreshes_when_its_token_is_no_longer_taken(
    msal_http: MsalHttp, browser: Browser, mira: Person, entra: Entra, clock: Clock
) -> None:
    app = public_app(msal_http)
    old = sign_in_by_device(app, browser, mira)
    clock.move(days=80)
    result = app.acquire_token_silent_with_error(SCOPES, app.get_accounts()[0], force_refresh=True)
    assert result["access_token"] != old["access_token"]
    assert entra.caller(f"Bearer {result['access_token']}").user_id == mira.id


def test_msal_learns_that_its_refresh_token_was_left_too_long(
    msal_http: MsalHttp, browser: Browser, mira: Person, clock: Clock
) -> None:
    app = public_app(msal_http)
    sign_in_by_device(app, browser, mira)
    clock.move(days=90)
    result = app.acquire_token_silent_with_error(SCOPES, app.get_accounts()[0], force_refresh=True)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [700082])


def test_capabilities_that_a_client_declares_are_in_its_token(
    msal_http: MsalHttp, browser: Browser, mira: Person
) -> None:
    app = public_app(msal_http, client_capabilities=["cp1"])
    result = sign_in_by_code(app, browser, mira, redirect_uri="http://localhost:3")
    assert jwt.decode(result["access_token"], options={"verify_signature": False})["xms_cc"] == ["cp1"]


def test_a_daemon_gets_a_token_with_its_secret(msal_http: MsalHttp, entra: Entra) -> None:
    app = msal.ConfidentialClientApplication(SECRET_APP, SECRET, AUTHORITY, http_client=msal_http)
    result = app.acquire_token_for_client(DEFAULT)
    caller = entra.caller(f"Bearer {result['access_token']}")
    assert caller.user_id is None
    assert caller.roles == {"Mail.Read", "User.Read.All"}
    assert caller.scopes == frozenset()
    assert app.acquire_token_for_client(DEFAULT)["token_source"] == "cache"


def test_a_daemon_gets_a_token_with_its_certificate(msal_http: MsalHttp, entra: Entra, key_pair: KeyPair) -> None:
    credential = {"private_key": key_pair.private, "public_certificate": key_pair.certificate}
    app = msal.ConfidentialClientApplication(CERTIFICATE_APP, credential, AUTHORITY, http_client=msal_http)
    result = app.acquire_token_for_client(DEFAULT)
    assert entra.caller(f"Bearer {result['access_token']}").app_id == CERTIFICATE_APP


def test_a_daemon_may_still_name_its_certificate_by_sha1(msal_http: MsalHttp, key_pair: KeyPair) -> None:
    name = sha1(key_pair.loaded.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest()
    credential = {"private_key": key_pair.private, "thumbprint": name}
    app = msal.ConfidentialClientApplication(CERTIFICATE_APP, credential, AUTHORITY, http_client=msal_http)
    assert "access_token" in app.acquire_token_for_client(DEFAULT)


def test_msal_reads_a_wrong_secret(msal_http: MsalHttp) -> None:
    app = msal.ConfidentialClientApplication(SECRET_APP, "wrong", AUTHORITY, http_client=msal_http)
    result = app.acquire_token_for_client(DEFAULT)
    assert (result["error"], result["error_codes"]) == ("invalid_client", [7000215])


def test_msal_refuses_an_authority_that_is_not_here(msal_http: MsalHttp) -> None:
    with pytest.raises(ValueError, match="double check your tenant"):
        public_app(msal_http, f"{LOGIN}/nowhere.example")
