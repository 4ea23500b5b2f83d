"""What the policy files promise is true: named tests exist, secrets stay out of git, CI runs pinned code."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
GIT = shutil.which("git") or ""
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
NEVER_COMMITTED = [
    ".env",
    ".env.local",
    "deploy/.env.production",
    ".mcp_token_cache.json",
    ".mcp_token_cache.json.lock",
    "some/where/.mcp_token_cache.json.tmp",
    "certificates/app.pem",
    "app.key",
    "app.pfx",
    "graphward.log",
    "logs/graphward.log.1",
    "state/handles.sqlite3",
    "handles.sqlite3-wal",
    ".venv/bin/python",
    "graph/__pycache__/wire.cpython-311.pyc",
    "node_modules/x/index.js",
    ".coverage.host.123",
]
COMMITTED = [".env.example", "requirements.txt", "auth/cache/", "tests/auth/test_token_cache.py", ".ci/run"]


def is_ignored(name: str) -> bool:
    command = [GIT, "check-ignore", "--quiet", "--no-index", name]
    code = subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode
    if code not in {0, 1}:
        pytest.skip("not a git checkout")
    return code == 0


@pytest.mark.skipif(not GIT, reason="git is not installed")
@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in NEVER_COMMITTED])
def test_secrets_caches_logs_and_state_are_ignored_by_git(name: str) -> None:
    assert is_ignored(name)


@pytest.mark.skipif(not GIT, reason="git is not installed")
@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in COMMITTED])
def test_what_belongs_in_the_repository_is_not_ignored(name: str) -> None:
    assert not is_ignored(name)


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in NEVER_COMMITTED])
def test_an_image_is_built_without_secrets(name: str) -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    parents = [str(parent) for parent in (PurePosixPath(name), *PurePosixPath(name).parents)][:-1]
    assert any(re.fullmatch(as_docker_reads(pattern), parent) for pattern in patterns for parent in parents)


def as_docker_reads(pattern: str) -> str:
    """A line of .dockerignore as a regular expression: `**/` is any folder, or none."""
    anywhere, rest = ("(?:.*/)?", pattern[3:]) if pattern.startswith("**/") else ("", pattern)
    return anywhere + "".join(
        "[^/]*" if part == "*" else part for part in re.split(r"(\*)", re.escape(rest).replace(r"\*", "*"))
    )


def test_every_test_that_the_security_policy_names_exists() -> None:
    named = NAMED_TEST.findall((ROOT / "SECURITY.md").read_text("utf-8"))
    assert named, "SECURITY.md names no test; each promise names the one that holds it."
    missing = [f"{file}::{name}" for file, name in named if name not in functions_of(ROOT / file)]
    assert not missing, f"Write these tests, or take their promises out of SECURITY.md: {', '.join(missing)}"


def test_every_built_promise_of_the_security_policy_names_a_test() -> None:
    text = (ROOT / "SECURITY.md").read_text("utf-8")
    section = text.split("## What is built, and what holds it", 1)[1].split("\n## ", 1)[0]
    promises = re.split(r"^- ", section, flags=re.MULTILINE)[1:]
    assert promises
    assert [promise for promise in promises if not NAMED_TEST.search(promise)] == []


def functions_of(file: Path) -> set[str]:
    if not file.is_file():
        return set()
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_action_of_ci_is_pinned_to_a_commit_and_names_its_version() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml"))
    used = re.findall(r"uses: (.*)", text)
    assert used
    assert [line for line in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")
    assert "permissions:\n  contents: read\n" in text
    assert "write" not in text
