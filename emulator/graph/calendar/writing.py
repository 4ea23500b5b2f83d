"""What a caller writes of an event, made into what Exchange keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import quote

from emulator.graph.calendar.errors import InvalidRecurrence
from emulator.graph.calendar.series import Occurrence, check_neighbours, is_series, remember, repeated, restart, span_of
from emulator.graph.calendar.state import Agenda, home_of, master_of
from emulator.graph.calendar.times import Span, read_span, shown_time
from emulator.store import Entity

NEVER = "0001-01-01T00:00:00Z"
NOT_YET = {"response": "none", "time": NEVER}
ORGANIZER = {"response": "organizer", "time": NEVER}
# What Exchange says of an event, whatever a caller would like it to say.
FIXED = frozenset(
    {
        "id", "changeKey", "createdDateTime", "lastModifiedDateTime", "bodyPreview", "hasAttachments",
        "iCalUId", "isCancelled", "isDraft", "isOrganizer", "onlineMeeting", "onlineMeetingUrl", "organizer",
        "originalStart", "originalStartTimeZone", "originalEndTimeZone", "responseStatus", "seriesMasterId",
        "type", "webLink", "cancelledOccurrences",
    }
)  # fmt: skip
USUAL: Mapping[str, Any] = {
    "subject": "",
    "importance": "normal",
    "sensitivity": "normal",
    "showAs": "busy",
    "isAllDay": False,
    "isCancelled": False,
    "isDraft": False,
    "isReminderOn": True,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "allowNewTimeProposals": True,
    "hideAttendees": False,
    "isOnlineMeeting": False,
    "onlineMeetingProvider": "unknown",
    "onlineMeeting": None,
    "onlineMeetingUrl": None,
    "transactionId": None,
    "recurrence": None,
    "seriesMasterId": None,
    "categories": [],
    "attendees": [],
    "location": {},
    "locations": [],
    "type": "singleInstance",
}
_TIMES = frozenset({"start", "end", "isAllDay", "recurrence"})
_PLACES = frozenset({"location", "locations"})
_ONLINE = frozenset({"isOnlineMeeting", "onlineMeetingProvider"})
_TEAMS = "teamsForBusiness"


def created(
    agenda: Agenda, given: Mapping[str, Any], calendar: Entity, now: datetime, *, quietly: bool = False
) -> Entity:
    """A new event of the agenda's owner, with everything that was not said as Exchange would have it."""
    wanted = {name: value for name, value in given.items() if name not in FIXED}
    times, span = _times(wanted, None, now)
    values = {
        **USUAL,
        **{name: value for name, value in wanted.items() if value is not None and name not in _TIMES},
        **times,
        **_places(wanted),
        "body": html_body(wanted.get("body")),
        "attendees": _attendees(agenda, wanted.get("attendees") or (), ()),
        "organizer": {"emailAddress": agenda.address},
        "isOrganizer": True,
        "responseStatus": ORGANIZER,
    }
    event = agenda.new_event(values, {"span": span}, calendar, now)
    event.values |= _online(agenda, event, wanted)
    return agenda.hold(event, quietly=quietly)


def changed(event: Entity, given: Mapping[str, Any], now: datetime) -> frozenset[str]:
    """Apply a change to an event or an occurrence; says what is different now."""
    agenda = home_of(event)
    wanted = {name: value for name, value in given.items() if name not in FIXED}
    times, span = _times(wanted, event, now) if _TIMES & set(wanted) else ({}, None)
    values = {name: value for name, value in wanted.items() if name not in _TIMES} | times | _places(wanted)
    if "body" in wanted:
        values["body"] = html_body(wanted["body"])
    if "attendees" in wanted:
        values["attendees"] = _attendees(agenda, wanted["attendees"] or (), event.get("attendees"))
    values |= _online(agenda, event, wanted, values.get("body"))
    different = {name for name, value in values.items() if event.get(name) != value}
    if span is not None and span != span_of(event):
        different |= {"start", "end"}
        _retime(event, span)
    if different & {"start", "recurrence"} and not isinstance(event, Occurrence):
        _begin_anew(event, values)
    agenda.revise(event, values, now)
    return frozenset(different)


