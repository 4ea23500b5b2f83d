"""What a tool costs a model: the bytes of its entry in tools/list."""

from __future__ import annotations

import mcp_types
from mcp.server.mcpserver.tools import Tool


def listed(tool: Tool) -> mcp_types.Tool:
    """The entry of a tool, with all that the SDK lists of it."""
    return mcp_types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.parameters,
        output_schema=tool.output_schema,
        annotations=tool.annotations,
        icons=tool.icons,
        meta=tool.meta,
    )


def listed_bytes(tool: Tool) -> int:
    """How long that entry is as it is sent: compact JSON in UTF-8."""
    return len(listed(tool).model_dump_json(by_alias=True, exclude_none=True).encode())
