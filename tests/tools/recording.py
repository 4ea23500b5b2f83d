"""What goes to Graph and comes back: noted on the way, parts of batches one by one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx

from graph import GraphClient
from server import GraphwardServer
from tests.graph.support import speaker
from tests.tools.people import FakePeople
from tests.tools.serving import server_with
from tools import Toolset


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; `answer` is None where that is no JSON."""

    method: str
    url: httpx.URL
    headers: dict[str, str]
    status: int
    answer: Any

    @property
    def path(self) -> str:
        """As it was sent, encoded."""
        return self.url.raw_path.decode().partition("?")[0]

    @property
    def is_collection(self) -> bool:
        return isinstance(self.answer, dict) and isinstance(self.answer.get("value"), list)


class Recorder(httpx.AsyncBaseTransport):
    """A network that notes what passes."""

    def __init__(self, network: httpx.AsyncBaseTransport) -> None:
        self._network = network
        self.exchanges: list[Exchange] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = await request.aread()
        response = await self._network.handle_async_request(request)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        body = b"".join([chunk async for chunk in stream])
        answer = httpx.Response(response.status_code, headers=response.headers, content=body).content
        self.exchanges += _exchanges(request, sent, response.status_code, answer)
        return httpx.Response(response.status_code, headers=response.headers, stream=_Stream(body))


class _Stream(httpx.AsyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


def _exchanges(request: httpx.Request, sent: bytes, status: int, body: bytes) -> Iterator[Exchange]:
    """The exchange, and what it carries if it is a batch."""
    answer = _read(body)
    yield Exchange(request.method, request.url, dict(request.headers), status, answer)
    if request.method != "POST" or not request.url.path.endswith("/$batch"):
        return
    replies = {reply["id"]: reply for reply in (answer or {}).get("responses", ())}
    for part in json.loads(sent)["requests"]:
        reply = replies.get(part["id"], {})
        url = request.url.copy_with(raw_path=b"/v1.0/" + part["url"].removeprefix("/").encode())
        headers = {name.lower(): value for name, value in part.get("headers", {}).items()}
        yield Exchange(part["method"], url, headers, reply.get("status", 0), reply.get("body"))


def _read(body: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(body)
    return None


def server_on_graph(network: httpx.AsyncBaseTransport, catalogue: Sequence[Toolset]) -> GraphwardServer:
    """Our server with tools of the test's own, where everybody is signed in already."""
    people = FakePeople("ines@a.example")
    return server_with(network, people, lambda service, *_: GraphClient(service, speaker()), catalogue=catalogue)
