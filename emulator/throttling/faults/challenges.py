"""Claims challenges on request: a 401 that another token answers."""

from __future__ import annotations

import json

from emulator.faults import NotSignedIn
from emulator.graph.engine.call import Call
from emulator.throttling.faults.fault import Fault

_MESSAGE = (
    "Continuous access evaluation resulted in challenge with result: InteractionRequired "
    "and code: TokenCreatedWithOutdatedPolicies"
)


def concerns(fault: Fault, call: Call) -> bool:
    """Whether a caller is challenged; one without an end lets a token pass that was fetched because of it."""
    if fault.user not in ("", call.caller.user_id):
        return False
    return fault.left is not None or not _is_fresh(fault, call)


def challenge(fault: Fault, call: Call) -> NotSignedIn:
    """The 401, with the claims that were asked for, or as Graph asks for a token that is new."""
    fault.refused.setdefault(_whose(call), set()).add(call.caller.token_id)
    wanted = {"access_token": {"nbf": {"essential": True, "value": str(int(call.now.timestamp()))}}}
    return NotSignedIn(_MESSAGE, fault.claims or json.dumps(wanted, separators=(",", ":")))


def _is_fresh(fault: Fault, call: Call) -> bool:
    """Tokens tell whole seconds: one of the same second is new if it is not the one that was refused."""
    refused = fault.refused.get(_whose(call), set())
    is_another = bool(refused) and call.caller.token_id not in refused
    return call.caller.issued_at > fault.since or (is_another and call.caller.issued_at >= int(fault.since))


def _whose(call: Call) -> tuple[str, str | None]:
    return call.caller.app_id, call.caller.user_id
