"""Recurring events: Graph's `patternedRecurrence` checked, and turned into days and moments as Outlook does."""

from __future__ import annotations

from emulator.recurrence.checking import NoOccurrence, RecurrenceError, validated
from emulator.recurrence.occurrences import first_date, last_date, occurrence_dates, occurrences

__all__ = [
    "NoOccurrence",
    "RecurrenceError",
    "first_date",
    "last_date",
    "occurrence_dates",
    "occurrences",
    "validated",
]
