"""Looks up what a planned path names, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TypeAlias

from emulator.faults import DirectoryNotFound, GraphFault, MethodNotAllowed
from emulator.graph.engine.call import Call
from emulator.graph.engine.dialects import Dialect
from emulator.graph.engine.plan import Passed, Plan, Step, ToCast, ToKey, ToNavigation, ToPath, ToRoot
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import related
from emulator.graph.engine.workload import Service
from emulator.odata.types import Navigation, Structured
from emulator.schema import schema
from emulator.store import Entity, Items, Related

Passing: TypeAlias = Callable[[Call, Plan, Passed, Target], None]


def _let_pass(_call: Call, _plan: Plan, _passed: Passed, _target: Target) -> None:
    """Nobody asks."""


@dataclass
class Place:
    """How far a walk has come."""

    kind: Structured
    members: Related = None
    entity: Entity | None = None
    trail: tuple[Entity, ...] = ()
    navigation: Navigation | None = None
    owner: Entity | None = None
    context: str = ""
    key: str = ""
    casts: tuple[Structured, ...] = field(default=())
    template: str = ""


class Resolver:
    """Looks paths up in the tenant of a call."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def target(self, call: Call, plan: Plan, passing: Passing = _let_pass) -> Target:
        """Everything the path names; what is not there is refused in the words of the service asked.

        `passing` is asked before the path goes on behind what something else only refers to.
        """
        dialect = plan.dialect
        place = Place(plan.kind, template=plan.template)
        beyond = {passed.at: passed for passed in plan.beyond(call.method)}
        for number, step in enumerate(plan.steps, start=1):
            self._take(call, place, step, dialect, plan)
            if number in beyond:
                passing(call, plan, beyond[number], self._arrived(plan, place, dialect))
                place.trail = (place.entity,) if place.entity is not None else ()
                place.template = f"{beyond[number].place}{beyond[number].rest}"
        return self._arrived(plan, place, dialect)

    def _take(self, call: Call, place: Place, step: Step, dialect: Dialect, plan: Plan) -> None:
        if isinstance(step, ToRoot):
            self._root(call, place, step)
        elif isinstance(step, ToNavigation):
            self._navigate(call, place, step.navigation, dialect, is_last=step is plan.last)
        elif isinstance(step, ToKey):
            self._key(call, place, step, dialect, plan)
        elif isinstance(step, ToPath):
            self._find(call, place, step, dialect, plan)
        elif isinstance(step, ToCast):
            self._cast(place, step, dialect)

    def _arrived(self, plan: Plan, place: Place, dialect: Dialect) -> Target:
        return Target(
            plan, self._service, self._service.rules(place.kind), dialect, place.kind, place.entity, place.members,
            place.trail, place.navigation, place.owner, place.context, place.key, place.casts, place.template,
        )  # fmt: skip

    def _root(self, call: Call, place: Place, step: ToRoot) -> None:
        place.kind = step.root.kind
        place.context = step.root.name
        source = self._service.roots.get(step.root.name.lower())
        if step.root.name == "me":
            me = self._me(call)
            self._enter(place, me)
            place.context, place.key = "users", f"('{me.id}')"
        elif source is not None:
            found = source(call)
            if isinstance(found, Entity):
                self._enter(place, found)
            else:
                place.members = found
        elif step.root.is_collection:
            place.members = call.tenant.store.root(step.root.name)
        else:
            self._enter(place, call.tenant.store.one(step.root.name, step.root.kind))

    def _me(self, call: Call) -> Entity:
        if call.me is None:
            # Whoever signed in has been deleted since; an app without a person was refused before.
            raise DirectoryNotFound(call.caller.user_id or "me")
        return call.me

    def _navigate(self, call: Call, place: Place, navigation: Navigation, dialect: Dialect, *, is_last: bool) -> None:
        owner = place.entity
        if owner is None:
            raise MethodNotAllowed
        found = related(self._service, call, owner, navigation.name)
        place.kind, place.navigation, place.owner = navigation.target, navigation, owner
        place.context = _set_of(navigation) or f"{place.context}{place.key}/{navigation.name}"
        place.key, place.casts = "", ()
        if navigation.is_collection:
            place.members, place.entity = found, None
        elif isinstance(found, Entity):
            place.members = None
            self._enter(place, found)
        elif is_last:
            place.members = place.entity = None
        else:
            raise dialect.not_found(navigation.name)

    def _key(self, call: Call, place: Place, step: ToKey, dialect: Dialect, plan: Plan) -> None:
        target = self._arrived(plan, place, dialect)
        found = self._member(call, place, target, step)
        if found is None or any(not found.kind.derives_from(cast) for cast in place.casts):
            if self._may_be_made(plan, step):
                place.entity = None
                return
            raise _unknown(place.kind, step, dialect)
        place.key = f"('{_written(step.text if step.text and place.navigation is not None else found.id)}')"
        self._enter(place, found)

    def _member(self, call: Call, place: Place, target: Target, step: ToKey) -> Entity | None:
        rules = self._service.rules(place.kind)
        if step.named:
            return next((entity for entity in target.entities if _has(entity, step.named)), None)
        members = place.members
        find = rules.hooks.get("find")
        if find is not None:
            found: Entity | None = find(call, target, step.text)
            if found is not None:
                return found
        if members is None or isinstance(members, Entity):
            return None
        if isinstance(members, list):
            by_id = {entity.id: entity for entity in members}
            return by_id.get(step.text) or by_id.get(step.text.lower())
        found = members.get(step.text)
        lowered = step.text.lower()
        if found is None and lowered != step.text:
            found = members.get(lowered)
        if found is None and rules.keys:
            named = (entity for entity in members if any(_same(entity.get(key), step.text) for key in rules.keys))
            found = next(named, None)
        return found

    def _find(self, call: Call, place: Place, step: ToPath, dialect: Dialect, plan: Plan) -> None:
        find = self._service.rules(place.kind).hooks.get("find")
        target = self._arrived(plan, place, dialect)
        found = find(call, target, f":{step.path}") if find else None
        if found is None:
            if step is plan.last or plan.raw[-1].lower() in {"content", "createuploadsession"}:
                # The file may be about to be written.
                place.owner, place.entity = place.entity, None
                return
            raise dialect.not_found(step.path)
        self._enter(place, found)

    def _cast(self, place: Place, step: ToCast, dialect: Dialect) -> None:
        if place.entity is not None and not place.entity.kind.derives_from(step.kind):
            raise dialect.not_found(place.entity.id)
        place.kind = step.kind
        place.casts = (*place.casts, step.kind)
        is_directory = place.navigation is not None and _set_of(place.navigation)
        own = _sets().get(step.kind.name) if is_directory else None
        place.context = own or f"{place.context}/{step.kind.name}"

    @staticmethod
    def _may_be_made(plan: Plan, step: ToKey) -> bool:
        """A PUT or PATCH may make what its path names; others find that the target has no entity."""
        return step is plan.last and not plan.ending

    @staticmethod
    def _enter(place: Place, entity: Entity) -> None:
        place.entity = entity
        place.kind = entity.kind if entity.kind.derives_from(place.kind) else place.kind
        place.trail = (*place.trail, entity)
        place.casts = ()


