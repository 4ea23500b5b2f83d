"""Whether an item passes a filter. Items are mappings of Graph's JSON names; text compares without case."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from emulator.odata.nodes import Call, Compare, Count, In, Lambda, Literal, Logic, Node, Not, Path
from emulator.odata.parser import moment

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": lambda text, part: part in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "tolower": str.lower,
    "toupper": str.upper,
    "length": len,
}
_YES_OR_NO = frozenset({"contains", "startswith", "endswith"})

Item = Mapping[str, Any]


def matches(node: Node, item: Item) -> bool:
    """Whether the filter lets the item through."""
    return _value(node, item, {}) is True


def _value(node: Node, item: Item, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401, C901, PLR0911 - one case per node
    match node:
        case Literal():
            return node.value
        case Path():
            return _at(node, item, scope)
        case Count():
            return len(_at(node.path, item, scope) or ())
        case Call():
            return _call(node, item, scope)
        case Compare():
            return _compare(node.operator, _value(node.left, item, scope), _value(node.right, item, scope))
        case In():
            found = _value(node.operand, item, scope)
            return any(_compare("eq", found, choice.value) for choice in node.choices)
        case Logic():
            return _logic(node, item, scope)
        case Not():
            return _value(node.operand, item, scope) is not True
        case _:
            return _quantified(node, item, scope)


def _at(path: Path, item: Item, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON values
    first, *rest = path.segments
    found = scope[first] if first in scope else item.get(first)
    for segment in rest:
        found = found.get(segment) if isinstance(found, Mapping) else None
    return found


def _call(node: Call, item: Item, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON values
    arguments = [_value(argument, item, scope) for argument in node.arguments]
    if any(argument is None for argument in arguments):
        return False if node.name in _YES_OR_NO else None
    if node.name in _YES_OR_NO:
        arguments = [argument.casefold() for argument in arguments]
    return _FUNCTIONS[node.name](*arguments)


def _logic(node: Logic, item: Item, scope: Mapping[str, Any]) -> bool:
    held = (_value(operand, item, scope) is True for operand in node.operands)
    return all(held) if node.operator == "and" else any(held)


def _quantified(node: Lambda, item: Item, scope: Mapping[str, Any]) -> bool:
    members = _at(node.path, item, scope) or ()
    if node.body is None or node.variable is None:
        return bool(members)
    found = (_value(node.body, item, {**scope, node.variable: member}) is True for member in members)
    return any(found) if node.quantifier == "any" else all(found)


def _compare(name: str, left: Any, right: Any) -> bool:  # noqa: ANN401 - JSON values
    left, right = _comparable(left, right), _comparable(right, left)
    if name in {"eq", "ne"}:
        return bool(left == right) is (name == "eq")
    return left is not None and right is not None and _ORDERINGS[name](left, right)


def _comparable(value: Any, other: Any) -> Any:  # noqa: ANN401 - JSON values
    """The value in a form that compares with the other: JSON keeps moments and GUIDs as text."""
    if not isinstance(value, str):
        return value
    if isinstance(other, datetime):
        return moment(value)
    return UUID(value) if isinstance(other, UUID) else value.casefold()
