"""Several processes that serve together (POSIX): a parent starts them, replaces those that die, and ends them."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from errors import AppError, StartError

log = logging.getLogger(__name__)

Work = Callable[["Worker"], int]

_EARLY = 10.0
_FORGOTTEN_AFTER = 60.0
_MOST_EARLY_DEATHS = 5
_FIRST_PAUSE = 0.5
_SPARE_SECONDS = 5.0
_CANNOT_START = 2
_CRASHED = 1


@dataclass(frozen=True)
class Worker:
    """One of the processes that serve: which one it is, and what it listens on."""

    index: int
    listeners: tuple[socket.socket, ...]
    extra: tuple[socket.socket, ...] = ()
    """What this one alone listens on."""
    is_forked: bool = False


def workers_on(listeners: Sequence[socket.socket], extra: Sequence[socket.socket] = ()) -> list[Worker]:
    """A worker for each socket; the first has the extra ones too."""
    check_workers(len(listeners))
    forked = len(listeners) > 1
    return [Worker(at, (each,), () if at else tuple(extra), forked) for at, each in enumerate(listeners)]


def check_workers(count: int) -> None:
    """Whether this system can have so many."""
    if count > 1 and not hasattr(os, "fork"):
        raise StartError("WORKERS: several workers need a POSIX system, which this one is not. Set WORKERS=1.")


def run_workers(workers: Sequence[Worker], work: Work, *, drain: float = 0) -> int:
    """Do the work in each worker until a signal ends them all; the exit code. One worker is this process itself.

    Nothing may run beside this when it starts: no thread, no event loop. What the workers open they open themselves.
    `drain` is how long a worker may take to end; whoever takes longer is killed a little later.
    """
    if len(workers) == 1:
        return work(workers[0])
    gc.collect()
    gc.freeze()  # what is there by now stays shared: no child's collector writes to it
    with _signals() as signals, contextlib.closing(_Lifeline()) as lifeline:
        return _Supervisor(workers, work, drain + _SPARE_SECONDS, signals, lifeline).run()


class Deaths:
    """How many workers died right after they started, and whether to go on."""

    def __init__(self) -> None:
        self._early: list[float] = []

    def pause_after(self, started: float, now: float) -> float | None:
        """How long to wait before the next start; None where another would make no sense."""
        if now - started >= _EARLY:
            return 0.0
        self._early = [each for each in self._early if now - each < _FORGOTTEN_AFTER] + [now]
        if len(self._early) >= _MOST_EARLY_DEATHS:
            return None
        return float(_FIRST_PAUSE * 2 ** (len(self._early) - 2)) if len(self._early) > 1 else 0.0


@dataclass
class _Running:
    """A process that serves, or the time at which it is to be started."""

    worker: Worker
    pid: int = 0
    starts: int = 0
    started: float = 0.0
    starts_at: float = 0.0


@dataclass
class _Signals:
    """What was sent to this process, readable as soon as it arrives."""

    reader: socket.socket
    writer: socket.socket

    def wait(self, seconds: float | None) -> list[int]:
        """The numbers that came; none where nothing did in time."""
        ready, _, _ = select.select([self.reader], [], [], seconds)
        return list(self.reader.recv(256)) if ready else []

    def forget(self) -> None:
        """In a child: none of these are its own."""
        signal.set_wakeup_fd(-1)
        self.reader.close()
        self.writer.close()
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        # Both go to the whole group of a terminal; the parent hears them and says what is to happen.
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)


class _Supervisor:
    """The parent of the workers. It serves nothing, and waits."""

    def __init__(
        self, workers: Sequence[Worker], work: Work, patience: float, signals: _Signals, lifeline: _Lifeline
    ) -> None:
        self._running = [_Running(worker) for worker in workers]
        self._work = work
        self._patience = patience
        self._signals = signals
        self._lifeline = lifeline
        self._deaths = Deaths()
        self._is_stopping = False
        self._deadline: float | None = None
        self._code = 0

    def run(self) -> int:
        """Until all have ended."""
        while not self._is_over():
            self._start_who_is_due()
            for number in self._signals.wait(self._pause()):
                self._obey(number)
            self._bury()
            self._kill_who_is_late()
        return self._code

    def _is_over(self) -> bool:
        return self._is_stopping and not any(each.pid for each in self._running)

    def _pause(self) -> float | None:
        """Until when nothing happens by itself."""
        times = [each.starts_at for each in self._running if not each.pid and not self._is_stopping]
        if self._deadline is not None:
            times.append(self._deadline)
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _start_who_is_due(self) -> None:
        for each in self._running:
            if not each.pid and not self._is_stopping and each.starts_at <= time.monotonic():
                self._start(each)

    def _start(self, running: _Running) -> None:
        watched = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
        # A signal that comes while there are two of us must not be answered by the wrong one.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
        running.pid = os.fork()
        if not running.pid:
            self._be(running.worker, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        running.starts, running.started = running.starts + 1, time.monotonic()

    def _be(self, worker: Worker, mask: set[signal.Signals] | set[int]) -> None:
        """What a child does; it never comes back from here, where the parent's clearing up would be done twice."""
        code = _CRASHED
        try:
            self._signals.forget()
            self._lifeline.end_with_parent()
            self._close_what_is_not_of(worker)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            code = outcome_of(self._work, worker)
        finally:
            _leave(code)

    def _close_what_is_not_of(self, worker: Worker) -> None:
        """A socket that a sibling kept open would go on taking connections after its owner has left."""
        mine = {*worker.listeners, *worker.extra}
        for other in (sock for each in self._running for sock in (*each.worker.listeners, *each.worker.extra)):
            if other not in mine:
                other.close()

    def _obey(self, number: int) -> None:
        if number == signal.SIGHUP:
            log.info("SIGHUP changes nothing: restart the server to read its settings again")
        if number not in (signal.SIGTERM, signal.SIGINT):
            return
        if self._is_stopping:  # they mean it
            self._send(signal.SIGKILL)
            self._code = 128 + number
            return
        self._stop()

    def _stop(self) -> None:
        """Let them end in order, and take nothing more."""
        log.info("the workers are asked to end")
        self._is_stopping = True
        self._deadline = time.monotonic() + self._patience
        for each in self._running:
            for listener in (*each.worker.listeners, *each.worker.extra):
                listener.close()
        self._send(signal.SIGTERM)

    def _send(self, number: signal.Signals) -> None:
        for each in self._running:
            if each.pid:
                os.kill(each.pid, number)

    def _bury(self) -> None:
        for each in self._running:
            if not each.pid:
                continue
            pid, status = os.waitpid(each.pid, os.WNOHANG)
            if pid:
                each.pid = 0
                self._replace(each, os.waitstatus_to_exitcode(status))

    def _replace(self, gone: _Running, code: int) -> None:
        """Start another in its place a little later; but not for ever."""
        if self._is_stopping:
            return
        now = time.monotonic()
        pause = self._deaths.pause_after(gone.started, now)
        if code == _CANNOT_START and gone.starts == 1:  # nor will the next one
            self._give_up("a worker cannot start, for the reason logged above", code)
            return
        if pause is None:
            self._give_up("its workers die as soon as they start; the log above may say why", _CRASHED, **_how(code))
            return
        log.warning("a worker died and is replaced", extra={"worker": gone.worker.index, "pause": pause, **_how(code)})
        gone.starts_at = now + pause

    def _give_up(self, why: str, code: int, **facts: object) -> None:
        log.error("the server ends: %s", why, extra=facts)
        self._code = code
        self._stop()

    def _kill_who_is_late(self) -> None:
        if self._deadline is not None and time.monotonic() >= self._deadline and not self._is_over():
            log.warning("workers are killed, since they did not end in time")
            self._send(signal.SIGKILL)
            self._code = self._code or _CRASHED
            self._deadline = None


