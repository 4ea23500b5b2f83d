"""graph/transfer/downloads.py: whole files, by whatever way Graph sends them, past what interrupts them."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import httpx
import pytest

from errors import AppError, GraphConflict, GraphError, GraphNotFound, GraphThrottled, GraphTooLarge, GraphUnavailable
from graph import GraphService, deadline
from graph.breaker import FAILURES, FIRST_PAUSE
from graph.calls import Call
from graph.throttle import demand_of
from graph.transfer import BufferTarget, Downloaded, download
from tests.graph.support import service_on, speaker
from tests.graph.transfer.support import PIECE, ROOT, Place, Torn, noise, place
from tests.virtual_time import VIRTUAL_TIME

SIZE = 10 * PIECE + 321
DATA = noise(SIZE)
DOWNLOADS = "driveDownloads"
CONTENT = Call("GET", f"{ROOT}:/a.bin:/content")


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


async def fetch(here: Place, target: BufferTarget, seconds: float = 600, **options: Any) -> Downloaded:
    call = options.pop("call", CONTENT)
    most = options.pop("most", SIZE)
    with deadline.within(seconds):
        return await download(here.service, here.speaker, call, target, most=most, **options)


async def test_a_file_comes_from_where_graph_says_it_is() -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA)
        target = BufferTarget(SIZE)
        found = await fetch(here, target, item=item)
        assert target.data == DATA
        assert (found.size, found.name, found.hash_checked) == (SIZE, "a.bin", "sha256Hash")
        assert found.content_type == "application/octet-stream"
        assert found.etag


async def test_the_token_and_cookies_go_to_graph_alone() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.service.sender.connections.bulk.cookies.set("somebody", "else", domain=".microsoft.com")
        await fetch(here, BufferTarget(SIZE))
        (asked,), (sent,) = here.cloud.seen("GET", "/content"), here.cloud.seen("GET", DOWNLOADS)
        assert asked["authorization"] == "Bearer t"
        assert {"authorization", "cookie"}.isdisjoint(sent)
        assert asked["accept-encoding"] == sent["accept-encoding"] == "identity"


@pytest.mark.parametrize("size", [pytest.param(0, id="nothing"), pytest.param(1, id="one byte")])
async def test_a_little_file_comes_too(size: int) -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA[:size])
        target = BufferTarget(SIZE)
        found = await fetch(here, target, item=item)
        assert (found.size, target.data) == (size, DATA[:size])


async def test_progress_counts_the_bytes() -> None:
    told: list[tuple[int, int | None]] = []

    async def progress(done: int, total: int | None) -> None:
        told.append((done, total))
        await asyncio.sleep(1)

    async with place() as here:
        await here.put("a.bin", DATA)
        await fetch(here, BufferTarget(SIZE), progress=progress)
    assert told == [(min((number + 1) * PIECE, SIZE), SIZE) for number in range(11)]


async def test_a_listener_that_fails_breaks_nothing() -> None:
    async def progress(done: int, total: int | None) -> None:
        raise RuntimeError("the client went away")

    async with place() as here:
        await here.put("a.bin", DATA)
        assert (await fetch(here, BufferTarget(SIZE), progress=progress)).size == SIZE


# Limits.


async def test_a_file_that_is_too_large_by_its_entry_is_not_asked_for() -> None:
    async with place() as here:
        target = BufferTarget(SIZE)
        with pytest.raises(GraphTooLarge, match=r"655,681 bytes.*100 are the limit"):
            await fetch(here, target, item={"size": SIZE}, most=100)
        assert here.cloud.sent == []


async def test_a_file_that_is_too_large_is_not_read() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        target = BufferTarget(SIZE)
        with pytest.raises(GraphTooLarge):
            await fetch(here, target, most=SIZE - 1)
        assert target.data == b""


async def test_a_stream_that_does_not_say_its_length_is_read_up_to_the_limit() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike(httpx.Response(200, content=DATA[: 5 * PIECE]), "GET", DOWNLOADS)
        here.cloud.faults[0].kind.headers.pop("content-length")  # type: ignore[union-attr]
        target = BufferTarget(SIZE)
        with pytest.raises(GraphTooLarge, match=r"196,608 bytes or more"):
            await fetch(here, target, most=2 * PIECE)
        assert target.data == b""


# Interruptions.


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("unsent", id="no connection"),
        pytest.param("reset", id="no answer"),
        pytest.param("torn", id="breaks off"),
        pytest.param("short", id="ends early"),
        pytest.param(500, id="a failure"),
        pytest.param(503, id="an outage"),
    ],
)
@pytest.mark.parametrize("part", [pytest.param("/content", id="at Graph"), pytest.param(DOWNLOADS, id="elsewhere")])
@pytest.mark.parametrize("is_known", [pytest.param(True, id="with a hash"), pytest.param(False, id="without")])
async def test_a_file_is_whole_whatever_happens(kind: Any, part: str, is_known: bool) -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA)
        here.cloud.strike(kind, "GET", part, left=3)
        target = BufferTarget(SIZE)
        await fetch(here, target, item=item if is_known else None)
        assert target.data == DATA


async def test_only_what_is_missing_is_asked_for_again() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike("torn", "GET", DOWNLOADS)
        target = BufferTarget(SIZE)
        found = await fetch(here, target)
        assert target.data == DATA
        first, second = here.cloud.seen("GET", DOWNLOADS)
        assert "range" not in first
        assert (second["range"], second["if-range"]) == (f"bytes={SIZE // 2}-", found.etag)
        assert len(here.cloud.seen("GET", "/content")) == 1


async def test_an_address_that_has_expired_is_asked_for_again() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike("torn", "GET", DOWNLOADS)
        here.cloud.strike(401, "GET", DOWNLOADS, after=0)
        target = BufferTarget(SIZE)
        await fetch(here, target)
        assert target.data == DATA
        assert len(here.cloud.seen("GET", "/content")) == 2
        assert here.cloud.seen("GET", DOWNLOADS)[-1]["range"] == f"bytes={SIZE // 2}-"


async def test_an_address_that_always_expires_is_given_up() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike(404, "GET", DOWNLOADS, left=None)
        with pytest.raises(GraphNotFound):
            await fetch(here, BufferTarget(SIZE))
        assert len(here.cloud.seen("GET", "/content")) == 5


async def test_a_file_that_changes_meanwhile_is_read_from_the_start() -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA)

        async def progress(done: int, total: int | None) -> None:
            if done == PIECE:
                await here.put("a.bin", DATA[::-1])

        here.cloud.strike("torn", "GET", DOWNLOADS)
        target = BufferTarget(SIZE)
        found = await fetch(here, target, progress=progress)
        assert target.data == DATA[::-1]
        assert found.etag not in ("", item["cTag"])


async def test_a_certificate_that_is_not_trusted_is_told() -> None:
    def network(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")

    async with service_on(network) as service:
        with pytest.raises(GraphUnavailable, match="SSL_CERT_FILE"), deadline.within(600):
            await download(service, speaker(), CONTENT, BufferTarget(9), most=9)


async def test_faults_that_do_not_end_are_told_and_nothing_is_kept() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike("torn", "GET", DOWNLOADS)
        here.cloud.strike("reset", "GET", DOWNLOADS, left=None)
        target = BufferTarget(SIZE)
        with pytest.raises(GraphUnavailable, match=r"broke again and again.*try again"):
            await fetch(here, target)
        assert target.data == b""


async def test_a_pause_that_graph_asks_for_is_kept_by_all_who_meet_it() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike(429, "GET", "/content", headers={"retry-after": "20"})
        await asyncio.gather(*(fetch(here, BufferTarget(SIZE)) for _ in range(3)))
        assert 20 <= asyncio.get_running_loop().time() < 60


async def test_a_pause_that_others_ask_for_is_kept_by_this_one() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike(503, "GET", DOWNLOADS, headers={"retry-after": "20"})
        await fetch(here, BufferTarget(SIZE))
        assert 20 <= asyncio.get_running_loop().time() < 30


async def test_a_pause_longer_than_the_time_that_is_left_is_not_begun() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        for part in ("/content", DOWNLOADS):
            here.cloud.strike(429, "GET", part, headers={"retry-after": "700"})
        for _ in range(2):
            with pytest.raises(GraphThrottled):
                await fetch(here, BufferTarget(SIZE))
        assert asyncio.get_running_loop().time() < 5


async def test_what_graph_refuses_is_told() -> None:
    async with place() as here:
        with pytest.raises(GraphNotFound, match="itemNotFound"):
            await fetch(here, BufferTarget(SIZE))
        assert len(here.cloud.sent) == 1


async def test_slots_come_back_whatever_happens() -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA)
        here.cloud.strike("torn", "GET", "/content", left=70)
        for _ in range(100):
            with suppress(AppError):
                await fetch(here, BufferTarget(SIZE), seconds=1, item=item)
        assert (await fetch(here, BufferTarget(SIZE))).size == SIZE


# Time and cancelling.


async def test_a_download_ends_with_its_deadline() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike("torn", "GET", DOWNLOADS)
        here.cloud.strike("silent", "GET", DOWNLOADS)
        target = BufferTarget(SIZE)
        with pytest.raises(GraphUnavailable, match=r"Timeout: Time was over after 327,840 of 655,681 bytes"):
            await fetch(here, target, seconds=30)
        assert asyncio.get_running_loop().time() < 31
        assert target.data == b""


async def test_without_a_deadline_there_is_one() -> None:
    async with place() as here:
        here.cloud.strike("silent", "GET")
        with pytest.raises(GraphUnavailable, match="Timeout"):
            await download(here.service, here.speaker, CONTENT, BufferTarget(SIZE), most=SIZE)
        assert asyncio.get_running_loop().time() < 61


async def cancelled_by_its_task(here: Place, target: BufferTarget) -> None:
    task = asyncio.create_task(fetch(here, target))
    await asyncio.sleep(5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancelled_by_its_scope(here: Place, target: BufferTarget) -> None:
    with anyio.move_on_after(5) as scope:
        await fetch(here, target)
    assert scope.cancelled_caught


@pytest.mark.parametrize(
    "cancelled",
    [pytest.param(cancelled_by_its_task, id="its task"), pytest.param(cancelled_by_its_scope, id="its scope")],
)
async def test_a_download_that_is_cancelled_keeps_nothing(cancelled: Callable[[Place, BufferTarget], Any]) -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike("torn", "GET", DOWNLOADS)
        here.cloud.strike("silent", "GET", DOWNLOADS)
        target = BufferTarget(SIZE)
        await cancelled(here, target)
        assert target.data == b""


# Hashes.


async def test_a_file_that_is_not_the_one_that_was_listed_is_not_kept() -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA)
        await here.put("a.bin", DATA[::-1])
        target = BufferTarget(SIZE)
        with pytest.raises(GraphConflict, match=r"HashMismatch.*Nothing was kept.*again"):
            await fetch(here, target, item=item)
        assert target.data == b""


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind) for kind in ("sha1Hash", "quickXorHash")])
async def test_any_hash_is_compared_over_the_whole_after_a_fault_too(kind: str) -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA)
        item["file"]["hashes"] = {kind: item["file"]["hashes"][kind]}
        here.cloud.strike("torn", "GET", DOWNLOADS, left=3)
        assert (await fetch(here, BufferTarget(SIZE), item=item)).hash_checked == kind


# Ways.


async def test_a_call_that_is_challenged_is_repeated_with_fresh_claims() -> None:
    claims = base64.b64encode(b'{"access_token":{}}').decode()
    challenge = f'Bearer error="insufficient_claims", claims="{claims}"'
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike(401, "GET", "/content", headers={"www-authenticate": challenge})
        assert (await fetch(here, BufferTarget(SIZE))).size == SIZE
        assert len(here.cloud.seen("GET", "/content")) == 2


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("https://evil.example/file", id="another host"),
        pytest.param("http://contoso.sharepoint.com/file", id="in the open"),
        pytest.param("https://graph.microsoft.com@evil.example/", id="disguised"),
        pytest.param("https://169.254.169.254/metadata", id="a number"),
        pytest.param("/driveDownloads/x", id="relative"),
        pytest.param("", id="none"),
    ],
)
@pytest.mark.parametrize("hop", [pytest.param("/content", id="from Graph"), pytest.param(DOWNLOADS, id="from there")])
async def test_no_request_goes_where_microsoft_is_not(location: str, hop: str) -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        headers = {"location": location} if location else {}
        here.cloud.strike(httpx.Response(302, headers=headers), "GET", hop)
        before = len(here.cloud.sent)
        with pytest.raises(GraphError, match="ForeignHost"):
            await fetch(here, BufferTarget(SIZE))
        assert len(here.cloud.sent) - before == (1 if hop == "/content" else 2)


class Script:
    """A network that gives these answers, and remembers what it was asked."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def fetched(self, **options: Any) -> tuple[Downloaded, bytes]:
        target = BufferTarget(1000)
        with deadline.within(600):
            async with service_on(self) as service:
                found = await download(service, speaker(), CONTENT, target, most=1000, **options)
        return found, target.data


