"""A collection, page by page, as far as the limits let it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from errors import GraphUnavailable
from graph.calls import Call, Reply
from graph.wire import Home, Trail

Limit = Literal["items", "pages", "bytes"]


@dataclass(frozen=True)
class Limits:
    """How much of a collection is wanted at most."""

    items: int = 1_000
    pages: int = 50
    size: int = 4 * 1024 * 1024


USUAL = Limits()


class Pages:
    """The items of a collection, for one `async for`; afterwards it says what was left out.

    Every page is asked for with the headers of the first, which Graph does not carry over. A next link that leads
    away from Graph, or back to a page that was there before, is an error.
    """

    def __init__(
        self, fetch: Callable[[Call], Awaitable[Reply]], home: Home, first: Call, limits: Limits = USUAL
    ) -> None:
        self._fetch = fetch
        self._home = home
        self._call: Call | None = first
        self._limits = limits
        self._trail = Trail()
        self._trail.comes_again(first.target)
        self.total: int | None = None
        """How many there are in all, where Graph was asked to count."""
        self.stopped_by: Limit | None = None
        """The limit that ended it before the collection did."""
        self.delta_link = ""
        """Where the next round of a delta query begins, once all pages are read."""
        self.seen = 0

    @property
    def following(self) -> str:
        """The page after what was read, as `after` takes it; an empty text where there is none."""
        return "" if self._call is None else self._call.target

    async def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        pages = size = 0
        while self._call is not None:
            if self._is_full(pages, size):
                return
            reply = await self._fetch(self._call)
            pages, size = pages + 1, size + len(reply.body)
            for item in self._items(reply.object()):
                if self.seen >= self._limits.items:
                    self.stopped_by = "items"
                    return
                self.seen += 1
                yield item

    def _is_full(self, pages: int, size: int) -> bool:
        if self.seen >= self._limits.items:
            self.stopped_by = "items"
        elif pages >= self._limits.pages:
            self.stopped_by = "pages"
        elif size >= self._limits.size:
            self.stopped_by = "bytes"
        return self.stopped_by is not None

    def _items(self, page: dict[str, Any]) -> list[dict[str, Any]]:
        """What is on a page; notes where the next one is."""
        items = page.get("value")
        if not isinstance(items, list):
            raise GraphUnavailable("BadAnswer", "Graph sent something that is not a page of a collection. Try again.")
        if self.total is None and isinstance(count := page.get("@odata.count"), int):
            self.total = count  # Graph counts with the first page only
        self.delta_link = page.get("@odata.deltaLink") or self.delta_link
        self._call = self._following(page.get("@odata.nextLink"))
        return items

    def _following(self, link: object) -> Call | None:
        if link is None or self._call is None:
            return None
        place = self._home.follow(str(link), self._call.version)
        if self._trail.comes_again(place.target):
            raise GraphUnavailable(
                "PagingLoop", "Graph's next page is one that was there before. Ask for less at once."
            )
        return replace(self._call, path=place.path, query=place.query)
