"""storage/memory.py: bounded, tidy, and not to be outwitted by the clock. What it has to do is in test_store.py."""

from __future__ import annotations

import pytest

from storage import LockTimeout, MemoryStore
from tests.storage.support import Clock


async def test_a_full_store_drops_what_would_expire_first_but_never_what_is_just_written(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = MemoryStore(clock=Clock(), most=3)
    for name, seconds in {"ever": None, "long": 100, "short": 10, "middle": 50}.items():
        await store.put(name, b"1", seconds=seconds)
    assert [await store.get(name) for name in ("ever", "long", "short", "middle")] == [b"1", b"1", None, b"1"]
    await store.swap("brief", None, b"1", seconds=1)
    assert await store.get("brief") == b"1"
    assert await store.get("middle") is None
    await store.claim({"one": b"1", "two": b"1"}, seconds=1)
    assert await store.count("") == 3
    assert await store.get("ever") == b"1"
    assert [record.getMessage() for record in caplog.records] == [
        "state in memory is full: what would expire first is dropped"
    ], "told once"


async def test_the_bound_counts_only_what_lives(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock, most=2)
    await store.claim({"a": b"1", "b": b"1"}, seconds=1)
    clock.now += 1
    await store.claim({"c": b"1", "d": b"1"})
    assert await store.count("") == 2
    assert caplog.records == []


async def test_room_is_made_for_several_at_once() -> None:
    store = MemoryStore(clock=Clock(), most=32)
    for number in range(33):
        await store.put(f"{number}", b"1", seconds=100 + number)
    assert await store.count("") == 33 - 1 - 2
    assert await store.get("32") == b"1"


async def test_what_has_expired_is_dropped_now_and_then_though_nobody_asks_for_it() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.put("key", b"1", seconds=1)
    async with store.lock("name", seconds=1):
        clock.now += 61
        await store.put("other", b"1")
        async with store.lock("another"):
            assert len(store._entries) == 1
            assert len(store._locks) == 1


async def test_a_clock_that_is_set_back_gives_nobody_more_than_the_same_time_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.put("key", b"1", seconds=60)
    await store.put("ever", b"1")
    async with store.lock("name", seconds=60):
        clock.now -= 86400
        assert await store.get("key") == b"1"
        with pytest.raises(LockTimeout):
            async with store.lock("name", patience=0):
                raise AssertionError
        clock.now += 60
        assert await store.get("key") is None
        assert await store.get("ever") == b"1"
        async with store.lock("name", patience=0):
            pass


async def test_a_closed_store_has_forgotten_everything() -> None:
    store = MemoryStore()
    async with store:
        await store.put("key", b"1")
    assert await store.get("key") is None
