"""MCP clients of every kind: of both eras, over each transport, with a person who can be asked or without."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Self

from mcp import Client
from mcp.client import ClientRequestContext, IncomingMessage
from mcp.client._memory import InMemoryTransport
from mcp.client._transport import TransportStreams, WriteStream
from mcp.client.streamable_http import streamable_http_client
from mcp.server import MCPServer
from mcp.shared.message import SessionMessage
from mcp_types import (
    ElicitCompleteNotification,
    ElicitRequestParams,
    ElicitRequestURLParams,
    ElicitResult,
    ErrorData,
    JSONRPCRequest,
    ToolListChangedNotification,
)

from tests.support import demo_settings
from web import bound_socket, build_app, serving

CAPABILITIES = ("capabilities", "io.modelcontextprotocol/clientCapabilities")
PAGES: dict[str, Any] = {"form": {}, "url": {}}

Said = ElicitResult | ErrorData
AGREES = ElicitResult(action="accept", content={"approve": True})


class Person:
    """Who sits at the client: answers pages one way and forms another, and remembers what they were shown.

    `form` is the answer to each form, or what makes it out of the question.
    """

    def __init__(
        self,
        answer: Any = "accept",
        form: Said | Callable[[str], Awaitable[Said]] = ElicitResult(action="accept", content={"really": True}),  # noqa: B008
    ) -> None:
        self.answer = answer
        self.form = form
        self.questions: list[ElicitRequestURLParams] = []
        self.forms: list[str] = []
        self.completed: list[str] = []
        self.changes = 0

    async def ask(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult | ErrorData:
        if not isinstance(params, ElicitRequestURLParams):
            self.forms.append(params.message)
            return await self.form(params.message) if callable(self.form) else self.form
        self.questions.append(params)
        return self.answer if isinstance(self.answer, ErrorData) else ElicitResult.model_construct(action=self.answer)

    async def hear(self, message: IncomingMessage) -> None:
        if isinstance(message, ElicitCompleteNotification):
            self.completed.append(message.params.elicitation_id)
        self.changes += isinstance(message, ToolListChangedNotification)


class _Declaring:
    """The way out of a client, on which it says of elicitation what the test wants."""

    def __init__(self, inner: WriteStream[SessionMessage], elicitation: dict[str, Any] | None) -> None:
        self._inner = inner
        self._elicitation = elicitation

    async def send(self, item: SessionMessage, /) -> None:
        params = item.message.params if isinstance(item.message, JSONRPCRequest) else None
        for declared in (params or {}, (params or {}).get("_meta", {})):
            for key in CAPABILITIES & declared.keys():
                declared[key] = {**declared[key], "elicitation": self._elicitation}
                if self._elicitation is None:
                    del declared[key]["elicitation"]
        await self._inner.send(item)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


@asynccontextmanager
async def _declaring(
    inner: AbstractAsyncContextManager[TransportStreams], elicitation: dict[str, Any] | None
) -> AsyncIterator[TransportStreams]:
    async with inner as (read, write):
        yield read, _Declaring(write, elicitation)


@asynccontextmanager
async def at(
    server: MCPServer[Any] | str, way: str, person: Person, elicitation: dict[str, Any] | None = PAGES
) -> AsyncIterator[Client]:
    """A client, by a `way` as in "legacy stream" or "modern http"; a server that listens already is its URL."""
    era, transport = way.split()
    async with _transport(server, transport) as inner:
        client = Client(
            _declaring(inner, elicitation),
            mode="legacy" if era == "legacy" else "auto",
            elicitation_callback=person.ask,
            message_handler=person.hear,
        )
        async with client:
            yield client


@asynccontextmanager
async def _transport(
    server: MCPServer[Any] | str, kind: str
) -> AsyncIterator[AbstractAsyncContextManager[TransportStreams]]:
    if isinstance(server, str):
        yield streamable_http_client(server)
        return
    if kind == "stream":  # as over stdio
        yield InMemoryTransport(server)
        return
    async with listening(server, stateless=kind == "stateless") as url:
        yield streamable_http_client(url)


@asynccontextmanager
async def listening(server: MCPServer[Any], *, stateless: bool = False) -> AsyncIterator[str]:
    """The address of the server, over HTTP on this machine."""
    app = build_app(server, demo_settings({"TRANSPORT": "http", "STATELESS_HTTP": str(stateless)}))
    listener = bound_socket("127.0.0.1", 0)
    port = listener.getsockname()[1]
    async with app.router.lifespan_context(app), serving(app, listener):
        yield f"http://127.0.0.1:{port}/mcp"
