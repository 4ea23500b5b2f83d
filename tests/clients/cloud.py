"""The demo tenant for clients in other processes, and in other languages: one line of JSON says where it is.

It ends when its standard input does, so that it never outlives whoever started it.
"""

from __future__ import annotations

import json
import secrets
import socket
import sys
import tempfile
from pathlib import Path
from threading import Thread

import uvicorn

from emulator import DEMO_CLIENT_ID, AppRegistration, Tenant, build_emulator, demo_tenant
from emulator.clock import Clock
from emulator.control import Control, controlled
from emulator.tls import CertificateAuthority

CLIENT_ID = "0f6d2b1a-3c58-4e97-9a40-7be1c2d5f836"
ROLES = frozenset(
    {
        *("User.ReadWrite.All", "ProfilePhoto.ReadWrite.All", "Directory.ReadWrite.All"),
        *("Mail.ReadWrite", "Mail.Send", "Calendars.ReadWrite", "Files.ReadWrite.All"),
    }
)


def main() -> None:
    """Serve until standard input is closed."""
    tenant, secret, clock = demo_tenant(), secrets.token_urlsafe(24), Clock()
    authority = CertificateAuthority.new()
    with socket.create_server(("127.0.0.1", 0)) as listener, tempfile.TemporaryDirectory() as folder:
        base = f"https://localhost:{listener.getsockname()[1]}"
        app = build_emulator(tenant, pages_url=base, login_url=base, clock=clock)
        app.state.entra.register(
            AppRegistration(CLIENT_ID, "Client suite", secrets=(secret,), application_roles=ROLES),
        )
        app.state.entra.device_interval = 1
        ca_file = Path(folder, "ca.pem")
        ca_file.write_text(authority.pem, "ascii")
        context = authority.server_context()
        config = uvicorn.Config(
            controlled(Control(app, clock, None)),
            lifespan="off",
            log_level="warning",
            date_header=False,
            ssl_context_factory=lambda *_: context,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        Thread(target=_end_with_input, args=(server,), daemon=True).start()
        _say(base, ca_file, tenant, secret)
        server.run(sockets=[listener])


def _say(base: str, ca_file: Path, tenant: Tenant, secret: str) -> None:
    person = tenant.demo_person
    peers = (each for each in tenant.people.values() if each.manager_id == person.manager_id)
    colleague = next(each for each in peers if each.id != person.id)
    facts = {
        "base": base,
        "caFile": str(ca_file),
        "tenant": tenant.id,
        "domain": tenant.domain,
        "publicApp": DEMO_CLIENT_ID,
        "app": CLIENT_ID,
        "secret": secret,
        "person": {"id": person.id, "upn": person.user_principal_name},
        "colleague": {"id": colleague.id, "upn": colleague.user_principal_name},
    }
    sys.stdout.write(f"{json.dumps(facts)}\n")
    sys.stdout.flush()


def _end_with_input(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    main()
