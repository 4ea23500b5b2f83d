"""The throttle governor: every call passes it before it is sent, and every answer is told to it.

It keeps the documented limits so that Graph has nothing to refuse, remembers each refusal for exactly what it was
about, and is fair: callers take turns wherever they wait for the same thing, and nobody waits for what others exhaust.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import count
from math import ceil, inf, isfinite
from random import Random
from typing import Protocol

from errors import GraphThrottled
from graph import deadline, wire
from graph.calls import Caller
from graph.throttle.lane import LaneState
from graph.throttle.limits import Demand, Lane, blamed
from graph.throttle.permit import Permit
from graph.throttle.turns import Waiter

__all__ = ["LocalThrottle", "Permit", "Throttle"]

log = logging.getLogger(__name__)

# A turn that comes in the last moments before the deadline is of no use.
_TOO_LATE = 0.05
# How long a directory that says it is over its budget gets half of the requests.
_STRAIN_SECONDS = 10.0
_LONGEST_RESET = 3600.0
# Idle lanes are looked for when there are twice as many lanes as the last time, and more than these.
_FEW_LANES = 64


class Throttle(Protocol):
    """Says when a call may be sent, and learns from every answer. A form of it may be shared between replicas."""

    def try_admit(self, demand: Demand, caller: Caller) -> Permit | None:
        """Leave to send at once; None where that would be too much, or others wait already."""
        ...

    async def admit(self, demand: Demand, caller: Caller) -> Permit:
        """Leave to send, when the caller's turn comes.

        Raises GraphThrottled when the deadline comes first, and at once when it is known that it will.
        """
        ...

    def heard(self, demand: Demand, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """What an answer, or the reply to a part of a batch, says of the limits. Names of headers are in lower case."""
        ...

    def pause_left(self, demand: Demand) -> float:
        """Seconds until the lanes let such a call through again, if nobody else is before it."""
        ...


class LocalThrottle(Throttle):
    """The governor of one process. It belongs to one event loop, by whose clock it goes.

    Of several `processes` each takes its part of the requests at once. Rates are not divided: a person's calls may all
    come to one of them, and Graph's refusals tell the rest.
    """

    def __init__(self, random: Random | None = None, *, processes: int = 1) -> None:
        self._processes = processes
        self._random = random or Random()  # noqa: S311 - spreads waits, keeps no secret
        self._lanes: dict[tuple[str, ...], LaneState] = {}
        self._narrowed: set[tuple[str, ...]] = set()
        self._tickets = count()
        self._sweep_above = _FEW_LANES

    def try_admit(self, demand: Demand, caller: Caller) -> Permit | None:
        now = _now()
        if len(self._lanes) > self._sweep_above:
            self._sweep(now)
        states = self._states(demand)
        for state in states:
            if state.turns:
                return None
        slots = _slots(demand, states)
        for state, (_, units) in zip(states, demand.lanes, strict=True):
            if not state.has_room(now, slots, units * demand.calls):
                return None
        return self._granted(demand, states, slots, now)

    async def admit(self, demand: Demand, caller: Caller) -> Permit:
        if permit := self.try_admit(demand, caller):
            return permit
        loop, ends = asyncio.get_running_loop(), deadline.at()
        if (wait := self.pause_left(demand)) > deadline.left():
            raise _refusal(wait)
        waiter = Waiter(next(self._tickets), demand, caller, inf if ends is None else ends, loop.create_future())
        self._seat(waiter, _now())
        timer = None if ends is None else loop.call_at(ends - _TOO_LATE, self._give_up, waiter)
        try:
            return await waiter.admitted
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def heard(self, demand: Demand, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        if status == 429 or (status == 503 and "retry-after" in headers):
            self._refused(demand, headers)
        elif status < 500:
            if self._narrowed:
                self._answered(demand)
            self._warned(demand, headers)

    def pause_left(self, demand: Demand) -> float:
        now = _now()
        found = ((self._lanes.get(lane.key), units * demand.calls) for lane, units in demand.lanes)
        return max((state.opens_at(now, units) - now for state, units in found if state), default=0.0)

    # The lanes of a demand, and room in them.

    def _states(self, demand: Demand) -> list[LaneState]:
        lanes = self._lanes
        return [lanes.get(lane.key) or self._state(lane) for lane, _ in demand.lanes]

    def _state(self, lane: Lane) -> LaneState:
        return self._lanes.get(lane.key) or self._lanes.setdefault(lane.key, LaneState(lane, self._processes))

    def _granted(self, demand: Demand, states: list[LaneState], slots: int, now: float) -> Permit:
        for state, (_, units) in zip(states, demand.lanes, strict=True):
            state.take(now, slots, units * demand.calls)
        return Permit(demand, slots, partial(self._returned, states, slots))

    def _returned(self, states: list[LaneState], slots: int) -> None:
        for state in states:
            state.valve.in_use -= slots
        if any(state.turns for state in states):
            # Two rounds of the loop later: by then whoever got the answer has said what it says of the limits.
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._serve_all, states)

    def _serve_all(self, states: list[LaneState]) -> None:
        for state in states:
            self._serve(state, _now())

    def _sweep(self, now: float) -> None:
        """Forget the lanes that nobody uses."""
        self._lanes = {key: state for key, state in self._lanes.items() if not state.is_idle(now)}
        self._narrowed &= self._lanes.keys()
        self._sweep_above = max(_FEW_LANES, 2 * len(self._lanes))

    # Waiting.

    def _seat(self, waiter: Waiter, now: float) -> None:
        """Let somebody go, or wait in the first lane that has no room or that others wait for."""
        demand, states = waiter.demand, self._states(waiter.demand)
        slots = _slots(demand, states)
        pairs = zip(states, demand.lanes, strict=True)
        crowded = (each for each, (_, units) in pairs if each.blocks(waiter, now, slots, units * demand.calls))
        state = next(crowded, None)
        if state is None:
            waiter.admitted.set_result(self._granted(demand, states, slots, now))
        elif waiter.deadline < state.valve.paused_until:
            waiter.admitted.set_exception(_refusal(state.valve.paused_until - now))
        else:
            state.turns.add(waiter)
            self._set_alarm(state, now)

    def _serve(self, state: LaneState, now: float) -> None:
        """Let those go who wait for a lane, one after another, while it has room for the next."""
        while (waiter := state.turns.head()) is not None:
            slots = _slots(waiter.demand, self._states(waiter.demand))
            if not state.has_room(now, slots, state.units(waiter.demand)):
                break
            state.turns.take_turn(waiter)
            if not waiter.admitted.done():
                self._seat(waiter, now)
        self._set_alarm(state, now)

    def _set_alarm(self, state: LaneState, now: float) -> None:
        """Have a lane looked at when pause and rates let the next one through; slots come back by themselves."""
        head = state.turns.head()
        at = now if head is None else state.opens_at(now, state.units(head.demand))
        if state.alarm is not None:
            if state.alarm.when() == at:
                return
            state.alarm.cancel()
        state.alarm = asyncio.get_running_loop().call_at(at, self._rung, state, at) if at > now else None

    def _rung(self, state: LaneState, at: float) -> None:
        state.alarm = None
        self._serve(state, max(at, _now()))  # a coarse clock may ring a moment early

    def _leave(self, waiter: Waiter) -> None:
        """Take somebody out of the queue; who is next may need less room."""
        state = next((each for each in self._states(waiter.demand) if each.turns is waiter.at), None)
        if state is not None:
            state.turns.remove(waiter)
            self._serve(state, _now())

    def _withdraw(self, waiter: Waiter) -> None:
        """Leave no trace of a call that was cancelled, even in the moment in which its turn came."""
        self._leave(waiter)
        admitted = waiter.admitted
        if not admitted.cancelled() and admitted.exception() is None:
            admitted.result().release()

    def _give_up(self, waiter: Waiter) -> None:
        """Tell a call that its deadline comes first."""
        if not waiter.admitted.done():
            waiter.admitted.set_exception(_refusal(self.pause_left(waiter.demand)))
            self._leave(waiter)

    # What answers say.

    def _refused(self, demand: Demand, headers: Mapping[str, str]) -> None:
        state, now = self._state(blamed(demand, headers)), _now()
        was_paused = now < state.valve.paused_until
        state.valve.refused(now, wire.retry_after(headers, datetime.now(UTC)), self._random)
        self._paused(state, now, was_paused)

    def _answered(self, demand: Demand) -> None:
        now = _now()
        for lane, _ in demand.lanes:
            if lane.key in self._narrowed:
                state = self._state(lane)
                state.valve.answered(now)
                if state.valve.is_whole:
                    self._narrowed.discard(lane.key)
                self._serve(state, now)

    def _warned(self, demand: Demand, headers: Mapping[str, str]) -> None:
        """Heed what a service says of its budget before it refuses anything."""
        lane = demand.lanes[0][0]
        if lane.key[0] == "sharepoint" and headers.get("ratelimit-remaining", "").strip() == "0":
            state, now = self._state(lane), _now()
            was_paused = now < state.valve.paused_until
            reset = min(_LONGEST_RESET, _number(headers.get("ratelimit-reset", "")))
            state.valve.spent(now, reset, self._random)
            self._paused(state, now, was_paused)
        elif lane.key[0] == "directory" and _number(headers.get("x-ms-throttle-limit-percentage", "")) >= 1:
            self._state(lane).valve.strained(_now(), _STRAIN_SECONDS)
            self._narrowed.add(lane.key)

    def _paused(self, state: LaneState, now: float, was_paused: bool) -> None:
        until = state.valve.paused_until
        self._narrowed.add(state.lane.key)
        if not was_paused:
            log.warning("graph asks for a pause", extra={"lane": state.lane.key[0], "seconds": round(until - now, 1)})
        for waiter in [each for each in state.turns if each.deadline < until]:
            self._give_up(waiter)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _slots(demand: Demand, states: list[LaneState]) -> int:
    """How many calls of a demand may be under way at once."""
    if demand.calls == 1:
        return 1
    return int(min([demand.calls, *(state.valve.slots for state in states)]))


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if isfinite(number) and number > 0 else 0.0


def _refusal(wait: float) -> GraphThrottled:
    if wait <= 0:
        return GraphThrottled(
            "Throttled", "Too many calls wait for this part of Graph. Try again in a moment, with fewer requests."
        )
    return GraphThrottled(
        "Throttled",
        f"Graph takes no more requests of this kind for {ceil(wait)} seconds. Try again after that.",
        retry_after=wait,
    )
