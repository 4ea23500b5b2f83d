"""What Entra said later about a token that was let in, for the next request that shows it."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

from auth._guarded import Guarded
from auth.inbound.compact import taken_apart
from errors import NotAdmitted
from principal import Principal

_MOST = 10_000
_DAY = 24 * 3600.0
_QUIET = 600.0
_INVALID, _CLAIMS = "invalid_token", "insufficient_claims"
_TOLD = {
    _INVALID: "Entra no longer takes the token. Whoever sent it has to sign in again.",
    _CLAIMS: "Entra wants another sign-in of whoever sent the token, one that meets a policy.",
}

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def digest_of(token: str) -> bytes:
    """What stands for a token where it must not be kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, repr=False)
class _Refusal(Guarded):
    error: str
    claims: str
    until: float


class Refusals(Guarded):
    """Turns away what Entra did not take, so that the client signs in anew instead of failing call after call.

    A token that is no longer good is turned away until it expires. One that only lacks claims is turned away once: a
    client that comes back with it cannot do better, and the tool that needs more tells the person.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._noted: OrderedDict[bytes, _Refusal] = OrderedDict()
        self._challenged: OrderedDict[tuple[Principal, str], float] = OrderedDict()

    def note(self, token: str, error: str, claims: str = "") -> None:
        """Remember what Entra said when this token was traded for one of Graph's."""
        if error not in _TOLD:
            raise ValueError(f"A token is refused as {_INVALID} or {_CLAIMS}.")
        refusal = _Refusal(error, claims, self._end_of(token))
        known = self._noted.get(digest_of(token))
        if known is None or known.error != _INVALID:
            self._keep(self._noted, digest_of(token), refusal)

    def check(self, digest: bytes, principal: Principal) -> None:
        """Raise NotAdmitted for a token that something was noted about."""
        refusal = self._noted.get(digest)
        if refusal is None:
            return
        if refusal.error != _INVALID or refusal.until <= self._clock():
            del self._noted[digest]
        if refusal.until > self._clock() and self._is_news(refusal, principal):
            raise NotAdmitted(_TOLD[refusal.error], error=refusal.error, claims=refusal.claims)

    def _is_news(self, refusal: _Refusal, principal: Principal) -> bool:
        """Whether to turn somebody away: those who lack claims hear of it once in a while."""
        if refusal.error == _INVALID:
            return True
        what, now = (principal, refusal.claims), self._clock()
        if self._challenged.get(what, 0.0) > now:
            return False
        self._keep(self._challenged, what, now + _QUIET)
        return True

    def _end_of(self, token: str) -> float:
        try:
            return float(taken_apart(token).claims["exp"]) + 60
        except (NotAdmitted, KeyError, TypeError, ValueError, OverflowError):
            return self._clock() + _DAY

    def _keep(self, kept: OrderedDict[K, V], key: K, value: V) -> None:
        kept[key] = value
        kept.move_to_end(key)
        if len(kept) > self._most:
            kept.popitem(last=False)
