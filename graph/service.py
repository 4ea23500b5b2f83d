"""What all callers of Graph share, made once in a process: connections, limits, and what saves calls."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from errors import ToolInputError
from graph.batch import Batcher
from graph.connections import Connections
from graph.flights import Flights
from graph.kept import Kept
from graph.sending import Observe, Sender
from graph.throttle import LocalThrottle, Throttle
from graph.wire import Home


class GraphService:
    """The shared half of every GraphClient."""

    def __init__(
        self, sender: Sender, *, version: str = "v1.0", allow_beta: bool = True, coalesce: bool = True
    ) -> None:
        self.sender = sender
        self.batcher = Batcher(sender)
        self.flights = Flights()
        self.kept = Kept()
        self.coalesce = coalesce
        self._version = version
        self._allow_beta = allow_beta

    def version(self, wanted: str | None) -> str:
        """The version that an operation is called in: the configured one, or beta where it needs that."""
        version = wanted or self._version
        if version == "beta" and not self._allow_beta:
            raise ToolInputError("This needs Graph's beta version, which is switched off here: GRAPH_ALLOW_BETA.")
        return version


@asynccontextmanager
async def graph_service(
    opened: Callable[[], httpx.AsyncClient],
    host: str,
    *,
    bulk: Callable[[], httpx.AsyncClient] | None = None,
    throttle: Throttle | None = None,
    version: str = "v1.0",
    allow_beta: bool = True,
    coalesce: bool = True,
    chance: random.Random | None = None,
    processes: int = 1,
    observe: Observe = lambda _status, _seconds: None,
) -> AsyncIterator[GraphService]:
    """The service for one Graph host. `opened` makes a client of the network, `bulk` one for long transfers.

    `processes` is how many of these share the limits, and `observe` is told of each answer.
    """
    async with Connections(opened, bulk) as connections:
        throttle = throttle or LocalThrottle(processes=processes)
        sender = Sender(connections, Home(host), throttle, chance=chance, observe=observe)
        service = GraphService(sender, version=version, allow_beta=allow_beta, coalesce=coalesce)
        try:
            yield service
        finally:
            await service.batcher.aclose()
