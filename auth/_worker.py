"""MSAL and files block, so what touches them runs in a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import anyio.to_thread

from auth.trouble import sign_in_trouble

T = TypeVar("T")

# MSAL carries no type information.
Application = Any
Cache = Any
Result = dict[str, Any]


async def in_worker(work: Callable[[], T]) -> T:
    """Run blocking work; what MSAL and the network raise becomes an error that says what to do."""

    def guarded() -> T:
        with sign_in_trouble():
            return work()

    # A caller that gives up does not wait for the network; the thread ends when the network has answered.
    return await anyio.to_thread.run_sync(guarded, abandon_on_cancel=True)
