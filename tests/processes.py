"""The server as its users start it: a process, over stdio or over HTTP."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[1]
WAIT = 30

_STATE = tempfile.TemporaryDirectory(prefix="graphward-test-state-")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, without what would configure the server, or hide that Python buffers what it prints."""
    ours = ("PYTHONUNBUFFERED", "ENTRA_", "HTTP_", "GRAPH_", "LOG_", "TRANSPORT", "TOOLS", "DEMO", "STATELESS_")
    newer = ("EXCLUDE_", "ACCESS", "READ_ONLY", "ALLOWED_", "DISCOVERY", "OUTPUT", "ANSWER_", "APPROVE_", "STATE_")
    service = ("INSECURE_", "PUBLIC_URL", "TRUSTED_", "CORS_", "WORKERS", "METRICS_")
    network = ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "TOKEN_CACHE_")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(ours + newer + service + network)
    }
    # What the server keeps between calls stays with the test, also where it runs in the tester's own home.
    return {**kept, "XDG_STATE_HOME": _STATE.name, **(extra or {})}


def command(*options: str) -> list[str]:
    return [sys.executable, str(ROOT / "server.py"), *options]


def run(*options: str, extra: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Start the server where it is expected to end by itself."""
    return subprocess.run(
        command(*options),
        env=environment(extra),
        capture_output=True,
        text=True,
        timeout=WAIT,
        stdin=subprocess.DEVNULL,
        check=False,
    )


class Stdio:
    """A client that writes lines as they are, to see what an SDK's client would hide."""

    def __init__(self, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
        self.process = process
        self.log = log

    def send(self, line: bytes | dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """The next line of stdout, which must be JSON-RPC."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the server closed its stdout"
        message: dict[str, Any] = json.loads(line.decode("utf-8"))
        assert message["jsonrpc"] == "2.0"
        return message

    def ask(self, number: int, method: str, **params: Any) -> dict[str, Any]:
        self.send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        while (message := self.receive()).get("id") != number:
            pass
        return message

    def initialize(self) -> dict[str, Any]:
        about = {"name": "test", "version": "1"}
        answer = self.ask(0, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=about)
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer

    def call(self, number: int, tool: str, **arguments: Any) -> dict[str, Any]:
        result: dict[str, Any] = self.ask(number, "tools/call", name=tool, arguments=arguments)["result"]
        return result

    def close(self) -> str:
        """Leave, as a client does: the rest of stdout is checked too, and stderr is returned."""
        out, _ = self.process.communicate(timeout=WAIT)
        for line in out.splitlines():
            assert json.loads(line)["jsonrpc"] == "2.0"
        assert self.process.returncode == 0
        self.log.seek(0)
        return self.log.read().decode()


@contextmanager
def stdio(*options: str, extra: Mapping[str, str] | None = None, script: Path | None = None) -> Iterator[Stdio]:
    # A file takes any amount of log; a pipe that nobody reads would stop the server.
    with tempfile.TemporaryFile() as log:
        started = [sys.executable, str(script)] if script else command(*options)
        process = subprocess.Popen(
            started, env=environment(extra), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
        # A server that owes an answer would keep its reader waiting for ever: the test is to fail, not to hang.
        watchdog = threading.Timer(WAIT, process.kill)
        watchdog.start()
        with process:
            try:
                yield Stdio(process, log)
            finally:
                watchdog.cancel()
                process.kill()


@contextmanager
def http(
    *options: str, extra: Mapping[str, str] | None = None, pattern: str = r"http://\S+:\d+/mcp\b"
) -> Iterator[str]:
    """The URL that a running HTTP server tells of itself; it is stopped by the signal that a supervisor sends."""
    process = subprocess.Popen(
        command("--transport", "http", "--port", "0", *options),
        env=environment(extra),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        told: queue.Queue[str] = queue.Queue()
        reader = threading.Thread(target=_hand_on, args=(process, told), daemon=True)
        reader.start()
        try:
            yield _announced(told, pattern)
        finally:
            process.terminate()
            assert process.stdout
            assert process.stdout.read() == "", "stdout is kept clean"
            reader.join(WAIT)


def _hand_on(process: subprocess.Popen[str], told: queue.Queue[str]) -> None:
    assert process.stderr
    for line in process.stderr:
        told.put(line)
    told.put("")


def _announced(told: queue.Queue[str], pattern: str) -> str:
    while line := told.get(timeout=WAIT):
        if found := re.search(pattern, line):
            return found[0]
    raise AssertionError("the server ended before it was ready")
