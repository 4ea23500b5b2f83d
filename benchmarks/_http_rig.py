"""The servers that are compared, as processes, and the way from them to the cloud.

Our server is started as its users start it, so the cloud has its real names: nginx speaks TLS and HTTP/2 for them, and
a proxy, which HTTPS_PROXY names to both sides, leads every host there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks._http_load import Figures, Load
from benchmarks._rig import NGINX, ROOT, START_SECONDS, certified, free_port, nginx, running, wait_for

HOSTS = ("graph.microsoft.com", "login.microsoftonline.com")
# Nobody is to be turned away here.
UNLIMITED = {
    "HTTP_ADDRESS_RATE": "9999999/second",
    "HTTP_FAILURE_RATE": "9999999/second",
    "HTTP_CALLER_RATE": "9999999/second",
    "HTTP_CALLER_CALLS": "1000",
    "HTTP_CONNECTIONS_PER_ADDRESS": "1000",
}
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
_LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)/mcp\b")


@dataclass
class Cloud:
    """Where everything is, who the people are, and the processes that serve neither side alone."""

    folder: Path
    facts: dict[str, Any]
    environ: dict[str, str]
    processes: dict[str, int] = field(default_factory=dict)

    @property
    def callers(self) -> list[str]:
        """A token of each person."""
        return [each["caller"] for each in self.facts["people"]]


@dataclass(frozen=True)
class Side:
    """A server: its name, where it listens, and its process, whose children serve with it."""

    name: str
    port: int
    process: int


@contextmanager
def cloud(people: int, messages: int) -> Iterator[Cloud]:
    """The emulator and the way to it; everything ended and removed afterwards."""
    program, port = nginx(), free_port()
    with (
        tempfile.TemporaryDirectory(prefix="graphward-benchmark-") as name,
        _told("_http_cloud", str(people), str(messages)) as (emulator, line),
    ):
        folder, facts = Path(name), json.loads(line)
        (folder / "ca.pem").write_text(certified(folder, *HOSTS), "ascii")
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, behind=facts["port"], port=port), "utf-8")
        with running([program, "-p", name, "-c", str(folder / "nginx.conf")]) as front:
            wait_for(front, port)
            with _told("_http_proxy", str(port)) as (proxy, at):
                environ = _environ(folder, int(at))
                yield Cloud(folder, facts, environ, {"emulator": emulator, "nginx": front.pid, "proxy": proxy})


def _environ(folder: Path, proxy: int) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "HTTPS_PROXY": f"http://127.0.0.1:{proxy}",
        "NO_PROXY": "",
        "SSL_CERT_FILE": str(folder / "ca.pem"),
    }


@contextmanager
def _told(module: str, *options: str) -> Iterator[tuple[int, str]]:
    """A process of the cloud and the line that it prints when it is ready."""
    with running([sys.executable, "-m", f"benchmarks.{module}", *options], stdout=subprocess.PIPE) as process:
        assert process.stdout
        line = process.stdout.readline().decode()
        if not line:
            raise SystemExit(f"{module} did not start")
        yield process.pid, line


@contextmanager
def ours(cloud: Cloud, workers: int = 1) -> Iterator[Side]:
    """Our server as it is, with its log in a file and its state in a folder of its own."""
    (cloud.folder / "empty.env").touch()
    log, state = cloud.folder / f"server-{workers}.log", cloud.folder / f"state-{workers}"
    options = ["--port", "0", "--workers", str(workers), "--env-file", str(cloud.folder / "empty.env")]
    environ = {**cloud.environ, **cloud.facts["environ"], **UNLIMITED, "STATE_DIR": str(state)}
    with log.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "server.py", *options],
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=written,
        )
        with process:
            try:
                yield Side(f"ours, {workers} worker{'s' * (workers > 1)}", _announced(process, log), process.pid)
            finally:
                process.terminate()


def _announced(process: subprocess.Popen[bytes], log: Path) -> int:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if found := _LISTENS.search(log.read_text("utf-8")):
            return int(found[1])
        time.sleep(0.05)
    raise SystemExit(f"the server did not start:\n{log.read_text('utf-8')}")


@contextmanager
def bare(cloud: Cloud) -> Iterator[Side]:
    """The bare SDK, which gets the facts that ours finds out for itself."""
    command = [sys.executable, "-m", "benchmarks._http_bare"]
    environ = {**cloud.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(cloud.facts).encode())
        process.stdin.close()
        try:
            yield Side("bare", int(process.stdout.readline() or 0), process.pid)
        finally:
            process.terminate()


def turn(cloud: Cloud, side: Side, load: Load) -> Figures:
    """Let callers call one side, and watch everything that serves it."""
    watching = replace(load, port=side.port, watched={"server": side.process, **cloud.processes})
    command, given = [sys.executable, "-m", "benchmarks._http_load"], json.dumps(asdict(watching)).encode()
    done = subprocess.run(command, cwd=ROOT, input=given, stdout=subprocess.PIPE, check=True)
    figures = Figures(**json.loads(done.stdout))
    if figures.errors:
        raise SystemExit("\n".join([f"{side.name}, {load.method} {load.tool}:", *figures.errors]))
    return figures
