"""Types as `$filter`, `$orderby` and `$select` see them: primitive names, structures and collections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias


@dataclass(frozen=True)
class Structured:
    """An entity or complex type: a name and its properties."""

    name: str
    properties: Mapping[str, PropertyType]

    @cached_property
    def _spellings(self) -> dict[str, str]:
        return {name.lower(): name for name in self.properties}

    def find(self, name: str) -> str | None:
        """A property's own spelling, however it was asked for: Graph reads names in any case."""
        return name if name in self.properties else self._spellings.get(name.lower())


@dataclass(frozen=True)
class Collection:
    """Many of one type."""

    item: str | Structured


PropertyType: TypeAlias = str | Structured | Collection


def structured(name: str, table: str, *, base: Structured | None = None, **more: PropertyType) -> Structured:
    """Read a type from lines of `Edm.X: name name`; `Collection(Edm.X)` is understood, other types go into `more`.

    A trailing underscore of a keyword is dropped, for properties named like a Python keyword. The properties of a
    `base` type come first.
    """
    properties: dict[str, PropertyType] = dict(base.properties) if base else {}
    for line in filter(None, map(str.strip, table.splitlines())):
        kind, _, names = line.partition(": ")
        properties |= dict.fromkeys(names.split(), _primitive(kind))
    return Structured(name, properties | {key.rstrip("_"): value for key, value in more.items()})


def type_name(kind: PropertyType) -> str:
    """A type's name the way error messages write it."""
    if isinstance(kind, Collection):
        return f"Collection({type_name(kind.item)})"
    return kind.name if isinstance(kind, Structured) else kind


def _primitive(kind: str) -> PropertyType:
    if kind.startswith("Collection("):
        return Collection(kind[len("Collection(") : -1])
    return kind
