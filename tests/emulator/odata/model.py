"""A small model of types for the query tests: people and groups in a directory, and things with every kind of value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from emulator.odata import Collection, Enum, Names, Navigation, PropertyType, Structured, structured

LEVEL = Enum("t.level", ("low", "normal", "high"))
METHODS = Enum("t.methods", ("sms", "password", "fido2"), is_flags=True)

ADDRESS = structured("t.address", "Edm.String: city street")
SCOPE = Structured("t.scope", {"query": "Edm.String"})
QUERY_SCOPE = Structured("t.queryScope", {"query": "Edm.String", "queryType": "Edm.String"}, base=SCOPE)
FINE_SCOPE = Structured("t.fineScope", dict(QUERY_SCOPE.properties), base=QUERY_SCOPE)
PROPERTY = Structured("t.extended", {"id": "Edm.String", "value": "Edm.String"}, is_entity=True)
BAG = Structured("t.bag", {"id": "Edm.String"}, is_entity=True, is_open=True)

ENTITY = Structured("t.entity", {"id": "Edm.String", "deletedDateTime": "Edm.DateTimeOffset"}, is_entity=True)


def _one(name: str, source: Callable[[], Structured]) -> Navigation:
    return Navigation(name, source, is_collection=False, contains=False)


def _many(name: str, source: Callable[[], Structured]) -> Navigation:
    return Navigation(name, source, is_collection=True, contains=False)


def _entity(
    name: str, properties: Mapping[str, PropertyType], *navigations: Navigation, base: Structured = ENTITY
) -> Structured:
    return Structured(
        name,
        {**base.properties, **properties},
        {**base.navigations, **{navigation.name: navigation for navigation in navigations}},
        base=base,
        is_entity=True,
    )


USER: Structured = _entity(
    "t.user",
    {
        "displayName": "Edm.String",
        "department": "Edm.String",
        "key": "Edm.Guid",
        "born": "Edm.Date",
        "made": "Edm.DateTimeOffset",
        "changed": "Edm.DateTimeOffset",
        "length": "Edm.Duration",
        "opens": "Edm.TimeOfDay",
        "size": "Edm.Int32",
        "price": "Edm.Double",
        "enabled": "Edm.Boolean",
        "level": LEVEL,
        "methods": METHODS,
        "allowed": Collection(METHODS),
        "tags": Collection("Edm.String"),
        "address": ADDRESS,
        "addresses": Collection(ADDRESS),
        "scope": SCOPE,
    },
    _one("manager", lambda: ENTITY),
    _many("memberOf", lambda: ENTITY),
    _many("values", lambda: PROPERTY),
    _one("bag", lambda: BAG),
)
GROUP: Structured = _entity(
    "t.group",
    {"displayName": "Edm.String", "mail": "Edm.String"},
    _many("members", lambda: ENTITY),
    _many("owners", lambda: USER),
)

_KINDS = (USER, GROUP, ENTITY, SCOPE, QUERY_SCOPE, FINE_SCOPE, ADDRESS, BAG, LEVEL, METHODS)
_TYPES = {kind.name.lower(): kind for kind in _KINDS}


def _find(name: str) -> Structured | Enum | None:
    return _TYPES.get(name.lower())


NAMES = Names(types=_find)
OPEN = Names(types=_find, open_names=True)
DERIVED = Names(types=_find, derived=(USER, GROUP))


def _heirs(kind: Structured) -> tuple[Structured, ...]:
    return (USER, GROUP) if kind is ENTITY else ()


LENT = Names(types=_find, derived=_heirs)


class Thing(Mapping[str, Any]):
    """An entity of a known type, with the entities it is related to."""

    def __init__(self, kind: Structured, values: Mapping[str, Any], /, **relations: Any) -> None:
        self.kind = kind
        self.relations = relations
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def related(item: Thing, navigation: str) -> Any:
    """What the tests pass in for navigations."""
    return item.relations.get(navigation)


BOSS = Thing(USER, {"id": "boss", "displayName": "Cleo", "department": "Board"})
SALES = Thing(GROUP, {"id": "sales", "displayName": "Sales", "mail": "sales@example.com"})
ADA = Thing(
    USER,
    {
        "id": "ada",
        "displayName": " Ada Lind ",
        "department": None,
        "key": "0b5a39a0-8a3f-4f0b-9d3c-6a35bb9f7f01",
        "born": "1990-02-28",
        "made": "2026-03-11T10:20:30.1234567Z",
        "changed": "2026-03-11T10:20:30.5Z",
        "length": "PT1H30M",
        "opens": "08:30:00.0000000",
        "size": -7,
        "price": 2.5,
        "enabled": True,
        "level": "normal",
        "methods": "password,sms",
        "allowed": ["sms,password", "fido2"],
        "tags": ["Red", "blue"],
        "address": {"city": "Bremen", "street": None},
        "addresses": [{"city": "Bremen"}, {"city": "Ulm"}],
        "scope": {"@odata.type": "#t.queryScope", "query": "/groups", "queryType": "graph"},
    },
    manager=BOSS,
    memberOf=[SALES, BOSS],
    values=[Thing(PROPERTY, {"id": "String 1", "value": "Green"})],
    bag=Thing(BAG, {"id": "1", "Title": "Plan", "Count": 3, "Inner": {"Deep": True}, "List": ["x"]}),
)
SALES.relations |= {"members": (ADA, BOSS), "owners": iter(())}
