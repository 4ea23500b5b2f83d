"""Listening: sockets that are bound before anything starts, and uvicorn on top of them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import math
import signal
import socket
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Literal, cast

import anyio
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.config import STARTUP_FAILURE
from uvicorn.server import HANDLED_SIGNALS

from errors import AppError, StartError
from web.drain import Drain, Draining

_REFUSED = {
    errno.EADDRINUSE: "is in use by another program. Choose another (0 takes any free one).",
    errno.EACCES: "needs rights that this account lacks. Choose one above 1023.",
    errno.EADDRNOTAVAIL: "cannot be used: the address is not one of this machine's. Use 127.0.0.1, or 0.0.0.0 for all.",
    errno.EAFNOSUPPORT: "cannot be used: this machine has no such addresses. Use 127.0.0.1, or 0.0.0.0 for all.",
}
_EVERY_IPV6 = "::"
# What uvicorn may still take once everything that was under way is over: closing connections whose answers are written.
_LAST_WRITES = 2.0


@dataclass(frozen=True)
class Listening:
    """How connections are served, and how that ends."""

    protocol: type[asyncio.Protocol] | None = None
    """What reads HTTP; None leaves it to uvicorn."""
    tls: ssl.SSLContext | None = None
    handshake: float = 10
    """Seconds in which a client has to get through TLS."""
    idle: float = 5
    """Seconds that a connection may wait for its next request."""
    drain: float = 5
    """Seconds that a stop waits for the calls that are under way."""
    is_worker: bool = False
    """A supervisor alone decides when this process ends: repeated signals and Ctrl+C mean nothing to it."""


def bound_socket(host: str, port: int, *, setting: str = "HTTP_PORT") -> socket.socket:
    """A listening socket, or the reason why there is none, with the setting to change; `::` takes IPv4 as well."""
    return _listening(host, port, is_shared=False, setting=setting)


def bound_sockets(host: str, port: int, count: int) -> list[socket.socket]:
    """A socket for each of so many workers, all on one port.

    Linux spreads connections over sockets of their own; elsewhere all get the same one.
    """
    if count == 1 or sys.platform != "linux":
        return [bound_socket(host, port)] * count
    # A second server would be let in among ours, and get some of our requests; the port has to be free first.
    with bound_socket(host, port) as probe:
        taken = probe.getsockname()[1]
    with contextlib.ExitStack() as on_failure:
        found = [on_failure.enter_context(_listening(host, taken, is_shared=True)) for _ in range(count)]
        on_failure.pop_all()
    return found


def _listening(host: str, port: int, *, is_shared: bool, setting: str = "HTTP_PORT") -> socket.socket:
    listener: socket.socket | None = None
    try:
        family, address = _address(host, port)
        # Named, because asyncio sends small pieces at once only where it knows that it is TCP.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        _set_options(listener, address[0], is_shared=is_shared)
        listener.bind(address)
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        if listener is not None:
            listener.close()
        reason = _REFUSED.get(error.errno or 0, "cannot be used by this program.")
        raise StartError(f"{setting}: port {port} of {host} {reason}") from error
    listener.setblocking(False)
    return listener


def _address(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    bare = host.strip("[]")
    # It may mean either loopback address; clients that are told to use one have to find us there.
    name = "127.0.0.1" if bare.lower() == "localhost" else bare
    try:
        family, _, _, _, address = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise StartError(
            f"HTTP_HOST: {host} is no name or address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of them."
        ) from error
    return family, cast("tuple[str, int]", address)


def _set_options(listener: socket.socket, address: str, *, is_shared: bool) -> None:
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows lets a second program steal a reusable port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if is_shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if listener.family == socket.AF_INET6:
        # Said for both, because systems differ on what they do unasked.
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address != _EVERY_IPV6)


class _Server(uvicorn.Server):
    """Tells when it is ready, ends as `Listening` says, and leaves the signals to the program where it is not that."""

    def __init__(
        self, config: uvicorn.Config, how: Listening, *, drain: Drain | None, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._how = how
        self._drain = drain
        self._on_ready = on_ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own would raise the signal again at the end, and the process would die of what it obeyed.
        if self._drain is None or threading.current_thread() is not threading.main_thread():
            yield
            return
        # A bound method would lead sse-starlette to this server, and it would end all calls that answer in a stream.
        before = {number: signal.signal(number, partial(self.handle_exit)) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order; without a supervisor a second signal ends the process at once, whatever it is busy with."""
        if self._how.is_worker:
            if sig == signal.SIGINT:  # Ctrl+C reaches the whole group: the supervisor hears it too, and tells us
                return
        else:
            for number in HANDLED_SIGNALS:
                signal.signal(number, signal.SIG_DFL)
        self.should_exit = True
        if self._drain is not None:
            self._drain.is_stopping = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's own, for sockets that are there; but that leaves a client a minute to get through TLS."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        loop, config = asyncio.get_running_loop(), self.config
        protocol = cast("Callable[..., asyncio.Protocol]", config.http_protocol_class)
        made = partial(protocol, config, self.server_state, self.lifespan.state, _loop=loop)
        handshake = self._how.handshake if config.ssl else None
        self.servers = [
            await loop.create_server(
                made, sock=each, ssl=config.ssl, backlog=config.backlog, ssl_handshake_timeout=handshake
            )
            for each in sockets or []
        ]
        self.started = True
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._drain is None:
            return await super().shutdown(sockets)
        self._drain.begin()
        overdue = asyncio.get_running_loop().call_later(self._how.drain, self._drain.cut)
        try:
            await super().shutdown(sockets)
        finally:
            overdue.cancel()


