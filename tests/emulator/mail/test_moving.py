"""Moving, copying and deleting messages, and what delta tells of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from emulator import Tenant
from emulator.graph.mail.message import Message
from emulator.graph.mail.parts import Attachment
from emulator.tenant import Person
from tests.emulator.mail.scene import BO, OLGA, draft, inside, letter
from tests.emulator.support import NOW, client_for, delegated, error_of, ids

STAYS = {"Prefer": 'IdType="ImmutableId"'}


@pytest.fixture
def received(tenant: Tenant, ada: Person) -> Message:
    return tenant.add_message(ada, "Lamps", sender=OLGA, attachments=(Attachment("a.txt", "text/plain", b"a"),))


async def changes(client: httpx.AsyncClient, link: str, **headers: str) -> tuple[list[dict[str, Any]], str]:
    """All that a delta query tells, and where to ask next time."""
    found: list[dict[str, Any]] = []
    while True:
        response = await client.get(link, headers=headers)
        assert response.status_code == 200, response.text
        page = response.json()
        found += page["value"]
        if "@odata.deltaLink" in page:
            return found, page["@odata.deltaLink"]
        link = page["@odata.nextLink"]


async def test_a_message_moves_under_another_id(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, received: Message
) -> None:
    stays = (await graph.get(f"/me/messages/{received.id}", headers=STAYS)).json()["id"]
    response = await graph.post(f"/me/messages/{received.id}/move", json={"destinationId": "archive"})
    moved = response.json()
    assert (response.status_code, moved["parentFolderId"]) == (201, tenant.mailbox(ada).folder("archive").id)
    assert moved["id"] != received.id
    assert (await graph.get(f"/me/messages/{received.id}")).status_code == 404
    assert (await graph.get(f"/me/messages/{moved['id']}", headers=STAYS)).json()["id"] == stays
    files = (await graph.get(f"/me/mailFolders/archive/messages/{moved['id']}/attachments")).json()["value"]
    assert [one["name"] for one in files] == ["a.txt"]


async def test_a_copy_leaves_the_original_where_it_is(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, received: Message
) -> None:
    folder = tenant.mailbox(ada).add_folder("Here")
    response = await graph.post(f"/me/messages/{received.id}/copy", json={"DestinationId": folder.id})
    assert (response.status_code, response.json()["parentFolderId"]) == (201, folder.id)
    assert inside(tenant, ada, "inbox") == [received]
    assert len(inside(tenant, ada, folder.id)) == 1


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({}, 400, "ErrorInvalidIdEmpty", id="no place"),
        pytest.param({"destinationId": "nowhere"}, 400, "ErrorInvalidIdMalformed", id="odd place"),
        pytest.param({"destinationId": None}, 400, "ErrorInvalidIdEmpty", id="null"),
        pytest.param({"destinationId": 5}, 400, "RequestBodyRead", id="number"),
    ],
)
async def test_a_move_to_nowhere_is_refused(
    graph: httpx.AsyncClient, received: Message, body: dict[str, object], status: int, code: str
) -> None:
    for action in ("move", "copy"):
        assert error_of(await graph.post(f"/me/messages/{received.id}/{action}", json=body))[:2] == (status, code)


async def test_what_is_deleted_can_be_found_until_it_is_deleted_again(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, received: Message
) -> None:
    assert (await graph.delete(f"/me/messages/{received.id}")).status_code == 204
    assert (await graph.get(f"/me/messages/{received.id}")).status_code == 404
    (deleted,) = inside(tenant, ada, "deleteditems")
    assert (await graph.delete(f"/me/mailFolders/deleteditems/messages/{deleted.id}")).status_code == 204
    assert (await graph.get("/me/messages")).json()["value"] == []
    (kept,) = (await graph.get("/me/mailFolders/recoverableitemsdeletions/messages")).json()["value"]
    refused = await graph.delete(f"/me/mailFolders/recoverableitemsdeletions/messages/{kept['id']}")
    assert error_of(refused)[:2] == (403, "ErrorCannotDeleteObject")


async def test_what_is_deleted_for_good_is_gone_at_once(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, received: Message
) -> None:
    assert (await graph.post(f"/me/messages/{received.id}/permanentDelete")).status_code == 204
    assert inside(tenant, ada, "deleteditems") == []
    assert (await graph.get("/me/messages/$count")).text == "0"
    assert len(inside(tenant, ada, "recoverableitemspurges")) == 1


async def test_delta_tells_what_came_changed_and_left(
    graph: httpx.AsyncClient, tenant: Tenant, ada: Person, received: Message
) -> None:
    for number in range(14):
        tenant.add_message(ada, f"Note {number}", sent=NOW - timedelta(hours=number))
    first = await graph.get("/me/mailFolders/inbox/messages/delta?$select=subject")
    assert len(first.json()["value"]) == 10
    found, link = await changes(graph, "/me/mailFolders/inbox/messages/delta?$select=subject")
    assert len(found) == 15
    assert set(found[0]) == {"@odata.etag", "id", "subject"}
    assert (await changes(graph, link))[0] == []
    gone, changed, elsewhere = ids({"value": found})[:3]
    await graph.patch(f"/me/messages/{changed}", json={"isRead": True})
    await graph.post(f"/me/messages/{gone}/move", json={"destinationId": "archive"})
    other = (await graph.post(f"/me/messages/{elsewhere}/move", json={"destinationId": "archive"})).json()["id"]
    await graph.patch(f"/me/messages/{other}", json={"isRead": True})
    new = tenant.add_message(ada, "New")
    told, _ = await changes(graph, link)
    assert {one["id"] for one in told if "@removed" in one} == {gone, elsewhere}
    assert {one["id"] for one in told if "@removed" not in one} == {changed, new.id}
    assert {one["@removed"]["reason"] for one in told if "@removed" in one} == {"deleted"}


async def test_delta_pages_as_large_as_preferred(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    for number in range(25):
        tenant.add_message(ada, f"Note {number}")
    wish = {"Prefer": "odata.maxpagesize=20"}
    page = (await graph.get("/me/mailFolders/inbox/messages/delta", headers=wish)).json()
    assert len(page["value"]) == 20
    assert len((await graph.get(page["@odata.nextLink"], headers=wish)).json()["value"]) == 5


async def test_delta_names_immutable_ids_when_preferred(graph: httpx.AsyncClient, received: Message) -> None:
    found, link = await changes(graph, "/me/mailFolders/inbox/messages/delta", **STAYS)
    assert ids({"value": found}) == [received.immutable_id]
    await graph.delete(f"/me/messages/{received.id}")
    told, _ = await changes(graph, link, **STAYS)
    assert told[0]["id"] == received.immutable_id


async def test_a_spoiled_delta_link_means_starting_over(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/me/mailFolders/inbox/messages/delta?$deltatoken=abc")
    assert error_of(response)[:2] == (410, "SyncStateNotFound")
    assert response.headers["location"].endswith("/me/mailFolders/inbox/messages/delta")


async def test_changes_are_followed_folder_by_folder(graph: httpx.AsyncClient) -> None:
    assert error_of(await graph.get("/me/messages/delta"))[:2] == (400, "BadRequest")


async def test_folders_have_a_delta_with_their_counts(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    found, link = await changes(graph, "/me/mailFolders/delta")
    assert len(found) == 8
    made = (await graph.post("/me/mailFolders/inbox/childFolders", json={"displayName": "Deep"})).json()
    tenant.add_message(ada, "New")
    told, link = await changes(graph, link)
    by_name = {one["displayName"]: one for one in told}
    assert by_name["Inbox"]["unreadItemCount"] == 1
    assert by_name["Deep"]["id"] == made["id"]
    await graph.delete(f"/me/mailFolders/{made['id']}")
    told, _ = await changes(graph, link)
    assert {"@odata.type": "#microsoft.graph.mailFolder", "id": made["id"], "@removed": {"reason": "deleted"}} in told


async def test_reading_permission_writes_nothing(tenant: Tenant, ada: Person, received: Message) -> None:
    async with client_for(tenant, delegated(ada, "Mail.Read")) as client:
        for response in (
            await client.delete(f"/me/messages/{received.id}"),
            await client.patch(f"/me/messages/{received.id}", json={"isRead": True}),
            await client.post(f"/me/messages/{received.id}/move", json={"destinationId": "archive"}),
            await client.post("/me/messages", json=letter(BO)),
        ):
            assert error_of(response)[:2] == (403, "ErrorAccessDenied")


async def test_a_draft_is_deleted_like_any_message(graph: httpx.AsyncClient, tenant: Tenant, ada: Person) -> None:
    made = await draft(graph, letter(BO))
    assert (await graph.delete(f"/me/messages/{made['id']}")).status_code == 204
    assert len(inside(tenant, ada, "deleteditems")) == 1
