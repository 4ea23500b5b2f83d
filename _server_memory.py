"""What keeps a process small that serves for weeks."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_ARENA_MAX = -8  # of glibc's malloc.h


def share_one_heap() -> None:
    """Before there are threads: glibc would give each of them a heap of its own, and keep what they leave there.

    Threads here wait for the network and for files, and not for memory.
    """
    with suppress(OSError, TypeError, AttributeError):  # Windows, and other C libraries
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
