"""One read that waits for its answer, and the company in which it travels."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from graph.batch.trip import Patience
from graph.calls import Call, Reply, Speaker
from graph.flights import fresh
from graph.throttle import Permit


@dataclass(eq=False, slots=True)
class Read:
    """A call, who makes it and until when, and what has become of it so far."""

    call: Call
    speaker: Speaker
    end: float
    since: float
    answer: asyncio.Future[Reply]
    patience: Patience = field(default_factory=Patience)
    company: Company | None = None
    rest: asyncio.TimerHandle | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for the answer."""
        return not self.answer.done()

    def tell(self, reply: Reply) -> None:
        if self.is_wanted:
            self.answer.set_result(reply)

    def fail(self, error: BaseException) -> None:
        if self.is_wanted:
            self.answer.set_exception(fresh(error))

    def abandon(self) -> None:
        """Nobody waits any more; who travels for nobody turns back."""
        if self.answer.cancel() or self.answer.cancelled():
            if self.company is not None:
                self.company.turn_back_if_unwanted()
        else:
            self.answer.exception()  # perhaps it came in the moment in which its reader left


@dataclass(eq=False, slots=True)
class Company:
    """Reads that go to Graph by one request. The permit is theirs until the request is made."""

    reads: list[Read]
    permit: Permit | None = None
    slots: int = 0
    task: asyncio.Task[None] | None = None

    @property
    def end(self) -> float:
        """When the last of them is too late."""
        return max(read.end for read in self.reads)

    def hand_over(self) -> Permit | None:
        """The permit if there is one; it is now another's to release."""
        permit, self.permit = self.permit, None
        return permit

    def part_with(self, read: Read) -> None:
        """Let a read go which is not answered here."""
        self.reads.remove(read)
        read.company = None

    def turn_back_if_unwanted(self) -> None:
        if self.task is not None and not any(read.is_wanted for read in self.reads):
            self.task.cancel()

    def end_with(self, error: Exception) -> None:
        """Tell whoever is still without an answer, and keep nothing."""
        for read in self.reads:
            read.fail(error)
        if permit := self.hand_over():
            permit.release()
