"""What is remembered of reading what outsiders wrote, and of whom something was sent to."""

from __future__ import annotations

import hashlib
import hmac
import re

import pytest

from storage import MemoryStore
from tools._taint import Taint

WHO, OTHER = "digest-of-ines", "digest-of-jonas"
DAY = 24 * 3600.0


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def digest(purpose: str, *parts: str) -> bytes:
    return hmac.new(b"key", repr((purpose, *parts)).encode(), hashlib.sha256).digest()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock=clock)


@pytest.fixture
def taint(store: MemoryStore, clock: Clock) -> Taint:
    return Taint(store, digest=digest, clock=clock)


async def test_whoever_read_nothing_by_outsiders_is_not_tainted(taint: Taint) -> None:
    assert await taint.reason(WHO) == ""


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        pytest.param(0, "just now", id="at once"),
        pytest.param(59, "just now", id="within a minute"),
        pytest.param(60, "1 minute ago", id="a minute"),
        pytest.param(12 * 60 + 30, "12 minutes ago", id="a while"),
        pytest.param(1799, "29 minutes ago", id="a second before the end"),
    ],
)
async def test_the_reason_says_when_and_by_which_tool(taint: Taint, clock: Clock, seconds: float, shown: str) -> None:
    await taint.mark(WHO, "mail_read_message")
    clock.now += seconds
    assert await taint.reason(WHO) == f"content from outside the tenant was read {shown} (mail_read_message)"


async def test_it_ends_after_half_an_hour_and_each_reading_begins_it_anew(taint: Taint, clock: Clock) -> None:
    await taint.mark(WHO, "mail_read_message")
    clock.now += 1700
    await taint.mark(WHO, "mail_read_thread")
    clock.now += 1700
    assert "mail_read_thread" in await taint.reason(WHO)
    clock.now += 100
    assert await taint.reason(WHO) == ""


async def test_one_persons_reading_taints_nobody_else(taint: Taint) -> None:
    await taint.mark(WHO, "mail_read_message")
    assert await taint.reason(OTHER) == ""


async def test_a_clock_that_is_set_back_neither_ends_nor_prolongs_it(taint: Taint, clock: Clock) -> None:
    await taint.mark(WHO, "mail_read_message")
    clock.now -= DAY
    assert "just now" in await taint.reason(WHO)
    clock.now += 1799
    assert await taint.reason(WHO) != ""
    clock.now += 1
    assert await taint.reason(WHO) == ""


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="nothing in it"),
        pytest.param(b'{"at": "x", "source": ""}', id="no time"),
    ],
)
async def test_a_mark_that_cannot_be_read_is_still_a_mark(taint: Taint, store: MemoryStore, stored: bytes) -> None:
    await store.put(f"taint/{WHO}", stored)
    assert await taint.reason(WHO) == "content from outside the tenant was read"


async def test_a_full_store_drops_other_things_before_a_mark(clock: Clock) -> None:
    store = MemoryStore(clock=clock, most=16)
    taint = Taint(store, digest=digest, clock=clock)
    await taint.mark(WHO, "mail_read_message")
    for number in range(100):
        await store.put(f"handle/{number}", b"", seconds=30 * DAY)
    assert await taint.reason(WHO) != ""


async def test_whoever_was_written_to_is_known(taint: Taint) -> None:
    await taint.learn(WHO, ["j@evil.example", "Ines <ines@contoso.com>"])
    asked = ["J@Evil.example.", "ines@contoso.com", "new@evil.example", "j@evil.exampl\u0435"]
    assert await taint.knows(WHO, asked) == {"J@Evil.example.", "ines@contoso.com"}


async def test_one_persons_acquaintances_are_strangers_to_others(taint: Taint) -> None:
    await taint.learn(WHO, ["j@evil.example"])
    assert await taint.knows(OTHER, ["j@evil.example"]) == set()


async def test_what_is_no_address_is_never_known(taint: Taint, store: MemoryStore) -> None:
    odd = ["", "Jonas", "j@evil.example,ines@contoso.com"]
    await taint.learn(WHO, odd)
    assert await taint.knows(WHO, odd) == set()
    assert await store.count("") == 0


async def test_somebody_is_known_for_180_days_from_the_last_time(taint: Taint, clock: Clock) -> None:
    await taint.learn(WHO, ["j@evil.example"])
    clock.now += 179 * DAY
    await taint.learn(WHO, ["j@evil.example"])
    clock.now += 179 * DAY
    assert await taint.knows(WHO, ["j@evil.example"]) == {"j@evil.example"}
    clock.now += DAY
    assert await taint.knows(WHO, ["j@evil.example"]) == set()


class NotingStore(MemoryStore):
    """A store that notes the keys and values it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.noted = ""

    async def claim(self, items: object, *, seconds: float | None = None) -> dict[str, bytes]:
        self.noted += repr(items)
        return {}


async def test_no_address_stands_in_the_store() -> None:
    store = NotingStore()
    await Taint(store, digest=digest).learn(WHO, ["jonas@evil.example"])
    assert "known/digest-of-ines/" in store.noted
    assert not [word for word in ("jonas", "evil", "example") if word in store.noted]


async def test_the_store_does_not_tell_that_two_wrote_to_the_same_address() -> None:
    store = NotingStore()
    for who in (WHO, OTHER):
        await Taint(store, digest=digest).learn(who, ["jonas@evil.example"])
    one, other = re.findall(r"known/[\w-]+/(\w+)", store.noted)
    assert one != other


async def test_there_are_so_many_acquaintances_and_no_more(taint: Taint, store: MemoryStore, clock: Clock) -> None:
    await taint.learn(WHO, ["first@evil.example"])
    clock.now += 1
    await taint.learn(WHO, [f"x{number}@evil.example" for number in range(5_000)])
    assert await store.count(f"known/{WHO}/") == 5_000
    assert await taint.knows(WHO, ["first@evil.example", "x1@evil.example"]) == {"x1@evil.example"}


class Counting(MemoryStore):
    """A store that counts what is put into it."""

    puts = 0

    async def put(self, key: str, value: bytes, *, seconds: float | None = None) -> None:
        self.puts += 1
        await super().put(key, value, seconds=seconds)


async def test_a_mark_is_noted_once_in_a_while_and_never_counts_shorter_for_it(clock: Clock) -> None:
    store = Counting(clock=clock)
    taint = Taint(store, digest=digest, fresh=60, clock=clock)
    await taint.mark(WHO, "mail_list_messages")
    clock.now += 59
    await taint.mark(WHO, "mail_list_messages")
    assert store.puts == 1
    clock.now += 1799
    assert await taint.reason(WHO) != "", "half an hour from the second time"
    await taint.mark(WHO, "mail_list_messages")
    assert store.puts == 2


async def test_another_reader_or_tool_is_noted_at_once(clock: Clock) -> None:
    taint = Taint(MemoryStore(clock=clock), digest=digest, fresh=60, clock=clock)
    await taint.mark(WHO, "mail_list_messages")
    await taint.mark(OTHER, "mail_list_messages")
    await taint.mark(WHO, "mail_read_message")
    assert await taint.reason(OTHER) != ""
    assert "mail_read_message" in await taint.reason(WHO)
