"""One request to an ASGI app, without a server: what it says of the address, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.middleware._passage import passage_of


class Clock:
    """Time that passes when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Answered:
    """What an app sent."""

    messages: list[Message] = field(default_factory=list)
    reason: str = ""

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)

    @property
    def text(self) -> str:
        """The sentence of a refusal."""
        return str(json.loads(self.body)["error"]["message"])

    @property
    def is_whole(self) -> bool:
        return bool(self.messages) and not self.messages[-1].get("more_body", False) and len(self.messages) > 1


def answered(status: int, body: bytes = b"ok") -> ASGIApp:
    """An app that says only this."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


async def call(
    app: ASGIApp,
    method: str = "POST",
    *,
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    address: str = "192.0.2.1",
    parts: Sequence[bytes | None] = (b"",),
) -> Answered:
    """Send the parts of a body; after a None, nothing comes any more."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    raw = [(name.lower().encode(), value.encode()) for name, value in pairs]
    scope: Scope = {"type": "http", "method": method, "path": "/mcp", "query_string": b"", "headers": raw}
    passage_of(scope).address = address
    result, waiting = Answered(), list(parts)

    async def receive() -> Message:
        if not waiting or waiting[0] is None:
            await anyio.sleep_forever()
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}

    async def send(message: Message) -> None:
        result.messages.append(message)

    await app(scope, receive, send)
    result.reason = passage_of(scope).refused
    return result


async def kinds_passed(wrap: Callable[[ASGIApp], ASGIApp]) -> list[str]:
    """What kinds of scope an app gets to see that are no request."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing() -> Message:
        return {"type": "lifespan.startup"}

    async def nowhere(message: Message) -> None:
        return None

    await wrap(app)({"type": "lifespan"}, nothing, nowhere)
    return seen
