"""What the organisation itself is: its name, its domains, and what must be unique among its objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from emulator.schema import schema
from emulator.store import Entity, Items
from emulator.tenant import Tenant

_SERVICES = ["Email", "OfficeCommunicationsOnline"]


def domains_of(tenant: Tenant) -> Items:
    """The domains of a tenant; the one it was made with is there from the beginning."""
    domains = tenant.store.root("domains")
    if not len(domains) and not domains.removed:
        own = {"isAdminManaged": True, "isDefault": True, "isInitial": True, "isRoot": True, "isVerified": True}
        add_domain(tenant, {"id": tenant.domain, "supportedServices": [*_SERVICES], **own})
    return domains


def add_domain(tenant: Tenant, values: dict[str, Any]) -> Entity:
    """Hold a domain, which nobody has proved to own yet unless the values say so."""
    usual: dict[str, Any] = {
        "authenticationType": "Managed", "availabilityStatus": None, "isAdminManaged": True, "isDefault": False,
        "isInitial": False, "isRoot": True, "isVerified": False, "supportedServices": [],
        "passwordValidityPeriodInDays": 2147483647, "passwordNotificationWindowInDays": 14, "state": None,
    }  # fmt: skip
    return tenant.store.root("domains").add(tenant.store.entity(schema().kind("domain"), {**usual, **values}))


def verified_domains(tenant: Tenant) -> list[str]:
    """The domains that names and addresses may end with, in lower case."""
    return [domain.id.lower() for domain in domains_of(tenant) if domain["isVerified"]]


def organization_of(tenant: Tenant) -> Items:
    """The tenant as an object of its own directory."""
    items = tenant.store.root("organization")
    if not len(items):
        items.add(tenant.store.entity(schema().kind("organization"), _organization(tenant)))
    return items


def _organization(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "displayName": tenant.display_name,
        "createdDateTime": "2021-02-15T09:00:00Z",
        "countryLetterCode": "DE",
        "preferredLanguage": "en",
        "tenantType": "AAD",
        "technicalNotificationMails": [f"it@{tenant.domain}"],
        "businessPhones": [],
    }


def is_taken(
    tenant: Tenant, name: str, value: str, but: Entity | None = None, roots: Iterable[str] = ("users",)
) -> bool:
    """Whether another object has this value of a property that must be unique, in any case."""
    wanted = value.lower()
    others = (entity for root in roots for entity in tenant.store.root(root) if entity is not but)
    return any(str(other.get(name) or "").lower() == wanted for other in others)


def security_identifier(object_id: str) -> str:
    """The identifier by which Windows knows an object of the directory."""
    try:
        raw = UUID(object_id).bytes_le
    except ValueError:
        raw = uuid5(NAMESPACE_URL, object_id).bytes_le
    return "S-1-12-1-" + "-".join(str(int.from_bytes(raw[at : at + 4], "little")) for at in range(0, 16, 4))
