"""Links that lead astray, wherever Graph gives one: nothing follows them, and no token goes with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from emulator.throttling import EVIL_LINKS
from tests.graph.chaos.clock import RESTLESS
from tests.graph.chaos.playing import played
from tests.graph.chaos.sampling import is_taken
from tests.graph.chaos.stage import Stage


@pytest.fixture
def anyio_backend() -> object:
    return RESTLESS


def strike(stage: Stage, *, link: str, target: str) -> None:
    stage.chaos.strike("link", link=link, target=target, times=None)


PLACES = [
    pytest.param("nextLink", "pages", id="the next page"),
    pytest.param("uploadUrl", "upload in session", id="where a file goes"),
    pytest.param("uploadUrl", "attach in session", id="where an attachment goes"),
    pytest.param("Location", "download", id="where a file is"),
    pytest.param("Location", "run", id="where a monitor is"),
    pytest.param("resourceLocation", "run", id="where a result is"),
]
# An empty address of a monitor is none: Graph took the work on, and does not tell of it again.
TARGETS = [pytest.param(target, id=target) for target in EVIL_LINKS if target != "empty"]


@pytest.mark.parametrize(
    ("link", "name", "target"),
    [
        pytest.param(*place.values, *target.values, id=f"{target.id} {place.id}")
        for nth_place, place in enumerate(PLACES)
        for nth_target, target in enumerate(TARGETS)
        if is_taken(nth_place, nth_target)
    ],
)
async def test_a_link_that_leads_astray_is_not_followed(link: str, name: str, target: str, tmp_path: Path) -> None:
    await played(name, tmp_path, {1: partial(strike, link=link, target=target)})


@pytest.mark.parametrize(("link", "name"), [place for place in PLACES if place.id != "where a monitor is"])
async def test_an_empty_link_is_no_link(link: str, name: str, tmp_path: Path) -> None:
    await played(name, tmp_path, {1: partial(strike, link=link, target="empty")})
