"""The way of reads to Graph and back: one by itself, several in a batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from errors import GraphTooLarge, GraphUnavailable
from graph import deadline
from graph.batch.depot import Depot
from graph.batch.reads import Company, Read
from graph.batch.trip import NotBatched, Trip, carry, is_about_token
from graph.calls import Reply
from graph.throttle import Demand, Permit


class Base(Protocol):
    """Where reads come from, and where those go that are not answered yet."""

    @property
    def depot(self) -> Depot: ...
    @property
    def demand(self) -> Demand: ...

    def again(self, read: Read, wait: float) -> None:
        """Have a read tried again after so many seconds."""
        ...

    def apart(self, read: Read) -> None:
        """Have a read sent by itself."""
        ...

    def landed(self, slots: int) -> None:
        """Hear that a request has ended."""
        ...

    def refused(self) -> None:
        """Hear that Graph takes no batches."""
        ...


def begin(base: Base, reads: Sequence[Read], permit: Permit | None = None) -> None:
    """Send reads by one request. Without a permit it is one read, which waits for its own."""
    company = Company(list(reads), permit, permit.slots if permit else 0)
    for read in reads:
        read.company = company
    company.task = base.depot.begin(_there_and_back(base, company))
    company.task.add_done_callback(lambda _: _ended(base, company))


async def _there_and_back(base: Base, company: Company) -> None:
    try:
        with deadline.until(company.end):
            await (_together(base, company) if len(company.reads) > 1 else _alone(base, company))
    except Exception as error:  # noqa: BLE001 - whatever it is, those who wait have to know
        company.end_with(error)


def _ended(base: Base, company: Company) -> None:
    company.end_with(GraphUnavailable("Closed", "The server is shutting down; this was not done."))
    base.landed(company.slots)


async def _alone(base: Base, company: Company) -> None:
    read = company.reads[0]
    read.tell(await base.depot.sender.send(read.call, read.speaker, permit=company.hand_over()))


async def _together(base: Base, company: Company) -> None:
    reads = list(company.reads)
    trip = await _carried(base, company)
    if trip.failed and trip.is_last_word:
        for read in reads:
            read.tell(trip.failed)
        return
    for read, reply in zip(reads, trip.replies, strict=True):
        if reply is None or is_about_token(reply):
            company.part_with(read)
            base.apart(read)
        else:
            _heard(base, company, read, reply)


async def _carried(base: Base, company: Company) -> Trip:
    """What a batch brought back: nothing where Graph takes none, or its parts are too large together."""
    reads, sender = company.reads, base.depot.sender
    calls, nothing = [read.call for read in reads], Trip([None] * len(reads))
    try:
        trip = await carry(sender, calls, [base.demand] * len(reads), reads[0].speaker, company.hand_over())
    except GraphTooLarge:
        return nothing
    except NotBatched:
        base.refused()
        return nothing
    if trip.is_void:
        base.refused()
    return trip


def _heard(base: Base, company: Company, read: Read, reply: Reply) -> None:
    """Hand on the answer to a read, or have it tried again."""
    pause = base.depot.sender.throttle.pause_left(base.demand)
    left = read.end - asyncio.get_running_loop().time()
    wait = read.patience.wait(read.call, reply, pause=pause, left=left, chance=base.depot.chance)
    if wait is None:
        read.tell(reply)
    else:
        company.part_with(read)
        base.again(read, wait)
