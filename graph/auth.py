"""Attach the caller's token, and to Graph's own host only."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import AsyncGenerator, Generator, Sequence
from typing import Protocol

import httpx

from errors import GraphError

_PARAMETER = re.compile(r'(\w+)\s*=\s*"([^"]*)"')
_SCHEME = re.compile(r"(?:^|,\s*)[A-Za-z]+\s+(?=\w+\s*=)")
_MOST_TRIES = 3
_REFUSALS = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}  # Conditional Access answers with the latter


class TokenSource(Protocol):
    """Something that can speak for the caller."""

    async def token(self, scopes: Sequence[str], claims: str | None = None, refused: str | None = None) -> str:
        """An access token for these scopes.

        `claims` asks for a fresh one that answers a challenge, `refused` for any but the one that Graph did not take.
        Both together say that a token got for claims was challenged again: only a person can help then.
        """
        ...


class Signer(httpx.Auth):
    """How requests are signed."""

    async def ready(self) -> None:
        """Do what may take long, or need a person, before a request holds a place among the others."""


class BearerAuth(Signer):
    """Signs each request with a fresh-enough token of one caller."""

    def __init__(self, source: TokenSource, scopes: Sequence[str], host: str) -> None:
        self._source = source
        self._scopes = tuple(scopes)
        self._host = host
        self._at_hand: str | None = None

    async def ready(self) -> None:
        """Have a token for the next request."""
        self._at_hand = await self._source.token(self._scopes)

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        raise RuntimeError("Graph is called from async code only.")

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        self._refuse_other_hosts(request.url)
        token, self._at_hand = self._at_hand or await self._source.token(self._scopes), None
        is_renewed = is_challenged = False
        for tries in range(1, _MOST_TRIES + 1):
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            if tries == _MOST_TRIES:
                return
            if claims := claims_challenge(response):  # access was revoked or narrowed early
                refused = token if is_challenged else None
                token = await self._source.token(self._scopes, claims, refused)
                is_challenged = True
            elif response.status_code == httpx.codes.UNAUTHORIZED and not (is_renewed or is_challenged):
                token = await self._source.token(self._scopes, refused=token)  # our clock may be wrong about it
                is_renewed = True
            else:
                return

    def _refuse_other_hosts(self, url: httpx.URL) -> None:
        if url.scheme != "https" or url.host != self._host or url.port is not None or url.userinfo:
            raise GraphError(
                "ForeignHost", "This address is not on the Graph host of the chosen cloud; nothing was sent."
            )


def claims_challenge(response: httpx.Response) -> str | None:
    """The claims that a refusal asks for, decoded; None when it asks for none."""
    if response.status_code not in _REFUSALS:
        return None
    for challenge in _challenges(response.headers.get_list("www-authenticate")):
        asked = dict(_PARAMETER.findall(challenge))
        if asked.get("error") == "insufficient_claims":
            return _decoded(asked.get("claims", ""))
    return None


def _challenges(headers: list[str]) -> list[str]:
    """Each challenge by itself: several may share a header, and each begins with the name of its scheme."""
    return [part for header in headers for part in _SCHEME.split(header) if part]


def _decoded(text: str) -> str | None:
    padded = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode() or None
    except (binascii.Error, UnicodeDecodeError):
        return None
