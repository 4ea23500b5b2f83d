"""The whole workload: importing this module has every part of it speak."""

from __future__ import annotations

from emulator.graph.calendar import events, responses, schedules, views
from emulator.graph.calendar.calendars import calendars

__all__ = ["calendars", "events", "responses", "schedules", "views"]
