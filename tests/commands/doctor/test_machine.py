"""The doctor on this machine: settings, files, log, versions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from commands.doctor._verdict import Status, Verdict, ok
from tests.auth.support import SECRET
from tests.commands.doctor.support import surroundings, verdicts

posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no such modes")


async def said(name: str, **details: Any) -> Verdict:
    return (await verdicts(surroundings(**details), name))[name]


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        pytest.param({}, "complete: a person signs in, tenant ", id="a person"),
        pytest.param({"ENTRA_CLIENT_SECRET": SECRET}, "complete: an app with a client secret, tenant ", id="a secret"),
        pytest.param({"GRAPH_ACCESS_TOKEN": "a-token-of-the-test"}, "complete: a supplied token", id="a token"),
        pytest.param({"DEMO": "true"}, "complete: the demo tenant", id="the demo"),
    ],
)
async def test_complete_settings_say_how_the_server_signs_in(environ: dict[str, str], says: str) -> None:
    verdict = await said("settings", environ=environ)
    assert verdict.status is Status.OK
    assert verdict.says.startswith(says)


async def test_every_problem_of_the_settings_is_told() -> None:
    verdict = await said("settings", problems=("A: wrong.", "B: missing."))
    assert verdict.says.startswith("2 are wrong or missing")
    assert verdict.remedy == "A: wrong.\nB: missing."


@posix
@pytest.mark.parametrize(
    ("content", "mode", "status"),
    [
        pytest.param("ENTRA_CLIENT_SECRET=x\n", 0o600, Status.OK, id="closed"),
        pytest.param("ENTRA_CLIENT_SECRET=x\n", 0o640, Status.WARN, id="open to the group"),
        pytest.param(" export GRAPH_ACCESS_TOKEN = x\n", 0o604, Status.WARN, id="open to all"),
        pytest.param("ENTRA_CLIENT_ID=x\nENTRA_CLIENT_SECRET=\n", 0o644, Status.OK, id="no secret in it"),
        pytest.param("ENTRA_CLIENT_SECRET_FILE=/x\n", 0o644, Status.OK, id="only where the secret is"),
    ],
)
async def test_an_env_file_with_a_secret_is_for_its_owner_alone(
    content: str, mode: int, status: Status, tmp_path: Path
) -> None:
    file = tmp_path / ".env"
    file.write_text(content)
    file.chmod(mode)
    verdict = await said("secret-files", env_file=file)
    assert verdict.status is status
    assert verdict.remedy == (f"Run: chmod 600 {file}" if status is Status.WARN else "")


@posix
async def test_a_file_that_holds_a_secret_is_looked_at_too(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    file.chmod(0o644)
    verdict = await said("secret-files", environ={"ENTRA_CLIENT_SECRET_FILE": str(file)})
    assert verdict == Verdict(Status.WARN, f"others may read {file}", f"Run: chmod 600 {file}")


async def test_where_no_file_holds_a_secret_there_is_nothing_to_say() -> None:
    assert await said("secret-files") == ok("no secret comes from a file")


async def test_modes_are_left_out_where_there_are_none(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    about = surroundings(environ={"ENTRA_CLIENT_SECRET_FILE": str(file)}, has_modes=False)
    assert (await verdicts(about, "secret-files"))["secret-files"].status is Status.SKIPPED


async def test_the_log_goes_where_it_shall(tmp_path: Path) -> None:
    assert await said("log-file") == ok("the log goes to stderr")
    file = tmp_path / "log"
    for _ in range(2):
        assert await said("log-file", environ={"LOG_FILE": str(file)}) == ok(f"the log goes to {file}")
        file.touch()


@pytest.mark.parametrize("place", [pytest.param("", id="a folder"), pytest.param("absent/log", id="a missing folder")])
async def test_a_log_that_cannot_be_written_is_a_failure(place: str, tmp_path: Path) -> None:
    verdict = await said("log-file", environ={"LOG_FILE": str(tmp_path / place)})
    assert verdict.status is Status.FAIL
    assert "LOG_FILE" in verdict.remedy


@posix
async def test_a_log_that_is_a_link_is_a_failure(tmp_path: Path) -> None:
    link = tmp_path / "log"
    link.symlink_to(tmp_path / "elsewhere")
    assert "ordinary file" in (await said("log-file", environ={"LOG_FILE": str(link)})).says
    assert not (tmp_path / "elsewhere").exists()


async def test_this_python_is_new_enough() -> None:
    assert (await said("python")).says.startswith("Python 3.")


async def test_an_old_python_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    assert (await said("python")).status is Status.FAIL


async def test_the_versions_are_compared_with_the_tested_ones(tmp_path: Path) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text("httpx[http2]==0.0.1 \\\n    --hash=sha256:00\nno-such-package==1.0 ; sys_platform == 'win32'\n")
    verdict = await said("packages", requirements=pins)
    assert verdict.status is Status.WARN
    assert "httpx " in verdict.says
    assert "instead of 0.0.1" in verdict.says
    assert "no-such-package" not in verdict.says
    assert "-m pip install --require-hashes -r requirements.txt" in verdict.remedy


async def test_many_other_versions_are_counted(tmp_path: Path) -> None:
    pins = tmp_path / "requirements.txt"
    names = ("httpx", "msal", "mcp", "anyio", "starlette", "uvicorn", "pydantic")
    pins.write_text("".join(f"{name}==0.0.1\n" for name in names))
    assert (await said("packages", requirements=pins)).says.endswith("2 more")


async def test_versions_are_told_where_they_fit(tmp_path: Path) -> None:
    pins = tmp_path / "requirements.txt"
    pins.write_text("# none\n")
    verdict = await said("packages", requirements=pins)
    assert verdict.status is Status.OK
    assert "msal " in verdict.says
    assert (await said("packages", requirements=tmp_path / "absent.txt")).status is Status.WARN
