"""What is refused is refused whole: nothing of it happens, nothing crashes, nobody's things are taken over."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.entra import Caller
from emulator.faults import DirectoryBadRequest, IdTaken
from emulator.graph.engine.call import Answer, Call, digits
from emulator.graph.engine.target import Target
from emulator.graph.engine.tokens import page_start, sealed, unsealed
from emulator.graph.engine.workload import Workload
from emulator.graph.groups.state import add_group
from emulator.schema import schema
from emulator.store import Items
from tests.emulator.support import NOW, app_only, client_for, delegated, error_of, ids, names, small_tenant

SCOPES = (
    *("User.ReadWrite.All", "Directory.ReadWrite.All", "Group.ReadWrite.All", "Mail.ReadWrite", "Mail.Send"),
    *("MailboxSettings.ReadWrite", "Calendars.ReadWrite", "Contacts.ReadWrite", "Files.ReadWrite.All"),
    *("Directory.Read.All", "Calendars.Read.Shared", "User.DeleteRestore.All"),
)
NOBODY = "https://graph.microsoft.com/v1.0/users/00000000-0000-0000-0000-0000000000ff"
NEW = {
    "accountEnabled": True,
    "displayName": "Eve Hill",
    "mailNickname": "eve",
    "passwordProfile": {"password": "Abcd1234!x"},
}
TEAM = {"mailEnabled": True, "securityEnabled": False, "groupTypes": ["Unified"]}


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(tenant, delegated(tenant.demo_person, *SCOPES)) as client:
        yield client


def key(tenant: Tenant, name: str) -> str:
    return next(one.id for one in tenant.people.values() if one.display_name.startswith(name))


def raw(body: Any) -> dict[str, Any]:
    """A body with what only JSON's own escapes can hold, half a surrogate pair for one."""
    return {"content": json.dumps(body).encode(), "headers": {"Content-Type": "application/json"}}


async def made(graph: httpx.AsyncClient, path: str, **values: Any) -> dict[str, Any]:
    response = await graph.post(path, json=values)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


async def test_a_change_that_binds_nobody_changes_nothing(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    path = f"/users/{key(tenant, 'Bo')}"
    change = {"jobTitle": "Half", "accountEnabled": False, "manager@odata.bind": NOBODY}
    assert (await graph.patch(path, json=change)).status_code == 404
    body = (await graph.get(f"{path}?$select=jobTitle,accountEnabled&$expand=manager")).json()
    assert (body["jobTitle"], body["accountEnabled"]) == (None, True)
    assert body["manager"]["displayName"] == "Ada Lind"


async def test_an_account_that_binds_nobody_is_not_made(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    new = {**NEW, "userPrincipalName": f"eve@{tenant.domain}", "manager@odata.bind": NOBODY}
    assert (await graph.post("/users", json=new)).status_code == 404
    assert len(names(await graph.get("/users"))) == 4


async def test_an_application_that_binds_nobody_is_not_made(tenant: Tenant) -> None:
    async with client_for(tenant, app_only("Application.ReadWrite.All")) as client:
        body = {"displayName": "Half", "owners@odata.bind": [NOBODY]}
        assert (await client.post("/applications", json=body)).status_code == 404
        assert names(await client.get("/applications")) == []


async def test_a_group_that_cannot_have_its_name_gets_no_member(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    await made(graph, "/groups", displayName="A", mailNickname="taken", **TEAM)
    group = await made(graph, "/groups", displayName="B", mailNickname="free", **TEAM)
    other = f"https://graph.microsoft.com/v1.0/users/{key(tenant, 'Cy')}"
    change = {"mailNickname": "taken", "members@odata.bind": [other]}
    assert (await graph.patch(f"/groups/{group['id']}", json=change)).status_code == 400
    assert names(await graph.get(f"/groups/{group['id']}/members")) == ["Ada Lind"]


async def test_settings_stay_when_the_rest_of_the_change_is_refused(graph: httpx.AsyncClient) -> None:
    settings = {"mailboxSettings": {"dateFormat": "Half"}}
    assert (await graph.patch("/me", json={**settings, "userPrincipalName": "bad bad"})).status_code == 400
    assert (await graph.get("/me/mailboxSettings/dateFormat")).json()["value"] == "yyyy-MM-dd"
    wrong_zone = {"mailboxSettings": {"timeZone": "Nowhere"}, "jobTitle": "Half"}
    assert (await graph.patch("/me", json=wrong_zone)).status_code == 400
    assert (await graph.get("/me?$select=jobTitle")).json()["jobTitle"] == "Head"
    assert (await graph.patch("/me", json={**settings, "jobTitle": "Whole"})).status_code == 204
    assert (await graph.get("/me/mailboxSettings/dateFormat")).json()["value"] == "Half"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"automaticRepliesSetting": None}, id="replies"),
        pytest.param({"automaticRepliesSetting": {"status": None}}, id="status of replies"),
        pytest.param({"language": None}, id="language"),
        pytest.param({"workingHours": None}, id="hours"),
        pytest.param({"workingHours": {"timeZone": None}}, id="zone of hours"),
    ],
)
async def test_settings_of_several_parts_cannot_be_null(graph: httpx.AsyncClient, change: dict[str, Any]) -> None:
    before = (await graph.get("/me/mailboxSettings")).json()
    response = await graph.patch("/me/mailboxSettings", json=change)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "ErrorInvalidArgument")
    assert (await graph.patch("/me", json={"mailboxSettings": None})).status_code == 400
    assert (await graph.get("/me/mailboxSettings")).json() == before