def whole(data: bytes, *, cut: int | None = None, status: int = 200, **headers: str) -> httpx.Response:
    """An answer with a file, which breaks off after so many bytes."""
    length = {"content-length": str(len(data))} if status == 200 else {}
    error = None if cut is None else httpx.ReadError("cut")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers={**length, **named}, stream=Torn(data[:cut], error))


def part(data: bytes, first: int, total: int | str, **headers: Any) -> httpx.Response:
    place = f"bytes {first}-{first + len(data) - 1}/{total}"
    return whole(data, status=206, content_range=place, **headers)


async def test_several_hops_are_followed() -> None:
    hops = [httpx.Response(302, headers={"location": f"https://c{n}.sharepoint.com/f"}) for n in range(3)]
    script = Script(*hops, whole(b"abc"))
    assert (await script.fetched())[1] == b"abc"
    assert ["authorization" in request.headers for request in script.asked] == [True, False, False, False]


async def test_hops_without_end_are_not() -> None:
    script = Script(httpx.Response(302, headers={"location": "https://contoso.sharepoint.com/f"}))
    with pytest.raises(GraphUnavailable, match=r"Redirects.*later"):
        await script.fetched()
    assert len(script.asked) == 4


async def test_what_graph_sends_itself_is_taken_as_it_comes() -> None:
    found, data = await Script(whole(b"abc", content_type="image/png", etag='"1"')).fetched()
    assert (data, found) == (b"abc", Downloaded(3, "image/png", "", None, '"1"'))


