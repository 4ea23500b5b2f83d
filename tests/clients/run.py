"""Set up Microsoft's own clients beside the project, and run their suites against the emulator.

python tests/clients/run.py                  both suites
python tests/clients/run.py python -k mail   one of them; what follows goes to pytest, or to node --test
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
VENV = Path(os.environ.get("CLIENTS_VENV") or ROOT / ".venv-clients")
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST_NODE = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up what is missing, run, and exit non-zero when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", nargs="?", choices=("all", "python", "node"), default="all")
    parser.add_argument("more", nargs=argparse.REMAINDER, help="options for the runner of one suite")
    options = parser.parse_args(arguments)
    chosen = {"all": (run_python, run_node), "python": (run_python,), "node": (run_node,)}[options.suite]
    set_up_python()
    codes = [run(options.more) for run in chosen]
    return int(any(codes))


def set_up_python() -> None:
    """An environment of its own: the project's needs none of this."""
    wanted = HERE / "requirements.txt"
    if _is_ready(VENV, wanted):
        return
    if VENV.exists() and any(VENV.iterdir()) and not (VENV / "pyvenv.cfg").exists():
        raise SystemExit(f"{VENV} is no environment: nothing in it was touched. Name another folder in CLIENTS_VENV.")
    _tell(f"Making {VENV.name}, once; this takes about a minute …")
    venv.create(VENV, clear=True, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input", "install"]
    subprocess.run([*pip, "--require-hashes", "-r", str(wanted)], check=True)
    _mark_ready(VENV, wanted)


def run_python(more: Sequence[str]) -> int:
    """The suite of msgraph-sdk; it starts the emulator itself."""
    command = [str(PYTHON), "-m", "pytest", "-c", str(HERE / "pytest.ini"), str(HERE), "--quiet", *more]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def run_node(more: Sequence[str]) -> int:
    """The suite of @microsoft/microsoft-graph-client, which must know the emulator's authority before it starts."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _major(node) < OLDEST_NODE:
        _tell(f"The suite in JavaScript needs npm and Node {OLDEST_NODE} or newer in PATH.")
        return 1
    set_up_node(npm)
    suites = sorted(str(path) for path in (HERE / "node").glob("*.test.js"))
    command = [str(PYTHON), "-m", "tests.clients.cloud"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout
        line = emulator.stdout.readline()
        if not line:
            _tell("The emulator did not start; what it said is above.")
            return 1
        trust = {"CLOUD": line, "NODE_EXTRA_CA_CERTS": json.loads(line)["caFile"], "NO_PROXY": "localhost"}
        # One file after another: they share mailboxes, and a folder that changes while it is paged is no error.
        tests = [node, "--test", "--test-concurrency=1", *more, *suites]
        done = subprocess.run(tests, cwd=HERE, env=os.environ | trust, check=False)
        # Its end of input is the emulator's sign to stop; leaving the block closes the pipe and waits.
    return done.returncode


def set_up_node(npm: str) -> None:
    """The packages that package-lock.json pins."""
    folder, wanted = HERE / "node_modules", HERE / "package-lock.json"
    if _is_ready(folder, wanted):
        return
    subprocess.run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)
    _mark_ready(folder, wanted)


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _major(node: str) -> int:
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    return int(done.stdout.lstrip("v").partition(".")[0])


def _is_ready(folder: Path, wanted: Path) -> bool:
    stamp = folder / ".ready"
    return stamp.is_file() and stamp.read_text("ascii") == _digest(wanted)


def _mark_ready(folder: Path, wanted: Path) -> None:
    (folder / ".ready").write_text(_digest(wanted), "ascii")


def _digest(wanted: Path) -> str:
    return hashlib.sha256(wanted.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
