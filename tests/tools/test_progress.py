"""tools/_progress.py: how far a tool is reaches clients that ask for it, and never stands in its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
import pytest
from mcp_types import CallToolResult

from emulator import build_emulator
from graph import GraphClient
from server import GraphwardServer
from tests.emulator.drives.support import FILES
from tests.emulator.support import FakeEntra, delegated, small_tenant
from tests.graph.support import HOST, speaker
from tests.support import facts_of, text_of
from tests.tools.clients import Person, at
from tests.tools.people import FakePeople, server_for
from tests.tools.serving import server_with
from tests.virtual_time import VIRTUAL_TIME
from tools import Toolset
from tools._progress import INTERVAL_SECONDS, PATIENCE_SECONDS, ProgressReports
from tools._render import Answer
from tools._services import Graph, Progress

Told = list[tuple[float, float | None, str | None]]

WAYS = [
    pytest.param("legacy stream", id="older handshake, stdio"),
    pytest.param("legacy http", id="older handshake, HTTP session"),
    pytest.param("legacy stateless", id="older handshake, stateless HTTP"),
    pytest.param("modern stream", id="2026-07-28, stdio"),
    pytest.param("modern http", id="2026-07-28, HTTP"),
    pytest.param("modern stateless", id="2026-07-28, stateless HTTP"),
]


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


class Done(Answer):
    """What became of it."""

    name: str

    def says(self) -> str:
        return self.name


def listener() -> tuple[Told, ProgressReports]:
    told: Told = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        told.append((done, total, message))

    return told, ProgressReports(hear)


async def test_every_report_is_further_than_the_one_before() -> None:
    told, progress = listener()
    for done in (0, 0, 3, 2, 3, 10):
        await asyncio.sleep(INTERVAL_SECONDS)
        await progress(done, 10)
    assert [done for done, _, _ in told] == [0, 3, 10]


async def test_reports_that_come_too_soon_are_left_out_but_for_the_end() -> None:
    told, progress = listener()
    for done in range(1, 1001):
        await progress(done, 1000, "uploading")
    assert told == [(1, 1000, "uploading"), (1000, 1000, "uploading")]


async def test_a_client_that_does_not_listen_any_more_costs_the_tool_nothing() -> None:
    tries: list[float] = []

    async def gone(done: float, total: float | None, message: str | None) -> None:
        tries.append(done)
        raise ConnectionResetError

    progress = ProgressReports(gone)
    await progress(1, 1)
    await progress(2, 2)
    assert tries == [1]


async def test_a_client_that_does_not_read_is_waited_for_once() -> None:
    async def stuck(done: float, total: float | None, message: str | None) -> None:
        await asyncio.sleep(10_000)

    progress, started = ProgressReports(stuck), asyncio.get_running_loop().time()
    await progress(1, 1)
    await progress(2, 2)
    assert asyncio.get_running_loop().time() - started == pytest.approx(PATIENCE_SECONDS)


async def test_a_call_that_is_cancelled_while_it_reports_is_cancelled() -> None:
    async def stuck(done: float, total: float | None, message: str | None) -> None:
        await asyncio.sleep(10_000)

    task = asyncio.create_task(ProgressReports(stuck)(1, 1))
    await asyncio.sleep(PATIENCE_SECONDS / 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# Through the protocol.

slow = Toolset("slow", "Takes a while.")


@slow.read("User.Read")
async def count(progress: Progress, to: int) -> Done:
    """Count."""
    for number in range(1, to + 1):
        await progress(number, to, f"{number} of {to}")
    return Done(name=f"counted to {to}")


@slow.write("Files.ReadWrite", seconds=300)
async def copy(graph: Graph, progress: Progress, path: str, name: str) -> Done:
    """Copy a file."""
    call = graph.call("POST", f"{graph.user}/drive/root:/{path}:/copy", body={"name": name})
    made = await graph.run(call, progress=progress)
    return Done(name=made["name"])


async def heard(server: GraphwardServer, way: str, tool: str, **arguments: object) -> tuple[CallToolResult, Told]:
    """What a tool answers, and how far it said it was before."""
    told: Told = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with at(server, way, Person()) as client:
        return await client.call_tool(tool, arguments, progress_callback=hear), told


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_client_that_asks_hears_how_far_a_tool_is(way: str, anyio_backend: object) -> None:
    server = server_for(FakePeople("ines@a.example"), catalogue=(slow,))
    result, told = await heard(server, way, "slow_count", to=5)
    assert text_of(result) == "counted to 5"
    assert told == [(1, 5, "1 of 5"), (5, 5, "5 of 5")]


@pytest.mark.parametrize("way", [pytest.param("legacy stream", id="older"), pytest.param("modern stream", id="newer")])
async def test_a_client_that_does_not_ask_hears_nothing_and_gets_the_answer(way: str) -> None:
    async with at(server_for(FakePeople("ines@a.example"), catalogue=(slow,)), way, Person()) as client:
        assert facts_of(await client.call_tool("slow_count", {"to": 5})) == {"name": "counted to 5"}


async def test_progress_is_no_argument_of_the_tool() -> None:
    async with at(server_for(FakePeople("ines@a.example"), catalogue=(slow,)), "modern stream", Person()) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(listed["slow_count"].input_schema["properties"]) == ["to"]
    assert list(listed["slow_copy"].input_schema["properties"]) == ["path", "name"]


@asynccontextmanager
async def on_emulator(files: Sequence[str]) -> AsyncIterator[GraphwardServer]:
    """A server whose Graph is the emulator, where Ada has these files."""
    tenant = small_tenant()
    ada = next(iter(tenant.people.values()))
    network = httpx.ASGITransport(build_emulator(tenant, entra=FakeEntra(delegated(ada, *FILES))))
    async with httpx.AsyncClient(transport=network, base_url=f"https://{HOST}/v1.0/") as http:
        for name in files:
            assert (await http.put(f"me/drive/root:/{name}:/content", content=b"words")).is_success

    people = FakePeople("ada@a.example")
    yield server_with(network, people, lambda service, *_: GraphClient(service, speaker()), catalogue=(slow,))


@pytest.mark.parametrize("way", [pytest.param("legacy stream", id="older"), pytest.param("modern stream", id="newer")])
async def test_work_that_graph_does_in_the_background_is_followed_with_progress(way: str) -> None:
    async with on_emulator(["plan.txt"]) as server:
        result, told = await heard(server, way, "slow_copy", path="plan.txt", name="again.txt")
    assert facts_of(result) == {"name": "again.txt"}
    assert [total for _, total, _ in told] == [100, 100]
    assert told[0][0] < told[1][0] == 100


async def test_work_that_fails_in_the_background_is_told_to_the_model() -> None:
    async with on_emulator(["plan.txt", "taken.txt"]) as server:
        result, _ = await heard(server, "modern stream", "slow_copy", path="plan.txt", name="taken.txt")
    assert result.is_error
    assert text_of(result).startswith("nameAlreadyExists")
