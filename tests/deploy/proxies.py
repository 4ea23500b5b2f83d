"""nginx and Caddy with the files that we ship, changed in addresses and certificates alone; and who calls them."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from emulator.tls import CertificateAuthority
from tests.certificates import signed_by
from tests.processes import ROOT, WAIT
from tests.serving import Service

Kind = Literal["nginx", "caddy"]

IN_CI = bool(os.environ.get("CI"))

OWN_HOST = "https://graph.contoso.com"
SUB_PATH = "https://www.contoso.com/graphward"
NAMES = ("graph.contoso.com", "www.contoso.com")
FROM = "127.0.0.2"  # Linux answers to all of 127/8, so that callers differ from the proxy
LONGEST_BODY = 4 * 1024 * 1024

_READY = {"nginx": "start worker process ", "caddy": "serving initial configuration"}
_NGINX = """
daemon off;
pid {folder}/nginx.pid;
{user}
worker_processes 1;
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/graphward.conf;
}}
"""
_CADDY = """{{
	admin off
	http_port {plain}
	https_port {port}
	default_bind 127.0.0.1
	storage file_system {folder}/storage
}}

"""


@dataclass(frozen=True)
class Front:
    """A proxy that runs, and the server behind it."""

    kind: Kind
    public_url: str
    service: Service
    port: int
    plain: int
    context: ssl.SSLContext

    @property
    def url(self) -> str:
        return f"{self.public_url}/mcp"

    @property
    def host(self) -> str:
        return str(httpx2.URL(self.public_url).host)

    def http(self, token: str = "", *, http2: bool = False, headers: Mapping[str, str] | None = None) -> Any:
        """Somebody outside, who finds the proxy by its name."""
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        transport = _Led(self.port, verify=self.context, http2=http2, local_address=FROM, trust_env=False)
        return httpx2.AsyncClient(transport=transport, headers={**shown, **(headers or {})}, timeout=WAIT)

    @asynccontextmanager
    async def client(self, token: str, era: str = "auto", **details: Any) -> AsyncIterator[Client]:
        """A client of the SDK: today's speaks HTTP/2, as browsers do, the older one HTTP/1.1."""
        async with self.http(token, http2=era == "auto") as http:
            transport = streamable_http_client(self.url, http_client=http)
            async with Client(transport, mode=era, **details) as client:
                yield client

    async def raw(self, data: bytes) -> bytes:
        """All that is answered to these bytes, until the proxy closes."""
        async with asyncio.timeout(WAIT):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.port, ssl=self.context, server_hostname=self.host
            )
            writer.write(data)
            try:
                return await reader.read()
            except ConnectionError:
                return b""
            finally:
                writer.transport.abort()


class _Led(httpx2.AsyncHTTPTransport):
    """Leads every name to one port of this machine; what the request says stays as it is."""

    def __init__(self, port: int, **details: Any) -> None:
        super().__init__(**details)
        self._port = port

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return await super().handle_async_request(request)


@contextmanager
def front(kind: Kind, public_url: str, service: Service, folder: Path) -> Iterator[Front]:
    """The proxy, as soon as it listens."""
    program = _program(kind)
    authority = CertificateAuthority.new()
    port, plain = _free_port(), _free_port()
    key, certificate = signed_by(authority, *NAMES)
    (folder / "key.pem").write_text(key, encoding="ascii")
    (folder / "cert.pem").write_text(certificate, encoding="ascii")
    command = _nginx if kind == "nginx" else _caddy
    process = subprocess.Popen(
        [program, *command(folder, service.port, port, plain)],
        env={**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            _wait_for(process, _READY[kind])
            context = ssl.create_default_context(cadata=authority.pem)
            yield Front(kind, public_url, service, port, plain, context)
        finally:
            process.terminate()
            try:
                process.wait(WAIT)
            finally:
                process.kill()


def _program(kind: Kind) -> str:
    found = shutil.which(kind, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found:
        return found
    if IN_CI:
        pytest.fail(f"{kind} is not installed; CI has to have it")
    pytest.skip(f"{kind} is not installed")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _nginx(folder: Path, upstream: int, port: int, plain: int) -> list[str]:
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"\n *listen \[::\].*", "", text)
    text = _changed(text, r"127\.0\.0\.1:3000", f"127.0.0.1:{upstream}")
    text = _changed(text, r"listen 443\b", f"listen 127.0.0.1:{port}")
    text = _changed(text, r"listen 80\b", f"listen 127.0.0.1:{plain}")
    text = _changed(text, r"(?<=ssl_certificate )\S+(?=;)", f"{folder}/cert.pem")
    text = _changed(text, r"(?<=ssl_certificate_key )\S+(?=;)", f"{folder}/key.pem")
    (folder / "graphward.conf").write_text(text, encoding="utf-8")
    # Only root may choose who its workers are; and nobody else may look into a folder of root's tests.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, user=user), encoding="utf-8")
    return ["-p", str(folder), "-e", "stderr", "-c", str(folder / "nginx.conf")]


def _caddy(folder: Path, upstream: int, port: int, plain: int) -> list[str]:
    text = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    text = _changed(text, r"127\.0\.0\.1:3000", f"127.0.0.1:{upstream}")
    text = _changed(text, r"(?m)^(graph|www)\.contoso\.com \{", rf"\g<0>\n\ttls {folder}/cert.pem {folder}/key.pem")
    (folder / "Caddyfile").write_text(_CADDY.format(folder=folder, port=port, plain=plain) + text, encoding="utf-8")
    return ["run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def _changed(text: str, pattern: str, to: str) -> str:
    changed, count = re.subn(pattern, to, text)
    assert count, f"the file has no {pattern}"
    return changed


def _wait_for(process: subprocess.Popen[str], ready: str) -> None:
    told = ""
    assert process.stderr
    for line in process.stderr:
        told += line
        if ready in line:
            # What nobody reads would stop it some day.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return
    raise AssertionError(f"the proxy ended before it was ready: {told}")
