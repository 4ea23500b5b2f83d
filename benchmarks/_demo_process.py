"""The demo tenant as benchmarks need it, in a process of its own: full mailboxes, switches, and a tally of its calls.

Run as `python -m benchmarks._demo_process PEOPLE MESSAGES`, it prints one line of JSON: where it listens, and whose
mailboxes there are. `GET /benchmark` answers with the tally so far, `POST /benchmark` sets the conditions.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import json
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator import Tenant, build_emulator, demo_tenant
from emulator.standalone import server_of

CONTROL = "/benchmark"
GRAPH = "https://graph.microsoft.com/v1.0"
_IMMUTABLE = 'IdType="ImmutableId"'
_EMPTYING_SECONDS = 0.2


@dataclass
class Tally:
    """Counts what the emulator logs: HTTP requests, and the calls to Graph in them, alone or as parts of a batch."""

    app: Starlette

    def __post_init__(self) -> None:
        self._counts: Counter[str] = Counter(requests=0, calls=0, refused=0, failed=0)

    def counts(self) -> dict[str, float]:
        """Everything so far, and the CPU seconds of this process."""
        for call in self.app.state.calls.calls:
            is_batch = call.path.endswith("/$batch")
            self._counts["requests"] += not call.is_part
            self._counts["calls"] += not is_batch
            self._counts["refused"] += call.status == 429
            self._counts["failed"] += call.status >= 400
        self.app.state.calls.clear()
        return {**self._counts, "cpu": time.process_time()}

    async def keep_up(self) -> None:
        """The log has room for the newest only."""
        while True:
            self.counts()
            await asyncio.sleep(_EMPTYING_SECONDS)


def controlled(app: Starlette, tally: Tally) -> ASGIApp:
    """The emulator, with the switches and the tally beside it."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != CONTROL:
            return await app(scope, receive, send)
        request = Request(scope, receive)
        if request.method == "POST":
            set_conditions(app, **await request.json())
        await JSONResponse(tally.counts())(scope, receive, send)

    return answer


def set_conditions(app: Starlette, *, limits: bool, round_trip: float, latency: float) -> None:
    """How far away Graph is, how long it works on each call, and whether it keeps its documented limits."""
    throttle = app.state.throttle
    throttle.turn_off()
    if limits:
        throttle.turn_on()
    throttle.round_trip, throttle.latency = round_trip, latency


async def mailboxes(app: Starlette, tenant: Tenant, people: int, messages: int) -> list[dict[str, Any]]:
    """The fullest seeds are small for this, so mail is added; each with a token for its owner and its messages' ids."""
    owners = [person for person in tenant.people.values() if person.id in tenant.mailboxes][:people]
    found = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        for owner in owners:
            for number in range(messages):
                tenant.add_message(owner, f"Measured {number}", "Nothing to read here.", folder="archive")
            token = app.state.entra.access_token(owner, scopes=("User.Read", "Mail.Read"))
            headers = {"Authorization": f"Bearer {token}", "Prefer": _IMMUTABLE}
            url = f"{GRAPH}/me/mailFolders/archive/messages?$select=id&$top={messages}"
            page = (await http.get(url, headers=headers)).raise_for_status().json()
            found.append({"user": owner.id, "token": token, "messages": [item["id"] for item in page["value"]]})
    return found


async def main(people: int, messages: int) -> None:
    tenant = demo_tenant()
    app = build_emulator(tenant)
    tally = Tally(app)
    facts = {"tenant": tenant.id, "mailboxes": await mailboxes(app, tenant, people, messages)}
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    gc.freeze()  # looking through all that mail for garbage would stop the emulator in the middle of a measurement
    print(json.dumps({"port": listener.getsockname()[1], **facts}), flush=True)
    keeping_up = asyncio.create_task(tally.keep_up())
    await server_of(controlled(app, tally)).serve(sockets=[listener])
    keeping_up.cancel()


if __name__ == "__main__":
    use_uvloop = importlib.util.find_spec("uvloop") is not None
    wanted = partial(main, *map(int, sys.argv[1:]))
    anyio.run(wanted, backend_options={"use_uvloop": use_uvloop})
