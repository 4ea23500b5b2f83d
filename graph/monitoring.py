"""Work that Graph takes on with a 202, watched to its end where Graph says how far it is."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from errors import AppError, GraphError, GraphThrottled, GraphUnavailable, GraphUncertain, SignInError
from graph import deadline, retry
from graph.calls import Call, Reply, Speaker
from graph.connections import Connections, whole_body
from graph.sending import USER_AGENT
from graph.service import GraphService
from graph.wire import Monitor, Place, read_monitor, retry_after
from graph.writing import written

log = logging.getLogger(__name__)

Progress = Callable[[float, float | None], Awaitable[None]]
"""Told the percentage, and the 100 that it is of."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
MOST_BYTES = 1024 * 1024
MOST_MISSES = 3  # a monitor may be there a moment later than the answer that names it
LAST_LOOK = 2.0  # before the deadline

_ACCEPTED, _NOT_FOUND, _TIMEOUT = 202, 404, 408
_GROWTH = 1.6
_PLACES = ("location", "operation-location", "content-location")
# Only these are things of Graph that ask for a token; the address of any other monitor lets in whoever has it.
_OPERATION = re.compile(r"(?:^|/)operations(?:/|\()", re.IGNORECASE)
_JSON = (("Accept", "application/json"),)
_ELSEWHERE = (*_JSON, ("Accept-Encoding", "gzip"), ("User-Agent", USER_AGENT))


async def run(
    service: GraphService, speaker: Speaker, call: Call, *, progress: Progress | None = None
) -> dict[str, Any]:
    """Have something done, and wait for it until the deadline.

    What comes back is what Graph answered at once, with what came of the work laid over it: the thing that it made,
    where Graph says how to read it with this token, else the last that the operation said of itself (for a copy of
    OneDrive that is a `resourceId`). It is empty where Graph takes something on and never tells of it again.
    """
    with deadline.until(deadline.end()):  # one end for all that follows, also where nobody had set one
        reply = await service.sender.send(call, speaker)
        accepted = written(call, reply)
        link = next(filter(None, map(reply.headers.get, _PLACES)), "")
        if reply.status != _ACCEPTED or not link:
            return accepted
        watch = _Watch(service, speaker, call.version, progress)
        monitor = await watch.ended(link, reply)
        if monitor.error is not None:
            raise monitor.error
        return {**accepted, **await watch.result(monitor)}


