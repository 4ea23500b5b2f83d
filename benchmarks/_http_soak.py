"""The memory of a worker while many users come and go."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import median

from benchmarks._http_rig import cloud, ours
from benchmarks._http_visits import Crowd, Progress
from benchmarks._judged import Verdict, told
from benchmarks._rig import ROOT

MEGABYTE = 1_000_000
MESSAGES = 10


def add_limits(parser: argparse.ArgumentParser, calls: int) -> None:
    """The options that a soak has."""
    parser.add_argument("--calls", type=int, default=calls, help="how many calls the soak makes")
    parser.add_argument("--users", type=int, default=2000, help="of how many users")
    parser.add_argument("--memory-limit", type=float, default=150, help="megabytes of a worker")
    parser.add_argument("--growth-limit", type=float, default=4, help="megabytes more at the end than at half")


def soaked(options: argparse.Namespace) -> list[Verdict]:
    """Let them come, and judge what stays."""
    print(f"-- soak: {options.users} users, {options.calls} calls", flush=True)
    samples = list(_samples(options))
    last = samples[-1]
    if last.errors:
        raise SystemExit("\n".join(["the soak:", *last.errors]))
    print(f"{last.calls} calls, of which {last.given_up} were given up; {last.sessions} sessions of the older era")
    return told(
        Verdict("soak: megabytes of a worker", max(each.memory for each in samples) / MEGABYTE, options.memory_limit),
        Verdict("soak: megabytes more at the end than at half", grown(samples) / MEGABYTE, options.growth_limit),
    )


def _samples(options: argparse.Namespace) -> Iterator[Progress]:
    with cloud(options.users, MESSAGES) as way, ours(way) as server:
        crowd = json.dumps(asdict(Crowd(server.port, way.callers, options.calls, server.process)))
        command = [sys.executable, "-m", "benchmarks._http_visits"]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as visits:
            assert visits.stdin
            assert visits.stdout
            visits.stdin.write(crowd)
            visits.stdin.close()
            for line in visits.stdout:
                found = Progress(**json.loads(line))
                print(f"{found.calls:7} calls: {found.memory / MEGABYTE:.1f} MB", flush=True)
                yield found


def grown(samples: Sequence[Progress]) -> float:
    """Bytes at the end beyond those at half; each the median of three looks, for single ones jump."""
    half = len(samples) // 2
    end, middle = samples[-3:], samples[half - 2 : half + 1]
    return median(each.memory for each in end) - median(each.memory for each in middle)
