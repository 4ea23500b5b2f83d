"""Equal reads that are under way at the same time are one call, whose answer all of them get."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

from errors import GraphError, GraphThrottled, GraphUnavailable
from graph import deadline
from graph.calls import Call, Reply

Error = TypeVar("Error", bound=BaseException)

# Timers may ring so much before their time.
_SLACK_SECONDS = 0.01


@dataclass(eq=False, slots=True)
class _Flight:
    """One call under way, and how many wait for it; `end` is the deadline of whoever began it."""

    task: asyncio.Task[Reply]
    end: float
    waiting: int = 0


class Flights:
    """The reads that are under way. Those of one identity are never another's, and those of nobody are not shared."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, dict[Call, _Flight]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._flights.values()))

    async def shared(self, key: tuple[Hashable, Call], start: Callable[[], Awaitable[Reply]]) -> Reply:
        """The answer to a call of an identity: of the one that is under way, else of the one that `start` makes.

        It is made in a task of its own: who leaves does not take it from the others, and it ends when all have left.
        """
        whose, call = key
        if whose is None:
            return await start()
        end = deadline.end()
        while flight := self._flights.get(whose, {}).get(call):
            reply = await self._joined(flight, key, end)
            if reply is not None:
                return reply
        flight = self._begun(key, start, end)
        await self._waited(flight, key)
        return flight.task.result()

    def land(self, whose: Hashable) -> None:
        """From now on nobody joins what this identity has under way: a write makes it old."""
        self._flights.pop(whose, None)

    def _begun(self, key: tuple[Hashable, Call], start: Callable[[], Awaitable[Reply]], end: float) -> _Flight:
        flight = _Flight(asyncio.create_task(_flown(start)), end)
        self._flights.setdefault(key[0], {})[key[1]] = flight
        flight.task.add_done_callback(lambda _: self._ended(flight, key))
        return flight

    async def _joined(self, flight: _Flight, key: tuple[Hashable, Call], end: float) -> Reply | None:
        """The answer that another asked for; None where only that one's time was too short for it."""
        await self._waited(flight, key, end - asyncio.get_running_loop().time())
        if not flight.task.done():
            raise GraphUnavailable("Timeout", "Graph took too long to answer. Try again in a moment.")
        try:
            return flight.task.result()
        except Exception as error:  # noqa: BLE001 - told to each who waits
            if end > flight.end and _came_too_late(error, flight):
                return None
            raise fresh(error) from error.__cause__

    async def _waited(self, flight: _Flight, key: tuple[Hashable, Call], seconds: float | None = None) -> None:
        flight.waiting += 1
        try:
            await asyncio.wait((flight.task,), timeout=seconds)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._ended(flight, key)
                flight.task.cancel()

    def _ended(self, flight: _Flight, key: tuple[Hashable, Call]) -> None:
        """Nobody joins it any more. Another of the same key may be there already."""
        whose, call = key
        mine = self._flights.get(whose, {})
        if mine.get(call) is flight:
            del mine[call]
            if not mine:
                del self._flights[whose]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # whoever waits has it, and nobody may be left to


def fresh(error: Error) -> Error:
    """The same error once more, for somebody else to raise: each who raises one writes a traceback into it."""
    try:
        twin = copy.copy(error)
    except TypeError:  # its class cannot be made of what it says
        return error
    twin.__cause__ = error.__cause__
    return twin


async def _flown(start: Callable[[], Awaitable[Reply]]) -> Reply:
    try:
        return await start()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # What it waited for is gone, and nobody asked those who wait here to stop.
        raise GraphUnavailable("Closed", "The server is shutting down; this was not done.") from error


def _came_too_late(error: Exception, flight: _Flight) -> bool:
    """Whether a flight ended because of its own deadline."""
    if isinstance(error, GraphThrottled):
        return True  # the limits open too late for it
    is_timeout = isinstance(error, GraphError) and error.code == "Timeout"
    return is_timeout and asyncio.get_running_loop().time() >= flight.end - _SLACK_SECONDS