class _Starting:
    """The app; where its start fails for a reason of ours, that reason is kept instead of a traceback in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.reason = "The HTTP service could not start. The log above says why."

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return self._lifespan(scope, receive, send) if scope["type"] == "lifespan" else self.app(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        failed: list[Message] = []

        async def held(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failed.append(message)  # its text is the traceback
            else:
                await send(message)

        try:
            await self.app(scope, receive, held)
        except Exception as error:
            reason = reason_of(error)
            if not failed or not isinstance(reason, AppError):
                raise
            self.reason = str(reason)
            failed = [{**failed[0], "message": ""}]
        for message in failed:
            await send(message)


def reason_of(error: BaseException) -> BaseException:
    """What went wrong, out of the task groups that it passed through."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _config(app: ASGIApp, lifespan: Literal["on", "off"], how: Listening) -> uvicorn.Config:
    """Logging is configured already, nobody needs to know what serves, and nothing here speaks WebSocket."""
    return uvicorn.Config(
        app,
        http=how.protocol or "auto",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan=lifespan,
        timeout_keep_alive=math.ceil(how.idle),
        timeout_graceful_shutdown=math.ceil(how.drain + _LAST_WRITES),
        ssl_context_factory=None if how.tls is None else lambda *_: cast("ssl.SSLContext", how.tls),
    )


async def serve(
    app: ASGIApp,
    *listeners: socket.socket,
    on_ready: Callable[[], None] = lambda: None,
    how: Listening = Listening(),
    drain: Drain | None = None,
) -> None:
    """Serve until a signal comes, and then until what is under way has ended or `how.drain` seconds are over.

    `drain` is for those who want to know that it stops.
    """
    drain, starting = drain or Drain(), _Starting(app)
    server = _Server(_config(Draining(starting, drain), "on", how), how, drain=drain, on_ready=on_ready)
    with contextlib.ExitStack() as open_sockets:
        for listener in listeners:
            open_sockets.enter_context(listener)
        try:
            await server.serve(sockets=list(listeners))
        except SystemExit as error:  # how uvicorn ends where the lifespan of the app fails
            raise StartError(starting.reason) from error


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, *listeners: socket.socket) -> AsyncIterator[None]:
    """Serve beside something else, for as long as the block lasts."""
    ready = anyio.Event()
    how = Listening()
    server = _Server(_config(app, "off", how), how, drain=None, on_ready=ready.set)
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
