"""One request to a middleware, as a server would hand it over; and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.middleware._passage import passage_of

Fields = Sequence[tuple[str, str]]
HOST = ("host", "mcp.lindenhall.example")
PEER = ("203.0.113.9", 4711)


@dataclass
class Answer:
    """What the client got, and what the app behind the middleware saw."""

    status: int = 0
    fields: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    seen: Scope | None = None
    sent: Scope = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """The headers, of which each is there once."""
        assert len({name for name, _ in self.fields}) == len(self.fields), self.fields
        return dict(self.fields)

    @property
    def passed(self) -> Mapping[str, str]:
        """The headers that the app saw."""
        assert self.seen is not None
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.seen["headers"]}

    @property
    def reason(self) -> str:
        return passage_of(self.sent).refused


def scope_of(method: str = "POST", target: str = "/mcp", fields: Fields = (HOST,), **more: Any) -> Scope:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "method": method,
        "scheme": "http",
        "http_version": "1.1",
        "path": unquote(path),
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields],
        "client": PEER,
        **more,
    }


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """The app behind it all, where a test needs no other."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def ask(wrap: Callable[[ASGIApp], ASGIApp], scope: Scope, app: ASGIApp = hello) -> Answer:
    """Send one request through the middleware that `wrap` puts around the app."""
    answer = Answer(sent=scope)

    async def watched(inner: Scope, receive: Receive, send: Send) -> None:
        answer.seen = inner
        await app(inner, receive, send)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.fields = [(name.decode().lower(), value.decode()) for name, value in message.get("headers", [])]
        else:
            answer.body += message.get("body", b"")

    await wrap(watched)(scope, receive, send)
    return answer


async def passes_other_scopes(wrap: Callable[[ASGIApp], ASGIApp]) -> bool:
    """Whether what is no HTTP request goes through untouched."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        raise AssertionError("nothing is sent")

    await wrap(app)({"type": "lifespan"}, receive, send)
    return seen == [{"type": "lifespan"}]
