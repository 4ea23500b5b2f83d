"""What is known of a request on its way in: each middleware adds what it found out, and the first one tells the log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

_KEY = "graphward.passage"
_INVALID_REQUEST = -32600


@dataclass
class Passage:
    """One request, without anything of it that is secret or personal."""

    request_id: str = ""
    address: str = ""
    """Where it came from, as far as that can be believed."""
    refused: str = ""
    """Why it was turned away, in a word for the log and the metrics; empty where it was let through."""
    who: str = ""
    """A digest of the caller; empty until they have shown who they are."""


def passage_of(scope: Scope) -> Passage:
    """The passage of this request, begun where it was not yet."""
    passage: Passage = scope.setdefault(_KEY, Passage())
    return passage


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    text: str,
    *,
    reason: str,
    headers: Mapping[str, str] | None = None,
    code: int = _INVALID_REQUEST,
) -> None:
    """Answer instead of the app: shortly, as JSON-RPC, with nothing of the request in it, and close the connection.

    What is left of the body would have to be read to the end first, and may never end.
    """
    passage_of(scope).refused = reason
    body = json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": text}}).encode()
    fixed = {"content-type": "application/json", "content-length": str(len(body)), "cache-control": "no-store"}
    given = {name.lower(): value for name, value in (headers or {}).items()}
    listed = [(name.encode(), value.encode()) for name, value in {**fixed, "connection": "close", **given}.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
