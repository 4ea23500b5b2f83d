"""The demo tenant's files and mail behind a network that fails as tests want, on a clock that a test may let jump."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from emulator import Tenant, build_emulator
from graph import Call, GraphService, Speaker
from graph.transfer import BytesSource, Conflict
from graph.transfer.files import DriveFile
from graph.transfer.meter import Meter
from graph.transfer.sessions import send_in_session
from tests.emulator.support import NOW, FakeEntra, delegated, small_tenant
from tests.graph.support import service_on, speaker

ROOT = "me/drive/root"
SCOPES = ("Files.ReadWrite.All", "Mail.ReadWrite", "User.Read.All")
STEP = 320 * 1024
PIECE = 64 * 1024

Matches = Callable[[httpx.Request], bool]


def copy(response: httpx.Response) -> httpx.Response:
    """The same answer once more."""
    return httpx.Response(response.status_code, headers=response.headers, stream=Torn(response.content))


class Torn(httpx.AsyncByteStream):
    """A body in pieces, which may break off."""

    def __init__(self, body: bytes, error: Exception | None = None) -> None:
        self._body = body
        self._error = error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), PIECE):
            yield self._body[start : start + PIECE]
        if self._error is not None:
            raise self._error


@dataclass
class Fault:
    """What becomes of the next requests that match, after some that go well.

    "unsent" never leaves; "half" breaks while the request is sent, "reset" once it is sent; "lost" is answered, and the
    answer does not come; "torn" and "short" bring part of the answer. "silent" is sent and never answered, "mute" is
    heeded and never answered. A number is a status that comes instead.
    """

    kind: str | int | httpx.Response
    matches: Matches
    after: int = 0
    left: int | None = 1
    keep: float = 0.5
    headers: dict[str, str] = field(default_factory=dict)

    def meets(self, request: httpx.Request) -> bool:
        if self.left == 0 or not self.matches(request):
            return False
        if self.after:
            self.after -= 1
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Cloud(httpx.AsyncBaseTransport):
    """The emulator, and what a test does to the way there. Remembers what was sent."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.faults: list[Fault] = []
        self._inner = httpx.ASGITransport(app=app)

    def strike(self, kind: str | int | httpx.Response, method: str = "", part: str = "", **facts: Any) -> Fault:
        """Have requests of a method, with this in their address, go wrong."""
        fault = Fault(kind, lambda request: method in ("", request.method) and part in str(request.url), **facts)
        self.faults.append(fault)
        return fault

    def seen(self, method: str, part: str = "") -> list[dict[str, str]]:
        """The headers of what was sent."""
        return [headers for verb, url, headers in self.sent if verb == method and part in url]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append((request.method, str(request.url), dict(request.headers)))
        await asyncio.sleep(0)
        fault = next((each for each in self.faults if each.meets(request)), None)
        if fault is None:
            return await self._answer(request)
        if isinstance(fault.kind, httpx.Response):
            await request.aread()
            return copy(fault.kind)
        if isinstance(fault.kind, int):
            await request.aread()
            return httpx.Response(fault.kind, headers=fault.headers, stream=Torn(b""))
        return await self._failed(request, fault)

    async def _failed(self, request: httpx.Request, fault: Fault) -> httpx.Response:
        if fault.kind == "silent":
            await request.aread()
            await asyncio.sleep(1_000_000)
        if fault.kind == "unsent":
            raise httpx.ConnectError("refused", request=request)
        if fault.kind == "half":
            await _half(request)
            raise httpx.WriteError("broken pipe", request=request)
        await request.aread()
        if fault.kind == "reset":
            raise httpx.ReadError("reset", request=request)
        response = await self._answer(request)
        if fault.kind == "mute":
            await asyncio.sleep(1_000_000)
        if fault.kind == "lost":
            raise httpx.ReadError("reset", request=request)
        body = await response.aread()
        error = httpx.ReadError("cut", request=request) if fault.kind == "torn" else None
        part = body[: int(len(body) * fault.keep)]
        return httpx.Response(response.status_code, headers=response.headers, stream=Torn(part, error))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        try:
            response = await self._inner.handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.ReadError("reset", request=request) from error
        body = b"".join([piece async for piece in response.stream])  # type: ignore[union-attr]
        return httpx.Response(response.status_code, headers=response.headers, stream=Torn(body))


async def _half(request: httpx.Request) -> None:
    size, seen = int(request.headers["content-length"]), 0
    async for piece in request.stream:  # type: ignore[union-attr]
        seen += len(piece)
        if seen * 2 >= size:
            return


@dataclass
class Place:
    """A tenant, its network, and somebody who is signed in."""

    tenant: Tenant
    cloud: Cloud
    service: GraphService
    speaker: Speaker
    me: Any

    async def put(self, path: str, data: bytes) -> dict[str, Any]:
        """A file that is there already: its driveItem."""
        call = Call("PUT", f"{ROOT}:/{path}:/content", body=data)
        return (await self.service.sender.send(call, self.speaker)).object()

    async def in_ranges(self, data: bytes, path: str = "a.bin", conflict: Conflict = "fail") -> dict[str, Any]:
        """Upload a file in the smallest ranges that there are."""
        source = BytesSource(data)
        file = DriveFile(
            self.service.sender, self.speaker, f"{ROOT}:/{path}:", source, path, conflict, (), "v1.0", fragment=STEP
        )
        return await send_in_session(self.service, source, file, Meter(None), file.hash)

    async def item(self, path: str) -> dict[str, Any]:
        return (await self.service.sender.send(Call("GET", f"{ROOT}:/{path}"), self.speaker)).object()

    async def names(self) -> list[str]:
        """What lies in the drive."""
        call = Call("GET", f"{ROOT}/children", "$select=name,size")
        found = (await self.service.sender.send(call, self.speaker)).object()
        return sorted(each["name"] for each in found["value"])

    async def content(self, path: str) -> bytes:
        """What Graph has of a file, past all faults."""
        item = await self.item(path)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=self.cloud.app)) as http:
            return (await http.get(item["@microsoft.graph.downloadUrl"])).content

    def open_sessions(self) -> int:
        drives = self.tenant.store.root("drives")
        return sum(len(each.state.get("uploads", {})) for each in drives)

    async def draft(self) -> str:
        """The path of a new draft."""
        body = b'{"subject": "Plan"}'
        call = Call("POST", "me/messages", headers=(("Content-Type", "application/json"),), body=body)
        made = (await self.service.sender.send(call, self.speaker)).object()
        return f"me/messages/{made['id']}"

    async def attachments(self, message: str) -> list[dict[str, Any]]:
        call = Call("GET", f"{message}/attachments", "$select=id,name,size")
        found: list[dict[str, Any]] = (await self.service.sender.send(call, self.speaker)).object()["value"]
        return found


@asynccontextmanager
async def place(*, limits: bool = False) -> AsyncIterator[Place]:
    """A small tenant, whose head is signed in. Its clock is that of the loop."""
    tenant, loop = small_tenant(), asyncio.get_running_loop()
    me = next(iter(tenant.people.values()))
    start = NOW.timestamp() - loop.time()
    app = build_emulator(tenant, entra=FakeEntra(delegated(me, *SCOPES)), clock=lambda: start + loop.time())
    cloud = Cloud(app)
    async with service_on(cloud) as service:
        yield Place(tenant, cloud, service, speaker(), me)


def noise(size: int, seed: int = 1) -> bytes:
    """Bytes that do not repeat soon."""
    unit = b"".join((number * 2654435761 + seed).to_bytes(8, "little")[:4] for number in range(4096))
    return (unit * (size // len(unit) + 1))[:size]
