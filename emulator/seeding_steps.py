"""The steps of a path that is seeded: how far a prefix leads, where keys stand, under which ids things are found."""

from __future__ import annotations

from dataclasses import replace

from emulator.companions import KEPT_IN
from emulator.graph.engine.plan import Plan, Step, ToCast, ToKey, ToNavigation, ToRoot
from emulator.odata.types import Structured
from emulator.schema import Root, schema
from emulator.store import Entity


def prefix(plan: Plan, steps: list[Step]) -> Plan:
    """The plan of the way to a step."""
    kind, many = plan.kind, False
    for step in steps:
        if isinstance(step, ToRoot):
            kind, many = step.root.kind, step.root.is_collection
        elif isinstance(step, ToNavigation):
            kind, many = step.navigation.target, step.navigation.is_collection
        elif isinstance(step, ToCast):
            kind = step.kind
        else:
            many = False
    return replace(plan, steps=tuple(steps), kind=kind, is_collection=many, ending="", type=None)


def where_kept(steps: tuple[Step, ...]) -> list[Step]:
    """The way to where things are kept, for the way to where they are seen."""
    found: list[Step] = []
    for step in steps:
        kept = KEPT_IN.get(step.navigation.name) if isinstance(step, ToNavigation) else None
        owner = _kind_of(found) if kept is not None else None
        other = owner.find_navigation(kept) if owner is not None and kept is not None else None
        found.append(ToNavigation(other) if other is not None else step)
    return found


def _kind_of(steps: list[Step]) -> Structured | None:
    for step in reversed(steps):
        if isinstance(step, ToCast):
            return step.kind
        if isinstance(step, ToRoot | ToNavigation):
            return step.root.kind if isinstance(step, ToRoot) else step.navigation.target
    return None


def position(plan: Plan, index: int) -> int:
    """Which segment of the path a step was read from; a key in parentheses shares that of the collection."""
    place = -1
    for number, step in enumerate(plan.steps[: index + 1]):
        shares = number > 0 and isinstance(step, ToKey) and "(" in plan.raw[place]
        place += not (shares and isinstance(plan.steps[number - 1], ToRoot | ToNavigation))
    return place


def rename(entity: Entity, key: str) -> bool:
    """Give an entity an id, whatever the workload gave it; another one's is left alone."""
    old, items = entity.id, entity.items
    if items is None or (key != old and key in items.entities):
        return False
    entity.values["id"] = key
    if items.entities.pop(old, None) is not None:
        items.entities[key] = entity
    return True


def spelled(kind: Structured, step: ToKey | None) -> str:
    """Ids in the directory are looked up in lower case."""
    text = step.text if step else ""
    return text.lower() if any(one.name == "microsoft.graph.directoryObject" for one in kind.ancestry) else text


def root_of(kind: Structured) -> Root | None:
    """Where things of a type live: under the root of just this type."""
    return next((root for root in schema().roots.values() if root.is_collection and root.kind is kind), None)
