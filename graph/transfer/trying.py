"""What both directions share: when a transfer tries again, when it gives up, and how it ends."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import TypeVar

import anyio
import httpx

from errors import GraphError, GraphUnavailable
from graph import retry
from graph.calls import Reply
from graph.sending import MOST_PATIENCE
from graph.wire import read_error, retry_after

T = TypeVar("T")

ENDING_SECONDS = 5.0
MOST_ANSWER = 1024 * 1024  # of what is no file
# These come from a service that may do better in a moment.
PASSING = frozenset({408, 429, 500, 502, 503, 504, 509})
# What an address that carries its own proof answers when it is good for nothing any more.
EXPIRED = frozenset({401, 403, 404, 410})


class Patience:
    """How often in a row a transfer may fail. What gets it on makes its patience new."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._chance = random.Random()  # noqa: S311 - to part retries, not to keep secrets
        self._failures = self._waits = 0
        self.tries = 0

    def got_on(self) -> None:
        """Something came through that had not before."""
        self._failures = self._waits = 0

    async def wait(self, error: GraphError, asked: float | None = None) -> None:
        """Wait as long as was asked for, else a while; the error is raised where there is no more use in it."""
        self.tries += 1
        if asked is None:
            self._failures += 1
            wait = retry.backoff(self._failures, self._chance)
        else:
            self._waits += 1
            wait = asked
        is_over = self._failures >= retry.MOST_TRIES or self._waits > MOST_PATIENCE
        if is_over or asyncio.get_running_loop().time() + wait >= self._until:
            raise error
        await asyncio.sleep(wait)

    async def after(self, reply: Reply) -> None:
        """Wait after an answer that may be another one next time."""
        await self.wait(error_of(reply), retry_after(reply.headers, datetime.now(UTC)))


def error_of(reply: Reply) -> GraphError:
    """The error that an answer is."""
    return read_error(reply.status, reply.headers, reply.body)


def fault(error: httpx.RequestError) -> GraphUnavailable:
    """The error for a connection that failed."""
    if isinstance(error, httpx.TimeoutException):
        return GraphUnavailable("Timeout", "The transfer stood still for too long. Try again in a moment.")
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return GraphUnavailable(
            "Unreachable",
            "The certificate of Microsoft's file service is not trusted here. Behind a proxy that inspects TLS, name "
            "its in SSL_CERT_FILE.",
        )
    return GraphUnavailable(
        "Unreachable", "The connection broke again and again. Check the network or the proxy, then try again."
    )


def too_late(done: int, total: int | None) -> GraphUnavailable:
    """The error for a transfer whose time is over."""
    of = f" of {total:,}" if total else ""
    return GraphUnavailable("Timeout", f"Time was over after {done:,}{of} bytes. Try again, or with a smaller file.")


async def to_the_end(work: Coroutine[object, object, T]) -> T | None:
    """What has to be done though we are being cancelled, for a bounded time; None where that was too short."""
    with anyio.move_on_after(ENDING_SECONDS, shield=True):
        return await work
    return None
