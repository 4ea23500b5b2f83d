"""Sends a sample's request, once more where its source lost what the request cannot do without."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from emulator.permissions import needs_of
from scripts._fidelity.callers import caller_for, powerful
from scripts._fidelity.exchange import Exchange
from scripts._fidelity.paging import followed, has_token
from scripts._fidelity.rules import Notes
from scripts._fidelity.samples import Sample
from scripts._fidelity.world import Reply

_SENT = frozenset(
    {"accept", "consistencylevel", "content-range", "content-type", "if-match", "if-none-match", "prefer"}
)
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
ADVANCED = {"consistencylevel": "eventual"}
BAD, DENIED = 400, 403


async def answered(exchange: Exchange) -> Reply:
    """The emulator's answer to a sample."""
    sample = exchange.sample
    if _lost_preference(sample):
        exchange.notes.note("lost-header")
    reply = await _permitted(exchange)
    is_whole = exchange.plan.operation is None and sample.method != "PATCH"
    if sample.is_body_unknown and reply.status == BAD and sample.status < BAD and not is_whole:
        # Nobody knows what was sent; every parameter may be left out, and every property of a change.
        reply = await _asked(exchange, {})
    if sample.method == "GET" and "consistencylevel" not in sample.headers and _is_poorer(sample, reply):
        advanced = await _asked(exchange, exchange.sent, ADVANCED)
        if not _is_poorer(sample, advanced):
            exchange.notes.note("lost-header")
            return advanced
    return reply


async def _permitted(exchange: Exchange) -> Reply:
    """The answer to a caller with the permissions of the operation, or with all where the service refines them."""
    sample, plan = exchange.sample, exchange.plan
    caller = caller_for(exchange.world, sample.method, plan)
    exchange.world.sign_in(caller)
    reply = await _asked(exchange, exchange.sent)
    if reply.status != DENIED or sample.status >= BAD or needs_of(sample.method, plan.template) is None:
        return reply
    exchange.world.sign_in(powerful(caller))
    reply = await _asked(exchange, exchange.sent)
    if reply.status != DENIED:
        exchange.notes.note("refined-permission")
    return reply


def _is_poorer(sample: Sample, reply: Reply) -> bool:
    """Whether an answer lacks what the directory gives only to advanced queries: a result at all, or its count."""
    if reply.status == BAD:
        return sample.status < BAD
    counted = isinstance(sample.answer, Mapping) and "@odata.count" in sample.answer
    return counted and isinstance(reply.json, dict) and "@odata.count" not in reply.json


def _lost_preference(sample: Sample) -> dict[str, str]:
    """What the request must have preferred, for the answer says that it was applied."""
    applied = sample.answer_headers.get("preference-applied")
    return {"prefer": applied} if applied and "prefer" not in sample.headers else {}


async def _asked(exchange: Exchange, sent: Any, more: Mapping[str, str] | None = None) -> Reply:  # noqa: ANN401 - JSON
    sample = exchange.sample
    if sample.method == "GET" and has_token(sample):
        return await followed(exchange.world, sample, exchange.needs)
    headers = _lost_preference(sample) | {name: one for name, one in sample.headers.items() if name in _SENT}
    headers |= dict(more or {})
    if isinstance(sent, Mapping | list) or not sent:
        headers.pop("content-type", None)
    query = query_of(sample, exchange.notes)
    if more and not any(name.lower() == "$count" for name, _ in query) and not sample.path.endswith("$count"):
        query = (*query, ("$count", "true"))
    return await exchange.world.ask(sample.method, exchange.address, query, headers, sent)


def query_of(sample: Sample, notes: Notes) -> tuple[tuple[str, str], ...]:
    """The options of a request, its placeholders filled."""
    kept = tuple(pair for pair in sample.query if pair[1] or not pair[0].startswith("$"))
    if len(kept) < len(sample.query):
        notes.note("dangling-option")
    return tuple((name, value if name == "$id" else _PLACEHOLDER.sub(filler(name), value)) for name, value in kept)


def filler(name: str) -> str:
    """A value for a query option or argument that the sample leaves open."""
    lowered = name.lower()
    if "start" in lowered:
        return "2026-01-01T00:00:00Z"
    return "2026-12-31T00:00:00Z" if "date" in lowered or "end" in lowered else "typical"
