"""A batch's replies in disarray: twice, out of order, too few, too many, or no replies at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from emulator.graph.engine.call import Answer

Replies: TypeAlias = list[Any]

_BROKEN = {"error": {"code": "ServiceUnavailable", "message": "The second answer contradicts the first."}}


def _duplicated(replies: Replies) -> Replies:
    headers = {"Content-Type": "application/json"}
    return [*replies, {**replies[0], "status": 503, "headers": headers, "body": _BROKEN}]


def _shuffled(replies: Replies) -> Replies:
    return replies[::-1]


def _missing(replies: Replies) -> Replies:
    return replies[1:]


def _foreign(replies: Replies) -> Replies:
    return [{**replies[0], "id": f"{replies[0]['id']}-of-somebody-else"}, *replies]


def _torn(replies: Replies) -> Replies:
    whole = json.dumps(replies[0])
    return [whole[: len(whole) // 2], *replies[1:]]


# Each kind, and how many replies it takes to be noticed.
_KINDS: Mapping[str, tuple[Callable[[Replies], Replies], int]] = {
    "duplicated": (_duplicated, 1),
    "shuffled": (_shuffled, 2),
    "missing": (_missing, 1),
    "foreign-id": (_foreign, 1),
    "torn-part": (_torn, 1),
}


def can_disarrange(kind: str, answer: Answer) -> bool:
    """Whether an answer is a batch's, with enough replies."""
    return len(_replies(answer)) >= _KINDS[kind][1]


def disarranged(kind: str, answer: Answer) -> Answer:
    """The same batch with its replies in this disarray."""
    return replace(answer, body={"responses": _KINDS[kind][0](_replies(answer))})


def _replies(answer: Answer) -> Replies:
    body = answer.body
    found = body.get("responses") if isinstance(body, Mapping) else None
    return found if isinstance(found, list) else []
