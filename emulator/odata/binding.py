"""The names in a checked filter, spelled as the type spells them: `Department` means `department`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from emulator.odata.check import resolve
from emulator.odata.nodes import Call, Compare, Count, In, Lambda, Logic, Node, Not, Path
from emulator.odata.types import Collection, PropertyType, Structured

Scope = Mapping[str, PropertyType]


def bound(node: Node, kind: Structured, scope: Scope) -> Node:  # noqa: PLR0911 - one case per node
    """The same filter in the type's own spelling."""
    match node:
        case Path():
            return _path(node, kind, scope)
        case Count():
            return Count(_path(node.path, kind, scope))
        case Call():
            return replace(node, arguments=_all(node.arguments, kind, scope))
        case Compare():
            return replace(node, left=bound(node.left, kind, scope), right=bound(node.right, kind, scope))
        case In() | Not():
            return replace(node, operand=bound(node.operand, kind, scope))
        case Logic():
            return replace(node, operands=_all(node.operands, kind, scope))
        case Lambda():
            return _quantified(node, kind, scope)
        case _:
            return node


def spelled(segments: Iterable[str], kind: PropertyType) -> tuple[str, ...]:
    """A path as the type spells it."""
    found: tuple[str, ...] = ()
    for segment in segments:
        owner = resolve(found, kind)
        name = owner.find(segment) if isinstance(owner, Structured) else None
        found = (*found, name or segment)
    return found


def _path(path: Path, kind: Structured, scope: Scope) -> Path:
    first, *rest = path.segments
    if first in scope:
        return Path((first, *spelled(rest, scope[first])))
    return Path(spelled(path.segments, kind))


def _all(nodes: tuple[Node, ...], kind: Structured, scope: Scope) -> tuple[Node, ...]:
    return tuple(bound(node, kind, scope) for node in nodes)


def _quantified(node: Lambda, kind: Structured, scope: Scope) -> Lambda:
    path = _path(node.path, kind, scope)
    members = resolve(path.segments, kind)
    if node.body is None or node.variable is None or not isinstance(members, Collection):
        return replace(node, path=path)
    return replace(node, path=path, body=bound(node.body, kind, {**scope, node.variable: members.item}))