async def test_a_single_setting_that_is_null_is_as_it_was(graph: httpx.AsyncClient) -> None:
    await graph.patch("/me/mailboxSettings", json={"dateFormat": "dd.MM.", "timeZone": "Tokyo Standard Time"})
    assert (await graph.patch("/me/mailboxSettings", json={"timeZone": None})).status_code == 200
    body = (await graph.get("/me/mailboxSettings")).json()
    assert (body["dateFormat"], body["timeZone"]) == ("dd.MM.", "UTC")


async def test_nobody_takes_the_place_of_an_object_by_its_id(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    cy = key(tenant, "Cy")
    new = await made(graph, "/users", **NEW, userPrincipalName=f"eve@{tenant.domain}", id=cy)
    assert new["id"] != cy
    assert (await graph.get(f"/users/{cy}")).json()["displayName"] == "Cy Falk"
    group = add_group(tenant, {"displayName": "A"}, "2026-01-01T00:00:00Z")
    other = {"displayName": "B", "mailEnabled": False, "securityEnabled": True, "mailNickname": "b"}
    assert (await made(graph, "/groups", **other, id=group.id))["id"] != group.id
    assert (await graph.get(f"/groups/{group.id}")).json()["displayName"] == "A"


def test_a_set_replaces_nothing_unless_it_is_told_to(tenant: Tenant) -> None:
    items = Items(tenant.store.changes)
    first, second = (tenant.store.entity(tenant.demo_person.kind, {"id": "x", "jobTitle": job}) for job in "ab")
    assert items.add(items.add(first)) is first
    with pytest.raises(IdTaken, match="'x' already exists"):
        items.add(second)
    assert items.get("x") is first
    assert items.get(items.put(second).id) is second


async def test_an_extension_of_a_message_is_not_made_twice(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    path = f"/me/messages/{tenant.add_message(tenant.demo_person, 'A').id}/extensions"
    note = {"@odata.type": "microsoft.graph.openTypeExtension", "extensionName": "org.x.note"}
    await made(graph, path, **note, kind="first")
    assert (await graph.post(path, json={**note, "kind": "second"})).status_code == 409
    (kept,) = (await graph.get(path)).json()["value"]
    assert kept["kind"] == "first"


async def test_things_come_to_the_bin_by_being_deleted_only(graph: httpx.AsyncClient) -> None:
    path = "/directory/deletedItems"
    body = {"@odata.type": "#microsoft.graph.user", "displayName": "Eve"}
    assert (await graph.put(f"{path}/00000000-0000-0000-0000-0000000000ff", json=body)).status_code == 405
    assert (await graph.post(path, json=body)).status_code == 405
    assert (await graph.get(f"{path}/microsoft.graph.user")).json()["value"] == []


async def test_members_that_have_no_licences_have_no_errors_with_them(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    outer, inner = (add_group(tenant, {"displayName": name}, "2026-01-01T00:00:00Z") for name in "AB")
    outer.links_of("members").add(inner)
    assert ids((await graph.get(f"/groups/{outer.id}/membersWithLicenseErrors")).json()) == []


async def test_managers_in_a_circle_are_told_once(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    ada, bo = key(tenant, "Ada"), key(tenant, "Bo")
    tenant.people[ada].links_of("manager").replace(tenant.people[bo])
    body = (await graph.get("/me?$expand=manager($levels=max;$select=id)&$select=id")).json()
    line = []
    while "manager" in body:
        body = body["manager"]
        line.append(body["id"])
    assert line == [bo, ada, bo]


async def test_the_directory_expands_one_level_and_twenty_members(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    group = add_group(tenant, {"displayName": "A"}, "2026-01-01T00:00:00Z")
    for number in range(30):
        group.links_of("members").add(tenant.add_person(f"P{number} Hill", has_mailbox=False))
    body = (await graph.get(f"/groups/{group.id}?$expand=members")).json()
    assert len(body["members"]) == 20
    assert len((await graph.get(f"/groups/{group.id}?$expand=members($top=3)")).json()["members"]) == 3
    for nested in ("members($expand=memberOf)", "members($levels=2)", "memberOf($levels=max)"):
        response = await graph.get(f"/groups?$expand={nested}")
        assert error_of(response)[:2] == (400, "Request_UnsupportedQuery"), nested
    many = tenant.demo_person
    for number in range(101):
        device = tenant.store.entity(schema().kind("device"), {"displayName": f"D{number}"})
        device.links_of("registeredUsers").add(many)
        tenant.store.root("devices").add(device)
    assert len((await graph.get("/me?$expand=registeredDevices")).json()["registeredDevices"]) == 100


@pytest.mark.parametrize(
    ("text", "number"),
    [
        pytest.param("12", 12, id="number"),
        pytest.param("\u00b2", None, id="superscript"),
        pytest.param("\u0663", None, id="Arabic digit"),
        pytest.param("-1", None, id="negative"),
        pytest.param("", None, id="nothing"),
        pytest.param("9" * 5000, 999_999_999_999, id="without end"),
    ],
)
async def test_only_digits_make_a_number(graph: httpx.AsyncClient, text: str, number: int | None) -> None:
    assert digits(text) == number
    prefer = [(b"prefer", f"odata.maxpagesize={text}".encode("latin-1", errors="replace"))]
    for path in ("/me/messages", "/users/delta", "/me/mailFolders/inbox/messages/delta"):
        assert (await graph.get(path, headers=prefer)).status_code == 200, path
    window = "startDateTime=2026-01-01T00:00:00Z&endDateTime=2026-02-01T00:00:00Z"
    assert (await graph.get(f"/me/calendarView/delta?{window}", headers=prefer)).status_code == 200


async def test_what_a_call_costs_is_no_reason_to_fail(graph: httpx.AsyncClient) -> None:
    body = {"displayName": "A", "mailEnabled": False, "securityEnabled": True, "mailNickname": "a"}
    for top in ("\u00b2", "9" * 5000):
        response = await graph.post(f"/groups?$top={top}", json=body)
        assert response.headers["x-ms-resource-unit"] == "1"


async def test_headers_hold_what_ids_hold(graph: httpx.AsyncClient) -> None:
    for wild in ("\u4e2d", "\ud800", "a\r\nb"):
        response = await graph.post("/me/contacts", **raw({"givenName": "A", "id": wild}))
        assert response.status_code == 201
        assert response.headers.get("location", "").isascii()
    response = await graph.post("/me/extensions", **raw({"extensionName": "\u4e2d", "id": "\u4e2d"}))
    assert response.headers["location"].endswith("('%E4%B8%AD')")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/groups/{group}/members/$ref", {"@odata.id": "https://[x"}, id="reference"),
        pytest.param("/me/assignLicense", {"addLicenses": [None], "removeLicenses": []}, id="licences"),
        pytest.param("/directoryObjects/getByIds", {"ids": ["x"], "types": 1}, id="types"),
        pytest.param("/directoryObjects/getByIds", {"ids": ["x"], "types": [None]}, id="type of null"),
        pytest.param("/directoryObjects/validateProperties", {"displayName": [[]]}, id="name"),
        pytest.param("/groups/{group}/validateProperties", {"displayName": [[]]}, id="name of a group"),
        pytest.param("/me/findMeetingTimes", {"attendees": [None]}, id="attendees"),
        pytest.param("/me/calendar/getSchedule", {"schedules": [None]}, id="schedules"),
        pytest.param("/me/events", {"subject": "x", "attendees": [None]}, id="attendees of an event"),
        pytest.param("/me/messages", {"toRecipients": [None]}, id="recipients"),
        pytest.param("/users", {**NEW, "identities": [None]}, id="identities"),
    ],
)
async def test_null_among_many_is_refused(
    graph: httpx.AsyncClient, tenant: Tenant, path: str, body: dict[str, Any]
) -> None:
    group = add_group(tenant, {"displayName": "A"}, "2026-01-01T00:00:00Z")
    response = await graph.post(path.format(group=group.id), json=body)
    assert response.status_code == 400, response.text


async def test_an_address_that_cannot_be_read_refers_to_nothing(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    group = add_group(tenant, {"displayName": "A"}, "2026-01-01T00:00:00Z")
    bound = {"members@odata.bind": ["https://[x"]}
    assert error_of(await graph.patch(f"/groups/{group.id}", json=bound))[:2] == (400, "Request_BadRequest")
    removed = await graph.delete(f"/groups/{group.id}/members/$ref?$id=https://[x")
    assert error_of(removed)[:2] == (400, "Request_BadRequest")


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://[x", id="open bracket"),
        pytest.param("https://a:99999999/", id="port"),
        pytest.param("https://a/\x01", id="control character"),
        pytest.param("https://\ud800/", id="half a pair"),
        pytest.param("https://a b/", id="space"),
        pytest.param("https://xn--/", id="no name"),
        pytest.param("https://\u00e9\u2100/", id="letters of no name"),
        pytest.param("http://localhost:0/", id="port zero"),
    ],
)
async def test_a_webhook_without_an_address_is_refused(graph: httpx.AsyncClient, url: str) -> None:
    body = {"changeType": "created", "notificationUrl": url, "resource": "me/messages",
            "expirationDateTime": "2026-03-11T16:00:00Z"}  # fmt: skip
    assert (await graph.post("/subscriptions", **raw(body))).status_code == 400


async def test_tokens_are_the_callers_own(tenant: Tenant) -> None:
    for number in range(3):
        tenant.add_message(tenant.demo_person, f"M{number}")
    bo = next(one for one in tenant.people.values() if one.display_name.startswith("Bo"))
    path = "/me/mailFolders/inbox/messages/delta"
    async with client_for(tenant, delegated(tenant.demo_person, *SCOPES)) as client:
        link = (await client.get(path)).json()["@odata.deltaLink"]
        assert (await client.get(link)).status_code == 200
    async with client_for(tenant, delegated(bo, *SCOPES)) as client:
        assert (await client.get(link)).status_code == 410


def _call(tenant: Tenant) -> Call:
    return Call(tenant, Caller("app", None, frozenset(), frozenset()), "GET", "https://h", "v1.0", "users/delta", (),
                {}, NOW)  # fmt: skip


def test_nobody_seals_for_a_tenant_by_knowing_its_id(tenant: Tenant) -> None:
    other = Tenant(tenant.id)
    assert other.secret != tenant.secret
    assert unsealed(_call(tenant), "delta", sealed(_call(other), "delta", {})) is None


@pytest.mark.parametrize(
    "start", [pytest.param("x", id="text"), pytest.param(-3, id="negative"), pytest.param(True, id="truth")]
)
def test_a_page_begins_at_a_number(tenant: Tenant, start: object) -> None:
    call = _call(tenant)
    with pytest.raises(DirectoryBadRequest):
        page_start(call, sealed(call, "[]", {"p": start}))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"query": [["a"]], "since": 0}, id="a name alone"),
        pytest.param({"query": 1, "since": 0}, id="no query"),
        pytest.param({"query": [], "since": "x"}, id="no number"),
        pytest.param({"query": [], "since": 0, "until": 1}, id="no cursor"),
    ],
)
async def test_a_delta_token_holds_a_round_or_is_refused(tenant: Tenant, content: dict[str, Any]) -> None:
    async with client_for(tenant, app_only("User.Read.All")) as client:
        token = sealed(_call(tenant), "delta", content)
        assert (await client.get(f"/users/delta?$deltatoken={token}")).status_code == 410


