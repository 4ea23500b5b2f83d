"""Microsoft's cloud for the benchmarks over HTTP, in a process of its own: people with mail, and our API in Entra.

Run as `python -m benchmarks._http_cloud PEOPLE MESSAGES`, it prints one line of JSON: where it listens, who there is
with a token for our API and one for Graph, the keys that both are signed with, and what our server is started with.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import socket
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import anyio
import httpx
from starlette.applications import Starlette

from emulator import AppRegistration, Tenant, build_emulator, demo_tenant
from emulator.graph.mail.parts import Address
from emulator.standalone import server_of
from emulator.tenant import Person

API = "a0a0a0a0-1111-4222-8333-444444444444"
CLIENT = "c11e07a0-0000-4000-8000-00000000c11e"
SECRET = "only-for-this-measurement"  # noqa: S105 - of a tenant that lives as long as the run
PUBLIC_URL = "https://mcp.lindenhall.example"
RESOURCE = f"{PUBLIC_URL}/mcp"
PERMISSIONS = ("User.Read", "Mail.Read", "Mail.ReadWrite", "Mail.Send", "MailboxSettings.Read", "People.Read")
_LOGIN = "https://login.microsoftonline.com"
_SENDERS = tuple(Address(f"Correspondent {number}", f"someone.{number}@partner.example") for number in range(7))


def registered(app: Starlette) -> None:
    """Our API with an administrator's consent to Graph, and the client that people call it with."""
    entra = app.state.entra
    entra.register(
        AppRegistration(
            API,
            "Graphward",
            secrets=(SECRET,),
            identifier_uris=(RESOURCE,),
            exposed_scopes=("mcp.access", "mcp.read"),
            pre_authorized=(CLIENT,),
        )
    )
    entra.register(AppRegistration(CLIENT, "Assistant", ("http://localhost",), allow_public_client=True))
    entra.grant_admin_consent(API, [f"https://graph.microsoft.com/{name}" for name in PERMISSIONS])


def person(tenant: Tenant, number: int, messages: int) -> Person:
    """Somebody new, with mail from within and from outside; some of it was read."""
    found = tenant.add_person(f"Measured Person{number}", job_title="Analyst", department="Operations")
    senders = (found.address, *_SENDERS)
    for each in range(messages):
        tenant.add_message(
            found,
            f"Report {each} of the week for {number}",
            "Nothing to read here.",
            sent=datetime.now(UTC) - timedelta(minutes=7 * each + 1),
            sender=senders[each % len(senders)],
            is_read=each % 3 > 0,
        )
    return found


def tokens(app: Starlette, found: Person) -> dict[str, str]:
    """What a person's client sends to us, and what the bare server has for Graph."""
    issue = partial(app.state.entra.access_token, found)
    return {
        "id": found.id,
        "caller": issue(scopes=[f"{RESOURCE}/mcp.access"], client_id=CLIENT),
        "graph": issue(scopes=["User.Read", "Mail.Read"]),
    }


async def signing_keys(app: Starlette, tenant: Tenant) -> list[dict[str, Any]]:
    """As Entra publishes them."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        reply = await http.get(f"{_LOGIN}/{tenant.id}/discovery/v2.0/keys")
    keys: list[dict[str, Any]] = reply.raise_for_status().json()["keys"]
    return keys


async def facts(app: Starlette, tenant: Tenant, people: int, messages: int) -> dict[str, Any]:
    """Fill the tenant, and tell what the other processes have to know."""
    registered(app)
    found = [person(tenant, number, messages) for number in range(people)]
    return {
        "people": [tokens(app, each) for each in found],
        "keys": await signing_keys(app, tenant),
        "issuer": f"{_LOGIN}/{tenant.id}/v2.0",
        "audience": API,
        "environ": {
            "TRANSPORT": "http",
            "HTTP_AUTH": "entra",
            "PUBLIC_URL": PUBLIC_URL,
            "ENTRA_TENANT_ID": tenant.id,
            "ENTRA_CLIENT_ID": API,
            "ENTRA_CLIENT_SECRET": SECRET,
        },
    }


async def main(people: int, messages: int) -> None:
    tenant = demo_tenant()
    app = build_emulator(tenant)
    told = await facts(app, tenant, people, messages)
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    gc.collect()
    gc.freeze()  # looking through all that mail for garbage would stop the emulator in the middle of a measurement
    print(json.dumps({"port": listener.getsockname()[1], **told}), flush=True)
    await server_of(app).serve(sockets=[listener])


if __name__ == "__main__":
    use_uvloop = importlib.util.find_spec("uvloop") is not None
    wanted = partial(main, *map(int, sys.argv[1:]))
    anyio.run(wanted, backend_options={"use_uvloop": use_uvloop})