def html_body(body: Mapping[str, Any] | None) -> dict[str, str]:
    """A text as Exchange keeps it: HTML is always a whole document."""
    content = str((body or {}).get("content") or "")
    if body is not None and body.get("contentType") == "text":
        return {"contentType": "text", "content": content}
    if content and "<html" not in content.lower():
        head = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
        content = f"<html>\r\n<head>\r\n{head}\r\n</head>\r\n<body>\r\n{content}\r\n</body>\r\n</html>\r\n"
    return {"contentType": "html", "content": content}


def attendee(address: Mapping[str, Any], kind: str = "required") -> dict[str, Any]:
    """Somebody invited who has not answered."""
    return {"type": kind, "status": dict(NOT_YET), "emailAddress": dict(address)}


def address_of(recipient: Mapping[str, Any] | None) -> str:
    """The address of an attendee, organizer or recipient, to compare it with others."""
    return str(((recipient or {}).get("emailAddress") or {}).get("address") or "").strip().lower()


def place(name: str, email: str | None = None) -> dict[str, Any]:
    """A location, a room if it has a mailbox."""
    if email is None:
        return {"displayName": name, "locationType": "default", "uniqueId": name, "uniqueIdType": "private"}
    room = {"locationType": "conferenceRoom", "uniqueId": email, "uniqueIdType": "directory"}
    return {"displayName": name, "locationEmailAddress": email, **room}


def online_meeting(agenda: Agenda, number: int) -> dict[str, Any]:
    """The address and number under which people join; made up, but the same each time."""
    digest = hashlib.sha256(f"{agenda.owner.id}/{number}".encode()).hexdigest()
    thread = quote(f"19:meeting_{digest[:48]}@thread.v2", safe="")
    context = quote(f'{{"Tid":"{agenda.tenant.id}","Oid":"{agenda.owner.id}"}}', safe="")
    return {
        "joinUrl": f"https://teams.microsoft.com/l/meetup-join/{thread}/0?context={context}",
        "conferenceId": str(int(digest[48:58], 16) % 900_000_000 + 100_000_000),
        "tollNumber": f"+49 421 555 {int(digest[58:], 16) % 9000 + 1000}",
    }


def _retime(event: Entity, span: Span) -> None:
    if isinstance(event, Occurrence):
        check_neighbours(event, span)
    remember(event)
    event.state["span"] = span


def _begin_anew(event: Entity, values: Mapping[str, Any]) -> None:
    """A series with another time or pattern has no exceptions yet."""
    remember(event)
    event.values["recurrence"] = values["recurrence"]
    if is_series(event):
        restart(event)


def _times(wanted: Mapping[str, Any], old: Entity | None, now: datetime) -> tuple[dict[str, Any], Span]:
    all_day = bool(_given(wanted, old, "isAllDay"))
    before = span_of(old) if old is not None else None
    start, end = wanted.get("start"), wanted.get("end")
    if before is not None and old is not None:
        start = start or _as_written(before.start, str(old.get("originalStartTimeZone")), before)
        end = end or _as_written(before.end, str(old.get("originalEndTimeZone")), before)
    span = read_span(start, end, now, all_day=all_day)
    zones = (str((zoned or {}).get("timeZone") or "UTC") for zoned in (start, end or start))
    values: dict[str, Any] = dict(zip(("originalStartTimeZone", "originalEndTimeZone"), zones, strict=True))
    values["isAllDay"] = all_day
    if isinstance(old, Occurrence):
        if wanted.get("recurrence"):
            raise InvalidRecurrence("An occurrence of a series cannot recur itself.")
        return values, span
    recurrence = _given(wanted, old, "recurrence")
    if recurrence is None:
        return {**values, "recurrence": None, "type": "singleInstance"}, span
    complete, span = repeated(_moved_range(recurrence, wanted, span), span, values["originalStartTimeZone"])
    return {**values, "recurrence": complete, "type": "seriesMaster"}, span


