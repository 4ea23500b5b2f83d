"""Whoever may only read, by the scope of their token, is told how to get more before a tool is called that needs it.

Their client can then ask for the wider scope and repeat the call (OAuth's step-up). A tool's own refusal could not
say it to the client, only to the model.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mcp.shared.inbound import MCP_METHOD_HEADER, MCP_NAME_HEADER, decode_header_value
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from principal import Level, Sender, current_sender
from web.middleware._challenge import turn_away
from web.middleware._passage import passage_of
from web.middleware.audit_hook import Audit, tell, unheard

if TYPE_CHECKING:
    from auth.inbound import Door

_ONCE_IN_SECONDS = 600.0
_MOST = 10_000


class EnoughScope:
    """Answers with 403 and the scope to ask for; `needs_more` says of a tool whether that would help.

    It says so once in ten minutes for each caller and tool: a client that does not step up gets the tool's own answer.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        door: Door,
        needs_more: Callable[[str], bool],
        audit: Audit = unheard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self._door = door
        self._needs_more = needs_more
        self._audit = audit
        self._challenged = _Lately(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sender = current_sender()
        if scope["type"] != "http" or scope["method"] != "POST" or sender is None or not _may_step_up(sender):
            return await self.app(scope, receive, send)
        tool, again = await _called(scope, receive)
        if not tool or not self._needs_more(tool) or not self._challenged.is_first(sender.who, tool):
            return await self.app(scope, again, send)
        await turn_away(scope, again, send, self._door.challenge, error="insufficient_scope")
        tell(self._audit, passage_of(scope), sender)


def _may_step_up(sender: Sender) -> bool:
    """A person's client can ask for a wider scope. The roles of an app and the rights of a key are given once."""
    return sender.rights.level is Level.READ and sender.is_person and not sender.rights.is_daemon


async def _called(scope: Scope, receive: Receive) -> tuple[str, Receive]:
    """The tool that is called, empty for any other request; and what the request is read with from now on.

    Clients of this era name it in a header, which the SDK holds against the body; older ones in the body alone.
    """
    headers = Headers(scope=scope)
    if MCP_METHOD_HEADER in headers:
        is_call = decode_header_value(headers[MCP_METHOD_HEADER]) == "tools/call"
        return (decode_header_value(headers.get(MCP_NAME_HEADER)) or "") if is_call else "", receive
    arrived: list[Message] = []
    while not arrived or arrived[-1].get("more_body", False):
        arrived.append(await receive())
    return _tool_in(b"".join(each.get("body", b"") for each in arrived)), _replayed(arrived, receive)


def _tool_in(body: bytes) -> str:
    try:
        message: Any = json.loads(body)
    except (ValueError, RecursionError):  # the SDK will say so
        return ""
    match message:
        case {"method": "tools/call", "params": {"name": str(name)}}:
            return name
    return ""


def _replayed(arrived: list[Message], receive: Receive) -> Receive:
    waiting = iter(arrived)

    async def again() -> Message:
        return next(waiting, None) or await receive()

    return again


class _Lately:
    """Who was challenged for what in the last minutes. The oldest are forgotten when there are too many."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[tuple[str, str], float] = {}

    def is_first(self, who: str, tool: str) -> bool:
        """Whether they were not challenged for it lately; now they are."""
        now = self._clock()
        if self._until.get((who, tool), -math.inf) > now:
            return False
        self._until.pop((who, tool), None)
        self._until[who, tool] = now + _ONCE_IN_SECONDS
        if len(self._until) > _MOST:
            del self._until[next(iter(self._until))]
        return True
