"""Small files up and down: content, conditions, conversions, ranges."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from emulator import build_emulator
from emulator.graph.drives.documents import docx, text_of
from tests.emulator.drives.support import (
    BAD,
    DENIED,
    MISSING,
    ROOT,
    STALE,
    ada,
    as_person,
    folder,
    item_names,
    ok,
    people,
    personal,
    put,
    refused,
)
from tests.emulator.support import NOW, FakeEntra, app_only, client_for, delegated, small_tenant


async def location(client: httpx.AsyncClient, path: str) -> str:
    response = await client.get(path)
    assert response.status_code == 302, response.text
    assert response.content == b""
    return response.headers["location"]


async def test_a_file_put_to_a_path_makes_the_folders_on_the_way() -> None:
    async with ada() as client:
        response = await client.put(f"{ROOT}:/Reports/May/a b.txt:/content", content=b"words")
        made = ok(response, 201)
        assert made["name"] == "a b.txt"
        assert made["size"] == 5
        assert made["file"]["mimeType"] == "text/plain"
        assert made["parentReference"]["path"].endswith("/root:/Reports/May")
        assert response.headers["location"].endswith(made["id"])
        found = ok(await client.get(f"{ROOT}:/reports/may"))
        assert found["folder"] == {"childCount": 1}
        assert found["size"] == 5


async def test_a_file_put_again_is_a_new_version_of_the_same_item() -> None:
    async with ada() as client:
        first = await put(client, "a.txt", b"one")
        response = await client.put(f"/me/drive/items/{first['id']}/content", content=b"three")
        second = ok(response)
        assert second["id"] == first["id"]
        assert second["eTag"] != first["eTag"]
        assert second["cTag"] != first["cTag"]
        assert second["size"] == 5
        assert response.headers["etag"] == second["eTag"]


async def test_a_file_is_read_from_a_place_that_needs_no_token() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        await put(client, "a.txt", b"hello world")
        address = await location(client, f"{ROOT}:/a.txt:/content")
    async with client_for(tenant, app_only(), refusal="no token") as stranger:
        # The same app is asked, so the tenant's own address is good for whoever has it.
        response = await stranger.get(address)
    assert response.content == b"hello world"
    assert response.headers["content-type"] == "text/plain"
    assert response.headers["accept-ranges"] == "bytes"
    assert "a.txt" in response.headers["content-disposition"]


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        pytest.param("bytes=0-4", 206, b"hello", "bytes 0-4/11", id="a part"),
        pytest.param("bytes=6-", 206, b"world", "bytes 6-10/11", id="from somewhere on"),
        pytest.param("bytes=-3", 206, b"rld", "bytes 8-10/11", id="the end"),
        pytest.param("bytes=-99", 206, b"hello world", "bytes 0-10/11", id="more than all from the end"),
        pytest.param("bytes=3-99", 206, b"lo world", "bytes 3-10/11", id="past the end"),
        pytest.param(f"bytes=0-{'9' * 5000}", 206, b"hello world", "bytes 0-10/11", id="far past the end"),
        pytest.param(f"bytes=-{'9' * 5000}", 206, b"hello world", "bytes 0-10/11", id="far more than all from the end"),
        pytest.param(f"bytes={'9' * 5000}-", 416, None, "bytes */11", id="far behind the end"),
        pytest.param("bytes=-", 200, b"hello world", None, id="no range at all"),
        pytest.param("lines=1-2", 200, b"hello world", None, id="another unit"),
        pytest.param("bytes=0-1,3-4", 200, b"hello world", None, id="several ranges"),
        pytest.param("bytes=11-", 416, None, "bytes */11", id="behind the end"),
        pytest.param("bytes=5-2", 416, None, "bytes */11", id="backwards"),
        pytest.param("bytes=-0", 416, None, "bytes */11", id="nothing from the end"),
    ],
)
async def test_ranges_of_a_file(asked: str, status: int, content: bytes | None, told: str | None) -> None:
    async with ada() as client:
        address = (await put(client, "a.txt", b"hello world"))["@microsoft.graph.downloadUrl"]
        response = await client.get(address, headers={"Range": asked})
        assert response.status_code == status
        assert response.headers.get("content-range") == told
        if content is not None:
            assert response.content == content


async def test_a_range_of_a_file_that_changed_meanwhile_is_the_whole_file() -> None:
    async with ada() as client:
        address = (await put(client, "a.txt", b"hello"))["@microsoft.graph.downloadUrl"]
        tag = (await client.get(address)).headers["etag"]
        same = await client.get(address, headers={"Range": "bytes=0-1", "If-Range": tag})
        await put(client, "a.txt", b"other")
        changed = await client.get(address, headers={"Range": "bytes=0-1", "If-Range": tag})
        assert (same.status_code, same.content) == (206, b"he")
        assert (changed.status_code, changed.content) == (200, b"other")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda url: url.replace("tempauth=", "tempauth=1"), (401, "unauthenticated"), id="another moment"),
        pytest.param(lambda url: url.partition("?")[0], (401, "unauthenticated"), id="no seal"),
        pytest.param(lambda url: f"{url}&part=version:1.0", (401, "unauthenticated"), id="another form"),
        pytest.param(lambda url: url.replace("/01", "/02"), MISSING, id="another item"),
        pytest.param(lambda url: url.rpartition("/")[0], MISSING, id="no item"),
    ],
)
async def test_an_address_is_only_good_as_it_was_given_out(change: object, expected: tuple[int, str]) -> None:
    assert callable(change)
    async with ada() as client:
        address = (await put(client, "a.txt"))["@microsoft.graph.downloadUrl"]
        assert refused(await client.get(change(address))) == expected


async def test_an_address_expires_by_the_tenants_clock() -> None:
    tenant, moment = small_tenant(), [NOW.timestamp()]
    app = build_emulator(
        tenant, entra=FakeEntra(delegated(people(tenant)[0], "Files.ReadWrite.All")), clock=lambda: moment[0]
    )
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="https://graph.microsoft.com/v1.0") as client:
        address = (await put(client, "a.txt"))["@microsoft.graph.downloadUrl"]
        moment[0] += 3500
        assert (await client.get(address)).status_code == 200
        moment[0] += 200
        assert refused(await client.get(address)) == (401, "unauthenticated")


async def test_the_address_of_a_file_that_was_deleted_leads_nowhere() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        await client.delete(f"/me/drive/items/{made['id']}")
        assert refused(await client.get(made["@microsoft.graph.downloadUrl"])) == MISSING


async def test_a_document_can_be_had_as_pdf() -> None:
    async with ada() as client:
        await put(client, "a.docx", docx(["Dim the lights"]))
        response = await client.get(await location(client, f"{ROOT}:/a.docx:/content?format=pdf"))
        assert response.headers["content-type"] == "application/pdf"
        assert "Dim the lights" in text_of("a.pdf", response.content)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        pytest.param("a.zip", "pdf", id="a kind that does not"),
        pytest.param("a.docx", "epub", id="a format that is not known"),
    ],
)
async def test_what_cannot_be_converted_is_refused(name: str, wanted: str) -> None:
    async with ada() as client:
        await put(client, name)
        assert refused(await client.get(f"{ROOT}:/{name}:/content?format={wanted}")) == (406, "notSupported")


async def test_a_folder_has_no_content() -> None:
    async with ada() as client:
        made = await folder(client, "Reports")
        assert refused(await client.get(f"/me/drive/items/{made['id']}/content")) == BAD
        assert refused(await client.put(f"/me/drive/items/{made['id']}/content", content=b"x")) == (
            400,
            "invalidRequest",
        )


async def test_what_is_not_there_has_no_content() -> None:
    async with ada() as client:
        assert refused(await client.get(f"{ROOT}:/none.txt:/content")) == MISSING
        assert refused(await client.get(f"{ROOT}:/none.txt")) == MISSING
        assert refused(await client.get(f"{ROOT}:/none:/children")) == MISSING
        assert refused(await client.get("/me/drive/items/none")) == MISSING


async def test_content_alone_cannot_be_deleted() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        response = await client.delete(f"/me/drive/items/{made['id']}/content")
        assert response.status_code in {400, 403, 405}
        assert ok(await client.get(f"/me/drive/items/{made['id']}"))["size"] == 5


async def test_an_unchanged_file_need_not_be_sent_again() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        tags = {"If-None-Match": made["eTag"]}
        item = await client.get(f"/me/drive/items/{made['id']}", headers=tags)
        content = await client.get(f"/me/drive/items/{made['id']}/content", headers=tags)
        assert (item.status_code, item.content) == (304, b"")
        assert content.status_code == 304


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"If-Match": "{etag}"}, 200, id="as it is"),
        pytest.param({"If-Match": "{ctag}"}, 200, id="its content as it is"),
        pytest.param({"If-Match": "*"}, 200, id="whatever it is"),
        pytest.param({"If-Match": '"{00000000-0000-0000-0000-000000000000},1", {etag}'}, 200, id="one of several"),
        pytest.param({"If-Match": '"stale"'}, 412, id="as it was"),
        pytest.param({"If-None-Match": "*"}, 412, id="only if there is none"),
    ],
)
async def test_conditions_of_a_put(headers: dict[str, str], status: int) -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        sent = {
            name: value.replace("{etag}", made["eTag"]).replace("{ctag}", made["cTag"])
            for name, value in headers.items()
        }
        response = await client.put(f"{ROOT}:/a.txt:/content", content=b"new", headers=sent)
        assert response.status_code == status
        if status == 412:
            assert refused(response) == STALE


@pytest.mark.parametrize(
    ("wish", "status", "names"),
    [
        pytest.param("replace", 200, ["a.txt"], id="replace"),
        pytest.param("rename", 201, ["a 1.txt", "a.txt"], id="rename"),
        pytest.param("fail", 409, ["a.txt"], id="fail"),
    ],
)
async def test_what_becomes_of_a_taken_name(wish: str, status: int, names: list[str]) -> None:
    async with ada() as client:
        await put(client, "a.txt")
        address = f"{ROOT}:/a.txt:/content?@microsoft.graph.conflictBehavior={wish}"
        assert (await client.put(address, content=b"new")).status_code == status
        assert item_names(ok(await client.get(f"{ROOT}/children"))) == names


@pytest.mark.parametrize(
    "name",
    ["a%3Ab.txt", "a%2A.txt", "a%7Cb", "~$a.docx", "CON", "desktop.ini", "_vti_x", "dot.", "%20lead", "x" * 256],
)
async def test_names_that_are_reserved_are_refused(name: str) -> None:
    async with ada() as client:
        response = await client.put(f"{ROOT}:/{name}:/content", content=b"x")
        assert refused(response) == BAD


async def test_a_file_needs_a_name() -> None:
    async with ada() as client:
        response = await client.put(f"{ROOT}:/:/content", content=b"x")
        assert response.status_code == 400


async def test_a_file_cannot_hold_files() -> None:
    async with ada() as client:
        await put(client, "a.txt")
        assert refused(await client.put(f"{ROOT}:/a.txt/b.txt:/content", content=b"x")) == BAD


async def test_a_full_drive_takes_nothing_more() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        await put(client, "a.txt", b"12345")
        next(iter(tenant.store.root("drives"))).state["quota"] = 8
        assert refused(await client.put(f"{ROOT}:/b.txt:/content", content=b"1234")) == (507, "quotaLimitReached")
        quota = ok(await client.get("/me/drive"))["quota"]
        assert quota == {"deleted": 0, "remaining": 3, "state": "normal", "total": 8, "used": 5}


async def test_the_download_address_is_sent_unless_it_is_not_selected() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        chosen = ok(await client.get(f"/me/drive/items/{made['id']}?$select=id,name"))
        asked = ok(await client.get(f"/me/drive/items/{made['id']}?$select=id,@microsoft.graph.downloadUrl"))
        assert {name for name in chosen if not name.startswith("@odata")} == {"id", "name"}
        assert asked["@microsoft.graph.downloadUrl"].startswith("https://graph.microsoft.com/v1.0/driveDownloads/")


async def test_somebody_without_the_permission_cannot_read_a_file() -> None:
    tenant = small_tenant()
    async with as_person(tenant, people(tenant)[0], "User.Read") as client:
        assert refused(await client.get(f"{ROOT}:/a.txt:/content")) == DENIED


async def test_the_addresses_of_another_directory_lead_there() -> None:
    home = personal()
    caller = replace(delegated(people(home)[0], "Files.ReadWrite"), directory=home)
    async with client_for(small_tenant(), caller) as client:
        made = await put(client, "a.txt", b"private")
        assert (await client.get(made["@microsoft.graph.downloadUrl"])).content == b"private"
        session = ok(await client.post(f"{ROOT}:/b.txt:/createUploadSession", json={}))
        assert ok(await client.put(session["uploadUrl"], content=b"x"), 201)["name"] == "b.txt"
