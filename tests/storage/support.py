"""What tests of files and stores build on: a clock, a list for warnings, and a look at modes and folders."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage import PrivateFile

NOBODY = 65534

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has neither modes nor owners like these")
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make this")


@dataclass
class Clock:
    """A clock that the test moves."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def private(path: Path, warnings: list[str] | None = None) -> PrivateFile:
    return PrivateFile(path, warn=(warnings if warnings is not None else []).append)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def another_user() -> Iterator[Path]:
    """For a while this process is nobody, who has a home in which root's privileges do not help."""
    home = Path(tempfile.mkdtemp())
    os.chown(home, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        if not os.access(home, os.W_OK, effective_ids=True):
            pytest.skip("nobody does not get to the folder for temporary files")
        yield home
    finally:
        os.seteuid(0)
        shutil.rmtree(home)
