"""The documented `$batch`: its parts are prepared like requests of their own, and compared one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from emulator.faults import GraphFault
from scripts._fidelity.binding import Needs
from scripts._fidelity.rules import Notes
from scripts._fidelity.samples import Sample, read_query
from scripts._fidelity.shapes import Asked, Different, Shapes
from scripts._fidelity.world import World, everything

_DENIED = 403
_MISSING = frozenset({400, 405, 501})


async def batch_compared(world: World, sample: Sample, needs: Needs, notes: Notes) -> None:
    """Send a batch and hold each part's answer against the documented one of the same id."""
    requests = sample.body.get("requests", []) if isinstance(sample.body, Mapping) else []
    for request in requests:
        _seed_part(world, sample, needs, request)
    world.sign_in(everything(world.tenant.demo_person.id))
    reply = await world.ask("POST", f"/{sample.version}/$batch", (), None, sample.body)
    if reply.status != sample.status or not isinstance(reply.json, dict):
        raise Different(f"response.status: expected {sample.status}, got {reply.status} ({reply.error})")
    ours = {str(part.get("id")): part for part in reply.json.get("responses", [])}
    for part in _parts(sample):
        _compare(part, ours.get(str(part.get("id"))), notes, is_truncated=sample.is_truncated)


def _parts(sample: Sample) -> list[Mapping[str, Any]]:
    return list(sample.answer.get("responses", ())) if isinstance(sample.answer, Mapping) else []


def _documented(sample: Sample, identity: object) -> Mapping[str, Any]:
    return next((part for part in _parts(sample) if str(part.get("id")) == str(identity)), {})


def _seed_part(world: World, sample: Sample, needs: Needs, request: Mapping[str, Any]) -> None:
    address = urlsplit(str(request.get("url", "")))
    part = replace(
        sample,
        method=str(request.get("method", "GET")).upper(),
        path="/" + address.path.strip("/"),
        query=read_query(address.query),
        body=request.get("body"),
        answer=_documented(sample, request.get("id")).get("body"),
    )
    try:
        needs.for_sample(part, world.graph.planner.plan(part.path.strip("/")))
    except GraphFault as fault:
        needs.failures.append(str(fault))


def _compare(part: Mapping[str, Any], ours: Mapping[str, Any] | None, notes: Notes, *, is_truncated: bool) -> None:
    where = f"response.body.responses[{part.get('id')}]"
    if ours is None:
        raise Different(f"{where}: expected a part, got none")
    if ours.get("status") != part.get("status"):
        if ours.get("status") in _MISSING:
            notes.note("part-not-covered")
            return
        if part.get("status") == _DENIED:
            notes.note("denied-part")
            return
        raise Different(f"{where}.status: expected {part.get('status')}, got {ours.get('status')}")
    if isinstance(part.get("body"), Mapping) and not isinstance(ours.get("body"), Mapping):
        raise Different(f"{where}.body: expected object, got nothing")
    Shapes(Asked(is_truncated=is_truncated), notes).compare(part.get("body"), ours.get("body"), None, f"{where}.body")
