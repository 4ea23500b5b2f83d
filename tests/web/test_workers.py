"""web/workers.py: several processes that serve together, as their operator sees them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from errors import StartError
from tests.processes import ROOT, WAIT, environment
from web import workers
from web.listen import bound_socket
from web.workers import Deaths, Worker, check_workers, outcome_of, run_workers, workers_on

on_posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="several workers need POSIX")

# Loads everything once, and then starts a service of two workers for each line that it reads: where it logs to, how it
# behaves, how long a stop waits. The exit code is the answer to the line.
SERVICE = """
import functools, logging, os, signal, sys
import anyio
from starlette.responses import PlainTextResponse
from errors import StartError
from web.drain import Drain
from web.listen import Listening, bound_sockets, serve
from web.metrics import PrometheusMeter, shared_numbers
from web.workers import run_workers, workers_on

def work(behaviour, worker):
    if behaviour == "unable":
        raise StartError("the store is on fire")
    meter = PrometheusMeter("1", worker=worker.index)

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            return await send({"type": "lifespan.shutdown.complete"})
        meter.request("GET", "mcp", 200, 0.1, 0)
        if scope["path"] == "/die":
            os._exit(9)
        if scope["path"] == "/parent":
            os.kill(os.getppid(), signal.SIGKILL)
        if scope["path"] == "/stubborn":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        if scope["path"] == "/slow":
            os.kill(os.getppid(), signal.SIGTERM)
            while not drain.is_stopping:
                await anyio.sleep(0.005)
        found = meter.text().decode() if scope["path"] == "/metrics" else f"{worker.index} {os.getpid()}"
        await PlainTextResponse(found, headers={"connection": "close"})(scope, receive, send)

    drain = Drain()
    how = Listening(is_worker=worker.is_forked)
    anyio.run(functools.partial(serve, app, *worker.listeners, how=how, drain=drain))
    return 0

def service(log, behaviour, drain):
    os.setsid()
    os.dup2(os.open(log, os.O_WRONLY), 2)
    logging.basicConfig(level="INFO", format="%(message)s")
    with shared_numbers():
        workers = workers_on(bound_sockets("127.0.0.1", 0, 2))
        print(os.getpid(), workers[0].listeners[0].getsockname()[1], file=sys.stderr, flush=True)
        return run_workers(workers, functools.partial(work, behaviour), drain=float(drain))

for line in sys.stdin:
    pid = os.fork()
    if not pid:
        os._exit(service(*line.split()))
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Service:
    """That service, as its operator sees it."""

    def __init__(self, nursery: subprocess.Popen[str], pid: int, port: int, log: IO[str]) -> None:
        self.pid = pid
        # Who waits for the end of one that does not end is to fail, not to hang.
        self.watchdog = threading.Timer(WAIT, _kill, [pid])
        self.watchdog.start()
        self._nursery = nursery
        self._port = port
        self._log = log

    def read_until(self, words: str) -> None:
        """Wait until this stands in the log."""
        while words not in (line := self._log.readline()):
            assert line, "the log has ended"

    def get(self, path: str = "/") -> str:
        """The body of the answer; nothing where the connection breaks."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=WAIT) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            with contextlib.suppress(ConnectionResetError):
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode().partition("\r\n\r\n")[2]
        return ""

    def both(self) -> dict[str, str]:
        """The process of each worker, by its number: connections are spread, so that both answer before long."""
        found: dict[str, str] = {}
        while len(found) < 2:
            number, _, pid = self.get().partition(" ")
            found[number] = pid
        return found

    def end(self) -> tuple[int, str]:
        """Its exit code and its log, which ends when the last process that could write to it has ended."""
        assert self._nursery.stdout
        code, log = int(self._nursery.stdout.readline()), self._log.read()
        assert self.watchdog.is_alive(), "it did not end by itself"
        return code, log


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVICE],
        cwd=ROOT,
        env=environment({"TMPDIR": str(tmp_path_factory.mktemp("numbers"))}),  # a killed parent leaves them behind
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def begin(nursery: subprocess.Popen[str], tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts a service; `drain` is how long a stop waits, five seconds aside that everybody gets."""
    with contextlib.ExitStack() as afterwards:

        def begun(behaviour: str = "serve", drain: float = 20) -> Service:
            path = tmp_path / "log"
            os.mkfifo(path)
            assert nursery.stdin
            nursery.stdin.write(f"{path} {behaviour} {drain}\n")
            nursery.stdin.flush()
            log = afterwards.enter_context(path.open())
            pid, port = map(int, log.readline().split())
            afterwards.callback(_kill, pid)
            service = Service(nursery, pid, port, log)
            afterwards.callback(service.watchdog.cancel)
            return service

        yield begun


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def counted(text: str) -> float:
    (found,) = re.findall(r"^graphward_http_requests_total\{.*\} (\S+)$", text, re.MULTILINE)
    return float(found)


@on_posix
def test_a_worker_that_dies_is_replaced_and_a_stop_lets_calls_end(begin: Callable[..., Service]) -> None:
    service = begin()
    before = service.both()
    assert service.get("/die") == ""
    after = service.both()
    assert len({*before.values(), *after.values()}) == 3
    asked = counted(service.get("/metrics"))
    assert asked >= 6
    assert counted(service.get("/metrics")) == asked + 1
    os.kill(service.pid, signal.SIGHUP)
    assert service.get("/slow") in {f"{number} {pid}" for number, pid in after.items()}
    code, log = service.end()
    assert code == 0, log
    assert "a worker died and is replaced" in log
    assert "SIGHUP changes nothing" in log


