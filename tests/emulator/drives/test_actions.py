"""Versions, thumbnails, check-out, labels, activities."""

from __future__ import annotations

import httpx
import pytest

from emulator.graph.drives.documents import docx, png, size_of_png
from tests.emulator.drives.support import BAD, MISSING, ROOT, ada, as_person, each, folder, ok, people, put, refused
from tests.emulator.support import app_only, client_for, small_tenant


async def content(client: httpx.AsyncClient, path: str) -> bytes:
    response = await client.get(path)
    assert response.status_code == 302, response.text
    return (await client.get(response.headers["location"])).content


async def test_every_write_is_a_version() -> None:
    async with ada() as client:
        for text in (b"one", b"two", b"three"):
            made = await put(client, "a.txt", text)
        place = f"/me/drive/items/{made['id']}/versions"
        found = ok(await client.get(place))["value"]
        assert each(found, "id") == ["3.0", "2.0", "1.0"]
        assert each(found, "size") == [5, 3, 3]
        assert ok(await client.get(f"{place}/current"))["id"] == "3.0"
        assert await content(client, f"{place}/1.0/content") == b"one"
        assert (await client.get(found[1]["@microsoft.graph.downloadUrl"])).content == b"two"
        assert refused(await client.get(f"{place}/9.0")) == MISSING


async def test_an_older_version_becomes_the_newest() -> None:
    async with ada() as client:
        await put(client, "a.txt", b"one")
        made = await put(client, "a.txt", b"two")
        place = f"/me/drive/items/{made['id']}/versions"
        assert (await client.post(f"{place}/1.0/restoreVersion")).status_code == 204
        assert await content(client, f"/me/drive/items/{made['id']}/content") == b"one"
        assert each(ok(await client.get(place))["value"], "id") == ["3.0", "2.0", "1.0"]
        assert refused(await client.post(f"{place}/3.0/restoreVersion")) == BAD


async def test_an_older_version_can_be_forgotten_but_not_the_current_one() -> None:
    async with ada() as client:
        await put(client, "a.txt", b"one")
        made = await put(client, "a.txt", b"two")
        place = f"/me/drive/items/{made['id']}/versions"
        old = ok(await client.get(f"{place}/1.0"))["@microsoft.graph.downloadUrl"]
        assert (await client.delete(f"{place}/1.0")).status_code == 204
        assert each(ok(await client.get(place))["value"], "id") == ["2.0"]
        assert refused(await client.get(old)) == MISSING
        assert refused(await client.delete(f"{place}/2.0")) == BAD


async def test_a_folder_has_neither_versions_nor_thumbnails() -> None:
    async with ada() as client:
        made = await folder(client, "Reports")
        assert ok(await client.get(f"/me/drive/items/{made['id']}/versions"))["value"] == []
        assert ok(await client.get(f"/me/drive/items/{made['id']}/thumbnails"))["value"] == []


async def test_a_picture_has_thumbnails_of_its_own_shape() -> None:
    async with ada() as client:
        made = await put(client, "a.png", png(40, 20, 1))
        assert made["image"] == {"width": 40, "height": 20}
        (found,) = ok(await client.get(f"{ROOT}:/a.png:/thumbnails"))["value"]
        assert {name: (found[name]["width"], found[name]["height"]) for name in ("small", "medium", "large")} == {
            "small": (96, 48), "medium": (176, 88), "large": (800, 400),
        }  # fmt: skip
        picture = await client.get(found["small"]["url"])
        assert picture.headers["content-type"] == "image/png"
        assert size_of_png(picture.content) == (96, 48)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param("c300x400_crop", (300, 400), id="cropped"),
        pytest.param("c300x400", (300, 150), id="fitted"),
        pytest.param("C9000x9000_Crop", (2048, 2048), id="larger than there are"),
    ],
)
async def test_thumbnails_of_any_size(name: str, size: tuple[int, int]) -> None:
    async with ada() as client:
        await put(client, "a.png", png(40, 20, 1))
        place = f"{ROOT}:/a.png:/thumbnails"
        found = ok(await client.get(f"{place}/0/{name}"))
        assert (found["width"], found["height"]) == size
        assert size_of_png(await content(client, f"{place}/0/{name}/content")) == size
        (chosen,) = ok(await client.get(f"{place}?select={name}"))["value"]
        assert chosen.keys() == {"id", name}


