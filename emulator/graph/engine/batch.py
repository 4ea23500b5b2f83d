"""`$batch`: many calls in one, each answered as if it had come alone."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from emulator.dropping import ConnectionDropped
from emulator.faults import GraphFault, InvalidRequest, MethodNotAllowed
from emulator.graph.engine.batch_parts import Part, is_sequential, read_parts
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.responses import JSON_TYPE, Trace, refusal

_OUTLOOK_AT_ONCE = 4
_log = logging.getLogger(__name__)
_FAILED = 400


class Serving(Protocol):
    """Who answers the parts."""

    async def part(self, call: Call) -> Answer: ...
    def is_outlook(self, call: Call) -> bool: ...


class FailedDependency(GraphFault):
    """The request that a part waited for has failed."""

    status = 424
    code = "FailedDependency"
    message = "The request failed because of a failed dependency."


async def batched(serving: Serving, call: Call, trace: Trace) -> Answer:
    """Run the parts, at once unless one depends on another; a part that fails fails those that depend on it."""
    if call.method != "POST":
        raise MethodNotAllowed
    parts = read_parts(call.json)
    run = _Run(serving, call, trace)
    await (run.in_turn(parts) if is_sequential(parts) else run.at_once(parts))
    return Answer({"responses": run.replies}, headers={"Content-Type": "application/json"})


class _Run:
    """One batch under way; the replies stand in the order in which they were done."""

    def __init__(self, serving: Serving, call: Call, trace: Trace) -> None:
        self._serving = serving
        self._call = call
        self._trace = trace
        self._statuses: dict[str, int] = {}
        self._outlook = asyncio.Semaphore(_OUTLOOK_AT_ONCE)
        self.replies: list[dict[str, Any]] = []

    async def in_turn(self, parts: Sequence[Part]) -> None:
        """One after the other, as they were sent."""
        for part in parts:
            await self._done(part)

    async def at_once(self, parts: Sequence[Part]) -> None:
        """All together; Graph hands Outlook no more than four at a time."""
        await asyncio.gather(*(self._in_its_lane(part) for part in parts))

    async def _in_its_lane(self, part: Part) -> None:
        if not self._serving.is_outlook(self._made(part)):
            await self._done(part)
            return
        async with self._outlook:
            await self._done(part)

    async def _done(self, part: Part) -> None:
        try:
            answer = await self._answer(part)
        except GraphFault as fault:
            answer = self._refused(part, fault)
        except ConnectionDropped:
            raise
        except Exception:  # noqa: BLE001 - logged, with all that led to it
            # The other parts may have changed something already: their answers must be told.
            _log.exception("A part of a batch failed: %s", part.method)
            answer = self._refused(part, GraphFault())
        self._statuses[part.id] = answer.status
        self.replies.append(reply(part.id, answer))

    def _refused(self, part: Part, fault: GraphFault) -> Answer:
        own = part.headers.get("client-request-id")
        return refusal(fault, replace(self._trace, client_request_id=own or self._trace.client_request_id), "")

    async def _answer(self, part: Part) -> Answer:
        if part.depends_on and self._statuses[part.depends_on] >= _FAILED:
            raise FailedDependency
        if part.path.lower() == "$batch":
            raise InvalidRequest("A batch cannot hold a batch.")
        return await self._serving.part(self._made(part))

    def _made(self, part: Part) -> Call:
        return self._call.at(part.method, part.path, part.query, headers=part.headers, body=part.body)


def reply(identity: str, answer: Answer) -> dict[str, Any]:
    """A part's answer as the batch reports it: JSON and text as they are, anything else as base64."""
    headers = {"Cache-Control": "no-cache", **answer.headers}
    body: Any = answer.body
    if isinstance(body, bytes):
        headers.setdefault("Content-Type", "application/octet-stream")
        body = base64.b64encode(body).decode()
    elif isinstance(body, str):
        headers.setdefault("Content-Type", "text/plain")
    elif body is not None and "Content-Type" not in headers:
        headers |= {"OData-Version": "4.0", "Content-Type": JSON_TYPE}
    return {"id": identity, "status": answer.status, "headers": headers, "body": body}
