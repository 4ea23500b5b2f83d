"""MSAL and files block, so what touches them runs in a worker thread."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from auth.trouble import sign_in_trouble

T = TypeVar("T")

# MSAL carries no type information.
Application = Any
Cache = Any
Result = dict[str, Any]

_MOST_THREADS = 40
_slots: RunVar[anyio.CapacityLimiter] = RunVar("slots for sign-in threads")


async def in_worker(work: Callable[[], T], *, limiter: anyio.CapacityLimiter | None = None) -> T:
    """Run blocking work; what MSAL and the network raise becomes an error that says what to do.

    A caller that gives up does not wait for the network. Its thread ends when the network has answered, and has its
    place until then: callers that come and go do not pile up threads.
    """
    slots, borrower, loop = limiter or _shared_slots(), object(), asyncio.get_running_loop()
    has_begun = False

    def give_back() -> None:
        with suppress(RuntimeError):  # given back already
            slots.release_on_behalf_of(borrower)

    def guarded() -> T:
        nonlocal has_begun
        has_begun = True
        try:
            with sign_in_trouble():
                return work()
        finally:
            with suppress(RuntimeError):  # the event loop is gone, and its places with it
                loop.call_soon_threadsafe(give_back)

    await slots.acquire_on_behalf_of(borrower)
    try:
        unlimited = anyio.CapacityLimiter(math.inf)
        return await anyio.to_thread.run_sync(guarded, abandon_on_cancel=True, limiter=unlimited)
    finally:
        if not has_begun:
            give_back()


def _shared_slots() -> anyio.CapacityLimiter:
    try:
        return _slots.get()
    except LookupError:
        _slots.set(anyio.CapacityLimiter(_MOST_THREADS))
        return _slots.get()
