"""Minting: access tokens for Graph and for APIs of the tenant, id tokens, and the body of a token response."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from emulator.entra.accounts import PERSONAL_TENANT
from emulator.entra.claims_request import CHALLENGES
from emulator.entra.keys import b64url
from emulator.entra.ledger import Opaque, Refresh, SignIn
from emulator.entra.realm import Realm
from emulator.entra.registrations import AppRegistration
from emulator.entra.scopes import Scopes, unqualified
from emulator.tenant import Person

# The appidacr or azpacr of a token: how the application proved itself.
PUBLIC, SECRET, CERTIFICATE = "0", "1", "2"

_ID_TOKEN_SECONDS = 3600
_LONG_SECONDS, _LONG_SECONDS_MORE = 20 * 3600, 8 * 3600 + 1
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
    sign_in: SignIn
    nonce: str = ""
    wants_client_info: bool = False
    capabilities: tuple[str, ...] = field(default=())
    contexts: frozenset[str] = frozenset()


def response_for_person(realm: Realm, consented: Consented) -> dict[str, Any]:
    """The token response of a delegated flow."""
    app, person, scopes = consented.client.app, consented.person, consented.scopes
    realm = realm.home_of(person)
    granted = sorted(realm.permissions(app, person.id, scopes))
    body: dict[str, Any] = {"token_type": "Bearer", "scope": scopes.echoed(granted)}
    seconds = _LONG_SECONDS + secrets.randbelow(_LONG_SECONDS_MORE) if _lives_long(realm, consented) else 0
    body |= _access(realm, scopes, _person_claims(realm, consented, granted), consented.client, seconds)
    if realm.tenant.id == PERSONAL_TENANT and scopes.is_for_graph:
        opaque = Opaque(touched=realm.now(), token=body["access_token"])
        body["access_token"] = realm.ledger.opaque_tokens.put(opaque)
    if "offline_access" in scopes.identity:
        body["refresh_token"] = realm.ledger.refresh_tokens.put(_refresh(realm, consented))
    if "openid" in scopes.identity:
        body["id_token"] = realm.keys.sign(_id_claims(realm, consented))
    if consented.wants_client_info:
        body["client_info"] = client_info(realm, person)
    return body


def _refresh(realm: Realm, consented: Consented) -> Refresh:
    return Refresh(
        touched=realm.now(),
        client_id=consented.client.app.client_id,
        user_id=consented.person.id,
        scopes=consented.scopes,
        sign_in=consented.sign_in,
    )


def _lives_long(realm: Realm, consented: Consented) -> bool:
    """Whether the token may outlive its hour, because access can be ended by a claims challenge instead."""
    is_ready = CHALLENGES in consented.capabilities and consented.scopes.is_for_graph
    return realm.rules.long_lived_tokens and is_ready


def response_for_app(realm: Realm, client: Client, scopes: Scopes, seconds: int = 0) -> dict[str, Any]:
    """The token response of client credentials: the app speaks for itself."""
    principal = principal_id(realm, client.app.client_id)
    claims: dict[str, Any] = {"idp": _v1_issuer(realm), "idtyp": "app", "oid": principal, "sub": principal}
    if roles := _granted_roles(realm, client.app, scopes):
        claims["roles"] = roles
    return {"token_type": "Bearer", **_access(realm, scopes, claims | {"wids": [_APP_ROLE]}, client, seconds)}


def principal_id(realm: Realm, client_id: str) -> str:
    """The object id of an application's service principal."""
    return str(uuid5(NAMESPACE_URL, f"{realm.tenant.id}/servicePrincipals/{client_id}"))


def _granted_roles(realm: Realm, app: AppRegistration, scopes: Scopes) -> list[str]:
    """The roles that an administrator granted, of those that the resource has."""
    granted = frozenset(unqualified(scopes.resource_id, app.application_roles))
    api = realm.apps.api(scopes.resource_id)
    return sorted(granted if api is None else granted & frozenset(api.app_roles))


def client_info(realm: Realm, person: Person) -> str:
    """Who signed in, in the form that MSAL makes its home account id from."""
    return b64url(json.dumps({"uid": person.id, "utid": realm.tenant.id}).encode())


