"""What two readers could understand in two ways is refused: headers, lengths, paths and methods."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

from web.middleware._passage import refuse

_Fields = Sequence[tuple[bytes, bytes]]

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "POST")
_ALLOW = {"Allow": ", ".join(_METHODS)}
_MOST_FIELDS = 100
_MOST_BYTES = 32 * 1024
_LONGEST_TARGET = 8 * 1024
_LONGEST_LENGTH = 18

# Once each, and of visible ASCII: what is decided by them must not depend on which line somebody looks at.
_SINGLE = frozenset(
    {
        *(b"host", b"origin", b"authorization", b"content-length", b"transfer-encoding"),
        *(b"content-type", b"content-encoding", b"last-event-id", b"x-request-id"),
        *(b"mcp-session-id", b"mcp-protocol-version", b"mcp-method", b"mcp-name"),
        *(b"access-control-request-method", b"sec-fetch-site"),
    }
)
_SINGLE_PREFIX = b"mcp-param-"

# What is left of many values without these is found in one go, which costs a third of a look at each.
_OF_A_NAME = b"!#$%&'*+.^`|~-0123456789abcdefghijklmnopqrstuvwxyz"
_VISIBLE = bytes(range(0x20, 0x7F))
_OF_A_VALUE = b"\t" + _VISIBLE + bytes(range(0x80, 0x100))

_UNPLAIN = re.compile(r"[^!-~]|[\\%]|//|/\.{1,2}(?:/|\Z)")
_HIDDEN_SLASH = re.compile(rb"%(?:2f|5c)", re.IGNORECASE)


class _Fault(NamedTuple):
    status: int
    text: str
    reason: str
    headers: Mapping[str, str] = {}


class SoundHeaders:
    """Hands on requests that mean one thing, without the white space around values, which is no part of them.

    Headers with an underscore in their name are left out: some proxies and programs take it for a hyphen.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        given = scope["headers"]
        fields = [(name, value.strip(b" \t")) for name, value in given if b"_" not in name]
        fault = _in_method(scope) or _in_size(given) or _in_fields(fields) or _in_framing(scope, fields)
        fault = fault or _in_target(scope)
        if fault is None:
            return await self.app({**scope, "headers": fields}, receive, send)
        await refuse(scope, receive, send, fault.status, fault.text, reason=fault.reason, headers=fault.headers)


def _in_method(scope: Scope) -> _Fault | None:
    if scope["method"] in _METHODS:
        return None
    return _Fault(405, "This method is not served. Use GET, POST or DELETE.", "method", _ALLOW)


def _in_size(fields: _Fields) -> _Fault | None:
    if len(fields) <= _MOST_FIELDS and sum(len(name) + len(value) for name, value in fields) <= _MOST_BYTES:
        return None
    return _Fault(431, f"Send at most {_MOST_FIELDS} headers, of {_MOST_BYTES // 1024} KiB together.", "header size")


def _in_fields(fields: _Fields) -> _Fault | None:
    names = [name for name, _ in fields]
    single = [field for field in fields if field[0] in _SINGLE or field[0].startswith(_SINGLE_PREFIX)]
    if not all(names) or b"".join(names).translate(None, _OF_A_NAME):
        return _malformed("A header has a name that HTTP does not allow.")
    if b"".join([value for _, value in fields]).translate(None, _OF_A_VALUE):
        return _malformed("A header has a control character in its value.")
    if len({name for name, _ in single}) < len(single):
        return _malformed("A header that may be there once is there twice.")
    if b"".join([value for _, value in single]).translate(None, _VISIBLE):
        return _malformed("A header has a character in its value that is not visible ASCII.")
    return None


def _in_framing(scope: Scope, fields: _Fields) -> _Fault | None:
    """Where the body ends, and whom it is for."""
    found = dict(fields)
    length, coding = found.get(b"content-length"), found.get(b"transfer-encoding")
    if not found.get(b"host"):
        return _malformed("The Host header is missing.")
    if length is not None and (not length.isdigit() or len(length) > _LONGEST_LENGTH):
        return _malformed("Content-Length is not a number of bytes.")
    if coding is None:
        return None
    if length is not None:
        return _malformed("Content-Length and Transfer-Encoding exclude each other.")
    if coding.lower() != b"chunked" or scope.get("http_version") == "1.0":
        return _malformed("The only Transfer-Encoding that is served is chunked, in HTTP/1.1.")
    return None


def _in_target(scope: Scope) -> _Fault | None:
    """A path and nothing else, of letters that every reader takes the same way."""
    path: str = scope["path"]
    raw: bytes = scope.get("raw_path") or path.encode("utf-8", "replace")
    if len(raw) + len(scope.get("query_string", b"")) > _LONGEST_TARGET:
        return _Fault(414, "The address is too long.", "target")
    is_plain = path.startswith("/") and not _UNPLAIN.search(path) and not _HIDDEN_SLASH.search(raw)
    if is_plain and unquote(raw.decode("latin-1")) == path:
        return None
    return _Fault(400, "The request names no path that is served. Send an absolute path, without tricks.", "target")


def _malformed(text: str) -> _Fault:
    return _Fault(400, text, "headers")
