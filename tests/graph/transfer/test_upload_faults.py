"""graph/transfer/sessions.py when things go wrong: the file is there once, or it is told, and no session stays."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from errors import GraphBadRequest, GraphConflict, GraphThrottled, GraphUnavailable, GraphUncertain
from graph import deadline
from graph.transfer import BytesSource, Conflict, upload_file
from graph.transfer.files import FRAGMENT
from tests.graph.support import service_on, speaker
from tests.graph.transfer.support import ROOT, STEP, Place, noise, place
from tests.virtual_time import VIRTUAL_TIME

SIZE = 2 * STEP + 1000
DATA = noise(SIZE)
SMALL = noise(2000)
UPLOADS = "driveUploads"


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


async def upload(here: Place, seconds: float = 600, conflict: Conflict = "fail") -> dict[str, Any]:
    with deadline.within(seconds):
        return await here.in_ranges(DATA, conflict=conflict)


async def upload_small(here: Place, conflict: Conflict = "fail") -> dict[str, Any]:
    with deadline.within(600):
        source = BytesSource(SMALL)
        path = f"{ROOT}:/a.bin:"
        return await upload_file(here.service, here.speaker, path, source, name="a.bin", conflict=conflict)


async def is_there_once(here: Place, data: bytes = DATA) -> bool:
    return await here.names() == ["a.bin"] and await here.content("a.bin") == data and here.open_sessions() == 0


RANGES = [pytest.param(0, id="the first range"), pytest.param(1, id="the second"), pytest.param(2, id="the last")]
CONFLICTS = [pytest.param(name, id=name) for name in ("fail", "replace", "rename")]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("unsent", id="no connection"),
        pytest.param("half", id="breaks while sending"),
        pytest.param("reset", id="breaks before the answer"),
        pytest.param("lost", id="the answer is lost"),
        pytest.param("torn", id="the answer breaks off"),
        pytest.param("short", id="the answer is cut"),
        pytest.param(500, id="a failure"),
        pytest.param(503, id="an outage"),
        pytest.param(509, id="a limit"),
        pytest.param(404, id="the session is gone"),
        pytest.param(410, id="the session is over"),
        pytest.param(401, id="the address has expired"),
        pytest.param(416, id="another range is wanted"),
    ],
)
@pytest.mark.parametrize("after", RANGES)
@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_a_file_arrives_once_whatever_happens_to_a_range(kind: Any, after: int, conflict: Conflict) -> None:
    async with place() as here:
        here.cloud.strike(kind, "PUT", UPLOADS, after=after)
        item = await upload(here, conflict=conflict)
        assert item["size"] == SIZE
        if kind in (404, 410, 401):  # the tenant still has the session that seemed to be gone
            assert await here.content("a.bin") == DATA
            assert await here.names() == ["a.bin"]
        else:
            assert await is_there_once(here)


async def test_only_what_is_missing_is_sent_again() -> None:
    async with place() as here:
        here.cloud.strike("reset", "PUT", UPLOADS, after=1)
        await upload(here)
        ranges = [headers["content-range"].partition("-")[0] for headers in here.cloud.seen("PUT")]
        assert ranges == [f"bytes {start}" for start in (0, STEP, STEP, 2 * STEP)]
        assert len(here.cloud.seen("GET", UPLOADS)) == 1


async def test_what_arrived_though_its_answer_was_lost_is_not_sent_again() -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", UPLOADS, after=1)
        await upload(here)
        assert len(here.cloud.seen("PUT")) == 3


async def test_a_pause_that_is_asked_for_is_kept() -> None:
    async with place() as here:
        here.cloud.strike(429, "PUT", UPLOADS, headers={"retry-after": "40"})
        await upload(here)
        assert 40 <= asyncio.get_running_loop().time() < 60
        assert await is_there_once(here)


async def test_a_pause_longer_than_the_time_that_is_left_is_not_begun() -> None:
    async with place() as here:
        here.cloud.strike(429, "PUT", UPLOADS, headers={"retry-after": "700"})
        with pytest.raises(GraphThrottled) as caught:
            await upload(here)
        assert caught.value.retry_after == 700
        assert asyncio.get_running_loop().time() < 10
        assert here.open_sessions() == 0


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        pytest.param("reset", "Unreachable", id="connections"),
        pytest.param(503, "503", id="the service"),
        pytest.param(429, "429", id="patience"),
        pytest.param(416, "416", id="order"),
    ],
)
async def test_what_never_gets_better_ends_in_an_error_and_nothing_stays(kind: Any, code: str) -> None:
    async with place() as here:
        here.cloud.strike(kind, "PUT", UPLOADS, after=1, left=None, headers={"retry-after": "1"} if kind == 429 else {})
        with pytest.raises(GraphUnavailable if kind in ("reset", 503) else Exception) as caught:
            await upload(here)
        assert caught.value.code == code  # type: ignore[attr-defined]
        assert asyncio.get_running_loop().time() < 60
        assert await here.names() == []
        assert here.open_sessions() == 0


async def test_what_gets_on_slowly_gets_there() -> None:
    """More faults in all than are borne in a row."""
    async with place() as here:
        for number in range(3):
            here.cloud.strike("half", "PUT", UPLOADS, after=number, left=3)
        await upload(here)
        assert await is_there_once(here)


async def test_a_session_that_is_refused_again_and_again_is_given_up() -> None:
    async with place() as here:
        here.cloud.strike(404, "PUT", UPLOADS, left=None)
        with pytest.raises(GraphUnavailable, match="SessionLost") as caught:
            await upload(here)
        assert caught.value.status == 404
        assert len(here.cloud.seen("POST")) == 3
        assert await here.names() == []


async def test_an_order_that_cannot_be_met_is_told() -> None:
    async with place() as here:
        here.cloud.strike(400, "PUT", UPLOADS)
        with pytest.raises(GraphBadRequest):
            await upload(here)
        assert here.open_sessions() == 0


async def test_a_status_that_cannot_be_had_has_the_session_begin_anew() -> None:
    async with place() as here:
        here.cloud.strike("reset", "PUT", UPLOADS, after=1)
        here.cloud.strike(405, "GET", UPLOADS)
        await upload(here)
        assert await here.content("a.bin") == DATA


@pytest.mark.parametrize("kind", [pytest.param("reset", id="no answer"), pytest.param(503, id="an outage")])
async def test_asking_where_the_session_stands_may_fail_as_well(kind: Any) -> None:
    async with place() as here:
        here.cloud.strike("reset", "PUT", UPLOADS, after=1)
        here.cloud.strike(kind, "GET", UPLOADS, left=2)
        await upload(here)
        assert await is_there_once(here)


# The last answer.


@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_a_lost_last_answer_is_found_out_about(conflict: Conflict) -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        item = await upload(here, conflict=conflict)
        assert item["name"] == "a.bin"
        assert await is_there_once(here)
        assert len(here.cloud.seen("POST")) == 1


async def test_a_lost_answer_under_another_name_is_not_guessed() -> None:
    """The name was taken, so the file has another one, which only the lost answer told."""
    async with place() as here:
        await here.put("a.bin", DATA)
        await asyncio.sleep(60)
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        with pytest.raises(GraphUncertain, match=r"may be there or not.*Look"):
            await upload(here, conflict="rename")
        assert await here.names() == ["a 1.bin", "a.bin"]


async def test_a_file_of_somebody_else_is_not_taken_for_ours() -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        theirs = {"id": "1", "name": "a.bin", "size": SIZE, "file": {"hashes": {"quickXorHash": "other"}}}
        here.cloud.strike(httpx.Response(200, json=theirs), "GET", "root:/a.bin")
        with pytest.raises(GraphUncertain):
            await upload(here)


@pytest.mark.parametrize(
    ("changed", "is_ours"),
    [
        pytest.param("2026-03-11T14:30:00Z", True, id="since we began"),
        pytest.param("2026-03-11T14:29:00Z", False, id="before"),
        pytest.param("unknown", False, id="nobody knows when"),
    ],
)
async def test_without_a_hash_the_time_of_the_change_decides(changed: str, is_ours: bool) -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        found = {"id": "1", "name": "a.bin", "size": SIZE, "lastModifiedDateTime": changed}
        date = {"date": "Wed, 11 Mar 2026 14:30:01 GMT"}
        here.cloud.strike(httpx.Response(200, json=found, headers=date), "GET", "root:/a.bin")
        if is_ours:
            assert await upload(here) == found
        else:
            with pytest.raises(GraphUncertain):
                await upload(here)


async def test_a_look_that_fails_leaves_it_uncertain() -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        here.cloud.strike(403, "GET", "root:/a.bin")
        with pytest.raises(GraphUncertain):
            await upload(here)


async def test_a_conflict_with_ourselves_is_none() -> None:
    """The first try got there, its answer was lost, and the session is still shown for a while."""
    async with place() as here:
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        here.cloud.strike(httpx.Response(200, json={"nextExpectedRanges": [f"{2 * STEP}-"]}), "GET", UPLOADS)
        here.cloud.strike(409, "PUT", UPLOADS, after=2)
        await upload(here)
        assert await is_there_once(here)


NOT_SEEN_YET = httpx.Response(404, json={"error": {"code": "itemNotFound", "message": "Not here."}})


async def test_a_file_that_is_not_seen_at_once_is_found_when_it_is_in_its_own_way() -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        here.cloud.strike(NOT_SEEN_YET, "GET", "root:/a.bin")
        await upload(here)
        assert await is_there_once(here)
        assert len(here.cloud.seen("POST")) == 2


async def test_a_file_that_is_not_seen_at_once_is_not_sent_twice_under_two_names() -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        here.cloud.strike(NOT_SEEN_YET, "GET", "root:/a.bin")
        with pytest.raises(GraphUncertain):
            await upload(here, conflict="rename")
        assert await is_there_once(here)


async def test_what_goes_wrong_after_a_loss_leaves_it_uncertain() -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", UPLOADS, after=2)
        here.cloud.strike(NOT_SEEN_YET, "GET", "root:/a.bin")
        here.cloud.strike(507, "POST", after=1)
        with pytest.raises(GraphUncertain):
            await upload(here, conflict="replace")
        assert await is_there_once(here)


async def test_a_small_file_that_is_not_seen_at_once_is_found_when_it_is_in_its_own_way() -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", "/content")
        here.cloud.strike(NOT_SEEN_YET, "GET", "root:/a.bin")
        await upload_small(here)
        assert await is_there_once(here, SMALL)
        assert len(here.cloud.seen("PUT")) == 2


async def test_a_small_file_that_nobody_finds_stays_uncertain() -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", "/content")
        here.cloud.strike(NOT_SEEN_YET, "GET", "root:/a.bin", left=None)
        with pytest.raises(GraphUncertain):
            await upload_small(here)


async def test_a_conflict_with_others_is_told_after_a_lost_answer_too() -> None:
    async with place() as here:
        here.cloud.strike("reset", "PUT", UPLOADS, after=2)
        here.cloud.strike(409, "PUT", UPLOADS, after=2)
        with pytest.raises(GraphConflict):
            await upload(here)
        assert here.open_sessions() == 0


async def test_a_session_that_wants_no_more_and_makes_no_file_is_an_error() -> None:
    async with place() as here:
        here.cloud.strike(httpx.Response(202, json={"nextExpectedRanges": []}), "PUT", UPLOADS, after=2)
        here.cloud.strike(httpx.Response(200, json={"nextExpectedRanges": []}), "GET", UPLOADS, left=None)
        with pytest.raises(GraphUnavailable, match="NoProgress"):
            await upload(here)
        assert await here.names() == []
        assert here.open_sessions() == 0


async def test_a_session_that_takes_a_while_to_make_the_file_is_waited_for() -> None:
    async with place() as here:
        here.cloud.strike(httpx.Response(202, json={}), "PUT", UPLOADS, after=2)
        here.cloud.strike(httpx.Response(200, json={"nextExpectedRanges": []}), "GET", UPLOADS, left=2)
        await upload(here)
        assert await is_there_once(here)


@pytest.mark.parametrize("conflict", CONFLICTS)
async def test_a_small_file_whose_answer_is_lost_is_there_once(conflict: Conflict) -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", "/content")
        item = await upload_small(here, conflict=conflict)
        assert item["name"] == "a.bin"
        assert await is_there_once(here, SMALL)


async def test_a_small_file_whose_request_is_lost_is_there_once() -> None:
    async with place() as here:
        here.cloud.strike("reset", "PUT", "/content")
        await upload_small(here)
        assert await is_there_once(here, SMALL)


async def test_a_small_file_that_may_have_got_another_name_is_not_sent_twice() -> None:
    async with place() as here:
        here.cloud.strike("reset", "PUT", "/content")
        with pytest.raises(GraphUncertain):
            await upload_small(here, conflict="rename")
        assert len(here.cloud.seen("PUT")) == 1
        assert await here.names() == []


async def test_a_small_file_is_uncertain_where_looking_fails() -> None:
    async with place() as here:
        here.cloud.strike("lost", "PUT", "/content", left=None)
        here.cloud.strike(403, "GET", "root:/a.bin")
        with pytest.raises(GraphUncertain):
            await upload_small(here)


# Time and cancelling.


async def test_an_upload_ends_with_its_deadline_and_leaves_no_session() -> None:
    async with place() as here:
        here.cloud.strike("silent", "PUT", UPLOADS, after=1)
        with pytest.raises(GraphUnavailable, match=r"Timeout: Time was over after 327,680 of"):
            await upload(here, seconds=30)
        assert asyncio.get_running_loop().time() < 31
        assert here.open_sessions() == 0


async def test_without_a_deadline_there_is_one() -> None:
    async with place() as here:
        here.cloud.strike("silent", "PUT", UPLOADS)
        with pytest.raises(GraphUnavailable, match="Timeout"):
            await here.in_ranges(DATA)
        assert asyncio.get_running_loop().time() < 61


async def test_a_deadline_after_the_last_byte_leaves_it_uncertain() -> None:
    async with place() as here:
        here.cloud.strike("mute", "PUT", UPLOADS, after=2)
        with pytest.raises(GraphUncertain, match="Look"):
            await upload(here, seconds=30)
        assert await is_there_once(here)


async def test_a_deadline_after_the_last_byte_is_certain_where_the_session_was_still_there() -> None:
    async with place() as here:
        here.cloud.strike("silent", "PUT", UPLOADS, after=2)
        with pytest.raises(GraphUnavailable, match="Timeout") as caught:
            await upload(here, seconds=30)
        assert not isinstance(caught.value, GraphUncertain)
        assert await here.names() == []


@pytest.mark.parametrize("kind", [pytest.param("silent", id="no answer"), pytest.param("reset", id="no connection")])
async def test_ending_the_session_takes_no_time_without_end(kind: str) -> None:
    async with place() as here:
        here.cloud.strike(400, "PUT", UPLOADS)
        here.cloud.strike(kind, "DELETE", UPLOADS)
        with pytest.raises(GraphBadRequest):
            await upload(here)
        assert asyncio.get_running_loop().time() < 6


async def cancelled_by_its_task(here: Place) -> None:
    task = asyncio.create_task(upload(here))
    await asyncio.sleep(5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancelled_by_its_scope(here: Place) -> None:
    with anyio.move_on_after(5) as scope:
        await upload(here)
    assert scope.cancelled_caught


@pytest.mark.parametrize(
    "cancelled",
    [pytest.param(cancelled_by_its_task, id="its task"), pytest.param(cancelled_by_its_scope, id="its scope")],
)
async def test_an_upload_that_is_cancelled_leaves_no_session(cancelled: Callable[[Place], Any]) -> None:
    async with place() as here:
        here.cloud.strike("silent", "PUT", UPLOADS, after=1)
        await cancelled(here)
        assert here.open_sessions() == 0
        assert await here.names() == []


# Sessions that want strange things.

LARGE_SIZE = 2 * FRAGMENT + 1000
LARGE = noise(LARGE_SIZE)


class Session:
    """An upload session that answers as a test says; it keeps what it is sent."""

    def __init__(self, *wishes: str | None) -> None:
        self.wishes = list(wishes)
        self.received: list[tuple[int, bytes]] = []
        self.deleted = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(200, json={"uploadUrl": "https://contoso.sharepoint.com/up?tempauth=x"})
        if request.method == "DELETE":
            self.deleted = True
            return httpx.Response(204)
        if request.method == "PUT":
            place = int(request.headers["content-range"].removeprefix("bytes ").partition("-")[0])
            self.received.append((place, request.content))
        wish = self.wishes.pop(0) if len(self.wishes) > 1 else self.wishes[0]
        if wish is None:
            return httpx.Response(201, json={"id": "1", "name": "a.bin", "size": LARGE_SIZE})
        return httpx.Response(202, content=json.dumps({"nextExpectedRanges": [wish]}))

    async def fed(self) -> dict[str, Any]:
        with deadline.within(600):
            async with service_on(self) as service:
                return await upload_file(service, speaker(), f"{ROOT}:/a.bin:", BytesSource(LARGE), name="a.bin")


async def test_a_session_that_goes_back_is_obeyed() -> None:
    session = Session("10485760-", "327680-", "10813440-", None)
    await session.fed()
    whole = bytearray(LARGE_SIZE)
    for start, data in session.received:
        whole[start : start + len(data)] = data
    assert [place for place, _ in session.received] == [0, FRAGMENT, 327_680, 10_813_440]
    assert bytes(whole) == LARGE


async def test_a_session_that_always_goes_back_is_given_up() -> None:
    session = Session(*["10485760-", "0-"] * 40)
    with pytest.raises(GraphUnavailable, match=r"NoProgress.*again"):
        await session.fed()
    assert len(session.received) < 14
    assert session.deleted


async def test_a_session_that_claims_what_was_never_sent_is_not_believed() -> None:
    session = Session("20971520-")
    with pytest.raises(GraphUnavailable, match="BadAnswer"):
        await session.fed()
    assert session.deleted


async def test_a_session_that_says_nothing_is_asked() -> None:
    session = Session("x", "10485760-", "20971520-", None)
    await session.fed()
    assert [place for place, _ in session.received] == [0, FRAGMENT, 2 * FRAGMENT]
