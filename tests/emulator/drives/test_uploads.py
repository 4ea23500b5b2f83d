"""Large files in ranges."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from emulator import Tenant, build_emulator
from tests.emulator.drives.support import (
    BAD,
    MISSING,
    ROOT,
    STALE,
    STEP,
    TAKEN,
    ada,
    folder,
    item_names,
    ok,
    people,
    put,
    refused,
)
from tests.emulator.support import NOW, FakeEntra, delegated, small_tenant


async def session(client: httpx.AsyncClient, path: str = "big.bin", body: Any = None, **headers: str) -> str:
    response = await client.post(f"{ROOT}:/{path}:/createUploadSession", json=body or {}, headers=headers)
    found = ok(response)
    assert found["nextExpectedRanges"] == ["0-"]
    address: str = found["uploadUrl"]
    return address


async def send(client: httpx.AsyncClient, address: str, data: bytes, first: int, total: int) -> httpx.Response:
    place = f"bytes {first}-{first + len(data) - 1}/{total}"
    return await client.put(address, content=data, headers={"Content-Range": place})


async def test_a_file_arrives_range_by_range() -> None:
    async with ada() as client:
        address = await session(client)
        first = ok(await send(client, address, b"a" * STEP, 0, STEP + 3), 202)
        assert first["nextExpectedRanges"] == [f"{STEP}-{STEP + 2}"]
        assert ok(await client.get(address)) == first
        made = ok(await send(client, address, b"end", STEP, STEP + 3), 201)
        assert (made["name"], made["size"]) == ("big.bin", STEP + 3)
        content = await client.get(made["@microsoft.graph.downloadUrl"])
        assert content.content == b"a" * STEP + b"end"
        assert refused(await client.get(address)) == MISSING


async def test_the_action_is_found_in_any_case() -> None:
    async with ada() as client:
        found = ok(await client.post(f"{ROOT}:/new.bin:/createuploadsession", json={}))
        assert found["nextExpectedRanges"] == ["0-"]


async def test_a_file_may_come_in_one_piece() -> None:
    async with ada() as client:
        address = await session(client)
        assert ok(await client.put(address, content=b"all of it"), 201)["size"] == 9


@pytest.mark.parametrize(
    ("place", "data", "expected"),
    [
        pytest.param("bytes 0-99/1000", b"x" * 100, BAD, id="not a multiple of 320 KiB"),
        pytest.param("bytes 0-9/10", b"x", BAD, id="shorter than it says"),
        pytest.param("octets 0-9/10", b"x" * 10, BAD, id="not a range"),
        pytest.param("bytes 5-4/10", b"", BAD, id="backwards"),
        pytest.param("bytes 0-9/9", b"x" * 10, BAD, id="past the end"),
        pytest.param("bytes 10-19/20", b"x" * 10, (416, "invalidRange"), id="not the next one"),
    ],
)
async def test_ranges_that_are_refused(place: str, data: bytes, expected: tuple[int, str]) -> None:
    async with ada() as client:
        address = await session(client)
        assert refused(await client.put(address, content=data, headers={"Content-Range": place})) == expected
        assert ok(await client.get(address))["nextExpectedRanges"] == ["0-"]


async def test_a_body_without_a_range_and_without_bytes_is_refused() -> None:
    async with ada() as client:
        assert refused(await client.put(await session(client), content=b"")) == BAD


async def test_a_range_sent_again_is_refused_and_nothing_is_lost() -> None:
    async with ada() as client:
        address = await session(client)
        await send(client, address, b"a" * STEP, 0, STEP + 1)
        assert refused(await send(client, address, b"a" * STEP, 0, STEP + 1)) == (416, "invalidRange")
        assert ok(await send(client, address, b"b", STEP, STEP + 1), 201)["size"] == STEP + 1


async def test_the_total_length_must_not_change() -> None:
    async with ada() as client:
        address = await session(client)
        await send(client, address, b"a" * STEP, 0, STEP * 2)
        assert refused(await send(client, address, b"a" * STEP, STEP, STEP * 2 + 1)) == BAD


async def test_a_range_larger_than_60_mib_is_refused() -> None:
    async with ada() as client:
        address = await session(client)
        size = STEP * 193
        assert (await send(client, address, bytes(size), 0, size)).status_code == 413


async def test_a_session_can_be_given_up() -> None:
    async with ada() as client:
        address = await session(client)
        assert (await client.delete(address)).status_code == 204
        assert refused(await client.put(address, content=b"x")) == MISSING


async def test_a_session_takes_no_post_unless_the_commit_was_deferred() -> None:
    async with ada() as client:
        assert refused(await client.post(await session(client))) == BAD


async def test_a_deferred_file_appears_when_it_is_committed() -> None:
    async with ada() as client:
        address = await session(client, body={"deferCommit": True})
        assert (await client.post(address)).status_code == 400
        assert ok(await client.put(address, content=b"words"), 202)["nextExpectedRanges"] == []
        assert item_names(ok(await client.get(f"{ROOT}/children"))) == []
        assert ok(await client.post(address), 201)["name"] == "big.bin"


async def test_a_session_ends_by_the_tenants_clock() -> None:
    tenant, moment = small_tenant(), [NOW.timestamp()]
    async with clocked(tenant, moment) as client:
        address = await session(client)
        moment[0] += 80_000
        await send(client, address, b"a" * STEP, 0, STEP + 1)
        moment[0] += 80_000
        assert (await client.get(address)).status_code == 200
        moment[0] += 10_000
        assert refused(await client.get(address)) == MISSING


def clocked(tenant: Tenant, moment: list[float]) -> httpx.AsyncClient:
    caller = delegated(people(tenant)[0], "Files.ReadWrite.All")
    app = build_emulator(tenant, entra=FakeEntra(caller), clock=lambda: moment[0])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://graph.microsoft.com/v1.0")


async def test_a_taken_name_is_told_at_once_unless_the_caller_wants_otherwise() -> None:
    async with ada() as client:
        await put(client, "a.txt")
        response = await client.post(f"{ROOT}:/a.txt:/createUploadSession", json={})
        assert refused(response) == TAKEN
        wish = {"item": {"@microsoft.graph.conflictBehavior": "rename"}}
        address = await session(client, "a.txt", wish)
        assert ok(await client.put(address, content=b"x"), 201)["name"] == "a 1.txt"
        wish["item"]["@microsoft.graph.conflictBehavior"] = "replace"
        address = await session(client, "a.txt", wish)
        assert ok(await client.put(address, content=b"xyz"))["size"] == 3


async def test_a_name_that_was_taken_meanwhile_is_a_conflict_that_another_name_solves() -> None:
    async with ada() as client:
        address = await session(client, "a.txt")
        await put(client, "a.txt")
        assert refused(await client.put(address, content=b"late")) == (409, "upload_name_conflict")
        body = {"name": "b.txt", "@microsoft.graph.sourceUrl": address}
        made = ok(await client.put(f"{ROOT}:/b.txt", json=body), 201)
        assert (made["name"], made["size"]) == ("b.txt", 4)
        assert refused(await client.get(address)) == MISSING


async def test_a_name_that_was_taken_meanwhile_is_replaced_if_that_was_the_wish() -> None:
    async with ada() as client:
        address = await session(client, "a.txt", {"item": {"@microsoft.graph.conflictBehavior": "replace"}})
        await put(client, "a.txt", b"first")
        assert ok(await client.put(address, content=b"second"), 201)["size"] == 6


async def test_an_unfinished_upload_cannot_become_a_file() -> None:
    async with ada() as client:
        address = await session(client)
        body = {"name": "b.txt", "@microsoft.graph.sourceUrl": address}
        assert refused(await client.put(f"{ROOT}:/b.txt", json=body)) == BAD


async def test_a_file_gets_a_new_version_by_a_session_on_its_id() -> None:
    async with ada() as client:
        made = await put(client, "a.txt", b"one")
        place = f"/me/drive/items/{made['id']}/createUploadSession"
        body = {"item": {"description": "second", "fileSystemInfo": {"createdDateTime": "2020-01-01T00:00:00Z"}}}
        address = ok(await client.post(place, json=body, headers={"If-Match": made["eTag"]}))["uploadUrl"]
        changed = ok(await client.put(address, content=b"three"))
        assert (changed["id"], changed["description"]) == (made["id"], "second")
        assert changed["fileSystemInfo"]["createdDateTime"] == "2020-01-01T00:00:00Z"
        assert refused(await client.post(place, json={}, headers={"If-Match": made["eTag"]})) == (
            412,
            "resourceModified",
        )


async def test_a_session_on_a_folder_needs_a_name() -> None:
    async with ada() as client:
        made = await folder(client, "Reports")
        place = f"/me/drive/items/{made['id']}/createUploadSession"
        assert refused(await client.post(place, json={})) == BAD
        address = ok(await client.post(place, json={"item": {"name": "new.bin"}}))["uploadUrl"]
        assert ok(await client.put(address, content=b"x"), 201)["parentReference"]["id"] == made["id"]


async def test_the_root_takes_files_by_name_too() -> None:
    async with ada() as client:
        found = ok(await client.post(f"{ROOT}/createUploadSession", json={"item": {"name": "a.bin"}}))
        assert ok(await client.put(found["uploadUrl"], content=b"x"), 201)["name"] == "a.bin"


@pytest.mark.parametrize(
    ("path", "body", "headers", "expected"),
    [
        pytest.param("a.bin", {"item": "x"}, {}, BAD, id="no item"),
        pytest.param("", {}, {}, BAD, id="no name"),
        pytest.param("a.bin", {}, {"If-Match": '"x"'}, STALE, id="a version of what is not there"),
        pytest.param("a.bin", {"item": {"fileSize": 10**15}}, {}, (507, "quotaLimitReached"), id="too large"),
    ],
)
async def test_sessions_that_are_refused(
    path: str, body: Any, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    async with ada() as client:
        response = await client.post(f"{ROOT}:/{path}:/createUploadSession", json=body, headers=headers)
        assert refused(response) == expected


async def test_a_file_too_large_for_the_drive_is_refused_by_its_first_range() -> None:
    async with ada() as client:
        address = await session(client)
        assert refused(await send(client, address, b"a" * STEP, 0, 10**14)) == (507, "quotaLimitReached")


async def test_the_folder_of_a_session_may_be_gone_at_its_end() -> None:
    async with ada() as client:
        made = await folder(client, "Reports")
        address = await session(client, "Reports/a.bin")
        await client.delete(f"/me/drive/items/{made['id']}")
        assert refused(await client.put(address, content=b"x")) == MISSING
