"""The calendars of the demo company: believable, alike for a seed, and quick to make."""

from __future__ import annotations

from datetime import UTC, timedelta
from random import Random

import pytest

from emulator.graph.calendar.series import exceptions, is_series, span_of
from emulator.graph.calendar.state import agenda_of, has_calendar
from emulator.graph.places.state import places_of
from emulator.seed.calendar import furnish_calendars
from emulator.seed.people import hire_staff
from emulator.store import Entity
from emulator.tenant import Tenant
from tests.emulator.calendar.desk import Desk
from tests.emulator.support import NOW


def company(seed: int = 7) -> Tenant:
    tenant = Tenant()
    rng = Random(seed)  # noqa: S311 - as the seed itself does
    hire_staff(tenant, rng, NOW)
    # A client who is a guest of the tenant is invited, but has no calendar here.
    tenant.add_person(
        "Guest", has_mailbox=False, userType="Guest", mail="l.okkerman@harbourmuseum.example", department="Projects"
    )
    furnish_calendars(tenant, rng, NOW)
    return tenant


@pytest.fixture(scope="module")
def tenant() -> Tenant:
    return company()


def events(tenant: Tenant) -> list[Entity]:
    return list(agenda_of(tenant, tenant.demo_person).events)


def everywhere(tenant: Tenant) -> list[Entity]:
    owners = (person for person in tenant.people.values() if has_calendar(tenant, person))
    return [event for person in owners for event in agenda_of(tenant, person).events]


def test_nothing_is_written_before_somebody_looks() -> None:
    tenant = company()
    assert all("agenda" not in person.state for person in tenant.people.values())
    assert len(events(tenant)) > 30


def test_the_same_seed_makes_the_same_calendars(tenant: Tenant) -> None:
    first, second = ([dict(event.values) for event in everywhere(one)] for one in (tenant, company()))
    assert first == second


def test_rooms_lie_in_three_offices(tenant: Tenant) -> None:
    cities = {place["address"]["city"] for place in places_of(tenant)}
    assert cities == {"Bremen", "Lisbon", "Leeds"}
    room = tenant.by_address(f"room.weser@{tenant.domain}")
    assert room is not None
    assert {event["showAs"] for event in agenda_of(tenant, room).events} == {"busy"}


def test_series_have_exceptions_and_gaps_in_every_copy(tenant: Tenant) -> None:
    stand_ups = [event for event in everywhere(tenant) if event["subject"] == "Project office stand-up"]
    assert len(stand_ups) > 4
    assert all(is_series(event) and exceptions(event) and event.state["cancelled"] for event in stand_ups)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        pytest.param("showAs", {"free", "tentative", "busy", "oof", "workingElsewhere"}, id="how time is shown"),
        pytest.param("sensitivity", {"normal", "private"}, id="what is private"),
        pytest.param("isAllDay", {True, False}, id="whole days"),
        pytest.param("isOnlineMeeting", {True, False}, id="online"),
        pytest.param("isOrganizer", {True, False}, id="one's own and others'"),
        pytest.param("originalStartTimeZone", {"W. Europe Standard Time", "GMT Standard Time"}, id="zones"),
        pytest.param("type", {"singleInstance", "seriesMaster"}, id="single and recurring"),
    ],
)
def test_all_kinds_of_events_occur(tenant: Tenant, name: str, values: set[object]) -> None:
    assert {event.get(name) for event in everywhere(tenant)} == values


def test_all_kinds_of_answers_occur(tenant: Tenant) -> None:
    found = {event["responseStatus"]["response"] for event in everywhere(tenant)}
    assert found == {"organizer", "accepted", "tentativelyAccepted", "notResponded", "declined"}


def test_outsiders_invite_the_demo_person(tenant: Tenant) -> None:
    organizers = {event["organizer"]["emailAddress"]["address"].partition("@")[2] for event in events(tenant)}
    assert tenant.domain in organizers
    assert len(organizers) > 1


def test_a_stand_up_keeps_the_clock_of_bremen(tenant: Tenant) -> None:
    event = next(event for event in events(tenant) if event["subject"] == "Project office stand-up")
    start = span_of(event).start
    assert (start.hour, start.minute) == (9, 15)
    assert start.astimezone(UTC) < NOW - timedelta(weeks=20)


async def test_the_week_of_the_demo_person_is_busy(tenant: Tenant) -> None:
    desk = Desk(tenant, tenant.demo_person)
    week = await desk.view("startDateTime=2026-03-09T00:00:00Z&endDateTime=2026-03-16T00:00:00Z")
    assert len(week) > 6
    subjects = [item["subject"] for item in week]
    assert "Project office stand-up" in subjects
    assert "Project office stand-up (later today)" in subjects
    next_week = await desk.view("startDateTime=2026-03-16T00:00:00Z&endDateTime=2026-03-23T00:00:00Z")
    assert "Project office stand-up" not in [item["subject"] for item in next_week]


async def test_a_seeded_meeting_can_be_answered(tenant: Tenant) -> None:
    one = company()
    desk = Desk(one, one.demo_person)
    found = await desk.get("me/events?$filter=isOrganizer eq false and type eq 'seriesMaster'")
    event = found["value"][0]
    await desk.post(f"me/events/{event['id']}/tentativelyAccept", {"comment": "Perhaps"})
    organizer = one.by_address(event["organizer"]["emailAddress"]["address"])
    assert organizer is not None
    assert "Tentative" in (await Desk(one, organizer).mail())[0]
