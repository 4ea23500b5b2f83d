"""What one call takes, and from which service's budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from emulator.graph.engine.call import Call
from emulator.graph.engine.costs import cost
from emulator.graph.engine.plan import Plan, ToKey, ToRoot

Service: TypeAlias = Literal["directory", "outlook", "sharepoint", "subscriptions", "invitations", "other"]

_ROOTS: dict[str, Service] = {
    "drive": "sharepoint",
    "drives": "sharepoint",
    "shares": "sharepoint",
    "sites": "sharepoint",
    "subscriptions": "subscriptions",
    "invitations": "invitations",
    "places": "other",
}
# Addresses that need no token, by their first segment.
OPEN_PLACES: dict[str, Service] = {
    "driveuploads": "sharepoint",
    "drivedownloads": "sharepoint",
    "drivemonitors": "sharepoint",
    "attachmentsessions": "outlook",
}
_OWNERS = frozenset({"me", "users", "groups"})
# What follows a user or a group in a path and is not the directory's.
_FILES = frozenset({"drive", "drives", "followedSites", "insights", "sites"})
_MAILBOX = frozenset(
    {
        *("mailFolders", "messages", "sendMail", "inferenceClassification", "mailboxSettings", "getMailTips"),
        *("calendar", "calendars", "calendarGroups", "calendarView", "events", "findMeetingTimes", "reminderView()"),
        *("contacts", "contactFolders", "people", "photo", "photos", "outlook"),
        *("conversations", "threads", "acceptedSenders", "rejectedSenders", "translateExchangeIds"),
    }
)
_SENDING = frozenset({"sendMail", "send", "reply", "replyAll", "forward"})
_SHARING = frozenset({"permissions", "invite", "createLink"})


@dataclass(frozen=True)
class Weight:
    """What one call counts for. `units` are the resource units of its service, `upload` the bytes it brings."""

    service: Service = "other"
    mailbox: str = ""
    units: int = 1
    is_write: bool = False
    is_list: bool = False
    is_sending: bool = False
    upload: int = 0


def weigh(call: Call, plan: Plan | None) -> Weight:
    """The weight of a call; one whose path is no path of Graph counts for the whole only."""
    if plan is None:
        return Weight()
    service = service_of(plan)
    is_write = call.method not in {"GET", "HEAD"}
    return Weight(
        service,
        mailbox=_mailbox(call, plan) if service == "outlook" else "",
        units=_file_units(call, plan) if service == "sharepoint" else cost(call, plan),
        is_write=is_write,
        is_list=plan.is_collection,
        is_sending=service == "outlook" and _last(plan) in _SENDING,
        upload=len(call.body) if is_write else 0,
    )


def service_of(plan: Plan) -> Service:
    """Who answers for a path."""
    root, *rest = plan.template.strip("/").split("/")
    names = [name for name in rest if not name.startswith("{")]
    if root in _OWNERS and names:
        if names[0] in _MAILBOX:
            return "outlook"
        if names[0] in _FILES:
            return "sharepoint"
    return _ROOTS.get(root, "directory")


def _mailbox(call: Call, plan: Plan) -> str:
    """Whose mailbox it is: the id of a person or of a group."""
    first = plan.steps[0]
    if isinstance(first, ToRoot) and first.root.name == "me":
        return call.caller.user_id or ""
    step = next((step for step in plan.steps if isinstance(step, ToKey)), None)
    key = (step.text or ",".join(value for _, value in step.named)).lower() if step else ""
    person = call.tenant.find_person(key)
    return person.id if person else key


def _file_units(call: Call, plan: Plan) -> int:
    """SharePoint's resource units: more for what touches many things, most for what touches permissions."""
    asked = {name.lower().lstrip("$"): value for name, value in call.query}
    if not _SHARING.isdisjoint(plan.template.split("/")) or "permissions" in asked.get("expand", "").lower():
        return 5
    if _last(plan) == "delta()":
        return 1 if "token" in asked or "skiptoken" in asked or "deltatoken" in asked else 2
    return 2 if call.method != "GET" or plan.is_collection else 1


def _last(plan: Plan) -> str:
    return plan.template.rpartition("/")[2]
