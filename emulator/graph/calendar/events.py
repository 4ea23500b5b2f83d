"""What Graph shows of events, and how a caller makes and changes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from emulator.faults import MailboxDenied
from emulator.graph.calendar.access import NOT_BASIC, is_basic, is_hidden, opened, require, seen_of
from emulator.graph.calendar.calendars import PAGE, calendar, calendars, group, home, source_of, user
from emulator.graph.calendar.filters import narrowed
from emulator.graph.calendar.ids import occurrence_id
from emulator.graph.calendar.meetings import Meeting, remove
from emulator.graph.calendar.post import event_of
from emulator.graph.calendar.series import Occurrence, cancelled, exceptions, original_start, span_of
from emulator.graph.calendar.state import Agenda, agenda_of, calendar_of, home_of, master_of
from emulator.graph.calendar.times import shown_time, wanted_zone
from emulator.graph.calendar.writing import FIXED, changed, created
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import Call
from emulator.graph.engine.query import Query
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown, View
from emulator.graph.mail.writing import bring_along
from emulator.html_text import html_to_text
from emulator.store import Entity, Items, Slice

_PREVIEW_CHARACTERS = 255
_UID_DATE = slice(32, 40)
_PRIVATE_SUBJECT = "Private Appointment"
_OWNER_LINK = "https://outlook.office365.com/owa/?itemid={}&exvsurl=1&path=/calendar/item"
_PARTS = ("attachments", "singleValueExtendedProperties", "multiValueExtendedProperties")

event = calendars.type(
    "event",
    default=(
        "id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "transactionId",
        "originalStartTimeZone", "originalEndTimeZone", "iCalUId", "reminderMinutesBeforeStart", "isReminderOn",
        "hasAttachments", "subject", "bodyPreview", "importance", "sensitivity", "isAllDay", "isCancelled",
        "isOrganizer", "responseRequested", "seriesMasterId", "showAs", "type", "webLink", "onlineMeetingUrl",
        "isOnlineMeeting", "onlineMeetingProvider", "allowNewTimeProposals", "isDraft", "hideAttendees",
        "responseStatus", "body", "start", "end", "location", "locations", "recurrence", "attendees", "organizer",
        "onlineMeeting",
    ),
    fixed=FIXED,
    page=PAGE,
)  # fmt: skip
invitation = calendars.type("eventMessage")


def _parts_seen(name: str, call: Call, owner: Entity) -> Items | list[Entity]:
    """What hangs on an event; a basic permission does not show it, nor does a calendar that shows times alone."""
    if is_basic(call):
        raise MailboxDenied
    if seen_of(call, owner) is not None:
        if call.method != "GET":
            raise MailboxDenied
        return []
    return _parts(owner, name) if call.method == "GET" else owner.set_of(name)


def _parts(entity: Entity, name: str) -> Items:
    """An occurrence has what its series has, until it has something of its own."""
    if isinstance(entity, Occurrence) and not entity.sets.get(name):
        return entity.master.set_of(name)
    return entity.set_of(name)


@user.navigation("events")
def events_of(call: Call, owner: Entity) -> Slice:
    """Those of the default calendar."""
    agenda = opened(call, owner)
    return agenda.in_calendar(agenda.default)


@group.navigation("events")
def group_events(call: Call, owner: Entity) -> Slice:
    """Those of a group's only calendar."""
    agenda = agenda_of(call.tenant, owner)
    return agenda.in_calendar(agenda.default)


@calendar.navigation("events")
def events_in(call: Call, owner: Entity) -> Slice:
    """Those of one calendar, which somebody else may share."""
    found = source_of(owner)
    require(call, found)
    assert found.owner is not None  # noqa: S101 - every calendar lies in a mailbox
    return agenda_of(call.tenant, found.owner).in_calendar(found)


@event.navigation("calendar")
def calendar_holding(_: Call, owner: Entity) -> Entity:
    """Where an event lies."""
    return calendar_of(owner)


@event.navigation("exceptionOccurrences")
def exceptions_of(_: Call, owner: Entity) -> list[Entity]:
    """The occurrences of a series that differ."""
    return [one for _, one in sorted(exceptions(owner).items())]


for _name in _PARTS:
    event.navigation(_name)(partial(_parts_seen, _name))


@invitation.navigation("event")
def event_behind(call: Call, owner: Entity) -> Entity | None:
    """What a meeting mail is about, in the reader's own calendar."""
    return event_of(call.tenant, owner)


@event.hook("find")
def find(call: Call, target: Target, key: str) -> Entity | None:
    """An event or an occurrence by either of its ids; a path that names a calendar reaches only what lies there."""
    place = target.owner
    agenda = _agenda_at(call, target)
    found = agenda.find(key)
    if found is None:
        return None
    if place is not None and place.kind.name.endswith(".calendar") and calendar_of(found) is not source_of(place):
        return None
    if isinstance(place, Entity) and place.kind.name.endswith(".event") and master_of(found) is not place:
        return None
    require(call, calendar_of(found))
    return found


@event.hook("check")
def check(call: Call, target: Target) -> None:
    """Refuse the extensions of an event of which others see the times alone."""
    navigation, owner = target.navigation, target.owner
    if navigation is None or navigation.name != "extensions" or owner is None or not owner.kind.name.endswith(".event"):
        return
    if seen_of(call, owner) is not None:
        raise MailboxDenied


@event.hook("etag")
def etag(entity: Entity) -> str:
    """The change key is the ETag."""
    return f'W/"{entity.get("changeKey")}"'


@event.hook("withheld")
def withheld(call: Call, _: Target) -> frozenset[str]:
    """What the basic permission leaves out."""
    return NOT_BASIC if is_basic(call) else frozenset()


