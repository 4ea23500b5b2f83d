"""What a tenant holds: entities under Graph's own names, sets of them that remember every change, and links between."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias
from uuid import uuid4

from emulator.faults import IdTaken
from emulator.odata.types import Collection, Navigation, Structured


class Deferred:
    """A value made when it is first read: a tenant of thousands of messages must open at once."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @cached_property
    def value(self) -> Any:  # noqa: ANN401 - JSON values
        return self._make()


@dataclass(frozen=True)
class Change:
    """One thing that happened: `created`, `updated` or `deleted`, to which entity, in which set."""

    number: int
    what: str
    entity: Entity
    items: Items | None


class Changes:
    """The tenant's history as a count, and who wants to hear of each step."""

    def __init__(self) -> None:
        self.number = 0
        self.listeners: list[Callable[[Change], None]] = []

    def note(self, what: str, entity: Entity, items: Items | None) -> int:
        """Count a change, stamp the entity with it, and tell the listeners."""
        number = self.number = self.number + 1
        entity.version = number
        if items is not None:
            items.version = number
        for listener in tuple(self.listeners):
            listener(Change(number, what, entity, items))
        return number

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Let things be as if they had been there all along: counted, but told to nobody."""
        listeners, self.listeners = self.listeners, []
        try:
            yield
        finally:
            self.listeners = listeners + self.listeners


class Entity:
    """One thing of the tenant: `values` are its properties as JSON, `id` among them.

    What it contains is in `sets` (many) and `ones` (single); `links` are references to entities that live elsewhere.
    `state` is for what a workload must remember and Graph does not show.
    """

    def __init__(self, kind: Structured, values: Mapping[str, Any], changes: Changes) -> None:
        self.kind = kind
        self.values: dict[str, Any] = {"id": values.get("id") or str(uuid4()), **values}
        self.changes = changes
        self.version = changes.number
        self.items: Items | None = None
        self.owner: Entity | None = None
        self.sets: dict[str, Items] = {}
        self.ones: dict[str, Entity] = {}
        self.links: dict[str, Links] = {}
        self.state: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<{self.kind.name.rpartition('.')[2]} {self.id}>"

    @property
    def id(self) -> str:
        return str(self.values["id"])

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON values
        """A property's value; an empty list for a collection that was never set."""
        found = self.values.get(name)
        if isinstance(found, Deferred):
            return found.value
        if found is None and isinstance(self.kind.properties.get(name), Collection):
            return []
        return default if found is None else found

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - JSON values
        return self.get(name)

    def update(self, values: Mapping[str, Any]) -> None:
        """Change some properties, as one change."""
        self.values.update(values)
        self.touch()

    def touch(self) -> None:
        """Note that something about the entity changed."""
        self.changes.note("updated", self, self.items)

    def set_of(self, name: str) -> Items:
        """The entities it contains under a navigation."""
        if name not in self.sets:
            self.sets[name] = Items(self.changes, self, name)
        return self.sets[name]

    def links_of(self, name: str) -> Links:
        """The entities it refers to under a navigation."""
        if name not in self.links:
            self.links[name] = Links(self)
        return self.links[name]

    def put_one(self, name: str, one: Entity) -> Entity:
        """Contain one thing under a navigation."""
        one.owner = self
        self.ones[name] = one
        self.changes.note("created", one, None)
        return one


@dataclass(frozen=True)
class Removed:
    """What a set no longer holds: when it left, and whether for good (`deleted`) or not (`changed`)."""

    number: int
    entity: Entity
    reason: str


class Items:
    """A set of entities in the order they came, with a memory of those that left.

    `version` is the number of the last change to it or to one of them.
    """

    def __init__(self, changes: Changes, owner: Entity | None = None, name: str = "") -> None:
        self.changes = changes
        self.owner = owner
        self.name = name
        self.version = changes.number
        self.entities: dict[str, Entity] = {}
        self.removed: dict[str, Removed] = {}

    def __iter__(self) -> Iterator[Entity]:
        return iter(tuple(self.entities.values()))

    def __len__(self) -> int:
        return len(self.entities)

    def __contains__(self, entity: object) -> bool:
        return isinstance(entity, Entity) and self.entities.get(entity.id) is entity

    def get(self, key: str) -> Entity | None:
        """The entity with this id."""
        return self.entities.get(key)

    def add(self, entity: Entity) -> Entity:
        """Hold an entity from now on; one that comes back is no longer gone."""
        if self.entities.get(entity.id, entity) is not entity:
            raise IdTaken(entity.id)
        return self.put(entity)

    def put(self, entity: Entity) -> Entity:
        """The same; another entity with its id is held no more."""
        entity.items, entity.owner = self, self.owner
        self.entities[entity.id] = entity
        self.removed.pop(entity.id, None)
        self.changes.note("created", entity, self)
        return entity

    def place(self, entity: Entity) -> Entity:
        """Hold an entity that was there all along and is only now looked at: nobody is told that it came."""
        entity.items, entity.owner = self, self.owner
        self.entities[entity.id] = entity
        self.changes.number += 1
        entity.version = self.version = self.changes.number
        return entity

    def discard(self, entity: Entity, reason: str = "deleted") -> None:
        """Let an entity go."""
        if self.entities.pop(entity.id, None) is not None:
            self.removed[entity.id] = Removed(self.changes.note("deleted", entity, self), entity, reason)

    def since(self, number: int) -> tuple[list[Entity], list[Removed]]:
        """What came or changed after a moment of the history, and what left; in the order it happened."""
        changed = sorted((entity for entity in self if entity.version > number), key=lambda entity: entity.version)
        return changed, [gone for gone in self.removed.values() if gone.number > number]


