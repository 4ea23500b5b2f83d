"""Objects of the directory over HTTP whatever their type, the bin, the organisation and its domains."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from emulator.faults import DirectoryBadRequest, DirectoryNotFound, MethodNotAllowed
from emulator.graph.directory import queries, state
from emulator.graph.directory.errors import AlreadyExists, InvalidValue, TooManyIds, ValueRequired
from emulator.graph.directory.recycling import RECYCLED, deleted_items, erase, forget_old, recycle, restore
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.query import Query
from emulator.graph.engine.rendering import rendered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown, View
from emulator.graph.engine.workload import Page, Workload
from emulator.graph.groups.membership import groups_above, transitive_member_of
from emulator.odata import Options
from emulator.schema import schema
from emulator.store import Entity, Items
from emulator.tenant import DIRECTORY_ROOTS

directory = Workload("directory", DIRECTORY)
any_object = directory.type("directoryObject", page=Page(100, 999))
the_directory = directory.type("directory")
organization = directory.type("organization", fixed=frozenset({"id", "verifiedDomains", "createdDateTime"}))
domain = directory.type("domain", patched=204)

_MOST_GROUPS, _MOST_IDS = 20, 1000
_DIRECTORY_OBJECT = "microsoft.graph.directoryObject"

any_object.hook("filters")(queries.filters)
any_object.hook("search")(queries.search)


@any_object.hook("delete")
def delete(call: Call, entity: Entity, _: Target) -> None:
    """Into the bin, out of the bin for good, or away at once: as the type has it."""
    if entity in deleted_items(call.tenant):
        erase(call.tenant, entity)
    elif _short(entity) in RECYCLED:
        recycle(call.tenant, entity, call.stamp)
    elif entity.items is not None:
        entity.items.discard(entity)


@the_directory.navigation("deletedItems")
def bin_of(call: Call, _: Entity) -> Items:
    """What was deleted in the last thirty days."""
    forget_old(call.tenant, call.now)
    return deleted_items(call.tenant)


@the_directory.posted("deletedItems")
def no_arrival(*_: object) -> Answer:
    """Things come here by being deleted."""
    raise MethodNotAllowed


@any_object.operation("restore")
def restored(call: Call, target: Target) -> Answer:
    """Bring an object back out of the bin."""
    entity = target.thing
    if entity not in deleted_items(call.tenant):
        raise DirectoryNotFound(entity.id)
    if _short(entity) == "user":
        _make_name_free(call, entity)
    restore(call.tenant, entity)
    return Answer(_as_object(call, target, entity, "directoryObjects/$entity"))


def _make_name_free(call: Call, person: Entity) -> None:
    """Somebody else may have got the sign-in name meanwhile; the caller may give another."""
    other = call.json.get("newUserPrincipalName")
    wanted = other or person["userPrincipalName"]
    if state.is_taken(call.tenant, "userPrincipalName", wanted):
        raise AlreadyExists("userPrincipalName")
    person.values["userPrincipalName"] = wanted


@any_object.collection_operation("getUserOwnedObjects")
def deleted_of_user(call: Call, target: Target) -> Answer:
    """What of the bin somebody owned."""
    user_id, kind = call.json.get("userId") or call.caller.user_id, str(call.json.get("type") or "Group").lower()
    if not isinstance(user_id, str):
        raise ValueRequired("userId", "DirectoryObject")
    owner = call.tenant.directory_object(user_id)
    found = [
        one for one in deleted_items(call.tenant) if owner in one.links_of("owners") and _short(one).lower() == kind
    ]
    return _many(call, target, found)


@any_object.operation("getMemberGroups")
def member_groups(call: Call, target: Target) -> Answer:
    """The ids of all groups that something belongs to, through others too."""
    groups = groups_above(call.tenant, target.thing)
    return _texts(call, [group.id for group in groups if group["securityEnabled"] or not _security_only(call, target)])


@any_object.operation("getMemberObjects")
def member_objects(call: Call, target: Target) -> Answer:
    """The same with roles and administrative units."""
    only = _security_only(call, target)
    found = transitive_member_of(call.tenant, target.thing)
    return _texts(call, [one.id for one in found if not only or _short(one) != "group" or one["securityEnabled"]])


@any_object.operation("checkMemberGroups")
def check_groups(call: Call, target: Target) -> Answer:
    """Which of these groups something belongs to."""
    wanted = _ids(call, "groupIds", _MOST_GROUPS)
    known = {group.id for group in groups_above(call.tenant, target.thing)}
    return _texts(call, [group_id for group_id in wanted if group_id in known])


@any_object.operation("checkMemberObjects")
def check_objects(call: Call, target: Target) -> Answer:
    """Which of these groups, roles and units something belongs to."""
    wanted = _ids(call, "ids", _MOST_GROUPS)
    known = {one.id for one in transitive_member_of(call.tenant, target.thing)}
    known |= {str(one.get("roleTemplateId")) for one in transitive_member_of(call.tenant, target.thing)}
    return _texts(call, [object_id for object_id in wanted if object_id in known])


@any_object.collection_operation("getByIds")
def by_ids(call: Call, target: Target) -> Answer:
    """Objects by their ids, of any of the types named; unknown ids are passed over."""
    wanted = _ids(call, "ids", _MOST_IDS)
    types = {str(name).lower() for name in call.json.get("types") or ()} - {"directoryobject"}
    found = (entity for entity in map(_finder(call), wanted) if entity is not None)
    return _many(call, target, [one for one in found if not types or _short(one).lower() in types])


@any_object.collection_operation("getAvailableExtensionProperties")
def extension_properties(call: Call, _: Target) -> Answer:
    """The directory extensions that the organisation's applications define."""
    wanted = call.json.get("isSyncedFromOnPremises")
    kind = "#microsoft.graph.extensionProperty"
    applications = call.tenant.store.root("applications")
    found = [{"@odata.type": kind, **one.values} for app in applications for one in app.set_of("extensionProperties")]
    chosen = [one for one in found if wanted is None or bool(one.get("isSyncedFromOnPremises")) is wanted]
    return Answer({"@odata.context": f"{call.root}/$metadata#Collection(extensionProperty)", "value": chosen})


