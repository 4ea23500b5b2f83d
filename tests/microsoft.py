"""Microsoft's cloud for whole processes: the emulator over TLS, behind a proxy that leads every host to it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from _server_demo import DemoTenant
from emulator import Tenant, build_emulator
from emulator.tls import HOSTS, CertificateAuthority


class BuiltCloud(DemoTenant):
    """A cloud built to order: a national one, or one with a clock of its own."""

    def __init__(self, tenant: Tenant, **details: Any) -> None:
        super().__init__(tenant)
        self._app = build_emulator(tenant, **details)


@dataclass
class Microsoft:
    """Where a process finds the cloud; `reached` are the hosts that it asked the proxy for."""

    proxy: str
    ca_file: Path
    reached: set[str] = field(default_factory=set)

    @property
    def environ(self) -> dict[str, str]:
        return {"HTTPS_PROXY": self.proxy, "NO_PROXY": "", "SSL_CERT_FILE": str(self.ca_file)}


@contextmanager
def microsoft(cloud: DemoTenant, folder: Path) -> Iterator[Microsoft]:
    """The emulator, under the names of the real hosts."""
    authority = CertificateAuthority.new()
    ca_file = folder / "ca.pem"
    ca_file.write_text(authority.pem)
    config = uvicorn.Config(
        cloud.app,
        lifespan="off",
        log_config=None,
        access_log=False,
        date_header=False,  # the emulator's clock may be another
        ssl_context_factory=lambda *_: authority.server_context(HOSTS),
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as proxy:
        found = Microsoft(f"http://127.0.0.1:{proxy.getsockname()[1]}", ca_file)
        threads = [
            threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True),
            threading.Thread(target=_lead, args=(proxy, listener.getsockname(), found.reached), daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            yield found
        finally:
            server.should_exit = True
            threads[0].join(10)


def _lead(proxy: socket.socket, target: tuple[str, int], reached: set[str]) -> None:
    """Take CONNECT requests until the socket is closed."""
    with contextlib.suppress(OSError):
        while True:
            client, _ = proxy.accept()
            request = client.recv(65536).decode("ascii")
            reached.add(request.split()[1].partition(":")[0])
            upstream = socket.create_connection(target)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            for here, there in ((client, upstream), (upstream, client)):
                threading.Thread(target=_pass_on, args=(here, there), daemon=True).start()


def _pass_on(here: socket.socket, there: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := here.recv(65536):
            there.sendall(data)
    for end in (here, there):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
