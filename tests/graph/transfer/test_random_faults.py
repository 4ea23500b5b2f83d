"""Whatever breaks, wherever: a file is there once and just as it was, or an error says why and nothing is there."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import AppError, GraphUncertain
from graph import deadline
from graph.calls import Call
from graph.transfer import BufferTarget, Conflict, download
from tests.graph.transfer.support import ROOT, STEP, noise, place
from tests.virtual_time import VirtualTimeLoop

SIZE = 3 * STEP + 4321
DATA = noise(SIZE)
ELSEWHERE = ("driveUploads", "driveDownloads")

methods = st.sampled_from(["PUT", "PUT", "GET", "POST", "DELETE"])
kinds = st.one_of(
    st.sampled_from(["unsent", "half", "reset", "lost", "torn", "short", "silent", "mute"]),
    st.sampled_from([404, 410, 416, 429, 500, 502, 503, 504, 507, 400, 403]),
)
troubles = st.lists(st.tuples(kinds, methods, st.integers(0, 5), st.integers(1, 4)), max_size=5)


def run(work: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work)


@settings(max_examples=60)
@given(troubles, st.sampled_from(["fail", "replace", "rename"]))
def test_an_upload_is_there_once_or_not_at_all(troubles: list[Any], conflict: Conflict) -> None:
    run(uploaded(troubles, conflict))


async def uploaded(troubles: list[Any], conflict: Conflict) -> None:
    async with place() as here:
        for kind, method, after, left in troubles:
            # "half" is of a body, and what is in the way of looking afterwards says nothing about uploads.
            if kind != "half" or method == "PUT":
                here.cloud.strike(kind, method, after=after, left=left)
        item = error = None
        try:
            with deadline.within(120):
                item = await here.in_ranges(DATA, conflict=conflict)
        except AppError as raised:
            error = raised
        here.cloud.faults.clear()
        names = await here.names()
        if item is not None:
            assert names == [item["name"]]
            assert await here.content(item["name"]) == DATA
        elif isinstance(error, GraphUncertain):
            assert len(names) <= 1
        else:
            assert names == [], f"{error} and yet it is there"
        assert all("authorization" not in headers for headers in here.cloud.seen("PUT"))


@settings(max_examples=60)
@given(troubles, st.booleans(), st.floats(0, 1))
def test_a_download_is_whole_or_nothing(troubles: list[Any], is_known: bool, keep: float) -> None:
    run(downloaded(troubles, is_known, keep))


async def downloaded(troubles: list[Any], is_known: bool, keep: float) -> None:
    async with place() as here:
        item = await here.put("a.bin", DATA)
        for kind, method, after, left in troubles:
            if kind != "half" and method == "GET":
                here.cloud.strike(kind, method, after=after, left=left, keep=keep)
        target = BufferTarget(SIZE)
        call = Call("GET", f"{ROOT}:/a.bin:/content")
        try:
            with deadline.within(120):
                found = await download(
                    here.service, here.speaker, call, target, most=SIZE, item=item if is_known else None
                )
        except AppError:
            assert target.data == b""
        else:
            assert target.data == DATA
            assert (found.size, found.hash_checked) == (SIZE, "sha256Hash" if is_known else None)
        for method, url, headers in here.cloud.sent:
            assert "authorization" not in headers or not any(part in url for part in ELSEWHERE), method


def test_a_download_of_a_stream_without_a_length_is_whole_or_nothing() -> None:
    """Chunks that break off are an error of the connection; what ends by itself is whole."""

    async def work() -> None:
        async with place() as here:
            await here.put("a.bin", DATA)
            here.cloud.strike(httpx.Response(200, content=DATA[:1000]), "GET", "driveDownloads")
            target = BufferTarget(SIZE)
            found = await download(
                here.service, here.speaker, Call("GET", f"{ROOT}:/a.bin:/content"), target, most=SIZE
            )
            assert (found.size, target.data) == (1000, DATA[:1000])

    run(work())
