"""One process at a time, and in it one thread: a lock on a file that lies beside what it guards, and stays there."""

from __future__ import annotations

import errno
import importlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

from errors import StorageError

_SHORTEST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1
_BUSY = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
_NO_FLOCK = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})

# lockf and msvcrt lock per process: two objects for one path in one process would not keep each other out.
_threads: dict[str, threading.Lock] = {}
if hasattr(os, "register_at_fork"):
    # A forked child has only the thread that forked; the others would never let go.
    os.register_at_fork(after_in_child=_threads.clear)


class LockTimeout(StorageError):
    """Somebody else has held the lock for longer than the caller wanted to wait."""


class SystemLock(Protocol):
    """How an operating system locks an open file."""

    def take(self, descriptor: int) -> bool: ...

    def release(self, descriptor: int) -> None: ...


class PosixLock:
    """flock, which the system drops when the process dies; lockf where the file system (NFS) has no flock."""

    def __init__(self, fcntl: Any) -> None:  # noqa: ANN401 - the module, which Windows lacks
        self._fcntl = fcntl

    def take(self, descriptor: int) -> bool:
        wanted = self._fcntl.LOCK_EX | self._fcntl.LOCK_NB
        try:
            self._fcntl.flock(descriptor, wanted)
        except OSError as error:
            if error.errno in _NO_FLOCK:
                return _unless_busy(lambda: self._fcntl.lockf(descriptor, wanted))
            return _refused(error)
        return True

    def release(self, descriptor: int) -> None:
        # Closing alone would leave the lock with a child that was forked meanwhile.
        with suppress(OSError):
            self._fcntl.flock(descriptor, self._fcntl.LOCK_UN)
        with suppress(OSError):
            self._fcntl.lockf(descriptor, self._fcntl.LOCK_UN)


class WindowsLock:
    """A lock on the first byte, which need not exist."""

    def __init__(self, msvcrt: Any) -> None:  # noqa: ANN401 - the module, which only Windows has
        self._msvcrt = msvcrt

    def take(self, descriptor: int) -> bool:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return _unless_busy(lambda: self._msvcrt.locking(descriptor, self._msvcrt.LK_NBLCK, 1))

    def release(self, descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        with suppress(OSError):
            self._msvcrt.locking(descriptor, self._msvcrt.LK_UNLCK, 1)


def system_lock() -> SystemLock:
    """The lock of this operating system."""
    if os.name == "nt":
        return WindowsLock(importlib.import_module("msvcrt"))  # pragma: no cover - cannot run elsewhere
    return PosixLock(importlib.import_module("fcntl"))


class FileLock:
    """Held through a file that is never deleted, so there is no stale lock: only a living process holds one."""

    def __init__(self, path: Path, opened: Callable[[], int], system: SystemLock) -> None:
        self._path = path
        self._opened = opened
        self._system = system

    @contextmanager
    def held(self, seconds: float) -> Iterator[None]:
        """Alone until the block ends. OSError where the file system takes no lock."""
        deadline = time.monotonic() + seconds
        turn = _threads.setdefault(str(self._path), threading.Lock())
        if not turn.acquire(timeout=max(0.0, seconds)):
            raise LockTimeout(f"{self._path} is in use by another sign-in of this process. Try again in a moment.")
        try:
            descriptor = self._taken(deadline, seconds)
            try:
                yield
            finally:
                self._system.release(descriptor)
                os.close(descriptor)
        finally:
            turn.release()

    def _taken(self, deadline: float, seconds: float) -> int:
        pause = _SHORTEST_PAUSE
        while (descriptor := self._tried()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise LockTimeout(
                    f"Another process has held {self._path} for {seconds:g} s or longer. "
                    "End the program that hangs, then try again."
                )
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        return descriptor

    def _tried(self) -> int | None:
        """The locked descriptor, or None while somebody else has the lock."""
        descriptor = self._opened()
        try:
            if self._system.take(descriptor) and self._is_still_there(descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def _is_still_there(self, descriptor: int) -> bool:
        """Whether the next process would lock this same file; a person may have deleted it."""
        try:
            return os.path.samestat(os.fstat(descriptor), os.lstat(self._path))
        except FileNotFoundError:
            return False


def _unless_busy(lock: Callable[[], object]) -> bool:
    try:
        lock()
    except OSError as error:
        return _refused(error)
    return True


def _refused(error: OSError) -> bool:
    """False where somebody else holds the lock; any other trouble is raised."""
    if error.errno in _BUSY:
        return False
    raise error
