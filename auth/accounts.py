"""Whom a token speaks for, read from the token that we obtained ourselves."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, Protocol

from principal import Identity, Principal


class _Source(Protocol):
    async def token(self, scopes: Sequence[str], claims: str | None = None) -> str: ...


class Account:
    """The account that this process signs in with."""

    def __init__(self, source: _Source, scopes: Sequence[str], *, cloud: str, is_person: bool) -> None:
        self._source = source
        self._scopes = tuple(scopes)
        self._cloud = cloud
        self._is_person = is_person

    async def identity(self) -> Identity:
        """Signs in when nobody is signed in yet."""
        return identity_in(await self._source.token(self._scopes), self._cloud, is_person=self._is_person)


class SignedOut:
    """The account of a server whose sign-in is switched off."""

    async def identity(self) -> None:
        return None


def identity_in(token: str, cloud: str, *, is_person: bool) -> Identity:
    """Read the claims of a token. Graph's tokens are opaque by contract, so nothing is decided by them."""
    claims = _claims(token)
    granted = claims.get("roles") or str(claims.get("scp", "")).split()
    principal = Principal(
        cloud=cloud,
        tenant_id=str(claims.get("tid", "")),
        user_id=str(claims.get("oid", "")),
        client_id=str(claims.get("appid") or claims.get("azp") or ""),
    )
    return Identity(
        principal=principal,
        is_person=is_person,
        name=str(claims.get("name") or claims.get("app_displayname") or ""),
        username=str(claims.get("upn") or claims.get("preferred_username") or claims.get("unique_name") or ""),
        permissions=tuple(sorted(granted)) if claims else None,
    )


def _claims(token: str) -> dict[str, Any]:
    """Empty where the token is no JWT: those of personal accounts are not."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
