"""Connections that end without an answer, where the server knows how to end one."""

from __future__ import annotations

from starlette.types import Receive, Scope

EXTENSION = "emulator.drop"


class ConnectionDropped(Exception):
    """Somebody asked for this connection to be lost."""


async def drop(scope: Scope, receive: Receive) -> None:
    """End the connection; inside one process, where there is none, its error ends the call."""
    extension = scope.get("extensions", {}).get(EXTENSION)
    if extension is None:
        raise ConnectionResetError("The connection was lost, as somebody asked for.")
    extension["drop"]()
    await receive()
