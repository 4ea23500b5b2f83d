"""Entities as the JSON that Graph sends: the selected properties, annotations, and what was expanded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.query import Branch, Query, arranged
from emulator.graph.engine.view import Shown, View
from emulator.odata import Structured
from emulator.store import Entity


def rendered(view: View, shown: Shown, query: Query, declared: Structured) -> dict[str, Any]:
    """One entity as JSON; its type is named where the place does not say it."""
    body: dict[str, Any] = {}
    if shown.kind is not declared:
        body["@odata.type"] = f"#{shown.kind.name}"
    etag = etag_of(view, shown.entity)
    if etag is not None:
        body["@odata.etag"] = etag
    notes = view.service.rules(shown.kind).hooks.get("annotations")
    if notes is not None:
        body |= notes(shown)
    dialect = view.service.rules(shown.kind).dialect
    shows_null = dialect is None or dialect.shows_null
    for name in (*selected(view, shown.kind, query), *_undeclared(view, shown, query)):
        value = None if name in view.withheld else shown.get(name)
        if value is not None or (shows_null and name not in view.withheld):
            body[name] = value
    for branch in query.branches:
        body |= _expanded(view, shown, branch)
    return body


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


def _expanded(view: View, shown: Shown, branch: Branch) -> dict[str, Any]:
    """One `$expand` of one entity."""
    expansion, query = branch.expansion, branch.query
    name = expansion.navigation.name
    if shown.kind.find_navigation(name) is None:
        return {}
    if expansion.owner is not None and not shown.kind.derives_from(expansion.owner):
        return {}
    found = view.related(shown, name)
    if not expansion.navigation.is_collection:
        return {name: _member(view, found, branch) if isinstance(found, Shown) else None}
    chosen = arranged(view, (item for item in found or () if item.kind.derives_from(branch.kind)), query)
    head = {f"{name}@odata.count": len(chosen)} if query.options.count else {}
    start = query.options.skip or 0
    end = None if query.options.top is None else start + query.options.top
    return {**head, name: [_member(view, item, branch) for item in chosen[start:end]]}


def _member(view: View, item: Shown, branch: Branch) -> dict[str, Any]:
    if branch.expansion.is_ref:
        return {"@odata.id": reference(view, item.entity)}
    body = rendered(view, item, branch.query, branch.expansion.navigation.target)
    if branch.deeper is not None:
        body |= {name: value for name, value in _expanded(view, item, branch.deeper).items() if value is not None}
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
