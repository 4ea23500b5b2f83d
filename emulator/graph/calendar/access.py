"""Who but its owner may look into a calendar, and what they see there."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from emulator.faults import MailboxDenied
from emulator.graph.calendar.errors import InvalidCalendarRequest
from emulator.graph.calendar.state import Agenda, agenda_of, calendar_of, has_calendar
from emulator.graph.engine.call import Call
from emulator.graph.engine.permits import has_any
from emulator.schema import schema
from emulator.store import Entity, Items
from emulator.tenant import Person, Tenant

_LADDER = (
    "none", "freeBusyRead", "limitedRead", "read", "write", "delegateWithoutPrivateEventAccess",
    "delegateWithPrivateEventAccess",
)  # fmt: skip
_EVERYBODY_ROLES = list(_LADDER[:5])
_INSIDE_ROLES = list(_LADDER[1:])
_OUTSIDE_ROLES = list(_LADDER[1:4])
_EVERYBODY = base64.b64encode(b"Default").decode()
_PERMISSIONS = "calendarPermissions"
_READERS = ("Calendars.Read", "Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared",
            "Group.Read.All", "Group.ReadWrite.All")  # fmt: skip
# What a basic permission leaves out of an event.
NOT_BASIC = frozenset({"body", "bodyPreview"})
# All that one sees of an event whose time alone is one's business.
_TIMES = frozenset({"id", "start", "end", "showAs", "isAllDay", "sensitivity", "type", "subject", "changeKey",
                    "createdDateTime", "lastModifiedDateTime", "seriesMasterId", "originalStartTimeZone",
                    "originalEndTimeZone", "isCancelled", "organizer"})  # fmt: skip
_TITLES = _TIMES | {"location", "locations"}


def opened(call: Call, owner: Entity) -> Agenda:
    """The agenda of a person or group, if the caller may see any of it."""
    agenda = agenda_of(call.tenant, owner)
    if not any(_may(call, agenda, calendar) for calendar in agenda.calendars):
        raise MailboxDenied
    return agenda


def require(call: Call, calendar: Entity) -> None:
    """Refuse a calendar that was not shared with the caller, or not for writing."""
    if not _may(call, _agenda(calendar), calendar):
        raise MailboxDenied


def visible_calendars(call: Call, agenda: Agenda) -> Items | list[Entity]:
    """The calendars of a mailbox that the caller may look into."""
    if _is_open(call, agenda):
        return agenda.calendars
    return [calendar for calendar in agenda.calendars if _may(call, agenda, calendar)]


def seen_of(call: Call, event: Entity) -> frozenset[str] | None:
    """The properties of an event that the caller sees; None means all."""
    calendar = calendar_of(event)
    agenda = _agenda(calendar)
    if _is_open(call, agenda):
        return None
    role = role_of(call.tenant, call.me, calendar)
    if is_private(event) and role != _LADDER[-1]:
        return _TIMES
    return _TITLES if role == "limitedRead" else None


def is_hidden(call: Call, event: Entity) -> bool:
    """Whether the caller only learns that there is something private."""
    return is_private(event) and seen_of(call, event) is not None


def is_private(event: Entity) -> bool:
    """Whether its owner keeps it from those who share the calendar."""
    return event.get("sensitivity") in {"private", "personal", "confidential"}


def is_basic(call: Call) -> bool:
    """Whether the caller's permission is for the bare events."""
    return not has_any(call, *_READERS)


def permissions_of(calendar: Entity) -> Items:
    """Who may do what with a calendar; the first row is for everybody in the organization."""
    rows = calendar.set_of(_PERMISSIONS)
    if rows.get(_EVERYBODY) is None:
        values = {
            "id": _EVERYBODY,
            "isRemovable": False,
            "isInsideOrganization": True,
            "role": "freeBusyRead",
            "allowedRoles": _EVERYBODY_ROLES,
            "emailAddress": {"name": "My Organization"},
        }
        rows.place(Entity(schema().kind("calendarPermission"), values, calendar.changes))
    return rows


def share(tenant: Tenant, calendar: Entity, address: Mapping[str, Any], role: str) -> Entity:
    """Give somebody a role in a calendar; a colleague who may read it finds it among their own calendars."""
    email = str(address.get("address") or "")
    if not email:
        raise InvalidCalendarRequest("The emailAddress of a calendar permission is needed.")
    person = tenant.by_address(email)
    roles = _INSIDE_ROLES if person is not None else _OUTSIDE_ROLES
    _check_role(role, roles)
    rows = permissions_of(calendar)
    row = next((one for one in rows if _names(one, tenant, person, email)), None)
    if row is None:
        name = address.get("name") or (person.display_name if person else email)
        values = {
            "id": _row_id(person, email),
            "isRemovable": True,
            "isInsideOrganization": person is not None,
            "role": role,
            "allowedRoles": roles,
            "emailAddress": {"name": name, "address": email},
        }
        row = rows.add(tenant.store.entity(schema().kind("calendarPermission"), values))
    else:
        row.update({"role": role})
    _appear(tenant, calendar, person, role)
    return row


