"""The state of one lane: what is under way in it, what it let through lately, and who waits."""

from __future__ import annotations

import asyncio

from graph.throttle.limits import Demand, Lane
from graph.throttle.turns import Turns, Waiter
from graph.throttle.valve import Valve
from graph.throttle.window import Window


class LaneState:
    """One lane while it is in use."""

    __slots__ = ("alarm", "lane", "turns", "valve", "windows")

    def __init__(self, lane: Lane, processes: int = 1) -> None:
        self.lane = lane
        slots = lane.limits.slots
        self.valve = Valve(slots and max(1, slots // processes))
        self.windows = tuple(Window(rate.amount, rate.seconds) for rate in lane.limits.rates)
        self.turns = Turns()
        self.alarm: asyncio.TimerHandle | None = None

    def has_room(self, now: float, slots: int, units: int) -> bool:
        """Whether so many requests more, and units, are within all limits."""
        valve = self.valve
        if valve.in_use + slots > valve.slots or now < valve.paused_until:
            return False
        for window in self.windows:  # noqa: SIM110 - any() costs as much as the rest of an admission
            if not window.fits(now, units):
                return False
        return True

    def take(self, now: float, slots: int, units: int) -> None:
        """Let them go."""
        self.valve.in_use += slots
        for window in self.windows:
            window.take(now, units)

    def opens_at(self, now: float, units: int) -> float:
        """When pause and rates let so many units through, whatever is under way."""
        return max([now, self.valve.paused_until, *(window.fits_at(now, units) for window in self.windows)])

    def units(self, demand: Demand) -> int:
        """What a demand takes from the rates of this lane."""
        return demand.calls * next(units for lane, units in demand.lanes if lane.key == self.lane.key)

    def is_idle(self, now: float) -> bool:
        """Whether there is nothing to remember."""
        return not self.turns and self.valve.is_idle(now) and all(window.is_empty(now) for window in self.windows)

    def blocks(self, waiter: Waiter, now: float, slots: int, units: int) -> bool:
        """Whether somebody who waits for another lane has to wait for this one, too."""
        return self.turns.are_before(waiter) or not self.has_room(now, slots, units)
