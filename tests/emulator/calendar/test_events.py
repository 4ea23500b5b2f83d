"""Events of one's own: how they are made, kept, shown, changed and taken away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.calendar.desk import SPRING, ZONE, Desk, lunch, people, time
from tests.emulator.support import app_only, client_for, error_of


async def test_a_new_event_has_what_exchange_adds() -> None:
    _, ada, *_ = people()
    made = await ada.post(
        "me/events", lunch(location={"displayName": "Bar"}, body={"contentType": "html", "content": "<b>Hi</b> you"})
    )
    assert made["start"] == {"dateTime": "2026-03-16T11:00:00.0000000", "timeZone": "UTC"}
    assert made["originalStartTimeZone"] == made["originalEndTimeZone"] == ZONE
    assert made["location"]["uniqueIdType"] == "private"
    assert made["locations"] == [made["location"]]
    assert made["organizer"] == {"emailAddress": {"name": "Ada Lind", "address": "ada.lind@lindenhall.example"}}
    assert made["responseStatus"] == {"response": "organizer", "time": "0001-01-01T00:00:00Z"}
    assert made["bodyPreview"] == "Hi you"
    assert made["body"]["content"].startswith("<html>")
    assert made["@odata.etag"] == f'W/"{made["changeKey"]}"'
    expected = {
        "type": "singleInstance", "showAs": "busy", "importance": "normal", "sensitivity": "normal", "isAllDay": False,
        "isReminderOn": True, "reminderMinutesBeforeStart": 15, "isOrganizer": True, "isCancelled": False,
        "onlineMeeting": None, "onlineMeetingProvider": "unknown", "recurrence": None, "categories": [],
        "hasAttachments": False, "attendees": [], "transactionId": None,
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    assert made["webLink"].endswith("&exvsurl=1&path=/calendar/item")
    assert await ada.get(f"me/events/{made['id']}") == made | {"@odata.context": made["@odata.context"]}


async def test_times_are_shown_in_the_zone_that_is_preferred() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch())
    response = await ada.http.get(f"me/events/{made['id']}", headers={"Prefer": 'outlook.timezone="Asia/Kolkata"'})
    assert response.headers["Preference-Applied"] == 'outlook.timezone="Asia/Kolkata"'
    assert response.json()["start"] == {"dateTime": "2026-03-16T16:30:00.0000000", "timeZone": "Asia/Kolkata"}


async def test_an_unknown_preferred_zone_is_refused() -> None:
    _, ada, *_ = people()
    await ada.post("me/events", lunch())
    response = await ada.http.get("me/events", headers={"Prefer": 'outlook.timezone="Middle Earth"'})
    assert error_of(response)[:2] == (400, "TimeZoneNotSupportedException")


async def test_a_text_body_can_be_asked_for() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch(body={"contentType": "html", "content": "<p>One</p><p>Two</p>"}))
    shown = await ada.get(f"me/events/{made['id']}", Prefer='outlook.body-content-type="text"')
    assert shown["body"] == {"contentType": "text", "content": "One\r\n\r\nTwo"}


async def test_a_text_body_stays_text() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch(body={"contentType": "text", "content": "a  b"}))
    assert made["body"] == {"contentType": "text", "content": "a  b"}
    assert made["bodyPreview"] == "a b"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param(
            {"end": time("2026-03-16T11:00:00", ZONE)}, "ErrorPropertyValidationFailure", id="ends before it starts"
        ),
        pytest.param(
            {"start": time("2026-03-16T12:00:00", "Nowhere")}, "TimeZoneNotSupportedException", id="unknown zone"
        ),
        pytest.param({"start": time("noon", ZONE)}, "ErrorInvalidParameter", id="no time at all"),
        pytest.param({"isAllDay": True}, "ErrorInvalidRequest", id="all day but not from midnight"),
        pytest.param(
            {"isAllDay": True, "start": time("2026-03-16T00:00:00"), "end": time("2026-03-16T00:00:00")},
            "ErrorPropertyValidationFailure",
            id="no whole day",
        ),
        pytest.param(
            {
                "recurrence": {
                    "pattern": {"type": "weekly", "interval": 1},
                    "range": {"type": "noEnd", "startDate": "2026-03-16"},
                }
            },
            "ErrorInvalidRecurrencePattern",
            id="weekly on no day",
        ),
        pytest.param({"showAs": "sleeping"}, "RequestBodyRead", id="no such status"),
    ],
)
async def test_what_cannot_be_is_refused(given: dict[str, Any], code: str) -> None:
    _, ada, *_ = people()
    response = await ada.http.post("me/events", json=lunch(**given))
    assert error_of(response)[:2] == (400, code)
    assert await ada.subjects() == []


async def test_an_event_without_times_takes_the_next_half_hour() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", {"subject": "Think"})
    assert (made["start"]["dateTime"], made["end"]["dateTime"]) == (
        "2026-03-11T15:00:00.0000000",
        "2026-03-11T15:30:00.0000000",
    )


async def test_a_whole_day_is_midnight_in_every_zone() -> None:
    _, ada, *_ = people()
    made = await ada.post(
        "me/events",
        lunch(isAllDay=True, start=time("2026-03-16T00:00:00", ZONE), end=time("2026-03-18T00:00:00", ZONE)),
    )
    assert made["start"] == time("2026-03-16T00:00:00.0000000")
    shown = await ada.get(f"me/events/{made['id']}", Prefer='outlook.timezone="Tokyo Standard Time"')
    assert shown["end"] == time("2026-03-18T00:00:00.0000000", "Tokyo Standard Time")
    changed = await ada.patch(f"me/events/{made['id']}", {"subject": "Fair"})
    assert changed["start"] == made["start"]


async def test_several_places_are_told_in_one_line() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch(locations=[{"displayName": "Hall"}, {"displayName": "Yard"}]))
    assert made["location"]["displayName"] == "Hall; Yard"
    assert [place["displayName"] for place in made["locations"]] == ["Hall", "Yard"]
    bare = await ada.patch(f"me/events/{made['id']}", {"location": {"displayName": ""}})
    assert (bare["location"]["displayName"], bare["locations"]) == ("", [])


async def test_a_room_is_a_place_with_an_address() -> None:
    _, ada, *_ = people()
    made = await ada.post(
        "me/events", lunch(location={"displayName": "Weser", "locationEmailAddress": "weser@x.example"})
    )
    assert made["location"]["locationType"] == "conferenceRoom"
    assert made["location"]["uniqueIdType"] == "directory"


async def test_an_online_meeting_gets_an_address_and_keeps_it() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch(isOnlineMeeting=True, body={"contentType": "text", "content": "Hi"}))
    assert made["onlineMeetingProvider"] == "teamsForBusiness"
    assert made["onlineMeeting"]["joinUrl"] in made["body"]["content"]
    assert made["onlineMeeting"]["conferenceId"].isdigit()
    changed = await ada.patch(f"me/events/{made['id']}", {"isOnlineMeeting": False})
    assert changed["isOnlineMeeting"] is True
    assert changed["onlineMeeting"] == made["onlineMeeting"]


async def test_an_event_becomes_an_online_meeting_later() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch(isOnlineMeeting=False))
    changed = await ada.patch(f"me/events/{made['id']}", {"isOnlineMeeting": True})
    assert changed["onlineMeeting"]["joinUrl"].startswith("https://teams.microsoft.com/l/meetup-join/")
    assert "Join the meeting" in changed["body"]["content"]


async def test_the_same_transaction_makes_one_event() -> None:
    _, ada, *_ = people()
    first = await ada.post("me/events", lunch(transactionId="t1"))
    second = await ada.post("me/events", lunch(transactionId="t1", subject="Again"))
    assert second["id"] == first["id"]
    assert await ada.subjects() == ["Lunch"]
    await ada.delete(f"me/events/{first['id']}")
    assert (await ada.post("me/events", lunch(transactionId="t1")))["id"] != first["id"]


async def test_what_exchange_says_cannot_be_set() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch(iCalUId="mine", isOrganizer=False, changeKey="x", type="exception"))
    assert made["iCalUId"].startswith("040000008200E00074C5B7101A82E008")
    assert (made["isOrganizer"], made["type"]) == (True, "singleInstance")


async def test_a_change_gives_another_etag_and_a_stale_one_is_refused() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch())
    path = f"me/events/{made['id']}"
    changed = await ada.patch(path, {"subject": "Dinner", "start": time("2026-03-16T11:30:00")})
    assert changed["changeKey"] != made["changeKey"]
    assert changed["start"]["dateTime"] == "2026-03-16T11:30:00.0000000"
    assert changed["end"] == made["end"]
    stale = await ada.http.patch(path, json={"subject": "No"}, headers={"If-Match": made["@odata.etag"]})
    assert error_of(stale)[:2] == (412, "ErrorIrresolvableConflict")
    fresh = await ada.http.patch(path, json={"subject": "Yes"}, headers={"If-Match": changed["@odata.etag"]})
    assert fresh.status_code == 200


async def test_a_deleted_event_is_gone() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch())
    other = await ada.post("me/events", lunch(subject="Other"))
    await ada.delete(f"me/events/{made['id']}")
    await ada.post(f"me/events/{other['id']}/permanentDelete")
    assert error_of(await ada.http.get(f"me/events/{made['id']}"))[:2] == (404, "ErrorItemNotFound")
    assert await ada.subjects() == []


async def test_an_id_that_is_none_is_malformed() -> None:
    _, ada, *_ = people()
    assert error_of(await ada.http.get("me/events/nonsense"))[:2] == (400, "ErrorInvalidIdMalformed")


async def test_the_immutable_id_opens_the_event_too() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch())
    shown = await ada.get("me/events", Prefer='IdType="ImmutableId"')
    key = shown["value"][0]["id"]
    assert key != made["id"]
    assert (await ada.get(f"me/events/{key}"))["subject"] == "Lunch"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param("start/dateTime ge '2026-03-17'", ["Later"], id="a day"),
        pytest.param(
            "start/dateTime ge '2026-03-16T12:00:00+01:00' and end/dateTime lt '2026-03-17'",
            ["Lunch"],
            id="a moment with an offset",
        ),
        pytest.param("not (end/dateTime le '2026-03-16T12:00:00')", ["Later"], id="the opposite"),
        pytest.param("'2026-03-16T11:00:00' eq start/dateTime", ["Lunch"], id="the other way round"),
        pytest.param("start/dateTime in ('2026-03-16T11:00:00Z')", ["Lunch"], id="one of several"),
        pytest.param("start/dateTime ge 'soon'", [], id="no moment"),
        pytest.param("start/dateTime eq end/dateTime", [], id="two times of the event"),
        pytest.param("startswith(subject,'La')", ["Later"], id="the subject"),
        pytest.param("categories/any(c:c eq 'Red category')", ["Later"], id="a category"),
        pytest.param(
            "organizer/emailAddress/address eq 'ada.lind@lindenhall.example'", ["Lunch", "Later"], id="the organizer"
        ),
        pytest.param("type eq 'seriesMaster'", [], id="the type"),
    ],
)
async def test_events_are_found_by_what_they_say(condition: str, expected: list[str]) -> None:
    _, ada, *_ = people()
    await ada.post("me/events", lunch())
    await ada.post("me/events", lunch(
        subject="Later", categories=["Red category"], start=time("2026-03-18T12:00:00"), end=time("2026-03-18T13:00:00")
    ))  # fmt: skip
    found = await ada.http.get("me/events", params={"$filter": condition})
    assert [item["subject"] for item in found.json()["value"]] == expected


async def test_events_are_sorted_by_their_start() -> None:
    _, ada, *_ = people()
    for day in (18, 16, 17):
        await ada.post(
            "me/events",
            lunch(subject=str(day), start=time(f"2026-03-{day}T12:00:00"), end=time(f"2026-03-{day}T13:00:00")),
        )
    assert await ada.subjects("me/events?$orderby=start/dateTime desc") == ["18", "17", "16"]


async def test_lists_have_pages_of_ten() -> None:
    _, ada, *_ = people()
    for number in range(12):
        await ada.post("me/events", lunch(subject=str(number)))
    first = await ada.get("me/events")
    assert (len(first["value"]), "$skip=10" in first["@odata.nextLink"]) == (10, True)
    assert len((await ada.get(first["@odata.nextLink"]))["value"]) == 2
    assert (await ada.http.get("me/events/$count")).text == "12"


async def test_a_file_hangs_on_an_event() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch())
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGk="}
    attached = await ada.post(f"me/events/{made['id']}/attachments", file)
    assert (await ada.get(f"me/events/{made['id']}"))["hasAttachments"] is True
    assert (await ada.http.get(f"me/events/{made['id']}/attachments/{attached['id']}/$value")).content == b"hi"
    await ada.delete(f"me/events/{made['id']}/attachments/{attached['id']}")
    assert (await ada.get(f"me/events/{made['id']}"))["hasAttachments"] is False


async def test_what_an_event_brings_along_is_kept() -> None:
    _, ada, *_ = people()
    prop = {"id": "String {00020329-0000-0000-C000-000000000046} Name Colour", "value": "Green"}
    extension = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "com.example.deal", "size": 3}
    made = await ada.post("me/events", lunch(singleValueExtendedProperties=[prop], extensions=[extension]))
    shown = await ada.get(f"me/events/{made['id']}?$expand=singleValueExtendedProperties,extensions")
    assert shown["singleValueExtendedProperties"][0]["value"] == "Green"
    assert shown["extensions"][0]["size"] == 3
    found = await ada.get(f"me/events/{made['id']}/extensions/com.example.deal")
    assert found["extensionName"] == "com.example.deal"


async def test_the_basic_permission_hides_what_was_written() -> None:
    tenant, ada, *_ = people()
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGk="}
    made = await ada.post("me/events", lunch(body={"contentType": "text", "content": "secret"}, attachments=[file]))
    basic = Desk(tenant, ada.person, "Calendars.ReadBasic")
    shown = await basic.get(f"me/events/{made['id']}")
    assert shown["subject"] == "Lunch"
    assert not {"body", "bodyPreview"} & set(shown)
    assert error_of(await basic.http.get("me/events?$expand=attachments"))[:2] == (403, "ErrorAccessDenied")
    assert error_of(await basic.http.get(f"me/events/{made['id']}/attachments"))[:2] == (403, "ErrorAccessDenied")


async def test_an_application_opens_every_calendar() -> None:
    tenant, ada, *_ = people()
    await ada.post("me/events", lunch())
    client = client_for(tenant, app_only("Calendars.Read"))
    found = await client.get(f"users/{ada.person.id}/events")
    assert [item["subject"] for item in found.json()["value"]] == ["Lunch"]


async def test_without_the_permission_nothing_is_shown() -> None:
    tenant, ada, *_ = people()
    reader = Desk(tenant, ada.person, "Calendars.Read")
    assert error_of(await reader.http.post("me/events", json=lunch()))[:2] == (403, "ErrorAccessDenied")
    assert error_of(await Desk(tenant, ada.person, "Mail.Read").http.get("me/events"))[0] == 403


async def test_an_account_without_a_mailbox_has_no_calendar() -> None:
    tenant, *_ = people()
    dee = list(tenant.people.values())[3]
    response = await Desk(tenant, dee).http.get(f"me/calendarView?{SPRING}")
    assert error_of(response)[:2] == (404, "MailboxNotEnabledForRESTAPI")


async def test_reminders_fire_can_be_put_off_and_end() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/events", lunch())
    await ada.post("me/events", lunch(subject="Quiet", isReminderOn=False))
    path = "me/reminderView(startDateTime='2026-03-01T00:00:00',endDateTime='2026-04-01T00:00:00')"
    (reminder,) = (await ada.get(path))["value"]
    assert reminder["eventSubject"] == "Lunch"
    assert reminder["reminderFireTime"]["dateTime"] == "2026-03-16T10:45:00.0000000"
    await ada.post(f"me/events/{made['id']}/snoozeReminder", {"newReminderTime": time("2026-03-16T10:55:00")})
    assert (await ada.get(path))["value"][0]["reminderFireTime"]["dateTime"] == "2026-03-16T10:55:00.0000000"
    assert error_of(await ada.http.post(f"me/events/{made['id']}/snoozeReminder", json={}))[0] == 400
    await ada.post(f"me/events/{made['id']}/dismissReminder")
    assert (await ada.get(path))["value"] == []
    assert error_of(await ada.http.get("me/reminderView"))[:2] == (400, "ErrorInvalidParameter")
