"""Make .venv ready: create or repair it, then install one hashed requirements file into it.

python scripts/setup.py                          what the server runs with
python scripts/setup.py requirements-dev.txt     that, and what tests and checks need
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
FLOOR = (3, 11)
# A finished install leaves one of these; the Makefile compares their age with the requirements files.
STAMPS = {RUNTIME: (".ready-runtime",), DEVELOPMENT: (".ready-dev", ".ready-runtime")}


class SetupError(Exception):
    """The environment cannot be made; the message says what to install or do."""


def python_of(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def require_python(version: tuple[int, int], *, has_ensurepip: bool) -> None:
    """Refuse a Python that cannot make the environment, and name the package that cures it."""
    running = f"{version[0]}.{version[1]}"
    if version < FLOOR:
        raise SetupError(
            f"Python 3.11 or newer is needed; this is {running}. Install one, or name it: make PYTHON=/path/to/python3"
        )
    if not has_ensurepip:
        raise SetupError(
            f"This Python {running} cannot make virtual environments: its venv part is a package of its own.\n"
            f"Debian and Ubuntu: apt-get install python3-venv    (or python{running}-venv)"
        )


def works(venv: Path) -> bool:
    """A half-made environment, or one whose Python was upgraded away, does not start pip."""
    question = f"import pip, sys; sys.exit(sys.version_info < {FLOOR})"
    try:
        return not subprocess.run([str(python_of(venv)), "-c", question], capture_output=True, check=False).returncode
    except OSError:
        return False


def create(venv: Path) -> None:
    """Make the environment, or make it anew where it is broken."""
    if Path(sys.prefix).resolve() == venv.resolve():
        raise SetupError(f"{venv.name} is broken and in use by this very shell: run `deactivate`, then try again.")
    print(f"Making {venv.name} with {sys.executable} …", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"{venv.name} could not be made.\n{(done.stdout + done.stderr).strip()}")


def install(venv: Path, requirements: Path) -> None:
    """Install by hash; the stamp is written last, so that a broken install is tried again."""
    stamps = [venv / name for name in STAMPS[requirements.name]]
    for stamp in stamps:
        stamp.unlink(missing_ok=True)
    print(f"Installing {requirements.name}, once; this takes about a minute …", flush=True)
    pip = [str(python_of(venv)), "-m", "pip", "-qq", "--disable-pip-version-check", "--no-input", "install"]
    done = subprocess.run([*pip, "--require-hashes", "-r", str(requirements)], check=False)
    if done.returncode:
        raise SetupError(
            f"pip could not install {requirements.name}; what it said is above. Run the same command again."
        )
    for stamp in stamps:
        stamp.touch()


def main() -> int:
    """Run the command line; the exit code is for make."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requirements", nargs="?", choices=list(STAMPS), default=RUNTIME)
    parser.add_argument(
        "--project", type=Path, default=ROOT, help="where the requirements are (default: this repository)"
    )
    options = parser.parse_args()
    venv = options.project / ".venv"
    try:
        require_python(sys.version_info[:2], has_ensurepip=importlib.util.find_spec("ensurepip") is not None)
        if not works(venv):
            create(venv)
        install(venv, options.project / options.requirements)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
