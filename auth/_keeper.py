"""Tokens in memory: served until shortly before they expire, renewed by one caller for all."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import partial

from auth._flights import Flights
from auth._worker import Result, in_worker
from errors import SignInUnavailable, StorageError

log = logging.getLogger(__name__)

MARGIN = 300  # MSAL, too, takes a token of less than five minutes for none
_LAST_RESORT = 20
_PAUSE = 30

Fetch = Callable[[str | None], Result]
"""Gets MSAL's answer with a token in it, or raises; runs in a worker thread.

Any token but the given one will do: that is about to expire, or Graph refused it.
"""


@dataclass(frozen=True)
class Ask:
    """What a token has to be good for. `refused` is the one that Graph did not take.

    `proof` is what it is asked for with: two who ask with different ones do not wait for each other's answer.
    """

    scopes: tuple[str, ...]
    claims: str | None = field(default=None, repr=False)
    refused: str | None = field(default=None, repr=False)
    proof: str = field(default="", repr=False)

    @classmethod
    def of(
        cls, scopes: Sequence[str], claims: str | None = None, refused: str | None = None, *, proof: str = ""
    ) -> Ask:
        return cls(tuple(sorted(scopes)), claims, refused, proof)


@dataclass
class _Kept:
    """A token and until when it is good, by the wall clock and by one that nobody can set."""

    token: str
    until: float
    steady_until: float
    pause_until: float = 0

    def __repr__(self) -> str:
        return "<kept token>"


_Shelf = dict[tuple[str, ...], _Kept]
"""What somebody has, by its scopes."""


class TokenKeeper:
    """Keeps the latest token of each (whose, scopes), for at most so many owners, and says when another is due."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        most: int = 10_000,
    ) -> None:
        self._most = most
        self._clock = clock
        self._steady = steady
        self._kept: OrderedDict[Hashable, _Shelf] = OrderedDict()
        self._flights: Flights[str] = Flights()

    async def token(self, whose: Hashable, ask: Ask, fetch: Fetch) -> str:
        """The kept token, or the one that `fetch` gets: once for all who ask at the same time."""
        kept = self._kept.get(whose, {}).get(ask.scopes)
        if kept and self._serves(kept, ask):
            return kept.token
        return await self._flights.join((whose, ask), partial(self._renewed, whose, ask, fetch))

    def drop(self, whose: Hashable) -> None:
        """Forget every token of somebody, also one that is on its way: it comes to a shelf that nobody looks at."""
        self._kept.pop(whose, None)

    async def _renewed(self, whose: Hashable, ask: Ask, fetch: Fetch) -> str:
        shelf = self._shelf_of(whose)
        kept = shelf.get(ask.scopes)
        unwanted = ask.refused or (kept.token if kept else None)
        try:
            return await in_worker(partial(self._fetched, shelf, ask, partial(fetch, unwanted)))
        except (SignInUnavailable, StorageError) as error:
            if kept is None or not self._is_usable(kept, ask, _LAST_RESORT):
                raise
            kept.pause_until = self._steady() + max(getattr(error, "retry_after", 0), _PAUSE)
            log.warning("no new token for now, the old one is good for a while", extra={"cause": str(error)})
            return kept.token

    def _shelf_of(self, whose: Hashable) -> _Shelf:
        shelf = self._kept.setdefault(whose, {})
        self._kept.move_to_end(whose)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return shelf

    def _fetched(self, shelf: _Shelf, ask: Ask, fetch: Callable[[], Result]) -> str:
        # Kept from the worker thread: a caller who gives up meanwhile does not lose the token for the others.
        result = fetch()
        token = str(result["access_token"])
        seconds = float(result.get("expires_in", 0))
        shelf[ask.scopes] = _Kept(token, self._clock() + seconds, self._steady() + seconds)
        return token

    def _serves(self, kept: _Kept, ask: Ask) -> bool:
        is_paused = self._steady() < kept.pause_until
        return self._is_usable(kept, ask, _LAST_RESORT if is_paused else MARGIN)

    def _is_usable(self, kept: _Kept, ask: Ask, margin: float) -> bool:
        # By both clocks: one that was set back would serve a dead token.
        left = min(kept.until - self._clock(), kept.steady_until - self._steady())
        return not ask.claims and kept.token != ask.refused and left > margin
