"""The commands as people type them: server.py as a process, against Microsoft's own host names."""

from __future__ import annotations

import json
import queue
import re
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest

from _server_demo import DemoTenant
from tests import processes
from tests.auth.support import APP, SECRET, public_cloud
from tests.microsoft import Microsoft, microsoft
from tests.test_real_sign_in import browser

INES = "ines.aldana@lindenhall.example"


@pytest.fixture(scope="module")
def cloud() -> DemoTenant:
    cloud = public_cloud(secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}))
    cloud.app.state.entra.device_interval = 1
    return cloud


@pytest.fixture(scope="module")
def hosts(cloud: DemoTenant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microsoft]:
    with microsoft(cloud, tmp_path_factory.mktemp("ca")) as hosts:
        yield hosts


@pytest.fixture
def environ(cloud: DemoTenant, hosts: Microsoft, tmp_path: Path) -> dict[str, str]:
    tenant = cloud.app.state.tenant.id
    return {**hosts.environ, "HOME": str(tmp_path), "ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": tenant}


def login(cloud: DemoTenant, hosts: Microsoft, environ: dict[str, str]) -> tuple[int, str, str]:
    """Run `login --device`, and do what it asks for; its status, what it shows, and what it tells after that."""
    process = subprocess.Popen(
        processes.command("login", "--device"),
        env=processes.environment(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    watchdog = threading.Timer(processes.WAIT, process.kill)
    watchdog.start()
    with process, browser(hosts) as person:
        assert process.stderr
        for line in process.stderr:
            if code := re.search(r"enter the code (\w+)", line):
                fields = {"user_code": code[1], "person": cloud.app.state.tenant.demo_person.id, "decision": "accept"}
                person.post("https://login.microsoftonline.com/devicelogin", data=fields)
                break
        assert process.stdout
        shown, told = process.stdout.read(), process.stderr.read()
    watchdog.cancel()
    return process.returncode, shown, told


def test_login_accounts_doctor_and_logout(
    cloud: DemoTenant, hosts: Microsoft, environ: dict[str, str], tmp_path: Path
) -> None:
    status, shown, told = login(cloud, hosts, environ)
    assert status == 0, told
    assert INES in shown
    assert ".mcp_token_cache.json" in told

    listed = processes.run("accounts", "--json", extra=environ)
    assert listed.returncode == 0, listed.stderr
    assert INES in listed.stdout
    assert json.loads(listed.stdout)

    healthy = processes.run("doctor", "--json", extra=environ)
    found = {each["id"]: each for each in json.loads(healthy.stdout)["checks"]}
    assert healthy.returncode == 0, healthy.stdout
    assert {name: each["status"] for name, each in found.items() if each["status"] not in ("ok", "skipped")} == {}
    assert found["sign-in"]["status"] == found["permissions"]["status"] == found["clock"]["status"] == "ok"
    assert "SSL_CERT_FILE" in found["certificates"]["says"]
    assert "HTTPS_PROXY" in found["proxy"]["says"]

    gone = processes.run("logout", "--all", extra=environ)
    assert gone.returncode == 0
    assert INES in gone.stdout
    assert "Nobody is signed in" in processes.run("accounts", extra=environ).stdout
    assert "secret" not in json.dumps(json.loads((tmp_path / ".mcp_token_cache.json").read_text()))


def test_an_account_that_is_not_expected_is_refused_and_nothing_is_kept(
    cloud: DemoTenant, hosts: Microsoft, environ: dict[str, str], tmp_path: Path
) -> None:
    pinned = {**environ, "ENTRA_EXPECTED_ACCOUNT": "jonas.brandt@lindenhall.example"}
    status, shown, told = login(cloud, hosts, pinned)
    assert (status, shown) == (1, "")
    assert "ENTRA_EXPECTED_ACCOUNT" in told
    assert not (tmp_path / ".mcp_token_cache.json").exists()


def test_the_doctor_signs_an_app_in_and_names_what_it_lacks(environ: dict[str, str]) -> None:
    done = processes.run("doctor", "--json", extra={**environ, "ENTRA_CLIENT_SECRET": SECRET})
    found = {each["id"]: each for each in json.loads(done.stdout)["checks"]}
    assert found["credential"]["status"] == found["sign-in"]["status"] == "ok"
    assert SECRET not in done.stdout + done.stderr


def test_the_doctor_works_where_the_settings_do_not(environ: dict[str, str]) -> None:
    done = processes.run("doctor", extra={**environ, "ENTRA_CLIENT_ID": "", "LOG_LEVEL": "LOUD"})
    assert done.returncode == 1
    assert "ENTRA_CLIENT_ID: missing" in done.stdout
    assert "'LOUD' is not one of" in done.stdout
    assert "docs/app-registration.md" in done.stdout


def test_permissions_need_no_registration_and_the_link_does() -> None:
    table = processes.run("permissions", "--toolsets", "mail")
    assert table.returncode == 0
    assert "Mail.Read" in table.stdout
    assert json.loads(processes.run("permissions", "--json").stdout)
    link = processes.run("permissions", "--admin-consent-url")
    assert (link.returncode, link.stdout) == (2, "")
    assert "ENTRA_CLIENT_ID" in link.stderr


def test_an_unknown_toolset_is_told_by_permissions_too() -> None:
    done = processes.run("permissions", "--toolsets", "mial")
    assert done.returncode == 2
    assert "Did you mean mail?" in done.stderr


def test_the_emulator_serves_alone_and_its_port_can_be_taken() -> None:
    process = subprocess.Popen(
        processes.command("emulator"), env=processes.environment(), stderr=subprocess.PIPE, text=True
    )
    told: queue.Queue[str] = queue.Queue()
    with process:
        assert process.stderr
        reader = threading.Thread(target=_hand_on, args=(process.stderr, told), daemon=True)
        reader.start()
        try:
            url = re.search(r"http://localhost:\d+", told.get(timeout=processes.WAIT))
            assert url
            with httpx.Client(trust_env=False) as http:
                assert http.get(f"{url[0]}/v1.0/me").status_code == 401
        finally:
            process.terminate()
            reader.join(processes.WAIT)


def _hand_on(lines: Iterable[str], told: queue.Queue[str]) -> None:
    for line in lines:
        told.put(line)


def test_an_emulator_on_a_port_in_use_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = processes.run("emulator", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
