"""What a token says: whether it is for this server and good now, and whom it speaks for.

A text that says what is wrong is for the log of whoever runs the server; the client hears OAuth's word for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from auth.inbound.issuers import Terms, is_graphs
from errors import NotAdmitted
from principal import Principal

SKEW = 60

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LAST_MOMENT = 253_402_300_799  # the last second of the year 9999
_LONGEST_NAME = 256
# Only what is made for the app that signs somebody in has these.
_OF_ID_TOKENS = ("nonce", "at_hash", "c_hash")
_NO_ROLES = frozenset[str]()
_NAMES = ("preferred_username", "upn", "unique_name")

_GRAPHS = (
    "The token is for Microsoft Graph, not for this server. Have the client ask for the scope that the challenge "
    "names; Graph is then called on behalf of whoever signed in."
)
_OTHERS = (
    "The token is for another API. What clients ask for has to be ENTRA_CLIENT_ID, api:// and ENTRA_CLIENT_ID, "
    "ENTRA_APP_ID_URI or the address of the MCP endpoint."
)
_OLDER = (
    "The token is of version 1. Set the API's requestedAccessTokenVersion to 2 in its manifest, or HTTP_V1_TOKENS=true."
)


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a token speaks for, by claims that are in order. `scopes` is None for an app that works as itself."""

    principal: Principal
    name: str
    username: str
    expires_at: int
    scopes: frozenset[str] | None
    roles: frozenset[str]


def tenant_in(claims: Mapping[str, Any], terms: Terms, now: float) -> str:
    """The tenant of a token that is for us and good now; raises NotAdmitted for any other."""
    _check_audience(claims.get("aud"), terms)
    tenant = _guid(claims, "tid")
    if tenant not in terms.tenants:
        raise NotAdmitted("The token is of a tenant that may not call. HTTP_TENANTS lists those that may.")
    _check_issuer(claims, tenant, terms)
    _check_times(claims, now)
    return tenant


def _check_audience(audience: object, terms: Terms) -> None:
    if not isinstance(audience, str):
        raise NotAdmitted("The token is not made out to one API alone.")
    if is_graphs(audience):
        raise NotAdmitted(_GRAPHS)
    if not terms.is_ours(audience):
        raise NotAdmitted(_OTHERS)


def _check_issuer(claims: Mapping[str, Any], tenant: str, terms: Terms) -> None:
    version = claims.get("ver")
    if version not in ("1.0", "2.0"):
        raise NotAdmitted("The token is of no version that Entra makes.")
    if version == "1.0" and not terms.takes_older:
        raise NotAdmitted(_OLDER)
    if claims.get("iss") != terms.issuer(version, tenant):
        raise NotAdmitted("The token's issuer is not the sign-in service of its tenant, in this cloud.")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    """Clocks may differ by a minute."""
    if _moment(claims, "exp") + SKEW <= now:
        raise NotAdmitted("The token has expired.")
    if "nbf" in claims and _moment(claims, "nbf") - SKEW > now:
        raise NotAdmitted("The token is not good yet. Is this machine's clock right?")
    if "iat" in claims and _moment(claims, "iat") - SKEW > now:
        raise NotAdmitted("The token was made in the future. Is this machine's clock right?")


def _moment(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LAST_MOMENT:
        raise NotAdmitted(f"The token's {name} is missing, or no moment in whole seconds.")
    return value


def bearer_of(claims: Mapping[str, Any], terms: Terms) -> Bearer:
    """Whom a token speaks for that `tenant_in` let pass and that was signed; raises NotAdmitted for odd ones."""
    user, client = _guid(claims, "oid"), _guid(claims, "azp" if claims["ver"] == "2.0" else "appid")
    if terms.clients and client not in terms.clients:
        raise NotAdmitted("The token was made for a client app that may not call. HTTP_CLIENTS lists those that may.")
    if any(name in claims for name in _OF_ID_TOKENS):
        raise NotAdmitted("The token is an ID token. Have the client send the access token.")
    return Bearer(
        principal=Principal(terms.cloud.name, claims["tid"], user, client),
        name=_shown(claims.get("name")),
        username=next(filter(None, (_shown(claims.get(name)) for name in _NAMES)), ""),
        expires_at=claims["exp"],
        scopes=_scopes(claims),
        roles=_roles(claims),
    )


def _scopes(claims: Mapping[str, Any]) -> frozenset[str] | None:
    """What a person let the client do; None where no person did, and every sign of that is there."""
    scopes, kind = claims.get("scp"), claims.get("idtyp", "")
    if isinstance(scopes, str) and kind in ("", "user"):
        return _granted(scopes)
    if "scp" not in claims and kind in ("", "app") and claims.get("sub") == claims["oid"]:
        return None
    raise NotAdmitted("The token says neither which scopes a person granted, nor that an app works as itself.")


@lru_cache(maxsize=64)
def _granted(scopes: str) -> frozenset[str]:
    """One set for all who granted the same: there are thousands of tokens."""
    return frozenset(scopes.split(" "))


def _roles(claims: Mapping[str, Any]) -> frozenset[str]:
    roles = claims.get("roles", [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise NotAdmitted("The token's roles are not a list of names.")
    return frozenset(roles) if roles else _NO_ROLES


def _guid(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not _GUID.fullmatch(value):
        raise NotAdmitted(f"The token's {name} is missing, or no id.")
    return value


def _shown(text: object) -> str:
    """A name as it may stand in a sentence."""
    return "".join(filter(str.isprintable, text))[:_LONGEST_NAME] if isinstance(text, str) else ""
