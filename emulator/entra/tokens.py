"""Minting: Graph's version 1.0 access tokens, version 2.0 id tokens, and the body of a token response."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from emulator.entra.keys import b64url
from emulator.entra.ledger import Refresh
from emulator.entra.realm import LOGIN_URL, Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.scopes import Scopes
from emulator.tenant import Person

_ID_TOKEN_SECONDS = 3600
# Role templates that every member and every application holds.
_MEMBER_ROLE = "b79fbf4d-3ef9-4689-8143-76b194e85509"
_APP_ROLE = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"


@dataclass(frozen=True)
class Client:
    """An application at the token endpoint. `proof` is the appidacr: 0 public, 1 secret, 2 certificate."""

    app: AppRegistration
    proof: str


@dataclass(frozen=True)
class Consented:
    """What a token response is made from."""

    client: Client
    person: Person
    scopes: Scopes
    nonce: str = ""
    wants_client_info: bool = False
    capabilities: tuple[str, ...] = field(default=())


def response_for_person(realm: Realm, consented: Consented) -> dict[str, Any]:
    """The token response of a delegated flow."""
    app, person, scopes = consented.client.app, consented.person, consented.scopes
    granted = sorted(realm.permissions(app, person.id, scopes))
    body: dict[str, Any] = {"token_type": "Bearer", "scope": scopes.echoed(granted)}
    body |= _access(realm, scopes.audience, _person_claims(realm, consented, granted), consented.client)
    if "offline_access" in scopes.identity:
        refresh = Refresh(touched=realm.now(), client_id=app.client_id, user_id=person.id, scopes=scopes)
        body["refresh_token"] = realm.ledger.refresh_tokens.put(refresh)
    if "openid" in scopes.identity:
        body["id_token"] = realm.keys.sign(_id_claims(realm, consented))
    if consented.wants_client_info:
        body["client_info"] = client_info(realm, person)
    return body


def response_for_app(realm: Realm, client: Client, audience: str) -> dict[str, Any]:
    """The token response of client credentials: the app speaks for itself."""
    principal = str(uuid5(NAMESPACE_URL, f"{realm.tenant.id}/servicePrincipals/{client.app.client_id}"))
    claims: dict[str, Any] = {"idp": _v1_issuer(realm), "idtyp": "app", "oid": principal, "sub": principal}
    if client.app.application_roles:
        claims["roles"] = sorted(client.app.application_roles)
    return {"token_type": "Bearer", **_access(realm, audience, claims | {"wids": [_APP_ROLE]}, client)}


def client_info(realm: Realm, person: Person) -> str:
    """Who signed in, in the form that MSAL makes its home account id from."""
    return b64url(json.dumps({"uid": person.id, "utid": realm.tenant.id}).encode())


def _access(realm: Realm, audience: str, claims: dict[str, Any], client: Client) -> dict[str, Any]:
    # Spread over 60 to 90 minutes, so that nobody comes to rely on an exact hour.
    seconds = 3600 + secrets.randbelow(1801)
    common = {
        "aud": audience,
        "iss": _v1_issuer(realm),
        **_times(realm, seconds),
        "aio": secrets.token_urlsafe(42),
        "app_displayname": client.app.display_name,
        "appid": client.app.client_id,
        "appidacr": client.proof,
        **_common(realm),
        "tenant_region_scope": "EU",
        "ver": "1.0",
    }
    token = realm.keys.sign_for_graph(common | claims)
    return {"expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


def _person_claims(realm: Realm, consented: Consented, granted: list[str]) -> dict[str, Any]:
    person = consented.person
    identity = consented.scopes.identity - {"offline_access"}
    claims = {
        "acct": 0,
        "acr": "1",
        "amr": ["pwd"],
        "family_name": person.surname,
        "given_name": person.given_name,
        "idtyp": "user",
        "name": person.display_name,
        "oid": person.id,
        "scp": " ".join(sorted({*granted, *identity}, key=str.lower)),
        "sub": _pairwise(consented.client.app.client_id, person.id),
        "unique_name": person.user_principal_name,
        "upn": person.user_principal_name,
        "wids": [_MEMBER_ROLE],
        "xms_cc": list(consented.capabilities),
    }
    return {name: value for name, value in claims.items() if value not in (None, [])}


def _id_claims(realm: Realm, consented: Consented) -> dict[str, Any]:
    person, app = consented.person, consented.client.app
    claims = {
        "aud": app.client_id,
        "iss": f"{LOGIN_URL}/{realm.tenant.id}/v2.0",
        **_times(realm, _ID_TOKEN_SECONDS),
        "nonce": consented.nonce,
        "oid": person.id,
        "sub": _pairwise(app.client_id, person.id),
        **_common(realm),
        "ver": "2.0",
    }
    if "profile" in consented.scopes.identity:
        claims |= {"name": person.display_name, "preferred_username": person.user_principal_name}
    if "email" in consented.scopes.identity:
        claims["email"] = person.user_principal_name
    return {name: value for name, value in claims.items() if value != ""}


def _common(realm: Realm) -> dict[str, str]:
    return {"rh": f"1.A{secrets.token_urlsafe(36)}.", "tid": realm.tenant.id, "uti": secrets.token_urlsafe(16)}


def _times(realm: Realm, seconds: int) -> dict[str, int]:
    now = realm.now()
    return {"iat": now, "nbf": now, "exp": now + seconds}


def _v1_issuer(realm: Realm) -> str:
    return f"https://sts.windows.net/{realm.tenant.id}/"


def _pairwise(client_id: str, user_id: str) -> str:
    return b64url(hashlib.sha256(f"{client_id.lower()}/{user_id}".encode()).digest())
