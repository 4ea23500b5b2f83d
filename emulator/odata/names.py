"""What a name in a query may mean: properties, navigations, casts and, where the caller allows it, anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from emulator.odata.errors import ODataError, UnknownProperty
from emulator.odata.types import Collection, Enum, Navigation, PropertyType, Structured, type_name

UNTYPED = "Edm.Untyped"
COUNT = "$count"

TypeSource: TypeAlias = Callable[[str], Structured | Enum | None]
Resolved: TypeAlias = tuple[tuple[str, ...], PropertyType]


def no_type(name: str) -> None:
    return None


@dataclass(frozen=True)
class Names:
    """What a caller lets names mean beyond the queried type.

    `types` finds a type by its full name, for casts. With `open_names` an open type has any property, or
    only those whose names are `marked` for it. A property that
    only one of the `derived` types has is found without a cast, as the directory does it; as a function `derived` says
    for any type on the way which types those are.
    """

    types: TypeSource = no_type
    open_names: bool = False
    marked: Callable[[str], bool] | None = None
    derived: tuple[Structured, ...] | Callable[[Structured], Iterable[Structured]] = ()

    def type_named(self, name: str, kind: Structured) -> Structured | None:
        """The structured type of this name in any case."""
        for known in (*kind.ancestry, *self._lenders(kind)):
            if known.name.lower() == name.lower():
                return known
        found = self.types(name)
        return found if isinstance(found, Structured) else None

    def heirs(self, kind: Structured) -> Iterable[Structured]:
        """The derived types of this one that lend it their names."""
        return (heir for heir in self._lenders(kind) if heir is not kind and heir.derives_from(kind))

    def opens(self, kind: Structured, name: str) -> bool:
        """Whether the type has a property that it does not declare."""
        is_open = self.open_names and any(known.is_open for known in kind.ancestry)
        return is_open and (self.marked is None or self.marked(name))

    def _lenders(self, kind: Structured) -> Iterable[Structured]:
        return self.derived(kind) if callable(self.derived) else self.derived


PLAIN = Names()


def resolve(segments: Iterable[str], kind: PropertyType, names: Names = PLAIN) -> Resolved:
    """A path in the types' own spelling and the type at its end; the error names the segment that is not there.

    A cast to what the value is anyway is left out.
    """
    spelled: list[str] = []
    for segment in segments:
        name, kind = _cast(segment, kind, names) if "." in segment else _member(segment, kind, names)
        spelled += [name] if name else []
    return tuple(spelled), kind


def navigated(navigation: Navigation) -> PropertyType:
    """The type that a navigation leads to."""
    return Collection(navigation.target) if navigation.is_collection else navigation.target


def _member(segment: str, kind: PropertyType, names: Names) -> tuple[str, PropertyType]:
    if kind == UNTYPED:
        return segment, UNTYPED
    if isinstance(kind, Collection) and isinstance(kind.item, Structured):
        raise ODataError(
            f"The parent value for a property access of a property '{segment}' is not a single value. "
            "Property access can only be applied to a single value."
        )
    if not isinstance(kind, Structured):
        raise UnknownProperty(segment, type_name(kind))
    for owner in (kind, *names.heirs(kind)):
        found = owned(segment, owner)
        if found is not None:
            return found
    if names.opens(kind, segment):
        return segment, UNTYPED
    raise UnknownProperty(segment, kind.name)


def owned(segment: str, kind: Structured) -> tuple[str, PropertyType] | None:
    """The spelling and type of a property or navigation that the type itself has."""
    name = kind.find(segment)
    if name is not None:
        return name, kind.properties[name]
    navigation = kind.find_navigation(segment)
    return (navigation.name, navigated(navigation)) if navigation else None


def _cast(segment: str, kind: PropertyType, names: Names) -> tuple[str | None, PropertyType]:
    inner = kind.item if isinstance(kind, Collection) else kind
    if not isinstance(inner, Structured):
        return _member(segment, kind, names)
    found = cast_target(segment, inner, names)
    if inner.derives_from(found):
        return None, kind
    return found.name, Collection(found) if isinstance(kind, Collection) else found


def cast_target(name: str, kind: Structured, names: Names) -> Structured:
    """The type that a cast names, known and related to the one it is applied to."""
    found = names.type_named(name, kind)
    if found is None:
        raise UnknownProperty(name, kind.name)
    if not (found.derives_from(kind) or kind.derives_from(found)):
        raise ODataError(f"Encountered invalid type cast. '{found.name}' is not assignable from '{kind.name}'.")
    return found
