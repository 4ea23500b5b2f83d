"""Bodies compared in shape: every key of the sample must be there with a compatible JSON type, at every depth."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.odata.types import Collection, Enum, PropertyType, Structured
from emulator.schema import schema
from emulator.typical import derived_of
from scripts._fidelity.rules import Notes

PLACEHOLDER = re.compile(
    r".*[-\s]value|String(?:\s*\(.*\))?|\{.*\}|<.*>|(?:date-?time|timestamp|boolean|integer|number|int\d*|double|guid)(?:-value)?"
    r"|\.\.\.|…|.*\.\.\.",
    re.IGNORECASE | re.DOTALL,
)
UNTYPED = "microsoft.graph.Json"
_MISSING = object()
_MOST_ITEMS = 3
_OPTIONAL = frozenset(
    {"@odata.context", "@microsoft.graph.tips", "@odata.nextlink", "@odata.deltalink", "@odata.count"}
)
_LEGACY = ("@odata.id", "editlink", "readlink", "associationlink", "navigationlink", "@odata.metadataetag", ".context")
_NUMBERS = frozenset({"Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32", "Edm.Int64", "Edm.Single", "Edm.Double"})


class Different(Exception):
    """The first difference of two bodies; the text says where and what."""


@dataclass(frozen=True)
class Asked:
    """What the request asked for, as far as it decides which keys belong into the answer."""

    selected: frozenset[str] = frozenset()
    expanded: frozenset[str] = frozenset()
    sent: frozenset[str] = frozenset()
    is_truncated: bool = False
    counts: bool = False
    tells_removed: bool = False


@dataclass(frozen=True)
class _Place:
    """Two objects that are compared, the type they have and the one that the place declares."""

    sample: Mapping[str, Any]
    ours: Mapping[str, Any]
    kind: Structured | None
    declared: Structured | None

    def spelling(self, lowered: str) -> str:
        """A key of the sample in its own case."""
        return next(name for name in self.sample if name.lower() == lowered)


class Shapes:
    """One comparison, with the rules it needed.

    `beyond` says whether a property is one that a type shows only when it is selected; those missed are in `lacking`.
    """

    def __init__(self, asked: Asked, notes: Notes, beyond: Callable[[Structured, str], bool] | None = None) -> None:
        self._asked = asked
        self._notes = notes
        self._beyond = beyond
        self.lacking: set[str] = set()

    def compare(self, sample: Any, ours: Any, kind: PropertyType | None, where: str) -> None:  # noqa: ANN401 - JSON
        """The whole body of an answer; `kind` is the type of what it holds, many of them under `value`."""
        if not isinstance(sample, Mapping) or not isinstance(ours, Mapping):
            self._value(sample, ours, kind, where)
            return
        if "value" not in sample and isinstance(ours.get("value"), list) and "id" in sample:
            self._notes.note("member-for-list")
            self._items([sample], ours["value"], kind, where, top=True)
            return
        if isinstance(sample.get("value"), list) and (kind is None or _has_no(kind, "value")):
            self._list(sample, ours, kind, where)
            return
        item = kind.item if isinstance(kind, Collection) else kind
        if isinstance(item, Structured) or kind is None:
            self._object(sample, ours, item if isinstance(item, Structured) else None, where, top=True)
        else:
            self._object({**sample, "value": 0}, {**ours, "value": 0}, None, where, top=False)
            self._value(sample.get("value"), ours.get("value"), kind, f"{where}.value")

    def _list(self, sample: Mapping[str, Any], ours: Mapping[str, Any], kind: PropertyType | None, where: str) -> None:
        theirs, mine = sample["value"], ours.get("value", _MISSING)
        if not isinstance(mine, list):
            raise Different(f"{where}.value: expected array, got {json_type(mine)}")
        self._object({**sample, "value": []}, {**ours, "value": []}, None, where, top=False)
        if theirs and not mine:
            raise Different(f"{where}.value: expected items, got none")
        item = kind.item if isinstance(kind, Collection) else kind
        self._items(theirs, mine, item, f"{where}.value", top=True)

    def _items(self, theirs: list[Any], mine: list[Any], kind: PropertyType | None, where: str, *, top: bool) -> None:
        """The first items of the sample against all of ours together."""
        for item in theirs[:_MOST_ITEMS]:
            if is_gone(item) and not self._asked.tells_removed:
                self._notes.note("deleted-shown")
            elif isinstance(item, Mapping):
                alike = [one for one in mine if isinstance(one, Mapping)]
                if mine and not alike:
                    raise Different(f"{where}[]: expected object, got {json_type(mine[0])}")
                self._like_one(item, alike, kind, where, top=top)
            elif mine:
                self._value(item, mine[0], kind, f"{where}[]")

    def _like_one(
        self,
        item: Mapping[str, Any],
        mine: list[Mapping[str, Any]],
        kind: PropertyType | None,
        where: str,
        *,
        top: bool,
    ) -> None:
        if not mine:
            return
        declared = kind if isinstance(kind, Structured) else None
        same = [one for one in mine if _type_name(one) == _type_name(item)]
        gone = [one for one in mine if is_gone(one) == is_gone(item)]
        chosen = [one for one in same if one in gone] or gone or same or mine
        self._object(item, union(chosen), declared, f"{where}[]", top=top)

    def _object(
        self, sample: Mapping[str, Any], ours: Mapping[str, Any], declared: Structured | None, where: str, *, top: bool
    ) -> None:
        kind = _named(sample, declared) or _named(ours, declared) or declared
        ours = self._respelled(sample, ours)
        for name, value in sample.items():
            if name in ours:
                self._value(value, ours[name], property_type(kind, name), f"{where}.{name}")
            elif not self._may_lack(name, _Place(sample, ours, kind, declared), top=top):
                raise Different(f"{where}.{name}: expected {json_type(value)}, got missing")
        for name in ours:
            if name not in sample and not self._may_have(name, kind, top=top):
                raise Different(f"{where}.{name}: expected nothing, got {json_type(ours[name])}")

    def _respelled(self, sample: Mapping[str, Any], ours: Mapping[str, Any]) -> Mapping[str, Any]:
        """Our keys as the sample spells them."""
        spelled = {name.lower(): name for name in ours}
        other = {spelled[name.lower()]: name for name in sample if name not in ours and name.lower() in spelled}
        for _ in other:
            self._notes.note("other-case")
        return {other.get(name, name): value for name, value in ours.items()} if other else ours

    def _may_lack(self, name: str, place: _Place, *, top: bool) -> bool:
        """Whether a key of the sample may be missing here, and by which rule."""
        kind, lowered = place.kind, name.lower()
        if "@" in name and (kind is None or kind.name != UNTYPED):
            return self._may_lack_annotation(lowered, place)
        if lowered in {"innererror", "target", "details"} and {"code", "message"} & set(place.ours):
            return self._noted("error-details")
        selected = self._asked.selected if top else frozenset[str]()
        if selected and lowered not in selected | self._asked.expanded:
            return self._noted("not-selected")
        if kind is None or kind.find(name) is None:
            return kind is not None and self._may_lack_undeclared(name, kind)
        own = kind.find(name) or name
        is_beyond = top and self._beyond is not None and self._beyond(kind, own)
        self.lacking |= {own} if is_beyond else set()
        return is_beyond

    def _may_lack_undeclared(self, name: str, kind: Structured) -> bool:
        lowered = name.lower()
        if kind.find_navigation(name) is not None:
            return lowered not in self._asked.expanded | self._asked.sent and self._noted("not-expanded")
        if kind.is_open or kind.name == UNTYPED:
            return lowered not in self._asked.sent and self._noted("own-keys")
        return not any(name in one.properties for one in derived_of(kind)) and self._noted("gone-from-metadata")

    def _may_lack_annotation(self, name: str, place: _Place) -> bool:
        if name in {"@odata.nextlink", "@odata.deltalink"}:
            return self._noted("page-links")
        if name == "@odata.count" and self._asked.counts:
            return False
        if name in _OPTIONAL:
            return True
        if name == "@odata.type":
            is_said = place.kind is place.declared or place.kind is None
            return not isinstance(place.ours.get(name), str) and is_said and self._noted("same-type-named")
        is_legacy = name.startswith("@deprecated") or name.endswith(("@odata.type", *_LEGACY))
        return (is_legacy and self._noted("legacy-annotation")) or place.sample[place.spelling(name)] is None

    def _may_have(self, name: str, kind: Structured | None, *, top: bool) -> bool:
        """Whether a key that the sample lacks is fine."""
        if "@" in name:
            return True
        if top and self._asked.selected:
            return name.lower() in self._asked.selected | self._asked.expanded | {"id"}
        if self._asked.is_truncated or kind is None or kind.is_open or kind.name == UNTYPED:
            return True
        return kind.find(name) is not None or kind.find_navigation(name) is not None

    def _value(self, sample: Any, ours: Any, kind: PropertyType | None, where: str) -> None:  # noqa: ANN401 - JSON
        if sample is None or ours is None:
            return
        if isinstance(sample, Mapping) and isinstance(ours, Mapping):
            self._object(sample, ours, kind if isinstance(kind, Structured) else None, where, top=False)
        elif isinstance(sample, list) and isinstance(ours, list):
            self._items(sample, ours, kind.item if isinstance(kind, Collection) else None, where, top=False)
        elif json_type(sample) != json_type(ours):
            self._other_type(sample, ours, kind, where)

    def _other_type(self, sample: Any, ours: Any, kind: PropertyType | None, where: str) -> None:  # noqa: ANN401
        if kind is not None and fits(ours, kind):
            self._notes.note("by-metadata")
        elif isinstance(sample, str) and PLACEHOLDER.fullmatch(sample):
            self._notes.note("placeholder")
        else:
            raise Different(f"{where}: expected {json_type(sample)}, got {json_type(ours)}")

    def _noted(self, rule: str) -> bool:
        self._notes.note(rule)
        return True


def json_type(value: Any) -> str:  # noqa: ANN401 - JSON values
    """The name of a JSON type."""
    if value is _MISSING:
        return "missing"
    if isinstance(value, bool):
        return "boolean"
    names = ((str, "string"), (int | float, "number"), (list, "array"), (Mapping, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def fits(value: Any, kind: PropertyType) -> bool:  # noqa: ANN401 - JSON values
    """Whether a value has the JSON type that the metadata declares."""
    found = json_type(value)
    if isinstance(kind, Collection):
        return found == "array"
    if isinstance(kind, Structured):
        return found == "object"
    if kind == "Edm.Boolean":
        return found == "boolean"
    if kind in _NUMBERS:
        return found == "number"
    if kind == "Edm.Decimal":
        return found in {"number", "string"}
    return found == "string" and (isinstance(kind, Enum) or kind.startswith("Edm."))


def union(items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Many objects as one that has the keys of all, with the fullest value of each."""
    found: dict[str, Any] = {}
    for item in items:
        for name, value in item.items():
            known = found.get(name)
            if isinstance(known, Mapping) and isinstance(value, Mapping):
                found[name] = union((known, value))
            elif isinstance(known, list) and isinstance(value, list):
                found[name] = [*known, *value]
            elif known is None or name not in found:
                found[name] = value
    return found


def property_type(kind: Structured | None, name: str) -> PropertyType | None:
    """What the metadata says of a key."""
    if kind is None:
        return None
    found = kind.find(name)
    if found is not None:
        return kind.properties[found]
    navigation = kind.find_navigation(name)
    if navigation is None:
        return None
    return Collection(navigation.target) if navigation.is_collection else navigation.target


def is_gone(item: Any) -> bool:  # noqa: ANN401 - JSON values
    """Whether a delta tells of something that is there no more; drives have a facet for it."""
    return isinstance(item, Mapping) and ("@removed" in item or isinstance(item.get("deleted"), Mapping))


def _has_no(kind: PropertyType, name: str) -> bool:
    return not (isinstance(kind, Structured) and kind.find(name))


def _type_name(item: Mapping[str, Any]) -> str:
    return str(item.get("@odata.type") or "").removeprefix("#").lower()


def _named(item: Mapping[str, Any], declared: Structured | None) -> Structured | None:
    """The type that an object says it is, if it is one that may stand there."""
    named = schema().find_kind(_type_name(item)) if _type_name(item) else None
    if named is None or (declared is not None and not named.derives_from(declared)):
        return None
    return named