async def test_no_content_is_an_empty_file() -> None:
    found, data = await Script(httpx.Response(204)).fetched()
    assert (found.size, data) == (0, b"")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        pytest.param("attachment; filename*=UTF-8''%C3%A4%20b.txt", "ä b.txt", id="encoded"),
        pytest.param('attachment; filename="a b.txt"', "a b.txt", id="in quotes"),
        pytest.param("inline", "", id="none"),
    ],
)
async def test_the_name_is_what_the_answer_says(disposition: str, name: str) -> None:
    assert (await Script(whole(b"a", content_disposition=disposition)).fetched())[0].name == name
    assert (await Script(whole(b"a", content_disposition=disposition)).fetched(item={"name": "z"}))[0].name == "z"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(whole(b"a", content_encoding="gzip"), "packs the file", id="packed"),
        pytest.param(part(b"a", 5, 10), "another part", id="another part"),
        pytest.param(whole(b"a", status=206), "another part", id="a part of nothing"),
        pytest.param(whole(b"a" * 9, content_length="3"), "more of the file than it says", id="too long"),
    ],
)
async def test_answers_that_make_no_sense_are_told(answer: httpx.Response, words: str) -> None:
    with pytest.raises(GraphUnavailable, match=rf"BadAnswer.*{words}.*Try again"):
        await Script(answer).fetched()


