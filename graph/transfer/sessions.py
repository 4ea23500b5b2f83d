"""Upload sessions: a file goes range by range to an address that carries its own proof, and gets there once.

After every fault the session itself is asked how far it is. The hard case is the last range: when its answer is lost
the session is gone, as it is when it has expired, and only a look at the place where the file belongs tells them apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import httpx

from errors import GraphConflict, GraphError, GraphTooLarge, GraphUnavailable, GraphUncertain, ToolInputError
from graph import deadline
from graph.calls import Reply
from graph.connections import whole_body
from graph.sending import USER_AGENT
from graph.service import GraphService
from graph.transfer.hashes import Rolling
from graph.transfer.meter import Meter
from graph.transfer.ranges import next_expected
from graph.transfer.sources import Source
from graph.transfer.trying import EXPIRED, MOST_ANSWER, PASSING, Patience, error_of, fault, to_the_end, too_late
from graph.wire import read_object

Made = TypeVar("Made")
Made_co = TypeVar("Made_co", covariant=True)

STEP = 320 * 1024
"""Every range but the last is a multiple of it."""
MOST_SESSIONS = 3

_NOWHERE = -1
_PIECE = 256 * 1024  # what is in memory at a time
_CONFLICT, _BAD_RANGE = 409, 416
_ALWAYS = (("User-Agent", USER_AGENT), ("Accept-Encoding", "gzip"))


class Goal(Protocol[Made_co]):
    """Where a file is to get: what differs between drives and mail."""

    @property
    def fragment(self) -> int: ...

    @property
    def is_safe_twice(self) -> bool:
        """Whether a second try meets the first one, and makes no second file."""
        ...

    async def open(self) -> dict[str, Any]:
        """Begin a session: the answer, with its `uploadUrl`."""
        ...

    def made(self, reply: Reply) -> Made_co | None:
        """What the file became, if this is the answer to the last range."""
        ...

    async def look(self) -> Made_co | None:
        """What it became, if it is there after all; GraphUncertain where that cannot be told."""
        ...


async def send_in_session(
    service: GraphService, source: Source, goal: Goal[Made], meter: Meter, hash_: Rolling | None = None
) -> Made:
    """Send a file, and return what it became. Where that fails, no session is left behind."""
    moment = deadline.end()
    work = _Upload(service, source, goal, meter, hash_, Patience(moment))
    try:
        with deadline.until(moment):
            async with asyncio.timeout_at(moment):
                return await work.done()
    except BaseException as error:
        is_undone = await to_the_end(work.drop()) or not work.may_be_done
        is_told = isinstance(error, GraphUncertain) or not isinstance(error, Exception)
        if not is_told and (work.may_have_been_done or not is_undone):
            raise uncertain() from error
        if isinstance(error, TimeoutError):
            raise too_late(work.at, source.size) from error
        raise


def uncertain() -> GraphUncertain:
    """The error for a file of which nobody knows whether it arrived."""
    return GraphUncertain(
        "AnswerLost",
        "All of the file was sent, and the answer was lost: it may be there or not. Look before sending it again.",
    )


@dataclass
class _Upload(Generic[Made]):
    """One file on its way."""

    service: GraphService
    source: Source
    goal: Goal[Made]
    meter: Meter
    hash: Rolling | None
    patience: Patience
    url: str = ""
    at: int = 0
    sent: int = 0
    furthest: int = 0
    sessions: int = 0
    must_ask: bool = False
    may_be_done: bool = False
    """The last byte was sent in this session, and was not refused."""
    may_have_been_done: bool = False
    """The same of a session that is over."""

    async def done(self) -> Made:
        while True:
            try:
                made = await self._step()
            except httpx.RequestError as error:
                self.must_ask = bool(self.url)
                await self.patience.wait(fault(error))
                continue
            if made is not None:
                await self.meter.at(self.source.size)
                return made

    async def drop(self) -> bool:
        """End the session. Whether the file is surely not there."""
        if not self.url:
            return not self.may_be_done
        try:
            reply = await self._exchanged("DELETE")
        except (httpx.RequestError, GraphTooLarge):
            return not self.may_be_done
        return reply.is_success or not self.may_be_done

    async def _step(self) -> Made | None:
        if not self.url:
            return await self._open()
        return await (self._ask() if self.must_ask else self._send())

    async def _open(self) -> Made | None:
        self.sessions += 1
        try:
            answer = await self.goal.open()
        except GraphConflict:  # with ourselves, perhaps
            if self.may_have_been_done and (made := await self.goal.look()) is not None:
                return made
            raise
        address = answer.get("uploadUrl")
        if not isinstance(address, str):
            raise GraphUnavailable("BadAnswer", "Graph opened an upload and did not say where. Try again.")
        self.url = self.service.sender.home.elsewhere(address)
        self.at = self.sent = self.furthest = 0
        self.must_ask = self.may_be_done = False
        return None

    async def _send(self) -> Made | None:
        """The next range."""
        first, end = self.at, min(self.at + self.goal.fragment, self.source.size)
        was_perhaps_done = self.may_be_done
        reply = await self._exchanged("PUT", first, end)
        if reply.status in PASSING:
            self.must_ask = True
            await self.patience.after(reply)
            return None
        if not reply.is_success:
            self.may_be_done = was_perhaps_done  # this one was refused
            return await self._refused(reply)
        made = self.goal.made(reply)
        return await self._go_on(reply, first) if made is None else made

    async def _refused(self, reply: Reply) -> Made | None:
        if reply.status in EXPIRED:
            return await self._gone(reply)
        if reply.status == _BAD_RANGE:  # it is there already, or something before it is not
            self.must_ask = True
            await self.patience.wait(error_of(reply))
            return None
        if reply.status == _CONFLICT and self.may_be_done and (made := await self.goal.look()) is not None:
            return made
        raise error_of(reply)

    async def _ask(self) -> Made | None:
        """Where the session stands."""
        reply = await self._exchanged("GET")
        if reply.status in PASSING:
            await self.patience.after(reply)
            return None
        if not reply.is_success:
            return await self._gone(reply)
        self.must_ask = False
        return await self._go_on(reply, _NOWHERE)

    async def _go_on(self, reply: Reply, first: int) -> Made | None:
        """As the session wishes: usually with the next range, sometimes with an earlier one."""
        wanted = next_expected(_object(reply))
        if wanted is None or wanted >= self.source.size:
            return await self._all_there()
        if wanted > self.sent:
            raise GraphUnavailable("BadAnswer", "The upload lost count of what it has. Start it again.")
        self.at = wanted
        if wanted > self.furthest:
            self.furthest = wanted
            self.patience.got_on()
        elif wanted <= first:
            await self.patience.wait(_stuck())
        await self.meter.at(wanted)
        return None

    async def _all_there(self) -> Made | None:
        """The session wants nothing more, and has not said that it made the file."""
        made = await self.goal.look() if self.may_be_done else None
        if made is None:
            self.must_ask = True
            await self.patience.wait(_stuck())
        return made

    async def _gone(self, reply: Reply) -> Made | None:
        """There is no such session any more: it did its work, or has expired."""
        self.url = ""
        if self.may_be_done:
            self.may_have_been_done = True
            if (made := await self.goal.look()) is not None:
                return made
            if not self.goal.is_safe_twice:  # it may only be not seen yet
                raise uncertain()
        if self.sessions >= MOST_SESSIONS:
            raise _lost(reply)
        return None

    async def _exchanged(self, method: str, first: int = 0, end: int = 0) -> Reply:
        """Without a token: the address is the proof."""
        headers, content = [*_ALWAYS], None
        if method == "PUT":
            place = f"bytes {first}-{end - 1}/{self.source.size}"
            headers += [("Content-Length", str(end - first)), ("Content-Range", place)]
            headers += [("Content-Type", "application/octet-stream")]
            content = self._pieces(first, end)
        request = httpx.Request(method, self.url, headers=headers, content=content)
        async with self.service.sender.connections.apart(request) as response:
            return Reply(response.status_code, response.headers, await whole_body(response, MOST_ANSWER))

    async def _pieces(self, first: int, end: int) -> AsyncIterator[bytes]:
        """A range in pieces: each has the whole write timeout to itself, and no more than one is in memory."""
        for start in range(first, end, _PIECE):
            length = min(_PIECE, end - start)
            data = await self.source.read(start, length)
            if len(data) != length:
                raise ToolInputError("The file has become shorter while it was sent. Send it again when it is at rest.")
            if self.hash is not None:
                self.hash.feed(start, data)
            self.sent = max(self.sent, start + length)
            self.may_be_done = self.may_be_done or start + length == self.source.size
            yield data


def _object(reply: Reply) -> dict[str, Any]:
    try:
        return read_object(reply.body) if reply.body else {}
    except GraphUnavailable:
        return {}


def _lost(reply: Reply) -> GraphError:
    error = error_of(reply)
    text = "Graph ended the upload before it was complete, again and again. Try again later."
    return GraphUnavailable("SessionLost", text, status=error.status, request_id=error.request_id)


def _stuck() -> GraphError:
    return GraphUnavailable("NoProgress", "The upload does not get any further. Try again in a moment.")
