"""What any store has to do. A new backend joins with one entry in BACKENDS and passes all of this."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from storage import LockTimeout, MemoryStore, SqliteStore, Store
from tests.storage.support import Clock


@dataclass
class Backend:
    """A store to try, and how to let time pass for it."""

    store: Store
    advance: Callable[[float], None]


async def memory(folder: Path, stack: AsyncExitStack) -> Backend:
    clock = Clock()
    return Backend(await stack.enter_async_context(MemoryStore(clock=clock)), lambda by: _move(clock, by))


async def sqlite(folder: Path, stack: AsyncExitStack) -> Backend:
    clock = Clock()
    store = SqliteStore(folder / "state.db", clock=clock)
    return Backend(await stack.enter_async_context(store), lambda by: _move(clock, by))


def _move(clock: Clock, by: float) -> None:
    clock.now += by


BACKENDS = [pytest.param(memory, id="memory"), pytest.param(sqlite, id="sqlite")]


@pytest.fixture(params=BACKENDS)
async def backend(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Backend]:
    async with AsyncExitStack() as stack:
        yield await request.param(tmp_path, stack)


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.store


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00\xff\r\n", id="what is no text"),
        pytest.param(b"x" * 300_000, id="much"),
    ],
)
async def test_what_is_put_is_got_to_the_byte(store: Store, value: bytes) -> None:
    assert await store.get("key") is None
    await store.put("key", b"before")
    await store.put("key", value)
    assert await store.get("key") == value


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("handle/ab12/msg_4k7q2m", id="usual"),
        pytest.param("Übergröße/✓/😀", id="beyond ASCII"),
        pytest.param("a\x00b", id="with a zero"),
        pytest.param("\ud800", id="half a surrogate pair"),
        pytest.param("'; DROP TABLE entries; --", id="SQL"),
    ],
)
async def test_any_text_is_a_key(store: Store, key: str) -> None:
    await store.put(key, b"1")
    await store.put(f"{key}.", b"2")
    assert await store.get(key) == b"1"
    assert await store.count(key) == 2
    assert await store.delete(key)
    assert await store.get(f"{key}.") == b"2"


async def test_deleting_tells_whether_there_was_something(backend: Backend) -> None:
    store = backend.store
    await store.put("key", b"1")
    assert await store.delete("key") is True
    assert await store.delete("key") is False
    await store.put("key", b"1", seconds=10)
    backend.advance(10)
    assert await store.delete("key") is False


async def test_an_entry_expires_when_its_seconds_are_over_and_for_every_question(backend: Backend) -> None:
    store = backend.store
    await store.put("brief", b"1", seconds=10)
    await store.put("lasting", b"2")
    backend.advance(9.5)
    assert await store.get("brief") == b"1"
    backend.advance(0.5)
    assert await store.get("brief") is None
    assert await store.count("") == 1
    assert await store.swap("brief", b"1", b"2") is False
    assert await store.swap("brief", b"1", None) is False
    backend.advance(10 * 365 * 86400)
    assert await store.get("lasting") == b"2"


@pytest.mark.parametrize("seconds", [pytest.param(0, id="none"), pytest.param(-5, id="fewer")])
async def test_no_time_to_live_is_no_life(store: Store, seconds: float) -> None:
    await store.put("key", b"1", seconds=seconds)
    assert await store.get("key") is None


async def test_a_put_sets_the_time_to_live_anew(backend: Backend) -> None:
    store = backend.store
    for seconds in (10, 20, None):
        await store.put("key", b"1", seconds=seconds)
        backend.advance(9)
    await store.put("key", b"1", seconds=5)
    backend.advance(5)
    assert await store.get("key") is None


async def test_what_has_expired_does_not_come_back_by_waiting_on(backend: Backend) -> None:
    await backend.store.put("key", b"1", seconds=10)
    backend.advance(1000)
    await backend.store.put("other", b"2")
    backend.advance(100)
    assert await backend.store.count("") == 1


# Compare and set.


@pytest.mark.parametrize(
    ("there", "expected", "value", "left"),
    [
        pytest.param(None, None, b"new", b"new", id="puts what is absent"),
        pytest.param(b"old", b"old", b"new", b"new", id="replaces what it expects"),
        pytest.param(b"old", b"old", b"old", b"old", id="replaces by the same"),
        pytest.param(b"old", b"old", None, None, id="deletes what it expects"),
        pytest.param(b"", b"", b"new", b"new", id="tells nothing from empty"),
        pytest.param(None, None, None, None, id="finds nothing, leaves nothing"),
    ],
)
async def test_a_swap_that_fits(
    store: Store, there: bytes | None, expected: bytes | None, value: bytes | None, left: bytes | None
) -> None:
    if there is not None:
        await store.put("key", there)
    assert await store.swap("key", expected, value) is True
    assert await store.get("key") == left


@pytest.mark.parametrize("value", [pytest.param(b"new", id="putting"), pytest.param(None, id="deleting")])
@pytest.mark.parametrize(
    ("there", "expected"),
    [
        pytest.param(b"old", None, id="something where nothing is expected"),
        pytest.param(b"old", b"older", id="something else"),
        pytest.param(b"", None, id="an empty value where nothing is expected"),
        pytest.param(None, b"old", id="nothing"),
        pytest.param(None, b"", id="nothing where an empty value is expected"),
    ],
)
async def test_a_swap_that_finds_something_else_changes_nothing(
    store: Store, there: bytes | None, expected: bytes | None, value: bytes | None
) -> None:
    if there is not None:
        await store.put("key", there)
    assert await store.swap("key", expected, value) is False
    assert await store.get("key") == there


async def test_expired_counts_as_absent_for_a_swap_which_sets_a_time_to_live_of_its_own(backend: Backend) -> None:
    store = backend.store
    await store.put("key", b"old", seconds=10)
    assert await store.swap("key", None, b"new") is False
    backend.advance(10)
    assert await store.swap("key", None, b"new", seconds=10) is True
    backend.advance(9)
    assert await store.swap("key", b"new", b"newer", seconds=10) is True
    backend.advance(9)
    assert await store.get("key") == b"newer"
    backend.advance(1)
    assert await store.get("key") is None


async def test_of_many_who_spend_the_same_thing_one_succeeds(store: Store) -> None:
    await store.put("nonce", b"unspent")
    spent: list[bool] = []

    async def spend() -> None:
        spent.append(await store.swap("nonce", b"unspent", None))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(spend)
    assert sorted(spent) == [False] * 9 + [True]


# Claims.


async def test_a_claim_puts_renews_and_returns_what_is_somebody_elses(backend: Backend) -> None:
    store = backend.store
    await store.put("mine", b"1", seconds=10)
    await store.put("other", b"theirs", seconds=10)
    await store.put("gone", b"theirs", seconds=3)
    backend.advance(5)
    claimed = await store.claim({"new": b"0", "mine": b"1", "other": b"2", "gone": b"3"}, seconds=10)
    assert claimed == {"other": b"theirs"}
    backend.advance(5)
    values = [await store.get(key) for key in ("new", "mine", "other", "gone")]
    assert values == [b"0", b"1", None, b"3"], "the other's has its own time to live"
    backend.advance(5)
    assert await store.count("") == 0


async def test_claiming_nothing_is_no_trouble(store: Store) -> None:
    assert await store.claim({}, seconds=10) == {}
    assert await store.count("") == 0


async def test_a_claim_without_a_time_lasts(backend: Backend) -> None:
    await backend.store.claim({"key": b"1"})
    backend.advance(1e9)
    assert await backend.store.get("key") == b"1"


# Counting and trimming.

KEYS = ["a", "a%", "a%b", "a_", "a_b", "a*", "a?", "a[b]", "a\\", "A", "ab", "b", "a/\uffff", "a/😀", "é", ""]


@pytest.mark.parametrize(
    "prefix", [pytest.param(key, id=f"prefix {key!a}") for key in [*KEYS, "a/", "zz", "\U0010ffff"]]
)
async def test_a_prefix_is_meant_literally(store: Store, prefix: str) -> None:
    await store.claim(dict.fromkeys(KEYS, b"1"))
    beginning = [key for key in KEYS if key.startswith(prefix)]
    assert await store.count(prefix) == len(beginning)
    assert await store.trim(prefix, 0) == len(beginning)
    assert await store.count("") == len(KEYS) - len(beginning)


async def test_trimming_leaves_those_that_expire_last(backend: Backend) -> None:
    store = backend.store
    for name, seconds in {"c": 30, "a": 10, "ever": None, "d": 40, "b": 20}.items():
        await store.put(f"x/{name}", b"1", seconds=seconds)
    await store.put("y", b"1", seconds=1)
    assert await store.trim("x/", 9) == 0
    assert await store.trim("x/", 3) == 2
    assert [await store.get(f"x/{name}") for name in ("a", "b", "c", "d", "ever")] == [None, None, b"1", b"1", b"1"]
    backend.advance(30)
    assert await store.trim("x/", 1) == 1, "what has expired neither stays nor counts"
    assert await store.get("x/ever") == b"1"
    assert await store.trim("x/", -1) == 1


# Locks.


async def test_a_lock_is_held_by_one_at_a_time(store: Store) -> None:
    inside, most = 0, 0

    async def work() -> None:
        nonlocal inside, most
        async with store.lock("name"):
            inside += 1
            most = max(most, inside)
            await store.get("key")
            await anyio.lowlevel.checkpoint()
            inside -= 1

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(work)
    assert most == 1


async def test_whoever_finds_a_lock_taken_is_told_after_its_patience(store: Store) -> None:
    async with store.lock("name"), store.lock("another"):
        with pytest.raises(LockTimeout, match=r"\(name\) for 0.01 s or longer. Try again"):
            async with store.lock("name", patience=0.01):
                raise AssertionError
    async with store.lock("name", patience=0):
        assert await store.count("") == 0, "a lock is no entry"
        assert await store.trim("", 0) == 0
        with pytest.raises(LockTimeout):
            async with store.lock("name", patience=0):
                raise AssertionError


async def test_a_holder_that_died_is_forgotten_and_one_that_lost_its_lock_does_not_release_it(backend: Backend) -> None:
    store = backend.store
    late = store.lock("name", seconds=60)
    await late.__aenter__()
    backend.advance(60)
    async with store.lock("name", patience=0):
        await late.__aexit__(None, None, None)
        with pytest.raises(LockTimeout):
            async with store.lock("name", patience=0):
                raise AssertionError


async def test_a_block_that_raises_or_is_cancelled_lets_go(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.lock("name"):
            raise ZeroDivisionError
    with anyio.CancelScope() as scope:
        async with store.lock("name", patience=0):
            scope.cancel()
            await anyio.sleep_forever()
    async with store.lock("name", patience=0):
        pass


async def test_whoever_is_cancelled_while_taking_a_lock_does_not_keep_it(store: Store) -> None:
    async def hold() -> None:
        async with store.lock("name"):
            await anyio.sleep_forever()

    for ticks in range(12):
        async with anyio.create_task_group() as group:
            group.start_soon(hold)
            for _ in range(ticks):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        async with store.lock("name", patience=0):
            pass
