"""Starting: what is refused, with which words, and with which status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import server
from settings import VERSION
from tests import processes
from web import bound_socket, reason_of


@pytest.mark.parametrize(
    ("options", "extra", "says"),
    [
        pytest.param([], {"TRANSPORT": "htpt"}, ["TRANSPORT", "'htpt'", "http"], id="TRANSPORT=htpt"),
        pytest.param(["--demo"], {"HTTP_PROT": "3000"}, ["HTTP_PROT", "HTTP_PORT"], id="misspelt name"),
        pytest.param([], {"ENTRA_TENNANT_ID": "x"}, ["ENTRA_TENNANT_ID", "ENTRA_TENANT_ID"], id="ENTRA_TENNANT_ID"),
        pytest.param([], {}, ["ENTRA_CLIENT_ID", "--demo"], id="nothing configured"),
        pytest.param(["--env-file", "missing.env"], {}, ["missing.env"], id="missing .env"),
        pytest.param(["--demo", "--toolsets", "mial"], {}, ["'mial'", "mail"], id="unknown toolset"),
        pytest.param(["--demo", "--tarnsport", "http"], {}, ["--tarnsport", "--transport"], id="unknown option"),
        pytest.param(
            ["--demo", "--transport", "http", "--host", "0.0.0.0"],
            {},
            ["0.0.0.0", "show nothing", "127.0.0.1"],
            id="open to the network",
        ),
        pytest.param(["--transport", "http"], {}, ["HTTP_AUTH", "entra", "apikey"], id="HTTP for everybody"),
    ],
)
def test_a_mistake_stops_the_start_and_names_the_remedy(
    options: list[str], extra: dict[str, str], says: list[str]
) -> None:
    ended = processes.run(*options, extra=extra)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert all(part in ended.stderr for part in says), ended.stderr
    assert "Traceback" not in ended.stderr


APP = {
    "ENTRA_TENANT_ID": "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a11",
    "ENTRA_CLIENT_ID": "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10",
    "ENTRA_CLIENT_SECRET": "a-secret-of-the-test",
}


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        pytest.param({"HTTP_AUTH": "none"}, ["HTTP_AUTH", "--insecure-loopback"], id="none without the flag"),
        pytest.param(
            {"HTTP_AUTH": "none", "INSECURE_LOOPBACK": "true", "HTTP_HOST": "0.0.0.0"},
            ["HTTP_HOST", "127.0.0.1"],
            id="none beyond loopback",
        ),
        pytest.param({"DEMO": "true", "HTTP_HOST": "::"}, ["HTTP_HOST", "127.0.0.1"], id="the demo beyond loopback"),
        pytest.param({"DEMO": "true", "WORKERS": "2"}, ["WORKERS", "one process"], id="a demo of two processes"),
        pytest.param({"HTTP_AUTH": "entra"}, ["PUBLIC_URL", "docs/http.md"], id="Entra without an address"),
        pytest.param(
            {"HTTP_AUTH": "entra", "PUBLIC_URL": "https://graph.contoso.com", "HTTP_HOST": "0.0.0.0"},
            ["TRUSTED_PROXIES", "HTTP_TLS_CERT"],
            id="tokens in the clear",
        ),
        pytest.param({"HTTP_AUTH": "apikey", "ENTRA_AUTH_MODE": "delegated"}, ["HTTP_AUTH"], id="keys of nobody"),
        pytest.param({"HTTP_AUTH": "apikey", "HTTP_TLS_CERT": "none.pem"}, ["HTTP_TLS_KEY"], id="half of TLS"),
    ],
)
def test_nobody_unknown_is_served_over_http(
    extra: dict[str, str],
    says: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty.env").touch()
    for name in os.environ:
        if name not in processes.environment():
            monkeypatch.delenv(name)
    for name, value in {**APP, "TRANSPORT": "http", "HTTP_PORT": "0", **extra}.items():
        monkeypatch.setenv(name, value)
    assert server.main(["--env-file", str(tmp_path / "empty.env")]) == 2
    told = capsys.readouterr().err
    assert [each for each in says if each not in told] == [], told


def test_a_spoilt_file_of_keys_stops_the_start(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text('{"keys": [', encoding="ascii")
    keys.chmod(0o600)
    mode = {"HTTP_AUTH": "apikey", "HTTP_KEYS_FILE": str(keys), "STATE_DIR": str(tmp_path / "state")}
    ended = processes.run("--transport", "http", "--port", "0", extra={**APP, **mode})
    assert ended.returncode == 2
    assert f"HTTP_KEYS_FILE: {keys}: line 1" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_all_mistakes_are_told_at_once() -> None:
    ended = processes.run(extra={"TRANSPORT": "x", "HTTP_PORT": "99999", "LOG_LEVEL": "LOUD"})
    assert [name for name in ("TRANSPORT", "HTTP_PORT", "LOG_LEVEL") if name not in ended.stderr] == []


def test_what_only_the_parts_can_judge_is_told_together_too(tmp_path: Path) -> None:
    extra = {
        "TOOLSETS": "mial",
        "LOG_FILE": str(tmp_path),
        "SSL_CERT_FILE": str(tmp_path / "x"),
    }
    ended = processes.run(extra={**extra, "ENTRA_ENABLE_AUTH": "false"})
    assert ended.returncode == 2
    assert [name for name in extra if name not in ended.stderr] == []
    assert "Traceback" not in ended.stderr


def test_logs_may_be_json_lines() -> None:
    with processes.stdio("--demo", "--log-format", "json") as running:
        running.initialize()
        lines = running.close().splitlines()
    records = [json.loads(line) for line in lines if line.startswith("{")]
    assert "Graphward starts" in {record["message"] for record in records}


def test_a_port_in_use_stops_the_start() -> None:
    with bound_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        ended = processes.run("--demo", "--transport", "http", "--port", str(port))
    assert ended.returncode == 2
    assert f"port {port}" in ended.stderr
    assert "HTTP_PORT" in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_log_file_that_is_a_link_stops_the_start(tmp_path: Path) -> None:
    link = tmp_path / "log"
    link.symlink_to(tmp_path / "elsewhere")
    ended = processes.run("--demo", "--log-file", str(link))
    assert ended.returncode == 2
    assert "LOG_FILE" in ended.stderr
    assert not (tmp_path / "elsewhere").exists()


def test_an_unreadable_env_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "bad.env").write_bytes(b"ENTRA_CLIENT_ID=\xff\xfe\n")
    ended = processes.run("--env-file", str(tmp_path / "bad.env"))
    assert ended.returncode == 2
    assert "bad.env" in ended.stderr


def test_the_version_is_told() -> None:
    ended = processes.run("--version")
    assert ended.returncode == 0
    assert VERSION in ended.stdout


def test_a_secret_in_the_environment_is_not_in_the_log(tmp_path: Path) -> None:
    canary = "canary-4f1e9c72"
    extra = {
        "ENTRA_CLIENT_ID": "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10",
        "ENTRA_TENANT_ID": "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a11",
        "ENTRA_CLIENT_SECRET": canary,
        "LOG_LEVEL": "DEBUG",
        "LOG_FILE": str(tmp_path / "log"),
    }
    with processes.stdio(extra=extra) as running:
        running.initialize()
        err = running.close()
    assert canary not in err + (tmp_path / "log").read_text()
    assert "Graphward starts" in (tmp_path / "log").read_text()


def test_an_interrupt_ends_the_program_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(server, "run", interrupted)
    assert server.main(["--demo"]) == 130


def test_the_demo_over_http_tells_every_client_what_to_paste() -> None:
    with subprocess.Popen(
        processes.command("--demo", "--transport", "http", "--port", "0"),
        env=processes.environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr
        told = ""
        for line in process.stderr:
            told += line
            if "Ctrl+C" in line:
                break
        process.terminate()
        process.communicate(timeout=processes.WAIT)
    for client in ("Claude Desktop", "Claude Code", "VS Code", "Cursor", "Inspector"):
        assert client in told
    assert "server.py" in told
    assert "/mcp" in told


def test_the_secrets_of_the_settings_are_masked_wherever_they_are_logged(tmp_path: Path) -> None:
    extra = {"ENTRA_CLIENT_ID": "2f6d2f0e-8f0c-4a53-9f0e-6f3c9d1b7a10", "ENTRA_TENANT_ID": "contoso.example"}
    script = tmp_path / "telling.py"
    script.write_text(
        f"import logging, sys\nsys.path.insert(0, {str(processes.ROOT)!r})\nimport server\n"
        "server.run = lambda settings: logging.getLogger('x').warning(\n"
        "    'plain %s', settings.entra_client_secret.get_secret_value())\n"
        "sys.exit(server.main([]))\n",
        encoding="utf-8",
    )
    ended = subprocess.run(
        [sys.executable, str(script)],
        env=processes.environment({**extra, "ENTRA_CLIENT_SECRET": "canary-0b9e77"}),
        capture_output=True,
        text=True,
        timeout=processes.WAIT,
        check=False,
    )
    assert "plain" in ended.stderr
    assert "canary-0b9e77" not in ended.stderr


def test_a_crash_is_logged_like_everything_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(settings: object) -> None:
        raise RuntimeError("unforeseen Bearer canary-5a1c")

    monkeypatch.setattr(server, "run", crash)
    assert server.main(["--demo"]) == 1
    told = capsys.readouterr().err
    assert "unforeseen" in told
    assert "canary-5a1c" not in told


def test_the_reason_is_found_inside_nested_groups() -> None:
    reason = ValueError("the reason")
    groups = ExceptionGroup("outer", [ExceptionGroup("inner", [reason])])
    assert reason_of(groups) is reason
    several = ExceptionGroup("both", [reason, reason])
    assert reason_of(several) is several
