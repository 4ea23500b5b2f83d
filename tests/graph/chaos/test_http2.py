"""The chaos matrix over HTTP/2: what becomes of a stream, or of the connection of all streams."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.chaos.clock import RESTLESS
from tests.graph.chaos.deeds import DEEDS, SAFE
from tests.graph.chaos.h2_gateway import TROUBLES, Gateway, Trouble
from tests.graph.chaos.judging import check_all_right
from tests.graph.chaos.playing import played
from tests.graph.chaos.rows import OF_THE_WIRE, Row
from tests.graph.chaos.sampling import is_taken
from tests.graph.chaos.stage import Stage

# A file goes over connections of its own, which speak HTTP/1.1.
NAMES = [name for name in DEEDS if not name.startswith("download")]
TOO_MUCH = "endless"
CELLS = [*((name, 1) for name in NAMES), *((name, 3) for name in ("several gets apart", "several posts"))]
SOME = ("get", "several gets apart", "pages", "post", "several posts", "patch if the same", "delete", "batch")


@pytest.fixture
def anyio_backend() -> object:
    return RESTLESS


@pytest.mark.parametrize("name", DEEDS)
async def test_in_fair_weather_all_is_right(name: str, tmp_path: Path) -> None:
    check_all_right(await played(name, tmp_path, {}, http2=True))


@pytest.mark.parametrize(
    ("kind", "name", "number"),
    [
        pytest.param(kind, name, number, id=f"{kind} at request {number} of {name}")
        for nth_kind, kind in enumerate(TROUBLES)
        for nth_cell, (name, number) in enumerate(CELLS)
        if is_taken(nth_kind, nth_cell)
    ],
)
async def test_trouble_with_a_stream_ends_in_right_answers_or_errors_of_ours(
    kind: Trouble, name: str, number: int, tmp_path: Path
) -> None:
    gateways = list[Gateway]()

    def strike(found: Stage) -> None:
        found.gateway.strike(kind)
        gateways.append(found.gateway)

    outcomes = await played(name, tmp_path, {number: strike}, http2=True)
    assert gateways[0].left == 0, "nothing went wrong"
    if name in SAFE and kind != TOO_MUCH:
        check_all_right(outcomes)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in OF_THE_WIRE])
@pytest.mark.parametrize("name", SOME)
async def test_trouble_with_the_connection_of_all_streams_ends_as_well(row: Row, name: str, tmp_path: Path) -> None:
    outcomes = await played(name, tmp_path, {1: row.strike}, http2=True)
    if row.ends == "right" or (row.ends == "reads" and name in SAFE):
        check_all_right(outcomes)
