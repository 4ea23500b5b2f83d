"""Events that recur: occurrences, exceptions, gaps, and the views that show them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.graph.calendar.ids import occurrence_id, read_occurrence_id
from tests.emulator.calendar.desk import SPRING, WEEKLY, ZONE, Desk, lunch, people, time
from tests.emulator.support import error_of

FAR = {"start": time("2027-03-16T12:00:00", ZONE), "end": time("2027-03-16T13:00:00", ZONE)}
FAR_WEEKLY = {
    "pattern": {**WEEKLY["pattern"], "daysOfWeek": ["tuesday"]},
    "range": {**WEEKLY["range"], "startDate": "2027-03-16"},
}
FAR_WINDOW = "startDateTime=2027-03-01T00:00:00Z&endDateTime=2027-05-01T00:00:00Z"


async def weekly(ada: Desk, *guests: Any, **changes: Any) -> dict[str, Any]:
    return await ada.post("me/events", lunch(*guests, **{"recurrence": WEEKLY, **changes}))


def days(items: list[dict[str, Any]]) -> list[str]:
    return [item["start"]["dateTime"][:16] for item in items]


async def test_a_series_is_one_event_and_many_occurrences() -> None:
    _, ada, *_ = people()
    made = await weekly(ada)
    assert made["type"] == "seriesMaster"
    assert made["recurrence"]["range"]["recurrenceTimeZone"] == ZONE
    assert await ada.subjects() == ["Lunch"]
    found = await ada.view()
    assert {item["type"] for item in found} == {"occurrence"}
    assert {item["seriesMasterId"] for item in found} == {made["id"]}
    assert all(item["recurrence"] is None for item in found)
    # The clock stays when summer time begins on the 29th.
    assert days(found) == ["2026-03-16T11:00", "2026-03-23T11:00", "2026-03-30T10:00", "2026-04-06T10:00"]


async def test_an_occurrence_has_an_id_of_its_own_that_stays() -> None:
    _, ada, *_ = people()
    await weekly(ada)
    first, second = (await ada.view())[:2]
    assert first["id"] != second["id"]
    assert (await ada.get(f"me/events/{second['id']}"))["start"] == second["start"]
    assert first["iCalUId"] != second["iCalUId"]
    kept = await ada.view(Prefer='IdType="ImmutableId"')
    assert (await ada.get(f"me/events/{kept[1]['id']}"))["id"] == second["id"]
    assert kept[1]["seriesMasterId"] != second["seriesMasterId"]


async def test_the_start_moves_to_the_first_day_of_the_pattern() -> None:
    _, ada, *_ = people()
    pattern = {"pattern": {**WEEKLY["pattern"], "daysOfWeek": ["wednesday"]}, "range": WEEKLY["range"]}
    made = await ada.post("me/events", lunch(recurrence=pattern))
    assert made["start"]["dateTime"] == "2026-03-18T11:00:00.0000000"


async def test_a_changed_occurrence_is_an_exception() -> None:
    _, ada, *_ = people()
    made = await weekly(ada)
    second = (await ada.view())[1]
    path = f"me/events/{second['id']}"
    changed = await ada.patch(
        path, {"subject": "Late", "start": time("2026-03-23T15:00:00"), "end": time("2026-03-23T16:00:00")}
    )
    assert (changed["type"], changed["id"]) == ("exception", second["id"])
    found = await ada.view()
    assert [item["subject"] for item in found] == ["Lunch", "Late", "Lunch", "Lunch"]
    shown = await ada.get(f"{path}?$select=originalStart,start")
    assert shown["originalStart"] == "2026-03-23T11:00:00Z"
    master = await ada.get(f"me/events/{made['id']}?$expand=exceptionOccurrences($select=subject)")
    assert [one["subject"] for one in master["exceptionOccurrences"]] == ["Late"]
    renamed = await ada.patch(f"me/events/{made['id']}", {"subject": "Soup"})
    assert renamed["subject"] == "Soup"
    assert [item["subject"] for item in await ada.view()] == ["Soup", "Late", "Soup", "Soup"]


@pytest.mark.parametrize(
    "day", [pytest.param("16", id="onto the one before"), pytest.param("31", id="past the next one")]
)
async def test_an_occurrence_cannot_pass_its_neighbours(day: str) -> None:
    _, ada, *_ = people()
    await weekly(ada)
    second = (await ada.view())[1]
    response = await ada.http.patch(
        f"me/events/{second['id']}",
        json={"start": time(f"2026-03-{day}T09:00:00"), "end": time(f"2026-03-{day}T11:30:00")},
    )
    assert error_of(response)[:2] == (400, "ErrorOccurrenceCrossingBoundary")


async def test_an_occurrence_cannot_recur() -> None:
    _, ada, *_ = people()
    await weekly(ada)
    second = (await ada.view())[1]
    response = await ada.http.patch(f"me/events/{second['id']}", json={"recurrence": WEEKLY})
    assert error_of(response)[:2] == (400, "ErrorInvalidRecurrencePattern")


async def test_a_deleted_occurrence_leaves_a_gap() -> None:
    _, ada, *_ = people()
    made = await weekly(ada)
    second = (await ada.view())[1]
    await ada.delete(f"me/events/{second['id']}")
    assert len(await ada.view()) == 3
    assert (await ada.http.get(f"me/events/{second['id']}")).status_code == 404
    master = await ada.get(f"me/events/{made['id']}?$select=cancelledOccurrences")
    assert master["cancelledOccurrences"] == [f"OID.{made['id']}.2026-03-23"]
    shown = await ada.get(f"me/events/{(await ada.view())[0]['id']}?$select=cancelledOccurrences")
    assert shown["cancelledOccurrences"] == []


async def test_another_time_of_the_series_takes_the_exceptions_away() -> None:
    _, ada, *_ = people()
    made = await weekly(ada)
    second = (await ada.view())[1]
    await ada.patch(f"me/events/{second['id']}", {"subject": "Late"})
    await ada.patch(
        f"me/events/{made['id']}",
        {"start": time("2026-03-17T12:00:00", ZONE), "end": time("2026-03-17T13:00:00", ZONE)},
    )
    found = await ada.view()
    assert {item["subject"] for item in found} == {"Lunch"}
    assert days(found)[0] == "2026-03-23T11:00"


async def test_a_series_can_end_being_one() -> None:
    _, ada, *_ = people()
    made = await weekly(ada)
    changed = await ada.patch(f"me/events/{made['id']}", {"recurrence": None})
    assert (changed["type"], changed["recurrence"]) == ("singleInstance", None)
    assert len(await ada.view()) == 1


async def test_another_pattern_gives_other_days() -> None:
    _, ada, *_ = people()
    made = await weekly(ada)
    daily = {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "endDate", "startDate": "2026-03-16", "endDate": "2026-03-18"},
    }
    await ada.patch(f"me/events/{made['id']}", {"recurrence": daily})
    assert [day[8:10] for day in days(await ada.view())] == ["16", "17", "18"]


async def test_instances_need_a_window() -> None:
    _, ada, *_ = people()
    made = await weekly(ada)
    path = f"me/events/{made['id']}/instances"
    assert error_of(await ada.http.get(path))[:2] == (400, "ErrorInvalidParameter")
    found = await ada.get(f"{path}?startDateTime=2026-03-20T00:00:00&endDateTime=2026-04-01T00:00:00")
    assert [day[5:10] for day in days(found["value"])] == ["03-23", "03-30"]
    assert (await ada.get(f"{path}/{found['value'][0]['id']}"))["id"] == found["value"][0]["id"]
    single = await ada.post("me/events", lunch(subject="Once"))
    assert (await ada.get(f"me/events/{single['id']}/instances?{SPRING}"))["value"] == []
    assert (await ada.http.get(f"me/events/{single['id']}/instances/{found['value'][0]['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("window", "message"),
    [
        pytest.param("", "requires a time window", id="none"),
        pytest.param("startDateTime=2026-03-01T00:00:00Z", "requires a time window", id="no end"),
        pytest.param("startDateTime=x&endDateTime=2026-03-01T00:00:00Z", "'StartDateTime' is invalid", id="no moment"),
        pytest.param("startDateTime=2026-03-02&endDateTime=2026-03-01", "must not be earlier", id="backwards"),
        pytest.param("startDateTime=2020-03-02&endDateTime=2026-03-01", "1825", id="too long"),
    ],
)
async def test_a_view_needs_a_window(window: str, message: str) -> None:
    _, ada, *_ = people()
    status, _, text = error_of(await ada.http.get(f"me/calendarView?{window}"))
    assert status == 400
    assert message in text


async def test_a_view_is_in_order_has_pages_and_counts() -> None:
    _, ada, *_ = people()
    daily = {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "noEnd", "startDate": "2026-03-16"}}
    await ada.post("me/events", lunch(recurrence=daily))
    await ada.post(
        "me/events", lunch(subject="Before", start=time("2026-03-20T08:00:00"), end=time("2026-03-20T08:00:00"))
    )
    first = await ada.get(f"me/calendarView?{SPRING}")
    assert len(first["value"]) == 10
    starts = days(first["value"])
    assert starts == sorted(starts)
    assert "startDateTime=" in first["@odata.nextLink"]
    assert len((await ada.get(first["@odata.nextLink"]))["value"]) == 10
    assert (await ada.http.get(f"me/calendarView/$count?{SPRING}")).text == "47"
    few = await ada.get(f"me/calendarView?{SPRING}", Prefer="odata.maxpagesize=3")
    assert len(few["value"]) == 3
    found = await ada.view("startDateTime=2026-03-20T08:00:00Z&endDateTime=2026-03-20T09:00:00Z")
    assert [item["subject"] for item in found] == ["Before"]


async def test_an_event_of_a_view_is_opened_without_the_window() -> None:
    _, ada, *_ = people()
    await weekly(ada)
    second = (await ada.view())[1]
    assert (await ada.get(f"me/calendarView/{second['id']}"))["start"] == second["start"]


async def test_windows_may_have_offsets() -> None:
    _, ada, *_ = people()
    await ada.post("me/events", lunch())
    plus = "startDateTime=2026-03-16T12:30:00+01:00&endDateTime=2026-03-16T13:00:00%2B01:00"
    assert len(await ada.view(plus)) == 1
    assert await ada.view("startDateTime=2026-03-16T13:00:00%2B01:00&endDateTime=2026-03-16T14:00:00%2B01:00") == []


async def test_the_parts_of_a_series_hang_on_its_occurrences() -> None:
    _, ada, *_ = people()
    made = await weekly(ada)
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGk="}
    await ada.post(f"me/events/{made['id']}/attachments", file)
    second = (await ada.view())[1]
    assert second["hasAttachments"] is True
    assert len((await ada.get(f"me/events/{second['id']}/attachments"))["value"]) == 1


class TestDelta:
    """What changed within a window."""

    START = f"me/calendarView/delta?{SPRING}"

    async def test_it_tells_series_briefly_and_the_rest_whole(self) -> None:
        _, ada, *_ = people()
        made = await weekly(ada)
        await ada.post("me/events", lunch(subject="Once"))
        await ada.post(
            "me/events", lunch(subject="Far", start=time("2027-03-16T12:00:00"), end=time("2027-03-16T13:00:00"))
        )
        body = await ada.get(self.START)
        kinds = {item["id"]: item for item in body["value"]}
        assert kinds[made["id"]]["subject"] == "Lunch"
        occurrences = [item for item in body["value"] if item["type"] == "occurrence"]
        assert len(occurrences) == 4
        assert set(occurrences[0]) == {"@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"}
        assert "Far" not in [item.get("subject") for item in body["value"]]

    async def test_it_goes_on_from_the_link(self) -> None:
        _, ada, *_ = people()
        made = await weekly(ada)
        once = await ada.post("me/events", lunch(subject="Once"))
        away = await ada.post("me/events", lunch(subject="Away"))
        link = (await ada.get(self.START))["@odata.deltaLink"]
        assert (await ada.get(link))["value"] == []
        first, second, third = [item for item in await ada.view() if item["type"] == "occurrence"][:3]
        await ada.delete(f"me/events/{once['id']}")
        await ada.patch(
            f"me/events/{away['id']}", {"start": time("2027-03-16T12:00:00"), "end": time("2027-03-16T13:00:00")}
        )
        await ada.patch(f"me/events/{second['id']}", {"subject": "Late"})
        body = await ada.get(link)
        told = {item["id"]: item for item in body["value"]}
        assert told[once["id"]]["@removed"] == told[away["id"]]["@removed"] == {"reason": "deleted"}
        assert told[second["id"]]["subject"] == "Late"
        await ada.delete(f"me/events/{third['id']}")
        after = await ada.get(body["@odata.deltaLink"])
        told = {item["id"]: item for item in after["value"]}
        assert "@removed" in told[third["id"]]
        await ada.delete(f"me/events/{made['id']}")
        gone = await ada.get(after["@odata.deltaLink"])
        assert {first["id"], made["id"]} <= {item["id"] for item in gone["value"] if "@removed" in item}

    async def test_days_that_a_new_pattern_leaves_out_are_removed(self) -> None:
        _, ada, *_ = people()
        made = await weekly(ada)
        body = await ada.get(self.START)
        second = (await ada.view())[1]
        shorter = {**WEEKLY, "range": {**WEEKLY["range"], "numberOfOccurrences": 1}}
        await ada.patch(f"me/events/{made['id']}", {"recurrence": shorter})
        after = await ada.get(body["@odata.deltaLink"])
        assert second["id"] in {item["id"] for item in after["value"] if "@removed" in item}

    async def test_an_exception_that_leaves_the_window_is_removed(self) -> None:
        _, ada, *_ = people()
        await weekly(ada)
        last = (await ada.view())[3]
        link = (await ada.get(self.START))["@odata.deltaLink"]
        await ada.patch(
            f"me/events/{last['id']}", {"start": time("2026-05-16T12:00:00"), "end": time("2026-05-16T13:00:00")}
        )
        told = {item["id"]: item for item in (await ada.get(link))["value"]}
        assert "@removed" in told[last["id"]]

    async def test_what_never_was_in_the_window_is_no_concern_of_it(self) -> None:
        _, ada, *_ = people()
        far = await ada.post("me/events", lunch(subject="Far", **FAR))
        series = await weekly(ada, **FAR, recurrence=FAR_WEEKLY)
        third = (await ada.view(FAR_WINDOW))[2]
        link = (await ada.get(self.START))["@odata.deltaLink"]
        for key in (far["id"], series["id"], third["id"]):
            await ada.patch(f"me/events/{key}", {"subject": "Changed"})
        await ada.delete(f"me/events/{third['id']}")
        assert (await ada.get(link))["value"] == []
        await ada.delete(f"me/events/{far['id']}")
        await ada.delete(f"me/events/{series['id']}")
        assert (await ada.get(link))["value"] == []

    async def test_an_event_that_only_passed_through_is_not_removed(self) -> None:
        _, ada, *_ = people()
        passing = await ada.post("me/events", lunch(**FAR))
        link = (await ada.get(self.START))["@odata.deltaLink"]
        brief = await ada.post("me/events", lunch())
        await ada.patch(f"me/events/{passing['id']}", {name: lunch()[name] for name in ("start", "end")})
        for event in (passing, brief):
            await ada.patch(f"me/events/{event['id']}", FAR)
        assert (await ada.get(link))["value"] == []

    async def test_a_series_leaves_with_its_last_occurrence(self) -> None:
        _, ada, *_ = people()
        made = await weekly(ada)
        shown = {made["id"], *(item["id"] for item in await ada.view())}
        link = (await ada.get(self.START))["@odata.deltaLink"]
        await ada.patch(f"me/events/{made['id']}", FAR)
        after = await ada.get(link)
        assert {item["id"] for item in after["value"] if "@removed" in item} == shown
        assert len(after["value"]) == len(shown)
        assert (await ada.get(after["@odata.deltaLink"]))["value"] == []

    async def test_a_series_comes_with_the_exception_that_is_moved_into_the_window(self) -> None:
        _, ada, *_ = people()
        series = await weekly(ada, **FAR, recurrence=FAR_WEEKLY)
        first = (await ada.view(FAR_WINDOW))[0]
        body = await ada.get(self.START)
        assert body["value"] == []
        await ada.patch(f"me/events/{first['id']}", {name: lunch()[name] for name in ("start", "end")})
        after = await ada.get(body["@odata.deltaLink"])
        assert {item["id"] for item in after["value"]} == {series["id"], first["id"]}
        await ada.delete(f"me/events/{first['id']}")
        gone = await ada.get(after["@odata.deltaLink"])
        assert {item["id"] for item in gone["value"] if "@removed" in item} == {series["id"], first["id"]}

    async def test_what_moves_in_a_guests_calendar_leaves_the_guests_window(self) -> None:
        _, ada, bo, _ = people()
        made = await weekly(ada, bo.person)
        shown = {item["id"] for item in await bo.view()}
        link = (await bo.get(self.START))["@odata.deltaLink"]
        await ada.patch(f"me/events/{made['id']}", FAR)
        assert shown < {item["id"] for item in (await bo.get(link))["value"] if "@removed" in item}

    @pytest.mark.parametrize("kind", ["events", "calendarView"])
    async def test_calendars_tell_nothing_of_each_other(self, kind: str) -> None:
        _, ada, *_ = people()
        team = await ada.post("me/calendars", {"name": "Team"})
        live = await ada.post(f"me/calendars/{team['id']}/events", lunch())
        options = f"?{SPRING}" if kind == "calendarView" else ""
        link = (await ada.get(f"me/{kind}/delta{options}"))["@odata.deltaLink"]
        other = (await ada.get(f"me/calendars/{team['id']}/{kind}/delta{options}"))["@odata.deltaLink"]
        await ada.patch(f"me/events/{live['id']}", {"subject": "Changed"})
        assert (await ada.get(link))["value"] == []
        assert [item["subject"] for item in (await ada.get(other))["value"]] == ["Changed"]

    async def test_it_has_pages(self) -> None:
        _, ada, *_ = people()
        await weekly(ada)
        body = await ada.get(f"{self.START}&$select=subject", Prefer="odata.maxpagesize=2")
        found = list(body["value"])
        while "@odata.nextLink" in body:
            body = await ada.get(body["@odata.nextLink"], Prefer="odata.maxpagesize=2")
            found += body["value"]
        assert len({item["id"] for item in found}) == len(found) == 5
        assert "@odata.deltaLink" in body

    async def test_a_bad_token_begins_anew(self) -> None:
        _, ada, *_ = people()
        response = await ada.http.get("me/calendarView/delta?$deltatoken=abc")
        assert error_of(response)[:2] == (410, "SyncStateNotFound")
        assert response.headers["Location"].endswith("me/calendarView/delta")

    async def test_events_have_a_delta_of_their_own(self) -> None:
        _, ada, *_ = people()
        made = await weekly(ada)
        body = await ada.get("me/events/delta")
        assert [item["type"] for item in body["value"]] == ["seriesMaster"]
        await ada.delete(f"me/events/{made['id']}")
        after = await ada.get(body["@odata.deltaLink"])
        assert [(item["id"], "@removed" in item) for item in after["value"]] == [(made["id"], True)]


@given(st.text(alphabet="abcXYZ019-_=", max_size=40), st.dates())
def test_the_id_of_an_occurrence_names_its_series_and_day(master: str, day: Any) -> None:
    assert read_occurrence_id(occurrence_id(master, day)) == (master, day)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_ids(text: str) -> None:
    assert read_occurrence_id(text) is None or isinstance(read_occurrence_id(text), tuple)
