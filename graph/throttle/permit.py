"""What a call holds while its request is in the air."""

from __future__ import annotations

from collections.abc import Callable

from graph.throttle.limits import Demand


class Permit:
    """Leave to send calls: `slots` of them may run at once, until it is released."""

    __slots__ = ("_give_back", "demand", "slots")

    def __init__(self, demand: Demand, slots: int, give_back: Callable[[], None]) -> None:
        self.demand = demand
        self.slots = slots
        self._give_back: Callable[[], None] | None = give_back

    def release(self) -> None:
        """Give the slots back; once is enough, and more does no harm."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()
