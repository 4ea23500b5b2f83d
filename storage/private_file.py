"""A small file that only this user may read: written whole or not at all, and never through somebody's trap."""

from __future__ import annotations

import errno
import logging
import os
import re
import secrets
import stat
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from errors import StorageError
from storage._safety import file_fault, folder_fault
from storage.file_lock import FileLock, SystemLock, system_lock

log = logging.getLogger(__name__)

LIMIT = 8 * 1024 * 1024
Stamp = tuple[int, int, int]
Result = TypeVar("Result")

_ONLY_ME = 0o600
_MY_FOLDER = 0o700
_OTHERS = 0o077
_ABANDONED = 3600
_KEPT_ASIDE = 2
_CANNOT_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES})

# Windows opens no file that is just being replaced, and replaces none that is just being read.
_PAUSES = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32) if os.name == "nt" else ()

_SAFELY = 0
# O_NONBLOCK, or a FIFO would keep us waiting for its writer; O_BINARY, or Windows would change line ends.
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _SAFELY |= getattr(os, _flag, 0)


class UnsafeFileError(StorageError):
    """What lies at the path is no file that a secret may be read from or written to."""


class FileTooLarge(StorageError):
    """The content is larger than anything we would write."""


class PrivateFile:
    """Every method blocks for as long as the disk needs. What the system refuses on writing comes as OSError."""

    def __init__(
        self,
        path: Path,
        *,
        setting: str = "ENTRA_TOKEN_CACHE_PATH",
        warn: Callable[[str], None] | None = None,
        system: SystemLock | None = None,
    ) -> None:
        self.path = path.absolute()
        self._setting = setting
        self._warn = warn or _log_warning
        self._lock_path = self._beside(".lock")
        self._lock = FileLock(self._lock_path, self._opened_lock, system or system_lock())
        self._swept = False

    def __repr__(self) -> str:
        return f"PrivateFile({str(self.path)!r})"

    def read(self) -> bytes | None:
        """The whole content, or None where there is no file."""
        try:
            self._check_folder(self.path.parent)
            self._check(self.path, self.path.lstat())
            descriptor = _patiently(lambda: os.open(self.path, os.O_RDONLY | _SAFELY))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            status = os.fstat(descriptor)
            self._check(self.path, status)
            self._shut_others_out(descriptor, status)
            return self._content(descriptor, status)
        except OSError as error:
            raise self._unreadable(error) from error
        finally:
            os.close(descriptor)

    def replace(self, data: bytes) -> None:
        """Swap the content: whoever reads meanwhile, or after a crash, finds the old one or the new one, whole."""
        self._check_size(len(data))
        self._make_folder()
        before = self._checked_status()
        temporary = self._beside(f".tmp.{os.getpid()}.{secrets.token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, _ONLY_ME)
        try:
            try:
                self._fill(temporary, descriptor, data)
            finally:
                os.close(descriptor)
            _make_newer(temporary, before)
            _patiently(lambda: temporary.replace(self.path))
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(self.path.parent)
        self._sweep()

    def locked(self, seconds: float) -> AbstractContextManager[None]:
        """Alone with this file, among threads and processes, until the block ends; LockTimeout after `seconds`."""
        return self._lock.held(seconds)

    def stamp(self) -> Stamp | None:
        """Differs after each replacement, and after most other changes; None where there is no file."""
        try:
            status = self.path.lstat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def set_aside(self) -> Path | None:
        """Rename what cannot be used, so that nothing is lost; the two newest of such files are kept."""
        if self._checked_status() is None:
            return None
        aside = self._beside(f".corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
        self.path.rename(aside)
        aside.chmod(_ONLY_ME)
        for old in sorted(self._leftovers(r"\.corrupt-\d{8}T\d{6}\.\d{6}Z"))[:-_KEPT_ASIDE]:
            with suppress(OSError):
                old.unlink()
        return aside

    def discard_leftovers(self) -> None:
        """Delete what earlier contents left: files set aside, and unfinished ones. Only for whoever holds the lock."""
        for old in self._leftovers(r"\.(corrupt-\d{8}T\d{6}\.\d{6}Z|tmp\.\d+\.[0-9a-f]{16})"):
            with suppress(OSError):
                old.unlink()

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def _check(self, path: Path, status: os.stat_result) -> None:
        if fault := file_fault(path, status, _me()):
            raise UnsafeFileError(f"{fault} in {self._setting}.")

    def _check_folder(self, folder: Path) -> None:
        if fault := folder_fault(folder, folder.stat(), _me()):
            raise UnsafeFileError(f"{fault[0].upper()}{fault[1:]} in {self._setting}.")

    def _check_size(self, size: int) -> None:
        if size > LIMIT:
            raise FileTooLarge(f"{self.path} would have, or has, more than {LIMIT // 1024**2} MiB. Move it away.")

    def _checked_status(self) -> os.stat_result | None:
        try:
            status = self.path.lstat()
        except FileNotFoundError:
            return None
        self._check(self.path, status)
        return status

    def _make_folder(self) -> None:
        """The folder of the file, made where it is missing; what is above it has to be ours for that."""
        missing = [folder for folder in self.path.parents if not folder.exists()]
        if missing and (fault := _foreign(missing[-1].parent)):
            raise UnsafeFileError(f"{fault[0].upper()}{fault[1:]} in {self._setting}.")
        for folder in reversed(missing):
            folder.mkdir(_MY_FOLDER, exist_ok=True)
            folder.chmod(_MY_FOLDER)  # whatever the umask
        self._check_folder(self.path.parent)

    def _shut_others_out(self, descriptor: int, status: os.stat_result) -> None:
        if _me() is None or not status.st_mode & _OTHERS:
            return
        os.fchmod(descriptor, _ONLY_ME)
        self._check_mode(self.path, descriptor)
        self._warn(
            f"Other users of this computer could open {self.path} until now (its mode was "
            f"{stat.S_IMODE(status.st_mode):04o}; it is 0600 again). If one of them may have read the tokens in it, "
            "sign out everywhere at https://myaccount.microsoft.com and sign in again."
        )

    def _check_mode(self, path: Path, descriptor: int) -> None:
        if _me() is not None and os.fstat(descriptor).st_mode & _OTHERS:
            raise UnsafeFileError(
                f"{path} is on a file system that keeps no permissions, so others could read it: "
                f"name a file on another one in {self._setting}."
            )

    def _content(self, descriptor: int, status: os.stat_result) -> bytes:
        self._check_size(status.st_size)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(LIMIT + 1)
        self._check_size(len(data))
        return data

    def _fill(self, path: Path, descriptor: int, data: bytes) -> None:
        if _me() is not None:
            os.fchmod(descriptor, _ONLY_ME)  # whatever the umask, and before the first byte
        self._check_mode(path, descriptor)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)

    def _opened_lock(self) -> int:
        self._make_folder()
        with suppress(FileNotFoundError):
            self._check(self._lock_path, self._lock_path.lstat())
        descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | _SAFELY, _ONLY_ME)
        try:
            self._check(self._lock_path, os.fstat(descriptor))
            if _me() is not None:
                os.fchmod(descriptor, _ONLY_ME)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _sweep(self) -> None:
        """Once in a while, delete what a killed process could not."""
        if self._swept:
            return
        self._swept = True
        for old in self._leftovers(r"\.tmp\.\d+\.[0-9a-f]{16}"):
            with suppress(OSError):
                if time.time() - old.lstat().st_mtime > _ABANDONED:
                    old.unlink()

    def _leftovers(self, ending: str) -> list[Path]:
        name = re.compile(re.escape(self.path.name) + ending)
        try:
            return [path for path in self.path.parent.iterdir() if name.fullmatch(path.name)]
        except OSError:
            return []

    def _unreadable(self, error: OSError) -> StorageError:
        return StorageError(
            f"{self.path} cannot be read ({error.strerror}). Make it readable for yourself alone (chmod 600), "
            f"or name another file in {self._setting}."
        )


