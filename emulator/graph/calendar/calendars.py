"""The calendar workload, to which its modules add what they know: calendars, their groups, and who shares them."""

from __future__ import annotations

from emulator.faults import ItemNotFound
from emulator.graph.calendar.access import (
    allowed_roles,
    change_role,
    opened,
    permissions_of,
    require,
    share,
    unshare,
    visible_calendars,
)
from emulator.graph.calendar.errors import DistinguishedFolder, InvalidCalendarArgument, InvalidCalendarRequest
from emulator.graph.calendar.state import Agenda, agenda_of
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.dialects import EXCHANGE
from emulator.graph.engine.target import Target
from emulator.graph.engine.workload import Page, Workload
from emulator.store import Entity, Items, Slice

PAGE = Page(10, 1000)
_FIXED = frozenset(
    {
        "id", "changeKey", "owner", "canEdit", "canShare", "canViewPrivateItems", "isDefaultCalendar", "isRemovable",
        "allowedOnlineMeetingProviders", "isTallyingResponses",
    }
)  # fmt: skip

calendars = Workload("calendar", EXCHANGE)
user = calendars.type("user", own=("findMeetingTimes", "reminderView"))
group = calendars.type("group")
calendar = calendars.type(
    "calendar",
    default=(
        "id", "name", "color", "hexColor", "isDefaultCalendar", "changeKey", "canShare", "canViewPrivateItems",
        "canEdit", "allowedOnlineMeetingProviders", "defaultOnlineMeetingProvider", "isTallyingResponses",
        "isRemovable", "owner",
    ),
    fixed=_FIXED,
    required=("name",),
    page=PAGE,
)  # fmt: skip
calendar_group = calendars.type(
    "calendarGroup", default=("id", "name", "classId", "changeKey"), required=("name",), page=PAGE
)
permission = calendars.type(
    "calendarPermission", page=PAGE, fixed=frozenset({"allowedRoles", "isInsideOrganization", "isRemovable"})
)


def home(call: Call, target: Target) -> Agenda:
    """The agenda of whoever a path begins with."""
    owner = target.home
    assert owner is not None  # noqa: S101 - calendars are reached through people and groups only
    return agenda_of(call.tenant, owner)


def source_of(found: Entity) -> Entity:
    """The calendar itself, where one only sees what somebody shares."""
    source: Entity = found.state.get("source") or found
    return source


@user.navigation("calendar")
def default_calendar(call: Call, owner: Entity) -> Entity:
    """The one that every mailbox has; anybody may ask it for free and busy times."""
    if call.path.rpartition(".")[2].lower().endswith("getschedule"):
        return agenda_of(call.tenant, owner).default
    agenda = opened(call, owner)
    require(call, agenda.default)
    return agenda.default


@group.navigation("calendar")
def group_calendar(call: Call, owner: Entity) -> Entity:
    """The only one of a group."""
    return agenda_of(call.tenant, owner).default


@user.navigation("calendars")
def calendars_of(call: Call, owner: Entity) -> Items | list[Entity]:
    """One's own calendars and those that others share."""
    return visible_calendars(call, opened(call, owner))


@user.navigation("calendarGroups")
def calendar_groups_of(call: Call, owner: Entity) -> Items:
    """The groups that a mailbox sorts its calendars into."""
    agenda = opened(call, owner)
    require(call, agenda.default)
    return agenda.groups


@calendar_group.navigation("calendars")
def calendars_in(call: Call, owner: Entity) -> Slice:
    """The calendars of one group."""
    assert owner.owner is not None  # noqa: S101 - every group of calendars lies in a mailbox
    return agenda_of(call.tenant, owner.owner).calendars_in(owner)


@calendar.navigation("calendarPermissions")
def permissions_in(call: Call, owner: Entity) -> Items:
    """Who may do what with a calendar."""
    found = source_of(owner)
    require(call, found)
    return permissions_of(found)


