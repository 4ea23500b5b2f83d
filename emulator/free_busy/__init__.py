"""Who is free when: getSchedule's view of a calendar, and findMeetingTimes' suggestions."""

from __future__ import annotations

from emulator.free_busy.meeting_times import Attendee, Meeting, Suggestion, Suggestions, meeting_times
from emulator.free_busy.schedule import Busy, ScheduleError, availability_view, check_window, status_between
from emulator.free_busy.working_hours import WorkingHours

__all__ = [
    "Attendee",
    "Busy",
    "Meeting",
    "ScheduleError",
    "Suggestion",
    "Suggestions",
    "WorkingHours",
    "availability_view",
    "check_window",
    "meeting_times",
    "status_between",
]