def _me() -> int | None:
    """The user id that files must belong to; None on Windows, where the profile folder keeps others out."""
    geteuid: Callable[[], int] | None = getattr(os, "geteuid", None)
    return geteuid() if geteuid else None


def _foreign(folder: Path) -> str | None:
    """Why nothing of ours is to be made in this folder. Others may write there: what we make keeps them out."""
    status = folder.stat()
    sticky = os.stat_result((status.st_mode | stat.S_ISVTX, *status[1:]))
    return folder_fault(folder, sticky, _me())


def _patiently(action: Callable[[], Result]) -> Result:
    for pause in _PAUSES:  # pragma: no cover - cannot run elsewhere than on Windows
        try:
            return action()
        except PermissionError:
            time.sleep(pause)
    return action()


def _make_newer(path: Path, before: os.stat_result | None) -> None:
    """An inode is soon used again and the clock may stand still: only a later time tells two contents apart."""
    if before and path.lstat().st_mtime_ns <= before.st_mtime_ns:
        os.utime(path, ns=(before.st_mtime_ns + 1, before.st_mtime_ns + 1))


def _sync_folder(folder: Path) -> None:
    """Make the new name outlive a power cut, where a folder can be synced at all."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def _log_warning(text: str) -> None:
    log.warning("a private file needs attention", extra={"reason": text})