def outcome_of(work: Work, worker: Worker) -> int:
    """The exit code of the work, whatever happens in it."""
    try:
        return work(worker)
    except AppError as error:
        log.error("a worker cannot start: %s", error)  # noqa: TRY400 - a reason to read, no crash
        return _CANNOT_START
    except BaseException:
        log.exception("a worker crashed")
        return _CRASHED


def _leave(code: int) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(code)


def _how(code: int) -> dict[str, object]:
    return {"signal": signal.Signals(-code).name} if code < 0 else {"exit_code": code}


@contextlib.contextmanager
def _signals() -> Iterator[_Signals]:
    """Signals as bytes to read, so that none is lost between a look and a wait."""
    watched = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        before = {number: signal.signal(number, lambda *_: None) for number in watched}
        fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
        try:
            yield _Signals(reader, writer)
        finally:
            signal.set_wakeup_fd(fd)
            for number, handler in before.items():
                signal.signal(number, handler)


class _Lifeline:
    """A pipe of which the parent holds one end: when it closes, the parent is gone, in whatever way."""

    def __init__(self) -> None:
        self._child, self._parent = os.pipe()

    def end_with_parent(self) -> None:
        """In a child: stop in order once there is no parent any more."""
        os.close(self._parent)
        threading.Thread(target=self._watch, name="parent", daemon=True).start()

    def _watch(self) -> None:
        os.read(self._child, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def close(self) -> None:
        os.close(self._child)
        os.close(self._parent)
