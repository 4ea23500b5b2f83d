"""Folders that callers make, rename, move, copy and take away; and folders that search."""

from __future__ import annotations

import httpx
import pytest

from emulator import Tenant
from emulator.tenant import Person
from tests.emulator.mail.scene import OLGA, inside
from tests.emulator.support import error_of, names, subjects


async def make(client: httpx.AsyncClient, name: str, parent: str = "", **more: object) -> str:
    path = f"/me/mailFolders/{parent}/childFolders" if parent else "/me/mailFolders"
    response = await client.post(path, json={"displayName": name, **more})
    assert response.status_code == 201, response.text
    key: str = response.json()["id"]
    return key


async def test_a_folder_is_made_renamed_and_found(graph: httpx.AsyncClient) -> None:
    response = await graph.post("/me/mailFolders", json={"displayName": "Clients"})
    made = response.json()
    assert (made["displayName"], made["totalItemCount"], made["isHidden"]) == ("Clients", 0, False)
    assert response.headers["location"].endswith(f"('{made['id']}')")
    below = await make(graph, "Museum", made["id"])
    assert (await graph.get(f"/me/mailFolders/{made['id']}")).json()["childFolderCount"] == 1
    renamed = await graph.patch(f"/me/mailFolders/{below}", json={"displayName": "Library"})
    assert (renamed.status_code, renamed.json()["displayName"]) == (200, "Library")
    assert names(await graph.get(f"/me/mailFolders/{made['id']}/childFolders")) == ["Library"]
    assert (await graph.get(f"/me/mailFolders/{made['id']}/childFolders/{below}")).json()["displayName"] == "Library"
    assert (await graph.get(f"/me/mailFolders/archive/childFolders/{below}")).status_code == 404


async def test_a_hidden_folder_shows_only_when_asked_for(graph: httpx.AsyncClient) -> None:
    await make(graph, "Machine", isHidden=True)
    assert "Machine" not in names(await graph.get("/me/mailFolders?$top=50"))
    assert "Machine" in names(await graph.get("/me/mailFolders?$top=50&includeHiddenFolders=true"))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param("", [], id="who never saw it"),
        pytest.param("&includeHiddenFolders=true", ["deleted"], id="who saw it"),
    ],
)
async def test_a_hidden_folder_that_goes_is_told_to(graph: httpx.AsyncClient, options: str, told: list[str]) -> None:
    key = await make(graph, "Machine", isHidden=True)
    link = f"/me/mailFolders/delta?$select=displayName{options}"
    body = (await graph.get(link, headers={"Prefer": "odata.maxpagesize=100"})).json()
    assert ("Machine" in [one["displayName"] for one in body["value"]]) is bool(told)
    await graph.delete(f"/me/mailFolders/{key}")
    after = (await graph.get(f"{body['@odata.deltaLink']}{options}")).json()
    assert [one["@removed"]["reason"] for one in after["value"] if one["id"] == key] == told


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"displayName": "inbox"}, 409, "ErrorFolderExists", id="taken"),
        pytest.param({"displayName": " "}, 400, "ErrorInvalidArgument", id="blank"),
        pytest.param({}, 400, "ErrorInvalidArgument", id="none"),
        pytest.param({"displayName": 7}, 400, "RequestBodyRead", id="number"),
    ],
)
async def test_a_folder_without_a_name_of_its_own_is_refused(
    graph: httpx.AsyncClient, body: dict[str, object], status: int, code: str
) -> None:
    assert error_of(await graph.post("/me/mailFolders", json=body))[:2] == (status, code)


async def test_a_folder_moves_and_is_copied_with_all_in_it(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person
) -> None:
    outer = await make(graph, "Outer")
    inner = await make(graph, "Inner", outer)
    tenant.add_message(ada, "Kept", folder=inner)
    moved = await graph.post(f"/me/mailFolders/{outer}/move", json={"destinationId": "archive"})
    assert (moved.status_code, moved.json()["parentFolderId"]) == (201, tenant.mailbox(ada).folder("archive").id)
    assert names(await graph.get("/me/mailFolders/archive/childFolders")) == ["Outer"]
    copied = (await graph.post(f"/me/mailFolders/{outer}/copy", json={"destinationId": "inbox"})).json()
    assert copied["id"] != outer
    (deep,) = (await graph.get(f"/me/mailFolders/{copied['id']}/childFolders")).json()["value"]
    assert subjects(await graph.get(f"/me/mailFolders/{deep['id']}/messages")) == ["Kept"]
    assert subjects(await graph.get(f"/me/mailFolders/{inner}/messages")) == ["Kept"]


