"""Telling the client how far a long call is: not too often, never backwards, and never at the cost of the call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

# Between two reports, and for one of them: who reads slower than that watches no progress.
INTERVAL_SECONDS = 0.25
PATIENCE_SECONDS = 2.0

Report = Callable[[float, float | None, str | None], Awaitable[None]]


class ProgressReports:
    """What a handler calls as its work goes on. Where the client did not ask for progress, nothing is sent.

    The protocol wants each report to be further than the one before. What comes too soon after another is left out,
    but for the end.
    """

    def __init__(self, report: Report) -> None:
        self._report: Report | None = report
        self._furthest = -1.0
        self._next_at = 0.0

    async def __call__(self, done: float, total: float | None = None, message: str | None = None) -> None:
        if self._report is None or done <= self._furthest or not self._is_due(done, total):
            return
        self._furthest = done
        self._next_at = _now() + INTERVAL_SECONDS
        await self._try(self._report, done, total, message)

    def _is_due(self, done: float, total: float | None) -> bool:
        return _now() >= self._next_at or (total is not None and done >= total)

    async def _try(self, report: Report, done: float, total: float | None, message: str | None) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await report(done, total, message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the work that is reported goes on
            self._report = None
            log.info("progress is not reported any more", extra={"cause": type(error).__name__})


def _now() -> float:
    return asyncio.get_running_loop().time()
