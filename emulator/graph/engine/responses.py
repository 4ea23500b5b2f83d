"""Answers as Graph sends them: headers, bodies of lists and single things, and error bodies."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import uuid4

from starlette.responses import Response

from emulator.faults import GraphFault, NotSignedIn
from emulator.graph.engine.call import Answer

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
_PRINTABLE = re.compile("[ -~]*")
_ERROR_TYPE = "application/json"
_TEXT_TYPE = "text/plain"
_DIAGNOSTIC = json.dumps(
    {"ServerInfo": {"DataCenter": "Demo", "Slice": "E", "Ring": "4", "ScaleUnit": "001", "RoleInstance": "DEMO0001"}},
    separators=(",", ":"),
)
_ALWAYS = {"Cache-Control": "no-cache", "x-ms-ags-diagnostic": _DIAGNOSTIC, "OData-Version": "4.0"}
_CHALLENGE = (
    'Bearer realm="", authorization_uri="{login_url}/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)


@dataclass(frozen=True)
class Trace:
    """The ids of one exchange: Graph's own, and the caller's when it sent one."""

    request_id: str
    client_request_id: str | None
    date: datetime

    @classmethod
    def of(cls, headers: Mapping[str, str], now: datetime) -> Trace:
        """Number a request that has just come in."""
        return cls(str(uuid4()), headers.get("client-request-id"), now)


def respond(answer: Answer, trace: Trace) -> Response:
    """The HTTP response for an answer."""
    kind, content = _content(answer)
    headers = {**_ALWAYS, "request-id": trace.request_id}
    if trace.client_request_id:
        headers["client-request-id"] = trace.client_request_id
    if content:
        headers["Content-Type"] = kind
    headers.update(answer.headers)
    return Response(content, answer.status, {name: _sendable(value) for name, value in headers.items()})


def _sendable(value: str) -> str:
    """What no header can hold is written as in an address: ids may have any character."""
    return value if _PRINTABLE.fullmatch(value) else quote(value, safe=_ASCII, errors="replace")


def _content(answer: Answer) -> tuple[str, bytes]:
    """The bytes of an answer, and what they are."""
    if answer.body is None:
        return "", b""
    if isinstance(answer.body, bytes):
        return "application/octet-stream", answer.body
    if isinstance(answer.body, str):
        return _TEXT_TYPE, _utf8(answer.body)
    return JSON_TYPE, _utf8(json.dumps(answer.body, ensure_ascii=False))


def _utf8(text: str) -> bytes:
    # Half of a surrogate pair, which JSON can hold and UTF-8 cannot.
    return text.encode(errors="replace")


def refusal(fault: GraphFault, trace: Trace, login_url: str) -> Answer:
    """The error body for a fault; `login_url` is where a better token can be had."""
    inner = {
        **fault.inner,
        "date": trace.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": trace.request_id,
        "client-request-id": trace.client_request_id or trace.request_id,
    }
    details = {"details": fault.details} if fault.details else {}
    body = {"error": {"code": fault.code, "message": fault.message, **details, "innerError": inner}}
    headers = {"Content-Type": _ERROR_TYPE, **fault.headers}
    if isinstance(fault, NotSignedIn):
        headers["WWW-Authenticate"] = _CHALLENGE.format(login_url=login_url) + _wanted(fault.claims)
    return Answer(body, fault.status, headers)


def _wanted(claims: str) -> str:
    """What a challenge adds when a token with other claims would do."""
    encoded = base64.b64encode(claims.encode()).decode()
    return f', error="insufficient_claims", claims="{encoded}"' if claims else ""
