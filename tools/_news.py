"""Who hears that something has changed: each client what changed for whoever it belongs to, and nothing of others."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

import anyio
import anyio.lowlevel
from mcp.server.connection import Connection
from mcp.server.subscriptions import ServerEvent, ToolsListChanged
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_REQUEST

from tools._seen import whose

Listener = Callable[[ServerEvent], None]

MOST_LISTENERS = 64  # of one sender

_PATIENCE = 2.0


class News:
    """The streams and sessions that are open, by who opened them. Over stdio all are one person's.

    To the SDK it is the bus on which clients of this era listen; those of the older one `join`.
    """

    def __init__(self, *, patience: float = _PATIENCE, most: int = MOST_LISTENERS) -> None:
        self._patience = patience
        self._most = most
        self._listeners: dict[str, dict[object, Listener]] = {}
        # A circle lasts as long as one of its sessions does, each of which holds on to it.
        self._circles: WeakValueDictionary[str, WeakSet[Connection]] = WeakValueDictionary()
        self._joined: WeakKeyDictionary[Connection, WeakSet[Connection]] = WeakKeyDictionary()

    def __len__(self) -> int:
        return sum(map(len, self._listeners.values())) + len(self._joined)

    def check_room(self) -> None:
        """Refuse one more stream to a sender who has many: the SDK bounds only how many there are in all."""
        if len(self._listeners.get(whose(), ())) >= self._most:
            raise MCPError(INVALID_REQUEST, f"You have {self._most} subscriptions open. Close one before the next.")

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have the listener hear what changes for whoever sent this request, until what is returned is called."""
        who, token = whose(), object()
        mine = self._listeners.setdefault(who, {})
        mine[token] = listener

        def unsubscribe() -> None:
            mine.pop(token, None)
            if not mine and self._listeners.get(who) is mine:
                del self._listeners[who]

        return unsubscribe

    def join(self, session: Connection) -> None:
        """Have a session of the older protocol hear the same, until it ends."""
        circle = self._circles.setdefault(whose(), WeakSet())
        circle.add(session)
        self._joined[session] = circle

    async def publish(self, event: ServerEvent) -> None:
        """Tell the streams of whoever sent this request."""
        for listener in list(self._listeners.get(whose(), {}).values()):
            listener(event)
        await anyio.lowlevel.checkpoint()  # so that they can pass it on before the next

    async def list_changed(self) -> None:
        """Tell all of whoever sent this request that their list of tools is another one now."""
        await self.publish(ToolsListChanged())
        async with anyio.create_task_group() as tasks:
            for session in list(self._circles.get(whose(), ())):
                tasks.start_soon(self._tell, session)

    async def _tell(self, session: Connection) -> None:
        with anyio.move_on_after(self._patience):  # a client that reads no longer must not hold up the others
            await session.send_tool_list_changed()
