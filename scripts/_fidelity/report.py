"""The result in numbers: per workload and in all, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scripts._fidelity.replay import Outcome
from scripts._fidelity.rules import told


@dataclass
class Workload:
    """The outcomes of one file."""

    name: str
    outcomes: list[Outcome] = field(default_factory=list)

    def count(self, *verdicts: str) -> int:
        """How many samples ended so."""
        return sum(outcome.verdict in verdicts for outcome in self.outcomes)

    @property
    def covered(self) -> int:
        return self.count("matching", "differing")

    @property
    def noted(self) -> int:
        """How many match only because a rule excuses something."""
        return sum(outcome.verdict == "matching" and bool(outcome.rules) for outcome in self.outcomes)

    @property
    def differences(self) -> list[str]:
        """The first difference of each sample that differs."""
        differing = (outcome for outcome in self.outcomes if outcome.verdict == "differing")
        return [f"{self.name}: {outcome.sample.name}: {outcome.reason}" for outcome in differing]


def as_json(workloads: Iterable[Workload]) -> dict[str, Any]:
    """The whole result."""
    return {"workloads": {one.name: _numbers(one) for one in workloads}}


def as_text(workloads: list[Workload]) -> str:
    """A line per workload, a line for all, then every difference."""
    everything = Workload("in all", [outcome for one in workloads for outcome in one.outcomes])
    head = f"{'workload':26}{'total':>7}{'covered':>16}{'matching':>16}{'noted':>7}{'not covered':>13}{'differing':>11}"
    lines = [head, *(_line(one) for one in (*workloads, everything))]
    differences = [difference for one in workloads for difference in one.differences]
    return "\n".join([*lines, "", *differences] if differences else lines)


def as_list(workload: Workload) -> str:
    """Every sample of one workload with its outcome."""
    return "\n".join(_shown(outcome) for outcome in workload.outcomes)


def rules_used(workloads: Iterable[Workload]) -> str:
    """Each leniency that was needed, by how many samples, and why it is one."""
    counts = Counter(rule for one in workloads for outcome in one.outcomes for rule in set(outcome.rules))
    return told(counts.most_common())


def _numbers(workload: Workload) -> Mapping[str, Any]:
    return {
        "total": len(workload.outcomes),
        "covered": workload.covered,
        "matching": workload.count("matching"),
        "noted": workload.noted,
        "not_covered": workload.count("not covered"),
        "differences": workload.differences,
    }


def _line(workload: Workload) -> str:
    total, covered, matching = len(workload.outcomes), workload.covered, workload.count("matching")
    return (
        f"{workload.name:26}{total:7}{covered:7} ({_share(covered, total)}){matching:7} ({_share(matching, covered)})"
        f"{workload.noted:7}{workload.count('not covered'):13}{workload.count('differing'):11}"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:6.1%}" if whole else "     -"


def _shown(outcome: Outcome) -> str:
    rules = f" <{', '.join(outcome.rules)}>" if outcome.rules else ""
    reason = f": {outcome.reason}" if outcome.reason else ""
    return f"{outcome.sample.number:4} {outcome.verdict:11} {outcome.sample.name}{reason}{rules}"
