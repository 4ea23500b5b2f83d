"""A parsed filter held against the type it is for: unknown names and types that do not go together."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.odata.errors import ODataError, UnknownProperty
from emulator.odata.nodes import Call, Compare, Count, In, Lambda, Literal, Logic, Node, Not, Path
from emulator.odata.types import Collection, PropertyType, Structured, type_name

_BOOLEAN = "Edm.Boolean"
_STRING = "Edm.String"
_OPERATOR_KINDS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
    "in": "In",
    "and": "And",
    "or": "Or",
}
_FUNCTIONS: Mapping[str, tuple[int, str]] = {
    "contains": (2, _BOOLEAN),
    "startswith": (2, _BOOLEAN),
    "endswith": (2, _BOOLEAN),
    "tolower": (1, _STRING),
    "toupper": (1, _STRING),
    "length": (1, "Edm.Int32"),
}
_FAMILIES = {
    "Edm.Int32": "number",
    "Edm.Int64": "number",
    "Edm.Double": "number",
    "Edm.Date": "moment",
    "Edm.DateTimeOffset": "moment",
    "Edm.Enum": _STRING,
    "Edm.Binary": _STRING,
}
_ONE_BOOLEAN = "The $filter expression must evaluate to a single boolean value."

Scope = Mapping[str, PropertyType]


def check_filter(node: Node, kind: Structured) -> None:
    """Refuse a filter that does not fit the type."""
    if _type_of(node, kind, {}) != _BOOLEAN:
        raise ODataError(_ONE_BOOLEAN)


def resolve(segments: tuple[str, ...], kind: PropertyType) -> PropertyType:
    """The type at the end of a path, or the error that names the segment which is not there."""
    for segment in segments:
        name = kind.find(segment) if isinstance(kind, Structured) else None
        if name is None or not isinstance(kind, Structured):
            raise UnknownProperty(segment, type_name(kind))
        kind = kind.properties[name]
    return kind


def _type_of(node: Node, kind: Structured, scope: Scope) -> PropertyType:  # noqa: PLR0911 - one case per node
    match node:
        case Literal():
            return node.kind
        case Path():
            return _at(node, kind, scope)
        case Count():
            _members(node.path, kind, scope)
            return "Edm.Int32"
        case Call():
            return _call(node, kind, scope)
        case Compare() | Logic():
            return _pair(node, kind, scope)
        case In():
            return _choice(node, kind, scope)
        case Not():
            _boolean(node.operand, "Not", kind, scope)
        case _:
            _quantified(node, kind, scope)
    return _BOOLEAN


def _at(path: Path, kind: Structured, scope: Scope) -> PropertyType:
    if path.segments[0] in scope:
        return resolve(path.segments[1:], scope[path.segments[0]])
    return resolve(path.segments, kind)


def _members(path: Path, kind: Structured, scope: Scope) -> str | Structured:
    found = _at(path, kind, scope)
    if not isinstance(found, Collection):
        raise ODataError(f"The parent value for a property access of '{path.segments[-1]}' is not a collection.")
    return found.item


def _call(node: Call, kind: Structured, scope: Scope) -> str:
    if node.name not in _FUNCTIONS:
        raise ODataError(f"An unknown function with name '{node.name}' was found.")
    wanted, returns = _FUNCTIONS[node.name]
    given = [_type_of(argument, kind, scope) for argument in node.arguments]
    if len(given) != wanted or any(_family(argument) not in {_STRING, "null"} for argument in given):
        listed = ", ".join(type_name(argument) for argument in given)
        raise ODataError(f"No function signature for the function with name '{node.name}' matches ({listed}).")
    return returns


def _pair(node: Compare | Logic, kind: Structured, scope: Scope) -> str:
    if isinstance(node, Logic):
        for operand in node.operands:
            _boolean(operand, _OPERATOR_KINDS[node.operator], kind, scope)
        return _BOOLEAN
    _agree(_type_of(node.left, kind, scope), _type_of(node.right, kind, scope), node.operator)
    return _BOOLEAN


def _choice(node: In, kind: Structured, scope: Scope) -> str:
    operand = _type_of(node.operand, kind, scope)
    for choice in node.choices:
        _agree(operand, choice.kind, "in")
    return _BOOLEAN


def _quantified(node: Lambda, kind: Structured, scope: Scope) -> None:
    item = _members(node.path, kind, scope)
    if node.body is None or node.variable is None:
        return
    if _type_of(node.body, kind, {**scope, node.variable: item}) != _BOOLEAN:
        raise ODataError(_ONE_BOOLEAN)


def _boolean(node: Node, operator: str, kind: Structured, scope: Scope) -> None:
    found = _type_of(node, kind, scope)
    if found != _BOOLEAN:
        raise ODataError(
            f"A operator with incompatible types was detected. "
            f"Found operand type '{type_name(found)}' for operator kind '{operator}'."
        )


def _agree(left: PropertyType, right: PropertyType, operator: str) -> None:
    if "null" in (left, right) or (_family(left) == _family(right) and isinstance(left, str)):
        return
    raise ODataError(
        "A binary operator with incompatible types was detected. "
        f"Found operand types '{type_name(left)}' and '{type_name(right)}' "
        f"for operator kind '{_OPERATOR_KINDS[operator]}'."
    )


def _family(kind: PropertyType) -> str:
    # A structure or collection goes with nothing but null.
    return _FAMILIES.get(kind, kind) if isinstance(kind, str) else f"={type_name(kind)}"
