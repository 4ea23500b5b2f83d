"""What the demo tenant costs: a GET beside a bare Starlette route with the same bytes, its start beside an import.

Prints each pair and its ratio, measured in turns in one run:

    .venv/bin/python benchmarks/emulator.py [--runs 5] [--get-limit 4] [--start-limit 0.5]

CPU time is measured, not the clock. A GET is what a program sends over a kept connection on loopback to a server
process (uvicorn as `server.py emulator` runs it), and its cost is that process's. The start of the seeded tenant is
the making of tenant and app in a fresh process, beside the import of the MCP SDK in another; what loading the
emulator's modules adds to it is printed, too. Ends with 1 where a ratio is above its limit.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # and not this folder, whose http.py would be taken for the standard library's

import argparse  # noqa: E402 - found only after the line above
import http.client  # noqa: E402
import json  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from statistics import median  # noqa: E402

from emulator import demo_tenant  # noqa: E402

CALLS = 500
# Each server says where it listens and answers /cpu with the CPU seconds of its process.
SERVE = """
import json, socket, sys, time
import uvicorn

def counted(app):
    async def answer(scope, receive, send):
        if scope["type"] == "http" and scope["path"] == "/cpu":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": str(time.process_time()).encode()})
        else:
            await app(scope, receive, send)
    return answer

def serve(app, **facts):
    listener = socket.create_server(("127.0.0.1", 0))
    print(json.dumps({"port": listener.getsockname()[1], **facts}), flush=True)
    config = uvicorn.Config(counted(app), lifespan="off", log_level="error", access_log=False, date_header=False)
    uvicorn.Server(config).run(sockets=[listener])
"""
OURS = (
    SERVE
    + """
import asyncio, httpx
from emulator import AppRegistration, build_emulator, demo_tenant

tenant = demo_tenant()
app = build_emulator(tenant)
client, secret = "7d3c1e52-0f68-4a1b-8a55-2f6f0b9c7e11", "only-for-this-measurement"
roles = frozenset({"User.Read.All", "Mail.Read"})
app.state.entra.register(AppRegistration(client, "Benchmark", secrets=(secret,), application_roles=roles))
form = {"client_id": client, "client_secret": secret, "grant_type": "client_credentials"}
form["scope"] = "https://graph.microsoft.com/.default"

async def token():
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        reply = await http.post(f"https://login.microsoftonline.com/{tenant.id}/oauth2/v2.0/token", data=form)
    return reply.json()["access_token"]

serve(app, token=asyncio.run(token()), person=tenant.demo_person.id)
"""
)
BARE = (
    SERVE
    + """
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

body = sys.stdin.buffer.read()

async def endpoint(_):
    return Response(body, media_type="application/json")

serve(Starlette(routes=[Route("/same", endpoint)]))
"""
)
START = """
import time
started = time.process_time()
from emulator import build_emulator, demo_tenant
loaded = time.process_time()
build_emulator(demo_tenant())
print(time.process_time() - loaded, loaded - started)
"""
IMPORT = """
import time
started = time.process_time()
import mcp.server
print(time.process_time() - started)
"""
# The libraries that the server half of the SDK loads, too; they are loaded before either is measured.
SHARED = "import asyncio, json, starlette.applications, starlette.responses, httpx, jwt, cryptography.x509\n"


def main() -> int:
    """Measure, print, and say whether the limits hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--get-limit", type=float, default=4.0)
    parser.add_argument("--start-limit", type=float, default=0.5)
    options = parser.parse_args()
    gets = list(costs_of_gets(options.runs))
    reset = median(cpu_of(demo_tenant) for _ in range(options.runs))
    start, modules, load = costs_of_start(options.runs)
    for path, ours, bare in gets:
        print(f"GET {path}: {ours * 1e6:.0f} us of CPU, bare {bare * 1e6:.0f} us, ratio {ours / bare:.2f}")
    print(f"reset of the seeded tenant: {reset * 1e3:.0f} ms of CPU")
    print(f"start of the seeded tenant: {start * 1e3:.0f} ms, import of mcp: {load * 1e3:.0f} ms: {start / load:.2f}")
    print(f"with the loading of its modules: {(start + modules) * 1e3:.0f} ms: {(start + modules) / load:.2f}")
    return int(gets[0][1] / gets[0][2] > options.get_limit or start / load > options.start_limit)


def costs_of_gets(runs: int) -> Iterator[tuple[str, float, float]]:
    """CPU seconds of one GET of ours and of the bare route, for a person and for a page of mail."""
    with serving(OURS) as ours:
        person = f"/v1.0/users/{ours.facts['person']}"
        for path in (person, f"{person}/messages?$top=10&$select=subject,from,receivedDateTime"):
            with serving(BARE, ours.get(path)) as bare:
                pairs = [(ours.cost(path), bare.cost("/same")) for _ in range(runs)]
            mine, theirs = (median(side) for side in zip(*pairs, strict=True))
            yield path.replace(str(ours.facts["person"]), "{id}"), mine, theirs


class Server:
    """A server process and a kept connection to it."""

    def __init__(self, facts: dict[str, str]) -> None:
        self.facts = facts
        self._connection = http.client.HTTPConnection("127.0.0.1", int(facts["port"]))
        self._headers = {"Authorization": f"Bearer {facts.get('token', '')}"}

    def get(self, path: str) -> bytes:
        """The body of a successful answer."""
        self._connection.request("GET", path, headers=self._headers)
        reply = self._connection.getresponse()
        body = reply.read()
        if reply.status != http.client.OK:
            raise SystemExit(f"{path} was answered with {reply.status}: {body.decode()}")
        return body

    def cost(self, path: str) -> float:
        """CPU seconds that one GET takes of the process."""
        before = float(self.get("/cpu"))
        for _ in range(CALLS):
            self.get(path)
        return (float(self.get("/cpu")) - before) / CALLS


@contextmanager
def serving(program: str, given: bytes = b"") -> Iterator[Server]:
    """A server process that reads what it is given."""
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(given)
        process.stdin.close()
        try:
            yield Server(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def cpu_of(function: Callable[[], object]) -> float:
    """CPU seconds of a call."""
    started = time.process_time()
    function()
    return time.process_time() - started


def costs_of_start(runs: int) -> tuple[float, float, float]:
    """CPU seconds of the tenant's start, of loading its modules, and of the SDK's import."""
    ours, imports = [], []
    for _ in range(runs):
        ours.append(_told(SHARED + START))
        imports.append(_told(IMPORT)[0])
    starts, modules = zip(*ours, strict=True)
    return median(starts), median(modules), median(imports)


def _told(program: str) -> list[float]:
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return [float(number) for number in done.stdout.split()]


if __name__ == "__main__":
    sys.exit(main())
