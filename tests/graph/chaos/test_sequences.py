"""Trouble seldom comes alone: several kinds of it at requests that follow one another."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from tests.graph.chaos.clock import RESTLESS
from tests.graph.chaos.deeds import DEEDS
from tests.graph.chaos.playing import played
from tests.graph.chaos.rows import ROWS

_SEQUENCES = int(os.environ.get("CHAOS_SEQUENCES", "2"))
# After a loss it is believed that what is to be taken away is gone.
_LIES = frozenset({"404"})
_MOST = 6  # requests among which trouble comes


@pytest.fixture
def anyio_backend() -> object:
    return RESTLESS


@pytest.mark.parametrize("number", [pytest.param(number, id=str(number)) for number in range(_SEQUENCES)])
@pytest.mark.parametrize("name", DEEDS)
async def test_trouble_upon_trouble_ends_as_well(name: str, number: int, tmp_path: Path) -> None:
    chance = Random(f"{name} {number}")  # noqa: S311 - the same every time
    rows = [row for row in ROWS if name in row.deeds and row.id not in _LIES]
    chosen = {place: chance.choice(rows) for place in sorted(chance.sample(range(1, _MOST + 1), chance.randint(2, 4)))}
    await played(name, tmp_path, {place: row.strike for place, row in chosen.items()})
