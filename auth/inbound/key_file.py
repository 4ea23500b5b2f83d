"""The file of keys: a command writes it, and servers read it again when it changes, though they may not write it."""

from __future__ import annotations

import logging
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from auth.inbound.key_records import FileFault, KeyRecord, parsed, written
from errors import StartError, StorageError
from settings import Settings
from storage import PrivateFile, default_state_directory

log = logging.getLogger(__name__)

SETTING = "HTTP_KEYS_FILE"
Stamp = tuple[int, int, int, int]

_NAME = "keys.json"
_LARGEST = 8 * 1024 * 1024
_LOCK_SECONDS = 30.0
_PAUSE = 1.0
_LOOKS_BEFORE_GONE = 2


def keys_path(settings: Settings) -> Path:
    """Where the keys are kept."""
    if settings.http_keys_file:
        return settings.http_keys_file
    usual = default_state_directory(os.environ, sys.platform, Path.home())
    return (settings.state_dir or usual) / _NAME


class KeyWriter:
    """Changes the file, one after the other. Every method blocks for as long as the disk needs."""

    def __init__(self, path: Path, *, warn: Callable[[str], None]) -> None:
        self._file = PrivateFile(path, setting=SETTING, warn=lambda _: warn(_could_be_read(path)))
        self._path = path

    @contextmanager
    def changing(self) -> Iterator[list[KeyRecord]]:
        """The keys, to be changed in place; they are written when the block ends, unless it raises."""
        try:
            with self._file.locked(_LOCK_SECONDS):
                keys = list(self._read())
                before = list(keys)
                yield keys
                if keys != before:
                    self._file.replace(written(keys))
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be written ({error.strerror}). Run this where the file is kept, as the user that "
                f"owns it, or name another file in {SETTING}."
            ) from error

    def _read(self) -> tuple[KeyRecord, ...]:
        content = self._file.read()
        return () if content is None else _parsed(self._path, content)


def read_keys_once(path: Path) -> tuple[KeyRecord, ...]:
    """The keys in the file, none where there is no file; StorageError where they cannot be read."""
    try:
        return _parsed(path, _opened(path)[0])
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StorageError(_unreadable(path, error)) from error


class WatchedKeys:
    """The keys as the file has them, looked at once a second at most; a file that is spoilt changes nothing.

    `accept` may refuse a key with a FileFault, as the parser does. Only the constructor raises.
    """

    def __init__(
        self, path: Path, accept: Callable[[int, KeyRecord], None] = lambda *_: None, *, pause: float = _PAUSE
    ) -> None:
        self.keys: dict[str, KeyRecord] = {}
        self.is_there = False
        self._path = path
        self._accept = accept
        self._pause = pause
        self._next = 0.0
        self._stamp: Stamp | None = None
        self._misses = 0
        self._trouble = ""
        self._one_reader = threading.Lock()
        self._start()

    def is_due(self) -> bool:
        """Whether it is time to look; whoever hears that it is looks."""
        now = time.monotonic()
        is_due = now >= self._next
        if is_due:
            self._next = now + self._pause
        return is_due

    def look(self) -> None:
        """Read the file if it changed. Blocks for as long as the file system does, but only one caller."""
        if not self._one_reader.acquire(blocking=False):
            return
        try:
            self._refresh()
            self._trouble = ""
        except FileNotFoundError:
            self._miss()
        except OSError as error:
            self._tell(_unreadable(self._path, error))
        except StorageError as error:
            self._tell(str(error))
        finally:
            self._one_reader.release()

    def _start(self) -> None:
        try:
            self._refresh()
        except FileNotFoundError:
            self._tell(f"{self._path}: no such file, so nobody can call. Create a key with server.py keys create.")
        except OSError as error:
            raise StartError(f"{SETTING}: {_unreadable(self._path, error)}") from error
        except StorageError as error:
            raise StartError(f"{SETTING}: {error}") from error

    def _refresh(self) -> None:
        if _stamp(self._path.stat()) == self._stamp:
            return
        content, found = _opened(self._path)
        self._warn_if_readable(found)
        keys = _parsed(self._path, content, self._accept)
        self.keys = {key.id: key for key in keys}
        self._stamp, self._misses, self.is_there = _stamp(found), 0, True

    def _miss(self) -> None:
        """Who deletes the file wants nobody let in; who replaces it may leave a moment without one."""
        self._misses += 1
        if self._misses < _LOOKS_BEFORE_GONE:
            return
        self.keys, self._stamp, self.is_there = {}, None, False
        self._tell(f"{self._path}: the file is gone, and no key is good any more.")

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            log.warning("the file of keys cannot be used as it is", extra={"cause": f"{SETTING}: {trouble}"})
        self._trouble = trouble

    def _warn_if_readable(self, found: os.stat_result) -> None:
        if self._stamp is None and os.name == "posix" and found.st_mode & (stat.S_IRGRP | stat.S_IROTH):
            log.warning("other users may read the file of keys; chmod 600 it", extra={"file": str(self._path)})


def _opened(path: Path) -> tuple[bytes, os.stat_result]:
    """The content and the state of a file that only its owner may write; a mounted one may be a link."""
    if not stat.S_ISREG(path.stat().st_mode):  # to open a pipe would wait for whoever fills it
        raise StorageError(f"{path}: it is not a file. Correct the path.")
    _refuse_open_folder(path.parent)
    _refuse_open_folder(path.resolve().parent)
    with path.open("rb") as file:
        found, content = os.fstat(file.fileno()), file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise StorageError(f"{path}: it is larger than {_LARGEST // 1024**2} MiB. Name the right file.")
    if _is_open(found):
        raise StorageError(f"{path}: other users may write to it, and give keys to themselves. Run chmod 600 on it.")
    return content, found


def _refuse_open_folder(folder: Path) -> None:
    """Whoever may rename files there could put one of theirs in its place; the sticky bit prevents that."""
    found = folder.stat()
    if _is_open(found) and not found.st_mode & stat.S_ISVTX:
        raise StorageError(f"{folder}: other users may swap the file of keys in it. Run chmod go-w on the folder.")


def _is_open(found: os.stat_result) -> bool:
    return os.name == "posix" and bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _parsed(
    path: Path, content: bytes, accept: Callable[[int, KeyRecord], None] = lambda *_: None
) -> tuple[KeyRecord, ...]:
    try:
        keys = parsed(content)
        for place, key in enumerate(keys):
            accept(place, key)
    except FileFault as error:
        raise StorageError(f"{path}: {error}.") from None
    return keys


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path}: it cannot be read ({error.strerror}). Correct the path or its permissions."


def _could_be_read(path: Path) -> str:
    return f"Other users of this computer could open {path} until now; its mode is 0600 again. It holds no key in full."
