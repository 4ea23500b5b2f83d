"""Whom a token speaks for, read from a token of our own; and the account of a server to which nobody signs in."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import lru_cache
from typing import Any, NoReturn, Protocol

from errors import ToolInputError
from principal import Identity, Principal, SignedIn


class Source(Protocol):
    """Something that can speak for the caller."""

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str: ...


class NobodySignsIn:
    """What accounts answer where there is no sign-in by people."""

    def __init__(self, source: Source, reason: str) -> None:
        self._source = source
        self._reason = reason

    def running(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def source(self, account: str | None = None) -> Source:
        """The tokens of the one account; there is no other to name."""
        if account:
            self._refuse()
        return self._source

    async def listed(self) -> Sequence[SignedIn]:
        return []

    async def login(self, account: str | None = None) -> Identity:
        self._refuse()

    async def logout(self, account: str | None = None) -> Sequence[SignedIn]:
        self._refuse()

    async def select(self, account: str) -> SignedIn:
        self._refuse()

    async def settled(self, sign_in: str) -> bool:
        return True

    async def give_up(self, sign_in: str) -> None:
        """Nothing is under way."""

    def unasked(self, sign_in: str) -> None:
        """Nothing is under way."""

    def _refuse(self) -> NoReturn:
        raise ToolInputError(self._reason)


class Account(NobodySignsIn):
    """The one account of a server to which nobody signs in: an app's own, or that of a supplied token."""

    def __init__(self, source: Source, scopes: Sequence[str], *, cloud: str, is_person: bool) -> None:
        whose = "a token that was given to it (GRAPH_ACCESS_TOKEN)" if is_person else "the app's own credential"
        super().__init__(source, f"This server works with {whose}: nobody signs in or out, and there is one account.")
        self._scopes = tuple(scopes)
        self._cloud = cloud
        self._is_person = is_person

    async def identity(self, account: str | None = None) -> Identity:
        token = await self.source(account).token(self._scopes)
        return identity_in(token, self._cloud, is_person=self._is_person)


class SignedOut(NobodySignsIn):
    """The account of a server whose sign-in is switched off."""

    def __init__(self, source: Source) -> None:
        super().__init__(source, "Sign-in is switched off. Unset ENTRA_ENABLE_AUTH and start again.")

    async def identity(self, account: str | None = None) -> None:
        return None


def identity_in(token: str, cloud: str, *, is_person: bool) -> Identity:
    """Read the claims of a token. Graph's tokens are opaque by contract, so nothing is decided by them."""
    claims = claims_of(token)
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
        permissions=_permissions(claims) if claims else None,
    )


def _permissions(claims: Mapping[str, Any]) -> tuple[str, ...]:
    roles = claims.get("roles")
    return tuple(sorted(roles)) if roles else _granted(str(claims.get("scp", "")))


@lru_cache(maxsize=64)
def _granted(scopes: str) -> tuple[str, ...]:
    """One list for all who granted the same: there are thousands of callers."""
    return tuple(sorted(scopes.split()))


def claims_of(token: str) -> dict[str, Any]:
    """The claims in a token, unverified; empty where it is no JWT: those of personal accounts are not."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