def _access(realm: Realm, scopes: Scopes, claims: dict[str, Any], client: Client, seconds: int = 0) -> dict[str, Any]:
    # Spread over 60 to 90 minutes, so that nobody comes to rely on an exact hour.
    seconds = seconds or 3600 + secrets.randbelow(1801)
    common = {**_times(realm, seconds), "aio": secrets.token_urlsafe(42), **_common(realm)}
    api = realm.apps.api(scopes.resource_id)
    if api is None:
        extra = {"app_displayname": client.app.display_name, "tenant_region_scope": "EU"}
        token = realm.keys.sign_for_graph(common | _version_1(realm, scopes, client) | extra | claims)
    elif api.token_version == 1:
        kept = _without(claims, _OPTIONAL_IN_1, api.optional_claims)
        token = realm.keys.sign(common | _version_1(realm, scopes, client) | kept, headers={"x5t": realm.keys.kid})
    else:
        kept = _without(claims, _OPTIONAL_IN_2, api.optional_claims)
        token = realm.keys.sign(common | _version_2(realm, api, client) | kept)
    return {"expires_in": seconds, "ext_expires_in": seconds, "access_token": token}


# What only tokens for Graph, or of version 1, have without being asked; any other API lists it in optional_claims.
_OPTIONAL_IN_1 = ("idtyp", "xms_cc", "email", "preferred_username", "wids", "acct")
_OPTIONAL_IN_2 = (
    *("idtyp", "xms_cc", "email", "wids", "acct"),
    *("upn", "family_name", "given_name", "acr", "amr", "unique_name", "idp"),
)


# These a guest's token has all the same.
_OF_GUESTS = ("idp", "email")
_GUEST = 1


def _without(claims: dict[str, Any], optional: tuple[str, ...], wanted: tuple[str, ...]) -> dict[str, Any]:
    wanted = (*wanted, *_OF_GUESTS) if claims.get("acct") == _GUEST else wanted
    return {name: value for name, value in claims.items() if name not in optional or name in wanted}


def _version_1(realm: Realm, scopes: Scopes, client: Client) -> dict[str, Any]:
    return {
        "aud": scopes.audience,
        "iss": _v1_issuer(realm),
        "appid": client.app.client_id,
        "appidacr": client.proof,
        "ver": "1.0",
    }


def _version_2(realm: Realm, api: AppRegistration, client: Client) -> dict[str, Any]:
    return {
        "aud": api.client_id,
        "iss": realm.issuer,
        "azp": client.app.client_id,
        "azpacr": client.proof,
        "ver": "2.0",
    }


def _person_claims(realm: Realm, consented: Consented, granted: list[str]) -> dict[str, Any]:
    person, scopes = consented.person, consented.scopes
    identity = scopes.identity - {"offline_access"} if scopes.is_for_graph else frozenset()
    # The subject differs from application to application; an API sees one of its own.
    audience = consented.client.app.client_id if scopes.is_for_graph else scopes.resource_id
    claims = {
        "acct": _GUEST if person.user_type == "Guest" else 0,
        "acr": "1",
        "acrs": sorted(consented.contexts | consented.sign_in.contexts),
        "amr": ["pwd"] if consented.sign_in.factor_at is None else ["pwd", "mfa"],
        "family_name": person.surname,
        "given_name": person.given_name,
        "idtyp": "user",
        "name": person.display_name,
        "oid": person.id,
        "scp": " ".join(sorted({*granted, *identity}, key=str.lower)),
        "roles": sorted(realm.assigned_roles.get((person.id, scopes.resource_id.lower()), ())),
        "sid": consented.sign_in.id,
        "sub": _pairwise(audience, person.id),
        "unique_name": person.user_principal_name,
        "upn": person.user_principal_name,
        "wids": [_MEMBER_ROLE],
        "xms_cc": list(consented.capabilities),
    }
    if not scopes.is_for_graph:
        claims |= {"preferred_username": person.user_principal_name, "email": person.mail}
    if person.user_type == "Guest":
        claims |= _guest_claims(realm, person, scopes)
    return {name: value for name, value in claims.items() if value not in (None, [])}


def _guest_claims(realm: Realm, person: Person, scopes: Scopes) -> dict[str, Any]:
    """What differs for a guest: who vouches for them is told, and an API knows them by their address elsewhere."""
    provider = {"idp": realm.accounts.provider_of(person)}
    if scopes.is_for_graph:
        return provider
    return provider | {"preferred_username": person.mail, "unique_name": person.mail, "upn": None}


def _id_claims(realm: Realm, consented: Consented) -> dict[str, Any]:
    person, app = consented.person, consented.client.app
    claims = {
        "aud": app.client_id,
        "iss": realm.issuer,
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
    return realm.cloud.older_issuer(realm.tenant.id)


def _pairwise(client_id: str, user_id: str) -> str:
    return b64url(hashlib.sha256(f"{client_id.lower()}/{user_id}".encode()).digest())
