"""Keeps memberships true while people come, change and go: rules are evaluated, what is gone is let go of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.graph.groups.rules import BadRule, Rule, read_rule
from emulator.store import Change, Entity

if TYPE_CHECKING:
    from emulator.tenant import Tenant

# Whose references to what is deleted are dropped, and made again when it is restored.
_HOLDERS = ("groups", "directoryRoles", "applications", "servicePrincipals", "devices")
_WATCHED = frozenset({*_HOLDERS, "users", "contacts"})
_LEFT = "left_relations"
_RULED = {"microsoft.graph.user": "user", "microsoft.graph.device": "device"}


def keep_references(tenant: Tenant) -> None:
    """Watch the tenant's changes from now on; once is enough."""
    listeners = tenant.store.changes.listeners
    if not any(isinstance(listener, Keeper) and listener.tenant is tenant for listener in listeners):
        listeners.append(Keeper(tenant))


class Keeper:
    """Hears of every change of one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant

    def __call__(self, change: Change) -> None:
        """Act on what became of an object of the directory."""
        items = change.items
        if items is None or items.name not in _WATCHED or items is not self.tenant.store.root(items.name):
            return
        if change.what == "deleted":
            self._let_go(change.entity)
            return
        if change.what == "created":
            self._take_back(change.entity)
        if change.entity.kind.name in _RULED:
            for holder in ruled(self.tenant):
                reconcile(holder, change.entity)

    def _let_go(self, entity: Entity) -> None:
        left = []
        for holder in holders(self.tenant):
            for name, links in holder.links.items():
                if entity in links:
                    links.drop(entity)
                    left.append((holder, name))
        if left:
            entity.state[_LEFT] = left

    @staticmethod
    def _take_back(entity: Entity) -> None:
        for holder, name in entity.state.pop(_LEFT, ()):
            holder.links_of(name).add(entity)


def holders(tenant: Tenant) -> Iterator[Entity]:
    """Everything whose references are kept true."""
    for name in _HOLDERS:
        yield from tenant.store.root(name)
    for directory in tenant.store.root("directory"):
        yield from directory.set_of("administrativeUnits")


def ruled(tenant: Tenant) -> Iterator[Entity]:
    """The groups and units whose members a rule chooses."""
    return (holder for holder in holders(tenant) if rule_of(holder) is not None)


def rule_of(holder: Entity) -> Rule | None:
    """The rule that is being processed, if there is one; one that was never valid chooses nobody."""
    text = holder.get("membershipRule")
    if not text or holder.get("membershipRuleProcessingState") != "On":
        return None
    try:
        return read_rule(text)
    except BadRule:
        return None


def reconcile(holder: Entity, entity: Entity) -> None:
    """Let one object in, or out, as the rule says."""
    rule = rule_of(holder)
    if rule is None:
        return
    members = holder.links_of("members")
    belongs = rule(entity, _RULED[entity.kind.name])
    if belongs and entity not in members:
        members.add(entity)
    elif not belongs and entity in members:
        members.drop(entity)


def choose_members(tenant: Tenant, holder: Entity) -> None:
    """Evaluate a rule that is new or was changed, for everybody."""
    keep_references(tenant)
    for name in ("users", "devices"):
        for entity in tenant.store.root(name):
            reconcile(holder, entity)
