"""Who belongs to what: directly, and through groups in groups."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from emulator.graph.roles.state import administrative_units
from emulator.store import Entity
from emulator.tenant import Tenant

_UNIT = "microsoft.graph.administrativeUnit"
_GROUP = "microsoft.graph.group"


def member_of(tenant: Tenant, entity: Entity) -> list[Entity]:
    """The groups, roles and administrative units that an object is a direct member of."""
    return [holder for holder in _holders(tenant) if entity in holder.links_of("members")]


def transitive_member_of(tenant: Tenant, entity: Entity) -> list[Entity]:
    """The same, through groups too; a unit holds its own members only, not those of the groups in it."""
    return _walked(entity, lambda one: _above(tenant, one, is_start=one is entity))


def transitive_members(group: Entity) -> list[Entity]:
    """All members of a group, and of the groups in it."""
    return _walked(group, lambda one: one.links_of("members") if one.kind.name == _GROUP else ())


def groups_above(tenant: Tenant, entity: Entity) -> list[Entity]:
    """The groups that an object belongs to, through others too."""
    return [found for found in transitive_member_of(tenant, entity) if found.kind.name == _GROUP]


def _above(tenant: Tenant, entity: Entity, *, is_start: bool) -> list[Entity]:
    return [found for found in member_of(tenant, entity) if is_start or found.kind.name != _UNIT]


def _holders(tenant: Tenant) -> Iterable[Entity]:
    yield from tenant.store.root("groups")
    yield from tenant.store.root("directoryRoles")
    yield from administrative_units(tenant)


def _walked(start: Entity, steps: Callable[[Entity], Iterable[Entity]]) -> list[Entity]:
    """Everything within reach, each once, the nearest first; groups may hold one another in circles."""
    found: dict[str, Entity] = {}
    waiting = deque([start])
    while waiting:
        for one in steps(waiting.popleft()):
            if one is not start and one.id not in found:
                found[one.id] = one
                waiting.append(one)
    return list(found.values())
