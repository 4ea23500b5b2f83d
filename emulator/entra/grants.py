"""The token endpoint: one function per grant."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request

from emulator.entra.credentials import authenticate
from emulator.entra.errors import EntraError, utc
from emulator.entra.ledger import Code, Refresh
from emulator.entra.realm import SHARED_TENANTS, Realm
from emulator.entra.replies import check_verb, need, read_form
from emulator.entra.scopes import Scopes, read_app_scope
from emulator.entra.tokens import Client, Consented, response_for_app, response_for_person

Form: TypeAlias = Mapping[str, str]
Grant: TypeAlias = Callable[[Realm, Client, Form], dict[str, Any]]


async def token(realm: Realm, request: Request) -> dict[str, Any]:
    """POST /{tenant}/oauth2/v2.0/token."""
    check_verb(request)
    authority = realm.authority(request.path_params["tenant"])
    form = await read_form(request)
    name = need(form, "grant_type")
    if name not in GRANTS:
        raise EntraError(70003, grant=name)
    if name == "client_credentials" and authority in SHARED_TENANTS:
        raise EntraError(9001023, tenant=authority)
    return GRANTS[name](realm, authenticate(realm, request, form), form)


def redeem_code(realm: Realm, client: Client, form: Form) -> dict[str, Any]:
    """authorization_code: what the browser brought back, once, with the proof of who asked for it."""
    code = realm.ledger.codes.get(need(form, "code"))
    if code is None or code.client_id != client.app.client_id:
        raise EntraError(70000, what="authorization code", reason="it was not issued to this application")
    if code.is_redeemed:
        raise EntraError(54005)
    if realm.ledger.codes.has_expired(code, realm.now()):
        raise EntraError(70008)
    if form.get("redirect_uri", code.redirect_uri) != code.redirect_uri:
        raise EntraError(500112, uri=form["redirect_uri"])
    _check_verifier(code, form.get("code_verifier", ""))
    # Marked only after success: a refused attempt, say with a misspelt scope, does not burn the code.
    body = _respond(realm, client, form, code, code.nonce)
    code.is_redeemed = True
    return body


def redeem_device_code(realm: Realm, client: Client, form: Form) -> dict[str, Any]:
    """device_code: polled until the person has answered on another screen."""
    device = realm.ledger.devices.get(form.get("device_code") or need(form, "code"))
    if device is None or device.client_id != client.app.client_id:
        raise EntraError(70018)
    if device.is_redeemed:
        raise EntraError(54005)
    if device.is_declined:
        raise EntraError(65004, error="authorization_declined")
    if realm.ledger.devices.has_expired(device, realm.now()):
        raise EntraError(70020)
    if not device.user_id:
        raise EntraError(70016)
    consented = _consented(realm, client, form, device.user_id, device.scopes)
    device.is_redeemed = True
    return response_for_person(realm, consented)


def refresh(realm: Realm, client: Client, form: Form) -> dict[str, Any]:
    """refresh_token: a new one comes with every answer, the old one stays good."""
    handle, now = need(form, "refresh_token"), realm.now()
    # Entra tells a string that cannot be one of its tokens from one that is merely unknown.
    if not handle.startswith("1.A"):
        raise EntraError(9002313, error="invalid_grant")
    kept = realm.ledger.refresh_tokens.get(handle)
    if kept is None or kept.client_id != client.app.client_id:
        raise EntraError(70000, what="refresh token", reason="it was not issued to this application")
    if realm.ledger.refresh_tokens.has_expired(kept, now):
        raise EntraError(700082, used=utc(kept.touched))
    body = _respond(realm, client, form, kept)
    realm.ledger.refresh_tokens.touch(handle, now)
    return body


def client_credentials(realm: Realm, client: Client, form: Form) -> dict[str, Any]:
    """client_credentials: the application speaks for itself, with the roles it was granted."""
    return response_for_app(realm, client, read_app_scope(need(form, "scope"), realm.tenant.display_name))


GRANTS: dict[str, Grant] = {
    "authorization_code": redeem_code,
    "urn:ietf:params:oauth:grant-type:device_code": redeem_device_code,
    "refresh_token": refresh,
    "client_credentials": client_credentials,
}


def _respond(realm: Realm, client: Client, form: Form, agreed: Code | Refresh, nonce: str = "") -> dict[str, Any]:
    """Answer with what is asked now, or else with what was agreed then."""
    scopes = realm.scopes(form["scope"]) if form.get("scope") else agreed.scopes
    realm.check_consented(client.app, agreed.user_id, scopes)
    return response_for_person(realm, _consented(realm, client, form, agreed.user_id, scopes, nonce=nonce))


def _consented(realm: Realm, client: Client, form: Form, user_id: str, scopes: Scopes, *, nonce: str = "") -> Consented:
    return Consented(
        client=client,
        person=realm.signed_in(user_id),
        scopes=scopes,
        nonce=nonce,
        wants_client_info=form.get("client_info") == "1",
        capabilities=_capabilities(form.get("claims", "")),
    )


def _check_verifier(code: Code, verifier: str) -> None:
    """PKCE: the one who redeems the code must know what the one who asked for it knew."""
    if code.challenge and not verifier:
        raise EntraError(50148)
    sent = verifier
    if code.challenge_method == "S256":
        digest = hashlib.sha256(verifier.encode()).digest()
        sent = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    if verifier and not hmac.compare_digest(sent.encode(), code.challenge.encode()):
        raise EntraError(501481)


def _capabilities(claims: str) -> tuple[str, ...]:
    """The capabilities a client declares in the claims parameter, such as cp1 for claims challenges."""
    if not claims:
        return ()
    try:
        return tuple(str(value) for value in json.loads(claims)["access_token"]["xms_cc"]["values"])
    except KeyError:
        return ()
    except (ValueError, TypeError, RecursionError) as error:
        raise EntraError(9002313) from error
