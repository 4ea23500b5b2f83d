"""MCP over stdin and stdout: nothing but JSON-RPC goes out, and no bad line that comes in ends the server."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, Protocol

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError
from pydantic import ValidationError

Line = SessionMessage | Exception


class _Reader(Protocol):
    def __aiter__(self) -> AsyncIterator[Line]: ...


class _Writer(Protocol):
    async def send(self, item: SessionMessage, /) -> None: ...


async def serve_stdio(server: MCPServer[Any]) -> None:
    """Serve one client until it closes our stdin."""
    # The SDK's own run_stdio_async drops a line that it cannot read without a word, and offers no way in.
    low = server._lowlevel_server  # noqa: SLF001
    with _wire() as (stdin, stdout):
        async with stdio_server(stdin, stdout) as (read, write), anyio.create_task_group() as tasks:
            into, lines = anyio.create_memory_object_stream[Line]()
            tasks.start_soon(_pass_on, read, into, write)
            await low.run(lines, write, low.create_initialization_options())
            tasks.cancel_scope.cancel()


@contextmanager
def _wire() -> Iterator[tuple[anyio.AsyncFile[str], anyio.AsyncFile[str]]]:
    """The client's ends of stdin and stdout. Whatever else writes to stdout meanwhile reaches stderr."""
    from_client, to_client = os.dup(0), os.dup(1)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is wanted, not a path
        os.dup2(nothing.fileno(), 0)
    sys.stdout.flush()
    os.dup2(2, 1)
    # A worker thread may still wait on the input when all is over, so neither descriptor is ever closed.
    stdin = TextIOWrapper(
        os.fdopen(from_client, "rb", closefd=False), encoding="utf-8", errors="surrogateescape", newline="\n"
    )
    stdout = TextIOWrapper(os.fdopen(to_client, "wb", closefd=False), encoding="utf-8", newline="\n")
    try:
        yield anyio.wrap_file(stdin), anyio.wrap_file(stdout)
    finally:
        os.dup2(from_client, 0)
        os.dup2(to_client, 1)


async def _pass_on(read: _Reader, into: MemoryObjectSendStream[Line], write: _Writer) -> None:
    """Hand on what is JSON-RPC; answer what is not."""
    async with into:
        async for line in read:
            if isinstance(line, SessionMessage):
                await into.send(line)
            elif (complaint := complaint_about(line)) is not None:
                await write.send(SessionMessage(complaint))


def complaint_about(error: Exception) -> JSONRPCError | None:
    """The JSON-RPC answer to a line that could not be read; none for a blank one."""
    problems = error.errors() if isinstance(error, ValidationError) else []
    kinds = {problem["type"]: problem["input"] for problem in problems}
    if "string_unicode" in kinds:
        return _complaint(PARSE_ERROR, "This line is not valid UTF-8. Send JSON-RPC as UTF-8, one message a line.")
    if "json_invalid" in kinds:
        blank = not kinds["json_invalid"].strip()
        reason = "This line is not JSON. Send one whole JSON-RPC message a line."
        return None if blank else _complaint(PARSE_ERROR, reason)
    message = next((problem["input"] for problem in problems if isinstance(problem["input"], dict)), {})
    return _complaint(
        INVALID_REQUEST,
        'This is JSON, but no JSON-RPC 2.0 message: it needs "jsonrpc": "2.0" and a "method", and no batch is taken.',
        _request_id(message.get("id")),
    )


def _request_id(given: object) -> str | int | None:
    return given if isinstance(given, str | int) and not isinstance(given, bool) else None


def _complaint(code: int, message: str, request_id: str | int | None = None) -> JSONRPCError:
    return JSONRPCError(jsonrpc="2.0", id=request_id, error=ErrorData(code=code, message=message))
