"""The outer middleware together: whatever a request looks like, it passes or is refused, and nothing crashes."""

from __future__ import annotations

import ipaddress
import json
import logging
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.web.middleware.edge import Answer, ask, scope_of
from tests.web.middleware.test_request_log import Counted
from web.middleware.cors import Cors
from web.middleware.host_and_origin import HostAndOrigin
from web.middleware.request_log import RequestLog
from web.middleware.security_headers import SecurityHeaders
from web.middleware.sound_headers import SoundHeaders
from web.middleware.trusted_proxies import TrustedProxies

NAME = "mcp.lindenhall.example"
APP = "https://app.contoso.com"
REFUSALS = {400, 403, 405, 414, 421, 431}

NAMES = st.sampled_from(
    [
        *("host", "origin", "authorization", "content-length", "transfer-encoding", "content-type", "accept", "cookie"),
        *("mcp-method", "mcp-name", "mcp-session-id", "mcp-param-a", "mcp-protocol-version", "vary"),
        *("x-forwarded-for", "x-forwarded-proto", "forwarded", "x-request-id", "x_forwarded_for", "x-real-ip"),
        *("access-control-request-method", "access-control-request-headers"),
    ]
)
PIECES = st.sampled_from(
    [*'",;:=[]%@/\\ \t\r\n\x00', "for=", "proto=https", "10.0.0.1", "::1", "https", "chunked", "null", APP, NAME, "a"]
)
VALUES = st.one_of(st.lists(PIECES, max_size=8).map("".join), st.text(st.characters(max_codepoint=255), max_size=20))
FIELDS = st.lists(
    st.tuples(st.one_of(NAMES, st.text(st.characters(max_codepoint=255), max_size=6)), VALUES), max_size=8
)
TARGETS = st.lists(st.sampled_from([*"/.%?*", "mcp", "2f", "00", "ff", "healthz", "http://x"]), max_size=6).map("".join)
METHODS = st.sampled_from(["GET", "POST", "OPTIONS", "DELETE", "HEAD", "TRACE"])
CLIENTS = st.sampled_from([("10.0.0.1", 1), ("203.0.113.9", 1), ("", 0), ("::ffff:10.0.0.1", 1), None])


def outside(app: ASGIApp, meter: Counted | None = None) -> ASGIApp:
    app = Cors(app, origins=[APP])
    app = SecurityHeaders(app, is_https=True)
    app = HostAndOrigin(app, hosts=[NAME], origins=[APP], loopback=False)
    app = SoundHeaders(app)
    app = RequestLog(app, meter=meter or Counted())
    return TrustedProxies(app, networks=[ipaddress.ip_network("10.0.0.0/8")])


def sent(fields: list[tuple[str, str]], **more: Any) -> Answer:
    async def one() -> Answer:
        return await ask(outside, scope_of(fields=fields, **more))

    return anyio.run(one)


def is_well_told(answer: Answer) -> bool:
    """A refusal is short, in JSON-RPC, and says what it is about."""
    said = json.loads(answer.body)
    return len(answer.body) < 400 and said["jsonrpc"] == "2.0" and bool(said["error"]["message"])


@settings(max_examples=60)
@given(FIELDS, METHODS, CLIENTS, st.booleans())
def test_no_soup_of_headers_crashes_anything(
    fields: list[tuple[str, str]], method: str, client: tuple[str, int] | None, has_host: bool
) -> None:
    host = [("host", NAME)] if has_host else []
    answer = sent([*host, *fields], method=method, client=client)
    if answer.status in REFUSALS:
        assert answer.seen is None
        assert method == "HEAD" or is_well_told(answer)
    else:
        assert answer.status in {200, 204}
    if answer.seen is not None:
        names = [name for name, _ in answer.seen["headers"]]
        assert not [name for name in names if b"forwarded" in name or b"_" in name]
        assert [value for name, value in answer.seen["headers"] if name == b"host"] == [NAME.encode()]


@settings(max_examples=40)
@given(TARGETS, METHODS)
def test_no_target_crashes_anything(target: str, method: str) -> None:
    answer = sent([("host", NAME)], target=target, method=method)
    assert answer.status in REFUSALS | {200}
    if answer.seen is not None:
        assert answer.seen["path"].startswith("/")
        assert not {"..", "."} & set(answer.seen["path"].split("/"))


async def test_refusals_are_counted_and_carry_the_id_of_their_record(caplog: pytest.LogCaptureFixture) -> None:
    meter = Counted()
    with caplog.at_level(logging.INFO):
        answer = await ask(lambda app: outside(app, meter), scope_of(fields=[("host", "evil.example")]))
    assert meter.refusals == ["host"]
    (record,) = [vars(each) for each in caplog.records if each.getMessage() == "request"]
    assert record["request_id"] == answer.headers["x-request-id"]
    assert (record["status"], record["refused"], record["address"]) == (421, "host", "203.0.113.9")


async def test_a_page_that_may_call_reads_also_that_it_has_to_sign_in() -> None:
    async def locked(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 401, "headers": [(b"www-authenticate", b"Bearer")]})
        await send({"type": "http.response.body"})

    answer = await ask(outside, scope_of(fields=[("host", NAME), ("origin", APP)]), locked)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (401, APP)
    assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]


async def test_a_crash_carries_no_trace_and_no_secret() -> None:
    async def crashing(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError(dict(scope["headers"])[b"authorization"])

    answer = await ask(outside, scope_of(fields=[("host", NAME), ("authorization", "Bearer hunter2")]), crashing)
    assert (answer.status, is_well_told(answer)) == (500, True)
    assert b"hunter2" not in answer.body
    assert b"Traceback" not in answer.body
