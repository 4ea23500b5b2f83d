"""web/middleware/deadlines.py: bodies that do not come, calls that do not end; deadlines of a few milliseconds."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

import anyio
import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.http.asgi import Answered, answered, call, kinds_passed
from web.middleware.deadlines import Deadlines

SOON = 0.01
NEVER = 3600
EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8")]


async def reader(scope: Scope, receive: Receive, send: Send) -> None:
    await answered(200, await Request(scope, receive).body())(scope, receive, send)


async def sleeper(scope: Scope, receive: Receive, send: Send) -> None:
    await anyio.sleep_forever()


def begun(headers: list[tuple[bytes, bytes]], *, ends: bool = False) -> ASGIApp:
    """An app that begins its answer and goes on for ever."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": not ends})
        await anyio.sleep_forever()

    return app


async def timed(app: ASGIApp, *, receive: float = NEVER, call_: float = NEVER, **request: Any) -> Answered:
    return await call(Deadlines(app, receive=receive, call=call_), **request)


async def test_a_request_in_time_passes() -> None:
    assert (await timed(reader, parts=[b"a", b"", b"b"])).body == b"ab"


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    answer = await timed(reader, receive=SOON, parts=[b"a", None])
    assert (answer.status, answer.reason) == (408, "slow body")
    assert answer.headers["connection"] == "close"


async def test_parts_do_not_get_more_time_each() -> None:
    class Trickle:
        def __init__(self) -> None:
            self.parts = 0

        async def __call__(self) -> Message:
            self.parts += 1
            await anyio.sleep(SOON / 4)
            return {"type": "http.request", "body": b"x", "more_body": True}

    trickle = Trickle()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await Deadlines(reader, receive=SOON, call=NEVER)(scope, trickle, send)

    assert (await call(slow)).status == 408
    assert trickle.parts <= 5


async def test_the_servers_own_time_is_not_counted() -> None:
    async def busy(scope: Scope, receive: Receive, send: Send) -> None:
        await anyio.sleep(2 * SOON)
        await reader(scope, receive, send)

    assert (await timed(busy, receive=SOON, parts=[b"a", b"b"])).status == 200


async def test_after_the_body_the_client_may_stay_as_long_as_it_likes() -> None:
    async def watching(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        with anyio.move_on_after(2 * SOON):
            await receive()
        await answered(200)(scope, receive, send)

    assert (await timed(watching, receive=SOON)).status == 200


async def test_a_client_that_leaves_is_no_late_one() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def left(scope: Scope, receive: Receive, send: Send) -> None:
        await Deadlines(reader, receive=NEVER, call=NEVER)(scope, gone, send)

    with pytest.raises(ClientDisconnect):
        await call(left)


async def test_a_call_without_an_end_is_ended_and_the_sentence_says_what_to_do() -> None:
    answer = await timed(sleeper, call_=SOON)
    assert (answer.status, answer.reason) == (504, "call deadline")
    assert "before you repeat it" in answer.text


async def test_an_event_stream_that_a_call_opened_ends_with_it() -> None:
    answer = await timed(begun(EVENTS), call_=SOON)
    assert (answer.status, answer.is_whole) == (200, True)


async def test_an_answer_that_is_cut_does_not_look_whole() -> None:
    assert not (await timed(begun([]), call_=SOON)).is_whole


async def test_an_answer_that_is_whole_is_ended_once() -> None:
    answer = await timed(begun(EVENTS, ends=True), call_=SOON)
    assert len(answer.messages) == 2


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("GET", {"accept": "Text/Event-Stream"}, id="of a session"),
        pytest.param(
            "POST", {"mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen"}, id="of this era"
        ),
    ],
)
async def test_standing_streams_have_no_end(method: str, headers: dict[str, str]) -> None:
    with anyio.move_on_after(3 * SOON) as waited:
        await timed(sleeper, call_=SOON, method=method, headers=headers)
    assert waited.cancelled_caught


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("GET", {"accept": "application/json"}, id="a GET for something else"),
        pytest.param("POST", {"accept": "text/event-stream"}, id="a call answered as events"),
        pytest.param("POST", {"mcp-method": "subscriptions/listen"}, id="an older client's header"),
        pytest.param(
            "POST", {"mcp-method": "subscriptions/listen", "mcp-protocol-version": "2025-06-18"}, id="an older version"
        ),
        pytest.param("POST", {"mcp-method": "tools/call", "mcp-protocol-version": "2026-07-28"}, id="another method"),
    ],
)
async def test_other_requests_have(method: str, headers: dict[str, str]) -> None:
    assert (await timed(sleeper, call_=SOON, method=method, headers=headers)).status == 504


async def test_who_cancels_from_outside_is_not_mistaken_for_the_deadline() -> None:
    ended: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("app")

    with anyio.CancelScope() as outside:
        outside.deadline = anyio.current_time() + SOON
        await timed(app)
    assert outside.cancelled_caught
    assert ended == ["app"]


async def test_what_the_app_cancels_by_itself_stays_its_own() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.sleep_forever)
            tasks.cancel_scope.cancel()
        await reader(scope, receive, send)

    assert (await timed(app)).status == 200


async def test_the_context_of_the_request_goes_through() -> None:
    marker: ContextVar[str] = ContextVar("marker", default="")
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(marker.get())
        await reader(scope, receive, send)

    marker.set("whose")
    await timed(app)
    assert seen == ["whose"]


async def test_the_start_of_the_process_is_no_request() -> None:
    assert await kinds_passed(lambda app: Deadlines(app, receive=SOON, call=SOON)) == ["lifespan"]
