"""Whatever is written, the view, the delta, the direct reads and the copies of those invited agree."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.calendar.desk import Desk, lunch, people, time
from tests.emulator.support import error_of

WINDOW = "startDateTime=2026-03-10T00:00:00Z&endDateTime=2026-04-10T00:00:00Z"
DAYS = st.integers(1, 28)
STEPS = st.one_of(
    st.tuples(st.just("single"), DAYS, st.integers(3, 5)),
    st.tuples(st.just("daily"), DAYS, st.integers(1, 12)),
    st.tuples(st.just("rename"), DAYS, DAYS),
    st.tuples(st.just("move"), DAYS, DAYS),
    st.tuples(st.just("shift"), DAYS, st.integers(1, 20)),
    st.tuples(st.just("remove one"), DAYS, DAYS),
    st.tuples(st.just("remove all"), DAYS, DAYS),
    st.tuples(st.just("cut"), DAYS, st.integers(1, 6)),
)


def at(month: int, day: int, hour: int = 12) -> dict[str, Any]:
    return {
        "start": time(f"2026-{month:02}-{day:02}T{hour:02}:00:00"),
        "end": time(f"2026-{month:02}-{day:02}T{hour + 1:02}:00:00"),
    }


def daily(day: int, count: int) -> dict[str, Any]:
    bounds = {"type": "numbered", "startDate": f"2026-03-{day:02}", "numberOfOccurrences": count}
    return {"pattern": {"type": "daily", "interval": 1}, "range": bounds}


class Mirror:
    """A client that keeps a copy of a window by delta alone."""

    def __init__(self, desk: Desk, page: int = 3) -> None:
        self._desk = desk
        self._page = page
        self._link = f"me/calendarView/delta?{WINDOW}"
        self.known: dict[str, dict[str, Any]] = {}
        self.strangers: list[str] = []

    async def sync(self) -> None:
        while await self.read_page():
            pass

    async def read_page(self) -> bool:
        """One page of what is new; says whether there are more."""
        body = await self._desk.get(self._link, Prefer=f"odata.maxpagesize={self._page}")
        for item in body["value"]:
            if "@removed" not in item:
                self.known[item["id"]] = item
            elif self.known.pop(item["id"], None) is None:
                self.strangers.append(item["id"])
        self._link = body.get("@odata.deltaLink") or body["@odata.nextLink"]
        return "@odata.nextLink" in body

    @property
    def view(self) -> dict[str, str]:
        """The start of each event that a view shows, by id."""
        shown = (item for item in self.known.values() if item["type"] != "seriesMaster")
        return {item["id"]: item["start"]["dateTime"] for item in shown}


async def write(desk: Desk, guest: Desk, what: str, first: int, second: int) -> None:
    """One step; what Exchange refuses changes nothing."""
    if what == "single":
        good(await desk.http.post("me/events", json=lunch(guest.person, **at(second, first))))
    elif what == "daily":
        series = lunch(guest.person, **at(3, first), recurrence=daily(first, second))
        good(await desk.http.post("me/events", json=series))
    elif what in {"shift", "remove all", "cut"}:
        await write_event(desk, what, first, second)
    else:
        await write_occurrence(desk, what, first, second)


async def write_occurrence(desk: Desk, what: str, first: int, second: int) -> None:
    """A change of what a view shows."""
    view = (await desk.get(f"me/calendarView?{WINDOW}&$top=1000"))["value"]
    if not view:
        return
    path = f"me/events/{view[first % len(view)]['id']}"
    if what == "remove one":
        good(await desk.http.delete(path))
        return
    changes = {"rename": {"subject": f"Soup {second}"}, "move": at(3, second, hour=15)}
    good(await desk.http.patch(path, json=changes[what]))


async def write_event(desk: Desk, what: str, first: int, second: int) -> None:
    """A change of an event as it is kept."""
    events = (await desk.get("me/events?$top=1000"))["value"]
    if not events:
        return
    event = events[first % len(events)]
    path = f"me/events/{event['id']}"
    if what == "remove all":
        good(await desk.http.delete(path))
    elif what == "shift":
        good(await desk.http.patch(path, json=at(3, second, hour=9)))
    elif event["type"] == "seriesMaster":
        start = int(event["recurrence"]["range"]["startDate"][8:])
        good(await desk.http.patch(path, json={"recurrence": daily(start, second)}))


def good(response: Any) -> None:
    if response.status_code >= 300:
        assert error_of(response)[:2] == (400, "ErrorOccurrenceCrossingBoundary"), response.text


async def walk(steps: list[tuple[str, int, int]]) -> None:
    _, ada, bo, _ = people()
    mirror, slow, seldom = Mirror(ada), Mirror(ada), Mirror(ada)
    for number, step in enumerate(steps):
        await write(ada, bo, *step)
        await mirror.sync()
        await slow.read_page()
        if number % 3 == 0:
            await seldom.sync()
        view = {item["id"]: item for item in await ada.view(WINDOW)}
        assert mirror.view == {key: item["start"]["dateTime"] for key, item in view.items()}
        assert (await ada.http.get(f"me/calendarView/$count?{WINDOW}")).text == str(len(view))
        for key, item in list(view.items())[:3]:
            assert (await ada.get(f"me/events/{key}"))["start"] == item["start"]
        theirs = [item for item in await bo.view(WINDOW) if not item["isCancelled"]]
        assert sorted(item["start"]["dateTime"] for item in theirs) == sorted(mirror.view.values())
    await agree(mirror, slow, seldom, Mirror(ada))
    assert mirror.strangers == seldom.strangers == []


async def agree(*mirrors: Mirror) -> None:
    """All who follow delta know the same in the end, series included, however often they asked."""
    for mirror in mirrors:
        await mirror.sync()
        await mirror.sync()
    *others, fresh = (
        {key: (item["start"], item["@odata.etag"]) for key, item in mirror.known.items()} for mirror in mirrors
    )
    assert others == [fresh] * len(others)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_every_way_of_looking_at_a_calendar_shows_the_same(steps: list[tuple[str, int, int]]) -> None:
    anyio.run(walk, steps)


@pytest.mark.parametrize("last", [pytest.param("shift", id="moves"), pytest.param("remove all", id="goes")])
async def test_an_occurrence_that_came_back_for_a_moment_does_not_stay_with_a_slow_reader(last: str) -> None:
    steps = [("daily", 27, 8), ("rename", 18, 1), ("rename", 18, 1), ("cut", 1, 1), ("single", 1, 3), ("cut", 12, 2)]
    await walk([*steps, (last, 18, 1)])


class TestBetweenTwoPages:
    """Something happens after the first page of a turn, which told of another event, and before the second."""

    @staticmethod
    async def open() -> tuple[Desk, str, Mirror]:
        """A calendar that is followed one item at a time, and the path of an event that was there before."""
        _, ada, _, _ = people()
        other = await ada.post("me/events", lunch(**at(3, 20)))
        return ada, f"me/events/{other['id']}", Mirror(ada, page=1)

    @staticmethod
    async def series(desk: Desk, day: int, count: int) -> str:
        """The path of a daily series."""
        made = await desk.post("me/events", lunch(**at(3, day), recurrence=daily(day, count)))
        return f"me/events/{made['id']}"

    @staticmethod
    async def occurrence(desk: Desk, series: str, index: int) -> str:
        """The path of one of a series."""
        spring = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-05-01T00:00:00Z"
        return f"me/events/{(await desk.get(f'{series}/instances?{spring}'))['value'][index]['id']}"

    async def test_an_event_that_comes_back_and_leaves_again_is_gone(self) -> None:
        ada, other, mirror = await self.open()
        path = f"me/events/{(await ada.post('me/events', lunch(**at(3, 16))))['id']}"
        await mirror.sync()
        await ada.patch(other, {"subject": "Soup"})
        await ada.patch(path, at(5, 16))
        assert await mirror.read_page()
        await ada.patch(path, at(3, 16))
        await mirror.read_page()
        await ada.patch(path, at(5, 16))
        await agree(mirror, Mirror(ada))

    @pytest.mark.parametrize("is_removed", [pytest.param(False, id="moved"), pytest.param(True, id="deleted")])
    async def test_an_event_that_is_there_to_the_end_of_a_turn_is_told_as_gone_by_the_next(
        self, is_removed: bool
    ) -> None:
        ada, other, mirror = await self.open()
        path = f"me/events/{(await ada.post('me/events', lunch(**at(3, 16))))['id']}"
        await mirror.sync()
        await ada.patch(other, {"subject": "Soup"})
        await ada.patch(path, at(3, 17))
        assert await mirror.read_page()
        await (ada.delete(path) if is_removed else ada.patch(path, at(5, 16)))
        await mirror.read_page()
        assert path.rpartition("/")[2] in mirror.known
        await agree(mirror, Mirror(ada))
        assert mirror.strangers == []

    async def test_an_occurrence_that_was_moved_away_and_is_called_off_is_gone(self) -> None:
        ada, other, mirror = await self.open()
        first = await self.occurrence(ada, await self.series(ada, 10, 3), 0)
        await mirror.sync()
        await ada.patch(other, {"subject": "Soup"})
        await ada.patch(first, at(3, 9))
        assert await mirror.read_page()
        await ada.delete(first)
        await agree(mirror, Mirror(ada))

    async def test_a_series_is_told_when_what_brought_it_in_changes_once_more(self) -> None:
        ada, other, mirror = await self.open()
        last = await self.occurrence(ada, await self.series(ada, 7, 2), 1)
        await mirror.sync()
        await ada.patch(other, {"subject": "Soup"})
        await ada.patch(last, at(3, 11))
        assert await mirror.read_page()
        await ada.patch(last, {"subject": "Bread"})
        await agree(mirror, Mirror(ada))

    async def test_a_change_of_a_series_is_told_though_its_only_occurrence_here_changes_once_more(self) -> None:
        ada, other, mirror = await self.open()
        series = await self.series(ada, 8, 3)
        await mirror.sync()
        await ada.patch(other, {"subject": "Soup"})
        await ada.patch(series, {"subject": "Bread"})
        assert await mirror.read_page()
        await ada.patch(await self.occurrence(ada, series, 2), {"subject": "Wine"})
        await agree(mirror, Mirror(ada))
