"""Time zones as Outlook knows them: Microsoft's names beside IANA's, and Graph's `dateTimeTimeZone` JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from emulator.windows_zones import WINDOWS_ZONES

_BY_WINDOWS_NAME = {zone.name.casefold(): zone for zone in WINDOWS_ZONES}
_ALSO_UTC = ("utc", "tzone://microsoft/utc")
_NOT_PLACES = frozenset({"localtime", "Factory", "posixrules"})
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII)


class TimeError(Exception):
    """A time that cannot be understood; the text is for the caller."""


class UnknownTimeZone(TimeError):
    """A name that is neither Microsoft's nor IANA's, or one that means a home-made zone."""

    def __init__(self, name: object) -> None:
        super().__init__(
            f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
        )


class InvalidDateTime(TimeError):
    """A `dateTime` that is no date and time."""

    def __init__(self, value: object) -> None:
        super().__init__(f"The value '{value}' is not a date and time such as '2026-03-01T10:00:00'.")


class TimeZoneDataMissing(TimeError):
    """This machine knows no zones at all."""

    def __init__(self) -> None:
        super().__init__("This machine has no time zone data: install the Python package 'tzdata'.")


def zone_of(name: str) -> ZoneInfo:
    """The zone of this name, Microsoft's or IANA's, in any case."""
    key = name.strip().casefold()
    windows = _BY_WINDOWS_NAME.get(key)
    wanted = "utc" if key in _ALSO_UTC else windows.iana.casefold() if windows else key
    known = _iana_names().get(wanted)
    if known is None:
        raise UnknownTimeZone(name)
    return ZoneInfo(known)


def supported_windows_zones() -> list[dict[str, str]]:
    """`outlook/supportedTimeZones` as Microsoft names them."""
    return [{"alias": zone.name, "displayName": zone.display} for zone in WINDOWS_ZONES]


def supported_iana_zones() -> list[dict[str, str]]:
    """`outlook/supportedTimeZones` as IANA names them."""
    return [{"alias": name, "displayName": name} for name in sorted(_iana_names().values())]


def moment_of(zoned: Mapping[str, object]) -> datetime:
    """The moment that a `dateTimeTimeZone` means, in its own zone; a missing zone is UTC."""
    zone = _zone_named(zoned.get("timeZone"))
    read = _read(zoned.get("dateTime"))
    return settled(read, zone) if read.tzinfo is None else _moved(read, zone)


def zoned_json(moment: datetime, zone_name: str) -> dict[str, str]:
    """A moment as `dateTimeTimeZone`, the zone spelt as the caller spelt it."""
    local = _moved(moment, zone_of(zone_name))
    clock = local.replace(tzinfo=None).isoformat(timespec="microseconds")
    return {"dateTime": f"{clock}0", "timeZone": zone_name}


def settled(wall_clock: datetime, zone: tzinfo) -> datetime:
    """A wall-clock time in a zone; one that the clocks skip moves forward by what they skip."""
    return _moved(_moved(wall_clock.replace(tzinfo=zone), UTC), zone)


@cache
def _iana_names() -> dict[str, str]:
    names = {name.casefold(): name for name in available_timezones() - _NOT_PLACES}
    if not names:
        raise TimeZoneDataMissing
    return names


def _zone_named(name: object) -> ZoneInfo:
    if name is None or name == "":
        return zone_of("UTC")
    if not isinstance(name, str):
        raise UnknownTimeZone(name)
    return zone_of(name)


def _read(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise InvalidDateTime(value)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise InvalidDateTime(value) from None


def _moved(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:  # the first and last hours of the calendar have no name in every zone
        raise InvalidDateTime(moment.isoformat()) from None
