"""Where drives are found, and who may enter them."""

from __future__ import annotations

import httpx
import pytest

from emulator import Tenant
from emulator.schema import schema
from emulator.store import Entity
from tests.emulator.drives.support import (
    BAD,
    DENIED,
    FILES,
    MISSING,
    ROOT,
    ada,
    as_person,
    item_names,
    ok,
    people,
    put,
    refused,
)
from tests.emulator.support import app_only, client_for, small_tenant


def team(tenant: Tenant, visibility: str = "Private", kind: str = "Unified") -> Entity:
    """A group that Ada owns and Bo is a member of."""
    values = {
        "displayName": "Team",
        "groupTypes": [kind],
        "mailNickname": "team",
        "mail": "team@x.example",
        "mailEnabled": True,
        "proxyAddresses": ["SMTP:team@x.example", "smtp:crew@x.example"],
        "visibility": visibility,
    }
    group = tenant.store.root("groups").add(tenant.store.entity(schema().kind("group"), values))
    ada_, bo, *_ = people(tenant)
    group.links_of("owners").add(ada_)
    group.links_of("members").add(bo)
    return group


async def test_one_drive_has_several_addresses() -> None:
    tenant = small_tenant()
    me = people(tenant)[0]
    async with ada(tenant) as client:
        drive = ok(await client.get("/me/drive"))
        assert drive["driveType"] == "business"
        assert drive["owner"]["user"]["displayName"] == "Ada Lind"
        for path in ("/drive", f"/drives/{drive['id']}", f"/users/{me.id}/drive"):
            assert ok(await client.get(path))["id"] == drive["id"]
        assert [one["id"] for one in ok(await client.get("/me/drives"))["value"]] == [drive["id"]]
        made = await put(client, "a.txt")
        for path in (
            f"/drives/{drive['id']}/root:/a.txt",
            f"/users/{me.id}/drive/items/{made['id']}",
            "/drive/root/children/" + made["id"],
        ):
            assert ok(await client.get(path))["id"] == made["id"]
        below = ok(await client.get("/me/drive/items/root:/a.txt:?$select=id"))
        assert below["id"] == made["id"]


async def test_a_drive_that_nobody_opened_yet_is_found_by_its_id() -> None:
    tenant, other = small_tenant(), small_tenant()
    async with ada(other) as client:
        key = ok(await client.get("/me/drive"))["id"]
    async with ada(tenant) as client:
        assert ok(await client.get(f"/drives/{key}"))["owner"]["user"]["displayName"] == "Ada Lind"
        assert refused(await client.get("/drives/b!none")) == MISSING


async def test_a_drive_can_be_renamed_but_neither_deleted_nor_made() -> None:
    async with ada() as client:
        key = ok(await client.get("/me/drive"))["id"]
        response = await client.patch(f"/drives/{key}", json={"name": "Mine", "description": "x"})
        assert response.status_code in {200, 403}
        assert (await client.delete(f"/drives/{key}")).status_code == 403
        assert (await client.post("/drives", json={"name": "x"})).status_code in {403, 405}


async def test_a_guest_has_no_drive() -> None:
    tenant = small_tenant()
    guest = tenant.add_person("Gil Ost", user_type="Guest", has_mailbox=False)
    async with as_person(tenant, guest) as client:
        assert refused(await client.get("/me/drive")) == MISSING
        assert ok(await client.get("/me/drives"))["value"] == []


async def test_special_folders_are_made_when_they_are_asked_for() -> None:
    async with ada() as client:
        found = ok(await client.get("/me/drive/special/photos"))
        assert (found["name"], found["specialFolder"]) == ("Pictures", {"name": "photos"})
        assert ok(await client.get("/me/drive/special/cameraRoll"))["specialFolder"] == {"name": "cameraRoll"}
        response = await client.put("/me/drive/special/approot:/settings.json:/content", content=b"{}")
        assert ok(response, 201)["parentReference"]["path"].endswith("/root:/Apps/app")
        assert item_names(ok(await client.get("/me/drive/special/approot/children"))) == ["settings.json"]
        assert {one["name"] for one in ok(await client.get("/me/drive/special"))["value"]} == {
            "Pictures",
            "Camera Roll",
            "app",
        }
        assert refused(await client.get("/me/drive/special/nothing")) == BAD


@pytest.mark.parametrize(
    ("index", "reads", "writes"),
    [
        pytest.param(0, 200, 201, id="owner"),
        pytest.param(1, 200, 201, id="member"),
        pytest.param(2, 403, 403, id="neither"),
    ],
)
async def test_a_private_groups_files_are_its_members(index: int, reads: int, writes: int) -> None:
    tenant = small_tenant()
    group = team(tenant)
    async with as_person(tenant, people(tenant)[index]) as client:
        assert (await client.get(f"/groups/{group.id}/drive/root/children")).status_code == reads
        put_ = await client.put(f"/groups/{group.id}/drive/root:/a.txt:/content", content=b"x")
        assert put_.status_code == writes


async def test_a_public_groups_files_are_everybodys_but_a_guests() -> None:
    tenant = small_tenant()
    group = team(tenant, "Public")
    guest = tenant.add_person("Gil Ost", user_type="Guest")
    async with as_person(tenant, people(tenant)[2]) as client:
        drive = ok(await client.get(f"/groups/{group.id}/drive"))
        assert drive["driveType"] == "documentLibrary"
        assert drive["owner"]["group"]["displayName"] == "Team"
        assert len(ok(await client.get(f"/groups/{group.id}/drives"))["value"]) == 1
    async with as_person(tenant, guest) as client:
        assert refused(await client.get(f"/groups/{group.id}/drive/root")) == DENIED
        assert refused(await client.get("/sites/root/drive/root")) == DENIED


