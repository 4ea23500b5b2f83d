"""So many requests of one address, and fewer that try to get in and fail."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web._rates import Tally, network_of, rate_of
from web.middleware._passage import passage_of, refuse

_NOT_ADMITTED = frozenset({401, 403})

_TOO_MANY = "This address sends too many requests. Wait as many seconds as Retry-After says."
_TOO_MANY_FAILED = (
    "This address failed to sign in too often. Wait as many seconds as Retry-After says, then send a valid token."
)


class AddressRate:
    """Two limits for each address: of all its requests, and of those that show something and are not let in.

    Over the second one, what was let in before goes on: whoever guesses behind a shared address stops nobody at work
    there. Requests that show nothing are no guesses: each client begins with one. `share` is among how many workers
    the limits are divided.
    """

    def __init__(
        self, app: ASGIApp, *, rate: str, failures: str, share: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self._rate = rate_of(rate, share)
        self._failures = rate_of(failures, share)
        self._requests = Tally(clock=clock)
        self._failed = Tally(clock=clock)
        self._proven = Proven()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        address = network_of(passage_of(scope).address)
        wait = self._requests.take(address, self._rate)
        if wait:
            return await _refuse(scope, receive, send, wait=wait, text=_TOO_MANY, reason="address rate")
        shown = _shown(scope)
        if not shown:
            return await self.app(scope, receive, send)
        wait = self._failed.wait(address, self._failures)
        if wait and not self._proven.knows(shown):
            return await _refuse(scope, receive, send, wait=wait, text=_TOO_MANY_FAILED, reason="failure rate")
        await self.app(scope, receive, self._judged(scope, send, address, shown))

    def _judged(self, scope: Scope, send: Send, address: str, shown: bytes) -> Send:
        """Notes, when the answer begins, whether what was shown was good for anything."""

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                if passage_of(scope).who:
                    self._proven.learn(shown)
                elif message["status"] in _NOT_ADMITTED:
                    self._proven.forget(shown)
                    self._failed.count(address, self._failures)
            await send(message)

        return noted


class Proven:
    """What was let in lately, as digests that are worth nothing outside this process."""

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._key = secrets.token_bytes(32)
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def knows(self, shown: bytes) -> bool:
        return self._digest(shown) in self._digests

    def learn(self, shown: bytes) -> None:
        digest = self._digest(shown)
        self._digests[digest] = None
        self._digests.move_to_end(digest)
        if len(self._digests) > self._most:
            self._digests.popitem(last=False)

    def forget(self, shown: bytes) -> None:
        self._digests.pop(self._digest(shown), None)

    def _digest(self, shown: bytes) -> bytes:
        return hashlib.blake2b(shown, key=self._key, digest_size=16).digest()


def _shown(scope: Scope) -> bytes:
    return b"\0".join(value for name, value in scope["headers"] if name == b"authorization")


async def _refuse(scope: Scope, receive: Receive, send: Send, *, wait: int, text: str, reason: str) -> None:
    await refuse(scope, receive, send, 429, text, reason=reason, headers={"Retry-After": str(wait)})