class Links:
    """References of one entity under one navigation, in the order they were made, with a memory of those dropped."""

    def __init__(self, owner: Entity) -> None:
        self._owner = owner
        self.targets: dict[str, Entity] = {}
        self.made: dict[str, int] = {}
        self.dropped: dict[str, Removed] = {}

    def __iter__(self) -> Iterator[Entity]:
        return iter(tuple(self.targets.values()))

    def __len__(self) -> int:
        return len(self.targets)

    def __contains__(self, entity: object) -> bool:
        return isinstance(entity, Entity) and entity.id in self.targets

    def get(self, key: str) -> Entity | None:
        return self.targets.get(key)

    @property
    def one(self) -> Entity | None:
        """The only target of a single-valued navigation."""
        return next(iter(self), None)

    def add(self, entity: Entity) -> None:
        """Refer to an entity, too."""
        self.targets[entity.id] = entity
        self.dropped.pop(entity.id, None)
        self._owner.touch()
        self.made[entity.id] = self._owner.version

    def drop(self, entity: Entity) -> None:
        """Refer to it no more."""
        if self.targets.pop(entity.id, None) is not None:
            self._owner.touch()
            self.dropped[entity.id] = Removed(self._owner.version, entity, "deleted")

    def replace(self, entity: Entity) -> None:
        """Refer to this entity alone."""
        for other in self:
            self.drop(other)
        self.add(entity)


class Store:
    """Everything a tenant holds, by the names that paths begin with."""

    def __init__(self) -> None:
        self.changes = Changes()
        self._roots: dict[str, Items] = {}
        self._later: dict[str, Callable[[], None]] = {}

    def root(self, name: str) -> Items:
        """The set behind `GET /{name}`."""
        if name in self._later:
            with self.changes.unheard():
                self._later.pop(name)()
        if name not in self._roots:
            self._roots[name] = Items(self.changes, None, name)
        return self._roots[name]

    def fill_later(self, name: str, fill: Callable[[], None]) -> None:
        """Have a set filled when somebody first looks at it: a tenant has to open quickly."""
        self._later[name] = fill

    def one(self, name: str, kind: Structured) -> Entity:
        """The only thing behind `GET /{name}`: there from the beginning."""
        items = self.root(name)
        for found in items:
            return found
        found = items.entities[name] = self.entity(kind, {"id": name})
        found.items = items
        return found

    def entity(self, kind: Structured, values: Mapping[str, Any]) -> Entity:
        """A new entity, held by nobody yet."""
        return Entity(kind, values, self.changes)


Related: TypeAlias = "Items | Slice | Joined | Links | Entity | list[Entity] | None"


def generic_related(entity: Entity, navigation: Navigation) -> Related:
    """Where a navigation leads that no workload has said anything about."""
    if navigation.contains:
        return entity.set_of(navigation.name) if navigation.is_collection else entity.ones.get(navigation.name)
    links = entity.links_of(navigation.name)
    return links if navigation.is_collection else links.one


Left: TypeAlias = Callable[[Entity, int], int]


class Slice:
    """Those members of a set that belong somewhere: the messages of one folder.

    Where a member may go elsewhere and stay in the set, `left` says of one and a moment of the history when it did:
    0 for what did not belong here at that moment.
    """

    def __init__(self, items: Items, belongs: Callable[[Entity], bool], left: Left = lambda _, __: 0) -> None:
        self.items = items
        self._belongs = belongs
        self._left = left

    def __iter__(self) -> Iterator[Entity]:
        return (entity for entity in self.items if self._belongs(entity))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def get(self, key: str) -> Entity | None:
        found = self.items.get(key)
        return found if found is not None and self._belongs(found) else None

    def covers(self, entity: Entity) -> bool:
        """Whether it belongs here, or did when it was still there."""
        return self._belongs(entity)

    def since(self, number: int) -> tuple[list[Entity], list[Removed]]:
        """As of a set; what belonged here at that moment and does no more has left."""
        changed, removed = self.items.since(number)
        gone = [removal for removal in removed if self._belongs(removal.entity)]
        # At the beginning nobody knows of anything that could have left.
        every = [*changed, *(removal.entity for removal in removed)] if number else []
        left = [
            Removed(when, entity, "deleted")
            for entity in every
            if not self._belongs(entity) and (when := self._left(entity, number))
        ]
        return [entity for entity in changed if self._belongs(entity)], gone + left


class Joined:
    """Several sets as one: all objects of the directory."""

    def __init__(self, *parts: Items) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[Entity]:
        return (entity for part in self._parts for entity in part)

    def __len__(self) -> int:
        return sum(len(part) for part in self._parts)

    def get(self, key: str) -> Entity | None:
        return next((found for part in self._parts if (found := part.get(key)) is not None), None)

    def since(self, number: int) -> tuple[list[Entity], list[Removed]]:
        """What came, changed or left in any of them."""
        told = [part.since(number) for part in self._parts]
        return [entity for changed, _ in told for entity in changed], [gone for _, left in told for gone in left]
