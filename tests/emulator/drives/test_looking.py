"""Search, delta queries, recent files, followed files, insights."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emulator import build_emulator
from emulator.graph.drives.documents import docx
from tests.emulator.drives.support import (
    ROOT,
    ada,
    as_person,
    each,
    folder,
    item_names,
    ok,
    people,
    personal,
    put,
    refused,
)
from tests.emulator.support import NOW, FakeEntra, delegated, small_tenant


@pytest.mark.parametrize(
    ("words", "found"),
    [
        pytest.param("budget", ["Budget.txt", "Plan.docx"], id="a word in a name first, then in a text"),
        pytest.param("BUDGET may", ["Plan.docx"], id="all words"),
        pytest.param("it''s", ["Budget.txt"], id="a quote"),
        pytest.param("nothing", [], id="what is nowhere"),
        pytest.param("pla", ["Plan.docx", "Plans"], id="the beginning of a word"),
    ],
)
async def test_words_are_found_in_names_and_in_texts(words: str, found: list[str]) -> None:
    async with ada() as client:
        await put(client, "Budget.txt", b"it's little")
        await put(client, "Plans/Plan.docx", docx(["The budget of May"]))
        assert sorted(item_names(ok(await client.get(f"{ROOT}/search(q='{words}')")))) == sorted(found)
        assert sorted(item_names(ok(await client.get(f"/me/drive/search(q='{words}')")))) == sorted(found)


async def test_a_search_in_a_folder_stays_there_and_comes_in_pages() -> None:
    async with ada() as client:
        for name in ("a.txt", "Plans/b.txt", "Plans/c.txt"):
            await put(client, name, b"light")
        page = ok(await client.get(f"{ROOT}:/Plans:/search(q='light')?$top=1&$select=name"))
        rest = ok(await client.get(page["@odata.nextLink"]))
        assert sorted(item_names(page) + item_names(rest)) == ["b.txt", "c.txt"]


async def test_a_name_counts_more_than_a_text() -> None:
    async with ada() as client:
        await put(client, "a.txt", b"light")
        await put(client, "light.txt", b"")
        assert item_names(ok(await client.get(f"{ROOT}/search(q='light')"))) == ["light.txt", "a.txt"]


async def walked(client: httpx.AsyncClient, link: str) -> tuple[list[dict[str, Any]], str]:
    found: list[dict[str, Any]] = []
    while True:
        page = ok(await client.get(link))
        found += page["value"]
        if "@odata.deltaLink" in page:
            return found, page["@odata.deltaLink"]
        link = page["@odata.nextLink"]


async def test_a_delta_query_tells_everything_and_then_what_changed() -> None:
    async with ada() as client:
        kept, gone = await put(client, "Reports/a.txt"), await put(client, "b.txt")
        items, link = await walked(client, f"{ROOT}/delta")
        assert {one["name"] for one in items} == {"root", "Reports", "a.txt", "b.txt"}
        assert all("path" not in one["parentReference"] for one in items)
        assert "token=" in link
        assert (await walked(client, link))[0] == []
        await client.patch(f"/me/drive/items/{kept['id']}", json={"name": "c.txt"})
        await client.delete(f"/me/drive/items/{gone['id']}")
        items, link = await walked(client, link)
        changes = {one["id"]: one for one in items}
        assert changes[kept["id"]]["name"] == "c.txt"
        assert changes[gone["id"]]["deleted"] == {"state": "deleted"}
        assert "@removed" not in changes[gone["id"]]
        assert (await walked(client, link))[0] == []


async def test_the_root_comes_before_what_is_in_it() -> None:
    async with ada() as client:
        await put(client, "Reports/a.txt")
        items, _ = await walked(client, f"{ROOT}/delta")
        assert [one["name"] for one in items] == ["root", "Reports", "a.txt"]


@pytest.mark.parametrize("form", ["delta?token=latest", "delta(token='latest')"])
async def test_a_delta_query_may_begin_now(form: str) -> None:
    async with ada() as client:
        await put(client, "a.txt")
        items, link = await walked(client, f"{ROOT}/{form}")
        assert items == []
        made = await put(client, "b.txt")
        assert made["id"] in each((await walked(client, link))[0], "id")


async def test_a_delta_query_of_a_folder_tells_of_what_is_below_it() -> None:
    async with ada() as client:
        made = await put(client, "Reports/a.txt")
        await put(client, "b.txt")
        items, link = await walked(client, f"{ROOT}:/Reports:/delta?$select=name,parentReference")
        assert {one["name"] for one in items} == {"Reports", "a.txt"}
        await client.patch(f"/me/drive/items/{made['id']}", json={"parentReference": {"id": "root"}})
        items, _ = await walked(client, link)
        assert {one["id"]: one for one in items}[made["id"]]["deleted"] == {"state": "deleted"}


async def told(client: httpx.AsyncClient, link: str) -> dict[str, bool]:
    """Whether each thing that a link tells of is still there, by id."""
    items, _ = await walked(client, link)
    return {one["id"]: "deleted" not in one for one in items}


async def test_a_delta_query_of_a_folder_tells_nothing_of_its_neighbours() -> None:
    async with ada() as client:
        live = await put(client, "Plans/a.txt")
        await folder(client, "Reports")
        _, link = await walked(client, f"{ROOT}:/Reports:/delta")
        await client.patch(f"/me/drive/items/{live['id']}", json={"name": "b.txt"})
        assert await told(client, link) == {}


async def test_what_only_passed_through_a_folder_has_not_left_it() -> None:
    async with ada() as client:
        reports, plans = await folder(client, "Reports"), await folder(client, "Plans")
        old = await put(client, "Plans/old.txt")
        _, link = await walked(client, f"{ROOT}:/Reports:/delta")
        new = await put(client, "Reports/new.txt")
        for key, place in ((old["id"], reports), (old["id"], plans), (new["id"], plans)):
            await client.patch(f"/me/drive/items/{key}", json={"parentReference": {"id": place["id"]}})
        assert await told(client, link) == {reports["id"]: True}


async def test_what_left_a_folder_and_was_then_deleted_is_told_as_gone() -> None:
    async with ada() as client:
        made, reports = await put(client, "Reports/a.txt"), await client.get(f"{ROOT}:/Reports")
        _, link = await walked(client, f"{ROOT}:/Reports:/delta")
        await client.patch(f"/me/drive/items/{made['id']}", json={"parentReference": {"id": "root"}})
        await client.delete(f"/me/drive/items/{made['id']}")
        assert await told(client, link) == {ok(reports)["id"]: True, made["id"]: False}


async def test_what_changes_in_a_folder_that_left_has_left_too() -> None:
    async with ada() as client:
        inner = await put(client, "Reports/May/a.txt")
        may = ok(await client.get(f"{ROOT}:/Reports/May"))
        _, link = await walked(client, f"{ROOT}:/Reports:/delta")
        await client.patch(f"/me/drive/items/{may['id']}", json={"parentReference": {"id": "root"}})
        await client.patch(f"/me/drive/items/{inner['id']}", json={"name": "b.txt"})
        found = await told(client, link)
        assert (found[may["id"]], found[inner["id"]]) == (False, False)


async def test_an_item_restored_elsewhere_has_left_its_folder_once() -> None:
    async with ada(personal()) as client:
        made = await put(client, "Reports/a.txt")
        await folder(client, "Plans")
        _, early = await walked(client, f"{ROOT}:/Reports:/delta")
        await client.delete(f"/me/drive/items/{made['id']}")
        items, late = await walked(client, early)
        assert {one["id"]: one for one in items}[made["id"]]["deleted"] == {"state": "deleted"}
        plans = ok(await client.get(f"{ROOT}:/Plans"))
        _, passing = await walked(client, f"{ROOT}:/Plans:/delta")
        await client.post(f"/me/drive/items/{made['id']}/restore", json={"parentReference": {"id": plans["id"]}})
        assert (await told(client, early))[made["id"]] is False
        assert made["id"] not in await told(client, late)
        await client.patch(f"/me/drive/items/{made['id']}", json={"parentReference": {"id": "root"}})
        assert made["id"] not in await told(client, passing)


async def test_a_delta_link_is_only_good_for_a_while() -> None:
    tenant, moment = small_tenant(), [NOW.timestamp()]
    caller = delegated(people(tenant)[0], "Files.ReadWrite.All")
    app = build_emulator(tenant, entra=FakeEntra(caller), clock=lambda: moment[0])
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://graph.microsoft.com/v1.0") as client:
        _, link = await walked(client, f"{ROOT}/delta")
        moment[0] += 91 * 86_400
        response = await client.get(link)
        assert refused(response) == (410, "resyncChangesApplyDifferences")
        assert response.headers["location"].endswith("/me/drive/root/delta")
        assert (await client.get(f"{ROOT}/delta?token=nonsense")).status_code == 410


async def test_recent_files_are_those_that_one_made_changed_or_opened() -> None:
    tenant = small_tenant()
    bo = people(tenant)[1]
    async with as_person(tenant, bo) as theirs, ada(tenant) as client:
        made = await put(client, "a.txt")
        body = {"recipients": [{"email": bo.user_principal_name}], "roles": ["read"]}
        await client.post(f"/me/drive/items/{made['id']}/invite", json=body)
        assert ok(await theirs.get("/me/drive/recent"))["value"] == []
        await theirs.get(f"/drives/{made['parentReference']['driveId']}/items/{made['id']}/content")
        await put(theirs, "own.txt")
        found = ok(await theirs.get("/me/drive/recent"))["value"]
        assert {one["name"]: "remoteItem" in one for one in found} == {"a.txt": True, "own.txt": False}


async def test_followed_files_are_kept_in_a_list() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        assert ok(await client.post(f"/me/drive/items/{made['id']}/follow"))["name"] == "a.txt"
        assert item_names(ok(await client.get("/me/drive/following"))) == ["a.txt"]
        assert (await client.post(f"/me/drive/items/{made['id']}/unfollow")).status_code == 204
        assert item_names(ok(await client.get("/me/drive/following"))) == []
        await client.post(f"/me/drive/items/{made['id']}/follow")
        await client.delete(f"/me/drive/items/{made['id']}")
        assert item_names(ok(await client.get("/me/drive/following"))) == []


async def test_insights_are_computed_from_what_people_did() -> None:
    tenant = small_tenant()
    bo = people(tenant)[1]
    async with as_person(tenant, bo) as theirs, ada(tenant) as client:
        made = await put(client, "Plan.docx", docx(["x"]))
        body = {"recipients": [{"email": bo.user_principal_name}], "roles": ["read"]}
        await client.post(f"/me/drive/items/{made['id']}/invite", json=body)
        (used,) = ok(await client.get("/me/insights/used?$orderby=LastUsed/LastAccessedDateTime desc"))["value"]
        assert used["resourceVisualization"]["title"] == "Plan"
        assert used["resourceVisualization"]["type"] == "Word"
        assert used["lastUsed"]["lastModifiedDateTime"] == made["lastModifiedDateTime"]
        (shared,) = ok(await theirs.get("/me/insights/shared"))["value"]
        assert shared["lastShared"]["sharedBy"]["displayName"] == "Ada Lind"
        (trend,) = ok(await theirs.get("/me/insights/trending"))["value"]
        assert trend["weight"] > 0
        assert ok(await theirs.get("/me/insights/used"))["value"] == []
        assert (await client.post("/me/insights/used", json={})).status_code in {403, 405}
