"""The HTTP service beside a bare server of the SDK: calls a second, what a call costs, and what stays in memory.

    .venv/bin/python benchmarks/http.py [--only list whoami tools workers soak] [--rounds 5] [--list-limit 0.8] ...

Needs Linux, and nginx with HTTP/2. Both servers verify the same tokens and reach the demo tenant, a process of its own,
over TLS and HTTP/2; 32 connections call them in turns, each for a person of its own. Ends with 1 where something is
beyond its limit.

list     mail_list_messages beside a tool that makes the same GET with httpx and returns the same rows.
whoami   account_whoami, the profile cached, beside a tool that does nothing.
tools    tools/list, for each byte that is sent.
workers  the CPU time of a call with two workers over that with one.
soak     the memory of a worker while 2,000 users make 10,000 calls; benchmarks/soak.py makes more.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # and not this folder, in which this file would be taken for the standard library's

import argparse  # noqa: E402 - found only after the line above

from benchmarks._http_figures import Measure, bytes_per_second, cpu_per_call, line, pace, ratio_of  # noqa: E402
from benchmarks._http_load import Figures, Load  # noqa: E402
from benchmarks._http_rig import Cloud, Side, bare, cloud, ours, turn  # noqa: E402
from benchmarks._http_soak import add_limits, soaked  # noqa: E402
from benchmarks._judged import Verdict, told  # noqa: E402

PEOPLE, MESSAGES = 32, 30
# Sign-ins, caches and connections are filled before anything counts.
FIRST_SECONDS, WARM_UP_SECONDS = 1.5, 0.4
CALL = "tools/call"
PARTS = ("list", "whoami", "tools", "workers", "soak")


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    options = _options()
    verdicts: list[Verdict] = []
    if {*options.only} - {"soak"}:
        with cloud(PEOPLE, MESSAGES) as way, ours(way) as server:
            verdicts += _beside_bare(way, server, options)
            verdicts += _workers(way, server, options)
    if "soak" in options.only:
        verdicts += soaked(options)
    beyond = [verdict for verdict in verdicts if not verdict.holds]
    print(f"{len(verdicts) - len(beyond)} of {len(verdicts)} limits hold", *beyond, sep="\n")
    return int(bool(beyond))


def _options() -> argparse.Namespace:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--rounds", type=int, default=5, help="how often each side of a pair has its turn")
    parser.add_argument("--seconds", type=float, default=1.2, help="how long a turn counts")
    parser.add_argument("--list-limit", type=float, default=0.8)
    parser.add_argument("--whoami-limit", type=float, default=0.5)
    parser.add_argument("--tools-limit", type=float, default=0.7)
    parser.add_argument("--workers-limit", type=float, default=1.15)
    add_limits(parser, calls=10_000)
    return parser.parse_args()


def _beside_bare(way: Cloud, server: Side, options: argparse.Namespace) -> list[Verdict]:
    """The three figures that are ratios of paces."""
    pairs: dict[str, tuple[Load, Load, float, Measure]] = {
        "list": (_load("mail_list_messages"), _load("list_messages"), options.list_limit, pace),
        "whoami": (_load("account_whoami"), _load("whoami"), options.whoami_limit, pace),
        "tools": (Load(0, [], "tools/list"), Load(0, [], "tools/list"), options.tools_limit, bytes_per_second),
    }
    verdicts = list[Verdict]()
    with bare(way) as other:
        for part in (part for part in pairs if part in options.only):
            mine, theirs, limit, measure = pairs[part]
            print(f"-- {part}", flush=True)
            turns = in_turns(way, options, (server, mine), (other, theirs))
            ratio = ratio_of(measure, *turns)
            print(f"CPU of a call, bare / ours: {ratio_of(cpu_per_call, *reversed(turns)):.3f}")
            verdicts += told(Verdict(f"{part}: {measure.__name__.replace('_', ' ')}, ours / bare", ratio, limit, True))
    return verdicts


def _workers(way: Cloud, server: Side, options: argparse.Namespace) -> list[Verdict]:
    """What it costs that another process serves, too."""
    if "workers" not in options.only:
        return []
    print("-- workers", flush=True)
    with ours(way, workers=2) as two:
        load = _load("mail_list_messages")
        turns = in_turns(way, options, (server, load), (two, load))
    ratio = ratio_of(cpu_per_call, *reversed(turns))
    return told(Verdict("workers: CPU of a call with 2 / with 1", ratio, options.workers_limit))


def _load(tool: str) -> Load:
    return Load(0, [], CALL, tool)


def in_turns(way: Cloud, options: argparse.Namespace, *sides: tuple[Side, Load]) -> list[list[Figures]]:
    """A turn of each side, round after round; the first round warms up and does not count."""
    turns: list[list[Figures]] = [[] for _ in sides]
    for number in range(options.rounds + 1):
        for (side, load), mine in zip(sides, turns, strict=True):
            seconds, warm_up = (options.seconds, WARM_UP_SECONDS) if number else (0.1, FIRST_SECONDS)
            given = Load(side.port, way.callers, load.method, load.tool, seconds, warm_up)
            mine.append(turn(way, side, given))
    for (side, _), mine in zip(sides, turns, strict=True):
        mine.pop(0)
        print(line(side.name, mine), flush=True)
    return turns


if __name__ == "__main__":
    sys.exit(main())
