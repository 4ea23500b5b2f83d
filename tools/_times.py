"""Times as people read and write them: to the minute, in their own zone.

Where clocks change, a local time may not exist or come twice. Graph's are read as calendars do (RFC 5545): the first
of two, and a skipped one by the offset before the change. One that a person or model wrote is never guessed: it is
refused, with both meanings spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache, cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from errors import ToolInputError
from tools._windows_zones import IANA_OF

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?",
)
_ZONE = re.compile(r"[A-Z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,31}){0,2}")
_FIXED = re.compile(r"Etc/GMT([+-])([0-9]{1,2})")
_UTC_NAMES = {
    "UTC",
    "GMT",
    "Zulu",
    *(f"Etc/{name}" for name in ("UTC", "UCT", "GMT", "GMT0", "GMT+0", "GMT-0", "Zulu")),
}
_LONGEST_NAME = 100
_DAY_LETTERS, _MINUTE_LETTERS = 10, 16
_MICROSOFT = "tzone://microsoft/"
# Graph writes the first year, Windows 1601, for a time that never was, and the last year for one that never comes.
_FIRST_YEAR, _LAST_YEAR = 1602, 9998


@dataclass(frozen=True)
class Clock:
    """Times in one zone, by its IANA name. Without it in the machine's database, or without a database, it is UTC."""

    zone_name: str = "UTC"

    @classmethod
    def of(cls, name: str | None) -> Clock:
        """A mailbox's or an event's clock: IANA and Windows names; UTC for others, as Exchange's custom zones."""
        return cls(_iana(name) or "UTC")

    @property
    def zone(self) -> str:
        """The zone for people: `Europe/Berlin`, `UTC`, `UTC-11`."""
        if self._zone is UTC:
            return "UTC"
        # The names of these say the opposite of what they mean: Etc/GMT+11 is eleven hours behind UTC.
        fixed = _FIXED.fullmatch(self.zone_name)
        return f"UTC{'-' if fixed[1] == '+' else '+'}{int(fixed[2]):02}" if fixed else self.zone_name

    @cached_property
    def _zone(self) -> tzinfo:
        return _zone_of(self.zone_name) or UTC

    def minute(self, graph_time: str | None) -> str | None:
        """Graph's timestamp as `2026-11-20 15:03`, a bare day as it is; none for what is, or stands for, no time."""
        if _is_day(graph_time):
            return graph_time
        moment = self._instant(graph_time)
        return _minute(moment) if moment else None

    def day(self, graph_time: str | None) -> str | None:
        """The day of Graph's timestamp as `Fri 2026-11-20`; a day without a time is in no zone."""
        if _is_day(graph_time):
            return _day(date.fromisoformat(graph_time or ""))
        moment = self._instant(graph_time)
        return _day(moment) if moment else None

    def moment(self, graph_time: Mapping[str, Any] | None) -> datetime | None:
        """Graph's dateTimeTimeZone in this zone; none if its own is not known, since a guess would be hours off."""
        text, name = (graph_time or {}).get("dateTime"), (graph_time or {}).get("timeZone")
        iana = _iana(name if isinstance(name, str) and name else "UTC")
        zone = _zone_of(iana) if iana else None
        naive = _read(text)
        return self._moved(naive, zone) if naive and zone else None

    def range(self, start: Mapping[str, Any] | None, end: Mapping[str, Any] | None, *, all_day: bool = False) -> str:
        """When an event is: `Fri 2026-11-20 15:00-15:30`. All-day events are on their days in every zone."""
        if all_day:
            return _whole_days(_floating(start), _floating(end))
        first, last = self.moment(start), self.moment(end)
        if first is None or last is None:
            known = first or last
            return f"{'from' if first else 'until'} {_day(known)} {known:%H:%M}" if known else "no time"
        # In one zone Python compares what clocks show, and in the hour that comes twice they show the same.
        if first.astimezone(UTC) == last.astimezone(UTC):
            return f"{_day(first)} {first:%H:%M}"
        if first.date() == last.date() and first.time() < last.time():
            return f"{_day(first)} {first:%H:%M}-{last:%H:%M}"
        return f"{_day(first)} {first:%H:%M} to {_day(last)} {last:%H:%M}"

    def to_graph(self, text: str) -> str:
        """What a person or model wrote, as Graph takes it: `2026-11-20T14:00:00Z`.

        Without an offset it is in this zone; a day is its first moment.
        """
        written = text.strip()
        is_day = _is_day(written)
        read = _read(f"{written}T00:00" if is_day else written)
        if read is None:
            raise ToolInputError(
                f"{_short(written)} is not a time. Write it in {self.zone}, as in 2026-11-20 15:00, "
                "or with an offset, as in 2026-11-20T15:00+01:00."
            )
        moment = self._moved(read, self._zone)
        if moment is None:
            raise ToolInputError(f"{_short(written)} is too far away. Write a time of these years: 2026-11-20 15:00.")
        if read.tzinfo is None and not is_day:
            self._refuse_unclear(read)
        utc = moment.astimezone(UTC)
        return f"{_date(utc)}T{utc:%H:%M:%S}Z"

    def _refuse_unclear(self, naive: datetime) -> None:
        """Where clocks change, the two offsets give two moments, and only the person knows which was meant."""
        one, other = (naive.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if one == other:
            return
        happens = "comes twice" if one < other else "does not exist"
        first, second = (moment.astimezone(self._zone).isoformat(timespec="minutes") for moment in sorted((one, other)))
        raise ToolInputError(
            f"{_minute(naive)} {happens} in {self.zone}: the clocks change then. Write {first} or {second} instead."
        )

    def _instant(self, graph_time: str | None) -> datetime | None:
        """Graph's DateTimeOffset here. All of them carry an offset; one that lost it is UTC, as Graph's are."""
        read = _read(graph_time)
        return self._moved(read, UTC) if read else None

    def _moved(self, read: datetime, zone: tzinfo) -> datetime | None:
        """Into this zone, by way of UTC, which also mends a local time that clocks have skipped."""
        try:
            there = read if read.tzinfo else read.replace(tzinfo=zone)
            utc = there if there.tzinfo is UTC else there.astimezone(UTC)
            here = utc if self._zone is UTC else utc.astimezone(self._zone)
        except OverflowError:
            return None
        return here if _FIRST_YEAR <= read.year <= _LAST_YEAR else None


def _iana(name: str | None) -> str | None:
    """The IANA name of a zone by any of its names; none for one that nobody knows."""
    plain = (name or "")[:_LONGEST_NAME].strip()
    if plain.lower().startswith(_MICROSOFT):
        plain = plain[len(_MICROSOFT) :]
    known = _by_folded_name().get(plain.casefold(), plain)
    if known in _UTC_NAMES:
        return "UTC"
    return known if _zone_of(known) else None


@cache
def _by_folded_name() -> dict[str, str]:
    """Windows looks its names up in any case, and so do those who write them by hand."""
    return {"utc": "UTC", **{windows.casefold(): iana for windows, iana in IANA_OF.items()}}


@lru_cache(maxsize=512)
def _zone_of(iana: str) -> tzinfo | None:
    if iana in _UTC_NAMES:
        return UTC
    if not _ZONE.fullmatch(iana):
        return None
    try:
        return ZoneInfo(iana)
    except (KeyError, ValueError, OSError):  # not there, no zone in it, or a folder
        return None


def _read(text: object) -> datetime | None:
    """The time in a text, with the offset that it has or none; fractions beyond a second are dropped."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return None
    try:
        read = datetime.fromisoformat(text)
        return read.replace(microsecond=0) if read.microsecond else read
    except ValueError:  # the 30th of February, or an offset of a day
        return None


def _is_day(text: str | None) -> bool:
    if not text or len(text) != _DAY_LETTERS or not _DAY.fullmatch(text):
        return False
    try:
        return _FIRST_YEAR <= date.fromisoformat(text).year <= _LAST_YEAR
    except ValueError:
        return False


def _minute(moment: datetime) -> str:
    """In ISO's form, which has all its zeros on every system; without the offset that it may end with."""
    return moment.isoformat(" ", "minutes")[:_MINUTE_LETTERS]


def _day(day: date) -> str:
    return f"{_DAYS[day.weekday()]} {_date(day)}"


def _date(day: date) -> str:
    """Not by %Y, which leaves zeros out on some systems, and not by %a, which speaks the machine's language."""
    return f"{day.year:04}-{day.month:02}-{day.day:02}"


def _floating(graph_time: Mapping[str, Any] | None) -> date | None:
    """The day that an all-day event names: it has midnight in some zone, and moving that would move the day."""
    text = (graph_time or {}).get("dateTime")
    day = text[:10] if isinstance(text, str) else None
    return date.fromisoformat(day) if day and _is_day(day) else None


def _whole_days(first: date | None, end: date | None) -> str:
    """From the first day to the one before the end, which Graph sets to the midnight after."""
    if first is None:
        return "no day"
    last = end - timedelta(days=1) if end else first
    return f"{_day(first)} to {_day(last)}, all day" if last > first else f"{_day(first)} all day"


def _short(text: str) -> str:
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in text[:40])
    return f'"{shown}{"…" if len(text) > 40 else ""}"'
