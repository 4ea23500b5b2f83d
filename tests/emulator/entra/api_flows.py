"""Requests that the tests of applications and their APIs make: sign in, redeem, refresh, trade, prove."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import jwt
from starlette.testclient import TestClient

from emulator.entra import DEMO_CLIENT_ID, AppRegistration
from emulator.tenant import Person
from tests.emulator.entra.driver import AUTHORITY, LOGIN, SECRET, TENANT_ID, Browser, Page, location

REDIRECT = "http://localhost:5000"
TOKEN_URL = f"{AUTHORITY}/oauth2/v2.0/token"
ISSUER = f"{LOGIN}/{TENANT_ID}/v2.0"
OLDER_ISSUER = f"https://sts.windows.net/{TENANT_ID}/"
GRAPH_DEFAULT = "https://graph.microsoft.com/.default"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

API_APP = "a0a0a0a0-1111-4222-8333-444444444444"
API_URI = f"api://{API_APP}"
API_URL = "https://mcp.lindenhall.example/mcp"
OTHER_API = "b0b0b0b0-1111-4222-8333-444444444444"
OTHER_URI = "https://lindenhall.example/stock"
ACCESS = f"{API_URI}/mcp.access"


def api(**changes: Any) -> AppRegistration:
    """The middle tier: an API of the tenant that calls Graph for the people who call it."""
    details: dict[str, Any] = {
        "client_id": API_APP,
        "display_name": "Assistant",
        "secrets": (SECRET,),
        "redirect_uris": (REDIRECT,),
        "identifier_uris": (API_URI, API_URL),
        "exposed_scopes": ("mcp.access", "mcp.admin"),
        "app_roles": ("Daemon.Run", "Daemon.Stop"),
        "delegated_scopes": frozenset({"User.Read", "Mail.Read"}),
    }
    return AppRegistration(**(details | changes))


def other_api(**changes: Any) -> AppRegistration:
    """An API that has nothing to do with the first."""
    details = {"client_id": OTHER_API, "display_name": "Stock", "exposed_scopes": ("Items.Read",)}
    return AppRegistration(**(details | {"identifier_uris": (OTHER_URI,)} | changes))


def post(client: TestClient, url: str = TOKEN_URL, **form: str) -> Any:
    return client.post(url, data=form)


def sign_in(client: TestClient, person: Person, scope: str, **changes: str) -> Any:
    """The redirect that ends a sign-in in the browser, whichever way it ends."""
    asked = {"client_id": DEMO_CLIENT_ID, "response_type": "code", "redirect_uri": REDIRECT, "scope": scope}
    browser = Browser(client)
    url = f"{AUTHORITY}/oauth2/v2.0/authorize?{urlencode({**asked, **changes})}"
    answer = browser.answer(url)
    if answer.status_code != 200:
        return answer
    return browser.submit(Page(answer.text, url), person=person.id, decision="accept")


def tokens(client: TestClient, person: Person, scope: str, **changes: str) -> Any:
    """The token response at the end of a sign-in; `redeem_` goes before what only the second request sends."""
    later = {name.removeprefix("redeem_"): changes.pop(name) for name in list(changes) if name.startswith("redeem_")}
    code = location(sign_in(client, person, scope, **changes))["code"]
    form = {"grant_type": "authorization_code", "client_id": DEMO_CLIENT_ID, "code": code, "redirect_uri": REDIRECT}
    secret = {"client_secret": SECRET} if changes.get("client_id") == API_APP else {}
    kept = {name: changes[name] for name in ("client_id", "redirect_uri") if name in changes}
    return post(client, **(form | secret | kept | later))


def user_token(client: TestClient, person: Person, scope: str = ACCESS, **changes: str) -> str:
    return str(tokens(client, person, scope, **changes).json()["access_token"])


def refresh(client: TestClient, token: str, **changes: str) -> Any:
    form = {"grant_type": "refresh_token", "client_id": DEMO_CLIENT_ID, "refresh_token": token}
    return post(client, **(form | changes))


def trade(client: TestClient, assertion: str, url: str = TOKEN_URL, **changes: str) -> Any:
    """What an API sends to call on behalf of whoever called it."""
    form = {"grant_type": JWT_BEARER, "client_id": API_APP, "client_secret": SECRET, "assertion": assertion}
    return post(client, url, **(form | {"requested_token_use": "on_behalf_of", "scope": "User.Read"} | changes))


def app_only(client: TestClient, scope: str = GRAPH_DEFAULT, url: str = TOKEN_URL, **changes: str) -> Any:
    form = {"grant_type": "client_credentials", "client_id": API_APP, "client_secret": SECRET, "scope": scope}
    return post(client, url, **(form | changes))


def asserted(client: TestClient, assertion: str, **changes: str) -> Any:
    """Client credentials with a signed assertion in place of the secret."""
    form = {"client_secret": "", "client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
    return app_only(client, **(form | changes))


def read(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def claims_of(answer: Any) -> dict[str, Any]:
    return read(answer.json()["access_token"])


def verified(client: TestClient, token: str, audience: str, path: str = "discovery/v2.0/keys") -> dict[str, Any]:
    """The claims as an API sees them that trusts nothing but the published keys."""
    published = jwt.PyJWKSet.from_dict(client.get(f"{AUTHORITY}/{path}").json())
    key = published[jwt.get_unverified_header(token)["kid"]]
    return dict(jwt.decode(token, key, ["RS256"], audience=audience, options={"verify_exp": False}))
