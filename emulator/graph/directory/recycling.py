"""Deleted objects: most stay for thirty days, out of sight but whole, until somebody brings them back."""

from __future__ import annotations

from datetime import datetime, timedelta

from emulator.schema import schema
from emulator.store import Entity, Items, Removed
from emulator.tenant import Person, Tenant

KEPT = timedelta(days=30)
# What can be restored; everything else is gone at once.
RECYCLED = frozenset({"user", "group", "application", "servicePrincipal", "administrativeUnit"})
_HOME = "home"


def deleted_items(tenant: Tenant) -> Items:
    """What was deleted and may come back."""
    return tenant.store.one("directory", schema().kind("directory")).set_of("deletedItems")


def recycle(tenant: Tenant, entity: Entity, stamp: str) -> None:
    """Delete an object so that it can be restored."""
    home = entity.items
    if home is None:
        return
    home.discard(entity, "changed")
    entity.state[_HOME] = home
    entity.values["deletedDateTime"] = stamp
    deleted_items(tenant).add(entity)
    if isinstance(entity, Person):
        tenant.tell("deleted", entity)


def restore(tenant: Tenant, entity: Entity) -> None:
    """Bring a deleted object back to where it was, with what it belonged to."""
    home: Items = entity.state.pop(_HOME)
    deleted_items(tenant).discard(entity)
    entity.values["deletedDateTime"] = None
    home.add(entity)
    if isinstance(entity, Person):
        tenant.tell("restored", entity)


def erase(tenant: Tenant, entity: Entity) -> None:
    """Delete for good what was deleted before; who follows the changes hears of it once more."""
    deleted_items(tenant).discard(entity)
    home = entity.state.pop(_HOME, None)
    if home is not None:
        number = tenant.store.changes.note("deleted", entity, home)
        home.removed[entity.id] = Removed(number, entity, "deleted")
    if isinstance(entity, Person):
        tenant.mailboxes.pop(entity.id, None)
        tenant.tell("erased", entity)


def forget_old(tenant: Tenant, now: datetime) -> None:
    """Erase what has been in the bin for too long."""
    for entity in deleted_items(tenant):
        if datetime.fromisoformat(entity["deletedDateTime"]) + KEPT < now:
            erase(tenant, entity)
