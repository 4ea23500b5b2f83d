"""An entity on its way to a caller: computed properties, the caller's preferences, what it may not see."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from emulator.odata.types import Collection, Structured
from emulator.store import Entity, Related, generic_related

if TYPE_CHECKING:
    from emulator.graph.engine.call import Call
    from emulator.graph.engine.target import Target
    from emulator.graph.engine.workload import Service


class View:
    """How one caller wants to see things, and what it may see."""

    def __init__(self, service: Service, call: Call, target: Target) -> None:
        self.service = service
        self.call = call
        self.target = target
        self._withheld: dict[str, frozenset[str]] = {}

    @cached_property
    def wants_text(self) -> bool:
        """Whether bodies are wanted as plain text."""
        return self.call.preferences.get("outlook.body-content-type", "").lower() == "text"

    @cached_property
    def wants_immutable_ids(self) -> bool:
        return self.call.preferences.get("idtype", "").lower() == "immutableid"

    @cached_property
    def time_zone(self) -> str:
        """The zone in which events are wanted; Outlook's own names and IANA's both occur."""
        return self.call.preferences.get("outlook.timezone", "UTC")

    def withheld_from(self, kind: Structured) -> frozenset[str]:
        """What an answer to this caller leaves out of things of a type."""
        found = self._withheld.get(kind.name)
        if found is None:
            hook = self.service.rules(kind).hooks.get("withheld")
            found = self._withheld[kind.name] = hook(self.call, self.target) if hook else frozenset()
        return found

    def shown(self, entity: Entity) -> Shown:
        """The entity as this caller sees it."""
        return Shown(entity, self)

    def all(self, entities: Iterable[Entity]) -> list[Shown]:
        """Each as this caller sees it."""
        return [Shown(entity, self) for entity in entities]

    def related(self, shown: Any, name: str) -> Any:  # noqa: ANN401 - what the query engine walks along
        """What a navigation of a shown entity leads to, shown too; for `$filter` and `$expand`."""
        if not isinstance(shown, Shown):
            return None
        navigation = shown.kind.find_navigation(name)
        if navigation is None:
            return None
        found = related(self.service, self.call, shown.entity, navigation.name)
        if isinstance(found, Entity):
            return self.shown(found)
        return None if found is None else self.all(found)


class Shown:
    """One entity for one caller; a mapping as far as the query engine needs one."""

    __slots__ = ("_computed", "_visible", "_voices", "entity", "view")

    def __init__(self, entity: Entity, view: View) -> None:
        self.entity = entity
        self.view = view
        rules = view.service.rules(entity.kind)
        self._computed = rules.computed
        # What another service keeps is that service's to show.
        self._voices = rules.voices
        limit = rules.hooks.get("shown")
        self._visible: frozenset[str] | None = limit(view.call, entity) if limit else None

    @property
    def kind(self) -> Structured:
        return self.entity.kind

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON values
        """A property as the caller sees it."""
        if name in self.view.withheld_from(self.entity.kind):
            return default
        if self._visible is not None and name not in self._visible and name.lower() not in self._voices:
            return [] if isinstance(self.kind.properties.get(name), Collection) else default
        compute = self._computed.get(name)
        return self.entity.get(name, default) if compute is None else compute(self)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - JSON values
        return self.get(name)


def related(service: Service, call: Call, entity: Entity, name: str) -> Related:
    """Where a navigation of an entity leads: as a workload says, or as the store has it."""
    rules = service.rules(entity.kind)
    source = rules.sources.get(name)
    if source is not None:
        return source(call, entity)
    if name in rules.given and name not in entity.ones:
        one = entity.ones[name] = call.tenant.store.entity(entity.kind.navigations[name].target, rules.given[name])
        one.owner = entity
    return generic_related(entity, entity.kind.navigations[name])
