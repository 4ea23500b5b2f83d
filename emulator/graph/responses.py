"""Answers as Graph sends them: headers, bodies of lists and single things, and error bodies."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from starlette.responses import Response

from emulator.faults import GraphFault, NotSignedIn
from emulator.graph.call import Answer

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_ERROR_TYPE = "application/json"
_TEXT_TYPE = "text/plain"
_DIAGNOSTIC = json.dumps(
    {"ServerInfo": {"DataCenter": "Demo", "Slice": "E", "Ring": "4", "ScaleUnit": "001", "RoleInstance": "DEMO0001"}},
    separators=(",", ":"),
)
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
    is_text = isinstance(answer.body, str)
    content = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
    headers = {"Cache-Control": "no-cache", "request-id": trace.request_id, "x-ms-ags-diagnostic": _DIAGNOSTIC}
    if trace.client_request_id:
        headers["client-request-id"] = trace.client_request_id
    headers |= {"OData-Version": "4.0", "Content-Type": _TEXT_TYPE if is_text else JSON_TYPE, **answer.headers}
    return Response(content.encode(), answer.status, headers)


def refusal(fault: GraphFault, trace: Trace, login_url: str) -> Answer:
    """The error body for a fault; `login_url` is where a better token can be had."""
    inner = {
        "date": trace.date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": trace.request_id,
        "client-request-id": trace.client_request_id or trace.request_id,
    }
    body = {"error": {"code": fault.code, "message": fault.message, "innerError": inner}}
    headers = {"Content-Type": _ERROR_TYPE}
    if isinstance(fault, NotSignedIn):
        headers["WWW-Authenticate"] = _CHALLENGE.format(login_url=login_url) + _wanted(fault.claims)
    return Answer(body, fault.status, headers)


def _wanted(claims: str) -> str:
    """What a challenge adds when a token with other claims would do."""
    encoded = base64.b64encode(claims.encode()).decode()
    return f', error="insufficient_claims", claims="{encoded}"' if claims else ""
