"""graph/transfer/files.py on the demo tenant: small files at once, large ones in ranges."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from errors import AppError, GraphConflict, GraphError, GraphTooLarge, GraphUnavailable, ToolInputError
from graph import deadline
from graph.transfer import BytesSource, upload_file
from graph.transfer.files import FRAGMENT, SMALL
from tests.graph.transfer.support import ROOT, STEP, Place, noise, place
from tests.virtual_time import VIRTUAL_TIME

MIB = 1024 * 1024
LARGE = 23 * MIB + 17


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


async def upload(here: Place, data: bytes, name: str = "a.bin", **options: Any) -> dict[str, Any]:
    path = options.pop("path", f"{ROOT}:/{name}:")
    with deadline.within(600):
        return await upload_file(here.service, here.speaker, path, BytesSource(data), name=name, **options)


@pytest.mark.parametrize(
    "size", [pytest.param(0, id="nothing"), pytest.param(5, id="some"), pytest.param(SMALL, id="the most")]
)
async def test_a_small_file_is_one_request(size: int) -> None:
    data = noise(size)
    async with place() as here:
        item = await upload(here, data)
        assert (item["name"], item["size"]) == ("a.bin", size)
        assert len(here.cloud.sent) == 1
        assert await here.content("a.bin") == data


async def test_a_small_file_keeps_its_type_and_its_tag() -> None:
    async with place() as here:
        await upload(here, b"old")
        item = await here.item("a.bin")
        await upload(here, b"new", conflict="replace", if_match=item["eTag"], content_type="text/plain")
        sent = here.cloud.seen("PUT")[-1]
        assert (sent["content-type"], sent["if-match"]) == ("text/plain", item["eTag"])
        assert await here.content("a.bin") == b"new"


@pytest.mark.parametrize(
    "size", [pytest.param(SMALL + 1, id="one range"), pytest.param(2 * FRAGMENT, id="two"), pytest.param(LARGE, id="3")]
)
async def test_a_large_file_arrives_range_by_range(size: int) -> None:
    data = noise(size)
    async with place() as here:
        item = await upload(here, data)
        assert (item["name"], item["size"]) == ("a.bin", size)
        assert await here.content("a.bin") == data
        ranges = [headers["content-range"] for headers in here.cloud.seen("PUT")]
        ends = [min(start + FRAGMENT, size) for start in range(0, size, FRAGMENT)]
        assert ranges == [f"bytes {start}-{end - 1}/{size}" for start, end in zip([0, *ends], ends, strict=False)]
        assert here.open_sessions() == 0


def test_ranges_are_as_microsoft_wants_them() -> None:
    assert FRAGMENT % STEP == 0
    assert 5 * MIB <= FRAGMENT <= 10 * MIB
    assert SMALL < 10 * MIB


async def test_the_token_and_cookies_go_to_graph_alone() -> None:
    async with place() as here:
        here.service.sender.connections.bulk.cookies.set("somebody", "else", domain=".microsoft.com")
        await upload(here, noise(LARGE))
        (opening,) = here.cloud.seen("POST")
        assert opening["authorization"] == "Bearer t"
        for headers in here.cloud.seen("PUT"):
            assert {"authorization", "cookie"}.isdisjoint(headers)


async def test_progress_counts_the_bytes() -> None:
    told: list[tuple[int, int | None]] = []

    async def progress(done: int, total: int | None) -> None:
        told.append((done, total))
        await asyncio.sleep(1)

    async with place() as here:
        await upload(here, noise(LARGE), progress=progress)
        await upload(here, b"12345", "b.bin", progress=progress)
    assert told == [(FRAGMENT, LARGE), (2 * FRAGMENT, LARGE), (LARGE, LARGE), (5, 5)]


async def test_a_listener_that_fails_breaks_nothing() -> None:
    async def progress(done: int, total: int | None) -> None:
        raise RuntimeError("the client went away")

    async with place() as here:
        assert (await upload(here, noise(LARGE), progress=progress))["size"] == LARGE


SIZES = [pytest.param(9, id="small"), pytest.param(LARGE, id="large")]


@pytest.mark.parametrize("size", SIZES)
async def test_a_name_that_is_taken_is_a_conflict(size: int) -> None:
    async with place() as here:
        await here.put("a.bin", b"old")
        with pytest.raises(GraphConflict, match=r"nameAlreadyExists.*another name"):
            await upload(here, noise(size))
        assert await here.content("a.bin") == b"old"
        assert here.open_sessions() == 0


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_that_is_there_is_replaced_if_that_is_wanted(size: int) -> None:
    async with place() as here:
        await here.put("a.bin", b"old")
        await upload(here, noise(size), conflict="replace")
        assert await here.content("a.bin") == noise(size)
        assert await here.names() == ["a.bin"]


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_gets_another_name_if_that_is_wanted(size: int) -> None:
    async with place() as here:
        await here.put("a.bin", b"old")
        item = await upload(here, noise(size), conflict="rename")
        assert item["name"] == "a 1.bin"
        assert await here.names() == ["a 1.bin", "a.bin"]


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_can_be_named_by_its_id(size: int) -> None:
    async with place() as here:
        item = await here.put("a.bin", b"old")
        path = f"me/drive/items/{item['id']}"
        made = await upload(here, noise(size), path=path, conflict="replace", if_match=item["eTag"])
        assert made["id"] == item["id"]
        assert await here.content("a.bin") == noise(size)


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_that_changed_meanwhile_is_not_replaced(size: int) -> None:
    async with place() as here:
        item = await here.put("a.bin", b"old")
        await here.put("a.bin", b"changed")
        with pytest.raises(GraphConflict, match="read it again"):
            await upload(here, noise(size), conflict="replace", if_match=item["eTag"])
        assert await here.content("a.bin") == b"changed"


async def test_a_tag_that_is_none_is_refused_before_anything_is_sent() -> None:
    async with place() as here:
        with pytest.raises(ToolInputError, match="no ETag"):
            await upload(here, b"x", if_match='"a"\r\nX: y')
        assert here.cloud.sent == []


async def test_a_name_taken_on_the_way_is_a_conflict_and_leaves_no_session() -> None:
    async with place() as here:
        told = 0

        async def progress(done: int, total: int | None) -> None:
            nonlocal told
            if not (told := told + 1) > 1:
                await here.put("a.bin", b"theirs")

        with pytest.raises(GraphConflict, match=r"upload_name_conflict.*another name"):
            await upload(here, noise(LARGE), progress=progress)
        assert await here.content("a.bin") == b"theirs"
        assert here.open_sessions() == 0


async def test_a_drive_without_room_is_told_and_leaves_no_session() -> None:
    async with place() as here:
        await here.put("other.bin", b"x")
        next(iter(here.tenant.store.root("drives"))).state["quota"] = MIB
        with pytest.raises(GraphTooLarge, match=r"quotaLimitReached.*deleted"):
            await upload(here, noise(LARGE))
        with pytest.raises(GraphTooLarge, match="quotaLimitReached"):
            await upload(here, noise(2 * MIB), "b.bin")
        assert await here.names() == ["other.bin"]
        assert here.open_sessions() == 0


async def test_beta_is_asked_for_where_that_is_wanted() -> None:
    async with place() as here:
        await upload(here, b"x", version="beta")
        assert "/beta/" in here.cloud.sent[-1][1]


# What is compared afterwards.


def answered(item: dict[str, Any], status: int = 201) -> httpx.Response:
    return httpx.Response(status, json=item)


@pytest.mark.parametrize("size", SIZES)
async def test_a_new_file_that_is_damaged_is_taken_away(size: int) -> None:
    async with place() as here:
        real = await here.put("a.bin", noise(size))
        real["file"]["hashes"]["quickXorHash"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
        here.cloud.strike(answered(real), "PUT", after=size // FRAGMENT)
        with pytest.raises(GraphUnavailable, match=r"HashMismatch.*taken away again.*once more"):
            await upload(here, noise(size), conflict="replace")
        assert await here.names() == []


async def test_an_older_file_that_is_damaged_stays_with_its_versions() -> None:
    async with place() as here:
        real = await here.put("a.bin", b"123456789")
        real["file"]["hashes"]["quickXorHash"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
        here.cloud.strike(answered(real, 200), "PUT")
        with pytest.raises(GraphUnavailable, match=r"HashMismatch.*version history"):
            await upload(here, b"123456789", conflict="replace")
        assert await here.names() == ["a.bin"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"parentReference": None}, id="nobody knows where it is"),
        pytest.param({"id": ""}, id="nobody knows what it is"),
        pytest.param({"eTag": "a b"}, id="nobody knows its state"),
        pytest.param({"id": "unknown"}, id="it is gone"),
    ],
)
async def test_a_damaged_file_that_cannot_be_taken_away_is_told(changes: dict[str, Any]) -> None:
    async with place() as here:
        real = {**await here.put("a.bin", b"12345678"), "file": {}, **changes}
        here.cloud.strike(answered(real), "PUT")
        with pytest.raises(GraphUnavailable, match=r"HashMismatch.*Delete it"):
            await upload(here, b"123456789", conflict="replace")
        assert await here.names() == ["a.bin"]


@pytest.mark.parametrize(
    ("name", "kind", "is_fine"),
    [
        pytest.param("a.docx", "documentLibrary", True, id="SharePoint writes into documents"),
        pytest.param("A.XLSM", "documentLibrary", True, id="in any case"),
        pytest.param("a.html", "documentLibrary", True, id="and pages"),
        pytest.param("a.pdf", "documentLibrary", False, id="not into anything else"),
        pytest.param("a.docx", "business", False, id="OneDrive does not"),
        pytest.param("a.docx", "personal", False, id="not for personal accounts either"),
    ],
)
async def test_what_sharepoint_rewrites_is_no_damage(name: str, kind: str, is_fine: bool) -> None:
    item = {"id": "1", "name": name, "size": 50, "parentReference": {"driveType": kind}, "file": {"hashes": {}}}
    async with place() as here:
        here.cloud.strike(answered(item), "PUT")
        if is_fine:
            assert await upload(here, b"123", name) == item
        else:
            with pytest.raises(GraphUnavailable, match="HashMismatch"):
                await upload(here, b"123", name)


async def test_an_answer_without_hash_or_size_is_believed() -> None:
    async with place() as here:
        here.cloud.strike(answered({"id": "1", "name": "a.bin"}), "PUT")
        assert (await upload(here, b"123"))["id"] == "1"


# Sources that do not keep their word.


class Shrinking:
    """Has fewer bytes than it said."""

    size = LARGE

    def __init__(self, size: int) -> None:
        self.size = size

    async def read(self, start: int, length: int) -> bytes:
        return noise(self.size // 2)[start : start + length]


@pytest.mark.parametrize("size", SIZES)
async def test_a_file_that_shrinks_is_told_and_leaves_nothing(size: int) -> None:
    async with place() as here:
        with pytest.raises(ToolInputError, match=r"shorter.*again"), deadline.within(600):
            await upload_file(here.service, here.speaker, f"{ROOT}:/a.bin:", Shrinking(size), name="a.bin")
        assert await here.names() == []
        assert here.open_sessions() == 0


# Addresses.


@pytest.mark.parametrize(
    ("opened", "kind"),
    [
        pytest.param({"uploadUrl": "https://evil.example/up"}, GraphError, id="another host"),
        pytest.param({"uploadUrl": "http://contoso.sharepoint.com/up"}, GraphError, id="in the open"),
        pytest.param({"uploadUrl": "https://contoso.sharepoint.com@evil.example/up"}, GraphError, id="disguised"),
        pytest.param({"uploadUrl": 5}, GraphUnavailable, id="no address"),
        pytest.param({}, GraphUnavailable, id="nothing"),
    ],
)
async def test_no_byte_goes_to_an_address_that_is_not_microsofts(opened: Any, kind: type[AppError]) -> None:
    async with place() as here:
        here.cloud.strike(httpx.Response(200, json=opened), "POST", left=None)
        with pytest.raises(kind):
            await upload(here, noise(LARGE))
        assert {method for method, _, _ in here.cloud.sent} == {"POST"}
