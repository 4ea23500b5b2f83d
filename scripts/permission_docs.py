"""Write what the toolsets need into docs/app-registration.md: python scripts/permission_docs.py [permissions.json].

With a copy of Microsoft's permission list (permissions/new/permissions.json of microsoft-graph-devx-content, with the
identifiers joined in) it also writes commands/_permission_facts.json, for all permissions that a tool names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from commands import needs, permissions_named, told_for_docs  # noqa: E402 - found only after the line above

BEGIN = "<!-- Written by scripts/permission_docs.py from the tools. Change it there. -->"
END = "<!-- End of what is written by scripts/permission_docs.py. -->"


def with_table(page: str) -> str:
    """The page with its table as the tools are now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{told_for_docs(needs())}\n\n{END}{after}"


def facts_out_of(listed: Mapping[str, Any]) -> dict[str, Any]:
    """What Microsoft says of each permission that a tool names; KeyError for a name that it does not know."""
    return {name: _fact(listed[name]) for name in permissions_named()}


def _fact(entry: Mapping[str, Any]) -> dict[str, Any]:
    fact: dict[str, Any] = {}
    if person := entry.get("delegated"):
        fact["delegated"] = {key: person[key] for key in ("id", "admin_consent", "personal")}
    if app := entry.get("application"):
        fact["application"] = {"id": app["id"]}
    return fact


def write(root: Path, source: Path | None = None) -> None:
    """Write both files below this folder, the same on every system."""
    if source:
        listed = json.loads(source.read_text("utf-8"))["permissions"]
        text = json.dumps(facts_out_of(listed), indent=1) + "\n"
        (root / "commands" / "_permission_facts.json").write_text(text, encoding="utf-8", newline="\n")
    page = root / "docs" / "app-registration.md"
    page.write_text(with_table(page.read_text("utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(ROOT, Path(sys.argv[1]) if sys.argv[1:] else None)
