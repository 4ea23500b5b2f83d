"""What a stretch of time showed at an earlier moment of the history, so that only what was shown is told as gone."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.graph.calendar.ids import occurrence_id
from emulator.graph.calendar.series import Earlier, Occurrence, days_around, history, span_on, times_of
from emulator.graph.calendar.times import Span, Window
from emulator.store import Entity


@dataclass(frozen=True)
class Past:
    """An event as it was at a moment of the history."""

    event: Entity
    moment: int

    def ids_in(self, window: Window) -> set[str]:
        """What a window showed of it: the event alone, or a series and its occurrences there."""
        if self.event.state["since"] > self.moment:
            return set()
        was = self._times
        if was.recurrence is None:
            return {self.event.id} if was.span.meets(window) else set()
        spans = {day: span_on(was.span, day) for day in days_around(window, was.recurrence, was.span)}
        spans |= {day: self._span(one, was) for day, one in was.exceptions.items()}
        days = [day for day, span in spans.items() if day not in was.cancelled and span.meets(window)]
        return {self.event.id, *(occurrence_id(self.event.id, day) for day in days)} if days else set()

    def next_change(self, otherwise: int = 0) -> int:
        """When its times, or those of an occurrence, changed next."""
        # Those that differed then: a series that starts anew, or calls one off, forgets them.
        every = (past for one in (self.event, *self._times.exceptions.values()) for past in history(one))
        return min((past.until for past in every if past.until > self.moment), default=otherwise)

    @property
    def _times(self) -> Earlier:
        return self._before(self.event) or times_of(self.event, 0)

    def _span(self, one: Occurrence, series: Earlier) -> Span:
        was = self._before(one)
        own: Span | None = was.span if was is not None else one.state.get("span")
        return own or span_on(series.span, one.day)

    def _before(self, one: Entity) -> Earlier | None:
        return next((past for past in history(one) if past.until > self.moment), None)
