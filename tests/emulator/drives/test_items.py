"""Files and folders: listed, made, renamed, moved, copied, deleted, brought back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.emulator.drives.support import (
    BAD,
    FILES,
    MISSING,
    ROOT,
    STALE,
    TAKEN,
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
from tests.emulator.support import pages, small_tenant


async def test_the_root_says_what_it_is() -> None:
    async with ada() as client:
        found = ok(await client.get(ROOT))
        assert found["root"] == {}
        assert found["folder"] == {"childCount": 0}
        assert found["parentReference"].keys() == {"driveType", "driveId"}
        assert "file" not in found
        assert None not in found.values()


async def test_a_file_shows_its_facets() -> None:
    async with ada() as client:
        found = await put(client, "a.txt")
        assert found["file"]["hashes"].keys() == {"quickXorHash", "sha1Hash", "sha256Hash"}
        assert found["createdBy"]["user"]["displayName"] == "Ada Lind"
        assert found["fileSystemInfo"]["createdDateTime"] == found["createdDateTime"]
        assert found["webUrl"].endswith("/Documents/a.txt")
        assert "folder" not in found
        assert "publication" not in found
        asked = ok(await client.get(f"{ROOT}:/a.txt?$select=publication,sharepointIds,webDavUrl"))
        assert asked["publication"] == {"level": "published", "versionId": "1.0"}
        assert asked["sharepointIds"]["listItemUniqueId"]


async def test_the_key_that_seals_addresses_of_files_is_not_shown() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        await put(client, "a.txt")
        shown = ok(await client.get(f"{ROOT}:/a.txt?$select=sharepointIds"))["sharepointIds"]
        again = ok(await client.get(f"{ROOT}?$select=sharepointIds"))["sharepointIds"]
        (of,) = tenant.store.root("drives")
        assert UUID(shown["listId"]).hex != of.state["key"].hex()
        assert UUID(shown["listId"]).version == 5
        assert shown["listId"] == again["listId"]


async def test_children_come_by_name_and_in_pages() -> None:
    async with ada() as client:
        for name in ("b.txt", "A.txt", "c.txt"):
            await put(client, name)
        assert item_names(ok(await client.get(f"{ROOT}/children"))) == ["A.txt", "b.txt", "c.txt"]
        seen = [item_names(page) async for page in pages(client, f"{ROOT}/children?$top=2")]
        assert seen == [["A.txt", "b.txt"], ["c.txt"]]
        ordered = ok(
            await client.get(f"{ROOT}/children?$orderby=name desc&$filter=startswith(name,'b') or name eq 'c.txt'")
        )
        assert item_names(ordered) == ["c.txt", "b.txt"]


async def test_options_need_no_dollar_sign_here() -> None:
    async with ada() as client:
        await put(client, "a.txt")
        found = ok(await client.get(f"{ROOT}/children?select=name&expand=versions($select=id)"))["value"][0]
        assert (found["name"], "size" in found) == ("a.txt", False)
        assert each(found["versions"], "id") == ["1.0"]


async def test_a_folder_can_be_expanded_with_what_is_in_it() -> None:
    async with ada() as client:
        await put(client, "Reports/a.txt")
        found = ok(await client.get(f"{ROOT}:/Reports?$expand=children,createdByUser"))
        assert each(found["children"], "name") == ["a.txt"]
        assert found["createdByUser"]["displayName"] == "Ada Lind"


@pytest.mark.parametrize(
    ("wish", "status", "name"),
    [
        pytest.param({}, 409, None, id="fail is usual"),
        pytest.param({"@microsoft.graph.conflictBehavior": "rename"}, 201, "Reports 1", id="rename"),
        pytest.param({"@microsoft.graph.conflictBehavior": "replace"}, 201, "Reports", id="replace keeps the folder"),
        pytest.param({"@microsoft.graph.conflictBehavior": "what"}, 409, None, id="an unknown wish"),
    ],
)
async def test_a_folder_whose_name_is_taken(wish: dict[str, str], status: int, name: str | None) -> None:
    async with ada() as client:
        await folder(client, "Reports")
        response = await client.post(
            f"{ROOT}/children", json={"name": "reports" if name is None else "Reports", "folder": {}, **wish}
        )
        assert response.status_code == status
        if name is None:
            assert refused(response) == TAKEN
        else:
            assert response.json()["name"] == name


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"folder": {}}, id="no name"),
        pytest.param({"name": "x"}, id="neither folder nor file"),
        pytest.param({"name": 5, "folder": {}}, id="a number as name"),
        pytest.param({"name": "a?b", "folder": {}}, id="a sign that is not allowed"),
        pytest.param({}, id="nothing"),
    ],
)
async def test_items_that_cannot_be_made(body: dict[str, Any]) -> None:
    async with ada() as client:
        assert refused(await client.post(f"{ROOT}/children", json=body)) == BAD
        assert item_names(ok(await client.get(f"{ROOT}/children"))) == []


async def test_an_empty_file_can_be_made_with_its_dates() -> None:
    async with ada() as client:
        body = {
            "name": "a.txt",
            "file": {},
            "description": "new",
            "fileSystemInfo": {"createdDateTime": "2020-01-01T00:00:00Z"},
        }
        made = ok(await client.post(f"{ROOT}/children", json=body), 201)
        assert (made["size"], made["description"]) == (0, "new")
        assert made["fileSystemInfo"]["createdDateTime"] == "2020-01-01T00:00:00Z"
        within = await client.post(f"/me/drive/items/{made['id']}/children", json={"name": "x", "folder": {}})
        assert refused(within) == BAD


async def test_an_item_is_renamed_and_its_children_move_with_it() -> None:
    async with ada() as client:
        inner = await put(client, "Reports/a.txt")
        found = ok(await client.get(f"{ROOT}:/Reports"))
        changed = ok(await client.patch(f"/me/drive/items/{found['id']}", json={"name": "Papers"}))
        assert (changed["name"], changed["id"]) == ("Papers", found["id"])
        assert ok(await client.get(f"{ROOT}:/Papers/a.txt"))["id"] == inner["id"]
        assert refused(await client.get(f"{ROOT}:/Reports")) == MISSING


async def test_an_item_is_moved_by_id_and_by_path() -> None:
    async with ada() as client:
        made, place = await put(client, "a.txt"), await folder(client, "Reports")
        moved = ok(
            await client.patch(
                f"/me/drive/items/{made['id']}", json={"parentReference": {"id": place["id"]}, "name": "b.txt"}
            )
        )
        assert (moved["parentReference"]["name"], moved["name"]) == ("Reports", "b.txt")
        back = ok(
            await client.patch(f"/me/drive/items/{made['id']}", json={"parentReference": {"path": "/drive/root:"}})
        )
        assert back["parentReference"]["path"].endswith("/root:")
        again = ok(await client.patch(f"/me/drive/items/{made['id']}", json={"parentReference": {"id": "root"}}))
        assert again["name"] == "b.txt"


@pytest.mark.parametrize(
    ("wish", "status", "expected"),
    [
        pytest.param({}, 409, ["a.txt", "b.txt"], id="fail"),
        pytest.param({"@microsoft.graph.conflictBehavior": "rename"}, 200, ["a.txt", "a 1.txt"], id="rename"),
        pytest.param({"@microsoft.graph.conflictBehavior": "replace"}, 200, ["a.txt"], id="replace"),
    ],
)
async def test_a_new_name_that_is_taken(wish: dict[str, str], status: int, expected: list[str]) -> None:
    async with ada() as client:
        await put(client, "a.txt")
        other = await put(client, "b.txt")
        response = await client.patch(f"/me/drive/items/{other['id']}", json={"name": "a.txt", **wish})
        assert response.status_code == status
        assert sorted(item_names(ok(await client.get(f"{ROOT}/children")))) == sorted(expected)


async def test_details_change_without_a_new_name() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        body = {"description": "the first", "fileSystemInfo": {"lastModifiedDateTime": "2020-01-01T00:00:00Z"}}
        changed = ok(await client.patch(f"/me/drive/items/{made['id']}", json=body))
        assert changed["description"] == "the first"
        assert changed["fileSystemInfo"]["lastModifiedDateTime"] == "2020-01-01T00:00:00Z"
        assert changed["eTag"] != made["eTag"]
        assert changed["cTag"] == made["cTag"]
        assert ok(await client.patch(f"/me/drive/items/{made['id']}", json={}))["eTag"] == changed["eTag"]


async def test_moves_that_make_no_sense_are_refused() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        inner = await put(client, "Reports/Old/a.txt")
        outer = ok(await client.get(f"{ROOT}:/Reports"))
        below = ok(await client.get(f"{ROOT}:/Reports/Old"))
        drive = ok(await client.get("/sites/root/drive"))
        for item, body in (
            (outer["id"], {"parentReference": {"id": below["id"]}}),
            (below["id"], {"parentReference": {"id": inner["id"]}}),
            ("root", {"name": "other"}),
            (inner["id"], {"parentReference": {"driveId": drive["id"], "id": "root"}}),
        ):
            response = await client.patch(f"/me/drive/items/{item}", json=body)
            assert refused(response) == BAD, body
        for wish in ({"id": "none"}, {"path": "/drive/root:/None"}, {"driveId": "none", "id": "root"}):
            response = await client.patch(f"/me/drive/items/{inner['id']}", json={"parentReference": wish})
            assert refused(response) == MISSING


async def test_a_change_made_for_an_older_state_is_refused() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        await client.patch(f"/me/drive/items/{made['id']}", json={"description": "x"})
        stale = {"If-Match": made["eTag"]}
        assert refused(await client.patch(f"/me/drive/items/{made['id']}", json={"name": "b"}, headers=stale)) == (
            412,
            "resourceModified",
        )
        assert refused(await client.delete(f"/me/drive/items/{made['id']}", headers=stale)) == STALE


async def test_a_deleted_folder_is_gone_with_what_was_in_it_and_counts_in_the_bin() -> None:
    async with ada() as client:
        inner = await put(client, "Reports/a.txt", b"12345")
        assert (await client.delete(f"{ROOT}:/Reports")).status_code == 204
        assert refused(await client.get(f"/me/drive/items/{inner['id']}")) == MISSING
        quota = ok(await client.get("/me/drive"))["quota"]
        assert (quota["used"], quota["deleted"]) == (0, 5)


async def test_the_root_cannot_be_deleted() -> None:
    async with ada() as client:
        assert refused(await client.delete(ROOT)) == BAD


async def test_a_personal_account_brings_a_deleted_item_back() -> None:
    async with as_person(personal(), people(personal())[0]) as client:
        inner = await put(client, "Reports/a.txt")
        outer = ok(await client.get(f"{ROOT}:/Reports"))
        await client.delete(f"/me/drive/items/{outer['id']}")
        back = ok(await client.post(f"/me/drive/items/{outer['id']}/restore", json={"name": "Papers"}))
        assert (back["name"], back["id"]) == ("Papers", outer["id"])
        assert ok(await client.get(f"{ROOT}:/Papers/a.txt"))["id"] == inner["id"]


async def test_a_restored_item_goes_to_the_root_when_its_folder_is_gone_or_to_a_folder_named() -> None:
    async with as_person(personal(), people(personal())[0]) as client:
        inner, place = await put(client, "Reports/a.txt"), await folder(client, "Other")
        outer = ok(await client.get(f"{ROOT}:/Reports"))
        await client.delete(f"/me/drive/items/{inner['id']}")
        await client.delete(f"/me/drive/items/{outer['id']}")
        back = ok(await client.post(f"/me/drive/items/{inner['id']}/restore", json={}))
        assert back["parentReference"]["path"].endswith("/root:")
        await client.delete(f"/me/drive/items/{inner['id']}")
        body = {"parentReference": {"id": place["id"]}}
        assert (
            ok(await client.post(f"/me/drive/items/{inner['id']}/restore", json=body))["parentReference"]["id"]
            == place["id"]
        )
        renamed = ok(await client.post(f"/me/drive/items/{inner['id']}/restore", json={"name": "still there.txt"}))
        assert renamed["name"] == "still there.txt"


async def test_a_restored_item_must_not_take_a_name() -> None:
    async with as_person(personal(), people(personal())[0]) as client:
        made = await put(client, "a.txt")
        await client.delete(f"/me/drive/items/{made['id']}")
        await put(client, "a.txt")
        assert refused(await client.post(f"/me/drive/items/{made['id']}/restore", json={})) == (
            409,
            "nameAlreadyExists",
        )


async def test_what_is_deleted_for_good_is_in_no_bin() -> None:
    async with ada() as client:
        made, other = await put(client, "a.txt"), await put(client, "b.txt")
        await client.delete(f"/me/drive/items/{made['id']}")
        for item in (made, other):
            assert (await client.post(f"/me/drive/items/{item['id']}/permanentDelete")).status_code == 204
        assert ok(await client.get("/me/drive"))["quota"]["deleted"] == 0


async def test_ids_of_a_personal_drive_begin_with_the_drives() -> None:
    tenant = personal()
    async with as_person(tenant, people(tenant)[0], "Files.ReadWrite") as client:
        drive, made = ok(await client.get("/me/drive")), await put(client, "a.txt")
        assert drive["driveType"] == "personal"
        assert made["id"].startswith(drive["id"].upper() + "!")
        assert ok(await client.get(f"/drives/{drive['id']}/items/{made['id']}"))["name"] == "a.txt"


async def test_an_edge_of_the_drive_takes_no_items() -> None:
    tenant = small_tenant()
    async with as_person(tenant, people(tenant)[0], "User.ReadWrite.All", *FILES) as client:
        made = await put(client, "a.txt")
        for place in ("items", "following", "special"):
            response = await client.post(f"/me/drive/{place}", json={"name": "x", "folder": {}})
            assert response.status_code in {400, 403}, place
        assert refused(await client.post(f"/me/drive/items/{made['id']}/versions", json={})) == BAD
        assert item_names(ok(await client.get(f"{ROOT}/children"))) == ["a.txt"]


async def test_a_file_can_be_read_and_written_by_value_too() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        place = f"/me/drive/items/{made['id']}/$value"
        assert (await client.get(place)).status_code == 302
        assert ok(await client.put(place, content=b"longer"))["size"] == 6
        assert refused(await client.delete(place)) == BAD


async def test_an_item_without_a_body_is_refused() -> None:
    async with ada() as client:
        assert refused(await client.post(f"{ROOT}/children")) == BAD


async def test_the_state_of_a_drive_follows_what_is_left() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        await put(client, "a.txt", b"x" * 95)
        drive = next(iter(tenant.store.root("drives")))
        for total, told in ((95, "exceeded"), (100, "nearing"), (10_000, "normal")):
            drive.state["quota"] = total
            assert ok(await client.get("/me/drive"))["quota"]["state"] == told
        drive.state["quota"] = 9_600
        await put(client, "b.txt", b"x" * 9_450)
        assert ok(await client.get("/me/drive"))["quota"]["state"] == "critical"
