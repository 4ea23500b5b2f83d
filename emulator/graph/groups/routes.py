"""What Graph says of groups beyond their type."""

from __future__ import annotations

from collections.abc import Callable

from emulator.faults import NotInMainStore
from emulator.graph.directory.queries import filters
from emulator.graph.engine import deltas
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.call import NO_CONTENT, Answer, Call
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.query import Query
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown, View
from emulator.graph.engine.workload import Workload
from emulator.graph.engine.writing import shown_entity
from emulator.graph.groups import writing
from emulator.graph.groups.conversations import SUBSCRIBED, threads_of
from emulator.graph.groups.errors import Unprocessable
from emulator.graph.groups.licensing import assign_to_group, has_license_error
from emulator.graph.groups.lifecycle import expiration
from emulator.graph.groups.membership import member_of, transitive_member_of, transitive_members
from emulator.graph.groups.naming import problems
from emulator.graph.groups.telling import member_changes
from emulator.store import Entity, Links

groups = Workload("groups", DIRECTORY)

DEFAULT = (
    "id", "deletedDateTime", "classification", "createdDateTime", "description", "displayName", "expirationDateTime",
    "groupTypes", "infoCatalogs", "isAssignableToRole", "isManagementRestricted", "mail", "mailEnabled", "mailNickname",
    "membershipRule", "membershipRuleProcessingState", "onPremisesDomainName", "onPremisesLastSyncDateTime",
    "onPremisesNetBiosName", "onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled",
    "organizationId", "preferredDataLocation", "preferredLanguage", "proxyAddresses", "renewedDateTime",
    "resourceBehaviorOptions", "resourceProvisioningOptions", "securityEnabled", "securityIdentifier", "theme",
    "uniqueName", "visibility", "onPremisesProvisioningErrors", "serviceProvisioningErrors",
)  # fmt: skip
# Kept by Exchange: one group at a time can be asked for these.
_ELSEWHERE = frozenset({
    "allowExternalSenders", "autoSubscribeNewMembers", "hideFromAddressLists", "hideFromOutlookClients",
    "isSubscribedByMail", "unseenCount",
})  # fmt: skip
_FAVOURITES, _SEEN = "favourites", "seen"

group = groups.type("group", default=DEFAULT, fixed=writing.FIXED, required=writing.REQUIRED)
group.hook("create")(writing.create)
group.hook("update")(writing.update)
group.hook("delete")(writing.delete)


@group.hook("filters")
def check_query(view: View, query: Query) -> None:
    """Lists do not show what Exchange keeps."""
    if _ELSEWHERE.intersection(query.options.select):
        raise NotInMainStore
    filters(view, query)


@group.hook("link")
def link(call: Call, target: Target, entity: Entity) -> None:
    """Refuse a member or owner that the group cannot have."""
    if target.owner is not None and target.navigation is not None:
        writing.link(call, target.owner, target.navigation.name, entity)


@group.hook("unlink")
def unlink(call: Call, target: Target, entity: Entity) -> None:
    """Refuse that the group loses a member or owner whom it keeps."""
    if target.owner is not None and target.navigation is not None:
        writing.unlink(call, target.owner, target.navigation.name, entity)


@group.navigation("memberOf")
def direct_holders(call: Call, owner: Entity) -> list[Entity]:
    return member_of(call.tenant, owner)


@group.navigation("transitiveMemberOf")
def all_holders(call: Call, owner: Entity) -> list[Entity]:
    return transitive_member_of(call.tenant, owner)


@group.navigation("transitiveMembers")
def all_members(_: Call, owner: Entity) -> list[Entity]:
    return transitive_members(owner)


@group.navigation("membersWithLicenseErrors")
def with_license_errors(_: Call, owner: Entity) -> list[Entity]:
    """The members to whom a licence of the group could not be given."""
    return [member for member in owner.links_of("members") if has_license_error(owner, member)]


def _senders(name: str) -> Callable[[Call, Entity], Links]:
    return lambda _, owner: owner.links_of(name)


for _name in ("acceptedSenders", "rejectedSenders"):
    group.navigation(_name)(_senders(_name))


@group.computed("hasMembersWithLicenseErrors")
def license_errors(shown: Shown) -> bool | None:
    found = any(has_license_error(shown.entity, member) for member in shown.entity.links_of("members"))
    return found or shown.entity.get("hasMembersWithLicenseErrors")


@group.computed("expirationDateTime")
def expires(shown: Shown) -> str | None:
    """When the group is deleted unless it is renewed, if a policy says so."""
    return shown.entity.get("expirationDateTime") or expiration(shown.view.call.tenant, shown.entity)


