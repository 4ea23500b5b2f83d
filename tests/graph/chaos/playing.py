"""One cell: a deed is done while trouble strikes, and then looked at from all sides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from errors import AppError
from graph import deadline
from tests.graph.chaos.deed import Deed
from tests.graph.chaos.deeds import DEEDS
from tests.graph.chaos.judging import check, check_all_right
from tests.graph.chaos.stage import Stage, stage

SECONDS = 120.0
# A transfer ends its session in this time after its own.
_ENDING = 10.0
# Graph is asked again after an hour at most, and some more so that not all come at once.
_LONGEST_PAUSE = 4000.0
# Their answers are kept beyond the trouble, and so must not be wrong.
_KEPT = frozenset({"get kept", "metadata"})

Troubles = Mapping[int, Callable[[Stage], object]]


async def played(name: str, folder: Path, troubles: Troubles, *, http2: bool = False) -> list[Any]:
    """The outcomes of a deed that meets trouble at some of its requests. None is wrong, and nothing is left over."""
    async with stage(http2=http2) as found:
        deed = DEEDS[name](found, folder)
        for number, strike in troubles.items():
            found.log.before[number] = partial(strike, found)
        outcomes = await in_time(deed.do())
        found.calm()
        check(outcomes, deed.parts)
        await _is_over(found, name, deed)
    whole = name == "download" and not isinstance(outcomes[0], AppError)
    assert _names(folder) == (["file.bin"] if whole else []), "files are left"
    return outcomes


async def in_time(work: Coroutine[Any, Any, list[Any]]) -> list[Any]:
    """What it comes to by its deadline."""
    with deadline.within(SECONDS):
        async with asyncio.timeout(SECONDS + _ENDING):
            return await work


def _names(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


async def _is_over(found: Stage, name: str, deed: Deed) -> None:
    """Whoever comes later does not feel anything any more."""
    await asyncio.sleep(_LONGEST_PAUSE)
    assert (await found.graph.get("me"))["id"] == found.me.id
    if name in _KEPT:
        outcomes = await deed.do()
        check(outcomes, deed.parts)
        check_all_right(outcomes)
