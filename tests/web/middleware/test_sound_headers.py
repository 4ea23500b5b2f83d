"""web/middleware/sound_headers.py: what can be read in two ways is refused, and the rest means one thing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.middleware.edge import HOST, Answer, ask, passes_other_scopes, scope_of
from web.middleware.sound_headers import SoundHeaders


async def asked(*fields: tuple[str, str], **more: Any) -> Answer:
    return await ask(SoundHeaders, scope_of(fields=[HOST, *fields], **more))


async def test_an_ordinary_request_passes_as_it_is() -> None:
    fields = {
        "accept": "application/json, text/event-stream",
        "authorization": "Bearer abc.def",
        "content-length": "12",
        "content-type": "application/json",
        "mcp-method": "tools/call",
        "mcp-name": "=?base64?w6Q=?=",
        "user-agent": "B\u00fccherwurm/1.0",
    }
    answer = await asked(*fields.items())
    assert answer.status == 200
    assert answer.passed == dict([HOST], **fields)
    assert answer.sent["headers"] == (answer.seen or {})["headers"]


async def test_white_space_around_a_value_is_no_part_of_it() -> None:
    answer = await asked(("mcp-method", "\t tools/list  "), ("x", "a b"), ("y", ""))
    assert answer.passed == dict([HOST], **{"mcp-method": "tools/list", "x": "a b", "y": ""})


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in ("mcp_method", "_", "content_length", "a_b")])
async def test_names_with_an_underscore_are_left_out(name: str) -> None:
    assert (await asked((name, "1"))).passed == dict([HOST])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=name)
        for name in (
            "host",
            "origin",
            "authorization",
            "content-length",
            "transfer-encoding",
            "content-type",
            "content-encoding",
            "last-event-id",
            "x-request-id",
            "mcp-session-id",
            "mcp-protocol-version",
            "mcp-method",
            "mcp-name",
            "mcp-param-mailbox",
            "access-control-request-method",
            "sec-fetch-site",
        )
    ],
)
async def test_what_may_be_there_once_is_refused_where_it_is_there_twice(name: str) -> None:
    for second in ("1", "2"):
        answer = await asked((name, "1"), (name, second))
        assert (answer.status, answer.seen, answer.reason) == (400, None, "headers")
    assert answer.headers["connection"] == "close"


async def test_lists_may_have_several_lines() -> None:
    assert (await asked(("accept", "a/b"), ("accept", "c/d"), ("cookie", "a"), ("cookie", "b"))).status == 200


@pytest.mark.parametrize(
    "field",
    [
        pytest.param(("x", "a\x00b"), id="NUL"),
        pytest.param(("x", "a\r\nset-cookie: b"), id="CRLF"),
        pytest.param(("x", "a\nb"), id="LF"),
        pytest.param(("x", "a\rb"), id="CR"),
        pytest.param(("x", "a\x1b[2J"), id="a terminal escape"),
        pytest.param(("x", "a\x7f"), id="DEL"),
        pytest.param(("x", "\x0b"), id="a vertical tab"),
        pytest.param(("authorization", "Bearer a\tb"), id="a tab in a token"),
        pytest.param(("authorization", "Bearer \u00e4"), id="a token that is not ASCII"),
        pytest.param(("mcp-session-id", "\u00a0"), id="a space that is none"),
        pytest.param(("mcp-param-x", "\u00e4"), id="an argument that is not encoded"),
        pytest.param(("content type", "x"), id="a space in a name"),
        pytest.param(("content-length ", "1"), id="a space before the colon"),
        pytest.param(("", "x"), id="no name"),
        pytest.param(("x:y", "1"), id="a colon in a name"),
        pytest.param(("x\n", "1"), id="a line break in a name"),
        pytest.param(("x\ny", "1"), id="a line break within a name"),
        pytest.param(("\u00e4", "1"), id="a name that is not ASCII"),
        pytest.param(("X-Capital", "1"), id="a name that the server did not lower"),
        pytest.param(("content-length", "-1"), id="a negative length"),
        pytest.param(("content-length", "+1"), id="a length with a sign"),
        pytest.param(("content-length", "1, 1"), id="two lengths in one"),
        pytest.param(("content-length", "0x10"), id="a length in hex"),
        pytest.param(("content-length", "1_0"), id="a length as Python writes it"),
        pytest.param(("content-length", ""), id="no length"),
        pytest.param(("content-length", "9" * 19), id="an endless length"),
        pytest.param(("content-length", "\u00b2"), id="a digit that is none"),
        pytest.param(("transfer-encoding", "gzip, chunked"), id="another coding"),
        pytest.param(("transfer-encoding", "identity"), id="identity"),
        pytest.param(("transfer-encoding", "chunked, chunked"), id="chunked twice"),
        pytest.param(("transfer-encoding", "xchunked"), id="a look-alike"),
        pytest.param(("transfer-encoding", "chunked;a=b"), id="a parameter"),
        pytest.param(("transfer-encoding", ""), id="no coding"),
    ],
)
async def test_a_header_that_is_not_sound_is_refused(field: tuple[str, str]) -> None:
    answer = await asked(field)
    assert (answer.status, answer.seen, answer.reason) == (400, None, "headers")


async def test_chunks_are_fine_and_only_by_themselves() -> None:
    assert (await asked(("transfer-encoding", "Chunked"))).status == 200
    assert (await asked(("transfer-encoding", "chunked"), ("content-length", "5"))).status == 400
    assert (await asked(("transfer-encoding", "chunked"), http_version="1.0")).status == 400


@pytest.mark.parametrize("version", [pytest.param("1.0", id="1.0"), pytest.param("1.1", id="1.1")])
async def test_a_host_is_always_needed(version: str) -> None:
    for fields in ([], [("host", "")], [("host", " ")]):
        assert (await ask(SoundHeaders, scope_of(fields=fields, http_version=version))).status == 400


@pytest.mark.parametrize(
    "method",
    [pytest.param(each, id=each) for each in ("TRACE", "CONNECT", "PUT", "PATCH", "get", "PROPFIND", "QUERY", "X")],
)
async def test_other_methods_are_not_served(method: str) -> None:
    answer = await asked(method=method)
    assert (answer.status, answer.seen, answer.reason) == (405, None, "method")
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize(
    "method", [pytest.param(each, id=each) for each in ("GET", "HEAD", "POST", "DELETE", "OPTIONS")]
)
async def test_the_methods_of_mcp_and_of_browsers_are(method: str) -> None:
    assert (await asked(method=method)).status == 200


async def test_there_are_not_too_many_headers() -> None:
    assert (await asked(*[(f"x-{number}", "") for number in range(99)])).status == 200
    answer = await asked(*[(f"x-{number}", "") for number in range(100)])
    assert (answer.status, answer.seen, answer.reason) == (431, None, "header size")


@pytest.mark.parametrize("name", [pytest.param("authorization", id="a token"), pytest.param("x_y", id="one left out")])
async def test_headers_are_not_too_long(name: str) -> None:
    assert (await asked((name, "a" * 32_000))).status == 200
    assert (await asked((name, "a" * 32_768))).status == 431
    assert (await asked((name, "a" * 65_536))).status == 431


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("http://evil.example/mcp", id="another host"),
        pytest.param("http://mcp.lindenhall.example/mcp", id="our host"),
        pytest.param("mcp.lindenhall.example:443", id="authority"),
        pytest.param("*", id="a star"),
        pytest.param("", id="empty"),
        pytest.param("mcp", id="relative"),
        pytest.param("//evil.example/mcp", id="two slashes"),
        pytest.param("/mcp//", id="two slashes at the end"),
        pytest.param("/x/../mcp", id="a step up"),
        pytest.param("/..", id="nothing but a step up"),
        pytest.param("/./mcp", id="a step on the spot"),
        pytest.param("/mcp/.", id="one at the end"),
        pytest.param("/x/%2e%2e/mcp", id="an encoded step up"),
        pytest.param("/%2E/mcp", id="an encoded step on the spot"),
        pytest.param("/x%2fmcp", id="an encoded slash"),
        pytest.param("/x%5Cmcp", id="an encoded backslash"),
        pytest.param("/x\\mcp", id="a backslash"),
        pytest.param("/mcp%00", id="NUL"),
        pytest.param("/mcp%0d%0aX: y", id="a line break"),
        pytest.param("/mcp%20", id="a space"),
        pytest.param("/mcp%7f", id="DEL"),
        pytest.param("/%252e%252e/mcp", id="encoded twice"),
        pytest.param("/mcp%", id="half an encoding"),
        pytest.param("/mcp%c3%a4", id="a letter that is not ASCII"),
        pytest.param("/mcp%ff", id="no letter at all"),
        pytest.param("/mcp\u00e4", id="a bare letter that is not ASCII"),
    ],
)
async def test_a_path_with_tricks_is_refused(target: str) -> None:
    answer = await asked(target=target)
    assert (answer.status, answer.seen, answer.reason) == (400, None, "target")


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/mcp", id="the endpoint"),
        pytest.param("/", id="the root"),
        pytest.param("/.well-known/oauth-protected-resource/tools/mcp", id="metadata"),
        pytest.param("/%6dcp", id="a letter that is encoded for no reason"),
        pytest.param("/a..b/c.", id="dots in names"),
        pytest.param("/mcp?a=%2f..//\\%00", id="what a query holds is not a path"),
    ],
)
async def test_a_plain_path_passes(target: str) -> None:
    assert (await asked(target=target)).status == 200


async def test_a_server_that_tells_two_paths_is_not_believed() -> None:
    assert (await asked(target="/healthz", raw_path=b"/mcp")).status == 400
    assert (await asked(target="/mcp", raw_path=None)).status == 200
    assert (await asked(target="/mcp", path="/m\udcffp", raw_path=None)).status == 400


async def test_an_address_is_not_too_long() -> None:
    assert (await asked(target="/" + "a" * 8191)).status == 200
    answer = await asked(target="/mcp?" + "a" * 8189)
    assert (answer.status, answer.reason) == (414, "target")


async def test_other_scopes_pass_through() -> None:
    assert await passes_other_scopes(SoundHeaders)
