"""A door that knows its callers by name, and requests to what is behind it."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import KeysUnavailable, NotAdmitted
from principal import Principal, Rights, Sender, current_sender

CHALLENGE = (
    'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp", scope="api://g/mcp.access"'
)
METADATA: Mapping[str, Any] = {
    "resource": "https://mcp.example/mcp",
    "authorization_servers": ["https://login.example"],
}


def sender(name: str, rights: Rights = Rights(), *, expires_at: float = math.inf, is_person: bool = True) -> Sender:  # noqa: B008
    whose = Principal("public", "0f7d5a52-5c1c-4a7e-8a71-0c3f2d9d1e11", f"id-of-{name}", "client")
    return Sender(whose, rights, name=name, expires_at=expires_at, is_person=is_person)


@dataclass
class FakeDoor:
    """Lets in whoever shows a token that it knows."""

    known: dict[str, Sender | NotAdmitted | KeysUnavailable] = field(default_factory=dict)
    challenge: str = CHALLENGE
    metadata: Mapping[str, Any] | None = field(default_factory=lambda: METADATA)
    asked: list[str] = field(default_factory=list)

    async def sender(self, token: str) -> Sender:
        self.asked.append(token)
        found = self.known.get(token, NotAdmitted("nobody knows this token"))
        if isinstance(found, Exception):
            raise found
        return replace(found, token=token if found.is_person else "")  # a key is traded for nothing

    async def is_ready(self) -> bool:
        return True

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        yield


@dataclass
class Inside:
    """What is behind the door: it notes who came, and answers what it is given."""

    came: list[Sender | None] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    scopes: list[Scope] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        who = current_sender()
        self.came.append(who)
        self.tokens.append(who.token if who else "")
        self.scopes.append(scope)
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})


def http_to(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://mcp.example")


def scope_of(path: str = "/mcp", method: str = "GET", **headers: str) -> Scope:
    """A request as a server would hand it on."""
    listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "method": method, "query_string": b"", "headers": listed}


async def nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


class Sent:
    """What was sent to the client."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def has_ended(self) -> bool:
        return not self.messages[-1].get("more_body", False)
