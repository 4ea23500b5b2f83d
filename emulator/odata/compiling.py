"""A filter's tree turned into one Python function, so that a long list is not walked through the tree item by item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias

from emulator.odata.arithmetic import computed, negated
from emulator.odata.casting import cast_value
from emulator.odata.check import parsed_filter
from emulator.odata.families import FLAGS, PRIMITIVES
from emulator.odata.functions import FUNCTIONS, called
from emulator.odata.items import Item, Reading, Related, members, no_relations, reader_as
from emulator.odata.names import PLAIN, Names, TypeSource, no_type
from emulator.odata.nodes import Arithmetic, Call, Compare, Count, In, Lambda, Literal, Logic, Negate, Node, Not, Path
from emulator.odata.types import Enum, Structured
from emulator.odata.values import compare, flags

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_ORDERINGS = frozenset({"gt", "ge", "lt", "le"})
_ITSELF = "$it"

Read: TypeAlias = Callable[[Any, Mapping[str, Any]], Any]


def compiled(
    node: Node, related: Related = no_relations, *, types: TypeSource = no_type, now: datetime | None = None
) -> Callable[[Item], bool]:
    """The filter as a function of the item.

    `related` finds entities by navigation, `types` the ancestry of complex values that name their type, `now` is what
    `now()` says.
    """
    read = _Compiler(Reading(related, types), now).reader(node)
    return lambda item: read(item, _NOTHING) is True


def compiled_filter(
    text: str, kind: Structured, related: Related = no_relations, names: Names = PLAIN, *, now: datetime | None = None
) -> Callable[[Item], bool]:
    """The function of a filter's text, held against the type."""
    return compiled(parsed_filter(text, kind, names), related, types=names.types, now=now)


def matches(node: Node, item: Item, related: Related = no_relations) -> bool:
    """Whether the filter lets the item through; for many items, compile it once."""
    return compiled(node, related)(item)


class _Compiler:
    """Makes the reader of each node: a function of the item and of the lambda variables."""

    def __init__(self, reading: Reading, now: datetime | None) -> None:
        self._reading = reading
        self._now = now
        self._rules: Mapping[type, Callable[[Any], Read]] = {
            Literal: self._literal,
            Path: self._path,
            Count: self._count,
            Call: self._call,
            Arithmetic: self._arithmetic,
            Negate: self._negate,
            Compare: self._compare,
            In: self._choice,
            Logic: self._logic,
            Not: self._not,
            Lambda: self._quantified,
        }

    def reader(self, node: Node) -> Read:
        return self._rules[type(node)](node)

    def _literal(self, node: Literal) -> Read:
        return _constant(_plain(node))

    def _path(self, node: Path) -> Read:
        first, *rest = node.segments
        at, whole = self._reading.at, node.segments

        def read(item: Any, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON values
            if first in scope:
                return at(scope[first], rest)
            return at(item, rest if first == _ITSELF else whole)

        convert = reader_as(node.kind)
        return read if convert is None else lambda item, scope: convert(read(item, scope))

    def _count(self, node: Count) -> Read:
        read = self._path(node.path)
        return lambda item, scope: len(members(read(item, scope)))

    def _call(self, node: Call) -> Read:
        if node.name in {"isof", "cast"}:
            return self._type_call(node)
        if node.name == "now" and self._now is not None:
            return _constant(self._now)
        function, reads = FUNCTIONS[node.name], [self.reader(argument) for argument in node.arguments]
        return lambda item, scope: called(function, [read(item, scope) for read in reads])

    def _type_call(self, node: Call) -> Read:
        operand, wanted = node.arguments
        name = str(wanted.value) if isinstance(wanted, Literal) else ""
        read = self.reader(operand)
        if node.name == "cast" and name in PRIMITIVES:
            return lambda item, scope: cast_value(read(item, scope), name)
        test = self._type_test(operand, name)
        if node.name == "isof":
            return lambda item, scope: test(read(item, scope))
        return lambda item, scope: value if test(value := read(item, scope)) else None

    def _type_test(self, operand: Node, name: str) -> Callable[[Any], bool]:
        kind = operand.kind if isinstance(operand, Path | Literal) else None
        known = kind if isinstance(kind, str) else getattr(kind, "name", None)
        ancestry = {found.name for found in getattr(kind, "ancestry", ())}
        if name == known or name in ancestry:
            return lambda value: value is not None
        return lambda value: self._reading.is_of(value, name)

    def _arithmetic(self, node: Arithmetic) -> Read:
        first = self.reader(node.first)
        steps = [(name, self.reader(operand)) for name, operand in node.steps]

        def read(item: Any, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON values
            value = first(item, scope)
            for name, operand in steps:
                value = computed(name, value, operand(item, scope))
            return value

        return read

    def _negate(self, node: Negate) -> Read:
        read = self.reader(node.operand)
        return lambda item, scope: negated(read(item, scope))

    def _compare(self, node: Compare) -> Read:
        name, left, right = node.operator, self.reader(node.left), self.reader(node.right)
        if name == "has":
            return lambda item, scope: _has(left(item, scope), right(item, scope))
        rank = _rank(node) if name in _ORDERINGS else None
        if rank is not None:
            return lambda item, scope: compare(name, rank(left(item, scope)), rank(right(item, scope)))
        return lambda item, scope: compare(name, left(item, scope), right(item, scope))

    def _choice(self, node: In) -> Read:
        read, choices = self.reader(node.operand), [_plain(choice) for choice in node.choices]

        def chosen(item: Any, scope: Mapping[str, Any]) -> bool:  # noqa: ANN401 - JSON values
            found = read(item, scope)
            return any(compare("eq", found, choice) for choice in choices)

        return chosen

    def _logic(self, node: Logic) -> Read:
        reads = [self.reader(operand) for operand in node.operands]
        if node.operator == "and":
            return lambda item, scope: all(read(item, scope) is True for read in reads)
        return lambda item, scope: any(read(item, scope) is True for read in reads)

    def _not(self, node: Not) -> Read:
        read = self.reader(node.operand)
        return lambda item, scope: read(item, scope) is not True

    def _quantified(self, node: Lambda) -> Read:
        found, variable = self._path(node.path), node.variable
        if node.body is None or variable is None:
            return lambda item, scope: bool(members(found(item, scope)))
        held, body = any if node.quantifier == "any" else all, self.reader(node.body)
        return lambda item, scope: held(
            body(item, {**scope, variable: member}) is True for member in members(found(item, scope))
        )


def _constant(value: Any) -> Read:  # noqa: ANN401 - JSON values
    return lambda _item, _scope: value


def _plain(literal: Literal) -> Any:  # noqa: ANN401 - JSON values
    return flags(literal.value) if literal.kind == FLAGS and isinstance(literal.value, str) else literal.value


def _has(value: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON values
    """Whether all the wanted members are set."""
    held, asked = (flags(side) if isinstance(side, str) else side for side in (value, wanted))
    return isinstance(held, frozenset) and isinstance(asked, frozenset) and held >= asked


def _rank(node: Compare) -> Callable[[Any], int | None] | None:
    """Members of an enumeration stand in the order it declares them."""
    for side in (node.left, node.right):
        if isinstance(side, Path) and isinstance(side.kind, Enum) and not side.kind.is_flags:
            ranks = {member.casefold(): place for place, member in enumerate(side.kind.members)}
            return lambda value: ranks.get(value.casefold()) if isinstance(value, str) else None
    return None
