"""Key rotation: what is published, what signs, and what becomes of tokens signed before."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from emulator.entra import Entra, TokenRefused
from emulator.tenant import Person
from tests.emulator.entra.api_flows import API_APP, api, trade, user_token, verified
from tests.emulator.entra.driver import AUTHORITY, aadsts


@pytest.fixture(autouse=True)
def apis(entra: Entra) -> None:
    entra.register(api())


def published(client: TestClient) -> set[str]:
    keys: Any = client.get(f"{AUTHORITY}/discovery/v2.0/keys").json()["keys"]
    return {key["kid"] for key in keys}


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def test_a_new_key_signs_that_nobody_had_seen(client: TestClient, mira: Person, entra: Entra) -> None:
    before, old = published(client), user_token(client, mira)
    entra.rotate_keys()
    new = user_token(client, mira)
    assert kid(old) in before
    assert kid(new) not in before
    assert published(client) == before | {kid(new)}
    assert verified(client, old, API_APP)["oid"] == verified(client, new, API_APP)["oid"] == mira.id


def test_a_key_that_was_withdrawn_is_no_longer_published(client: TestClient, mira: Person, entra: Entra) -> None:
    old = user_token(client, mira)
    entra.rotate_keys()
    entra.rotate_keys(keep_old=False)
    assert kid(old) not in published(client)
    with pytest.raises(KeyError):
        verified(client, old, API_APP)
    assert verified(client, user_token(client, mira), API_APP)["oid"] == mira.id


def test_entra_and_graph_honour_a_token_as_long_as_its_key(client: TestClient, mira: Person, entra: Entra) -> None:
    assertion, token = user_token(client, mira), user_token(client, mira, "User.Read")
    entra.rotate_keys()
    assert entra.caller(f"Bearer {token}").user_id == mira.id
    assert aadsts(trade(client, assertion)) == 65001, "the assertion itself is still good"
    entra.rotate_keys(keep_old=False)
    with pytest.raises(TokenRefused, match="Signature is invalid"):
        entra.caller(f"Bearer {token}")
    assert aadsts(trade(client, assertion)) == 50013


def test_a_key_on_standby_signs_nothing(client: TestClient, mira: Person, entra: Entra) -> None:
    (standby,) = published(client) - {kid(user_token(client, mira))}
    entra.rotate_keys()
    assert kid(user_token(client, mira)) != standby
    assert standby in published(client)
