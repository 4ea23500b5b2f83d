"""Recurring events: what is accepted, what Graph shows of it, and the days and moments that follow."""

from __future__ import annotations

import itertools
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.recurrence import (
    NoOccurrence,
    RecurrenceError,
    first_date,
    last_date,
    occurrence_dates,
    occurrences,
    validated,
)
from emulator.time_zones import zone_of

Json = dict[str, Any]
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
WORKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
INDEXES = ("first", "second", "third", "fourth", "last")
LONG_AGO, FAR_AWAY = date(1, 1, 1), date(9999, 12, 31)


def recurrence(pattern: Json, start: str = "2026-01-01", **bounds: object) -> Json:
    """A recurrence as a caller sends it, without end unless `bounds` say so."""
    return {"pattern": {"interval": 1, **pattern}, "range": {"type": "noEnd", "startDate": start, **bounds}}


def days_of(sent: Json, number: int = 5) -> list[str]:
    """The first days of a series."""
    days = occurrence_dates(validated(sent), LONG_AGO, FAR_AWAY)
    return [day.isoformat() for day in itertools.islice(days, number)]


WEEKLY = {"type": "weekly", "daysOfWeek": ["monday"]}
DAILY = {"type": "daily"}


def test_a_sent_recurrence_is_completed_as_graph_shows_it() -> None:
    sent = recurrence({"type": "Weekly", "daysOfWeek": ["Friday", "MONDAY", "friday"]}, "2026-09-04")
    assert validated(sent, "Pacific Standard Time") == {
        "pattern": {
            "type": "weekly",
            "interval": 1,
            "month": 0,
            "dayOfMonth": 0,
            "daysOfWeek": ["monday", "friday"],
            "firstDayOfWeek": "sunday",
            "index": "first",
        },
        "range": {
            "type": "noEnd",
            "startDate": "2026-09-04",
            "endDate": "0001-01-01",
            "recurrenceTimeZone": "Pacific Standard Time",
            "numberOfOccurrences": 0,
        },
    }


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        pytest.param(
            {"type": "daily", "dayOfMonth": 9, "month": 4, "daysOfWeek": ["monday"], "index": "last"},
            {"month": 0, "dayOfMonth": 0, "index": "first"},
            id="daily needs none of the others",
        ),
        pytest.param({"type": "absoluteMonthly", "dayOfMonth": 31}, {"dayOfMonth": 31, "month": 0}, id="monthly"),
        pytest.param(
            {"type": "absoluteYearly", "dayOfMonth": 29, "month": 2}, {"dayOfMonth": 29, "month": 2}, id="yearly"
        ),
        pytest.param(
            {"type": "relativeMonthly", "daysOfWeek": ["tuesday"], "index": "Last"},
            {"index": "last", "dayOfMonth": 0, "daysOfWeek": ["tuesday"]},
            id="by place",
        ),
        pytest.param(
            {"type": "relativeYearly", "daysOfWeek": ["tuesday"], "month": 3},
            {"index": "first", "month": 3},
            id="the first is meant where no place is named",
        ),
        pytest.param({"type": "daily", "interval": None}, {"interval": 1}, id="an interval of one"),
        pytest.param({**WEEKLY, "firstDayOfWeek": "Monday"}, {"firstDayOfWeek": "monday"}, id="first day of the week"),
    ],
)
def test_a_pattern_shows_what_it_uses_and_defaults_for_the_rest(pattern: Json, shown: Json) -> None:
    complete = validated(recurrence(pattern))["pattern"]
    assert complete | shown == complete
    assert ("daysOfWeek" in complete) == ("daysOfWeek" in shown or pattern["type"] in {"weekly", "relativeYearly"})


