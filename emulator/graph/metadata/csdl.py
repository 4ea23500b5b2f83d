"""The types that the emulator covers, as a CSDL 4.0 document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr  # nosec B406 - it writes

from emulator.graph.engine.workload import Service
from emulator.odata.types import Structured
from emulator.schema import GRAPH, schema

_COLLECTION = "Collection("
_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
)
_TAIL = "</edmx:DataServices></edmx:Edmx>\n"
_GENERIC = frozenset({"delta"})


def document(service: Service) -> str:
    """All types, the operations that a workload of the service answers, and the container."""
    source = schema().source
    spaces: dict[str, list[str]] = {GRAPH: []}
    for name, entry in source["enums"].items():
        spaces.setdefault(_space(name), []).extend(_enum(name, entry))
    for name, entry in source["types"].items():
        spaces.setdefault(_space(name), []).extend(_type(name, entry))
    for bound, operations in source["operations"].items():
        served = (entry for entry in operations if _is_served(service, bound, entry["name"]))
        spaces.setdefault(_space(_item(bound)), []).extend(_operations(bound, served))
    spaces[GRAPH] += _container(source["roots"])
    return "".join((_HEAD, *(part for space, parts in spaces.items() for part in _schema(space, parts)), _TAIL))


def _schema(space: str, parts: Iterable[str]) -> Iterator[str]:
    alias = {"Alias": "graph"} if space == GRAPH else {}
    yield _open("Schema", {"Namespace": space, **alias, "xmlns": "http://docs.oasis-open.org/odata/ns/edm"})
    yield from parts
    yield "</Schema>\n"


def _enum(name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    is_flags = bool(entry.get("flags"))
    yield _open("EnumType", {"Name": _short(name), **({"IsFlags": "true"} if is_flags else {})})
    for value, member in zip(_values(entry["members"], is_flags=is_flags), entry["members"], strict=True):
        yield _closed("Member", {"Name": member, "Value": str(value)})
    yield "</EnumType>"


def _values(members: list[str], *, is_flags: bool) -> Iterator[int]:
    if not is_flags:
        yield from range(len(members))
        return
    value = 0 if members[0].lower() in {"none", "unknown"} else 1
    for _ in members:
        yield value
        value = value * 2 or 1


def _type(name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    tag = "EntityType" if entry.get("entity") else "ComplexType"
    facts = {"Name": _short(name), **({"BaseType": _written(entry["base"])} if "base" in entry else {})}
    for key, attribute in (("abstract", "Abstract"), ("open", "OpenType"), ("stream", "HasStream")):
        facts |= {attribute: "true"} if entry.get(key) else {}
    yield _open(tag, facts)
    if entry.get("entity") and "id" in entry.get("props", {}) and "base" not in entry:
        yield '<Key><PropertyRef Name="id"/></Key>'
    for one, kind in entry.get("props", {}).items():
        required = {"Nullable": "false"} if one == "id" else {}
        yield _closed("Property", {"Name": one, "Type": _written(kind), **required})
    for one, (kind, contains) in entry.get("navs", {}).items():
        contained = {"ContainsTarget": "true"} if contains else {}
        yield _closed("NavigationProperty", {"Name": one, "Type": _written(kind), **contained})
    yield f"</{tag}>"


def _operations(bound: str, entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for entry in entries:
        tag = "Action" if entry.get("action") else "Function"
        yield _open(tag, {"Name": entry["name"], "IsBound": "true"})
        for name, kind in {"bindingParameter": bound, **entry.get("takes", {})}.items():
            yield _closed("Parameter", {"Name": name, "Type": _written(kind)})
        if "gives" in entry:
            yield _closed("ReturnType", {"Type": _written(entry["gives"])})
        yield f"</{tag}>"


def _container(roots: Mapping[str, tuple[int, str]]) -> Iterator[str]:
    yield _open("EntityContainer", {"Name": "GraphService"})
    for name, (many, kind) in roots.items():
        tag, attribute = ("EntitySet", "EntityType") if many else ("Singleton", "Type")
        yield _closed(tag, {"Name": name, attribute: kind})
    yield "</EntityContainer>"


def _is_served(service: Service, bound: str, name: str) -> bool:
    """Whether a workload answers an operation for the type it is bound to, or for one that derives from it."""
    lowered, is_many = name.lower(), bound.startswith(_COLLECTION)
    if lowered in _GENERIC:
        return True
    for kind in _family(_item(bound)):
        rules = service.rules(kind)
        if lowered in (rules.collection_operations if is_many else rules.operations):
            return True
    return False


def _family(name: str) -> Iterator[Structured]:
    kinds = schema()
    if name in kinds.source["types"]:
        ancestor = kinds.kind(name)
        yield from (kind for each in kinds.names if (kind := kinds.kind(each)).derives_from(ancestor))


def _written(name: str) -> str:
    """A type's name with the alias of Graph's own namespace."""
    if name.startswith(_COLLECTION):
        return f"{_COLLECTION}{_written(_item(name))})"
    return f"graph.{_short(name)}" if _space(name) == GRAPH else name


def _item(name: str) -> str:
    return name[len(_COLLECTION) : -1] if name.startswith(_COLLECTION) else name


def _space(name: str) -> str:
    return name.rpartition(".")[0]


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _open(tag: str, facts: Mapping[str, str]) -> str:
    return f"<{tag}{''.join(f' {name}={quoteattr(value)}' for name, value in facts.items())}>"


def _closed(tag: str, facts: Mapping[str, str]) -> str:
    return f"{_open(tag, facts)[:-1]}/>"
