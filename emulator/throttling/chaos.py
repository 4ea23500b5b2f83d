"""Trouble on request at Graph, for so many calls or until it clears."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from emulator.graph.engine.call import Answer, Call
from emulator.throttling.faults import SPOILING, Fault, Kind, Visit, challenge, concerns

# A part of a batch has neither a connection to lose nor bytes of its own.
_IN_BATCH = frozenset({"error", "redirect", "link", "slow", "failed"})


class Chaos:
    """The trouble that there is now; none until some is asked for.

    A call meets one at most, of several the oldest. Trouble that spoils an answer waits for one that it can spoil, and
    comes after all that strikes before there is an answer.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._faults: list[Fault] = []

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is still to come, the oldest first."""
        return tuple(self._faults)

    @property
    def is_fine(self) -> bool:
        return not self._faults

    def strike(self, kind: Kind = "error", *, times: int | None = 1, **facts: Any) -> Fault:  # noqa: ANN401 - of Fault
        """Have the next calls of a `method` below a `path` meet trouble; `times` None is until it is cleared."""
        return self.add(Fault(kind, left=times, **facts))

    def add(self, fault: Fault) -> Fault:
        """The same, for trouble that is described already."""
        fault.since = self._clock()
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """End all trouble."""
        self._faults.clear()

    def meets(self, visit: Visit) -> Fault | None:
        """The trouble that a call meets before it has an answer, which counts as one time."""
        return self._first(
            lambda fault: (
                fault.kind not in SPOILING
                and fault.kind != "challenge"
                and (fault.kind in _IN_BATCH or not visit.in_batch)
                and fault.covers(visit)
            )
        )

    def spoils(self, visit: Visit, answer: Answer) -> Fault | None:
        """The trouble that an answer meets."""
        return self._first(
            lambda fault: (
                fault.kind in SPOILING
                and (fault.kind in _IN_BATCH or not visit.in_batch)
                and fault.covers(visit)
                and fault.can_spoil(answer)
            )
        )

    def check_challenged(self, visit: Visit, call: Call) -> None:
        """Refuse a caller whom somebody wants to be asked for another token."""
        fault = self._first(lambda fault: fault.kind == "challenge" and fault.covers(visit) and concerns(fault, call))
        if fault is not None:
            raise challenge(fault, call)

    def _first(self, strikes: Callable[[Fault], bool]) -> Fault | None:
        """The oldest that strikes; what it spares is counted on the way."""
        found = next((fault for fault in self._faults if strikes(fault) and fault.counted()), None)
        self._faults = [fault for fault in self._faults if fault.left != 0]
        return found
