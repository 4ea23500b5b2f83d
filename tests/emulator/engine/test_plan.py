"""Paths are read by the types alone, in every form that Graph takes them."""

from __future__ import annotations

import pytest

from emulator.faults import MethodNotAllowed, UnknownSegment
from emulator.graph.engine.call import NO_CONTENT
from emulator.graph.engine.dialects import EXCHANGE, PLAIN
from emulator.graph.engine.methods import check_method
from emulator.graph.engine.plan import Plan, Planner, ToKey, ToOperation, ToPath, ToProperty
from emulator.graph.engine.workload import Service, Workload
from emulator.schema import schema

PLANNER = Planner(Service(()))


def plan(path: str) -> Plan:
    return PLANNER.plan(path)


def keys(path: str) -> list[str]:
    return [step.text for step in plan(path).steps if isinstance(step, ToKey)]


@pytest.mark.parametrize(
    ("path", "template"),
    [
        pytest.param("me", "/me", id="one thing"),
        pytest.param("users", "/users", id="a set"),
        pytest.param("//users//", "/users", id="empty segments"),
        pytest.param("users/x", "/users/{}", id="a key as a segment"),
        pytest.param("users('x')", "/users/{}", id="a key in parentheses"),
        pytest.param("users(x)", "/users/{}", id="a key without quotes"),
        pytest.param("users(userPrincipalName='x')", "/users({})", id="an alternate key"),
        pytest.param("USERS/x/MESSAGES", "/users/{}/messages", id="names in any case"),
        pytest.param("me/messages('m')/attachments/a", "/me/messages/{}/attachments/{}", id="both forms of key"),
        pytest.param("me/manager", "/me/manager", id="a single relation"),
        pytest.param("groups/g/members/microsoft.graph.user", "/groups/{}/members/graph.user", id="a cast"),
        pytest.param("groups/g/members/graph.user", "/groups/{}/members/graph.user", id="a cast by the short name"),
        pytest.param("groups/g/members/x/microsoft.graph.user", "/groups/{}/members/{}/graph.user", id="cast of one"),
        pytest.param("users/$count", "/users/$count", id="count"),
        pytest.param("me/messages/m/$value", "/me/messages/{}/$value", id="value"),
        pytest.param("groups/g/members/x/$ref", "/groups/{}/members/{}/$ref", id="reference to a member"),
        pytest.param("groups/g/members/$ref", "/groups/{}/members/$ref", id="references"),
        pytest.param("me/displayName", "/me/displayName", id="a property"),
        pytest.param("me/displayname/$value", "/me/displayName/$value", id="the value of a property"),
        pytest.param("me/mailboxSettings/timeZone", "/me/mailboxSettings/timeZone", id="inside a property"),
        pytest.param("me/sendMail", "/me/sendMail", id="an action"),
        pytest.param("me/microsoft.graph.sendMail", "/me/sendMail", id="an action by its full name"),
        pytest.param("users/delta", "/users/delta()", id="a function of a collection"),
        pytest.param("users/delta()", "/users/delta()", id="a function with parentheses"),
        pytest.param("users/microsoft.graph.delta()", "/users/delta()", id="a function by its full name"),
        pytest.param("drives/d/root:/a b/c.txt", "/drives/{}/items/{}", id="by path"),
        pytest.param("drives/d/root:/a/c.txt:/content", "/drives/{}/items/{}/content", id="beyond a path"),
        pytest.param("drives/d/items/i:/c.txt:/children", "/drives/{}/items/{}/children", id="below an item"),
        pytest.param("me/drive/root%3A%2Fa%20b.txt%3A/content", "/me/drive/items/{}/content", id="by path, encoded"),
    ],
)
def test_a_path_has_the_template_of_the_permission_table(path: str, template: str) -> None:
    assert plan(path).template == template


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("users('o''neil')", ["o'neil"], id="doubled quotes"),
        pytest.param("users(' x ')", [" x "], id="blanks inside"),
        pytest.param("users/a%2Fb", ["a/b"], id="an encoded slash"),
        pytest.param("users/x/messages('y')", ["x", "y"], id="two"),
        pytest.param("users/%E2%82%AC", ["€"], id="not ASCII"),
        pytest.param("users/a(b", ["a(b"], id="half a parenthesis"),
        pytest.param("users/:", [":"], id="a colon alone"),
        pytest.param("users/delta%20", ["delta "], id="not quite an operation"),
        pytest.param("groups/microsoft.graph.message", ["microsoft.graph.message"], id="a type of something else"),
    ],
)
def test_keys_are_read_literally(path: str, expected: list[str]) -> None:
    assert keys(path) == expected


