"""`python -m emulator`: a process of its own, and a client that knows no more than what it says on stderr."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msal
import pytest
import requests

from emulator.__main__ import main
from emulator.entra import DEMO_CLIENT_ID
from emulator.standalone import serve
from tests.architecture import ROOT


@contextmanager
def running(*arguments: str) -> Iterator[list[str]]:
    """The lines that a server of its own writes before it serves."""
    command = [sys.executable, "-m", "emulator", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            yield list(notices(process.stderr))
        finally:
            process.terminate()


def notices(stream: Any) -> Iterator[str]:
    for line in stream:
        yield line.strip()
        if "AZURE_POD_IDENTITY_AUTHORITY_HOST" in line or "--tls" in line:
            return


def test_msal_signs_in_with_what_the_notices_say(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    with running("--tls", "--ca-file", str(ca_file)) as lines, requests.Session() as session:
        trust = dict(line.split("=", 1) for line in lines if line.endswith("ca.pem"))
        assert set(trust) == {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}
        session.verify = trust["REQUESTS_CA_BUNDLE"]
        session.trust_env = False
        (authority,) = re.findall(r"the authority is (\S+)\.$", "\n".join(lines), re.MULTILINE)
        app = msal.PublicClientApplication(
            DEMO_CLIENT_ID, authority=authority, instance_discovery=False, http_client=session
        )
        flow = app.initiate_device_flow(["User.Read"])
        session.post(flow["verification_uri"], data={"user_code": flow["user_code"], **first_person(session, flow)})
        token = app.acquire_token_by_device_flow(flow)["access_token"]
        base = authority.rpartition("/")[0]
        answer = session.get(f"{base}/v1.0/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200


def first_person(session: requests.Session, flow: dict[str, Any]) -> dict[str, str]:
    page = session.post(flow["verification_uri"], data={"user_code": flow["user_code"]}).text
    person = re.search(r'name="person" value="([^"]+)"', page)
    assert person
    return {"person": person[1], "decision": "accept"}


def test_without_tls_it_serves_http_and_says_what_that_is_good_for() -> None:
    with running("--host", "127.0.0.1") as lines:
        (base,) = re.findall(r"(http://localhost:\d+)$", lines[0])
        assert httpx.get(f"{base}/v1.0/me", trust_env=False).status_code == 401
        assert "--tls" in lines[-1]


def test_it_can_be_of_another_cloud_and_dates_its_answers_once() -> None:
    with running("--cloud", "usgov") as lines:
        (base,) = re.findall(r"(http://localhost:\d+)$", lines[0])
        document = httpx.get(f"{base}/common/v2.0/.well-known/openid-configuration", trust_env=False)
        graph = httpx.get(f"{base}/v1.0/me", trust_env=False)
    assert "https://graph.microsoft.us/" in lines[1]
    assert document.json()["msgraph_host"] == "graph.microsoft.us"
    assert document.json()["token_endpoint"].startswith(f"{base}/common/")
    assert [len(answer.headers.get_list("date")) for answer in (document, graph)] == [1, 1]


def test_it_can_be_disturbed_and_reset_from_this_computer() -> None:
    with running() as lines:
        (control,) = re.findall(r"(http://localhost:\d+/_emulator), from this computer", "\n".join(lines))
        with httpx.Client(trust_env=False) as client:
            client.post(f"{control}/faults", json={"graph": [{"kind": "reset"}]}).raise_for_status()
            graph = control.replace("_emulator", "v1.0/me")
            with pytest.raises(httpx.TransportError):
                client.get(graph)
            assert client.get(graph).status_code == 401
            people = client.get(control).json()["people"]
            client.post(f"{control}/seed", json={"path": "users/zed@lindenhall.example"}).raise_for_status()
            assert client.post(f"{control}/reset").json()["people"] == people


def test_control_can_be_left_out() -> None:
    with running("--no-control") as lines:
        base = lines[0].rpartition(" ")[2]
        assert "_emulator" not in "\n".join(lines)
        assert (
            httpx.get(f"{base}/_emulator", trust_env=False).json()["error"]["message"] == "Invalid version: _emulator"
        )


def test_a_cloud_that_does_not_exist_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--cloud", "germany"])
    assert "usgov-dod" in capsys.readouterr().err


def listens_on(host: str) -> bool:
    try:
        with socket.create_server((host, 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not listens_on("::1"), reason="this machine has no IPv6")
def test_it_listens_on_the_newer_loopback_too() -> None:
    with running("--host", "::1") as lines:
        port = lines[0].rpartition(":")[2]
        assert httpx.get(f"http://[::1]:{port}/v1.0/me", trust_env=False).status_code == 401


def test_a_certificate_has_a_folder_of_its_own_when_none_is_named() -> None:
    with running("--tls", "--host", "localhost") as lines:
        assert "https://localhost:" in lines[0]
        path = Path(next(line for line in lines if line.startswith("SSL_CERT_FILE=")).partition("=")[2])
        assert path.read_text("ascii").startswith("-----BEGIN CERTIFICATE-----")
        if os.name == "posix":
            assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signal for one process")
def test_an_interrupt_ends_it_quietly() -> None:
    command = [sys.executable, "-m", "emulator"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        first, *_ = notices(process.stderr)
        base = first.rpartition(" ")[2]
        assert httpx.get(f"{base}/v1.0/me", trust_env=False).status_code == 401
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_a_certificate_file_without_tls_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--ca-file", "ca.pem"])
    assert "--ca-file needs --tls" in capsys.readouterr().err


def test_a_port_that_is_taken_is_an_error() -> None:
    with running() as lines:
        port = int(lines[0].rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)):
            serve(port=port)
