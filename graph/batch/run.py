"""One explicit batch: calls of any kind and number, each with its own outcome."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from errors import GraphError, GraphTooLarge, GraphUnauthorized, GraphUnavailable, GraphUncertain, SignInError
from graph import deadline, retry, wire
from graph.batch.depot import Depot
from graph.batch.trip import NotBatched, Patience, Trip, after_loss, carry, is_about_token, signed_in
from graph.calls import Call, Reply, Speaker
from graph.flights import fresh
from graph.throttle import Demand, Permit, demand_of
from graph.throttle.limits import Lane

# What Graph has under way of one batch at once. It says so of Outlook; what else documents slots has about as many.
_AT_ONCE = 4
_FAILED = 400
_NOT_DONE = Reply(
    424,
    {"content-type": "application/json"},
    b'{"error":{"code":"FailedDependency","message":"An earlier step failed, so this one was not done."}}',
)


class Run:
    """The calls of one speaker, and what has come of each."""

    def __init__(self, depot: Depot, calls: Sequence[Call], speaker: Speaker) -> None:
        self._depot = depot
        self._calls = calls
        self._speaker = speaker
        self._demands = [demand_of(call, speaker.caller) for call in calls]
        self._patience = [Patience() for _ in calls]
        self._outcomes: dict[int, Reply | GraphError | SignInError] = {}
        self._lost: set[int] = set()  # Graph may have done them in an earlier try
        self._is_refused = False

    async def at_once(self) -> list[Reply | GraphError]:
        """All of them, as far as the limits let them go together."""
        with deadline.until(deadline.end()):
            await _all(self._settled(chunk.places) for chunk in self._chunks())
        return self._told()

    async def in_order(self) -> list[Reply | GraphError]:
        """One after the other, until one fails."""
        place = 0
        with deadline.until(deadline.end()):
            while place < len(self._calls):
                place, wait = await self._chained(place)
                await asyncio.sleep(wait)
        return self._told()

    def _told(self) -> list[Reply | GraphError]:
        """All outcomes. Where somebody has to sign in first, and nothing was made of any call, that is raised."""
        found = list(self._outcomes.values())
        if found and isinstance(found[0], SignInError) and all(isinstance(each, SignInError) for each in found):
            raise found[0]
        outcomes = [self._outcomes.get(place, _NOT_DONE) for place in range(len(self._calls))]
        return [_as_graph_error(each) if isinstance(each, SignInError) else each for each in outcomes]

    # Parts that go at once.

    def _chunks(self) -> list[_Chunk]:
        """Batches as full as may be, of one version each, and of what the limits ever let through together."""
        chunks, open_ones = list[_Chunk](), list[_Chunk]()
        for place, (call, demand) in enumerate(zip(self._calls, self._demands, strict=True)):
            chunk = next((each for each in open_ones if each.has_room(call, demand)), None)
            if chunk is None:
                chunk = _Chunk(call.version)
                chunks.append(chunk)
                open_ones.append(chunk)
            chunk.add(place, demand)
            if len(chunk.places) == wire.MOST_PARTS:
                open_ones.remove(chunk)
        return chunks

    async def _settled(self, places: Sequence[int]) -> None:
        """Send calls until each has its outcome; those that may be are tried again, after the longest wait."""
        while places:
            waits = await self._sent(places)
            places = list(waits)
            await asyncio.sleep(max(waits.values(), default=0))

    async def _sent(self, places: Sequence[int]) -> dict[int, float]:
        """Send calls once; the places of those to be tried again, and after how many seconds."""
        if len(places) == 1 or self._is_off:
            await _all(self._by_itself(place) for place in places)
            return {}
        trip = await self._carried(places, _together([self._demands[place] for place in places]))
        if trip is None:
            return dict.fromkeys((place for place in places if place not in self._outcomes), 0.0)
        waits, lost, refused = dict[int, float](), list[int](), list[int]()
        for place, reply in zip(places, trip.replies, strict=True):
            if reply is None:
                lost.append(place)
            elif is_about_token(reply):
                refused.append(place)
            elif (wait := self._wait(place, reply)) is not None:
                waits[place] = wait
            else:
                self._settle(place, reply)
        await _all([*map(self._after_loss, lost), *map(self._by_itself, refused)])
        return waits

    # Parts that go one after the other.

    async def _chained(self, start: int) -> tuple[int, float]:
        """Do some steps; the place of the next one, and after how many seconds it may be done."""
        over = len(self._calls)
        places = self._steps(start)
        if len(places) == 1 or self._is_off:
            await self._by_itself(start)
            return (start + 1 if self._is_done(start) else over), 0
        trip = await self._carried(places, _in_turn([self._demands[place] for place in places]), in_order=True)
        if trip is None:
            return (over if start in self._outcomes else start), 0
        for place, reply in zip(places, trip.replies, strict=True):
            if reply is None:
                await self._missing(places, trip, place)
            elif is_about_token(reply):
                await self._by_itself(place)
                return (place + 1 if self._is_done(place) else over), 0
            elif (wait := self._wait(place, reply)) is not None:
                return place, wait
            else:
                self._settle(place, reply)
            if not self._is_done(place):
                self._keep(places, trip, place + 1)
                return over, 0
        return places[-1] + 1, 0

    def _steps(self, start: int) -> range:
        """The steps from here on that one batch can do: of one version."""
        calls = self._calls[start : start + wire.MOST_PARTS]
        same = next((count for count, call in enumerate(calls) if call.version != calls[0].version), len(calls))
        return range(start, start + same)

    async def _missing(self, places: range, trip: Trip, place: int) -> None:
        """Do a step again whose answer is missing, but no write that a later step may have built on."""
        later = trip.replies[place - places.start + 1 :]
        if not self._calls[place].is_read and any(reply is not None for reply in later):
            self._settle(place, _uncertain())
        else:
            await self._after_loss(place)

    def _keep(self, places: range, trip: Trip, start: int) -> None:
        """Keep what Graph said of the steps behind one that failed: mostly that they were not done."""
        for place in places[start - places.start :]:
            reply = trip.replies[place - places.start]
            if reply is not None:
                self._settle(place, reply)
            elif not self._calls[place].is_read:
                self._settle(place, _uncertain())

    def _is_done(self, place: int) -> bool:
        outcome = self._outcomes[place]
        return isinstance(outcome, Reply) and outcome.status < _FAILED

    # Either way.

    async def _carried(self, places: Sequence[int], demand: Demand, *, in_order: bool = False) -> Trip | None:
        """What a batch brought back; None where it came to nothing, and each of its calls has heard why, or waits."""
        try:
            trip = await self._there_and_back(places, demand, in_order=in_order)
        except NotBatched:
            self._turn_off()
            return None
        except GraphTooLarge:
            return _nothing(places)
        except GraphUncertain as error:
            return self._unanswered(places, error)
        except (GraphError, SignInError) as error:
            for place in places:
                self._settle(place, fresh(error))
            return None
        return None if trip is None else self._heard(places, trip)

    async def _there_and_back(self, places: Sequence[int], demand: Demand, *, in_order: bool) -> Trip | None:
        """What a batch brought back; None where its calls went by themselves."""
        throttle, caller = self._depot.sender.throttle, self._speaker.caller
        await signed_in(self._speaker)
        permit = throttle.try_admit(demand, caller) or await throttle.admit(demand, caller)
        if _is_too_narrow(permit):
            permit.release()
            await _all(self._by_itself(place) for place in places)
            return None
        calls, demands = [self._calls[place] for place in places], [self._demands[place] for place in places]
        return await carry(self._depot.sender, calls, demands, self._speaker, permit, in_order=in_order)

    def _unanswered(self, places: Sequence[int], error: GraphUncertain) -> Trip | None:
        if not all(self._calls[place].may_repeat for place in places):
            return _nothing(places)
        for place in places:
            self._settle(place, _unheard(self._calls[place], error))
        return None

    def _heard(self, places: Sequence[int], trip: Trip) -> Trip | None:
        if trip.is_void:
            self._turn_off()
        if trip.failed is None:
            return trip
        if not trip.is_last_word:
            return _nothing(places)
        for place in places:
            self._settle(place, trip.failed)
        return None

    @property
    def _is_off(self) -> bool:
        return self._is_refused or self._depot.is_off(self._speaker.key)

    def _turn_off(self) -> None:
        self._is_refused = True
        self._depot.turn_off(self._speaker.key)

    def _wait(self, place: int, reply: Reply) -> float | None:
        """The seconds after which a call is tried again; None where its answer is the last word."""
        if reply.status in retry.OUTAGES:
            self._lost.add(place)
        pause = self._depot.sender.throttle.pause_left(self._demands[place])
        call, left, chance = self._calls[place], deadline.left(), self._depot.chance
        return self._patience[place].wait(call, reply, pause=pause, left=left, chance=chance)

    async def _after_loss(self, place: int) -> None:
        """Send a call again whose answer was lost, where that is safe."""
        if self._calls[place].may_repeat:
            self._lost.add(place)
            await self._by_itself(place)
        else:
            self._settle(place, _uncertain())

    async def _by_itself(self, place: int) -> None:
        call = self._calls[place]
        try:
            reply = await self._depot.sender.send(call, self._speaker, demand=self._demands[place])
        except (GraphError, SignInError) as error:
            self._settle(place, error)
        else:
            self._settle(place, reply)

    def _settle(self, place: int, outcome: Reply | GraphError | SignInError) -> None:
        """Note what came of a call, in the light of an earlier try that may have been taken."""
        if place in self._lost:
            if isinstance(outcome, Reply):
                outcome = after_loss(outcome)
            elif not self._calls[place].is_read and not isinstance(outcome, GraphUncertain):
                outcome = _uncertain()
        self._outcomes[place] = outcome


@dataclass
class _Chunk:
    """Calls that may share a batch."""

    version: str
    places: list[int] = field(default_factory=list)
    kinds: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def has_room(self, call: Call, demand: Demand) -> bool:
        return call.version == self.version and self.kinds[demand.batch_key] < demand.most

    def add(self, place: int, demand: Demand) -> None:
        self.places.append(place)
        self.kinds[demand.batch_key] += 1


def _together(demands: Sequence[Demand]) -> Demand:
    """What calls take that are under way at once."""
    first = demands[0]
    if all(demand.batch_key == first.batch_key for demand in demands):
        return first.times(len(demands))
    return _in_turn(demands, min(len(demands), _AT_ONCE))


def _in_turn(demands: Sequence[Demand], at_once: int = 1) -> Demand:
    """What calls take of which only so many are under way at once."""
    units = Counter[Lane]()
    for demand in demands:
        units.update(dict(demand.lanes))
    lanes = tuple((lane, ceil(each / at_once)) for lane, each in units.items())
    return Demand(lanes, ("several",), at_once)


def _is_too_narrow(permit: Permit) -> bool:
    """Whether Graph would have more of a batch under way than the limits let through since they were last refused.

    Calls that go by themselves are counted once more: where the rates have no room for that, the batch goes after all.
    """
    calls = permit.demand.calls
    return permit.slots < min(calls, _AT_ONCE) and 2 * calls <= permit.demand.most


def _nothing(places: Sequence[int]) -> Trip:
    return Trip([None] * len(places))


def _uncertain() -> GraphUncertain:
    return GraphUncertain(
        "AnswerLost",
        "Graph's answer was lost, so this may have been done or not. Look whether it was before doing it again.",
    )


def _unheard(call: Call, error: GraphUncertain) -> GraphUnavailable:
    """What a call comes to whose batch was sent as often as anything is, and never answered."""
    if call.is_read:
        return GraphUnavailable("Timeout", "Graph did not answer. Try again in a moment.")
    return fresh(error)


def _as_graph_error(error: SignInError) -> GraphUnauthorized:
    return GraphUnauthorized("SignIn", str(error))


async def _all(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it at once, to its end, before the first mistake in it is raised."""
    coroutines = list(work)
    if len(coroutines) == 1:
        await coroutines[0]
        return
    for result in await asyncio.gather(*coroutines, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
