"""Who sends a sample: a caller that holds exactly the permissions which Microsoft's data names for the operation."""

from __future__ import annotations

from emulator.entra import Caller
from emulator.graph.engine.plan import Plan, ToKey, ToRoot
from emulator.permissions import Needs, needs_of
from scripts._fidelity.world import World, everything

APP = "11111111-1111-1111-1111-111111111111"
# What these roots stand for depends on who is signed in.
_OWN = frozenset({"me", "drive"})


def caller_for(world: World, method: str, plan: Plan) -> Caller:
    """Who is signed in where the path is about that person, an application where one may call, else whose it is."""
    needs = needs_of(method, plan.template)
    root = _root(plan)
    if needs is None:
        return everything(world.tenant.demo_person.id)
    if root not in _OWN and needs.application:
        return Caller(APP, None, frozenset(), needs.application | needs.also_application)
    return _person(world, plan, needs)


def reader(world: World, plan: Plan) -> Caller:
    """Somebody who may do anything, to look at what a write has done."""
    return everything(world.tenant.demo_person.id if _root(plan) in _OWN else None)


def powerful(caller: Caller) -> Caller:
    """The same person or application with every permission."""
    return everything(caller.user_id)


def _person(world: World, plan: Plan, needs: Needs) -> Caller:
    person = world.tenant.demo_person
    if _root(plan) == "users" and len(plan.steps) > 1 and isinstance(plan.steps[1], ToKey):
        person = world.tenant.find_person(plan.steps[1].text) or person
    if not needs.delegated:
        return everything(person.id)
    return Caller(APP, person.id, needs.delegated | needs.also_delegated, frozenset())


def _root(plan: Plan) -> str:
    first = plan.steps[0]
    return first.root.name.lower() if isinstance(first, ToRoot) else ""