def _breaking() -> Workload:
    workload = Workload("breaking")

    def broken(_: Call, target: Target) -> Answer:
        raise ZeroDivisionError(target.plan.template)

    workload.type("user").posted("contacts")(broken)
    return workload


async def test_a_part_that_breaks_leaves_the_other_parts_alone(
    tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    parts = [
        {"id": "1", "method": "POST", "url": "/me/contacts", "headers": {"Content-Type": "application/json"},
         "body": {}},
        {"id": "2", "method": "GET", "url": "/me"},
    ]  # fmt: skip
    caller = delegated(tenant.demo_person, *SCOPES)
    async with client_for(tenant, caller, workloads=(_breaking(),)) as client:
        response = await client.post("/$batch", json={"requests": parts})
    answers = {part["id"]: part for part in response.json()["responses"]}
    assert (answers["1"]["status"], answers["2"]["status"]) == (500, 200)
    assert answers["1"]["body"]["error"]["code"] == "InternalServerError"
    assert "ZeroDivisionError" in caplog.text


async def test_a_text_part_may_hold_half_a_pair(graph: httpx.AsyncClient) -> None:
    part = {"id": "1", "method": "POST", "url": "/me/messages", "headers": {"Content-Type": "text/plain"},
            "body": f"{base64.b64encode(b'x').decode()}\ud800"}  # fmt: skip
    response = await graph.post("/$batch", **raw({"requests": [part]}))
    assert [one["status"] for one in response.json()["responses"]] == [400]
