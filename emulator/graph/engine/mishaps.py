"""What goes wrong inside a workload because somebody asked for it: from outside only its answers can be spoilt."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.faults import GraphFault
from emulator.graph.engine.call import Call

_KEY = "mishap"


@dataclass(frozen=True)
class Mishap:
    """`loses` is whether bytes that came in get lost, and `lost_bytes` how many of them, if that was said.

    `fails` is why work in the background fails, and `polls` how often it still says that it is under way.
    """

    loses: bool = False
    lost_bytes: int | None = None
    fails: GraphFault | None = None
    polls: int = 1

    def kept(self, received: int, fragment: int) -> int:
        """How much of what came in is left: unless it was said, this fragment and one like it before are lost."""
        if not self.loses:
            return received
        return max(0, received - (2 * fragment if self.lost_bytes is None else self.lost_bytes))


_NOTHING = Mishap()


def befall(call: Call, mishap: Mishap) -> None:
    """Have a call meet it."""
    call.state[_KEY] = mishap


def mishap_of(call: Call) -> Mishap:
    """What a call meets; mostly nothing."""
    found: Mishap = call.state.get(_KEY, _NOTHING)
    return found
