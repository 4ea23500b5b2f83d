"""Listening: one socket, bound before anything starts, and uvicorn on top of it."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Literal

import anyio
import uvicorn
from starlette.types import ASGIApp

from errors import StartError
from web._hosts import is_loopback

_REFUSED = {
    errno.EADDRINUSE: "is in use by another program. Choose another with --port (0 takes any free one).",
    errno.EACCES: "needs rights that this account lacks. Choose one above 1023 with --port.",
    errno.EADDRNOTAVAIL: "cannot be used: the address is not one of this machine's. Use 127.0.0.1.",
}


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket on a loopback address, or the reason why there is none."""
    address = loopback_address(host)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows lets a second program steal a reusable port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        reason = _REFUSED.get(error.errno or 0, "cannot be used by this program.")
        raise StartError(f"HTTP_PORT: port {port} of {host} {reason}") from error
    listener.setblocking(False)
    return listener


def loopback_address(host: str) -> str:
    """The address to listen on; refused where others could reach it."""
    address = host.strip("[]")
    if is_loopback(address):
        return "127.0.0.1" if address.lower() == "localhost" else address
    raise StartError(
        f"HTTP_HOST: refusing to listen on {host}. Whoever reaches this address could use the signed-in account, "
        "because callers are not authenticated yet. Use 127.0.0.1."
    )


class _Server(uvicorn.Server):
    """Tells when it is ready, and leaves the signals to the main program where it is not that itself."""

    def __init__(self, config: uvicorn.Config, *, owns_signals: bool, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._owns_signals = owns_signals
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        with super().capture_signals() if self._owns_signals else contextlib.nullcontext():
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()


def _config(app: ASGIApp, lifespan: Literal["on", "off"]) -> uvicorn.Config:
    """Logging is configured already, and nobody needs to know what serves."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan=lifespan,
        timeout_graceful_shutdown=5,
    )


async def serve(app: ASGIApp, listener: socket.socket, *, on_ready: Callable[[], None] = lambda: None) -> None:
    """Serve until a signal comes."""
    server = _Server(_config(app, "on"), owns_signals=True, on_ready=on_ready)
    with listener:
        try:
            await server.serve(sockets=[listener])
        except SystemExit as error:  # how uvicorn ends where the lifespan of the app fails
            raise StartError("The HTTP service could not start. The log above says why.") from error


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *listeners: socket.socket) -> AsyncIterator[None]:
    """Serve beside something else, for as long as the block lasts."""
    ready = anyio.Event()
    server = _Server(_config(app, "off"), owns_signals=False, on_ready=ready.set)
    with contextlib.ExitStack() as open_sockets:
        for listener in listeners:
            open_sockets.enter_context(listener)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(server.serve, sockets=list(listeners)))
            await ready.wait()
            try:
                yield
            finally:
                server.should_exit = True
