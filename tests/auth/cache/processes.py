"""Many processes on one token cache, and processes killed while they write; a program, because it forks.

A forked child of a program without threads starts in milliseconds, with MSAL imported. It says on standard
output, as JSON, what it found; test_token_processes.py judges that.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from auth.cache import FileTokenCache
from storage import KeyRing
from tests.auth.cache.support import OLD_KEY, cache_at, keep, secrets_in, sign_in

WRITERS, REFRESHES = 8, 50
LONGEST_LIFE = 0.02
FRESH_FILE_EVERY = 25


def forked(work: Callable[[], None]) -> int:
    """The process id of a child that does this and ends, without what an ordinary end would run."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        if code:
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(code)


def crash(folder: Path, rounds: int, ring: KeyRing | None) -> dict[str, Any]:
    """Kill a writer at a random moment, again and again, and see what is left of what it said was written."""
    chance = random.Random(os.urandom(8))  # noqa: S311 - no secret
    said = died_writing = 0
    expected: set[str] = set()
    for number in range(rounds):
        path = folder / f"cache{number // FRESH_FILE_EVERY}.json"
        if number % FRESH_FILE_EVERY == 0:
            expected = {"canary-refresh-first-0"}
            keep(cache_at(path, ring=ring), "first")
        acknowledged, unfinished = killed(path, ring, number, chance.uniform(0.002, LONGEST_LIFE))
        said += len(acknowledged)
        died_writing += unfinished
        expected |= acknowledged
        found = set(secrets_in(read_strictly(path, ring)))
        assert expected <= found, f"lost: {sorted(expected - found)}"
        assert len(found - expected) <= 1, "more than the one write that was under way"
        keep(cache_at(path, ring=ring, lock_seconds=30), f"after{number}")
        expected = found | {f"canary-refresh-after{number}-0"}
    return {"acknowledged": said, "died_writing": died_writing, "rounds": rounds}


def killed(path: Path, ring: KeyRing | None, number: int, life: float) -> tuple[set[str], bool]:
    """The refresh tokens that a writer acknowledged before it was killed; and whether it left an unfinished file."""
    debris = len(list(path.parent.glob("*.tmp.*")))
    reading, writing = os.pipe()
    child = forked(lambda: write_for_ever(cache_at(path, ring=ring), number, writing))
    os.close(writing)
    told = b""
    while told.count(b"\n") < number % 3:  # so that some rounds have something to lose
        told += os.read(reading, 65536) or dead(child)
    end = time.monotonic() + life
    while (left := end - time.monotonic()) > 0:
        if select.select([reading], [], [], left)[0]:
            told += os.read(reading, 65536) or dead(child)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(reading, 65536):
        told += more
    os.close(reading)
    lines = told.decode().split("\n")[:-1]
    return set(lines), len(list(path.parent.glob("*.tmp.*"))) > debris


def dead(child: int) -> bytes:
    raise AssertionError(f"the writer ended by itself: {os.waitpid(child, 0)}")


def write_for_ever(cache: FileTokenCache, number: int, pipe: int) -> None:
    turn = 0
    while True:
        keep(cache, f"p{number}", number=turn, app=f"app-{turn}")
        os.write(pipe, f"canary-refresh-p{number}-{turn}\n".encode())
        turn += 1


def read_strictly(path: Path, ring: KeyRing | None) -> Any:
    """The cache, with the claim that nothing in it was damaged."""
    warnings: list[str] = []
    cache = cache_at(path, warnings, ring=ring).read()
    assert warnings == []
    return cache


def race(folder: Path, ring: KeyRing | None) -> dict[str, Any]:
    """Writers that each renew an account of their own; each refresh builds on the one before."""
    path = folder / "cache.json"
    children = [forked(partial(refresh, path, ring, f"w{number}")) for number in range(WRITERS)]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return {"codes": codes, "refresh_tokens": secrets_in(read_strictly(path, ring))}


def refresh(path: Path, ring: KeyRing | None, name: str) -> None:
    warnings: list[str] = []
    cache = cache_at(path, warnings, ring=ring, lock_seconds=120)
    for number in range(REFRESHES):
        with cache.opened() as opened:
            mine = [secret for secret in secrets_in(opened) if f"-{name}-" in secret]
            assert mine == ([f"canary-refresh-{name}-{number - 1}"] if number else []), mine
            sign_in(opened, name, number=number)
    assert warnings == [], warnings


def main(kind: str, folder: str, count: str, keys: str) -> None:
    ring = KeyRing([OLD_KEY]) if keys == "sealed" else None
    found = crash(Path(folder), int(count), ring) if kind == "crash" else race(Path(folder), ring)
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
