"""The calendar through the SDK: one-off and recurring events, the views of them, invitations, free time."""

from __future__ import annotations

import pytest
from msgraph.generated.models.attendee import Attendee
from msgraph.generated.models.attendee_base import AttendeeBase
from msgraph.generated.models.attendee_type import AttendeeType
from msgraph.generated.models.day_of_week import DayOfWeek
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.free_busy_status import FreeBusyStatus
from msgraph.generated.models.location import Location
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.patterned_recurrence import PatternedRecurrence
from msgraph.generated.models.recurrence_pattern import RecurrencePattern
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.recurrence_range import RecurrenceRange
from msgraph.generated.models.recurrence_range_type import RecurrenceRangeType
from msgraph.generated.models.response_type import ResponseType
from msgraph.generated.models.time_constraint import TimeConstraint
from msgraph.generated.models.time_slot import TimeSlot
from msgraph.generated.users.item.calendar.get_schedule.get_schedule_post_request_body import GetSchedulePostRequestBody
from msgraph.generated.users.item.calendar_view.calendar_view_request_builder import CalendarViewRequestBuilder
from msgraph.generated.users.item.events.item.accept.accept_post_request_body import AcceptPostRequestBody
from msgraph.generated.users.item.events.item.cancel.cancel_post_request_body import CancelPostRequestBody
from msgraph.generated.users.item.events.item.instances.instances_request_builder import InstancesRequestBuilder
from msgraph.generated.users.item.find_meeting_times.find_meeting_times_post_request_body import (
    FindMeetingTimesPostRequestBody,
)
from msgraph.graph_service_client import GraphServiceClient

from tests.clients.conftest import Cloud
from tests.clients.support import asking, everything, moment, sure, text, unique, zoned

View = CalendarViewRequestBuilder.CalendarViewRequestBuilderGetQueryParameters
Instances = InstancesRequestBuilder.InstancesRequestBuilderGetQueryParameters


def meeting(subject: str, days: int, *invited: str) -> Event:
    """An hour at nine."""
    return Event(
        subject=subject,
        body=text("Bring the drawings."),
        start=zoned(moment(days)),
        end=zoned(moment(days, 10)),
        location=Location(display_name="Small room"),
        attendees=[Attendee(email_address=EmailAddress(address=each), type=AttendeeType.Required) for each in invited],
    )


def weekly(subject: str, days: int, times: int) -> Event:
    """The same on one day of the week, so many times."""
    event, day = meeting(subject, days), moment(days)
    event.recurrence = PatternedRecurrence(
        pattern=RecurrencePattern(
            type=RecurrencePatternType.Weekly, interval=1, days_of_week=[list(DayOfWeek)[day.isoweekday() % 7]]
        ),
        range=RecurrenceRange(type=RecurrenceRangeType.Numbered, start_date=day.date(), number_of_occurrences=times),
    )
    return event


async def seen(client: GraphServiceClient, subject: str, days: int, until: int) -> list[Event]:
    """What a calendar shows between two days, under this subject."""
    query = View(start_date_time=moment(days, 0).isoformat(), end_date_time=moment(until, 0).isoformat(), top=100)
    found = await everything(client, await client.me.calendar_view.get(asking(query)))
    return [event for event in found if event.subject == subject]


async def test_an_event_is_made_moved_and_deleted(me: GraphServiceClient) -> None:
    made = sure(await me.me.events.post(meeting(unique("Site walk"), 41)))
    event = me.me.events.by_event_id(sure(made.id))
    assert made.type is EventType.SingleInstance
    assert sure(made.organizer).email_address
    later = sure(await event.patch(Event(start=zoned(moment(41, 13)), end=zoned(moment(41, 14)))))
    assert sure(sure(later.start).date_time).startswith(moment(41, 13).strftime("%Y-%m-%dT13:00:00"))
    assert sure(later.start).time_zone == "UTC"
    await event.delete()
    with pytest.raises(ODataError) as refused:
        await event.get()
    assert refused.value.response_status_code == 404


async def test_times_are_told_in_the_zone_that_is_preferred(me: GraphServiceClient) -> None:
    made = sure(await me.me.events.post(meeting(unique("Site walk"), 42)))
    event = me.me.events.by_event_id(sure(made.id))
    shown = sure(await event.get(asking(Prefer='outlook.timezone="India Standard Time"')))
    assert sure(shown.start).time_zone == "India Standard Time"
    assert "T14:30:00" in sure(sure(shown.start).date_time)
    await event.delete()


