"""How each service words that it has had enough, and what it says of a budget beforehand."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.faults import GraphFault
from emulator.graph.engine.call import Call
from emulator.throttling.rules import Rule
from emulator.throttling.weighing import Weight

# How full a budget has to be to be told of, and the most that is told.
_NEARLY, _MOST_SHOWN = 0.8, 1.8
_SCOPES = {("app", "tenant"): "Tenant_Application", ("app",): "Application", ("tenant",): "Tenant"}


class TooManyRequests(GraphFault):
    """The usual answer to a caller that asks too much."""

    status = 429
    code = "TooManyRequests"
    message = "Please retry again later."

    def __init__(self) -> None:
        super().__init__()
        self.inner = {"code": "429", "message": "Please retry after", "status": "429"}


class MailboxBusy(GraphFault):
    """An application has more requests under way in one mailbox than it may."""

    status = 429
    code = "ApplicationThrottled"
    message = "Application is over its MailboxConcurrency limit."


class ActivityLimitReached(GraphFault):
    """SharePoint has had enough."""

    status = 429
    code = "activityLimitReached"
    message = "The request has been throttled"

    def __init__(self) -> None:
        super().__init__()
        self.inner = {"code": "throttledRequest", "innerError": {"code": "quota"}}


@dataclass(frozen=True)
class Level:
    """How full one budget is: what was used of it, and how long until a call like this one fits, or all is free."""

    rule: Rule
    used: int
    limit: int
    wait: int
    reset: int

    @property
    def is_over(self) -> bool:
        return self.used > self.limit

    @property
    def share(self) -> float:
        return self.used / self.limit


def refusal(call: Call, weight: Weight, over: list[Level]) -> GraphFault:
    """The 429 for a call that some budgets have no room for; who waits as long as it says gets through."""
    fault = ActivityLimitReached() if weight.service == "sharepoint" else TooManyRequests()
    fault.headers = {"Retry-After": str(max(level.wait for level in over))}
    if weight.service == "directory":
        fault.headers |= _reason(call, over[0].rule)
    return fault


def mailbox_busy(wait: int) -> GraphFault:
    """The 429 for one request too many at once."""
    fault = MailboxBusy()
    fault.headers = {"Retry-After": str(wait)}
    return fault


def notes(weight: Weight, levels: list[Level]) -> dict[str, str]:
    """What a service says of its budgets with any answer, once most of one is used."""
    own = [level for level in levels if level.rule.service == weight.service]
    fullest = max(own, key=lambda level: level.share, default=None)
    if fullest is None or fullest.share < _NEARLY:
        return {}
    if weight.service == "directory":
        return {"x-ms-throttle-limit-percentage": f"{min(fullest.share, _MOST_SHOWN):.2f}"}
    if weight.service == "sharepoint":
        left = max(0, fullest.limit - fullest.used)
        return {
            "RateLimit-Limit": str(fullest.limit),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(fullest.reset),
        }
    return {}


def _reason(call: Call, rule: Rule) -> dict[str, str]:
    is_write = "Writes" in rule.name
    what, why = ("Write", "WriteLimitExceeded") if is_write else ("ReadWrite", "ResourceUnitLimitExceeded")
    scope = _SCOPES.get(rule.per, "Application")
    return {
        "x-ms-throttle-scope": f"{scope}/{what}/{call.caller.app_id}/{call.tenant.id}",
        "x-ms-throttle-information": why,
    }
