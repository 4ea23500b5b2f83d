"""What tools need from elsewhere. Others fit these protocols without being imported; server.py joins them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from mcp.server.mcpserver import Context, Resolve
from mcp.server.mcpserver.tools import Tool

from graph import GraphClient
from principal import Identity, Rights, SignedIn, current_sender
from storage import State
from tools._access import Caller, Guard
from tools._approval import Approvals
from tools._here import Here
from tools._ids import Ids
from tools._progress import ProgressReports
from tools._records import Audit, logged
from tools._render import Form
from tools._seen import Seen, whose

if TYPE_CHECKING:
    from tools._toolset import ToolSpec


@dataclass(frozen=True)
class _Working:
    """As whom the current call works, and in whose mailbox; None and nobody where it does not say."""

    account: str | None = None
    mailbox: str = ""


# Each request runs in a context of its own, so no call sees another's.
_working: ContextVar[_Working] = ContextVar("working", default=_Working())  # noqa: B039 - frozen


class Accounts(Protocol):
    """The accounts that this server can work as. An `account` is a username or an id; None is the selected one."""

    async def identity(self, account: str | None = None) -> Identity | None:
        """Whom the current caller works as; None where sign-in is switched off. Signs in when needed."""
        ...

    async def listed(self) -> Sequence[SignedIn]:
        """Everybody who is signed in; nobody where accounts are not the caller's to choose."""
        ...

    async def login(self, account: str | None = None) -> Identity:
        """Sign in another account, of the person's choice where none is named; who it is, once they are through."""
        ...

    async def logout(self, account: str | None = None) -> Sequence[SignedIn]:
        """Forget an account; who was signed out."""
        ...

    async def select(self, account: str) -> SignedIn:
        """Work as this account whenever a call names none."""
        ...

    async def settled(self, sign_in: str) -> bool:
        """Wait a while until that sign-in has ended; False while it is still open."""
        ...

    async def give_up(self, sign_in: str) -> None:
        """End a sign-in that the person does not want."""
        ...

    def unasked(self, sign_in: str) -> None:
        """The question to sign in did not reach the person: the next call may put it."""
        ...


class Offer(Protocol):
    """Which tools are offered, and why others are not."""

    @property
    def tools(self) -> Mapping[str, ToolSpec]: ...

    def why_absent(self, name: str, /) -> str: ...

    def reason_against(self, tool: ToolSpec, /) -> str: ...


class Tools(Protocol):
    """All tools there are, for those that find and call others."""

    @property
    def selection(self) -> Offer: ...

    def named(self, name: str, /) -> ToolSpec | None: ...

    def found(self, query: str, most: int, /) -> list[ToolSpec]: ...

    def bound(self, tool: ToolSpec, /) -> Tool: ...


@dataclass(frozen=True)
class Services:
    """What lives as long as the process; tools reach it by type, never by name."""

    graph_for_caller: Callable[[str | None, str], GraphClient]
    """Graph for an account and a mailbox; None and an empty text stand for the usual ones."""
    accounts: Accounts
    catalogue: Tools
    state: State
    guard: Guard
    approvals: Approvals
    ids: Ids
    form: Form = field(default_factory=Form)
    usual_mailbox: str = ""
    """Whose things calls work in where there is no person and they do not say."""
    is_one_person: bool = False
    """Whether all accounts are those of the person at this computer, so that one model reads for all of them."""
    rights: Callable[[], Rights] = Rights
    """What the caller of this request may do."""
    consent_link: Callable[[Sequence[str]], str] = lambda _: ""
    """Where somebody can agree to permissions; an empty text where nobody can."""
    audit: Audit = logged
    seen: Seen = field(default_factory=Seen)

    def digest(self, purpose: str, *parts: str) -> str:
        """What stands for these where they must not be read."""
        return self.state.keys.digest(purpose, *parts).hex()[:32]


@contextmanager
def working_as(account: str | None, mailbox: str = "") -> Iterator[None]:
    """What a tool resolves within works as this account, in this mailbox."""
    token = _working.set(_Working(account, mailbox))
    try:
        yield
    finally:
        _working.reset(token)


def services_of(ctx: Context[Any, Any]) -> Services:
    """The services that a call reaches."""
    services: Services = ctx.request_context.lifespan_context
    return services


async def caller_for(services: Services, tool: ToolSpec) -> Caller:
    """On whose behalf a call of this tool is made: whoever sent it over HTTP, else whom it works as.

    Two keys that work as the same app are two callers. What needs no token is nobody's in particular over stdio.
    """
    working, who = _working.get(), whose()
    rights = services.rights()
    mailbox = working.mailbox or (services.usual_mailbox if tool.in_mailbox else "")
    identity = await services.accounts.identity(working.account) if tool.reaches_graph else None
    if identity is None:
        return Caller(who, rights=rights, mailbox=mailbox)
    services.seen.note(working.account, identity)
    reader = "this computer" if services.is_one_person and not who else ""
    return Caller(who or identity.principal.digest, identity, rights, mailbox, reader)


async def accounts_of(services: Services) -> Sequence[SignedIn]:
    """The accounts that a call may choose from: none over HTTP, where each sender works as whoever they are."""
    return () if current_sender() else await services.accounts.listed()


# Async, though nothing is awaited: what is not, the SDK sends to a worker thread and back.
async def graph_of(ctx: Context[Any, Any]) -> GraphClient:
    """Graph as the current call sees it."""
    working = _working.get()
    return services_of(ctx).graph_for_caller(working.account, working.mailbox)


async def _accounts(ctx: Context[Services]) -> Accounts:
    return services_of(ctx).accounts


async def identity_of(ctx: Context[Services]) -> Identity | None:
    """Whom the current call works as."""
    return await services_of(ctx).accounts.identity(_working.get().account)


async def _progress(ctx: Context[Services]) -> ProgressReports:
    return ProgressReports(ctx.report_progress)


async def _here(ctx: Context[Services]) -> Here:
    services, working = services_of(ctx), _working.get()
    graph = services.graph_for_caller(working.account, working.mailbox)
    identity = await services.accounts.identity(working.account)
    return Here(graph, identity, working.mailbox or services.usual_mailbox)


Graph = Annotated[GraphClient, Resolve(graph_of)]
CallerAccounts = Annotated[Accounts, Resolve(_accounts)]
CallerIdentity = Annotated[Identity | None, Resolve(identity_of)]
Progress = Annotated[ProgressReports, Resolve(_progress)]
LocalHere = Annotated[Here, Resolve(_here)]

GIVEN = frozenset[Callable[..., Any]]({graph_of, _accounts, identity_of, _progress, _here})
"""What gives a tool what it needs without a question to anybody."""