@directory.root("organization")
def organizations(call: Call) -> Items:
    """The one organisation that a tenant is."""
    return state.organization_of(call.tenant)


@organization.computed("verifiedDomains")
def verified_domains(shown: Shown) -> list[dict[str, Any]]:
    """The domains that names may end with."""
    domains = (one for one in state.domains_of(shown.view.call.tenant) if one["isVerified"])
    return [
        {
            "capabilities": ", ".join(one["supportedServices"]),
            "isDefault": one["isDefault"],
            "isInitial": one["isInitial"],
            "name": one.id,
            "type": one["authenticationType"],
        }
        for one in domains
    ]


@organization.hook("create")
@organization.hook("delete")
def only_one(*_: object) -> Entity:
    """An organisation is neither made nor deleted here."""
    raise MethodNotAllowed


@directory.root("domains")
def domains(call: Call) -> Items:
    """The organisation's domains."""
    return state.domains_of(call.tenant)


@domain.hook("create")
def add_domain(call: Call, _: Target, values: Values) -> Entity:
    """A domain that is still to be verified."""
    name = str(values.get("id") or "")
    if "." not in name:
        raise InvalidValue("id", "Domain")
    if state.domains_of(call.tenant).get(name.lower()) is not None:
        raise AlreadyExists("id")
    return state.add_domain(call.tenant, {"id": name.lower()})


@domain.hook("delete")
def remove_domain(call: Call, entity: Entity, _: Target) -> None:
    """Only one that nobody's name ends with."""
    users = call.tenant.store.root("users")
    in_use = any(str(user["userPrincipalName"]).lower().endswith(f"@{entity.id}") for user in users)
    if entity["isInitial"] or entity["isDefault"] or in_use:
        raise DirectoryBadRequest("Domain deletion is not allowed: it is the default domain, or objects refer to it.")
    state.domains_of(call.tenant).discard(entity)


@domain.operation("verify")
def verify(call: Call, target: Target) -> Answer:
    """The proof is taken for given."""
    target.thing.update({"isVerified": True, "supportedServices": ["Email", "OfficeCommunicationsOnline"]})
    return Answer(_as_object(call, target, target.thing, "domains/$entity"))


@domain.operation("promote")
def promote(call: Call, target: Target) -> Answer:
    """Make a domain the default one."""
    if not target.thing["isVerified"]:
        raise DirectoryBadRequest("The domain is not verified.")
    for other in state.domains_of(call.tenant):
        if other["isDefault"] is not (other is target.thing):
            other.update({"isDefault": other is target.thing})
    return Answer({"@odata.context": f"{call.root}/$metadata#Edm.Boolean", "value": True})


def _short(entity: Entity) -> str:
    return entity.kind.name.rpartition(".")[2]


def _finder(call: Call) -> Any:  # noqa: ANN401 - a function of an id
    roots = [call.tenant.store.root(name) for name in DIRECTORY_ROOTS]
    return lambda key: next((found for root in roots if (found := root.get(key.lower())) is not None), None)


def _ids(call: Call, name: str, most: int) -> list[str]:
    found = call.json.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise InvalidValue(name, "DirectoryObject")
    if len(found) > most:
        raise TooManyIds(most)
    return [one.lower() for one in found]


def _security_only(call: Call, target: Target) -> bool:
    wanted = call.json.get("securityEnabledOnly", False)
    if not isinstance(wanted, bool):
        raise target.dialect.bad_body(
            "Cannot convert the value of the parameter 'securityEnabledOnly' to 'Edm.Boolean'."
        )
    return wanted


def _texts(call: Call, values: list[str]) -> Answer:
    return Answer({"@odata.context": f"{call.root}/$metadata#Collection(Edm.String)", "value": values})


def _many(call: Call, target: Target, found: Iterable[Entity]) -> Answer:
    view = View(target.service, call, target)
    kind = schema().kind(_DIRECTORY_OBJECT)
    value = [rendered(view, view.shown(one), Query(Options()), kind) for one in found]
    return Answer({"@odata.context": f"{call.root}/$metadata#directoryObjects", "value": value})


def _as_object(call: Call, target: Target, entity: Entity, context: str) -> dict[str, Any]:
    view = View(target.service, call, target)
    declared = schema().kind(_DIRECTORY_OBJECT) if context.startswith("directoryObjects") else entity.kind
    body = rendered(view, view.shown(entity), Query(Options()), declared)
    return {"@odata.context": f"{call.root}/$metadata#{context}", **body}
