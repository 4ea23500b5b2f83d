"""Mail folders over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from emulator import Tenant
from tests.emulator.support import client_for, delegated, error_of, names, pages, small_tenant

SHAPE = {
    "id": str,
    "displayName": str,
    "parentFolderId": str,
    "childFolderCount": int,
    "unreadItemCount": int,
    "totalItemCount": int,
    "isHidden": bool,
}
TOP_LEVEL = [
    "Archive",
    "Conversation History",
    "Deleted Items",
    "Drafts",
    "Inbox",
    "Junk Email",
    "Outbox",
    "Sent Items",
]


@pytest.fixture
def tenant() -> Tenant:
    tenant = small_tenant()
    mailbox = tenant.mailbox(tenant.demo_person)
    later = mailbox.add_folder("Later", "inbox")
    mailbox.add_folder("Much later", later.id)
    mailbox.add_folder("Secret", is_hidden=True)
    tenant.add_message(tenant.demo_person, "New")
    tenant.add_message(tenant.demo_person, "Old", is_read=True)
    return tenant


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with client_for(tenant, delegated(tenant.demo_person)) as client:
        yield client


async def test_a_folder_has_the_documented_properties_and_live_counts(graph: httpx.AsyncClient) -> None:
    body = (await graph.get("/me/mailFolders/inbox")).json()
    assert body.pop("@odata.context").endswith("/mailFolders/$entity")
    assert set(body) == set(SHAPE)
    assert all(isinstance(body[name], kind) for name, kind in SHAPE.items())
    assert (body["childFolderCount"], body["unreadItemCount"], body["totalItemCount"]) == (1, 1, 2)


async def test_the_top_level_leaves_hidden_folders_out_unless_asked(graph: httpx.AsyncClient) -> None:
    assert names(await graph.get("/me/mailFolders")) == TOP_LEVEL
    shown = names(await graph.get("/me/mailFolders?includeHiddenFolders=true"))
    assert shown == sorted([*TOP_LEVEL, "Secret"])


async def test_child_folders_are_one_step_below(graph: httpx.AsyncClient) -> None:
    response = await graph.get("/me/mailFolders/inbox/childFolders")
    assert names(response) == ["Later"]
    later = response.json()["value"][0]["id"]
    assert names(await graph.get(f"/me/mailFolders/{later}/childFolders")) == ["Much later"]


async def test_the_root_is_the_parent_of_the_top_level(graph: httpx.AsyncClient) -> None:
    root = (await graph.get("/me/mailFolders/msgfolderroot")).json()
    assert root["displayName"] == "Top of Information Store"
    assert (await graph.get("/me/mailFolders/inbox")).json()["parentFolderId"] == root["id"]
    assert names(await graph.get(f"/me/mailFolders/{root['id']}/childFolders")) == TOP_LEVEL


async def test_folders_are_selected_filtered_sorted_counted_and_paged(graph: httpx.AsyncClient) -> None:
    body = (await graph.get("/me/mailFolders?$select=displayName&$top=1&$count=true")).json()
    assert body["@odata.count"] == 8
    assert set(body["value"][0]) == {"id", "displayName"}
    assert names(await graph.get("/me/mailFolders?$filter=unreadItemCount gt 0")) == ["Inbox"]
    assert names(await graph.get("/me/mailFolders?$orderby=displayName desc&$top=1")) == ["Sent Items"]
    assert [len(page["value"]) async for page in pages(graph, "/me/mailFolders?$top=3")] == [3, 3, 2]


async def test_ten_folders_make_a_page(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    for number in range(5):
        tenant.mailbox(tenant.demo_person).add_folder(f"Extra {number}")
    assert [len(page["value"]) async for page in pages(graph, "/me/mailFolders")] == [10, 3]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param("$select=wellKnownName", "RequestBroker--ParseUri", id="select"),
        pytest.param("$orderby=zip", "RequestBroker--ParseUri", id="orderby"),
        pytest.param("$filter=zip eq 1", "BadRequest", id="filter"),
        pytest.param("$search=a", "BadRequest", id="search"),
    ],
)
async def test_a_bad_folder_query_is_refused(graph: httpx.AsyncClient, query: str, code: str) -> None:
    assert error_of(await graph.get(f"/me/mailFolders?{query}"))[:2] == (400, code)
