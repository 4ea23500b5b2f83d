"""Meetings: what the organizer does reaches everybody invited, and their answers come back."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.calendar.state import agenda_of
from emulator.graph.groups.state import add_group
from tests.emulator.calendar.desk import SPRING, WEEKLY, ZONE, Desk, lunch, people, time
from tests.emulator.support import error_of

OUTSIDE = "guest@elsewhere.example"


async def first(desk: Desk) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.get("me/events"))["value"][0]
    return found


async def statuses(desk: Desk, key: str) -> dict[str, str]:
    event = await desk.get(f"me/events/{key}")
    return {one["emailAddress"]["address"].partition(".")[0]: one["status"]["response"] for one in event["attendees"]}


async def test_an_invitation_lies_in_the_calendar_and_in_the_inbox() -> None:
    tenant, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person, OUTSIDE, location={"displayName": "Bar"}))
    assert [one["emailAddress"]["name"] for one in made["attendees"]] == ["Bo McAllister", OUTSIDE]
    copy = await first(bo)
    assert (copy["isOrganizer"], copy["showAs"]) == (False, "tentative")
    assert copy["responseStatus"]["response"] == "notResponded"
    assert copy["iCalUId"] == made["iCalUId"]
    assert copy["id"] != made["id"]
    (mail,) = (await bo.get("me/mailFolders/inbox/messages"))["value"]
    assert mail["@odata.type"] == "#microsoft.graph.eventMessageRequest"
    assert (mail["subject"], mail["meetingMessageType"], mail["isRead"]) == ("Lunch", "meetingRequest", False)
    assert mail["startDateTime"]["dateTime"] == "2026-03-16T11:00:00.0000000"
    behind = await bo.get(f"me/messages/{mail['id']}/microsoft.graph.eventMessage/event")
    assert behind["id"] == copy["id"]
    expanded = await bo.get(f"me/messages/{mail['id']}?$expand=microsoft.graph.eventMessage/event($select=subject)")
    assert expanded["event"]["subject"] == "Lunch"
    sent = await ada.get("me/mailFolders/sentitems/messages")
    assert len(sent["value"][0]["toRecipients"]) == 2
    assert tenant.outbox[0].recipients == (OUTSIDE,)


@pytest.mark.parametrize(
    ("action", "response", "shown", "prefix"),
    [
        pytest.param("accept", "accepted", "busy", "Accepted", id="yes"),
        pytest.param("tentativelyAccept", "tentativelyAccepted", "tentative", "Tentative", id="perhaps"),
    ],
)
async def test_an_answer_is_seen_on_both_sides(action: str, response: str, shown: str, prefix: str) -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person))
    copy = await first(bo)
    answer = await bo.http.post(f"me/events/{copy['id']}/{action}", json={"comment": "Gladly", "sendResponse": True})
    assert (answer.status_code, answer.content) == (202, b"")
    mine = await first(bo)
    assert (mine["responseStatus"]["response"], mine["showAs"]) == (response, shown)
    assert mine["responseStatus"]["time"] == "2026-03-11T14:30:00Z"
    assert await statuses(ada, made["id"]) == {"bo": response}
    (mail,) = (await ada.get("me/mailFolders/inbox/messages?$expand=microsoft.graph.eventMessage/event"))["value"]
    assert mail["@odata.type"] == "#microsoft.graph.eventMessageResponse"
    assert (mail["subject"], mail["bodyPreview"]) == (f"{prefix}: Lunch", "Gladly")
    assert mail["event"]["id"] == made["id"]


async def test_an_answered_request_leaves_the_inbox() -> None:
    _, ada, bo, _ = people()
    await ada.post("me/events", lunch(bo.person, recurrence=WEEKLY))
    await ada.post("me/events", lunch(bo.person, subject="Other"))
    copies = {item["subject"]: item["id"] for item in (await bo.get("me/events"))["value"]}
    second = [item for item in await bo.view() if item["subject"] == "Lunch"][1]
    await bo.post(f"me/events/{second['id']}/accept", {})
    assert sorted(await bo.mail()) == ["Lunch", "Other"]
    await bo.post(f"me/events/{copies['Lunch']}/accept", {})
    assert await bo.mail() == ["Other"]
    assert await bo.subjects("me/mailFolders/deleteditems/messages") == ["Lunch"]


async def test_an_answer_need_not_be_sent() -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person))
    await bo.post(f"me/events/{(await first(bo))['id']}/accept", {"sendResponse": "false"})
    assert (await first(bo))["responseStatus"]["response"] == "accepted"
    assert await statuses(ada, made["id"]) == {"bo": "none"}
    assert await ada.mail() == []


async def test_a_declined_meeting_leaves_the_calendar() -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person))
    await bo.post(f"me/events/{(await first(bo))['id']}/decline", {})
    assert await bo.subjects() == []
    assert await statuses(ada, made["id"]) == {"bo": "declined"}
    assert await ada.mail() == ["Declined: Lunch"]


async def test_a_declined_meeting_stays_where_the_mailbox_is_set_so() -> None:
    tenant, ada, bo, _ = people()
    agenda_of(tenant, bo.person).keeps_declined = True
    await ada.post("me/events", lunch(bo.person))
    await bo.post(f"me/events/{(await first(bo))['id']}/decline", {})
    copy = await first(bo)
    assert (copy["responseStatus"]["response"], copy["showAs"]) == ("declined", "free")


async def test_another_time_can_be_proposed() -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person))
    proposed = {"start": time("2026-03-17T12:00:00", ZONE), "end": time("2026-03-17T13:00:00", ZONE)}
    path = f"me/events/{(await first(bo))['id']}/tentativelyAccept"
    await bo.post(path, {"proposedNewTime": proposed, "sendResponse": True})
    (one,) = (await ada.get(f"me/events/{made['id']}"))["attendees"]
    assert one["proposedNewTime"]["start"]["dateTime"] == "2026-03-17T11:00:00.0000000"
    assert await ada.mail() == ["New Time Proposed: Lunch"]
    refused = await bo.http.post(path, json={"proposedNewTime": proposed, "sendResponse": False})
    assert error_of(refused)[0] == 400


@pytest.mark.parametrize(
    ("event", "answer", "words"),
    [
        pytest.param(
            {"responseRequested": False}, {"sendResponse": True}, "hasn't requested a response", id="no answers"
        ),
        pytest.param(
            {"allowNewTimeProposals": False},
            {"proposedNewTime": {"start": time("2026-03-17T12:00:00"), "end": time("2026-03-17T13:00:00")}},
            "doesn't allow new time proposals",
            id="no other times",
        ),
        pytest.param(
            {}, {"proposedNewTime": {"start": time("2026-03-17T12:00:00")}}, "is not a date", id="half a time"
        ),
    ],
)
async def test_the_organizers_wishes_are_kept(event: dict[str, Any], answer: dict[str, Any], words: str) -> None:
    _, ada, bo, _ = people()
    await ada.post("me/events", lunch(bo.person, **event))
    response = await bo.http.post(f"me/events/{(await first(bo))['id']}/tentativelyAccept", json=answer)
    assert error_of(response)[0] == 400
    assert words in error_of(response)[2]


async def test_only_the_organizer_cancels_and_never_answers() -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person))
    cancel = await bo.http.post(f"me/events/{(await first(bo))['id']}/cancel", json={})
    assert error_of(cancel) == (
        400, "ErrorInvalidRequest", "Your request can't be completed. You need to be an organizer to cancel a meeting.",
    )  # fmt: skip
    accept = await ada.http.post(f"me/events/{made['id']}/accept", json={})
    assert error_of(accept)[:2] == (400, "ErrorInvalidRequest")


@pytest.mark.parametrize("how", [pytest.param("cancel", id="cancelled"), pytest.param("delete", id="deleted")])
async def test_a_meeting_that_is_off_stays_behind_as_cancelled(how: str) -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person))
    if how == "cancel":
        await ada.post(f"me/events/{made['id']}/cancel", {"comment": "Fire drill"})
    else:
        await ada.delete(f"me/events/{made['id']}")
    assert await ada.subjects() == []
    copy = await first(bo)
    assert (copy["subject"], copy["isCancelled"], copy["showAs"]) == ("Canceled: Lunch", True, "free")
    assert sorted(await bo.mail()) == ["Canceled: Lunch", "Lunch"]


async def test_a_changed_time_asks_everybody_again() -> None:
    _, ada, bo, cy = people()
    made = await ada.post("me/events", lunch(bo.person, cy.person))
    await bo.post(f"me/events/{(await first(bo))['id']}/accept", {})
    await ada.patch(
        f"me/events/{made['id']}", {"start": time("2026-03-16T14:00:00"), "end": time("2026-03-16T15:00:00")}
    )
    copy = await first(bo)
    assert copy["start"]["dateTime"] == "2026-03-16T14:00:00.0000000"
    assert copy["responseStatus"]["response"] == "notResponded"
    assert await statuses(ada, made["id"]) == {"bo": "none", "cy": "none"}
    assert await bo.mail() == ["Lunch"]


async def test_another_subject_is_told_and_answers_stay() -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person))
    await bo.post(f"me/events/{(await first(bo))['id']}/accept", {})
    await ada.patch(f"me/events/{made['id']}", {"subject": "Soup"})
    copy = await first(bo)
    assert (copy["subject"], copy["responseStatus"]["response"]) == ("Soup", "accepted")
    await ada.patch(f"me/events/{made['id']}", {"categories": ["Red category"]})
    assert (await first(bo))["categories"] == []
    assert await bo.mail() == ["Soup"]


async def test_the_list_of_those_invited_can_change() -> None:
    _, ada, bo, cy = people()
    made = await ada.post("me/events", lunch(bo.person))
    await bo.post(f"me/events/{(await first(bo))['id']}/accept", {})
    both = [{"emailAddress": {"address": desk.person.mail}} for desk in (bo, cy)]
    await ada.patch(f"me/events/{made['id']}", {"attendees": both})
    assert await statuses(ada, made["id"]) == {"bo": "accepted", "cy": "none"}
    assert await cy.subjects() == ["Lunch"]
    assert await bo.mail() == []
    await ada.patch(f"me/events/{made['id']}", {"attendees": both[1:]})
    assert await bo.subjects() == ["Canceled: Lunch"]


async def test_what_one_does_to_the_own_copy_is_nobody_elses_business() -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person))
    copy = await first(bo)
    await bo.patch(f"me/events/{copy['id']}", {"subject": "Mine", "reminderMinutesBeforeStart": 5})
    assert (await ada.get(f"me/events/{made['id']}"))["subject"] == "Lunch"
    await bo.delete(f"me/events/{copy['id']}")
    assert await ada.subjects() == ["Lunch"]
    await ada.patch(f"me/events/{made['id']}", {"subject": "Soup"})
    assert await bo.subjects() == []


async def test_hidden_attendees_see_nobody_else() -> None:
    _, ada, bo, cy = people()
    await ada.post("me/events", lunch(bo.person, cy.person, hideAttendees=True))
    assert (await first(bo))["attendees"] == []


async def test_a_forwarded_meeting_has_one_more_guest() -> None:
    _, ada, bo, cy = people()
    made = await ada.post("me/events", lunch(bo.person))
    to = [{"emailAddress": {"address": cy.person.mail, "name": "Cy"}}]
    copy = await first(bo)
    await bo.post(f"me/events/{copy['id']}/forward", {"ToRecipients": to, "Comment": "Come, too"})
    assert await cy.subjects() == ["Lunch"]
    assert await statuses(ada, made["id"]) == {"bo": "none", "cy": "none"}
    assert error_of(await bo.http.post(f"me/events/{copy['id']}/forward", json={"ToRecipients": []}))[0] == 400


async def test_a_series_is_answered_as_a_whole_or_one_by_one() -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person, recurrence=WEEKLY))
    master = await first(bo)
    assert master["type"] == "seriesMaster"
    second = (await bo.view())[1]
    await bo.post(f"me/events/{second['id']}/tentativelyAccept", {})
    assert [item["responseStatus"]["response"] for item in await bo.view()] == [
        "notResponded", "tentativelyAccepted", "notResponded", "notResponded",
    ]  # fmt: skip
    theirs = (await ada.view())[1]
    assert theirs["attendees"][0]["status"]["response"] == "tentativelyAccepted"
    await bo.post(f"me/events/{master['id']}/accept", {})
    assert {item["responseStatus"]["response"] for item in await bo.view()} == {"accepted"}
    assert await statuses(ada, made["id"]) == {"bo": "accepted"}
    third = (await bo.view())[2]
    await bo.post(f"me/events/{third['id']}/decline", {})
    assert len(await bo.view()) == 3


async def test_one_of_a_series_can_be_changed_or_called_off_for_all() -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person, recurrence=WEEKLY))
    second, third = (await ada.view())[1:3]
    await ada.patch(
        f"me/events/{second['id']}", {"start": time("2026-03-23T15:00:00"), "end": time("2026-03-23T16:00:00")}
    )
    await ada.post(f"me/events/{third['id']}/cancel", {"comment": "Away"})
    theirs = await bo.view()
    assert [item["type"] for item in theirs] == ["occurrence", "exception", "exception", "occurrence"]
    assert theirs[1]["start"]["dateTime"] == "2026-03-23T15:00:00.0000000"
    assert theirs[2]["subject"] == "Canceled: Lunch"
    mails = (await bo.get("me/mailFolders/inbox/messages"))["value"]
    (mail,) = [one for one in mails if one["meetingMessageType"] == "meetingCancelled"]
    behind = await bo.get(f"me/messages/{mail['id']}/microsoft.graph.eventMessage/event")
    assert behind["id"] in {item["id"] for item in theirs}
    assert len(await ada.view()) == 3
    shorter = {**WEEKLY, "range": {**WEEKLY["range"], "numberOfOccurrences": 2}}
    await ada.patch(f"me/events/{made['id']}", {"recurrence": shorter})
    assert len(await bo.view()) == 2


async def test_what_an_exception_does_not_change_follows_the_series_everywhere() -> None:
    _, ada, bo, _ = people()
    made = await ada.post("me/events", lunch(bo.person, recurrence=WEEKLY))
    second = (await ada.view())[1]
    await ada.patch(f"me/events/{second['id']}", {"location": {"displayName": "Bar"}})
    await ada.patch(f"me/events/{made['id']}", {"subject": "Soup"})
    for desk in (ada, bo):
        assert {item["subject"] for item in await desk.view()} == {"Soup"}
        assert (await desk.view())[1]["location"]["displayName"] == "Bar"
    await ada.post(f"me/events/{made['id']}/cancel")
    assert {(item["subject"], item["isCancelled"]) for item in await bo.view()} == {("Canceled: Soup", True)}


async def test_one_who_comes_later_gets_the_exceptions_too() -> None:
    _, ada, bo, cy = people()
    made = await ada.post("me/events", lunch(bo.person, recurrence=WEEKLY))
    second, third = (await ada.view())[1:3]
    await ada.patch(f"me/events/{second['id']}", {"subject": "Late"})
    await ada.delete(f"me/events/{third['id']}")
    both = [{"emailAddress": {"address": desk.person.mail}} for desk in (bo, cy)]
    await ada.patch(f"me/events/{made['id']}", {"attendees": both})
    assert [item["subject"] for item in await cy.view()] == ["Lunch", "Late", "Lunch"]
    first_one = (await ada.view())[0]
    await ada.patch(f"me/events/{first_one['id']}", {"attendees": both[:1]})
    assert (await cy.view())[0]["subject"] == "Canceled: Lunch"


async def test_one_may_be_invited_to_a_single_occurrence() -> None:
    _, ada, bo, cy = people()
    await ada.post("me/events", lunch(bo.person, recurrence=WEEKLY))
    second = (await ada.view())[1]
    both = [{"emailAddress": {"address": desk.person.mail}} for desk in (bo, cy)]
    await ada.patch(f"me/events/{second['id']}", {"attendees": both})
    (only,) = await cy.view()
    assert (only["type"], only["start"]["dateTime"]) == ("singleInstance", "2026-03-23T11:00:00.0000000")
    await cy.post(f"me/events/{only['id']}/accept", {})


async def test_a_group_has_a_calendar_and_invites() -> None:
    tenant, ada, bo, _ = people()
    group = add_group(tenant, {
        "displayName": "Light", "mailNickname": "light", "mailEnabled": True, "groupTypes": ["Unified"],
    }, "2026-03-11T14:30:00Z")  # fmt: skip
    group.links_of("members").add(bo.person)
    made = await ada.post(f"groups/{group.id}/events", lunch(bo.person, recurrence=WEEKLY))
    assert made["organizer"]["emailAddress"]["name"] == "Light"
    assert await ada.subjects(f"groups/{group.id}/calendar/events") == ["Lunch"]
    assert len(await ada.subjects(f"groups/{group.id}/calendarView?{SPRING}")) == 4
    changed = await ada.patch(f"groups/{group.id}/calendar/events/{made['id']}", {"subject": "Soup"})
    assert changed["subject"] == "Soup"
    await bo.post(f"me/events/{(await first(bo))['id']}/accept", {})
    shown = await ada.get(f"groups/{group.id}/events/{made['id']}")
    assert shown["attendees"][0]["status"]["response"] == "accepted"
    await ada.post("me/events", lunch(str(group["mail"]), subject="For all of light"))
    assert "For all of light" in await bo.subjects()


async def test_a_security_group_has_none() -> None:
    tenant, ada, *_ = people()
    group = add_group(
        tenant, {"displayName": "S", "mailNickname": "s", "securityEnabled": True}, "2026-03-11T14:30:00Z"
    )
    response = await ada.http.get(f"groups/{group.id}/events")
    assert error_of(response)[:2] == (404, "MailboxNotEnabledForRESTAPI")
