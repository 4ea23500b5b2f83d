"""The syntax tree of a `$filter`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, TypeAlias
from uuid import UUID

from emulator.odata.types import PropertyType

Value: TypeAlias = str | bool | int | float | datetime | time | timedelta | UUID | None


@dataclass(frozen=True)
class Literal:
    """A value written in the filter, and its OData type.

    Besides type names the kind may be `null`, `type` (the value names a type) or `flags` (members of an enumeration).
    """

    value: Value
    kind: str


@dataclass(frozen=True)
class Path:
    """A property, or one inside another: `from/emailAddress/address`; a segment with a dot is a cast.

    The type at its end is known once the tree is bound.
    """

    segments: tuple[str, ...]
    kind: PropertyType | None = field(default=None, compare=False)


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
class Arithmetic:
    """`first add x sub y`, or mul, div, divby and mod; a chain of one rank is one node and works from the left."""

    first: Node
    steps: tuple[tuple[str, Node], ...]


@dataclass(frozen=True)
class Negate:
    """A minus sign before anything but a number that is written out."""

    operand: Node


@dataclass(frozen=True)
class Compare:
    """`left op right` with op one of eq ne gt ge lt le has."""

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


Node: TypeAlias = Literal | Path | Count | Call | Arithmetic | Negate | Compare | In | Logic | Not | Lambda


def walk(node: Node | None) -> list[Node]:
    """A node and all nodes below it, in the order they were written."""
    return [] if node is None else list(_walked(node))


def _walked(node: Node) -> Iterator[Node]:
    yield node
    for child in _children(node):
        if child is not None:
            yield from _walked(child)


def _children(node: Node) -> tuple[Node | None, ...]:
    reader = _CHILDREN.get(type(node))
    return reader(node) if reader else ()


_CHILDREN: Mapping[type, Callable[[Any], tuple[Node | None, ...]]] = {
    Compare: lambda node: (node.left, node.right),
    Logic: lambda node: node.operands,
    Not: lambda node: (node.operand,),
    Negate: lambda node: (node.operand,),
    In: lambda node: (node.operand, *node.choices),
    Call: lambda node: node.arguments,
    Arithmetic: lambda node: (node.first, *(operand for _, operand in node.steps)),
    Lambda: lambda node: (node.path, node.body),
    Count: lambda node: (node.path,),
}
