"""Free and busy: the view of a calendar that others get, and the times to meet that follow from several."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.free_busy import (
    Attendee,
    Busy,
    Meeting,
    ScheduleError,
    Suggestions,
    WorkingHours,
    availability_view,
    meeting_times,
    status_between,
)

# A Monday.
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
HALF = timedelta(minutes=30)
BERLIN = ZoneInfo("Europe/Berlin")
STATUSES = ("free", "tentative", "busy", "oof", "workingElsewhere")


def at(hours: float, length: float = 1, status: str = "busy") -> Busy:
    """An appointment that begins some hours after nine."""
    return Busy(NINE + hours * HOUR, NINE + (hours + length) * HOUR, status)


@pytest.mark.parametrize(
    ("busy", "view"),
    [
        pytest.param([], "0000", id="nothing"),
        pytest.param([at(0.5, 0.5)], "0200", id="one interval"),
        pytest.param([at(0.25, 0.5)], "2200", id="a part of an interval is the interval"),
        pytest.param([at(-1), at(2)], "0000", id="before and after"),
        pytest.param([at(-1, 5)], "2222", id="longer than the window"),
        pytest.param(
            [at(0, 0.5, "tentative"), at(0.5, 0.5, "oof"), at(1, 0.5, "workingElsewhere"), at(1.5, 0.5, "free")],
            "1340",
            id="every status has its digit",
        ),
        pytest.param([at(0, 2, "tentative"), at(0, 1, "busy"), at(0, 0.5, "oof")], "3211", id="the gravest is shown"),
        pytest.param([at(0, 2, "workingElsewhere"), at(1, 1, "tentative")], "4411", id="elsewhere is the mildest"),
        pytest.param([at(0, 2, "unknown")], "0000", id="an unknown status is none"),
        pytest.param([at(0.5, 0)], "0200", id="an appointment without length"),
        pytest.param([at(2, 0), at(-0.5, 0)], "0000", id="one without length outside"),
    ],
)
def test_the_view_has_a_digit_for_each_interval(busy: list[Busy], view: str) -> None:
    assert availability_view(busy, NINE, NINE + 2 * HOUR) == view


def test_the_last_interval_may_reach_past_the_end() -> None:
    assert availability_view([at(2.5, 1)], NINE, NINE + timedelta(minutes=130), 60) == "002"


def test_intervals_are_of_real_time_when_the_clocks_change() -> None:
    night = datetime(2026, 3, 29, tzinfo=BERLIN)
    busy = [Busy(datetime(2026, 3, 29, 3, tzinfo=BERLIN), datetime(2026, 3, 29, 4, tzinfo=BERLIN))]
    assert availability_view(busy, night, datetime(2026, 3, 29, 5, tzinfo=BERLIN), 60) == "0020"


def test_an_appointment_may_fill_the_hour_that_clocks_repeat() -> None:
    half_past_two = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    busy = [Busy(half_past_two, half_past_two.replace(fold=1))]
    midnight = datetime(2026, 10, 25, tzinfo=UTC)
    assert availability_view(busy, midnight, midnight + 2 * HOUR) == "0220"


@pytest.mark.parametrize(
    ("end", "minutes", "code"),
    [
        pytest.param(NINE + HOUR, 4, "ErrorInvalidMergedFreeBusyInterval", id="intervals too short"),
        pytest.param(NINE + HOUR, 1441, "ErrorInvalidMergedFreeBusyInterval", id="intervals too long"),
        pytest.param(NINE, 30, "ErrorInvalidTimeInterval", id="no time at all"),
        pytest.param(NINE - HOUR, 30, "ErrorInvalidTimeInterval", id="end before start"),
        pytest.param(NINE + timedelta(days=63), 30, "ErrorTimeIntervalTooBig", id="more than 62 days"),
    ],
)
def test_a_view_that_cannot_be_made_is_refused(end: datetime, minutes: int, code: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        availability_view([], NINE, end, minutes)
    assert caught.value.code == code


BUSY = st.lists(
    st.builds(
        lambda start, length, status: at(start / 60, length / 60, status),
        st.integers(-300, 900),
        st.integers(0, 600),
        st.sampled_from(STATUSES),
    ),
    max_size=6,
)


@given(BUSY, st.integers(1, 3000), st.integers(5, 1440))
def test_the_view_says_of_each_interval_what_is_asked_of_it_alone(busy: list[Busy], length: int, minutes: int) -> None:
    end = NINE + timedelta(minutes=length)
    view = availability_view(busy, NINE, end, minutes)
    assert len(view) == -(-length // minutes)
    starts = [NINE + timedelta(minutes=minutes * number) for number in range(len(view))]
    asked = [status_between(busy, start, start + timedelta(minutes=minutes)) for start in starts]
    assert view == "".join(str(STATUSES.index(status)) for status in asked)


@pytest.mark.parametrize(
    ("hours", "start", "length", "weekend", "held"),
    [
        pytest.param(WorkingHours(), NINE, HOUR, False, True, id="a Monday morning"),
        pytest.param(WorkingHours(), NINE - HOUR, 9 * HOUR, False, True, id="the whole working day"),
        pytest.param(WorkingHours(), NINE - HOUR, 10 * HOUR, False, False, id="an hour too long"),
        pytest.param(WorkingHours(), NINE - 2 * HOUR, HALF, False, False, id="too early"),
        pytest.param(WorkingHours(), NINE, 24 * HOUR, False, False, id="a day and a night"),
        pytest.param(WorkingHours(), NINE - timedelta(days=1), HOUR, False, False, id="a Sunday"),
        pytest.param(WorkingHours(), NINE - timedelta(days=1), HOUR, True, True, id="a Sunday that counts"),
        pytest.param(WorkingHours(), NINE - timedelta(days=1, hours=2), HOUR, True, False, id="a Sunday too early"),
        pytest.param(WorkingHours(zone=BERLIN), NINE - 2 * HOUR, HOUR, False, True, id="eight in Berlin"),
        pytest.param(WorkingHours(zone=BERLIN), NINE + 7 * HOUR, HOUR, False, False, id="five in Berlin"),
        pytest.param(
            WorkingHours(frozenset({6}), time(22), time(6)),
            NINE - 6 * HOUR,
            HOUR,
            False,
            True,
            id="Sunday's night shift",
        ),
        pytest.param(
            WorkingHours(frozenset({6}), time(22), time(6)), NINE - 3 * HOUR, HOUR, False, False, id="after the shift"
        ),
        pytest.param(
            WorkingHours(frozenset(range(7)), time(0), time(0)), NINE, 15 * HOUR, False, True, id="round the clock"
        ),
    ],
)
def test_working_hours_hold_what_lies_within_one_working_day(
    hours: WorkingHours, start: datetime, length: timedelta, weekend: bool, held: bool
) -> None:
    assert hours.hold(start, start + length, weekend=weekend) is held


def meeting(*attendees: Attendee, organizer: Attendee | None = None) -> Meeting:
    """An hour within the working Monday, for everybody."""
    return Meeting(organizer or person("me"), attendees, [(NINE, NINE + 8 * HOUR)], duration=HOUR)


def person(name: str, *busy: Busy, kind: str = "required", hours: WorkingHours | None = None) -> Attendee:
    """Somebody with these appointments."""
    return Attendee(f"{name}@contoso.example", busy, hours or WorkingHours(), kind)


def stranger(name: str) -> Attendee:
    """Somebody outside the organisation."""
    return Attendee(f"{name}@fabrikam.example", None)


def hours_of(found: Suggestions) -> list[str]:
    """The clocks at which the suggestions start."""
    return [f"{suggestion.start:%H:%M}" for suggestion in found.times]


def test_the_earliest_times_when_all_are_free_are_suggested_without_overlap() -> None:
    found = meeting_times(meeting(person("you", at(1))))
    assert hours_of(found) == ["09:00", "11:00", "12:00", "13:00", "14:00"]
    assert {suggestion.confidence for suggestion in found.times} == {100.0}
    assert all(suggestion.end - suggestion.start == HOUR for suggestion in found.times)
    assert found.empty_reason == ""


def test_no_more_times_are_suggested_than_are_wanted() -> None:
    assert hours_of(meeting_times(replace(meeting(), most=2))) == ["09:00", "10:00"]


def test_candidates_start_with_the_slot_and_then_on_half_hours() -> None:
    slot = (NINE + timedelta(minutes=10), NINE + 2 * HOUR)
    asked = replace(meeting(person("you", at(0.25, 0.25))), slots=[slot], duration=HALF)
    assert hours_of(meeting_times(asked)) == ["09:30", "10:00", "10:30"]
    assert hours_of(meeting_times(replace(asked, attendees=()))) == ["09:10", "10:00", "10:30"]


def test_half_hours_are_those_of_the_callers_clock() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    slot = (datetime(2026, 3, 2, 9, 10, tzinfo=kathmandu), datetime(2026, 3, 2, 10, 30, tzinfo=kathmandu))
    asked = replace(meeting(), slots=[slot], duration=HALF, domain="unrestricted", organizer=stranger("me"))
    assert hours_of(meeting_times(replace(asked, minimum_percentage=0))) == ["09:10", "10:00"]


def test_a_meeting_takes_real_time_when_the_clocks_change() -> None:
    slot = (datetime(2026, 3, 29, 1, tzinfo=BERLIN), datetime(2026, 3, 29, 4, tzinfo=BERLIN))
    found = meeting_times(replace(meeting(), slots=[slot], domain="unrestricted"))
    assert [suggestion.start.astimezone(BERLIN).hour for suggestion in found.times] == [1, 3]


def test_several_slots_are_searched() -> None:
    slots = [(NINE + 2 * HOUR, NINE + 3 * HOUR), (NINE, NINE + HOUR)]
    assert hours_of(meeting_times(replace(meeting(), slots=slots))) == ["09:00", "11:00"]


@pytest.mark.parametrize(
    ("attendees", "confidence"),
    [
        pytest.param([person("a"), person("b")], 100.0, id="both free"),
        pytest.param([person("a"), person("b", at(0, 8, "workingElsewhere"))], 100.0, id="one elsewhere"),
        pytest.param([person("a"), person("b", at(0, 8, "tentative"))], 75.0, id="one perhaps"),
        pytest.param([person("a"), person("b", at(0, 8))], 50.0, id="one busy"),
        pytest.param([person("a"), stranger("b")], 74.5, id="one unknown"),
        pytest.param([person("a"), person("b", at(0, 8, "oof")), person("c")], 200 / 3, id="one away of three"),
        pytest.param([], 100.0, id="the organizer alone"),
    ],
)
def test_confidence_is_the_mean_chance_that_attendees_come(attendees: list[Attendee], confidence: float) -> None:
    assert meeting_times(meeting(*attendees)).times[0].confidence == pytest.approx(confidence)


def test_the_surest_times_come_first_and_then_the_earliest() -> None:
    found = meeting_times(replace(meeting(person("a", at(0, 5)), person("b")), most=8))
    assert hours_of(found) == ["14:00", "15:00", "16:00", "09:00", "10:00", "11:00", "12:00", "13:00"]
    assert [suggestion.confidence for suggestion in found.times] == [100.0] * 3 + [50.0] * 5


def test_of_equally_sure_times_those_come_first_that_suit_who_must_come() -> None:
    asked = meeting(person("boss", at(0, 4)), person("guest", at(4, 4), kind="optional"))
    assert hours_of(meeting_times(asked))[0] == "13:00"


def test_a_suggestion_tells_everybodys_status_in_the_order_asked() -> None:
    asked = meeting(
        person("a", at(0, 8, "tentative")), stranger("b"), person("c"), organizer=person("me", at(0, 8, "tentative"))
    )
    first = meeting_times(asked).times[0]
    assert first.statuses == ("tentative", "unknown", "free")
    assert first.organizer == "tentative"


def test_a_slot_without_enough_confidence_is_not_suggested() -> None:
    asked = meeting(person("a", at(0, 7)), person("b"))
    assert hours_of(meeting_times(replace(asked, minimum_percentage=80.0))) == ["16:00"]


def test_the_organizer_must_be_there_unless_said_otherwise() -> None:
    asked = meeting(person("a"), organizer=person("me", at(0, 7)))
    assert hours_of(meeting_times(asked)) == ["16:00"]
    optional = meeting_times(replace(asked, organizer_optional=True))
    assert hours_of(optional)[0] == "09:00"
    assert optional.times[0].organizer == "busy"


@pytest.mark.parametrize(
    ("domain", "day", "hours"),
    [
        pytest.param("work", 0, ["08:00", "16:00"], id="work: working hours"),
        pytest.param("unknown", 0, ["08:00", "16:00"], id="unknown is like work"),
        pytest.param("work", 5, [], id="work: no Saturday"),
        pytest.param("personal", 5, ["08:00", "16:00"], id="personal: Saturday too"),
        pytest.param("unrestricted", 5, ["00:00", "23:00"], id="unrestricted: day and night"),
    ],
)
def test_the_kind_of_meeting_decides_the_hours(domain: str, day: int, hours: list[str]) -> None:
    midnight = NINE - 9 * HOUR + timedelta(days=day)
    asked = replace(meeting(person("a")), slots=[(midnight, midnight + 24 * HOUR)], domain=domain, most=24)
    found = hours_of(meeting_times(asked))
    assert [*found[:1], *found[-1:]] == hours


def test_work_lies_within_the_hours_of_all_who_must_come() -> None:
    late = WorkingHours(start=time(14), end=time(22))
    assert hours_of(meeting_times(meeting(person("a", hours=late)))) == ["14:00", "15:00", "16:00"]
    assert hours_of(meeting_times(meeting(person("a", hours=late, kind="optional"))))[0] == "09:00"


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        pytest.param(meeting(person("a", at(0, 8))), "attendeesUnavailable", id="busy all day"),
        pytest.param(
            meeting(person("a", hours=WorkingHours(start=time(20), end=time(22)))),
            "attendeesUnavailable",
            id="works at other hours",
        ),
        pytest.param(meeting(stranger("a")), "attendeesUnavailableOrUnknown", id="nobody knows"),
        pytest.param(
            meeting(person("a"), organizer=person("me", at(0, 8, "oof"))), "organizerUnavailable", id="organizer away"
        ),
        pytest.param(
            meeting(stranger("a"), organizer=person("me", hours=WorkingHours(start=time(20), end=time(22)))),
            "organizerUnavailable",
            id="organizer at other hours",
        ),
        pytest.param(replace(meeting(person("a")), slots=[]), "unknown", id="no slots"),
        pytest.param(replace(meeting(person("a")), duration=9 * HOUR), "unknown", id="longer than every slot"),
    ],
)
def test_why_there_is_no_time(asked: Meeting, reason: str) -> None:
    assert meeting_times(asked) == Suggestions((), reason)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        pytest.param(replace(meeting(), duration=timedelta()), "meetingDuration", id="no duration"),
        pytest.param(replace(meeting(), domain="holiday"), "activityDomain", id="other domain"),
        pytest.param(replace(meeting(), minimum_percentage=101), "minimumAttendeePercentage", id="more than all"),
        pytest.param(replace(meeting(), most=0), "maxCandidates", id="no candidates"),
        pytest.param(replace(meeting(), slots=[(NINE, NINE)]), "later than the start", id="empty slot"),
        pytest.param(replace(meeting(), slots=[(NINE, NINE + timedelta(days=70))]), "62 days", id="endless slot"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(asked: Meeting, says: str) -> None:
    with pytest.raises(ScheduleError, match=says):
        meeting_times(asked)


@given(BUSY, BUSY, st.integers(0, 100), st.integers(15, 180))
def test_every_suggestion_keeps_what_was_asked(mine: list[Busy], yours: list[Busy], least: int, minutes: int) -> None:
    asked = replace(
        meeting(person("a", *yours), organizer=person("me", *mine)),
        duration=timedelta(minutes=minutes),
        minimum_percentage=least,
    )
    found = meeting_times(asked)
    assert bool(found.times) is not bool(found.empty_reason)
    for suggestion in found.times:
        assert NINE <= suggestion.start < suggestion.end <= NINE + 8 * HOUR
        assert suggestion.confidence >= least
        assert status_between(mine, suggestion.start, suggestion.end) not in {"busy", "oof"}
