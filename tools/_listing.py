"""The list of tools as each caller gets it: what they can use, and which of several accounts a call may name."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from mcp.server import ServerRequestContext
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult

from errors import AppError, ToolInputError
from principal import Rights, SignedIn, called, names_of
from tools._news import News
from tools._seen import hidden, whose
from tools._services import accounts_of
from tools._untrusted import one_line

if TYPE_CHECKING:
    from tools._services import Services
    from tools._toolset import ToolSpec

log = logging.getLogger(__name__)

ARGUMENT = "account"

_FIXED_LIST_MS = 3_600_000
_MOST_NAMED = 5
_MOST_VIEWS = 10_000
_MOST_KINDS = 1_000

# A user principal name, also a guest's, or the id of an object: nothing that a path could take for more than a name.
_MAILBOX = re.compile(
    r"[A-Za-z0-9._!#^~'+-]{1,128}@[A-Za-z0-9.-]{1,255}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
)


def named_account(account: str, listed: Sequence[SignedIn]) -> SignedIn:
    """The account of this name, or an error that says who could be meant."""
    found = called(one_line(account), listed)
    if found is None:
        known = f"Signed in: {', '.join(names_of(listed))}" if listed else "Nobody is signed in"
        raise ToolInputError(
            f"{one_line(account, 60)!r} is not signed in here. {known}. account_login adds an account."
        )
    return found


def named_mailbox(mailbox: str, *, is_needed: bool) -> str:
    """Whose things an app's call works in; an empty text stands for the usual mailbox, unless one `is_needed`."""
    named = mailbox.strip()
    if named and not _MAILBOX.fullmatch(named):
        raise ToolInputError(f"{one_line(named, 60)!r} is no mailbox. Pass a user principal name or an object id.")
    if is_needed and not named:
        raise ToolInputError("The server works as an app here: say in mailbox whose, as in ines@contoso.com.")
    return named


def description_of(listed: Sequence[SignedIn]) -> str:
    """What the argument means to a model; empty while there is no choice."""
    if len(listed) < 2:
        return ""
    first = sorted(names_of(listed).items(), key=lambda item: not item[1].is_selected)
    named = [f"{name} (default)" if each.is_selected else name for name, each in first[:_MOST_NAMED]]
    more = f", {len(first) - _MOST_NAMED} more: account_list" if len(first) > _MOST_NAMED else ""
    return f"Which account: {', '.join(named)}{more}."


def with_argument(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    """The schema of a tool that works as one of several accounts."""
    argument = {"type": "string", "description": description}
    return {**schema, "properties": {**schema.get("properties", {}), ARGUMENT: argument}}


@dataclass(frozen=True)
class _View:
    """What depends on who is signed in."""

    description: str
    """Of the argument that names an account; empty while there is no choice."""
    hidden: frozenset[str]
    """The tools that are of no use to the caller."""


class Listing:
    """Middleware of the MCP server: keeps tools/list true to who is signed in, and clients up to date about it."""

    def __init__(
        self,
        listed: Collection[ToolSpec],
        as_account: Collection[str],
        *,
        news: News | None = None,
        most: int = _MOST_VIEWS,
    ) -> None:
        """`as_account` names the tools that work as one of several accounts; none where accounts cannot change."""
        self._tools = frozenset(as_account)
        self._may_change = any(tool.reaches_graph for tool in listed)
        # Many callers are of one kind, and every call asks.
        self._hidden = lru_cache(_MOST_KINDS)(partial(hidden, tuple(listed)))
        # By who asks and what they may do: who may do other things with another token sees no change in that.
        self._views: OrderedDict[tuple[str, Rights], _View] = OrderedDict()
        self._most = most
        self.bus = news or News()
        """Where clients of this era listen."""

    @property
    def cache_hint(self) -> CacheHint:
        """A list that may change is to be asked for again: not every client listens for changes."""
        return CacheHint(ttl_ms=0 if self._may_change else _FIXED_LIST_MS, scope="private")

    async def __call__(self, ctx: ServerRequestContext[Services, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method == "subscriptions/listen":
            self.bus.check_room()
        result = await call_next(ctx)
        if not isinstance(result, dict):
            return result
        if ctx.method == "initialize" and self._may_change:
            return self._greeted(ctx, result)
        if ctx.method == "tools/list":
            return self._as_seen(result, await self.look(ctx.lifespan_context))
        if ctx.method == "tools/call":
            await self.look(ctx.lifespan_context)
        return result

    async def look(self, services: Services) -> _View:
        """How things are by now. The clients of whoever asks hear of it where that is not what they were told."""
        accounts: Sequence[SignedIn] = ()
        rights = services.rights()
        key = (whose(), rights)
        before = self._views.get(key)
        try:
            accounts = await accounts_of(services) if self._tools else ()
        except AppError as error:  # the call that needs the accounts will say so
            log.warning("accounts cannot be listed", extra={"cause": repr(error)})
            return before or _View("", frozenset())
        view = _View(description_of(accounts), self._hidden(services.seen.standings(accounts), rights))
        self._remember(key, view)
        if before not in (None, view):
            await self.bus.list_changed()
        return view

    def _remember(self, key: tuple[str, Rights], view: _View) -> None:
        self._views[key] = view
        self._views.move_to_end(key)
        if len(self._views) > self._most:
            self._views.popitem(last=False)

    def _greeted(self, ctx: ServerRequestContext[Services, Any], result: dict[str, Any]) -> dict[str, Any]:
        """An answer to the older handshake that promises news of the list where there is a channel for them."""
        if not ctx.session.can_send_request:
            return result
        self.bus.join(ctx.session._connection)  # noqa: SLF001 - the SDK shows it in no other way
        capabilities = result["capabilities"]
        promised = {**capabilities, "tools": {**capabilities["tools"], "listChanged": True}}
        return {**result, "capabilities": promised}

    def _as_seen(self, result: dict[str, Any], view: _View) -> dict[str, Any]:
        shown = [tool for tool in result["tools"] if tool["name"] not in view.hidden]
        return {**result, "tools": [self._with_argument(tool, view.description) for tool in shown]}

    def _with_argument(self, tool: Mapping[str, Any], description: str) -> Mapping[str, Any]:
        if not description or tool["name"] not in self._tools:
            return tool
        return {**tool, "inputSchema": with_argument(tool["inputSchema"], description)}
