"""tools/_times.py: Graph's times in a person's zone, and a person's times for Graph."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import ToolInputError
from tools._times import Clock
from tools._windows_zones import IANA_OF

BERLIN = Clock("Europe/Berlin")
NEW_YORK = Clock("America/New_York")


def in_zone(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        pytest.param("Europe/Berlin", "Europe/Berlin", id="IANA"),
        pytest.param("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires", id="IANA in three parts"),
        pytest.param("W. Europe Standard Time", "Europe/Berlin", id="Windows"),
        pytest.param("w. europe standard time", "Europe/Berlin", id="Windows in lower case"),
        pytest.param("Pacific Standard Time", "America/Los_Angeles", id="Windows, America"),
        pytest.param("FLE Standard Time", "Europe/Kyiv", id="Windows, renamed by IANA"),
        pytest.param("India Standard Time", "Asia/Kolkata", id="Windows, renamed long ago"),
        pytest.param("UTC", "UTC", id="UTC"),
        pytest.param("utc", "UTC", id="UTC in lower case"),
        pytest.param("Etc/UTC", "UTC", id="IANA's UTC"),
        pytest.param("GMT", "UTC", id="GMT"),
        pytest.param("tzone://Microsoft/Utc", "UTC", id="Microsoft's UTC"),
        pytest.param("tzone://Microsoft/Custom", "UTC", id="Microsoft's custom zone"),
        pytest.param("Customized Time Zone", "UTC", id="Exchange's custom zone"),
        pytest.param("UTC-11", "UTC-11", id="Windows, behind UTC"),
        pytest.param("UTC+13", "UTC+13", id="Windows, ahead of UTC"),
        pytest.param("Etc/GMT+2", "UTC-02", id="IANA's reversed sign"),
        pytest.param("Etc/GMT+0", "UTC", id="no hours ahead"),
        pytest.param(" Europe/Berlin ", "Europe/Berlin", id="with spaces"),
        pytest.param("Mars/Olympus", "UTC", id="unknown"),
        pytest.param("Europe", "UTC", id="a folder of zones"),
        pytest.param("../../etc/passwd", "UTC", id="a path"),
        pytest.param("/etc/localtime", "UTC", id="a path from the root"),
        pytest.param("Europe/Ber\x00lin", "UTC", id="with a null"),
        pytest.param("A" * 5000, "UTC", id="far too long"),
        pytest.param("", "UTC", id="empty"),
        pytest.param(None, "UTC", id="none"),
    ],
)
def test_a_clock_knows_a_zone_by_any_of_its_names(name: str | None, zone: str) -> None:
    assert Clock.of(name).zone == zone


def test_every_windows_name_stands_for_a_zone_that_exists() -> None:
    named = {windows: iana for windows, iana in IANA_OF.items() if not iana.startswith("Etc/")}
    assert len(named) > 130
    assert {windows: Clock.of(windows).zone for windows in named} == named


def test_a_zone_that_is_a_number_of_hours_is_shown_by_its_windows_name() -> None:
    numbers = [windows for windows in IANA_OF if windows.startswith("UTC")]
    assert [Clock.of(windows).zone for windows in numbers] == numbers
    assert Clock.of("Dateline Standard Time").zone == "UTC-12"


def test_a_zone_that_the_machine_does_not_know_is_shown_and_counted_as_utc() -> None:
    clock = Clock("Mars/Olympus")
    assert (clock.zone, clock.minute("2026-11-20T14:03:59Z")) == ("UTC", "2026-11-20 14:03")


def test_a_machine_without_any_time_zones_still_tells_utc(tmp_path: Path) -> None:
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    try:
        assert Clock.of("UTC").minute("2026-11-20T14:03:59Z") == "2026-11-20 14:03"
    finally:
        zoneinfo.reset_tzpath(before)


def test_clocks_of_one_zone_are_equal() -> None:
    assert Clock.of("W. Europe Standard Time") == BERLIN
    assert len({Clock.of("UTC"), Clock()}) == 1


@pytest.mark.parametrize(
    ("graph_time", "shown"),
    [
        pytest.param("2026-11-20T14:03:59Z", "2026-11-20 15:03", id="UTC in winter"),
        pytest.param("2026-07-20T14:03:59Z", "2026-07-20 16:03", id="UTC in summer"),
        pytest.param("2026-11-20T14:03:59.1234567Z", "2026-11-20 15:03", id="Graph's seven digits"),
        pytest.param("2026-11-20T23:30:00-05:00", "2026-11-21 05:30", id="an offset"),
        pytest.param("2026-11-20T14:03:59", "2026-11-20 15:03", id="an offset that was lost"),
        pytest.param("2026-11-20", "2026-11-20", id="a day without a time"),
        pytest.param("2026-03-29T01:00:00Z", "2026-03-29 03:00", id="the clocks go forward"),
        pytest.param("2026-10-25T00:30:00Z", "2026-10-25 02:30", id="the first of two"),
        pytest.param("2026-10-25T01:30:00Z", "2026-10-25 02:30", id="the second of two"),
        pytest.param("1999-12-31T23:30:00Z", "2000-01-01 00:30", id="a new year"),
        pytest.param("0001-01-01T00:00:00Z", None, id="the year 1"),
        pytest.param("1601-01-01T00:00:00Z", None, id="Windows' first year"),
        pytest.param("9999-12-31T23:59:59.9999999Z", None, id="the last year"),
        pytest.param("0001-01-01", None, id="a day of the year 1"),
        pytest.param("2026-02-30", None, id="a day that is not"),
        pytest.param("2026-02-30T10:00:00Z", None, id="a time on a day that is not"),
        pytest.param("2026-11-20T24:00:00Z", None, id="the hour 24"),
        pytest.param("2026-11-20T10:00:00+99:00", None, id="an offset of days"),
        pytest.param("2026-W47-5", None, id="a week date"),
        pytest.param("٢٠٢٦-11-20T10:00:00Z", None, id="other digits"),
        pytest.param("soon", None, id="garbage"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_time_is_shown_to_the_minute_in_the_zone(graph_time: str | None, shown: str | None) -> None:
    assert BERLIN.minute(graph_time) == shown


@pytest.mark.parametrize(
    ("graph_time", "shown"),
    [
        pytest.param("2026-11-20T14:03:59Z", "Fri 2026-11-20", id="the same day"),
        pytest.param("2026-11-20T23:30:00Z", "Sat 2026-11-21", id="already the next day here"),
        pytest.param("2026-11-22", "Sun 2026-11-22", id="a day without a time"),
        pytest.param("0001-01-01T00:00:00Z", None, id="no time"),
        pytest.param(None, None, id="none"),
    ],
)
def test_a_day_is_shown_with_its_weekday(graph_time: str | None, shown: str | None) -> None:
    assert BERLIN.day(graph_time) == shown


@pytest.mark.parametrize(
    ("graph_time", "utc"),
    [
        pytest.param(in_zone("2026-11-20T15:00:00.0000000", "UTC"), "2026-11-20T15:00", id="UTC"),
        pytest.param(in_zone("2026-11-20T15:00:00", "Pacific Standard Time"), "2026-11-20T23:00", id="a Windows zone"),
        pytest.param(in_zone("2026-11-20T15:00:00", "Asia/Tokyo"), "2026-11-20T06:00", id="an IANA zone"),
        pytest.param(
            in_zone("2026-11-20T15:00:00Z", "Asia/Tokyo"), "2026-11-20T15:00", id="an offset outranks the zone"
        ),
        pytest.param({"dateTime": "2026-11-20T15:00:00"}, "2026-11-20T15:00", id="no zone"),
        pytest.param(in_zone("2026-11-20T15:00:00", ""), "2026-11-20T15:00", id="an empty zone"),
        pytest.param(in_zone("2026-10-25T02:30:00", "Europe/Berlin"), "2026-10-25T00:30", id="the first of two"),
        pytest.param(in_zone("2026-03-29T02:30:00", "Europe/Berlin"), "2026-03-29T01:30", id="a skipped one, later"),
    ],
)
def test_an_events_time_is_read_in_its_own_zone(graph_time: dict[str, str], utc: str) -> None:
    moment = BERLIN.moment(graph_time)
    assert moment
    assert moment.astimezone(UTC).isoformat() == f"{utc}:00+00:00"
    assert moment.utcoffset() in {timedelta(hours=1), timedelta(hours=2)}


@pytest.mark.parametrize(
    "graph_time",
    [
        pytest.param(in_zone("2026-11-20T15:00:00", "Customized Time Zone"), id="a zone that only Exchange knows"),
        pytest.param(in_zone("tomorrow"), id="garbage"),
        pytest.param(in_zone("0001-01-01T00:00:00", "Asia/Tokyo"), id="before all time"),
        pytest.param({"dateTime": None, "timeZone": None}, id="nulls"),
        pytest.param({}, id="empty"),
        pytest.param(None, id="none"),
    ],
)
def test_a_time_that_cannot_be_known_is_none(graph_time: dict[str, str] | None) -> None:
    assert BERLIN.moment(graph_time) is None


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        pytest.param("2026-11-20T14:00:00", "2026-11-20T14:30:00", "Fri 2026-11-20 15:00-15:30", id="one day"),
        pytest.param(
            "2026-11-20T21:00:00",
            "2026-11-21T00:00:00",
            "Fri 2026-11-20 22:00 to Sat 2026-11-21 01:00",
            id="past midnight",
        ),
        pytest.param("2026-11-20T14:00:00", "2026-11-20T14:00:00", "Fri 2026-11-20 15:00", id="no length"),
        pytest.param(
            "2026-10-25T00:30:00",
            "2026-10-25T01:15:00",
            "Sun 2026-10-25 02:30 to Sun 2026-10-25 02:15",
            id="through the hour that comes twice",
        ),
        pytest.param(
            "2026-10-25T00:30:00",
            "2026-10-25T01:30:00",
            "Sun 2026-10-25 02:30 to Sun 2026-10-25 02:30",
            id="for the hour that comes twice",
        ),
        pytest.param("2026-11-20T14:00:00", "", "from Fri 2026-11-20 15:00", id="no end"),
        pytest.param("", "2026-11-20T14:00:00", "until Fri 2026-11-20 15:00", id="no start"),
        pytest.param("", "", "no time", id="neither"),
    ],
)
def test_an_event_is_shown_from_start_to_end(start: str, end: str, shown: str) -> None:
    assert BERLIN.range(in_zone(start), in_zone(end)) == shown


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        pytest.param("2026-11-20T00:00:00", "2026-11-21T00:00:00", "Fri 2026-11-20 all day", id="one day"),
        pytest.param(
            "2026-11-20T00:00:00.0000000",
            "2026-11-23T00:00:00.0000000",
            "Fri 2026-11-20 to Sun 2026-11-22, all day",
            id="three days",
        ),
        pytest.param("2026-11-20T00:00:00", "", "Fri 2026-11-20 all day", id="no end"),
        pytest.param("2026-11-20T00:00:00", "2026-11-19T00:00:00", "Fri 2026-11-20 all day", id="an end before it"),
        pytest.param("", "2026-11-20T00:00:00", "no day", id="no start"),
    ],
)
@pytest.mark.parametrize("clock", [pytest.param(BERLIN, id="ahead"), pytest.param(NEW_YORK, id="behind")])
def test_an_all_day_event_is_on_its_days_in_every_zone(clock: Clock, start: str, end: str, shown: str) -> None:
    assert clock.range(in_zone(start), in_zone(end), all_day=True) == shown


def test_an_all_day_event_without_times_has_no_day() -> None:
    assert BERLIN.range(None, {"dateTime": 5}, all_day=True) == "no day"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        pytest.param("2026-11-20 15:00", "2026-11-20T14:00:00Z", id="local"),
        pytest.param("2026-07-20 15:00", "2026-07-20T13:00:00Z", id="local in summer"),
        pytest.param(" 2026-11-20T15:00:30 ", "2026-11-20T14:00:30Z", id="local with seconds"),
        pytest.param("2026-11-20T15:00:00.5", "2026-11-20T14:00:00Z", id="local with a fraction"),
        pytest.param("2026-11-20T15:00Z", "2026-11-20T15:00:00Z", id="Z"),
        pytest.param("2026-11-20T15:00-05:00", "2026-11-20T20:00:00Z", id="an offset"),
        pytest.param("2026-11-20T15:00+0530", "2026-11-20T09:30:00Z", id="an offset without a colon"),
        pytest.param("2026-11-20", "2026-11-19T23:00:00Z", id="a day"),
        pytest.param("2026-10-25T02:30+02:00", "2026-10-25T00:30:00Z", id="the first of two"),
        pytest.param("2026-10-25T02:30+01:00", "2026-10-25T01:30:00Z", id="the second of two"),
    ],
)
def test_a_written_time_becomes_graphs(text: str, utc: str) -> None:
    assert BERLIN.to_graph(text) == utc


def test_a_day_whose_midnight_is_skipped_begins_with_its_first_moment() -> None:
    havana = Clock("America/Havana")
    assert havana.minute(havana.to_graph("2026-03-08")) == "2026-03-08 01:00"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("tomorrow at 3", id="words"),
        pytest.param("20.11.2026 15:00", id="another order"),
        pytest.param("2026-11-20 3pm", id="pm"),
        pytest.param("2026-02-30 15:00", id="a day that is not"),
        pytest.param("2026-11-20 24:00", id="the hour 24"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_time_is_refused_with_a_right_example(text: str) -> None:
    with pytest.raises(ToolInputError, match="is not a time") as refused:
        BERLIN.to_graph(text)
    assert "Europe/Berlin, as in 2026-11-20 15:00" in str(refused.value)
    assert BERLIN.to_graph("2026-11-20 15:00") == "2026-11-20T14:00:00Z"


def test_a_refusal_repeats_little_of_what_was_written() -> None:
    with pytest.raises(ToolInputError) as refused:
        BERLIN.to_graph("x\u202e" * 5000)
    assert str(refused.value).count("x") < 30
    assert "\u202e" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0001-01-01 00:00", id="before all time"),
        pytest.param("9999-12-31T23:59-12:00", id="after all time"),
        pytest.param("0026-11-20 15:00", id="a short year"),
    ],
)
def test_a_time_too_far_away_is_refused(text: str) -> None:
    with pytest.raises(ToolInputError, match="too far away"):
        BERLIN.to_graph(text)


@pytest.mark.parametrize(
    ("text", "happens", "choices"),
    [
        pytest.param(
            "2026-03-29 02:30",
            "does not exist",
            ["2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"],
            id="skipped",
        ),
        pytest.param(
            "2026-10-25 02:30",
            "comes twice",
            ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00"],
            id="twice",
        ),
    ],
)
def test_a_time_that_clocks_make_unclear_is_refused_with_both_meanings(
    text: str, happens: str, choices: list[str]
) -> None:
    with pytest.raises(ToolInputError) as refused:
        BERLIN.to_graph(text)
    told = str(refused.value)
    assert f"{happens} in Europe/Berlin" in told
    assert " or ".join(choices) in told
    assert len({BERLIN.to_graph(choice) for choice in choices}) == 2


MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - made UTC below


@settings(max_examples=60)
@given(MOMENTS, st.sampled_from(sorted(set(IANA_OF.values()))))
def test_what_a_clock_shows_it_reads_back_or_calls_unclear(naive: datetime, iana: str) -> None:
    clock, utc = Clock.of(iana), naive.replace(second=0, microsecond=0)
    shown = clock.minute(f"{utc.isoformat()}Z")
    assert shown is not None
    try:
        back = clock.to_graph(shown)
    except ToolInputError as refused:
        back, why = None, str(refused)
    assert back == f"{utc.isoformat()}Z" if back else "comes twice" in why


@settings(max_examples=60)
@given(st.text("0129-:TZ+. x\u0661", max_size=25))
def test_any_text_is_a_time_or_none(text: str) -> None:
    assert BERLIN.minute(text) is None or BERLIN.day(text) is not None
    assert BERLIN.moment(in_zone(text, text)) is None or BERLIN.minute(text) is not None
