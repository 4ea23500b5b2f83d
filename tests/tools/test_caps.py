"""Caps: how often an hour something may be done, counted for everybody who shares a store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import StorageError
from principal import Access
from storage import MemoryStore, SqliteStore
from tools._caps import Caps

WHO = "digest-of-ines"


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def caps_on(clock: Clock, limits: Mapping[Access, int], store: MemoryStore | None = None) -> Caps:
    return Caps(store or MemoryStore(clock=clock), limits, clock)


async def test_what_has_no_cap_is_not_counted(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    caps = caps_on(clock, {Access.SEND: 1}, store)
    assert await caps.spend(WHO, Access.DESTROY, 1000) == ""
    assert await caps.spend(WHO, Access.SEND, 0) == ""
    assert await store.count("") == 0


async def test_there_is_room_up_to_the_cap_and_then_a_reason(clock: Clock) -> None:
    caps = caps_on(clock, {Access.SEND: 3})
    assert [await caps.spend(WHO, Access.SEND) for _ in range(3)] == ["", "", ""]
    assert await caps.spend(WHO, Access.SEND) == (
        "The policy allows 3 sends an hour (caps.send_per_hour), and 3 of them are used. "
        "There is room again in 61 minutes."
    )


async def test_the_hour_slides(clock: Clock) -> None:
    caps = caps_on(clock, {Access.SEND: 2})
    await caps.spend(WHO, Access.SEND)
    clock.now += 1800
    await caps.spend(WHO, Access.SEND)
    clock.now += 1740
    assert "There is room again in 2 minutes." in await caps.spend(WHO, Access.SEND)
    clock.now += 70
    assert await caps.spend(WHO, Access.SEND) == ""
    assert "There is room again in 30 minutes." in await caps.spend(WHO, Access.SEND)


async def test_nothing_is_forgotten_within_its_hour(clock: Clock) -> None:
    caps = caps_on(clock, {Access.SEND: 1})
    clock.now += 9
    await caps.spend(WHO, Access.SEND)
    clock.now += 3599
    assert "in 1 minute." in await caps.spend(WHO, Access.SEND)
    clock.now += 2
    assert await caps.spend(WHO, Access.SEND) == ""


async def test_what_was_refused_is_not_counted(clock: Clock) -> None:
    caps = caps_on(clock, {Access.SEND: 5})
    await caps.spend(WHO, Access.SEND, 4)
    refused = await caps.spend(WHO, Access.SEND, 3)
    assert "4 of them are used, and this call has 3" in refused
    assert await caps.spend(WHO, Access.SEND) == ""


async def test_room_for_many_comes_when_enough_is_forgotten(clock: Clock) -> None:
    caps = caps_on(clock, {Access.SEND: 4})
    await caps.spend(WHO, Access.SEND, 1)
    clock.now += 600
    await caps.spend(WHO, Access.SEND, 3)
    assert "in 51 minutes" in await caps.spend(WHO, Access.SEND, 1)
    assert "in 61 minutes" in await caps.spend(WHO, Access.SEND, 2)


async def test_more_than_the_cap_never_finds_room(clock: Clock) -> None:
    told = await caps_on(clock, {Access.SEND: 5}).spend(WHO, Access.SEND, 6)
    assert told.startswith("The policy allows 5 sends an hour (caps.send_per_hour), and this call has 6 of them.")
    assert "Make it smaller" in told


async def test_a_cap_of_nothing_says_who_can_change_it(clock: Clock) -> None:
    assert await caps_on(clock, {Access.DESTROY: 0}).spend(WHO, Access.DESTROY) == (
        "The policy allows no calls that delete, wipe or reset an hour (caps.destroy_per_hour). "
        "Only the administrator can change that."
    )


async def test_people_and_classes_are_counted_apart(clock: Clock) -> None:
    caps = caps_on(clock, {Access.SEND: 1, Access.WRITE: 1})
    for who in (WHO, "digest-of-jonas"):
        assert await caps.spend(who, Access.SEND) == ""
        assert await caps.spend(who, Access.WRITE) == ""
        assert "1 change an hour (caps.write_per_hour)" in await caps.spend(who, Access.WRITE)


class WaitingStore(MemoryStore):
    """A store in which others get their turn between reading and writing."""

    async def get(self, key: str) -> bytes | None:
        found = await super().get(key)
        await asyncio.sleep(0)
        return found


async def test_calls_at_the_same_time_never_pass_the_cap_together(clock: Clock) -> None:
    store = WaitingStore(clock=clock)
    processes = [caps_on(clock, {Access.SEND: 7}, store) for _ in range(20)]
    told = await asyncio.gather(*(caps.spend(WHO, Access.SEND) for caps in processes))
    assert told.count("") == 7


async def test_processes_that_share_a_file_share_the_caps(clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "state" / "state.db"
    async with SqliteStore(path, clock=clock) as one, SqliteStore(path, clock=clock) as other:
        processes = [Caps(store, {Access.SEND: 4}, clock) for store in (one, other)]
        told = await asyncio.gather(*(caps.spend(WHO, Access.SEND) for caps in processes * 4))
    assert told.count("") == 4


class LostRace(MemoryStore):
    """A store in which somebody else was always faster."""

    async def swap(
        self, key: str, expected: bytes | None, value: bytes | None, *, seconds: float | None = None
    ) -> bool:
        return False


async def test_whoever_always_loses_the_race_does_nothing(clock: Clock) -> None:
    told = await caps_on(clock, {Access.SEND: 7}, LostRace(clock=clock)).spend(WHO, Access.SEND)
    assert "Nothing was done" in told


async def test_a_clock_that_is_set_back_shuts_nobody_out_for_longer_than_an_hour(clock: Clock) -> None:
    caps = caps_on(clock, {Access.SEND: 2})
    await caps.spend(WHO, Access.SEND)
    clock.now -= 30 * 24 * 3600
    assert await caps.spend(WHO, Access.SEND) == ""
    assert "in 61 minutes" in await caps.spend(WHO, Access.SEND)
    clock.now += 3620
    assert await caps.spend(WHO, Access.SEND, 2) == ""


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"[1]", id="a list"),
        pytest.param(b'{"x": 1}', id="no moment"),
        pytest.param(b'{"1": null}', id="no number"),
    ],
)
async def test_counts_that_cannot_be_read_stop_what_they_cap(clock: Clock, stored: bytes) -> None:
    store = MemoryStore(clock=clock)
    await store.put(f"cap/{WHO}/send", stored)
    with pytest.raises(StorageError, match="so nothing was done"):
        await caps_on(clock, {Access.SEND: 2}, store).spend(WHO, Access.SEND)


async def test_a_full_store_drops_other_things_before_the_counts(clock: Clock) -> None:
    store = MemoryStore(clock=clock, most=16)
    caps = caps_on(clock, {Access.SEND: 1}, store)
    await caps.spend(WHO, Access.SEND)
    for number in range(100):
        await store.put(f"handle/{number}", b"", seconds=30 * 24 * 3600)
    assert await caps.spend(WHO, Access.SEND) != ""


async def test_a_busy_hour_takes_little_room(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    caps = caps_on(clock, {Access.SEND: 100_000}, store)
    for _ in range(380):
        clock.now += 9.5
        await caps.spend(WHO, Access.SEND, 7)
    stored = await store.get(f"cap/{WHO}/send")
    assert stored is not None
    assert len(stored) < 8_000


@settings(max_examples=15)
@given(st.lists(st.tuples(st.floats(0, 2000), st.integers(1, 4)), max_size=30))
async def test_no_hour_ever_has_more_than_the_cap(calls: list[tuple[float, int]]) -> None:
    clock = Clock()
    caps = caps_on(clock, {Access.SEND: 5})
    done: list[tuple[float, int]] = []
    for wait, count in calls:
        clock.now += wait
        if not await caps.spend(WHO, Access.SEND, count):
            done.append((clock.now, count))
        assert sum(number for at, number in done if at > clock.now - 3600) <= 5
