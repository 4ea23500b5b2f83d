"""Graph on this machine, as far as a client can tell: the demo tenant behind nginx with TLS and HTTP/2.

uvicorn speaks HTTP/1.1 only. The certificates are of an authority made for the one run, every port is a free one of
loopback, and all files are in a temporary folder.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore
import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import network
from benchmarks._demo_process import CONTROL
from emulator.tls import CertificateAuthority

ROOT = Path(__file__).resolve().parent.parent
HOST = "graph.microsoft.com"
BASE = f"https://{HOST}/v1.0/"
LOOPBACK = "127.0.0.1"
START_SECONDS = 10.0

# One process, so that ending it ends all of it.
NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream emulator {{ server 127.0.0.1:{behind}; keepalive 512; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} ssl http2; server_name graph.microsoft.com;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
    location / {{
      proxy_pass http://emulator; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-Proto https;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Mailbox:
    """One person's: a token for its owner, and the ids of its messages."""

    user: str
    token: str
    messages: tuple[str, ...]


@dataclass(frozen=True)
class Tally:
    """What came in at the emulator: HTTP requests, the calls to Graph in them, and how many of those it refused."""

    requests: int
    calls: int
    refused: int
    failed: int
    cpu: float

    def since(self, earlier: Tally) -> Tally:
        """What came in between two looks."""
        mine, theirs = vars(self), vars(earlier)
        return Tally(**{name: mine[name] - theirs[name] for name in mine})


class Rig:
    """The way to Graph, and the switches of the Graph at its end."""

    def __init__(self, port: int, trusted: ssl.SSLContext, facts: str) -> None:
        told = json.loads(facts)
        self._behind: int = told["port"]
        self.tenant: str = told["tenant"]
        self.mailboxes = [Mailbox(each["user"], each["token"], tuple(each["messages"])) for each in told["mailboxes"]]
        self._port = port
        self._trusted = trusted

    def transport(self, *, http2: bool = True) -> httpx.AsyncHTTPTransport:
        """Connections as the server makes them, but that the name of Graph's host leads here."""
        network.mend_http2()  # as network.async_client does; here for both sides
        transport = httpx.AsyncHTTPTransport(verify=self._trusted, http2=http2, limits=network.LIMITS)
        transport._pool._network_backend = _Redirected(self._port)  # noqa: SLF001 - httpx hands on no backend
        return transport

    def conditions(self, *, limits: bool = False, round_trip: float = 0, latency: float = 0) -> None:
        """Set how Graph is from now on."""
        self._asked("POST", json.dumps({"limits": limits, "round_trip": round_trip, "latency": latency}))

    def tally(self) -> Tally:
        """Everything that came in so far."""
        return self._asked("GET")

    def _asked(self, method: str, body: str | None = None) -> Tally:
        with closing(http.client.HTTPConnection(LOOPBACK, self._behind)) as emulator:
            emulator.request(method, CONTROL, body)
            reply = emulator.getresponse()
            text = reply.read()
        if reply.status != http.client.OK:
            raise SystemExit(f"the emulator's process answered with {reply.status}: {text.decode()}")
        return Tally(**json.loads(text))


class _Redirected(httpcore.AnyIOBackend):
    """Connects to nginx, whatever the host's name is."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return await super().connect_tcp(LOOPBACK, self._port, timeout, local_address, socket_options)


@contextmanager
def rig(people: int, messages: int) -> Iterator[Rig]:
    """Everything started; everything ended and removed afterwards."""
    program = nginx()
    with tempfile.TemporaryDirectory(prefix="graphward-benchmark-") as name, _emulator(people, messages) as facts:
        folder, behind, port = Path(name), int(json.loads(facts)["port"]), free_port()
        trusted = ssl.create_default_context(cadata=certified(folder, HOST))
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, behind=behind, port=port), "utf-8")
        with running([program, "-p", name, "-c", str(folder / "nginx.conf")]) as process:
            wait_for(process, port)
            yield Rig(port, trusted, facts)


def nginx() -> str:
    """Where it is."""
    path = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    if path is None:
        raise SystemExit("This needs nginx with HTTP/2. Debian and Ubuntu: apt-get install nginx-light; macOS: brew.")
    return path


@contextmanager
def _emulator(people: int, messages: int) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks._demo_process", str(people), str(messages)]
    with running(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        facts = process.stdout.readline().decode()
        if not facts:
            raise SystemExit("the emulator's process did not start")
        yield facts


@contextmanager
def running(command: list[str], stdout: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A process, which is ended afterwards."""
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=stdout) as process:
        try:
            yield process
        finally:
            process.terminate()


def free_port() -> int:
    """One that nobody listens on."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    """Until nginx listens."""
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("nginx did not start; it needs its modules for TLS and HTTP/2 (nginx -V)")


def certified(folder: Path, *names: str) -> str:
    """Write the key and certificate of a server with these names; the certificate of the authority that signed it."""
    authority, key = CertificateAuthority.new(), ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(private + _leaf(authority, key, names).public_bytes(Encoding.PEM))
    return authority.pem


def _leaf(authority: CertificateAuthority, key: ec.EllipticCurvePrivateKey, names: tuple[str, ...]) -> x509.Certificate:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), datetime.now(UTC)
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([*map(x509.DNSName, names)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(signer, critical=False)
        .sign(authority.key, hashes.SHA256())
    )
