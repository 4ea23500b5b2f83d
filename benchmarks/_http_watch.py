"""What processes take, as Linux tells it: CPU time and resident memory, children included."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_TICK = 1 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.0


def cpu_of(process: int) -> float:
    """CPU seconds so far, of a process and of those that it started and that live."""
    return sum(_cpu(each) for each in family(process))


def memory_of(process: int) -> int:
    """Resident bytes of one process."""
    pages = int((_PROC / str(process) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def family(process: int) -> list[int]:
    """A process and its descendants."""
    parents = dict(_parents())
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), int(_fields(int(folder.name))[1])
            except OSError:
                continue  # it has just ended


def _cpu(process: int) -> float:
    fields = _fields(process)
    return (int(fields[11]) + int(fields[12])) * _TICK


def _fields(process: int) -> list[str]:
    """From its state on; what stands before, the program's name, may have blanks in it."""
    return (_PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