async def test_a_status_that_brings_nothing_is_an_error() -> None:
    with pytest.raises(GraphUnavailable):
        await Script(httpx.Response(202)).fetched()


async def test_parts_smaller_than_asked_for_are_put_together() -> None:
    script = Script(whole(b"abcdef", cut=2, etag='"1"'), part(b"c", 2, 6), part(b"de", 3, 6), part(b"f", 5, 6))
    assert (await script.fetched())[1] == b"abcdef"
    assert [request.headers.get("range") for request in script.asked] == [None, "bytes=2-", "bytes=3-", "bytes=5-"]


async def test_parts_of_nobody_knows_how_much_end_where_nothing_is_left() -> None:
    end = httpx.Response(416, headers={"content-range": "bytes */4"})
    first = whole(b"abcd", cut=2, etag='"1"', content_length="")
    assert (await Script(first, part(b"c", 2, "*"), part(b"d", 3, "*"), end).fetched())[1] == b"abcd"


async def test_what_was_said_before_the_first_byte_is_forgotten() -> None:
    first, second = whole(b"abcdef", cut=0, etag='"1"'), whole(b"new", content_length="")
    assert (await Script(first, second).fetched())[1] == b"new"


async def test_the_whole_in_place_of_the_rest_begins_anew() -> None:
    script = Script(whole(b"abcdef", cut=3, etag='"1"'), whole(b"abcdef", etag='"1"'))
    assert (await script.fetched())[1] == b"abcdef"


