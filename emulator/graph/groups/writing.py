"""How a group is made, changed, linked and deleted through Graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.faults import DirectoryBadRequest, DirectoryDenied, DirectoryNotFound
from emulator.graph.directory.errors import InvalidValue, ReadOnly
from emulator.graph.directory.recycling import deleted_items, erase, recycle
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Call
from emulator.graph.engine.permits import has_any
from emulator.graph.engine.plan import ToKey
from emulator.graph.engine.target import Target
from emulator.graph.engine.writing import merged, referred
from emulator.graph.groups.conversations import open_group_mail
from emulator.graph.groups.errors import (
    MOST_REFERENCES,
    BadMembershipRule,
    KeptByExchange,
    LastOwner,
    MailEnabledUnsupported,
    ReferencesExist,
    TooManyReferences,
    Unprocessable,
    ValueTaken,
)
from emulator.graph.groups.keeping import choose_members
from emulator.graph.groups.naming import LONGEST_NAME, is_nickname, problems
from emulator.graph.groups.rules import BadRule, read_rule
from emulator.graph.groups.state import (
    DYNAMIC,
    RELATIONS,
    UNIFIED,
    add_group,
    by_nickname,
    free_address,
    groups_of,
    is_dynamic,
    is_kept_by_exchange,
    is_unified,
)
from emulator.store import Entity

RESOURCE = "Group"
REQUIRED = ("displayName", "mailEnabled", "mailNickname", "securityEnabled")
FIXED = frozenset({
    "assignedLicenses", "createdDateTime", "deletedDateTime", "expirationDateTime", "isArchived",
    "isManagementRestricted", "licenseProcessingState", "mail", "onPremisesDomainName",
    "onPremisesLastSyncDateTime", "onPremisesNetBiosName", "onPremisesProvisioningErrors", "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "organizationId", "proxyAddresses", "renewedDateTime",
    "securityIdentifier", "serviceProvisioningErrors", "unseenConversationsCount", "unseenMessagesCount",
})  # fmt: skip
_UNCHANGING = FIXED | {"isAssignableToRole"}
_VISIBILITIES = {name.lower(): name for name in ("Public", "Private", "HiddenMembership")}
_KINDS = {UNIFIED.lower(): UNIFIED, DYNAMIC.lower(): DYNAMIC}
_RULED = frozenset({"groupTypes", "membershipRule", "membershipRuleProcessingState"})
_PROCESSING = {"on": "On", "paused": "Paused"}
_USER, _GROUP, _UNIT = "microsoft.graph.user", "microsoft.graph.group", "microsoft.graph.administrativeUnit"


def create(call: Call, target: Target, values: Values) -> Entity:
    """Make a group as a caller asks for it."""
    _check_upsert(call, target, values)
    _check_kind(values)
    _check_values(values)
    _check_unique(call, values)
    related = {name: _related(call, values, name) for name in RELATIONS}
    given = {name: value for name, value in values.items() if name not in FIXED}
    if DYNAMIC in given.get("groupTypes", ()):
        _check_rule(given)
    if given.get("isAssignableToRole"):
        _check_assignable(call, given)
    group = add_group(call.tenant, given, call.stamp)
    if is_unified(group):
        open_group_mail(call.tenant)
    _belongs_to_maker(call, group, related)
    _refer(call, group, related)
    if is_dynamic(group):
        choose_members(call.tenant, group)
    return group


def _check_upsert(call: Call, target: Target, values: Values) -> None:
    """A PATCH that names a group by its unique name makes one that is not there, when it is complete."""
    step = target.plan.last
    if call.method == "PATCH" and isinstance(step, ToKey) and "uniqueName" not in dict(step.named):
        raise DirectoryNotFound(",".join(value for _, value in step.named))
    if values.get("uniqueName") and any(g.get("uniqueName") == values["uniqueName"] for g in groups_of(call.tenant)):
        raise ValueTaken("uniqueName")


def _check_kind(values: Values) -> None:
    kinds = [_KINDS.get(str(kind).lower()) for kind in values.get("groupTypes") or ()]
    if None in kinds:
        raise InvalidValue("groupTypes", RESOURCE)
    values["groupTypes"] = list(dict.fromkeys(kinds))
    if UNIFIED in kinds:
        if not values["mailEnabled"]:
            raise InvalidValue("mailEnabled", RESOURCE)
    elif values["mailEnabled"] or not values["securityEnabled"]:
        raise MailEnabledUnsupported
    if values.get("membershipRule") and DYNAMIC not in kinds:
        raise InvalidValue("membershipRule", RESOURCE)


def _check_values(values: Mapping[str, Any]) -> None:
    """Refuse what no group may have."""
    name, nickname = values.get("displayName"), values.get("mailNickname")
    if "displayName" in values and not (isinstance(name, str) and 0 < len(name) <= LONGEST_NAME):
        raise InvalidValue("displayName", RESOURCE)
    if "mailNickname" in values and not (isinstance(nickname, str) and is_nickname(nickname)):
        raise InvalidValue("mailNickname", RESOURCE)
    visibility = values.get("visibility")
    if visibility is not None and visibility.lower() not in _VISIBILITIES:
        raise InvalidValue("visibility", RESOURCE)
    processing = values.get("membershipRuleProcessingState")
    if processing is not None and processing.lower() not in _PROCESSING:
        raise InvalidValue("membershipRuleProcessingState", RESOURCE)


def _check_unique(call: Call, values: Values) -> None:
    is_team = UNIFIED in values["groupTypes"]
    if is_team and by_nickname(call.tenant, values["mailNickname"]) is not None:
        raise ValueTaken("mailNickname")
    if is_team:
        wrong = problems(call.tenant, values["displayName"], values["mailNickname"], call.me, is_team=False)
        if wrong:
            raise Unprocessable(wrong)


def _check_rule(values: Mapping[str, Any]) -> None:
    """A rule is only read when it is to be processed."""
    rule = values.get("membershipRule")
    if not rule:
        raise DirectoryBadRequest("A value is required for property 'membershipRule' of resource 'Group'.")
    if str(values.get("membershipRuleProcessingState") or "On").lower() == "on":
        try:
            read_rule(rule)
        except BadRule as error:
            raise BadMembershipRule(str(error)) from error


def _check_assignable(call: Call, values: Mapping[str, Any]) -> None:
    if not values.get("securityEnabled") or DYNAMIC in values.get("groupTypes", ()):
        raise InvalidValue("isAssignableToRole", RESOURCE)
    if not has_any(call, "RoleManagement.ReadWrite.Directory"):
        raise DirectoryDenied
    if str(values.get("visibility") or "Private").lower() != "private":
        raise InvalidValue("visibility", RESOURCE)


def _belongs_to_maker(call: Call, group: Entity, related: Mapping[str, list[Entity]]) -> None:
    """Who makes a group owns it, unless it names owners; of a Microsoft 365 group it is a member, too."""
    if call.me is None:
        return
    group.links_of("createdOnBehalfOf").replace(call.me)
    if related["owners"]:
        return
    group.links_of("owners").add(call.me)
    if is_unified(group) and not is_dynamic(group) and call.me not in related["members"]:
        group.links_of("members").add(call.me)


def update(call: Call, group: Entity, values: Values) -> None:
    """Change a group as a caller asks for it."""
    if is_kept_by_exchange(group):
        raise KeptByExchange
    for name in values:
        is_same = name == "isAssignableToRole" and bool(values[name]) == bool(group.get(name))
        if name in _UNCHANGING and not is_same:
            raise ReadOnly(name)
    if group.get("isAssignableToRole"):
        _needs_role_management(call)
    _check_values(values)
    related = {name: _related(call, values, name) for name in values.binds if name in RELATIONS}
    given = _changed(call, group, values)
    _refer(call, group, related)
    group.update(given)
    if is_unified(group) and not group.get("mail"):
        open_group_mail(call.tenant)
        address = free_address(call.tenant, str(group.get("mailNickname")))
        group.update({"mail": address, "proxyAddresses": [f"SMTP:{address}"], "mailEnabled": True})
    if not _RULED.isdisjoint(given):
        choose_members(call.tenant, group)


def _changed(call: Call, group: Entity, values: Values) -> dict[str, Any]:
    """The values that a change leads to; refused before any of them is kept."""
    given: dict[str, Any] = {name: merged(group.get(name), value) for name, value in values.items() if name != "id"}
    nickname = given.get("mailNickname")
    is_new = nickname and nickname.lower() != str(group.get("mailNickname")).lower()
    if is_new and is_unified(group) and by_nickname(call.tenant, str(nickname)) is not None:
        raise ValueTaken("mailNickname")
    after = {name: given.get(name, group.get(name)) for name in ("groupTypes", "membershipRule")}
    state = given.get("membershipRuleProcessingState", group.get("membershipRuleProcessingState"))
    if not _RULED.isdisjoint(given) and DYNAMIC in (after["groupTypes"] or ()):
        _check_rule({**after, "membershipRuleProcessingState": state})
        given["membershipRuleProcessingState"] = _PROCESSING[str(state or "On").lower()]
    if visibility := given.get("visibility"):
        given["visibility"] = _VISIBILITIES[visibility.lower()]
    return given


def _related(call: Call, values: Values, name: str) -> list[Entity]:
    """The objects that a body binds under a relation, each once."""
    texts = values.binds.get(name, [])
    if len(texts) > MOST_REFERENCES:
        raise TooManyReferences(name)
    found = {entity.id: entity for entity in (referred(call, text) for text in texts)}
    return list(found.values())


def _refer(call: Call, group: Entity, related: Mapping[str, list[Entity]]) -> None:
    """Make references, all or none."""
    for name, entities in related.items():
        if any(entity in group.links_of(name) for entity in entities):
            raise ReferencesExist(name)
        for entity in entities:
            link(call, group, name, entity)
    for name, entities in related.items():
        for entity in entities:
            group.links_of(name).add(entity)


def delete(call: Call, group: Entity, _: Target) -> None:
    """Into the bin for thirty days; out of the bin for good."""
    if group in deleted_items(call.tenant):
        erase(call.tenant, group)
        return
    if is_kept_by_exchange(group):
        raise KeptByExchange
    if group.get("isAssignableToRole"):
        _needs_role_management(call)
    recycle(call.tenant, group, call.stamp)


def link(call: Call, group: Entity, name: str, entity: Entity) -> None:
    """Refuse a member or owner that the group cannot have."""
    _check_relation(call, group, name)
    short = entity.kind.name
    if name == "owners" and short not in {_USER, "microsoft.graph.servicePrincipal"}:
        raise InvalidValue("owners", RESOURCE)
    if name != "members":
        return
    if short == _UNIT or entity is group or (is_unified(group) and short != _USER):
        raise InvalidValue("members", RESOURCE)
    if short == _GROUP and (is_unified(entity) or group.get("isAssignableToRole") or entity.get("isAssignableToRole")):
        raise InvalidValue("members", RESOURCE)


def unlink(call: Call, group: Entity, name: str, _: Entity) -> None:
    """Refuse that a group loses a member or an owner whom it keeps."""
    _check_relation(call, group, name)
    if name == "owners" and len(group.links_of("owners")) == 1:
        raise LastOwner


def _check_relation(call: Call, group: Entity, name: str) -> None:
    if name not in RELATIONS:
        return
    if is_kept_by_exchange(group):
        raise KeptByExchange
    if name == "members" and is_dynamic(group):
        raise DirectoryDenied
    if group.get("isAssignableToRole"):
        _needs_role_management(call)


def _needs_role_management(call: Call) -> None:
    if not has_any(call, "RoleManagement.ReadWrite.Directory"):
        raise DirectoryDenied
