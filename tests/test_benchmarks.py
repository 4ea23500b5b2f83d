"""benchmarks/: each starts, and what the figures rest on counts right. To measure times needs nginx, and time."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from starlette.applications import Starlette

import tools
from benchmarks import _answered, _http_bare, _http_cloud, _http_load, _http_visits, _http_watch, _listed
from benchmarks._demo_process import CONTROL, Tally, controlled, mailboxes
from benchmarks._http_figures import bytes_per_second, cpu_per_call, line, pace, ratio_of
from benchmarks._http_load import Figures, Load, length_of, measured, problem_of
from benchmarks._http_proxy import Entrance
from benchmarks._http_soak import grown
from benchmarks._judged import Verdict
from benchmarks._tokenizer import tokens_of
from benchmarks.answers import LIMIT
from emulator import build_emulator, demo_tenant
from tests.support import client_of
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


# The HTTP service


async def bare_answer(facts: dict[str, Any], app: Starlette, request: bytes) -> httpx.Response:
    """What the bare server of the SDK answers to bytes of the load, with the emulator as its cloud."""
    head, _, body = request.partition(b"\r\n\r\n")
    headers = dict(each.split(": ", 1) for each in head.decode().splitlines()[1:])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as cloud:
        server = _http_bare.build(facts, cloud)
        transport = httpx.ASGITransport(app=server.streamable_http_app())
        async with server.session_manager.run(), httpx.AsyncClient(transport=transport) as http:
            return await http.post("http://127.0.0.1:80/mcp", content=body, headers=headers)


async def test_the_bare_server_makes_the_get_that_ours_makes_and_returns_its_rows() -> None:
    tenant = demo_tenant()
    app = build_emulator(tenant)
    facts = await _http_cloud.facts(app, tenant, people=1, messages=3)
    request = _http_load.request(80, facts["people"][0]["caller"], "tools/call", "list_messages")
    answer = await bare_answer(facts, app, request)
    rows = answer.json()["result"]["structuredContent"]["result"]
    assert [row["subject"] for row in rows] == [f"Report {each} of the week for 0" for each in range(3)]
    assert [row["marks"] for row in rows] == ["*", "", ""]
    (theirs,) = app.state.calls.calls

    async with client_of(tenant) as client:
        ours = (await client.call_tool("mail_list_messages", {})).structured_content
    assert ours
    assert {*rows[0]} == {name for row in ours["messages"] for name in row}
    assert parse_qs(theirs.query) == {name: [value] for name, value in _http_bare.QUERY.items()}


async def test_the_bare_server_turns_a_forged_token_away() -> None:
    tenant = demo_tenant()
    app = build_emulator(tenant)
    facts = await _http_cloud.facts(app, tenant, people=1, messages=0)
    token = facts["people"][0]["caller"][:-8] + "AAAAAAAA"
    assert (await bare_answer(facts, app, _http_load.request(80, token, "tools/call", "whoami"))).status_code == 401


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[int]:
    """The port of a server that has one answer for whatever comes, until all have left."""
    left = list[asyncio.Event]()

    async def answer_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left.append(asyncio.Event())
        mine = left[-1]
        while await reader.read(65536):
            writer.write(answer)
        writer.close()
        await writer.wait_closed()
        mine.set()

    async with await asyncio.start_server(answer_each, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        for each in left:
            await each.wait()


RESULT = b'HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n{"result":{}}'


async def test_the_load_counts_answers_and_their_bytes() -> None:
    async with answering(RESULT) as port:
        figures = await measured(Load(port, ["one", "other"], "tools/list", seconds=0.02, warm_up=0))
    assert figures.calls > 0
    assert figures.bytes == figures.calls * len(RESULT)
    assert figures.seconds >= 0.02
    assert figures.errors == []


async def test_an_error_is_no_call_less_for_the_load() -> None:
    refusal = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 4\r\n\r\nsad."
    async with answering(refusal) as port:
        figures = await measured(Load(port, ["one"], "tools/list", seconds=0.01, warm_up=0))
    assert {*figures.errors} == {refusal.decode()}


@pytest.mark.parametrize(
    ("answer", "length"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", 0, id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", 43, id="half a body"),
    ],
)
def test_the_load_knows_when_an_answer_is_whole(answer: bytes, length: int) -> None:
    assert length_of(bytearray(answer)) == length


def test_the_load_takes_no_answer_without_a_length() -> None:
    with pytest.raises(ValueError, match="without a length"):
        length_of(bytearray(b"HTTP/1.1 200 OK\r\n\r\n"))


@pytest.mark.parametrize(
    ("answer", "is_one"),
    [
        pytest.param(RESULT, False, id="a result"),
        pytest.param(b'HTTP/1.1 200 OK\r\n\r\n{"result":{"isError":true}}', True, id="a tool's error"),
        pytest.param(b'HTTP/1.1 200 OK\r\n\r\n{"error":{}}', True, id="an error of the protocol"),
        pytest.param(b'HTTP/1.1 503 Busy\r\n\r\n{"result":{}}', True, id="a refusal"),
    ],
)
def test_only_results_are_answers(answer: bytes, *, is_one: bool) -> None:
    assert bool(problem_of(bytearray(answer))) is is_one


async def test_the_proxy_leads_every_host_to_one_port() -> None:
    loop = asyncio.get_running_loop()
    async with answering(b"hello") as port, await loop.create_server(partial(Entrance, port), "127.0.0.1", 0) as proxy:
        reader, writer = await asyncio.open_connection(*proxy.sockets[0].getsockname())
        writer.write(b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n")
        writer.write(b"Host: graph.microsoft.com\r\n\r\n")
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        writer.write(b"anything")
        assert await reader.readexactly(5) == b"hello"
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b'content-length: 22\r\n\r\n{"result":{"tools":1}}', id="of the newer era"),
        pytest.param(
            b"transfer-encoding: chunked\r\nmcp-session-id: s1\r\n\r\n"
            b'1e\r\nevent: message\r\ndata: {"result\r\n12\r\n":{"tools":1}}\r\n\r\n\r\n0\r\n\r\n',
            id="of the older era",
        ),
    ],
)
async def test_visitors_understand_answers(answer: bytes) -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n" + answer) as port:
        found, again = await _http_visits.asked(port, b"one", b"other")
    assert found == again
    assert (found.status, found.result) == (200, {"tools": 1})
    assert found.session in {"", "s1"}


@pytest.mark.parametrize(
    ("subjects", "is_right"),
    [
        pytest.param("of the week for 7, of the week for 7", True, id="their own"),
        pytest.param("of the week for 7, of the week for 17", False, id="somebody else's, too"),
        pytest.param("", False, id="none"),
    ],
)
async def test_visitors_take_no_mail_but_their_own(subjects: str, *, is_right: bool) -> None:
    visits = _http_visits.Visits(_http_visits.Crowd(0, [], calls=100, process=os.getpid()))
    visits._took(_http_visits.Answer(200, "", subjects), 7, "week for")
    assert (not visits.progress.errors) is is_right


def test_what_is_at_the_end_is_compared_with_what_is_at_half() -> None:
    samples = [_http_visits.Progress(memory=memory) for memory in (10, 20, 30, 40, 99, 42, 41, 44, 0, 43)]
    assert grown(samples) == 43 - 42


def test_the_turns_of_a_side_are_taken_together() -> None:
    turns = [Figures(calls=30, bytes=900, seconds=1, cpu={"server": 0.5, "load": 0.1})] * 2
    assert (pace(turns), bytes_per_second(turns), cpu_per_call(turns)) == (30, 900, 1 / 60)
    told = " ".join(line("ours", turns).split())
    assert told == "ours 30 calls/s, 30 bytes each, 16.67 ms of CPU a call; processors: server 0.50, load 0.10"


def test_a_spoilt_round_does_not_decide_what_the_ratio_is() -> None:
    mine = [Figures(calls=calls, seconds=1) for calls in (80, 5, 90)]
    theirs = [Figures(calls=100, seconds=1)] * 3
    assert ratio_of(pace, mine, theirs) == 0.8


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it so")
def test_a_process_is_watched_together_with_its_children() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.pid in _http_watch.family(os.getpid())
    assert _http_watch.cpu_of(os.getpid()) > 0
    assert _http_watch.memory_of(os.getpid()) > 1_000_000