async def test_a_security_group_has_no_drive() -> None:
    tenant = small_tenant()
    group = team(tenant, kind="Other")
    async with ada(tenant) as client:
        assert refused(await client.get(f"/groups/{group.id}/drive")) == MISSING


async def test_somebody_elses_drive_is_closed() -> None:
    tenant = small_tenant()
    me, other, *_ = people(tenant)
    async with as_person(tenant, other) as theirs:
        made = await put(theirs, "secret.txt")
        drive = ok(await theirs.get("/me/drive"))["id"]
    async with as_person(tenant, me) as client:
        for method, path in (
            ("GET", f"/users/{other.id}/drive"),
            ("GET", f"/drives/{drive}"),
            ("GET", f"/drives/{drive}/items/root/children"),
            ("GET", f"/drives/{drive}/items/{made['id']}"),
            ("GET", f"/drives/{drive}/items/{made['id']}/permissions"),
            ("GET", f"/drives/{drive}/items/{made['id']}/content"),
            ("DELETE", f"/drives/{drive}/items/{made['id']}"),
            ("GET", f"/drives/{drive}/items/root/search(q='secret')"),
        ):
            assert refused(await client.request(method, path)) == DENIED, path


async def test_an_app_with_the_permission_opens_every_drive() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        await put(client, "a.txt")
    async with client_for(tenant, app_only("Files.ReadWrite.All", "Sites.ReadWrite.All")) as client:
        place = f"/users/{people(tenant)[0].id}/drive"
        drive = ok(await client.get(place))
        assert item_names(ok(await client.get(f"/drives/{drive['id']}/items/root/children"))) == ["a.txt"]
        response = await client.put(f"/drives/{drive['id']}/root:/b.txt:/content", content=b"x")
        assert ok(response, 201)["createdBy"] == {"application": {"id": "app", "displayName": "app"}}
        assert ok(await client.get("/drive"))["driveType"] == "documentLibrary"


async def test_the_narrow_permission_is_for_ones_own_drive() -> None:
    tenant = small_tenant()
    group = team(tenant)
    async with as_person(tenant, people(tenant)[1], "Files.ReadWrite") as client:
        assert (await put(client, "a.txt"))["name"] == "a.txt"
        drive = await drive_id(tenant, group)
        assert refused(await client.get(f"/drives/{drive}/items/root/children")) == DENIED


async def drive_id(tenant: Tenant, group: Entity) -> str:
    client: httpx.AsyncClient
    async with ada(tenant) as client:
        found: str = ok(await client.get(f"/groups/{group.id}/drive"))["id"]
        return found


async def test_a_reader_cannot_write() -> None:
    tenant = small_tenant()
    async with as_person(tenant, people(tenant)[0], "Files.Read.All") as client:
        assert refused(await client.put(f"{ROOT}:/a.txt:/content", content=b"x")) == DENIED
        assert ok(await client.get(ROOT))["name"] == "root"


async def test_a_move_into_a_closed_drive_is_refused() -> None:
    tenant = small_tenant()
    async with as_person(tenant, people(tenant)[1], *FILES) as theirs:
        await put(theirs, "a.txt")
        drive = ok(await theirs.get("/me/drive"))["id"]
    async with ada(tenant) as client:
        made = await put(client, "b.txt")
        body = {"parentReference": {"driveId": drive, "id": "root"}}
        assert refused(await client.post(f"/me/drive/items/{made['id']}/copy", json=body)) == DENIED


async def test_the_root_site_and_its_library() -> None:
    async with ada() as client:
        site = ok(await client.get("/sites/root"))
        assert site["siteCollection"]["hostname"] == "lindenhall.sharepoint.example"
        for path in (site["id"], "lindenhall.sharepoint.example", "lindenhall.sharepoint.example:/"):
            assert ok(await client.get(f"/sites/{path}"))["id"] == site["id"]
        assert len(ok(await client.get("/sites/root/drives"))["value"]) == 1
        assert ok(await client.get("/sites/root/drive"))["name"] == "Documents"
        assert refused(await client.get("/sites/lindenhall.sharepoint.example:/sites/none"))[0] == 404
        assert refused(await client.get("/sites/none"))[0] == 404


async def test_sites_are_followed_and_followed_no_more() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        site = ok(await client.get("/sites/root"))
        place = f"/users/{people(tenant)[0].id}/followedSites"
        added = ok(await client.post(f"{place}/add", json={"value": [{"id": site["id"]}]}))
        assert [one["id"] for one in added["value"]] == [site["id"]]
        assert [one["id"] for one in ok(await client.get("/me/followedSites"))["value"]] == [site["id"]]
        assert (await client.post(f"{place}/remove", json={"value": [{"id": site["id"]}]})).status_code == 204
        assert ok(await client.get("/me/followedSites"))["value"] == []
        assert refused(await client.post(f"{place}/add", json={"value": [{"id": "none"}]})) == MISSING


@pytest.mark.parametrize(("words", "count"), [("linden", 1), ("*", 1), ("moon", 0)], ids=["a word", "all", "nothing"])
async def test_sites_are_found_by_their_names(words: str, count: int) -> None:
    async with ada() as client:
        assert len(ok(await client.get(f"/sites?search={words}"))["value"]) == count
