"""Where the caller is at home: the clock of their mailbox, and the organisation that is theirs."""

from __future__ import annotations

from errors import GraphError
from graph import GraphClient
from principal import Identity
from tools._outside import Home, home_of
from tools._scopes import satisfied
from tools._times import Clock

READS_SETTINGS = "MailboxSettings.Read"

_KEPT_SECONDS = 3600


class Here:
    """What a tool asks to show times as the person knows them, and to tell who is outside."""

    def __init__(self, graph: GraphClient, identity: Identity | None, mailbox: str = "") -> None:
        self._graph = graph
        self._identity = identity
        self._mailbox = mailbox

    async def clock(self) -> Clock:
        """The mailbox's clock; UTC where its settings may not be read."""
        granted = self._identity.permissions if self._identity else None
        if granted is not None and not satisfied([READS_SETTINGS], granted):
            return Clock()
        try:
            settings = await self._graph.get(
                f"{self._graph.user}/mailboxSettings", {"$select": "timeZone"}, keep=_KEPT_SECONDS
            )
        except GraphError:
            return Clock()
        return Clock.of(settings.get("timeZone"))

    async def home(self) -> Home:
        """Who is inside."""
        username = self._mailbox or (self._identity.username if self._identity else "")
        is_personal = self._identity is not None and self._identity.principal.is_personal
        return await home_of(self._graph, username, is_personal=is_personal)
