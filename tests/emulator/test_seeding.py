"""Seeding by path: whatever a path names is there afterwards, made as its workload makes it."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette

from emulator import Tenant, build_emulator
from emulator.faults import ItemNotFound, UnknownSegment
from emulator.graph.engine.bodies import BadBody, Values
from emulator.graph.engine.call import Call
from emulator.graph.engine.serving import Graph
from emulator.graph.engine.target import Target
from emulator.graph.engine.workload import Service, Workload
from emulator.odata.types import Collection, PropertyType, Structured
from emulator.schema import schema
from emulator.seeding import CannotSeed, Seeded, every_permission, seed, seed_along
from emulator.seeding_steps import rename
from emulator.store import Entity
from emulator.typical import concrete, derived_of, picture, typical
from tests.emulator.support import NOW, FakeEntra, app_only, client_for, delegated

ALL = tuple(every_permission())


@pytest.fixture
def tenant() -> Tenant:
    tenant = Tenant()
    tenant.add_person("Ada Lind")
    return tenant


@pytest.fixture
def graph(tenant: Tenant) -> Graph:
    app: Starlette = build_emulator(tenant, entra=FakeEntra(app_only()), clock=NOW.timestamp)
    found: Graph = app.state.graph
    return found


def along(graph: Graph, tenant: Tenant, path: str, values: dict[str, Any] | None = None, **more: Any) -> Seeded:
    return seed_along(graph, tenant, path, values, now=NOW, **more)


async def read(tenant: Tenant, path: str) -> Any:
    """What a caller who may do anything reads; the person of a path about the signed-in one."""
    caller = delegated(tenant.demo_person, *ALL) if path.startswith("me") else app_only(*ALL)
    async with client_for(tenant, caller) as client:
        response = await client.get(f"/{path}")
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("users/11111111-2222-3333-4444-555555555555", id="a person by id"),
        pytest.param("users/{id | userPrincipalName}", id="an id of any form"),
        pytest.param("users/kim@lindenhall.example", id="a person by name"),
        pytest.param("users('kim')", id="a key in parentheses"),
        pytest.param("groups/{id}", id="a group"),
        pytest.param("groups(uniqueName='bakers')", id="a group by another key"),
        pytest.param("groups/{id}/members/{id2}", id="a member"),
        pytest.param("groups/{id}/members/{id2}/microsoft.graph.user", id="a member, cast"),
        pytest.param("users/{id}/manager", id="a manager"),
        pytest.param("me/contacts/{id}", id="a contact"),
        pytest.param("me/contactFolders/{id}/contacts/{id2}", id="a contact in a folder that is not there"),
        pytest.param(
            "me/mailFolders/{id}/messages/{id2}/attachments/{id3}", id="an attachment of a message in a folder"
        ),
        pytest.param("me/mailFolders/inbox", id="a folder that is there"),
        pytest.param("me/events/{id}", id="an event"),
        pytest.param("users/{id}/calendar/events/{id2}", id="an event of somebody else"),
        pytest.param("me/drive/items/{id}", id="a file"),
        pytest.param("me/drive/root:/Plans/May.txt:", id="a file by its path"),
        pytest.param("me/drive/items/{id}:/May.txt:", id="a file by its path in a folder that is not there"),
        pytest.param("places/{id}/microsoft.graph.roomList", id="a place, cast"),
        pytest.param("me/authentication/passwordMethods/{id}", id="a password, of which there is one already"),
        pytest.param("drives/{id}", id="a drive, which nobody makes"),
        pytest.param("me/photo", id="a photo"),
        pytest.param("me/photos/48x48", id="a photo in a size"),
        pytest.param("directoryObjects/{id}", id="an object of the directory"),
        pytest.param("me/appRoleAssignments/{id}", id="a role, which refers to others"),
        pytest.param("oauth2PermissionGrants/{id}", id="a grant"),
        pytest.param("servicePrincipals/{id}/appRoleAssignedTo/{id2}", id="a role seen from its resource"),
        pytest.param("servicePrincipals/{id}", id="a service principal, which has an application"),
        pytest.param("users/{id}/scopedRoleMemberOf/{id2}", id="a scoped role of a person"),
        pytest.param("directory/administrativeUnits/{id}/scopedRoleMembers/{id2}", id="a scoped role in a unit"),
        pytest.param("me/calendar/calendarPermissions/{id}", id="a permission, which names somebody"),
        pytest.param("me/drive/items/{id}/children/{id2}", id="a file in a folder"),
        pytest.param("groups/{id}/events/{id2}", id="an event of a group that has a mailbox"),
        pytest.param("groups/{id}/threads/{id2}", id="a thread of a group that has a mailbox"),
        pytest.param("servicePrincipals/{id}/oauth2PermissionGrants/{id2}", id="a grant seen from the client"),
    ],
)
async def test_what_a_path_names_is_there_afterwards(tenant: Tenant, graph: Graph, path: str) -> None:
    made = along(graph, tenant, path)
    again = along(graph, tenant, made.path)
    assert again.entity.id == made.entity.id
    assert await read(tenant, made.path.rstrip(":"))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("users", "user", id="people"),
        pytest.param("me/messages", "message", id="messages"),
        pytest.param("me/memberOf", "group", id="groups that one is in"),
        pytest.param("me/transitiveMemberOf/microsoft.graph.group", "group", id="the same, cast"),
        pytest.param("groups/{id}/transitiveMembers/microsoft.graph.group", "group", id="groups in a group"),
        pytest.param("me/directReports", "user", id="reports"),
        pytest.param("places/{id}/microsoft.graph.roomList/rooms", "room", id="rooms on a list"),
        pytest.param("me/createdObjects/microsoft.graph.servicePrincipal", "servicePrincipal", id="what one made"),
        pytest.param("me/ownedDevices", "device", id="devices"),
        pytest.param("me/people", "user", id="people who matter"),
        pytest.param("me/calendarView", "event", id="a view of events"),
        pytest.param("me/licenseDetails", "subscribedSku", id="licences"),
        pytest.param("directory/deletedItems/microsoft.graph.user", "user", id="what was deleted"),
        pytest.param("directory/deletedItems/microsoft.graph.group", "group", id="what of another kind was deleted"),
    ],
)
async def test_a_path_to_a_collection_makes_one_more_member(tenant: Tenant, graph: Graph, path: str, kind: str) -> None:
    made = along(graph, tenant, path)
    assert made.entity.kind.name == f"microsoft.graph.{kind}"
    window = "?startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z" if "calendarView" in path else ""
    before = len((await read(tenant, made.path + window))["value"])
    times = {"start": at("2026-02-02T09:00:00"), "end": at("2026-02-02T10:00:00")} if window else {}
    along(graph, tenant, made.path, times)
    assert len((await read(tenant, made.path + window))["value"]) == before + 1


def at(text: str) -> dict[str, str]:
    return {"dateTime": text, "timeZone": "UTC"}


def test_licences_are_those_that_were_bought_until_there_are_none_left(tenant: Tenant, graph: Graph) -> None:
    along(graph, tenant, "me/licenseDetails")
    bought = len(tenant.store.root("subscribedSkus"))
    for _ in range(bought - 1):
        along(graph, tenant, "me/licenseDetails")
    with pytest.raises(CannotSeed):
        along(graph, tenant, "me/licenseDetails")
    assert len({one["skuId"] for one in tenant.demo_person["assignedLicenses"]}) == bought


async def test_values_are_given_to_what_is_made_and_to_what_is_there(tenant: Tenant, graph: Graph) -> None:
    along(graph, tenant, "users/kim", {"city": "Kiel", "displayName": "Kim Holt"})
    along(graph, tenant, "users/kim", {"city": "Bonn"})
    found = await read(tenant, "users/kim?$select=city,displayName")
    assert (found["city"], found["displayName"]) == ("Bonn", "Kim Holt")


def test_what_a_workload_leaves_out_is_there_all_the_same(tenant: Tenant, graph: Graph) -> None:
    licences = [{"skuId": "00000000-0000-0000-0000-000000000001", "disabledPlans": []}]
    made = along(graph, tenant, "groups", {"assignedLicenses": licences})
    assert made.entity["assignedLicenses"] == licences


def test_values_that_do_not_fit_the_type_are_refused(tenant: Tenant, graph: Graph) -> None:
    with pytest.raises(BadBody, match="accountEnabled"):
        along(graph, tenant, "users/kim", {"accountEnabled": "perhaps"})


def test_the_kind_is_chosen_where_a_place_takes_several(tenant: Tenant, graph: Graph) -> None:
    assert along(graph, tenant, "groups/{id}/members", kind="device").entity.kind.name == "microsoft.graph.device"
    assert along(graph, tenant, "groups/{id}/members").entity.kind.name == "microsoft.graph.user"
    assert along(graph, tenant, "groups/{id}/members", kind="event").entity.kind.name == "microsoft.graph.user"


def test_what_is_referred_to_is_made_once(tenant: Tenant, graph: Graph) -> None:
    first = along(graph, tenant, "groups/a/members/x").entity
    second = along(graph, tenant, "groups/b/members/x").entity
    assert first is second


@pytest.mark.parametrize(
    ("path", "moved"),
    [
        pytest.param("me/outlook/masterCategories/red", "me/outlook/masterCategories/own-1", id="a key of its own"),
        pytest.param("me/outlook/masterCategories('red')", "me/outlook/masterCategories('own-1')", id="in parentheses"),
        pytest.param("groups('a')/members", "groups('a')/members", id="a key that is taken"),
    ],
)
def test_a_service_that_takes_no_ids_but_its_own_says_under_which_it_is(tenant: Tenant, path: str, moved: str) -> None:
    workload = Workload("particular")
    category = workload.type("outlookCategory")

    @category.hook("find")
    def find(_: Call, target: Target, key: str) -> Entity | None:
        if not key.startswith("own-"):
            raise ItemNotFound
        return target.items.get(key)

    @category.hook("create")
    def create(call: Call, target: Target, values: Values) -> Entity:
        return target.items.add(call.tenant.store.entity(values.kind, {**values, "id": "own-1"}))

    made = along(Graph(Service((workload,))), tenant, path)
    assert made.path == moved


def nothing(_: Call) -> None:
    """A place that is empty whatever happens."""


@pytest.mark.parametrize(
    "path", [pytest.param("subscribedSkus", id="a list"), pytest.param("directory", id="a single thing")]
)
def test_a_place_that_holds_nothing_cannot_be_seeded(tenant: Tenant, path: str) -> None:
    workload = Workload("empty")
    workload.root(path)(nothing)
    with pytest.raises(CannotSeed):
        along(Graph(Service((workload,))), tenant, path)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("directory/deletedItems/microsoft.graph.device", id="deleted without a word of a workload"),
        pytest.param("applications/{id}/tokenLifetimePolicies", id="referred to, with no place of its own"),
        pytest.param("groups/{id}/calendarView", id="a view on what is not computed"),
    ],
)
def test_without_any_workload_the_types_alone_will_do(tenant: Tenant, path: str) -> None:
    made = along(Graph(Service(())), tenant, path)
    assert made.entity.id


def test_two_things_never_share_an_id(tenant: Tenant, graph: Graph) -> None:
    kim, bo = along(graph, tenant, "users/kim").entity, along(graph, tenant, "users/bo").entity
    assert not rename(bo, "kim")
    assert not rename(Entity(kim.kind, {}, kim.changes), "other")
    assert (kim.id, bo.id) == ("kim", "bo")


def test_filled_every_property_has_a_value_of_its_type(tenant: Tenant, graph: Graph) -> None:
    made = along(graph, tenant, "me/contacts", fill=True).entity
    assert made["homeAddress"]["city"] == "Typical city"
    assert made["emailAddresses"][0]["address"] == "someone@example.org"
    assert made["birthday"].endswith("T11:59:00Z")


def test_what_tells_the_nature_of_a_thing_is_not_filled(tenant: Tenant, graph: Graph) -> None:
    made = along(graph, tenant, "users", fill=True).entity
    assert made.values.get("deletedDateTime") is None
    assert made.values["aboutMe"] == "Typical aboutMe"


def test_seed_gives_the_thing_itself(tenant: Tenant, graph: Graph) -> None:
    found = seed(graph, tenant, "users/kim", now=NOW)
    assert isinstance(found, Entity)
    assert found is tenant.people["kim"]


def test_an_empty_tenant_gets_its_first_person(graph: Graph) -> None:
    tenant = Tenant()
    assert along(graph, tenant, "users/kim").entity is tenant.demo_person


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        pytest.param("nowhere", UnknownSegment, id="no such place"),
        pytest.param("me/nothing/x", UnknownSegment, id="no such relation"),
    ],
)
def test_a_path_that_graph_does_not_have_is_refused(
    tenant: Tenant, graph: Graph, path: str, fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        along(graph, tenant, path)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        pytest.param("Edm.Boolean", "isRead", False, id="boolean"),
        pytest.param("Edm.Int32", "size", 1, id="number"),
        pytest.param("Edm.Double", "score", 1.5, id="real"),
        pytest.param("Edm.DateTimeOffset", "startDateTime", "2026-02-02T09:00:00Z", id="moment"),
        pytest.param("Edm.DateTimeOffset", "endDateTime", "2026-02-02T10:00:00Z", id="a later moment"),
        pytest.param("Edm.DateTimeOffset", "expirationDateTime", "2046-02-02T09:00:00Z", id="a far moment"),
        pytest.param("Edm.String", "timeZone", "UTC", id="time zone"),
        pytest.param("Edm.String", "mail", "someone@example.org", id="address"),
        pytest.param("Edm.String", "webUrl", "https://example.org/typical", id="link"),
        pytest.param("Edm.String", "subject", "Typical subject", id="any text"),
        pytest.param("Edm.String", "", "Typical", id="a text without a name"),
        pytest.param(Collection("Edm.String"), "phones", ["+49 421 5550100"], id="a list"),
        pytest.param(schema().enum("microsoft.graph.bodyType"), "contentType", "text", id="a member"),
    ],
)
def test_a_typical_value_follows_from_type_and_name(kind: PropertyType, name: str, value: object) -> None:
    assert typical(kind, name) == value


def test_a_typical_guid_is_the_same_each_time() -> None:
    assert typical("Edm.Guid", "skuId") == typical("Edm.Guid", "skuId") != typical("Edm.Guid", "planId")


def test_a_typical_structure_is_filled_down_to_a_depth() -> None:
    flag = schema().kind("followupFlag")
    assert typical(flag, "flag")["startDateTime"] == {"dateTime": "2026-02-02T09:00:00.0000000", "timeZone": "UTC"}
    assert typical(flag, "flag", 1)["startDateTime"] == {}
    assert typical(Collection(flag), "flags", 0) == []


def test_what_ends_is_later_than_what_begins() -> None:
    time = schema().kind("dateTimeTimeZone")
    assert typical(time, "start")["dateTime"] < typical(time, "end")["dateTime"]
    assert typical(schema().kind("followupFlag"), "ending")["flagStatus"]


@pytest.mark.parametrize(
    ("general", "usual"),
    [
        pytest.param("directoryObject", "user", id="a directory object is a person"),
        pytest.param("attachment", "fileAttachment", id="an attachment is a file"),
        pytest.param("message", "message", id="what is not general is itself"),
    ],
)
def test_a_general_type_stands_for_its_most_usual_one(general: str, usual: str) -> None:
    assert concrete(schema().kind(general)).name == f"microsoft.graph.{usual}"


def test_an_abstract_type_that_nobody_chose_for_is_its_first_kind() -> None:
    some = next(kind for kind in map(schema().kind, schema().names) if _needs_choice(kind))
    assert not concrete(some).is_abstract
    assert concrete(some) in derived_of(some)
    assert typical(some)["@odata.type"] == f"#{concrete(some).name}"


def _needs_choice(kind: Structured) -> bool:
    return kind.is_abstract and concrete(kind) in derived_of(kind) and kind.name.endswith(("Base", "Settings", "Item"))


def test_an_abstract_type_without_kinds_is_itself() -> None:
    alone = Structured("x.alone", {}, is_abstract=True)
    assert concrete(alone) is alone


def test_a_picture_is_a_png() -> None:
    assert picture().startswith(b"\x89PNG\r\n\x1a\n")
