"""Many calls in few requests: reads that come together share a `$batch`, and explicit batches of any calls."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Hashable, Sequence
from functools import partial

from errors import GraphError, GraphUnavailable
from graph.batch.depot import Depot
from graph.batch.queue import Queue
from graph.batch.run import Run
from graph.calls import Call, Reply, Speaker
from graph.sending import Sender
from graph.throttle import demand_of


class Batcher:
    """One in a process. Calls of different identities never share a batch, and those of nobody share with none."""

    def __init__(self, sender: Sender, *, window: float = 0.003, chance: random.Random | None = None) -> None:
        self._depot = Depot(sender, window, chance or random.Random())  # noqa: S311 - to part retries
        self._queues: dict[Hashable, Queue] = {}
        self._is_closed = False

    async def read(self, call: Call, speaker: Speaker) -> Reply:
        """The answer to a GET of JSON, whatever its status.

        What waits at the same time for the same limits goes in one request. A read that is alone goes at once.
        """
        _check_is_for_batches(call)
        self._check_is_open()
        if speaker.key is None or self._depot.is_off(speaker.key):
            return await self._depot.sender.send(call, speaker)
        demand = demand_of(call, speaker.caller)
        key = (speaker.key, call.version, demand.batch_key)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = Queue(self._depot, speaker.key, demand, partial(self._drop, key))
        return await queue.read(call, speaker)

    async def batch(
        self, calls: Sequence[Call], speaker: Speaker, *, in_order: bool = False
    ) -> list[Reply | GraphError]:
        """The answers to any number of calls of any kind, in their order.

        `in_order` has each wait for the one before; those behind one that fails are answered 424 and not done.
        A SignInError is raised when it met all of them.
        """
        self._check_is_open()
        run = Run(self._depot, calls, speaker)
        return await (run.in_order() if in_order else run.at_once())

    async def aclose(self) -> None:
        """End all that is under way; who waits is told."""
        self._is_closed = True
        for queue in self._queues.values():
            queue.close()
        for task in self._depot.tasks:
            task.cancel()
        while self._depot.tasks:
            await asyncio.wait(self._depot.tasks)

    def _check_is_open(self) -> None:
        if self._is_closed:
            raise GraphUnavailable("Closed", "The server is shutting down; this was not done.")

    def _drop(self, key: Hashable, queue: Queue) -> None:
        if self._queues.get(key) is queue:
            del self._queues[key]


def _check_is_for_batches(call: Call) -> None:
    accept = next((value for name, value in call.headers if name.lower() == "accept"), "application/json")
    if call.method != "GET" or call.body or not accept.lower().startswith("application/json"):
        raise ValueError("Only a GET that is answered with JSON can be read together with others.")