@dataclass
class _Watch:
    """Looks again and again at how far one piece of work is."""

    service: GraphService
    speaker: Speaker
    version: str
    progress: Progress | None
    looks: int = 0
    misses: int = 0
    percent: float = 0.0
    path: str = ""

    async def ended(self, link: str, accepted: Reply) -> Monitor:
        """What is said of it when it is over, well or not."""
        started = _now()
        try:
            async with asyncio.timeout_at(deadline.end()):
                monitor = await self._ended(self._way(link), accepted)
        except (TimeoutError, GraphThrottled) as error:
            raise self._late(_now() - started) from error
        except (GraphError, SignInError) as error:
            # A person may sign in and the tool be called again: that must not do the work a second time.
            raise self._lost_sight(error) from error
        log.info("graph work ended", extra={"state": monitor.state, "looks": self.looks, "s": round(_now() - started)})
        return monitor

    async def result(self, monitor: Monitor) -> Mapping[str, Any]:
        """What the work made. That it cannot be read makes the work no failure."""
        if not monitor.resource_link:
            return monitor.value
        try:
            way = self._way(monitor.resource_link)
            if isinstance(way, str) and monitor.value:
                return monitor.value  # elsewhere, where our token does not go
            return (await self._answer(way)).object()
        except (AppError, httpx.RequestError, TimeoutError) as error:
            log.info("what graph made cannot be read", extra={"cause": type(error).__name__})
            return monitor.value

    async def _ended(self, way: Place | str, latest: Reply | None) -> Monitor:
        while True:
            await asyncio.sleep(self._pause(latest))
            self.looks += 1
            latest = await self._look(way)
            monitor = None if latest is None else _read(latest)
            await self._tell(monitor)
            if monitor is not None and monitor.state != "running":
                return monitor

    async def _look(self, way: Place | str) -> Reply | None:
        """What the monitor says; None where nobody answered."""
        try:
            reply = await self._answer(way)
        except (httpx.RequestError, GraphUnavailable):
            return None
        self.misses = self.misses + 1 if reply.status == _NOT_FOUND else 0
        if self.misses == MOST_MISSES:
            reply.checked()
        return reply

    async def _answer(self, way: Place | str) -> Reply:
        if isinstance(way, str):
            async with asyncio.timeout_at(deadline.end()):
                return await _elsewhere(self.service.sender.connections, way)
        look = Call("GET", way.path, way.query, self.version, _JSON)
        return await self.service.sender.send(look, self.speaker)

    def _way(self, link: str) -> Place | str:
        """On Graph itself a place that is asked with the token; elsewhere an address that is its own proof."""
        home = self.service.sender.home
        try:
            url = home.elsewhere(link)
        except GraphError:
            url = ""
        if url and urlsplit(url).hostname != home.host.lower():
            return url
        place = home.follow(link, self.version)  # relative, our own, or refused
        self.path = self.path or place.path
        return place

    def _pause(self, latest: Reply | None) -> float:
        """As long as Graph asks for, else longer each time; with a last look when time runs out."""
        left = deadline.left()
        asked = retry_after(latest.headers, datetime.now(UTC)) if latest else None
        if asked is not None:
            if asked >= left:
                raise TimeoutError
            return max(asked, FIRST_PAUSE)
        grown = min(LONGEST_PAUSE, FIRST_PAUSE * _GROWTH**self.looks)
        pause = random.uniform(max(FIRST_PAUSE, grown / 2), grown)  # noqa: S311 - keeps no secret
        return pause if pause < left else max(left - LAST_LOOK, FIRST_PAUSE)

    async def _tell(self, monitor: Monitor | None) -> None:
        if monitor is None:
            return
        percent = 100.0 if monitor.state == "succeeded" else monitor.percent
        if percent is not None:
            self.percent = percent
            if self.progress is not None:
                await self.progress(percent, 100.0)

    def _late(self, seconds: float) -> GraphUncertain:
        far = f", and says {self.percent:.0f} % are done" if self.percent else ""
        return GraphUncertain(
            "StillRunning",
            f"Graph took this on and is still at it after {seconds:.0f} seconds{far}. "
            f"Do not do it again. {self._how_to_look()}",
        )

    def _lost_sight(self, error: AppError) -> GraphUncertain:
        status, request_id = (error.status, error.request_id) if isinstance(error, GraphError) else (0, "")
        why = error.code if isinstance(error, GraphError) else "a sign-in is needed"
        return GraphUncertain(
            "OutcomeUnknown",
            f"Graph took this on, but how far it is cannot be seen ({why}). Do not do it again. {self._how_to_look()}",
            status=status,
            request_id=request_id,
        )

    def _how_to_look(self) -> str:
        if _OPERATION.search(self.path):
            return f"Later, reading {self.path} tells how it went."
        return (
            "Look later whether its result is there: the address that tells how far it is works like a password, "
            "so it is not shown."
        )


def _read(reply: Reply) -> Monitor | None:
    """What an answer says of the work; None where it says nothing, so that it is worth another look."""
    if reply.status in (_NOT_FOUND, _TIMEOUT, retry.THROTTLED) or reply.status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return None
    try:
        return read_monitor(reply.status, reply.headers, reply.body)
    except GraphUnavailable:  # a page of a proxy, or half an answer
        return None


async def _elsewhere(connections: Connections, url: str) -> Reply:
    async with connections.apart(httpx.Request("GET", url, headers=_ELSEWHERE)) as response:
        return Reply(response.status_code, response.headers, await whole_body(response, MOST_BYTES))


def _now() -> float:
    return asyncio.get_running_loop().time()
