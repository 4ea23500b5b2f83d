"""What Graph says of users beyond their type: who may see what, how accounts are made, changed and deleted."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from emulator.faults import NotInMainStore
from emulator.graph.directory.errors import PermissionMissing, ReadOnly
from emulator.graph.directory.queries import filters as directory_filters
from emulator.graph.directory.recycling import deleted_items, erase, recycle
from emulator.graph.directory.state import security_identifier
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.permits import has_any
from emulator.graph.engine.plan import ToProperty
from emulator.graph.engine.query import Query
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown, View
from emulator.graph.engine.workload import Page, Workload
from emulator.graph.engine.writing import bound, change, link_all
from emulator.graph.users import sight, state
from emulator.store import Entity
from emulator.tenant import Person

users = Workload("users", DIRECTORY)

DEFAULT = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip
# Kept by SharePoint and Exchange, not by the directory: only single people show them.
_ELSEWHERE = frozenset(
    {
        "aboutMe", "birthday", "hireDate", "interests", "mailboxSettings", "mySite", "pastProjects", "preferredName",
        "responsibilities", "schools", "skills",
    }
)  # fmt: skip
_READ_ONLY = frozenset(
    {
        "assignedLicenses", "assignedPlans", "createdDateTime", "creationType", "deletedDateTime", "id",
        "lastPasswordChangeDateTime", "licenseAssignmentStates", "onPremisesDistinguishedName", "onPremisesDomainName",
        "onPremisesLastSyncDateTime", "onPremisesSamAccountName", "onPremisesSecurityIdentifier",
        "onPremisesSyncEnabled", "onPremisesUserPrincipalName", "provisionedPlans", "proxyAddresses",
        "securityIdentifier", "serviceProvisioningErrors", "signInActivity", "signInSessionsValidFromDateTime",
    }
)  # fmt: skip
# Shown to those who hold a permission of its own, and only when it is asked for.
_GUARDED = {
    "signInActivity": ("AuditLog.Read.All",),
    "customSecurityAttributes": ("CustomSecAttributeAssignment.Read.All", "CustomSecAttributeAssignment.ReadWrite.All"),
}

user = users.type(
    "user",
    default=DEFAULT,
    page=Page(100, 999),
    given={
        "settings": {
            "contributionToContentDiscoveryAsOrganizationDisabled": False,
            "contributionToContentDiscoveryDisabled": False,
        },
        "insights": {},
        "employeeExperience": {},
        "authentication": {},
        "onPremisesSyncBehavior": {"isCloudManaged": False},
    },
)


@user.hook("find")
def find(call: Call, target: Target, key: str) -> Entity | None:
    """By id or user principal name."""
    return call.tenant.find_person(key) if target.members is call.tenant.store.root("users") else None


@user.hook("check")
def check(call: Call, target: Target) -> None:
    """Refuse another person's things to those who may only see their own, and what needs a permission of its own."""
    sight.check_self_only(call, target)
    if target.kind.name != "microsoft.graph.user":
        return
    path = (step.name for step in target.plan.steps if isinstance(step, ToProperty))
    asked = ",".join((call.plain("$select") or "", call.plain("$filter") or "", *path)).lower()
    for name, needs in _GUARDED.items():
        if name.lower() in asked and not has_any(call, *needs):
            raise PermissionMissing(needs[0])


@user.hook("shown")
def shown(call: Call, entity: Entity) -> frozenset[str] | None:
    """The basics, for callers who may not see the whole person."""
    return sight.visible(call, entity)


@user.hook("filters")
def filters(view: View, query: Query) -> None:
    """As all of the directory; and what lists cannot show."""
    directory_filters(view, query)
    if not _ELSEWHERE.isdisjoint(query.selection.names(view.target.kind) or ()) and "*" not in query.options.select:
        raise NotInMainStore


@user.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """A new account, with the manager and the sponsors that it names."""
    state.check_new(call.tenant, values)
    others = bound(call, values)
    given = {name: value for name, value in values.items() if name not in _READ_ONLY}
    person = state.new_person(call.tenant, given, call.stamp)
    link_all(person, others)
    return person


@user.hook("update")
def update(call: Call, entity: Entity, values: Values) -> None:
    """A changed account: its password and its state reach the sign-ins."""
    for name in values:
        if name in _READ_ONLY and values[name] != entity.get(name):
            raise ReadOnly(name)
    if "customSecurityAttributes" in values and not has_any(call, "CustomSecAttributeAssignment.ReadWrite.All"):
        raise PermissionMissing("CustomSecAttributeAssignment.ReadWrite.All")
    state.check_values(call.tenant, values, entity)
    bound(call, values)
    person = cast("Person", entity)
    state.change_person(call.tenant, person, values, call.stamp)
    change(call, entity, values, fixed=_READ_ONLY | {"passwordProfile", "accountEnabled"})


@user.hook("delete")
def delete(call: Call, entity: Entity, _: Target) -> None:
    """Into the bin for thirty days; out of the bin for good."""
    if entity in deleted_items(call.tenant):
        erase(call.tenant, entity)
    else:
        recycle(call.tenant, entity, call.stamp)


def _guarded(name: str, shown: Shown) -> Any:  # noqa: ANN401 - JSON values
    """Nothing, however it was asked for, without the permission that the property has of its own."""
    return shown.entity.get(name) if has_any(shown.view.call, *_GUARDED[name]) else None


for _name in _GUARDED:
    user.computed(_name)(partial(_guarded, _name))


@user.computed("mailNickname")
def mail_nickname(shown: Shown) -> str:
    """The part of the sign-in name before the @, unless it was set."""
    return str(shown.entity.get("mailNickname") or shown.entity["userPrincipalName"].partition("@")[0])


@user.computed("identities")
def identities(shown: Shown) -> list[dict[str, Any]]:
    """How the person may sign in."""
    upn = shown.entity["userPrincipalName"]
    own = {"signInType": "userPrincipalName", "issuer": upn.partition("@")[2], "issuerAssignedId": upn}
    others = [one for one in shown.entity.get("identities") if one.get("signInType") != "userPrincipalName"]
    return [*others, own]


@user.computed("imAddresses")
def im_addresses(shown: Shown) -> list[str]:
    """The address for chats."""
    mail = shown.entity.get("mail")
    return list(shown.entity.get("imAddresses")) or ([mail] if mail else [])


@user.computed("proxyAddresses")
def proxy_addresses(shown: Shown) -> list[str]:
    """All addresses that mail reaches the person at."""
    return state.addresses(shown.entity)


@user.computed("passwordProfile")
def password_profile(shown: Shown) -> dict[str, Any] | None:
    """Everything but the password."""
    kept = shown.entity.values.get("passwordProfile")
    if not kept:
        return None
    return {"forceChangePasswordNextSignIn": False, "forceChangePasswordNextSignInWithMfa": False, "password": None,
            **kept}  # fmt: skip


@user.computed("securityIdentifier")
def security_id(shown: Shown) -> str:
    """The identifier by which Windows knows the person."""
    return security_identifier(shown.entity.id)


@user.computed("lastPasswordChangeDateTime")
def last_password_change(shown: Shown) -> Any:  # noqa: ANN401 - JSON values
    """A password is as old as its account unless it was changed."""
    return shown.entity.get("lastPasswordChangeDateTime") or shown.entity.get("createdDateTime")


@user.computed("signInSessionsValidFromDateTime")
def sessions_since(shown: Shown) -> Any:  # noqa: ANN401 - JSON values
    """Sessions count from the account's beginning unless they were revoked."""
    return shown.entity.get("signInSessionsValidFromDateTime") or shown.entity.get("createdDateTime")
