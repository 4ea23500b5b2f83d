"""The memory of a worker of the HTTP service while 2,000 users make 100,000 calls.

    .venv/bin/python benchmarks/soak.py [--calls 100000] [--users 2000] [--memory-limit 150] [--growth-limit 4]

Needs Linux, and nginx with HTTP/2. Users come for a call or two and leave, in both eras of the protocol: they list and
read mail, ask who they are and what there is, give up in the middle, ask for what there is not, and show forged tokens.
Every answer has to be the caller's own. Ends with 1 where something is beyond its limit.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # and not this folder, whose http.py would be taken for the standard library's

import argparse  # noqa: E402 - found only after the line above

from benchmarks._http_soak import add_limits, soaked  # noqa: E402


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_limits(parser, calls=100_000)
    return int(not all(verdict.holds for verdict in soaked(parser.parse_args())))


if __name__ == "__main__":
    sys.exit(main())
