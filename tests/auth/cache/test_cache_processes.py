"""auth/cache/: no token that was kept is lost, however many write and whoever is killed while writing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.storage.support import posix

pytestmark = posix
ROOT = Path(__file__).resolve().parents[3]
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "50"))
KEYS = [pytest.param("plain", id="plain"), pytest.param("sealed", id="encrypted")]


def outcome(kind: str, folder: Path, keys: str, count: int = 0) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.auth.cache.processes", kind, str(folder), str(count), keys],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180 + 2 * count,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("keys", KEYS)
def test_a_writer_that_is_killed_at_any_moment_costs_nothing_that_it_kept(tmp_path: Path, keys: str) -> None:
    """In each round: the file is the old or the new state, every acknowledged token is there, the next writer works."""
    rounds = max(1, ROUNDS // len(KEYS))
    found = outcome("crash", tmp_path, keys, rounds)
    assert found["rounds"] == rounds
    assert found["acknowledged"] > 0, "the writers got far enough to lose something"
    assert list(tmp_path.glob("*.corrupt-*")) == []


@pytest.mark.parametrize("keys", KEYS)
def test_eight_processes_with_fifty_refreshes_each_lose_none(tmp_path: Path, keys: str) -> None:
    found = outcome("race", tmp_path, keys)
    assert found["codes"] == [0] * 8
    assert found["refresh_tokens"] == sorted(f"canary-refresh-w{number}-49" for number in range(8))
