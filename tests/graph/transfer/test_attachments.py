"""graph/transfer/attachments.py on the demo tenant: small files inside a request, large ones in ranges."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from errors import GraphError, GraphNotFound, GraphTooLarge, GraphUnavailable, GraphUncertain, ToolInputError
from graph import deadline
from graph.calls import Call
from graph.transfer import BufferTarget, BytesSource, download, upload_attachment
from graph.transfer.attachments import FRAGMENT, LARGEST, SMALL
from tests.graph.transfer.support import STEP, Place, noise, place
from tests.virtual_time import VIRTUAL_TIME

LARGE = noise(SMALL + 2 * FRAGMENT)
LITTLE = noise(5000)
UPLOADS = "attachmentSessions"


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


async def attach(here: Place, message: str, data: bytes, name: str = "a.pdf", **options: Any) -> str:
    with deadline.within(options.pop("seconds", 600)):
        return await upload_attachment(here.service, here.speaker, message, BytesSource(data), name=name, **options)


async def content(here: Place, message: str, key: str) -> bytes:
    target = BufferTarget(2 * LARGEST)
    call = Call("GET", f"{message}/attachments/{key}/$value")
    await download(here.service, here.speaker, call, target, most=2 * LARGEST)
    return target.data


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(0, id="nothing"),
        pytest.param(SMALL - 1, id="the most for one request"),
        pytest.param(SMALL, id="the least for a session"),
        pytest.param(len(LARGE), id="in several ranges"),
    ],
)
async def test_a_file_hangs_on_a_draft(size: int) -> None:
    async with place() as here:
        message = await here.draft()
        key = await attach(here, message, noise(size), content_type="application/pdf")
        assert await content(here, message, key) == noise(size)
        (found,) = await here.attachments(message)
        assert (found["name"], found["@odata.mediaContentType"]) == ("a.pdf", "application/pdf")


async def test_ranges_are_as_outlook_wants_them() -> None:
    assert FRAGMENT % STEP == 0
    assert FRAGMENT < 4_000_000
    async with place() as here:
        await attach(here, await here.draft(), LARGE)
        sent = [int(headers["content-length"]) for headers in here.cloud.seen("PUT")]
        assert sent == [FRAGMENT, FRAGMENT, SMALL]


@pytest.mark.parametrize("data", [pytest.param(LITTLE, id="small"), pytest.param(LARGE, id="large")])
async def test_a_picture_is_shown_inside_the_text(data: bytes) -> None:
    async with place() as here:
        message = await here.draft()
        await attach(here, message, data, "logo.png", content_type="image/png", is_inline=True, content_id="logo")
        call = Call("GET", f"{message}/attachments", "$select=isInline,microsoft.graph.fileAttachment/contentId")
        (found,) = (await here.service.sender.send(call, here.speaker)).object()["value"]
        assert (found["isInline"], found["contentId"]) == (True, "logo")


async def test_the_token_goes_to_graph_alone() -> None:
    async with place() as here:
        message = await here.draft()
        await attach(here, message, LARGE)
        assert here.cloud.seen("POST", "createUploadSession")[0]["authorization"] == "Bearer t"
        assert all("authorization" not in headers for headers in here.cloud.seen("PUT"))


async def test_more_than_mail_takes_is_refused_before_anything_is_sent() -> None:
    class Huge:
        size = LARGEST + 1

        async def read(self, start: int, length: int) -> bytes:
            raise AssertionError("read")

    async with place() as here:
        with pytest.raises(GraphTooLarge, match=r"157,286,401 bytes.*OneDrive"):
            await upload_attachment(here.service, here.speaker, "me/messages/x", Huge(), name="a.pdf")
        assert here.cloud.sent == []


@pytest.mark.parametrize("data", [pytest.param(LITTLE, id="small"), pytest.param(LARGE, id="large")])
async def test_a_draft_that_is_gone_is_told(data: bytes) -> None:
    async with place() as here:
        message = await here.draft()
        await here.service.sender.send(Call("DELETE", message), here.speaker)
        gone = message[:-4] + "AAAA"
        with pytest.raises(GraphError) as caught:
            await attach(here, gone, data)
        assert isinstance(caught.value, GraphNotFound) or caught.value.status == 400


async def test_a_file_that_shrinks_is_told_and_hangs_nowhere() -> None:
    class Shrinking:
        size = 5000

        async def read(self, start: int, length: int) -> bytes:
            return b"x"

    async with place() as here:
        message = await here.draft()
        with pytest.raises(ToolInputError, match="shorter"):
            await upload_attachment(here.service, here.speaker, message, Shrinking(), name="a.pdf")
        assert await here.attachments(message) == []


async def test_progress_counts_the_bytes() -> None:
    told: list[int] = []

    async def progress(done: int, total: int | None) -> None:
        told.append(done)
        await asyncio.sleep(1)

    async with place() as here:
        message = await here.draft()
        await attach(here, message, LITTLE, progress=progress)
        await attach(here, message, LARGE, progress=progress)
    assert told == [len(LITTLE), FRAGMENT, 2 * FRAGMENT, len(LARGE)]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("half", id="breaks while sending"),
        pytest.param("reset", id="breaks before the answer"),
        pytest.param("lost", id="the answer is lost"),
        pytest.param(503, id="an outage"),
        pytest.param(404, id="the session is gone"),
    ],
)
@pytest.mark.parametrize("after", [pytest.param(0, id="the first range"), pytest.param(2, id="the last")])
async def test_a_file_hangs_on_it_once_whatever_happens(kind: Any, after: int) -> None:
    async with place() as here:
        message = await here.draft()
        here.cloud.strike(kind, "PUT", UPLOADS, after=after)
        key = await attach(here, message, LARGE)
        assert await content(here, message, key) == LARGE
        assert len(await here.attachments(message)) == 1


async def test_an_older_one_of_the_same_name_is_not_taken_for_ours() -> None:
    async with place() as here:
        message = await here.draft()
        older = await attach(here, message, LARGE)
        await asyncio.sleep(60)
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        newer = await attach(here, message, LARGE)
        assert newer != older
        assert len(await here.attachments(message)) == 2


async def test_two_that_may_both_be_ours_are_not_told_apart() -> None:
    async with place() as here:
        message = await here.draft()
        await attach(here, message, LARGE)
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        with pytest.raises(GraphUncertain, match="Look"):
            await attach(here, message, LARGE)


@pytest.mark.parametrize("kind", [pytest.param("lost", id="it is there"), pytest.param("reset", id="it is not")])
async def test_a_small_one_whose_answer_is_lost_is_looked_for_and_not_sent_twice(kind: str) -> None:
    async with place() as here:
        message = await here.draft()
        here.cloud.strike(kind, "POST", "/attachments")
        if kind == "lost":
            key = await attach(here, message, LITTLE)
            assert await content(here, message, key) == LITTLE
        else:
            with pytest.raises(GraphUncertain):
                await attach(here, message, LITTLE)
        assert len(await here.attachments(message)) == (kind == "lost")
        assert len(here.cloud.seen("POST", "/attachments")) == 1


DATE = {"date": "Wed, 11 Mar 2026 14:30:01 GMT"}
FOUND = {"id": "1", "name": "a.pdf", "size": 6000, "lastModifiedDateTime": "2026-03-11T14:30:01Z"}


@pytest.mark.parametrize(
    ("page", "headers", "key"),
    [
        pytest.param({"value": [FOUND]}, DATE, "1", id="one"),
        pytest.param({"value": [FOUND, {**FOUND, "name": "b.pdf"}]}, DATE, "1", id="one of this name"),
        pytest.param({"value": [FOUND, {**FOUND, "size": 4000}]}, DATE, "1", id="one that is large enough"),
        pytest.param({"value": [FOUND, 7, {"name": "a.pdf"}]}, DATE, "1", id="one among nonsense"),
        pytest.param({"value": [FOUND]}, {}, "", id="nobody knows the time"),
        pytest.param({"value": [FOUND, FOUND]}, DATE, "", id="two"),
        pytest.param({"value": [FOUND], "@odata.nextLink": "more"}, DATE, "", id="more than a page"),
        pytest.param({"value": [{**FOUND, "id": 5}]}, DATE, "", id="without an id"),
        pytest.param({"value": 5}, DATE, "", id="no list"),
        pytest.param({"value": []}, DATE, "", id="none"),
    ],
)
async def test_a_look_is_as_sure_as_it_can_be(page: Any, headers: dict[str, str], key: str) -> None:
    async with place() as here:
        message = await here.draft()
        here.cloud.strike("reset", "POST", "/attachments")
        here.cloud.strike(httpx.Response(200, json=page, headers=headers), "GET", "/attachments")
        if key:
            assert await attach(here, message, LITTLE) == key
        else:
            with pytest.raises(GraphUncertain):
                await attach(here, message, LITTLE)


async def test_a_look_that_fails_leaves_it_uncertain() -> None:
    async with place() as here:
        message = await here.draft()
        here.cloud.strike("reset", "POST", "/attachments")
        here.cloud.strike(403, "GET", "/attachments")
        with pytest.raises(GraphUncertain):
            await attach(here, message, LITTLE)


@pytest.mark.parametrize(
    ("location", "key"),
    [
        pytest.param("outlook.office.com/api/v2.0/Users('a')/Attachments('AAM%3D')", "AAM=", id="Outlook's"),
        pytest.param("graph.microsoft.com/v1.0/me/messages/b/attachments/AAM%3D", "AAM=", id="Graph's"),
        pytest.param("graph.microsoft.com/v1.0/me/messages('b')/attachments('AAM=')?x=1", "AAM=", id="with a query"),
    ],
)
async def test_the_id_is_read_out_of_the_location(location: str, key: str) -> None:
    async with place() as here:
        message = await here.draft()
        here.cloud.strike(httpx.Response(201, headers={"location": f"https://{location}"}), "PUT", UPLOADS, after=2)
        assert await attach(here, message, LARGE) == key


async def test_a_last_answer_without_a_location_is_looked_for() -> None:
    async with place() as here:
        message = await here.draft()
        here.cloud.strike("mute", "PUT", UPLOADS, after=2)
        with pytest.raises(GraphUncertain):
            await attach(here, message, LARGE, seconds=30)
        assert len(await here.attachments(message)) == 1


async def test_the_deadline_is_kept_and_nothing_hangs_on_it() -> None:
    async with place() as here:
        message = await here.draft()
        here.cloud.strike("silent", "PUT", UPLOADS, after=1)
        with pytest.raises(GraphUnavailable, match="Timeout"):
            await attach(here, message, LARGE, seconds=30)
        assert await here.attachments(message) == []
