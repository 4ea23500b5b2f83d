"""Whether the caller's token opens an operation, by Microsoft's permission data."""

from __future__ import annotations

from emulator.graph.engine.call import Call
from emulator.graph.engine.places import place_of
from emulator.graph.engine.plan import Passed, Plan, ToRoot
from emulator.permissions import Needs, holds, needs_of, row_of
from emulator.store import Entity

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
    beyond = _beyond(call.method, plan)
    method, template = ("GET", beyond[0].head) if beyond else (call.method, plan.template)
    if not is_open(call, method, template):
        raise plan.dialect.denied()


def permit_beyond(call: Call, plan: Plan, passed: Passed, entity: Entity | None) -> None:
    """Refuse to go on behind what is only referred to, unless the caller could do the same at its own place."""
    beyond = _beyond(call.method, plan)
    if not beyond:
        return
    method = call.method if passed is beyond[-1] else "GET"
    places = places_of(call, entity) if entity is not None else []
    if not any(is_open(call, method, f"{place}{passed.rest}") for place in (*places, passed.place)):
        raise plan.dialect.denied()


def _beyond(method: str, plan: Plan) -> tuple[Passed, ...]:
    """What is asked for each on its own, unless Microsoft's table knows the path as a whole."""
    beyond = plan.beyond(method)
    return () if beyond and row_of(method, plan.template) else beyond


def places_of(call: Call, entity: Entity) -> list[str]:
    """The own places of a thing, as the caller may address it: one's own account is `/me`, too."""
    place = place_of(entity.kind)
    own = ["/me"] if call.me is entity else []
    return own if place is None else [*own, place]


def is_open(call: Call, method: str, template: str) -> bool:
    """Whether the caller holds what an operation needs."""
    needs = needs_of(method, template)
    return needs is not None and held(call, needs)


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
