"""Seeds anything by its path: made with everything missing on the way, each thing as its workload makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from emulator.companions import CREATED, DELETED, LICENCES, PHOTOS, SEEN_FROM, TELLING, USUAL, nature, references
from emulator.entra.graph_permissions import DELEGATED
from emulator.faults import GraphFault
from emulator.graph.engine.bodies import Values, read_body
from emulator.graph.engine.call import Call
from emulator.graph.engine.plan import Plan, Step, ToCast, ToKey, ToNavigation, ToOperation, ToPath, ToProperty, ToRoot
from emulator.graph.engine.serving import Graph
from emulator.graph.engine.target import Target
from emulator.graph.engine.writing import CREATOR, generic, made
from emulator.odata.types import Structured
from emulator.permissions import table
from emulator.schema import schema
from emulator.seeding_steps import position, prefix, rename, root_of, spelled, where_kept
from emulator.store import Entity, Items, Links, Slice
from emulator.tenant import Person, Tenant
from emulator.typical import concrete, picture, typical


class CannotSeed(Exception):
    """The tenant has no place to put what the path names; the text says where it ended."""


@dataclass(frozen=True)
class Seeder:
    """Who seeds: the person whose things they are, holding every permission there is."""

    user_id: str | None
    scopes: frozenset[str]
    roles: frozenset[str]
    app_id: str = "00000000-0000-0000-0000-000000000000"
    directory: Tenant | None = None
    barred: tuple[tuple[str, str], ...] = ()
    token_id: str = ""
    issued_at: int = 0


@dataclass(frozen=True)
class Seeded:
    """What was made, or was there, and the path to it with the ids that services gave where they took no others."""

    entity: Entity
    path: str


def seed(
    graph: Graph,
    tenant: Tenant,
    path: str,
    values: Mapping[str, Any] | None = None,
    *,
    kind: str | None = None,
    fill: bool = False,
    now: datetime,
) -> Entity:
    """Make what a path below the version names, under the id it gives; a path to a collection gets one more member.

    `values` are properties of the thing at the end, `kind` its type where the place takes several. With `fill` every
    property that is still null gets a typical value. What is there already stays, and takes the values.
    """
    return seed_along(graph, tenant, path, values, kind=kind, fill=fill, now=now).entity


def seed_along(
    graph: Graph,
    tenant: Tenant,
    path: str,
    values: Mapping[str, Any] | None = None,
    *,
    kind: str | None = None,
    fill: bool = False,
    now: datetime,
) -> Seeded:
    """The same, and the path under which it is: Exchange for one takes no ids but its own."""
    walk = _Walk(graph, tenant, path, now)
    entity = walk.seeded(values or {}, kind)
    if fill:
        fill_in(graph, entity)
    return Seeded(entity, walk.path)


def fill_in(graph: Graph, entity: Entity) -> None:
    """Give every empty property a typical value, save those that are computed and those that tell what a thing is."""
    closed = TELLING | graph.service.rules(entity.kind).computed.keys()
    for name, kind in entity.kind.properties.items():
        if name not in closed and kind != "Edm.Stream" and entity.values.get(name) in (None, {}):
            entity.values[name] = typical(kind, name)


@cache
def every_permission() -> frozenset[str]:
    """All that Microsoft's data names."""
    found = set(DELEGATED.values())
    for method, template in table().operations():
        needs = table().row(method, template.lower())
        if needs is not None:
            found |= needs.delegated | needs.application | needs.also_delegated | needs.also_application
    return frozenset(found)


