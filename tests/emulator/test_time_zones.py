"""Time zones: Microsoft's names and IANA's, and times as Graph writes them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.time_zones import (
    InvalidDateTime,
    TimeError,
    UnknownTimeZone,
    moment_of,
    settled,
    supported_iana_zones,
    supported_windows_zones,
    zone_of,
    zoned_json,
)
from emulator.windows_zones import WINDOWS_ZONES, WindowsZone

BERLIN = ZoneInfo("Europe/Berlin")
ROOT = Path(__file__).parents[2]
OFFSET = re.compile(r"\(UTC(?:([+-])(\d\d):(\d\d))?\) \S")
NAMES = st.sampled_from([zone.name for zone in WINDOWS_ZONES] + [zone.iana for zone in WINDOWS_ZONES])
SECONDS = st.integers(-2_000_000_000, 4_000_000_000)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        pytest.param("UTC", "UTC", id="UTC"),
        pytest.param("utc", "UTC", id="UTC in small letters"),
        pytest.param("tzone://Microsoft/Utc", "UTC", id="Outlook's own UTC"),
        pytest.param("W. Europe Standard Time", "Europe/Berlin", id="Microsoft's name"),
        pytest.param("w. europe standard TIME", "Europe/Berlin", id="Microsoft's name in any case"),
        pytest.param(" Pacific Standard Time ", "America/Los_Angeles", id="blanks around"),
        pytest.param("UTC-11", "Etc/GMT+11", id="Microsoft counts the other way round than IANA"),
        pytest.param("UTC+12", "Etc/GMT-12", id="east of Greenwich"),
        pytest.param("Europe/Vienna", "Europe/Vienna", id="IANA's name"),
        pytest.param("europe/VIENNA", "Europe/Vienna", id="IANA's name in any case"),
    ],
)
def test_a_zone_is_found_by_its_name(name: str, key: str) -> None:
    assert zone_of(name).key == key


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Middle Earth Standard Time", id="nowhere"),
        pytest.param("", id="empty"),
        pytest.param("tzone://Microsoft/Custom", id="Outlook's home-made zone"),
        pytest.param("Customized Time Zone", id="Exchange's home-made zone"),
        pytest.param("UTC+02:30", id="a bias of one's own"),
        pytest.param("+01:00", id="an offset"),
        pytest.param("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", id="a display name"),
        pytest.param("../../etc/passwd", id="a path"),
        pytest.param("/usr/share/zoneinfo/Europe/Berlin", id="an absolute path"),
        pytest.param("localtime", id="the machine's own"),
        pytest.param("Europe\x00/Berlin", id="a null"),
    ],
)
def test_a_zone_that_nobody_knows_is_refused_by_name(name: str) -> None:
    with pytest.raises(UnknownTimeZone) as caught:
        zone_of(name)
    assert f"'{name}'" in str(caught.value)


@pytest.mark.parametrize("zone", [pytest.param(zone, id=zone.name) for zone in WINDOWS_ZONES])
def test_every_zone_of_microsoft_has_the_offset_that_its_display_name_says(zone: WindowsZone) -> None:
    said = OFFSET.match(zone.display)
    assert said is not None
    sign = -1 if said[1] == "-" else 1
    offset = sign * timedelta(hours=int(said[2] or 0), minutes=int(said[3] or 0))
    # What a zone is named after is its time outside daylight saving, and some governments change that now and then.
    known = [
        datetime(year, month, 15, tzinfo=zone_of(zone.name)).utcoffset()
        for year in (2010, 2020, 2026)
        for month in (1, 7)
    ]
    assert offset in known


def test_microsoft_names_no_zone_twice() -> None:
    assert len({zone.name.casefold() for zone in WINDOWS_ZONES}) == len(WINDOWS_ZONES) == 141


def test_the_supported_zones_are_listed_in_both_spellings() -> None:
    windows = {zone["alias"]: zone["displayName"] for zone in supported_windows_zones()}
    iana = supported_iana_zones()
    assert windows["GMT Standard Time"] == "(UTC+00:00) Dublin, Edinburgh, Lisbon, London"
    assert {"alias": "Europe/Berlin", "displayName": "Europe/Berlin"} in iana
    assert iana == sorted(iana, key=lambda zone: zone["alias"])
    assert all(zone_of(zone["alias"]).key for zone in iana)


@pytest.mark.parametrize(
    ("zoned", "moment"),
    [
        pytest.param(
            {"dateTime": "2026-03-01T10:00:00.0000000", "timeZone": "UTC"},
            datetime(2026, 3, 1, 10, tzinfo=UTC),
            id="as Graph writes it",
        ),
        pytest.param({"dateTime": "2026-03-01T10:00:00"}, datetime(2026, 3, 1, 10, tzinfo=UTC), id="no zone is UTC"),
        pytest.param(
            {"dateTime": "2026-03-01T10:00:00", "timeZone": None}, datetime(2026, 3, 1, 10, tzinfo=UTC), id="null zone"
        ),
        pytest.param(
            {"dateTime": "2026-03-01T10:00", "timeZone": ""}, datetime(2026, 3, 1, 10, tzinfo=UTC), id="empty zone"
        ),
        pytest.param(
            {"dateTime": "2026-07-01T10:00:00", "timeZone": "W. Europe Standard Time"},
            datetime(2026, 7, 1, 8, tzinfo=UTC),
            id="summer in Berlin",
        ),
        pytest.param(
            {"dateTime": "2026-07-01T10:00:00Z", "timeZone": "W. Europe Standard Time"},
            datetime(2026, 7, 1, 10, tzinfo=UTC),
            id="a Z outweighs the zone",
        ),
        pytest.param(
            {"dateTime": "2026-07-01T10:00:00.5-05:00", "timeZone": "W. Europe Standard Time"},
            datetime(2026, 7, 1, 15, 0, 0, 500_000, tzinfo=UTC),
            id="an offset outweighs the zone",
        ),
        pytest.param({"dateTime": "2026-03-01"}, datetime(2026, 3, 1, tzinfo=UTC), id="a day begins at midnight"),
        pytest.param(
            {"dateTime": "2026-03-01T10:00:00.1234567"},
            datetime(2026, 3, 1, 10, 0, 0, 123_456, tzinfo=UTC),
            id="seven digits of a second",
        ),
        pytest.param(
            {"dateTime": "2026-03-29T02:30:00", "timeZone": "Europe/Berlin"},
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
            id="a time that the clocks skip",
        ),
    ],
)
def test_graphs_time_is_read(zoned: dict[str, object], moment: datetime) -> None:
    assert moment_of(zoned) == moment


def test_a_time_is_read_into_its_own_zone() -> None:
    read = moment_of({"dateTime": "2026-07-01T10:00:00Z", "timeZone": "W. Europe Standard Time"})
    assert read.isoformat() == "2026-07-01T12:00:00+02:00"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="nothing"),
        pytest.param(20260301, id="a number"),
        pytest.param("", id="empty"),
        pytest.param("tomorrow", id="a word"),
        pytest.param("2026-02-30T10:00:00", id="a day that no month has"),
        pytest.param("2026-03-01T25:00:00", id="an hour that no day has"),
        pytest.param("20260301T100000", id="the basic form"),
        pytest.param("2026-W09-7", id="a week date"),
        pytest.param("2026-03-01 10:00:00", id="a blank for the T"),
        pytest.param("2026-03-01T10:00:00+1", id="half an offset"),
        pytest.param("٢٠٢٦-03-01T10:00:00", id="other digits"),
        pytest.param("0001-01-01T00:00:00+14:00", id="before the calendar"),
        pytest.param("9999-12-31T23:00:00-10:00", id="after the calendar"),
    ],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(InvalidDateTime, match="is not a date and time"):
        moment_of({"dateTime": value, "timeZone": "UTC"})


def test_a_zone_that_is_no_text_is_refused() -> None:
    with pytest.raises(UnknownTimeZone, match="'5'"):
        moment_of({"dateTime": "2026-03-01T10:00:00", "timeZone": 5})


def test_a_time_keeps_the_callers_spelling_of_the_zone() -> None:
    written = zoned_json(datetime(2026, 7, 1, 8, tzinfo=UTC), "w. europe standard time")
    assert written == {"dateTime": "2026-07-01T10:00:00.0000000", "timeZone": "w. europe standard time"}


def test_a_time_is_written_with_four_digits_of_the_year_and_seven_of_the_second() -> None:
    written = zoned_json(datetime(33, 4, 3, 15, 0, 0, 120_000, tzinfo=UTC), "UTC")
    assert written["dateTime"] == "0033-04-03T15:00:00.1200000"


def test_a_time_outside_the_calendar_of_its_zone_is_refused() -> None:
    with pytest.raises(TimeError):
        zoned_json(datetime(9999, 12, 31, 23, tzinfo=UTC), "Tokyo Standard Time")


@given(SECONDS, NAMES)
def test_what_is_written_is_read_back_as_the_same_clock(seconds: int, name: str) -> None:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    read = moment_of(zoned_json(moment, name))
    assert zoned_json(read, name) == zoned_json(moment, name)


@pytest.mark.parametrize(
    ("wall_clock", "moment"),
    [
        pytest.param("2026-01-01T09:00:00", "2026-01-01T09:00:00+01:00", id="winter"),
        pytest.param("2026-07-01T09:00:00", "2026-07-01T09:00:00+02:00", id="summer"),
        pytest.param("2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00", id="skipped"),
        pytest.param("2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00", id="twice: the first"),
    ],
)
def test_a_wall_clock_time_settles_in_its_zone(wall_clock: str, moment: str) -> None:
    assert settled(datetime.fromisoformat(wall_clock), BERLIN).isoformat() == moment


def test_a_machine_without_zones_says_what_to_install() -> None:
    program = "import sys; sys.modules['tzdata'] = None\nfrom emulator.time_zones import zone_of\nzone_of('UTC')"
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONTZPATH": "", "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "install the Python package 'tzdata'" in run.stderr
