"""Whether the caller's token opens an operation, by Microsoft's permission data."""

from __future__ import annotations

from emulator.graph.engine.call import Call
from emulator.graph.engine.plan import Plan, ToRoot
from emulator.permissions import Needs, holds, needs_of

_SHARED = ".Shared"
# Where the tenants of personal accounts are kept.
_PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


def permit(call: Call, plan: Plan, decided_elsewhere: frozenset[str] = frozenset()) -> None:
    """Refuse the call as the service does, unless the caller holds one of the permissions that open it.

    Of some roots Microsoft's table says nothing, because it depends on the body: there the workload decides.
    """
    first = plan.steps[0]
    if isinstance(first, ToRoot) and first.root.name in decided_elsewhere:
        return
    needs = needs_of(call.method, plan.template)
    if needs is None or not held(call, needs):
        raise plan.dialect.denied()


def held(call: Call, needs: Needs) -> bool:
    """Whether the caller holds what an operation needs."""
    caller = call.caller
    return holds(
        needs,
        scopes=with_plain(caller.scopes),
        roles=caller.roles,
        is_app=caller.user_id is None,
        is_personal=call.tenant.id == _PERSONAL,
    )


def with_plain(scopes: frozenset[str]) -> frozenset[str]:
    """Who may read what others share may read their own: a `.Shared` scope holds the plain one."""
    return scopes | {name.removesuffix(_SHARED) for name in scopes if name.endswith(_SHARED)}


def has_any(call: Call, *names: str) -> bool:
    """Whether the caller holds any of these permissions, as a scope or as a role."""
    held_names = call.caller.roles if call.caller.user_id is None else call.caller.scopes
    return not held_names.isdisjoint(names)
