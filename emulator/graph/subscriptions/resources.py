"""Reads the `resource` of a subscription: what it names, and whether the caller may listen there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl

from emulator.faults import GraphFault
from emulator.graph.engine.call import Call
from emulator.graph.engine.checks import pass_beyond
from emulator.graph.engine.plan import Plan, ToKey
from emulator.graph.engine.query import Query, arranged, read_query
from emulator.graph.engine.reading import view_of
from emulator.graph.engine.serving import Graph
from emulator.graph.engine.target import Target
from emulator.graph.subscriptions.errors import BadSubscription, SourceRefused
from emulator.graph.subscriptions.limits import Limit, limit_of
from emulator.permissions import holds, needs_of
from emulator.store import Change, Entity, Items, Links, Slice

_OPTIONS = ("$select", "$filter", "$expand")
_PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


@dataclass(frozen=True)
class Watched:
    """A resource as it was found: where in the tenant its changes happen."""

    call: Call
    target: Target
    limit: Limit
    query: Query

    @property
    def home(self) -> Entity | None:
        """Whose mailbox or drive it is."""
        return self.target.home if len(self.target.plan.steps) > 1 else None

    @property
    def is_directory(self) -> bool:
        return self.limit.per_app > 0

    @cached_property
    def is_mailbox(self) -> bool:
        return self.limit.per_mailbox > 0

    def concerns(self, change: Change) -> bool:
        """Whether something that happened is something that happened here."""
        entity, target = change.entity, self.target
        if target.navigation is not None and isinstance(target.members, Links):
            return entity is target.owner
        if target.entity is not None:
            is_inside = self.limit.called == "DriveItems" and entity.kind.derives_from(target.kind)
            return entity is target.entity or (is_inside and _top(entity) is _top(target.entity))
        return entity.kind.derives_from(target.kind) and self._holds(change) and self._passes(change)

    def _holds(self, change: Change) -> bool:
        members, entity = self.target.members, change.entity
        if isinstance(members, Slice):
            return change.items is members.items and members.covers(entity)
        if isinstance(members, Items):
            return change.items is members
        return change.items is not None and change.items.owner is self.target.owner

    def _passes(self, change: Change) -> bool:
        if self.query.filter is None or change.what == "deleted":
            return True
        view = view_of(self.target.service, self.call, self.target)
        return bool(arranged(view, [view.shown(change.entity)], self.query))


def watched(graph: Graph, call: Call, resource: str) -> Watched:
    """What a resource names, for a caller who could read it; refused as the service behind it does."""
    path, _, text = resource.strip().strip("/").partition("?")
    if not path or "://" in path:
        raise BadSubscription("The value of the property 'resource' is not a valid resource path.")
    options = tuple(parse_qsl(text, keep_blank_values=True))
    asked = call.at("GET", path, options, body=b"")
    try:
        plan = graph.planner.plan(path)
        _check_permission(asked, plan)
        target = graph.resolver.target(asked, plan, pass_beyond)
        query = read_query(asked, target.dialect, target.kind, *_OPTIONS)
    except SourceRefused:
        raise
    except GraphFault as fault:
        raise SourceRefused(fault.status, fault.message) from fault
    limit = limit_of(target.kind)
    if limit is None or plan.ending or plan.operation is not None or plan.type is not None:
        raise BadSubscription(f"Subscriptions to resource '{resource}' are not supported.")
    _check_place(call, target)
    return Watched(asked, target, limit, query)


def _check_permission(call: Call, plan: Plan) -> None:
    """What opens a GET opens a subscription, but a `.Shared` scope does not."""
    needs = needs_of("GET", plan.template)
    caller = call.caller
    is_app, is_personal = caller.user_id is None, call.tenant.id == _PERSONAL
    if needs is None or not holds(
        needs, scopes=caller.scopes, roles=caller.roles, is_app=is_app, is_personal=is_personal
    ):
        raise SourceRefused(403, "Access is denied. Check credentials and try again.")
    if is_app and plan.raw[0].lower() == "me":
        raise SourceRefused(400, "/me request is only valid with delegated authentication flow.")


def _check_place(call: Call, target: Target) -> None:
    home, me = target.home, call.me
    limit = limit_of(target.kind)
    assert limit is not None  # noqa: S101 - asked by the caller
    if limit.per_mailbox and me is not None and home is not me:
        raise SourceRefused(403, "Access is denied. Check credentials and try again.")
    if target.entity is None and (target.members is None or isinstance(target.plan.last, ToKey)):
        raise SourceRefused(404, "The specified object was not found in the store.")
    if limit.called == "DriveItems" and (target.entity is None or _is_below(target)):
        raise BadSubscription("Subscriptions are only supported on the root of a drive.")


def _is_below(target: Target) -> bool:
    return isinstance(target.plan.last, ToKey) and "root" not in target.thing.values


def _top(entity: Entity) -> Entity | None:
    """The drive, or whatever else, that an item is in at last."""
    top = entity
    while top.owner is not None and top.owner.kind.name != "microsoft.graph.user":
        top = top.owner
    return top
