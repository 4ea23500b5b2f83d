"""Lists out of Graph, a part at a time: what a tool shows of a collection, and where each row leaves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def behind(self, count: int) -> list[str]:
        """The places behind each of so many rows, as they are written."""
        rest = f"{'' if self.total is None else self.total} {self.page}"
        return [f"{self.skipped + number} {self.before + number} {rest}" for number in range(1, count + 1)]


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
    for _ in range(_MOST_PAGES):
        pages = page_at(at.page)
        rows = [item async for item in pages]
        at = replace(at, total=pages.total if at.total is None else at.total)
        following = _behind(at, len(rows), pages.following)
        found = rows[at.skipped : at.skipped + limit - len(items)]
        items += found
        places += at.behind(len(found))
        after = str(following) if following else ""
        if at.skipped + len(found) < len(rows):
            after = places[-1]
        elif places:
            places[-1] = after
        if following is None or len(items) == limit:
            break
        at = following
    return Part(items, places, start.before + 1, at.total, after)


def _behind(place: Place, rows: int, following: str) -> Place | None:
    """Where it goes on after all rows of a page; None where there is nothing any more."""
    left, seen = max(0, place.skipped - rows), max(0, rows - place.skipped)
    return Place(following, left, place.before + seen, place.total) if following else None
