"""web/connections.py over real sockets: what no client library sends, slow senders, hogs, and readers that stop."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from ipaddress import ip_network
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tests.http.raw import Listener, listening
from web.connections import Limits, protocol_class
from web.middleware.body_limit import BodyLimit
from web.middleware.deadlines import Deadlines

SOON = 0.02
HOST = b"Host: mcp.example\r\n"
CLOSE = HOST + b"Connection: close\r\n"
CHUNKED = b"POST / HTTP/1.1\r\n" + CLOSE + b"Transfer-Encoding: chunked\r\n\r\n"
HELLO = b"GET /hello HTTP/1.1\r\n" + CLOSE + b"\r\n"

pytestmark = pytest.mark.parametrize("parser", ["httptools", "h11"])


class Echo:
    """Says what it was sent; knows which requests reached it."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            body += message["body"]
            if not message["more_body"]:
                break
        self.seen.append(f"{scope['method']} {scope['path']} {body.decode()}".strip())
        self.headers.append(scope["headers"])
        said = json.dumps(self.seen[-1]).encode()
        headers = [(b"content-length", str(len(said)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": said})


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with more than any buffer holds."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(100):
        await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def quick(**given: Any) -> Limits:
    return Limits(**{"receive": SOON, "idle": SOON, "stalled": SOON, **given})


def patient(**given: Any) -> Limits:
    return Limits(**{"receive": 30, "idle": 30, "stalled": 30, **given})


def statuses(data: bytes) -> list[int]:
    return [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:]]


def with_header(line: bytes) -> bytes:
    return b"GET / HTTP/1.1\r\n" + CLOSE + line + b"\r\n\r\n"


def posted(*lines: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\n" + CLOSE + b"".join(line + b"\r\n" for line in lines) + b"\r\nhello"


MALFORMED = {
    "length and coding": posted(b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    "coding and length": posted(b"Transfer-Encoding: chunked", b"Content-Length: 5"),
    "two lengths": posted(b"Content-Length: 5", b"Content-Length: 6"),
    "a length twice": posted(b"Content-Length: 5", b"Content-Length: 5"),
    "a list of lengths": posted(b"Content-Length: 5, 5"),
    "a signed length": posted(b"Content-Length: +5"),
    "a negative length": posted(b"Content-Length: -5"),
    "a hexadecimal length": posted(b"Content-Length: 0x5"),
    "an endless length": posted(b"Content-Length: " + b"9" * 30),
    "no length": posted(b"Content-Length: "),
    "coding identity": posted(b"Transfer-Encoding: identity"),
    "coding before chunked": posted(b"Transfer-Encoding: gzip, chunked"),
    "coding after chunked": posted(b"Transfer-Encoding: chunked, gzip"),
    "coding like chunked": posted(b"Transfer-Encoding: xchunked"),
    "coding in quotes": posted(b'Transfer-Encoding: "chunked"'),
    "coding twice": posted(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "coding in HTTP/1.0": posted(b"Transfer-Encoding: chunked").replace(b"1.1", b"1.0", 1),
    "folded header": with_header(b"X: a\r\n b"),
    "folded first header": b"GET / HTTP/1.1\r\n X: a\r\n" + CLOSE + b"\r\n",
    "bare LF": HELLO.replace(b"\r\n", b"\n"),
    "bare LF in a header": with_header(b"X: a\nY: b"),
    "bare CR in a header": with_header(b"X: a\rY: b"),
    "space before the colon": with_header(b"X : a"),
    "no colon": with_header(b"X a"),
    "no name": with_header(b": a"),
    "control character in a name": with_header(b"X\x01: a"),
    "foreign character in a name": with_header(b"X\xff: a"),
    "NUL in a value": with_header(b"X: a\0b"),
    "control character in a value": with_header(b"X: a\x01b"),
    "DEL in a value": with_header(b"X: a\x7fb"),
    "HTTP/0.9": HELLO.replace(b"1.1", b"0.9"),
    "HTTP/1.2": HELLO.replace(b"1.1", b"1.2"),
    "HTTP/2.0": HELLO.replace(b"1.1", b"2.0"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50,
    "another's address": HELLO.replace(b"/hello", b"http://evil.example/hello"),
    "asterisk": b"OPTIONS * HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "CONNECT": b"CONNECT evil.example:443 HTTP/1.1\r\n" + CLOSE + b"\r\n",
    "space in the path": HELLO.replace(b"hello", b"he llo"),
    "NUL in the path": HELLO.replace(b"hello", b"he\0llo"),
    "foreign character in the path": HELLO.replace(b"hello", b"he\xffllo"),
    "fragment": HELLO.replace(b"hello", b"hello#there"),
    "tabs": HELLO.replace(b" /hello ", b"\t/hello\t"),
    "every byte": bytes(range(256)) * 40,
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_malformed_never_reaches_the_app(
    parser: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    echo, reasons = Echo(), list[str]()
    with caplog.at_level(logging.INFO):
        async with listening(echo, patient(refused=reasons.append), parser) as listener:
            answer = await listener.ask(MALFORMED[name])
    assert statuses(answer) == [400]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["message"].startswith("The request is malformed.")
    assert (echo.seen, reasons, caplog.records) == ([], ["malformed request"], [])


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(b"zz\r\nhello\r\n0\r\n\r\n", id="a size that is no number"),
        pytest.param(b"-1\r\nhello\r\n0\r\n\r\n", id="a negative size"),
        pytest.param(b"0x5\r\nhello\r\n0\r\n\r\n", id="a size as Python has it"),
        pytest.param(b"ffffffffffffffffffffff\r\nhello\r\n0\r\n\r\n", id="an endless size"),
        pytest.param(b"ffffffffffffffff\r\nhello", id="a huge size"),
        pytest.param(b"5\r\nhelloXX0\r\n\r\n", id="more than its size"),
        pytest.param(b"5\nhello\n0\n\n", id="bare LF"),
        pytest.param(b"5;a=" + b"b" * 1_000_000 + b"\r\nhello\r\n0\r\n\r\n", id="an endless extension"),
        pytest.param(b"1;%s\r\nx\r\n" % (b"a" * 900) * 1000 + b"0\r\n\r\n", id="many extensions"),
        pytest.param(b"0\r\n" + b"A: b\r\n" * 200_000 + b"\r\n", id="endless trailers"),
    ],
)
async def test_chunks_that_are_abused_end_the_request(
    parser: str, chunks: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    echo = Echo()
    app = Deadlines(echo, receive=SOON, call=30)
    with caplog.at_level(logging.WARNING):
        async with listening(app, patient(), parser) as listener:
            answer = await listener.ask(CHUNKED + chunks)
    assert len(statuses(answer)) == 1
    assert statuses(answer)[0] in {400, 408, 431}
    assert (echo.seen, caplog.records) == ([], [])


async def test_trailers_do_not_become_headers(parser: str) -> None:
    echo = Echo()
    async with listening(echo, patient(), parser) as listener:
        answer = await listener.ask(CHUNKED + b"5;a=b\r\nhello\r\n0\r\nAuthorization: Bearer x\r\n\r\n")
    assert (statuses(answer), echo.seen) == ([200], ["POST / hello"])
    assert b"authorization" not in dict(echo.headers[0])


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(with_header(b"X: " + b"a" * 31_000), 200, id="31 kB"),
        pytest.param(with_header(b"X: " + b"a" * 65_000), 431, id="65 kB"),
        pytest.param(with_header(b"X: " + b"a" * 1_000_000), 431, id="1 MB"),
        pytest.param(HELLO.replace(b"hello", b"a" * 65_000), 431, id="a path of 65 kB"),
        pytest.param(with_header(b"\r\n".join([b"X: a"] * 200)), 200, id="200 headers"),
        pytest.param(with_header(b"\r\n".join([b"X: a"] * 300)), 431, id="300 headers"),
    ],
)
async def test_headers_may_be_so_long(parser: str, head: bytes, status: int) -> None:
    async with listening(Echo(), patient(), parser) as listener:
        assert statuses(await listener.ask(head)) == [status]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13", id="websocket"),
        pytest.param(b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA", id="HTTP/2"),
        pytest.param(b"Expect: 100-continue\r\nConnection: close", id="a promise to wait"),
        pytest.param(b"Expect: tea\r\nConnection: close", id="another expectation"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Content-Length: 5\r\n\r\nhello", id="by length"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", id="in chunks"),
    ],
)
async def test_what_we_do_not_offer_is_served_as_if_not_asked(
    parser: str, lines: bytes, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    echo = Echo()
    async with listening(echo, patient(idle=SOON), parser) as listener:
        peer = await listener.connect()
        request = b"POST / HTTP/1.1\r\n" + HOST + lines + b"\r\n" + body
        await peer.send(request[:-7])
        await peer.send(request[-7:])
        answer = await peer.rest()
    assert statuses(answer)[-1] == 200
    assert 101 not in statuses(answer)
    assert (echo.seen, caplog.records) == (["POST / hello"], [])


async def test_an_upgrade_without_a_body_is_a_request(parser: str) -> None:
    echo = Echo()
    async with listening(echo, patient(idle=SOON), parser) as listener:
        upgrade = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        assert statuses(await listener.ask(upgrade)) == [200]


async def test_pipelined_requests_are_answered_in_their_order(parser: str) -> None:
    echo = Echo()
    first = b"GET /1 HTTP/1.1\r\n" + HOST + b"\r\n"
    second = b"POST /2 HTTP/1.1\r\nContent-Length: 3\r\n" + HOST + b"\r\nabc"
    async with listening(echo, patient(), parser) as listener:
        answer = await listener.ask(first + second + HELLO)
    assert statuses(answer) == [200] * 3
    assert echo.seen == ["GET /1", "POST /2 abc", "GET /hello"]


async def test_rubbish_after_a_request_does_not_get_into_its_answer(parser: str) -> None:
    echo = Echo()
    async with listening(echo, patient(), parser) as listener:
        answer = await listener.ask(b"GET /1 HTTP/1.1\r\n" + HOST + b"\r\nRUBBISH\r\n\r\n")
    assert statuses(answer)[0] == 200
    assert statuses(answer)[1:] in ([], [400])
    assert echo.seen == ["GET /1"]


async def test_a_flood_of_pipelined_requests_ends(parser: str) -> None:
    echo = Echo()
    async with listening(echo, patient(idle=SOON), parser) as listener:
        peer = await listener.connect()
        await peer.send((b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") * 100)
        await peer.rest()
        peer.hang_up()
    assert len(echo.seen) == (17 if parser == "httptools" else 100)


async def test_rubbish_in_a_body_ends_an_answer_that_has_begun(parser: str) -> None:
    left = asyncio.Event()

    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    async with listening(early, patient(), parser) as listener:
        peer = await listener.connect()
        await peer.send(CHUNKED)
        while b"x" not in await peer.some():
            pass
        await peer.send(b"rubbish\r\n")
        assert await peer.rest() == b""
        await left.wait()


async def test_a_body_of_64_mb_is_refused_and_the_refusal_arrives(parser: str) -> None:
    app = BodyLimit(Echo(), most=4096)
    async with listening(app, patient(), parser) as listener:
        declared = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 67108864\r\n\r\n" + b"x" * 1_000_000
        assert statuses(await listener.ask(declared)) == [413]
        assert statuses(await listener.ask(CHUNKED + b"4000000\r\n" + b"x" * 1_000_000)) == [413]


async def test_what_is_left_of_a_body_that_nobody_wants_holds_no_connection(parser: str) -> None:
    async def early(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async with listening(early, patient(stalled=SOON), parser) as listener:
        assert statuses(await listener.ask(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nx")) == [200]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"\r\n\r\n", [], id="empty lines"),
        pytest.param(b"GET / HT", [408], id="half a line"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST, [408], id="half a head"),
    ],
)
async def test_a_request_that_does_not_come_is_not_waited_for(parser: str, sent: bytes, expected: list[int]) -> None:
    if (parser, sent) == ("h11", b"\r\n\r\n"):
        expected = [400]
    reasons: list[str] = []
    async with listening(Echo(), patient(receive=SOON, refused=reasons.append), parser) as listener:
        assert statuses(await listener.ask(sent)) == expected
    assert len(reasons) == 1


async def test_a_byte_now_and_then_is_no_progress(parser: str) -> None:
    async with listening(Echo(), patient(receive=SOON), parser) as listener:
        peer = await listener.connect()
        await peer.send(HELLO[:10])

        async def trickle() -> None:
            while True:
                await peer.send(b"x")
                await asyncio.sleep(SOON / 10)

        trickling = asyncio.create_task(trickle())
        assert statuses(await peer.rest()) == [408]
        trickling.cancel()
        peer.hang_up()


async def test_the_head_of_a_later_request_has_its_time_too(parser: str) -> None:
    async with listening(Echo(), patient(receive=SOON), parser) as listener:
        assert statuses(await listener.ask(b"GET / HTTP/1.1\r\n" + HOST + b"\r\nGET /2 HT")) == [200, 408]
        peer = await listener.connect()
        await peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        assert (await peer.answer()).status == 200
        await peer.send(b"GET /2 HT")
        assert statuses(await peer.rest()) == [408]


async def test_between_requests_a_connection_may_idle_so_long(parser: str) -> None:
    async with listening(Echo(), patient(idle=SOON), parser) as listener:
        peer = await listener.connect()
        for _ in range(2):
            await peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
            assert (await peer.answer()).status == 200
        assert await peer.rest() == b""


async def test_a_body_that_does_not_come_is_the_deadlines_matter(parser: str) -> None:
    async with listening(Deadlines(Echo(), receive=SOON, call=30), patient(), parser) as listener:
        assert statuses(await listener.ask(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nx")) == [408]


async def hold(listener: Listener, count: int) -> list[socket.socket]:
    """So many connections that are open and say nothing."""
    held = []
    for _ in range(count):
        held.append(socket.create_connection(("127.0.0.1", listener.port)))
        if len(held) % 100 == 0:
            await asyncio.sleep(0)
    while len(listener.state.connections) < count:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0)
    return held


async def test_a_thousand_idle_connections_do_not_disturb_another(parser: str) -> None:
    async with listening(Echo(), patient(per_address=2000), parser) as listener:
        count = 1000 if parser == "httptools" else 100
        held = await hold(listener, count)
        assert statuses(await listener.ask(HELLO)) == [200]
        assert len(listener.state.connections) >= count
        for each in held:
            each.close()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        pytest.param({"connections": 3}, "connections", id="in all"),
        pytest.param({"per_address": 3}, "connections of address", id="of one address"),
        pytest.param(
            {"per_address": 3, "trusted": [ip_network("10.0.0.0/8")]}, "connections of address", id="of no proxy"
        ),
    ],
)
async def test_only_so_many_connections(parser: str, limits: dict[str, Any], reason: str) -> None:
    reasons: list[str] = []
    async with listening(Echo(), patient(refused=reasons.append, **limits), parser) as listener:
        held = await hold(listener, 3)
        answer = await listener.ask(HELLO)
        assert (statuses(answer), reasons) == ([503], [reason])
        held.pop().close()
        while len(listener.state.connections) > 2:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0)
        assert statuses(await listener.ask(HELLO)) == [200]
        for each in held:
            each.close()


async def test_a_proxy_may_have_as_many_as_there_are(parser: str) -> None:
    limits = patient(per_address=1, trusted=[ip_network("127.0.0.0/8")])
    async with listening(Echo(), limits, parser) as listener:
        held = await hold(listener, 3)
        assert statuses(await listener.ask(HELLO)) == [200]
        for each in held:
            each.close()


async def test_a_reader_that_stops_is_dropped_and_the_app_hears_of_it(
    parser: str, caplog: pytest.LogCaptureFixture
) -> None:
    reasons: list[str] = []
    async with listening(flood, quick(receive=30, refused=reasons.append), parser) as listener:
        peer = await listener.connect()
        peer.stop_reading()
        await peer.send(HELLO)
        await listener.until_quiet()
        peer.hang_up()
    assert (reasons, caplog.records) == (["stalled"], [])


async def test_a_reader_that_goes_on_gets_all(parser: str) -> None:
    async with listening(flood, patient(), parser) as listener:
        assert len(await listener.ask(HELLO)) > 100 * 65536


async def test_a_client_that_leaves_ends_the_request_that_runs_and_those_behind_it(parser: str) -> None:
    left = asyncio.Event()

    async def standing(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    async with listening(standing, patient(), parser) as listener:
        peer = await listener.connect()
        await peer.send((b"GET / HTTP/1.1\r\n" + HOST + b"\r\n") * 2)
        while not listener.state.tasks:  # noqa: ASYNC110 - uvicorn tells nobody
            await asyncio.sleep(0)
        peer.hang_up()
        await asyncio.wait_for(left.wait(), 10)


def test_the_faster_parser_is_taken_where_it_is_there(parser: str) -> None:
    assert [base.__name__ for base in protocol_class(Limits()).__mro__[1:2]] == ["HttpToolsConnection"]
    assert protocol_class(Limits(), parser) is not protocol_class(Limits(), parser)
