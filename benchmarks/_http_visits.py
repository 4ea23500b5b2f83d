"""Users of the HTTP service who come and go, in a process of its own: both eras, calls given up, and mistakes.

Run as `python -m benchmarks._http_visits` with a `Crowd` as JSON on its stdin, it prints a `Progress` as JSON each time
that a twentieth of the calls is made.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

import anyio

from benchmarks._http_load import request
from benchmarks._http_watch import family, memory_of

AT_ONCE = 32
SAMPLES = 20
OLDER = "2025-11-25"
_MOST_ERRORS = 3
# Each subject ends with the number of the mailbox's owner.
_WHOSE = re.compile(r"week for (\d+)")
# A user's first visit makes all that is kept for a user, so that what grows later is not the number of users.
_FIRST = ("read",)
_LATER = ("read", "look", "older", "read", "astray", "older", "look", "given_up")


@dataclass(frozen=True)
class Crowd:
    """Who calls where, how often together, and the server process whose memory is looked at."""

    port: int
    tokens: list[str]
    calls: int
    process: int


@dataclass
class Progress:
    """How far it is, and the resident bytes of the server's largest process."""

    calls: int = 0
    sessions: int = 0
    given_up: int = 0
    memory: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """What came for a request: the status, the session if there is one, and the message."""

    status: int
    session: str
    body: str

    @property
    def result(self) -> dict[str, Any]:
        """The result of a call, out of its event where it is one."""
        text = self.body.partition("data: ")[2] if self.body.startswith("event:") else self.body
        found: dict[str, Any] = json.loads(text).get("result") or {}
        return found


def older_request(port: int, token: str, verb: str = "POST", session: str = "", **message: object) -> bytes:
    """A request as clients of the older era write it."""
    body = json.dumps({"jsonrpc": "2.0", **message}).encode() if message else b""
    head = [
        f"{verb} /mcp HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Authorization: Bearer {token}",
        "accept: application/json, text/event-stream",
        "content-type: application/json",
        *([f"mcp-session-id: {session}", f"mcp-protocol-version: {OLDER}"] if session else []),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


async def asked(port: int, *requests: bytes) -> list[Answer]:
    """The answers to requests, one after the other on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        answers = []
        for each in requests:
            writer.write(each)
            answers.append(await _answer(reader))
        return answers
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
    if "transfer-encoding" in headers:
        body = b"".join([chunk async for chunk in _chunks(reader)])
    else:
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(head.split()[1]), headers.get("mcp-session-id", ""), body.decode())


async def _chunks(reader: asyncio.StreamReader) -> Any:  # noqa: ANN401
    while length := int(await reader.readline(), 16):
        yield await reader.readexactly(length)
        await reader.readexactly(2)
    await reader.readexactly(2)


class Visits:
    """All visits together; each is some calls of one user."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._port = crowd.port
        self.progress = Progress()
        self._numbers: Iterator[int] = itertools.count()

    async def all(self) -> None:
        """Visit after visit, many at once, until the calls are made."""
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(self._one_after_the_other())

    async def _one_after_the_other(self) -> None:
        while self.progress.calls < self._crowd.calls:
            number = next(self._numbers)
            turn, user = divmod(number, len(self._crowd.tokens))
            kinds = _LATER if turn else _FIRST
            kind = kinds[(user + turn) % len(kinds)]
            try:
                await getattr(self, kind)(user, self._crowd.tokens[user])
            except (OSError, ValueError, LookupError, asyncio.IncompleteReadError) as error:
                self._wrong(f"{kind}: {error!r}")

    async def read(self, user: int, token: str) -> None:
        """The list of the newest, and one of them."""
        (found,) = await asked(self._port, request(self._port, token, "tools/call", "mail_list_messages"))
        self._took(found, user, "week for")
        first = found.result["structuredContent"]["messages"][0]["id"]
        mail = request(self._port, token, "tools/call", "mail_read_message", id=first)
        (read,) = await asked(self._port, mail)
        self._took(read, user, "week for")

    async def look(self, user: int, token: str) -> None:
        """Who one is, and what there is."""
        calls = request(self._port, token, "tools/call", "account_whoami"), request(self._port, token, "tools/list")
        me, tools = await asked(self._port, *calls)
        self._took(me, user, f"Person{user} ")
        self._took(tools, user, "mail_list_messages")

    async def older(self, user: int, token: str) -> None:
        """A session of the older era, which is ended as its clients do."""
        about = {"protocolVersion": OLDER, "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "1"}}
        hello = older_request(self._port, token, id=0, method="initialize", params=about)
        session = (await asked(self._port, hello))[0].session
        with_it = (self._port, token, "POST", session)
        params = {"name": "mail_list_messages", "arguments": {}}
        done, found, tools, ended = await asked(
            self._port,
            older_request(*with_it, method="notifications/initialized"),
            older_request(*with_it, id=1, method="tools/call", params=params),
            older_request(*with_it, id=2, method="tools/list"),
            older_request(self._port, token, "DELETE", session),
        )
        self._took(found, user, "week for")
        self._took(tools, user, "mail_list_messages")
        self.progress.sessions += 1
        if (done.status, ended.status) != (202, 200):
            self._wrong(f"a session: {done}, {ended}")

    async def astray(self, user: int, token: str) -> None:
        """A folder that there is not, and a token that is somebody else's work."""
        wrong = request(self._port, token, "tools/call", "mail_list_messages", folder=f"nowhere {user}")
        forged = request(self._port, token[:-8] + "AAAAAAAA", "tools/list")
        (missed,) = await asked(self._port, wrong)
        self._took(missed, user, "nowhere", is_error=True)
        (refused,) = await asked(self._port, forged)
        self._count()
        if refused.status != 401:
            self._wrong(f"a forged token: {refused}")

    async def given_up(self, user: int, token: str) -> None:
        """A call whose caller leaves, half of the time before the server can have seen it."""
        _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request(self._port, token, "tools/call", "mail_list_messages", limit=50))
        if user % 2:
            await asyncio.sleep(0.005)
        writer.close()
        self._count()
        self.progress.given_up += 1

    def _took(self, answer: Answer, user: int, wanted: str, *, is_error: bool = False) -> None:
        """Count an answer, in which there have to be the words that are wanted, and nobody else's mail."""
        self._count()
        is_foreign = not {*_WHOSE.findall(answer.body)} <= {str(user)}
        is_other = answer.status != 200 or wanted not in answer.body
        if is_foreign or is_other or ('"isError":true' in answer.body) is not is_error:
            self._wrong(f"for {user}, who wanted {wanted!r}: {answer}"[:900])

    def _count(self) -> None:
        self.progress.calls += 1
        every = max(1, self._crowd.calls // SAMPLES)
        if self.progress.calls % every == 0:
            self.progress.memory = max(memory_of(each) for each in family(self._crowd.process))
            print(json.dumps(asdict(self.progress)), flush=True)

    def _wrong(self, what: str) -> None:
        if len(self.progress.errors) < _MOST_ERRORS:
            self.progress.errors.append(what)
        self.progress.calls += 1  # so that it ends, whatever goes wrong


if __name__ == "__main__":
    use_uvloop = importlib.util.find_spec("uvloop") is not None
    visits = Visits(Crowd(**json.load(sys.stdin)))
    anyio.run(visits.all, backend_options={"use_uvloop": use_uvloop})
