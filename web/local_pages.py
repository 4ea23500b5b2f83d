"""The page server for the person at this computer: on loopback, and only once there is something to show."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from socket import socket
from typing import TypeAlias

import anyio
from anyio.abc import TaskGroup, TaskStatus
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from errors import StartError
from web import pages
from web._hosts import names_loopback
from web.listen import bound_socket, serving
from web.middleware.trimmed_headers import TrimmedHeaders

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]

_MOST_BYTES = 64 * 1024
_MOST_PORTS = 20
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
_TAKEN = (
    "ENTRA_REDIRECT_URI: port {} of this computer cannot be used; most likely another program has it, "
    "such as a second server like this one. End that one, or name a port that is free, or none to take any."
)
_ADDRESS = "127.0.0.1"
_OWN_SITE = frozenset({"same-origin", "none"})
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class _Place:
    """What answers at a path, or below it."""

    endpoint: Endpoint
    methods: frozenset[str]
    is_prefix: bool
    takes_cross_site: bool


class LocalPages:
    """Pages under `http://localhost:PORT`; port 0 takes any that is free.

    Nothing listens before `url` is asked for the first time; the server lasts as long as `running` does.
    """

    signed_in = staticmethod(pages.signed_in)
    not_signed_in = staticmethod(pages.not_signed_in)
    unknown_link = staticmethod(pages.unknown_link)

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._url = ""
        self._places: dict[str, _Place] = {}
        self._opening = anyio.Lock()
        self._tasks: TaskGroup | None = None
        self._closing = anyio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """As long as this lasts, pages can be opened."""
        self._closing = anyio.Event()
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            try:
                yield
            finally:
                self._tasks, self._url = None, ""
                self._closing.set()

    async def url(self) -> str:
        """The address of the pages, without a slash at its end. The first call begins to listen."""
        async with self._opening:
            if self._tasks is None:
                raise StartError("The server is shutting down, so no page can be opened. Start it again.")
            if not self._url:
                listeners = _listeners(self._port)
                port = listeners[0].getsockname()[1]
                await self._tasks.start(self._serve, listeners)
                self._url = f"http://localhost:{port}"
        return self._url

    def add(
        self,
        path: str,
        endpoint: Endpoint,
        *,
        methods: Collection[str] = ("GET",),
        is_prefix: bool = False,
        takes_cross_site: bool = False,
    ) -> None:
        """Answer at a path, or at everything that begins with it.

        Forms that other sites send are refused unless `takes_cross_site`: then something in the form has to prove
        that it was asked for.
        """
        if path in self._places:
            raise ValueError(f"{path} is taken")
        self._places[path] = _Place(endpoint, frozenset(methods), is_prefix, takes_cross_site)

    def remove(self, path: str) -> None:
        """Answer there no more; a path that is gone already is fine."""
        self._places.pop(path, None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await WebSocketClose(code=1008)(scope, receive, send)
        response = await self._answer(scope, receive)
        response.headers.update(pages.HEADERS)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not names_loopback(f"//{hosts[0]}"):
            return pages.misdirected()
        place = self._place_at(scope["path"])
        if place is None:
            return pages.unknown_link()
        if scope["method"] not in place.methods:
            return pages.wrong_method(place.methods)
        if scope["method"] not in _SAFE and not place.takes_cross_site and not _is_own(headers):
            return pages.cross_site()
        body = await _read(receive)
        return pages.too_large() if body is None else await place.endpoint(Request(scope, _replay(body)))

    def _place_at(self, path: str) -> _Place | None:
        """The place of exactly this path, else the one with the longest beginning of it."""
        exact = self._places.get(path)
        if exact is not None:
            return exact
        below = [known for known, place in self._places.items() if place.is_prefix and path.startswith(known)]
        return self._places[max(below, key=len)] if below else None

    async def _serve(self, listeners: Sequence[socket], *, task_status: TaskStatus[None]) -> None:
        # Shielded, so that uvicorn always ends by itself and closes its connections: `running` tells it when.
        with anyio.CancelScope(shield=True):
            async with serving(TrimmedHeaders(self), *listeners):
                task_status.started()
                await self._closing.wait()


def _listeners(port: int) -> list[socket]:
    """One port on both loopback addresses: `localhost` may mean either, and nobody else is to answer there."""
    for _ in range(1 if port else _MOST_PORTS):
        listener = _listener(port)
        try:
            return [listener, *_on_ipv6(listener.getsockname()[1])]
        except StartError:
            listener.close()
    raise StartError(_TAKEN.format(port) if port else "No page can be opened on this computer: no port is free on ::1.")


def _on_ipv6(port: int) -> list[socket]:
    """The same port there; none where this computer has no IPv6."""
    try:
        return [bound_socket("::1", port)]
    except StartError as error:
        if isinstance(error.__cause__, OSError) and error.__cause__.errno in _NO_IPV6:
            return []
        raise
    except OSError:  # no such kind of socket at all
        return []


def _listener(port: int) -> socket:
    try:
        return bound_socket(_ADDRESS, port)
    except StartError as error:
        if not port:
            raise StartError(f"No page can be opened on this computer: {error.__cause__ or error}.") from error
        raise StartError(_TAKEN.format(port)) from error


def _is_own(headers: Headers) -> bool:
    """Whether a form comes from a page of ours, or from a program that is no browser."""
    # Our pages send no referrer, and so their Origin is null: where a browser tells the site, that counts.
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN_SITE
    return headers.get("origin") in {None, f"http://{headers['host']}"}


async def _read(receive: Receive) -> bytes | None:
    """The body of a request; None where it is too large, or where the browser went away."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or len(body) > _MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
