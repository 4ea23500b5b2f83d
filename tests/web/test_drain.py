"""web/drain.py: what a stop does to the requests that are under way."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from starlette.types import Message, Receive, Scope, Send

from web.drain import Drain, Draining

EVENTS = ((b"accept", b"text/event-stream"),)
CHUNK = {"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True}


def start(*headers: tuple[bytes, bytes]) -> Message:
    return {"type": "http.response.start", "status": 200, "headers": list(headers)}


class Waiting:
    """An app that sends what it is given, and then waits for ever; or as long as it is let."""

    def __init__(self, *sent: Message, swallows: bool = False) -> None:
        self.sent = sent
        self.swallows = swallows
        self.is_there = anyio.Event()
        self.go = anyio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for message in self.sent:
            await send(message)
        self.is_there.set()
        try:
            await self.go.wait()
        except anyio.get_cancelled_exc_class():
            if not self.swallows:
                raise


class Exchange:
    """One request, and what was sent for it."""

    def __init__(self, app: Waiting, method: str = "POST", headers: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.app = app
        self.drain = Drain()
        self.scope = {"type": "http", "method": method, "path": "/mcp", "headers": list(headers)}
        self.sent: list[Message] = []
        self.is_over = False

    async def receive(self) -> Message:
        raise AssertionError("nothing is read")

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self) -> None:
        await Draining(self.app, self.drain)(self.scope, self.receive, self.send)
        self.is_over = True

    @property
    def body(self) -> bytes:
        return b"".join(each.get("body", b"") for each in self.sent)


async def after(exchange: Exchange, *steps: str) -> Exchange:
    """What became of a request while these happened to the server."""
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(exchange.run)
            await exchange.app.is_there.wait()
            assert exchange.drain.under_way == 1
            for step in steps:
                getattr(exchange.drain, step)()
            await anyio.wait_all_tasks_blocked()
            if not exchange.is_over:
                tasks.cancel_scope.cancel()
    assert exchange.drain.under_way == 0
    return exchange


async def test_a_call_goes_on_when_the_server_begins_to_stop() -> None:
    exchange = await after(Exchange(Waiting()), "begin")
    assert exchange.drain.is_stopping
    assert not exchange.is_over


async def test_a_call_that_answers_in_a_stream_goes_on_too() -> None:
    app = Waiting(start((b"content-type", b"text/event-stream")), CHUNK)
    assert not (await after(Exchange(app, headers=EVENTS), "begin")).is_over


async def test_a_standing_stream_ends_at_once_and_in_order() -> None:
    exchange = await after(Exchange(Waiting(start(), CHUNK), "GET", EVENTS), "begin")
    assert exchange.is_over
    assert exchange.body == b"data: 1\n\n"
    assert exchange.sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


@pytest.mark.parametrize(
    "method",
    [
        pytest.param(b"=?base64?\xe9?=", id="no ASCII"),
        pytest.param(b"=?base64?@@?=", id="no base64"),
        pytest.param(b"=?base64?/w==?=", id="no text"),
    ],
)
async def test_what_nobody_has_checked_yet_is_no_stream_and_no_crash(method: bytes) -> None:
    exchange = Exchange(Waiting(), headers=[(b"mcp-protocol-version", b"2026-07-28"), (b"mcp-method", method)])
    assert not (await after(exchange, "begin")).is_over


async def test_a_standing_stream_that_comes_during_the_stop_is_turned_away() -> None:
    exchange = Exchange(Waiting(), "GET", EVENTS)
    exchange.drain.begin()
    await exchange.run()
    assert exchange.sent[0]["status"] == 503


async def test_a_call_without_an_answer_by_the_end_hears_503_and_nothing_of_itself() -> None:
    exchange = await after(Exchange(Waiting()), "begin", "cut")
    assert exchange.is_over
    assert exchange.sent[0]["status"] == 503
    answer: dict[str, Any] = json.loads(exchange.body)
    assert answer["jsonrpc"] == "2.0"
    assert answer["error"]["message"].endswith("Repeat it in a moment.")


async def test_an_answer_of_known_length_is_not_made_to_look_whole() -> None:
    app = Waiting(start((b"content-length", b"100")), CHUNK)
    exchange = await after(Exchange(app), "begin", "cut")
    assert exchange.is_over
    assert exchange.sent[-1]["more_body"]


async def test_an_answer_that_was_whole_is_left_alone() -> None:
    app = Waiting(start(), {"type": "http.response.body", "body": b"done"})
    exchange = await after(Exchange(app), "begin", "cut")
    assert exchange.is_over
    assert [each["type"] for each in exchange.sent] == ["http.response.start", "http.response.body"]


async def test_an_app_that_swallows_its_end_is_answered_for() -> None:
    exchange = await after(Exchange(Waiting(swallows=True)), "begin", "cut")
    assert exchange.sent[0]["status"] == 503


async def test_what_is_cut_off_is_counted_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    await after(Exchange(Waiting()), "begin", "cut")
    (record,) = [each for each in caplog.records if "cut off" in each.message]
    assert record.__dict__["calls"] == 1


async def test_nothing_under_way_is_nothing_to_say(caplog: pytest.LogCaptureFixture) -> None:
    drain = Drain()
    drain.begin()
    drain.cut()
    assert not caplog.records


async def test_a_call_that_fails_is_no_longer_under_way() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise OSError("gone")

    exchange = Exchange(Waiting())
    with pytest.raises(OSError, match="gone"):
        await Draining(failing, exchange.drain)(exchange.scope, exchange.receive, exchange.send)
    assert exchange.drain.under_way == 0


async def test_other_scopes_pass() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    exchange = Exchange(Waiting())
    await Draining(app, exchange.drain)({"type": "lifespan"}, exchange.receive, exchange.send)
    assert seen == ["lifespan"]
