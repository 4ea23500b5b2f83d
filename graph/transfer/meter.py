"""How far a transfer is, told to whoever wants to know."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

Progress = Callable[[int, int | None], Awaitable[None]]
"""Told the bytes that are done, and how many there are in all where that is known."""

PAUSE_SECONDS = 0.1
PATIENCE_SECONDS = 5.0


class Meter:
    """Tells it some times a second at most, and only what is more than before.

    Whoever listens may go away or fall asleep: that ends the telling, and not the transfer.
    """

    def __init__(self, progress: Progress | None, total: int | None = None) -> None:
        self._progress = progress
        self._told = 0
        self._next = 0.0
        self.total = total

    async def at(self, done: int) -> None:
        """So many bytes are done, counted from the start."""
        now = asyncio.get_running_loop().time()
        if self._progress is None or done <= self._told or (now < self._next and done != self.total):
            return
        self._told, self._next = done, now + PAUSE_SECONDS
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._progress(done, self.total)
        except Exception as error:  # noqa: BLE001 - it is theirs, and anything can be wrong with it
            log.info("progress is not told any more", extra={"cause": type(error).__name__})
            self._progress = None
