"""The hours that a mailbox says its owner works."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)
_WEEKEND = frozenset({5, 6})


@dataclass(frozen=True)
class WorkingHours:
    """Days (Monday is 0), and the hours of each in a zone; hours that end no later than they start run past midnight.

    Outlook's own default is Monday to Friday, eight to five.
    """

    days: frozenset[int] = frozenset(range(5))
    start: time = time(8)
    end: time = time(17)
    zone: tzinfo = field(default=UTC)

    def hold(self, start: datetime, end: datetime, *, weekend: bool = False) -> bool:
        """Whether all of this time lies within one working day; `weekend` makes Saturday and Sunday such days."""
        local_start, local_end = (moment.astimezone(self.zone).replace(tzinfo=None) for moment in (start, end))
        days = self.days | _WEEKEND if weekend else self.days
        for day in (local_start.date(), local_start.date() - _DAY):
            opening = datetime.combine(day, self.start)
            closing = datetime.combine(day, self.end) + (_DAY if self.end <= self.start else timedelta())
            if day.weekday() in days and opening <= local_start and local_end <= closing:
                return True
        return False
