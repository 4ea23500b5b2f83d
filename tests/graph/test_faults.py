"""Over real sockets: each way in which a server can fail to speak HTTP is an error that is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import anyio
import anyio.abc
import httpx
import pytest

from errors import GraphUnavailable
from graph import GraphClient, deadline, graph_service
from tests.graph.support import HOST, speaker
from tests.graph.wires import transport_to


@asynccontextmanager
async def graph_that_sends(answer: bytes | None) -> AsyncIterator[GraphClient]:
    """A client of a server that answers with these bytes and hangs up; with None it stays silent."""

    async def handle(connection: anyio.abc.SocketStream) -> None:
        async with connection:
            await connection.receive()
            if answer is None:
                await anyio.sleep_forever()
            await connection.send(answer or b"")

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no query of a database
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        async with graph_service(partial(opened, port), HOST) as service:
            yield GraphClient(service, speaker())
        tasks.cancel_scope.cancel()


def opened(port: int) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=transport_to(port), trust_env=False)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(b"", "Unreachable", id="hangs up"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", "Unreachable", id="torn body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", "Unreachable", id="torn chunk"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", "Unreachable", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "BadAnswer", id="a page"),
        pytest.param(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>", "502", id="a gateway's page"),
        pytest.param(None, "Timeout", id="silence"),
    ],
)
async def test_a_connection_that_fails_is_an_error_that_is_named(answer: bytes | None, code: str) -> None:
    async with graph_that_sends(answer) as graph:
        with deadline.within(0.3), pytest.raises(GraphUnavailable) as caught:
            await graph.get("me")
    assert caught.value.code == code
    assert "ry again" in str(caught.value)
