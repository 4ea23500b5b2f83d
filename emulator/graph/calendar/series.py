"""A recurring event: its occurrences, those that differ from the rest, and those that were called off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from emulator.graph.calendar.errors import InvalidRecurrence, OccurrenceCrossing
from emulator.graph.calendar.ids import occurrence_id
from emulator.graph.calendar.times import Span, Window, iso
from emulator.recurrence import RecurrenceError, first_date, occurrence_dates, validated
from emulator.store import Entity
from emulator.time_zones import settled

# What an occurrence does not take over from its series.
_OWN = frozenset({"recurrence", "cancelledOccurrences", "transactionId"})
# A moment has another date elsewhere, by up to two days.
_FAR = 2
_NEIGHBOURHOOD = timedelta(days=400)
# An event that a program moves all day long must not fill the memory.
_REMEMBERED = 200


_NOWHERE: Mapping[str, Any] = {
    "displayName": "",
    "locationType": "default",
    "uniqueIdType": "unknown",
    "address": {},
    "coordinates": {},
}


class Event(Entity):
    """An event; one that takes place nowhere in particular says so at length."""

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON values
        found = super().get(name, default)
        return _NOWHERE if name == "location" and not found else found


class Occurrence(Event):
    """One of a series: what it does not say itself is the series' word."""

    def __init__(self, master: Entity, day: date) -> None:
        own = {"id": occurrence_id(master.id, day), "type": "occurrence", "seriesMasterId": master.id}
        super().__init__(master.kind, own, master.changes)
        self.master = master
        self.day = day
        self.items, self.owner, self.version = master.items, master.owner, master.version

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - JSON values
        if name in self.values or name in _OWN:
            return super().get(name, default)
        return self.master.get(name, default)

    def except_from_series(self) -> None:
        """Remember it as one that differs."""
        self.values["type"] = "exception"
        exceptions(self.master)[self.day] = self


@dataclass(frozen=True)
class Earlier:
    """How the times of an event were until a moment of the tenant's history; of an occurrence only the span counts."""

    until: int
    span: Span
    recurrence: Mapping[str, Any] | None
    cancelled: frozenset[date]
    exceptions: Mapping[date, Occurrence]


def is_series(event: Entity) -> bool:
    """Whether it recurs."""
    return not isinstance(event, Occurrence) and event.values.get("recurrence") is not None


def exceptions(master: Entity) -> dict[date, Occurrence]:
    """The occurrences that differ, by the day that the series had for them."""
    found: dict[date, Occurrence] = master.state.setdefault("exceptions", {})
    return found


def cancelled(master: Entity) -> set[date]:
    """The days on which the series does not take place."""
    found: set[date] = master.state.setdefault("cancelled", set())
    return found


def history(event: Entity) -> Sequence[Earlier]:
    """How its times were before each change of them, oldest first."""
    found: Sequence[Earlier] = event.state.get("history", ())
    return found


def remember(event: Entity) -> None:
    """Keep how the times of an event are, before they change: who saw them has to be told."""
    past = history(event)
    until = event.changes.number + 1
    # Of a change in several steps, only what was before the first of them.
    if not past or past[-1].until != until:
        event.state["history"] = [*past[-_REMEMBERED:], times_of(event, until)]


def times_of(event: Entity, until: int) -> Earlier:
    """How the times of an event are now."""
    recurrence = event["recurrence"] if is_series(event) else None
    gaps, own = event.state.get("cancelled", ()), event.state.get("exceptions", {})
    return Earlier(until, span_of(event), recurrence, frozenset(gaps), dict(own))


def span_of(event: Entity) -> Span:
    """When an event takes place; a series, when it first does."""
    own: Span | None = event.state.get("span")
    if own is None:
        assert isinstance(event, Occurrence)  # noqa: S101 - every other event has a span of its own
        own = span_on(event.master.state["span"], event.day)
    return own


def span_on(span: Span, day: date) -> Span:
    """When a series takes place on a day, given when it first does."""
    return span.at(_start_on(span, day))


