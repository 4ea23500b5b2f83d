"""The token endpoint: one function per grant."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from starlette.requests import Request

from emulator.entra.accounts import CONSUMERS
from emulator.entra.borders import check_cloud
from emulator.entra.claims_request import read_claims
from emulator.entra.credentials import authenticate
from emulator.entra.errors import EntraError, utc
from emulator.entra.intake import check_place, take_in, unverified
from emulator.entra.ledger import Code, Device, Refresh, SignIn
from emulator.entra.on_behalf_of import user_of_assertion
from emulator.entra.realm import SHARED_TENANTS, Realm
from emulator.entra.replies import check_verb, need, read_form
from emulator.entra.scopes import Scopes
from emulator.entra.tokens import Client, Consented, response_for_app, response_for_person

Form: TypeAlias = Mapping[str, str]
Grant: TypeAlias = Callable[[Realm, Client, Form], dict[str, Any]]


async def token(realm: Realm, request: Request) -> dict[str, Any]:
    """POST /{tenant}/oauth2/v2.0/token."""
    check_verb(request)
    authority = realm.authority(request.path_params["tenant"])
    form = await read_form(request)
    check_cloud(realm, request, authority, form)
    name = need(form, "grant_type")
    if name not in GRANTS:
        raise EntraError(70003, grant=name)
    if name in _OF_ONE_TENANT and authority in (*SHARED_TENANTS, CONSUMERS):
        raise EntraError(9001023, tenant=authority)
    client = authenticate(realm, request, form)
    realm.check_accounts(client.app, authority)
    check_place(realm, take_in(realm, request, {**form, "client_id": client.app.client_id}), authority)
    return GRANTS[name](realm, client, form)


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
    if device.sign_in is None:
        raise _waiting(realm, device)
    consented = _consented(realm, client, form, device.sign_in, device.scopes)
    device.is_redeemed = True
    return response_for_person(realm, consented)


def _waiting(realm: Realm, device: Device) -> EntraError:
    """What a device hears that asks before the person has answered; asking too often counts only when it is told to."""
    now, last = realm.now(), device.polled_at
    device.polled_at = now
    is_hasty = last is not None and now < last + realm.rules.device_interval
    return EntraError(70016, error="slow_down" if is_hasty and realm.rules.strict_polling else None)


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
    if kept.is_revoked or kept.sign_in.is_revoked:
        raise EntraError(50173, issued=utc(kept.sign_in.touched))
    _check_self(client, form, kept.scopes)
    body = _respond(realm, client, form, kept)
    realm.ledger.refresh_tokens.touch(handle, now)
    return body


def client_credentials(realm: Realm, client: Client, form: Form) -> dict[str, Any]:
    """client_credentials: the application speaks for itself, with the roles it was granted."""
    scopes = realm.app_scopes(need(form, "scope"))
    realm.check_resource(form, scopes)
    return response_for_app(realm, client, scopes)


def on_behalf_of(realm: Realm, client: Client, form: Form) -> dict[str, Any]:
    """jwt-bearer: an API trades the token that it was called with for one to call further."""
    user_id = user_of_assertion(realm, client, form)
    need(form, "scope")
    scopes = realm.token_scopes(form)
    realm.check_consented(client.app, user_id, scopes)
    sign_in = _sign_in_behind(realm, form["assertion"], user_id)
    if sign_in.is_revoked:
        raise EntraError(50173, issued=utc(sign_in.touched))
    return response_for_person(realm, _consented(realm, client, form, sign_in, scopes))


def _sign_in_behind(realm: Realm, assertion: str, user_id: str) -> SignIn:
    """The sign-in that a token came of; one with a password only, for a token older than what is remembered."""
    known = realm.ledger.sign_ins.get(unverified(assertion).get("sid", ""))
    return known or SignIn(touched=realm.now(), user_id=user_id)


_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_OF_ONE_TENANT = ("client_credentials", _JWT_BEARER)
GRANTS: dict[str, Grant] = {
    "authorization_code": redeem_code,
    "urn:ietf:params:oauth:grant-type:device_code": redeem_device_code,
    "device_code": redeem_device_code,  # what MSAL for Node sends
    "refresh_token": refresh,
    "client_credentials": client_credentials,
    _JWT_BEARER: on_behalf_of,
}


def _respond(realm: Realm, client: Client, form: Form, agreed: Code | Refresh, nonce: str = "") -> dict[str, Any]:
    """Answer with what is asked now, or else with what was agreed then."""
    scopes = realm.token_scopes(form, agreed.scopes)
    realm.check_consented(client.app, agreed.user_id, scopes)
    return response_for_person(realm, _consented(realm, client, form, agreed.sign_in, scopes, nonce=nonce))


def _check_self(client: Client, form: Form, agreed: Scopes) -> None:
    """Without a scope Entra takes the client for its own resource, which it wants named by GUID."""
    itself = client.app.client_id.lower()
    if not form.get("scope") and agreed.resource_id.lower() == itself and agreed.audience.lower() != itself:
        raise EntraError(90009, app=client.app.client_id)


def _consented(
    realm: Realm, client: Client, form: Form, sign_in: SignIn, scopes: Scopes, *, nonce: str = ""
) -> Consented:
    """What a token is made from, once the account's state and the tenant's policies allow one."""
    person, asked = realm.signed_in(sign_in.user_id), read_claims(form.get("claims", ""))
    realm.accounts.check_assigned(person, client.app)
    realm.check_personal(person, scopes)
    realm.check_policies(realm.attempt(person, client.app, scopes, sign_in, asked.contexts))
    return Consented(
        client=client,
        person=person,
        scopes=scopes,
        sign_in=sign_in,
        nonce=nonce,
        wants_client_info=form.get("client_info") == "1",
        capabilities=asked.capabilities,
        contexts=asked.contexts,
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
