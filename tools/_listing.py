"""The argument that says which of several accounts a call works as: listed only while there are several."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from weakref import WeakSet

import anyio
from mcp.server import ServerRequestContext
from mcp.server.caching import CacheHint
from mcp.server.connection import Connection
from mcp.server.context import CallNext, HandlerResult
from mcp.server.subscriptions import InMemorySubscriptionBus, ToolsListChanged

from errors import AppError, ToolInputError
from principal import SignedIn, called, names_of
from tools._services import Accounts, Services
from tools._untrusted import one_line

log = logging.getLogger(__name__)

ARGUMENT = "account"

_FIXED_LIST_MS = 3_600_000
_MOST_NAMED = 5
_PATIENCE = 2.0


def named_account(account: str, listed: Sequence[SignedIn]) -> SignedIn:
    """The account of this name, or an error that says who could be meant."""
    found = called(one_line(account), listed)
    if found is None:
        known = f"Signed in: {', '.join(names_of(listed))}" if listed else "Nobody is signed in"
        raise ToolInputError(
            f"{one_line(account, 60)!r} is not signed in here. {known}. account_login adds an account."
        )
    return found


def description_of(listed: Sequence[SignedIn]) -> str:
    """What the argument means to a model; empty while there is no choice."""
    if len(listed) < 2:
        return ""
    first = sorted(names_of(listed).items(), key=lambda item: not item[1].is_selected)
    named = [f"{name} (default)" if each.is_selected else name for name, each in first[:_MOST_NAMED]]
    more = f", {len(first) - _MOST_NAMED} more: account_list" if len(first) > _MOST_NAMED else ""
    return f"Which account: {', '.join(named)}{more}."


class AccountsArgument:
    """Middleware of the MCP server: keeps tools/list true to who is signed in, and clients up to date about it."""

    def __init__(self, tools: Collection[str], *, patience: float = _PATIENCE) -> None:
        """`tools` are the names of those that work as an account; none of them where accounts cannot change."""
        self._tools = frozenset(tools)
        self._patience = patience
        self._described: str | None = None
        self._sessions: WeakSet[Connection] = WeakSet()
        self.bus = InMemorySubscriptionBus()
        """Where clients of this era listen."""

    @property
    def cache_hint(self) -> CacheHint:
        """A list that may change is to be asked for again: not every client listens for changes."""
        return CacheHint(ttl_ms=0 if self._tools else _FIXED_LIST_MS, scope="private")

    async def __call__(self, ctx: ServerRequestContext[Services, Any], call_next: CallNext) -> HandlerResult:
        result = await call_next(ctx)
        if not self._tools or not isinstance(result, dict):
            return result
        if ctx.method == "initialize":
            return self._greeted(ctx, result)
        if ctx.method == "tools/list":
            return self._extended(result, await self.look(ctx.lifespan_context.accounts))
        if ctx.method == "tools/call":
            await self.look(ctx.lifespan_context.accounts)
        return result

    async def look(self, accounts: Accounts) -> str:
        """What the argument says by now. Clients hear of it where that is another thing than they were told."""
        try:
            described = description_of(await accounts.listed())
        except AppError as error:  # the call that needs the accounts will say so
            log.warning("accounts cannot be listed", extra={"cause": repr(error)})
            return self._described or ""
        before, self._described = self._described, described
        if before not in (None, described):
            await self._tell()
        return described

    def _greeted(self, ctx: ServerRequestContext[Services, Any], result: dict[str, Any]) -> dict[str, Any]:
        """An answer to the older handshake that promises news of the list where there is a channel for them."""
        if not ctx.session.can_send_request:
            return result
        self._sessions.add(ctx.session._connection)  # noqa: SLF001 - the SDK shows it in no other way
        capabilities = result["capabilities"]
        promised = {**capabilities, "tools": {**capabilities["tools"], "listChanged": True}}
        return {**result, "capabilities": promised}

    def _extended(self, result: dict[str, Any], description: str) -> dict[str, Any]:
        if not description:
            return result
        return {**result, "tools": [self._with_argument(tool, description) for tool in result["tools"]]}

    def _with_argument(self, tool: Mapping[str, Any], description: str) -> Mapping[str, Any]:
        if tool["name"] not in self._tools:
            return tool
        schema = tool["inputSchema"]
        argument = {"type": "string", "description": description}
        return {**tool, "inputSchema": {**schema, "properties": {**schema.get("properties", {}), ARGUMENT: argument}}}

    async def _tell(self) -> None:
        await self.bus.publish(ToolsListChanged())
        async with anyio.create_task_group() as tasks:
            for session in list(self._sessions):
                tasks.start_soon(self._tell_session, session)

    async def _tell_session(self, session: Connection) -> None:
        with anyio.move_on_after(self._patience):  # a client that reads no longer must not hold up the others
            await session.send_tool_list_changed()
