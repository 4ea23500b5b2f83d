"""A figure, the limit that it is held to, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """`figure` is to be at most `limit`, or at least."""

    what: str
    figure: float
    limit: float
    is_floor: bool = False

    @property
    def holds(self) -> bool:
        return self.figure >= self.limit if self.is_floor else self.figure <= self.limit

    def __str__(self) -> str:
        bound = "at least" if self.is_floor else "at most"
        return f"{self.what}: {self.figure:.3f}, {bound} {self.limit:.3f}{'' if self.holds else '  <-- BEYOND IT'}"


def told(*verdicts: Verdict) -> list[Verdict]:
    """Print them, too."""
    print(*verdicts, sep="\n", flush=True)
    return list(verdicts)
