"""auth/accounts.py: what a token says about whom it speaks for."""

from __future__ import annotations

import base64
import json

import pytest

from auth.accounts import identity_in


def token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"header.{body}.signature"


def test_a_person_has_a_name_and_what_they_granted() -> None:
    claims = {
        "tid": "t",
        "oid": "o",
        "appid": "a",
        "name": "Ines",
        "upn": "ines@x.example",
        "scp": "Mail.Read User.Read",
    }
    identity = identity_in(token(claims), "public", is_person=True)
    assert (identity.name, identity.username) == ("Ines", "ines@x.example")
    assert identity.permissions == ("Mail.Read", "User.Read")
    principal = identity.principal
    assert (principal.cloud, principal.tenant_id, principal.user_id, principal.client_id) == ("public", "t", "o", "a")


def test_an_app_has_its_roles_and_no_user_name() -> None:
    identity = identity_in(
        token({"app_displayname": "Nightly", "roles": ["Mail.Read"], "azp": "a"}), "public", is_person=False
    )
    assert (identity.name, identity.username, identity.permissions) == ("Nightly", "", ("Mail.Read",))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("opaque", id="a personal account's"),
        pytest.param("a.b.c", id="no base64"),
        pytest.param("a..c", id="empty"),
        pytest.param(token([1]), id="no object"),
        pytest.param("a.__79.c", id="no text"),
    ],
)
def test_a_token_that_cannot_be_read_says_nothing(text: str) -> None:
    identity = identity_in(text, "public", is_person=True)
    assert identity.name == identity.username == ""
    assert identity.permissions is None
