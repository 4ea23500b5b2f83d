"""Write what the demo tenant covers into docs/emulator.md: python scripts/emulator_docs.py [fidelity.json].

With the result of `scripts/fidelity DIR --json` it also keeps the figures, in docs/emulator-fidelity.json.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from emulator.graph.catalogue import WORKLOADS  # noqa: E402 - found only after the line above
from emulator.graph.engine.workload import Workload  # noqa: E402
from scripts._fidelity.rules import RULES  # noqa: E402

BEGIN = "<!-- Written by scripts/emulator_docs.py from the workloads and the last measurement. Change it there. -->"
END = "<!-- End of what is written by scripts/emulator_docs.py. -->"
FIGURES = "emulator-fidelity.json"


def told(figures: Mapping[str, Any]) -> str:
    """The generated part of the page."""
    return "\n".join([*_workloads(), "", *_fidelity(figures), "", *_rules()])


def with_coverage(page: str, figures: Mapping[str, Any]) -> str:
    """The page with its generated part as the code is now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{told(figures)}\n\n{END}{after}"


def write(root: Path, source: Path | None = None) -> None:
    """Write both files below this folder, the same on every system."""
    kept = root / "docs" / FIGURES
    if source is not None:
        found = json.loads(source.read_text("utf-8"))["workloads"]
        kept.write_text(json.dumps(_figures(found), indent=1) + "\n", encoding="utf-8", newline="\n")
    page = root / "docs" / "emulator.md"
    text = with_coverage(page.read_text("utf-8"), json.loads(kept.read_text("utf-8")))
    page.write_text(text, encoding="utf-8", newline="\n")


def _figures(found: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """The numbers of the workloads that are covered at all; what differs is for the terminal."""
    names = ("total", "covered", "matching", "noted")
    return {name: {key: found[name][key] for key in names} for name in sorted(found) if found[name]["covered"]}


def _workloads() -> Iterator[str]:
    yield "| workload | types it speaks for | actions and functions |"
    yield "|---|---|---|"
    for workload in WORKLOADS:
        yield f"| {workload.name} | {_types(workload)} | {_operations(workload)} |"


def _types(workload: Workload) -> str:
    return ", ".join(dict.fromkeys(behaviour.name.rpartition(".")[2] for behaviour in workload.types))


def _operations(workload: Workload) -> str:
    found = {name for behaviour in workload.types for name in (*behaviour.operations, *behaviour.collection_operations)}
    return ", ".join(sorted(found)) or "-"


def _fidelity(figures: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "`scripts/fidelity DIR` replays documented requests and holds the answers against the documented ones. "
        "The last measurement, by file of samples (those of workloads that come later are mostly not covered):"
    )
    yield ""
    yield "| samples | in all | covered | of these matching | matching with an excuse |"
    yield "|---|---|---|---|---|"
    for name, numbers in figures.items():
        total, covered, matching = (numbers[key] for key in ("total", "covered", "matching"))
        shares = f"{covered} ({covered / total:.0%}) | {matching} ({matching / covered:.0%})"
        yield f"| {name} | {total} | {shares} | {numbers['noted']} |"


def _rules() -> Iterator[str]:
    yield "A sample is documentation, and documentation slips. These are all the excuses that a match may need:"
    yield ""
    for name, reason in RULES.items():
        yield f"- `{name}`: {reason}"


if __name__ == "__main__":
    write(ROOT, Path(sys.argv[1]) if sys.argv[1:] else None)
