"""What Graph says of directory roles, their templates, and administrative units."""

from __future__ import annotations

from emulator.faults import DirectoryDenied, DirectoryNotFound
from emulator.graph.directory.errors import InvalidValue, ReadOnly, ValueRequired
from emulator.graph.directory.queries import filters
from emulator.graph.directory.recycling import deleted_items, erase, recycle
from emulator.graph.engine import deltas
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.query import Query
from emulator.graph.engine.resolving import entered
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import View
from emulator.graph.engine.workload import Page, Workload
from emulator.graph.engine.writing import body_for, change, made, shown_entity
from emulator.graph.groups.errors import BadMembershipRule, Conflict
from emulator.graph.groups.keeping import choose_members, keep_references
from emulator.graph.groups.rules import BadRule, read_rule
from emulator.graph.groups.telling import member_changes
from emulator.graph.roles import state
from emulator.graph.roles.errors import LastAdministrator, RolesDoNotPage
from emulator.graph.roles.templates import TEMPLATES
from emulator.schema import schema
from emulator.store import Entity, Items

roles = Workload("roles", DIRECTORY)

# Roles and their templates come all at once.
_WHOLE = Page(10_000, 10_000)
_HOLDERS = frozenset({"microsoft.graph.user", "microsoft.graph.servicePrincipal", "microsoft.graph.group"})
_IN_UNITS = frozenset({"microsoft.graph.user", "microsoft.graph.group", "microsoft.graph.device"})
_VISIBILITIES = {name.lower(): name for name in ("Public", "HiddenMembership")}

role = roles.type(
    "directoryRole", page=_WHOLE, default=("id", "deletedDateTime", "description", "displayName", "roleTemplateId")
)
template = roles.type(
    "directoryRoleTemplate", page=_WHOLE, default=("id", "deletedDateTime", "description", "displayName")
)
scoped = roles.type("scopedRoleMembership")
unit = roles.type("administrativeUnit", required=("displayName",), patched=204)
user = roles.type("user", own=("scopedRoleMemberOf",))


@roles.root("directoryRoleTemplates")
def templates(call: Call) -> Items:
    """The templates, the same in every tenant."""
    items = call.tenant.store.root("directoryRoleTemplates")
    if not len(items):
        kind = schema().kind("directoryRoleTemplate")
        for one in TEMPLATES.values():
            values = {"id": one.id, "displayName": one.name, "description": one.description}
            items.add(call.tenant.store.entity(kind, values))
    return items


@role.hook("filters")
@template.hook("filters")
def check_query(view: View, query: Query) -> None:
    """These lists have no pages."""
    if query.options.top is not None or query.options.skip is not None:
        raise RolesDoNotPage
    filters(view, query)


@role.hook("find")
def find(call: Call, target: Target, key: str) -> Entity | None:
    """By the id of the template, too: `directoryRoles/roleTemplateId=...`."""
    name, mark, value = key.partition("=")
    return state.role_of(call.tenant, value.strip("'")) if mark and name.lower() == "roletemplateid" else None


@role.hook("create")
def activate(call: Call, _: Target, values: Values) -> Entity:
    """Activate the role of a template."""
    template_id = values.get("roleTemplateId")
    if not template_id:
        raise ValueRequired("roleTemplateId", "DirectoryRole")
    found = state.template_of(template_id)
    if found is None:
        raise DirectoryNotFound(template_id)
    if state.role_of(call.tenant, template_id) is not None:
        raise Conflict
    return state.activate_role(call.tenant, found, values.get("id"))


@role.hook("update")
def change_role(_: Call, __: Entity, values: Values) -> None:
    raise ReadOnly(next(iter(values), "id"))


@role.hook("link")
def give(_: Call, __: Target, entity: Entity) -> None:
    """A role goes to people, applications, and groups that were made for roles."""
    is_plain_group = entity.kind.name == "microsoft.graph.group" and not entity.get("isAssignableToRole")
    if entity.kind.name not in _HOLDERS or is_plain_group:
        raise InvalidValue("members", "DirectoryRole")


@role.hook("unlink")
def take(_: Call, target: Target, entity: Entity) -> None:
    """Somebody must be left who may administer everything."""
    owner = target.owner
    if owner is None or owner.get("roleTemplateId") != state.GLOBAL_ADMINISTRATOR:
        return
    people = [member for member in owner.links_of("members") if member.kind.name == "microsoft.graph.user"]
    if people == [entity]:
        raise LastAdministrator


