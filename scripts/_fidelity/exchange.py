"""One sample on its way, as all that handle it see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulator.graph.engine.plan import Plan
from scripts._fidelity.binding import Needs
from scripts._fidelity.rules import Notes
from scripts._fidelity.samples import Sample
from scripts._fidelity.world import World


@dataclass(frozen=True)
class Exchange:
    """A sample ready to be sent: its path has the ids of what was seeded, `sent` is its body without placeholders."""

    world: World
    sample: Sample
    plan: Plan
    sent: Any
    needs: Needs
    notes: Notes

    @property
    def address(self) -> str:
        """The path with its version."""
        return f"/{self.sample.version}{self.sample.path}"
