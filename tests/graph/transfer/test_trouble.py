"""Transfers against the trouble that the demo tenant makes on request, which is Graph's own kind."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from emulator.throttling.faults import EVIL_LINKS
from errors import AppError, GraphError, GraphUncertain
from graph import Call, deadline
from graph.transfer import BufferTarget, BytesSource, download, upload_attachment
from graph.transfer.attachments import FRAGMENT
from tests.graph.transfer.support import ROOT, STEP, Place, noise, place
from tests.virtual_time import VIRTUAL_TIME

SIZE = 5 * STEP + 99
DATA = noise(SIZE)
MAIL = noise(3 * FRAGMENT + 5)
CONTENT = Call("GET", f"{ROOT}:/a.bin:/content")


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


async def upload(here: Place) -> dict[str, Any]:
    with deadline.within(600):
        return await here.in_ranges(DATA)


async def fetch(here: Place, **options: Any) -> bytes:
    target = BufferTarget(2 * SIZE)
    with deadline.within(600):
        await download(here.service, here.speaker, CONTENT, target, most=2 * SIZE, **options)
    return target.data


SESSION_TROUBLE = [
    pytest.param({"kind": "expired", "method": "PUT"}, id="the session expires"),
    pytest.param({"kind": "expired", "method": "PUT", "times": 2}, id="it does so twice"),
    pytest.param({"kind": "rewound"}, id="two ranges get lost"),
    pytest.param({"kind": "rewound", "size": 10_000_000}, id="all gets lost"),
    pytest.param({"kind": "rewound", "size": 1000, "times": 2}, id="a little gets lost twice"),
    pytest.param({"kind": "error", "status": 503, "retry_after": 7}, id="an outage"),
    pytest.param({"kind": "error", "status": 502, "body": "html"}, id="a gateway"),
    pytest.param({"kind": "reset"}, id="a reset"),
    pytest.param({"kind": "lost"}, id="a lost answer"),
    pytest.param({"kind": "torn"}, id="a torn answer"),
    pytest.param({"kind": "not-json"}, id="an answer that is no JSON"),
    pytest.param({"kind": "truncated"}, id="half an answer"),
    pytest.param({"kind": "type"}, id="a page"),
]


@pytest.mark.parametrize("trouble", SESSION_TROUBLE)
@pytest.mark.parametrize("spares", [pytest.param(number, id=f"after {number}") for number in (0, 2, 5)])
async def test_a_file_arrives_once_in_a_drive(trouble: dict[str, Any], spares: int) -> None:
    async with place() as here:
        here.cloud.app.state.chaos.strike(**trouble, path="driveUploads", spares=spares)
        await upload(here)
        assert await here.names() == ["a.bin"]
        assert await here.content("a.bin") == DATA


@pytest.mark.parametrize("trouble", SESSION_TROUBLE)
@pytest.mark.parametrize("spares", [pytest.param(number, id=f"after {number}") for number in (0, 2, 3)])
async def test_a_file_hangs_once_on_a_draft(trouble: dict[str, Any], spares: int) -> None:
    async with place() as here:
        message = await here.draft()
        here.cloud.app.state.chaos.strike(**trouble, path="attachmentSessions", spares=spares)
        with deadline.within(600):
            key = await upload_attachment(here.service, here.speaker, message, BytesSource(MAIL), name="a.pdf")
        (found,) = await here.attachments(message)
        target = BufferTarget(len(MAIL))
        value = Call("GET", f"{message}/attachments/{key}/$value")
        await download(here.service, here.speaker, value, target, most=len(MAIL))
        assert (found["name"], target.data) == ("a.pdf", MAIL)


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"kind": "error", "status": 429}, id="a limit without a pause"),
        pytest.param({"kind": "error", "status": 429, "retry_after": 7}, id="a limit"),
        pytest.param({"kind": "error", "status": 503, "body": "html", "times": 2}, id="an outage"),
        pytest.param({"kind": "reset", "times": 3}, id="resets"),
        pytest.param({"kind": "torn"}, id="a torn answer"),
        pytest.param({"kind": "gzip", "path": "driveDownloads"}, id="a packed answer"),
    ],
)
async def test_a_file_comes_whole_or_is_refused(trouble: dict[str, Any]) -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA)
        here.cloud.app.state.chaos.strike(**trouble)
        if trouble["kind"] == "gzip":
            with pytest.raises(GraphError, match="packs the file"):
                await fetch(here, item=item)
        else:
            assert await fetch(here, item=item) == DATA


@pytest.mark.parametrize("spoilt", [pytest.param(kind, id=kind) for kind in ("type", "truncated", "not-json")])
async def test_what_is_not_the_file_is_known_by_its_hash(spoilt: str) -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA)
        here.cloud.app.state.chaos.strike(spoilt, path="driveDownloads", times=None)
        with suppress(AppError):
            assert await fetch(here, item=item) == DATA


# These lead to Graph or to another host of Microsoft's, as an address that carries its own proof may.
HARMLESS = {
    *("other-version", "no-version", "loop", "dot-segments", "encoded-dot-segments"),
    *("prefixed-host", "line-break"),  # in a header, the break can only be encoded
}


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in EVIL_LINKS if name not in HARMLESS])
async def test_no_byte_of_a_file_and_no_token_goes_astray(name: str) -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        chaos = here.cloud.app.state.chaos
        for link in ("uploadUrl", "Location"):
            chaos.strike("link", target=name, link=link, times=None)
        before = len(here.cloud.sent)
        with pytest.raises(GraphError, match="ForeignHost"):
            await fetch(here)
        with pytest.raises(GraphError, match="ForeignHost"):
            await here.in_ranges(DATA, "b.bin")
        assert [method for method, _, _ in here.cloud.sent[before:]] == ["GET", "POST"]


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in sorted(HARMLESS)])
async def test_an_address_of_microsofts_gets_no_token_either(name: str) -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.app.state.chaos.strike("link", target=name, link="Location", times=None)
        before = len(here.cloud.sent)
        with suppress(AppError):
            assert await fetch(here) == DATA
        for _, url, headers in here.cloud.sent[before:]:
            is_our_call = url == "https://graph.microsoft.com/v1.0/me/drive/root:/a.bin:/content"
            assert is_our_call or "authorization" not in headers


async def test_a_challenge_is_answered_once() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.app.state.chaos.strike("challenge", path="me/drive")
        assert await fetch(here) == DATA


async def test_a_look_that_is_in_the_way_of_a_lost_answer_leaves_it_uncertain() -> None:
    async with place() as here:
        here.cloud.app.state.chaos.strike("lost", path="driveUploads", spares=5)
        here.cloud.app.state.chaos.strike(method="GET", path=f"{ROOT}:/a.bin", times=None)
        with pytest.raises(GraphUncertain):
            await upload(here)
