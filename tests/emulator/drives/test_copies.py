"""Copies, and bundles of items."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.emulator.drives.support import (
    BAD,
    MISSING,
    ROOT,
    ada,
    as_person,
    item_names,
    ok,
    people,
    personal,
    put,
    refused,
)
from tests.emulator.support import small_tenant


async def copied(client: httpx.AsyncClient, item: str, body: dict[str, Any], query: str = "") -> dict[str, Any]:
    response = await client.post(f"/me/drive/items/{item}/copy{query}", json=body)
    assert response.status_code == 202, response.text
    monitor = response.headers["location"]
    begun = ok(await client.get(monitor), 202)
    assert begun["status"] == "inProgress"
    return ok(await client.get(monitor))


async def test_a_folder_is_copied_with_all_that_is_in_it() -> None:
    async with ada() as client:
        await put(client, "Reports/Old/a.txt", b"words")
        source = ok(await client.get(f"{ROOT}:/Reports"))
        done = await copied(client, source["id"], {"name": "Papers"})
        assert done["status"] == "completed"
        made = ok(await client.get(done["resourceLocation"]))
        assert (made["name"], made["id"], made["size"]) == ("Papers", done["resourceId"], 5)
        assert ok(await client.get(f"{ROOT}:/Papers/Old/a.txt"))["size"] == 5


async def test_a_folder_copied_into_itself_has_an_end() -> None:
    async with ada() as client:
        await put(client, "Reports/Old/a.txt")
        source, below = ok(await client.get(f"{ROOT}:/Reports")), ok(await client.get(f"{ROOT}:/Reports/Old"))
        await copied(client, source["id"], {"parentReference": {"id": below["id"]}})
        assert ok(await client.get(f"{ROOT}:/Reports/Old/Reports/Old/a.txt"))["size"] == 5
        assert refused(await client.get(f"{ROOT}:/Reports/Old/Reports/Old/Reports")) == MISSING


@pytest.mark.parametrize(
    ("wish", "status", "names"),
    [
        pytest.param("", "failed", ["a.txt", "b.txt"], id="fail"),
        pytest.param("rename", "completed", ["a.txt", "b 1.txt", "b.txt"], id="rename"),
        pytest.param("replace", "completed", ["a.txt", "b.txt"], id="replace"),
    ],
)
async def test_a_copy_whose_name_is_taken(wish: str, status: str, names: list[str]) -> None:
    async with ada() as client:
        made, _ = await put(client, "a.txt"), await put(client, "b.txt")
        done = await copied(client, made["id"], {"name": "b.txt"}, f"?@microsoft.graph.conflictBehavior={wish}")
        assert done["status"] == status
        assert ("error" in done) is (status == "failed")
        assert item_names(ok(await client.get(f"{ROOT}/children"))) == names


async def test_copies_that_cannot_begin() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        for body, expected in (
            ({"parentReference": {"id": "none"}}, MISSING),
            ({"parentReference": {}}, BAD),
            ({"parentReference": {"driveId": "none"}}, MISSING),
        ):
            assert refused(await client.post(f"/me/drive/items/{made['id']}/copy", json=body)) == expected
        assert refused(await client.post("/me/drive/items/root/copy", json={"name": "x"})) == MISSING
        assert refused(await client.get("/driveMonitors/x/y")) == MISSING


async def test_a_copy_into_a_full_drive_fails() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        made = await put(client, "a.txt", b"12345")
        next(iter(tenant.store.root("drives"))).state["quota"] = 6
        done = await copied(client, made["id"], {"name": "b.txt"})
        assert done["error"]["code"] == "quotaLimitReached"


async def test_bundles_gather_items_without_moving_them() -> None:
    tenant = personal()
    async with as_person(tenant, people(tenant)[0], "Files.ReadWrite") as client:
        one, two = await put(client, "a.png"), await put(client, "b.png")
        body = {"name": "Album", "bundle": {"album": {}}, "children": [{"id": one["id"]}]}
        made = ok(await client.post("/drive/bundles", json=body), 201)
        assert made["bundle"] == {"childCount": 1, "album": {}}
        place = f"/drive/bundles/{made['id']}"
        assert (await client.post(f"{place}/children", json={"id": two["id"]})).status_code == 204
        assert item_names(ok(await client.get(f"{place}/children"))) == ["a.png", "b.png"]
        assert (await client.delete(f"{place}/children/{one['id']}")).status_code == 204
        assert ok(await client.get(place))["bundle"]["childCount"] == 1
        assert ok(await client.get(f"/drive/items/{one['id']}"))["name"] == "a.png"
        assert ok(await client.patch(f"/drive/items/{made['id']}", json={"name": "Best"}))["name"] == "Best"
        assert item_names(ok(await client.get("/drive/bundles?filter=bundle/album ne null"))) == ["Best"]
        assert "Best" not in item_names(ok(await client.get("/drive/root/children")))
        assert (await client.delete(place)).status_code == 204
        assert ok(await client.get(f"/drive/items/{two['id']}"))["name"] == "b.png"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"name": "x"}, BAD, id="no facet"),
        pytest.param({"name": "x", "bundle": {}, "children": [{"id": "none"}]}, MISSING, id="an unknown item"),
        pytest.param({"bundle": {}}, BAD, id="no name"),
    ],
)
async def test_bundles_that_are_refused(body: dict[str, Any], expected: tuple[int, str]) -> None:
    tenant = personal()
    async with as_person(tenant, people(tenant)[0], "Files.ReadWrite") as client:
        assert refused(await client.post("/drive/bundles", json=body)) == expected


async def test_a_bundle_tells_how_large_its_files_are() -> None:
    tenant = personal()
    async with as_person(tenant, people(tenant)[0], "Files.ReadWrite") as client:
        one = await put(client, "a.png", b"12345")
        made = ok(await client.post("/drive/bundles", json={"name": "B", "bundle": {}, "children": [one]}), 201)
        assert (made["size"], made["bundle"]) == (5, {"childCount": 1})
