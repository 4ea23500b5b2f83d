"""scripts/tools_page.py: the page of tools is that of the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.tools_page import first_sentence, page, write
from tools import TOOLSETS, Toolset, listed_bytes
from tools.account import WhoAmI

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    write(tmp_path)
    written = (tmp_path / "docs" / "tools.md").read_bytes()
    assert (ROOT / "docs" / "tools.md").read_bytes() == written, "run: python scripts/tools_page.py"


def test_every_tool_has_its_line_and_its_bytes_add_up() -> None:
    text = page()
    tools = [tool for toolset in TOOLSETS for tool in toolset.tools]
    assert [tool.name for tool in tools if f"| `{tool.name}` |" not in text] == []
    total = sum(listed_bytes(tool.bind()) for tool in tools)
    assert f"| together |  | {len(tools)} | {total} |" in text


def invented() -> Toolset:
    toolset = Toolset("bin", "Waste.", is_in_all=False)

    @toolset.read("Bin.Read", application=["Bin.Read.All"], wants=["User.Read"])
    async def look() -> WhoAmI:
        """Look into a | b. Then think."""
        return WhoAmI(signed_in=True)

    @toolset.write("Bin.ReadWrite", removes=True, repeatable=True, open_world=True, application=[])
    async def empty() -> WhoAmI:
        """Empty the bin."""
        return WhoAmI(signed_in=True)

    return toolset


def test_a_line_says_what_a_tool_does_needs_and_may_break() -> None:
    lines = page([invented()]).splitlines()
    (look,) = [line for line in lines if line.startswith("| `bin_look` ")]
    assert "| Look into a \\| b. | read | read-only | `Bin.Read`; better with `User.Read` | `Bin.Read.All` |" in look
    (empty,) = [line for line in lines if line.startswith("| `bin_empty` ")]
    assert "| write | destructive, repeatable, open world | `Bin.ReadWrite` | none |" in empty
    assert any(line.startswith("| [bin](#bin) | where it is named; not with `all` | 2 | ") for line in lines)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("Look. And go.", "Look.", id="two sentences"),
        pytest.param("Look, e.g. here", "Look, e.g. here", id="an abbreviation"),
        pytest.param("Version 1.0 of it. `x` is y.", "Version 1.0 of it.", id="a number"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_only_the_first_sentence_of_a_description_is_taken(text: str, first: str) -> None:
    assert first_sentence(text) == first
