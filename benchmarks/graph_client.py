"""What the Graph client saves and costs, beside the plain client under it, on the same connections in the same run.

    .venv/bin/python benchmarks/graph_client.py [--only burst storm cost http1] [--seconds 30] [--cost-limit 1.25] ...

Graph is the demo tenant in a process of its own, behind nginx with TLS and HTTP/2. For the first two parts it is 100 ms
away, works 20 ms on each call, and keeps the documented limits. Ends with 1 where something is beyond its limit.

burst   40 messages by their ids: asked for together with GraphClient.get, and one after the other over plain httpx.
storm   200 callers of 5 users for half a minute, each reading one message after the other; then for as long again
        with ten times the callers for one of the users. Judged are the throughput beside that of one batch at a time
        per mailbox, the share of calls that see a 429, and what the greedy user does to the p95 of the others, who
        read mailboxes of their own.
cost    the CPU time of one GraphClient.get over that of one httpx.AsyncClient.get with the same headers, with nothing
        to coalesce, one at a time and 32 at once, in turns.
http1   the same over HTTP/1.1, which a proxy may force. Printed, not judged.

The throughput of one batch at a time. Outlook lets an application have four requests at once in a mailbox. The parts of
a batch run four at a time and hold those slots, so a client that never has more than four of a mailbox's requests under
way sends batches of 20, one after the other: 20 / (0.1 + 20 / 4 x 0.02) = 100 calls a second for each mailbox, where
single requests would come to 4 / (0.1 + 0.02) = 33. What of it a machine can do at all is measured in the same run,
before and after: for each mailbox a plain loop that sends ready-made batches back to back and does nothing else. Slots
are free while requests are on their way, so who knew when Graph begins could get up to 4 / 0.02 = 200; the client does
not guess.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # and not this folder, whose http.py would be taken for the standard library's

from benchmarks import _cost, _crowd  # noqa: E402 - found only after the line above
from benchmarks._judged import Verdict  # noqa: E402
from benchmarks._rig import Rig, rig  # noqa: E402

PEOPLE, MESSAGES = 8, 800
PARTS = ("burst", "storm", "cost", "http1")


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    options = _options()
    verdicts: list[Verdict] = []
    with rig(PEOPLE, MESSAGES) as graph:
        for part in PARTS:
            if part in options.only:
                print(f"-- {part}", flush=True)
                verdicts += _run(_measured(part, graph, options))
    beyond = [verdict for verdict in verdicts if not verdict.holds]
    print(f"{len(verdicts) - len(beyond)} of {len(verdicts)} limits hold", *beyond, sep="\n")
    return int(bool(beyond))


def _options() -> argparse.Namespace:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=formatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each of the two storms lasts")
    parser.add_argument("--rounds", type=int, default=11, help="how often each side of a pair is measured")
    parser.add_argument("--burst-limit", type=float, default=1 / 6)
    parser.add_argument("--burst-requests", type=int, default=4)
    parser.add_argument("--throughput-limit", type=float, default=0.95)
    parser.add_argument("--refused-limit", type=float, default=0.02)
    parser.add_argument("--hog-limit", type=float, default=1.2)
    parser.add_argument("--cost-limit", type=float, default=1.25)
    return parser.parse_args()


def _measured(part: str, graph: Rig, options: argparse.Namespace) -> Callable[[], Coroutine[Any, Any, list[Verdict]]]:
    async def measured() -> list[Verdict]:
        match part:
            case "burst":
                return await _crowd.burst(graph, options.burst_limit, options.burst_requests)
            case "storm":
                limits = _crowd.Limits(options.throughput_limit, options.refused_limit, options.hog_limit)
                return await _crowd.storm(graph, options.seconds, limits)
            case "cost":
                return await _cost.over_http2(graph, options.rounds, options.cost_limit)
            case _:
                return await _cost.over_http1(graph, options.rounds)

    return measured


def _run(measured: Callable[[], Coroutine[Any, Any, list[Verdict]]]) -> list[Verdict]:
    """On the loop that the server runs on."""
    return anyio.run(measured, backend_options={"use_uvloop": importlib.util.find_spec("uvloop") is not None})


if __name__ == "__main__":
    sys.exit(main())
