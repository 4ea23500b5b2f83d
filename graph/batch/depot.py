"""What all reads that may share a `$batch` have in common: their way to Graph, and who is not to be batched."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Coroutine, Hashable
from typing import Any

from graph.sending import Sender

log = logging.getLogger(__name__)

OFF_SECONDS = 600.0


class Depot:
    """Of one process. It keeps the tasks that a loop by itself would forget."""

    def __init__(self, sender: Sender, window: float, chance: random.Random) -> None:
        self.sender = sender
        self.window = window
        self.chance = chance
        self.tasks: set[asyncio.Task[None]] = set()
        self._off_until: dict[Hashable, float] = {}

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Have something done by a task of its own."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def is_off(self, whose: Hashable) -> bool:
        """Whether Graph lately took no batches of this identity."""
        if whose not in self._off_until:
            return False
        if self._off_until[whose] > asyncio.get_running_loop().time():
            return True
        del self._off_until[whose]
        return False

    def turn_off(self, whose: Hashable) -> None:
        """Have the calls of an identity go one by one for a while; callers without one have nothing in common."""
        if whose is None or self.is_off(whose):
            return
        log.warning("graph takes no batches: calls go one by one", extra={"seconds": round(OFF_SECONDS)})
        now = asyncio.get_running_loop().time()
        self._off_until = {each: until for each, until in self._off_until.items() if until > now}
        self._off_until[whose] = now + OFF_SECONDS
