"""A Graph that answers alone or in batches, takes its time for it, and has the trouble that a test asks for."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from graph import Call, GraphService, Reply, Speaker
from tests.graph.support import service_on

ROUND_TRIP, WORK = 0.1, 0.02
AT_ONCE = 4

Body = dict[str, Any]
Trouble = Callable[[list[Body]], list[Body]]


@dataclass(frozen=True)
class Refusal:
    """An answer other than the usual one."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    code: str = "Some"


@dataclass(frozen=True)
class Asked:
    """One request: when it came, and for what. A single call is asked for by its own path."""

    at: float
    paths: tuple[str, ...]
    is_batch: bool
    headers: dict[str, str]


class FakeGraph:
    """Answers each path with itself. Parts of a batch run four at a time; it notes how many were at a mailbox."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.done: list[str] = []
        self.refusals: defaultdict[str, deque[Refusal]] = defaultdict(deque)
        self.batches: deque[httpx.Response | Exception] = deque()
        self.distort: Trouble = lambda replies: replies
        self.at_once = self.most_at_once = 0
        self.seconds: dict[str, float] = {}

    @property
    def sizes(self) -> list[int]:
        """How many calls each request was for."""
        return [len(asked.paths) for asked in self.asked]

    def refuse(self, path: str, *refusals: Refusal | int) -> None:
        """Have the next calls of a path refused."""
        self.refusals[path] += [each if isinstance(each, Refusal) else Refusal(each) for each in refusals]

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix("/v1.0/").removeprefix("/beta/")
        await asyncio.sleep(ROUND_TRIP / 2)
        if path != "$batch":
            self._note([path], request, is_batch=False)
            status, headers, body = await self._answer(request.method, path)
            await asyncio.sleep(ROUND_TRIP / 2)
            return httpx.Response(status, headers=headers, json=body)
        parts = json.loads(request.content)["requests"]
        self._note([part["url"].removeprefix("/") for part in parts], request, is_batch=True)
        return await self._batch(parts)

    async def _batch(self, parts: list[Body]) -> httpx.Response:
        if self.batches and self.batches[0] is not ANSWER_LOST:
            answer = self.batches.popleft()
            if isinstance(answer, Exception):
                raise answer
            return answer
        replies = await self._in_turn(parts) if any("dependsOn" in part for part in parts) else await self._all(parts)
        await asyncio.sleep(ROUND_TRIP / 2)
        if self.batches:
            self.batches.popleft()
            raise httpx.ReadError("lost")
        return httpx.Response(200, json={"responses": self.distort(replies)})

    async def _all(self, parts: list[Body]) -> list[Body]:
        lane = asyncio.Semaphore(AT_ONCE)

        async def one(part: Body) -> Body:
            async with lane:
                return await self._part(part)

        return list(await asyncio.gather(*map(one, parts)))

    async def _in_turn(self, parts: list[Body]) -> list[Body]:
        replies = list[Body]()
        for part in parts:
            if replies and replies[-1]["status"] >= 400:
                replies.append({"id": part["id"], "status": 424, "body": {"error": {"code": "FailedDependency"}}})
            else:
                replies.append(await self._part(part))
        return replies

    async def _part(self, part: Body) -> Body:
        status, headers, body = await self._answer(part["method"], part["url"].removeprefix("/"))
        return {"id": part["id"], "status": status, "headers": headers, "body": body}

    async def _answer(self, method: str, path: str) -> tuple[int, dict[str, str], Body]:
        is_mail = path.startswith("me/")
        self.at_once += is_mail
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.seconds.get(path, WORK))
        self.at_once -= is_mail
        headers = {"Content-Type": "application/json"}
        if waiting := self.refusals.get(path):
            refusal = waiting.popleft()
            return refusal.status, {**headers, **refusal.headers}, {"error": {"code": refusal.code, "message": "No."}}
        self.done.append(f"{method} {path}")
        return 200, headers, {"path": path}

    def _note(self, paths: list[str], request: httpx.Request, *, is_batch: bool) -> None:
        now = asyncio.get_running_loop().time() - ROUND_TRIP / 2
        self.asked.append(Asked(now, tuple(paths), is_batch, dict(request.headers)))


ANSWER_LOST = httpx.ReadError("the batch is done, and its answer is lost")


@asynccontextmanager
async def service_of(graph: FakeGraph) -> AsyncIterator[GraphService]:
    """The shared half of clients of this Graph; nothing may be left of it at the end."""
    async with service_on(httpx.MockTransport(graph)) as service:
        yield service
        await asyncio.sleep(0)
        leftover = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [task for task in leftover if task in service.batcher._depot.tasks]
        assert not service.batcher._queues


def now() -> float:
    return asyncio.get_running_loop().time()


def message(number: object) -> Call:
    return Call("GET", f"me/messages/{number}")


def reading(service: GraphService, who: Speaker, *calls: Call) -> list[asyncio.Task[Reply]]:
    """Have them read at the same time."""
    return [asyncio.create_task(service.batcher.read(call, who)) for call in calls]


async def outcomes(tasks: Sequence[asyncio.Task[Reply]]) -> list[object]:
    """The status of each answer, or the kind of each error."""
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [each.status if isinstance(each, Reply) else type(each) for each in found]


def is_free(service: GraphService) -> bool:
    """Whether nothing is held of any limit, and nobody waits for one."""
    lanes = service.sender.throttle._lanes.values()  # type: ignore[attr-defined]
    return not any(lane.valve.in_use or lane.turns for lane in lanes)
