"""scripts/setup.py: what `make` uses to bring .venv to life, and what it says when it cannot."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.setup import SetupError, require_python

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "setup.py"
STAMP = ".ready-runtime"


class Project:
    """A folder with a requirements file and the one wheel that it asks for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.venv = folder / ".venv"
        wheel = folder / "alpha-1.0-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("alpha.py", "")
            archive.writestr("alpha-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: alpha\nVersion: 1.0\n")
            archive.writestr(
                "alpha-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr("alpha-1.0.dist-info/RECORD", "")
        self.digest = hashlib.sha256(wheel.read_bytes()).hexdigest()

    def require(self, digest: str, name: str = "requirements.txt") -> None:
        (self.folder / name).write_text(f"alpha==1.0 --hash=sha256:{digest}\n", "utf-8")

    def setup(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), "--project", str(self.folder), *arguments]
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.folder), "PIP_CONFIG_FILE": os.devnull}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | offline)

    def python(self) -> Path:
        return self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def has_alpha(self) -> bool:
        return subprocess.run([str(self.python()), "-c", "import alpha"], check=False).returncode == 0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_failed_install_leaves_no_stamp_and_the_next_run_finishes_it(project: Project) -> None:
    project.require("0" * 64)
    refused = project.setup()
    assert refused.returncode == 1
    assert "pip could not install requirements.txt" in refused.stderr
    assert not (project.venv / STAMP).exists()

    project.require(project.digest)
    done = project.setup()
    assert done.returncode == 0, done.stderr
    assert "Making" not in done.stdout
    assert project.has_alpha()
    assert (project.venv / STAMP).exists()


def test_a_half_made_environment_is_made_anew(project: Project) -> None:
    project.venv.mkdir()
    (project.venv / STAMP).touch()
    (project.venv / "pyvenv.cfg").write_text("home = nowhere\n", "utf-8")
    project.require(project.digest, "requirements-dev.txt")
    done = project.setup("requirements-dev.txt")
    assert done.returncode == 0, done.stderr
    assert "Making .venv" in done.stdout
    assert project.has_alpha()
    assert {path.name for path in project.venv.glob(".ready-*")} == {".ready-dev", STAMP}


def test_an_environment_that_cannot_be_made_says_why(project: Project) -> None:
    project.venv.write_text("a file is in the way", "utf-8")
    done = project.setup()
    assert done.returncode == 1
    assert ".venv could not be made." in done.stderr


def test_an_old_python_is_refused_with_the_way_to_name_another() -> None:
    with pytest.raises(SetupError, match=r"3\.11 or newer is needed; this is 3\.9.*make PYTHON="):
        require_python((3, 9), has_ensurepip=True)


def test_a_python_without_venv_names_the_package_to_install() -> None:
    with pytest.raises(SetupError, match=r"apt-get install python3-venv .*python3\.12-venv"):
        require_python((3, 12), has_ensurepip=False)