async def test_the_folders_that_everyone_has_stay(graph: httpx.AsyncClient) -> None:
    assert error_of(await graph.delete("/me/mailFolders/inbox"))[1] == "ErrorDeleteDistinguishedFolder"
    assert error_of(await graph.post("/me/mailFolders/inbox/permanentDelete"))[1] == "ErrorDeleteDistinguishedFolder"
    moved = await graph.post("/me/mailFolders/inbox/move", json={"destinationId": "archive"})
    assert error_of(moved)[1] == "ErrorMoveDistinguishedFolder"


async def test_a_folder_cannot_lie_in_itself_or_beside_its_namesake(graph: httpx.AsyncClient) -> None:
    outer = await make(graph, "Outer")
    inner = await make(graph, "Inner", outer)
    await make(graph, "Inner")
    for goal, code in ((inner, "ErrorMoveCopyFailed"), (outer, "ErrorMoveCopyFailed"), ("", "ErrorInvalidIdEmpty")):
        for action in ("move", "copy"):
            refused = await graph.post(f"/me/mailFolders/{outer}/{action}", json={"destinationId": goal})
            assert error_of(refused)[1] == code
    for action in ("move", "copy"):
        clash = await graph.post(f"/me/mailFolders/{inner}/{action}", json={"destinationId": "msgfolderroot"})
        assert error_of(clash)[:2] == (409, "ErrorFolderExists")
    assert error_of(await graph.patch(f"/me/mailFolders/{outer}", json={"displayName": "Inbox"}))[0] == 409


async def test_a_folder_goes_and_its_mail_can_be_recovered(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person
) -> None:
    outer = await make(graph, "Outer")
    inner = await make(graph, "Inner", outer)
    tenant.add_message(ada, "Kept", folder=inner)
    assert (await graph.delete(f"/me/mailFolders/{outer}")).status_code == 204
    for key in (outer, inner):
        assert error_of(await graph.get(f"/me/mailFolders/{key}"))[:2] == (404, "ErrorItemNotFound")
    assert [message.subject for message in inside(tenant, ada, "recoverableitemsdeletions")] == ["Kept"]
    assert (await graph.get("/me/messages")).json()["value"] == []
    again = await make(graph, "Outer")
    tenant.add_message(ada, "Lost", folder=again)
    assert (await graph.post(f"/me/mailFolders/{again}/permanentDelete")).status_code == 204
    assert len(tenant.mailbox(ada).items) == 1


async def test_a_search_folder_shows_what_its_filter_finds(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person
) -> None:
    later = tenant.mailbox(ada).add_folder("Later", "inbox")
    for subject, folder in (
        ("Analytics 1", "inbox"),
        ("Lunch", "inbox"),
        ("Analytics 2", later.id),
        ("Analytics 3", "archive"),
    ):
        tenant.add_message(ada, subject, folder=folder, sender=OLGA)
    body = {
        "@odata.type": "microsoft.graph.mailSearchFolder",
        "displayName": "Analytics",
        "includeNestedFolders": False,
        "sourceFolderIds": ["inbox"],
        "filterQuery": "contains(subject, 'analytics')",
    }
    made = (await graph.post("/me/mailFolders/searchfolders/childFolders", json=body)).json()
    assert (made["@odata.type"], made["isSupported"], made["totalItemCount"]) == (
        "#microsoft.graph.mailSearchFolder",
        True,
        1,
    )
    path = f"/me/mailFolders/{made['id']}"
    assert subjects(await graph.get(f"{path}/messages")) == ["Analytics 1"]
    changed = await graph.patch(
        path, json={"@odata.type": "microsoft.graph.mailSearchFolder", "includeNestedFolders": True}
    )
    assert (changed.json()["totalItemCount"], changed.json()["unreadItemCount"]) == (2, 2)
    spoiled = await graph.patch(
        path, json={"@odata.type": "microsoft.graph.mailSearchFolder", "filterQuery": "contains("}
    )
    assert error_of(spoiled)[0] == 400
