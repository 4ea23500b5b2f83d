"""What an action is called with: the body held against its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.graph.engine.bodies import BadBody, checked, read_body
from emulator.graph.engine.call import Call
from emulator.graph.engine.target import Target
from emulator.odata.types import Collection, PropertyType, Structured


def check_arguments(call: Call, target: Target) -> None:
    """Refuse what an action is called with when it is of another type; unknown names are for the action to judge."""
    operation = target.plan.operation
    takes = operation.overloads[0].takes if operation and operation.overloads else {}
    if call.method != "POST" or not takes or "json" not in call.headers.get("content-type", "json"):
        return
    kinds = {name.lower(): kind for name, kind in takes.items()}
    try:
        for name, value in call.json.items():
            if name.lower() in kinds:
                _argument(value, kinds[name.lower()], name)
    except BadBody as error:
        raise target.dialect.bad_body(str(error)) from error


def arguments(call: Call, target: Target) -> dict[str, Any]:
    """The arguments of a bound action by the names in the schema; entities among them come as `Values`."""
    operation = target.plan.operation
    takes = operation.overloads[0].takes if operation and operation.overloads else {}
    spelled = {name.lower(): name for name in takes}
    given = {name: value for name, value in call.json.items() if "@" not in name}
    unknown = [name for name in given if name.lower() not in spelled]
    if unknown:
        raise target.dialect.bad_body(
            f"The parameter '{unknown[0]}' in the request payload is not a valid parameter for the operation "
            f"'{operation.name if operation else ''}'."
        )
    named = {spelled[name.lower()]: value for name, value in given.items()}
    try:
        return {name: _argument(value, takes[name], name) for name, value in named.items()}
    except BadBody as error:
        raise target.dialect.bad_body(str(error)) from error


def _argument(value: Any, kind: PropertyType, name: str) -> Any:  # noqa: ANN401 - JSON values
    if isinstance(kind, Structured) and kind.is_entity and isinstance(value, Mapping):
        return read_body(value, kind)
    if isinstance(kind, Collection) and value is None:
        return []
    return checked(value, kind, name)
