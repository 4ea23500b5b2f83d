"""What a mailbox keeps as its calendar: the calendars, their groups, and all events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from emulator.faults import MailboxMissing
from emulator.graph.calendar.errors import CalendarExists
from emulator.graph.calendar.ids import Numbers, read_occurrence_id
from emulator.graph.calendar.series import Event, Occurrence, occurrence_on
from emulator.graph.calendar.times import iso
from emulator.schema import schema
from emulator.store import Entity, Slice
from emulator.tenant import Person, Tenant

# The three groups that every mailbox has, by names and class ids that are the same in all of them.
_GROUPS = (
    ("My Calendars", "0006f0b7-0000-0000-c000-000000000046"),
    ("Other Calendars", "0006f0b8-0000-0000-c000-000000000046"),
    ("People's Calendars", "0006f0b9-0000-0000-c000-000000000046"),
)
_TEAMS = "teamsForBusiness"
_AGENDA, _FILLERS = "agenda", "agenda_fillers"
_UNIFIED = "Unified"
Filler: TypeAlias = "Callable[[Agenda], None]"


class Agenda:
    """The calendars of one mailbox, a person's or a group's, and all events in them.

    `keeps_declined` is the mailbox setting that leaves declined meetings in the calendar.
    """

    def __init__(self, tenant: Tenant, owner: Entity) -> None:
        self.tenant = tenant
        self.owner = owner
        self.numbers = Numbers(tenant.id, owner.id)
        self.events = owner.set_of("events")
        self.calendars = owner.set_of("calendars")
        self.groups = owner.set_of("calendarGroups")
        self.by_uid: dict[str, Entity] = {}
        self.by_immutable_id: dict[str, Entity] = {}
        self.by_transaction: dict[str, Entity] = {}
        self.keeps_declined = False
        self.own, self.others, self.people = (self._place_group(*group) for group in _GROUPS)
        self.default = self.place_calendar("Calendar", isDefaultCalendar=True, isRemovable=False)
        self.birthdays = self.place_calendar("Birthdays", group=self.others, isRemovable=False, canEdit=False)

    @property
    def address(self) -> dict[str, str | None]:
        """The owner as a correspondent."""
        address = self.owner.get("mail") or self.owner.get("userPrincipalName")
        return {"name": self.owner.get("displayName"), "address": address}

    def place_calendar(self, name: str, group: Entity | None = None, **values: Any) -> Entity:  # noqa: ANN401
        """A calendar that was there all along."""
        return self.calendars.place(self._calendar(name, group, values))

    def add_calendar(self, name: str, group: Entity | None = None, **values: Any) -> Entity:  # noqa: ANN401
        """A new calendar; two of one name cannot lie in one mailbox."""
        self._refuse_twin(name, self.calendars)
        return self.calendars.add(self._calendar(name, group, values))

    def add_group(self, name: str) -> Entity:
        """A new group of calendars."""
        self._refuse_twin(name, self.groups)
        return self.groups.add(self._group(name, None))

    def rename(self, thing: Entity, values: Mapping[str, Any]) -> None:
        """Change a calendar, or a group of them."""
        name = values.get("name")
        if isinstance(name, str) and name.lower() != str(thing.get("name")).lower():
            self._refuse_twin(name, self.groups if thing in self.groups else self.calendars)
        thing.update({**values, "changeKey": self.numbers.change_key()})

    def remove_calendar(self, calendar: Entity) -> None:
        """Take a calendar away, with all that is in it."""
        for event in self.in_calendar(calendar):
            self.forget(event)
        self.calendars.discard(calendar)

    def calendars_in(self, group: Entity) -> Slice:
        """The calendars of a group."""
        return Slice(self.calendars, lambda calendar: calendar.state.get("group") is group)

    def in_calendar(self, calendar: Entity) -> Slice:
        """The events of a calendar: single ones and series, no occurrences."""
        return Slice(self.events, lambda event: event.state["calendar"] is calendar)

    def new_event(
        self, values: Mapping[str, Any], state: Mapping[str, Any], calendar: Entity, created: datetime, *, uid: str = ""
    ) -> Entity:
        """An event with its ids, held by nobody yet; one with a `uid` is a copy of somebody else's meeting."""
        number = self.numbers.next()
        stamp = iso(created)
        own = {
            "id": self.numbers.event(number),
            "createdDateTime": stamp,
            "lastModifiedDateTime": stamp,
            "changeKey": self.numbers.change_key(),
            "iCalUId": uid or self.numbers.uid(number, created),
        }
        event = Event(schema().kind("event"), {**own, **values}, self.events.changes)
        event.state |= {"number": number, "calendar": calendar, **state}
        return event

    def hold(self, event: Entity, *, quietly: bool = False) -> Entity:
        """Keep an event from now on; quietly, if it was there all along."""
        self.by_uid[event["iCalUId"]] = event
        self.by_immutable_id[self.numbers.immutable(event.state["number"])] = event
        if event.get("transactionId"):
            self.by_transaction[event["transactionId"]] = event
        held = self.events.place(event) if quietly else self.events.add(event)
        held.state["since"] = held.version
        return held

    def forget(self, event: Entity) -> None:
        """Let an event go."""
        self.by_uid.pop(event["iCalUId"], None)
        self.by_immutable_id.pop(self.numbers.immutable(event.state["number"]), None)
        self.by_transaction.pop(event.get("transactionId") or "", None)
        self.events.discard(event)

    def revise(self, event: Entity, values: Mapping[str, Any], now: datetime) -> None:
        """Change an event, or one occurrence of a series, which is an exception from then on."""
        event.values |= {**values, "changeKey": self.numbers.change_key(), "lastModifiedDateTime": iso(now)}
        if isinstance(event, Occurrence):
            event.except_from_series()
        event.touch()

    def find(self, key: str) -> Entity | None:
        """An event, or an occurrence of a series, by its id or its immutable id."""
        found = self.events.get(key) or self.by_immutable_id.get(key)
        named = None if found is not None else read_occurrence_id(key)
        if named is None:
            return found
        master = self.events.get(named[0]) or self.by_immutable_id.get(named[0])
        return occurrence_on(master, named[1]) if master is not None else None

    def immutable_id(self, event: Entity) -> str:
        """The id of an event that stays when it moves to another calendar."""
        return self.numbers.immutable(event.state["number"])

    def _calendar(self, name: str, group: Entity | None, values: Mapping[str, Any]) -> Entity:
        usual = {
            "id": self.numbers.folder(),
            "name": name,
            "color": "auto",
            "hexColor": "",
            "changeKey": self.numbers.change_key(),
            "isDefaultCalendar": False,
            "canShare": True,
            "canViewPrivateItems": True,
            "canEdit": True,
            "allowedOnlineMeetingProviders": [_TEAMS],
            "defaultOnlineMeetingProvider": _TEAMS,
            "isTallyingResponses": True,
            "isRemovable": True,
            "owner": self.address,
        }
        calendar = self.tenant.store.entity(schema().kind("calendar"), {**usual, **values})
        calendar.state["group"] = group or self.own
        return calendar

    def _group(self, name: str, class_id: str | None) -> Entity:
        values = {
            "id": self.numbers.folder(),
            "name": name,
            "classId": class_id or "00000000-0000-0000-0000-000000000000",
            "changeKey": self.numbers.change_key(),
        }
        return self.tenant.store.entity(schema().kind("calendarGroup"), values)

    def _place_group(self, name: str, class_id: str) -> Entity:
        group = self.groups.place(self._group(name, class_id))
        group.state["is_permanent"] = True
        return group

    def _refuse_twin(self, name: str, among: Iterable[Entity]) -> None:
        if any(str(other.get("name")).lower() == name.lower() for other in among):
            raise CalendarExists


