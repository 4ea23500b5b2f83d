"""Which types can be compared: families of primitive types, enumerations with their members, null with everything."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from emulator.odata.errors import ODataError
from emulator.odata.names import UNTYPED
from emulator.odata.nodes import Literal, Node
from emulator.odata.types import Enum, PropertyType, type_name

NULL = "null"
FLAGS = "flags"
_FAMILIES = {
    **dict.fromkeys(("Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32", "Edm.Int64"), "number"),
    **dict.fromkeys(("Edm.Single", "Edm.Double", "Edm.Decimal"), "number"),
    **dict.fromkeys(("Edm.Date", "Edm.DateTimeOffset"), "moment"),
    **dict.fromkeys(("Edm.String", "Edm.Enum", "Edm.Binary", "Edm.Stream"), "text"),
    "Edm.Duration": "duration",
    "Edm.TimeOfDay": "time",
    UNTYPED: "any",
}
PRIMITIVES = frozenset(_FAMILIES) | {"Edm.Boolean", "Edm.Guid"}
_OPERATOR_KINDS = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
    "has": "Has",
    "in": "In",
    "and": "And",
    "or": "Or",
    "add": "Add",
    "sub": "Subtract",
    "mul": "Multiply",
    "div": "Divide",
    "divby": "Divide",
    "mod": "Modulo",
    "not": "Not",
    "-": "Negate",
}


def family(kind: PropertyType) -> str:
    """The types that a type can be compared with; a structure or collection goes with nothing but null."""
    return _FAMILIES.get(kind, kind) if isinstance(kind, str) else f"={type_name(kind)}"


def one_wrong(kind: PropertyType, operator: str) -> ODataError:
    """An operand that its operator does not take."""
    return ODataError(
        f"A operator with incompatible types was detected. "
        f"Found operand type '{type_name(kind)}' for operator kind '{_OPERATOR_KINDS[operator]}'."
    )


def two_wrong(left: PropertyType, right: PropertyType, operator: str) -> ODataError:
    """Operands that do not go together."""
    return ODataError(
        "A binary operator with incompatible types was detected. "
        f"Found operand types '{type_name(left)}' and '{type_name(right)}' "
        f"for operator kind '{_OPERATOR_KINDS[operator]}'."
    )


def check_pair(left: PropertyType, right: PropertyType, operator: str) -> None:
    """Refuse to compare what cannot be compared; `has` is for enumerations."""
    families = {family(left), family(right)}
    if operator == "has" and not ({"any", FLAGS} & families or isinstance(left, Enum) or left == "Edm.Enum"):
        raise two_wrong(left, right, operator)
    if families & {NULL, "any"}:
        return
    if len(families) > 1 or not isinstance(left, str | Enum):
        raise two_wrong(left, right, operator)


def suited(node: Node, kind: PropertyType, other: PropertyType) -> tuple[Node, PropertyType]:
    """A literal in the type of what it is compared with: members of an enumeration, GUIDs in quotes."""
    if not isinstance(node, Literal):
        return node, kind
    if isinstance(other, Enum) and isinstance(node.value, str) and kind in {"Edm.String", FLAGS, other.name}:
        return member(node.value, other), other
    if other == "Edm.Guid" and kind == "Edm.String":
        try:
            return Literal(UUID(cast("str", node.value)), "Edm.Guid"), "Edm.Guid"
        except ValueError:
            return node, kind
    if other == "Edm.Enum" and isinstance(node.value, str) and kind not in PRIMITIVES:
        return Literal(node.value, "Edm.String"), "Edm.String"
    return node, kind


def member(text: str, enum: Enum) -> Literal:
    """An enumeration's member, or several of one with flags, in its own spelling."""
    parts = [part.strip() for part in text.split(",")] if enum.is_flags else [text]
    found = [enum.find(part) for part in parts]
    if None in found:
        raise ODataError(f"The string '{text}' is not a valid enumeration type constant.")
    return Literal(",".join(filter(None, found)), FLAGS if enum.is_flags else "Edm.String")
