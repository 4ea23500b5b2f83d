"""The hours that somebody works, as their mailbox says."""

from __future__ import annotations

from datetime import time
from typing import Any

from emulator.free_busy import WorkingHours
from emulator.graph.mail.settings import settings_of
from emulator.store import Entity
from emulator.tenant import Tenant
from emulator.time_zones import TimeError, zone_of

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_USUAL = {
    "daysOfWeek": list(_DAYS[:5]),
    "startTime": "08:00:00.0000000",
    "endTime": "17:00:00.0000000",
    "timeZone": {"name": "UTC"},
}


def hours_shown(tenant: Tenant, owner: Entity) -> dict[str, Any]:
    """Working hours as Graph writes them; a group has the usual ones."""
    mailbox = tenant.mailboxes.get(owner.id)
    return {**_USUAL, **(settings_of(mailbox)["workingHours"] if mailbox is not None else {})}


def hours_of(tenant: Tenant, owner: Entity) -> WorkingHours:
    """The same to reckon with."""
    found = hours_shown(tenant, owner)
    days = frozenset(_DAYS.index(day) for day in found["daysOfWeek"] if day in _DAYS)
    try:
        zone = zone_of(str(found["timeZone"].get("name") or "UTC"))
        return WorkingHours(days, _clock(found["startTime"]), _clock(found["endTime"]), zone)
    except (TimeError, ValueError):
        # A home-made zone, or hours that are none.
        return WorkingHours()


def _clock(text: str) -> time:
    return time.fromisoformat(text[:8])
