"""What the tests of the throttle share: lanes of their own making, a Graph that keeps limits, an exact reference."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graph.calls import Call, Caller
from graph.throttle.governor import LocalThrottle, Permit
from graph.throttle.limits import Demand, Lane, Limits, Rate, demand_of

ADELE, DIEGO = Caller("contoso", "adele@contoso.com"), Caller("contoso", "diego@contoso.com")
APP = Caller("contoso")
OUTSIDER = Caller("fabrikam", "adele@fabrikam.com")
MAIL = Call("GET", "me/messages")


def mail(caller: Caller = ADELE) -> Demand:
    return demand_of(MAIL, caller)


def throttle(seed: int = 1) -> LocalThrottle:
    return LocalThrottle(Random(seed))  # noqa: S311 - the same each time


def now() -> float:
    return asyncio.get_running_loop().time()


def lane(name: str, slots: int | None = None, *rates: tuple[int, float]) -> Lane:
    return Lane((name,), Limits(slots, tuple(Rate(amount, seconds) for amount, seconds in rates)))


def demand(*lanes: Lane | tuple[Lane, int]) -> Demand:
    pairs = tuple(each if isinstance(each, tuple) else (each, 1) for each in lanes)
    return Demand(pairs, tuple(each.key[0] for each, _ in pairs))


def taken(admitting: LocalThrottle, wanted: Demand, caller: Caller = ADELE, most: int = 1000) -> list[Permit]:
    """All the permits that are to be had at once."""
    permits = list[Permit]()
    while len(permits) < most and (permit := admitting.try_admit(wanted, caller)):
        permits.append(permit)
    return permits


async def settled() -> None:
    """Let everything happen that is due at this moment."""
    for _ in range(10):
        await asyncio.sleep(0)


def refusal(seconds: object = None, **headers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return named if seconds is None else {"retry-after": str(seconds), **named}


@dataclass
class Log:
    """When what was let through, and how much was under way at once."""

    times: list[tuple[float, int]] = field(default_factory=list)
    under_way: int = 0
    peak: int = 0

    def sent(self, units: int = 1) -> None:
        self.times.append((now(), units))
        self.under_way += 1
        self.peak = max(self.peak, self.under_way)

    def ended(self) -> None:
        self.under_way -= 1

    def per_second(self) -> list[int]:
        counts = [0] * (int(max(at for at, _ in self.times)) + 1)
        for at, units in self.times:
            counts[int(at)] += units
        return counts


def most_in_any(seconds: float, times: Iterable[tuple[float, int]]) -> int:
    """The exact reference: the most units that any window of so many seconds holds, both of its ends included."""
    ordered = sorted(times)
    most = held = first = 0
    for at, units in ordered:
        held += units
        while ordered[first][0] < at - seconds:
            held -= ordered[first][1]
            first += 1
        most = max(most, held)
    return most


class StrictGraph:
    """A service behind the throttle: each call takes a while, and `answer` says what comes of it."""

    def __init__(
        self,
        admitting: LocalThrottle,
        seconds: float = 0.1,
        answer: Callable[[], tuple[int, Mapping[str, str]]] = lambda: (200, {}),
    ) -> None:
        self.throttle = admitting
        self.seconds = seconds
        self.answer = answer
        self.log = Log()
        self.refused = 0

    async def call(self, wanted: Demand, caller: Caller = ADELE) -> None:
        """Send until it is not refused any more."""
        while True:
            permit = await self.throttle.admit(wanted, caller)
            self.log.sent(wanted.calls)
            status, headers = self.answer()
            try:
                await asyncio.sleep(self.seconds)
            finally:
                self.log.ended()
                self.throttle.heard(wanted, status, headers)
                permit.release()
            if status != 429:
                return
            self.refused += 1


async def all_of(*work: Any) -> list[Any]:
    return await asyncio.gather(*work)
