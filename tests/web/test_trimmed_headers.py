"""web/middleware/trimmed_headers.py: white space around a value is not part of it."""

from __future__ import annotations

from starlette.types import Message, Receive, Scope, Send

from web.middleware.trimmed_headers import TrimmedHeaders


async def seen_by_app(scope: Scope) -> Scope:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        raise AssertionError("nothing is sent")

    await TrimmedHeaders(app)(scope, receive, send)
    return seen[0]


async def test_values_are_trimmed_and_nothing_else_changes() -> None:
    given = {"type": "http", "path": "/", "headers": [(b"mcp-method", b"\t tools/list  "), (b"x", b"a b"), (b"y", b"")]}
    seen = await seen_by_app(given)
    assert seen["headers"] == [(b"mcp-method", b"tools/list"), (b"x", b"a b"), (b"y", b"")]
    assert seen["path"] == "/"


async def test_what_has_no_headers_passes_through() -> None:
    assert await seen_by_app({"type": "lifespan"}) == {"type": "lifespan"}
