"""tools/_sizes.py: what a tool costs is what tools/list sends for it."""

from __future__ import annotations

from tests.support import client_of, small_tenant
from tools import TOOLSETS, listed_bytes


async def test_the_bytes_are_those_that_a_client_gets() -> None:
    async with client_of(small_tenant(), {"TOOLSETS": "all"}) as client:
        got = {
            tool.name: len(tool.model_dump_json(by_alias=True, exclude_none=True).encode())
            for tool in (await client.list_tools()).tools
        }
    specs = {tool.name: tool for toolset in TOOLSETS for tool in toolset.tools}
    assert got
    assert got == {name: listed_bytes(specs[name].bind()) for name in got}
