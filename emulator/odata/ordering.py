"""`$orderby`: reading it and sorting by it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from emulator.odata.errors import ODataError
from emulator.odata.items import Reading, Related, members, no_relations, reader_as
from emulator.odata.names import COUNT, PLAIN, Names, TypeSource, no_type, resolve
from emulator.odata.types import Collection, Enum, PropertyType, Structured

_LONGEST_TERM = 2
_ITSELF = "$it"
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Order:
    """One property to sort by, or the size of a collection."""

    path: tuple[str, ...]
    descending: bool = False
    counts: bool = False
    kind: PropertyType | None = field(default=None, compare=False)


def read_orderby(text: str, kind: Structured, names: Names = PLAIN) -> tuple[Order, ...]:
    """The properties named, in their order; unknown ones and odd directions are refused."""
    named: dict[tuple[tuple[str, ...], bool], Order] = {}
    for term in text.split(","):
        order = _term(term.split(), text, kind, names)
        # A second mention of a property could not change the order any more.
        named.setdefault((order.path, order.counts), order)
    return tuple(named.values())


def ordered(
    items: Iterable[_Item], orders: tuple[Order, ...], related: Related = no_relations, *, types: TypeSource = no_type
) -> list[_Item]:
    """The items sorted; equal ones stay as they were, missing values come first."""
    found, reading = list(items), Reading(related, types)
    for order in reversed(orders):
        found.sort(key=partial(_key, order=order, reading=reading), reverse=order.descending)
    return found


def _term(words: list[str], text: str, kind: Structured, names: Names) -> Order:
    direction = words[1].lower() if len(words) == _LONGEST_TERM else "asc"
    if not words or len(words) > _LONGEST_TERM or direction not in {"asc", "desc"}:
        raise ODataError(f"Syntax error in the $orderby expression '{text}'.")
    segments = words[0].split("/")
    if segments[0].lower() == _ITSELF:
        segments = segments[1:]
    counts = bool(segments) and segments[-1].lower() == COUNT
    path, found = resolve(segments[:-1] if counts else segments, kind, names)
    if not path or (not isinstance(found, Collection) if counts else isinstance(found, Collection | Structured)):
        raise ODataError(f"The $orderby expression must evaluate to a single value of primitive type: '{words[0]}'.")
    return Order(path, direction == "desc", counts, found)


def _key(item: Any, order: Order, reading: Reading) -> tuple[bool, str, Any]:  # noqa: ANN401 - JSON values
    found = reading.at(item, order.path)
    if order.counts:
        return (True, "", len(members(found)))
    convert = reader_as(order.kind)
    found = convert(found) if convert else found
    return (found is not None, *_sortable(found, order.kind))


def _sortable(value: Any, kind: PropertyType | None) -> tuple[str, Any]:  # noqa: ANN401 - JSON values
    """The value behind the name of its sort: open properties may hold numbers here and texts there."""
    if isinstance(value, str):
        known = kind.find(value) if isinstance(kind, Enum) else None
        return ("", kind.members.index(known)) if isinstance(kind, Enum) and known else ("text", value.casefold())
    if isinstance(value, bool | int | float):
        return ("number", value)
    if isinstance(value, frozenset):
        return ("flags", sorted(value))
    return ("", 0) if value is None else (type(value).__name__, str(value) if isinstance(value, dict | list) else value)
