"""Reads `types.json` into types of the query engine, each when it is first asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any

from emulator.odata.types import Collection, Enum, Navigation, PropertyType, Structured

_FILE = Path(__file__).parent / "types.json"
_COLLECTION = "Collection("
GRAPH = "microsoft.graph"


@dataclass(frozen=True)
class Root:
    """Where a path may begin: an entity set, or one thing."""

    name: str
    kind: Structured
    is_collection: bool


@dataclass(frozen=True)
class Operation:
    """A bound action or function: what it takes and gives."""

    name: str
    is_action: bool
    takes: Mapping[str, PropertyType]
    gives: PropertyType | None


class Schema:
    """The types of one version of Graph, by their full names: `microsoft.graph.user`."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self._source = source
        self._kinds: dict[str, Structured] = {}
        self._enums: dict[str, Enum] = {}
        self._spellings = {name.lower(): name for name in source["types"]}
        self._enum_spellings = {name.lower(): name for name in source["enums"]}

    @cached_property
    def roots(self) -> dict[str, Root]:
        """Where paths begin, by names in lower case."""
        found = self._source["roots"].items()
        return {name.lower(): Root(name, self.kind(target), bool(many)) for name, (many, target) in found}

    @property
    def source(self) -> Mapping[str, Any]:
        """What the file says, for those who write it in another form."""
        return self._source

    @property
    def names(self) -> tuple[str, ...]:
        """The full names of all structured types."""
        return tuple(self._source["types"])

    def kind(self, name: str) -> Structured:
        """The structured type of this name; the namespace of most types may be left out. KeyError when unknown."""
        full = name if "." in name else f"{GRAPH}.{name}"
        if full not in self._kinds:
            self._kinds[full] = self._structured(full)
        return self._kinds[full]

    def find_kind(self, name: str) -> Structured | None:
        """The structured type with this full name in any case, a leading `#` ignored."""
        full = self._spellings.get(name.removeprefix("#").lower())
        return self.kind(full) if full else None

    def find_enum(self, name: str) -> Enum | None:
        """The enumeration with this full name in any case."""
        full = self._enum_spellings.get(name.lower())
        return self.enum(full) if full else None

    def enum(self, name: str) -> Enum:
        """The enumeration with this full name."""
        if name not in self._enums:
            found = self._source["enums"][name]
            self._enums[name] = Enum(name, tuple(found["members"]), bool(found.get("flags")))
        return self._enums[name]

    def operations(self, kind: Structured, *, of_collection: bool) -> dict[str, tuple[Operation, ...]]:
        """What may be called on an entity, or on a collection of them, by lower-case name: first one's own."""
        found: dict[str, tuple[Operation, ...]] = {}
        for ancestor in kind.ancestry:
            bound = f"{_COLLECTION}{ancestor.name})" if of_collection else ancestor.name
            for entry in self._source["operations"].get(bound, ()):
                key = entry["name"].lower()
                found[key] = (*found.get(key, ()), self._operation(entry))
        return found

    def type_of(self, name: str) -> PropertyType:
        """A property's type from its name in the CSDL."""
        if name.startswith(_COLLECTION):
            item = self.type_of(name[len(_COLLECTION) : -1])
            return item if isinstance(item, Collection) else Collection(item)
        if name in self._source["enums"]:
            return self.enum(name)
        return self.kind(name) if name in self._source["types"] else name

    def _structured(self, name: str) -> Structured:
        source = self._source["types"][name]
        base = self.kind(source["base"]) if "base" in source else None
        return Structured(
            name,
            partial(self._properties, source, base),
            partial(self._navigations, source, base),
            base=base,
            is_entity=bool(source.get("entity")) or (base is not None and base.is_entity),
            is_open=bool(source.get("open")) or (base is not None and base.is_open),
            is_abstract=bool(source.get("abstract")),
            has_stream=bool(source.get("stream")) or (base is not None and base.has_stream),
        )

    def _properties(self, source: Mapping[str, Any], base: Structured | None) -> dict[str, PropertyType]:
        own = {name: self.type_of(kind) for name, kind in source.get("props", {}).items()}
        return {**(base.properties if base else {}), **own}

    def _navigations(self, source: Mapping[str, Any], base: Structured | None) -> dict[str, Navigation]:
        own = {name: self._navigation(name, *entry) for name, entry in source.get("navs", {}).items()}
        return {**(base.navigations if base else {}), **own}

    def _navigation(self, name: str, target: str, contains: int) -> Navigation:
        many = target.startswith(_COLLECTION)
        item = target[len(_COLLECTION) : -1] if many else target
        return Navigation(name, partial(self.kind, item), is_collection=many, contains=bool(contains))

    def _operation(self, entry: Mapping[str, Any]) -> Operation:
        takes = {name: self.type_of(kind) for name, kind in entry.get("takes", {}).items()}
        gives = self.type_of(entry["gives"]) if "gives" in entry else None
        return Operation(entry["name"], bool(entry.get("action")), takes, gives)


@cache
def schema() -> Schema:
    """The types of v1.0."""
    return Schema(json.loads(_FILE.read_text("utf-8")))