async def test_without_a_tag_or_a_hash_the_rest_is_not_asked_for() -> None:
    script = Script(whole(b"abcdef", cut=3), whole(b"ABCDEF"))
    assert (await script.fetched())[1] == b"ABCDEF"
    assert "range" not in script.asked[1].headers


@pytest.mark.parametrize("etag", [pytest.param('W/"1"', id="weak"), pytest.param("aYzox", id="without quotes")])
async def test_a_tag_that_is_no_condition_is_compared_afterwards(etag: str) -> None:
    script = Script(whole(b"abcdef", cut=3, etag=etag), part(b"def", 3, 6, etag=etag))
    assert (await script.fetched())[1] == b"abcdef"
    assert script.asked[1].headers["range"] == "bytes=3-"
    assert "if-range" not in script.asked[1].headers


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(part(b"DEF", 3, 6, etag='W/"2"'), id="another tag"),
        pytest.param(part(b"DEFG", 3, 7, etag='W/"1"'), id="another length"),
        pytest.param(httpx.Response(416, headers={"content-range": "bytes */2"}), id="a shorter one"),
    ],
)
async def test_parts_of_different_files_are_never_put_together(other: httpx.Response) -> None:
    script = Script(whole(b"abcdef", cut=3, etag='W/"1"'), other, whole(b"new", etag='W/"2"'))
    assert (await script.fetched())[1] == b"new"
    assert "range" not in script.asked[2].headers


async def test_a_file_that_keeps_changing_is_told() -> None:
    script = Script(
        whole(b"abcdef", cut=3, etag='"1"'),
        whole(b"abcdef", cut=3, etag='"2"'),
        whole(b"abcdef", cut=3, etag='"3"'),
    )
    with pytest.raises(GraphConflict, match=r"ChangedMeanwhile.*at rest"):
        await script.fetched()


