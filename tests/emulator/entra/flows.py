"""A whole sign-in in one call, for tests about what may come of it."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

import httpx
import jwt
from starlette.testclient import TestClient

from emulator import sign_in_at
from emulator.entra import DEMO_CLIENT_ID
from emulator.tenant import Person
from tests.emulator.entra.driver import LOGIN, TENANT_ID

WIDE_APP = "12121212-3434-4565-8787-909090909090"
REDIRECT = "http://localhost:5000"
SCOPE = "openid profile offline_access User.Read"
GRAPH = "https://graph.microsoft.com/v1.0"


def link_to(authority: str = TENANT_ID, app: str = DEMO_CLIENT_ID, **asked: str) -> str:
    """The address at which a sign-in starts."""
    fields = {"client_id": app, "response_type": "code", "redirect_uri": REDIRECT, "scope": SCOPE, **asked}
    return f"{LOGIN}/{authority}/oauth2/v2.0/authorize?{urlencode(fields)}"


def came_back(client: TestClient, person: Person, *, willing: bool = True, **asked: str) -> dict[str, str]:
    """What the application is handed after a person signed in."""
    return visit(client, link_to(**asked), person, willing=willing)


def visit(client: TestClient, link: str, person: Person, *, willing: bool = True) -> dict[str, str]:
    """The visitor in the browser that the test client is: an httpx of its own, which is the same for them."""
    return sign_in_at(cast("httpx.Client", client), link, person, willing=willing)


def ask(client: TestClient, authority: str = TENANT_ID, **form: str) -> Any:
    """A token request, whatever comes of it."""
    return client.post(f"{LOGIN}/{authority}/oauth2/v2.0/token", data={"client_id": DEMO_CLIENT_ID, **form})


def redeem(client: TestClient, code: str, authority: str = TENANT_ID, **form: str) -> Any:
    fields = {"grant_type": "authorization_code", "code": code, "client_info": "1"}
    return ask(client, authority, **{**fields, **form})


def tokens(
    client: TestClient, person: Person, authority: str = TENANT_ID, app: str = DEMO_CLIENT_ID, **asked: str
) -> Any:
    """The token response after a sign-in in a browser of its own; `claims` go to both endpoints, as MSAL sends them."""
    client.cookies.clear()
    fields = visit(client, link_to(authority, app, **asked), person)
    claims = {"claims": asked["claims"]} if "claims" in asked else {}
    answer = redeem(client, fields["code"], authority, client_id=app, **claims)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refresh(client: TestClient, body: Any, authority: str = TENANT_ID, **form: str) -> Any:
    return ask(client, authority, grant_type="refresh_token", refresh_token=body["refresh_token"], **form)


def shown(token: str) -> dict[str, Any]:
    """The claims in a token."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


def call_graph(client: TestClient, body: Any, path: str = "me") -> Any:
    return client.get(f"{GRAPH}/{path}", headers={"Authorization": f"Bearer {body['access_token']}"})
