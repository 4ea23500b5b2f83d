"""The server's half of lost connections: apart from the other half, since an app alone needs no server."""

from __future__ import annotations

from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from emulator.dropping import EXTENSION


def droppable(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever uvicorn hands its protocol
    """For `uvicorn.Config(http=...)`: a protocol whose connections the app can drop."""
    protocol: Any = AutoHTTPProtocol(*arguments, **options)
    app = protocol.app

    async def with_drop(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("extensions", {})[EXTENSION] = {"drop": protocol.transport.abort}
        await app(scope, receive, send)

    protocol.app = with_drop
    return protocol
