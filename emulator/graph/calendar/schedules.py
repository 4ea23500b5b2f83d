"""When people are free: getSchedule for anybody's free and busy times, findMeetingTimes for a time that suits all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.free_busy import (
    Attendee,
    Busy,
    Meeting,
    ScheduleError,
    Suggestion,
    WorkingHours,
    availability_view,
    check_window,
    meeting_times,
)
from emulator.graph.calendar.access import at_least, is_private, role_of
from emulator.graph.calendar.calendars import calendar, user
from emulator.graph.calendar.errors import InvalidCalendarArgument, ScheduleRefused
from emulator.graph.calendar.rooms import is_room
from emulator.graph.calendar.series import instances_of, span_of
from emulator.graph.calendar.state import agenda_of, has_calendar
from emulator.graph.calendar.times import Window, moment, shown_time, wanted_zone
from emulator.graph.calendar.working import hours_of, hours_shown
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.target import Target
from emulator.store import Entity

_MOST_SCHEDULES = 20
_HALF_HOUR = 30
_SOME_DAYS = timedelta(days=7)
_DURATION = re.compile(
    r"P(?:(?P<days>\d{1,5})D)?(?:T(?:(?P<hours>\d{1,5})H)?(?:(?P<minutes>\d{1,5})M)?(?:(?P<seconds>\d{1,5})S)?)?"
)
_ALL = "Suggested because it is one of the nearest times when all attendees are available."
_SOME = "Suggested because it is one of the nearest times when most attendees are available."


@calendar.operation("getSchedule")
def get_schedule(call: Call, target: Target) -> Answer:
    """The free and busy times of people and rooms; no permission but the token's own is needed."""
    given = arguments(call, target)
    schedules = given.get("Schedules") or []
    if not schedules or len(schedules) > _MOST_SCHEDULES:
        raise InvalidCalendarArgument(f"Between 1 and {_MOST_SCHEDULES} schedules can be asked for.")
    if not given.get("StartTime") or not given.get("EndTime"):
        raise InvalidCalendarArgument("The startTime and endTime of the schedules are needed.")
    zone = wanted_zone(call.preferences.get("outlook.timezone") or str(given["StartTime"].get("timeZone") or "UTC"))
    window = Window(moment(given["StartTime"]).astimezone(UTC), moment(given["EndTime"]).astimezone(UTC))
    minutes = given.get("AvailabilityViewInterval") or _HALF_HOUR
    try:
        check_window(window.start, window.end)
        found = [_schedule(call, address, window, minutes, zone) for address in schedules]
    except ScheduleError as error:
        raise ScheduleRefused(str(error), code=error.code) from error
    context = f"{call.root}/$metadata#Collection(microsoft.graph.scheduleInformation)"
    return Answer({"@odata.context": context, "value": found}, headers=_applied(call))


@user.operation("findMeetingTimes")
def find_meeting_times(call: Call, target: Target) -> Answer:
    """Times at which the people named can meet."""
    given = arguments(call, target)
    zone = wanted_zone(call.preferences.get("outlook.timezone", "UTC"))
    wanted = given.get("attendees") or []
    try:
        found = meeting_times(_meeting(call, target, given, wanted))
    except ScheduleError as error:
        raise ScheduleRefused(str(error), code=error.code) from error
    places = [{"displayName": one.get("displayName"), **_place_address(one)} for one in _places(given)]
    reasons = bool(given.get("returnSuggestionReasons"))
    body = {
        "@odata.context": f"{call.root}/$metadata#microsoft.graph.meetingTimeSuggestionsResult",
        "emptySuggestionsReason": found.empty_reason,
        "meetingTimeSuggestions": [
            _suggestion(number, one, wanted, places, zone, reasons=reasons)
            for number, one in enumerate(found.times, start=1)
        ],
    }
    return Answer(body, headers=_applied(call))


def busy_of(call: Call, owner: Entity, window: Window) -> list[tuple[Entity, Busy]]:
    """What takes somebody's time within a window, in order."""
    agenda = agenda_of(call.tenant, owner)
    events = [one for one in agenda.events if one.state["calendar"] is not agenda.birthdays]
    found = instances_of(events, window)
    return [(one, Busy(span_of(one).start, span_of(one).end, str(one.get("showAs") or "busy"))) for one in found]


def _schedule(call: Call, address: str, window: Window, minutes: int, zone: str) -> dict[str, Any]:
    owner = _owner(call, address)
    if owner is None:
        return {"scheduleId": address, "availabilityView": "", "scheduleItems": [], "error": _unknown(address)}
    found = busy_of(call, owner, window)
    role = role_of(call.tenant, call.me, agenda_of(call.tenant, owner).default)
    sees_titles = call.me is None or at_least(role, "limitedRead")
    return {
        "scheduleId": address,
        "availabilityView": availability_view((busy for _, busy in found), window.start, window.end, minutes),
        "scheduleItems": [_item(one, zone, sees_titles=sees_titles, is_own=owner is call.me) for one, _ in found],
        "workingHours": hours_shown(call.tenant, owner),
    }


