"""Free and busy times, rooms that answer by themselves, and times to meet."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.groups.state import add_group
from emulator.graph.places.state import add_room
from emulator.tenant import Tenant
from tests.emulator.calendar.desk import WEEKLY, Desk, lunch, people, time
from tests.emulator.support import error_of

ROOM = "weser@lindenhall.example"
DAY = {"startTime": time("2026-03-16T00:00:00"), "endTime": time("2026-03-17T00:00:00")}
WORKDAY = {
    "timeConstraint": {"timeSlots": [{"start": time("2026-03-16T08:00:00"), "end": time("2026-03-16T17:00:00")}]}
}


def rooms() -> tuple[Tenant, Desk, Desk, Desk]:
    tenant, *desks = people()
    add_room(tenant, "Weser", ROOM, capacity=4)
    ada, bo, cy = desks
    return tenant, ada, bo, cy


async def ask(desk: Desk, *addresses: str, **changes: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        await desk.post("me/calendar/getSchedule", {"schedules": list(addresses), **DAY, **changes})
    )["value"]
    return found


async def times(desk: Desk, *guests: Desk, **changes: Any) -> dict[str, Any]:
    attendees = [{"emailAddress": {"address": guest.person.mail}} for guest in guests]
    return await desk.post("me/findMeetingTimes", {"attendees": attendees, **WORKDAY, **changes})


async def test_a_schedule_shows_when_somebody_is_busy() -> None:
    _, ada, bo, _ = people()
    await ada.post("me/events", lunch(location={"displayName": "Bar"}))
    (seen,) = await ask(bo, ada.person.mail or "", availabilityViewInterval=60)
    assert seen["availabilityView"] == "0" * 11 + "2" + "0" * 12
    (item,) = seen["scheduleItems"]
    assert set(item) == {"status", "start", "end"}
    assert item["start"] == time("2026-03-16T11:00:00.0000000")
    assert seen["workingHours"]["daysOfWeek"][0] == "monday"
    (own,) = await ask(ada, ada.person.mail or "")
    assert own["scheduleItems"][0]["subject"] == "Lunch"
    assert own["scheduleItems"][0]["location"] == "Bar"


async def test_nobodys_permission_is_needed_for_free_and_busy() -> None:
    tenant, ada, bo, _ = people()
    await ada.post("me/events", lunch())
    reader = Desk(tenant, bo.person, "Calendars.ReadBasic")
    body = {"schedules": [ada.person.mail], **DAY}
    found = await reader.post(f"users/{ada.person.id}/calendar/microsoft.graph.getSchedule", body)
    assert "2" in found["value"][0]["availabilityView"]


async def test_what_is_private_is_only_said_to_be_so() -> None:
    _, ada, bo, _ = people()
    await ada.post("me/events", lunch(sensitivity="private"))
    await ada.patch("me/calendar/calendarPermissions/RGVmYXVsdA==", {"role": "limitedRead"})
    (seen,) = await ask(bo, ada.person.mail or "")
    assert seen["scheduleItems"][0]["isPrivate"] is True
    assert "subject" not in seen["scheduleItems"][0]


async def test_an_unknown_address_is_an_error_of_its_own() -> None:
    _, ada, *_ = people()
    known, unknown = await ask(ada, ada.person.mail or "", "x@y.example")
    assert "error" not in known
    assert unknown["error"]["responseCode"] == "ErrorMailRecipientNotFound"
    assert unknown["availabilityView"] == ""


async def test_a_group_has_a_schedule() -> None:
    tenant, ada, *_ = people()
    group = add_group(tenant, {
        "displayName": "Light", "mailNickname": "light", "mailEnabled": True, "groupTypes": ["Unified"],
    }, "2026-03-11T14:30:00Z")  # fmt: skip
    group.update({"proxyAddresses": [*group["proxyAddresses"], f"smtp:lamps@{tenant.domain}"]})
    seen, by_alias = await ask(ada, str(group["mail"]), f"LAMPS@{tenant.domain}")
    assert by_alias == {**seen, "scheduleId": f"LAMPS@{tenant.domain}"}
    assert seen["availabilityView"].strip("0") == ""
    assert seen["workingHours"]["timeZone"] == {"name": "UTC"}


async def test_a_group_without_an_address_has_no_schedule() -> None:
    tenant, ada, *_ = people()
    add_group(tenant, {"displayName": "Door", "securityEnabled": True}, "2026-03-11T14:30:00Z")
    (seen,) = await ask(ada, "None")
    assert seen["error"]["responseCode"] == "ErrorMailRecipientNotFound"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"schedules": []}, "ErrorInvalidParameter", id="nobody"),
        pytest.param({"schedules": ["a@b.example"] * 21}, "ErrorInvalidParameter", id="too many"),
        pytest.param({"startTime": None}, "ErrorInvalidParameter", id="no start"),
        pytest.param({"endTime": time("2026-03-15T00:00:00")}, "ErrorInvalidTimeInterval", id="backwards"),
        pytest.param({"endTime": time("2026-08-15T00:00:00")}, "ErrorTimeIntervalTooBig", id="too long"),
        pytest.param(
            {"endTime": time("2166-03-16T00:00:00"), "schedules": ["x@y.example"]},
            "ErrorTimeIntervalTooBig",
            id="too long, of a stranger",
        ),
        pytest.param({"availabilityViewInterval": 1}, "ErrorInvalidMergedFreeBusyInterval", id="too fine"),
    ],
)
async def test_a_question_without_an_answer_is_refused(body: dict[str, Any], code: str) -> None:
    _, ada, *_ = people()
    response = await ada.http.post("me/calendar/getSchedule", json={"schedules": [ada.person.mail], **DAY, **body})
    assert error_of(response)[:2] == (400, code)


async def test_times_to_meet_avoid_what_is_taken() -> None:
    _, ada, bo, _ = people()
    await bo.post("me/events", lunch(start=time("2026-03-16T08:00:00"), end=time("2026-03-16T12:00:00")))
    found = await times(ada, bo, meetingDuration="PT1H", returnSuggestionReasons=True, maxCandidates=2)
    assert found["emptySuggestionsReason"] == ""
    first, second = found["meetingTimeSuggestions"]
    assert first["meetingTimeSlot"]["start"]["dateTime"] == "2026-03-16T12:00:00.0000000"
    assert (first["confidence"], first["order"], second["order"]) == (100, 1, 2)
    assert first["attendeeAvailability"][0]["availability"] == "free"
    assert first["suggestionReason"].endswith("all attendees are available.")


async def test_times_to_meet_come_in_the_preferred_zone_and_place() -> None:
    _, ada, *_ = people()
    place = {"locations": [{"displayName": "Weser", "locationEmailAddress": ROOM}]}
    body = {**WORKDAY, "locationConstraint": place}
    response = await ada.http.post(
        "me/findMeetingTimes", json=body, headers={"Prefer": 'outlook.timezone="Asia/Tokyo"'}
    )
    assert response.headers["Preference-Applied"] == 'outlook.timezone="Asia/Tokyo"'
    first = response.json()["meetingTimeSuggestions"][0]
    assert first["meetingTimeSlot"]["start"] == time("2026-03-16T17:00:00.0000000", "Asia/Tokyo")
    assert first["locations"] == [{"displayName": "Weser", "locationEmailAddress": ROOM}]


async def test_less_sure_times_are_said_to_be_so() -> None:
    _, ada, bo, cy = people()
    for desk in (bo, cy):
        await desk.post(
            "me/events", lunch(start=time("2026-03-16T08:00:00"), end=time("2026-03-16T17:00:00"), showAs="tentative")
        )
    found = await times(ada, bo, cy, returnSuggestionReasons=True)
    assert found["meetingTimeSuggestions"][0]["suggestionReason"].endswith("most attendees are available.")


async def test_no_time_to_meet_has_a_reason() -> None:
    _, ada, bo, _ = people()
    await bo.post("me/events", lunch(start=time("2026-03-16T08:00:00"), end=time("2026-03-16T17:00:00")))
    found = await times(ada, bo)
    assert (found["meetingTimeSuggestions"], found["emptySuggestionsReason"]) == ([], "attendeesUnavailable")
    guest = await ada.post("me/findMeetingTimes", {
        "attendees": [{"emailAddress": {"address": "x@y.example"}}], "minimumAttendeePercentage": "100", **WORKDAY,
    })  # fmt: skip
    assert guest["emptySuggestionsReason"] == "attendeesUnavailableOrUnknown"


async def test_without_times_the_next_days_are_searched() -> None:
    _, ada, *_ = people()
    found = await ada.post("me/findMeetingTimes")
    assert found["meetingTimeSuggestions"][0]["meetingTimeSlot"]["start"]["dateTime"].startswith("2026-03-11T14:30")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"meetingDuration": "an hour"}, id="no duration"),
        pytest.param({"meetingDuration": "PT0S"}, id="no length"),
        pytest.param({"meetingDuration": f"P{'9' * 5000}D"}, id="longer than all numbers"),
        pytest.param(
            {
                "timeConstraint": {
                    "timeSlots": [
                        {"start": time("2026-03-16T08:00:00"), "end": time("2026-03-16T17:00:00")},
                        {"start": time("2166-03-16T08:00:00"), "end": time("2166-03-16T17:00:00")},
                    ]
                }
            },
            id="slots that lie ages apart",
        ),
        pytest.param({"minimumAttendeePercentage": 120}, id="more than all"),
    ],
)
async def test_a_meeting_that_cannot_be_is_refused(body: dict[str, Any]) -> None:
    _, ada, *_ = people()
    assert (await ada.http.post("me/findMeetingTimes", json={**WORKDAY, **body})).status_code == 400


async def test_home_made_working_hours_fall_back_to_the_usual_ones() -> None:
    tenant, ada, bo, _ = people()
    hours = {"daysOfWeek": ["monday"], "startTime": "dawn", "endTime": "dusk", "timeZone": {"name": "Customized"}}
    tenant.mailbox(bo.person).settings["workingHours"] = hours
    found = await times(ada, bo)
    assert found["meetingTimeSuggestions"]


async def test_a_free_room_accepts_and_keeps_the_name_of_the_organizer() -> None:
    tenant, ada, *_ = rooms()
    made = await ada.post("me/events", lunch(ROOM, body={"contentType": "text", "content": "secret"}))
    shown = await ada.get(f"me/events/{made['id']}")
    assert shown["attendees"][0]["status"]["response"] == "accepted"
    assert await ada.mail() == ["Accepted: Lunch"]
    room = tenant.by_address(ROOM)
    assert room is not None
    (booked,) = (await Desk(tenant, room).get("me/events"))["value"]
    assert booked["subject"] == "Ada Lind"
    assert booked["body"]["content"] == ""


async def test_a_taken_room_declines() -> None:
    tenant, ada, bo, _ = rooms()
    await ada.post("me/events", lunch(ROOM))
    made = await bo.post("me/events", lunch(ROOM, recurrence=WEEKLY))
    shown = await bo.get(f"me/events/{made['id']}")
    assert shown["attendees"][0]["status"]["response"] == "declined"
    room = tenant.by_address(ROOM)
    assert room is not None
    assert len(await Desk(tenant, room).subjects()) == 1
    later = await bo.post("me/events", lunch(ROOM, start=time("2026-03-16T12:00:00"), end=time("2026-03-16T13:00:00")))
    assert (await bo.get(f"me/events/{later['id']}"))["attendees"][0]["status"]["response"] == "accepted"


async def test_a_moved_meeting_asks_the_room_again_and_a_cancelled_one_frees_it() -> None:
    tenant, ada, *_ = rooms()
    made = await ada.post("me/events", lunch(ROOM))
    await ada.patch(
        f"me/events/{made['id']}", {"start": time("2026-03-16T14:00:00"), "end": time("2026-03-16T15:00:00")}
    )
    assert (await ada.get(f"me/events/{made['id']}"))["attendees"][0]["status"]["response"] == "accepted"
    await ada.post(f"me/events/{made['id']}/cancel")
    room = tenant.by_address(ROOM)
    assert room is not None
    assert await Desk(tenant, room).subjects() == []


async def test_a_series_too_far_ahead_finds_the_room_free() -> None:
    _, ada, *_ = rooms()
    far = {"pattern": WEEKLY["pattern"], "range": {**WEEKLY["range"], "startDate": "2030-03-18"}}
    made = await ada.post(
        "me/events", lunch(ROOM, recurrence=far, start=time("2030-03-18T12:00:00"), end=time("2030-03-18T13:00:00"))
    )
    assert (await ada.get(f"me/events/{made['id']}"))["attendees"][0]["status"]["response"] == "accepted"
