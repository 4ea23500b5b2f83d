"""Synchronous code in a worker thread reaches an ASGI app on the event loop."""

from __future__ import annotations

import anyio.to_thread
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from emulator import BlockingTransport


async def echo(request: Request) -> Response:
    body = await request.body()
    return Response(b"got " + body, 418, {"x-seen": request.headers["x-sent"], "x-host": request.url.netloc})


app = Starlette(routes=[Route("/tea", echo, methods=["POST"])])


def brew() -> httpx.Response:
    with httpx.Client(transport=BlockingTransport(app)) as client:
        return client.post("https://pot.example/tea", content=b"leaves", headers={"x-sent": "yes"})


async def test_status_headers_and_body_come_through_from_a_worker_thread() -> None:
    response = await anyio.to_thread.run_sync(brew)
    assert (response.status_code, response.content) == (418, b"got leaves")
    assert (response.headers["x-seen"], response.headers["x-host"]) == ("yes", "pot.example")


async def test_many_threads_can_ask_at_once() -> None:
    seen: list[int] = []

    async def one() -> None:
        seen.append((await anyio.to_thread.run_sync(brew)).status_code)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(one)
    assert seen == [418] * 8
