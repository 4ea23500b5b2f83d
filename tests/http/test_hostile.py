"""What nobody should send, to the whole service over real sockets: a short answer, no trace, and it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.edge import LEGACY, MODERN
from tests.http.raw import Peer
from tests.http.scene import PUBLIC_URL
from tests.http.service import META, HeldCloud, Service, heard, message_in, open_connections, service, told_in, until

HOST = PUBLIC_URL.removeprefix("https://")
LISTS = "mail_list_messages"
ERAS = [pytest.param(MODERN, id="this era"), pytest.param(LEGACY, id="older")]
SHORT = 600
# To older clients the SDK says all that pydantic says, of what they sent themselves.
LONGER = 2048
# As many before every parser are in test_connections.py.
MANY = 1000 if os.environ.get("CI") else 300


@pytest.fixture(scope="module")
def cloud() -> HeldCloud:
    cloud = HeldCloud()
    cloud.tenant.add_message(cloud.ines, "Mail of Ines")
    return cloud


@pytest.fixture(scope="module")
async def house(cloud: HeldCloud) -> AsyncIterator[Service]:
    most = {"HTTP_BODY_BYTES": "131072", "HTTP_CONNECTIONS_PER_ADDRESS": str(MANY + 100)}
    async with service(cloud, most) as running:
        token = cloud.token()
        session = await running.session(token)
        # The first event stream starts a task that stays.
        assert (await running.within(token, session, "tools/list", {}, 1)).is_success
        async with running.http(token, **{"Mcp-Session-Id": session}) as http:
            assert (await http.delete("/mcp")).is_success
        yield running


@pytest.fixture
async def watched(house: Service) -> AsyncIterator[list[Any]]:
    """Whatever a test does: nothing crashes, nothing stays behind, and the service goes on."""
    tasks = len(asyncio.all_tasks())
    with heard() as records:
        yield records
        answer = await house.calls(house.cloud.token(), LISTS)
        assert "Mail of Ines" in answer.text
        await house.until_quiet()
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
    assert not [each for each in records if each.exc_info or each.levelno >= logging.ERROR]
    assert "Traceback" not in told_in(records)


class Line:
    """One connection that takes request after request, for as long as the service keeps it."""

    def __init__(self, house: Service, version: str) -> None:
        self._house = house
        self._token = house.cloud.token()
        self._version = f"MCP-Protocol-Version: {version}\r\n" if version else ""
        self._peer: Peer | None = None

    async def post(self, body: bytes, *lines: str) -> tuple[int, bytes]:
        self._peer = self._peer or await self._house.connect()
        fields = "".join(f"{line}\r\n" for line in lines)
        await self._peer.send(
            f"POST /mcp HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {self._token}\r\n{self._version}{fields}"
            "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        answer = await self._peer.answer()
        if answer.headers.get("connection") == "close":
            self.hang_up()
        return answer.status, answer.body

    def hang_up(self) -> None:
        if self._peer:
            self._peer.hang_up()
        self._peer = None


@contextlib.contextmanager
def line_to(house: Service, version: str) -> Iterator[Line]:
    line = Line(house, version)
    try:
        yield line
    finally:
        line.hang_up()


def message(**changes: object) -> bytes:
    given = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": META}}
    return json.dumps({**given, **changes}).encode()


DEEP = b"[" * 10_000 + b"]" * 10_000
GARBAGE: dict[str, bytes] = {
    "nothing": b"",
    "a space": b" ",
    "no JSON": b"hello",
    "half of it": b'{"jsonrpc":"2.0","id":1,"met',
    "invalid UTF-8": b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe\x80"}',
    "UTF-16": '{"jsonrpc":"2.0","id":1,"method":"x"}'.encode("utf-16"),
    "a lone surrogate": b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
    "a lone surrogate as name": b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\\udfff"}}',
    "a NUL": b"\0" * 50,
    "NaN": b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":NaN}}',
    "NaN as id": b'{"jsonrpc":"2.0","id":NaN,"method":"tools/list"}',
    "infinity": b'{"jsonrpc":"2.0","id":1e999,"method":"tools/list"}',
    "an endless number": b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"tools/list"}',
    "a large number": b'{"jsonrpc":"2.0","id":' + b"9" * 40 + b',"method":"tools/list"}',
    "a fraction as id": message(id=1.5),
    "true as id": message(id=True),
    "an object as id": message(id={}),
    "null as id": message(id=None),
    "depth": DEEP,
    "depth in params": b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":' + DEEP + b"}",
    "depth in arguments": b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":'
    + DEEP
    + b"}}}",
    "a batch": b"[" + message() + b"," + message() + b"]",
    "an empty batch": b"[]",
    "a batch of rubbish": b"[1,2,3]",
    "a number": b"1",
    "null": b"null",
    "a text": b'"tools/list"',
    "an empty object": b"{}",
    "keys twice": b'{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list","method":"x"}',
    "version 1.0": message(jsonrpc="1.0"),
    "no version": b'{"id":1,"method":"tools/list"}',
    "method a number": message(method=1),
    "method a list": message(method=["tools/list"]),
    "method empty": message(method=""),
    "method unknown": message(method="../../etc/passwd"),
    "method as long as a page": message(method="x" * 5000),
    "params a list": message(params=[1]),
    "params a text": message(params="x"),
    "params null": message(params=None),
    "meta a list": message(params={"_meta": []}),
    "meta rubbish": message(params={"_meta": {"io.modelcontextprotocol/protocolVersion": {}, "progressToken": []}}),
    "a name that is a number": message(method="tools/call", params={"name": 1, "_meta": META}),
    "arguments a list": message(method="tools/call", params={"name": LISTS, "arguments": [1], "_meta": META}),
    "an answer": b'{"jsonrpc":"2.0","id":1,"result":{}}',
    "an error": b'{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"x"}}',
    "a cancellation of nothing": message(method="notifications/cancelled", params={"requestId": {}}),
    "a private method": message(method="__class__"),
}


def is_short(status: int, body: bytes, most: int) -> bool:
    """A message of JSON-RPC that says what is wrong, or the receipt of a notification."""
    if status == 202:
        return not body
    return status < 500 and len(body) < most and message_in(body.decode())["error"]["code"] < 0


@pytest.mark.parametrize("version", ERAS)
async def test_what_is_no_message_is_answered_shortly(house: Service, watched: list[Any], version: str) -> None:
    with line_to(house, version) as line:
        for name, body in GARBAGE.items():
            method = ("Mcp-Method: tools/list",) if version == MODERN else ()
            status, answer = await line.post(body, *method)
            most = SHORT if version == MODERN else LONGER
            assert is_short(status, answer, most), (name, status, answer[:300])
            assert b"Traceback" not in answer, name


async def test_within_a_session_too(house: Service, watched: list[Any]) -> None:
    token = house.cloud.token()
    session = await house.session(token)
    with line_to(house, LEGACY) as line:
        for name, body in GARBAGE.items():
            status, answer = await line.post(body, f"Mcp-Session-Id: {session}")
            assert status < 500, (name, answer[:300])
            assert b"Traceback" not in answer, name
        assert (await line.post(message(), f"Mcp-Session-Id: {session}"))[0] == 200, "the session goes on"
        for unknown in ("x", "0" * 32, "../" * 9, "a" * 5000):
            assert (await line.post(message(), f"Mcp-Session-Id: {unknown}"))[0] in {400, 404}
    async with house.http(token, **{"Mcp-Session-Id": session}) as http:
        assert (await http.delete("/mcp")).is_success


async def test_arguments_of_any_kind_get_an_answer_that_helps(house: Service, watched: list[Any]) -> None:
    wrong = [[], "x", {"limit": "many"}, {"limit": 10**30}, {"limit": -1}, {"limit": 1e9}, {"folder": "a\0b"}]
    odd = [
        {"folder": "../../me"},
        {"folder": "x" * 50_000},
        {"folder": "\u202e\U0001f600"},
        {"no such": 1},
        {"cursor": {}},
    ]
    token = house.cloud.token()
    for arguments in (*wrong, *odd):
        answer = await house.calls(token, LISTS, arguments=arguments)
        assert answer.status_code in {200, 400}, arguments
        assert '"isError":true' in answer.text or '"error"' in answer.text, arguments
        assert len(answer.content) < 2000, arguments
        assert "Traceback" not in answer.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
METHODS = st.sampled_from(
    [
        *("tools/list", "tools/call", "ping", "resources/read", "prompts/get", "completion/complete", "x"),
        *("notifications/cancelled", "notifications/progress", "logging/setLevel", "server/discover"),
    ]
)
MESSAGES = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0") | JSON},
    optional={"id": st.integers() | JSON, "method": METHODS | JSON, "params": JSON, "result": JSON, "error": JSON},
)


async def test_no_soup_of_messages_crashes_anything(house: Service, watched: list[Any]) -> None:
    found: list[tuple[str, bytes]] = []

    @settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], database=None)
    @given(st.sampled_from([MODERN, LEGACY]), MESSAGES.map(json.dumps).map(str.encode) | st.binary(max_size=60))
    def collect(version: str, body: bytes) -> None:
        found.append((version, body))

    collect()
    for version in (MODERN, LEGACY):
        with line_to(house, version) as line:
            for body in (body for era, body in found if era == version):
                status, answer = await line.post(body, *(["Mcp-Method: tools/list"] if version == MODERN else []))
                assert status < 500, (body, answer)
                assert b"Traceback" not in answer


# What is around the message.

HEADERS: dict[str, tuple[str, set[int]]] = {
    "a type of nothing": ("Content-Type: text/plain", {400, 415}),
    "a coding": ("Content-Encoding: gzip", {200, 400, 415}),
    "a method as long as a page": (f"Mcp-Method: {'x' * 5000}", {400}),
    "a version of rubbish": ("MCP-Protocol-Version: \x7f", {400}),
    "a version from the future": ("MCP-Protocol-Version: 2999-01-01", {400}),
    "a list of versions": (f"MCP-Protocol-Version: {MODERN}, {LEGACY}", {400}),
    "base64 of nothing": ("Mcp-Name: =?base64??=", {400}),
    "base64 of bytes": ("Mcp-Name: =?base64?/w==?=", {400}),
    "base64 of no ASCII": ("Mcp-Method: =?base64?\u00e9?=", {400}),
    "base64 of another": ("Mcp-Name: =?base64?bWFpbF9zZW5kX21lc3NhZ2U=?=", {400}),
    "another parameter": ("Mcp-Param-Limit: 99", {200, 400}),
    "an event to go on after": ("Last-Event-ID: ../../x", {200, 400}),
    "an upgrade": ("Upgrade: websocket\r\nConnection: Upgrade", {200, 400}),
    "an expectation": ("Expect: tea", {200, 400}),
    "another host in an address": ("X-Forwarded-Host: evil.example", {200}),
    "another method in a header": ("X-HTTP-Method-Override: DELETE", {200}),
    "a range": ("Range: bytes=0-0,0-0,0-0", {200}),
    "trailers": ("TE: trailers", {200}),
}


async def test_headers_of_any_kind_end_in_an_answer(house: Service, watched: list[Any]) -> None:
    call = message(method="tools/call", params={"name": LISTS, "arguments": {}, "_meta": META})
    token = house.cloud.token()
    usual = {
        "mcp-method": "Mcp-Method: tools/call",
        "mcp-name": f"Mcp-Name: {LISTS}",
        "mcp-protocol-version": f"MCP-Protocol-Version: {MODERN}",
        "content-type": "Content-Type: application/json",
    }
    for name, (line, expected) in HEADERS.items():
        fields = {**usual, line.partition(":")[0].lower(): line}
        head = f"POST /mcp HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(call)}\r\n"
        accept = "Accept: application/json, text/event-stream\r\nConnection: close\r\n"
        request = head + "".join(f"{each}\r\n" for each in fields.values()) + accept + "\r\n"
        answer = await house.ask(request.encode("latin-1") + call)
        statuses = {int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)} - {100}
        assert statuses, name
        assert statuses <= expected, (name, answer[:400])


async def test_bodies_of_64_mb_and_tokens_of_a_megabyte_are_not_taken_in(house: Service, watched: list[Any]) -> None:
    head = f"POST /mcp HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {house.cloud.token()}\r\n"
    declared = await house.ask(head.encode() + b"Content-Length: 67108864\r\n\r\n" + b"x" * 300_000)
    chunked = await house.ask(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n4000000\r\n" + b" " * 300_000)
    token = await house.ask(b"POST /mcp HTTP/1.1\r\nAuthorization: Bearer " + b"x" * 1_000_000 + b"\r\n\r\n")
    assert [answer[9:12] for answer in (declared, chunked, token)] == [b"413", b"413", b"431"]
    assert all(len(answer) < 2 * SHORT for answer in (declared, chunked, token))


async def test_idle_connections_hold_nobody_up(house: Service, watched: list[Any]) -> None:
    if not _may_open(4 * MANY):
        pytest.skip("this system does not let a process open so many files")
    peers = [await house.connect() for _ in range(MANY)]
    for peer in peers[::2]:
        await peer.send(b"POST /mcp HTTP/1.1\r\nHost: ")
    assert open_connections() >= MANY * 0.9
    assert "Mail of Ines" in (await house.calls(house.cloud.token(), LISTS)).text
    for peer in peers:
        peer.hang_up()
    await house.until_quiet()


def _may_open(files: int) -> bool:
    if os.name != "posix":
        return False
    import resource  # noqa: PLC0415 - not everywhere

    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit < files <= most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
        return True
    return limit >= files


async def test_clients_that_leave_at_any_moment_leave_nothing_behind(house: Service, watched: list[Any]) -> None:
    body = message(method="tools/call", params={"name": LISTS, "arguments": {}, "_meta": META})
    request = (
        f"POST /mcp HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {house.cloud.token()}\r\n"
        f"Mcp-Method: tools/call\r\nMCP-Protocol-Version: {MODERN}\r\nMcp-Name: {LISTS}\r\n"
        "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    for number in range(40):
        peer = await house.connect()
        await peer.send(request[: len(request) * (number + 1) // 40])
        for _ in range(number % 7):
            await asyncio.sleep(0)
        peer.hang_up()
    await house.until_quiet()
