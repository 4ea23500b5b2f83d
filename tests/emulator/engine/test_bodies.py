"""Bodies are held against the types: spelling, shapes and values."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.graph.engine.bodies import BadBody, Values, checked, read_body
from emulator.odata.types import Collection, Enum, Structured
from emulator.schema import schema
from tests.emulator.engine.tiny import nested

INNER = Structured("t.inner", {"text": "Edm.String"})
COLOR = Enum("t.color", ("red", "green"))
DAYS = Enum("t.days", ("monday", "friday"), is_flags=True)


def user(**body: Any) -> Values:
    return read_body(body, schema().kind("user"))


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        pytest.param("Edm.String", ["", "x"], [1, True, {}, []], id="string"),
        pytest.param("Edm.Boolean", [True, False], ["yes", 1, 0], id="boolean"),
        pytest.param("Edm.Byte", [0, 255], [-1, 256, True, "1", 1.5], id="byte"),
        pytest.param("Edm.Int16", [-32768, 32767], [32768], id="16 bits"),
        pytest.param("Edm.Int32", [-(2**31), 2**31 - 1], [2**31, "5"], id="32 bits"),
        pytest.param("Edm.Int64", [-(2**63), 2**63 - 1], [2**63], id="64 bits"),
        pytest.param("Edm.Decimal", [1, 1.5, "1.5"], [True, "much", []], id="decimal"),
        pytest.param("Edm.Double", [1, 1.5, "INF", "NaN"], [False, ""], id="double"),
        pytest.param("Edm.Single", [1.5], ["x"], id="single"),
        pytest.param("Edm.Guid", ["7f0c2a58-4c1e-4b8f-9d65-3c2a1b7e9f40"], ["7f0c", 7], id="guid"),
        pytest.param(
            "Edm.DateTimeOffset",
            ["2026-03-11T14:30:00Z", "2026-03-11T14:30:00.1234567Z", "2026-03-11T14:30:00.5+01:00"],
            ["yesterday", "2026-13-11T14:30:00Z", 5],
            id="moment",
        ),
        pytest.param("Edm.Duration", ["PT1H"], [3600], id="duration"),
        pytest.param("Edm.Untyped", [1, "x", {}, [None]], [], id="untyped"),
        pytest.param("microsoft.graph.unheard", [1, "x", {}], [], id="a type that is not kept"),
        pytest.param(Collection("Edm.String"), [[], ["a"]], ["a", [1], {}], id="collection"),
        pytest.param(INNER, [{}, {"text": "x"}], ["x", [], {"text": 1}, {"other": 1}], id="structure"),
        pytest.param(Collection(INNER), [[{"text": "x"}]], [{"text": "x"}, ["x"]], id="collection of structures"),
        pytest.param(COLOR, ["red", "green"], ["blue", 1, "red,green", ""], id="enumeration"),
        pytest.param(DAYS, ["monday", "monday,friday"], ["sunday", "monday,sunday", []], id="flags"),
    ],
)
def test_a_value_fits_its_type_or_is_refused(kind: Any, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        assert checked(value, kind, "it") == value
    for value in bad:
        with pytest.raises(BadBody):
            checked(value, kind, "it")


@pytest.mark.parametrize(
    ("value", "kind", "kept"),
    [
        pytest.param(None, "Edm.String", None, id="null"),
        pytest.param(None, Collection("Edm.String"), [], id="null of a collection"),
        pytest.param("TRUE", "Edm.Boolean", True, id="a word for yes"),
        pytest.param("false", "Edm.Boolean", False, id="a word for no"),
        pytest.param("Red", COLOR, "red", id="a member in any case"),
        pytest.param(" Friday , MONDAY ", DAYS, "friday,monday", id="flags in any case"),
        pytest.param({"TEXT": "x"}, INNER, {"text": "x"}, id="a name in any case"),
        pytest.param({"text@note": "y", "text": "x"}, INNER, {"text": "x"}, id="annotations fall away"),
    ],
)
def test_a_value_is_kept_in_the_types_own_form(value: Any, kind: Any, kept: Any) -> None:
    assert checked(value, kind, "it") == kept


def test_what_a_value_should_have_been_is_said() -> None:
    with pytest.raises(BadBody, match=r"Cannot convert the value of the property 'jobTitle' to 'Edm.String'\."):
        user(jobTitle=5)
    with pytest.raises(BadBody, match="to an object"):
        user(passwordProfile="secret")
    with pytest.raises(BadBody, match="to a collection"):
        user(businessPhones="1")
    with pytest.raises(BadBody, match=r"to a member of 'microsoft\.graph\.bodyType'"):
        read_body({"body": {"contentType": 1}}, schema().kind("message"))
    with pytest.raises(BadBody, match="Requested value 'rtf' was not found"):
        read_body({"body": {"contentType": "rtf"}}, schema().kind("message"))


def test_names_come_back_as_the_type_spells_them() -> None:
    assert user(DISPLAYNAME="x", passwordprofile={"Password": "y"}) == {
        "displayName": "x",
        "passwordProfile": {"password": "y"},
    }


def test_an_unknown_property_is_refused_by_name() -> None:
    with pytest.raises(BadBody, match=r"The property 'shoeSize' does not exist on type 'microsoft.graph.user'"):
        user(shoeSize=45)


def test_an_open_type_takes_what_it_does_not_declare() -> None:
    extension = schema().kind("openTypeExtension")
    assert read_body({"extensionName": "a", "anything": {"x": 1}}, extension) == {
        "extensionName": "a",
        "anything": {"x": 1},
    }


def test_the_directorys_objects_are_open_to_names_of_extensions_only() -> None:
    group = schema().kind("group")
    assert read_body({"ext_abc_size": 1}, group) == {"ext_abc_size": 1}
    assert read_body({"extensionAttributes": {}}, schema().kind("device")) == {"extensionAttributes": {}}
    with pytest.raises(BadBody):
        read_body({"nonsense": 1}, group)


def test_a_derived_type_is_named_in_the_body() -> None:
    attachment = schema().kind("attachment")
    found = read_body({"@odata.type": "#microsoft.graph.fileAttachment", "contentBytes": "eA=="}, attachment)
    assert found.kind is schema().kind("fileAttachment")
    assert read_body({"@odata.type": "fileAttachment"}, attachment).kind is found.kind
    assert read_body({"@odata.type": 5, "name": "x"}, attachment).kind is attachment


@pytest.mark.parametrize(
    ("named", "text"),
    [
        pytest.param("#microsoft.graph.unheard", "it is unknown", id="unknown"),
        pytest.param("#microsoft.graph.user", "is not assignable to the expected type", id="another branch"),
        pytest.param("", "it is unknown", id="empty"),
    ],
)
def test_a_type_that_does_not_belong_there_is_refused(named: str, text: str) -> None:
    with pytest.raises(BadBody, match=text):
        read_body({"@odata.type": named}, schema().kind("attachment"))


def test_an_open_type_takes_the_name_of_a_type_that_nobody_knows() -> None:
    extension = schema().kind("openTypeExtension")
    assert read_body({"@odata.type": "#elsewhere.thing"}, extension).kind is extension


def test_a_derived_structure_inside_says_its_type() -> None:
    identity = schema().kind("identitySet")
    kind = schema().kind("sharePointIdentitySet")
    assert kind.derives_from(identity)
    found = checked({"@odata.type": "#microsoft.graph.sharePointIdentitySet", "siteUser": None}, identity, "by")
    assert found == {"@odata.type": "#microsoft.graph.sharePointIdentitySet", "siteUser": None}
    assert checked({"@odata.type": "microsoft.graph.identitySet", "user": None}, identity, "by") == {"user": None}


def test_an_open_structure_keeps_what_is_noted_beside_its_properties() -> None:
    opened = Structured("t.opened", {}, is_open=True)
    assert checked({"x@odata.type": "#Int64", "x": 1}, opened, "it") == {"x@odata.type": "#Int64", "x": 1}


def test_json_of_any_shape_is_taken_where_the_metadata_says_nothing() -> None:
    kind = schema().find_kind("microsoft.graph.Json")
    assert kind is not None
    assert checked(["anything"], kind, "it") == ["anything"]


def test_references_are_read_apart() -> None:
    found = read_body({"members@odata.bind": ["a", "b"], "Owners@odata.bind": "c"}, schema().kind("group"))
    assert found.binds == {"members": ["a", "b"], "owners": ["c"]}
    assert found == {}
    with pytest.raises(BadBody, match="a reference, or a list of them"):
        read_body({"members@odata.bind": [1]}, schema().kind("group"))
    with pytest.raises(BadBody, match="does not exist"):
        read_body({"nobody@odata.bind": ["a"]}, schema().kind("group"))


def test_things_below_navigations_are_read_as_what_they_are() -> None:
    folder = schema().kind("contactFolder")
    found = read_body({"contacts": [{"displayname": "x"}]}, folder)
    assert [dict(part) for part in found.nested["contacts"]] == [{"displayName": "x"}]
    assert read_body({"contacts": None}, folder).nested == {"contacts": []}
    one = user(photo={"id": "x"})
    assert [(part.kind.name, dict(part)) for part in one.nested["photo"]] == [
        ("microsoft.graph.profilePhoto", {"id": "x"})
    ]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"contacts": {"displayName": "x"}}, id="one for many"),
        pytest.param({"contacts": "x"}, id="text for many"),
        pytest.param({"contacts": [{}, "no thing"]}, id="text among many"),
        pytest.param({"contacts": [None]}, id="null among many"),
    ],
)
def test_a_navigation_of_the_wrong_shape_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(BadBody, match="has the wrong shape"):
        read_body(body, schema().kind("contactFolder"))
    with pytest.raises(BadBody, match="has the wrong shape"):
        user(photo=[])


def test_annotations_are_kept_apart() -> None:
    found = user(**{"@odata.etag": "x", "jobTitle@odata.type": "#String", "jobTitle": "y"})
    assert found == {"jobTitle": "y"}
    assert found.annotations == {"@odata.etag": "x", "jobTitle@odata.type": "#String"}


def test_nesting_has_an_end() -> None:
    loop = Structured("t.loop", lambda: {"not": loop, "many": Collection(loop)})
    assert checked(nested(30, {}), loop, "it") == nested(30, {})
    with pytest.raises(BadBody, match="nested too deeply"):
        checked(nested(50, {}), loop, "it")
