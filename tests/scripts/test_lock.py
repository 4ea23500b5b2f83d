"""scripts/lock: the committed files are fresh, and the script makes them right from wheels that a test owns."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.txt", "requirements-dev.txt")
PYPROJECT = """\
[project]
name = "sample"
version = "1"
requires-python = ">=3.11"
dependencies = ["alpha>=1"]

[dependency-groups]
dev = ["beta"]
"""


def lock(project: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real script on a project."""
    command = [sys.executable, str(ROOT / "scripts" / "lock"), "--project", str(project), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def publish(shelf: Path, name: str, version: str, *requires: str) -> None:
    """Put a wheel on a shelf that uv is told to look at."""
    shelf.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {need}\n" for need in requires)
    with zipfile.ZipFile(shelf / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


class Workshop:
    """A small project with a shelf of wheels in place of a package index."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.shelf = folder / "shelf"
        self.project.mkdir()
        self.write(PYPROJECT)
        publish(self.shelf, "alpha", "1.0")
        publish(self.shelf, "beta", "1.0", "alpha")
        self._cache = folder / "cache"

    def write(self, pyproject: str) -> None:
        (self.project / "pyproject.toml").write_text(pyproject, "utf-8")

    def lock(self, *options: str) -> subprocess.CompletedProcess[str]:
        offline = {"UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_FIND_LINKS": str(self.shelf)}
        return lock(self.project, *options, UV_CACHE_DIR=str(self._cache), **offline)

    def texts(self) -> list[str]:
        return [(self.project / name).read_text("utf-8") for name in LOCKS]


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_the_committed_lock_files_are_fresh() -> None:
    done = lock(ROOT, "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param('"msal>=', '"msal>', id="a runtime dependency"),
        pytest.param('"ruff>=', '"ruff>', id="a development dependency"),
        pytest.param('requires-python = ">=3.11"', 'requires-python = ">=3.12"', id="the Python floor"),
    ],
)
def test_a_changed_table_makes_the_check_fail_with_the_remedy(tmp_path: Path, before: str, after: str) -> None:
    copy_of_project(tmp_path)
    pyproject = tmp_path / "pyproject.toml"
    text = pyproject.read_text("utf-8")
    assert before in text
    pyproject.write_text(text.replace(before, after, 1), "utf-8")
    done = lock(tmp_path, "--check")
    assert done.returncode == 1
    assert "requirements.txt was not made from the dependency tables" in done.stderr
    assert "Run scripts/lock" in done.stderr


def test_a_change_elsewhere_in_pyproject_leaves_the_locks_fresh(tmp_path: Path) -> None:
    copy_of_project(tmp_path)
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write('\n[tool.something]\nsetting = "new"\n')
    assert lock(tmp_path, "--check").returncode == 0


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in LOCKS])
def test_a_missing_lock_file_is_stale(tmp_path: Path, name: str) -> None:
    copy_of_project(tmp_path)
    (tmp_path / name).unlink()
    done = lock(tmp_path, "--check")
    assert done.returncode == 1
    assert f"{name} is missing." in done.stderr


def test_tests_cannot_run_on_other_releases_than_are_shipped(workshop: Workshop) -> None:
    workshop.lock()
    development = workshop.project / "requirements-dev.txt"
    development.write_text(development.read_text("utf-8").replace("alpha==1.0", "alpha==0.9"), "utf-8")
    done = workshop.lock("--check")
    assert done.returncode == 1
    assert "requirements.txt pins alpha to 1.0, requirements-dev.txt to 0.9." in done.stderr


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in LOCKS])
def test_the_committed_locks_pin_every_line_and_say_nothing_of_where_they_were_made(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    code = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    shapes = re.compile(r"[a-z0-9][a-z0-9._-]*==[^\s;]+( ; [^\\]+?)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
    assert [line for line in code if not shapes.fullmatch(line)] == []
    leaks = r"://|--index|--extra-index|--find-links|file:|(^|[\s'\"])(/|~/|[A-Za-z]:\\)[A-Za-z]"
    assert [line for line in text.splitlines() if re.search(leaks, line)] == []


def test_a_lock_names_releases_with_their_hashes_and_no_place(workshop: Workshop) -> None:
    done = workshop.lock()
    assert done.returncode == 0, done.stderr
    runtime, development = workshop.texts()
    wheel = next(workshop.shelf.glob("alpha-1.0*")).read_bytes()
    assert f"alpha==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel).hexdigest()}" in runtime
    assert "beta" not in runtime
    assert "beta==1.0" in development
    assert "scripts/lock" in runtime.splitlines()[0]
    assert str(workshop.shelf.parent) not in runtime + development
    assert workshop.lock("--check").returncode == 0


def test_pins_that_still_fit_are_kept_until_an_upgrade_is_asked_for(workshop: Workshop) -> None:
    workshop.lock()
    publish(workshop.shelf, "alpha", "1.1")
    workshop.lock()
    assert all("alpha==1.0" in text for text in workshop.texts())
    workshop.lock("--upgrade")
    assert all("alpha==1.1" in text for text in workshop.texts())


def test_a_pin_that_no_longer_fits_moves_in_both_files(workshop: Workshop) -> None:
    workshop.lock()
    publish(workshop.shelf, "alpha", "1.1")
    workshop.write(PYPROJECT.replace("alpha>=1", "alpha>=1.1"))
    assert workshop.lock("--check").returncode == 1
    workshop.lock()
    assert all("alpha==1.1" in text for text in workshop.texts())


def test_a_dependency_that_does_not_exist_changes_nothing(workshop: Workshop) -> None:
    workshop.lock()
    before = workshop.texts()
    workshop.write(PYPROJECT.replace("alpha>=1", "gamma>=1"))
    done = workshop.lock()
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert "gamma" in done.stderr
    assert workshop.texts() == before


def test_without_uv_the_remedy_is_named(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False)
    copy = tmp_path / "scripts" / "lock"
    copy.parent.mkdir()
    shutil.copyfile(ROOT / "scripts" / "lock", copy)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'sample'\n", "utf-8")
    python = bare / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = subprocess.run([str(python), str(copy)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "uv is not installed in .venv. Run `make setup` first." in done.stderr


def copy_of_project(folder: Path) -> None:
    for name in ("pyproject.toml", *LOCKS):
        shutil.copyfile(ROOT / name, folder / name)
