"""What the calendar refuses, in Exchange's own words."""

from __future__ import annotations

from emulator.faults import GraphFault


class InvalidCalendarRequest(GraphFault):
    """A request that makes no sense for this event."""

    status = 400
    code = "ErrorInvalidRequest"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Your request can't be completed. {reason}")


class OrganizerOnly(InvalidCalendarRequest):
    """Only the organizer may cancel."""

    def __init__(self) -> None:
        super().__init__("You need to be an organizer to cancel a meeting.")


class OrganizerCannotRespond(InvalidCalendarRequest):
    """The organizer has no invitation to answer."""

    def __init__(self) -> None:
        super().__init__("You can't respond to this meeting because you're the meeting organizer.")


class ResponseNotRequested(InvalidCalendarRequest):
    """The organizer wants no answers."""

    def __init__(self) -> None:
        super().__init__("The meeting organizer hasn't requested a response.")


class NoTimeProposals(InvalidCalendarRequest):
    """The organizer wants no other times."""

    def __init__(self) -> None:
        super().__init__("The meeting organizer doesn't allow new time proposals for this meeting.")


class WindowMissing(GraphFault):
    """A view of a calendar was asked for without saying from when to when."""

    status = 400
    code = "ErrorInvalidParameter"
    message = (
        "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime."
    )


class InvalidCalendarArgument(GraphFault):
    """A parameter, or a property of an event, that cannot be so."""

    status = 400
    code = "ErrorInvalidParameter"


class UnsupportedTimeZone(GraphFault):
    """A zone that Exchange does not know."""

    status = 400
    code = "TimeZoneNotSupportedException"


class PropertyValidationFailure(GraphFault):
    """Properties that contradict each other, above all an end before its start."""

    status = 400
    code = "ErrorPropertyValidationFailure"
    message = "At least one property failed validation."


class AllDayNotAtMidnight(GraphFault):
    """An event that takes whole days starts and ends with a day."""

    status = 400
    code = "ErrorInvalidRequest"

    def __init__(self, end: str) -> None:
        super().__init__(f"The Event.{end} property for an all-day event needs to be set to midnight.")


class InvalidRecurrence(GraphFault):
    """A recurrence that cannot be kept."""

    status = 400
    code = "ErrorInvalidRecurrencePattern"


class OccurrenceCrossing(GraphFault):
    """One of a series cannot be moved past its neighbours."""

    status = 400
    code = "ErrorOccurrenceCrossingBoundary"
    message = "Modified occurrence is crossing or overlapping adjacent occurrence."


class DistinguishedFolder(GraphFault):
    """What every mailbox has cannot be taken away."""

    status = 400
    code = "ErrorDeleteDistinguishedFolder"
    message = "Distinguished folders cannot be deleted."


class CalendarExists(GraphFault):
    """Two calendars, or two groups of them, may not have one name."""

    status = 409
    code = "ErrorFolderExists"
    message = "A folder with the specified name already exists."


class ScheduleRefused(GraphFault):
    """A question about free and busy times that has no answer."""

    status = 400
    code = "ErrorInvalidRequest"
