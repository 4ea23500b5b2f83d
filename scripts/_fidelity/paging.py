"""Page and delta tokens: those of a sample are Microsoft's own, so ours are asked for first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts._fidelity.binding import WINDOW, Needs
from scripts._fidelity.samples import Sample
from scripts._fidelity.shapes import Different, is_gone
from scripts._fidelity.world import Reply, World

_TOKENS = frozenset({"$skiptoken", "$deltatoken", "skiptoken", "deltatoken", "token"})
_LATEST = "latest"
_MOST_PAGES = 12


def has_token(sample: Sample) -> bool:
    """Whether a request goes on from a page that was answered before."""
    return any(name.lower() in _TOKENS and value.lower() != _LATEST for name, value in sample.query)


async def followed(world: World, sample: Sample, needs: Needs) -> Reply:
    """The page that a token stands for: the second one, or what changed since the last."""
    query = tuple(pair for pair in sample.query if pair[0].lower() not in _TOKENS)
    if "calendarview" in sample.path.lower() and not any(name.lower() == "startdatetime" for name, _ in query):
        query = (*query, *zip(("startDateTime", "endDateTime"), WINDOW, strict=True))
    small = {**sample.headers, "prefer": "odata.maxpagesize=1"}
    wants_rest = any("skip" in name.lower() for name, _ in sample.query)
    address = f"/{sample.version}{sample.path}"
    reply = await world.ask("GET", address, query, small)
    if reply.status >= 400:
        return reply
    link = link_of(reply, "nextLink") if wants_rest else await _last_link(world, reply)
    if link is None and wants_rest:
        link = link_of(reply, "deltaLink")
    if link is None:
        raise Different(f"expected a {'next' if wants_rest else 'delta'} link to go on from, got none")
    if not wants_rest:
        _change(needs, sample.answer)
    return await world.ask("GET", link, headers=sample.headers)


async def _last_link(world: World, reply: Reply) -> str | None:
    for _ in range(_MOST_PAGES):
        link = link_of(reply, "nextLink")
        if link is None:
            break
        reply = await world.ask("GET", link)
    return link_of(reply, "deltaLink")


def _change(needs: Needs, answer: Any) -> None:  # noqa: ANN401 - JSON values
    """Something for a delta to tell: one thing changed and, where the sample shows it, one removed."""
    members = [entity for entity in needs.made if entity.items is not None]
    for entity in members[:1]:
        entity.touch()
    items = answer.get("value") if isinstance(answer, Mapping) else None
    if any(is_gone(item) for item in (items if isinstance(items, list) else ())):
        for entity in members[1:][-1:]:
            assert entity.items is not None  # noqa: S101 - chosen so
            entity.items.discard(entity)


def link_of(reply: Reply, name: str) -> str | None:
    """A link to the next page, or to the next changes."""
    found = reply.json.get(f"@odata.{name}") if isinstance(reply.json, dict) else None
    return found if isinstance(found, str) else None
