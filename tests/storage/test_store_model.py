"""Any sequence of calls does to a store what it does to a few lines of Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import MemoryStore, SqliteStore, Store
from tests.storage.support import Clock

NAMES = st.sampled_from(["a", "b", "a/1", "a/2"])
VALUES = st.sampled_from([b"", b"1", b"2"])
LIVES = st.sampled_from([None, 5.0, 50.0])
STEPS = st.one_of(
    st.tuples(st.just("put"), NAMES, VALUES, LIVES),
    st.tuples(st.just("swap"), NAMES, st.none() | VALUES, st.none() | VALUES, LIVES),
    st.tuples(st.just("claim"), st.dictionaries(NAMES, VALUES, max_size=3), LIVES),
    st.tuples(st.just("delete"), NAMES),
    st.tuples(st.just("pass"), st.sampled_from([1.0, 5.0, 70.0])),
)


class Model:
    """What a store does, in the plainest words."""

    def __init__(self) -> None:
        self.now = 0.0
        self.entries: dict[str, tuple[bytes, float]] = {}

    def live(self) -> dict[str, bytes]:
        return {key: value for key, (value, until) in self.entries.items() if until > self.now}

    def put(self, key: str, value: bytes, seconds: float | None) -> None:
        self.entries[key] = (value, math.inf if seconds is None else self.now + seconds)

    def swap(self, key: str, expected: bytes | None, value: bytes | None, seconds: float | None) -> bool:
        if self.live().get(key) != expected:
            return False
        self.entries.pop(key, None)
        if value is not None:
            self.put(key, value, seconds)
        return True

    def claim(self, items: dict[str, bytes], seconds: float | None) -> dict[str, bytes]:
        live = self.live()
        for key, value in items.items():
            if live.get(key, value) == value:
                self.put(key, value, seconds)
        return {key: live[key] for key, value in items.items() if live.get(key, value) != value}

    def delete(self, key: str) -> bool:
        was_there = key in self.live()
        self.entries.pop(key, None)
        return was_there


async def both_do(step: tuple[object, ...], store: Store, model: Model, clock: Clock) -> None:
    match step:
        case ("put", str(key), bytes(value), float() | None as seconds):
            model.put(key, value, seconds)
            await store.put(key, value, seconds=seconds)
        case ("swap", str(key), bytes() | None as expected, bytes() | None as value, float() | None as seconds):
            assert await store.swap(key, expected, value, seconds=seconds) == model.swap(key, expected, value, seconds)
        case ("claim", dict() as items, float() | None as seconds):
            assert await store.claim(items, seconds=seconds) == model.claim(items, seconds)
        case ("delete", str(key)):
            assert await store.delete(key) == model.delete(key)
        case ("pass", float(seconds)):
            model.now += seconds
            clock.now += seconds
        case _:
            raise AssertionError(step)


def memory(_: Path, clock: Clock) -> MemoryStore:
    return MemoryStore(clock=clock)


def sqlite(folder: Path, clock: Clock) -> SqliteStore:
    return SqliteStore(folder / "state.db", clock=clock)


@given(steps=st.lists(STEPS, max_size=25))
@settings(derandomize=True, max_examples=15)
@pytest.mark.parametrize("make", [pytest.param(memory, id="memory"), pytest.param(sqlite, id="sqlite")])
def test_any_sequence_of_calls_leaves_what_the_model_has(
    make: Callable[[Path, Clock], MemoryStore | SqliteStore],
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[object, ...]],
) -> None:
    clock, model = Clock(), Model()
    store = make(tmp_path_factory.mktemp("state"), clock)

    async def run() -> None:
        async with store:
            for step in steps:
                await both_do(step, store, model, clock)
            live = model.live()
            assert {key: await store.get(key) for key in live} == live
            assert await store.count("") == len(live)
            assert await store.count("a/") == len([key for key in live if key.startswith("a/")])

    anyio.run(run)
