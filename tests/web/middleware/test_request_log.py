"""web/middleware/request_log.py: what is written down of a request, and what a client gets where the app fails."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from itertools import count
from typing import Any

import anyio
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.web.middleware.edge import HOST, Answer, ask, hello, passes_other_scopes, scope_of
from web.metrics import NoMeter
from web.middleware._passage import passage_of, refuse
from web.middleware.request_log import RequestLog

EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8")]
LISTEN = [HOST, ("mcp-protocol-version", "2026-07-28"), ("mcp-method", "subscriptions/listen")]


class Counted(NoMeter):
    """A meter that remembers."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, int, float, int]] = []
        self.refusals: list[str] = []

    def request(self, method: str, route: str, status: int, seconds: float, bytes_out: int) -> None:
        self.requests.append((method, route, status, seconds, bytes_out))

    def refused(self, reason: str) -> None:
        self.refusals.append(reason)


class Desk:
    """A request log with all that it writes to."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self.meter = Counted()
        self._caplog = caplog
        self._ticks: Iterator[int] = count()

    def __call__(self, app: ASGIApp) -> RequestLog:
        endpoints = ("/mcp", "/tools/mcp")
        return RequestLog(app, meter=self.meter, endpoints=endpoints, clock=lambda: float(next(self._ticks)))

    def records(self, message: str = "request") -> list[dict[str, Any]]:
        return [vars(record) for record in self._caplog.records if record.getMessage() == message]

    @property
    def record(self) -> dict[str, Any]:
        (record,) = self.records()
        return record


@pytest.fixture
def desk(caplog: pytest.LogCaptureFixture) -> Desk:
    caplog.set_level(logging.DEBUG)
    return Desk(caplog)


async def asked(desk: Desk, app: ASGIApp = hello, **more: Any) -> Answer:
    return await ask(desk, scope_of(**more), app)


async def test_a_request_is_written_down_once_and_counted(desk: Desk) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passage_of(scope).who = "d1635"
        passage_of(scope).address = "198.51.100.7"
        await hello(scope, receive, send)

    answer = await asked(desk, app)
    wanted = {"method": "POST", "route": "mcp", "status": 200, "ms": 1000.0, "bytes": 5, "address": "198.51.100.7"}
    assert desk.record.items() >= {**wanted, "who": "d1635", "levelno": logging.INFO}.items()
    assert answer.headers["x-request-id"] == desk.record["request_id"]
    assert desk.meter.requests == [("POST", "mcp", 200, 1.0, 5)]
    assert desk.meter.refusals == []


async def test_each_request_has_an_id_of_128_bits(desk: Desk) -> None:
    ids = {(await asked(desk)).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20
    assert {len(bytes.fromhex(each)) for each in ids} == {16}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param("req-0123.ABC", "req-0123.ABC", id="a short token"),
        pytest.param(" 01234567 ", "01234567", id="white space around it"),
        pytest.param("short", None, id="too short"),
        pytest.param("a" * 65, None, id="too long"),
        pytest.param("a line\r\nstatus=200", None, id="a line break"),
        pytest.param("<script>alert(1)</script>", None, id="markup"),
        pytest.param("", None, id="nothing"),
    ],
)
async def test_an_id_of_the_proxys_is_noted_beside_ours(desk: Desk, given: str, kept: str | None) -> None:
    answer = await asked(desk, fields=[HOST, ("x-request-id", given)])
    assert desk.record.get("proxy_request_id") == kept
    assert answer.headers["x-request-id"] not in {given, kept}


@pytest.mark.parametrize(
    ("target", "route"),
    [
        pytest.param("/mcp", "mcp", id="the endpoint"),
        pytest.param("/tools/mcp", "mcp", id="the endpoint below a path"),
        pytest.param("/mcp?access_token=hunter2", "mcp", id="a query"),
        pytest.param("/healthz", "healthz", id="health"),
        pytest.param("/readyz", "readyz", id="readiness"),
        pytest.param("/metrics", "metrics", id="metrics"),
        pytest.param("/.well-known/oauth-protected-resource/mcp", "well-known", id="metadata"),
        pytest.param("/.well-known/hunter2", "well-known", id="no such metadata"),
        pytest.param("/mcp/hunter2", "other", id="below the endpoint"),
        pytest.param("/hunter2%0d%0astatus=200", "other", id="a line break"),
        pytest.param("/" + "a" * 100_000, "other", id="an endless path"),
    ],
)
async def test_the_path_is_one_of_a_few_names(desk: Desk, target: str, route: str) -> None:
    await asked(desk, target=target, method="GET")
    assert desk.record["route"] == desk.meter.requests[0][1] == route
    assert "hunter2" not in repr(desk.record)
    assert len(repr(desk.record)) < 5000


async def test_unknown_methods_have_one_name(desk: Desk) -> None:
    await asked(desk, method="X-HUNTER2")
    assert desk.record["method"] == desk.meter.requests[0][0] == "other"


async def test_headers_are_not_written_down(desk: Desk) -> None:
    await asked(desk, fields=[HOST, ("authorization", "Bearer hunter2"), ("cookie", "hunter2"), ("x", "hunter2")])
    assert "hunter2" not in repr({**desk.record, "args": ()})


async def test_a_refusal_is_counted_with_its_reason(desk: Desk) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await refuse(scope, receive, send, 421, "not here", reason="host")

    answer = await asked(desk, app)
    assert (answer.status, answer.headers["x-request-id"]) == (421, desk.record["request_id"])
    assert (desk.record["status"], desk.record["refused"]) == (421, "host")
    assert desk.meter.refusals == ["host"]


async def test_a_crash_is_answered_shortly_and_its_trace_stays_in_the_log(desk: Desk) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("hunter2")

    answer = await asked(desk, app)
    assert answer.status == 500
    said = json.loads(answer.body)
    assert said["error"]["code"] == -32603
    assert b"hunter2" not in answer.body
    (crash,) = desk.records("request crashed")
    assert crash["request_id"] == answer.headers["x-request-id"]
    assert crash["exc_info"] is not None
    assert desk.meter.requests[0][:3] == ("POST", "mcp", 500)
    assert desk.meter.refusals == []


async def test_a_crash_after_the_answer_began_adds_nothing_to_it(desk: Desk) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise RuntimeError("hunter2")

    answer = await asked(desk, app)
    assert (answer.status, answer.body) == (200, b"half")
    assert answer.headers["x-request-id"] == desk.record["request_id"]
    assert (desk.record["status"], desk.record["bytes"]) == (500, 4)


async def test_an_app_that_never_answers_counts_as_a_crash(desk: Desk) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        return

    assert (await asked(desk, app)).status == 500
    assert desk.record["status"] == 500


class Departing:
    """An app that reads until the client is gone, and then does what the test wants."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.disconnect"
        for error in self._errors:
            raise error


