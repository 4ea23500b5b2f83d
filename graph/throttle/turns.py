"""Who is next in a lane: callers take turns, and each caller's calls go in the order in which they came."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections.abc import Iterator
from operator import attrgetter

from graph.calls import Caller
from graph.throttle.limits import Demand
from graph.throttle.permit import Permit

_TICKET = attrgetter("ticket")


class Waiter:
    """A call that waits in one lane at a time: the first that has no room for it. `ticket` says when it came."""

    __slots__ = ("admitted", "at", "caller", "deadline", "demand", "ticket", "turned")

    def __init__(
        self, ticket: int, demand: Demand, caller: Caller, deadline: float, admitted: asyncio.Future[Permit]
    ) -> None:
        self.ticket = ticket
        self.demand = demand
        self.caller = caller
        self.deadline = deadline
        self.admitted = admitted
        self.at: Turns | None = None
        self.turned: set[Turns] = set()


class Turns:
    """The queue of one lane.

    Who had a turn here, but found no room in another lane, comes back to the front. So the turns of several lanes
    cannot hold each other up for ever, and many small calls never starve one that needs much room.
    """

    __slots__ = ("_callers", "_front")

    def __init__(self) -> None:
        self._front: list[Waiter] = []
        self._callers: dict[Caller, list[Waiter]] = {}  # in the order of their turns

    def __bool__(self) -> bool:
        return bool(self._front or self._callers)

    def __iter__(self) -> Iterator[Waiter]:
        yield from self._front
        for queue in self._callers.values():
            yield from queue

    def head(self) -> Waiter | None:
        """Whose turn it is."""
        return next(iter(self), None)

    def are_before(self, waiter: Waiter) -> bool:
        """Whether somebody here has to go first."""
        if self in waiter.turned:
            return bool(self._front) and self._front[0].ticket < waiter.ticket
        return bool(self)

    def add(self, waiter: Waiter) -> None:
        """Have somebody wait."""
        queue = self._front if self in waiter.turned else self._callers.setdefault(waiter.caller, [])
        insort(queue, waiter, key=_TICKET)
        waiter.at = self

    def take_turn(self, waiter: Waiter) -> None:
        """Let the head go: the next caller is on, and this one's others come after all that wait."""
        is_in_line = self not in waiter.turned
        self.remove(waiter)
        waiter.turned.add(self)
        if is_in_line and (others := self._callers.pop(waiter.caller, None)):
            self._callers[waiter.caller] = others

    def remove(self, waiter: Waiter) -> None:
        """Let somebody go who does not wait any more."""
        waiter.at = None
        if self in waiter.turned:
            del self._front[_place(self._front, waiter)]
            return
        queue = self._callers[waiter.caller]
        del queue[_place(queue, waiter)]
        if not queue:
            del self._callers[waiter.caller]


def _place(queue: list[Waiter], waiter: Waiter) -> int:
    return bisect_left(queue, waiter.ticket, key=_TICKET)
