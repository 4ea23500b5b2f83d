"""`$select`: which properties an answer shows, item by item, since a list may hold items of several types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emulator.odata.errors import UnknownProperty
from emulator.odata.names import PLAIN, UNTYPED, Names, cast_target, resolve
from emulator.odata.types import Collection, PropertyType, Structured

EVERYTHING = "*"

Choice = tuple[Structured, str]


@dataclass(frozen=True)
class Selection:
    """Properties, each beside the type that has it; None where the caller left the choice to the service."""

    chosen: tuple[Choice, ...] | None = None

    def names(self, kind: Structured) -> tuple[str, ...] | None:
        """What to show of an item of this type; None means its default."""
        if self.chosen is None:
            return None
        found: dict[str, None] = {}
        for owner, name in self.chosen:
            if kind.derives_from(owner):
                found |= dict.fromkeys(kind.properties if name == EVERYTHING else (kind.find(name) or name,))
        return tuple(found)


def read_select(paths: Iterable[str], kind: Structured, names: Names = PLAIN) -> Selection:
    """The properties that paths name; a path into a property selects it whole, a navigation selects nothing."""
    given = tuple(paths)
    if not given:
        return Selection()
    return Selection(tuple(dict.fromkeys(choice for path in given for choice in _choices(path, kind, names))))


def _choices(path: str, kind: Structured, names: Names) -> Iterator[Choice]:
    first, *rest = path.split("/")
    while "." in first and rest:
        kind = cast_target(first, kind, names)
        first, *rest = rest
    if first == EVERYTHING and not rest:
        yield kind, EVERYTHING
        return
    owners = [owner for owner in (kind, *names.heirs(kind)) if _has(owner, first)]
    for owner in owners:
        name = owner.find(first)
        if name is not None:
            _check_inside(rest, owner.properties[name], names)
            yield owner, name
    if not owners:
        if not names.opens(kind, first):
            raise UnknownProperty(first, kind.name)
        yield kind, first


def _has(kind: Structured, name: str) -> bool:
    return kind.find(name) is not None or kind.find_navigation(name) is not None


def _check_inside(segments: list[str], kind: PropertyType, names: Names) -> None:
    for segment in segments:
        inner = kind.item if isinstance(kind, Collection) else kind
        _, kind = ((), UNTYPED) if segment == EVERYTHING else resolve((segment,), inner, names)
