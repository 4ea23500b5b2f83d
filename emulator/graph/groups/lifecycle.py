"""How long Microsoft 365 groups live unless somebody renews them."""

from __future__ import annotations

from datetime import datetime, timedelta

from emulator.graph.groups.state import is_unified
from emulator.moments import timestamp
from emulator.store import Entity
from emulator.tenant import Tenant

CHOSEN = "chosen"
ROOT = "groupLifecyclePolicies"
MOST_CHOSEN = 500


def policies_for(tenant: Tenant, group: Entity) -> list[Entity]:
    """The policies that a group is under."""
    return [policy for policy in tenant.store.root(ROOT) if _holds(policy, group)]


def _holds(policy: Entity, group: Entity) -> bool:
    managed = str(policy.get("managedGroupTypes") or "None").lower()
    chosen = managed == "selected" and group.id in policy.state.get(CHOSEN, ())
    return chosen or (managed == "all" and is_unified(group))


def expiration(tenant: Tenant, group: Entity) -> str | None:
    """When a group is deleted, if a policy says so: its lifetime counts from the last renewal."""
    policy = next(iter(policies_for(tenant, group)), None)
    renewed = group.get("renewedDateTime")
    if policy is None or not renewed:
        return None
    ends = datetime.fromisoformat(renewed) + timedelta(days=int(policy["groupLifetimeInDays"]))
    return timestamp(ends)
