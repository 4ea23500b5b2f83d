"""How items are read: properties by name, related entities through the caller, and the type a value is of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from emulator.odata.names import TypeSource, no_type
from emulator.odata.types import Enum, PropertyType, Structured
from emulator.odata.values import CONVERTERS, converted, flags

Item: TypeAlias = Any
"""A mapping of Graph's JSON names: has `get`, and where it is an entity, `kind`."""

Related: TypeAlias = Callable[[Item, str], Any]
"""The entities behind an item's navigation: many, one or none."""

_TYPE_NOTE = "@odata.type"


def no_relations(item: Item, navigation: str) -> None:
    """An item that stands alone."""
    return


@dataclass(frozen=True)
class Reading:
    """What paths are read with."""

    related: Related = no_relations
    types: TypeSource = no_type

    def at(self, value: Any, segments: Iterable[str]) -> Any:  # noqa: ANN401 - JSON values
        """What a path leads to; null where it breaks off."""
        for segment in segments:
            if value is None:
                return None
            value = self._cast(value, segment) if "." in segment else self._member(value, segment)
        return value

    def is_of(self, value: Any, name: str) -> bool:  # noqa: ANN401 - JSON values
        """Whether a value says that it is of this type or of one that derives from it."""
        kind = getattr(value, "kind", None)
        if not isinstance(kind, Structured):
            noted = str(value.get(_TYPE_NOTE, "")).lstrip("#") if isinstance(value, Mapping) else ""
            found = self.types(noted) if noted else None
            if not isinstance(found, Structured):
                return bool(noted) and noted == name
            kind = found
        return any(known.name == name for known in kind.ancestry)

    def _member(self, value: Any, name: str) -> Any:  # noqa: ANN401 - JSON values
        kind = getattr(value, "kind", None)
        if isinstance(kind, Structured) and name not in kind.properties and name in kind.navigations:
            return self.related(value, name)
        get = getattr(value, "get", None)
        return get(name) if get else None

    def _cast(self, value: Any, name: str) -> Any:  # noqa: ANN401 - JSON values
        if is_single(value):
            return value if self.is_of(value, name) else None
        return [member for member in members(value) if self.is_of(member, name)]


def is_single(value: Any) -> bool:  # noqa: ANN401 - JSON values
    """Whether it is one value and no collection."""
    return isinstance(value, str) or hasattr(value, "get") or not isinstance(value, Iterable)


def members(value: Any) -> list[Any]:  # noqa: ANN401 - JSON values
    """The members of a collection; null has none, and nor has what is no collection."""
    return [] if is_single(value) else list(value)


def reader_as(kind: PropertyType | None) -> Callable[[Any], Any] | None:
    """What turns JSON's text into a value of this type, for the types that text does not compare as."""
    convert = CONVERTERS.get(kind) if isinstance(kind, str) else None
    if isinstance(kind, Enum) and kind.is_flags:
        convert = flags
    return None if convert is None else lambda value: converted(value, convert)