def test_an_alternate_key_has_its_properties() -> None:
    (step,) = (step for step in plan("users(userPrincipalName='a''b', mail=x)").steps if isinstance(step, ToKey))
    assert step.named == (("userPrincipalName", "a'b"), ("mail", "x"))


def test_a_function_has_its_arguments() -> None:
    operation = plan("me/reminderView(StartDateTime='2026-01-01',endDateTime=@e)").operation
    assert operation is not None
    assert operation.arguments == {"StartDateTime": "2026-01-01", "endDateTime": "@e"}
    assert [overload.is_action for overload in operation.overloads] == [False]
    odd = plan("me/reminderView(nonsense)").operation
    assert odd is not None
    assert odd.arguments == {}


def test_the_argument_of_an_enumeration_is_its_member() -> None:
    operation = plan("me/reminderView(a=microsoft.graph.day'monday')").operation
    assert operation is not None
    assert operation.arguments == {"a": "monday"}


@pytest.mark.parametrize(
    ("path", "lies"),
    [
        pytest.param("me/drive/root:/a/b.txt", "a/b.txt", id="to the end"),
        pytest.param("me/drive/root:/a/b.txt:", "a/b.txt", id="closed"),
        pytest.param("me/drive/root:/a/b.txt:/content", "a/b.txt", id="and on"),
        pytest.param("me/drive/root:/:/children", "", id="the root itself"),
        pytest.param("me/drive/root:/50%25%20off.txt", "50% off.txt", id="decoded once"),
        pytest.param("me/drive/items/root%3A%2Fa%20b.txt%3A/content", "a b.txt", id="as one segment"),
    ],
)
def test_a_file_is_addressed_by_where_it_lies(path: str, lies: str) -> None:
    assert [step.path for step in plan(path).steps if isinstance(step, ToPath)] == [lies]


@pytest.mark.parametrize(
    ("path", "segment"),
    [
        pytest.param("", "", id="nothing"),
        pytest.param("nowhere", "nowhere", id="no such root"),
        pytest.param("$count", "$count", id="an ending alone"),
        pytest.param("me/nothing", "nothing", id="no such property"),
        pytest.param("me/displayName()", "displayName()", id="a property that is called"),
        pytest.param("me/displayName/more", "more", id="beyond a value"),
        pytest.param("me/mailboxSettings/nothing", "nothing", id="no such inner property"),
        pytest.param("me/businessPhones/0", "0", id="an index"),
        pytest.param("me('x')", "me('x')", id="a key of one thing"),
        pytest.param("me/manager('x')", "manager('x')", id="a key of a single relation"),
        pytest.param("me/$count", "$count", id="how many of one"),
        pytest.param("users/$value", "$value", id="the value of many"),
        pytest.param("users/$count/more", "more", id="beyond an ending"),
        pytest.param("me/sendMail/more", "more", id="beyond an operation"),
        pytest.param("me/sendMail/root:/a", "root", id="a path beyond an operation"),
        pytest.param("root:/a", "root", id="a path of nothing"),
        pytest.param("users:/a", "a", id="a path of many"),
        pytest.param("me/microsoft.graph.message", "microsoft.graph.message", id="cast to another branch"),
        pytest.param("me/microsoft.graph.unheard", "microsoft.graph.unheard", id="cast to nothing"),
    ],
)
def test_what_no_type_has_is_named(path: str, segment: str) -> None:
    with pytest.raises(UnknownSegment) as error:
        plan(path)
    assert str(error.value) == f"Resource not found for the segment '{segment}'."


