"""What tools need from elsewhere. Others fit these protocols without being imported; server.py joins them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from mcp.server.mcpserver import Context, Resolve

from graph import GraphClient
from principal import Identity, SignedIn
from tools._progress import ProgressReports

# The account that the current call names. Each request runs in a context of its own, so no call sees another's.
_account_of_call: ContextVar[str | None] = ContextVar("account_of_call", default=None)


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


@dataclass(frozen=True)
class Services:
    """What lives as long as the process; tools reach it by type, never by name."""

    graph_for_caller: Callable[[str | None], GraphClient]
    accounts: Accounts


@contextmanager
def working_as(account: str | None) -> Iterator[None]:
    """What a tool resolves within works as this account."""
    token = _account_of_call.set(account)
    try:
        yield
    finally:
        _account_of_call.reset(token)


def services_of(ctx: Context[Any, Any]) -> Services:
    """The services that a call reaches."""
    services: Services = ctx.request_context.lifespan_context
    return services


# Async, though nothing is awaited: what is not, the SDK sends to a worker thread and back.
async def _graph(ctx: Context[Services]) -> GraphClient:
    return services_of(ctx).graph_for_caller(_account_of_call.get())


async def _accounts(ctx: Context[Services]) -> Accounts:
    return services_of(ctx).accounts


async def _identity(ctx: Context[Services]) -> Identity | None:
    return await services_of(ctx).accounts.identity(_account_of_call.get())


async def _progress(ctx: Context[Services]) -> ProgressReports:
    return ProgressReports(ctx.report_progress)


Graph = Annotated[GraphClient, Resolve(_graph)]
CallerAccounts = Annotated[Accounts, Resolve(_accounts)]
CallerIdentity = Annotated[Identity | None, Resolve(_identity)]
Progress = Annotated[ProgressReports, Resolve(_progress)]