def agenda_of(tenant: Tenant, owner: Entity) -> Agenda:
    """The agenda of a person or a Microsoft 365 group, opened when it is first asked for."""
    found: Agenda | None = owner.state.get(_AGENDA)
    if found is None:
        if not has_calendar(tenant, owner):
            raise MailboxMissing
        found = owner.state[_AGENDA] = Agenda(tenant, owner)
        for filler in owner.state.pop(_FILLERS, ()):
            filler(found)
    return found


def has_calendar(tenant: Tenant, owner: Entity) -> bool:
    """Whether there is a mailbox that keeps one."""
    return owner.id in tenant.mailboxes if isinstance(owner, Person) else _UNIFIED in owner.get("groupTypes")


def fill_later(owner: Entity, filler: Filler) -> None:
    """Have an agenda filled when somebody first looks at it."""
    owner.state.setdefault(_FILLERS, []).append(filler)


def calendar_of(event: Entity) -> Entity:
    """The calendar that an event lies in."""
    found: Entity = event.state["calendar"] if "calendar" in event.state else master_of(event).state["calendar"]
    return found


def master_of(event: Entity) -> Entity:
    """The series of an occurrence, or the event itself."""
    return event.master if isinstance(event, Occurrence) else event


def home_of(event: Entity) -> Agenda:
    """The agenda that keeps an event."""
    owner = event.owner
    assert owner is not None  # noqa: S101 - every event is kept by a mailbox
    found: Agenda = owner.state[_AGENDA]
    return found
