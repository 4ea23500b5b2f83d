"""Entities as the JSON that Graph sends: the selected properties, annotations, and what was expanded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.query import Branch, Query, arranged
from emulator.graph.engine.spots import Spot, admit, behind, kept_back, refuse_kept_back, spot_of
from emulator.graph.engine.view import Shown, View
from emulator.odata import Structured
from emulator.store import Entity

_DEEPEST = 100


def rendered(view: View, shown: Shown, query: Query, declared: Structured, spot: Spot | None = None) -> dict[str, Any]:
    """One entity as JSON; its type is named where the place does not say it. `spot` is where it hangs, if not there."""
    spot = spot or spot_of(view, shown) if query.branches or query.options.select else None
    kept = _kept_back(view, shown, query, spot) if spot is not None else frozenset()
    body: dict[str, Any] = {}
    if shown.kind is not declared:
        body["@odata.type"] = f"#{shown.kind.name}"
    etag = etag_of(view, shown.entity)
    if etag is not None:
        body["@odata.etag"] = etag
    notes = view.service.rules(shown.kind).hooks.get("annotations")
    if notes is not None:
        body |= notes(shown)
    withheld = view.withheld_from(shown.kind)
    dialect = view.service.rules(shown.kind).dialect
    shows_null = dialect is None or dialect.shows_null
    for name in (*selected(view, shown.kind, query), *_undeclared(view, shown, query)):
        value = None if name in withheld or name in kept else shown.get(name)
        if value is not None or (shows_null and name not in withheld):
            body[name] = value
    if spot is not None:
        for branch in query.branches:
            body |= _expanded(view, shown, branch, spot)
    return body


def _kept_back(view: View, shown: Shown, query: Query, spot: Spot) -> frozenset[str]:
    """What another service does not show this caller: refused where it was named, and nothing among everything."""
    kept = kept_back(view, shown, spot, selected(view, shown.kind, query))
    if "*" not in query.options.select:
        refuse_kept_back(view, shown, kept)
    return kept


def _undeclared(view: View, shown: Shown, query: Query) -> tuple[str, ...]:
    """What an open type holds beyond its properties; the directory shows such things only when they are selected."""
    if not shown.kind.is_open or query.options.select or view.service.rules(shown.kind).dialect is DIRECTORY:
        return ()
    declared = shown.kind.properties
    return tuple(name for name in shown.entity.values if name not in declared and not name.startswith("@"))


def etag_of(view: View, entity: Entity) -> str | None:
    """The ETag that is sent in `@odata.etag`, for services that send it."""
    hook = view.service.rules(entity.kind).hooks.get("etag")
    return hook(entity) if hook is not None else None


def selected(view: View, kind: Structured, query: Query) -> tuple[str, ...]:
    """The properties to send, in the order of the service asked."""
    if kind not in query.columns:
        query.columns[kind] = _selected(view, kind, query)
    return query.columns[kind]


def _selected(view: View, kind: Structured, query: Query) -> tuple[str, ...]:
    rules = view.service.rules(kind)
    names = query.selection.names(kind)
    if names is None:
        return rules.default
    if not view.target.dialect.names_id:
        return names
    # In the service's own order, whatever the order they were named in, and always with the id.
    first = [name for name in rules.default if name == "id" or name in names]
    return tuple(dict.fromkeys([*first, *names]))


def _expanded(
    view: View, shown: Shown, branch: Branch, spot: Spot, above: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """One `$expand` of one entity; `above` are those from which the same relation led here: it may lead in circles."""
    expansion, query = branch.expansion, branch.query
    name = expansion.navigation.name
    if shown.kind.find_navigation(name) is None:
        return {}
    if expansion.owner is not None and not shown.kind.derives_from(expansion.owner):
        return {}
    found = view.related(shown, name)
    admit(view, shown, spot, expansion.navigation, found.entity if isinstance(found, Shown) else None)
    if not expansion.navigation.is_collection:
        return {name: _member(view, found, branch, spot, above) if isinstance(found, Shown) else None}
    chosen = arranged(view, (item for item in found or () if item.kind.derives_from(branch.kind)), query)
    head = {f"{name}@odata.count": len(chosen)} if query.options.count else {}
    start = query.options.skip or 0
    end = None if query.options.top is None else start + query.options.top
    return {**head, name: [_member(view, item, branch, spot, above) for item in chosen[start:end]]}


def _member(view: View, item: Shown, branch: Branch, owner: Spot, above: frozenset[str]) -> dict[str, Any]:
    if branch.expansion.is_ref:
        return {"@odata.id": reference(view, item.entity)}
    spot = behind(view, owner, branch.expansion.navigation, item.entity)
    body = rendered(view, item, branch.query, branch.expansion.navigation.target, spot)
    if branch.deeper is not None and item.entity.id not in above and len(above) < _DEEPEST:
        below = _expanded(view, item, branch.deeper, spot, above | {item.entity.id})
        body |= {name: value for name, value in below.items() if value is not None}
    return body


def reference(view: View, entity: Entity) -> str:
    """The address of a directory object."""
    tenant = view.call.tenant.id
    return f"{view.call.host}/v2/{tenant}/directoryObjects/{entity.id}/{entity.kind.name}"


def listed(
    view: View, items: list[Mapping[str, Any]], head: Mapping[str, str] | None = None, **annotations: object
) -> dict[str, Any]:
    """The body of a list; annotations are OData's (`count`, `nextLink`), those that are None stay out."""
    body: dict[str, Any] = {"@odata.context": context(view), **(head or {})}
    body |= {f"@odata.{name}": value for name, value in annotations.items() if value is not None}
    return body | {"value": items}


def context(view: View, suffix: str = "") -> str:
    """The context URL of an answer: what it is part of, and which properties were chosen."""
    chosen = view.call.state.get("select", "")
    place = view.target.context
    return f"{view.call.root}/$metadata#{place}{f'({chosen})' if chosen else ''}{suffix}"
