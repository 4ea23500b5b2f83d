"""web/listen.py: what can be listened on, and how serving begins and ends."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
import sys
import threading
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from sse_starlette import sse
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from errors import StartError
from tests.certificates import key_and_certificate
from web import bound_socket, serve
from web.drain import Drain
from web.listen import Listening, bound_sockets
from web.tls import server_context

NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
only_on_linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the workers share one socket")


def listening(host: str) -> socket.socket:
    try:
        return bound_socket(host, 0)
    except StartError as error:
        if ":" in host and isinstance(error.__cause__, OSError) and error.__cause__.errno in NO_IPV6:
            pytest.skip("this machine has no IPv6")
        raise


@pytest.mark.parametrize(
    ("host", "address"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", id="address"),
        pytest.param(
            "127.8.8.8",
            "127.8.8.8",
            id="another loopback address",
            marks=pytest.mark.skipif(sys.platform == "darwin", reason="macOS has one only"),
        ),
        pytest.param("LocalHost", "127.0.0.1", id="name"),
        pytest.param("::1", "::1", id="IPv6"),
        pytest.param("[::1]", "::1", id="IPv6 in brackets"),
        pytest.param("0.0.0.0", "0.0.0.0", id="every address"),
        pytest.param("::", "::", id="every address of both kinds"),
    ],
)
def test_addresses_of_this_machine_can_be_listened_on(host: str, address: str) -> None:
    with listening(host) as listener:
        assert listener.getsockname()[0] == address
        assert listener.getsockname()[1] > 0
        assert not listener.getblocking()


def test_every_address_means_both_kinds() -> None:
    with listening("::") as listener, socket.create_connection(listener.getsockname()[:2]):
        pass
    with listening("::") as listener, socket.create_connection(("127.0.0.1", listener.getsockname()[1])):
        pass


def test_one_ipv6_address_is_ipv6_alone() -> None:
    with listening("::1") as listener, socket.socket() as other:
        other.bind(("127.0.0.1", listener.getsockname()[1]))


@pytest.mark.parametrize(
    ("host", "told"),
    [
        pytest.param("192.0.2.1", r"HTTP_PORT: .* not one of this machine's\. Use 127", id="another machine's"),
        pytest.param("nowhere.invalid", r"HTTP_HOST: nowhere\.invalid is no name or address of this", id="no name"),
        pytest.param("a" * 64 + ".example", r"HTTP_HOST: a+\.example is no name", id="a name too long for DNS"),
    ],
)
def test_what_cannot_be_listened_on_is_told_with_a_remedy(host: str, told: str) -> None:
    with pytest.raises(StartError, match=told):
        bound_socket(host, 0)


def test_a_port_in_use_names_the_remedy() -> None:
    with bound_socket("127.0.0.1", 0) as first, pytest.raises(StartError, match=r"in use .* Choose another"):
        bound_socket("127.0.0.1", first.getsockname()[1])


def test_one_worker_has_one_socket_that_nobody_can_share() -> None:
    (only,) = bound_sockets("127.0.0.1", 0, 1)
    with only, pytest.raises(StartError, match="in use"):
        bound_sockets("127.0.0.1", only.getsockname()[1], 2)


@only_on_linux
def test_each_worker_has_a_socket_of_its_own_on_one_port() -> None:
    first, second = bound_sockets("127.0.0.1", 0, 2)
    with first, second:
        assert first.getsockname() == second.getsockname()
        assert first.fileno() != second.fileno()


@only_on_linux
def test_a_second_server_does_not_get_in_among_the_workers() -> None:
    first, second = bound_sockets("127.0.0.1", 0, 2)
    with first, second, pytest.raises(StartError, match="in use"):
        bound_sockets("127.0.0.1", first.getsockname()[1], 2)


def test_elsewhere_the_workers_share_one_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    first, second = bound_sockets("127.0.0.1", 0, 2)
    with first:
        assert first is second


# Serving, until a signal comes.


class Service:
    """An app whose answer waits until it is let go."""

    def __init__(self) -> None:
        self.called = anyio.Event()
        self.go = anyio.Event()
        self.ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.live(receive, send)
        self.called.set()
        await self.go.wait()
        await PlainTextResponse("done")(scope, receive, send)

    async def live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.ended = True
        await send({"type": "lifespan.shutdown.complete"})


class Scene:
    """A service that is served in this process, and one call of it."""

    def __init__(self, how: Listening | None = None, trusted: ssl.SSLContext | None = None) -> None:
        self.service = Service()
        self.drain = Drain()
        self.how = how or Listening()
        self.listener = bound_socket("127.0.0.1", 0)
        self.trusted = trusted
        self.url = f"{'https' if trusted else 'http'}://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.ready = anyio.Event()
        self.answers: list[httpx.Response] = []
        self.is_over = False

    async def serve(self) -> None:
        await serve(self.service, self.listener, on_ready=self.ready.set, how=self.how, drain=self.drain)
        self.is_over = True

    async def call(self) -> None:
        async with httpx.AsyncClient(verify=self.trusted or False) as http:
            self.answers.append(await http.get(self.url))


async def stopped(scene: Scene, *signals: signal.Signals, go: bool) -> httpx.Response:
    """The answer to a call that was under way when the signals came."""
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(scene.serve)
            await scene.ready.wait()
            tasks.start_soon(scene.call)
            await scene.service.called.wait()
            for number in signals:
                signal.raise_signal(number)
            assert scene.drain.is_stopping
            if go:
                scene.service.go.set()
    assert scene.is_over
    return scene.answers[0]


@pytest.mark.parametrize("number", [pytest.param(each, id=each.name) for each in (signal.SIGTERM, signal.SIGINT)])
async def test_a_signal_lets_the_calls_end_and_then_the_services(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    scene = Scene()
    answer = await stopped(scene, number, go=True)
    assert (answer.status_code, answer.text) == (200, "done")
    assert scene.service.ended
    assert signal.getsignal(number) is before


def secured(folder: Path, **how: Any) -> Scene:
    """A service with TLS of its own, and a caller who trusts it."""
    key, certificate = key_and_certificate()
    for name, text in (("key.pem", key), ("cert.pem", certificate)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o600)
    tls = server_context(folder / "cert.pem", folder / "key.pem")
    return Scene(Listening(tls=tls, **how), ssl.create_default_context(cadata=certificate))


async def test_tls_is_spoken_where_there_is_a_certificate(tmp_path: Path) -> None:
    answer = await stopped(secured(tmp_path), signal.SIGTERM, go=True)
    assert (answer.status_code, answer.url.scheme) == (200, "https")


async def test_who_does_not_get_through_tls_is_not_waited_for(tmp_path: Path) -> None:
    scene = secured(tmp_path, handshake=0.05)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(scene.serve)
            await scene.ready.wait()
            async with await anyio.connect_tcp("127.0.0.1", httpx.URL(scene.url).port or 0) as silent:
                with pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                    await silent.receive()
            signal.raise_signal(signal.SIGTERM)


async def test_a_call_that_takes_longer_than_the_stop_waits_hears_503() -> None:
    class Counted(H11Protocol):
        made = 0

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            Counted.made += 1
            super().connection_made(transport)

    scene = Scene(Listening(drain=0.01, protocol=Counted))
    answer = await stopped(scene, signal.SIGTERM, go=False)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["error"]["message"].startswith("This server is being stopped")
    assert scene.service.ended
    assert Counted.made == 1, "the given protocol reads HTTP"


async def test_a_worker_leaves_ctrl_c_to_its_parent_and_takes_no_notice_of_repeated_signals() -> None:
    scene = Scene(Listening(is_worker=True))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.serve)
        await scene.ready.wait()
        signal.raise_signal(signal.SIGINT)
        assert not scene.drain.is_stopping
        for _ in range(3):
            signal.raise_signal(signal.SIGTERM)
    assert scene.is_over
    assert scene.service.ended


async def test_after_the_first_signal_the_next_one_ends_the_process_and_nothing_else_ends_the_streams() -> None:
    scene = Scene()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(scene.serve)
        await scene.ready.wait()
        assert sse._get_uvicorn_server() is None  # type: ignore[no-untyped-call]
        signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    assert not sse.AppStatus.should_exit


def test_signals_are_left_alone_outside_the_main_thread() -> None:
    before = signal.getsignal(signal.SIGTERM)
    seen: list[object] = []

    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed"})

    def run() -> None:
        try:
            anyio.run(serve, service, bound_socket("127.0.0.1", 0))
        except StartError:
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_connection_does_not_wait_to_send_small_pieces() -> None:
    """asyncio turns Nagle's algorithm off where it knows that it is TCP; with it, each answer took 40 ms longer."""
    with bound_socket("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
