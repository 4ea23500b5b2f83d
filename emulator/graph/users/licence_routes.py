"""Licences over HTTP: `/subscribedSkus`, `assignLicense` and what a person's licences look like."""

from __future__ import annotations

from typing import Any

from emulator.faults import MethodNotAllowed
from emulator.graph.engine.bodies import BadBody, checked
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown
from emulator.graph.engine.workload import Workload
from emulator.graph.users import licences
from emulator.graph.users.whole import whole
from emulator.store import Entity, Items

_TEAMS = "TEAMS1"

licensing = Workload("licences", DIRECTORY)
user = licensing.type("user")
sku = licensing.type("subscribedSku")
detail = licensing.type("licenseDetails")


@licensing.root("subscribedSkus")
def subscribed_skus(call: Call) -> Items:
    """What the organisation bought."""
    return licences.skus_of(call.tenant)


@sku.computed("consumedUnits")
def consumed_units(shown: Shown) -> int:
    """How many units are in use."""
    return licences.consumed(shown.view.call.tenant, shown.entity)


@sku.hook("create")
def buy(*_: object) -> Entity:
    """Licences are bought elsewhere."""
    raise MethodNotAllowed


@sku.hook("delete")
def cancel(*_: object) -> None:
    """And cancelled there."""
    raise MethodNotAllowed


@user.computed("assignedPlans")
def assigned_plans(shown: Shown) -> list[dict[str, Any]]:
    """The services that the licences open."""
    return licences.assigned_plans(shown.view.call.tenant, shown.entity)


@user.computed("provisionedPlans")
def provisioned_plans(shown: Shown) -> list[dict[str, Any]]:
    """The services that have set the person up."""
    return licences.provisioned_plans(shown.view.call.tenant, shown.entity)


@user.navigation("licenseDetails")
def license_details(call: Call, owner: Entity) -> list[Entity]:
    """Each licence with its service plans."""
    return licences.details(call.tenant, owner)


@detail.collection_operation("getTeamsLicensingDetails")
def teams_licence(call: Call, target: Target) -> Answer:
    """Whether one of the licences opens Teams."""
    opened = any(
        plan["servicePlanName"] == _TEAMS and plan["provisioningStatus"] == "Success"
        for held in target.entities
        for plan in held["servicePlans"]
    )
    context = f"{call.root}/$metadata#microsoft.graph.teamsLicensingDetails"
    return Answer({"@odata.context": context, "hasTeamsLicense": opened})


@user.operation("assignLicense")
def assign_license(call: Call, target: Target) -> Answer:
    """Give and take licences."""
    given = {}
    for name, kind in _assign_parameters(target).items():
        if not isinstance(call.json.get(name), list):
            raise target.dialect.bad_body(f"The parameter '{name}' is required and must be a collection.")
        try:
            given[name] = checked(call.json[name], kind, name)
        except BadBody as error:
            raise target.dialect.bad_body(str(error)) from error
    licences.assign(call.tenant, target.thing, given["addLicenses"], given["removeLicenses"], call.stamp)
    return whole(call, target)


@user.operation("reprocessLicenseAssignment")
def reprocess(call: Call, target: Target) -> Answer:
    """Everything was processed when it was assigned."""
    return whole(call, target)


def _assign_parameters(target: Target) -> dict[str, Any]:
    operation = target.plan.operation
    overloads = operation.overloads if operation else ()
    return dict(overloads[0].takes) if overloads else {}
