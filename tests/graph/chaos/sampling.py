"""How much of the matrix is played: all of it in CI (CHAOS_EVERY=1), every kind of trouble at every other deed else."""

from __future__ import annotations

import os

EVERY = int(os.environ.get("CHAOS_EVERY", "3"))


def is_taken(trouble: int, deed: int) -> bool:
    """Whether the cell of this trouble and this deed is played; like the fields of one colour on a chess board."""
    return EVERY == 1 or (trouble + deed) % 2 == 0
