"""storage/file_lock.py: one at a time, among threads and processes, and nobody waits for the dead."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage import LockTimeout, PrivateFile
from storage.file_lock import PosixLock, WindowsLock
from tests.storage.support import names, posix, private

pytestmark = posix
fcntl = pytest.importorskip("fcntl")
ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import pathlib, sys, storage
with storage.PrivateFile(pathlib.Path(sys.argv[1])).locked(5):
    sys.stdout.write("held\\n"); sys.stdout.flush()
    sys.stdin.read()
"""


class Holder:
    """Another process that holds the lock until it is let go or killed."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == b"held\n"

    def end(self, *, kill: bool) -> None:
        if kill:
            self.process.kill()
        self.process.communicate(timeout=30)


@pytest.mark.parametrize("kill", [pytest.param(True, id="is killed"), pytest.param(False, id="lets go")])
def test_another_process_keeps_us_out_until_it(tmp_path: Path, *, kill: bool) -> None:
    file = private(tmp_path / "cache.json")
    holder = Holder(file.path)
    try:
        with pytest.raises(LockTimeout, match=r"held .*cache.json.lock for 0.05 s.*End the program"), file.locked(0.05):
            raise AssertionError
    finally:
        holder.end(kill=kill)
    with file.locked(0):
        assert names(tmp_path) == ["cache.json.lock"]
    assert names(tmp_path) == ["cache.json.lock"], "which stays, or two processes could lock two files"


def test_the_lock_is_handed_over_while_we_wait(tmp_path: Path) -> None:
    file = private(tmp_path / "cache.json")
    holder = Holder(file.path)
    ending = threading.Timer(0.1, lambda: holder.end(kill=True))
    ending.start()
    with file.locked(30):
        pass
    ending.join()


def test_threads_of_one_process_take_turns_also_through_two_objects(tmp_path: Path) -> None:
    files = [private(tmp_path / "cache.json") for _ in range(4)]
    inside, most = 0, 0

    def work(file: PrivateFile) -> None:
        nonlocal inside, most
        for _ in range(20):
            with file.locked(30):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_thread_of_this_process_is_waited_for_no_longer_than_asked(tmp_path: Path) -> None:
    with (
        private(tmp_path / "cache.json").locked(1),
        pytest.raises(LockTimeout, match="another sign-in of this process"),
        private(tmp_path / "cache.json").locked(0.01),
    ):
        raise AssertionError


def test_a_block_that_raises_lets_go(tmp_path: Path) -> None:
    file = private(tmp_path / "cache.json")
    with pytest.raises(ZeroDivisionError), file.locked(1):
        raise ZeroDivisionError
    with file.locked(0):
        pass


def test_a_lock_file_that_is_deleted_while_held_does_not_let_two_in(tmp_path: Path) -> None:
    file = private(tmp_path / "cache.json")
    lock = tmp_path / "cache.json.lock"
    old = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)

    class Deleting(PosixLock):
        """Deletes the file between opening and locking, once."""

        def take(self, descriptor: int) -> bool:
            if lock.exists() and os.path.samestat(os.fstat(descriptor), os.fstat(old)):
                lock.unlink()
            return super().take(descriptor)

    with PrivateFile(file.path, system=Deleting(fcntl)).locked(5):
        assert not os.path.samestat(lock.stat(), os.fstat(old)), "what is locked is what others find"
        with pytest.raises(LockTimeout):
            Beside.try_once(file)
    os.close(old)


class Beside:
    """Another process, as far as the lock is concerned."""

    @staticmethod
    def try_once(file: PrivateFile) -> None:
        descriptor = os.open(file.path.with_name("cache.json.lock"), os.O_RDWR)
        try:
            if not PosixLock(fcntl).take(descriptor):
                raise LockTimeout
        finally:
            os.close(descriptor)


class System:
    """fcntl or msvcrt of a system that answers with these errors."""

    LOCK_EX, LOCK_NB, LOCK_UN, LK_NBLCK, LK_UNLCK = 1, 2, 4, 8, 16

    def __init__(self, **errors: int) -> None:
        self.errors = errors
        self.calls: list[tuple[str, int]] = []

    def _called(self, name: str, flag: int) -> None:
        self.calls.append((name, flag))
        if name in self.errors and flag not in {self.LOCK_UN, self.LK_UNLCK}:
            raise OSError(self.errors[name], os.strerror(self.errors[name]))

    def flock(self, descriptor: int, flag: int) -> None:
        self._called("flock", flag)

    def lockf(self, descriptor: int, flag: int) -> None:
        self._called("lockf", flag)

    def locking(self, descriptor: int, flag: int, length: int) -> None:
        assert length == 1
        self._called("locking", flag)


@pytest.fixture
def descriptor(tmp_path: Path) -> int:
    return os.open(tmp_path, os.O_RDONLY)


@pytest.mark.parametrize(
    ("number", "second"),
    [
        pytest.param(errno.ENOLCK, True, id="a network file system without flock"),
        pytest.param(errno.EOPNOTSUPP, True, id="one that says so in other words"),
        pytest.param(errno.EWOULDBLOCK, False, id="a lock that is taken"),
    ],
)
def test_lockf_is_asked_where_there_is_no_flock(descriptor: int, number: int, *, second: bool) -> None:
    system = System(flock=number)
    assert PosixLock(system).take(descriptor) is second
    assert [name for name, _ in system.calls] == (["flock", "lockf"] if second else ["flock"])
    os.close(descriptor)


@pytest.mark.parametrize("lockf", [pytest.param(errno.EACCES, id="EACCES"), pytest.param(errno.EAGAIN, id="EAGAIN")])
def test_lockf_may_be_taken_too(descriptor: int, lockf: int) -> None:
    assert PosixLock(System(flock=errno.ENOLCK, lockf=lockf)).take(descriptor) is False
    os.close(descriptor)


def test_where_nothing_can_be_locked_that_is_the_systems_error(tmp_path: Path) -> None:
    file = PrivateFile(tmp_path / "cache.json", system=PosixLock(System(flock=errno.ENOLCK, lockf=errno.ENOLCK)))
    with pytest.raises(OSError, match=os.strerror(errno.ENOLCK)), file.locked(1):
        raise AssertionError
    before = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(OSError, match=os.strerror(errno.ENOLCK)), file.locked(1):
        raise AssertionError
    after = os.open(tmp_path, os.O_RDONLY)
    assert after == before + 1, "no descriptor is left open in between"
    os.close(before)
    os.close(after)


def test_both_kinds_of_lock_are_released(descriptor: int) -> None:
    system = System()
    PosixLock(system).release(descriptor)
    assert system.calls == [("flock", system.LOCK_UN), ("lockf", system.LOCK_UN)]
    os.close(descriptor)


@pytest.fixture
def regular(tmp_path: Path) -> int:
    return os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT, 0o600)


def test_windows_locks_one_byte_and_says_when_it_is_taken(regular: int) -> None:
    assert WindowsLock(System()).take(regular) is True
    assert WindowsLock(System(locking=errno.EACCES)).take(regular) is False
    assert WindowsLock(System(locking=errno.EDEADLK)).take(regular) is False
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        WindowsLock(System(locking=errno.EIO)).take(regular)
    system = System()
    WindowsLock(system).release(regular)
    assert system.calls == [("locking", system.LK_UNLCK)]
    os.close(regular)


def test_a_forked_child_is_not_kept_out_by_a_thread_it_does_not_have(tmp_path: Path) -> None:
    code = """
import os, pathlib, sys, threading, warnings, storage
warnings.simplefilter("ignore")  # that this forks beside a thread is what is tried here
path, held, go = pathlib.Path(sys.argv[1]), threading.Event(), threading.Event()
def hold():
    with storage.PrivateFile(path).locked(5):
        held.set(); go.wait(20)
thread = threading.Thread(target=hold); thread.start(); held.wait(20)
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.read(reading, 1)
    with storage.PrivateFile(path).locked(10):
        os._exit(7)
go.set(); thread.join(); os.write(writing, b"x")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "c")], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 7