@pytest.mark.parametrize(
    ("bounds", "shown"),
    [
        pytest.param({"endDate": "2030-01-01", "numberOfOccurrences": 3}, {"endDate": "0001-01-01"}, id="no end"),
        pytest.param(
            {"type": "endDate", "endDate": "2026-02-01", "numberOfOccurrences": 3},
            {"endDate": "2026-02-01", "numberOfOccurrences": 0},
            id="end date",
        ),
        pytest.param(
            {"type": "numbered", "numberOfOccurrences": 10, "endDate": "2026-02-01"},
            {"endDate": "0001-01-01", "numberOfOccurrences": 10},
            id="numbered",
        ),
        pytest.param({"recurrenceTimeZone": "Europe/Paris"}, {"recurrenceTimeZone": "Europe/Paris"}, id="own zone"),
        pytest.param({"recurrenceTimeZone": ""}, {"recurrenceTimeZone": "UTC"}, id="empty zone"),
    ],
)
def test_a_range_shows_what_it_uses_and_defaults_for_the_rest(bounds: Json, shown: Json) -> None:
    complete = validated(recurrence(DAILY, **bounds))["range"]
    assert complete | shown == complete


@pytest.mark.parametrize(
    ("sent", "member", "says"),
    [
        pytest.param(None, "pattern", "an object is needed", id="nothing"),
        pytest.param([], "pattern", "an object is needed", id="a list"),
        pytest.param({"range": {}}, "pattern", "an object is needed", id="no pattern"),
        pytest.param({"pattern": DAILY}, "range", "an object is needed", id="no range"),
        pytest.param({"pattern": DAILY, "range": "noEnd"}, "range", "an object is needed", id="range is a text"),
        pytest.param(recurrence({}), "pattern.type", "nothing is not one of daily", id="no type"),
        pytest.param(recurrence({"type": "hourly"}), "pattern.type", "'hourly' is not one of", id="other type"),
        pytest.param(recurrence({"type": 0}), "pattern.type", "'0' is not one of", id="type is a number"),
        pytest.param(recurrence({**DAILY, "interval": 0}), "pattern.interval", "'0' is not a", id="interval 0"),
        pytest.param(recurrence({**DAILY, "interval": -1}), "pattern.interval", "from 1 to 999", id="interval -1"),
        pytest.param(recurrence({**DAILY, "interval": 1000}), "pattern.interval", "to 999", id="interval 1000"),
        pytest.param(recurrence({**WEEKLY, "interval": 100}), "pattern.interval", "to 99", id="100 weeks"),
        pytest.param(recurrence({**DAILY, "interval": "1"}), "pattern.interval", "whole number", id="interval text"),
        pytest.param(recurrence({**DAILY, "interval": True}), "pattern.interval", "whole number", id="interval true"),
        pytest.param(recurrence({"type": "weekly"}), "pattern.daysOfWeek", "at least one day", id="week without days"),
        pytest.param(
            recurrence({"type": "relativeMonthly", "daysOfWeek": []}),
            "pattern.daysOfWeek",
            "at least one day",
            id="place without days",
        ),
        pytest.param(
            recurrence({"type": "weekly", "daysOfWeek": "monday"}),
            "pattern.daysOfWeek",
            "at least",
            id="days is a text",
        ),
        pytest.param(
            recurrence({"type": "weekly", "daysOfWeek": ["Montag"]}), "pattern.daysOfWeek", "'Montag'", id="other day"
        ),
        pytest.param(
            recurrence({**WEEKLY, "firstDayOfWeek": "day"}), "pattern.firstDayOfWeek", "'day'", id="other first day"
        ),
        pytest.param(
            recurrence({"type": "relativeMonthly", "daysOfWeek": ["monday"], "index": "fifth"}),
            "pattern.index",
            "'fifth' is not one of first",
            id="a fifth Monday",
        ),
        pytest.param(
            recurrence({"type": "absoluteMonthly"}), "pattern.dayOfMonth", "nothing is not", id="no day of the month"
        ),
        pytest.param(
            recurrence({"type": "absoluteMonthly", "dayOfMonth": 32}), "pattern.dayOfMonth", "from 1 to 31", id="day 32"
        ),
        pytest.param(
            recurrence({"type": "absoluteYearly", "dayOfMonth": 30, "month": 2}),
            "pattern.dayOfMonth",
            "from 1 to 29",
            id="30 February",
        ),
        pytest.param(
            recurrence({"type": "absoluteYearly", "dayOfMonth": 1}), "pattern.month", "from 1 to 12", id="no month"
        ),
        pytest.param(
            recurrence({"type": "relativeYearly", "daysOfWeek": ["monday"], "month": 13}),
            "pattern.month",
            "from 1 to 12",
            id="month 13",
        ),
        pytest.param(recurrence(DAILY, type="forever"), "range.type", "'forever' is not one of", id="other range"),
        pytest.param(recurrence(DAILY, "soon"), "range.startDate", "'soon' is not a date", id="start is no date"),
        pytest.param(recurrence(DAILY, "2026-02-30"), "range.startDate", "not a date", id="start is no real date"),
        pytest.param(recurrence(DAILY, "20260201"), "range.startDate", "not a date", id="start in the basic form"),
        pytest.param(recurrence(DAILY, startDate=None), "range.startDate", "nothing is not a date", id="no start"),
        pytest.param(recurrence(DAILY, type="endDate"), "range.endDate", "nothing is not a date", id="no end"),
        pytest.param(
            recurrence(DAILY, type="endDate", endDate="2025-12-31"),
            "range.endDate",
            "2025-12-31 is before startDate 2026-01-01",
            id="end before start",
        ),
        pytest.param(recurrence(DAILY, type="numbered"), "range.numberOfOccurrences", "from 1 to 999", id="no number"),
        pytest.param(
            recurrence(DAILY, type="numbered", numberOfOccurrences=1000),
            "range.numberOfOccurrences",
            "from 1 to 999",
            id="too many",
        ),
        pytest.param(
            recurrence(DAILY, recurrenceTimeZone="Atlantis"), "range.recurrenceTimeZone", "'Atlantis'", id="other zone"
        ),
        pytest.param(recurrence(DAILY, recurrenceTimeZone=1), "range.recurrenceTimeZone", "'1'", id="zone is a number"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_member(sent: object, member: str, says: str) -> None:
    with pytest.raises(RecurrenceError) as caught:
        validated(sent)
    assert caught.value.member == member
    assert str(caught.value).startswith(f"recurrence.{member}: ")
    assert says in str(caught.value)


def test_a_range_that_ends_before_the_first_occurrence_is_refused() -> None:
    with pytest.raises(NoOccurrence, match="no occurrence between"):
        validated(recurrence(WEEKLY, "2026-01-01", type="endDate", endDate="2026-01-04"))


@pytest.mark.parametrize(
    ("sent", "days"),
    [
        pytest.param(recurrence(DAILY), ["2026-01-01", "2026-01-02", "2026-01-03"], id="every day"),
        pytest.param(recurrence({**DAILY, "interval": 20}), ["2026-01-01", "2026-01-21", "2026-02-10"], id="20 days"),
        pytest.param(recurrence(WEEKLY), ["2026-01-05", "2026-01-12", "2026-01-19"], id="the start need not fit"),
        pytest.param(
            recurrence({"type": "weekly", "daysOfWeek": ["sunday", "tuesday"], "interval": 2}, "2026-03-03"),
            ["2026-03-03", "2026-03-15", "2026-03-17", "2026-03-29"],
            id="every other week from Sunday",
        ),
        pytest.param(
            recurrence(
                {"type": "weekly", "daysOfWeek": ["sunday", "tuesday"], "interval": 2, "firstDayOfWeek": "monday"},
                "2026-03-03",
            ),
            ["2026-03-03", "2026-03-08", "2026-03-17", "2026-03-22"],
            id="every other week from Monday",
        ),
        pytest.param(
            recurrence({"type": "absoluteMonthly", "dayOfMonth": 31}, "2026-01-31"),
            ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
            id="shorter months have day 31 on their last",
        ),
        pytest.param(
            recurrence({"type": "absoluteMonthly", "dayOfMonth": 10, "interval": 3}, "2026-01-15"),
            ["2026-04-10", "2026-07-10"],
            id="every quarter, the first day gone by",
        ),
        pytest.param(
            recurrence({"type": "absoluteYearly", "dayOfMonth": 29, "month": 2}),
            ["2026-02-28", "2027-02-28", "2028-02-29"],
            id="29 February",
        ),
        pytest.param(
            recurrence({"type": "absoluteYearly", "dayOfMonth": 15, "month": 3, "interval": 2}, "2026-06-01"),
            ["2028-03-15", "2030-03-15"],
            id="every other year, the first day gone by",
        ),
        pytest.param(
            recurrence({"type": "relativeMonthly", "daysOfWeek": ["thursday"], "index": "second"}),
            ["2026-01-08", "2026-02-12", "2026-03-12"],
            id="second Thursday",
        ),
        pytest.param(
            recurrence({"type": "relativeMonthly", "daysOfWeek": ["thursday", "friday"], "index": "second"}),
            ["2026-01-02", "2026-02-06", "2026-03-06"],
            id="second of two weekdays",
        ),
        pytest.param(
            recurrence({"type": "relativeMonthly", "daysOfWeek": WORKDAYS, "index": "last"}),
            ["2026-01-30", "2026-02-27", "2026-03-31"],
            id="last workday",
        ),
        pytest.param(
            recurrence({"type": "relativeMonthly", "daysOfWeek": list(DAYS), "index": "last"}),
            ["2026-01-31", "2026-02-28"],
            id="last day",
        ),
        pytest.param(
            recurrence({"type": "relativeYearly", "daysOfWeek": ["thursday"], "index": "fourth", "month": 11}),
            ["2026-11-26", "2027-11-25"],
            id="fourth Thursday of November",
        ),
        pytest.param(
            recurrence({"type": "weekly", "daysOfWeek": ["saturday"]}, "0001-01-01"),
            ["0001-01-06", "0001-01-13"],
            id="where the calendar begins",
        ),
        pytest.param(
            recurrence({"type": "relativeYearly", "daysOfWeek": ["monday"], "month": 6}, "0001-01-01"),
            ["0001-06-04", "0002-06-03"],
            id="in the first year",
        ),
    ],
)
def test_a_series_falls_on_the_days_that_outlook_shows(sent: Json, days: list[str]) -> None:
    assert days_of(sent, len(days)) == days


@pytest.mark.parametrize(
    ("sent", "first", "last"),
    [
        pytest.param(recurrence(WEEKLY), "2026-01-05", None, id="no end"),
        pytest.param(recurrence(WEEKLY, type="endDate", endDate="2026-01-25"), "2026-01-05", "2026-01-19", id="end"),
        pytest.param(
            recurrence(WEEKLY, type="endDate", endDate="2026-01-05"), "2026-01-05", "2026-01-05", id="one day only"
        ),
        pytest.param(
            recurrence({"type": "absoluteMonthly", "dayOfMonth": 20}, type="endDate", endDate="2026-04-19"),
            "2026-01-20",
            "2026-03-20",
            id="end within a month whose day is to come",
        ),
        pytest.param(
            recurrence(WEEKLY, type="numbered", numberOfOccurrences=1), "2026-01-05", "2026-01-05", id="one time"
        ),
        pytest.param(
            recurrence(
                {"type": "weekly", "daysOfWeek": ["thursday", "friday"]}, type="numbered", numberOfOccurrences=2
            ),
            "2026-01-01",
            "2026-01-02",
            id="all within the first week",
        ),
        pytest.param(
            recurrence({**DAILY, "interval": 999}, "9990-01-01", type="numbered", numberOfOccurrences=999),
            "9990-01-01",
            "9998-03-17",
            id="longer than the calendar",
        ),
        pytest.param(
            recurrence(
                {"type": "absoluteYearly", "dayOfMonth": 1, "month": 1, "interval": 99},
                type="numbered",
                numberOfOccurrences=999,
            ),
            "2026-01-01",
            "9946-01-01",
            id="more years than the calendar has",
        ),
    ],
)
def test_a_series_has_a_first_and_a_last_day(sent: Json, first: str, last: str | None) -> None:
    complete = validated(sent)
    assert first_date(complete) == date.fromisoformat(first)
    assert last_date(complete) == (date.fromisoformat(last) if last else None)


def test_a_numbered_series_counts_from_its_start_whatever_the_window() -> None:
    sent = validated(recurrence({"type": "weekly", "daysOfWeek": WORKDAYS}, type="numbered", numberOfOccurrences=12))
    assert list(occurrence_dates(sent, date(2026, 1, 15), date(2027, 1, 1))) == [date(2026, 1, 15), date(2026, 1, 16)]


def test_a_window_before_the_series_is_empty() -> None:
    sent = validated(recurrence({"type": "absoluteYearly", "dayOfMonth": 9, "month": 9}))
    assert list(occurrence_dates(sent, date(2020, 1, 1), date(2025, 12, 31))) == []


def test_a_window_thousands_of_years_away_is_reached_at_once() -> None:
    sent = validated(recurrence(DAILY))
    assert list(occurrence_dates(sent, date(9999, 12, 30), FAR_AWAY)) == [date(9999, 12, 30), FAR_AWAY]


PATTERNS = st.one_of(
    st.fixed_dictionaries({"type": st.just("daily")}),
    st.fixed_dictionaries(
        {
            "type": st.just("weekly"),
            "daysOfWeek": st.lists(st.sampled_from(DAYS), min_size=1),
            "firstDayOfWeek": st.sampled_from(DAYS),
        }
    ),
    st.fixed_dictionaries({"type": st.just("absoluteMonthly"), "dayOfMonth": st.integers(1, 31)}),
    st.fixed_dictionaries(
        {"type": st.just("absoluteYearly"), "dayOfMonth": st.integers(1, 29), "month": st.integers(1, 12)}
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("relativeMonthly"),
            "daysOfWeek": st.lists(st.sampled_from(DAYS), min_size=1),
            "index": st.sampled_from(INDEXES),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("relativeYearly"),
            "daysOfWeek": st.lists(st.sampled_from(DAYS), min_size=1),
            "index": st.sampled_from(INDEXES),
            "month": st.integers(1, 12),
        }
    ),
)
STARTS = st.dates(date(1990, 1, 1), date(2060, 1, 1))
SERIES = st.builds(
    lambda pattern, interval, start, bounds: validated(
        recurrence({**pattern, "interval": interval}, start.isoformat(), **bounds)
    ),
    PATTERNS,
    st.integers(1, 12),
    STARTS,
    st.one_of(st.just({}), st.integers(1, 999).map(lambda number: {"type": "numbered", "numberOfOccurrences": number})),
)


def fits(day: date, sent: Json) -> bool:
    """Whether a day is one that the pattern allows, judged by the words of the pattern alone."""
    pattern: Json = sent["pattern"]
    length = monthrange(day.year, day.month)[1]
    if pattern["month"] and day.month != pattern["month"]:
        return False
    if pattern["dayOfMonth"]:
        return day.day == min(int(pattern["dayOfMonth"]), length)
    if "daysOfWeek" not in pattern:
        return (day - date.fromisoformat(sent["range"]["startDate"])).days % int(pattern["interval"]) == 0
    if pattern["type"] == "weekly":
        return DAYS[day.isoweekday() % 7] in pattern["daysOfWeek"]
    month = [day.replace(day=number) for number in range(1, length + 1)]
    same = [other for other in month if DAYS[other.isoweekday() % 7] in pattern["daysOfWeek"]]
    return same[-1 if pattern["index"] == "last" else INDEXES.index(pattern["index"])] == day


@given(SERIES)
def test_every_occurrence_fits_the_pattern_and_comes_after_the_one_before(sent: Json) -> None:
    days = list(itertools.islice(occurrence_dates(sent, LONG_AGO, FAR_AWAY), 40))
    assert all(fits(day, sent) for day in days)
    assert all(earlier < later for earlier, later in itertools.pairwise(days))
    assert days[0] == first_date(sent)
    assert days[0] >= date.fromisoformat(sent["range"]["startDate"])


@given(SERIES)
def test_nothing_that_fits_is_left_out_between_two_occurrences_when_the_interval_is_one(sent: Json) -> None:
    sent["pattern"]["interval"] = 1
    start = date.fromisoformat(sent["range"]["startDate"])
    until = min(start + timedelta(days=800), last_date(sent) or FAR_AWAY)
    walked = [start + timedelta(days=number) for number in range((until - start).days + 1)]
    assert list(occurrence_dates(sent, start, until)) == [day for day in walked if fits(day, sent)]


@given(SERIES, STARTS, st.integers(0, 900), st.integers(0, 900))
def test_two_windows_side_by_side_hold_what_one_over_both_holds(
    sent: Json, since: date, first: int, second: int
) -> None:
    middle = since + timedelta(days=first)
    until = middle + timedelta(days=second)
    left = list(occurrence_dates(sent, since, middle))
    right = list(occurrence_dates(sent, middle + timedelta(days=1), until))
    assert left + right == list(occurrence_dates(sent, since, until))


@given(SERIES, st.integers(1, 600))
def test_a_numbered_series_has_as_many_days_as_it_says(sent: Json, number: int) -> None:
    sent["range"] |= {"type": "numbered", "numberOfOccurrences": number}
    days = list(occurrence_dates(sent, LONG_AGO, FAR_AWAY))
    assert len(days) == number
    assert days[-1] == last_date(sent)


@given(SERIES, st.integers(0, 3000))
def test_the_last_day_of_a_series_with_an_end_is_the_newest_before_it(sent: Json, length: int) -> None:
    end = (first_date(sent) or FAR_AWAY) + timedelta(days=length)
    sent["range"] |= {"type": "endDate", "endDate": end.isoformat(), "numberOfOccurrences": 0}
    assert last_date(sent) == list(occurrence_dates(sent, LONG_AGO, FAR_AWAY))[-1]


BERLIN = "W. Europe Standard Time"


def starts_of(sent: Json, first: datetime, since: datetime, days: int) -> list[str]:
    """The starts within some days from `since`."""
    return [start.isoformat() for start in occurrences(sent, first, since, since + timedelta(days=days))]


def test_a_series_keeps_its_wall_clock_when_the_clocks_change() -> None:
    sent = validated(recurrence(DAILY), BERLIN)
    first = datetime(2026, 1, 1, 9, tzinfo=zone_of(BERLIN))
    assert starts_of(sent, first, datetime(2026, 3, 28, tzinfo=UTC), 2) == [
        "2026-03-28T09:00:00+01:00",
        "2026-03-29T09:00:00+02:00",
    ]


def test_a_start_that_the_clocks_skip_moves_forward() -> None:
    sent = validated(recurrence(DAILY), BERLIN)
    first = datetime.fromisoformat("2026-01-01T02:30:00")
    assert starts_of(sent, first, datetime(2026, 3, 28, 12, tzinfo=UTC), 2) == [
        "2026-03-29T03:30:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_a_window_holds_its_first_moment_and_not_its_last() -> None:
    sent = validated(recurrence(DAILY))
    first = datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert starts_of(sent, first, datetime(2026, 5, 1, 9, tzinfo=UTC), 1) == ["2026-05-01T09:00:00+00:00"]


def test_the_day_of_a_start_is_that_of_the_series_zone() -> None:
    sent = validated(recurrence({"type": "weekly", "daysOfWeek": ["monday"]}), "New Zealand Standard Time")
    first = datetime.fromisoformat("2026-01-05T08:00:00")
    window = datetime(2026, 1, 4, 18, 30, tzinfo=zone_of("UTC"))
    assert starts_of(sent, first, window, 1) == ["2026-01-05T08:00:00+13:00"]


def test_a_window_may_be_two_dates_ahead_of_the_series() -> None:
    sent = validated(recurrence(DAILY), "Dateline Standard Time")
    window = datetime(2026, 1, 6, 0, 30, tzinfo=zone_of("Line Islands Standard Time"))
    starts = occurrences(sent, datetime.fromisoformat("2026-01-01T23:00:00"), window, window + timedelta(hours=1))
    assert [start.isoformat() for start in starts] == ["2026-01-04T23:00:00-12:00"]


@pytest.mark.parametrize(
    ("zone", "day", "found"),
    [
        pytest.param("UTC", "9999-12-31", True, id="the last day in UTC"),
        pytest.param("Pacific Standard Time", "9999-12-31", False, id="a last evening that is too late in UTC"),
        pytest.param("Tokyo Standard Time", "0001-01-01", False, id="a first morning that is too early in UTC"),
    ],
)
def test_starts_that_the_calendar_cannot_hold_are_left_out(zone: str, day: str, found: bool) -> None:
    sent = validated(recurrence(DAILY, day, type="endDate", endDate=day), zone)
    clock = "20:00:00" if day.startswith("9") else "02:00:00"
    whole = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert bool(list(occurrences(sent, datetime.fromisoformat(f"{day}T{clock}"), *whole))) is found
