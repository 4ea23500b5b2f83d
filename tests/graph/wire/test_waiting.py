"""graph/wire/waiting.py: how long to wait, whatever a server writes into the header."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph import wire

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("120", 120.0, id="whole seconds"),
        pytest.param("0", 0.0, id="at once"),
        pytest.param("1.5", 1.5, id="a fraction"),
        pytest.param(".5", 0.5, id="a fraction without a zero"),
        pytest.param("  7 ", 7.0, id="spaces"),
        pytest.param("007", 7.0, id="zeros first"),
        pytest.param("315360000", 3600.0, id="ten years"),
        pytest.param("9" * 5000, 3600.0, id="more than a number can hold"),
        pytest.param("5, 30", 30.0, id="two values"),
        pytest.param("nonsense, 30, -4", 30.0, id="one sensible value of three"),
        pytest.param("Fri, 20 Nov 2026 12:00:30 GMT", 30.0, id="a date"),
        pytest.param("fri, 20 nov 2026 12:00:30 gmt", 30.0, id="a date in small letters"),
        pytest.param("Fri, 20 Nov 2026 12:00:30", 30.0, id="a date without a zone"),
        pytest.param("Fri, 20 Nov 2026 12:00:30 -0000", 30.0, id="a date of no named zone"),
        pytest.param("20 Nov 2026 12:00:30 GMT", 30.0, id="a date without its day of the week"),
        pytest.param("Friday, 20-Nov-26 12:01:00 GMT", 60.0, id="a date of RFC 850"),
        pytest.param("Fri Nov 20 12:01:00 2026", 60.0, id="a date of C"),
        pytest.param("Tue Dec  1 12:01:00 2026", 3600.0, id="a date of C with a short day"),
        pytest.param("Fri, 20 Nov 2026 12:00:60 GMT", 59.0, id="a leap second"),
        pytest.param("Fri, 20 Nov 2026 11:00:00 GMT", 0.0, id="a date that has passed"),
        pytest.param("Friday, 20-Nov-99 12:01:00 GMT", 0.0, id="a short year that has passed"),
        pytest.param("Friday, 20-Nov-70 12:01:00 GMT", 3600.0, id="a short year that is to come"),
        pytest.param("Fri, 20 Nov 2036 12:00:00 GMT", 3600.0, id="a date in ten years"),
        pytest.param("5, Fri, 20 Nov 2026 12:00:30 GMT, 10", 30.0, id="a date among numbers"),
        pytest.param("Fri, 20 Nov 2026 12:00:30 GMT, Fri, 20 Nov 2026 12:00:40 GMT", 40.0, id="two dates"),
    ],
)
def test_a_wait_is_read(text: str, seconds: float) -> None:
    assert wire.retry_after({"retry-after": text}, NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" , ,", id="commas"),
        pytest.param("-5", id="negative"),
        pytest.param("+5", id="a sign"),
        pytest.param("soon", id="a word"),
        pytest.param("NaN", id="not a number"),
        pytest.param("inf", id="infinity"),
        pytest.param("1e3", id="an exponent"),
        pytest.param("0x10", id="hexadecimal"),
        pytest.param("5 seconds", id="a unit"),
        pytest.param("1.2.3", id="two points"),
        pytest.param(".", id="a point"),
        pytest.param("\u0665", id="a digit of another script"),
        pytest.param("Fri, 31 Nov 2026 12:00:00 GMT", id="a day that does not exist"),
        pytest.param("Fri, 20 Xyz 2026 12:00:00 GMT", id="a month that does not exist"),
        pytest.param("Fri, 20 Nov 2026 25:00:00 GMT", id="an hour that does not exist"),
        pytest.param("Fri, 20 Nov 2026 12:00 GMT", id="no seconds"),
        pytest.param("Fri, 20 Nov 0000 12:00:00 GMT", id="a year that does not exist"),
        pytest.param("2026-11-20T12:00:00Z", id="a date of ISO 8601"),
        pytest.param("Fri, 20 Nov 2026 12:00:00 EST", id="a zone that no header has"),
        pytest.param("5;6", id="a parameter"),
    ],
)
def test_nonsense_is_no_wait(text: str) -> None:
    assert wire.retry_after({"retry-after": text}, NOW) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="nothing"),
        pytest.param({"retry-after-ms": "1500"}, 1.5, id="milliseconds"),
        pytest.param({"x-ms-retry-after-ms": "250"}, 0.25, id="Azure's milliseconds"),
        pytest.param({"retry-after": "2", "retry-after-ms": "1500"}, 2.0, id="both, the longer one"),
        pytest.param({"retry-after": "x", "x-ms-retry-after-ms": "1500"}, 1.5, id="both, one of them nonsense"),
        pytest.param({"retry-after-ms": "-1"}, None, id="negative milliseconds"),
        pytest.param({"retry-after-ms": "Fri, 20 Nov 2026 12:00:30 GMT"}, None, id="a date where none belongs"),
        pytest.param({"x-ms-retry-after-ms": "99999999999"}, 3600.0, id="years of milliseconds"),
    ],
)
def test_other_headers_say_it_too(headers: dict[str, str], seconds: float | None) -> None:
    assert wire.retry_after(headers, NOW) == seconds


def test_headers_that_came_twice_are_read_as_one() -> None:
    assert wire.retry_after(httpx.Headers([("Retry-After", "5"), ("Retry-After", "9")]), NOW) == 9.0


@given(st.text(max_size=60) | st.text(alphabet="0123456789., -+eNaif:GMT", max_size=40))
def test_whatever_the_header_holds_the_wait_is_in_bounds(text: str) -> None:
    wait = wire.retry_after({"retry-after": text, "retry-after-ms": text}, NOW)
    assert wait is None or 0.0 <= wait <= wire.MOST_SECONDS


@given(st.datetimes(datetime(1980, 1, 1), datetime(2070, 1, 1)))  # noqa: DTZ001 - the strategy wants them without a zone
def test_dates_are_read_as_the_standard_library_writes_and_reads_them(moment: datetime) -> None:
    at = moment.replace(microsecond=0, tzinfo=UTC)
    forms = (
        format_datetime(at, usegmt=True),
        at.strftime("Friday, %d-") + format_datetime(at)[8:11] + at.strftime("-%y %H:%M:%S GMT"),
        f"Fri {format_datetime(at)[8:11]} {at.day:2} {at:%H:%M:%S} {at.year}",
    )
    assert parsedate_to_datetime(forms[0]) == at
    just_before = at - timedelta(seconds=90)
    assert [wire.retry_after({"retry-after": form}, just_before) for form in forms] == [90.0] * 3
