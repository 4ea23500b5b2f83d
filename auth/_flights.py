"""One flight for all who want the same thing at the same time."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")


class _Flight(Generic[T]):
    """What is under way, and what came of it: nothing, if whoever led it gave up."""

    def __init__(self) -> None:
        self.landed = anyio.Event()
        self.results: list[T] = []
        self.error: Exception | None = None


class Flights(Generic[T]):
    """Callers with the same key share one run of the work, its result and its error."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def join(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        """The result of the flight that is under way, or of one that starts now."""
        while (flight := self._flights.get(key)) is not None:
            await flight.landed.wait()
            if flight.error is not None:
                raise copy.copy(flight.error) from flight.error  # one traceback each
            if flight.results:
                return flight.results[0]
            # The caller who led it was cancelled: another one leads now.
        return await self._led(key, work)

    async def _led(self, key: Hashable, work: Callable[[], Awaitable[T]]) -> T:
        flight = self._flights[key] = _Flight[T]()
        try:
            flight.results.append(await work())
        except Exception as error:
            flight.error = error
            raise
        finally:
            del self._flights[key]
            flight.landed.set()
        return flight.results[0]
