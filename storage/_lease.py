"""A lock that lapses by itself: taken by trying again and again, released by its holder alone."""

from __future__ import annotations

import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio

from errors import StorageError
from storage.file_lock import LockTimeout

log = logging.getLogger(__name__)

_SHORTEST_PAUSE = 0.002
_LONGEST_PAUSE = 0.1

Attempt = Callable[[bytes], Awaitable[bool]]


@asynccontextmanager
async def leased(name: str, take: Attempt, drop: Attempt, *, patience: float) -> AsyncIterator[None]:
    """Hold what `take` gives to one holder at a time, until the block ends."""
    holder = secrets.token_bytes(16)
    try:
        await _taken(name, lambda: take(holder), patience)
        yield
    finally:
        # Also where nothing was taken: whoever is cancelled while taking may have it already.
        with anyio.CancelScope(shield=True):
            await _dropped(name, lambda: drop(holder))


async def _taken(name: str, attempt: Callable[[], Awaitable[bool]], patience: float) -> None:
    deadline = anyio.current_time() + patience
    pause = _SHORTEST_PAUSE
    while not await attempt():
        left = deadline - anyio.current_time()
        if left <= 0:
            raise LockTimeout(
                f"Somebody else has worked on the same thing ({name}) for {patience:g} s or longer. "
                "Try again in a moment."
            )
        await anyio.sleep(min(pause, left))
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _dropped(name: str, attempt: Callable[[], Awaitable[bool]]) -> None:
    """Let go. What the block did is done: that the lock now has to lapse by itself must not look like a failure."""
    try:
        await attempt()
    except StorageError as error:
        log.warning("a lock was not released and lapses later", extra={"lock": name, "reason": str(error)})
