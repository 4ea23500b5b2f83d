"""Which HTTP methods make sense at the end of a path, by the types alone."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.faults import MethodNotAllowed
from emulator.graph.engine.plan import Plan, ToNavigation, ToRoot
from emulator.schema import Operation

_OF_A_THING = frozenset({"GET", "PATCH", "PUT", "DELETE"})
_OF_A_RELATION = _OF_A_THING | {"POST"}
_OF_A_SINGLETON = frozenset({"GET", "PATCH"})
_OF_A_LIST = frozenset({"GET", "POST"})
_OF_AN_ACTION = frozenset({"POST"})
_OF_A_FUNCTION = frozenset({"GET"})
_ENDINGS = {
    "$count": _OF_A_FUNCTION,
    "$ref": frozenset({"GET", "POST", "PUT", "DELETE"}),
    "$value": _OF_A_THING,
}


def check_method(method: str, plan: Plan) -> None:
    """Refuse a method that what the path names does not have, whoever asks."""
    if method not in _methods(plan):
        raise MethodNotAllowed


def _methods(plan: Plan) -> frozenset[str]:
    if plan.operation is not None:
        return _of_an_operation(plan.operation.overloads)
    if plan.ending:
        return _ENDINGS[plan.ending]
    if plan.is_collection:
        return _OF_A_LIST
    if isinstance(plan.last, ToRoot):
        return _OF_A_SINGLETON
    return _OF_A_RELATION if isinstance(plan.last, ToNavigation) else _OF_A_THING


def _of_an_operation(overloads: Sequence[Operation]) -> frozenset[str]:
    """An action is posted, a function is read; of one that only a workload knows nobody says which it is."""
    if not overloads:
        return _OF_A_LIST
    return _OF_AN_ACTION if overloads[0].is_action else _OF_A_FUNCTION