@group.computed("isFavorite")
def is_favourite(shown: Shown) -> bool:
    return _has(shown, _FAVOURITES)


@group.computed("isSubscribedByMail")
def is_subscribed(shown: Shown) -> bool:
    return _has(shown, SUBSCRIBED)


@group.computed("unseenCount")
def unseen(shown: Shown) -> int:
    """How many posts came since the caller last looked."""
    call = shown.view.call
    seen = shown.entity.state.get(_SEEN, {}).get(call.caller.user_id, "")
    return sum(1 for post in _posts(shown.entity) if str(post["receivedDateTime"]) > seen)


@group.operation("addFavorite")
def add_favourite(call: Call, target: Target) -> Answer:
    return _mark(call, target, _FAVOURITES, wanted=True)


@group.operation("removeFavorite")
def remove_favourite(call: Call, target: Target) -> Answer:
    return _mark(call, target, _FAVOURITES, wanted=False)


@group.operation("subscribeByMail")
def subscribe(call: Call, target: Target) -> Answer:
    """Posts come to the caller's inbox from now on."""
    return _mark(call, target, SUBSCRIBED, wanted=True)


@group.operation("unsubscribeByMail")
def unsubscribe(call: Call, target: Target) -> Answer:
    return _mark(call, target, SUBSCRIBED, wanted=False)


@group.operation("resetUnseenCount")
def reset_unseen(call: Call, target: Target) -> Answer:
    latest = max((str(post["receivedDateTime"]) for post in _posts(target.thing)), default="")
    target.thing.state.setdefault(_SEEN, {})[call.caller.user_id] = latest
    return NO_CONTENT


@group.operation("renew")
def renew(call: Call, target: Target) -> Answer:
    """Begin the group's lifetime anew."""
    target.thing.update({"renewedDateTime": call.stamp})
    return NO_CONTENT


@group.operation("retryServiceProvisioning")
def retry_provisioning(_: Call, target: Target) -> Answer:
    target.thing.update({"serviceProvisioningErrors": []})
    return NO_CONTENT


@group.operation("validateProperties")
def validate(call: Call, target: Target) -> Answer:
    """Whether the group might be given these names."""
    body = call.json
    nickname = body.get("mailNickname")
    is_own = str(nickname).lower() == str(target.thing.get("mailNickname")).lower()
    wrong = problems(call.tenant, body.get("displayName"), nickname, call.me, is_team=not is_own)
    if wrong:
        raise Unprocessable(wrong)
    return NO_CONTENT


@group.operation("checkGrantedPermissionsForApp")
def granted(call: Call, target: Target) -> Answer:
    """The permissions that the calling app has within this group."""
    mine = (one for one in target.thing.set_of("permissionGrants") if one.get("clientAppId") == call.caller.app_id)
    value = [{name: one.get(name) for name in one.kind.properties} for one in mine]
    head = f"{call.root}/$metadata#Collection(microsoft.graph.resourceSpecificPermissionGrant)"
    return Answer({"@odata.context": head, "value": value})


@group.operation("assignLicense")
def assign_license(call: Call, target: Target) -> Answer:
    """Give the group's members licences; Graph takes the order and carries it out later."""
    given = arguments(call, target)
    for name in ("addLicenses", "removeLicenses"):
        if not isinstance(given.get(name), list):
            raise target.dialect.bad_body(f"The parameter '{name}' is required and must be a collection.")
    assign_to_group(call.tenant, target.thing, given["addLicenses"], given["removeLicenses"], call.stamp)
    return shown_entity(target.service, call, target, status=202)


@group.collection_operation("delta")
def delta(call: Call, target: Target) -> Answer:
    """Changes of groups, with the members and owners that came and went."""
    return deltas.delta(target.service, call, target, deltas.DeltaRules(live=member_changes("members", "owners")))


def _posts(entity: Entity) -> list[Entity]:
    """What was written to a group."""
    return [post for thread in threads_of(entity) for post in thread.set_of("posts")]


def _has(shown: Shown, name: str) -> bool:
    return shown.view.call.caller.user_id in shown.entity.state.get(name, ())


def _mark(call: Call, target: Target, name: str, *, wanted: bool) -> Answer:
    """Remember something of the caller that concerns the group."""
    people: set[str | None] = target.thing.state.setdefault(name, set())
    if wanted:
        people.add(call.caller.user_id)
    else:
        people.discard(call.caller.user_id)
    return NO_CONTENT
