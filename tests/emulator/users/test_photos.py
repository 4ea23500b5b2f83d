"""Profile photos over HTTP: put, seen, described, in several sizes, and gone."""

from __future__ import annotations

import struct
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from emulator import Tenant
from emulator.graph.users.photo_routes import draw
from emulator.graph.users.pictures import dimensions, media_type, portrait
from tests.emulator.support import ids, small_tenant
from tests.emulator.users.support import as_person, ok, person, refused

JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x60\x00\x60" + bytes(20)


@pytest.fixture
def tenant() -> Tenant:
    return small_tenant()


@pytest.fixture
async def graph(tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    async with as_person(tenant, "User.ReadWrite", "ProfilePhoto.ReadWrite.All", "User.Read.All") as client:
        yield client


async def test_nobody_has_a_photo_before_it_is_put(graph: httpx.AsyncClient) -> None:
    for path in ("/me/photo", "/me/photo/$value", "/me/photos/48x48/$value"):
        refused(await graph.get(path), 404, "ImageNotFound")
    assert ids(ok(await graph.get("/me/photos"))) == []
    refused(await graph.delete("/me/photo/$value"), 404, "ImageNotFound")


@pytest.mark.parametrize("method", [pytest.param("PUT", id="put"), pytest.param("PATCH", id="patch")])
async def test_a_photo_is_put_seen_and_removed(graph: httpx.AsyncClient, method: str) -> None:
    headers = {"content-type": "image/jpeg"}
    response = await graph.request(method, "/me/photo/$value", content=JPEG, headers=headers)
    assert (response.status_code, response.content) == (200, b"")
    body = ok(await graph.get("/me/photo"))
    assert (body["id"], body["width"], body["height"]) == ("96x96", 96, 96)
    assert body["@odata.mediaContentType"] == "image/jpeg"
    assert body["@odata.mediaEtag"]
    picture = await graph.get("/me/photo/$value")
    assert (picture.content, picture.headers["content-type"]) == (JPEG, "image/jpeg")
    assert ids(ok(await graph.get("/me/photos"))) == ["48x48", "64x64", "96x96"]
    assert (await graph.get("/me/photos/48x48/$value")).content == JPEG
    assert (await graph.delete("/me/photo/$value")).status_code == 204
    refused(await graph.get("/me/photo"), 404, "ImageNotFound")


async def test_the_photo_may_be_deleted_as_a_whole(graph: httpx.AsyncClient) -> None:
    await graph.put("/me/photo/$value", content=JPEG)
    assert (await graph.delete("/me/photo")).status_code == 204
    refused(await graph.get("/me/photo"), 404, "ImageNotFound")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"no picture", "ErrorInvalidImageFormat", id="text"),
        pytest.param(b"", "ErrorInvalidArgument", id="nothing"),
        pytest.param(JPEG + bytes(4 * 1024 * 1024), "ErrorImageSizeExceeded", id="too large"),
    ],
)
async def test_what_is_no_fitting_picture_is_refused(graph: httpx.AsyncClient, content: bytes, code: str) -> None:
    refused(await graph.put("/me/photo/$value", content=content), 400, code)


async def test_a_drawn_photo_is_a_real_picture(graph: httpx.AsyncClient, tenant: Tenant) -> None:
    cy = person(tenant, "Cy")
    draw(cy)
    response = await graph.get(f"/users/{cy.id}/photos/120x120/$value")
    assert response.headers["content-type"] == "image/png"
    assert dimensions(response.content) == (120, 120)
    start = response.content.index(b"IDAT")
    length = struct.unpack(">I", response.content[start - 4 : start])[0]
    rows = zlib.decompress(response.content[start + 4 : start + 4 + length])
    assert len(rows) == 120 * 121
    assert set(rows) == {0, 1, 2}


def test_pictures_differ_from_person_to_person() -> None:
    assert portrait("a", 48) == portrait("a", 48) != portrait("b", 48)


def test_what_a_picture_is_is_read_from_its_first_bytes() -> None:
    assert media_type(b"GIF89a") == "image/gif"
    assert media_type(b"text") is None
    assert dimensions(b"GIF89a") is None
    assert dimensions(b"\xff\xd8\xff\xe0\x00\x04ab\x00\x00\x00\x00\x00\x00\x00\x00") is None
