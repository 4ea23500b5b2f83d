"""benchmarks/: each starts, and what the figures rest on counts right. The measuring itself needs nginx, and time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from benchmarks._demo_process import CONTROL, Tally, controlled, mailboxes
from benchmarks._judged import Verdict
from emulator import build_emulator, demo_tenant

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(path.name for path in (ROOT / "benchmarks").glob("[!_]*.py"))


@pytest.mark.parametrize("script", [pytest.param(name, id=name) for name in SCRIPTS])
def test_a_benchmark_explains_itself(script: str) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / script), "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert "limit" in told.stdout


class Graph:
    """The emulator of a benchmark, without its process."""

    def __init__(self, app: Starlette, naps: list[float], http: httpx.AsyncClient, mailbox: dict[str, Any]) -> None:
        self.app = app
        self.naps = naps
        self.http = http
        self.paths = [f"me/messages/{message}?$select=id" for message in mailbox["messages"]]
        self.headers = {"Authorization": f"Bearer {mailbox['token']}"}

    async def batch(self, *urls: str) -> list[int]:
        parts = [{"id": str(number), "method": "GET", "url": f"/{url}"} for number, url in enumerate(urls)]
        reply = await self.http.post("/v1.0/$batch", json={"requests": parts}, headers=self.headers)
        return [part["status"] for part in reply.json()["responses"]]

    async def tally(self) -> dict[str, float]:
        found: dict[str, float] = (await self.http.get(CONTROL)).json()
        return {name: count for name, count in found.items() if name != "cpu"}


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    naps = list[float]()

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    tenant = demo_tenant()
    app = build_emulator(tenant, sleep=nap)
    (mailbox,) = await mailboxes(app, tenant, people=1, messages=6)
    served = controlled(app, Tally(app))
    transport = httpx.ASGITransport(app=served)
    async with httpx.AsyncClient(base_url="https://graph.microsoft.com", transport=transport) as http:
        app.state.calls.clear()
        yield Graph(app, naps, http, mailbox)


async def test_the_tally_knows_requests_from_the_calls_in_them(graph: Graph) -> None:
    assert await graph.batch(graph.paths[0], graph.paths[1], "me/messages/nowhere") == [200, 200, 400]
    assert (await graph.http.get(f"/v1.0/{graph.paths[2]}", headers=graph.headers)).status_code == 200
    assert await graph.tally() == {"requests": 2, "calls": 4, "refused": 0, "failed": 1}


async def test_the_tally_misses_nothing_that_the_log_forgets(graph: Graph) -> None:
    await graph.batch(graph.paths[0])
    await graph.tally()
    await graph.batch(graph.paths[0])
    assert await graph.tally() == {"requests": 2, "calls": 2, "refused": 0, "failed": 0}


async def test_the_tally_knows_refusals(graph: Graph) -> None:
    graph.app.state.chaos.strike(status=429, path="me/messages")
    await graph.batch(*graph.paths[:2])
    assert await graph.tally() == {"requests": 1, "calls": 2, "refused": 1, "failed": 1}


async def test_graph_is_as_far_away_and_as_strict_as_asked(graph: Graph) -> None:
    conditions = {"limits": True, "round_trip": 0.1, "latency": 0.02}
    assert (await graph.http.post(CONTROL, json=conditions)).status_code == 200
    assert graph.app.state.throttle.is_on
    assert await graph.batch(graph.paths[0]) == [200]
    assert graph.naps == [0.05, 0.02, 0.05]

    await graph.http.post(CONTROL, json={"limits": False, "round_trip": 0, "latency": 0})
    assert graph.app.state.throttle.is_idle


@pytest.mark.parametrize(
    ("verdict", "holds"),
    [
        pytest.param(Verdict("cost", 1.25, 1.25), True, id="at the limit"),
        pytest.param(Verdict("cost", 1.26, 1.25), False, id="beyond it"),
        pytest.param(Verdict("throughput", 0.95, 0.95, is_floor=True), True, id="as much as wanted"),
        pytest.param(Verdict("throughput", 0.94, 0.95, is_floor=True), False, id="less than wanted"),
    ],
)
def test_a_figure_beyond_its_limit_is_told(verdict: Verdict, *, holds: bool) -> None:
    assert verdict.holds is holds
    assert ("BEYOND" in str(verdict)) is not holds
