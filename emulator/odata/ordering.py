"""`$orderby`: reading it and sorting by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from emulator.odata.binding import spelled
from emulator.odata.check import resolve
from emulator.odata.errors import ODataError
from emulator.odata.types import Structured

_LONGEST_TERM = 2
_Item = TypeVar("_Item", bound=Mapping[str, Any])


@dataclass(frozen=True)
class Order:
    """One property to sort by."""

    path: tuple[str, ...]
    descending: bool = False


def read_orderby(text: str, kind: Structured) -> tuple[Order, ...]:
    """The properties named, in their order; unknown ones and odd directions are refused."""
    named: dict[tuple[str, ...], Order] = {}
    for term in text.split(","):
        order = _term(term.split(), text, kind)
        # A second mention of a property could not change the order any more.
        named.setdefault(order.path, order)
    return tuple(named.values())


def ordered(items: Iterable[_Item], orders: tuple[Order, ...]) -> list[_Item]:
    """The items sorted; equal ones stay as they were, missing values come first."""
    found = list(items)
    for order in reversed(orders):
        found.sort(key=partial(_key, path=order.path), reverse=order.descending)
    return found


def _term(words: list[str], text: str, kind: Structured) -> Order:
    direction = words[1].lower() if len(words) == _LONGEST_TERM else "asc"
    if not words or len(words) > _LONGEST_TERM or direction not in {"asc", "desc"}:
        raise ODataError(f"Syntax error in the $orderby expression '{text}'.")
    path = tuple(words[0].split("/"))
    if not isinstance(resolve(path, kind), str):
        raise ODataError(f"The $orderby expression must evaluate to a single value of primitive type: '{words[0]}'.")
    return Order(spelled(path, kind), direction == "desc")


def _key(item: Mapping[str, Any], path: tuple[str, ...]) -> tuple[bool, Any]:
    found: Any = item
    for segment in path:
        found = found.get(segment) if isinstance(found, Mapping) else None
    return (found is not None, found.casefold() if isinstance(found, str) else found or 0)
