"""No tool reads a collection without saying which fields it wants: every one is called, and what it sends is read."""

from __future__ import annotations

import re
from collections.abc import Iterable

import httpx
import pytest

from _server_demo import DemoTenant
from emulator import build_emulator
from graph import wire
from tests.emulator.support import FakeEntra, delegated, small_tenant
from tests.support import facts_of
from tests.tools.clients import Person, at
from tests.tools.examples import EXAMPLES
from tests.tools.recording import Exchange, Recorder, server_on_graph
from tests.tools.walks import TOOLS, examples_of, reaches_graph, walking
from tools import Toolset, ToolSpec
from tools._render import Answer
from tools._services import Graph

# What is read without $select of its own, and why.
EXEMPT: tuple[tuple[str, str], ...] = (
    (r"[?&](?:%24|\$)(?:skip|delta)token=", "a link of Graph's, which keeps the fields of the first page in its token"),
    (r"/delta(?:\(\))?\?(?:.*&)?token=", "the same, as drives write it"),
)
_WITHOUT = re.compile("|".join(pattern for pattern, _ in EXEMPT))
_SELECT = "$select"


def greedy(exchanges: Iterable[Exchange]) -> list[str]:
    """What was read of collections with all fields that Graph has."""
    return [
        str(each.url)
        for each in exchanges
        if each.method == "GET"
        and each.is_collection
        and not each.url.params.get(_SELECT)
        and not _WITHOUT.search(each.url.raw_path.decode())
    ]


@pytest.fixture(scope="module")
def cloud() -> DemoTenant:
    return DemoTenant()


@pytest.mark.parametrize("tool", [pytest.param(tool, id=tool.name) for tool in TOOLS if reaches_graph(tool)])
async def test_a_tool_asks_collections_for_the_fields_that_it_wants(tool: ToolSpec, cloud: DemoTenant) -> None:
    examples, found = examples_of(tool), list[str]()
    async with walking(cloud) as walk:
        for example in examples:
            result, exchanges = await walk.called(tool.name, await walk.arguments(example))
            facts_of(result)
            found += greedy(exchanges)
    assert not found, f"{tool.name} reads a collection without $select. Name the fields that it shows."


async def test_the_walk_sees_what_a_tool_reads(cloud: DemoTenant) -> None:
    async with walking(cloud) as walk:
        (example,) = EXAMPLES["mail_read_message"]
        _, exchanges = await walk.called("mail_read_message", await walk.arguments(example))
    assert "attachments" in [each.path.rpartition("/")[2] for each in exchanges if each.is_collection]


def test_no_example_is_left_of_a_tool_that_is_gone() -> None:
    assert EXAMPLES.keys() <= {tool.name for tool in TOOLS}


def test_a_tool_without_an_example_says_what_to_add() -> None:
    unknown = Toolset("unknown", "New.")

    @unknown.read("User.Read")
    async def look(graph: Graph) -> Seen:
        """Look."""
        return Seen(count=0)

    with pytest.raises(AssertionError, match=r"unknown_look reaches Graph.* tests/tools/examples\.py"):
        examples_of(unknown.tools[0])


# Tools that do it wrong.


class Seen(Answer):
    """How much was read."""

    count: int

    def says(self) -> str:
        return str(self.count)


careless = Toolset("careless", "Reads more than it needs.")


@careless.read("Mail.Read")
async def everything(graph: Graph) -> Seen:
    """Read all fields of a collection."""
    return Seen(count=len((await graph.get("users", {"$top": 2}))["value"]))


@careless.read("Mail.Read")
async def batched(graph: Graph) -> Seen:
    """Read all fields in a batch."""
    calls = [graph.call("GET", "users", {"$top": 1}), graph.call("GET", "users", {"$top": 1, "$select": "id"})]
    return Seen(count=len(await graph.batch(calls)))


@careless.read("Mail.Read")
async def carefully(graph: Graph) -> Seen:
    """Read some fields of a collection over several pages, and all of one thing."""
    await graph.get("me")
    found = [item async for item in graph.pages("users", select="id", query={"$top": 1})]
    return Seen(count=len(found))


@pytest.mark.parametrize(
    ("tool", "found"),
    [
        pytest.param("careless_everything", ["/v1.0/users?%24top=2"], id="no fields"),
        pytest.param("careless_batched", ["/v1.0/users?%24top=1"], id="in a batch"),
        pytest.param("careless_carefully", [], id="as it should be"),
    ],
)
async def test_a_tool_that_reads_all_fields_is_caught(tool: str, found: list[str]) -> None:
    tenant = small_tenant()
    ada = next(iter(tenant.people.values()))
    recorder = Recorder(httpx.ASGITransport(build_emulator(tenant, entra=FakeEntra(delegated(ada)))))
    async with at(server_on_graph(recorder, (careless,)), "modern stream", Person()) as client:
        facts_of(await client.call_tool(tool, {}))
    caught = [each.partition("graph.microsoft.com")[2] for each in greedy(recorder.exchanges)]
    assert [each.replace("$", "%24") for each in caught] == found


@pytest.mark.parametrize(
    ("target", "is_caught"),
    [
        pytest.param("users/delta?$deltatoken=x", False, id="the next round of a delta"),
        pytest.param("users?%24skiptoken=x", False, id="the next page"),
        pytest.param("me/drive/root/delta?token=x", False, id="the next round of a drive's delta"),
        pytest.param("users/delta", True, id="the first round of a delta"),
        pytest.param("users?$select=", True, id="an empty list of fields"),
        pytest.param("me/messages?$filter=subject eq 'token=x'", True, id="the word alone"),
    ],
)
def test_only_what_graph_keeps_the_fields_of_is_exempt(target: str, is_caught: bool) -> None:
    url = httpx.URL(wire.Home("graph.microsoft.com").url("v1.0", target))
    assert bool(greedy([Exchange("GET", url, {}, 200, {"value": []})])) is is_caught
