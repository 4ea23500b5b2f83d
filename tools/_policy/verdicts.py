"""What a policy can say about a call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """The order of the members is the order of gravity. OPEN is no opinion: the access level decides."""

    OPEN = "open"
    ALLOW = "allow"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Judgement:
    """A verdict; `reason` is for the person or model and names the rules, such as `recipients.deny`."""

    verdict: Verdict
    reason: str = ""


_GRAVITY = tuple(Verdict)


def gravest(found: list[Judgement]) -> Judgement:
    """One judgement for many: the gravest verdict, with every reason for it."""
    verdict = max((each.verdict for each in found), key=_GRAVITY.index, default=Verdict.OPEN)
    return Judgement(verdict, "; ".join(each.reason for each in found if each.verdict is verdict and each.reason))
