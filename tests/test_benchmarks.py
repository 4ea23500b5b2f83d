"""benchmarks/: each starts, and what the figures rest on counts right. To measure times needs nginx, and time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import tools
from benchmarks import _answered, _listed
from benchmarks._demo_process import CONTROL, Tally, controlled, mailboxes
from benchmarks._judged import Verdict
from benchmarks._tokenizer import tokens_of
from benchmarks.answers import LIMIT
from emulator import build_emulator, demo_tenant
from tools.account import WhoAmI

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


async def test_the_answers_are_as_much_smaller_than_graphs_as_is_promised() -> None:
    newest, *messages, thread = await _answered.measured()
    assert newest.ratio("text") >= LIMIT
    assert len(newest.text.encode()) <= 3000
    for each in (newest, *messages, thread):
        assert len(each.careful) < len(each.default)
        assert each.ratio("text") > each.ratio("both") > 1
    assert thread.what == "thread of 6"
    assert "6 messages, oldest first" in thread.text


def test_the_table_of_answers_has_the_sizes_and_how_many_times_larger_the_others_are() -> None:
    compared = _answered.Compared("25 newest", "t" * 10, "s" * 20, "d" * 300, "c" * 60)
    head, line = _answered.table("bytes", [compared], [len(text) for text in compared.measured]).splitlines()
    assert " ".join(head.split()) == "bytes text struct both | default text struct both | careful text struct both"
    assert " ".join(line.split()) == "25 newest 10 20 30 | 300 30.0 15.0 10.0 | 60 6.0 3.0 2.0"


async def test_the_lists_of_tools_keep_their_limits() -> None:
    lists = {each.name: each for each in await _listed.every_list()}
    assert lists.keys() >= {"account", "mail", "default", "all", "discovery", "application"}
    assert [str(verdict) for each in lists.values() for verdict in each.verdicts() if not verdict.holds] == []
    assert lists["all"].bytes > lists["mail"].bytes > sum(lists["mail"].parts)
    assert "mailbox" in lists["application"].for_the_model
    assert "outputSchema" in lists["mail"].whole
    assert "outputSchema" not in lists["mail"].for_the_model


async def test_a_toolset_for_admins_is_held_to_its_bytes() -> None:
    admin = tools.Toolset("devices", "Devices.")

    @admin.read("Device.Read.All")
    async def look(text: str) -> WhoAmI:
        """Look."""
        return WhoAmI(signed_in=bool(text))

    look.__doc__ = "Look. " * 3000
    (alone, *_) = await _listed.every_list([admin])
    (verdict,) = alone.verdicts()
    assert not verdict.holds
    line = _listed.table([alone], [1234, 5678]).splitlines()[1]
    assert line.split()[:2] == ["devices", "1"]
    assert line.split()[3:5] == ["of", "14000"]
    assert line.split()[-2:] == ["1234", "5678"]
    assert "5678" not in _listed.table([alone], None)


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        pytest.param({"PATH": ""}, "node is missing", id="no node"),
        pytest.param(
            {"TOKENIZER": str(ROOT / "docs")}, "TOKENIZER names no folder with gpt-tokenizer", id="no package"
        ),
    ],
)
def test_without_a_tokenizer_one_line_says_so(
    environ: dict[str, str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = tmp_path / "node"
    node.touch(mode=0o755)
    assert tokens_of(["text"], {"PATH": str(tmp_path), **environ}) is None
    assert capsys.readouterr().out == f"No tokens: {why}.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for node is a shell script")
@pytest.mark.parametrize(
    ("script", "counts", "says"),
    [
        pytest.param("cat > /dev/null; echo [3]", [3], "", id="counted"),
        pytest.param("echo broken >&2; exit 1", None, "broken", id="it fails"),
    ],
)
def test_tokens_are_counted_by_node_in_the_folder_that_is_named(
    script: str, counts: list[int] | None, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "node_modules" / "gpt-tokenizer").mkdir(parents=True)
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\n{script}\n")
    node.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert tokens_of(["three tokens here"], {"PATH": path, "TOKENIZER": str(tmp_path)}) == counts
    assert says in capsys.readouterr().out
