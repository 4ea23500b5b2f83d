"""Groups of a tenant: what kinds there are, how one comes to be, and the addresses they have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from emulator.graph.directory.state import security_identifier
from emulator.graph.groups.keeping import keep_references
from emulator.schema import schema
from emulator.store import Entity, Items
from emulator.tenant import Tenant, addresses_of

UNIFIED = "Unified"
DYNAMIC = "DynamicMembership"
RELATIONS = ("members", "owners")


def groups_of(tenant: Tenant) -> Items:
    """All groups of a tenant."""
    return tenant.store.root("groups")


def is_unified(group: Entity) -> bool:
    """Whether it is a Microsoft 365 group, with a mailbox and a site of its own."""
    return UNIFIED in group.get("groupTypes")


def is_dynamic(group: Entity) -> bool:
    """Whether a rule says who its members are."""
    return DYNAMIC in group.get("groupTypes")


def is_kept_by_exchange(group: Entity) -> bool:
    """Whether it is a distribution list or a mail-enabled security group: Graph shows these, Exchange changes them."""
    return bool(group.get("mailEnabled")) and not is_unified(group)


def add_group(tenant: Tenant, values: Mapping[str, Any], stamp: str) -> Entity:
    """Hold a new group; what is not given follows from what is, the way the directory and Exchange would do it."""
    keep_references(tenant)
    found = {"id": str(uuid4()), "groupTypes": [], "mailEnabled": False, "securityEnabled": False, **values}
    found |= {name: value for name, value in _followed(tenant, found, stamp).items() if found.get(name) is None}
    group = tenant.store.entity(schema().kind("group"), found)
    return groups_of(tenant).add(group)


def _followed(tenant: Tenant, values: Mapping[str, Any], stamp: str) -> dict[str, Any]:
    is_team = UNIFIED in values["groupTypes"]
    created = values.get("createdDateTime") or stamp
    own: dict[str, Any] = {
        "createdDateTime": created,
        "renewedDateTime": created,
        "securityIdentifier": security_identifier(values["id"]),
        "proxyAddresses": [],
        "resourceBehaviorOptions": [],
        "resourceProvisioningOptions": [],
        "organizationId": tenant.id,
        "infoCatalogs": [],
    }
    if values.get("isAssignableToRole"):
        own["visibility"] = "Private"
    if is_team:
        own |= {"visibility": own.get("visibility", "Public"), **_MAILBOX}
    if values.get("mailEnabled"):
        address = values.get("mail") or free_address(tenant, str(values.get("mailNickname") or "group"))
        own |= {"mail": address, "proxyAddresses": [f"SMTP:{address}"]}
    if DYNAMIC in values["groupTypes"]:
        own["membershipRuleProcessingState"] = "On"
    return own


# What a group with a mailbox starts with.
_MAILBOX = {
    "allowExternalSenders": False,
    "autoSubscribeNewMembers": False,
    "hideFromAddressLists": False,
    "hideFromOutlookClients": False,
}


def free_address(tenant: Tenant, nickname: str) -> str:
    """The address that goes with a nickname; with digits behind it where it is taken."""
    taken = {address.lower() for address in addresses_in_use(tenant)}
    wanted = f"{nickname}@{tenant.domain}"
    number = 2
    while wanted.lower() in taken:
        wanted = f"{nickname}{number}@{tenant.domain}"
        number += 1
    return wanted


def addresses_in_use(tenant: Tenant) -> Iterable[str]:
    """Every address of a person, group or contact."""
    for name in ("users", "groups", "contacts"):
        for entity in tenant.store.root(name):
            yield from addresses_of(entity)


def contact_by_address(tenant: Tenant, address: str) -> Entity | None:
    """The organisational contact with this address."""
    wanted = address.lower()
    named = (contact for contact in tenant.store.root("contacts") if wanted in map(str.lower, addresses_of(contact)))
    return next(named, None)


def by_nickname(tenant: Tenant, nickname: str) -> Entity | None:
    """The mail-enabled group with this nickname; among others it need not be unique."""
    wanted = nickname.lower()
    named = (group for group in groups_of(tenant) if str(group.get("mailNickname") or "").lower() == wanted)
    return next((group for group in named if group.get("mailEnabled")), None)
