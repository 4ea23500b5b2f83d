"""graph/paging.py: all of a collection, or as much as was asked for, and a word on what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from errors import GraphError, GraphNotFound, GraphUnavailable
from graph import Limits, Pages
from tests.graph.support import BASE, client_on


class Book:
    """A collection whose pages are given; each names the next one."""

    def __init__(self, *pages: list[int], links: Mapping[int, str] | None = None, delta: str = "") -> None:
        self._pages = pages
        self._links = links or {}
        self._last = {"@odata.deltaLink": delta} if delta else {}
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        number = int(request.url.params.get("$skiptoken", 0))
        page: dict[str, Any] = {"value": [{"id": item} for item in self._pages[number]]}
        if number == 0 and "$count" in request.url.params:
            page["@odata.count"] = sum(len(each) for each in self._pages)
        if number + 1 < len(self._pages):
            page["@odata.nextLink"] = self._links.get(number, f"{BASE}users?$skiptoken={number + 1}&$select=id")
        else:
            page |= self._last
        return httpx.Response(200, json=page)


async def read(book: Book, **options: Any) -> tuple[list[int], Pages]:
    async with client_on(book) as graph:
        pages = graph.pages("users", select="id", **options)
        return [item["id"] async for item in pages], pages


async def test_every_page_is_read_also_after_an_empty_one() -> None:
    items, pages = await read(Book([1, 2], [], [3]))
    assert (items, pages.stopped_by, pages.seen) == ([1, 2, 3], None, 3)


async def test_the_headers_of_the_first_page_go_with_each() -> None:
    book = Book([1], [2], [3])
    await read(book, eventual=True, prefer="odata.maxpagesize=1")
    assert {request.headers["consistencylevel"] for request in book.asked} == {"eventual"}
    assert {request.headers["prefer"] for request in book.asked} == {'IdType="ImmutableId", odata.maxpagesize=1'}


async def test_the_count_of_the_first_page_is_kept() -> None:
    _, pages = await read(Book([1, 2], [3]), query={"$count": "true"})
    assert pages.total == 3


@pytest.mark.parametrize(
    ("limits", "items", "by"),
    [
        pytest.param(Limits(items=3), [1, 2, 3], "items", id="items, within a page"),
        pytest.param(Limits(items=2), [1, 2], "items", id="items, at the end of a page"),
        pytest.param(Limits(pages=2), [1, 2, 3, 4], "pages", id="pages"),
        pytest.param(Limits(size=60), [1, 2], "bytes", id="bytes"),
        pytest.param(Limits(items=6), [1, 2, 3, 4, 5, 6], None, id="just enough"),
        pytest.param(Limits(pages=3), [1, 2, 3, 4, 5, 6], None, id="just enough pages"),
    ],
)
async def test_a_limit_ends_it_and_is_named(limits: Limits, items: list[int], by: str | None) -> None:
    found, pages = await read(Book([1, 2], [3, 4], [5, 6]), limits=limits)
    assert (found, pages.stopped_by) == (items, by)


async def test_nothing_is_asked_beyond_a_limit() -> None:
    book = Book([1, 2], [3, 4])
    await read(book, limits=Limits(items=2))
    assert len(book.asked) == 1


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(f"{BASE}users?$skiptoken=1&$select=id", id="itself"),
        pytest.param(f"{BASE}users?$skiptoken=0&$select=id", id="the one before"),
    ],
)
async def test_a_next_link_that_was_there_before_is_an_error(link: str) -> None:
    book = Book([1], [2], [3], links={1: link})
    with pytest.raises(GraphUnavailable, match="was there before"):
        await read(book)
    assert len(book.asked) <= 4


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("https://evil.example/v1.0/users?$skiptoken=1", id="another host"),
        pytest.param("http://graph.microsoft.com/v1.0/users?$skiptoken=1", id="without TLS"),
        pytest.param("https://graph.microsoft.com:8443/v1.0/users", id="another port"),
        pytest.param("https://me@graph.microsoft.com/v1.0/users", id="with a name"),
        pytest.param("https://graph.microsoft.com/beta/users", id="another version"),
        pytest.param("https://graph.microsoft.com/v1.0/../beta/users", id="dots"),
        pytest.param("https://graph.microsoft.us/v1.0/users", id="another cloud"),
        pytest.param("\\\\evil.example\\x", id="backslashes"),
    ],
)
async def test_a_next_link_that_leads_away_is_not_followed(link: str) -> None:
    book = Book([1], [2], links={0: link})
    with pytest.raises(GraphError, match="nothing was sent"):
        await read(book)
    assert len(book.asked) == 1


async def test_a_round_of_a_delta_query_ends_with_where_the_next_begins() -> None:
    delta = f"{BASE}users/delta?$deltatoken=abc"
    _, pages = await read(Book([1], [2], delta=delta))
    assert pages.delta_link == delta
    book = Book([7])
    items, _ = await read(book, after=delta)
    assert (items, book.asked[0].url) == ([7], httpx.URL(delta))


async def test_a_link_from_elsewhere_is_no_place_to_go_on_from() -> None:
    with pytest.raises(GraphError, match="nothing was sent"):
        await read(Book([1]), after="https://evil.example/v1.0/users/delta?$deltatoken=abc")


async def test_an_error_on_the_way_is_told_after_what_came_before() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if "$skiptoken" in request.url.params:
            return httpx.Response(404, json={"error": {"code": "Gone", "message": "Not there."}})
        return httpx.Response(200, json={"value": [{"id": 1}], "@odata.nextLink": f"{BASE}users?$skiptoken=1"})

    async with client_on(handler) as graph:
        walk = aiter(graph.pages("users", select="id"))
        assert await anext(walk) == {"id": 1}
        with pytest.raises(GraphNotFound):
            await anext(walk)


async def test_what_is_no_page_is_an_error() -> None:
    async with client_on(lambda _: httpx.Response(200, json={"id": 1})) as graph:
        with pytest.raises(GraphUnavailable, match="not a page"):
            [item async for item in graph.pages("users", select="id")]


async def test_a_collection_is_not_read_without_saying_what_is_wanted_of_it() -> None:
    async with client_on(Book([1])) as graph:
        with pytest.raises(ValueError, match="select"):
            graph.pages("users", select="")