def _owner(call: Call, address: str) -> Entity | None:
    found = call.tenant.addressee(address)
    return found if found is not None and has_calendar(call.tenant, found) else None


def _unknown(address: str) -> dict[str, str]:
    return {
        "message": f"Unable to resolve e-mail address {address} to an Active Directory object.",
        "responseCode": "ErrorMailRecipientNotFound",
    }


def _item(one: Entity, zone: str, *, sees_titles: bool, is_own: bool) -> dict[str, Any]:
    span = span_of(one)
    private = is_private(one)
    times = {
        "status": one.get("showAs") or "busy",
        "start": shown_time(span.start, zone, all_day=span.is_all_day),
        "end": shown_time(span.end, zone, all_day=span.is_all_day),
    }
    if not sees_titles or (private and not is_own):
        return {"isPrivate": True, **times} if private and sees_titles else times
    location = (one.get("location") or {}).get("displayName") or ""
    return {"isPrivate": private, "subject": one.get("subject"), "location": location, **times}


def _meeting(call: Call, target: Target, given: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> Meeting:
    constraint = given.get("timeConstraint") or {}
    whole = [slot for slot in constraint.get("timeSlots") or () if slot.get("start") and slot.get("end")]
    slots = [(moment(slot["start"]), moment(slot["end"])) for slot in whole]
    slots = slots or [(call.now, call.now + _SOME_DAYS)]
    window = Window(min(start for start, _ in slots), max(end for _, end in slots))
    for start, end in (*slots, (window.start, window.end)):
        check_window(start.astimezone(UTC), end.astimezone(UTC))
    organizer = target.home
    assert organizer is not None  # noqa: S101 - times are found for somebody
    percentage = given.get("minimumAttendeePercentage")
    return Meeting(
        organizer=_busy_attendee(call, organizer, "required", window),
        attendees=[_attendee(call, one, window) for one in wanted],
        slots=slots,
        duration=_duration(given.get("meetingDuration")),
        domain=constraint.get("activityDomain") or "work",
        minimum_percentage=50.0 if percentage is None else float(percentage),
        most=given.get("maxCandidates") or 5,
        organizer_optional=bool(given.get("isOrganizerOptional")),
    )


def _attendee(call: Call, wanted: Mapping[str, Any], window: Window) -> Attendee:
    address = str((wanted.get("emailAddress") or {}).get("address") or "")
    owner = _owner(call, address)
    kind = wanted.get("type") or "required"
    return Attendee(address, None, None, kind) if owner is None else _busy_attendee(call, owner, kind, window)


def _busy_attendee(call: Call, owner: Entity, kind: str, window: Window) -> Attendee:
    busy = [item for _, item in busy_of(call, owner, window)]
    hours: WorkingHours | None = None if is_room(owner) else hours_of(call.tenant, owner)
    return Attendee(str(owner.get("mail") or owner.id), busy, hours, kind)


def _duration(text: str | None) -> timedelta:
    if not text:
        return timedelta(minutes=_HALF_HOUR)
    found = _DURATION.fullmatch(text)
    if found is None:
        raise InvalidCalendarArgument(f"The duration '{text}' is not one such as 'PT1H'.")
    return timedelta(**{name: int(value) for name, value in found.groupdict().items() if value})


def _suggestion(
    number: int,
    one: Suggestion,
    wanted: Iterable[Mapping[str, Any]],
    places: list[dict[str, Any]],
    zone: str,
    *,
    reasons: bool,
) -> dict[str, Any]:
    is_sure = one.confidence >= 100
    return {
        "confidence": one.confidence,
        "order": number,
        "organizerAvailability": one.organizer,
        "suggestionReason": (_ALL if is_sure else _SOME) if reasons else "",
        "meetingTimeSlot": {"start": _in(one.start, zone), "end": _in(one.end, zone)},
        "attendeeAvailability": [
            {"availability": status, "attendee": {"type": who.get("type") or "required", "emailAddress": _email(who)}}
            for who, status in zip(wanted, one.statuses, strict=True)
        ],
        "locations": places,
    }


def _email(who: Mapping[str, Any]) -> dict[str, Any]:
    return {"address": (who.get("emailAddress") or {}).get("address")}


def _in(found: datetime, zone: str) -> dict[str, str]:
    return shown_time(found, zone, all_day=False)


def _places(given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list((given.get("locationConstraint") or {}).get("locations") or ())


def _place_address(place: Mapping[str, Any]) -> dict[str, Any]:
    address = place.get("locationEmailAddress")
    return {"locationEmailAddress": address} if address else {}


def _applied(call: Call) -> dict[str, str]:
    zone = call.preferences.get("outlook.timezone")
    return {"Preference-Applied": f'outlook.timezone="{zone}"'} if zone else {}
