"""The types of Graph are read when they are asked for, and know their relations."""

from __future__ import annotations

import pytest

from emulator.odata.types import Collection, Enum
from emulator.schema import Schema, schema

SMALL = Schema(
    {
        "roots": {"things": [1, "t.thing"], "Home": [0, "t.special"]},
        "enums": {"t.color": {"members": ["red"]}, "t.days": {"members": ["mon"], "flags": 1}},
        "types": {
            "t.thing": {
                "entity": 1,
                "abstract": 1,
                "stream": 1,
                "open": 1,
                "props": {"id": "Edm.String", "colors": "Collection(t.color)", "lists": "Collection(t.special)"},
                "navs": {"others": ["Collection(t.thing)", 1], "best": ["t.special", 0]},
            },
            "t.special": {"base": "t.thing", "props": {"day": "t.days"}, "navs": {"own": ["t.thing", 0]}},
            "t.value": {"props": {"x": "Edm.Int32"}},
        },
        "operations": {
            "t.thing": [{"name": "doIt", "action": 1, "takes": {"how": "t.color"}}, {"name": "same"}],
            "t.special": [{"name": "Same", "gives": "t.value"}],
            "Collection(t.thing)": [{"name": "delta", "gives": "Collection(t.thing)"}],
        },
    }
)


def test_roots_are_found_in_lower_case_and_keep_their_spelling() -> None:
    assert {name: (root.name, root.is_collection) for name, root in SMALL.roots.items()} == {
        "things": ("things", True),
        "home": ("Home", False),
    }
    assert SMALL.roots["home"].kind is SMALL.kind("t.special")


def test_types_are_made_once_and_inherit() -> None:
    special, thing = SMALL.kind("t.special"), SMALL.kind("t.thing")
    assert SMALL.kind("t.special") is special
    assert special.base is thing
    assert (special.is_entity, special.is_open, special.has_stream, special.is_abstract) == (True, True, True, False)
    assert list(special.properties) == ["id", "colors", "lists", "day"]
    assert list(special.navigations) == ["others", "best", "own"]
    value = SMALL.kind("t.value")
    assert (value.is_entity, value.is_open, value.has_stream) == (False, False, False)


def test_properties_and_relations_have_the_types_named() -> None:
    thing = SMALL.kind("t.thing")
    assert thing.properties["colors"] == Collection(SMALL.enum("t.color"))
    assert thing.properties["lists"] == Collection(SMALL.kind("t.special"))
    others, best = thing.navigations["others"], thing.navigations["best"]
    assert (others.target, others.is_collection, others.contains) == (thing, True, True)
    assert (best.target, best.is_collection, best.contains) == (SMALL.kind("t.special"), False, False)
    nested = Collection(SMALL.enum("t.color"))
    assert SMALL.type_of("Collection(Collection(t.color))") == nested
    assert SMALL.type_of("t.unheard") == "t.unheard"


def test_names_are_found_in_any_case() -> None:
    assert SMALL.find_kind("#T.Thing") is SMALL.kind("t.thing")
    assert SMALL.find_kind("t.nothing") is None
    days = SMALL.find_enum("T.DAYS")
    assert days is SMALL.enum("t.days")
    assert isinstance(days, Enum)
    assert days.is_flags
    assert SMALL.find_enum("t.nothing") is None
    assert SMALL.names == ("t.thing", "t.special", "t.value")
    assert set(SMALL.source) == {"roots", "enums", "types", "operations"}
    with pytest.raises(KeyError):
        SMALL.kind("t.nothing")


def test_operations_are_those_of_the_type_and_of_its_base() -> None:
    found = SMALL.operations(SMALL.kind("t.special"), of_collection=False)
    assert [operation.name for operation in found["same"]] == ["Same", "same"]
    assert found["same"][0].gives is SMALL.kind("t.value")
    (action,) = found["doit"]
    assert (action.is_action, action.takes, action.gives) == (True, {"how": SMALL.enum("t.color")}, None)
    assert list(SMALL.operations(SMALL.kind("t.special"), of_collection=True)) == ["delta"]
    assert SMALL.operations(SMALL.kind("t.value"), of_collection=False) == {}


def test_the_shipped_types_hold_together() -> None:
    every = schema()
    assert schema() is every
    assert every.kind("user") is every.kind("microsoft.graph.user")
    for name in every.names:
        kind = every.kind(name)
        for navigation in kind.navigations.values():
            assert navigation.target.is_entity, f"{name}/{navigation.name}"
        # A type that is named and not there would be a string with a namespace of Graph.
        for property_name, found in kind.properties.items():
            inner = found.item if isinstance(found, Collection) else found
            assert not isinstance(inner, str) or inner.startswith("Edm."), f"{name}/{property_name}"
        for of_collection in (False, True):
            assert all(every.operations(kind, of_collection=of_collection).values())
    for name in every.source["enums"]:
        assert every.enum(name).members
