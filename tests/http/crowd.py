"""Many people at work at once, each with a marker that nobody else has in mails and name, and what they got back."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import anyio
import httpx

from emulator import Tenant
from emulator.tenant import Person
from tests.http.scene import RESOURCE, HttpCloud
from tests.http.service import message_in, modern, older, session_of

MARKER = re.compile(r"zq[0-9a-f]{8}q")
LISTS, READS, THREADS, SENDS = "mail_list_messages", "mail_read_message", "mail_read_thread", "mail_send_message"
WHOAMI = "account_whoami"
_HANDLE = re.compile(r"\bmsg_[2-9a-z]{6,8}\b")
_CURSOR = re.compile(r"\bnext_[2-9a-z]{10}\b")
_STATUSES = frozenset({200, 202, 401, 404, 429, 503, 504})


def marker_of(number: int) -> str:
    return f"zq{number * 2654435761 % 2**32:08x}q"


def marked(cloud: HttpCloud, count: int) -> dict[str, Person]:
    """So many people of the tenant, by their markers."""
    tenant: Tenant = cloud.tenant
    people = {
        marker_of(n): tenant.add_person(f"Person {marker_of(n)}", job_title=marker_of(n)) for n in range(1, count + 1)
    }
    for mark, person in people.items():
        for number in range(4):
            sent = datetime.now(UTC) - timedelta(hours=number)
            tenant.add_message(person, f"Mail {number} of {mark}", f"Text of {mark}", sent=sent)
    return people


@dataclass
class Found:
    """What all of them got, and what nobody should have."""

    answers: int = 0
    own: int = 0
    foreign: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    handles: list[str] = field(default_factory=list)
    trouble: Callable[[], object] = lambda: None
    every: int = 10

    def judge(self, mark: str, move: str, answer: httpx.Response) -> str:
        """Look through every byte of an answer."""
        text = f"{answer.headers!r}{answer.text}"
        seen = set(MARKER.findall(text))
        self.answers += 1
        if not self.answers % self.every:
            self.trouble()
        self.own += mark in seen
        self.outcomes[f"{move} {answer.status_code}"] += 1
        self.foreign += [f"{mark} got {other} by {move}" for other in seen - {mark}]
        if answer.status_code not in _STATUSES or "Traceback" in text or "Internal" in text:
            self.odd.append(f"{move} {answer.status_code} {text[-300:]}")
        return answer.text


class Worker:
    """One person's client: over one connection, in both eras, in no order, and leaving in the middle at times."""

    def __init__(self, http: httpx.AsyncClient, mark: str, found: Found, random: Random, *, leaves: float) -> None:
        self._http = http
        self._mark = mark
        self._found = found
        self._random = random
        self._leaves = leaves
        self._handles: list[str] = []
        self._cursors: list[str] = []
        self._session = ""

    async def run(self, calls: int) -> None:
        moves = [self._list, self._list, self._next, self._read, self._read, self._thread, self._whoami]
        moves += [self._stolen, self._unknown, self._send, self._tools, self._greet]
        async with self._http:
            for _ in range(calls):
                leaves = self._random.random() < 0.1
                await self._moves(
                    self._random.choice(moves), self._random.random() * self._leaves if leaves else math.inf
                )

    async def _moves(self, move: Callable[[], Awaitable[None]], seconds: float) -> None:
        with anyio.move_on_after(seconds) as scope:
            await move()
        self._found.outcomes["left"] += scope.cancelled_caught

    async def _call(self, move: str, tool: str, arguments: dict[str, Any], **more: Any) -> str:
        params = {"name": tool, "arguments": arguments, **more}
        if self._random.random() < 0.4:
            asked = {**params, "_meta": {"progressToken": self._mark}}
            made = older("tools/call", asked, self._random.randrange(1, 4), session=self._session)
        else:
            made = modern("tools/call", params, self._random.randrange(1, 4))
            made["json"]["params"]["_meta"] = {**made["json"]["params"]["_meta"], "progressToken": self._mark}
        return await self._post(move, made)

    async def _post(self, move: str, made: dict[str, Any]) -> str:
        try:
            answer = await self._http.post(RESOURCE, **made)
        except httpx.TransportError as error:
            self._found.outcomes[type(error).__name__] += 1
            return ""
        return self._found.judge(self._mark, move, answer)

    async def _list(self) -> None:
        text = await self._call("list", LISTS, {"limit": 2})
        self._handles += _HANDLE.findall(text)
        self._cursors += _CURSOR.findall(text)
        self._found.handles += _HANDLE.findall(text)[:1]

    async def _next(self) -> None:
        arguments = {"cursor": self._random.choice(self._cursors)} if self._cursors else {"limit": 2}
        await self._call("next", LISTS, arguments)

    async def _read(self) -> None:
        await self._call("read", READS, {"id": self._random.choice(self._handles or ["msg_4k7q2m"])})

    async def _thread(self) -> None:
        await self._call("thread", THREADS, {"id": self._random.choice(self._handles or ["msg_4k7q2m"])})

    async def _whoami(self) -> None:
        await self._call("whoami", WHOAMI, {})

    async def _stolen(self) -> None:
        """Somebody's short id, mostly another's."""
        await self._call("stolen", READS, {"id": self._random.choice(self._found.handles or ["msg_4k7q2m"])})

    async def _unknown(self) -> None:
        await self._call("unknown", READS, {"id": "msg_4k7q2m"})

    async def _tools(self) -> None:
        await self._post("tools", modern("tools/list"))

    async def _greet(self) -> None:
        """A new session, where the service keeps any."""
        try:
            self._session = await session_of(self._http)
        except httpx.TransportError as error:
            self._found.outcomes[type(error).__name__] += 1

    async def _send(self) -> None:
        mail = {"to": [f"eve.{self._mark}@elsewhere.example"], "subject": f"Draft of {self._mark}", "text": "Hello."}
        made = modern("tools/call", {"name": SENDS, "arguments": mail})
        text = await self._post("send", made)
        asked = message_in(text).get("result", {}) if text.startswith(("{", "event")) else {}
        if asked.get("resultType") == "input_required":
            no = {key: {"action": "decline"} for key in asked["inputRequests"]}
            more = {"name": SENDS, "arguments": mail, "requestState": asked["requestState"], "inputResponses": no}
            await self._post("decline", modern("tools/call", more))


async def at_work(
    people: dict[str, Person],
    clients: Callable[[Person], httpx.AsyncClient],
    *,
    calls: int,
    seed: int,
    leaves: float,
    trouble: Callable[[], object],
    every: int,
) -> Found:
    """Let all of them work at the same time, with some trouble after every so many answers."""
    found, random = Found(trouble=trouble, every=every), Random(seed)  # noqa: S311 - the same disorder each time
    async with anyio.create_task_group() as tasks:
        for mark, person in people.items():
            worker = Worker(clients(person), mark, found, Random(random.random()), leaves=leaves)  # noqa: S311
            tasks.start_soon(worker.run, calls)
    return found
