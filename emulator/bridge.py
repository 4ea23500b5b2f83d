"""Lets synchronous code in a worker thread, as MSAL is, talk to an ASGI app that lives on the event loop."""

from __future__ import annotations

import anyio.from_thread
import httpx
from starlette.types import ASGIApp


class BlockingTransport(httpx.BaseTransport):
    """An httpx transport for `httpx.Client` inside `anyio.to_thread.run_sync`; the app answers on the loop."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return anyio.from_thread.run(self._forward, request)

    async def _forward(self, request: httpx.Request) -> httpx.Response:
        async with httpx.ASGITransport(app=self._app) as transport:
            inner = httpx.Request(
                request.method,
                request.url,
                headers=request.headers,
                content=request.content,
                extensions=request.extensions,
            )
            response = await transport.handle_async_request(inner)
            content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content, request=request)