@cache
def _sets() -> dict[str, str]:
    """The entity set of a type: what a context URL names for things that are only referred to."""
    return {root.kind.name: root.name for root in schema().roots.values() if root.is_collection}


def _set_of(navigation: Navigation) -> str | None:
    """Where the things behind a navigation live, unless its owner contains them."""
    kind = navigation.target.name
    is_referred = not navigation.contains or kind == "microsoft.graph.directoryObject"
    return _sets().get(kind) if is_referred else None


def missing(target: Target) -> GraphFault:
    """What is said when the end of a path is not there."""
    last = target.plan.last
    if isinstance(last, ToKey):
        return _unknown(target.kind, last, target.dialect)
    return target.dialect.not_found(target.plan.raw[-1])


def _unknown(kind: Structured, step: ToKey, dialect: Dialect) -> GraphFault:
    if dialect.unknown_user is not None and kind.name == "microsoft.graph.user":
        return dialect.unknown_user(step.text)
    return dialect.not_found(step.text or ",".join(value for _, value in step.named))


def as_items(target: Target) -> Items | None:
    """The stored set behind a collection, if it is one."""
    return target.members if isinstance(target.members, Items) else None


def entered(target: Target, entity: Entity) -> Target:
    """The same target once its entity exists."""
    return replace(target, entity=entity, trail=(*target.trail, entity))


def _has(entity: Entity, named: tuple[tuple[str, str], ...]) -> bool:
    return all(_same(entity.get(entity.kind.find(name) or name), value) for name, value in named)


def _same(left: object, right: str) -> bool:
    return isinstance(left, str) and left.lower() == right.lower()


def _written(key: str) -> str:
    return key.replace("'", "''")