@calendar.hook("create")
def create_calendar(call: Call, target: Target, values: Values) -> Entity:
    """A further calendar, in the group that the path names or among one's own."""
    agenda = home(call, target)
    inside = target.owner if target.owner in agenda.groups else None
    given = {key: value for key, value in values.items() if key not in _FIXED and key != "name" and value is not None}
    return agenda.add_calendar(values["name"], inside, **given)


@calendar.hook("update")
def update_calendar(call: Call, entity: Entity, values: Values) -> None:
    """A new name or colour."""
    assert entity.owner is not None  # noqa: S101 - every calendar lies in a mailbox
    given = {key: value for key, value in values.items() if key not in _FIXED}
    if values.get("isDefaultCalendar"):
        raise InvalidCalendarRequest("The default calendar can't be changed.")
    agenda_of(call.tenant, entity.owner).rename(entity, given)


@calendar.hook("delete")
def delete_calendar(call: Call, entity: Entity, _: Target) -> None:
    """Any calendar but those that every mailbox has."""
    if not entity.get("isRemovable"):
        raise DistinguishedFolder
    assert entity.owner is not None  # noqa: S101 - every calendar lies in a mailbox
    agenda_of(call.tenant, entity.owner).remove_calendar(entity)


@calendar.operation("permanentDelete")
def delete_for_good(call: Call, target: Target) -> Answer:
    """The same, and nothing is left to recover."""
    delete_calendar(call, target.thing, target)
    return Answer(status=204)


@calendar.operation("allowedCalendarSharingRoles")
def sharing_roles(call: Call, target: Target) -> Answer:
    """The roles that a calendar may be shared with somebody for."""
    body = {"@odata.context": f"{call.root}/$metadata#Collection(microsoft.graph.calendarRoleType)"}
    return Answer({**body, "value": allowed_roles(call.tenant, target.arguments.get("user", ""))})


@calendar_group.hook("create")
def create_group(call: Call, target: Target, values: Values) -> Entity:
    """A further group of calendars."""
    return home(call, target).add_group(values["name"])


@calendar_group.hook("update")
def update_group(call: Call, entity: Entity, values: Values) -> None:
    """Another name."""
    assert entity.owner is not None  # noqa: S101 - every group of calendars lies in a mailbox
    agenda_of(call.tenant, entity.owner).rename(entity, {key: values[key] for key in ("name",) if key in values})


@calendar_group.hook("delete")
def delete_group(_: Call, entity: Entity, target: Target) -> None:
    """Only an empty one, and none of those that every mailbox has."""
    if entity.state.get("is_permanent") or entity.items is None:
        raise DistinguishedFolder
    assert entity.owner is not None  # noqa: S101 - every group of calendars lies in a mailbox
    agenda: Agenda = entity.owner.state["agenda"]
    if len(agenda.calendars_in(entity)):
        raise InvalidCalendarRequest("The calendar group isn't empty.")
    entity.items.discard(entity)


@permission.hook("create")
def create_permission(call: Call, target: Target, values: Values) -> Entity:
    """Share a calendar with somebody."""
    assert target.owner is not None  # noqa: S101 - permissions are those of a calendar
    role = values.get("role")
    if not role:
        raise InvalidCalendarArgument("The role of a calendar permission is needed.")
    return share(call.tenant, source_of(target.owner), values.get("emailAddress") or {}, role)


@permission.hook("update")
def update_permission(call: Call, entity: Entity, values: Values) -> None:
    """Another role; whose it is cannot change."""
    if values.get("role"):
        change_role(call.tenant, entity, values["role"])


@permission.hook("delete")
def delete_permission(call: Call, entity: Entity, _: Target) -> None:
    """Share it no more."""
    unshare(call.tenant, entity)


@permission.hook("find")
def find_permission(_: Call, target: Target, key: str) -> Entity | None:
    """By id; there is nothing else to ask for."""
    found = target.members.get(key) if isinstance(target.members, Items) else None
    if found is None and isinstance(target.members, Items):
        raise ItemNotFound
    return found
