"""tools/_paging.py: from any place on, in parts of any size, every row comes exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph import GraphClient
from tests.graph.support import BASE, client_on
from tools._paging import Part, Place, part_of


def collection(count: int, *, page: int | None = None, gaps: Sequence[int] = ()) -> Any:
    """A Graph with so many rows; its pages are as large as asked, or as large as it likes, some of them empty."""

    def answer(request: httpx.Request) -> httpx.Response:
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        start, size = int(query.get("$skiptoken", 0)), page or int(query["$top"])
        empty = start in gaps and query.get("again") is None
        rows = [] if empty else [{"id": f"{number}"} for number in range(start, min(start + size, count))]
        body: dict[str, Any] = {"value": rows}
        following = start if empty else start + size
        if following < count:
            again = "&again=1" if empty else ""
            body["@odata.nextLink"] = f"{BASE}me/messages?$top={size}&$skiptoken={following}{again}"
        if not start:
            body["@odata.count"] = count
        return httpx.Response(200, json=body)

    return answer


async def part(graph: GraphClient, limit: int, cursor: str | None = None) -> Part:
    return await part_of(graph, "me/messages", select="id", query={"$count": "true"}, limit=limit, cursor=cursor)


@settings(max_examples=25)
@given(
    st.integers(0, 40),
    st.none() | st.integers(1, 9),
    st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), min_size=1, max_size=8),
    st.sets(st.integers(0, 40), max_size=6),
)
async def test_every_row_comes_once_whatever_the_pages_and_wherever_it_was_cut(
    count: int, page: int | None, steps: list[tuple[int, int]], gaps: set[int]
) -> None:
    seen, cursor = list[str](), None
    async with client_on(collection(count, page=page, gaps=sorted(gaps))) as graph:
        for step in range(200):
            limit, kept = steps[step % len(steps)]
            found = await part(graph, limit, cursor)
            assert found.first == len(seen) + 1
            assert found.total == count
            assert len(found.items) <= limit
            shown = found.items[:kept]
            seen += [item["id"] for item in shown]
            cursor = found.places[len(shown) - 1] if shown else found.after
            if not cursor:
                break
    assert seen == [f"{number}" for number in range(count)]


async def test_so_many_empty_pages_are_not_waited_for_but_can_be_gone_on_from() -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        number = int(parse_qs(urlsplit(str(request.url)).query).get("$skiptoken", ["0"])[0])
        link = f"{BASE}me/messages?$skiptoken={number + 1}"
        return httpx.Response(200, json={"value": [], "@odata.nextLink": link})

    async with client_on(endless) as graph:
        found = await part(graph, 5)
    assert (found.items, found.places) == ([], [])
    assert "20" in found.after


async def test_an_empty_page_behind_the_last_row_is_no_next_page() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "skiptoken" in str(request.url):
            return httpx.Response(200, json={"value": []})
        return httpx.Response(200, json={"value": [{"id": "x"}], "@odata.nextLink": f"{BASE}me/messages?$skiptoken=1"})

    async with client_on(answer) as graph:
        assert (await part(graph, 5)).places == [""]


@pytest.mark.parametrize(
    "place",
    [Place(), Place("me/messages?$skip=5 6", 3, 8, 40), Place("", 3, 3), Place("x", 0, 0, 0)],
)
def test_a_place_is_read_back_as_it_was(place: Place) -> None:
    assert Place.read(str(place)) == place


def test_the_beginning_needs_no_place() -> None:
    assert Place.read("") == Place.read(None) == Place()
