"""Lists out of Graph, a part at a time: what a tool shows of a collection, and where each row leaves it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graph import GraphClient, Limits, Pages

Query = Mapping[str, str | int]

# Graph may send empty or short pages for a while before something comes.
_MOST_PAGES = 20


@dataclass(frozen=True)
class Place:
    """Where in a collection: so many rows behind the start of a page, which Graph named or is the first."""

    page: str = ""
    skipped: int = 0
    before: int = 0
    """How many rows of the whole came before."""
    total: int | None = None
    """How many there are in all. Graph says it with the first page only."""

    @classmethod
    def read(cls, text: str | None) -> Place:
        """The place that a cursor stood for; the beginning where there was none."""
        if not text:
            return cls()
        skipped, before, total, page = text.split(" ", 3)
        return cls(page, int(skipped), int(before), int(total) if total else None)

    def __str__(self) -> str:
        # Not as JSON, which the SDK would read for us.
        return f"{self.skipped} {self.before} {'' if self.total is None else self.total} {self.page}"


@dataclass(frozen=True)
class Part:
    """Some rows of a collection, in their order."""

    items: Sequence[dict[str, Any]]
    places: list[str]
    """Behind each row; an empty text behind the last there is."""
    first: int
    """The number of the first row, from one."""
    total: int | None
    after: str = ""
    """Where it goes on after all of them: a page without rows may have others behind it."""


async def part_of(
    graph: GraphClient,
    path: str,
    *,
    select: str,
    query: Query,
    limit: int,
    cursor: str | None,
    prefer: str = "",
    eventual: bool = False,
) -> Part:
    """So many rows from a place on. A page is asked for of that size, so that the next mostly begins where it ends."""
    start = Place.read(cursor)

    def page_at(link: str) -> Pages:
        asked = {"$top": limit, **query}
        only = Limits(pages=1)
        return graph.pages(path, select=select, query=asked, prefer=prefer, eventual=eventual, after=link, limits=only)

    items: list[dict[str, Any]] = []
    places: list[str] = []
    at, after = start, ""
    async for item, behind, at in _walked(page_at, start):  # noqa: B007 - what it was last is wanted
        after = str(behind) if behind else ""
        if item is not None:
            items.append(item)
            places.append(after)
        elif places:
            places[-1] = after
        if len(items) == limit:
            break
    return Part(items, places, start.before + 1, at.total, after)


async def _walked(
    page_at: Callable[[str], Pages], place: Place
) -> AsyncIterator[tuple[dict[str, Any] | None, Place | None, Place]]:
    """Each row, the place behind it, and where its page begins; for a page without rows, one time none."""
    for _ in range(_MOST_PAGES):
        pages = page_at(place.page)
        every = [item async for item in pages]
        rows, left = every[place.skipped :], max(0, place.skipped - len(every))
        place = replace(place, total=pages.total if place.total is None else place.total)
        following = replace(place, page=pages.following, skipped=left, before=place.before + len(rows))
        behind_all = following if pages.following else None
        for number, row in enumerate(rows, 1):
            within = replace(place, skipped=place.skipped + number, before=place.before + number)
            yield row, within if number < len(rows) else behind_all, place
        if not rows:
            yield None, behind_all, place
        if behind_all is None:
            return
        place = following