@pytest.mark.parametrize(
    ("error", "status", "crashes"),
    [
        pytest.param([], 499, 0, id="the app just ends"),
        pytest.param([ClientDisconnect()], 499, 0, id="reading failed"),
        pytest.param([ConnectionResetError()], 499, 0, id="writing failed"),
        pytest.param([RuntimeError()], 500, 1, id="something else failed"),
    ],
)
async def test_a_client_that_left_is_told_apart(desk: Desk, error: list[Exception], status: int, crashes: int) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await desk(Departing(*error))(scope_of(), receive, send)
    assert desk.record["status"] == desk.meter.requests[0][2] == status
    assert len(desk.records("request crashed")) == crashes
    assert bool(sent) == bool(crashes)


async def test_who_leaves_after_the_answer_had_it(desk: Desk) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await hello(scope, receive, send)
        assert (await receive())["type"] == "http.disconnect"

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        return

    await desk(app)(scope_of(), receive, send)
    assert desk.record["status"] == 200


async def test_a_request_that_is_cancelled_is_written_down_and_stays_cancelled(desk: Desk) -> None:
    with anyio.CancelScope() as cancel:

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            cancel.cancel()
            await anyio.sleep_forever()

        await asked(desk, app)
        raise AssertionError("it went on")
    assert cancel.cancelled_caught
    assert desk.record["status"] == 503


@pytest.mark.parametrize(
    ("method", "fields", "route", "begun"),
    [
        pytest.param("GET", [HOST, ("accept", "text/event-stream")], "mcp-stream", 1, id="of a session"),
        pytest.param("POST", LISTEN, "mcp-stream", 1, id="of this era"),
        pytest.param("POST", [HOST], "mcp", 0, id="an ordinary call that answers with events"),
    ],
)
async def test_a_standing_stream_is_written_down_when_it_begins_and_when_it_ends(
    desk: Desk, method: str, fields: list[tuple[str, str]], route: str, begun: int
) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": EVENTS})
        assert len(desk.records("event stream")) == begun
        assert not desk.records()
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": not begun})
        await send({"type": "http.response.body", "body": b"", "more_body": bool(begun)})

    await asked(desk, app, method=method, fields=fields)
    assert (desk.record["status"], desk.record["bytes"]) == (200, 9)
    assert desk.meter.requests[0][1:3] == (route, 200)
    assert all(record["request_id"] == desk.record["request_id"] for record in desk.records("event stream"))


async def test_other_scopes_pass_through(desk: Desk) -> None:
    assert await passes_other_scopes(desk)
