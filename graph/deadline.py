"""How long a tool call may take in all. Whatever is done for it, however often, ends by then."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

CALL_SECONDS = 60.0
"""What a call gets where nobody said how long it may take."""

_until: ContextVar[float] = ContextVar("until", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All that is done here ends within so many seconds, or earlier where an outer limit says so."""
    token = _until.set(min(_until.get(), asyncio.get_running_loop().time() + seconds))
    try:
        yield
    finally:
        _until.reset(token)


@contextmanager
def until(moment: float) -> Iterator[None]:
    """Work for somebody else, whose deadline is this one, whatever the own is."""
    token = _until.set(moment)
    try:
        yield
    finally:
        _until.reset(token)


def at() -> float | None:
    """The loop's time at which it is over; None where there is no limit."""
    moment = _until.get()
    return None if moment == math.inf else moment


def end() -> float:
    """The same, with the usual limit where there is none."""
    moment = _until.get()
    return moment if moment != math.inf else asyncio.get_running_loop().time() + CALL_SECONDS


def left() -> float:
    """The seconds that are left."""
    return max(0.0, _until.get() - asyncio.get_running_loop().time())
