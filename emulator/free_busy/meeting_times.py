"""findMeetingTimes: when all, or enough, of the people asked can meet.

The chance that somebody comes follows from their status, a suggestion's confidence is the mean over all attendees, and
the surest come first, then the earliest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from emulator.free_busy.schedule import Busy, ScheduleError, check_window, status_between
from emulator.free_busy.working_hours import WorkingHours

# Microsoft publishes free, unknown and busy; one who has said "perhaps" is put halfway.
_CHANCE = {"free": 100.0, "workingElsewhere": 100.0, "tentative": 50.0, "unknown": 49.0, "busy": 0.0, "oof": 0.0}
_DOMAINS = ("work", "personal", "unrestricted", "unknown")
_STEP = timedelta(minutes=30)


@dataclass(frozen=True)
class Attendee:
    """Somebody, or a room, that a meeting wants.

    `busy` is `None` where nobody can know it: outside the organisation. Without `hours` every hour is fine.
    """

    address: str
    busy: Sequence[Busy] | None = ()
    hours: WorkingHours | None = None
    kind: str = "required"

    def status(self, start: datetime, end: datetime) -> str:
        """Free, busy and so on, or `unknown`."""
        return "unknown" if self.busy is None else status_between(self.busy, start, end)

    def works(self, start: datetime, end: datetime, domain: str) -> bool:
        """Whether the hours fit the kind of meeting."""
        if self.hours is None or domain == "unrestricted":
            return True
        return self.hours.hold(start, end, weekend=domain == "personal")


@dataclass(frozen=True)
class Meeting:
    """What is asked: who, within which times, how long, and how sure it must be."""

    organizer: Attendee
    attendees: Sequence[Attendee]
    slots: Sequence[tuple[datetime, datetime]]
    duration: timedelta = _STEP
    domain: str = "work"
    minimum_percentage: float = 50.0
    most: int = 5
    organizer_optional: bool = False


@dataclass(frozen=True)
class Suggestion:
    """A time to meet; `statuses` follow the order of the attendees."""

    start: datetime
    end: datetime
    confidence: float
    organizer: str
    statuses: tuple[str, ...]
    required_confidence: float


@dataclass(frozen=True)
class Suggestions:
    """The best times, or the reason why there is none (`""` where there are some)."""

    times: tuple[Suggestion, ...]
    empty_reason: str


def meeting_times(meeting: Meeting) -> Suggestions:
    """The times to suggest, best first, none overlapping another."""
    _check(meeting)
    starts = list(_starts(meeting))
    suitable = [start for start in starts if _organizer_can(meeting, start)]
    judged = [_judged(meeting, start) for start in suitable if _in_hours_of_all(meeting, start)]
    likely = [time for time in judged if time.confidence >= meeting.minimum_percentage]
    chosen = _apart(sorted(likely, key=_best_first), meeting.most)
    return Suggestions(chosen, "" if chosen else _reason(meeting, starts, suitable))


def _check(meeting: Meeting) -> None:
    if meeting.duration <= timedelta():
        raise ScheduleError("ErrorInvalidArgument", "meetingDuration must be longer than nothing.")
    if meeting.domain not in _DOMAINS:
        raise ScheduleError("ErrorInvalidArgument", f"activityDomain must be one of {', '.join(_DOMAINS)}.")
    if not 0 <= meeting.minimum_percentage <= 100:
        raise ScheduleError("ErrorInvalidArgument", "minimumAttendeePercentage must be from 0 to 100.")
    if meeting.most < 1:
        raise ScheduleError("ErrorInvalidArgument", "maxCandidates must be at least 1.")
    for start, end in meeting.slots:
        check_window(_steady(start), _steady(end))


def _starts(meeting: Meeting) -> Iterator[datetime]:
    for opening, closing in meeting.slots:
        start = _steady(opening)
        while start + meeting.duration <= closing:
            yield start
            start = _next_half_hour(start)


def _steady(moment: datetime) -> datetime:
    """The moment by a clock that is never put forward or back, so that half hours can be added."""
    return moment.astimezone(timezone(moment.utcoffset() or timedelta()))


def _next_half_hour(moment: datetime) -> datetime:
    past = timedelta(minutes=moment.minute % 30, seconds=moment.second, microseconds=moment.microsecond)
    return moment - past + _STEP


def _organizer_can(meeting: Meeting, start: datetime) -> bool:
    if meeting.organizer_optional:
        return True
    end = start + meeting.duration
    works = meeting.organizer.works(start, end, meeting.domain)
    return works and meeting.organizer.status(start, end) not in {"busy", "oof"}


def _in_hours_of_all(meeting: Meeting, start: datetime) -> bool:
    required = (attendee for attendee in meeting.attendees if attendee.kind == "required")
    return all(attendee.works(start, start + meeting.duration, meeting.domain) for attendee in required)


def _judged(meeting: Meeting, start: datetime) -> Suggestion:
    end = start + meeting.duration
    organizer = meeting.organizer.status(start, end)
    statuses = tuple(attendee.status(start, end) for attendee in meeting.attendees)
    required = [status for attendee, status in zip(meeting.attendees, statuses, strict=True) if _must_come(attendee)]
    # Who asks for a meeting with nobody looks for free time of their own.
    return Suggestion(
        start,
        end,
        confidence=_mean_chance(statuses or (organizer,)),
        organizer=organizer,
        statuses=statuses,
        required_confidence=_mean_chance(required or (organizer,)),
    )


def _must_come(attendee: Attendee) -> bool:
    return attendee.kind != "optional"


def _mean_chance(statuses: Sequence[str]) -> float:
    return sum(_CHANCE.get(status, 0.0) for status in statuses) / len(statuses)


def _best_first(suggestion: Suggestion) -> tuple[float, float, datetime]:
    return -suggestion.confidence, -suggestion.required_confidence, suggestion.start


def _apart(suggestions: Sequence[Suggestion], most: int) -> tuple[Suggestion, ...]:
    chosen: list[Suggestion] = []
    for suggestion in suggestions:
        if len(chosen) == most:
            break
        if all(suggestion.end <= other.start or other.end <= suggestion.start for other in chosen):
            chosen.append(suggestion)
    return tuple(chosen)


def _reason(meeting: Meeting, starts: Sequence[datetime], suitable: Sequence[datetime]) -> str:
    if not starts:
        return "unknown"
    if not suitable:
        return "organizerUnavailable"
    unknown = any(attendee.busy is None for attendee in meeting.attendees)
    return "attendeesUnavailableOrUnknown" if unknown else "attendeesUnavailable"
