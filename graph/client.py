"""GraphClient: what a tool holds to call Graph for one caller. Cheap to make; what is under it is shared."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from errors import AppError, GraphError, GraphUncertain, ToolInputError
from graph import counting, deadline, monitoring, transfer, wire
from graph.calls import Call, Reply, Speaker
from graph.paging import USUAL, Limits, Pages
from graph.service import GraphService
from graph.transfer import Downloaded, Source, Target
from graph.writing import outcome_of, written

Query = Mapping[str, str | int | Sequence[str]]
Json = dict[str, Any]
Proof = Callable[[], Awaitable[Json | None]]

_PREFER = 'IdType="ImmutableId"'
_JSON = ("Accept", "application/json")
_SENT_AS_JSON = ("Content-Type", "application/json")
_ONE_LINE = re.compile(r"[\x20-\x7e]*")


class GraphClient:
    """Graph as one caller sees it; `user` is whose things tools work in, None where nobody was named.

    Paths are relative and encoded: `wire.path` and `wire.path_segment` make them. Nothing else of a request is free
    to choose: neither its host, nor a header beyond those that the parameters stand for.
    """

    def __init__(self, service: GraphService, speaker: Speaker, *, user: str | None = "me") -> None:
        self._service = service
        self._speaker = speaker
        self._user = user

    @property
    def user(self) -> str:
        """The path of the person whose things tools work in: `me`, or the one that the app works for."""
        if self._user is None:
            raise ToolInputError("An app has no mailbox of its own. The server needs GRAPH_MAILBOX: whose to work in.")
        return "me" if self._user == "me" else f"users/{wire.path_segment(self._user)}"

    async def get(
        self,
        path: str,
        query: Query | None = None,
        *,
        prefer: str = "",
        eventual: bool = False,
        version: str | None = None,
        keep: float = 0,
        alone: bool = False,
    ) -> Json:
        """Read one object or one page.

        `keep` is for what changes slowly: for so many seconds an answer that this caller had is good enough. `alone`
        has it sent by itself, not together with what is read at the same time.
        """
        call = self.call("GET", path, query, prefer=prefer, eventual=eventual, version=version)

        async def fetch(call: Call) -> Reply:
            return await self._read(call, alone=alone)

        reply = await (self._service.kept.read(self._speaker.key, call, keep, fetch) if keep else fetch(call))
        return reply.object()

    async def metadata(self, version: str | None = None) -> bytes:
        """Graph's description of itself, as XML; at most a day old."""
        reply = await self._service.kept.metadata(self._service.version(version), self._send)
        return reply.checked().body

    def pages(
        self,
        path: str,
        *,
        select: str,
        query: Query | None = None,
        prefer: str = "",
        eventual: bool = False,
        version: str | None = None,
        after: str = "",
        limits: Limits = USUAL,
    ) -> Pages:
        """Read a collection to its end or its limits; `after` goes on from a link that Graph gave."""
        if not select:
            raise ValueError("A collection is read with the fields that are wanted of it: select is empty.")
        first = self.call(
            "GET", path, {"$select": select, **(query or {})}, prefer=prefer, eventual=eventual, version=version
        )
        if after:
            place = self._service.sender.home.follow(after, first.version)
            first = replace(first, path=place.path, query=place.query)

        async def fetch(call: Call) -> Reply:
            return await self._read(call, alone=False)

        return Pages(fetch, self._service.sender.home, first, limits)

    async def post(
        self,
        path: str,
        body: Json | None = None,
        query: Query | None = None,
        *,
        prefer: str = "",
        version: str | None = None,
        repeatable: bool = False,
        proof: Proof | None = None,
    ) -> Json:
        """Create something or have something done.

        It is sent again after a lost answer only where that is safe: `repeatable` says that Graph takes the second
        for the first; `proof` looks whether the first was done, and returns what came of it.
        """
        call = self.call("POST", path, query, body=body, prefer=prefer, version=version, repeatable=repeatable)
        try:
            return await self._written(call)
        except GraphUncertain as lost:
            if proof is None or lost.is_done:
                raise
            found = await _proved(proof, lost)
        return await self._written(call) if found is None else found

    async def patch(
        self, path: str, body: Json, *, if_match: str = "", prefer: str = "", version: str | None = None
    ) -> Json:
        """Change something; with `if_match` only if it is still as it was read."""
        return await self._written(
            self.call(
                "PATCH", path, body=body, if_match=if_match, prefer=prefer, version=version, repeatable=bool(if_match)
            )
        )

    async def put(
        self, path: str, body: Json, *, if_match: str = "", prefer: str = "", version: str | None = None
    ) -> Json:
        """Set something as a whole, by its name."""
        return await self._written(
            self.call("PUT", path, body=body, if_match=if_match, prefer=prefer, version=version, repeatable=True)
        )

    async def delete(self, path: str, *, if_match: str = "", version: str | None = None) -> None:
        """Take something away."""
        await self._written(self.call("DELETE", path, if_match=if_match, version=version, repeatable=True))

    async def batch(self, calls: Sequence[Call], *, in_order: bool = False) -> list[Json | GraphError]:
        """Send many calls in few requests. Each has its own answer or error, at its own place."""
        counting.note(len(calls))
        writes = not all(call.is_read for call in calls)
        if writes:
            self._changing()
        try:
            outcomes = await self._service.batcher.batch(calls, self._speaker, in_order=in_order)
        finally:
            if writes:
                self._changing()
        return [outcome_of(call, outcome) for call, outcome in zip(calls, outcomes, strict=True)]

    async def run(self, call: Call, *, progress: monitoring.Progress | None = None) -> Json:
        """Have something done that takes Graph a while, and follow it to its end."""
        counting.note()
        self._changing()
        try:
            return await monitoring.run(self._service, self._speaker, call, progress=progress)
        finally:
            self._changing()

    async def download(
        self,
        path: str,
        target: Target,
        *,
        most: int,
        item: Json | None = None,
        version: str | None = None,
        progress: transfer.Progress | None = None,
    ) -> Downloaded:
        """Fetch the content of something; `item` is the driveItem, whose hash is then compared."""
        counting.note()
        call = Call("GET", wire.checked_path(path), version=self._service.version(version))
        return await transfer.download(
            self._service, self._speaker, call, target, most=most, item=item, progress=progress
        )

    async def upload(
        self,
        path: str,
        source: Source,
        *,
        name: str,
        conflict: transfer.Conflict = "fail",
        if_match: str = "",
        content_type: str = "application/octet-stream",
        progress: transfer.Progress | None = None,
    ) -> Json:
        """Store a file at a path of a drive; the driveItem that it became."""
        counting.note()
        self._changing()
        try:
            return await transfer.upload_file(
                self._service,
                self._speaker,
                wire.checked_path(path),
                source,
                name=name,
                conflict=conflict,
                if_match=if_match,
                content_type=content_type,
                version=self._service.version(None),
                progress=progress,
            )
        finally:
            self._changing()

    async def attach(
        self,
        message: str,
        source: Source,
        *,
        name: str,
        content_type: str = "application/octet-stream",
        is_inline: bool = False,
        content_id: str = "",
        progress: transfer.Progress | None = None,
    ) -> str:
        """Attach a file to a draft, whose path is given; the attachment's id."""
        counting.note()
        self._changing()
        try:
            return await transfer.upload_attachment(
                self._service,
                self._speaker,
                wire.checked_path(message),
                source,
                name=name,
                content_type=content_type,
                is_inline=is_inline,
                content_id=content_id,
                progress=progress,
            )
        finally:
            self._changing()

    def call(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        *,
        body: Json | None = None,
        if_match: str = "",
        prefer: str = "",
        eventual: bool = False,
        version: str | None = None,
        repeatable: bool = False,
    ) -> Call:
        """A call as `batch` and `run` take it."""
        headers = [_JSON, ("Prefer", f"{_PREFER}, {_plain(prefer)}" if prefer else _PREFER)]
        if eventual:
            headers.append(("ConsistencyLevel", "eventual"))
        if if_match:
            headers.extend(wire.matches(if_match).items())
        if body is not None:
            headers.append(_SENT_AS_JSON)
        return Call(
            method,
            wire.checked_path(path),
            wire.query_string(query) if query else "",
            self._service.version(version),
            tuple(headers),
            b"" if body is None else json.dumps(body, separators=(",", ":")).encode(),
            repeatable,
        )

    async def _read(self, call: Call, *, alone: bool) -> Reply:
        counting.note()
        service, key = self._service, self._speaker.key

        async def start() -> Reply:
            if service.coalesce and not alone:
                return await service.batcher.read(call, self._speaker)
            return await self._send(call)

        return await service.flights.shared((key, call), start)

    async def _send(self, call: Call) -> Reply:
        return await self._service.sender.send(call, self._speaker)

    async def _written(self, call: Call) -> Json:
        counting.note()
        self._changing()
        try:
            return written(call, await self._send(call))
        finally:
            self._changing()

    def _changing(self) -> None:
        """What was read before a write says nothing about the time after it."""
        self._service.flights.land(self._speaker.key)
        self._service.kept.forget(self._speaker.key)


async def _proved(proof: Proof, lost: GraphUncertain) -> Json | None:
    """What came of a call whose answer was lost; None where it was surely not done, and there is time to do it."""
    try:
        found = await proof()
    except AppError:
        raise lost from None  # nobody knows more than before
    if found is None and deadline.left() <= 0:
        raise lost
    return found


def _plain(text: str) -> str:
    """A header's text, which must not become another header."""
    if not _ONE_LINE.fullmatch(text):
        raise ValueError("A header is one line of plain letters.")
    return text
