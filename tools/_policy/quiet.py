"""Quiet hours: when nobody is there to notice what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from principal import Access
from tools._policy.verdicts import Judgement, Verdict

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = time(0)


@dataclass(frozen=True)
class Quiet:
    """Certain hours of every day, and all of certain days, by the clocks of a zone.

    From `start` until before `end`; an end that is not later than the start is on the next day.
    """

    zone: tzinfo
    start: time | None = None
    end: time = MIDNIGHT
    days: frozenset[int] = frozenset()
    then: Verdict = Verdict.REFUSE
    classes: frozenset[Access] = frozenset({Access.SEND, Access.DESTROY})

    def judge(self, access: Access, now: datetime) -> Judgement:
        """The verdict on something of this class at this time."""
        local = now.astimezone(self.zone)
        if access not in self.classes:
            return Judgement(Verdict.OPEN)
        if local.weekday() in self.days:
            return self._because(f"on a {local:%A}", "quiet.days")
        if self._is_quiet_hour(local.time()):
            return self._because(f"at {local:%H:%M} in {self.zone}", "quiet.hours")
        return Judgement(Verdict.OPEN)

    def _is_quiet_hour(self, hour: time) -> bool:
        if self.start is None:
            return False
        if self.start < self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end

    def _because(self, when: str, rule: str) -> Judgement:
        wants = "lets nothing of this kind be done" if self.then is Verdict.REFUSE else "wants a person asked"
        return Judgement(self.then, f"the policy {wants} {when} ({rule})")
