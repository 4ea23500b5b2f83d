"""Settings of groups, their templates, and the policy of how long groups live."""

from __future__ import annotations

from typing import Any

from emulator.faults import DirectoryBadRequest, DirectoryNotFound
from emulator.graph.directory.errors import InvalidValue, ValueRequired
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.target import Target
from emulator.graph.engine.workload import Workload
from emulator.graph.groups.errors import Conflict
from emulator.graph.groups.lifecycle import CHOSEN, MOST_CHOSEN, ROOT, policies_for
from emulator.graph.groups.settings_state import TEMPLATES, SettingTemplate
from emulator.schema import schema
from emulator.store import Entity, Items

settings = Workload("groupSettings", DIRECTORY)

setting = settings.type("groupSetting", fixed=frozenset({"displayName"}))
policy = settings.type("groupLifecyclePolicy", patched=200)
group = settings.type("group", own=("groupLifecyclePolicies",))
_MANAGED = {"all": "All", "selected": "Selected", "none": "None"}
_SHORTEST_LIFE, _USUAL_LIFE = 30, 180


@settings.root("groupSettingTemplates")
def templates(call: Call) -> Items:
    """The templates, the same in every tenant."""
    items = call.tenant.store.root("groupSettingTemplates")
    if not len(items):
        for template in TEMPLATES.values():
            items.add(call.tenant.store.entity(schema().kind("groupSettingTemplate"), _shown(template)))
    return items


def _shown(template: SettingTemplate) -> dict[str, Any]:
    values = [
        {"name": one.name, "type": one.type, "defaultValue": one.default, "description": one.description}
        for one in template.values
    ]
    own = {"id": template.id, "displayName": template.name, "description": template.description}
    return {**own, "values": values, "deletedDateTime": None}


@setting.hook("create")
def create_setting(call: Call, target: Target, values: Values) -> Entity:
    """A setting from a template; the organisation, and each group, has one of each at most."""
    template = TEMPLATES.get(str(values.get("templateId") or "").lower())
    if template is None:
        raise InvalidValue("templateId", "GroupSetting")
    items = target.items
    if target.owner is not None and not template.of_groups:
        raise InvalidValue("templateId", "GroupSetting")
    if any(one["templateId"] == template.id for one in items):
        raise Conflict
    given = _checked(template, values.get("values") or [])
    chosen = [{"name": one.name, "value": given.get(one.name, one.default)} for one in template.values]
    own = {"displayName": template.name, "templateId": template.id, "values": chosen}
    if values.get("id"):
        own["id"] = values["id"]
    return items.add(call.tenant.store.entity(values.kind, own))


@setting.hook("update")
def change_setting(_: Call, entity: Entity, values: Values) -> None:
    """Values that are not named stay as they are."""
    template = TEMPLATES.get(str(entity.get("templateId")))
    given = values.get("values") or []
    new = _checked(template, given) if template else {pair["name"]: pair["value"] for pair in given}
    kept = {pair["name"]: pair["value"] for pair in entity.get("values")}
    entity.update({"values": [{"name": name, "value": value} for name, value in (kept | new).items()]})


def _checked(template: SettingTemplate, pairs: list[dict[str, Any]]) -> dict[str, str]:
    """The values by name; one that the template does not know, or that is of another type, is refused."""
    known = {one.name.lower(): one for one in template.values}
    found = {}
    for pair in pairs:
        one = known.get(str(pair.get("name")).lower())
        value = str(pair.get("value") if pair.get("value") is not None else "")
        if one is None:
            raise InvalidValue(str(pair.get("name")), "GroupSetting")
        if one.type == "System.Boolean" and value.lower() not in {"true", "false", ""}:
            raise InvalidValue(one.name, "GroupSetting")
        if one.type == "System.Int32" and not value.lstrip("-").isdigit():
            raise InvalidValue(one.name, "GroupSetting")
        found[one.name] = value
    return found


@policy.hook("create")
def create_policy(call: Call, target: Target, values: Values) -> Entity:
    """A tenant has one policy; one that is made at a group manages this group."""
    policies = call.tenant.store.root(ROOT)
    if len(policies):
        raise Conflict
    if target.owner is not None:
        values.setdefault("managedGroupTypes", "Selected")
        values.setdefault("groupLifetimeInDays", _USUAL_LIFE)
    for name in ("groupLifetimeInDays", "managedGroupTypes"):
        if values.get(name) is None:
            raise ValueRequired(name, "GroupLifecyclePolicy")
    _check_policy(values)
    made = policies.add(call.tenant.store.entity(values.kind, values))
    if target.owner is not None:
        made.state[CHOSEN] = {target.owner.id}
    return made


@policy.hook("update")
def change_policy(_: Call, entity: Entity, values: Values) -> None:
    _check_policy(values)
    entity.update(values)


def _check_policy(values: Values) -> None:
    if "groupLifetimeInDays" in values and (values["groupLifetimeInDays"] or 0) < _SHORTEST_LIFE:
        raise InvalidValue("groupLifetimeInDays", "GroupLifecyclePolicy")
    if "managedGroupTypes" in values:
        managed = _MANAGED.get(str(values["managedGroupTypes"]).lower())
        if managed is None:
            raise InvalidValue("managedGroupTypes", "GroupLifecyclePolicy")
        values["managedGroupTypes"] = managed


@group.navigation("groupLifecyclePolicies")
def policies_of(call: Call, owner: Entity) -> list[Entity]:
    """The policies that the group is under."""
    return policies_for(call.tenant, owner)


@policy.operation("addGroup")
def add_group(call: Call, target: Target) -> Answer:
    """Put a group under the policy."""
    chosen, group_id = _chosen(call, target)
    if len(chosen) >= MOST_CHOSEN:
        raise DirectoryBadRequest(f"The policy holds {MOST_CHOSEN} groups, which is the most it can.")
    is_new = _takes_groups(target) and group_id not in chosen
    if is_new:
        chosen.add(group_id)
    return _said(call, target, is_new)


@policy.operation("removeGroup")
def remove_group(call: Call, target: Target) -> Answer:
    """Take a group out from under the policy."""
    chosen, group_id = _chosen(call, target)
    was_there = _takes_groups(target) and group_id in chosen
    chosen.discard(group_id)
    return _said(call, target, was_there)


def _chosen(call: Call, target: Target) -> tuple[set[str], str]:
    group_id = arguments(call, target).get("groupId")
    if not group_id:
        raise ValueRequired("groupId", "GroupLifecyclePolicy")
    if call.tenant.store.root("groups").get(str(group_id).lower()) is None:
        raise DirectoryNotFound(str(group_id))
    chosen: set[str] = target.thing.state.setdefault(CHOSEN, set())
    return chosen, str(group_id).lower()


def _takes_groups(target: Target) -> bool:
    """Only a policy for selected groups has groups of its own."""
    return bool(target.thing.get("managedGroupTypes") == "Selected")


def _said(call: Call, target: Target, value: object) -> Answer:
    target.thing.touch()
    return Answer({"@odata.context": f"{call.root}/$metadata#Edm.Boolean", "value": value})
