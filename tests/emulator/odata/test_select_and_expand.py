"""`$select` and `$expand`: what is shown of each item, what comes along with it, and what cannot be asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.odata import (
    Expansion,
    Names,
    ODataError,
    Options,
    UnknownProperty,
    read_expand,
    read_options,
    read_select,
)
from emulator.odata.option_text import KNOWN
from tests.emulator.odata.model import ADDRESS, BAG, DERIVED, ENTITY, GROUP, LENT, NAMES, OPEN, USER


def chosen(*paths: str, names: Names = NAMES) -> tuple[str, ...] | None:
    return read_select(paths, USER, names).names(USER)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        pytest.param((), None, id="nothing asked"),
        pytest.param(("id", "displayName"), ("id", "displayName"), id="names"),
        pytest.param(("ID", "DISPLAYNAME", "id"), ("id", "displayName"), id="names in any case, twice"),
        pytest.param(("address/city",), ("address",), id="a path selects the whole property"),
        pytest.param(("addresses/city", "addresses/*"), ("addresses",), id="path into a collection"),
        pytest.param(("manager",), (), id="a navigation selects nothing"),
        pytest.param(("id", "memberOf/id"), ("id",), id="path over a navigation"),
        pytest.param(("t.user/id", "t.entity/id"), ("id",), id="cast to what it is"),
        pytest.param(("t.user/*",), tuple(USER.properties), id="everything behind a cast"),
        pytest.param(("size", "*"), ("size", *(name for name in USER.properties if name != "size")), id="everything"),
        pytest.param(("scope/t.queryScope/queryType",), ("scope",), id="cast inside a path"),
    ],
)
def test_select_names_properties(paths: tuple[str, ...], expected: tuple[str, ...] | None) -> None:
    assert chosen(*paths) == expected


def test_each_type_in_a_list_shows_what_it_has() -> None:
    selection = read_select(("id", "t.user/department", "t.group/mail"), ENTITY, NAMES)
    assert selection.names(USER) == ("id", "department")
    assert selection.names(GROUP) == ("id", "mail")
    assert selection.names(ENTITY) == ("id",)
    assert read_select(("*",), ENTITY, NAMES).names(GROUP) == tuple(GROUP.properties)


def test_names_of_derived_types_can_be_selected_without_a_cast() -> None:
    selection = read_select(("displayName", "department", "owners"), ENTITY, DERIVED)
    assert selection.names(USER) == ("displayName", "department")
    assert selection.names(GROUP) == ("displayName",)
    assert selection.names(ENTITY) == ()


def test_open_types_show_any_property() -> None:
    assert read_select(("Title", "ID"), BAG, OPEN).names(BAG) == ("Title", "id")
    with pytest.raises(UnknownProperty):
        read_select(("Title",), BAG, NAMES)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("zip", "'zip' on type 't.user'", id="unknown"),
        pytest.param("address/zip", "'zip' on type 't.address'", id="unknown inside"),
        pytest.param("id/x", "'x' on type 'Edm.String'", id="inside a text"),
        pytest.param("t.user", "'t.user' on type 't.user'", id="a type alone"),
        pytest.param("t.nothing/id", "'t.nothing'", id="unknown cast"),
        pytest.param("t.group/mail", "is not assignable", id="cast to a stranger"),
        pytest.param("*/id", "'*'", id="inside everything"),
        pytest.param("", "''", id="empty"),
    ],
)
def test_a_bad_select_is_refused(path: str, message: str) -> None:
    with pytest.raises(ODataError) as caught:
        chosen(path)
    assert message in str(caught.value)


def test_options_are_held_against_a_type() -> None:
    options = read_options([("$select", "id, t.user/department,*")], KNOWN)
    assert options.held_against(ENTITY, NAMES).selection.names(ENTITY) == ("id", "deletedDateTime")


def expanded(text: str, names: Names = NAMES) -> list[Expansion]:
    return list(read_expand(text, USER, names))


def only(text: str) -> Expansion:
    (found,) = expanded(text)
    return found


def test_expansions_are_read_with_their_options() -> None:
    found = only(
        "memberOf($select=id,deletedDateTime;$filter=id eq 'a;b)(' and deletedDateTime eq null;$orderby=id desc;"
        '$top=5;$skip=2;$count=true;$search="x;y";$levels=3)'
    )
    assert found.navigation.name == "memberOf"
    assert (found.cast, found.owner, found.levels, found.is_ref) == (None, None, 3, False)
    options = found.options
    assert options.selection.names(ENTITY) == ("id", "deletedDateTime")
    assert options.filter == "id eq 'a;b)(' and deletedDateTime eq null"
    assert (options.orderby, options.top, options.skip, options.count) == ("id desc", 5, 2, True)
    assert (options.search, options.expand) == ('"x;y"', ())


def test_several_expansions_nest() -> None:
    manager, groups = expanded(
        "manager, MEMBEROF/t.group($expand=owners($expand=manager/$ref;$select=id);$select=mail)"
    )
    assert (manager.navigation.name, manager.options.select, manager.levels) == ("manager", (), 1)
    assert (groups.cast, groups.owner) == (GROUP, None)
    assert groups.options.selection.names(GROUP) == ("mail",)
    (owners,) = groups.options.expand
    assert owners.options.selection.names(USER) == ("id",)
    assert [inner.is_ref for inner in owners.options.expand] == [True]


def test_a_cast_before_the_navigation_names_its_owner() -> None:
    (found,) = read_expand("t.group/members/t.user($select=size)", ENTITY, NAMES)
    assert (found.owner, found.cast) == (GROUP, USER)
    (plain,) = read_expand("t.entity/manager", USER, NAMES)
    assert (plain.owner, plain.cast) == (None, None)
    (lent,) = read_expand("members", ENTITY, DERIVED)
    assert lent.navigation.name == "members"


def test_options_of_an_expansion_know_the_derived_types_of_its_target() -> None:
    (found,) = read_expand("members($filter=mail ne null;$select=department;$orderby=mail)", GROUP, LENT)
    assert found.options.selection.names(USER) == ("department",)


def test_the_star_expands_every_navigation() -> None:
    assert [found.navigation.name for found in expanded("*")] == list(USER.navigations)
    assert {found.is_ref for found in expanded("*/$ref")} == {True}
    assert {found.levels for found in expanded("*($levels=max)")} == {"max"}
    overridden = {found.navigation.name: found for found in expanded("manager($select=id),*")}
    assert overridden["manager"].options.select == ("id",)
    assert len(overridden) == len(USER.navigations)


def test_levels_are_counted_down_by_the_caller() -> None:
    found = only("manager($levels=MAX)")
    assert found.levels == "max"
    assert found.with_levels(2).levels == 2
    assert found.with_levels(2).navigation is found.navigation


def test_options_are_held_against_the_type() -> None:
    options = read_options([("$expand", "manager($select=id)"), ("$select", "ID")], KNOWN)
    assert (options.expand, options.selection.names(USER)) == ((), None)
    held = options.held_against(USER, NAMES)
    assert held.selection.names(USER) == ("id",)
    assert [found.navigation.name for found in held.expand] == ["manager"]
    assert Options().held_against(USER) == Options()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("nobody", "Could not find a property named 'nobody' on type 't.user'.", id="unknown"),
        pytest.param("address", "Property 'address' on type 't.user' is not a navigation property", id="structure"),
        pytest.param("ID", "Property 'id' on type 't.user' is not a navigation", id="text"),
        pytest.param("t.user", "'t.user' is not valid", id="a type alone"),
        pytest.param("t.group/members", "is not assignable", id="cast to a stranger"),
        pytest.param("manager/id", "'manager/id' is not valid", id="property of a navigation"),
        pytest.param("manager/$count", "'manager/$count' is not valid", id="count"),
        pytest.param("manager/", "'manager/' is not valid", id="open path"),
        pytest.param("$ref", "'$ref' is not valid", id="reference to nothing"),
        pytest.param("", "'' is not valid", id="empty"),
        pytest.param("manager,", "'' is not valid", id="open list"),
        pytest.param("manager,manager", "'manager' is expanded more than once", id="twice"),
        pytest.param("manager($select=id", "is not valid", id="open parenthesis"),
        pytest.param("manager)", "is not valid", id="extra parenthesis"),
        pytest.param("manager($select=id)x", "is not valid", id="text behind the options"),
        pytest.param("manager($select=id)(a)", "is not valid", id="options twice"),
        pytest.param("manager($filter=id eq 'a)", "is not valid", id="open quote"),
        pytest.param("manager($select)", "'$select' is not valid", id="option without a value"),
        pytest.param("manager(select=id)", "'select=id' is not valid", id="option without a dollar"),
        pytest.param("manager($skiptoken=x)", "'$skiptoken' is not supported", id="option that does not nest"),
        pytest.param("manager($nope=x)", "'$nope' is not supported", id="unknown option"),
        pytest.param("manager($top=1;$TOP=2)", "'$top' was specified more than once", id="option twice"),
        pytest.param("manager($select=zip)", "'zip' on type 't.entity'", id="unknown selection"),
        pytest.param("manager($filter=zip eq 1)", "'zip' on type 't.entity'", id="unknown name in a filter"),
        pytest.param("manager($filter=id)", "single boolean value", id="no filter"),
        pytest.param("manager($orderby=zip)", "'zip' on type 't.entity'", id="unknown order"),
        pytest.param("manager($expand=zip)", "'zip' on type 't.entity'", id="unknown inside"),
        pytest.param("manager($expand=)", "$expand cannot be empty", id="empty inside"),
        pytest.param("manager($levels=0)", "Invalid value '0' for $levels", id="no level"),
        pytest.param("manager($levels=all)", "Invalid value 'all' for $levels", id="odd level"),
        pytest.param("manager($top=-1)", "Invalid value '-1' for $top", id="negative top"),
        pytest.param("*($select=id)", "'*($select=id)' is not valid", id="star with options"),
        pytest.param(
            "memberOf/t.group($expand=owners($expand=memberOf/t.group(" * 20, "is not valid", id="deep and open"
        ),
    ],
)
def test_a_bad_expand_is_refused(text: str, message: str) -> None:
    with pytest.raises(ODataError) as caught:
        expanded(text)
    assert message in str(caught.value)


def test_expansions_nest_only_so_deep() -> None:
    def nested(levels: int) -> str:
        return "members/t.group($expand=" * levels + "members" + ")" * levels

    assert read_expand(nested(11), GROUP, NAMES)
    with pytest.raises(ODataError, match=r"nested too deeply"):
        read_expand(nested(12), GROUP, NAMES)


@given(st.text("manger()$select=id;,'\"/*t.user expand", max_size=60))
def test_any_expand_is_read_or_refused(text: str) -> None:
    try:
        found = expanded(text)
    except ODataError:
        return
    assert all(expansion.navigation.name in USER.navigations for expansion in found)


@given(st.text(max_size=30))
def test_any_select_is_read_or_refused(text: str) -> None:
    try:
        options = read_options([("$select", text)], KNOWN).held_against(ADDRESS)
    except ODataError:
        return
    assert options.selection.names(ADDRESS) is not None
