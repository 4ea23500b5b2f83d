"""What a workload says of its types is what Graph does; what it does not say is done from the types."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.faults import DirectoryBadRequest, ItemNotFound
from emulator.graph.engine.arguments import arguments
from emulator.graph.engine.bodies import Values
from emulator.graph.engine.call import ACCEPTED, Answer, Call
from emulator.graph.engine.dialects import DIRECTORY, EXCHANGE, PLAIN
from emulator.graph.engine.query import Query
from emulator.graph.engine.target import Target
from emulator.graph.engine.view import Shown, View
from emulator.graph.engine.workload import HOOKS, Behaviour, Service, Workload
from emulator.graph.engine.writing import generic
from emulator.schema import schema
from emulator.store import Entity
from tests.emulator.engine.tiny import (
    BASE,
    code_of,
    contacts,
    graph_of,
    made,
    message_of,
    person,
    read,
    shown,
    speaking,
)
from tests.emulator.support import ids


def says(workload: Workload) -> Behaviour:
    return workload.type("contact")


@pytest.fixture
def workload() -> Workload:
    return Workload("tiny", PLAIN)


async def test_properties_are_computed(tenant: Tenant, workload: Workload) -> None:
    says(workload).computed("fileAs", "initials")(lambda shown: f"{shown.kind.name[-7:]} {shown['displayName']}")
    async with graph_of(tenant, workload) as graph:
        await contacts(graph, "A")
        page = await read(graph, "/me/contacts?$filter=initials eq 'contact A'&$select=fileAs")
    assert shown(page, "fileAs") == ["contact A"]


async def test_defaults_hidden_and_required_properties(tenant: Tenant, workload: Workload) -> None:
    workload.type("contact", default=("id", "displayName"), fixed=frozenset({"title"}), required=("displayName",))
    workload.type("contactFolder", hidden=frozenset({"parentFolderId"}))
    async with graph_of(tenant, workload) as graph:
        contact = await made(graph, "/me/contacts", displayName="A", title="Dr")
        assert [name for name in contact if "@" not in name] == ["id", "displayName"]
        one = f"/me/contacts/{contact['id']}"
        assert (await read(graph, f"{one}?$select=title"))["title"] is None
        await graph.patch(one, json={"title": "Dr"})
        assert (await read(graph, f"{one}?$select=title"))["title"] is None
        for body in ({}, {"displayName": ""}):
            missing = await graph.post("/me/contacts", json=body)
            assert message_of(missing) == "A value is required for property 'displayName' of resource 'Contact'."
        assert "parentFolderId" not in await made(graph, "/me/contactFolders", displayName="F")


async def test_other_properties_stand_for_the_id(tenant: Tenant, workload: Workload) -> None:
    workload.type("contact", keys=("nickName",))
    async with graph_of(tenant, workload) as graph:
        contact = await made(graph, "/me/contacts", nickName="Kim")
        for key, status in (("KIM", 200), (contact["id"], 200), ("Bo", 404)):
            assert (await graph.get(f"/me/contacts/{key}")).status_code == status


async def test_navigations_lead_where_the_workload_says(tenant: Tenant, workload: Workload) -> None:
    user = workload.type("user")
    ada = person(tenant)
    user.navigation("directReports")(lambda _call, owner: [ada] if owner is not ada else [])
    user.navigation("manager")(lambda _call, owner: ada if owner is not ada else None)
    bo = person(tenant, "Bo")
    async with graph_of(tenant, workload) as graph:
        assert ids(await read(graph, f"/users/{bo.id}/directReports")) == [ada.id]
        assert (await read(graph, f"/users/{bo.id}/directReports/{ada.id}"))["id"] == ada.id
        assert (await graph.get(f"/users/{bo.id}/directReports/{bo.id}")).status_code == 404
        assert (await read(graph, f"/users/{bo.id}/manager"))["id"] == ada.id
        found = await read(graph, "/users?$select=id&$filter=manager/id eq '" + ada.id + "'")
        assert len(found["value"]) == 3


async def test_a_collection_of_one_thing_or_of_none(tenant: Tenant, workload: Workload) -> None:
    bo = person(tenant, "Bo")
    workload.type("user").navigation("directReports")(lambda _call, owner: bo if owner is person(tenant) else None)
    async with graph_of(tenant, workload) as graph:
        assert ids(await read(graph, "/me/directReports")) == [bo.id]
        assert (await graph.get(f"/me/directReports/{bo.id}")).status_code == 404
        assert ids(await read(graph, f"/users/{bo.id}/directReports")) == []


async def test_single_things_are_there_from_the_beginning(tenant: Tenant, workload: Workload) -> None:
    workload.type("contact", given={"photo": {"id": "none", "width": 1}})
    async with graph_of(tenant, workload) as graph:
        (identity,) = await contacts(graph, "A")
        path = f"/me/contacts/{identity}/photo"
        assert (await read(graph, path))["width"] == 1
        await graph.patch(path, json={"width": 2})
        assert (await read(graph, path))["width"] == 2


async def test_roots_are_what_the_workload_says(tenant: Tenant, workload: Workload) -> None:
    bo = person(tenant, "Bo")
    workload.root("users")(lambda _call: [bo])
    workload.root("directory")(lambda _call: bo)
    workload.root("contacts")(lambda _call: None)
    async with graph_of(tenant, workload, scopes=("Directory.ReadWrite.All", "OrgContact.Read.All")) as graph:
        assert ids(await read(graph, "/users")) == [bo.id]
        assert (await read(graph, "/contacts"))["value"] == []
        assert (await graph.get("/contacts/x")).status_code == 404
        assert (await graph.post("/users", json={"displayName": "x"})).status_code == 405


async def test_operations_answer_at_once_or_later(tenant: Tenant, workload: Workload) -> None:
    heard: list[Any] = []
    contact = says(workload)

    @contact.operation("whistle")
    async def whistle(call: Call, target: Target) -> Answer:
        await asyncio.sleep(0)
        heard.append((target.thing["displayName"], target.arguments, call.parameter("TUNE")))
        return ACCEPTED

    contact.collection_operation("count")(lambda _call, target: Answer({"value": len(target.items)}))
    async with graph_of(tenant, workload) as graph:
        (identity,) = await contacts(graph, "A")
        response = await graph.post(f"/me/contacts/{identity}/whistle(Loud=true)", json={"Tune": "x"})
        assert (response.status_code, heard) == (202, [("A", {"loud": "true"}, "x")])
        assert (await read(graph, "/me/contacts/count"))["value"] == 1


async def test_an_operation_that_nobody_serves_says_so(graph: httpx.AsyncClient) -> None:
    response = await graph.post("/me/sendMail", json={})
    assert code_of(response) in {(501, "NotImplemented"), (403, "Forbidden")}
    reply = await graph.post("/me/getMemberGroups", json={"securityEnabledOnly": True})
    assert code_of(reply) == (501, "NotImplemented")
    assert message_of(reply) == "The demo tenant does not serve 'getmembergroups'."


async def test_the_arguments_of_an_action_are_held_against_its_parameters(tenant: Tenant, workload: Workload) -> None:
    found: list[dict[str, Any]] = []

    def take(call: Call, target: Target) -> Answer:
        found.append(arguments(call, target))
        return ACCEPTED

    user, message = workload.type("user"), workload.type("message")
    user.operation("getMemberGroups")(take)
    user.operation("sendMail")(take)
    message.operation("reply")(take)
    async with graph_of(tenant, workload, scopes=("User.Read.All", "GroupMember.Read.All", "Mail.Send")) as graph:
        path = "/me/getMemberGroups"
        assert (await graph.post(path, json={"SecurityEnabledOnly": True, "@odata.type": "x"})).status_code == 202
        assert found.pop() == {"securityEnabledOnly": True}
        wrong = await graph.post(path, json={"securityEnabledOnly": 5})
        assert code_of(wrong) == (400, "BadRequest")
        unknown = await graph.post(path, json={"speed": 5})
        assert "The parameter 'speed' in the request payload is not a valid parameter" in message_of(unknown)
        mail = {"Message": {"Subject": "x"}, "saveToSentItems": False}
        assert (await graph.post("/me/sendMail", json=mail)).status_code == 202
        sent = found.pop()
        assert isinstance(sent["Message"], Values)
        assert (dict(sent["Message"]), sent["SaveToSentItems"]) == ({"subject": "x"}, False)
        assert (await graph.post("/me/sendMail", json={"Message": {"nothing@x": 1}})).status_code == 202


async def test_an_operation_that_only_a_workload_knows_takes_nothing(tenant: Tenant, workload: Workload) -> None:
    says(workload).operation("whistle")(lambda call, target: Answer(arguments(call, target)))
    async with graph_of(tenant, workload) as graph:
        (identity,) = await contacts(graph, "A")
        assert (await graph.post(f"/me/contacts/{identity}/whistle")).json() == {}
        refused = await graph.post(f"/me/contacts/{identity}/whistle", json={"x": 1})
        assert message_of(refused).endswith("for the operation 'whistle'.")


async def test_a_list_in_an_action_may_be_null(tenant: Tenant, workload: Workload) -> None:
    workload.type("user").operation("checkMemberGroups")(lambda call, target: Answer(arguments(call, target)))
    async with graph_of(tenant, workload, scopes=("User.Read.All", "GroupMember.Read.All")) as graph:
        assert (await graph.post("/me/checkMemberGroups", json={"groupIds": None})).json() == {"groupIds": []}


async def test_hooks_make_change_and_delete(tenant: Tenant, workload: Workload) -> None:
    contact = says(workload)

    @contact.hook("create")
    def create(call: Call, target: Target, values: Values) -> Entity:
        values["displayName"] = "made"
        return target.items.add(generic(target.service, call, values))

    @contact.hook("update")
    def update(call: Call, entity: Entity, values: Values) -> None:
        entity.update({"displayName": f"changed to {values['displayName']}"})

    @contact.hook("delete")
    def delete(call: Call, entity: Entity, target: Target) -> None:
        entity.update({"displayName": "deleted"})

    async with graph_of(tenant, workload) as graph:
        (identity,) = await contacts(graph, "A")
        path = f"/me/contacts/{identity}"
        assert (await read(graph, path))["displayName"] == "made"
        await graph.patch(path, json={"displayName": "B"})
        assert (await read(graph, path))["displayName"] == "changed to B"
        assert (await graph.delete(path)).status_code == 204
        assert (await read(graph, path))["displayName"] == "deleted"


async def test_a_property_may_be_kept_elsewhere(tenant: Tenant, workload: Workload) -> None:
    kept: list[Any] = []
    says(workload).changed("jobTitle")(lambda _call, _entity, value: partial(kept.append, value))
    async with graph_of(tenant, workload) as graph:
        (identity,) = await contacts(graph, "A")
        path = f"/me/contacts/{identity}"
        await graph.patch(path, json={"jobTitle": "x"})
        await graph.patch(path, json={"jobTitle": "y", "displayName": "B"})
        found = await read(graph, path)
    assert kept == ["x", "y"]
    assert (found["jobTitle"], found["displayName"]) == (None, "B")


async def test_a_post_to_a_navigation_may_mean_something_else(tenant: Tenant, workload: Workload) -> None:
    workload.type("user").posted("contacts")(lambda _call, target: Answer({"for": target.owner.id}, 299))
    async with graph_of(tenant, workload) as graph:
        response = await graph.post("/me/contacts", json={})
    assert (response.status_code, response.json()) == (299, {"for": person(tenant).id})


async def test_checks_refuse_whoever_comes(tenant: Tenant, workload: Workload) -> None:
    seen: list[str] = []

    def check(call: Call, target: Target) -> None:
        seen.append(f"{call.method} {target.plan.template}")
        if call.plain("Stop") is not None:
            raise DirectoryBadRequest("Stopped.")

    workload.type("user").hook("check")(check)
    says(workload).hook("check")(check)
    async with graph_of(tenant, workload) as graph:
        assert (await graph.get("/me/contacts")).status_code == 200
        # The same check of the owner and of the thing is made once.
        assert seen == ["GET /me/contacts"]
        assert message_of(await graph.get("/me/contacts?stop=")) == "Stopped."


async def test_keys_may_be_found_in_other_ways(tenant: Tenant, workload: Workload) -> None:
    @says(workload).hook("find")
    def find(call: Call, target: Target, key: str) -> Entity | None:
        return next(iter(target.items), None) if key == "first" else None

    async with graph_of(tenant, workload) as graph:
        first, second = await contacts(graph, "A", "B")
        assert (await read(graph, "/me/contacts/first"))["id"] == first
        assert (await read(graph, f"/me/contacts/{second}"))["id"] == second
        context = (await read(graph, "/me/contacts/first/displayName"))["@odata.context"]
        assert context.endswith("/contacts('first')/displayName")


async def test_lists_are_filtered_ordered_and_searched_as_the_workload_says(tenant: Tenant, workload: Workload) -> None:
    contact = says(workload)

    @contact.hook("filters")
    def filters(view: View, query: Query) -> None:
        if query.orders and query.filter is not None:
            raise DirectoryBadRequest("Not both.")

    contact.hook("order")(lambda entities, _target: entities[::-1])
    contact.hook("search")(lambda _view, items, text: [item for item in items if text in item["displayName"]])
    async with graph_of(tenant, workload) as graph:
        await contacts(graph, "A1", "B1", "A2", "A3")
        assert shown(await read(graph, "/me/contacts")) == ["A3", "A2", "B1", "A1"]
        found = await read(graph, "/me/contacts?$search=A&$top=2")
        assert shown(found) == ["A3", "A2"]
        # What a search found is not counted off by $skip.
        assert "$skiptoken=" in found["@odata.nextLink"]
        assert shown(await read(graph, found["@odata.nextLink"])) == ["A1"]
        both = await graph.get("/me/contacts?$orderby=displayName&$filter=displayName eq 'x'")
        assert message_of(both) == "Not both."


async def test_bytes_are_read_and_written_as_the_workload_says(tenant: Tenant, workload: Workload) -> None:
    bytes_of: dict[str, bytes] = {}
    photo = workload.type("profilePhoto")
    workload.type("contact", given={"photo": {"id": "pic"}})

    @photo.hook("read")
    def load(call: Call, target: Target) -> Answer | None:
        return Answer(bytes_of["it"]) if bytes_of else None

    @photo.hook("write")
    def keep(call: Call, target: Target) -> Answer:
        if call.method == "DELETE":
            bytes_of.clear()
        else:
            bytes_of["it"] = call.body
        return Answer(status=204)

    async with graph_of(tenant, workload) as graph:
        (identity,) = await contacts(graph, "A")
        path = f"/me/contacts/{identity}/photo/$value"
        assert code_of(await graph.get(path)) == (501, "NotImplemented")
        for method in ("PUT", "PATCH"):
            assert (await graph.request(method, path, content=method.encode())).status_code == 204
            assert (await graph.get(path)).content == method.encode()
        assert (await graph.get(path)).headers["content-type"] == "application/octet-stream"
        assert (await graph.delete(path)).status_code == 204
        assert (await graph.get(path)).status_code == 501


async def test_bytes_that_nobody_keeps_are_not_served(graph: httpx.AsyncClient) -> None:
    contact = await made(graph, "/me/contacts", displayName="A", photo={"id": "pic"})
    path = f"/me/contacts/{contact['id']}/photo/$value"
    assert (await graph.get(path)).status_code == 501
    assert (await graph.put(path, content=b"x")).status_code == 405
    assert (await graph.delete(path)).status_code == 405


async def test_streams_are_properties_that_are_bytes(tenant: Tenant, workload: Workload) -> None:
    drive = tenant.store.entity(schema().kind("drive"), {"id": "d"})
    tenant.store.root("drives").add(drive)
    drive.set_of("items").add(tenant.store.entity(schema().kind("driveItem"), {"id": "i"}))
    path = "/drives/d/items/i/content"
    async with graph_of(tenant) as graph:
        assert (await graph.get(path)).status_code == 501
        assert (await graph.put(path, content=b"x")).status_code == 405
        assert "content" not in await read(graph, "/drives/d/items/i")
    item = workload.type("driveItem")
    item.hook("read")(lambda _call, _target: Answer(b"bytes"))
    item.hook("write")(lambda call, _target: Answer({"size": len(call.body)}))
    async with graph_of(tenant, workload) as graph:
        assert (await graph.get(path)).content == b"bytes"
        assert (await graph.put(path, content=b"four")).json() == {"size": 4}


async def test_files_are_found_or_made_by_where_they_lie(tenant: Tenant, workload: Workload) -> None:
    drive = tenant.store.entity(schema().kind("drive"), {"id": "d"})
    tenant.store.root("drives").add(drive)
    root = drive.put_one("root", tenant.store.entity(schema().kind("driveItem"), {"id": "r", "name": "root"}))
    item = workload.type("driveItem")

    @item.hook("find")
    def find(call: Call, target: Target, key: str) -> Entity | None:
        return next((one for one in root.set_of("children") if key == f":{one['name']}"), None)

    @item.hook("create")
    def create(call: Call, target: Target, values: Values) -> Entity:
        return root.set_of("children").add(call.tenant.store.entity(values.kind, {**values, "name": "a b.txt"}))

    async with graph_of(tenant, workload) as graph:
        assert (await graph.get("/drives/d/root:/a%20b.txt")).status_code == 404
        assert (await graph.get("/drives/d/root:/a%20b.txt:/children")).status_code == 404
        assert (await graph.patch("/drives/d/root:/a%20b.txt", json={})).status_code == 404
        put = await graph.put("/drives/d/root:/a%20b.txt", json={"description": "x"})
        assert (put.status_code, put.json()["description"]) == (201, "x")
        assert (await read(graph, "/drives/d/root:/a%20b.txt"))["name"] == "a b.txt"
        assert (await read(graph, "/drives/d/root:/a b.txt:/children"))["value"] == []


async def test_a_caller_may_see_less(tenant: Tenant, workload: Workload) -> None:
    contact = says(workload)
    contact.hook("withheld")(lambda _call, _target: frozenset({"title"}))
    contact.hook("annotations")(lambda shown: {"@note": shown["displayName"]})
    workload.type("user", own=("jobTitle",)).hook("shown")(lambda _call, _entity: frozenset({"id", "displayName"}))
    async with graph_of(tenant, workload) as graph:
        contact_body = await made(graph, "/me/contacts", displayName="A", title="Dr")
        assert ("title" in contact_body, contact_body["@note"]) == (False, "A")
        person(tenant).update({"mail": "a@x", "businessPhones": ["1"], "jobTitle": "Head"})
        me = await read(graph, "/me")
        assert (me["displayName"], me["mail"], me["businessPhones"], me["jobTitle"]) == ("Ada Lind", None, [], "Head")


async def test_an_answer_may_be_another_altogether(tenant: Tenant, workload: Workload) -> None:
    contact = says(workload)
    contact.hook("one")(lambda _view, entity: Answer({"only": entity.id}))
    contact.hook("answer")(lambda call, _target: Answer({"never": "mind"}) if call.plain("odd") else None)
    async with graph_of(tenant, workload) as graph:
        (identity,) = await contacts(graph, "A")
        assert await read(graph, f"/me/contacts/{identity}") == {"only": identity}
        assert await read(graph, "/me/contacts?odd=1") == {"never": "mind"}


async def test_the_owner_may_refuse_references(tenant: Tenant, workload: Workload) -> None:
    def refuse(call: Call, target: Target, entity: Entity) -> None:
        raise DirectoryBadRequest(f"Not {entity.id}.")

    group = workload.type("group")
    async with graph_of(tenant, workload) as graph:
        identity = (await made(graph, "/groups", displayName="G"))["id"]
        body = {"@odata.id": f"{BASE}/users/{person(tenant).id}"}
        assert (await graph.post(f"/groups/{identity}/members/$ref", json=body)).status_code == 204
        group.hook("link")(refuse)
        group.hook("unlink")(refuse)
    async with graph_of(tenant, workload) as graph:
        other = {"@odata.id": f"{BASE}/users/{person(tenant, 'Bo').id}"}
        assert (await graph.post(f"/groups/{identity}/members/$ref", json=other)).status_code == 400
        gone = await graph.delete(f"/groups/{identity}/members/{person(tenant).id}/$ref")
        assert message_of(gone) == f"Not {person(tenant).id}."


async def test_references_into_what_a_workload_makes_up_are_not_written(tenant: Tenant, workload: Workload) -> None:
    user = workload.type("user")
    user.navigation("ownedObjects")(lambda _call, _owner: [])
    user.navigation("memberOf")(lambda call, _owner: call.tenant.store.root("groups"))
    body = {"@odata.id": f"{BASE}/users/{person(tenant, 'Bo').id}"}
    async with graph_of(tenant, workload) as graph:
        assert (await graph.post("/me/memberOf/$ref", json=body)).status_code in {403, 405}
        assert (await graph.post("/me/contacts/$ref", json=body)).status_code in {403, 405}


async def test_addresses_that_carry_a_secret_need_no_token(tenant: Tenant, workload: Workload) -> None:
    async def load(call: Call, rest: str) -> Answer:
        await asyncio.sleep(0)
        if rest == "bad":
            raise ItemNotFound
        return Answer(rest, headers={"x-tenant": call.tenant.id})

    workload.open_path("Uploads")(load)
    async with graph_of(tenant, workload) as graph:
        assert (await graph.put("/uploads/a/b", content=b"x")).text == "a/b"
        assert (await graph.get("/UPLOADS/bad")).status_code == 404
        await graph.get("/me")
        assert (await graph.get(f"/uploads/{tenant.id}/x")).headers["x-tenant"] == tenant.id


async def test_a_workload_may_judge_permissions_itself(tenant: Tenant) -> None:
    own = Workload("own", self_permitting=frozenset({"groups"}))
    async with graph_of(tenant, own, scopes=("User.Read",)) as graph:
        assert (await graph.get("/groups")).status_code == 200
        assert (await graph.get("/users")).status_code == 403


async def test_a_handler_that_breaks_is_no_answer_of_graph(tenant: Tenant, workload: Workload) -> None:
    def broken(call: Call, target: Target) -> Answer:
        raise ZeroDivisionError

    says(workload).collection_operation("breaks")(broken)
    async with graph_of(tenant, workload) as graph:
        with pytest.raises(ZeroDivisionError):
            await graph.get("/me/contacts/breaks")


def test_only_hooks_that_exist_can_be_set(workload: Workload) -> None:
    with pytest.raises(ValueError, match="sing"):
        workload.type("contact").hook("sing")
    assert all(text.startswith("(") for text in HOOKS.values())
    with pytest.raises(KeyError):
        workload.type("unheard")


def test_what_is_said_nearer_to_a_type_counts() -> None:
    first, second = Workload("first", DIRECTORY), Workload("second", EXCHANGE)
    base = first.type("outlookItem", hidden=frozenset({"categories"}), keys=("a",))
    own = second.type("contact", default=("id",), keys=("b",), patched=204, fixed=frozenset({"x"}))
    base.computed("changeKey", "createdDateTime")(lambda _shown: "base")
    own.computed("changeKey")(lambda _shown: "own")
    service = Service((first, second))
    rules = service.rules(schema().kind("contact"))
    assert service.rules(schema().kind("contact")) is rules
    assert (rules.default, rules.keys, rules.patched) == (("id",), ("b", "a"), 204)
    assert (rules.dialect, rules.hidden, rules.fixed) == (EXCHANGE, frozenset({"categories"}), frozenset({"x"}))
    target: Any = None
    assert [rules.computed[name](target) for name in ("changeKey", "createdDateTime")] == ["own", "base"]
    event = service.rules(schema().kind("event"))
    assert (event.dialect, event.patched, event.page) == (DIRECTORY, 204, None)
    assert "categories" not in event.default
    assert event.default[0] == "id"
    group = service.rules(schema().kind("group"))
    assert (group.dialect, group.patched) == (None, None)


async def test_what_a_view_knows_of_the_callers_wishes(tenant: Tenant, workload: Workload) -> None:
    found: list[tuple[Any, ...]] = []

    @says(workload).computed("fileAs")
    def file_as(shown: Shown) -> str:
        view = shown.view
        found.append((view.wants_text, view.wants_immutable_ids, view.time_zone, view.related("x", "y")))
        found.append((view.related(shown, "nothing"), shown.get("title", "none")))
        return "x"

    async with graph_of(tenant, workload) as graph:
        await contacts(graph, "A")
        found.clear()
        wishes = 'outlook.body-content-type="text", IdType="ImmutableId", outlook.timezone="UTC+1"'
        await read(graph, "/me/contacts", Prefer=wishes)
    assert found == [(True, True, "UTC+1", None), (None, "none")]


async def test_the_services_word_the_same_refusal_in_their_own_way(tenant: Tenant) -> None:
    words = {
        DIRECTORY: (403, "Authorization_RequestDenied"),
        EXCHANGE: (403, "ErrorAccessDenied"),
        PLAIN: (403, "Forbidden"),
    }
    for dialect, expected in words.items():
        async with graph_of(tenant, speaking(dialect, "contact"), scopes=("User.Read",)) as graph:
            assert code_of(await graph.get("/me/contacts")) == expected
    async with graph_of(tenant, speaking(EXCHANGE, "contact", "user")) as graph:
        assert code_of(await graph.get("/users/nobody/contacts")) == (404, "ErrorInvalidUser")
        assert code_of(await graph.get("/me/contacts/x")) == (400, "ErrorInvalidIdMalformed")
        assert code_of(await graph.get("/users/nobody")) == (404, "ErrorInvalidUser")
