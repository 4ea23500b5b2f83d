"""scripts/audit as make and CI run it, against an OSV service that a test owns."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "audit"
HASH = f"--hash=sha256:{'0' * 64}"
LOCKED = f"# a comment\nalpha==1.0 \\\n    {HASH}\n    # via beta\nbeta==2.0 \\\n    {HASH}\n"
REFUSED = 503


def advisory(package: str = "alpha", **changes: object) -> dict[str, Any]:
    """One OSV record that says release 1.5 cures the package."""
    affected = {
        "package": {"name": package, "ecosystem": "PyPI"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.5"}]}],
    }
    return {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-0001"], "summary": "bad", "affected": [affected], **changes}


class OsvService:
    """Answers POST /v1/query as OSV does: a record per package name; an int is a status to refuse with."""

    def __init__(self, answers: Mapping[str, dict[str, Any] | int]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Serve on a free loopback port for as long as the block runs."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.asked.append((query["package"]["name"], query["version"]))
                answer = service.answers.get(query["package"]["name"], {})
                self.send_response(answer if isinstance(answer, int) else 200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Stay silent: the default writes to the test's stderr."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/v1/query"
            finally:
                server.shutdown()
                thread.join()


def audit(tmp_path: Path, locked: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real script on a lock file of the test's own."""
    file = tmp_path / "requirements.txt"
    file.write_text(locked, "utf-8")
    hidden = {"AUDIT_REQUIRED", "AUDIT_OSV_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"}
    inherited = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, str(SCRIPT), str(file), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=inherited | environment)


def test_a_lock_file_without_known_vulnerabilities_is_clean(tmp_path: Path) -> None:
    service = OsvService({})
    with service.listening() as url:
        done = audit(tmp_path, LOCKED, "--osv-url", url)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Clean: 2 packages of requirements.txt" in done.stdout
    assert service.asked == [("alpha", "1.0"), ("beta", "2.0")]


def test_a_vulnerability_is_named_with_its_package_and_its_cure(tmp_path: Path) -> None:
    with OsvService({"alpha": {"vulns": [advisory()]}}).listening() as url:
        done = audit(tmp_path, LOCKED, AUDIT_OSV_URL=url)
    assert done.returncode == 1
    assert "alpha 1.0: PYSEC-2026-1 (CVE-2026-0001), fixed in 1.5" in done.stdout
    assert "Clean" not in done.stdout
    assert "NOT AUDITED" not in done.stderr


def test_a_vulnerability_without_a_cure_says_so(tmp_path: Path) -> None:
    bare = advisory(aliases=[], affected=[{"package": {"name": "alpha", "ecosystem": "PyPI"}}])
    with OsvService({"alpha": {"vulns": [bare]}}).listening() as url:
        done = audit(tmp_path, LOCKED, "--osv-url", url)
    assert done.returncode == 1
    assert "alpha 1.0: PYSEC-2026-1, no fixed version yet" in done.stdout


@pytest.mark.parametrize(
    ("required", "code"),
    [
        pytest.param("", 0, id="said loudly where it is not required"),
        pytest.param("0", 0, id="zero means not required"),
        pytest.param("1", 1, id="a failure where it is required"),
    ],
)
def test_a_dead_service_is_never_read_as_clean(tmp_path: Path, required: str, code: int) -> None:
    with OsvService({}).listening() as url:
        pass
    done = audit(tmp_path, LOCKED, "--osv-url", url, AUDIT_REQUIRED=required)
    assert done.returncode == code
    assert "NOT AUDITED: 2 of 2 packages have no answer." in done.stderr
    assert len(done.stderr.splitlines()) >= 5
    assert "Clean" not in done.stdout


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(REFUSED, id="the service refuses"),
        pytest.param(404, id="the address is wrong"),
        pytest.param({"next_page_token": "more"}, id="the answer has no list"),
        pytest.param({"vulns": [advisory(schema_version="2.0.0")]}, id="an advisory of an unknown schema"),
        pytest.param({"vulns": [{"id": "PYSEC-2026-2"}]}, id="an advisory that names no package"),
    ],
)
def test_an_answer_that_cannot_be_read_is_never_clean(tmp_path: Path, answer: dict[str, Any] | int) -> None:
    with OsvService({"beta": answer}).listening() as url:
        done = audit(tmp_path, LOCKED, "--osv-url", url, AUDIT_REQUIRED="1")
    assert done.returncode == 1
    assert "NOT AUDITED" in done.stderr
    assert "Clean" not in done.stdout


def test_a_finding_is_reported_even_beside_an_advisory_that_cannot_be_read(tmp_path: Path) -> None:
    answers = {"alpha": {"vulns": [advisory()]}, "beta": {"vulns": [{"id": "PYSEC-2026-2"}]}}
    with OsvService(answers).listening() as url:
        done = audit(tmp_path, LOCKED, "--osv-url", url)
    assert done.returncode == 1
    assert "alpha 1.0: PYSEC-2026-1" in done.stdout
    assert "NOT AUDITED: 1 of 2 packages have no answer." in done.stderr


def test_pins_for_other_platforms_and_second_releases_are_asked_about_too(tmp_path: Path) -> None:
    locked = (
        f"alpha==1.0 ; sys_platform == 'nowhere' \\\n    {HASH}\n"
        f"alpha==2.0 ; sys_platform != 'nowhere' \\\n    {HASH}\n"
        f"beta==2.0 ; python_full_version < '3' \\\n    {HASH}\n"
    )
    service = OsvService({})
    with service.listening() as url:
        done = audit(tmp_path, locked, "--osv-url", url)
    assert done.returncode == 0
    assert sorted(service.asked) == [("alpha", "1.0"), ("alpha", "2.0"), ("beta", "2.0")]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f"gamma @ https://files.example/gamma-1.0-py3-none-any.whl {HASH}", id="an address"),
        pytest.param("-r more.txt", id="another file"),
        pytest.param("gamma>=1", id="a range"),
    ],
)
def test_what_is_no_pin_is_not_clean(tmp_path: Path, line: str) -> None:
    with OsvService({}).listening() as url:
        done = audit(tmp_path, f"{LOCKED}{line}\n", "--osv-url", url, AUDIT_REQUIRED="1")
    assert done.returncode == 1
    assert "of 3 packages have no answer." in done.stderr
    assert "Clean" not in done.stdout


def test_an_empty_lock_file_is_not_clean(tmp_path: Path) -> None:
    done = audit(tmp_path, "# nothing\n", AUDIT_REQUIRED="1")
    assert done.returncode == 1
    assert "NOT AUDITED: 0 of 0 packages" in done.stderr


def test_a_pin_without_a_hash_is_not_clean(tmp_path: Path) -> None:
    with OsvService({}).listening() as url:
        done = audit(tmp_path, "alpha==1.0\n", "--osv-url", url, AUDIT_REQUIRED="1")
    assert done.returncode == 1
    assert "does not contain a hash" in done.stderr


def test_a_missing_lock_file_names_the_remedy(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path / "none.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Run scripts/lock" in done.stderr


def test_without_pip_audit_the_remedy_is_named(tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False)
    copy = tmp_path / "scripts" / "audit"
    copy.parent.mkdir()
    shutil.copyfile(SCRIPT, copy)
    python = bare / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = subprocess.run([str(python), str(copy)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip-audit is not installed in .venv. Run `make setup` first." in done.stderr
