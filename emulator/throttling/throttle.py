"""Decides on each call before the work is done, and remembers what it took."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from emulator.graph.engine.call import Call
from emulator.tenant import Tenant
from emulator.throttling.refusals import Level, mailbox_busy, notes, refusal
from emulator.throttling.rules import CONCURRENCY, RULES, SLOTS, Rule
from emulator.throttling.weighing import Weight
from emulator.throttling.windows import Window

_SLOT_SECONDS = 1
NAMES = (CONCURRENCY, *(rule.name for rule in RULES))


class Throttle:
    """The documented limits, off until somebody turns them on.

    `factor` scales all of them but the four requests at a time; `factors` scale single ones, by the names in `NAMES`.
    `latency` are the seconds that each call takes, throttled or not: only what takes time can meet in a mailbox.
    `round_trip` are those that a request and its answer are on their way, during which nobody's slot is taken; a batch
    goes the way once for all its parts.
    """

    def __init__(
        self, clock: Callable[[], float], *, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self.is_on = False
        self.factor = 1.0
        self.factors: dict[str, float] = {}
        self.latency = 0.0
        self.round_trip = 0.0
        self._windows: dict[tuple[str, ...], Window] = {}
        self._under_way: Counter[tuple[str, str]] = Counter()

    @property
    def is_idle(self) -> bool:
        """Whether calls need not pass here at all."""
        return not self.is_on and not self.latency

    def turn_on(self, factor: float = 1.0, factors: Mapping[str, float] | None = None) -> None:
        """Keep the limits from now on, with nothing used yet."""
        unknown = sorted(set(factors or {}) - set(NAMES))
        if unknown:
            raise ValueError(f"There is no limit '{unknown[0]}'. The limits are {', '.join(NAMES)}.")
        if any(not 0 < each <= 1_000_000 for each in (factor, *(factors or {}).values())):
            raise ValueError("A factor is a number above 0.")
        self.is_on, self.factor, self.factors = True, factor, dict(factors or {})
        self._windows.clear()

    def turn_off(self) -> None:
        """Let everything through again, at once."""
        self.is_on, self.factor, self.factors = False, 1.0, {}
        self.latency = self.round_trip = 0.0
        self._windows.clear()

    def limit(self, rule: Rule, tenant: Tenant) -> int:
        """How much of something there is."""
        return max(1, round(rule.amount(tenant) * self.factors.get(rule.name, self.factor)))

    @property
    def slots(self) -> int:
        """How many requests an application may have under way in one mailbox."""
        return max(1, round(SLOTS * self.factors.get(CONCURRENCY, 1)))

    async def travel(self) -> None:
        """The way between a client and Graph, in one direction."""
        if self.round_trip:
            await self._sleep(self.round_trip / 2)

    @asynccontextmanager
    async def admitted(self, call: Call, weight: Weight) -> AsyncIterator[dict[str, str]]:
        """The time that a call takes; yields the headers its answer gets. Raises the 429 of a call too many."""
        headers = self._counted(call, weight) if self.is_on else {}
        place = (call.caller.app_id, weight.mailbox)
        if self.is_on and weight.mailbox and self._under_way[place] >= self.slots:
            raise mailbox_busy(_SLOT_SECONDS)
        self._under_way[place] += 1
        try:
            if self.latency:
                await self._sleep(self.latency)
            yield headers
        finally:
            self._under_way[place] -= 1
            if not self._under_way[place]:
                del self._under_way[place]

    def _counted(self, call: Call, weight: Weight) -> dict[str, str]:
        """Take what the call costs, whether it gets through or not: asking in vain counts as well."""
        levels = [self._taken(call, weight, rule) for rule in RULES if rule.concerns(weight)]
        headers = notes(weight, levels)
        over = [level for level in levels if level.is_over]
        if over:
            fault = refusal(call, weight, over)
            fault.headers |= headers
            raise fault
        return headers

    def _taken(self, call: Call, weight: Weight, rule: Rule) -> Level:
        whose = {"app": call.caller.app_id, "tenant": call.tenant.id, "mailbox": weight.mailbox}
        key = (rule.name, *(whose[scope] for scope in rule.per))
        window = self._windows.setdefault(key, Window(rule.seconds))
        now, limit, amount = self._clock(), self.limit(rule, call.tenant), rule.counts(weight)
        window.add(now, amount)
        return Level(rule, window.used(now), limit, window.wait(now, limit, amount), window.reset(now))
