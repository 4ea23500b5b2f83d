"""Many reads at once: of one caller, and of 200 callers who share five mailboxes' limits."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from statistics import quantiles
from urllib.parse import urlencode

import httpx

from benchmarks._judged import Verdict, told
from benchmarks._rig import Mailbox, Rig, Tally
from benchmarks._sides import SELECT, client_of, headers_of, paths_of, plain, service
from errors import AppError
from graph import GraphClient, GraphService

ROUND_TRIP, LATENCY = 0.1, 0.02
BATCH, AT_ONCE = 20, 4
IDEAL = BATCH / (ROUND_TRIP + BATCH / AT_ONCE * LATENCY)
BURST = 40
USERS, CALLERS, GREED = 5, 40, 10
# Connections open and queues fill before anything counts; the reference needs no longer than this.
WARM_UP_SECONDS, REFERENCE_SECONDS = 1.0, 6.0
MOST_ERRORS = 5


async def burst(rig: Rig, time_limit: float, request_limit: int) -> list[Verdict]:
    """40 messages by their ids: together with GraphClient, and one by one without."""
    rig.conditions(limits=True, round_trip=ROUND_TRIP, latency=LATENCY)
    mailbox, transport = rig.mailboxes[0], rig.transport()
    paths = paths_of(mailbox)
    async with plain(transport) as http, service(transport) as shared:
        await http.get(paths[-1], params=SELECT, headers=headers_of(mailbox))  # opens the connection for both
        started = time.perf_counter()
        for path in paths[:BURST]:
            (await http.get(path, params=SELECT, headers=headers_of(mailbox))).raise_for_status()
        one_by_one = time.perf_counter() - started
        graph, before, started = client_of(shared, rig, mailbox), rig.tally(), time.perf_counter()
        answers = await asyncio.gather(*(graph.get(path, SELECT) for path in paths[:BURST]))
        together = time.perf_counter() - started
    came = rig.tally().since(before)
    assert [answer["id"] for answer in answers] == list(mailbox.messages[:BURST]), "an answer is somebody else's"
    print(f"{BURST} messages: {together:.2f} s together, {one_by_one:.2f} s one by one; {came.requests} requests")
    return told(
        Verdict("time together / one by one", together / one_by_one, time_limit),
        Verdict("HTTP requests", came.requests, request_limit),
    )


@dataclass(frozen=True)
class Limits:
    """What the storm is held to."""

    throughput: float
    refused: float
    hog: float


@dataclass
class Crowd:
    """The callers of one user: when their calls ended, as far as they count, and how long each took."""

    mailbox: Mailbox
    callers: int = 1
    ends: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def pace(self) -> float:
        """Calls a second. Answers come by the batch, so it is counted from the end of one batch to that of another."""
        first, last = self.ends[0], self.ends[-1]
        return sum(end > first + ROUND_TRIP / 2 for end in self.ends) / (last - first)


@dataclass(frozen=True)
class Storm:
    """What came of it: calls answered a second, what the emulator saw, and how long each user waited."""

    came: Tally
    crowds: list[Crowd]

    @property
    def pace(self) -> float:
        return sum(crowd.pace for crowd in self.crowds)

    @property
    def refused(self) -> float:
        return self.came.refused / self.came.calls

    @property
    def p95_of_others(self) -> float:
        """Of all but the first user, who may be the greedy one."""
        return _p95(*self.crowds[1:])


async def storm(rig: Rig, seconds: float, limits: Limits) -> list[Verdict]:
    """Everybody alike, with what one batch at a time gets before and after; then one user greedy."""
    before = await _reference(rig)
    even = await _storm(rig, seconds, [CALLERS] * USERS)
    reference = (before + await _reference(rig)) / 2
    greedy = await _storm(rig, seconds, [CALLERS * GREED, *[CALLERS] * (USERS - 1)])
    for name, each in (("everybody alike", even), ("one greedy", greedy)):
        _print(name, each, reference)
    slower = greedy.p95_of_others / even.p95_of_others
    return told(
        Verdict("throughput / of one batch at a time", even.pace / reference, limits.throughput, is_floor=True),
        Verdict("share of calls that see a 429", max(even.refused, greedy.refused), limits.refused),
        Verdict("p95 of others beside a greedy user / without", slower, limits.hog),
        Verdict("calls that failed", sum(len(crowd.errors) for crowd in (*even.crowds, *greedy.crowds)), 0),
    )


def _p95(*crowds: Crowd) -> float:
    return quantiles([each for crowd in crowds for each in crowd.seconds], n=20)[-1]


def _print(name: str, storm: Storm, reference: float) -> None:
    waits = ", ".join(f"{_p95(crowd):.3f}" for crowd in storm.crowds)
    print(
        f"{name}: {storm.pace:.1f} calls/s, {storm.pace / reference:.3f} of one batch at a time;"
        f" {storm.came.requests} requests for {storm.came.calls} calls, {storm.came.refused} refused;"
        f" p95 by user {waits} s"
    )
    for error in sorted({error for crowd in storm.crowds for error in crowd.errors})[:MOST_ERRORS]:
        print(f"  failed: {error}")


async def _reference(rig: Rig) -> float:
    """Calls a second that plain loops get through, one for each mailbox with a ready-made batch under way always."""
    rig.conditions(limits=True, round_trip=ROUND_TRIP, latency=LATENCY)
    crowds, before = [Crowd(mailbox) for mailbox in rig.mailboxes[:USERS]], rig.tally()
    async with plain(rig.transport()) as http:
        window = _Window(REFERENCE_SECONDS)
        await asyncio.gather(*(_batches(http, crowd, window) for crowd in crowds))
    came = rig.tally().since(before)
    pace, ideal = sum(crowd.pace for crowd in crowds), IDEAL * USERS
    print(f"plain loops of batches: {pace:.1f} calls/s, by arithmetic {ideal:.0f}; {window.shares(came)}", flush=True)
    assert not came.failed, f"{came.failed} calls of the reference failed"
    return pace


async def _batches(http: httpx.AsyncClient, crowd: Crowd, window: _Window) -> None:
    for body in cycle(list(_bodies(crowd.mailbox))):
        headers = {**headers_of(crowd.mailbox), "Content-Type": "application/json"}
        started = time.perf_counter()
        reply = await http.post("$batch", content=body, headers=headers)
        window.count(crowd, started, sum(part["status"] == 200 for part in reply.json()["responses"]))
        if window.is_over:
            return


def _bodies(mailbox: Mailbox) -> Iterator[bytes]:
    paths, headers = paths_of(mailbox), {"Accept": "application/json", "Prefer": 'IdType="ImmutableId"'}
    for first in range(0, len(paths), BATCH):
        parts = [
            {"id": str(number), "method": "GET", "url": f"/{path}?{urlencode(SELECT)}", "headers": headers}
            for number, path in enumerate(paths[first : first + BATCH])
        ]
        yield json.dumps({"requests": parts}).encode()


async def _storm(rig: Rig, seconds: float, callers: Sequence[int]) -> Storm:
    rig.conditions(limits=True, round_trip=ROUND_TRIP, latency=LATENCY)
    crowds = [Crowd(mailbox, number) for mailbox, number in zip(rig.mailboxes, callers, strict=False)]
    before = rig.tally()
    async with service(rig.transport()) as shared:
        window = _Window(seconds)
        await asyncio.gather(*_readers(rig, shared, crowds, window))
        came = rig.tally().since(before)
    print(f"{sum(callers)} callers: {window.shares(came)}", flush=True)
    return Storm(came, crowds)


def _readers(
    rig: Rig, shared: GraphService, crowds: Sequence[Crowd], window: _Window
) -> Iterator[Coroutine[None, None, None]]:
    for crowd in crowds:
        paths = paths_of(crowd.mailbox)
        for number in range(crowd.callers):
            graph = client_of(shared, rig, crowd.mailbox)
            yield _reads(graph, paths[number :: crowd.callers], crowd, window)


async def _reads(graph: GraphClient, paths: list[str], crowd: Crowd, window: _Window) -> None:
    """One caller, who reads one message after the other; nobody else reads the same ones."""
    for path in cycle(paths):
        started = time.perf_counter()
        try:
            await graph.get(path, SELECT)
        except AppError as error:
            crowd.errors.append(str(error))
        else:
            window.count(crowd, started)
        if window.is_over:
            return


class _Window:
    """The time in which calls count."""

    def __init__(self, seconds: float) -> None:
        self._made, self._cpu = time.perf_counter(), time.process_time()
        self._from = self._made + WARM_UP_SECONDS
        self._until = self._from + seconds

    @property
    def is_over(self) -> bool:
        return time.perf_counter() > self._until

    def count(self, crowd: Crowd, started: float, calls: int = 1) -> None:
        """Note calls that were just answered."""
        now = time.perf_counter()
        if self._from <= now < self._until:
            crowd.ends += [now] * calls
            crowd.seconds += [now - started] * calls

    def shares(self, came: Tally) -> str:
        """How busy the two processes were: neither may be what slows it down."""
        seconds, ours = time.perf_counter() - self._made, time.process_time() - self._cpu
        return f"CPU of the client {ours / seconds:.0%}, of the emulator {came.cpu / seconds:.0%}"
