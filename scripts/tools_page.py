"""Write docs/tools.md from the catalogue of tools: python scripts/tools_page.py."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import TOOLSETS, Toolset, ToolSpec, listed_bytes  # noqa: E402 - found only after the line above

_INTRO = """\
# Tools

<!-- Written by scripts/tools_page.py from the tools. Change them instead. -->

`TOOLSETS`, `TOOLS`, `EXCLUDE_TOOLS`, `ACCESS` and `ALLOWED_SCOPES` choose among these ([settings.md](settings.md));
`python server.py tools` shows what comes of your own settings, and `--all` why the rest is left out.

- **Class** is the gravest that a call may do: *read*; *write* changes something of one's own; *send* leaves
  the tenant or speaks for the person; *destroy* deletes, wipes, resets or changes policy. Where some calls do
  less, that is said.
- **Hints** are what clients are told: *read-only*; *destructive*, it takes something away; *repeatable*, twice
  does no more than once; *open world*, it reaches people or things outside the tenant.
- **Delegated** permissions are those of a signed-in person, **application** permissions those of an app by
  itself; a tool without such a form is not offered to an app. They are the least that do; *better with* names
  those that it can do without.
- **Bytes** are those of the tool's entry in `tools/list`, for a signed-in person with one account.
"""


def page(toolsets: Sequence[Toolset] = TOOLSETS) -> str:
    """The text of docs/tools.md."""
    parts = [_INTRO, _sums(toolsets), *(_section(toolset) for toolset in toolsets)]
    return "\n".join(parts)


def first_sentence(text: str) -> str:
    """What a description begins with."""
    return re.split(r"(?<=[.!?]) (?=[A-Z`\"])", text, maxsplit=1)[0]


def write(root: Path) -> None:
    """Write the page below this folder, the same on every system."""
    (root / "docs").mkdir(exist_ok=True)
    (root / "docs" / "tools.md").write_text(page(), encoding="utf-8", newline="\n")


def _sums(toolsets: Iterable[Toolset]) -> str:
    lines, count, size = ["| Toolset | Offered | Tools | Bytes |", "|---|---|---|---|"], 0, 0
    for toolset in toolsets:
        own = sum(_size(tool) for tool in toolset.tools)
        lines.append(f"| [{toolset.name}](#{toolset.name}) | {_offered(toolset)} | {len(toolset.tools)} | {own} |")
        count, size = count + len(toolset.tools), size + own
    return "\n".join([*lines, f"| together |  | {count} | {size} |", ""])


def _offered(toolset: Toolset) -> str:
    if toolset.is_default:
        return "by default"
    return "where it is chosen" if toolset.is_in_all else "where it is named; not with `all`"


def _section(toolset: Toolset) -> str:
    head = "| Tool | What it does | Class | Hints | Delegated | Application | Bytes |"
    lines = [f"## {toolset.name}", "", toolset.description, "", head, "|---|---|---|---|---|---|---|"]
    return "\n".join([*lines, *(_line(tool) for tool in toolset.tools), ""])


def _line(tool: ToolSpec) -> str:
    bound = tool.bind()
    cells = (
        f"`{tool.name}`",
        _cell(first_sentence(bound.description or "")),
        _class(tool),
        ", ".join(_hints(tool)) or "-",
        _delegated(tool),
        "not offered" if tool.application is None else _listed(tool.application),
        str(listed_bytes(bound)),
    )
    return f"| {' | '.join(cells)} |"


def _class(tool: ToolSpec) -> str:
    return str(tool.access) if tool.lightest is tool.access else f"{tool.access} (some calls {tool.lightest})"


def _hints(tool: ToolSpec) -> Iterator[str]:
    hints = tool.hints
    if hints.read_only_hint:
        yield "read-only"
    if hints.destructive_hint:
        yield "destructive"
    if hints.idempotent_hint and not hints.read_only_hint:
        yield "repeatable"
    if hints.open_world_hint:
        yield "open world"


def _delegated(tool: ToolSpec) -> str:
    return _listed(tool.delegated) + (f"; better with {_listed(tool.wants)}" if tool.wants else "")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _size(tool: ToolSpec) -> int:
    return listed_bytes(tool.bind())


def _cell(text: str) -> str:
    """Text that stays within its cell."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    write(ROOT)
