"""Downloads: streamed to where they go, and gone on with after whatever interrupts them.

Graph answers a request for content with the bytes, or with a redirect to an address that carries its own proof. Only
Graph itself gets the token. Where a connection breaks, the next one asks for the rest, and says of which file.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from errors import GraphUnavailable
from graph import deadline, retry
from graph.calls import Call, Reply, Speaker
from graph.connections import whole_body
from graph.sending import USER_AGENT
from graph.service import GraphService
from graph.throttle import demand_of
from graph.transfer.arriving import Arrival
from graph.transfer.meter import Meter, Progress
from graph.transfer.targets import Target
from graph.transfer.trying import EXPIRED, MOST_ANSWER, PASSING, Patience, error_of, fault, to_the_end, too_late

log = logging.getLogger(__name__)

MOST_HOPS = 3

_BRINGS = frozenset({200, 204, 206})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BAD_RANGE = 416
# Packed, neither sizes nor ranges would mean what they say.
_ALWAYS = (("Accept-Encoding", "identity"), ("User-Agent", USER_AGENT))


@dataclass(frozen=True)
class Downloaded:
    """What was fetched. `hash_checked` names the hash that it was compared by, None where Graph gave none.

    `name` is what Graph calls it: good to show, not to build a path of without looking.
    """

    size: int
    content_type: str
    name: str = ""
    hash_checked: str | None = None
    etag: str = ""


async def download(
    service: GraphService,
    speaker: Speaker,
    call: Call,
    target: Target,
    *,
    most: int,
    progress: Progress | None = None,
    item: Mapping[str, Any] | None = None,
) -> Downloaded:
    """Fetch the content of something to a target, which keeps nothing where that fails.

    More than `most` bytes are an error. `item` is the driveItem, if it is one: its hash is then compared.
    """
    moment = deadline.end()
    arrival = Arrival(target, most, item or {}, Meter(progress))
    work = _Download(service, speaker, call, arrival, Patience(moment))
    try:
        with deadline.until(moment):  # one end for all, also where nobody had set one
            async with asyncio.timeout_at(moment):
                return await work.done()
    except BaseException as error:
        await to_the_end(target.discard())
        if isinstance(error, TimeoutError):
            raise too_late(arrival.received, arrival.total) from error
        raise


@dataclass
class _Download:
    """The requests that one file takes."""

    service: GraphService
    speaker: Speaker
    call: Call
    arrival: Arrival
    patience: Patience
    url: str = ""
    """Where the bytes are, once Graph has said so; it lets in whoever has it."""
    hops: int = 0
    id: str = field(default_factory=lambda: str(uuid4()))

    def __post_init__(self) -> None:
        self.demand = demand_of(self.call, self.speaker.caller)

    async def done(self) -> Downloaded:
        started = asyncio.get_running_loop().time()
        await self.arrival.begin()
        while not self.arrival.is_whole:
            try:
                await self._step()
            except httpx.RequestError as error:
                self.arrival.broken()
                await self.patience.wait(fault(error))
        checked = await self.arrival.finish()
        self._log(asyncio.get_running_loop().time() - started)
        found = self.arrival
        return Downloaded(found.received, found.content_type, found.name, checked, found.etag)

    async def _step(self) -> None:
        """One request: it leads on, brings bytes, or is refused."""
        await self.arrival.go_on()
        refusal = await (self._fetched() if self.url else self._asked())
        if refusal is not None:
            await self._refused(refusal)  # may sleep, and holds no slot any more

    async def _fetched(self) -> Reply | None:
        """Heed the answer from where the bytes are, unless it is a refusal."""
        async with self._sent(self.url) as response:
            refusal = await _refusal(response)
            if refusal is None:
                await self._heed(response)
        return refusal

    async def _asked(self) -> Reply | None:
        """Heed the answer of Graph itself, unless it is a refusal."""
        async with self._admitted(), AsyncExitStack() as opened:
            response, refusal = await self._answered(opened)
            if refusal is None:
                await self._heed(response)
        return refusal

    @asynccontextmanager
    async def _admitted(self) -> AsyncIterator[None]:
        """A slot, for a call that counts and waits as every other does."""
        sender, caller = self.service.sender, self.speaker.caller
        await self.speaker.auth.ready()  # who has to sign in first holds no place meanwhile
        permit = sender.throttle.try_admit(self.demand, caller) or await sender.throttle.admit(self.demand, caller)
        try:
            yield
        finally:
            permit.release()

    async def _answered(self, opened: AsyncExitStack) -> tuple[httpx.Response, Reply | None]:
        """What Graph says before the bytes; breaker and throttle learn of it."""
        home, began = self.service.sender.home, asyncio.get_running_loop().time()
        outcome: Reply | retry.Lost | None = None
        self.service.sender.breaker.check()
        try:
            url = home.url(self.call.version, self.call.target)
            headers = (*self.call.headers, ("client-request-id", self.id))
            response = await opened.enter_async_context(self._sent(url, headers, self.speaker.auth))
            refusal = await _refusal(response)
            outcome = refusal or Reply(response.status_code, response.headers)
        except httpx.RequestError as error:
            outcome = retry.Lost(error)
            raise
        finally:
            self._learn(outcome, began)
        return response, refusal

    def _sent(
        self, url: str, headers: tuple[tuple[str, str], ...] = (), auth: httpx.Auth | None = None
    ) -> AbstractAsyncContextManager[httpx.Response]:
        request = httpx.Request("GET", url, headers=[*_ALWAYS, *headers, *self.arrival.asked()])
        return self.service.sender.connections.apart(request, auth)

    def _learn(self, outcome: Reply | retry.Lost | None, began: float) -> None:
        sender = self.service.sender
        if outcome is None:
            sender.breaker.unknown()
        elif retry.is_outage(outcome):
            sender.breaker.failed(began)
        else:
            sender.breaker.answered()
        if isinstance(outcome, Reply):
            sender.throttle.heard(self.demand, outcome.status, outcome.headers, outcome.body)

    async def _heed(self, response: httpx.Response) -> None:
        if response.status_code in _REDIRECTS:
            self._move(response.headers.get("location", ""))
        elif await self.arrival.opened(response):
            self.hops = 0
            await self._take(response)

    def _move(self, location: str) -> None:
        self.hops += 1
        if self.hops > MOST_HOPS:
            raise GraphUnavailable("Redirects", "The file is passed on from address to address. Try again later.")
        self.url = self.service.sender.home.elsewhere(location)

    async def _take(self, response: httpx.Response) -> None:
        async for data in response.aiter_bytes():
            await self.arrival.add(data)
            if self.arrival.is_news:
                self.patience.got_on()
        if not self.arrival.closed():
            raise httpx.ReadError("ends too early")

    async def _refused(self, refusal: Reply) -> None:
        if refusal.status == _BAD_RANGE and self.arrival.received:
            if not await self.arrival.past_the_end(refusal.headers.get("content-range")):
                await self.patience.wait(error_of(refusal))
        elif self.url and refusal.status in EXPIRED:
            self.url, self.hops = "", 0
            await self.patience.wait(error_of(refusal))
        elif refusal.status in PASSING:
            await self._wait(refusal)
        else:
            raise error_of(refusal)

    async def _wait(self, refusal: Reply) -> None:
        if not self.url and self.service.sender.throttle.pause_left(self.demand):
            await self.patience.wait(error_of(refusal), 0.0)  # admission waits, with all who meet the same limit
        else:
            await self.patience.after(refusal)

    def _log(self, seconds: float) -> None:
        log.info(
            "graph download",
            extra={
                "bytes": self.arrival.received,
                "ms": round(seconds * 1000),
                "tries": self.patience.tries + 1,
                "client_request_id": self.id,
            },
        )


async def _refusal(response: httpx.Response) -> Reply | None:
    """An answer that brings nothing and leads nowhere."""
    if response.status_code in _BRINGS or response.status_code in _REDIRECTS:
        return None
    return Reply(response.status_code, response.headers, await whole_body(response, MOST_ANSWER))
