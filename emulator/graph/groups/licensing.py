"""Licences that members have because a group has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from emulator.graph.users import licences
from emulator.graph.users.errors import LicenseRefused
from emulator.store import Entity
from emulator.tenant import Person, Tenant

_STATES = "licenseAssignmentStates"


def assign_to_group(
    tenant: Tenant, group: Entity, adds: Iterable[Mapping[str, Any]], removes: Iterable[str], stamp: str
) -> None:
    """Give a group licences and take some, and its members with it."""
    adds, removes = list(adds), list(removes)
    licences.assign(tenant, group, adds, removes, stamp)
    group.update({"licenseProcessingState": {"state": "ProcessingComplete"}})
    for member in group.links_of("members"):
        if isinstance(member, Person):
            _pass_on(tenant, group, member, adds, stamp)
            _take_back(tenant, group, member, removes, stamp)


def _pass_on(tenant: Tenant, group: Entity, member: Person, adds: list[Mapping[str, Any]], stamp: str) -> None:
    """Each licence by itself: one that cannot be given leaves an error with the member."""
    for add in adds:
        sku_id = str(add.get("skuId")).lower()
        own = {"skuId": sku_id, "disabledPlans": list(add.get("disabledPlans") or ()), "lastUpdatedDateTime": stamp}
        others = [one for one in member.get(_STATES) if not _is(one, sku_id, group.id)]
        try:
            licences.assign(tenant, member, [add], (), stamp)
        except LicenseRefused as error:
            result = {"state": "Error", "error": _reason(error)}
        else:
            result = {"state": "Active", "error": "None"}
        member.update({_STATES: [*others, {**own, "assignedByGroup": group.id, **result}]})


def _take_back(tenant: Tenant, group: Entity, member: Person, removes: list[str], stamp: str) -> None:
    """A member who has the licence from elsewhere, too, keeps it."""
    for sku_id in (text.lower() for text in removes):
        others = [one for one in member.get(_STATES) if not _is(one, sku_id, group.id)]
        is_elsewhere = any(one["skuId"].lower() == sku_id and one.get("error") == "None" for one in others)
        has = any(one["skuId"].lower() == sku_id for one in member.get("assignedLicenses"))
        if has and not is_elsewhere:
            licences.assign(tenant, member, (), [sku_id], stamp)
        member.update({_STATES: others})


def _is(state: Mapping[str, Any], sku_id: str, group_id: str) -> bool:
    return state["skuId"].lower() == sku_id and state.get("assignedByGroup") == group_id


def _reason(error: LicenseRefused) -> str:
    """The word for why a licence could not be given."""
    if "usage location" in error.message:
        return "ProhibitedInUsageLocationViolation"
    return "CountViolation" if "available" in error.message else "Other"


def has_license_error(group: Entity, member: Entity) -> bool:
    """Whether a licence of the group could not be given to a member."""
    states = member.get(_STATES) or ()
    return any(one.get("assignedByGroup") == group.id and one.get("error") not in (None, "None") for one in states)
