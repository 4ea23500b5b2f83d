"""While Graph is out, nobody waits for it in vain: after some failures in a row calls fail at once, and one tries."""

from __future__ import annotations

import asyncio
import math

from errors import GraphUnavailable

FAILURES = 8
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0


class Breaker:
    """Of one host. Only outages count: no answer, or a gateway's. What Graph refuses, it has answered."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause = FIRST_PAUSE
        self._closed_until = 0.0
        self._failed_at = -math.inf
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls fail without being sent, all but one at a time."""
        return self._failures >= FAILURES

    def check(self) -> None:
        """Refuse a call while there is no hope; one call at a time may find out whether there is again."""
        if not self.is_open:
            return
        left = self._closed_until - asyncio.get_running_loop().time()
        if left > 0 or self._is_probing:
            wait = f"in {max(1, round(left))} seconds" if left > 0 else "at this moment"
            raise GraphUnavailable(
                "Outage", f"Graph did not answer {self._failures} times in a row. It is asked again {wait}; try then."
            )
        self._is_probing = True

    def answered(self) -> None:
        """Graph is there."""
        self._failures, self._pause, self._is_probing = 0, FIRST_PAUSE, False

    def failed(self, began: float) -> None:
        """Graph is not there, or only a gateway in front of it is.

        What began before the last failure is part of it: all calls of a connection end with it.
        """
        now = asyncio.get_running_loop().time()
        if began < self._failed_at:
            return
        self._failed_at = now
        self._failures += 1
        if self._is_probing:
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
        self._is_probing = False
        if self.is_open:
            self._closed_until = now + self._pause

    def unknown(self) -> None:
        """Whoever asked did not wait for the answer."""
        self._is_probing = False
