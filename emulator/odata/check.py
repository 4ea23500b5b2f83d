"""A parsed filter held against the type it is for, and put into that type's own spelling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias, cast

from emulator.odata.arithmetic import result_family
from emulator.odata.errors import ODataError
from emulator.odata.families import NULL, PRIMITIVES, check_pair, family, one_wrong, suited, two_wrong
from emulator.odata.functions import FUNCTIONS
from emulator.odata.names import PLAIN, UNTYPED, Names, cast_target, resolve
from emulator.odata.nodes import Arithmetic, Call, Compare, Count, In, Lambda, Literal, Logic, Negate, Node, Not, Path
from emulator.odata.parser import parse_filter
from emulator.odata.types import Collection, Enum, PropertyType, Structured, type_name

_BOOLEAN = "Edm.Boolean"
_ONE_BOOLEAN = "The $filter expression must evaluate to a single boolean value."
_ITSELF = "$it"

Typed: TypeAlias = tuple[Node, PropertyType]


# The same few filters come again and again, inside an expansion once per item.
@lru_cache(maxsize=256)
def parsed_filter(text: str, kind: Structured, names: Names = PLAIN) -> Node:
    """The tree of a filter on this type, checked and in the type's own spelling."""
    return _Checker({_ITSELF: kind}, names).condition(parse_filter(text))


def check_filter(node: Node, kind: Structured, names: Names = PLAIN) -> None:
    """Refuse a filter that does not fit the type."""
    _Checker({_ITSELF: kind}, names).condition(node)


def bound(node: Node, kind: Structured, scope: Mapping[str, PropertyType], names: Names = PLAIN) -> Node:
    """The same filter in the type's own spelling: `Department` means `department`."""
    return _Checker({**scope, _ITSELF: kind}, names).typed(node)[0]


