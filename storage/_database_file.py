"""The file of a database, and those that SQLite lays beside it: ours alone, and never somebody's trap."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path

from errors import StorageError
from storage._safety import file_fault
from storage.private_file import PrivateFile, UnsafeFileError

log = logging.getLogger(__name__)

SETTING = "STATE_DIR"
Inode = tuple[int, int]

_ONLY_ME = 0o600
_OTHERS = 0o077
_OPENING_SECONDS = 30.0
_KEPT_ASIDE = 2
_BESIDE = ("", "-wal", "-shm", "-journal")
_SAFELY = 0
for _flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY", "O_NOINHERIT"):
    _SAFELY |= getattr(os, _flag, 0)


class DatabaseFile:
    """Every method blocks for as long as the disk needs; what the system refuses comes as StorageError."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        # Its lock makes the folder, judges it, and lets one process at a time open or replace the database.
        self._private = PrivateFile(self.path, setting=SETTING)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other process of ours opens, makes or moves the database until the block ends."""
        with ExitStack() as held:
            try:
                held.enter_context(self._private.locked(_OPENING_SECONDS))
            except OSError as error:
                raise self.unusable(error.strerror) from error
            yield

    def make_safe(self) -> None:
        """Make the file where it is missing, empty and ours alone before its first byte, and judge what is there."""
        try:
            present = self._present()
            for each in present:
                # Whoever closes the database last deletes what lies beside it: between two looks it may be gone.
                with nullcontext() if each == self.path else suppress(FileNotFoundError):
                    self._check(each)
            if self.path not in present:
                self._make()
        except OSError as error:
            raise self.unusable(error.strerror) from error

    def inode(self) -> Inode | None:
        """Which file the path leads to now; None where there is none."""
        try:
            status = self.path.lstat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def set_aside(self, reason: str) -> None:
        """Rename what cannot be used, so that nothing is lost. Only for whoever is alone with it."""
        ending = f".damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        try:
            for each in self._present():
                each.rename(self._beside(ending + each.name.removeprefix(self.path.name)))
        except OSError as error:
            raise self.unusable(f"{reason}, and moving it aside failed: {error.strerror}") from error
        self._sweep()
        log.warning(
            "the state database cannot be used and was moved aside; a new one begins empty",
            extra={"path": str(self.path), "aside": self._beside(ending).name, "reason": reason},
        )

    def unusable(self, reason: str | None) -> StorageError:
        """What to tell about trouble that only the owner of the folder can end."""
        return StorageError(
            f"{self.path} cannot be used ({reason}). Make its folder writable for yourself alone (chmod 700), "
            f"or name another folder in {SETTING}."
        )

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def _present(self) -> list[Path]:
        return [each for each in map(self._beside, _BESIDE) if os.path.lexists(each)]

    def _make(self) -> None:
        # What exists is never opened here: closing it would drop the locks that SQLite holds on it in this process.
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _SAFELY, _ONLY_ME)
        try:
            if _me() is not None:
                os.fchmod(descriptor, _ONLY_ME)  # whatever the umask
            self._check_mode(os.fstat(descriptor))
        finally:
            os.close(descriptor)

    def _check(self, path: Path) -> None:
        """Nobody can swap the file after this look: the folder has been judged, and is ours."""
        before = path.lstat()
        if fault := file_fault(path, before, _me()):
            raise UnsafeFileError(f"{fault}. {SETTING} says in which folder it lies.")
        if _me() is None or not before.st_mode & _OTHERS:
            return
        path.chmod(_ONLY_ME)
        self._check_mode(path.lstat())
        log.warning("other users of this computer could open a file of the state until now", extra={"path": str(path)})

    def _check_mode(self, status: os.stat_result) -> None:
        if _me() is not None and status.st_mode & _OTHERS:
            raise UnsafeFileError(
                f"{self.path} is on a file system that keeps no permissions, so others could read it: "
                f"name a folder on another one in {SETTING}."
            )

    def _sweep(self) -> None:
        """Keep the newest of what was moved aside."""
        name = re.compile(re.escape(self.path.name) + r"(\.damaged-\d{8}T\d{6}\.\d{6}Z)(?:-wal|-shm|-journal)?")
        with suppress(OSError):
            found = {path: match[1] for path in self.path.parent.iterdir() if (match := name.fullmatch(path.name))}
            kept = sorted(set(found.values()))[-_KEPT_ASIDE:]
            for path in (path for path, time in found.items() if time not in kept):
                path.unlink()


def _me() -> int | None:
    """The user id that files must belong to; None on Windows, where the profile folder keeps others out."""
    geteuid: Callable[[], int] | None = getattr(os, "geteuid", None)
    return geteuid() if geteuid else None
