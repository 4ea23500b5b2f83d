"""Whatever is written, the view, the delta, the direct reads and the copies of those invited agree."""

from __future__ import annotations

from typing import Any

import anyio
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

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._link = f"me/calendarView/delta?{WINDOW}"
        self.known: dict[str, dict[str, Any]] = {}
        self.strangers: list[str] = []

    async def sync(self) -> None:
        while await self.read_page():
            pass

    async def read_page(self) -> bool:
        """One page of what is new; says whether there are more."""
        body = await self._desk.get(self._link, Prefer="odata.maxpagesize=3")
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
    first, *others = ({key: item["start"] for key, item in mirror.known.items()} for mirror in mirrors)
    assert all(other == first for other in others)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_every_way_of_looking_at_a_calendar_shows_the_same(steps: list[tuple[str, int, int]]) -> None:
    anyio.run(walk, steps)
