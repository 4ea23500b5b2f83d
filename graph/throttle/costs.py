"""What a call costs in the resource units of the directory and of SharePoint, by its path and query."""

from __future__ import annotations

import re
from typing import TypeAlias
from urllib.parse import unquote

from graph.calls import Call

# Rows of the table of limits with the units that a call takes from each; the first is the one that refusals are about.
Weights: TypeAlias = tuple[tuple[str, int], ...]

_READS = {
    "users": 2, "applications": 2, "contracts": 3, "members": 3, "transitivemembers": 5, "memberof": 2,
    "ismemberof": 4, "subscribedskus": 3, "oauth2permissiongrants": 2,
}  # fmt: skip
# POST, and still nothing is written.
_QUESTIONS = {
    "getbyids": 3, "ismemberof": 4, "checkmembergroups": 4, "checkmemberobjects": 4, "getmembergroups": 2,
    "getmemberobjects": 2,
}  # fmt: skip
_OPTION = re.compile(r"(?:^|&)(?:\$|%24)?(select|expand|top)=(\d{0,6})", re.IGNORECASE)
_SMALL_PAGE = 20

_LISTS = frozenset(
    {
        *("children", "columns", "contenttypes", "drives", "followedsites", "getallsites", "items", "lists", "pages"),
        *("recent", "search", "sharedwithme", "sites", "subsites", "subscriptions", "thumbnails", "versions"),
    }
)
_SHARING = frozenset({"createlink", "grant", "invite", "permissions"})
_SHARED = re.compile(r"(?:\$|%24)?expand=[^&]*permissions", re.IGNORECASE)
_TOKEN = re.compile(r"token=[^&)]", re.IGNORECASE)


def plain(segment: str) -> str:
    """An id or a name as it is, whatever way it was written."""
    return (unquote(segment) if "%" in segment else segment).lower()


def word(segment: str) -> str:
    """The name of a segment in lower case, without a namespace and arguments."""
    return segment.partition("(")[0].lower().removeprefix("microsoft.graph.")


def directory_cost(call: Call, words: list[str]) -> tuple[int, bool]:
    """The resource units of a call to the directory, and whether it writes."""
    last = _last(words)
    asks = call.is_read or (call.method == "POST" and last in _QUESTIONS)
    base = (_READS if call.is_read else _QUESTIONS).get(last, 1)
    return max(1, base + _change(call.query)), not asks


def _last(words: list[str]) -> str:
    """The name of what is asked for: neither `$count` nor a cast says it."""
    name, segment = word(words[-1]), words[-1]
    is_suffix = segment.startswith(("$", "microsoft.graph.")) and name not in _QUESTIONS
    return word(words[-2]) if is_suffix and len(words) > 1 else name


def _change(query: str) -> int:
    change = 0
    for option, number in _OPTION.findall(query) if query else ():
        match option.lower():
            case "select":
                change -= 1
            case "expand":
                change += 1
            case _:
                change -= bool(number) and int(number) < _SMALL_PAGE
    return change


def sharepoint_cost(call: Call, words: list[str]) -> int:
    """The resource units of a call to SharePoint or OneDrive."""
    last = word(words[-1])
    if last in _SHARING or word(words[-2] if len(words) > 1 else "") in _SHARING or _SHARED.search(call.query):
        return 5
    if not call.is_read:
        return 2
    if last == "delta":
        return 1 if _TOKEN.search(call.target) else 2
    return 2 if last in _LISTS else 1
