"""Room mailboxes answer by themselves: yes while they are free, no to a conflict."""

from __future__ import annotations

from datetime import datetime, timedelta

from emulator.graph.calendar.answers import ACCEPTED, DECLINED, Answer, give_answer
from emulator.graph.calendar.series import instances_of, is_series, occurrences_in, span_of
from emulator.graph.calendar.state import agenda_of
from emulator.graph.calendar.times import Window
from emulator.graph.calendar.writing import html_body
from emulator.store import Entity
from emulator.tenant import Person, Tenant

# How far ahead a room takes bookings unless told otherwise.
_BOOKING_WINDOW = timedelta(days=180)
_ROOMS = frozenset({"room", "equipment"})


def is_room(person: Entity) -> bool:
    """Whether the mailbox is a room's or a device's."""
    return person.state.get("purpose") in _ROOMS


def answer_for_room(tenant: Tenant, room: Person, copy: Entity, now: datetime) -> None:
    """Let a room answer a request. It keeps no subject and no text: its calendar is open to many."""
    if _is_taken(tenant, room, copy, now):
        comment = f"{room.display_name} is already booked for this time."
        give_answer(tenant, copy, Answer(DECLINED, comment), now)
        return
    organizer = copy.get("organizer")["emailAddress"]
    give_answer(tenant, copy, Answer(ACCEPTED, f"{room.display_name} is reserved for you."), now)
    values = {"subject": organizer.get("name") or organizer.get("address"), "body": html_body(None)}
    agenda_of(tenant, room).revise(copy, values, now)


def _is_taken(tenant: Tenant, room: Person, copy: Entity, now: datetime) -> bool:
    wanted = _times(copy, now)
    if not wanted:
        return False
    whole = Window(min(window.start for window in wanted), max(window.end for window in wanted))
    agenda = agenda_of(tenant, room)
    others = [event for event in agenda.events if event is not copy and event is not getattr(copy, "master", None)]
    booked = [span_of(event) for event in instances_of(others, whole) if event.get("showAs") != "free"]
    return any(span.meets(window) for span in booked for window in wanted)


def _times(copy: Entity, now: datetime) -> list[Window]:
    """The times that are asked for; of a series, those that can be booked already."""
    events = occurrences_in(copy, Window(now - timedelta(days=1), now + _BOOKING_WINDOW)) if is_series(copy) else [copy]
    return [Window(span_of(event).start, span_of(event).end) for event in events]