def _moved_range(recurrence: Mapping[str, Any], wanted: Mapping[str, Any], span: Span) -> dict[str, Any]:
    """A series whose start moves to another day begins on that day, unless the caller says when."""
    if "recurrence" in wanted or "start" not in wanted:
        return dict(recurrence)
    return {**recurrence, "range": {**recurrence["range"], "startDate": span.start.date().isoformat()}}


def _given(wanted: Mapping[str, Any], old: Entity | None, name: str) -> Any:  # noqa: ANN401 - JSON values
    if name in wanted:
        return wanted[name]
    return old.get(name) if old is not None else None


def _as_written(found: datetime, zone_name: str, span: Span) -> dict[str, str]:
    return shown_time(found, zone_name, all_day=span.is_all_day)


def _places(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """One place is also the first of all, and several are told in one line."""
    if not _PLACES & set(wanted):
        return {}
    several = [_place(one) for one in wanted.get("locations") or ()]
    one = wanted.get("location")
    if several:
        names = "; ".join(str(place["displayName"]) for place in several)
        first = several[0] if len(several) == 1 else place(str((one or {}).get("displayName") or names))
        return {"location": first, "locations": several}
    if not one or not one.get("displayName"):
        return {"location": {}, "locations": []}
    found = _place(one)
    return {"location": found, "locations": [found]}


def _place(given: Mapping[str, Any]) -> dict[str, Any]:
    name = str(given.get("displayName") or "")
    known = place(name, given.get("locationEmailAddress") or None)
    return {**known, **{key: value for key, value in given.items() if value is not None}}


def _attendees(
    agenda: Agenda, given: Sequence[Mapping[str, Any]], known: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Those invited, each once, with the answers that they have given."""
    answered = {address_of(one): one for one in known}
    found: dict[str, dict[str, Any]] = {}
    for one in given:
        email = one.get("emailAddress") or {}
        person = agenda.tenant.by_address(str(email.get("address") or ""))
        name = email.get("name") or (person.display_name if person else email.get("address"))
        fresh = attendee({"name": name, "address": email.get("address")}, one.get("type") or "required")
        before = answered.get(address_of(one), {})
        kept = {key: before[key] for key in ("status", "proposedNewTime") if before.get(key)}
        found[address_of(one)] = {**fresh, **kept}
    return list(found.values())


def _online(agenda: Agenda, event: Entity, wanted: Mapping[str, Any], body: Any = None) -> dict[str, Any]:  # noqa: ANN401
    """A meeting that becomes an online one gets an address to join, in its text too; it never loses it again."""
    if not _ONLINE & set(wanted):
        return {}
    if event.get("onlineMeeting") is not None:
        return {"isOnlineMeeting": True, "onlineMeetingProvider": _TEAMS}
    if not wanted.get("isOnlineMeeting"):
        return {"isOnlineMeeting": False, "onlineMeetingProvider": "unknown"}
    info = online_meeting(agenda, master_of(event).state["number"])
    return {
        "isOnlineMeeting": True,
        "onlineMeetingProvider": _TEAMS,
        "onlineMeeting": info,
        "body": _with_link(body or event.get("body"), info),
    }


def _with_link(body: Mapping[str, str], info: Mapping[str, Any]) -> dict[str, str]:
    line = "_" * 80
    url, number = info["joinUrl"], info["conferenceId"]
    if body["contentType"] == "text":
        lines = (body["content"], line, "Microsoft Teams meeting", url, f"ID: {number}#", "")
        return {"contentType": "text", "content": "\r\n".join(lines)}
    block = (
        f'<div>{line}</div><div>Microsoft Teams meeting</div><div><a href="{escape(url)}">Join the meeting</a></div>'
        f"<div>ID: {number}#</div>"
    )
    whole = body["content"] or html_body({"content": "<p></p>"})["content"]
    head, mark, tail = whole.rpartition("</body>")
    return {"contentType": "html", "content": f"{head}{block}{mark}{tail}"}
