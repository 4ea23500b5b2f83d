"""Which requests open an event stream that stands until somebody ends it."""

from __future__ import annotations

from mcp.shared.inbound import MCP_METHOD_HEADER, MCP_PROTOCOL_VERSION_HEADER, decode_header_value
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import Scope

_EVENTS = "text/event-stream"
_LISTEN = "subscriptions/listen"


def is_standing(scope: Scope) -> bool:
    """Whether it is the stream of a session, or of this era's subscriptions, and no call with an end."""
    headers = Headers(scope=scope)
    if scope["method"] == "GET":
        return _EVENTS in headers.get("accept", "").lower()
    # Older clients' headers are not compared with the body, and could say anything.
    version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
    is_checked = version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS
    method = headers.get(MCP_METHOD_HEADER, "")
    # Asked of headers that nobody has looked at yet, and the SDK raises at what is not ASCII.
    return is_checked and method.isascii() and decode_header_value(method) == _LISTEN
