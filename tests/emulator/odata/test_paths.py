"""Paths over navigations, casts, open types: what a filter reaches and what it cannot name."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.odata import (
    Names,
    ODataError,
    Structured,
    UnknownProperty,
    check_filter,
    compiled_filter,
    matches,
    parse_filter,
)
from emulator.odata.items import Reading, members
from tests.emulator.odata.model import (
    ADA,
    BAG,
    BOSS,
    DERIVED,
    ENTITY,
    GROUP,
    LENT,
    NAMES,
    OPEN,
    SALES,
    SCOPE,
    USER,
    Thing,
    related,
)


def passes(text: str, item: Any = ADA, kind: Structured = USER, names: Names = NAMES) -> bool:
    return compiled_filter(text, kind, related, names)(item)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("manager/id eq 'boss'", id="property of a related entity"),
        pytest.param("manager ne null", id="related entity"),
        pytest.param("bag ne null and manager/deletedDateTime eq null", id="related entities"),
        pytest.param("manager/t.user/displayName eq 'cleo'", id="cast of a related entity"),
        pytest.param("manager/t.group/displayName eq null", id="cast to what it is not"),
        pytest.param("memberOf/any()", id="any"),
        pytest.param("memberOf/any(m:m/id eq 'sales')", id="any with a body"),
        pytest.param("memberOf/any(m:m/t.group/mail eq 'sales@example.com')", id="cast of a variable"),
        pytest.param("memberOf/t.group/any(g:g/mail eq 'sales@example.com')", id="cast of a collection"),
        pytest.param("memberOf/all(m:m/id ne 'x')", id="all"),
        pytest.param("memberOf/$count eq 2", id="count"),
        pytest.param("memberOf/t.group/$count eq 1", id="count of a cast"),
        pytest.param("MemberOf/T.Group/$count eq 1 and MANAGER/ID eq 'boss'", id="in any case"),
        pytest.param("memberOf/any(m:isof(m,'t.group'))", id="isof of a variable"),
        pytest.param("isof('t.user') and isof(t.entity) and isof('t.entity')", id="isof of the item"),
        pytest.param("isof(manager,'t.user') and not isof(manager,t.group)", id="isof of a related entity"),
        pytest.param("cast(manager,t.user) ne null and cast(manager,'t.group') eq null", id="cast as a function"),
        pytest.param("values/any(ep:ep/id eq 'String 1' and ep/value eq 'green')", id="extended property"),
        pytest.param("t.user/id eq 'ada'", id="cast to what it is"),
        pytest.param("t.entity/displayName ne null", id="cast to a base changes nothing"),
        pytest.param("$it/t.user/manager/id eq 'boss'", id="cast of the item itself"),
        pytest.param("scope/t.queryScope/queryType eq 'graph'", id="cast of a structure"),
        pytest.param("scope/t.fineScope/query eq null", id="structure of another type"),
        pytest.param("isof(scope,'t.queryScope') and not isof(scope,'t.fineScope')", id="isof of a structure"),
    ],
)
def test_a_path_reaches_related_entities(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("t.user/displayName eq 'cleo'", ["boss"], id="cast"),
        pytest.param("t.group/displayName ge 'a'", ["sales"], id="cast to another"),
        pytest.param("isof('t.user') or isof('t.group')", ["boss", "sales", "ada"], id="isof of two"),
        pytest.param("isof('t.user') and t.user/department eq null", ["ada"], id="isof and cast"),
        pytest.param("t.user/memberOf/any()", ["ada"], id="navigation behind a cast"),
        pytest.param("t.group/members/$count eq 2", ["sales"], id="count behind a cast"),
    ],
)
def test_a_list_of_several_types_is_narrowed_by_type(text: str, expected: list[str]) -> None:
    assert [item["id"] for item in (BOSS, SALES, ADA) if passes(text, item, ENTITY)] == expected


def test_names_of_derived_types_need_no_cast_where_the_caller_says_so() -> None:
    found = [item["id"] for item in (BOSS, SALES) if passes("displayName ge 'd'", item, ENTITY, DERIVED)]
    assert found == ["sales"]
    assert passes("memberOf/any(m:m/mail eq 'sales@example.com')", names=DERIVED)
    assert passes("members/$count eq 2", SALES, ENTITY, DERIVED)
    with pytest.raises(UnknownProperty):
        passes("city eq 'x'", ADA, ENTITY, DERIVED)


def test_each_type_on_the_way_can_have_its_own_derived_types() -> None:
    assert passes("memberOf/any(m:m/mail eq 'sales@example.com')", names=LENT)
    assert passes("owners/$count eq 0 and displayName eq 'sales'", SALES, ENTITY, LENT)
    with pytest.raises(UnknownProperty):
        passes("mail eq 'x'", names=LENT)


def test_a_type_that_writes_its_name_is_known_with_its_base() -> None:
    item = Thing(USER, {"scope": {"@odata.type": "#t.fineScope", "query": "q"}})
    assert passes("scope/t.queryScope/query eq 'q'", item)
    assert Reading().is_of({"@odata.type": "#t.fineScope"}, "t.fineScope")
    assert not Reading().is_of({"@odata.type": "#t.fineScope"}, SCOPE.name)
    assert not Reading().is_of({}, SCOPE.name)
    assert not Reading().is_of(5, SCOPE.name)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("bag/Title eq 'plan'", id="text"),
        pytest.param("bag/Count gt 2 and bag/Count add 1 eq 4", id="number"),
        pytest.param("bag/Inner/Deep", id="condition alone"),
        pytest.param("bag/Inner/Deep eq true and not bag/Inner/Flat", id="inside another"),
        pytest.param("bag/List/any(x:x eq 'x') and bag/List/$count eq 1", id="collection"),
        pytest.param("bag/List/any(x:x)  eq false", id="member as a condition"),
        pytest.param("startswith(bag/Title,'pl') and length(bag/Title) eq 4", id="functions"),
        pytest.param("bag/Nothing eq null", id="nothing"),
        pytest.param("bag/Title in ('Plan',5)", id="values of several types"),
        pytest.param("not(bag/Title gt 5)", id="text against number"),
        pytest.param("bag/ID eq '1'", id="declared property in any case"),
        pytest.param("bag/Title/x.y/z eq null", id="odd path"),
        pytest.param("-bag/Count eq -3 and not(bag/Title has 'x')", id="other operators"),
    ],
)
def test_an_open_type_has_any_property(text: str) -> None:
    assert passes(text, names=OPEN)
    with pytest.raises(UnknownProperty):
        passes("bag/Title eq 'plan'", names=NAMES)


def test_an_open_condition_is_a_condition() -> None:
    check_filter(parse_filter("Flag"), BAG, OPEN)
    with pytest.raises(UnknownProperty, match=r"'Flag' on type 't.user'"):
        check_filter(parse_filter("Flag"), USER, OPEN)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("manager/displayName eq 'x'", "'displayName' on type 't.entity'", id="property of a derived type"),
        pytest.param("t.nothing/id eq 'x'", "'t.nothing' on type 't.user'", id="unknown cast"),
        pytest.param("t.group/mail eq 'x'", "'t.group' is not assignable from 't.user'", id="cast to a stranger"),
        pytest.param("t.level/id eq 'x'", "'t.level' on type 't.user'", id="cast to an enumeration"),
        pytest.param("id/t.user/id eq 'x'", "'t.user' on type 'Edm.String'", id="cast of a text"),
        pytest.param("isof('t.group')", "'t.group' is not assignable from 't.user'", id="isof a stranger"),
        pytest.param("isof(manager,'t.nothing')", "'t.nothing' on type 't.entity'", id="isof an unknown type"),
        pytest.param("memberOf/id eq 'x'", "not a single value", id="property of many"),
        pytest.param("memberOf eq 'x'", "'Collection(t.entity)'", id="many compared"),
        pytest.param("manager eq 'x'", "'t.entity' and 'Edm.String'", id="entity compared"),
        pytest.param("manager/any()", "is not a collection", id="any of one"),
        pytest.param("memberOf/any(m:m)", "single boolean value", id="entity as a condition"),
        pytest.param("$it", "single boolean value", id="the item as a condition"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(text: str, message: str) -> None:
    with pytest.raises(ODataError) as caught:
        passes(text)
    assert message in str(caught.value)


def test_without_relations_navigations_lead_to_nothing() -> None:
    assert matches(parse_filter("manager eq null and memberOf/$count eq 0"), ADA)
    assert matches(parse_filter("memberOf/any()"), ADA, related)


def test_only_collections_have_members() -> None:
    assert members(SALES) == members("text") == members(5) == members(None) == []
    assert members(iter((1, 2))) == [1, 2]
    assert GROUP.derives_from(ENTITY)
