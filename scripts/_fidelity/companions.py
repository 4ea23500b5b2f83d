"""What an operation needs beside its path and body: memberships to find, licences to give, roles to assign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from emulator.graph.engine.plan import Plan
from emulator.store import Change, Entity
from scripts._fidelity.binding import Needs, within
from scripts._fidelity.callers import caller_for
from scripts._fidelity.samples import Sample
from scripts._fidelity.world import World

_CREDENTIALS = {"removepassword": "passwordCredentials", "removekey": "keyCredentials"}
_CONFLICT = 422
_ROLE = {"displayName": "Reader", "value": "reader", "description": "Reads", "isEnabled": True}
_ALLOWED = {"allowedMemberTypes": ["User", "Application"]}


@dataclass(frozen=True)
class _Act:
    """An operation about to be called on a thing."""

    world: World
    needs: Needs
    sample: Sample
    plan: Plan
    thing: str
    sent: Any

    @property
    def body(self) -> Mapping[str, Any]:
        return self.sent if isinstance(self.sent, Mapping) else {}


def companions(world: World, needs: Needs, sample: Sample, plan: Plan, sent: Any) -> Any:  # noqa: ANN401 - JSON values
    """The body as it is sent, once the operation's own conditions hold."""
    name = plan.operation.name if plan.operation is not None else ""
    act = _Act(world, needs, sample, plan, sample.path.strip("/").rpartition("/")[0], sent)
    make = _MAKERS.get((name, plan.kind.name.rpartition(".")[2])) or _MAKERS.get((name, ""))
    if make is not None:
        changed = make(act)
        return sent if changed is None else changed
    if name in _CREDENTIALS:
        needs.seed(act.thing, {_CREDENTIALS[name]: [{"keyId": act.body.get("keyId")}]})
    elif act.body.get("appRoleId") and act.body.get("resourceId"):
        roles = [{**_ROLE, **_ALLOWED, "id": act.body["appRoleId"]}]
        needs.seed(f"servicePrincipals/{act.body['resourceId']}", {"appRoles": roles})
    return sent


def _addressed(act: _Act) -> None:
    """Only a draft to somebody can be sent."""
    recipient = {"emailAddress": {"address": "someone@example.org"}}
    act.needs.seed(act.thing, {"toRecipients": [recipient], "isDraft": True})


def _extended(act: _Act) -> None:
    act.needs.seed("applications/{id}/extensionProperties")


def _named_alike(act: _Act) -> None:
    """Where the names are refused, another group has them."""
    if act.sample.status == _CONFLICT:
        taken = {key: value for key, value in act.body.items() if key in {"displayName", "mailNickname"}}
        unified = {"groupTypes": ["Unified"], "mailEnabled": True, "securityEnabled": False}
        act.needs.seed("groups", {**taken, **unified})


def _bin_of(act: _Act) -> dict[str, Any]:
    """Something that a person owned and that was deleted."""
    tenant = act.world.tenant
    owner = tenant.find_person(str(act.body.get("userId") or "")) or tenant.demo_person
    gone = act.needs.seed("directory/deletedItems", None, "microsoft.graph.group")
    if gone is not None:
        gone.links_of("owners").add(owner)
    return {**act.body, "userId": owner.id}


def _checked_out(act: _Act) -> None:
    """Only who has a file checked out can give it free."""
    file = act.needs.seed(act.thing)
    caller = caller_for(act.world, act.sample.method, act.plan)
    if file is not None:
        file.state["checkout"] = caller.user_id or caller.app_id


def _invited(act: _Act) -> None:
    """Only somebody else's meeting can be accepted."""
    world, needs, thing = act.world, act.needs, act.thing
    first, _, rest = thing.partition("/")
    key = rest.partition("/")[0]
    person = world.tenant.demo_person if first.lower() == "me" else world.tenant.find_person(key)
    there = needs.seed(thing)
    organiser = needs.seed("users")
    if person is None or organiser is None:
        return
    made: list[Entity] = []
    listener = _collecting(made)
    world.tenant.store.changes.listeners.append(listener)
    attendee = {"emailAddress": {"address": person.user_principal_name}, "type": "required"}
    own = needs.seed(f"users/{organiser.id}/events", {**within(""), "subject": "Plans", "attendees": [attendee]})
    world.tenant.store.changes.listeners.remove(listener)
    copies = [entity for entity in made if entity is not own and entity.kind.name == "microsoft.graph.event"]
    if copies and there is not None:
        copies[0].state["calendar"] = there.state["calendar"]
        needs.moved(thing, copies[0])


def _collecting(made: list[Entity]) -> Callable[[Change], None]:
    def noted(change: Change) -> None:
        if change.what == "created":
            made.append(change.entity)

    return noted


def _memberships(act: _Act) -> None:
    """The object is a member of the groups that are asked about, or of one."""
    needs = act.needs
    member = needs.seed(act.thing)
    groups = act.body.get("groupIds") or act.body.get("ids") or []
    if member is None:
        return
    for group in groups:
        entity = needs.seed(f"groups/{group}", {"securityEnabled": True})
        if entity is not None:
            entity.links_of("members").add(member)
    if not groups:
        group = needs.seed("groups", {"securityEnabled": True})
        if group is not None:
            group.links_of("members").add(member)


def _licences(act: _Act) -> dict[str, Any]:
    """Products that the tenant has bought, for those of the sample; what is to be taken away is there."""
    world, needs, thing, sent = act.world, act.needs, act.thing, act.body
    owner = needs.seed(thing, {"usageLocation": "DE"} if not thing.startswith("groups") else None)
    bought = _bought(world, needs)
    adds = [one for one in sent.get("addLicenses") or () if isinstance(one, Mapping)]
    removes = list(sent.get("removeLicenses") or ())
    given = [{"skuId": sku["skuId"], "disabledPlans": []} for sku, _ in zip(bought, adds, strict=False)]
    taken = [sku["skuId"] for sku, _ in zip(bought[len(given) :], removes, strict=False)]
    if owner is not None and taken:
        held = [{"skuId": sku_id, "disabledPlans": []} for sku_id in taken]
        owner.update({"assignedLicenses": held, "licenseAssignmentStates": []})
    return {**sent, "addLicenses": given, "removeLicenses": taken}


def _bought(world: World, needs: Needs) -> list[Entity]:
    needs.seed("me/licenseDetails")
    return list(world.tenant.store.root("subscribedSkus"))


_Make: TypeAlias = Callable[[_Act], dict[str, Any] | None]
# By the operation and the type that it is called on, or any.
_MAKERS: Mapping[tuple[str, str], _Make] = {
    ("accept", "event"): _invited,
    ("assignlicense", ""): _licences,
    ("checkin", "driveItem"): _checked_out,
    ("checkmembergroups", ""): _memberships,
    ("checkmemberobjects", ""): _memberships,
    ("decline", "event"): _invited,
    ("discardcheckout", "driveItem"): _checked_out,
    ("getavailableextensionproperties", ""): _extended,
    ("getmembergroups", ""): _memberships,
    ("getmemberobjects", ""): _memberships,
    ("getuserownedobjects", ""): _bin_of,
    ("send", "message"): _addressed,
    ("tentativelyaccept", "event"): _invited,
    ("validateproperties", ""): _named_alike,
}