@on_posix
def test_workers_end_with_a_parent_that_was_killed(begin: Callable[..., Service]) -> None:
    service = begin()
    service.both()
    service.get("/parent")
    assert service.end()[0] == -signal.SIGKILL


@on_posix
def test_who_does_not_end_in_time_is_killed(begin: Callable[..., Service]) -> None:
    service = begin(drain=-5)
    service.both()
    service.get("/stubborn")
    os.kill(service.pid, signal.SIGTERM)
    code, log = service.end()
    assert code == 1
    assert "did not end in time" in log


@on_posix
def test_a_second_signal_ends_everything_at_once(begin: Callable[..., Service]) -> None:
    service = begin()
    service.both()
    service.get("/stubborn")
    os.kill(service.pid, signal.SIGINT)
    service.read_until("asked to end")
    os.kill(service.pid, signal.SIGTERM)
    assert service.end()[0] == 128 + signal.SIGTERM


@on_posix
def test_workers_that_cannot_start_are_not_tried_again(begin: Callable[..., Service]) -> None:
    code, log = begin("unable").end()
    assert code == 2
    assert "a worker cannot start: the store is on fire" in log
    assert "for the reason logged above" in log


# What the parent decides.


def pauses(*deaths: tuple[float, float]) -> list[float | None]:
    """The pause after each death, given as when a worker had started and when it died."""
    kept = Deaths()
    return [kept.pause_after(started, now) for started, now in deaths]


def test_who_dies_at_once_is_replaced_more_and_more_slowly_and_then_no_more() -> None:
    assert pauses(*[(at, at + 1.0) for at in range(5)]) == [0, 0.5, 1, 2, None]


def test_who_has_served_a_while_is_replaced_at_once() -> None:
    assert pauses(*[(at * 20, at * 20 + 10) for at in range(9)]) == [0.0] * 9


def test_early_deaths_are_forgotten_in_time() -> None:
    assert pauses(*[(at * 20, at * 20 + 1) for at in range(9)]) == [0, 0.5, 1, 1, 1, 1, 1, 1, 1]


@contextlib.contextmanager
def supervised(listeners: list[socket.socket]) -> Iterator[workers._Supervisor]:
    """A parent that has not started anybody."""
    with workers._signals() as signals, contextlib.closing(workers._Lifeline()) as lifeline:
        yield workers._Supervisor(workers_on(listeners), lambda _: 0, 5, signals, lifeline)


@on_posix
def test_a_worker_keeps_no_socket_of_another() -> None:
    with sockets(2) as (first, second), supervised([first, second]) as parent:
        parent._close_what_is_not_of(Worker(0, (first,)))
        assert (first.fileno() == -1, second.fileno() == -1) == (False, True)


@on_posix
def test_workers_that_die_as_soon_as_they_start_end_the_server(caplog: pytest.LogCaptureFixture) -> None:
    with sockets(2) as listeners, supervised(listeners) as parent:
        gone = parent._running[0]
        for _ in range(5):
            gone.started = time.monotonic()
            parent._replace(gone, -signal.SIGSEGV)
        assert parent.run() == 1
        assert all(each.fileno() == -1 for each in listeners)
    assert "its workers die as soon as they start" in caplog.text
    assert {each.__dict__.get("signal") for each in caplog.records} >= {"SIGSEGV"}


# What a worker is.


@contextlib.contextmanager
def sockets(count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as opened:
        yield [opened.enter_context(bound_socket("127.0.0.1", 0)) for _ in range(count)]


@on_posix
def test_each_worker_has_its_socket_and_the_first_has_the_extra_ones() -> None:
    with sockets(3) as (first, second, extra):
        assert workers_on([first, second], [extra]) == [
            Worker(0, (first,), (extra,), is_forked=True),
            Worker(1, (second,), (), is_forked=True),
        ]


def test_one_worker_is_this_process() -> None:
    with sockets(1) as listeners:
        (worker,) = workers_on(listeners)
        assert not worker.is_forked
        seen: list[tuple[Worker, int]] = []

        def work(given: Worker) -> int:
            seen.append((given, os.getpid()))
            return 3

        assert run_workers([worker], work) == 3
        assert seen == [(worker, os.getpid())]


def test_without_fork_there_is_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork", raising=False)
    check_workers(1)
    with pytest.raises(StartError, match="WORKERS: several workers need a POSIX system"):
        check_workers(2)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(StartError("no port"), 2, id="it cannot start"),
        pytest.param(RuntimeError("a bug"), 1, id="a crash"),
        pytest.param(KeyboardInterrupt(), 1, id="an interrupt"),
    ],
)
def test_work_that_fails_has_an_exit_code_and_a_line_in_the_log(
    error: BaseException, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    def work(worker: Worker) -> int:
        raise error

    assert outcome_of(work, Worker(0, ())) == code
    assert caplog.records[0].levelname == "ERROR"


def test_work_that_ends_has_its_own_exit_code() -> None:
    def work(worker: Any) -> int:
        return 4

    assert outcome_of(work, Worker(0, ())) == 4
