"""A text file that somebody else renews: it is read again when it changes, and outlives being replaced."""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from auth._guarded import Guarded
from errors import AppRefused

log = logging.getLogger(__name__)

T = TypeVar("T")
Stamp = tuple[int, int, int]

_LARGEST = 64 * 1024
_LOOKS = 4
_PAUSE = 0.05


class WatchedFile(Guarded, Generic[T]):
    """What `parse` makes of a file's text; while that cannot be had, what it made of the file before.

    `name` is the setting that named the file; `parse` raises ValueError with a sentence. `start` is the
    text that was read when the server started. Blocks for as long as the file system does.
    """

    def __init__(
        self, path: Path, parse: Callable[[str], T], *, name: str, start: str | None = None, is_secret: bool = True
    ) -> None:
        self.path = path
        self.name = name
        self.trouble = ""
        self._parse = parse
        self._start = start
        self._warns = is_secret
        self._stamp: Stamp | None = None
        self._values: list[T] = []
        self._one_reader = threading.Lock()

    def read(self, *, afresh: bool = False) -> T:
        """What the file says now. `afresh` reads it even where its date and size say that it is the same."""
        with self._one_reader:
            if afresh:
                self._stamp = None
            try:
                self._look()
            except ValueError as error:
                self._fall_back(str(error))
            return self._values[-1]

    def _look(self) -> None:
        # Only who has nothing to fall back on waits for the moment between the old file and the new one.
        looks = 1 if self._values or self._start is not None else _LOOKS
        try:
            while looks > 1 and not self.path.exists():
                looks -= 1
                time.sleep(_PAUSE)
            self._refresh()
        except FileNotFoundError:
            raise ValueError(f"{self.path}: no such file. Create it, or correct the path.") from None
        except OSError as error:
            raise ValueError(
                f"{self.path}: cannot be read ({error.strerror}). Correct the path or its permissions."
            ) from None

    def _refresh(self) -> None:
        found = self.path.stat()
        if not stat.S_ISREG(found.st_mode):  # to open a pipe would wait for whoever fills it
            raise ValueError(f"{self.path}: cannot be read (it is not a file). Correct the path.")
        if _stamp(found) == self._stamp:
            self.trouble = ""
            return
        with self.path.open("rb") as file:
            opened, content = os.fstat(file.fileno()), file.read(_LARGEST + 1)
        self._warn_if_loose(opened)
        self._values = [self._made(content)]
        self._stamp, self.trouble = _stamp(opened), ""

    def _made(self, content: bytes) -> T:
        try:
            return self._parse(_text(content))
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None

    def _fall_back(self, trouble: str) -> None:
        """Keep to what there was. The stamp stays as it was, so the next caller looks again."""
        if not self._values and self._start is not None:
            self._values = [self._from_start(trouble)]
        if not self._values:
            raise AppRefused(f"{self.name}: {trouble}")
        if trouble != self.trouble:
            log.warning(
                "a file cannot be used, what it said before still is", extra={"cause": f"{self.name}: {trouble}"}
            )
        self.trouble = trouble

    def _from_start(self, trouble: str) -> T:
        try:
            return self._parse(self._start or "")
        except ValueError:
            raise AppRefused(f"{self.name}: {trouble}") from None

    def _warn_if_loose(self, opened: os.stat_result) -> None:
        if self._warns and os.name == "posix" and opened.st_mode & 0o077:
            self._warns = False
            log.warning("other users may read a file with a secret; chmod 600 it", extra={"file": str(self.path)})


Held = str | WatchedFile[str]
"""A text that was given once and for all, or the file that it is in."""


def text_of(held: Held, *, afresh: bool = False) -> str:
    """The text as it is now."""
    return held.read(afresh=afresh) if isinstance(held, WatchedFile) else held


def without_line_end(text: str) -> str:
    """The text of a file without the line break that an editor puts at its end."""
    return text.removesuffix("\n").removesuffix("\r")


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_ino, found.st_mtime_ns, found.st_size


def _text(content: bytes) -> str:
    if len(content) > _LARGEST:
        raise ValueError("is larger than 64 KiB. Name the right file.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError("is not UTF-8 text. Save it as UTF-8.")
    if not text.strip():
        raise ValueError("the file is empty. Write into it what belongs there.")
    return text
