"""Reads of one identity that meet the same limits, and wait for a `$batch` to take them.

It is a group commit: what waits goes together as soon as the limits admit it. While they do not, more joins it, so
that the busier Graph is, the fuller the batches are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from itertools import islice
from math import inf
from typing import TypeVar

from errors import GraphError, GraphThrottled, GraphUnavailable
from graph import deadline, wire
from graph.batch import travel
from graph.batch.depot import Depot
from graph.batch.reads import Read
from graph.batch.trip import signed_in
from graph.calls import Call, Reply, Speaker
from graph.throttle import Demand, Permit

Result = TypeVar("Result")

# So many turns of the loop a read waits for company where nothing else is going on: tasks that were started together
# have all begun by then.
_TURNS = 2


class Queue:
    """The reads that wait, those on their way, and the task that asks the limits for all of them.

    They are of the identity `whose`; `idle` hears when nothing is left to do here.
    """

    def __init__(self, depot: Depot, whose: Hashable, demand: Demand, idle: Callable[[Queue], None]) -> None:
        self.depot = depot
        self.demand = demand
        self._whose = whose
        self._idle = idle
        self._most = self._wide = min(wire.MOST_PARTS, demand.most)
        documented = [lane.limits.slots for lane, _ in demand.lanes if lane.limits.slots is not None]
        self._slots = min(documented, default=wire.MOST_PARTS)
        self._waiting: dict[Read, None] = {}
        self._resting: set[Read] = set()
        self._under_way = 0
        self._slots_held = 0
        self._pump: asyncio.Task[None] | None = None
        self._bell: asyncio.Future[None] | None = None
        self._leave: asyncio.Timeout | None = None
        self._rings_at = 0.0

    async def read(self, call: Call, speaker: Speaker) -> Reply:
        """The answer to a call, sent by itself or in a batch."""
        loop = asyncio.get_running_loop()
        read = Read(call, speaker, deadline.end(), loop.time(), loop.create_future())
        is_first = self._is_idle
        self._waiting[read] = None
        try:
            if not is_first:
                self._joined()
            elif permit := await self._only(read):
                return await self._sent(read, permit)
            async with asyncio.timeout_at(read.end):
                return await read.answer
        except TimeoutError as error:
            raise self._late(read) from error
        finally:
            self._left(read)

    @property
    def _is_idle(self) -> bool:
        return not (self._waiting or self._resting or self._under_way or self._pump)

    async def _only(self, read: Read) -> Permit | None:
        """Leave for a read to go at once, where none joins it and the limits admit it."""
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if self._has_to_wait(read):
            return None
        await signed_in(read.speaker)
        if self._has_to_wait(read):
            return None
        permit = self.depot.sender.throttle.try_admit(self.demand, read.speaker.caller)
        if permit is None:
            self._joined()
        return permit

    def _has_to_wait(self, read: Read) -> bool:
        """Whether the pump sees to a read, or has seen to it already."""
        return self._pump is not None or read not in self._waiting

    async def _sent(self, read: Read, permit: Permit) -> Reply:
        del self._waiting[read]
        self._under_way += 1
        self._slots_held += permit.slots
        try:
            return await self.depot.sender.send(read.call, read.speaker, permit=permit)
        finally:
            self.landed(permit.slots)

    def close(self) -> None:
        """Tell all who wait that nothing is sent any more."""
        for read in (*self._waiting, *self._resting):
            read.fail(GraphUnavailable("Closed", "The server is shutting down; this was not done."))

    def _joined(self) -> None:
        if self._pump is None:
            self._pump = self.depot.begin(self._pumped())
        elif len(self._waiting) >= self._rings_at:
            self._interrupt()

    def _left(self, read: Read) -> None:
        """Keep nothing of a read that nobody waits for any more."""
        if read in self._waiting:
            del self._waiting[read]
            if not self._waiting:
                self._interrupt()
        if read.rest is not None:
            read.rest.cancel()
            self._resting.discard(read)
        read.abandon()
        self._end_if_idle()

    def landed(self, slots: int) -> None:
        """Hear that a request has ended."""
        self._under_way -= 1
        self._slots_held -= slots
        self._ring()
        self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._is_idle:
            self._idle(self)

    def _late(self, read: Read) -> GraphError:
        if read.company is not None:
            return GraphUnavailable("Timeout", "Graph took too long to answer. Try again in a moment.")
        wait = self.depot.sender.throttle.pause_left(self.demand)
        return GraphThrottled(
            "Throttled",
            "Too many calls wait for this part of Graph. Try again in a moment, with fewer requests.",
            retry_after=wait,
        )

    # The pump: when reads go, and how many.

    async def _pumped(self) -> None:
        try:
            while self._waiting:
                if self.depot.is_off(self._whose):
                    self._scatter(self._waiting)
                    return
                first = next(iter(self._waiting))
                await self._gathered(first.since + self.depot.window)
                if self._waiting:
                    await self._done_for_us(signed_in(first.speaker))
                permit = await self._permit()
                if permit is not None:
                    self._depart(permit)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait have to know
            self._fail(error, inf)
        finally:
            self._pump = None
            self._end_if_idle()

    async def _gathered(self, until: float) -> None:
        """Wait until a batch is full, or long enough."""
        while 0 < len(self._waiting) < self._wide:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                return
            await self._rung(self._wide, left)

    async def _permit(self) -> Permit | None:
        """Leave for what waits now; None where nothing does any more, or more than was asked for."""
        if permit := self._permit_at_once():
            return permit
        if len(self._waiting) < self._wide and self._slots_held + self._slots_wanted > self._slots:
            # Until one of our own requests has landed, nobody else can make room. Who it answers often has the next
            # thing to ask, which goes along.
            await self._rung(self._wide)
            await self._gathered(asyncio.get_running_loop().time() + self.depot.window)
            if permit := self._permit_at_once():
                return permit
        return await self._admitted() if self._waiting else None

    @property
    def _count(self) -> int:
        return min(len(self._waiting), self._wide)

    @property
    def _slots_wanted(self) -> int:
        return min(self._count, self._slots)

    def _permit_at_once(self) -> Permit | None:
        """Leave for all that waits now, or for as many as have a slot each where not all slots are free."""
        if not self._waiting:
            return None
        caller, throttle = next(iter(self._waiting)).speaker.caller, self.depot.sender.throttle
        sizes = (self._count, *range(self._slots_wanted - 1, 0, -1))
        permits = (throttle.try_admit(self.demand.times(size), caller) for size in sizes)
        return next(filter(None, permits), None)

    async def _admitted(self) -> Permit | None:
        """Leave when the turn of what waits now has come; None where more of it came first."""
        self._tell_who_is_too_late()
        if not self._waiting:
            return None
        count, caller = self._count, next(iter(self._waiting)).speaker.caller
        most = count if count < self._wide else inf
        return await self._done_for_us(self.depot.sender.throttle.admit(self.demand.times(count), caller), most)

    async def _done_for_us(self, work: Awaitable[Result], most: float = inf) -> Result | None:
        """What comes of something while somebody waits here, but no more than so many; else, or if it fails, None."""
        end = max(read.end for read in self._waiting)
        self._rings_at = most + 1
        try:
            with deadline.until(end):
                async with asyncio.timeout(None) as self._leave:
                    return await work
        except TimeoutError:
            return None
        except GraphThrottled as error:
            self._fail(error, end)
            return None
        finally:
            self._leave = None

    def _tell_who_is_too_late(self) -> None:
        """Have those who cannot wait so long ask by themselves, which they are told at once."""
        pause = self.depot.sender.throttle.pause_left(self.demand)
        opens = asyncio.get_running_loop().time() + pause if pause else 0.0
        self._scatter(read for read in self._waiting if read.end < opens)

    def _scatter(self, reads: Iterable[Read]) -> None:
        for read in list(reads):
            self.apart(read)

    def _fail(self, error: BaseException, end: float) -> None:
        """Tell those who wait no longer than until then."""
        for read in [read for read in self._waiting if read.end <= end]:
            del self._waiting[read]
            read.fail(error)

    async def _rung(self, count: int, seconds: float | None = None) -> None:
        """Wait until something happens here: so many wait, or nobody, or a request has landed. Or for so long."""
        loop = asyncio.get_running_loop()
        self._rings_at = count
        self._bell = loop.create_future()
        timer = None if seconds is None else loop.call_later(seconds, self._ring)
        try:
            await self._bell
        finally:
            self._bell = None
            if timer is not None:
                timer.cancel()

    def _interrupt(self) -> None:
        """Have the pump look again, even while it waits for others."""
        leave, self._leave = self._leave, None
        if leave is not None:
            leave.reschedule(0)
        self._ring()

    def _ring(self) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    # What becomes of reads that do not wait here any more.

    def _depart(self, permit: Permit) -> None:
        """Send as many as the permit is for; fewer where a lane is not as open as documented."""
        if self.depot.is_off(self._whose):
            permit.release()
            return
        calls = permit.demand.calls
        if permit.slots < min(calls, self._slots):
            calls, self._wide = permit.slots, permit.slots + 1
        else:
            self._wide = min(self._most, 2 * self._wide)
        reads = list(islice((read for read in self._waiting if read.is_wanted), calls))
        if reads:
            self._send(reads, permit)
        else:
            permit.release()

    def _send(self, reads: Sequence[Read], permit: Permit | None = None) -> None:
        for read in reads:
            self._waiting.pop(read, None)
        self._under_way += 1
        self._slots_held += permit.slots if permit else 0
        travel.begin(self, reads, permit)

    def apart(self, read: Read) -> None:
        """Send a read by itself."""
        self._send([read])

    def again(self, read: Read, wait: float) -> None:
        """Have a read wait once more, after a rest."""
        if not read.is_wanted:
            return
        if wait:
            self._resting.add(read)
            read.rest = asyncio.get_running_loop().call_later(wait, self._rested, read)
        else:
            self._rested(read)

    def _rested(self, read: Read) -> None:
        self._resting.discard(read)
        read.rest, read.since = None, asyncio.get_running_loop().time()
        self._waiting[read] = None
        self._joined()

    def refused(self) -> None:
        """Hear that Graph takes no batches."""
        self.depot.turn_off(self._whose)
