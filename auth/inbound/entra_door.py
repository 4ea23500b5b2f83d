"""HTTP_AUTH=entra: whoever calls shows a token that Entra made for this server, and that it can prove."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from auth._guarded import Guarded
from auth.inbound.claims import SKEW, Bearer, bearer_of, tenant_in
from auth.inbound.compact import ALGORITHM, Unproven, check_size, taken_apart
from auth.inbound.issuers import Terms, key_sets
from auth.inbound.jwks import KeySet
from auth.inbound.metadata import challenge_of, metadata_of
from auth.inbound.refusals import Refusals, digest_of
from auth.inbound.rights import AccessRules
from errors import NotAdmitted
from principal import Rights, Sender
from settings import Settings

log = logging.getLogger(__name__)

_MOST = 10_000
# It knows one algorithm, and is given the key itself: nothing in a token chooses either.
_signatures = jwt.PyJWS(algorithms=[ALGORITHM])


@dataclass(frozen=True, repr=False, slots=True)
class _Verified(Guarded):
    """What was found out about a token, for as long as the key that signed it is one of Entra's."""

    bearer: Bearer
    rights: Rights
    keys: KeySet
    kid: str
    key: RSAPublicKey

    async def is_good(self, now: float) -> bool:
        """Whether it still holds; raises NotAdmitted or KeysUnavailable once the key is not at hand any more."""
        if self.bearer.expires_at + SKEW <= now:
            return False
        return (self.keys.at_hand(self.kid) or await self.keys.key(self.kid)) is self.key

    def sender(self, token: str) -> Sender:
        """Each request has a Sender of its own."""
        return Sender(
            principal=self.bearer.principal,
            rights=self.rights,
            name=self.bearer.name,
            username=self.bearer.username,
            is_person=self.bearer.scopes is not None,
            token=token,
            expires_at=self.bearer.expires_at,
        )


class EntraDoor(Guarded):
    """Lets in the people, or the apps, of the tenants that the settings name, by their tokens for this server.

    `http` makes a client for each fetch of keys, of which there is one a day for each tenant. `refusals` is where
    whoever trades tokens notes those that Entra does not take.
    """

    def __init__(
        self,
        settings: Settings,
        http: Callable[[], httpx.AsyncClient],
        refusals: Refusals | None = None,
        *,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        most: int = _MOST,
    ) -> None:
        self.challenge = challenge_of(settings)
        self.metadata: Mapping[str, Any] | None = metadata_of(settings)
        self.refusals = refusals or Refusals(clock=clock)
        self._terms = Terms.of(settings)
        self._rules = AccessRules(settings)
        self._key_sets = key_sets(settings, http, steady)
        self._home = self._key_sets[settings.tenant]
        self._clock = clock
        self._most = most
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    async def sender(self, token: str) -> Sender:
        """Who sent this token; raises NotAdmitted unless it is genuine, for us, and good now."""
        check_size(token)
        digest = digest_of(token)
        found = await self._remembered(digest) or await self._judged(token, digest)
        self.refusals.check(digest, found.bearer.principal)
        return found.sender(token)

    async def is_ready(self) -> bool:
        """Whether the keys of the home tenant are at hand; asking often does not have them fetched often."""
        return await self._home.is_usable()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Have the keys of the home tenant at hand before the first caller comes; without them the start goes on."""
        await self._home.is_usable()
        yield

    async def _remembered(self, digest: bytes) -> _Verified | None:
        """What was found out about this token before, if it still holds."""
        known = self._verified.get(digest)
        if known is None:
            return None
        is_good = False
        try:
            is_good = await known.is_good(self._clock())
        except NotAdmitted:
            log.info("a token is no longer taken, since the key that it was signed with was withdrawn")
        if is_good and digest in self._verified:
            self._verified.move_to_end(digest)
            return known
        self._verified.pop(digest, None)
        return None

    async def _judged(self, token: str, digest: bytes) -> _Verified:
        """What it says comes before who signed it, so that only what could be good makes us fetch keys."""
        said = taken_apart(token)
        keys = self._key_sets[tenant_in(said.claims, self._terms, self._clock())]
        key = await keys.key(said.kid)
        _check_signature(token, key)
        found = self._found(said, keys, key)
        self._verified[digest] = found
        if len(self._verified) > self._most:
            self._verified.popitem(last=False)
        return found

    def _found(self, said: Unproven, keys: KeySet, key: RSAPublicKey) -> _Verified:
        bearer = bearer_of(said.claims, self._terms)
        return _Verified(bearer, self._rules.rights_of(bearer), keys, said.kid, key)


def _check_signature(token: str, key: RSAPublicKey) -> None:
    try:
        _signatures.decode(token, key, algorithms=[ALGORITHM])
    except jwt.PyJWTError:
        raise NotAdmitted("The token was not signed by Entra, or was changed since.") from None
