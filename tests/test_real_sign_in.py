"""Signing in as users do: server.py as a process, through a proxy that inspects TLS, to Microsoft's own host names."""

from __future__ import annotations

import re
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from _server_demo import DemoTenant
from emulator import sign_in_at
from tests import processes
from tests.auth.support import APP, SECRET, public_cloud
from tests.microsoft import Microsoft, microsoft

MAILBOX = "ines.aldana@lindenhall.example"


@pytest.fixture
def cloud() -> DemoTenant:
    cloud = public_cloud(secrets=(SECRET,), application_roles=frozenset({"Mail.Read"}))
    cloud.app.state.entra.device_interval = 1
    cloud.app.state.tenant.add_message(cloud.app.state.tenant.demo_person, "Found it")
    return cloud


@pytest.fixture
def hosts(cloud: DemoTenant, tmp_path: Path) -> Iterator[Microsoft]:
    with microsoft(cloud, tmp_path) as hosts:
        yield hosts


def environ(cloud: DemoTenant, hosts: Microsoft, home: Path, **extra: str) -> dict[str, str]:
    tenant = cloud.app.state.tenant.id
    return {**hosts.environ, "HOME": str(home), "ENTRA_CLIENT_ID": APP, "ENTRA_TENANT_ID": tenant, **extra}


def browser(hosts: Microsoft) -> httpx.Client:
    """The person's browser: it goes through the proxy, and to this computer directly."""
    trusted = ssl.create_default_context(cafile=str(hosts.ca_file))
    proxied = httpx.HTTPTransport(verify=trusted, proxy=hosts.proxy)
    return httpx.Client(transport=proxied, mounts={"all://localhost": httpx.HTTPTransport()}, trust_env=False)


def text_of(result: dict[str, Any]) -> str:
    (content,) = result["content"]
    return str(content["text"])


def command_line_of(pid: int) -> str:
    """What every account of the machine can read of a process."""
    file = Path(f"/proc/{pid}/cmdline")
    return file.read_text() if file.exists() else ""


def test_a_person_signs_in_with_a_code_and_the_next_start_remembers(
    cloud: DemoTenant, hosts: Microsoft, tmp_path: Path
) -> None:
    settings = environ(cloud, hosts, tmp_path, ENTRA_SIGN_IN="device")
    with processes.stdio(extra=settings) as server, browser(hosts) as person:
        server.initialize()
        invited = text_of(server.call(1, "account_whoami"))
        code = re.search(r"enter the code (\w+)", invited)
        assert code, invited
        fields = {"user_code": code[1], "person": cloud.app.state.tenant.demo_person.id, "decision": "accept"}
        person.post("https://login.microsoftonline.com/devicelogin", data=fields)
        assert "Signed in as Ines Aldana" in text_of(server.call(2, "account_whoami"))
        log = server.close()
    assert invited in log
    cache = tmp_path / ".mcp_token_cache.json"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    with processes.stdio(extra=settings) as server:
        server.initialize()
        assert "Found it" in text_of(server.call(1, "mail_list_messages"))
        server.close()
    assert hosts.reached == {"login.microsoftonline.com", "graph.microsoft.com"}


def test_a_person_signs_in_with_a_browser_on_this_computer(cloud: DemoTenant, hosts: Microsoft, tmp_path: Path) -> None:
    settings = environ(cloud, hosts, tmp_path, ENTRA_SIGN_IN="browser")
    with processes.stdio(extra=settings) as server, browser(hosts) as person:
        server.initialize()
        invited = text_of(server.call(1, "account_whoami"))
        link = re.search(r"http://localhost:\d+/sign-in/\S+", invited)
        assert link, invited
        authorize = person.get(link[0].rstrip(",")).headers["location"]
        assert authorize.startswith("https://login.microsoftonline.com/")
        asked = httpx.URL(authorize).params
        assert (asked["code_challenge_method"], asked["response_mode"]) == ("S256", "form_post")
        answer = sign_in_at(person, authorize, cloud.app.state.tenant.demo_person)
        page = person.post(asked["redirect_uri"], data=answer, headers={"Origin": "https://login.microsoftonline.com"})
        assert page.status_code == 200
        assert "can close" in page.text
        assert "Signed in as Ines Aldana" in text_of(server.call(2, "account_whoami"))
        server.close()


def test_an_app_signs_in_and_its_secret_is_on_no_command_line(
    cloud: DemoTenant, hosts: Microsoft, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    settings = environ(cloud, hosts, tmp_path, ENTRA_CLIENT_SECRET_FILE=str(secret), GRAPH_MAILBOX=MAILBOX)
    with processes.stdio(extra={**settings, "LOG_LEVEL": "DEBUG"}) as server:
        server.initialize()
        assert "Found it" in text_of(server.call(1, "mail_list_messages"))
        seen = command_line_of(server.process.pid)
        log = server.close()
    assert SECRET not in seen + log
    assert not (tmp_path / ".mcp_token_cache.json").exists()


def test_over_http_no_token_touches_the_disk(cloud: DemoTenant, hosts: Microsoft, tmp_path: Path) -> None:
    settings = environ(cloud, hosts, tmp_path, ENTRA_CLIENT_SECRET=SECRET, GRAPH_MAILBOX=MAILBOX)
    before = set(tmp_path.iterdir())
    open_to_all = {"HTTP_AUTH": "none", "INSECURE_LOOPBACK": "true"}
    with processes.http(extra={**settings, **open_to_all, "STATE_DIR": str(tmp_path / "state")}) as url:
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "account_whoami"}}
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
        start = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        with httpx.Client(headers=headers, trust_env=False, timeout=30) as client:
            opened = client.post(url, json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": start})
            answer = client.post(url, json=call, headers={"Mcp-Session-Id": opened.headers["mcp-session-id"]})
        assert "the app Nightly report" in answer.text
    assert set(tmp_path.iterdir()) - before == {tmp_path / "state"}
    kept = b"".join(file.read_bytes() for file in (tmp_path / "state").iterdir())
    assert b"eyJ" not in kept  # as every token begins


def test_a_certificate_that_is_not_trusted_is_told_with_the_remedy(
    cloud: DemoTenant, hosts: Microsoft, tmp_path: Path
) -> None:
    settings = environ(cloud, hosts, tmp_path, ENTRA_CLIENT_SECRET=SECRET)
    settings.pop("SSL_CERT_FILE")
    with processes.stdio(extra=settings) as server:
        server.initialize()
        assert "SSL_CERT_FILE" in text_of(server.call(1, "account_whoami"))
        server.close()
