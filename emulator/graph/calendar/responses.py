"""Accept, decline, cancel, forward, and the reminders: what is done with an event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from emulator.graph.calendar import answers
from emulator.graph.calendar.answers import Answer as Given
from emulator.graph.calendar.answers import give_answer, organizers_event
from emulator.graph.calendar.calendars import home, user
from emulator.graph.calendar.errors import (
    InvalidCalendarArgument,
    NoTimeProposals,
    OrganizerCannotRespond,
    OrganizerOnly,
    ResponseNotRequested,
)
from emulator.graph.calendar.events import delete, event
from emulator.graph.calendar.meetings import Meeting
from emulator.graph.calendar.series import instances_of, span_of
from emulator.graph.calendar.state import master_of
from emulator.graph.calendar.times import Window, moment, shown_time
from emulator.graph.calendar.writing import address_of, attendee
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.call import ACCEPTED, NO_CONTENT, Answer, Call
from emulator.graph.engine.target import Target
from emulator.store import Entity

_DONE = Answer(status=200)
_DISMISSED, _SNOOZED = "reminder_dismissed", "reminder_snoozed"


@event.operation("accept")
def accept(call: Call, target: Target) -> Answer:
    """Come."""
    return _answer(call, target, answers.ACCEPTED)


@event.operation("tentativelyAccept")
def tentatively_accept(call: Call, target: Target) -> Answer:
    """Come perhaps, or at another time."""
    return _answer(call, target, answers.TENTATIVE)


@event.operation("decline")
def decline(call: Call, target: Target) -> Answer:
    """Not come, or only at another time."""
    return _answer(call, target, answers.DECLINED)


@event.operation("cancel")
def cancel(call: Call, target: Target) -> Answer:
    """Call a meeting off, with a word to everybody."""
    thing = target.thing
    if not thing.get("isOrganizer"):
        raise OrganizerOnly
    given = arguments(call, target)
    Meeting(call.tenant, thing, call.now).cancel(given.get("Comment") or "")
    return ACCEPTED


@event.operation("forward")
def forward(call: Call, target: Target) -> Answer:
    """Invite others to somebody's meeting; its organizer has them on the list from then on."""
    given = arguments(call, target)
    to: list[Mapping[str, Any]] = given.get("ToRecipients") or []
    if not to:
        raise InvalidCalendarArgument("At least one recipient is needed to forward an event.")
    original = organizers_event(call.tenant, target.thing) or target.thing
    known = {address_of(one) for one in original.get("attendees")}
    fresh = [attendee(one["emailAddress"]) for one in to if address_of(one) not in known]
    original.update({"attendees": [*original.get("attendees"), *fresh]})
    Meeting(call.tenant, original, call.now).invite(fresh, given.get("Comment") or "")
    return ACCEPTED


@event.operation("permanentDelete")
def permanent_delete(call: Call, target: Target) -> Answer:
    """Gone, and nothing is left to recover."""
    delete(call, target.thing, target)
    return NO_CONTENT


@event.operation("dismissReminder")
def dismiss_reminder(_: Call, target: Target) -> Answer:
    """Never again."""
    target.thing.state[_DISMISSED] = True
    target.thing.touch()
    return _DONE


@event.operation("snoozeReminder")
def snooze_reminder(call: Call, target: Target) -> Answer:
    """Later."""
    wanted = arguments(call, target).get("NewReminderTime")
    if not wanted:
        raise InvalidCalendarArgument("The new time of the reminder is needed.")
    target.thing.state[_SNOOZED] = moment(wanted)
    target.thing.touch()
    return _DONE


@user.operation("reminderView")
def reminder_view(call: Call, target: Target) -> Answer:
    """The reminders of the events within a stretch of time."""
    start = target.arguments.get("startdatetime") or call.plain("startDateTime")
    end = target.arguments.get("enddatetime") or call.plain("endDateTime")
    window = Window.read(start, end)
    agenda = home(call, target)
    found = instances_of(list(agenda.in_calendar(agenda.default)), window)
    reminders = [_reminder(one) for one in found if one.get("isReminderOn") and not one.state.get(_DISMISSED)]
    return Answer({"@odata.context": f"{call.root}/$metadata#Collection(microsoft.graph.reminder)", "value": reminders})


def _answer(call: Call, target: Target, response: str) -> Answer:
    thing = target.thing
    if thing.get("isOrganizer"):
        raise OrganizerCannotRespond
    given = arguments(call, target)
    is_sent = given.get("SendResponse")
    proposed = given.get("ProposedNewTime")
    if is_sent and thing.get("responseRequested") is False:
        raise ResponseNotRequested
    if proposed and thing.get("allowNewTimeProposals") is False:
        raise NoTimeProposals
    if proposed and is_sent is False:
        raise InvalidCalendarArgument("A new time can only be proposed in a response that is sent.")
    answer = Given(response, given.get("Comment") or "", is_sent is not False, _proposal(proposed))
    give_answer(call.tenant, thing, answer, call.now)
    return ACCEPTED


def _proposal(proposed: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not proposed:
        return None
    times = [moment(proposed.get(name) or {}) for name in ("start", "end")]
    return {name: shown_time(found, "UTC", all_day=False) for name, found in zip(("start", "end"), times, strict=True)}


def _reminder(one: Entity) -> dict[str, Any]:
    span = span_of(one)
    minutes = timedelta(minutes=one.get("reminderMinutesBeforeStart") or 0)
    fires = one.state.get(_SNOOZED) or span.start - minutes
    return {
        "eventId": one.id,
        "changeKey": master_of(one).get("changeKey"),
        "eventSubject": one.get("subject"),
        "eventStartTime": shown_time(span.start, "UTC", all_day=span.is_all_day),
        "eventEndTime": shown_time(span.end, "UTC", all_day=span.is_all_day),
        "eventLocation": one.get("location"),
        "eventWebLink": f"https://outlook.office365.com/owa/?itemid={one.id}&exvsurl=1&path=/calendar/item",
        "reminderFireTime": shown_time(fires, "UTC", all_day=False),
    }
