"""Where a path ends once everything on it has been looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.graph.engine.dialects import Dialect
from emulator.graph.engine.plan import Plan
from emulator.graph.engine.workload import Rules, Service
from emulator.odata.types import Navigation, Structured
from emulator.store import Entity, Items, Related


@dataclass(frozen=True)
class Target:
    """The end of a path.

    `entity` is the thing itself, or the one whose collection, property or operation is meant; `members` is the
    collection. `trail` are the entities passed on the way, the first of them the person, group or drive whose it is;
    `navigation` is the relation that was followed last, from `owner`. Behind what is only referred to the trail begins
    anew, and with it `place`, the path's template.
    """

    plan: Plan
    service: Service
    rules: Rules
    dialect: Dialect
    kind: Structured
    entity: Entity | None
    members: Related
    trail: tuple[Entity, ...]
    navigation: Navigation | None = None
    owner: Entity | None = None
    context: str = ""
    key: str = ""
    casts: tuple[Structured, ...] = field(default=())
    place: str = ""

    @property
    def thing(self) -> Entity:
        """The entity at the end, where the path surely has one."""
        assert self.entity is not None  # noqa: S101 - what the plan says
        return self.entity

    @property
    def entities(self) -> list[Entity]:
        """The members of the collection, of the type asked for."""
        members = self.members
        if members is None:
            return []
        # Not list(): it would ask a slice for its length first, which is as much work again.
        found = [members] if isinstance(members, Entity) else [entity for entity in members]  # noqa: C416
        for cast in self.casts:
            found = [entity for entity in found if entity.kind.derives_from(cast)]
        return found

    @property
    def items(self) -> Items:
        """The stored set that the collection is."""
        assert isinstance(self.members, Items)  # noqa: S101 - what the caller made sure of
        return self.members

    @property
    def home(self) -> Entity | None:
        """Whose the thing is: the first entity on the way."""
        return self.trail[0] if self.trail else None

    @property
    def arguments(self) -> Mapping[str, str]:
        """What stands in the parentheses of a function, names in lower case."""
        operation = self.plan.operation
        return {name.lower(): value for name, value in operation.arguments.items()} if operation else {}
