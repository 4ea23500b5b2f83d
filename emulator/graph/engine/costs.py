"""What a call takes from the budget of an app: the directory says so with every answer."""

from __future__ import annotations

from dataclasses import replace

from emulator.graph.engine.call import Answer, Call, Reply, digits
from emulator.graph.engine.dialects import DIRECTORY
from emulator.graph.engine.plan import Plan
from emulator.graph.engine.target import Target

_LISTS = {
    "users": 2, "applications": 2, "contracts": 3, "subscribedSkus": 3, "oauth2PermissionGrants": 2, "memberOf": 2,
    "members": 3, "transitiveMembers": 5,
}  # fmt: skip
_OPERATIONS = {
    "getByIds": 3, "isMemberOf": 4, "checkMemberGroups": 4, "checkMemberObjects": 4, "getMemberGroups": 2,
    "getMemberObjects": 2,
}  # fmt: skip
_SMALL_PAGE = 20


def charged(call: Call, target: Target, reply: Reply) -> Reply:
    """The answer with the header that says what it cost, where the directory gave it."""
    if target.dialect is not DIRECTORY or not isinstance(reply, Answer):
        return reply
    return replace(reply, headers={**reply.headers, "x-ms-resource-unit": str(cost(call, target.plan))})


def cost(call: Call, plan: Plan) -> int:
    """The resource units of a call: less when it asks for less, never nothing."""
    asked = {name.lower().lstrip("$"): value for name, value in call.query}
    top = digits(asked.get("top", ""))
    spared = ("select" in asked) + (top is not None and top < _SMALL_PAGE) - ("expand" in asked)
    last = plan.template.rpartition("/")[2]
    base = _OPERATIONS.get(last) or (_LISTS.get(last, 1) if call.method == "GET" else 1)
    return max(1, base - spared)
