"""One call to its end: it waits for its turn, is signed and sent, and tried again as far as that is safe."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import httpx

from errors import (
    GraphError,
    GraphThrottled,
    GraphTooLarge,
    GraphUnavailable,
    GraphUncertain,
    SignInError,
    ToolInputError,
)
from graph import deadline, retry
from graph.breaker import Breaker
from graph.calls import Call, Reply, Speaker
from graph.connections import Connections
from graph.throttle import Demand, Permit, Throttle, demand_of
from graph.wire import Home

log = logging.getLogger(__name__)

USER_AGENT = "Graphward"
MOST_PATIENCE = 8  # how often Graph may ask one call to wait

_BATCH = "$batch"  # whoever made it knows what its parts were
# The log says what was done, and neither whose, nor with which file, nor what was looked for.
_WHOSE = re.compile(r"(^|/)users/[^/?]+")
_FILE = re.compile(r":/[^:]*(:|$)")
_WORD = re.compile(r"[A-Za-z]{1,40}|\$[a-z]+|microsoft\.graph\.[A-Za-z]+(?:\(\))?|[a-z]+:|\*:?")
_ALWAYS = (("Accept-Encoding", "gzip"), ("User-Agent", USER_AGENT))


@dataclass
class _Story:
    """What has become of a call so far."""

    id: str
    tries: int = 0
    waits: int = 0
    is_in_the_air: bool = False
    is_lost: bool = False
    """Graph may have taken it, and its answer did not come."""


Observe = Callable[[int, float], None]
"""Told of each try: the status of its answer, 0 where there was none, and how many seconds it took."""


class Sender:
    """Shared by all callers: it holds the connections, the limits and what is known of outages."""

    def __init__(
        self,
        connections: Connections,
        home: Home,
        throttle: Throttle,
        *,
        chance: random.Random | None = None,
        observe: Observe = lambda _status, _seconds: None,
    ) -> None:
        self._observe = observe
        self.connections = connections
        self.home = home
        self.throttle = throttle
        self.breaker = Breaker()
        self._chance = chance or random.Random()  # noqa: S311 - to part retries, not to keep secrets

    async def send(
        self, call: Call, speaker: Speaker, *, permit: Permit | None = None, demand: Demand | None = None
    ) -> Reply:
        """Graph's last word on a call, whatever it is. A `permit` in hand is used for the first try."""
        story = _Story(str(UUID(int=self._chance.getrandbits(128), version=4)))
        demand = demand or (permit.demand if permit else demand_of(call, speaker.caller))
        try:
            async with asyncio.timeout_at(deadline.end()):
                return await self._tried(call, speaker, demand, permit, story)
        except TimeoutError as error:
            raise _late(call, story) from error
        except (GraphError, SignInError) as error:
            if story.is_lost and not call.is_read and not isinstance(error, GraphUncertain):
                raise _uncertain(story) from error  # an earlier try may have been taken
            raise

    async def _tried(self, call: Call, speaker: Speaker, demand: Demand, permit: Permit | None, story: _Story) -> Reply:
        while True:
            permit = permit or await self._permitted(speaker, demand)
            outcome = await self._outcome(call, speaker, permit, story)
            permit = None
            wait = self._wait(call, outcome, demand, story)
            if wait is None:
                return _told(call, outcome, story)
            await asyncio.sleep(wait)

    async def _permitted(self, speaker: Speaker, demand: Demand) -> Permit:
        """Leave to send, once there is a token: who has to sign in first holds no place meanwhile."""
        await speaker.auth.ready()
        permit = self.throttle.try_admit(demand, speaker.caller)
        return permit or await self.throttle.admit(demand, speaker.caller)

    async def _outcome(self, call: Call, speaker: Speaker, permit: Permit, story: _Story) -> Reply | retry.Lost:
        """What one try came to."""
        if deadline.left() <= 0:  # nothing is begun that nobody waits for
            permit.release()
            raise TimeoutError
        try:
            self.breaker.check()
        except GraphUnavailable:
            permit.release()
            raise
        story.tries += 1
        began, outcome = asyncio.get_running_loop().time(), None
        try:
            outcome = await self._exchanged(call, speaker, permit, story)
        finally:
            self._learn(permit.demand, outcome, began)
            seconds = asyncio.get_running_loop().time() - began
            _log(call, outcome, story, seconds)
            self._observe(outcome.status if isinstance(outcome, Reply) else 0, seconds)
        story.is_in_the_air = False
        return outcome

    async def _exchanged(self, call: Call, speaker: Speaker, permit: Permit, story: _Story) -> Reply | retry.Lost:
        try:
            request = self._request(call, story)
        except BaseException as error:
            permit.release()
            if isinstance(error, httpx.InvalidURL):
                raise ToolInputError("This makes too long an address for Graph. Ask for less at once.") from error
            raise
        story.is_in_the_air = True
        try:
            return await self.connections.exchange(request, speaker.auth, permit.release)
        except httpx.RequestError as error:
            return retry.Lost(error)
        except GraphTooLarge as error:
            if call.is_read or call.path == _BATCH:
                raise
            raise _uncertain(story) from error  # whatever the answer was, the call was taken

    def _request(self, call: Call, story: _Story) -> httpx.Request:
        headers = [*_ALWAYS, *call.headers, ("client-request-id", story.id)]
        url = self.home.url(call.version, call.target)
        return httpx.Request(call.method, url, headers=headers, content=call.body or None)

    def _learn(self, demand: Demand, outcome: Reply | retry.Lost | None, began: float) -> None:
        if outcome is None:
            self.breaker.unknown()
        elif retry.is_outage(outcome):
            self.breaker.failed(began)
        else:
            self.breaker.answered()
        if isinstance(outcome, Reply):
            self.throttle.heard(demand, outcome.status, outcome.headers, outcome.body)
            if outcome.status == httpx.codes.SERVICE_UNAVAILABLE:
                self.connections.renew()

    def _wait(self, call: Call, outcome: Reply | retry.Lost, demand: Demand, story: _Story) -> float | None:
        """The seconds after which the call is tried again; None where it is not."""
        if isinstance(outcome, Reply) and outcome.status < httpx.codes.BAD_REQUEST:
            return None
        if isinstance(outcome, retry.Lost):
            story.is_lost = story.is_lost or not outcome.is_unsent
        elif outcome.status in retry.OUTAGES:
            story.is_lost = True
        if not retry.may_repeat(call, outcome):
            return None
        pause = self.throttle.pause_left(demand)
        if pause:  # admission waits for it, together with all who meet the same limit
            story.waits += 1
            return 0.0 if story.waits <= MOST_PATIENCE and pause < deadline.left() else None
        wait = retry.backoff(story.tries, self._chance)
        return wait if story.tries < retry.MOST_TRIES and wait < deadline.left() else None


