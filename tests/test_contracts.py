"""Every tool is held to its stored contract: what a client sees of it changes only on purpose.

`UPDATE_SNAPSHOTS=1 python -m pytest tests/test_contracts.py` writes the contracts anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tools import TOOLSETS, ToolSpec

SNAPSHOTS = Path(__file__).parent / "snapshots"
TOOLS = [tool for toolset in TOOLSETS for tool in toolset.tools]


def contract(tool: ToolSpec) -> str:
    served = tool.bind()
    assert served.annotations
    facts = {
        "name": served.name,
        "description": served.description,
        "access": tool.access,
        "delegated": tool.delegated,
        "application": tool.application,
        "annotations": served.annotations.model_dump(by_alias=True, exclude_none=True),
        "inputSchema": served.parameters,
        "outputSchema": served.output_schema,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("tool", [pytest.param(tool, id=tool.name) for tool in TOOLS])
def test_a_tool_keeps_its_contract(tool: ToolSpec) -> None:
    stored = SNAPSHOTS / f"{tool.name}.json"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOTS.mkdir(exist_ok=True)
        stored.write_text(contract(tool), encoding="utf-8", newline="\n")
    assert stored.read_text(encoding="utf-8") == contract(tool), "the contract changed: see this module's docstring"


def test_no_contract_is_left_of_a_tool_that_is_gone() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == {tool.name for tool in TOOLS}
