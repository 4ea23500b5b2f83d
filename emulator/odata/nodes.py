"""The syntax tree of a `$filter`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

Value: TypeAlias = str | bool | int | float | datetime | UUID | None


@dataclass(frozen=True)
class Literal:
    """A value written in the filter, and its OData type."""

    value: Value
    kind: str


@dataclass(frozen=True)
class Path:
    """A property, or one inside another: `from/emailAddress/address`."""

    segments: tuple[str, ...]


@dataclass(frozen=True)
class Count:
    """`path/$count`: how many members a collection has."""

    path: Path


@dataclass(frozen=True)
class Call:
    """A function such as `startswith(subject,'RE:')`; the name is in lower case."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True)
class Compare:
    """`left op right` with op one of eq ne gt ge lt le."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class In:
    """`operand in ('a','b')`."""

    operand: Node
    choices: tuple[Literal, ...]


@dataclass(frozen=True)
class Logic:
    """Operands joined by `and`, or by `or`; a long chain is one node, so that it cannot exhaust the stack."""

    operator: str
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    """The opposite."""

    operand: Node


@dataclass(frozen=True)
class Lambda:
    """`path/any(v:body)` or `path/all(v:body)`; `any()` has no variable and no body."""

    path: Path
    quantifier: str
    variable: str | None
    body: Node | None


Node: TypeAlias = Literal | Path | Count | Call | Compare | In | Logic | Not | Lambda


def walk(node: Node | None) -> list[Node]:
    """A node and all nodes below it, in the order they were written."""
    if node is None:
        return []
    return [node, *(found for child in _children(node) for found in walk(child))]


def _children(node: Node) -> tuple[Node | None, ...]:  # noqa: PLR0911 - one case per node
    match node:
        case Compare():
            return (node.left, node.right)
        case Logic():
            return node.operands
        case Not():
            return (node.operand,)
        case In():
            return (node.operand, *node.choices)
        case Call():
            return node.arguments
        case Lambda():
            return (node.path, node.body)
        case Count():
            return (node.path,)
        case _:
            return ()
