"""The byte budget: what tools/list may cost a model."""

from __future__ import annotations

from mcp import Client

from tests.support import client_of, small_tenant
from tests.tools.people import FakePeople, server_for

DEFAULT_BYTES = 36_000
DEFAULT_TOOLS = 40
ALL_BYTES = 200_000


async def bytes_of(toolsets: str) -> tuple[int, int]:
    """How many tools are listed, and the bytes of the whole answer."""
    async with client_of(small_tenant(), {"TOOLSETS": toolsets}) as client:
        listed = await client.list_tools()
    return len(listed.tools), len(listed.model_dump_json(by_alias=True, exclude_none=True).encode())


async def test_the_default_toolsets_leave_the_model_room() -> None:
    count, size = await bytes_of("all")  # so far these are the default
    assert count <= DEFAULT_TOOLS
    assert size <= DEFAULT_BYTES


async def test_everything_together_stays_within_its_budget() -> None:
    _, size = await bytes_of("all")
    assert size <= ALL_BYTES


async def test_the_first_seven_tools_are_listed_in_five_kilobytes() -> None:
    count, size = await bytes_of("account,mail")
    assert count == 7
    assert size <= 5000


async def test_a_second_account_costs_each_tool_that_reads_no_more_than_a_line() -> None:
    async with Client(server_for(FakePeople("ines.aldana@lindenhall.example", "jonas@lindenhall.example"))) as client:
        listed = await client.list_tools()
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True).encode()) <= 5500


async def test_no_tool_of_the_first_toolsets_costs_more_than_a_kilobyte_and_a_half() -> None:
    async with client_of(small_tenant()) as client:
        for tool in (await client.list_tools()).tools:
            assert len(tool.model_dump_json(by_alias=True, exclude_none=True).encode()) <= 1500, tool.name
