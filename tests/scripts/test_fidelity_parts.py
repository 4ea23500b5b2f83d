"""The parts of scripts/fidelity: samples read and repaired, values wished for, bodies bound, shapes compared."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Tenant
from emulator.odata.types import Collection, PropertyType
from emulator.schema import schema
from scripts._fidelity.asking import query_of
from scripts._fidelity.binding import expanded, searched, wished, within
from scripts._fidelity.bodies import RECEIVER, Body, readable, renamed
from scripts._fidelity.callers import caller_for, reader
from scripts._fidelity.inventing import invented, invented_reference
from scripts._fidelity.readback import same
from scripts._fidelity.replay import asked, clock, organisation
from scripts._fidelity.rules import RULES, Notes, told
from scripts._fidelity.samples import Sample, read_query, repaired, sample
from scripts._fidelity.shapes import Asked, Different, Shapes, fits, json_type, union
from scripts._fidelity.world import NOW, Emulator, World
from tests.scripts.fidelity_samples import sample as record

EVENT, FOLDER, USER = (schema().kind(name) for name in ("event", "mailFolder", "user"))


def read(method: str, path: str, **more: Any) -> Sample:
    return sample(1, record(method, path, 200, **more))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        pytest.param("$top=2&$skip=1", (("$top", "2"), ("$skip", "1")), id="options"),
        pytest.param("$filter=a+eq+'x%20y'", (("$filter", "a eq 'x y'"),), id="plus signs for spaces"),
        pytest.param("$filter=a eq '+49 & co'&$top=1", (("$filter", "a eq '+49 & co'"), ("$top", "1")), id="quotes"),
        pytest.param("$filter = a eq 'it''s'", (("$filter", "a eq 'it''s'"),), id="spaces about the sign"),
        pytest.param("$filter=contains(a,'%23x')", (("$filter", "contains(a,'#x')"),), id="encoded"),
        pytest.param("", (), id="none"),
    ],
)
def test_a_query_is_read_as_people_write_it(text: str, query: tuple[tuple[str, str], ...]) -> None:
    assert read_query(text) == query


@pytest.mark.parametrize(
    ("body", "found"),
    [
        pytest.param('{"a": 1,}', {"a": 1}, id="a trailing comma"),
        pytest.param('{"a": [1, ...]}', {"a": [1]}, id="dots for the rest"),
        pytest.param('{"a": 1 // one\n}', {"a": 1}, id="a comment"),
        pytest.param('{"a": "x\ny"}', {"a": "x\ny"}, id="a line break in a text"),
        pytest.param("plain", "plain", id="plain text"),
        pytest.param("{ broken", "{ broken", id="beyond repair"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_json_that_the_documentation_garbled_is_repaired(body: Any, found: Any) -> None:
    assert repaired(body) == found


def test_a_path_is_shown_short_and_without_its_version() -> None:
    found = read("GET", "/v1.0/users/" + "x" * 200 + "?$top=1")
    assert found.path.startswith("/users/x")
    assert found.name.endswith("...")
    assert found.option("top") == "1"


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        pytest.param("city eq 'Kiel'", {"city": "Kiel"}, id="eq"),
        pytest.param("accountEnabled eq true and x/y eq 5", {"accountEnabled": True, "x": {"y": 5}}, id="literals"),
        pytest.param("mobilePhone eq null", {"mobilePhone": None}, id="null"),
        pytest.param("id eq 'x'", {}, id="not the id"),
        pytest.param("startsWith(displayName,'Al')", {"displayName": "Al found0"}, id="startswith"),
        pytest.param("endswith(mail,'@x.org')", {"mail": "found0@x.org"}, id="endswith"),
        pytest.param("groupTypes/any(g:g eq 'Unified')", {"groupTypes": ["Unified"]}, id="any of texts"),
        pytest.param("a/any(c:c/x eq 'y' and c/z eq 1)", {"a": [{"x": "y", "z": 1}]}, id="any of structures"),
        pytest.param("a/any(c:startswith(c,'y'))", {"a": ["y found0"]}, id="any that starts with"),
        pytest.param("businessPhones/any()", {"businessPhones": ["+49 421 5550100"]}, id="any at all"),
        pytest.param("nothing/any()", {"nothing": [{}]}, id="any at all of what is not known"),
        pytest.param("not(city eq 'Kiel') and NOT startswith(x,'y')", {}, id="what must not be"),
        pytest.param("microsoft.graph.user/city eq 'Kiel'", {"city": "Kiel"}, id="with a cast"),
        pytest.param("city eq 'Kiel' and city/x eq 1", {"city": "Kiel"}, id="what cannot be both"),
    ],
)
def test_values_are_wished_for_that_a_filter_finds(condition: str, values: dict[str, Any]) -> None:
    assert wished(condition, USER) == values


def test_only_the_first_member_gets_what_must_be_unique() -> None:
    condition = "userPrincipalName eq 'kim@x.org' and city eq 'Kiel'"
    assert wished(condition, USER, 1) == {"city": "Kiel"}
    assert wished(condition, USER, 0) == {"city": "Kiel", "userPrincipalName": "kim@x.org"}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param('"displayName:wa" OR "mail:x"', {"displayName": "wa found", "mail": "x found"}, id="clauses"),
        pytest.param("pizza", {"displayName": "pizza found"}, id="a word"),
        pytest.param("", {}, id="nothing"),
        pytest.param('"a:b:c"', {}, id="what it does not understand"),
    ],
)
def test_values_are_wished_for_that_a_search_finds(text: str, values: dict[str, Any]) -> None:
    assert searched(text, USER) == values


@pytest.mark.parametrize(
    ("start", "begins"),
    [
        pytest.param("2026-02-01T19:00:00-08:00", "2026-02-02T03:30:00.0000000", id="with an offset"),
        pytest.param("2026-02-01T19:00:00.0000000", "2026-02-01T19:30:00.0000000", id="with fractions"),
        pytest.param("soon", "2026-03-01T00:30:00.0000000", id="unreadable"),
    ],
)
def test_a_meeting_lies_in_the_window_of_a_view(start: str, begins: str) -> None:
    assert within(start)["start"] == {"dateTime": begins, "timeZone": "UTC"}


def test_expanded_relations_are_found_however_they_are_written() -> None:
    text = "/users?$expand=manager($select=id,mail;$expand=x($top=1)),microsoft.graph.user/memberOf,owners/$ref"
    assert expanded(read("GET", text)) == {"manager", "memberof", "owners"}


def test_names_selected_through_a_cast_count() -> None:
    found = asked(read("GET", "/users?$select=microsoft.graph.user/surname,id,*,body/content&$count=true"), None)
    assert found.selected == frozenset({"surname", "id", "body"})
    assert found.counts


@pytest.mark.parametrize(
    ("given", "kind", "bound"),
    [
        pytest.param({"subject": "subject-value"}, EVENT, {"subject": "Typical subject"}, id="a placeholder"),
        pytest.param({"createdDateTime": "String (timestamp)"}, EVENT,
                     {"createdDateTime": "2026-02-02T09:00:00Z"}, id="a typed placeholder"),
        pytest.param({"importance": "loud"}, EVENT, {"importance": "low"}, id="a member that is none"),
        pytest.param({"isAllDay": "yes"}, EVENT, {"isAllDay": False}, id="a literal that is none"),
        pytest.param({"subject": "Plans", "hideAttendees": True}, EVENT,
                     {"subject": "Plans", "hideAttendees": True}, id="values"),
        pytest.param({"categories": ["{x}", "y"]}, EVENT, {"categories": ["Typical categories", "y"]}, id="a list"),
        pytest.param({"@odata.type": "#Microsoft.OutlookServices.MailFolder", "nolonger": 1}, FOLDER,
                     {"@odata.type": "#microsoft.graph.mailFolder"}, id="a former type, and what is gone"),
        pytest.param({"notificationUrl": "{URL}"}, schema().kind("subscription"),
                     {"notificationUrl": RECEIVER}, id="a webhook"),
        pytest.param({"anything": {"x": "{y}"}}, None, {"anything": {"x": "{y}"}}, id="what has no type"),
        pytest.param({"userPrincipalName": "kim@other.org"}, USER, {"userPrincipalName": "kim@here.org"}, id="a name"),
    ],
)  # fmt: skip
def test_a_body_is_bound_by_its_type(given: Any, kind: Any, bound: Any) -> None:
    assert Body("me", "here.org", Notes()).bound(given, kind) == bound


def test_a_body_says_what_it_refers_to() -> None:
    body = Body("users/kim", "here.org", Notes())
    link = "https://graph.microsoft.com/v1.0/directoryObjects/a"
    sent = body.bound({"members@odata.bind": [link], "manager@odata.bind": "users/b", "groupIds": ["c"]}, None)
    body.bound({"parentFolderId": "d", "address": "kim@here.org", "appId": "e"}, None)
    assert sent["members@odata.bind"] == [link]
    assert sent["manager@odata.bind"] == "https://graph.microsoft.com/v1.0/users/b"
    folder, person = "users/kim/mailFolders/d", "users/kim@here.org"
    assert body.needs == ["users/a", "users/b", "groups/c", folder, person, "applications(appId='e')"]


def test_the_folder_of_a_copy_lies_in_the_drive_that_is_meant() -> None:
    body = Body("me", "here.org", Notes())
    body.arguments({"parentReference": {"driveId": "x", "id": "y"}}, {})
    body.arguments({"parentReference": {"path": "/drive/root:/Plans/"}}, {})
    assert body.arguments({"parentReference": {"name": "z"}}, {}) == {"parentReference": {"name": "z"}}
    assert body.folders == ["me/drive/items/y", "me/drive/root:/Plans:"]


def test_ids_that_changed_are_changed_in_a_body_too() -> None:
    given = {"id": "a", "many": ["https://x/a", "b"], "number": 1}
    assert renamed(given, {"a": "z"}) == {"id": "z", "many": ["https://x/z", "b"], "number": 1}


@pytest.mark.parametrize(
    ("value", "kind", "is_readable"),
    [
        pytest.param("2026-02-02T09:00:00Z", "Edm.DateTimeOffset", True, id="a moment"),
        pytest.param("tomorrow", "Edm.DateTimeOffset", False, id="no moment"),
        pytest.param("x", "Edm.Guid", False, id="no guid"),
        pytest.param("true", "Edm.Boolean", True, id="a literal"),
        pytest.param("x", "Edm.Int32", False, id="no number"),
        pytest.param("x", "Edm.String", True, id="a text"),
        pytest.param("x", USER, False, id="no structure"),
        pytest.param("low", schema().enum("microsoft.graph.importance"), True, id="a member"),
    ],
)
def test_a_text_is_a_value_of_its_type_or_not(value: str, kind: PropertyType, is_readable: bool) -> None:
    assert readable(value, kind) is is_readable


async def test_an_unknown_body_is_what_the_answer_shows() -> None:
    world = await fresh()
    service = world.graph.service
    shown = {"id": "x", "displayName": "Kim", "createdDateTime": "x", "surname": None}
    assert invented(service, shown, schema().kind("contact"), None, "PATCH") == {"displayName": "Kim"}
    assert list(invented(service, None, schema().kind("calendarGroup"), None, "PATCH")) == ["name"]
    assert invented(service, None, None, None, "POST") == {}
    extended = {"@odata.type": "#microsoft.graph.itemAttachment", "id": "x", "name": "A letter"}
    sent = invented(service, extended, schema().kind("attachment"), None, "POST")
    assert sent == {"@odata.type": "#microsoft.graph.itemAttachment", "name": "A letter"}
    folder = invented(service, {"name": "Plans", "folder": {"childCount": 1}}, schema().kind("driveItem"), None, "POST")
    assert folder == {"name": "Plans", "folder": {}}
    assert invented(service, None, schema().kind("user"), None, "POST")["accountEnabled"] is True
    forward = schema().operations(schema().kind("message"), of_collection=False)["forward"][0]
    assert list(invented(service, None, None, forward, "POST")) == ["ToRecipients", "Comment"]
    assert invented_reference(schema().kind("directoryObject"))["@odata.id"].startswith(
        "https://graph.microsoft.com/v1.0/users/"
    )
    assert invented_reference(schema().kind("group"))["@odata.id"].startswith(
        "https://graph.microsoft.com/v1.0/groups/"
    )
    move = schema().operations(schema().kind("message"), of_collection=False)["move"][0]
    assert invented(service, None, None, move, "POST") == {"DestinationId": "Typical DestinationId"}


async def fresh() -> World:
    emulator = Emulator()
    world = emulator.world("here.org", NOW)
    await emulator.close()
    return world


@pytest.mark.parametrize(
    ("path", "is_person"),
    [
        pytest.param("me/messages", True, id="one's own things"),
        pytest.param("users/x/messages", False, id="those of somebody, as an application"),
        pytest.param("users/x/changePassword", True, id="what an application may not, as whose it is"),
        pytest.param("directory/subscriptions", True, id="what nobody knows the permission of"),
    ],
)
async def test_who_calls_follows_from_path_and_permissions(path: str, is_person: bool) -> None:
    world = await fresh()
    method = "POST" if path.endswith("Password") else "GET"
    caller = caller_for(world, method, world.graph.planner.plan(path))
    assert (caller.user_id is not None) is is_person
    assert caller.scopes if is_person else caller.roles


async def test_a_reader_holds_everything() -> None:
    world = await fresh()
    assert reader(world, world.graph.planner.plan("me")).user_id == world.tenant.demo_person.id
    assert reader(world, world.graph.planner.plan("users")).user_id is None
    assert isinstance(world.tenant, Tenant)


@pytest.mark.parametrize(
    ("theirs", "ours", "kind", "difference"),
    [
        pytest.param(1, "x", None, "body: expected number, got string", id="types"),
        pytest.param([1], ["x"], None, "body[]: expected number, got string", id="members"),
        pytest.param({"value": 1}, {"value": "x"}, "Edm.Int32",
                     "body.value: expected number, got string", id="a value"),
        pytest.param({"value": ["x"]}, {"value": [1]}, Collection("Edm.String"),
                     "body.value[]: expected string, got number", id="values"),
        pytest.param({"a": {"b": 1}}, {"a": {}}, None, "body.a.b: expected number, got missing", id="nested"),
        pytest.param({"value": [{"@removed": {"reason": "changed"}}]}, {"value": [{"id": "x"}]}, USER,
                     "body.value[].@removed: expected object, got missing", id="removed members"),
        pytest.param({"@odata.type": "#microsoft.graph.event", "id": "x"}, {"id": "x"}, schema().kind("outlookItem"),
                     "body.@odata.type: expected string, got missing", id="the type of a general place"),
        pytest.param({"x@odata.mediaContentType": "image/png"}, {}, USER,
                     "body.x@odata.mediaContentType: expected string, got missing", id="an annotation"),
    ],
)  # fmt: skip
def test_shapes_that_differ(theirs: Any, ours: Any, kind: Any, difference: str) -> None:
    with pytest.raises(Different, match="expected") as caught:
        Shapes(Asked(tells_removed=True), Notes()).compare(theirs, ours, kind, "body")
    assert str(caught.value) == difference


@pytest.mark.parametrize(
    ("theirs", "ours", "kind", "rules"),
    [
        pytest.param({"a": None}, {"a": {"b": 1}}, None, [], id="null fits everything"),
        pytest.param({"a": [1]}, {"a": []}, None, [], id="a list inside may be empty"),
        pytest.param({"a": [{"b": 1}]}, {"a": []}, None, [], id="a list of things inside may be empty"),
        pytest.param({"a": 1}, {"a": 1.5}, None, [], id="numbers are numbers"),
        pytest.param({"value": [{"a": 1}]}, {"value": [{"b": 1}, {"a": 2}]}, None, [], id="members are taken together"),
        pytest.param({"error": {"code": "x", "message": "y", "innererror": {}}},
                     {"error": {"code": "x", "message": "y", "innerError": {}}}, None, ["other-case"], id="errors"),
        pytest.param({"error": {"code": "x", "target": "y"}}, {"error": {"code": "x"}}, None, ["error-details"],
                     id="bare errors"),
        pytest.param({"value": [{"id": "x", "@removed": {"reason": "changed"}}]},
                     {"value": [{"id": "x", "@removed": {"reason": "changed"}}, {"id": "y"}]}, USER, [], id="removed"),
        pytest.param({"a": "String"}, {"a": []}, None, ["placeholder"], id="a placeholder"),
        pytest.param({"@odata.count": 1, "@microsoft.graph.tips": "x"}, {}, None, [], id="what may be left out"),
    ],
)  # fmt: skip
def test_shapes_that_are_the_same(theirs: Any, ours: Any, kind: Any, rules: list[str]) -> None:
    notes = Notes()
    Shapes(Asked(tells_removed=True), notes).compare(theirs, ours, kind, "body")
    assert list(notes.used) == rules


@pytest.mark.parametrize(
    ("value", "kind", "is_fit"),
    [
        pytest.param([], Collection("Edm.String"), True, id="a list"),
        pytest.param({}, USER, True, id="a structure"),
        pytest.param(True, "Edm.Boolean", True, id="a boolean"),
        pytest.param(1, "Edm.Int64", True, id="a number"),
        pytest.param("1.5", "Edm.Decimal", True, id="a decimal as text"),
        pytest.param("x", "Edm.String", True, id="a text"),
        pytest.param(1, "Edm.String", False, id="no text"),
    ],
)
def test_a_value_has_the_type_that_the_metadata_says(value: Any, kind: PropertyType, is_fit: bool) -> None:
    assert fits(value, kind) is is_fit


def test_many_objects_are_one_with_the_fullest_values() -> None:
    found = union([{"a": None, "b": [1], "c": {"d": 1}}, {"a": 1, "b": [2], "c": {"e": 2}, "f": None}])
    assert found == {"a": 1, "b": [1, 2], "c": {"d": 1, "e": 2}, "f": None}
    every: list[Any] = [None, True, 1, "x", [], {}]
    assert [json_type(one) for one in every] == [
        "null", "boolean", "number", "string", "array", "object",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "shown", "outcome"),
    [
        pytest.param("x", "x", [], id="the same"),
        pytest.param(None, "x", [], id="nothing"),
        pytest.param("High", "high", ["normalised"], id="another case"),
        pytest.param("2026-02-02", "2026-02-02T11:59:00Z", ["normalised"], id="a day"),
        pytest.param("<b>Hi</b> you", "<html><body><b>Hi</b>\r\nyou</body></html>", ["normalised"], id="a page"),
        pytest.param({"A": 1, "@odata.type": "x"}, {"a": 1}, [], id="a structure"),
        pytest.param([1], [1, 2], [], id="a longer list"),
        pytest.param([1, 2], [1], "expected 2 items, got 1", id="a shorter list"),
        pytest.param("x", None, "expected string, got null", id="lost"),
        pytest.param({"password": "x"}, {"password": None}, ["secret"], id="a secret"),
        pytest.param("x", "y", "expected 'x', got 'y'", id="something else"),
    ],
)
def test_what_was_sent_is_held_against_what_is_shown(sent: Any, shown: Any, outcome: list[str] | str) -> None:
    notes = Notes()
    if isinstance(outcome, list):
        same(sent, shown, "value", notes)
        assert list(notes.used) == outcome
        return
    with pytest.raises(Different, match=outcome):
        same(sent, shown, "value", notes)


def test_a_rule_that_nobody_explained_is_none() -> None:
    with pytest.raises(KeyError):
        Notes().note("because")
    assert told([("secret", 2)]) == f"    2  secret: {RULES['secret']}"


def test_the_organisation_is_that_of_the_sample() -> None:
    assert organisation(read("GET", "/users/kim@Contoso.com")) == "contoso.com"
    assert organisation(read("POST", "/x", body={"a": "kim@adatum.onmicrosoft.com"})) == "adatum.onmicrosoft.com"
    assert organisation(read("GET", "/me")) == ""


def test_the_clock_is_that_of_the_sample() -> None:
    found = clock(read("POST", "/x", body={"startDateTime": "soon", "expirationDateTime": "2016-11-20T18:23:45Z"}))
    assert found.isoformat() == "2016-11-20T17:23:45+00:00"
    assert clock(read("GET", "/me")) == NOW


def test_placeholders_in_a_query_are_filled() -> None:
    found = query_of(read("GET", "/x?startDateTime={start}&endDateTime={end}&x={y}&$id=a/{b}"), Notes())
    assert dict(found) == {
        "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-12-31T00:00:00Z", "x": "typical", "$id": "a/{b}",
    }  # fmt: skip
