"""What tools need from elsewhere. Others fit these protocols without being imported; server.py joins them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Protocol

from mcp.server.mcpserver import Context, Resolve

from graph import GraphClient
from principal import Identity


class Accounts(Protocol):
    """The accounts that this server can work as."""

    async def identity(self) -> Identity | None:
        """Whom the current caller works as; None where sign-in is switched off."""
        ...


@dataclass(frozen=True)
class Services:
    """What lives as long as the process; tools reach it by type, never by name."""

    graph_for_caller: Callable[[], GraphClient]
    accounts: Accounts


def _graph(ctx: Context[Services]) -> GraphClient:
    return ctx.request_context.lifespan_context.graph_for_caller()


def _accounts(ctx: Context[Services]) -> Accounts:
    return ctx.request_context.lifespan_context.accounts


Graph = Annotated[GraphClient, Resolve(_graph)]
CallerAccounts = Annotated[Accounts, Resolve(_accounts)]