async def test_other_names_are_no_sizes() -> None:
    async with ada() as client:
        await put(client, "a.docx", docx(["x"]))
        place = f"{ROOT}:/a.docx:/thumbnails/0"
        assert (await client.get(f"{place}/huge")).status_code == 400
        assert refused(await client.get(f"{place}/source/content")) == MISSING
        assert (ok(await client.get(f"{place}/large"))["width"], (await client.get(f"{place}/source")).status_code) == (
            800,
            204,
        )


async def test_children_come_with_their_thumbnails() -> None:
    async with ada() as client:
        await put(client, "a.png", png(4, 4, 1))
        await put(client, "b.bin")
        await put(client, "c.jpg", b"no picture")
        found = ok(await client.get(f"{ROOT}/children?$expand=thumbnails"))["value"]
        assert [len(one["thumbnails"]) for one in found] == [1, 0, 1]
        assert (found[2]["image"], found[2]["photo"]) == ({}, {})


async def test_a_file_that_is_checked_out_is_closed_to_others() -> None:
    tenant = small_tenant()
    bo = people(tenant)[1]
    async with ada(tenant) as client, as_person(tenant, bo) as theirs:
        made = await put(client, "a.txt")
        mine, place = (
            f"/me/drive/items/{made['id']}",
            f"/drives/{made['parentReference']['driveId']}/items/{made['id']}",
        )
        body = {"recipients": [{"email": bo.user_principal_name}], "roles": ["write"]}
        await client.post(f"{mine}/invite", json=body)
        assert (await client.post(f"{mine}/checkout")).status_code == 204
        assert ok(await client.get(f"{mine}?$select=publication"))["publication"]["level"] == "checkout"
        for response in (
            await theirs.put(f"{place}/content", content=b"x"),
            await theirs.patch(place, json={"name": "b.txt"}),
            await theirs.delete(place),
            await theirs.post(f"{place}/checkin", json={}),
            await theirs.post(f"{place}/checkout"),
        ):
            assert refused(response) == (423, "resourceLocked")
        assert (await client.put(f"{mine}/content", content=b"mine")).status_code == 200
        assert refused(await client.post(f"{mine}/checkin", json={"comment": 5})) == BAD
        assert (await client.post(f"{mine}/checkin", json={"comment": "done"})).status_code == 204
        assert (await theirs.put(f"{place}/content", content=b"x")).status_code == 200
        assert refused(await client.post(f"{mine}/checkin", json={})) == BAD
        await client.post(f"{mine}/checkout")
        assert (await client.post(f"{mine}/discardCheckout")).status_code == 204


async def test_a_folder_cannot_be_checked_out() -> None:
    async with ada() as client:
        made = await folder(client, "Reports")
        assert refused(await client.post(f"/me/drive/items/{made['id']}/checkout")) == BAD


async def test_a_file_can_be_looked_at_in_a_frame() -> None:
    async with ada() as client:
        made = await put(client, "a.docx", docx(["Dim the lights"]))
        address = ok(await client.post(f"/me/drive/items/{made['id']}/preview", json={}))["getUrl"]
        assert (await client.get(address)).headers["content-type"] == "application/pdf"


async def test_a_retention_label_is_put_on_and_taken_off() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        place = f"/me/drive/items/{made['id']}/retentionLabel"
        assert "name" not in ok(await client.get(place))
        label = ok(await client.patch(place, json={"name": "Contracts"}))
        assert label["labelAppliedBy"]["user"]["displayName"] == "Ada Lind"
        locked = ok(await client.patch(place, json={"retentionSettings": {"isRecordLocked": True}}))
        assert (locked["name"], locked["retentionSettings"]["isRecordLocked"]) == ("Contracts", True)
        assert (await client.delete(place)).status_code == 204
        assert "name" not in ok(await client.get(place))


