"""Licences: what the organisation bought, who has which of it, and what a licence opens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from emulator.graph.users.errors import LicenseRefused
from emulator.graph.users.products import PRODUCTS, Product
from emulator.schema import schema
from emulator.store import Entity, Items
from emulator.tenant import Person, Tenant

_EXCHANGE = "exchange"


def skus_of(tenant: Tenant) -> Items:
    """What the organisation subscribes to; a tenant begins with the usual products."""
    items = tenant.store.root("subscribedSkus")
    if not len(items):
        for product in PRODUCTS:
            subscribe(tenant, product)
    return items


def subscribe(tenant: Tenant, product: Product) -> Entity:
    """Buy units of a product."""
    plans = [
        {"servicePlanId": plan.id, "servicePlanName": plan.name, "provisioningStatus": "Success", "appliesTo": plan.to}
        for plan in product.plans
    ]
    values = {
        "id": f"{tenant.id}_{product.id}",
        "accountId": tenant.id,
        "accountName": tenant.display_name,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "prepaidUnits": {"enabled": product.units, "suspended": 0, "warning": 0, "lockedOut": 0},
        "servicePlans": plans,
        "skuId": product.id,
        "skuPartNumber": product.name,
        "subscriptionIds": [str(uuid5(NAMESPACE_URL, f"{tenant.id}/subscriptions/{product.id}"))],
    }
    sku = tenant.store.entity(schema().kind("subscribedSku"), values)
    sku.state["services"] = {plan.id: plan.service for plan in product.plans}
    return tenant.store.root("subscribedSkus").add(sku)


def find_sku(tenant: Tenant, sku_id: str) -> Entity | None:
    """The subscription to a product."""
    return next((sku for sku in skus_of(tenant) if sku["skuId"].lower() == sku_id.lower()), None)


def consumed(tenant: Tenant, sku: Entity) -> int:
    """How many units are in use."""
    return sum(1 for person in tenant.store.root("users") if _has(person, sku["skuId"]))


def assign(
    tenant: Tenant, owner: Entity, adds: Iterable[Mapping[str, Any]], removes: Iterable[str], stamp: str
) -> None:
    """Give and take licences, all or nothing; what is there already keeps its place and gets the new exceptions."""
    adds, removes = list(adds), [sku_id.lower() for sku_id in removes]
    found = {str(add.get("skuId")).lower(): _checked(tenant, owner, add) for add in adds}
    for sku_id in removes:
        if find_sku(tenant, sku_id) is None or not _has(owner, sku_id):
            raise LicenseRefused("User does not have a corresponding license.")
        if sku_id in found:
            raise LicenseRefused("Same license cannot be both added and removed.")
    kept = [one for one in owner.get("assignedLicenses") if one["skuId"] not in removes and one["skuId"] not in found]
    given = [{"skuId": sku["skuId"], "disabledPlans": list(disabled)} for sku, disabled in found.values()]
    states = [
        state for state in owner.get("licenseAssignmentStates", []) if state["skuId"] in {one["skuId"] for one in kept}
    ]
    states += [_state(one, stamp) for one in given]
    owner.update({"assignedLicenses": kept + given, "licenseAssignmentStates": states})
    owner.state["licensed_since"] = {**dict.fromkeys((one["skuId"] for one in given), stamp),
                                     **owner.state.get("licensed_since", {})}  # fmt: skip
    _provision(tenant, owner)


def assigned_plans(tenant: Tenant, owner: Entity) -> list[dict[str, Any]]:
    """The services that somebody's licences open."""
    plans = []
    for licence, sku in _licences(tenant, owner):
        since = owner.state.get("licensed_since", {}).get(licence["skuId"])
        for plan in sku["servicePlans"]:
            is_off = plan["servicePlanId"] in licence["disabledPlans"]
            plans.append(
                {
                    "assignedDateTime": since or owner.get("createdDateTime"),
                    "capabilityStatus": "Deleted" if is_off else "Enabled",
                    "service": sku.state["services"].get(plan["servicePlanId"], "unknown"),
                    "servicePlanId": plan["servicePlanId"],
                }
            )
    return plans


def provisioned_plans(tenant: Tenant, owner: Entity) -> list[dict[str, Any]]:
    """The same from the services' side."""
    services = dict.fromkeys(
        plan["service"] for plan in assigned_plans(tenant, owner) if plan["capabilityStatus"] == "Enabled"
    )
    return [{"capabilityStatus": "Enabled", "provisioningStatus": "Success", "service": name} for name in services]


def details(tenant: Tenant, owner: Entity) -> list[Entity]:
    """Each licence with its service plans, as `licenseDetails` shows them."""
    kind = schema().kind("licenseDetails")
    return [
        tenant.store.entity(
            kind,
            {
                "id": f"{uuid5(NAMESPACE_URL, tenant.id + sku.id).hex}{owner.id.replace('-', '')}",
                "skuId": licence["skuId"],
                "skuPartNumber": sku["skuPartNumber"],
                "servicePlans": [_detail(plan, licence["disabledPlans"]) for plan in sku["servicePlans"]],
            },
        )
        for licence, sku in _licences(tenant, owner)
    ]


def _detail(plan: Mapping[str, Any], disabled: list[str]) -> dict[str, Any]:
    return {**plan, "provisioningStatus": "Disabled" if plan["servicePlanId"] in disabled else "Success"}


def _licences(tenant: Tenant, owner: Entity) -> list[tuple[Mapping[str, Any], Entity]]:
    found = ((licence, find_sku(tenant, licence["skuId"])) for licence in owner.get("assignedLicenses"))
    return [(licence, sku) for licence, sku in found if sku is not None]


def _checked(tenant: Tenant, owner: Entity, add: Mapping[str, Any]) -> tuple[Entity, list[str]]:
    sku_id = str(add.get("skuId"))
    sku = find_sku(tenant, sku_id)
    if sku is None:
        raise LicenseRefused(f"License {sku_id} does not correspond to a valid company License.")
    disabled = [str(plan).lower() for plan in add.get("disabledPlans") or ()]
    known = {plan["servicePlanId"] for plan in sku["servicePlans"]}
    for plan in disabled:
        if plan not in known:
            raise LicenseRefused(f"The service plan {plan} is not part of the license {sku_id}.")
    if isinstance(owner, Person) and not owner.get("usageLocation"):
        raise LicenseRefused("License assignment cannot be done for user with invalid usage location.")
    if not _has(owner, sku["skuId"]) and consumed(tenant, sku) >= sku["prepaidUnits"]["enabled"]:
        raise LicenseRefused(f"Subscription with SKU {sku_id} does not have any available licenses.")
    return sku, disabled


def _has(owner: Entity, sku_id: str) -> bool:
    return any(one["skuId"].lower() == sku_id.lower() for one in owner.get("assignedLicenses"))


def _state(licence: Mapping[str, Any], stamp: str) -> dict[str, Any]:
    own = {"assignedByGroup": None, "error": "None", "lastUpdatedDateTime": stamp, "state": "Active"}
    return {"skuId": licence["skuId"], "disabledPlans": licence["disabledPlans"], **own}


def _provision(tenant: Tenant, owner: Entity) -> None:
    """Whoever gets Exchange for the first time gets a mailbox and an address."""
    if not isinstance(owner, Person) or owner.id in tenant.mailboxes:
        return
    services = (plan for plan in assigned_plans(tenant, owner) if plan["capabilityStatus"] == "Enabled")
    if any(plan["service"] == _EXCHANGE for plan in services):
        owner.update({"mail": owner.get("mail") or owner.user_principal_name})
        tenant.open_mailbox(owner)
