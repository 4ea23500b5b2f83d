"""Graph's side of a token: reading an Authorization header back into who is calling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.entra.keys import BadSignature
from emulator.entra.realm import Realm
from emulator.entra.scopes import GRAPH_ID, GRAPH_URL


class TokenRefused(Exception):
    """Graph does not accept the access token; the text is Graph's message for the 401."""


@dataclass(frozen=True)
class Caller:
    """Who a Graph access token speaks for; `user_id` is None when the application speaks for itself."""

    app_id: str
    user_id: str | None
    scopes: frozenset[str]
    roles: frozenset[str]


def read_caller(realm: Realm, authorization: str | None) -> Caller:
    """The caller behind an Authorization header."""
    claims = _verified(realm, _bearer(authorization))
    # No leeway: the clock that reads a token here is the one that wrote it.
    now = realm.now()
    if now < claims["nbf"]:
        raise TokenRefused("Lifetime validation failed, the token is not yet valid.")
    if now >= claims["exp"]:
        raise TokenRefused("Lifetime validation failed, the token is expired.")
    if claims["aud"] not in (GRAPH_URL, GRAPH_ID):
        raise TokenRefused("Access token validation failure. Invalid audience.")
    return Caller(
        app_id=claims["appid"],
        user_id=claims["oid"] if claims["idtyp"] == "user" else None,
        scopes=frozenset(claims.get("scp", "").split()),
        roles=frozenset(claims.get("roles", ())),
    )


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenRefused("Access token is empty.")
    return token.strip()


def _verified(realm: Realm, token: str) -> dict[str, Any]:
    if "." not in token:
        raise TokenRefused("IDX14100: JWT is not well formed, there are no dots (.).")
    try:
        return realm.keys.verified(token)
    except BadSignature as error:
        raise TokenRefused("Signature is invalid.") from error