async def test_a_sensitivity_label_is_kept_with_the_file() -> None:
    tenant = small_tenant()
    async with ada(tenant) as client:
        made = await put(client, "a.docx", docx(["x"]))
    place = f"/drives/{made['parentReference']['driveId']}/items/{made['id']}"
    async with client_for(tenant, app_only("Files.ReadWrite.All", "Sites.ReadWrite.All", "Files.Read.All")) as client:
        assert ok(await client.post(f"{place}/extractSensitivityLabels"))["labels"] == []
        assert refused(await client.post(f"{place}/assignSensitivityLabel", json={})) == BAD
        body = {"sensitivityLabelId": "5feba255-812e-446a-ac59-a7044ef827b5", "assignmentMethod": "standard"}
        assert (await client.post(f"{place}/assignSensitivityLabel", json=body)).status_code == 202
        (found,) = ok(await client.post(f"{place}/extractSensitivityLabels"))["labels"]
        assert found["sensitivityLabelId"] == body["sensitivityLabelId"]


async def test_activities_are_counted_by_day_week_and_month() -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        await put(client, "a.txt", b"again")
        await content(client, f"/me/drive/items/{made['id']}/content")
        place = f"/me/drive/items/{made['id']}/getActivitiesByInterval"
        days = ok(await client.get(f"{place}(startDateTime='2026-03-10',endDateTime='2026-03-11',interval='day')"))[
            "value"
        ]
        assert each(days, "startDateTime") == ["2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"]
        today = days[1]
        assert [today[what]["actionCount"] for what in ("create", "edit", "access", "delete")] == [1, 1, 1, 0]
        assert today["access"]["actorCount"] == 1
        weeks = ok(await client.get(f"{place}(startDateTime='2026-03-01',endDateTime='2026-03-11',interval='week')"))[
            "value"
        ]
        assert each(weeks, "endDateTime") == ["2026-03-08T00:00:00Z", "2026-03-15T00:00:00Z"]
        months = ok(await client.get(f"{place}(startDateTime='2026-02-10',endDateTime='2026-03-02',interval='month')"))[
            "value"
        ]
        assert each(months, "endDateTime") == ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"]
        assert len(ok(await client.get(f"{place}()"))["value"]) == 8


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("startDateTime='soon',endDateTime='2026-03-11',interval='day'", id="no date"),
        pytest.param("startDateTime='2026-03-12',endDateTime='2026-03-11',interval='day'", id="backwards"),
        pytest.param("startDateTime='2025-03-12',endDateTime='2026-03-11',interval='day'", id="too long"),
        pytest.param("startDateTime='2026-03-10',endDateTime='2026-03-11',interval='hour'", id="an unknown interval"),
    ],
)
async def test_times_that_are_refused(given: str) -> None:
    async with ada() as client:
        made = await put(client, "a.txt")
        response = await client.get(f"/me/drive/items/{made['id']}/getActivitiesByInterval({given})")
        assert refused(response) == BAD


async def test_analytics_sum_up() -> None:
    async with ada() as client:
        made = await put(client, "Reports/a.txt")
        place = f"/me/drive/items/{made['id']}/analytics"
        assert ok(await client.get(f"{place}/allTime"))["create"]["actionCount"] == 1
        assert ok(await client.get(f"{place}/lastSevenDays"))["create"]["actorCount"] == 1
        assert len(ok(await client.get(f"{place}?$expand=itemActivityStats"))["itemActivityStats"]) == 8


async def test_there_is_a_place_to_listen_for_changes() -> None:
    async with ada() as client:
        found = ok(await client.get(f"{ROOT}/subscriptions/socketIo"))
        assert found["notificationUrl"].startswith("https://")
        assert ok(await client.get(f"{ROOT}/subscriptions"))["value"] == []
        assert (await client.get(f"{ROOT}/subscriptions/other")).status_code == 404
