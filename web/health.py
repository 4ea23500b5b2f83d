"""Is the process alive, and can it take work? Neither answer says anything else."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Literal

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

log = logging.getLogger(__name__)

Part = Literal["keys", "store", "graph"]
Check = Callable[[], Awaitable[bool]]

_EVERY = 10.0
_PATIENCE = 3.0
_NO_CHECKS: Mapping[Part, Check] = MappingProxyType({})


class _Checked:
    """One part, asked seldom: however many want to know, it is asked once in a while, by one of them."""

    def __init__(self, part: Part, check: Check, clock: Callable[[], float], every: float, patience: float) -> None:
        self.part = part
        self._check = check
        self._clock = clock
        self._every = every
        self._patience = patience
        self._asking = anyio.Lock()
        self._asked_at = -math.inf
        self._works = False

    async def works(self) -> bool:
        """Whether it did when it was last asked."""
        # Shielded: who gives up waiting must not leave the question to the next one, who may give up as well.
        with anyio.CancelScope(shield=True):
            async with self._asking:
                if self._clock() - self._asked_at >= self._every:
                    self._asked_at = self._clock()
                    self._works = await self._ask()
        return self._works

    async def _ask(self) -> bool:
        works = False
        try:
            with anyio.move_on_after(self._patience):
                works = await self._check()
        except Exception as error:  # noqa: BLE001 - of whatever kind: it does not work
            log.warning("a readiness check failed", extra={"part": self.part, "error": type(error).__name__})
        if not works:
            log.warning("not ready", extra={"part": self.part})
        return works


class Readiness:
    """Whether the server can do its work: it is not stopping, and the parts that it cannot do without answer.

    A part is asked every `every` seconds at most, and has `patience` seconds to answer.
    """

    def __init__(
        self,
        checks: Mapping[Part, Check] = _NO_CHECKS,
        *,
        is_stopping: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        every: float = _EVERY,
        patience: float = _PATIENCE,
    ) -> None:
        self._is_stopping = is_stopping
        self._parts = [_Checked(part, check, clock, every, patience) for part, check in checks.items()]

    async def problem(self) -> str:
        """What is missing, in a word; nothing where it is ready."""
        if self._is_stopping():
            return "stopping"
        works: dict[Part, bool] = {}

        async def ask(part: _Checked) -> None:
            works[part.part] = await part.works()

        async with anyio.create_task_group() as tasks:
            for part in self._parts:
                tasks.start_soon(ask, part)
        return next((part.part for part in self._parts if not works[part.part]), "")


def health_routes(readiness: Readiness) -> list[Route]:
    """/healthz and /readyz. The app's `state.ready` says whether its lifespan has started and has not ended."""

    async def readyz(request: Request) -> PlainTextResponse:
        problem = await readiness.problem() if getattr(request.app.state, "ready", False) else "stopping"
        return _answer(f"not ready: {problem}\n", 503) if problem else _answer("ready\n")

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def healthz(request: Request) -> PlainTextResponse:
    """The process runs."""
    return _answer("ok\n")


def _answer(text: str, status: int = 200) -> PlainTextResponse:
    return PlainTextResponse(text, status_code=status, headers={"Cache-Control": "no-store"})
