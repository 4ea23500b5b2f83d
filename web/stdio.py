"""MCP over stdin and stdout: nothing but JSON-RPC goes out, and no bad line that comes in ends the server."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import AsyncIterator
from io import TextIOWrapper
from typing import Any, Protocol, cast

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCNotification
from pydantic import ValidationError

log = logging.getLogger(__name__)

Line = SessionMessage | Exception


class _Reader(Protocol):
    def __aiter__(self) -> AsyncIterator[Line]: ...


class _Writer(Protocol):
    async def send(self, item: SessionMessage, /) -> None: ...


async def serve_stdio(server: MCPServer[Any]) -> None:
    """Serve one client until it closes our stdin, or reads our stdout no longer."""
    # The SDK's own run_stdio_async drops a line that it cannot read without a word, and offers no way in.
    low = server._lowlevel_server  # noqa: SLF001
    try:
        # Given no stdout, the SDK takes the descriptor for itself, and sends to stderr what else is written there.
        async with stdio_server(_stdin()) as (read, write), anyio.create_task_group() as tasks:
            into, lines = anyio.create_memory_object_stream[Line]()
            tasks.start_soon(_pass_on, read, into, write)
            # What Python still buffers at the end would go out when the descriptor is the client's again.
            with contextlib.redirect_stdout(sys.stderr):
                await low.run(lines, write, low.create_initialization_options())
            tasks.cancel_scope.cancel()
    except* BrokenPipeError:
        log.info("the client reads no longer")


def _stdin() -> anyio.AsyncFile[str]:
    """Standard input as text that keeps broken UTF-8 recognisable, where the SDK's would replace it."""
    stdin = cast("TextIOWrapper", sys.stdin)
    stdin.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
    return anyio.wrap_file(stdin)


async def _pass_on(read: _Reader, into: MemoryObjectSendStream[Line], write: _Writer) -> None:
    """Hand on what is JSON-RPC; answer what is not."""
    async with into:
        async for line in read:
            complaint = complaint_about(line)
            if isinstance(line, SessionMessage) and complaint is None:
                await into.send(line)
            elif complaint is not None:
                await write.send(SessionMessage(complaint))


def complaint_about(line: Line) -> JSONRPCError | None:
    """The JSON-RPC answer to a line that cannot be taken; none for a blank one."""
    if isinstance(line, SessionMessage):
        return _without_id(line.message)
    problems = line.errors() if isinstance(line, ValidationError) else []
    kinds = {problem["type"]: problem["input"] for problem in problems}
    if "string_unicode" in kinds:
        return _complaint(PARSE_ERROR, "This line is not valid UTF-8. Send JSON-RPC as UTF-8, one message a line.")
    if "json_invalid" in kinds:
        return _unread(kinds["json_invalid"])
    message = next((problem["input"] for problem in problems if isinstance(problem["input"], dict)), {})
    return _complaint(
        INVALID_REQUEST,
        'This is JSON, but no JSON-RPC 2.0 message: it needs "jsonrpc": "2.0" and a "method", and no batch is taken.',
        _request_id(message.get("id")),
    )


def _without_id(message: JSONRPCMessage) -> JSONRPCError | None:
    # The SDK takes a request whose id is null or a fraction for a notification, and its caller would wait for ever.
    if not isinstance(message, JSONRPCNotification) or message.method.startswith("notifications/"):
        return None
    return _complaint(INVALID_REQUEST, "A request needs an id: a text or a whole number. It was not carried out.")


def _unread(line: str) -> JSONRPCError | None:
    if not line.strip():
        return None
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return _complaint(PARSE_ERROR, "This line is not JSON. Send one whole JSON-RPC message a line.")
    return _complaint(
        INVALID_REQUEST,
        "This is JSON, but there is half a surrogate pair, an endless number or far too many levels in it.",
        _request_id(message.get("id")) if isinstance(message, dict) else None,
    )


def _request_id(given: object) -> str | int | None:
    return given if isinstance(given, str | int) and not isinstance(given, bool) else None


def _complaint(code: int, message: str, request_id: str | int | None = None) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=message))