async def test_a_recurring_event_has_instances(me: GraphServiceClient) -> None:
    series = sure(await me.me.events.post(weekly(unique("Project round"), 50, 4)))
    assert series.type is EventType.SeriesMaster
    event = me.me.events.by_event_id(sure(series.id))
    query = Instances(start_date_time=moment(49).isoformat(), end_date_time=moment(100).isoformat())
    found = await everything(me, await event.instances.get(asking(query)))
    assert [each.type for each in found] == [EventType.Occurrence] * 4
    assert {each.series_master_id for each in found} == {series.id}
    await event.delete()


async def test_the_calendar_view_shows_occurrences_of_the_days_asked_for(me: GraphServiceClient) -> None:
    subject = unique("Project round")
    series = sure(await me.me.events.post(weekly(subject, 50, 4)))
    assert [event.type for event in await seen(me, subject, 50, 60)] == [EventType.Occurrence] * 2
    first, second = await seen(me, subject, 50, 60)
    await me.me.events.by_event_id(sure(second.id)).patch(Event(location=Location(display_name="Workshop")))
    await me.me.events.by_event_id(sure(first.id)).delete()
    (left,) = await seen(me, subject, 50, 60)
    assert left.type is EventType.Exception
    assert sure(left.location).display_name == "Workshop"
    await me.me.events.by_event_id(sure(series.id)).delete()


async def test_an_acceptance_reaches_the_organizer(
    me: GraphServiceClient, them: GraphServiceClient, cloud: Cloud
) -> None:
    subject = unique("Acceptance walk")
    made = sure(await me.me.events.post(meeting(subject, 43, cloud.colleague.upn)))
    (invited,) = await seen(them, subject, 43, 44)
    assert not invited.is_organizer
    assert invited.i_cal_u_id == made.i_cal_u_id
    answer = AcceptPostRequestBody(comment="I will be there.", send_response=True)
    await them.me.events.by_event_id(sure(invited.id)).accept.post(answer)
    (theirs,) = await seen(them, subject, 43, 44)
    assert sure(theirs.response_status).response is ResponseType.Accepted
    mine = sure(await me.me.events.by_event_id(sure(made.id)).get())
    (attendee,) = sure(mine.attendees)
    assert sure(attendee.status).response is ResponseType.Accepted
    await me.me.events.by_event_id(sure(made.id)).delete()


async def test_a_cancelled_meeting_is_cancelled_for_those_invited(
    me: GraphServiceClient, them: GraphServiceClient, cloud: Cloud
) -> None:
    subject = unique("Acceptance walk")
    made = sure(await me.me.events.post(meeting(subject, 44, cloud.colleague.upn)))
    await me.me.events.by_event_id(sure(made.id)).cancel.post(CancelPostRequestBody(comment="The hall is closed."))
    assert await seen(me, subject, 44, 45) == []
    left = await seen(them, f"Canceled: {subject}", 44, 45)
    assert all(event.is_cancelled for event in left)


async def test_the_schedule_shows_when_a_person_is_busy(me: GraphServiceClient, cloud: Cloud) -> None:
    made = sure(await me.me.events.post(meeting(unique("Site walk"), 45)))
    asked = GetSchedulePostRequestBody(
        schedules=[cloud.person.upn],
        start_time=zoned(moment(45, 8)),
        end_time=zoned(moment(45, 12)),
        availability_view_interval=60,
    )
    answer = sure(await me.me.calendar.get_schedule.post(asked))
    (schedule,) = sure(answer.value)
    assert schedule.schedule_id == cloud.person.upn
    assert sure(schedule.availability_view)[1] == "2"
    assert FreeBusyStatus.Busy in [item.status for item in sure(schedule.schedule_items)]
    await me.me.events.by_event_id(sure(made.id)).delete()


async def test_a_meeting_time_is_found_where_both_are_free(me: GraphServiceClient, cloud: Cloud) -> None:
    days = next(days for days in range(46, 53) if moment(days).weekday() == 1)
    made = sure(await me.me.events.post(meeting(unique("Site walk"), days)))
    hours = TimeSlot(start=zoned(moment(days, 9)), end=zoned(moment(days, 15)))
    asked = FindMeetingTimesPostRequestBody(
        attendees=[AttendeeBase(email_address=EmailAddress(address=cloud.colleague.upn), type=AttendeeType.Required)],
        time_constraint=TimeConstraint(time_slots=[hours]),
        max_candidates=5,
    )
    # Half an hour, which is what Graph takes a meeting for: the SDK does not write a duration as Graph reads it.
    answer = sure(await me.me.find_meeting_times.post(asked))
    starts = [sure(sure(each.meeting_time_slot).start) for each in sure(answer.meeting_time_suggestions)]
    assert starts
    assert not any("T09:" in sure(start.date_time) for start in starts)
    await me.me.events.by_event_id(sure(made.id)).delete()
