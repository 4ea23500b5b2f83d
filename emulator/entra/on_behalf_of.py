"""On behalf of: reading the access token that an API was called with, before it is traded for another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt

from emulator.entra.errors import EntraError, utc
from emulator.entra.keys import BadSignature
from emulator.entra.realm import Realm
from emulator.entra.replies import need
from emulator.entra.tokens import PUBLIC, Client

ON_BEHALF_OF = "on_behalf_of"


def user_of_assertion(realm: Realm, client: Client, form: Mapping[str, str]) -> str:
    """Whose token it is that the client presents; refused unless it is a user's, good, and meant for this client."""
    if client.proof == PUBLIC:
        raise EntraError(7000218)
    use = need(form, "requested_token_use")
    if use != ON_BEHALF_OF:
        raise EntraError(90023, field="requested_token_use", value=use)
    claims = _signed_claims(realm, need(form, "assertion"))
    _check_audience(realm, client, claims)
    _check_times(realm, claims)
    if not {"appid", "azp"} & claims.keys():
        raise EntraError(240002, grant=form.get("grant_type", ""))
    if "scp" not in claims:
        raise EntraError(7000114, app=client.app.client_id)
    return str(claims["oid"])


def _signed_claims(realm: Realm, assertion: str) -> dict[str, Any]:
    try:
        jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as error:
        raise EntraError(50027, error="invalid_request", status=400, reason="it cannot be decoded") from error
    try:
        return realm.keys.verified(assertion)
    except BadSignature as error:
        raise EntraError(50013, reason="the signature is not that of a key of this tenant") from error


def _check_audience(realm: Realm, client: Client, claims: Mapping[str, Any]) -> None:
    audience = str(claims.get("aud", ""))
    if audience.rstrip("/").lower() not in (name.lower() for name in client.app.names):
        raise EntraError(500131, audience=audience, app=client.app.client_id)


def _check_times(realm: Realm, claims: Mapping[str, Any]) -> None:
    now = realm.now()
    if now >= claims["exp"]:
        raise EntraError(500133, reason=f"it expired at {utc(claims['exp'])}")
    if now < claims["nbf"]:
        raise EntraError(500133, reason=f"it starts at {utc(claims['nbf'])}")
