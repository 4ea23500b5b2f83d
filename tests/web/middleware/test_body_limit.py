"""web/middleware/body_limit.py: long bodies and wrong lengths; and what the SDK says to bodies that are no message."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
from mcp.server import MCPServer
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from tests.http.asgi import Answered, call, kinds_passed
from web.middleware.body_limit import BodyLimit

KIB = 1024


class Reader:
    """An app that reads all, and says how long it was."""

    def __init__(self) -> None:
        self.read = -1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.read = 0
        async for part in Request(scope, receive).stream():
            self.read += len(part)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def sent(app: Reader, parts: list[bytes], method: str = "POST", *lengths: str, most: int = 100 * KIB) -> Answered:
    headers = [("content-length", length) for length in lengths]
    return await call(BodyLimit(app, most=most), method, headers=headers, parts=parts)


@pytest.mark.parametrize(
    ("method", "size", "status"),
    [
        pytest.param("POST", 100 * KIB, 200, id="as long as it may be"),
        pytest.param("POST", 100 * KIB + 1, 413, id="a byte more"),
        pytest.param("GET", 64 * KIB, 200, id="a GET with a body of no use"),
        pytest.param("GET", 64 * KIB + 1, 413, id="a longer GET"),
        pytest.param("HEAD", 64 * KIB + 1, 413, id="HEAD"),
        pytest.param("DELETE", 64 * KIB + 1, 413, id="DELETE"),
    ],
)
@pytest.mark.parametrize("declared", [pytest.param(True, id="declared"), pytest.param(False, id="streamed")])
async def test_a_body_may_have_so_many_bytes(method: str, size: int, status: int, declared: bool) -> None:
    app = Reader()
    parts = [b"x" * (size // 2), b"x" * (size - size // 2)]
    answer = await sent(app, parts, method, *([str(size)] if declared else []))
    assert answer.status == status
    assert (app.read == -1) is (declared and status == 413)
    assert answer.reason == ("body too long" if status == 413 else "")


@pytest.mark.parametrize(
    "lengths",
    [
        pytest.param(["five"], id="a word"),
        pytest.param(["-5"], id="negative"),
        pytest.param(["+5"], id="signed"),
        pytest.param(["5_0"], id="as Python has it"),
        pytest.param([""], id="empty"),
        pytest.param(["5, 5"], id="a list"),
        pytest.param(["9" * 30], id="endless"),
        pytest.param(["5", "5"], id="two of them"),
        pytest.param(["4"], id="less than there is"),
        pytest.param(["6"], id="more than there is"),
    ],
)
async def test_a_length_that_is_none_or_another_is_refused(lengths: list[str]) -> None:
    answer = await sent(Reader(), [b"hello"], "POST", *lengths)
    assert (answer.status, answer.reason) == (400, "content length")
    assert answer.headers["connection"] == "close"


async def test_an_app_that_has_begun_to_answer_is_only_stopped() -> None:
    ended: list[str] = []

    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            await Reader()(scope, receive, send)
        except anyio.get_cancelled_exc_class():
            ended.append("cancelled")
            raise

    answer = await call(BodyLimit(early, most=3), parts=[b"long"])
    assert (answer.status, len(answer.messages), ended) == (200, 1, ["cancelled"])


async def test_an_app_that_cannot_be_stopped_hears_that_the_client_has_gone() -> None:
    heard: list[str] = []

    async def shielded(scope: Scope, receive: Receive, send: Send) -> None:
        with anyio.CancelScope(shield=True):
            heard.append((await receive())["type"])
        await anyio.lowlevel.checkpoint()

    answer = await call(BodyLimit(shielded, most=3), parts=[b"long"])
    assert (answer.status, heard) == (413, ["http.disconnect"])


async def test_a_client_that_leaves_has_sent_no_wrong_length() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def left(scope: Scope, receive: Receive, send: Send) -> None:
        await BodyLimit(Reader(), most=3)(scope, gone, send)

    with pytest.raises(ClientDisconnect):
        await call(left, headers={"content-length": "3"})


async def test_the_start_of_the_process_is_no_request() -> None:
    assert await kinds_passed(lambda app: BodyLimit(app, most=3)) == ["lifespan"]


MODERN = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list"}
HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@asynccontextmanager
async def sdk(caplog: pytest.LogCaptureFixture) -> AsyncIterator[httpx.AsyncClient]:
    server = MCPServer("test")
    app: Starlette = server.streamable_http_app(stateless_http=True, host="testserver")
    app.user_middleware.insert(0, Middleware(BodyLimit, most=256 * KIB))
    transport = httpx.ASGITransport(app)
    with caplog.at_level(logging.WARNING):
        async with (
            server.session_manager.run(),
            httpx.AsyncClient(transport=transport, base_url="http://testserver") as client,
        ):
            yield client


ENVELOPE = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":%s}'


@pytest.mark.parametrize("era", [pytest.param(MODERN, id="this era"), pytest.param({}, id="older")])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" + b"1," * 10_000 + b"1]", id="10,000 numbers"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, id="nested arrays"),
        pytest.param(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, id="nested objects"),
        pytest.param(ENVELOPE % (b"[" * 10_000 + b"]" * 10_000), id="nested within a message"),
        pytest.param(b"[" + ENVELOPE % b"{}" + b"]", id="a batch"),
        pytest.param(b"9" * 100_000, id="an endless number"),
        pytest.param(b'{"jsonrpc":"2.0","id":%s,"method":"ping"}' % (b"9" * 5000), id="an endless id"),
        pytest.param(b'{"jsonrpc":"2.0","id":NaN,"method":"ping"}', id="NaN as id"),
        pytest.param(b'{"jsonrpc":"2.0","id":1e999,"method":"ping"}', id="infinity as id"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"id":null,"method":1,"method":[]}', id="keys twice"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}', id="invalid UTF-8"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"method":["\\ud800"]}', id="a lone surrogate"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"null", id="null"),
        pytest.param(b"\x00" * 100, id="NUL bytes"),
    ],
)
async def test_what_is_no_message_gets_a_short_error_and_no_trace(
    body: bytes, era: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    async with sdk(caplog) as client:
        answer = await client.post("/mcp", content=body, headers={**HEADERS, **era})
    if answer.status_code == 202:  # to the SDK, an id that is no id makes a notification of an older client's message
        assert (era, b'"id":NaN' in body or b'"id":1e999' in body) == ({}, True)
    else:
        assert answer.status_code == 400
        assert json.loads(answer.content)["error"]["code"] < 0
    assert b"Traceback" not in answer.content
    assert [record for record in caplog.records if record.exc_info] == []
    assert len(answer.content) < 2 * KIB


@pytest.mark.parametrize("era", [pytest.param(MODERN, id="this era"), pytest.param({}, id="older")])
async def test_the_sdk_is_stopped_in_silence(era: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * KIB

    async with sdk(caplog) as client:
        answer = await client.post("/mcp", content=endless(), headers={**HEADERS, **era})
    assert answer.status_code == 413
    assert caplog.records == []