@role.navigation("scopedMembers")
def scoped_members(call: Call, owner: Entity) -> list[Entity]:
    """Who has the role within a unit only."""
    return [one for one in state.scoped_memberships(call.tenant) if one["roleId"] == owner.id]


@role.posted("scopedMembers")
@user.posted("scopedRoleMemberOf")
def scope(call: Call, target: Target) -> Answer:
    """Give a role within the unit that the body names."""
    values = body_for(call, target)
    made_one = create_scoped(call, target, values)
    return shown_entity(target.service, call, entered(target, made_one), status=201)


@scoped.hook("create")
def create_scoped(call: Call, target: Target, values: Values) -> Entity:
    """Give a role within a unit."""
    given = {
        "microsoft.graph.user": (values.get("roleMemberInfo") or {}).get("id"),
        "microsoft.graph.directoryRole": values.get("roleId"),
        "microsoft.graph.administrativeUnit": values.get("administrativeUnitId"),
    }
    if target.owner is not None and target.owner.kind.name in given:
        given[target.owner.kind.name] = target.owner.id
    for name, value in zip(("roleMemberInfo", "roleId", "administrativeUnitId"), given.values(), strict=True):
        if not value:
            raise ValueRequired(name, "ScopedRoleMembership")
    member_id, role_id, unit_id = (str(value) for value in given.values())
    found_role = call.tenant.store.root("directoryRoles").get(role_id.lower())
    found_unit = state.administrative_units(call.tenant).get(unit_id.lower())
    if found_role is None or found_unit is None:
        raise DirectoryNotFound(unit_id if found_role is not None else role_id)
    member = call.tenant.directory_object(member_id)
    return state.scope_role(call.tenant, found_unit, found_role, member, values.get("id"))


@unit.hook("create")
def create_unit(call: Call, target: Target, values: Values) -> Entity:
    """A part of the tenant with an administration of its own."""
    _check_unit(values)
    keep_references(call.tenant)
    made_one = target.items.add(call.tenant.store.entity(values.kind, values))
    if made_one.get("membershipRule"):
        choose_members(call.tenant, made_one)
    return made_one


@unit.hook("update")
def change_unit(call: Call, entity: Entity, values: Values) -> None:
    rule = {name: entity.get(name) for name in ("membershipRule", "membershipRuleProcessingState")}
    _check_unit({**rule, **values} if rule.keys() & values.keys() else values)
    change(call, entity, values)
    if "membershipRule" in values or "membershipRuleProcessingState" in values:
        choose_members(call.tenant, entity)


def _check_unit(values: dict[str, object]) -> None:
    visibility = values.get("visibility")
    if visibility is not None and str(visibility).lower() not in _VISIBILITIES:
        raise InvalidValue("visibility", "AdministrativeUnit")
    kind = values.get("membershipType")
    if kind is not None and str(kind).lower() not in {"assigned", "dynamic"}:
        raise InvalidValue("membershipType", "AdministrativeUnit")
    rule = values.get("membershipRule")
    if rule and str(values.get("membershipRuleProcessingState") or "").lower() == "on":
        try:
            read_rule(str(rule))
        except BadRule as error:
            raise BadMembershipRule(str(error)) from error


@unit.hook("delete")
def delete_unit(call: Call, entity: Entity, _: Target) -> None:
    """Into the bin for thirty days; out of the bin for good."""
    if entity in deleted_items(call.tenant):
        erase(call.tenant, entity)
    else:
        recycle(call.tenant, entity, call.stamp)


@unit.hook("link")
@unit.hook("unlink")
def check_member(_: Call, target: Target, entity: Entity) -> None:
    """A unit holds people, groups and devices; a rule's choice is not changed by hand."""
    if target.owner is not None and str(target.owner.get("membershipType")).lower() == "dynamic":
        raise DirectoryDenied
    if entity.kind.name not in _IN_UNITS:
        raise InvalidValue("members", "AdministrativeUnit")


@unit.posted("members")
def create_member(call: Call, target: Target) -> Answer:
    """Make a group inside of the unit."""
    owner = target.owner
    assert owner is not None  # noqa: S101 - a navigation has an owner
    values = body_for(call, target, schema().kind("group"))
    made_one = made(target.service, call, target, values)
    owner.links_of("members").add(made_one)
    return shown_entity(target.service, call, entered(target, made_one), status=201)


@role.collection_operation("delta")
@unit.collection_operation("delta")
def delta(call: Call, target: Target) -> Answer:
    """Changes, with the members that came and went."""
    return deltas.delta(target.service, call, target, deltas.DeltaRules(live=member_changes("members")))
