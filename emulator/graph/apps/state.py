"""Applications and service principals: how they come to be, and the secrets and keys that they have."""

from __future__ import annotations

import base64
import copy
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from emulator.graph.groups.keeping import keep_references
from emulator.moments import timestamp
from emulator.schema import schema
from emulator.store import Entity
from emulator.tenant import Tenant

_SECRET_LIFE = timedelta(days=730)
_SECRET_BYTES = 30
_HINT = 3
SECRETS = "secrets"

_STRUCTURES: Mapping[str, Any] = {
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "identifierUris": [],
    "info": {
        "logoUrl": None, "marketingUrl": None, "privacyStatementUrl": None, "supportUrl": None,
        "termsOfServiceUrl": None,
    },
    "isFallbackPublicClient": None,
    "keyCredentials": [],
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "passwordCredentials": [],
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "signInAudience": "AzureADMyOrg",
    "spa": {"redirectUris": []},
    "tags": [],
    "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
    "web": {
        "homePageUrl": None, "logoutUrl": None, "redirectUris": [], "redirectUriSettings": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
    },
}  # fmt: skip
# What a service principal takes over from its application.
_SHARED = ("description", "displayName", "appRoles", "info", "notes", "signInAudience", "verifiedPublisher")


def add_application(tenant: Tenant, values: Mapping[str, Any], stamp: str) -> Entity:
    """Register an application."""
    keep_references(tenant)
    structures = {name: merged_structure(default, values.get(name)) for name, default in _STRUCTURES.items()}
    found = {
        "id": str(uuid4()),
        "appId": str(uuid4()),
        "createdDateTime": stamp,
        "publisherDomain": tenant.domain,
        **values,
        **structures,
    }
    return tenant.store.root("applications").add(tenant.store.entity(schema().kind("application"), found))


def merged_structure(default: Any, given: Any) -> Any:  # noqa: ANN401 - JSON values
    """What was given, on top of what there is when nothing is."""
    if given is None:
        return copy.deepcopy(default)
    return {**default, **given} if isinstance(default, Mapping) and isinstance(given, Mapping) else given


def add_service_principal(tenant: Tenant, values: Mapping[str, Any], application: Entity | None = None) -> Entity:
    """Let an application be present in the tenant."""
    keep_references(tenant)
    own = {name: application.get(name) for name in _SHARED} if application is not None else {}
    if application is not None:
        own |= {
            "appDisplayName": application.get("displayName"),
            "appDescription": application.get("description"),
            "appOwnerOrganizationId": tenant.id,
            "homepage": application.get("web", {}).get("homePageUrl"),
            "logoutUrl": application.get("web", {}).get("logoutUrl"),
            "oauth2PermissionScopes": application.get("api", {}).get("oauth2PermissionScopes", []),
            "replyUrls": _reply_urls(application),
        }
    app_id = str(values.get("appId"))
    uris = application.get("identifierUris") if application is not None else []
    usual = {
        "id": str(uuid4()),
        "accountEnabled": True,
        "addIns": [],
        "alternativeNames": [],
        "appRoleAssignmentRequired": False,
        "keyCredentials": [],
        "notificationEmailAddresses": [],
        "passwordCredentials": [],
        "resourceSpecificApplicationPermissions": [],
        "servicePrincipalNames": [*uris, app_id],
        "servicePrincipalType": "Application",
        "tags": [],
    }
    found = {**usual, **own, **{name: value for name, value in values.items() if value is not None}}
    kind = schema().kind("servicePrincipal")
    return tenant.store.root("servicePrincipals").add(tenant.store.entity(kind, found))


def _reply_urls(application: Entity) -> list[str]:
    places = (application.get(name) or {} for name in ("web", "spa", "publicClient"))
    return [uri for place in places for uri in place.get("redirectUris", ())]


def with_app_id(tenant: Tenant, root: str, app_id: str) -> Entity | None:
    """The application, or service principal, with a client id."""
    wanted = app_id.lower()
    return next((one for one in tenant.store.root(root) if str(one.get("appId")).lower() == wanted), None)


def add_password(entity: Entity, wish: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A new secret; it is told once, and only its beginning afterwards."""
    secret = f"{secrets.token_urlsafe(_SECRET_BYTES)[:37]}~{secrets.token_hex(1)}"
    start = wish.get("startDateTime") or timestamp(now)
    credential = {
        "customKeyIdentifier": wish.get("customKeyIdentifier"),
        "displayName": wish.get("displayName"),
        "endDateTime": wish.get("endDateTime") or timestamp(now + _SECRET_LIFE),
        "hint": secret[:_HINT],
        "keyId": str(uuid4()),
        "secretText": None,
        "startDateTime": start,
    }
    entity.update({"passwordCredentials": [*entity.get("passwordCredentials"), credential]})
    entity.state.setdefault(SECRETS, {})[credential["keyId"]] = secret
    return {**credential, "secretText": secret}


def add_key(entity: Entity, wish: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A new key, of which only the public part is kept."""
    credential = {
        "customKeyIdentifier": wish.get("customKeyIdentifier") or _thumbprint(),
        "displayName": wish.get("displayName"),
        "endDateTime": wish.get("endDateTime") or timestamp(now + _SECRET_LIFE / 2),
        "key": wish.get("key"),
        "keyId": str(wish.get("keyId") or uuid4()),
        "startDateTime": wish.get("startDateTime") or timestamp(now),
        "type": wish.get("type"),
        "usage": wish.get("usage"),
    }
    entity.update({"keyCredentials": [*entity.get("keyCredentials"), credential]})
    return credential


def remove_credential(entity: Entity, name: str, key_id: str) -> bool:
    """Take a secret or key away; says whether it was there."""
    wanted = key_id.lower()
    kept = [one for one in entity.get(name) if str(one.get("keyId")).lower() != wanted]
    if len(kept) == len(entity.get(name)):
        return False
    entity.update({name: kept})
    entity.state.get(SECRETS, {}).pop(wanted, None)
    return True


def _thumbprint() -> str:
    return base64.b64encode(secrets.token_bytes(20)).decode()


def public_key() -> str:
    """Something to stand for the public half of a new pair of keys."""
    return base64.b64encode(secrets.token_bytes(256)).decode()


def hexadecimal(identifier: str) -> str:
    """A key identifier as a thumbprint is written."""
    return base64.b64decode(identifier).hex().upper()


# Microsoft's own applications that a tenant may let in without having registered them.
_WELL_KNOWN = frozenset(
    {
        "00000003-0000-0000-c000-000000000000",
        "00000002-0000-0ff1-ce00-000000000000",
        "00000003-0000-0ff1-ce00-000000000000",
        "00000002-0000-0000-c000-000000000000",
        "797f4846-ba00-4fd7-ba43-dac1f8f63013",
        "14d82eec-204b-4c2f-b7e8-296a70dab67e",
        "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    }
)


def is_well_known(app_id: str) -> bool:
    """Whether it is one of Microsoft's own applications."""
    return app_id.lower() in _WELL_KNOWN
