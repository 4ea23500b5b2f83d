"""A loop for real sockets that leaves out silence: where nothing is under way, its clock jumps to the next timer.

Work takes the time that it takes; only waiting is left out. So a timeout of a minute is tested in milliseconds, and
none strikes early because the machine is busy. Worker threads are waited for.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

Got = TypeVar("Got")
Given = TypeVarTuple("Given")

# What was written to a socket of this machine can be read at its other end by then.
_DELIVERY = 0.002
_HANGING = 20.0


class _NoSilence(selectors.DefaultSelector):
    """Looks what is ready, and lets the loop's clock jump where nothing is."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped = 0.0
        self.working = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or self.working:
            ready = super().select(_HANGING if timeout is None else timeout)
            if timeout is None and not ready:
                raise RuntimeError("Everything waits, and nothing comes: the test hangs.")
            return ready
        ready = super().select(min(timeout, _DELIVERY))
        if not ready and timeout > _DELIVERY:
            self.skipped += timeout - _DELIVERY
        return ready


class RestlessLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, which leaves out the waiting."""

    def __init__(self) -> None:
        self._silence = _NoSilence()
        super().__init__(self._silence)

    def time(self) -> float:
        return time.monotonic() + self._silence.skipped

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Given]], Got], *args: *Given
    ) -> asyncio.Future[Got]:
        """As usual; while a thread works, time passes as it does."""
        done = super().run_in_executor(executor, func, *args)
        self._silence.working += 1
        done.add_done_callback(self._worked)
        return done

    async def shutdown_default_executor(self, *limit: Any, **options: Any) -> None:
        """As usual; from Python 3.12 on there is a limit to it, which is no reason to jump."""
        self._silence.working += 1
        try:
            await super().shutdown_default_executor(*limit, **options)
        finally:
            self._silence.working -= 1

    def _worked(self, _: asyncio.Future[Any]) -> None:
        self._silence.working -= 1


RESTLESS: tuple[str, dict[str, Any]] = ("asyncio", {"loop_factory": RestlessLoop})
