"""So many requests of one caller, and so many at once; whatever one of them does, the others do not feel it."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from principal import Sender, current_sender
from web._rates import Tally, rate_of
from web.middleware._passage import refuse
from web.middleware._standing import is_standing

_SOON = 1
_TOO_MANY = "You send too many requests. Wait as many seconds as Retry-After says."
_TOO_MANY_AT_ONCE = "You have too many requests under way. Wait until one of them has ended."
_TOO_MANY_STREAMS = "You have too many event streams open. Close one of them first."

_rate_of = lru_cache(maxsize=256)(rate_of)


class CallerRate:
    """Limits for each person, app or key, which a key may have of its own; `share` as in AddressRate.

    Event streams stand and do no work, so they are not among the calls at once, but have a number of their own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        rate: str,
        calls: int,
        streams: int = 8,
        share: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self._rate = rate
        self._calls = calls
        self._streams = streams
        self._share = share
        self._requests = Tally(clock=clock)
        self._under_way: Counter[tuple[str, bool]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender = current_sender() if scope["type"] == "http" else None
        if sender is None:
            return await self.app(scope, receive, send)
        wait = self._requests.take(sender.who, _rate_of(sender.rate or self._rate, self._share))
        if wait:
            return await _refuse(scope, receive, send, wait=wait, text=_TOO_MANY, reason="caller rate")
        is_stream = is_standing(scope)
        if self._under_way[sender.who, is_stream] >= self._most(sender, is_stream):
            text = _TOO_MANY_STREAMS if is_stream else _TOO_MANY_AT_ONCE
            return await _refuse(scope, receive, send, wait=_SOON, text=text, reason="caller at once")
        with self._counted(sender.who, is_stream):
            await self.app(scope, receive, send)

    def _most(self, sender: Sender, is_stream: bool) -> int:
        return self._streams if is_stream else math.ceil((sender.calls_at_once or self._calls) / self._share)

    @contextmanager
    def _counted(self, who: str, is_stream: bool) -> Iterator[None]:
        self._under_way[who, is_stream] += 1
        try:
            yield
        finally:
            self._under_way[who, is_stream] -= 1
            if not self._under_way[who, is_stream]:
                del self._under_way[who, is_stream]


async def _refuse(scope: Scope, receive: Receive, send: Send, *, wait: int, text: str, reason: str) -> None:
    await refuse(scope, receive, send, 429, text, reason=reason, headers={"Retry-After": str(wait)})
