"""One `$batch`, there and back; and how often a part of one is tried again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from errors import GraphUnavailable, GraphUncertain
from graph import deadline, retry, wire
from graph.calls import Call, Reply, Speaker
from graph.sending import MOST_PATIENCE, Sender
from graph.throttle import Demand, Permit

_JSON = (("Accept", "application/json"), ("Content-Type", "application/json"))
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _SERVER_ERROR = 400, 401, 403, 500
# Somebody on the way gave up waiting: like an error of the server, it does not say what was done.
_GIVEN_UP = frozenset({408, 499})


class NotBatched(Exception):
    """Graph did not take the batch as one: none of its parts was done, and each can go by itself."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Trip:
    """What came back: a reply for each call, None where there is none that can be used.

    `failed` is the answer to the batch as a whole where that is an error after which parts may have been done.
    `is_last_word` says that each part would hear the same, or that it was tried as often as anything is.
    """

    replies: Sequence[Reply | None]
    failed: Reply | None = None
    is_last_word: bool = False

    @property
    def is_void(self) -> bool:
        """Whether Graph said that all is well, and then nothing of use."""
        return self.failed is None and not any(self.replies)


async def signed_in(speaker: Speaker) -> None:
    """Wait until there is a token: whoever has to sign in first holds no place meanwhile."""
    try:
        async with asyncio.timeout_at(deadline.end()):
            await speaker.auth.ready()
    except TimeoutError as error:
        raise GraphUnavailable("Timeout", "The sign-in took too long. Try again in a moment.") from error


async def carry(
    sender: Sender,
    calls: Sequence[Call],
    demands: Sequence[Demand],
    speaker: Speaker,
    permit: Permit | None,
    *,
    in_order: bool = False,
) -> Trip:
    """Send calls in one batch; the limits hear of each part's answer. `in_order` has each wait for the one before."""
    names = [str(place) for place in range(1, len(calls) + 1)]
    try:
        batch = _packed(calls, names, in_order=in_order)
    except BaseException:
        if permit is not None:
            permit.release()
        raise
    whole = await _sent(sender, batch, speaker, permit, is_reading=all(call.is_read for call in calls))
    if not whole.is_success:
        return _failed(whole, batch, len(calls))
    replies = [_reply(part, whole) for part in _answers(whole.body, names)]
    for reply, demand in zip(replies, demands, strict=True):
        if reply is not None:
            sender.throttle.heard(demand, reply.status, reply.headers, reply.body)
    return Trip(replies)


def _packed(calls: Sequence[Call], names: Sequence[str], *, in_order: bool) -> Call:
    parents = ["", *names[:-1]] if in_order else [""] * len(names)
    parts = [
        wire.Part(name, call.method, call.target, dict(call.headers), call.body, parent)
        for name, call, parent in zip(names, calls, parents, strict=True)
    ]
    is_repeatable = all(call.may_repeat for call in calls)
    return Call("POST", "$batch", "", calls[0].version, _JSON, wire.batch_body(parts), is_repeatable)


async def _sent(sender: Sender, batch: Call, speaker: Speaker, permit: Permit | None, *, is_reading: bool) -> Reply:
    try:
        return await sender.send(batch, speaker, permit=permit)
    except GraphUncertain as error:
        if not is_reading:
            raise
        raise GraphUnavailable("Timeout", "Graph took too long to answer. Try again in a moment.") from error


def _failed(whole: Reply, batch: Call, count: int) -> Trip:
    if whole.status in (_UNAUTHORIZED, retry.THROTTLED):
        return Trip([None] * count, whole, is_last_word=True)
    is_refusal = whole.status < _SERVER_ERROR and whole.status not in _GIVEN_UP
    if is_refusal and not whole.is_after_loss:
        raise NotBatched(whole.status)
    return Trip([None] * count, whole, is_last_word=batch.repeatable and whole.status in retry.OUTAGES)


def is_about_token(reply: Reply) -> bool:
    """Whether a part was refused for its token: sent by itself, it answers a challenge as every other call does."""
    challenge = reply.headers.get("www-authenticate", "")
    return reply.status == _UNAUTHORIZED or (reply.status == _FORBIDDEN and "insufficient_claims" in challenge)


@dataclass(slots=True)
class Patience:
    """How often one call was tried again."""

    tries: int = 0
    waits: int = 0

    def wait(self, call: Call, reply: Reply, *, pause: float, left: float, chance: random.Random) -> float | None:
        """The seconds after which it is tried again; None where the answer is the last word.

        Where the limits make it wait, their `pause` is waited for in their queue, together with all whom it stops.
        """
        if reply.status < _BAD_REQUEST or not retry.may_repeat(call, reply):
            return None
        if pause:
            self.waits += 1
            return 0.0 if self.waits <= MOST_PATIENCE and pause < left else None
        self.tries += 1
        wait = retry.backoff(self.tries, chance)
        return wait if self.tries < retry.MOST_TRIES and wait < left else None


def _answers(body: bytes, names: Sequence[str]) -> list[wire.PartReply | None]:
    try:
        found = wire.read_batch(body, names)
    except GraphUnavailable:
        found = {}
    return [found.get(name) for name in names]


def _reply(part: wire.PartReply | None, whole: Reply) -> Reply | None:
    """A part's answer as if the call had come alone; the trace of the batch leads to it where it has none."""
    if part is None:
        return None
    trace = whole.headers.get("request-id")
    headers = {"request-id": trace, **part.headers} if trace else part.headers
    return Reply(part.status, headers, part.body, whole.is_after_loss)


def after_loss(reply: Reply) -> Reply:
    """The same, known to be the answer to a second try."""
    return replace(reply, is_after_loss=True)
