"""What may be tried again after it failed, and when."""

from __future__ import annotations

import random
from dataclasses import dataclass

import httpx

from graph.calls import Call, Reply

MOST_TRIES = 5
BASE_SECONDS, MOST_SECONDS = 0.5, 20.0

THROTTLED = 429
# No answer of Graph's own: a gateway in front of it, or a service behind it, was out.
OUTAGES = frozenset({502, 503, 504})
_CONFLICT = 409
_TRANSIENT_CONFLICT = b"Directory_ConcurrencyViolation"

# The request never left this machine, or found no connection to leave by.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass(frozen=True)
class Lost:
    """A request that got no answer."""

    error: httpx.RequestError

    @property
    def is_unsent(self) -> bool:
        """Whether Graph surely did not get it."""
        return isinstance(self.error, _UNSENT)


def is_outage(outcome: Reply | Lost) -> bool:
    """Whether nobody answered who could have."""
    if isinstance(outcome, Lost):
        return True
    return outcome.status in OUTAGES and "retry-after" not in outcome.headers  # who asks for patience is there


def may_repeat(call: Call, outcome: Reply | Lost) -> bool:
    """Whether a call may be sent again: it was surely not taken, or it does no harm twice."""
    if isinstance(outcome, Lost):
        return outcome.is_unsent or call.may_repeat
    if outcome.status == _CONFLICT:
        return _TRANSIENT_CONFLICT in outcome.body
    return outcome.status == THROTTLED or (outcome.status in OUTAGES and call.may_repeat)


def backoff(tries: int, chance: random.Random) -> float:
    """Full jitter: anything up to twice as much as the last time, so that those who failed together part."""
    return chance.uniform(0, min(MOST_SECONDS, BASE_SECONDS * 2.0**tries))
