"""_server_memory.py: threads leave nothing behind in heaps of their own."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# Blocks of this size are the C library's to give, which then says in how many heaps it has some.
PROGRAM = """
import ctypes, sys, threading
from _server_memory import share_one_heap
if sys.argv[1:] == ["shared"]:
    share_one_heap()
kept, all_there = [], threading.Barrier(8)
def work():
    kept.append([bytes(1000) for _ in range(50)])
    all_there.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do otherwise")
@pytest.mark.parametrize(
    ("options", "is_one"),
    [pytest.param(["shared"], True, id="shared"), pytest.param([], False, id="as it is")],
)
def test_all_threads_have_one_heap(options: list[str], *, is_one: bool) -> None:
    command = [sys.executable, "-c", PROGRAM, *options]
    done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=True)
    assert (done.stderr.count("Arena ") == 1) is is_one
