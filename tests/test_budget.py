"""The byte budget: what tools/list may cost a model."""

from __future__ import annotations

from collections import Counter

import pytest
from mcp import Client
from mcp_types import ListToolsResult

from tests.support import client_of, small_tenant
from tests.tools.people import FakePeople, server_for
from tools import TOOLSETS

DEFAULT_BYTES = 36_000
DEFAULT_TOOLS = 40
ADMIN_BYTES = 14_000
ALL_BYTES = 200_000
DISCOVERY_BYTES = 6_000
DISCOVERY_TOOLS = 6

# Of the default set. The rest of its toolsets share what is left.
CAPS = {"account": 5, "mail": 8, "calendar": 5, "contacts": 4, "diagnostics": 2, "graph": 5, "search": 1}
REST = DEFAULT_TOOLS - sum(CAPS.values())


async def listed(**environ: str) -> ListToolsResult:
    async with client_of(small_tenant(), environ) as client:
        return await client.list_tools()


def bytes_of(result: ListToolsResult) -> int:
    """The whole answer, output schemas included."""
    return len(result.model_dump_json(by_alias=True, exclude_none=True).encode())


async def test_the_default_toolsets_leave_the_model_room() -> None:
    default = await listed()
    assert len(default.tools) <= DEFAULT_TOOLS
    assert bytes_of(default) <= DEFAULT_BYTES
    assert {tool.name for tool in default.tools} == {
        tool.name for toolset in TOOLSETS if toolset.is_default for tool in toolset.tools
    }


def test_each_toolset_of_the_default_has_its_share_of_the_tools() -> None:
    counts = Counter({toolset.name: len(toolset.tools) for toolset in TOOLSETS if toolset.is_default})
    assert {name: count for name, count in counts.items() if count > CAPS.get(name, REST)} == {}
    assert sum(count for name, count in counts.items() if name not in CAPS) <= REST
    assert REST == 10


@pytest.mark.parametrize("toolset", [pytest.param(each.name, id=each.name) for each in TOOLSETS])
async def test_no_toolset_alone_costs_more_than_its_share(toolset: str) -> None:
    assert bytes_of(await listed(TOOLSETS=toolset)) <= ADMIN_BYTES


async def test_everything_together_stays_within_its_budget() -> None:
    assert bytes_of(await listed(TOOLSETS="all")) <= ALL_BYTES


async def test_a_few_tools_that_find_the_others_cost_little() -> None:
    few = await listed(TOOLSETS="all", DISCOVERY="true")
    assert len(few.tools) <= DISCOVERY_TOOLS
    assert bytes_of(few) <= DISCOVERY_BYTES


async def test_the_first_nine_tools_are_listed_in_seven_kilobytes() -> None:
    first = await listed(TOOLSETS="account,mail")
    assert len(first.tools) == 9
    assert bytes_of(first) <= 7000


async def test_a_second_account_costs_each_tool_that_works_as_one_no_more_than_a_line() -> None:
    sizes = list[int]()
    for people in (FakePeople("ines.aldana@a.example"), FakePeople("ines.aldana@a.example", "jonas@a.example")):
        async with Client(server_for(people)) as client:
            sizes.append(bytes_of(await client.list_tools()))
    assert sizes[1] - sizes[0] <= 5 * 130


async def test_no_tool_of_the_first_toolsets_costs_more_than_a_kilobyte_and_a_quarter() -> None:
    for tool in (await listed()).tools:
        assert len(tool.model_dump_json(by_alias=True, exclude_none=True).encode()) <= 1250, tool.name
