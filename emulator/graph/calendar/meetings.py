"""Meetings: one event of the organizer and a copy in the calendar of everyone invited, kept alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emulator.graph.calendar import post
from emulator.graph.calendar.post import CANCELLATION, REQUEST, MeetingMail, people_at
from emulator.graph.calendar.rooms import answer_for_room, is_room
from emulator.graph.calendar.series import (
    Occurrence,
    call_off,
    cancelled,
    exceptions,
    occurrence_on,
    remember,
    restart,
    span_of,
)
from emulator.graph.calendar.state import Agenda, agenda_of, home_of, master_of
from emulator.graph.calendar.writing import NEVER, address_of, attendee
from emulator.graph.mail.message import copy_parts
from emulator.store import Entity
from emulator.tenant import Person, Tenant

# What every copy says as the organizer says it.
_SHARED = (
    "subject", "body", "importance", "sensitivity", "isAllDay", "location", "locations", "attendees", "organizer",
    "isOnlineMeeting", "onlineMeetingProvider", "onlineMeeting", "recurrence", "type", "responseRequested",
    "allowNewTimeProposals", "hideAttendees", "originalStartTimeZone", "originalEndTimeZone", "isCancelled", "isDraft",
)  # fmt: skip
# A change of these makes everyone answer again.
_ASKS_AGAIN = frozenset({"start", "end", "recurrence", "isAllDay"})
# A change of these is nobody else's business.
_PRIVATE = frozenset({"categories", "showAs", "isReminderOn", "reminderMinutesBeforeStart", "sensitivity"})
_WAITING = {"response": "notResponded", "time": NEVER}


@dataclass(frozen=True)
class Meeting:
    """An organizer's event, or one occurrence of a series, and its copies."""

    tenant: Tenant
    event: Entity
    now: datetime

    @property
    def organizer(self) -> Agenda:
        return home_of(self.event)

    def invite(self, attendees: Sequence[Mapping[str, Any]], comment: str = "") -> None:
        """Put a copy into the calendar of everybody named, and a request into their inboxes."""
        for person in self._people(attendees):
            self._copy_for(person)
        kind = {"meetingRequestType": "newMeetingRequest"}
        self._send(REQUEST, "meetingRequest", attendees, comment=comment, details=self._asking(kind))
        self._let_rooms_answer(attendees)

    def update(self, different: frozenset[str], before: Sequence[Mapping[str, Any]]) -> None:
        """Tell everyone invited what is different now; those no longer invited learn that it is off for them."""
        known = {address_of(one) for one in before}
        now_known = {address_of(one) for one in self.event.get("attendees")}
        self._withdraw([one for one in before if address_of(one) not in now_known], "")
        if different & _ASKS_AGAIN:
            self._forget_answers()
        kept = [one for one in self.event.get("attendees") if address_of(one) in known]
        if different - _PRIVATE - {"attendees"}:
            for person in self._people(kept):
                self._refresh(person, asks_again=bool(different & _ASKS_AGAIN))
            kind = "fullUpdate" if different & _ASKS_AGAIN else "informationalUpdate"
            self._send(REQUEST, "meetingRequest", kept, details=self._asking({"meetingRequestType": kind}))
            if different & _ASKS_AGAIN:
                self._let_rooms_answer(kept)
        self.invite([one for one in self.event.get("attendees") if address_of(one) not in known])

    def cancel(self, comment: str = "") -> None:
        """Call the meeting off: the organizer's event goes, the copies stay behind as cancelled."""
        self._withdraw(self.event.get("attendees"), comment)
        remove(self.event)

    def copy_of(self, person: Person) -> Entity | None:
        """What lies in somebody's calendar for this meeting, if it still does."""
        copy = agenda_of(self.tenant, person).by_uid.get(master_of(self.event)["iCalUId"])
        if copy is None or not isinstance(self.event, Occurrence):
            return copy
        return occurrence_on(copy, self.event.day)

    def _people(self, attendees: Iterable[Mapping[str, Any]]) -> list[Person]:
        found = (person for one in attendees for person in people_at(self.tenant, address_of(one)))
        return [person for person in dict.fromkeys(found) if person is not self.event.owner]

    def _copy_for(self, person: Person) -> None:
        existing = self.copy_of(person)
        if existing is not None:
            self._refresh(person, asks_again=True)
            return
        master, agenda = master_of(self.event), agenda_of(self.tenant, person)
        copy = hold_copy(agenda, master, self.now)
        if isinstance(self.event, Occurrence):
            # One who is invited to a single occurrence gets that alone.
            copy.values |= {"recurrence": None, "type": "singleInstance"}
            copy.state["span"] = span_of(self.event)

    def _refresh(self, person: Person, *, asks_again: bool) -> None:
        copy = self.copy_of(person)
        if copy is None:
            return
        values = shared_values(self.event)
        if isinstance(self.event, Occurrence):
            # Only what differs from the series: the rest follows the series in this calendar, too.
            values = {name: value for name, value in values.items() if name in self.event.values and name != "type"}
        if asks_again:
            values |= {"responseStatus": dict(_WAITING), "showAs": "tentative"}
        was, now = span_of(copy), span_of(self.event)
        if was != now or copy.get("recurrence") != self.event.get("recurrence"):
            remember(copy)
            copy.state["span"] = now
            copy.values["recurrence"] = self.event.get("recurrence")
            if copy.values["recurrence"] is not None:
                restart(copy)
        agenda_of(self.tenant, person).revise(copy, values, self.now)

    def _forget_answers(self) -> None:
        fresh = [attendee(one["emailAddress"], one["type"]) for one in self.event.get("attendees")]
        self.event.values["attendees"] = fresh

    def _withdraw(self, attendees: Sequence[Mapping[str, Any]], comment: str) -> None:
        for person in self._people(attendees):
            copy = self.copy_of(person)
            if copy is None:
                continue
            if is_room(person):
                remove(copy)
                continue
            for exception in exceptions(copy).values() if not isinstance(copy, Occurrence) else ():
                exception.values |= _called_off(exception)
            agenda_of(self.tenant, person).revise(copy, _called_off(copy), self.now)
        self._send(CANCELLATION, "meetingCancelled", attendees, prefix="Canceled: ", comment=comment)

    def _send(
        self,
        kind: str,
        message_type: str,
        to: Sequence[Mapping[str, Any]],
        *,
        prefix: str = "",
        comment: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        if to:
            subject = f"{prefix}{self.event.get('subject') or ''}"
            mail = MeetingMail(kind, message_type, self.event, self.organizer, to, subject, comment, details or {})
            post.post(self.tenant, mail, self.now)

    def _asking(self, details: Mapping[str, Any]) -> dict[str, Any]:
        names = ("responseRequested", "allowNewTimeProposals")
        return {**{name: self.event.get(name) for name in names}, **details}

    def _let_rooms_answer(self, attendees: Iterable[Mapping[str, Any]]) -> None:
        for person in self._people(attendees):
            copy = self.copy_of(person) if is_room(person) else None
            if copy is not None:
                answer_for_room(self.tenant, person, copy, self.now)


def hold_copy(agenda: Agenda, event: Entity, now: datetime, *, quietly: bool = False, **own: Any) -> Entity:  # noqa: ANN401
    """Somebody's own copy of a meeting; exceptions and gaps of a series are copied with it."""
    values = {
        **shared_values(event),
        "isOrganizer": False,
        "responseStatus": dict(_WAITING),
        "showAs": "tentative",
        "isReminderOn": True,
        "reminderMinutesBeforeStart": 15,
        "categories": [],
        "seriesMasterId": None,
        "transactionId": None,
        "onlineMeetingUrl": None,
        **own,
    }
    state = {"span": span_of(event)}
    copy = agenda.new_event(values, state, agenda.default, now, uid=event["iCalUId"])
    cancelled(copy).update(cancelled(event))
    copy_parts(event, copy)
    agenda.hold(copy, quietly=quietly)
    for day, one in event.state.get("exceptions", {}).items():
        _copy_exception(copy, day, one)
    return copy


def shared_values(event: Entity) -> dict[str, Any]:
    """What an organizer's event says to everyone."""
    values = {name: event.get(name) for name in _SHARED}
    if event.get("hideAttendees"):
        values["attendees"] = []
    return values


def _called_off(copy: Entity) -> dict[str, Any]:
    subject = str(copy.get("subject") or "")
    kept = subject if copy.get("isCancelled") else f"Canceled: {subject}"
    return {"isCancelled": True, "showAs": "free", "subject": kept}


def remove(event: Entity) -> None:
    """Take an event, or one occurrence of a series, out of the calendar that it lies in."""
    if isinstance(event, Occurrence):
        call_off(event)
    else:
        home_of(event).forget(event)


def _copy_exception(copy: Entity, day: Any, one: Occurrence) -> None:  # noqa: ANN401 - a date
    other = occurrence_on(copy, day)
    if other is None:
        return
    other.values |= {name: value for name, value in one.values.items() if name in _SHARED}
    other.state |= {name: one.state[name] for name in ("span",) if name in one.state}
    other.except_from_series()
