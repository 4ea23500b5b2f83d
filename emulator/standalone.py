"""The demo tenant as a server of its own, for any client of Microsoft Graph."""

from __future__ import annotations

import asyncio
import importlib
import socket
import ssl
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TextIO, cast

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from emulator.app import build_emulator
from emulator.clock import Clock
from emulator.clouds import PUBLIC, Cloud
from emulator.droppable import droppable
from emulator.seed import demo_tenant
from emulator.tenant import Tenant
from emulator.tls import HOSTS, CertificateAuthority

_TRUST = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: bool = False,
    ca_file: Path | None = None,
    tenant: Tenant | Callable[[], Tenant] | None = None,
    cloud: Cloud = PUBLIC,
    control: bool = True,
    notices: TextIO | None = None,
) -> None:
    """Serve a tenant, the demo's unless another is given, until interrupted; port 0 takes any free one.

    With `tls` the certificate of a new authority is written to `ca_file`, or to a temporary folder. With `control`
    callers on this computer can seed, reset and disturb it; only a tenant that can be made again can be reset.
    """
    clock = Clock()
    make = None if isinstance(tenant, Tenant) else tenant or partial(demo_tenant, clock.now)
    tenant = tenant if isinstance(tenant, Tenant) else (make or demo_tenant)()
    with closing(_bound(host, port)) as listener:
        base = _base(host, listener.getsockname()[1], tls=tls)
        app = build_emulator(tenant, pages_url=base, login_url=base, cloud=cloud, clock=clock)
        authority = CertificateAuthority.new() if tls else None
        lines = [f"Demo tenant {tenant.display_name} ({tenant.id}) at {base}"]
        lines += [] if cloud is PUBLIC else [f"It is in the {cloud.name} cloud: scopes begin with {cloud.graph_url}/"]
        lines += _trusting(authority, ca_file) if authority else []
        lines += [f"Seed, reset and disturb it at {base}/_emulator, from this computer."] if control else []
        (notices or sys.stderr).write("\n".join((*lines, *_pointing(base, tenant, tls=tls), "")))
        (notices or sys.stderr).flush()
        served = _controlled(app, clock, make) if control else app
        with suppress(KeyboardInterrupt):
            server_of(served, _tls(authority, host)).run(sockets=[listener])


def _controlled(app: Starlette, clock: Clock, make: Callable[[], Tenant] | None) -> ASGIApp:
    # Loaded by those who serve it: the demo and whoever builds an emulator have no use for it.
    control = importlib.import_module("emulator.control")
    served: ASGIApp = control.controlled(control.Control(app, clock, make))
    return served


def server_of(app: ASGIApp, ssl_context_factory: Callable[..., ssl.SSLContext] | None = None) -> uvicorn.Server:
    """A server for an emulator, which can drop its connections."""
    config = uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", droppable),
        lifespan="off",
        log_level="warning",
        date_header=False,  # the app's answers have one of its own
        ssl_context_factory=ssl_context_factory,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _base(host: str, port: int, *, tls: bool) -> str:
    # Clients compare host names; the one that everybody can trust and type is localhost.
    name = "localhost" if _is_here(host) else host
    return f"{'https' if tls else 'http'}://{f'[{name}]' if ':' in name else name}:{port}"


def _is_here(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _tls(authority: CertificateAuthority | None, host: str) -> Callable[..., ssl.SSLContext] | None:
    if authority is None:
        return None
    context = authority.server_context(dict.fromkeys((*HOSTS, host)))
    return lambda *_: context


def _trusting(authority: CertificateAuthority, ca_file: Path | None) -> list[str]:
    path = ca_file or Path(tempfile.mkdtemp(prefix="graphward-demo-")) / "ca.pem"
    path.write_text(authority.pem, "ascii")
    return ["Let clients trust it, in their environment:", *(f"  {name}={path}" for name in _TRUST)]


def _pointing(base: str, tenant: Tenant, *, tls: bool) -> list[str]:
    if not tls:
        return [f"Graph is at {base}/v1.0. MSAL and azure-identity sign in over HTTPS only: start it with --tls."]
    return [
        f"Graph is at {base}/v1.0, the authority is {base}/{tenant.id}.",
        "MSAL: authority as above, instance_discovery=False.",
        f'azure-identity: authority="{base}", tenant_id="{tenant.id}", disable_instance_discovery=True.',
        f"Managed identity: AZURE_POD_IDENTITY_AUTHORITY_HOST={base}",
    ]