async def test_an_end_that_nobody_understands_begins_anew_and_is_given_up_at_last() -> None:
    script = Script(whole(b"abcdef", cut=3, etag='"1"'), httpx.Response(416), whole(b"abcdef"))
    assert (await script.fetched())[1] == b"abcdef"
    script = Script(*(each for _ in range(5) for each in (whole(b"abcdef", cut=3, etag='"1"'), httpx.Response(416))))
    with pytest.raises(GraphError):
        await script.fetched()


async def test_a_page_that_is_too_long_to_be_an_error_is_not_read_to_its_end() -> None:
    with pytest.raises(GraphTooLarge):
        await Script(httpx.Response(403, stream=Torn(b"x" * 2_000_000))).fetched()


# What is held meanwhile, and outages.

ATTACHED = Call("GET", "me/messages/1/attachments/2/$value")
MOVED = httpx.Response(302, headers={"location": "https://contoso.sharepoint.com/f"})


async def attached(service: GraphService) -> bytes:
    target = BufferTarget(9)
    await download(service, speaker(), ATTACHED, target, most=9)
    return target.data


def free_slots(service: GraphService) -> int:
    """How many calls could go to the mailbox now."""
    throttle, caller = service.sender.throttle, speaker().caller
    wanted, permits = demand_of(ATTACHED, caller), []
    while permit := throttle.try_admit(wanted, caller):
        permits.append(permit)
    for permit in permits:
        permit.release()
    return len(permits)


def open_breaker(service: GraphService) -> None:
    for _ in range(FAILURES):
        service.sender.breaker.failed(asyncio.get_running_loop().time())


@pytest.mark.parametrize("status", [pytest.param(500, id="refused"), pytest.param(200, id="ends early")])
async def test_no_slot_is_held_between_tries(status: int) -> None:
    script = Script(httpx.Response(status, headers={"content-length": "3"}, stream=Torn(b"ab")), whole(b"abc"))
    async with service_on(script) as service:
        work = asyncio.create_task(attached(service))
        for _ in range(100):  # no time passes meanwhile
            await asyncio.sleep(0)
        assert (len(script.asked), free_slots(service)) == (1, 4)
        assert await work == b"abc"


async def test_while_graph_is_out_no_download_asks_it() -> None:
    script = Script(whole(b"abc"))
    async with service_on(script) as service:
        open_breaker(service)
        with pytest.raises(GraphUnavailable, match="Outage"):
            await attached(service)
        assert (script.asked, free_slots(service)) == ([], 4)
        await asyncio.sleep(FIRST_PAUSE)
        assert await attached(service) == b"abc"
        assert not service.sender.breaker.is_open


def nobody(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("down")


@pytest.mark.parametrize(
    ("network", "is_out"),
    [
        pytest.param(nobody, True, id="no answer"),
        pytest.param(Script(httpx.Response(502)), True, id="a gateway's"),
        pytest.param(Script(httpx.Response(500)), False, id="a failure of Graph's own"),
        pytest.param(Script(*[MOVED, *[httpx.Response(502)] * 5] * 2), False, id="from elsewhere"),
    ],
)
async def test_a_download_finds_out_that_graph_is_out(network: Any, is_out: bool) -> None:
    async with service_on(network) as service:
        for _ in range(2):
            with pytest.raises(GraphUnavailable), deadline.within(600):
                await attached(service)
        assert service.sender.breaker.is_open is is_out


async def test_a_download_that_is_cancelled_leaves_it_to_the_next_to_find_out() -> None:
    async with place() as here:
        await here.put("a.bin", DATA)
        here.cloud.strike("silent", "GET", "/content")
        open_breaker(here.service)
        await asyncio.sleep(FIRST_PAUSE)
        with anyio.move_on_after(5) as scope:
            await fetch(here, BufferTarget(SIZE))
        assert scope.cancelled_caught
        assert (await fetch(here, BufferTarget(SIZE))).size == SIZE
