"""`$filter` on the times of events: what stands in the filter is a moment, what an event shows is a clock in a zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from emulator.graph.engine.query import Query
from emulator.odata.nodes import Compare, In, Literal, Logic, Node, Not, Path
from emulator.time_zones import TimeError, moment_of, zoned_json

_TIMES = frozenset({("start", "dateTime"), ("end", "dateTime")})


def narrowed(query: Query, zone_name: str) -> Query:
    """The same query, its times written as events show theirs to this caller."""
    return replace(query, filter=_read(query.filter, zone_name)) if query.filter is not None else query


def _read(node: Node, zone_name: str) -> Node:
    if isinstance(node, Logic):
        return replace(node, operands=tuple(_read(operand, zone_name) for operand in node.operands))
    if isinstance(node, Not):
        return replace(node, operand=_read(node.operand, zone_name))
    if isinstance(node, Compare) and _is_time(node.left):
        return replace(node, right=_moment(node.right, zone_name))
    if isinstance(node, Compare) and _is_time(node.right):
        return replace(node, left=_moment(node.left, zone_name))
    if isinstance(node, In) and _is_time(node.operand):
        choices = (_moment(choice, zone_name) for choice in node.choices)
        return replace(node, choices=tuple(choice for choice in choices if isinstance(choice, Literal)))
    return node


def _is_time(node: Node) -> bool:
    return isinstance(node, Path) and node.segments in _TIMES


def _moment(node: Node, zone_name: str) -> Node:
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        return node
    try:
        found = moment_of({"dateTime": node.value}).astimezone(UTC)
    except TimeError:
        return node
    return replace(node, value=zoned_json(found, zone_name)["dateTime"])