@event.hook("shown")
def shown(call: Call, entity: Entity) -> frozenset[str] | None:
    """What somebody sees with whom a calendar is shared."""
    return seen_of(call, entity)


@event.hook("filters")
def read_filter(view: View, query: Query) -> Query:
    """Times in a filter are moments, in whatever way they were written."""
    return narrowed(query, wanted_zone(view.time_zone))


@event.hook("create")
def create(call: Call, target: Target, values: Values) -> Entity:
    """A new event, and an invitation for everybody whom it names; sent twice under one transaction id it is one."""
    agenda = _agenda_at(call, target)
    place = target.owner
    inside = source_of(place) if place is not None and place.kind.name.endswith(".calendar") else agenda.default
    known = agenda.by_transaction.get(str(values.get("transactionId") or ""))
    if known is not None:
        return known
    made = created(agenda, values, inside, call.now)
    bring_along(call, made, values)
    if made["attendees"]:
        Meeting(call.tenant, made, call.now).invite(made["attendees"])
    return made


@event.hook("update")
def update(call: Call, entity: Entity, values: Values) -> None:
    """A change; what the organizer changes reaches everybody invited."""
    before = list(entity.get("attendees"))
    different = changed(entity, values, call.now)
    bring_along(call, entity, values)
    if different and entity.get("isOrganizer") and (before or entity.get("attendees")):
        Meeting(call.tenant, entity, call.now).update(different, before)


@event.hook("delete")
def delete(call: Call, entity: Entity, _: Target) -> None:
    """Gone from this calendar; where the organizer does it, everybody invited learns that it is off."""
    if entity.get("isOrganizer") and entity.get("attendees"):
        Meeting(call.tenant, entity, call.now).cancel()
    else:
        remove(entity)


@event.computed("id")
def shown_id(shown: Shown) -> str:
    """The plain id, or the one that survives a move, as the caller prefers."""
    return _shown_id(shown, shown.entity)


@event.computed("seriesMasterId")
def series_id(shown: Shown) -> str | None:
    """The series of an occurrence."""
    entity = shown.entity
    return _shown_id(shown, entity.master) if isinstance(entity, Occurrence) else entity.get("seriesMasterId")


@event.computed("start")
def start(shown: Shown) -> dict[str, str]:
    """In the zone that the caller prefers."""
    span = span_of(shown.entity)
    return shown_time(span.start, wanted_zone(shown.view.time_zone), all_day=span.is_all_day)


@event.computed("end")
def end(shown: Shown) -> dict[str, str]:
    """In the zone that the caller prefers."""
    span = span_of(shown.entity)
    return shown_time(span.end, wanted_zone(shown.view.time_zone), all_day=span.is_all_day)


@event.computed("originalStart")
def first_meant(shown: Shown) -> str | None:
    """When the series has this occurrence, even if it was moved."""
    return original_start(shown.entity)


@event.computed("subject")
def subject(shown: Shown) -> str | None:
    """What is private has no subject for others."""
    return _PRIVATE_SUBJECT if is_hidden(shown.view.call, shown.entity) else shown.entity.get("subject")


@event.computed("body")
def body(shown: Shown) -> Mapping[str, Any]:
    """As HTML, or as plain text where the caller prefers it."""
    found: Mapping[str, Any] = shown.entity.get("body") or {"contentType": "html", "content": ""}
    if shown.view.wants_text and found["contentType"] == "html":
        return {"contentType": "text", "content": html_to_text(found["content"])}
    return found


@event.computed("bodyPreview")
def preview(shown: Shown) -> str:
    """The first words."""
    found = shown.entity.get("body") or {}
    text = found.get("content") or ""
    plain = html_to_text(text) if found.get("contentType") == "html" else text
    return re.sub(r"[ \t]+", " ", plain).strip()[:_PREVIEW_CHARACTERS]


@event.computed("hasAttachments")
def has_attachments(shown: Shown) -> bool:
    """Whether anything hangs on it that is no picture in the text."""
    return any(not attached.get("isInline") for attached in _parts(shown.entity, "attachments"))


@event.computed("webLink")
def web_link(shown: Shown) -> str:
    """Where a browser opens it."""
    return _OWNER_LINK.format(quote(shown.entity.id, safe=""))


@event.computed("iCalUId")
def uid(shown: Shown) -> str:
    """The same in all copies; that of an occurrence holds its day."""
    entity = shown.entity
    found = str(entity.get("iCalUId"))
    if not isinstance(entity, Occurrence):
        return found
    day = entity.day
    return f"{found[: _UID_DATE.start]}{day.year:04X}{day.month:02X}{day.day:02X}{found[_UID_DATE.stop :]}"


@event.computed("cancelledOccurrences")
def cancelled_occurrences(shown: Shown) -> list[str]:
    """The days on which a series does not take place."""
    entity = shown.entity
    if isinstance(entity, Occurrence):
        return []
    return [f"OID.{entity.id}.{day.isoformat()}" for day in sorted(cancelled(entity))]


def _shown_id(shown: Shown, entity: Entity) -> str:
    if not shown.view.wants_immutable_ids:
        return entity.id
    own = home_of(entity).immutable_id(master_of(entity))
    return occurrence_id(own, entity.day) if isinstance(entity, Occurrence) else own


def _agenda_at(call: Call, target: Target) -> Agenda:
    """Whose events a path is about: a shared calendar's are its owner's."""
    place = target.owner
    source = place.state.get("source") if place is not None else None
    if source is None or source.owner is None:
        return home(call, target)
    return agenda_of(call.tenant, source.owner)
