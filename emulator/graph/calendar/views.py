"""What a calendar holds within a stretch of time: single events, and the occurrences of series."""

from __future__ import annotations

from emulator.graph.calendar.access import opened, require
from emulator.graph.calendar.calendars import calendar, group, source_of, user
from emulator.graph.calendar.events import event
from emulator.graph.calendar.series import instances_of, is_series
from emulator.graph.calendar.state import agenda_of
from emulator.graph.calendar.times import Window
from emulator.graph.calendar.window_delta import gone, window_delta
from emulator.graph.engine.call import Answer, Call
from emulator.graph.engine.deltas import DeltaRules
from emulator.graph.engine.deltas import delta as delta_of
from emulator.graph.engine.target import Target
from emulator.store import Entity, Related, Slice

_DELTA = DeltaRules(days=30, page_size=10, gone=lambda _, removed: gone(removed.entity.id))
_LISTS = frozenset({"calendarview", "instances", "$count"})


@user.navigation("calendarView")
def view_of_default(call: Call, owner: Entity) -> Related:
    """Of the default calendar."""
    agenda = opened(call, owner)
    return _within(call, agenda.in_calendar(agenda.default))


@group.navigation("calendarView")
def view_of_group(call: Call, owner: Entity) -> Related:
    """Of a group's calendar."""
    agenda = agenda_of(call.tenant, owner)
    return _within(call, agenda.in_calendar(agenda.default))


@calendar.navigation("calendarView")
def view_of_calendar(call: Call, owner: Entity) -> Related:
    """Of one calendar, which somebody else may share."""
    found = source_of(owner)
    require(call, found)
    assert found.owner is not None  # noqa: S101 - every calendar lies in a mailbox
    return _within(call, agenda_of(call.tenant, found.owner).in_calendar(found))


@event.navigation("instances")
def instances(call: Call, owner: Entity) -> list[Entity]:
    """The occurrences of a series."""
    if not _is_list(call) or not is_series(owner):
        return []
    return instances_of([owner], window_of(call))


@event.collection_operation("delta")
def delta(call: Call, target: Target) -> Answer:
    """What changed since the last time: within a stretch of time, or among the events as they are kept."""
    if target.navigation is not None and target.navigation.name == "calendarView":
        return window_delta(call, target)
    return delta_of(target.service, call, target, _DELTA)


def window_of(call: Call) -> Window:
    """The stretch of time that a call names."""
    return Window.read(call.plain("startDateTime"), call.plain("endDateTime"))


def _within(call: Call, members: Slice) -> Related:
    """The list, where the path ends there; a path that goes on names an event or asks for changes."""
    return instances_of(list(members), window_of(call)) if _is_list(call) else members


def _is_list(call: Call) -> bool:
    return call.path.rstrip("/").rpartition("/")[2].lower() in _LISTS
