"""How long a client waits for its first tools/list over stdio, beside a one-tool server written with the bare SDK.

Prints each side's median and their ratio, measured in turns in one run:

    .venv/bin/python benchmarks/startup.py [--runs 15] [--limit 1.4]

Ends with 1 where the ratio is above the limit.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent

BARE = """
from mcp.server import MCPServer

server = MCPServer("bare")


@server.tool()
def hello(name: str = "you") -> str:
    "Greet somebody."
    return f"Hello {name}"


server.run()
"""

HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}
MESSAGES = [
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO},
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
]


def seconds_to_tools(command: list[str], folder: str) -> float:
    """From the launch of the process to the answer to tools/list."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("".join(json.dumps(message) + "\n" for message in MESSAGES))
        process.stdin.flush()
        for line in process.stdout:
            answer = json.loads(line)
            if answer.get("id") == 2:
                elapsed = time.perf_counter() - started
                assert answer["result"]["tools"], "no tools were listed"
                process.stdin.close()
                process.wait(timeout=20)
                return elapsed
    raise SystemExit(f"{command} ended before it listed its tools")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--limit", type=float, default=1.4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        sides = {
            "bare SDK, one tool": [sys.executable, str(bare)],
            "server.py --demo": [sys.executable, str(ROOT / "server.py"), "--demo"],
        }
        times: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(options.runs + 1):
            for name, command in sides.items():
                times[name].append(seconds_to_tools(command, folder))
    medians = {name: median(each[1:]) for name, each in times.items()}  # the first run warms the file cache
    for name, value in medians.items():
        print(f"{name:22} {value * 1000:7.0f} ms  (least {min(times[name]) * 1000:.0f} ms)")
    ratio = medians["server.py --demo"] / medians["bare SDK, one tool"]
    print(f"ratio {ratio:.2f}, limit {options.limit}")
    return int(ratio > options.limit)


if __name__ == "__main__":
    sys.exit(main())
