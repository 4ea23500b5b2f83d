"""The chaos matrix: every kind of trouble x everything that is asked of a client, over real sockets.

Each cell ends in right answers or typed errors within the deadline, with just the writes that were asked for, and with
nothing left over: no task, socket, file or half a download.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from emulator.fault_proxy import TROUBLES, Strike
from emulator.throttling import Fault
from emulator.throttling.faults import KINDS
from tests.graph.chaos.clock import RESTLESS
from tests.graph.chaos.deeds import DEEDS, LONG, SAFE
from tests.graph.chaos.judging import check_all_right
from tests.graph.chaos.playing import played
from tests.graph.chaos.rows import DISTINCT, OF_GRAPH, OF_THE_WIRE, ROWS, Row
from tests.graph.chaos.sampling import EVERY, is_taken
from tests.graph.chaos.stage import Stage


@pytest.fixture
def anyio_backend() -> object:
    return RESTLESS


@pytest.mark.parametrize("name", DEEDS)
async def test_in_fair_weather_all_is_right(name: str, tmp_path: Path) -> None:
    check_all_right(await played(name, tmp_path, {}))


def test_every_kind_of_trouble_has_a_row() -> None:
    assert {row.kind for row in OF_GRAPH} | {"challenge"} == KINDS  # which has tests of its own
    assert {row.kind for row in OF_THE_WIRE} == set(TROUBLES)


FIRST = [
    pytest.param(row, name, 1, id=f"{row.id} at {name}")
    for nth_row, row in enumerate(ROWS)
    for nth_deed, name in enumerate(DEEDS)
    if name in row.deeds and is_taken(nth_row, nth_deed)
]
LATER = [
    pytest.param(row, name, number, id=f"{row.id} at request {number} of {name}")
    for row in DISTINCT
    for name, most in LONG.items()
    for number in range(2, most + 1)
    if name in row.deeds
]


@pytest.mark.parametrize(("row", "name", "number"), FIRST + LATER[::EVERY])
async def test_trouble_ends_in_right_answers_or_errors_of_ours(
    row: Row, name: str, number: int, tmp_path: Path
) -> None:
    strikes = list[Fault | Strike]()

    def strike(found: Stage) -> None:
        strikes.append(row.strike(found))

    outcomes = await played(name, tmp_path, {number: strike})
    assert number > 1 or strikes[0].left in (0, None), "nothing went wrong"
    if row.ends == "right" or (row.ends == "reads" and (name in SAFE or number > 1)):
        check_all_right(outcomes)