def _told(call: Call, outcome: Reply | retry.Lost, story: _Story) -> Reply:
    if isinstance(outcome, Reply):
        return replace(outcome, is_after_loss=True) if story.is_lost else outcome
    if story.is_lost and not call.is_read:
        raise _uncertain(story) from outcome.error
    if isinstance(outcome.error, httpx.TimeoutException):
        raise GraphUnavailable("Timeout", "Graph took too long to answer. Try again in a moment.") from outcome.error
    raise GraphUnavailable("Unreachable", _unreachable(outcome.error)) from outcome.error


def _late(call: Call, story: _Story) -> GraphError:
    if (story.is_lost or story.is_in_the_air) and not call.is_read:
        return _uncertain(story)
    if story.waits:
        return GraphThrottled(
            "TooManyRequests", f"Graph asked for patience {story.waits} times, and the time is up. Try again later."
        )
    tried = f" It was tried {story.tries} times." if story.tries > 1 else ""
    return GraphUnavailable("Timeout", f"Graph took too long to answer.{tried} Try again in a moment.")


def _uncertain(story: _Story) -> GraphUncertain:
    return GraphUncertain(
        "AnswerLost",
        "Graph's answer was lost, so this may have been done or not. Look whether it was before doing it again. "
        f"[client-request-id {story.id}]",
    )


def _unreachable(error: httpx.RequestError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "Graph's certificate is not trusted here. Behind a proxy that inspects TLS, name its in SSL_CERT_FILE."
    return "Graph cannot be reached, or its answer is broken. Check the network or the proxy, then try again."


def _shown(call: Call) -> str:
    path = _FILE.sub(r":/*\1", _WHOSE.sub(r"\1users/*", call.path))
    words = (each if _WORD.fullmatch(each) else "*" for each in path.split("/"))
    return "/".join(("", call.version, *words))


def _log(call: Call, outcome: Reply | retry.Lost | None, story: _Story, seconds: float) -> None:
    if log.isEnabledFor(logging.INFO):
        facts: dict[str, object] = {
            "method": call.method,
            "path": _shown(call),
            "status": outcome.status if isinstance(outcome, Reply) else 0,
            "ms": round(seconds * 1000),
            "client_request_id": story.id,
        }
        if story.tries > 1:
            facts["tries"] = story.tries
        log.info("graph call", extra=facts)
