"""Graph's side of a token: reading an Authorization header back into who is calling."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.entra.claims_request import CHALLENGES
from emulator.entra.intake import unverified
from emulator.entra.journal import GraphCall
from emulator.entra.keys import BadSignature
from emulator.entra.realm import Realm
from emulator.entra.scopes import GRAPH_ID
from emulator.tenant import Tenant

_CHALLENGED = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: {reason}"


class TokenRefused(Exception):
    """Graph does not accept the access token; the text is Graph's message for the 401.

    `claims` is what a new token must have, for a client that can act on it.
    """

    def __init__(self, message: str, claims: str = "") -> None:
        self.claims = claims
        super().__init__(message)


@dataclass(frozen=True)
class Caller:
    """Who a Graph access token speaks for; `user_id` is None when the application speaks for itself.

    `directory` is where the person is from, if that is not the tenant itself. `barred` are the paths that the token
    does not open, with the claims that one that does must have. `token_id` tells one token from the next, and
    `issued_at` is when it was, in seconds.
    """

    app_id: str
    user_id: str | None
    scopes: frozenset[str]
    roles: frozenset[str]
    directory: Tenant | None = None
    barred: tuple[tuple[str, str], ...] = ()
    token_id: str = ""
    issued_at: int = 0


def read_caller(realm: Realm, authorization: str | None) -> Caller:
    """The caller behind an Authorization header; whoever it is, the journal has it."""
    try:
        caller = _caller(realm, authorization)
    except TokenRefused:
        shown = unverified((authorization or "").partition(" ")[2])
        entry = GraphCall(realm.clock(), shown.get("appid", ""), shown.get("oid"), refused=True)
        realm.journal.add(entry)
        raise
    realm.journal.add(GraphCall(realm.clock(), caller.app_id, caller.user_id, refused=False))
    return caller


def _caller(realm: Realm, authorization: str | None) -> Caller:
    claims = _verified(realm, _bearer(authorization))
    # No leeway: the clock that reads a token here is the one that wrote it.
    now = realm.now()
    if now < claims["nbf"]:
        raise TokenRefused("Lifetime validation failed, the token is not yet valid.")
    if now >= claims["exp"]:
        raise TokenRefused("Lifetime validation failed, the token is expired.")
    if claims["aud"] not in (realm.cloud.graph_url, GRAPH_ID):
        raise TokenRefused("Access token validation failure. Invalid audience.")
    _check_continuously(realm, claims)
    user_id = claims["oid"] if claims["idtyp"] == "user" else None
    home = realm.accounts.home_of(user_id) if user_id else realm.tenant
    return Caller(
        app_id=claims["appid"],
        user_id=user_id,
        scopes=frozenset(claims.get("scp", "").split()),
        roles=frozenset(claims.get("roles", ())),
        directory=None if home is realm.tenant else home,
        barred=tuple(
            (path, _claims("acrs", context))
            for path, context in realm.rules.guarded_paths.items()
            if context not in claims.get("acrs", ())
        ),
        token_id=claims["uti"],
        issued_at=claims["iat"],
    )


def _check_continuously(realm: Realm, claims: Mapping[str, Any]) -> None:
    """Refuse a token whose grounds are gone, if its client said that it can deal with that; others wait for its end."""
    if CHALLENGES not in claims.get("xms_cc", ()) or claims["idtyp"] != "user":
        return
    person = realm.accounts.home_of(claims["oid"]).people.get(claims["oid"])
    sign_in = realm.ledger.sign_ins.get(claims.get("sid", ""))
    challenge = _claims("nbf", str(realm.now()))
    if person is None or not person.account_enabled or sign_in is None or sign_in.is_revoked:
        raise TokenRefused(_CHALLENGED.format(reason="TokenIssuedBeforeRevocationTimestamp"), challenge)
    if sign_in.id != claims["sid"]:
        raise TokenRefused(_CHALLENGED.format(reason="TokenCreatedWithOutdatedPolicies"), challenge)


def _claims(name: str, value: str) -> str:
    return json.dumps({"access_token": {name: {"essential": True, "value": value}}}, separators=(",", ":"))


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenRefused("Access token is empty.")
    return token.strip()


def _verified(realm: Realm, token: str) -> dict[str, Any]:
    opaque = realm.ledger.opaque_tokens.get(token)
    token = opaque.token if opaque is not None else token
    if "." not in token:
        raise TokenRefused("IDX14100: JWT is not well formed, there are no dots (.).")
    try:
        return realm.keys.verified(token)
    except BadSignature as error:
        raise TokenRefused("Signature is invalid.") from error
