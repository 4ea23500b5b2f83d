"""Where the bytes of an upload come from."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from errors import ToolInputError

# O_NONBLOCK, or a FIFO would keep us waiting for its writer; O_BINARY, or Windows would change line ends.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


class Source(Protocol):
    """Bytes that can be read again from any place, for what has to be sent again."""

    @property
    def size(self) -> int: ...

    async def read(self, start: int, length: int) -> bytes:
        """Exactly so many bytes."""
        ...


class BytesSource:
    """Bytes that are in memory anyway."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    async def read(self, start: int, length: int) -> bytes:
        """A part of them."""
        return self._data[start : start + length]


class FileSource:
    """A file of this machine, open within its `async with`. One that changes while it is sent is an error."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._state = (0, 0)
        self._one_at_a_time = threading.Lock()

    @property
    def size(self) -> int:
        return self._state[0]

    async def read(self, start: int, length: int) -> bytes:
        """A part of it, read in a worker thread."""
        return await asyncio.to_thread(self._read, start, length)

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._open)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self._close)

    def _open(self) -> None:
        try:
            file = os.fdopen(os.open(self._path, _READ), "rb", buffering=0)
        except (OSError, ValueError) as error:  # a NUL in the name is a ValueError
            raise ToolInputError(f"{self._path} cannot be read: {_why(error)}. Name a file that can.") from error
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            file.close()
            raise ToolInputError(f"{self._path} is not a file. Name one.")
        self._file, self._state = file, (facts.st_size, facts.st_mtime_ns)

    def _close(self) -> None:
        with self._one_at_a_time:  # a read whose caller was cancelled may still be under way
            file, self._file = self._file, None
        if file is not None:
            file.close()

    def _read(self, start: int, length: int) -> bytes:
        try:
            data = self._part(start, length)
        except OSError as error:
            raise ToolInputError(f"{self._path} cannot be read to its end: {_why(error)}.") from error
        if data is None:
            raise ToolInputError(
                f"{self._path} changed while it was being sent, so the upload was stopped. "
                "Send it again when nothing writes to it."
            )
        return data

    def _part(self, start: int, length: int) -> bytes | None:
        """The bytes; None where the file is not what it was at first."""
        with self._one_at_a_time:
            if self._file is None:
                raise OSError("it is closed")
            self._file.seek(start)
            data = b""
            while len(data) < length and (more := self._file.read(length - len(data))):
                data += more
            facts = os.fstat(self._file.fileno())
        is_same = (facts.st_size, facts.st_mtime_ns) == self._state
        return data if is_same and len(data) == length else None


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