class _Walk:
    """One path, made as far as it goes."""

    def __init__(self, graph: Graph, tenant: Tenant, path: str, now: datetime) -> None:
        self._graph = graph
        self._tenant = tenant
        self._plan = graph.planner.plan(path)
        ends = (index for index, step in enumerate(self._plan.steps) if isinstance(step, ToOperation | ToProperty))
        self._steps = where_kept(self._plan.steps[: next(ends, len(self._plan.steps))])
        self._seeder = Seeder(self._owner(), every_permission(), every_permission())
        self._call = Call(tenant, self._seeder, "POST", "https://graph.microsoft.com", "v1.0", path, (), {}, now)
        self._segments = [segment for segment in path.split("/") if segment]

    @property
    def path(self) -> str:
        """The path that leads to what was made."""
        return "/".join(self._segments)

    def seeded(self, values: Mapping[str, Any], kind: str | None) -> Entity:
        """The thing at the end of the path."""
        entity: Entity | None = None
        last = max((end for end, step in enumerate(self._steps, 1) if not isinstance(step, ToCast)), default=0)
        is_collection = prefix(self._plan, self._steps).is_collection
        for end in range(1, len(self._steps) + 1):
            is_last = end >= last and not is_collection
            named = kind if is_last and kind else self._cast_after(end)
            entity = self._at(end, values if is_last else {}, named) or entity
            if isinstance(entity, Person) and end <= len(("users", "key")):
                self._call = replace(self._call, caller=replace(self._seeder, user_id=entity.id))
        if is_collection:
            entity = self._member(self._target(len(self._steps)), None, values, kind)
        assert entity is not None  # noqa: S101 - every step makes something, or refuses to
        return entity

    def _owner(self) -> str | None:
        """The person on whose behalf things are made: whose path it is, or the demo person."""
        if not self._tenant.people:
            return None
        first, *rest = self._plan.steps
        if isinstance(first, ToRoot) and first.root.name == "users" and rest and isinstance(rest[0], ToKey):
            person = self._tenant.find_person(rest[0].text)
            # An application's doing, where the person comes only now.
            return person.id if person is not None else None
        return self._tenant.demo_person.id

    def _target(self, end: int) -> Target:
        return self._graph.resolver.target(self._call, prefix(self._plan, self._steps[:end]))

    def _found(self, end: int) -> Target | None:
        """What stands at a step; a service may refuse a key instead of finding nothing."""
        try:
            return self._target(end)
        except GraphFault:
            if isinstance(self._steps[end - 1], ToKey):
                return None
            raise

    def _at(self, end: int, values: Mapping[str, Any], kind: str | None) -> Entity | None:
        """What stands at a step, made if it is not there; nothing where a collection stands."""
        step = self._steps[end - 1]
        target = self._found(end)
        if isinstance(step, ToCast) or (target is not None and target.plan.is_collection):
            return None
        if target is None or target.entity is None:
            return self._missing(end, step, {**self._onward(end), **values}, kind)
        if values:
            target.entity.update(_given(values, target.entity.kind))
        return target.entity

    def _cast_after(self, end: int) -> str | None:
        """The type that the path itself gives to what stands at a step."""
        following = self._steps[end] if end < len(self._steps) else None
        return following.kind.name if isinstance(following, ToCast) else None

    def _onward(self, end: int) -> Mapping[str, Any]:
        """What the thing at a step must be for the path to go on."""
        following = next((step for step in self._steps[end:] if isinstance(step, ToNavigation | ToPath)), None)
        if following is None:
            return {}
        kind = prefix(self._plan, self._steps[:end]).kind
        relation = following.navigation.name if isinstance(following, ToNavigation) else "children"
        return nature(kind.name.rpartition(".")[2], relation)

    def _missing(self, end: int, step: Step, values: Mapping[str, Any], kind: str | None) -> Entity:
        if isinstance(step, ToKey):
            entity = self._member(self._target(end - 1), step, values, kind)
            self._keyed(end, step, entity)
            found = self._found(end)
            return entity if found is None else found.entity or entity
        if isinstance(step, ToNavigation):
            return self._single(self._target(end), values, kind)
        if isinstance(step, ToPath):
            return self._held(self._target(end), prefix(self._plan, self._steps[:end]).kind, None, values)
        raise CannotSeed(self._plan.template)

    def _keyed(self, end: int, step: ToKey, entity: Entity) -> None:
        """The thing under the key of the path if its service takes that, else under its own."""
        if self._is_found(end):
            return
        own, wanted = entity.id, spelled(entity.kind, step)
        if step.text and rename(entity, wanted) and self._is_found(end):
            return
        rename(entity, own)
        self._steps[end - 1] = ToKey(own)
        place = position(self._plan, end - 1)
        name, parenthesis, _ = unquote(self._segments[place]).partition("(")
        quoted = quote(own, safe="")
        is_inside = bool(parenthesis) and place == position(self._plan, end - 2)
        self._segments[place] = f"{name}('{quoted}')" if is_inside else quoted

    def _is_found(self, end: int) -> bool:
        target = self._found(end)
        return target is not None and target.entity is not None

    def _single(self, target: Target, values: Mapping[str, Any], kind: str | None) -> Entity:
        owner, navigation = target.owner, target.navigation
        assert owner is not None  # noqa: S101 - the step before made it
        assert navigation is not None  # noqa: S101 - it was just followed
        wanted = self._kind(target, kind)
        if not navigation.contains:
            entity = self._at_home(wanted, None, values)
            owner.links_of(navigation.name).replace(entity)
            return entity
        found = self._values(wanted, None, values)
        entity = owner.put_one(navigation.name, generic(self._graph.service, self._call, found))
        write = target.rules.hooks.get("write")
        if wanted.has_stream and write is not None:
            write(replace(self._call, method="PUT", body=picture()), replace(target, entity=entity))
        return owner.ones.get(navigation.name, entity)

    def _member(self, place: Target, step: ToKey | None, values: Mapping[str, Any], kind: str | None) -> Entity:
        """One more member of a collection."""
        wanted = self._kind(place, kind)
        if isinstance(place.members, Links):
            entity = self._at_home(wanted, step, values)
            place.members.add(entity)
            return entity
        if place.navigation is not None and place.owner is not None:
            seen = self._seen(place, step, values, kind)
            if seen is not None:
                return seen
        elif place.kind is not wanted and root_of(wanted) is not None:
            # A root of all directory objects holds none itself.
            return self._at_home(wanted, step, values)
        return self._held(place, wanted, step, values)

    def _seen(self, place: Target, step: ToKey | None, values: Mapping[str, Any], kind: str | None) -> Entity | None:
        """A member of what is only seen here and kept elsewhere."""
        navigation, owner = place.navigation, place.owner
        assert navigation is not None  # noqa: S101 - asked by the caller
        assert owner is not None  # noqa: S101 - asked by the caller
        if navigation.name == PHOTOS[0]:
            whole = self._graph.resolver.target(self._call, self._below(owner, PHOTOS[1], place))
            return self._single(whole, values, None)
        if navigation.name == DELETED:
            return self._taken_away(self._at_home(self._kind(place, kind), step, values))
        if navigation.name == LICENCES:
            return self._licence(owner)
        if navigation.name == CREATED:
            entity = self._at_home(self._kind(place, kind), step, values)
            entity.state[CREATOR] = owner.id
            return entity
        if navigation.name not in SEEN_FROM:
            return None
        root, back = SEEN_FROM[navigation.name]
        named = self._kind(place, kind)
        wanted = named if back in named.navigations else schema().roots[root.lower()].kind
        entity = self._at_home(wanted, step, values)
        entity.links_of(back).add(owner)
        return entity

    def _below(self, owner: Entity, name: str, place: Target) -> Plan:
        last = max(index for index, one in enumerate(place.plan.steps) if isinstance(one, ToNavigation))
        return prefix(self._plan, [*place.plan.steps[:last], ToNavigation(owner.kind.navigations[name])])

    def _licence(self, owner: Entity) -> Entity | None:
        """Somebody's licence is one of those that the tenant has bought."""
        bought = self._graph.resolver.target(self._call, self._graph.planner.plan("subscribedSkus")).entities
        held = owner.get("assignedLicenses")
        more = [one for one in bought if one["skuId"] not in {licence["skuId"] for licence in held}]
        if not more:
            return None
        owner.update({"assignedLicenses": [*held, {"skuId": more[0]["skuId"], "disabledPlans": []}]})
        return more[0]

    def _taken_away(self, entity: Entity) -> Entity:
        """What is deleted is first there and then deleted, as the workload deletes it."""
        assert entity.items is not None  # noqa: S101 - it was made under a root
        target = self._graph.resolver.target(self._call, self._graph.planner.plan(f"{entity.items.name}/{entity.id}"))
        hook = target.rules.hooks.get("delete")
        if hook is not None:
            hook(self._call, entity, target)
        else:
            entity.items.discard(entity)
        return entity

    def _at_home(self, kind: Structured, step: ToKey | None, values: Mapping[str, Any]) -> Entity:
        """A thing that is only referred to from here; it lives under the root of its type."""
        root = root_of(kind)
        if root is None:
            return generic(self._graph.service, self._call, self._values(kind, step, values))
        place = self._graph.resolver.target(self._call, prefix(self._plan, [ToRoot(root)]))
        known = place.members.get(spelled(kind, step)) if step and isinstance(place.members, Items) else None
        if known is not None:
            return known
        entity = self._held(place, kind, step, values)
        if step is not None and step.text and "@" not in step.text:
            rename(entity, spelled(kind, step))
        return entity

    def _held(self, place: Target, kind: Structured, step: ToKey | None, values: Mapping[str, Any]) -> Entity:
        """A new member where it is kept, made by its workload."""
        if place.members is self._tenant.store.root("users"):
            return self._person(step, values)
        relation = place.navigation.name if place.navigation is not None else ""
        others = references(kind.name.rpartition(".")[2], place.owner, relation, self._elsewhere)
        found = self._values(kind, step, values)
        found.update({name: value for name, value in others.items() if name not in found})
        try:
            entity = made(self._graph.service, self._call, place, found)
        except GraphFault as error:
            entity = self._stored(place, step, found, error)
        self._completed(entity, _given(values, kind))
        return entity

    def _completed(self, entity: Entity, given: Mapping[str, Any]) -> None:
        """What the workload left out although it was wanted; what it computes stays computed."""
        computed = self._graph.service.rules(entity.kind).computed
        for name, value in given.items():
            if name not in computed and entity.values.get(name) in (None, [], {}):
                entity.values[name] = value

    def _elsewhere(self, path: str) -> Entity:
        return _Walk(self._graph, self._tenant, path, self._call.now).seeded({}, None)

    def _stored(self, place: Target, step: ToKey | None, values: Values, error: GraphFault) -> Entity:
        """Held without a word of the workload, which would not make it."""
        items = place.members.items if isinstance(place.members, Slice) else place.members
        if isinstance(items, Items):
            return items.add(generic(self._graph.service, self._call, values))
        if step is not None and place.entities:
            # Nobody makes one more of these; one that is there stands for it.
            return place.entities[0]
        raise CannotSeed(f"{self._plan.template}: {error.message}") from error

    def _person(self, step: ToKey | None, values: Mapping[str, Any]) -> Entity:
        key = step.text if step else ""
        given = _given(values, schema().kind("user")) | dict(step.named if step else ())
        serial = self._tenant.store.changes.number
        if "@" in key:
            given.setdefault("userPrincipalName", key)
        elif key:
            given["id"] = key.lower()
        given.setdefault("userPrincipalName", f"person.{serial}@{self._tenant.domain}")
        return self._tenant.add_person(str(given.pop("displayName", None) or f"Person {serial}"), **given)

    def _kind(self, place: Target, kind: str | None) -> Structured:
        named = schema().find_kind(kind if "." in kind else f"microsoft.graph.{kind}") if kind else None
        return concrete(named if named is not None and named.derives_from(place.kind) else place.kind)

    def _values(self, kind: Structured, step: ToKey | None, values: Mapping[str, Any]) -> Values:
        """The values given, the id or key of the path, and a filler for what the workload requires."""
        found = Values(kind)
        serial = self._tenant.store.changes.number
        usual = USUAL.get(kind.name.rpartition(".")[2], {})
        found.update({name: one.format(serial) if isinstance(one, str) else one for name, one in usual.items()})
        found.update(_given(values, kind))
        if step is not None:
            found.update({kind.find(name) or name: value for name, value in step.named})
            if step.text:
                found["id"] = spelled(kind, step)
        for name in self._graph.service.rules(kind).required:
            if found.get(name) in (None, "") and name in kind.properties:
                found[name] = typical(kind.properties[name], name)
        if "displayName" in kind.properties and not found.get("displayName"):
            found["displayName"] = f"{kind.name.rpartition('.')[2]} {serial}"
        return found


def _given(values: Mapping[str, Any], kind: Structured) -> dict[str, Any]:
    return dict(read_body(values, kind))
