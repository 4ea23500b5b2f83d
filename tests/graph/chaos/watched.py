"""What of this process has to be as it was before: sockets, tasks, files. And what went out, to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

HOST = "graph.microsoft.com"
# Where files are kept; no token may go there either.
_MICROSOFTS = (".microsoft.com", ".sharepoint.com")
# These carry their own proof in the address.
_PROVEN = ("/driveuploads/", "/attachmentsessions/", "/drivedownloads/")
_DESCRIPTORS = Path("/proc/self/fd")
_SETTLING = 1.0


@dataclass(frozen=True)
class Sent:
    """One request, as the network saw it."""

    method: str
    url: httpx.URL
    is_signed: bool

    @property
    def is_astray(self) -> bool:
        """Whether it went where nothing may go, or took a token where none may."""
        url = self.url
        if url.scheme != "https" or url.port is not None or url.userinfo:
            return True
        if url.host == HOST:
            return self.is_signed and any(place in url.path.lower() for place in _PROVEN)
        return self.is_signed or not url.host.endswith(_MICROSOFTS)


@dataclass
class Log:
    """Every request of a cell, and what is to happen before one of them."""

    sent: list[Sent] = field(default_factory=list)
    before: dict[int, Callable[[], object]] = field(default_factory=dict)

    def note(self, request: httpx.Request) -> None:
        self.sent.append(Sent(request.method, request.url, "authorization" in request.headers))
        if happens := self.before.pop(len(self.sent), None):
            happens()


class Watched(httpx.AsyncBaseTransport):
    """A transport that notes what goes through it."""

    def __init__(self, inner: httpx.AsyncBaseTransport, log: Log) -> None:
        self._inner = inner
        self._log = log

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._log.note(request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(frozen=True)
class Baseline:
    """The tasks that run and the files that are open at one moment."""

    tasks: frozenset[asyncio.Task[object]]
    files: frozenset[tuple[str, str]]

    @classmethod
    def now(cls) -> Baseline:
        return cls(frozenset(asyncio.all_tasks()), frozenset(_open_files()))

    def left_over(self) -> list[str]:
        """What there is now beyond it."""
        tasks = [f"task {task.get_coro()}" for task in asyncio.all_tasks() - self.tasks]
        return tasks + [f"file {number}: {target}" for number, target in set(_open_files()) - self.files]

    async def regained(self) -> None:
        """Wait a moment for what is just ending; whatever then is there beyond it is a leak."""
        await until(lambda: not self.left_over())
        assert not self.left_over()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something to be so, for a moment at most."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _SETTLING
    while not is_so() and loop.time() < end:  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)


def _open_files() -> list[tuple[str, str]]:
    """The descriptors of this process, where the system shows them."""
    found = []
    for each in _DESCRIPTORS.iterdir() if _DESCRIPTORS.is_dir() else ():
        try:
            found.append((each.name, str(each.readlink())))
        except OSError:  # the one that lists them
            continue
    return found
