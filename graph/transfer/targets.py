"""Where the bytes of a download go."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from errors import AppError, GraphTooLarge, StorageError, ToolInputError

_AT_ONCE = 512 * 1024  # a worker thread is not worth waking for less
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
for _flag in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
    _CREATE |= getattr(os, _flag, 0)
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Target(Protocol):
    """Takes bytes in their order. Whoever fills it ends with `finish` or `discard`."""

    async def begin(self) -> None:
        """Be ready for the first byte. Once more, it means that what came so far is void."""
        ...

    async def write(self, data: bytes) -> None:
        """Take the next bytes."""
        ...

    async def finish(self) -> None:
        """All bytes have come."""
        ...

    async def discard(self) -> None:
        """No more will come, and what came is of no use."""
        ...


class BufferTarget:
    """Memory, up to a limit; `data` is what came."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._data = bytearray()

    @property
    def data(self) -> bytes:
        return bytes(self._data)

    async def begin(self) -> None:
        """Start empty."""
        self._data.clear()

    async def write(self, data: bytes) -> None:
        """Take the next bytes, if there is room for them."""
        if len(self._data) + len(data) > self._most:
            raise GraphTooLarge("TooLarge", f"The file has more than {self._most:,} bytes. Download it to a file.")
        self._data += data

    async def finish(self) -> None:
        """Nothing is left to do."""

    async def discard(self) -> None:
        """Keep nothing."""
        self._data.clear()


class FileTarget:
    """A file of this machine, which appears under its name only when it is whole; until then it has another beside it.

    It can be read by its owner alone. What is there already stays, unless `overwrite` says that it may be replaced.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self._path = path
        self._overwrite = overwrite
        self._part = path.parent / f".graphward-{secrets.token_hex(8)}.part"
        self._file: BinaryIO | None = None
        self._waiting: list[bytes] = []
        self._size = 0
        # A worker thread goes on when its caller is cancelled: what comes next waits for it.
        self._one_at_a_time = threading.Lock()

    async def begin(self) -> None:
        """Make sure that there is a place for it, before anything is fetched."""
        self._take()
        await self._done(self._begin)

    async def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._waiting.append(data)
        self._size += len(data)
        if self._size >= _AT_ONCE:
            await self._done(self._write, self._take())

    async def finish(self) -> None:
        """Put it in its place, once it is on the disk."""
        await self._done(self._finish, self._take())

    async def discard(self) -> None:
        """Leave nothing behind."""
        self._take()
        await asyncio.to_thread(self._alone, self._discard)

    def _take(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting, self._size = [], 0
        return data

    async def _done(self, work: Callable[..., None], *arguments: bytes) -> None:
        try:
            await asyncio.to_thread(self._alone, work, *arguments)
        except (OSError, ValueError) as error:
            raise self._trouble(error) from error

    def _alone(self, work: Callable[..., None], *arguments: bytes) -> None:
        with self._one_at_a_time:
            work(*arguments)

    def _begin(self) -> None:
        self._discard()
        self._check_place()
        # The name is ours alone, so that nothing else is opened by it.
        self._file = os.fdopen(os.open(self._part, _CREATE, 0o600), "wb", buffering=0)

    def _check_place(self) -> None:
        try:
            facts = os.lstat(self._path)
        except FileNotFoundError:
            return
        if not self._overwrite:
            raise ToolInputError(f"{self._path} is there already. Choose another name, or say that it is replaced.")
        if not stat.S_ISREG(facts.st_mode):
            raise ToolInputError(f"{self._path} is a folder, a link or a device, not a file. Choose another name.")

    def _write(self, data: bytes) -> None:
        if self._file is None:
            raise ValueError("it is closed")
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _finish(self, data: bytes) -> None:
        self._write(data)
        self._close(in_full=True)
        self._check_place()
        if self._overwrite:
            self._part.replace(self._path)
        else:
            self._reveal()
        _settle(self._path.parent)

    def _reveal(self) -> None:
        """Give it its name, unless that was taken meanwhile."""
        try:
            os.link(self._part, self._path, follow_symlinks=False)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):  # a file system without links: hold the name, then take it over
            os.close(os.open(self._path, _CREATE, 0o600))
            self._part.replace(self._path)
        else:
            self._part.unlink()

    def _discard(self) -> None:
        with suppress(OSError):
            self._close(in_full=False)
        with suppress(OSError, ValueError):
            self._part.unlink()

    def _close(self, *, in_full: bool) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        try:
            if in_full:
                os.fsync(file.fileno())
        finally:
            file.close()

    def _trouble(self, error: OSError | ValueError) -> AppError:
        number = error.errno if isinstance(error, OSError) else None
        if number in _FULL:
            return StorageError(f"There is no room for {self._path}. Free some, or choose another folder.")
        if isinstance(error, FileExistsError):
            return ToolInputError(f"{self._path} is there already. Choose another name, or say that it is replaced.")
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            return ToolInputError(f"There is no folder {self._path.parent}. Create it, or choose another.")
        if isinstance(error, PermissionError) or number == errno.EROFS:
            return ToolInputError(f"{self._path} cannot be written: that is not allowed in its folder. Choose another.")
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return StorageError(f"{self._path} cannot be written: {reason}. Choose another place.")


def _settle(folder: Path) -> None:
    """Have the new name survive a power cut, where the system knows how."""
    with suppress(OSError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