def occurrence_on(master: Entity, day: date) -> Occurrence | None:
    """The occurrence that a series has for a day, if it does."""
    if not is_series(master) or day in cancelled(master):
        return None
    own = exceptions(master).get(day)
    if own is not None:
        return own
    is_held = next(occurrence_dates(master["recurrence"], day, day), None) == day
    return _seen(master, day) if is_held else None


def occurrences_in(master: Entity, window: Window) -> list[Occurrence]:
    """What of a series lies within a window, in order."""
    days = days_around(window, master["recurrence"], span_of(master))
    plain = (day for day in days if day not in cancelled(master) and day not in exceptions(master))
    found = [*(_seen(master, day) for day in plain), *exceptions(master).values()]
    return sorted((one for one in found if span_of(one).meets(window)), key=lambda one: span_of(one).start)


def days_around(window: Window, recurrence: Mapping[str, Any], span: Span) -> Iterator[date]:
    """The days of a pattern whose occurrences could lie within a window."""
    length = (span.end - span.start).days + _FAR
    return iter(occurrence_dates(recurrence, _day(window.start, -length), _day(window.end, length)))


def instances_of(events: list[Entity], window: Window) -> list[Entity]:
    """Single events and occurrences within a window, in order."""
    found: list[Entity] = []
    for event in events:
        if is_series(event):
            found += occurrences_in(event, window)
        elif span_of(event).meets(window):
            found.append(event)
    return sorted(found, key=lambda event: span_of(event).start.astimezone(UTC))


def call_off(occurrence: Occurrence) -> None:
    """Take one occurrence out of its series."""
    master = occurrence.master
    remember(master)
    exceptions(master).pop(occurrence.day, None)
    cancelled(master).add(occurrence.day)
    master.touch()


def repeated(recurrence: Mapping[str, Any], span: Span, zone_name: str) -> tuple[dict[str, Any], Span]:
    """A recurrence as Graph keeps it, and the first time that the event then takes place."""
    try:
        complete = validated(recurrence, zone_name)
    except RecurrenceError as error:
        raise InvalidRecurrence(str(error)) from error
    first = first_date(complete)
    assert first is not None  # noqa: S101 - a validated recurrence has an occurrence
    return complete, span.at(_start_on(span, first))


def restart(master: Entity) -> None:
    """Forget exceptions after the pattern or the time of a series has changed, as Outlook does."""
    master.state["seen"] = {}
    exceptions(master).clear()
    cancelled(master).clear()


def check_neighbours(occurrence: Occurrence, span: Span) -> None:
    """Refuse to move an occurrence onto the day of its neighbour, or past it."""
    around = Window(span_of(occurrence).start - _NEIGHBOURHOOD, span_of(occurrence).end + _NEIGHBOURHOOD)
    others = [one for one in occurrences_in(occurrence.master, around) if one.day != occurrence.day]
    before = [span_of(one) for one in others if one.day < occurrence.day]
    after = [span_of(one) for one in others if one.day > occurrence.day]
    if any(span.start <= other.start or span.start < other.end for other in before):
        raise OccurrenceCrossing
    if any(span.end > other.start for other in after):
        raise OccurrenceCrossing


def original_start(event: Entity) -> str | None:
    """When the series would have had an occurrence."""
    return iso(span_on(event.master.state["span"], event.day).start) if isinstance(event, Occurrence) else None


def _seen(master: Entity, day: date) -> Occurrence:
    """The same object each time, as long as the series stays as it is."""
    seen: dict[date, Occurrence] = master.state.setdefault("seen", {})
    if day not in seen:
        seen[day] = Occurrence(master, day)
    one = seen[day]
    one.version = master.version
    return one


def _start_on(span: Span, day: date) -> datetime:
    return settled(datetime.combine(day, span.start.time()), span.start.tzinfo or UTC)


def _day(moment: datetime, days: int) -> date:
    return date.fromordinal(min(max(moment.toordinal() + days, 1), date.max.toordinal()))