def change_role(tenant: Tenant, row: Entity, role: str) -> None:
    """Give a row of a calendar's permissions another role."""
    _check_role(role, row["allowedRoles"] or _INSIDE_ROLES)
    row.update({"role": role})
    if row.owner is not None and row.get("isRemovable"):
        _appear(tenant, row.owner, _person(tenant, row), role)


def unshare(tenant: Tenant, row: Entity) -> None:
    """Take a row away; the one for everybody stays."""
    if row.get("isRemovable") is False or row.owner is None or row.items is None:
        raise InvalidCalendarRequest("This calendar permission can't be removed.")
    row.items.discard(row)
    _appear(tenant, row.owner, _person(tenant, row), "none")


def role_of(tenant: Tenant, person: Person | None, calendar: Entity) -> str:
    """What somebody may do with a calendar."""
    owner = calendar.owner
    if person is None or person is owner:
        return _LADDER[-1]
    mailbox = tenant.mailboxes.get(owner.id) if owner is not None else None
    grant = mailbox.grants.get(person.id) if mailbox is not None else None
    if grant is not None and grant.full_access:
        return _LADDER[-1]
    rows = permissions_of(calendar)
    own = next((row for row in rows if _person(tenant, row) is person), None)
    found = own or rows.get(_EVERYBODY)
    return str(found["role"]) if found is not None else "none"


def allowed_roles(tenant: Tenant, address: str) -> list[str]:
    """The roles that a calendar's owner may give to an address."""
    return _INSIDE_ROLES if tenant.by_address(address) is not None else _OUTSIDE_ROLES


def at_least(role: str, wanted: str) -> bool:
    """Whether a role is no lower than another."""
    return role in _LADDER and _LADDER.index(role) >= _LADDER.index(wanted)


def _may(call: Call, agenda: Agenda, calendar: Entity) -> bool:
    if _is_open(call, agenda):
        return True
    wanted = "limitedRead" if call.method == "GET" else "write"
    return at_least(role_of(call.tenant, call.me, calendar), wanted)


def _is_open(call: Call, agenda: Agenda) -> bool:
    """One's own agenda, any for an app, and a group's, where the permission decides alone."""
    return call.me is None or call.me is agenda.owner or not isinstance(agenda.owner, Person)


def _agenda(calendar: Entity) -> Agenda:
    owner = calendar.owner
    assert owner is not None  # noqa: S101 - every calendar lies in a mailbox
    found: Agenda = owner.state["agenda"]
    return found


def _appear(tenant: Tenant, calendar: Entity, person: Person | None, role: str) -> None:
    """Show a calendar among those of whom it is shared with, as long as it is."""
    if person is None or not has_calendar(tenant, person) or person is calendar.owner:
        return
    agenda = agenda_of(tenant, person)
    known = next((one for one in agenda.calendars if one.state.get("source") is calendar), None)
    if not at_least(role, "limitedRead"):
        if known is not None:
            agenda.calendars.discard(known)
        return
    rights = {"canEdit": at_least(role, "write"), "canViewPrivateItems": role == _LADDER[-1], "canShare": False}
    if known is not None:
        agenda.rename(known, rights)
        return
    owner = _agenda(calendar)
    name = str(owner.address["name"]) if calendar is owner.default else str(calendar["name"])
    names = {str(one["name"]).lower() for one in agenda.calendars}
    shared = agenda.add_calendar(
        name if name.lower() not in names else f"{name} ({owner.address['address']})",
        group=agenda.people,
        owner=owner.address,
        **rights,
    )
    shared.state["source"] = calendar


def _check_role(role: str, roles: list[str]) -> None:
    if role not in roles:
        raise InvalidCalendarRequest(f"The role '{role}' isn't allowed here; allowed roles: {', '.join(roles)}.")


def _person(tenant: Tenant, row: Entity) -> Person | None:
    return tenant.by_address(str((row.get("emailAddress") or {}).get("address") or ""))


def _names(row: Entity, tenant: Tenant, person: Person | None, email: str) -> bool:
    if person is not None:
        return _person(tenant, row) is person
    return str((row.get("emailAddress") or {}).get("address") or "").lower() == email.lower()


def _row_id(person: Person | None, email: str) -> str:
    text = f"ExchangePublishedUser.{email}" if person is None else f"/o=ExchangeLabs/cn=Recipients/cn={person.id}"
    return base64.urlsafe_b64encode(text.encode()).decode()