class _Checker:
    """One pass over one tree; each rule gives the node back as the type spells it, and its type."""

    def __init__(self, scope: Mapping[str, PropertyType], names: Names) -> None:
        self._scope = scope
        self._names = names
        self._rules: Mapping[type, Callable[[Any], Typed]] = {
            Literal: lambda node: (node, node.kind),
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

    def typed(self, node: Node) -> Typed:
        return self._rules[type(node)](node)

    def condition(self, node: Node) -> Node:
        found, kind = self.typed(node)
        if kind not in {_BOOLEAN, UNTYPED}:
            raise ODataError(_ONE_BOOLEAN)
        return found

    def _path(self, node: Path) -> tuple[Path, PropertyType]:
        first, *rest = node.segments
        if first not in self._scope:
            first, rest = _ITSELF, list(node.segments)
        segments, kind = resolve(rest, self._scope[first], self._names)
        # A property that a variable hides keeps its `$it/`.
        if first != _ITSELF or not segments or segments[0] in self._scope:
            segments = (first, *segments)
        return Path(segments, kind), kind

    def _members(self, node: Path) -> tuple[Path, PropertyType]:
        path, found = self._path(node)
        if found == UNTYPED:
            return path, UNTYPED
        if not isinstance(found, Collection):
            raise ODataError(f"The parent value for a property access of '{node.segments[-1]}' is not a collection.")
        return path, found.item

    def _count(self, node: Count) -> Typed:
        return Count(self._members(node.path)[0]), "Edm.Int32"

    def _call(self, node: Call) -> Typed:
        if node.name in {"isof", "cast"}:
            return self._type_call(node)
        if node.name not in FUNCTIONS:
            raise ODataError(f"An unknown function with name '{node.name}' was found.")
        function = FUNCTIONS[node.name]
        given = [self.typed(argument) for argument in node.arguments]
        kinds = [kind for _, kind in given]
        if not any(_takes(form, kinds) for form in function.forms):
            raise _no_form(node.name, kinds)
        return replace(node, arguments=tuple(argument for argument, _ in given)), function.returns

    def _type_call(self, node: Call) -> Typed:
        """`isof` and `cast`, of a value or of the item itself."""
        *operands, wanted = node.arguments or (Literal(None, NULL),)
        if len(operands) > 1 or not isinstance(wanted, Literal) or wanted.kind != "type":
            raise _no_form(node.name, [self.typed(operand)[1] for operand in (*operands, wanted)])
        operand, kind = self.typed(operands[0] if operands else Path((_ITSELF,)))
        target = self._type_named(str(wanted.value), kind)
        name = Literal(type_name(target), "type")
        return replace(node, arguments=(operand, name)), _BOOLEAN if node.name == "isof" else target

    def _type_named(self, name: str, kind: PropertyType) -> PropertyType:
        if name in PRIMITIVES:
            return name
        if isinstance(kind, Structured):
            return cast_target(name, kind, self._names)
        found = kind if isinstance(kind, Enum) and kind.name == name else self._names.types(name)
        if found is None:
            raise ODataError(f"The type '{name}' is not defined in the model.")
        return found

    def _arithmetic(self, node: Arithmetic) -> Typed:
        first, kind = self.typed(node.first)
        steps = []
        for name, operand in node.steps:
            right, right_kind = self.typed(operand)
            kind = _result(kind, name, right_kind)
            steps.append((name, right))
        return Arithmetic(first, tuple(steps)), kind

    def _negate(self, node: Negate) -> Typed:
        operand, kind = self.typed(node.operand)
        if family(kind) not in {"number", "duration", NULL, "any"}:
            raise one_wrong(kind, "-")
        return Negate(operand), kind

    def _compare(self, node: Compare) -> Typed:
        left, left_kind = self.typed(node.left)
        right, right_kind = self.typed(node.right)
        left, left_kind = suited(left, left_kind, right_kind)
        right, right_kind = suited(right, right_kind, left_kind)
        check_pair(left_kind, right_kind, node.operator)
        return Compare(node.operator, left, right), _BOOLEAN

    def _choice(self, node: In) -> Typed:
        operand, kind = self.typed(node.operand)
        choices = []
        for choice in node.choices:
            fitting, choice_kind = suited(choice, choice.kind, kind)
            check_pair(kind, choice_kind, "in")
            choices.append(cast("Literal", fitting))
        return In(operand, tuple(choices)), _BOOLEAN

    def _logic(self, node: Logic) -> Typed:
        operands = tuple(self._boolean(operand, node.operator) for operand in node.operands)
        return Logic(node.operator, operands), _BOOLEAN

    def _not(self, node: Not) -> Typed:
        return Not(self._boolean(node.operand, "not")), _BOOLEAN

    def _boolean(self, node: Node, operator: str) -> Node:
        found, kind = self.typed(node)
        if kind not in {_BOOLEAN, UNTYPED}:
            raise one_wrong(kind, operator)
        return found

    def _quantified(self, node: Lambda) -> Typed:
        path, item = self._members(node.path)
        if node.body is None or node.variable is None:
            return replace(node, path=path), _BOOLEAN
        body = _Checker({**self._scope, node.variable: item}, self._names).condition(node.body)
        return replace(node, path=path, body=body), _BOOLEAN


def _takes(form: tuple[str, ...], kinds: list[PropertyType]) -> bool:
    """Whether arguments of these types fit one form of a function."""
    return len(form) == len(kinds) and all(
        family(kind) in {wanted, NULL, "any"} for wanted, kind in zip(form, kinds, strict=True)
    )


def _no_form(name: str, kinds: list[PropertyType]) -> ODataError:
    listed = ", ".join(map(type_name, kinds))
    return ODataError(f"No function signature for the function with name '{name}' matches ({listed}).")


def _result(left: PropertyType, name: str, right: PropertyType) -> PropertyType:
    found = result_family(family(left), name, family(right))
    if found is None:
        raise two_wrong(left, right, name)
    if found == "number":
        return "Edm.Double" if "Edm.Double" in {left, right} or name == "divby" else left
    return {"moment": "Edm.DateTimeOffset", "duration": "Edm.Duration", "any": UNTYPED}.get(found, NULL)
