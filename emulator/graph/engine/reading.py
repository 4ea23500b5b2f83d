"""GET: lists and their pages, single things, properties, counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.faults import DirectoryBadRequest, GraphFault, NotServed
from emulator.graph.engine.call import NO_CONTENT, Answer, Call, Reply
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.plan import ToProperty, ToRoot
from emulator.graph.engine.query import Query, arranged, read_query
from emulator.graph.engine.rendering import context, etag_of, listed, reference, rendered
from emulator.graph.engine.resolving import missing
from emulator.graph.engine.target import Target
from emulator.graph.engine.tips import tips
from emulator.graph.engine.tokens import page_start, page_token
from emulator.graph.engine.view import View
from emulator.graph.engine.workload import Page, Service
from emulator.odata import Options, Structured
from emulator.store import Entity

_LIST = ("$select", "$filter", "$orderby", "$top", "$skip", "$count", "$search", "$expand", "$skiptoken")
_ONE = ("$select", "$expand", "$count")


def read(service: Service, call: Call, target: Target) -> Reply:
    """Answer a GET."""
    view = view_of(service, call, target)
    if target.plan.ending == "$count":
        return count(view)
    if target.plan.ending == "$ref":
        return references(view)
    if target.plan.ending == "$value":
        return value(view)
    if target.plan.type is not None:
        return inner(view)
    if target.plan.is_collection:
        return page(view)
    return one(view)


def view_of(service: Service, call: Call, target: Target) -> View:
    """How this caller sees what is at the end of the path."""
    return View(service, call, target)


def page(view: View) -> Answer:
    """A page of a collection."""
    call, target = view.call, view.target
    query = query_of(view, *_LIST)
    options = query.options
    found = selection(view, query)
    size = _page_size(view, options, _limits(view))
    start = page_start(call, options.skiptoken) if options.skiptoken else (options.skip or 0)
    end = start + size
    shows_count = options.count and not start and _may_count(call, target)
    body = listed(
        view,
        [rendered(view, view.shown(entity), query, declared(target)) for entity in found[start:end]],
        tips(view, options),
        count=len(found) if shows_count else None,
        nextLink=_next_link(call, target, options, end) if size and end < len(found) else None,
    )
    return Answer(body, headers=preferences_applied(call, target))


def selection(view: View, query: Query) -> list[Entity]:
    """All members that the query wants, in the order it wants."""
    target = view.target
    hooks = target.rules.hooks
    if "filters" in hooks:
        query = hooks["filters"](view, query) or query
    entities = target.entities
    if "order" in hooks:
        entities = hooks["order"](entities, target)
    if query.options.search is None and query.filter is None and not query.orders:
        return entities
    items = view.all(entities)
    if query.options.search is not None:
        if "search" not in hooks:
            raise target.dialect.bad_query("'$search' is not supported by the service.")
        with target.dialect.reading_query():
            items = hooks["search"](view, items, query.options.search)
    return [item.entity for item in arranged(view, items, query)]


def _next_link(call: Call, target: Target, options: Options, end: int) -> str:
    # What a search found is not counted off: no service takes $skip beside it.
    if target.dialect.pages_by == "skiptoken" or options.search is not None:
        return call.link(skiptoken=page_token(call, end))
    return call.link(skip=str(end), skiptoken=None)


def one(view: View) -> Answer:
    """A single entity."""
    if view.target.entity is None:
        raise missing(view.target)
    hook = view.target.rules.hooks.get("one")
    if hook is not None:
        answer: Answer = hook(view, view.target.entity)
        return answer
    return Answer(body_of(view, view.target.entity), headers=preferences_applied(view.call, view.target))


def body_of(view: View, entity: Entity) -> dict[str, Any]:
    """A single entity as the body of an answer."""
    query = query_of(view, *_ONE)
    rest = rendered(view, view.shown(entity), query, declared(view.target))
    return {"@odata.context": context(view, "/$entity"), **tips(view, query.options), **rest}


def count(view: View) -> Answer:
    """`/$count`: a number as text."""
    query = query_of(view, "$filter", "$search")
    if view.target.dialect is DIRECTORY and not view.call.is_eventual:
        raise DirectoryBadRequest("$count is not currently supported.")
    return Answer(str(len(selection(view, query))))


def references(view: View) -> Answer:
    """`/$ref`: addresses instead of the things themselves."""
    target = view.target
    if target.plan.is_collection:
        base = {"@odata.context": f"{view.call.root}/$metadata#Collection($ref)"}
        return Answer(base | {"value": [{"@odata.id": reference(view, entity)} for entity in target.entities]})
    if target.entity is None:
        raise missing(target)
    return Answer({"@odata.context": f"{view.call.root}/$metadata#$ref", "@odata.id": reference(view, target.entity)})


def value(view: View) -> Reply:
    """`/$value`: a property as text, or the bytes of a thing."""
    target = view.target
    if target.plan.type is not None:
        found = property_of(view)
        return Answer(_plain(found)) if found is not None else NO_CONTENT
    if target.entity is None:
        raise missing(target)
    hook = target.rules.hooks.get("read")
    answer: Answer | None = hook(view.call, target) if hook else None
    if answer is None:
        raise NotServed("$value")
    return answer


def inner(view: View) -> Reply:
    """A property of an entity."""
    target = view.target
    if target.plan.type == "Edm.Stream":
        hook = target.rules.hooks.get("read")
        if hook is None:
            raise NotServed(target.plan.raw[-1])
        streamed: Reply = hook(view.call, target)
        return streamed
    found = property_of(view)
    path = "/".join(property_path(target))
    head = {"@odata.context": f"{view.call.root}/$metadata#{target.context}{target.key}/{path}"}
    if found is None:
        return NO_CONTENT
    return Answer(head | (_chosen(view, found) if isinstance(found, Mapping) else {"value": found}))


def _chosen(view: View, found: Mapping[str, Any]) -> dict[str, Any]:
    """What `$select` leaves of a structured property."""
    kind = view.target.plan.type
    if not isinstance(kind, Structured):
        return dict(found)
    names = read_query(view.call, view.target.dialect, kind, "$select").selection.names(kind)
    return {name: value for name, value in found.items() if names is None or name in names}


def property_of(view: View) -> Any:  # noqa: ANN401 - JSON values
    """The value at the end of a path of properties."""
    target = view.target
    if target.entity is None:
        raise missing(target)
    shown = view.shown(target.entity)
    names = property_path(target)
    found = shown.get(names[0])
    for name in names[1:]:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def property_path(target: Target) -> tuple[str, ...]:
    """The names of the properties that a path ends with."""
    return tuple(step.name for step in target.plan.steps if isinstance(step, ToProperty))


def query_of(view: View, *allowed: str) -> Query:
    """The query options, held against the type, refused in the words of the service."""
    query = read_query(view.call, view.target.dialect, view.target.kind, *allowed)
    view.call.state["select"] = ",".join(query.options.select)
    return query


def preferences_applied(call: Call, target: Target) -> dict[str, str]:
    """The header that names the preferences which shaped an answer of Exchange."""
    if not target.dialect.has_etags:
        return {}
    wanted = call.preferences
    applied = []
    if wanted.get("outlook.body-content-type", "").lower() in {"text", "html"}:
        applied.append(f'outlook.body-content-type="{wanted["outlook.body-content-type"].lower()}"')
    if "outlook.timezone" in wanted and _has_clock(target):
        applied.append(f'outlook.timezone="{wanted["outlook.timezone"]}"')
    if wanted.get("idtype", "").lower() == "immutableid":
        applied.append('IdType="ImmutableId"')
    return {"Preference-Applied": ", ".join(applied)} if applied else {}


def _has_clock(target: Target) -> bool:
    """Whether the type keeps times with their zones, as an event does."""
    kinds = target.kind.properties.values()
    return any(isinstance(kind, Structured) and kind.name == "microsoft.graph.dateTimeTimeZone" for kind in kinds)


def check_etag(view: View, entity: Entity, stale: GraphFault) -> None:
    """Refuse a write that was made for an earlier state of the thing."""
    wanted = view.call.headers.get("if-match", "*").strip()
    current = etag_of(view, entity)
    if wanted != "*" and current is not None and wanted.removeprefix("W/") != current.removeprefix("W/"):
        raise stale


def declared(target: Target) -> Structured:
    """The type that the place promises: an entity of another one says so."""
    if target.casts:
        return target.casts[-1]
    if target.navigation is not None:
        return target.navigation.target
    first = target.plan.steps[0]
    return first.root.kind if isinstance(first, ToRoot) else target.kind


def _may_count(call: Call, target: Target) -> bool:
    """The directory ignores `$count=true` without its header."""
    return call.is_eventual or target.dialect is not DIRECTORY


def _limits(view: View) -> Page:
    dialect = view.target.dialect
    return view.target.rules.page or Page(dialect.page_size, dialect.largest_page)


def _page_size(view: View, options: Options, limits: Page) -> int:
    wished = view.call.page_wish if options.top is None else options.top
    size = limits.size if wished is None else wished
    if view.target.dialect.refuses_large_pages and not 1 <= size <= limits.largest:
        raise DirectoryBadRequest(
            f"Invalid page size specified: '{size}'. Must be between 1 and {limits.largest} inclusive."
        )
    return min(size, limits.largest)


def _plain(found: Any) -> str:  # noqa: ANN401 - JSON values
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found)
