"""Delta of objects with members: who came and who went is told inside the object, as `members@delta`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.graph.engine.query import Query
from emulator.graph.engine.reading import declared
from emulator.graph.engine.rendering import rendered
from emulator.graph.engine.view import View
from emulator.store import Entity


def member_changes(*names: str) -> Callable[[View, Entity, Query], dict[str, Any]]:
    """How an object is told together with what changed in these relations, unless others were selected."""

    def told(view: View, entity: Entity, query: Query) -> dict[str, Any]:
        body = rendered(view, view.shown(entity), query, declared(view.target))
        if "id" not in body:
            body["id"] = entity.id
        chosen = {name.lower() for name in query.options.select}
        for name in names:
            changes = _changes(view, entity, name) if not chosen or name.lower() in chosen else []
            if changes:
                body[f"{name}@delta"] = changes
        return body

    return told


def _changes(view: View, entity: Entity, name: str) -> list[dict[str, Any]]:
    since = int(view.call.state.get("since", 0))
    links = entity.links_of(name)
    came = [_named(one) for one in links if links.made[one.id] > since]
    if not since:
        return came
    gone = (removed.entity for removed in links.dropped.values() if removed.number > since)
    return came + [{**_named(one), "@removed": {"reason": "deleted"}} for one in gone]


def _named(entity: Entity) -> dict[str, Any]:
    return {"@odata.type": f"#{entity.kind.name}", "id": entity.id}
