"""Calendars, their groups, and who may look into somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.tenant import Tenant
from tests.emulator.calendar.desk import SPRING, WEEKLY, Desk, lunch, people
from tests.emulator.support import error_of

PRIVATE = "delegateWithPrivateEventAccess"


async def names(desk: Desk, path: str = "me/calendars") -> list[str]:
    return [item["name"] for item in (await desk.get(path))["value"]]


async def share(owner: Desk, other: Desk | str, role: str, calendar: str = "me/calendar") -> dict[str, Any]:
    address = other if isinstance(other, str) else other.person.mail
    return await owner.post(f"{calendar}/calendarPermissions", {"emailAddress": {"address": address}, "role": role})


def theirs(desk: Desk) -> str:
    return f"users/{desk.person.id}/calendar"


async def test_a_mailbox_begins_with_a_calendar_and_three_groups() -> None:
    _, ada, *_ = people()
    default = await ada.get("me/calendar")
    assert (default["name"], default["isDefaultCalendar"], default["isRemovable"]) == ("Calendar", True, False)
    assert default["owner"] == {"name": "Ada Lind", "address": "ada.lind@lindenhall.example"}
    assert await names(ada) == ["Calendar", "Birthdays"]
    groups = (await ada.get("me/calendarGroups"))["value"]
    assert [group["name"] for group in groups] == ["My Calendars", "Other Calendars", "People's Calendars"]
    assert groups[0]["classId"] == "0006f0b7-0000-0000-c000-000000000046"
    assert await names(ada, f"me/calendarGroups/{groups[0]['id']}/calendars") == ["Calendar"]


async def test_a_calendar_is_made_renamed_and_removed_with_its_events() -> None:
    _, ada, *_ = people()
    made = await ada.post("me/calendars", {"name": "Choir", "color": "lightTeal", "isRemovable": False})
    assert (made["color"], made["isRemovable"], made["isDefaultCalendar"]) == ("lightTeal", True, False)
    path = f"me/calendars/{made['id']}"
    event = await ada.post(f"{path}/events", lunch())
    assert await ada.subjects() == []
    assert await ada.subjects(f"{path}/events") == ["Lunch"]
    assert len(await ada.subjects(f"{path}/calendarView?{SPRING}")) == 1
    assert (await ada.get(f"me/events/{event['id']}/calendar"))["name"] == "Choir"
    assert (await ada.http.get(f"me/calendar/events/{event['id']}")).status_code == 404
    renamed = await ada.patch(path, {"name": "Band", "color": "lightRed"})
    assert (renamed["name"], renamed["color"]) == ("Band", "lightRed")
    assert renamed["changeKey"] != made["changeKey"]
    await ada.patch(path, {"name": "BAND"})
    await ada.delete(path)
    assert await names(ada) == ["Calendar", "Birthdays"]
    assert (await ada.http.get(f"me/events/{event['id']}")).status_code == 404


async def test_two_calendars_cannot_have_one_name() -> None:
    _, ada, *_ = people()
    await ada.post("me/calendars", {"name": "Choir"})
    assert error_of(await ada.http.post("me/calendars", json={"name": "choir"}))[:2] == (409, "ErrorFolderExists")
    assert error_of(await ada.http.patch("me/calendar", json={"name": "Choir"}))[:2] == (409, "ErrorFolderExists")
    assert (await ada.http.post("me/calendars", json={})).status_code == 400


async def test_what_every_mailbox_has_stays() -> None:
    _, ada, *_ = people()
    assert error_of(await ada.http.delete("me/calendar"))[:2] == (400, "ErrorDeleteDistinguishedFolder")
    key = (await ada.get("me/calendarGroups"))["value"][0]["id"]
    assert error_of(await ada.http.delete(f"me/calendarGroups/{key}"))[:2] == (400, "ErrorDeleteDistinguishedFolder")
    made = await ada.post("me/calendars", {"name": "Choir"})
    assert error_of(await ada.http.patch(f"me/calendars/{made['id']}", json={"isDefaultCalendar": True}))[0] == 400
    await ada.post(f"me/calendars/{made['id']}/permanentDelete")
    assert await names(ada) == ["Calendar", "Birthdays"]


async def test_groups_of_calendars_are_made_filled_and_emptied() -> None:
    _, ada, *_ = people()
    group = await ada.post("me/calendarGroups", {"name": "Clubs"})
    path = f"me/calendarGroups/{group['id']}"
    assert (await ada.patch(path, {"name": "Societies"}))["name"] == "Societies"
    made = await ada.post(f"{path}/calendars", {"name": "Choir"})
    assert await names(ada, f"{path}/calendars") == ["Choir"]
    assert await ada.post(f"{path}/calendars/{made['id']}/events", lunch())
    assert error_of(await ada.http.delete(path))[:2] == (400, "ErrorInvalidRequest")
    await ada.delete(f"me/calendars/{made['id']}")
    await ada.delete(path)
    assert error_of(await ada.http.get(path))[0] == 404


async def test_everybody_inside_sees_free_and_busy_only() -> None:
    _, ada, bo, _ = people()
    (row,) = (await ada.get("me/calendar/calendarPermissions"))["value"]
    assert row == {
        "id": "RGVmYXVsdA==",
        "isRemovable": False,
        "isInsideOrganization": True,
        "role": "freeBusyRead",
        "allowedRoles": ["none", "freeBusyRead", "limitedRead", "read", "write"],
        "emailAddress": {"name": "My Organization", "address": None}
        if "address" in row["emailAddress"]
        else {"name": "My Organization"},
    }
    for path in ("events", "calendarView?" + SPRING, "calendars", "calendarGroups", "calendar"):
        assert error_of(await bo.http.get(f"users/{ada.person.id}/{path}"))[:2] == (403, "ErrorAccessDenied")


async def test_a_reader_reads_and_an_editor_writes() -> None:
    _, ada, bo, _ = people()
    await ada.post("me/events", lunch())
    row = await share(ada, bo, "read")
    assert (row["isInsideOrganization"], row["isRemovable"], row["allowedRoles"][-1]) == (True, True, PRIVATE)
    assert await bo.subjects(f"users/{ada.person.id}/events") == ["Lunch"]
    assert await names(bo, f"users/{ada.person.id}/calendars") == ["Calendar"]
    assert (await bo.http.post(f"{theirs(ada)}/events", json=lunch(subject="Mine"))).status_code == 403
    await ada.patch(f"me/calendar/calendarPermissions/{row['id']}", {"role": "write"})
    made = await bo.post(f"{theirs(ada)}/events", lunch(subject="Mine"))
    assert made["organizer"]["emailAddress"]["name"] == "Ada Lind"
    assert await ada.subjects() == ["Lunch", "Mine"]
    await ada.delete(f"me/calendar/calendarPermissions/{row['id']}")
    assert (await bo.http.get(f"{theirs(ada)}/events")).status_code == 403


async def test_a_shared_calendar_appears_among_ones_own() -> None:
    _, ada, bo, _ = people()
    event = await ada.post("me/events", lunch(recurrence=WEEKLY))
    row = await share(ada, bo, "read")
    assert await names(bo) == ["Calendar", "Birthdays", "Ada Lind"]
    shared = (await bo.get("me/calendars"))["value"][2]
    assert (shared["canEdit"], shared["canShare"], shared["owner"]["name"]) == (False, False, "Ada Lind")
    path = f"me/calendars/{shared['id']}"
    assert await bo.subjects(f"{path}/events") == ["Lunch"]
    assert len(await bo.subjects(f"{path}/calendarView?{SPRING}")) == 4
    assert (await bo.get(f"{path}/events/{event['id']}"))["subject"] == "Lunch"
    assert (await bo.http.post(f"{path}/events", json=lunch())).status_code == 403
    await share(ada, bo, "write")
    assert (await bo.get(path))["canEdit"] is True
    await bo.post(f"{path}/events", lunch(subject="From Bo"))
    assert await ada.subjects() == ["Lunch", "From Bo"]
    await ada.delete(f"me/calendar/calendarPermissions/{row['id']}")
    assert await names(bo) == ["Calendar", "Birthdays"]


async def test_two_shared_calendars_of_one_name_are_told_apart() -> None:
    _, ada, bo, _ = people()
    await bo.post("me/calendars", {"name": "Choir"})
    made = await ada.post("me/calendars", {"name": "Choir"})
    await share(ada, bo, "read", f"me/calendars/{made['id']}")
    assert (await names(bo))[-1] == "Choir (ada.lind@lindenhall.example)"


async def test_titles_alone_can_be_shared() -> None:
    _, ada, bo, _ = people()
    await ada.post(
        "me/events", lunch(location={"displayName": "Bar"}, body={"contentType": "text", "content": "secret"})
    )
    await share(ada, bo, "limitedRead")
    (shown,) = (await bo.get(f"{theirs(ada)}/events"))["value"]
    assert (shown["subject"], shown["location"]["displayName"]) == ("Lunch", "Bar")
    assert not shown.get("body")
    assert "secret" not in str(shown)


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        pytest.param("read", "Private Appointment", id="a reader"),
        pytest.param("delegateWithoutPrivateEventAccess", "Private Appointment", id="a delegate"),
        pytest.param(PRIVATE, "Dentist", id="a trusted delegate"),
    ],
)
async def test_what_is_private_stays_so(role: str, expected: str) -> None:
    _, ada, bo, _ = people()
    await ada.post("me/events", lunch(subject="Dentist", sensitivity="private", location={"displayName": "Bar"}))
    await share(ada, bo, role)
    (shown,) = (await bo.get(f"{theirs(ada)}/events"))["value"]
    assert shown["subject"] == expected
    assert ("Bar" in str(shown)) == (expected == "Dentist")
    assert await ada.subjects() == ["Dentist"]


@pytest.mark.parametrize(
    ("role", "sensitivity", "is_shown"),
    [
        pytest.param("read", "private", False, id="a reader of what is private"),
        pytest.param("limitedRead", "normal", False, id="a reader of titles"),
        pytest.param("read", "normal", True, id="a reader"),
        pytest.param(PRIVATE, "private", True, id="a trusted delegate"),
    ],
)
async def test_what_hangs_on_a_hidden_event_is_hidden_too(role: str, sensitivity: str, is_shown: bool) -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(sensitivity=sensitivity))
    attached = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "Findings.txt", "contentBytes": "QQ=="}
    await ada.post(f"me/events/{made['id']}/attachments", attached)
    note = {"extensionName": "com.example.note", "text": "Findings"}
    await ada.post(f"me/events/{made['id']}/extensions", note)
    await share(ada, bo, role)
    events = f"{theirs(ada)}/events"
    for path in (f"{events}/{made['id']}/attachments", f"{events}?$expand=attachments"):
        assert ("Findings" in str(await bo.get(path))) == is_shown
    assert ("Findings" in (await bo.http.get(f"{events}/{made['id']}/extensions")).text) == is_shown
    refused = await bo.http.post(f"{events}/{made['id']}/attachments", json=attached)
    assert (refused.status_code == 403) != (role == PRIVATE)


async def test_full_access_to_a_mailbox_opens_its_calendar() -> None:
    tenant, ada, bo, _ = people()
    await ada.post("me/events", lunch())
    tenant.mailbox(ada.person).grant(bo.person, full_access=True)
    assert await bo.subjects(f"{theirs(ada)}/events") == ["Lunch"]


async def test_outsiders_get_less() -> None:
    _, ada, *_ = people()
    row = await share(ada, "guest@elsewhere.example", "read")
    assert (row["isInsideOrganization"], row["allowedRoles"]) == (False, ["freeBusyRead", "limitedRead", "read"])
    again = await share(ada, "Guest@elsewhere.example", "limitedRead")
    assert again["id"] == row["id"]
    path = "me/calendar/calendarPermissions"
    refused = await ada.http.post(path, json={"emailAddress": {"address": "x@y.example"}, "role": "write"})
    assert error_of(refused)[:2] == (400, "ErrorInvalidRequest")
    await ada.patch(f"{path}/{row['id']}", {"role": "read"})
    await ada.delete(f"{path}/{row['id']}")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"role": "read"}, id="nobody"),
        pytest.param({"emailAddress": {"address": "x@y.example"}}, id="no role"),
        pytest.param({"emailAddress": {"address": "x@y.example"}, "role": "king"}, id="no such role"),
    ],
)
async def test_a_permission_needs_somebody_and_a_role(body: dict[str, Any]) -> None:
    _, ada, *_ = people()
    assert error_of(await ada.http.post("me/calendar/calendarPermissions", json=body))[0] == 400


async def test_the_row_for_everybody_changes_but_stays() -> None:
    _, ada, bo, _ = people()
    await ada.post("me/events", lunch())
    path = "me/calendar/calendarPermissions/RGVmYXVsdA=="
    assert (await ada.patch(path, {"role": "read"}))["role"] == "read"
    assert await bo.subjects(f"{theirs(ada)}/events") == ["Lunch"]
    assert error_of(await ada.http.delete(path))[:2] == (400, "ErrorInvalidRequest")
    assert error_of(await ada.http.patch(path, json={"role": PRIVATE}))[0] == 400
    assert (await ada.patch(path, {}))["role"] == "read"
    assert (await ada.http.get("me/calendar/calendarPermissions/none")).status_code == 404


async def test_the_roles_that_may_be_given_can_be_asked_for() -> None:
    _, ada, bo, _ = people()
    inside = await ada.get(f"me/calendar/allowedCalendarSharingRoles(User='{bo.person.mail}')")
    assert inside["value"][-1] == PRIVATE
    outside = await ada.get("me/calendar/allowedCalendarSharingRoles(User='x@y.example')")
    assert outside["value"] == ["freeBusyRead", "limitedRead", "read"]


async def test_sharing_with_somebody_without_a_mailbox_shows_nothing_anywhere() -> None:
    tenant, ada, *_ = people()
    dee = list(tenant.people.values())[3]
    row = await share(ada, dee.user_principal_name, "read")
    assert row["isInsideOrganization"] is True


async def test_the_shared_scope_alone_opens_what_is_shared() -> None:
    tenant: Tenant
    tenant, ada, bo, _ = people()
    await ada.post("me/events", lunch())
    await share(ada, bo, "read")
    reader = Desk(tenant, bo.person, "Calendars.Read.Shared")
    assert await reader.subjects(f"{theirs(ada)}/events") == ["Lunch"]