def test_a_cast_narrows_and_its_own_relations_follow() -> None:
    found = plan("directoryObjects/x/microsoft.graph.user/messages")
    assert found.kind is schema().kind("message")
    assert found.is_collection
    assert plan("users/x/microsoft.graph.directoryObject").kind is schema().kind("directoryObject")


def test_the_end_of_a_path_says_what_it_is() -> None:
    found = plan("me/mailboxSettings/timeZone/$value")
    assert (found.ending, found.type, found.is_collection) == ("$value", "Edm.String", False)
    assert isinstance(found.last, ToProperty)
    assert plan("me/sendMail").operation is not None
    assert plan("me").operation is None
    assert PLANNER.plan("me") is PLANNER.plan("me")


def test_a_workload_may_know_operations_and_open_properties_that_the_types_lack() -> None:
    workload = Workload("tiny", EXCHANGE)
    contact = workload.type("contact")
    contact.operation("whistle")(lambda _call, _target: NO_CONTENT)
    contact.collection_operation("whistleAll")(lambda _call, _target: NO_CONTENT)
    contact.hook("named")(lambda name: "Edm.String" if name == "tune" else None)
    planner = Planner(Service((workload,)))
    assert isinstance(planner.plan("me/contacts/c/Whistle").last, ToOperation)
    assert planner.plan("me/contacts/whistleall").template == "/me/contacts/whistleall"
    assert planner.plan("me/contacts/c/tune").type == "Edm.String"
    with pytest.raises(UnknownSegment):
        planner.plan("me/contacts/c/noise")


def test_who_answers_is_the_nearest_that_speaks_for_a_type_or_for_a_part_of_it() -> None:
    mail, own = Workload("mail", EXCHANGE), Workload("own")
    mail.type("message")
    own.type("user", own=("displayName",))
    mail.type("user", own=("aboutMe", "sendMail"))
    planner = Planner(Service((own, mail)))
    assert planner.plan("me/messages/m/extensions/e").dialect is EXCHANGE
    assert planner.plan("me/contacts").dialect is PLAIN
    assert planner.plan("me").dialect is PLAIN
    assert planner.plan("me/aboutMe").dialect is EXCHANGE
    assert planner.plan("me/sendMail").dialect is EXCHANGE
    assert planner.plan("groups").dialect is PLAIN


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        pytest.param("users", "GET POST", id="a set"),
        pytest.param("users/x", "GET PATCH PUT DELETE", id="a member"),
        pytest.param("me", "GET PATCH", id="the only one"),
        pytest.param("me/manager", "GET PATCH PUT DELETE POST", id="a relation"),
        pytest.param("me/messages", "GET POST", id="a collection"),
        pytest.param("me/displayName", "GET PATCH PUT DELETE", id="a property"),
        pytest.param("users/$count", "GET", id="count"),
        pytest.param("me/manager/$ref", "GET POST PUT DELETE", id="a reference"),
        pytest.param("me/photo/$value", "GET PATCH PUT DELETE", id="bytes"),
        pytest.param("me/sendMail", "POST", id="an action"),
        pytest.param("users/delta", "GET", id="a function"),
    ],
)
def test_methods_that_a_path_does_not_have_are_refused(path: str, methods: str) -> None:
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS", "QUERY"):
        if method in methods.split():
            check_method(method, plan(path))
        else:
            with pytest.raises(MethodNotAllowed):
                check_method(method, plan(path))


def test_an_operation_that_only_a_workload_knows_is_read_and_posted() -> None:
    workload = Workload("tiny")
    workload.type("contact").operation("whistle")(lambda _call, _target: NO_CONTENT)
    found = Planner(Service((workload,))).plan("me/contacts/c/whistle")
    check_method("GET", found)
    check_method("POST", found)
