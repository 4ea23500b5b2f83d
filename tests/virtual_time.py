"""An event loop whose clock jumps to the next timer when nothing else is left to do: hours pass in milliseconds.

A test asks for it with a fixture of its own, and then awaits as usual:

    @pytest.fixture
    def anyio_backend() -> object:
        return VIRTUAL_TIME

Nothing in such a test may wait for a thread, a process or a socket: to the loop that looks like nothing left to do.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class _NoWaiting(selectors.DefaultSelector):
    """Looks what is ready, and lets the loop's clock pass in place of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("Everything waits, and nothing will ever come: the test hangs.")
            self.passed += max(0.0, timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, on a clock that starts at 0."""

    def __init__(self) -> None:
        self._waiting = _NoWaiting()
        super().__init__(self._waiting)

    def time(self) -> float:
        return self._waiting.passed


VIRTUAL_TIME: tuple[str, dict[str, Any]] = ("asyncio", {"loop_factory": VirtualTimeLoop})
