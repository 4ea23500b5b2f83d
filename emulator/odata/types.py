"""Types as the query options see them: primitive names, enumerations, structures and collections of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias


@dataclass(frozen=True, eq=False)
class Enum:
    """An enumeration; of one with flags several members hold at once."""

    name: str
    members: tuple[str, ...]
    is_flags: bool = False

    @cached_property
    def _spellings(self) -> dict[str, str]:
        return {member.lower(): member for member in self.members}

    def find(self, member: str) -> str | None:
        """A member's own spelling, however it was written."""
        return self._spellings.get(member.lower())


@dataclass(frozen=True, eq=False)
class Navigation:
    """A relation to other entities; a contained one owns them."""

    name: str
    source: Callable[[], Structured]
    is_collection: bool
    contains: bool

    @cached_property
    def target(self) -> Structured:
        return self.source()


class Structured:
    """An entity or complex type: a name, its properties (inherited ones first) and its navigations.

    Types refer to one another in circles, so both tables may be given as functions.
    """

    def __init__(
        self,
        name: str,
        properties: Mapping[str, PropertyType] | Callable[[], Mapping[str, PropertyType]],
        navigations: Mapping[str, Navigation] | Callable[[], Mapping[str, Navigation]] | None = None,
        *,
        base: Structured | None = None,
        is_entity: bool = False,
        is_open: bool = False,
        is_abstract: bool = False,
        has_stream: bool = False,
    ) -> None:
        self.name = name
        self.base = base
        self.is_entity = is_entity
        self.is_open = is_open
        self.is_abstract = is_abstract
        self.has_stream = has_stream
        self._properties = properties
        self._navigations = navigations or {}

    def __repr__(self) -> str:
        return f"Structured({self.name!r})"

    @cached_property
    def properties(self) -> Mapping[str, PropertyType]:
        return self._properties() if callable(self._properties) else self._properties

    @cached_property
    def navigations(self) -> Mapping[str, Navigation]:
        return self._navigations() if callable(self._navigations) else self._navigations

    @property
    def ancestry(self) -> Iterator[Structured]:
        """The type itself, then the types it derives from, nearest first."""
        kind: Structured | None = self
        while kind is not None:
            yield kind
            kind = kind.base

    def derives_from(self, other: Structured) -> bool:
        """Whether an item of this type is also one of the other."""
        return any(kind is other for kind in self.ancestry)

    def find(self, name: str) -> str | None:
        """A property's own spelling, however it was asked for: Graph reads names in any case."""
        return name if name in self.properties else self._spellings.get(name.lower())

    def find_navigation(self, name: str) -> Navigation | None:
        """The navigation of this name in any case."""
        return self.navigations.get(name) or self._navigation_spellings.get(name.lower())

    @cached_property
    def _spellings(self) -> dict[str, str]:
        return {name.lower(): name for name in self.properties}

    @cached_property
    def _navigation_spellings(self) -> dict[str, Navigation]:
        return {name.lower(): navigation for name, navigation in self.navigations.items()}


@dataclass(frozen=True)
class Collection:
    """Many of one type."""

    item: str | Enum | Structured


PropertyType: TypeAlias = str | Enum | Structured | Collection


def structured(name: str, table: str, **more: PropertyType) -> Structured:
    """Read a type from lines of `Edm.X: name name`; `Collection(Edm.X)` is understood, other types go into `more`.

    A trailing underscore of a keyword is dropped, for properties named like a Python keyword.
    """
    properties: dict[str, PropertyType] = {}
    for line in filter(None, map(str.strip, table.splitlines())):
        kind, _, names = line.partition(": ")
        properties |= dict.fromkeys(names.split(), _primitive(kind))
    return Structured(name, properties | {key.rstrip("_"): value for key, value in more.items()})


def type_name(kind: PropertyType) -> str:
    """A type's name the way error messages write it."""
    if isinstance(kind, Collection):
        return f"Collection({type_name(kind.item)})"
    return kind if isinstance(kind, str) else kind.name


def _primitive(kind: str) -> PropertyType:
    if kind.startswith("Collection("):
        return Collection(kind[len("Collection(") : -1])
    return kind
