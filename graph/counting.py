"""How many calls to Graph something took: counted for whoever wants to know, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Count:
    """The calls that were asked for, however few requests they became."""

    calls: int = 0


_count: ContextVar[Count | None] = ContextVar("count", default=None)


@contextmanager
def calls() -> Iterator[Count]:
    """Count what is called within, also by tasks that are started there."""
    count = Count()
    token = _count.set(count)
    try:
        yield count
    finally:
        _count.reset(token)


def note(calls: int = 1) -> None:
    """Say that so many calls are being made."""
    if (count := _count.get()) is not None:
        count.calls += calls
