"""tools/_handles.py: long ids become short handles and come back exactly, for their owner alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import ToolInputError
from storage import MemoryStore, StateKeys
from tools._handles import Handles, lettered, unwrapped
from tools._kinds import Kind

ADELE, DIEGO = "adele", "diego"
MESSAGE = Kind("msg", "message", "mail_list_messages")
EVENT = Kind("evt", "event", "calendar_list_events")
LONG = "AAMkAGI2TAAA=" + "x" * 140
DAY = 86400.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


ALIKE = b"<" * 32


class Crowded(MemoryStore):
    """A store in which all handles up to a length are somebody else's already."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self._longest = longest

    async def claim(self, items: Mapping[str, bytes], *, seconds: float | None = None) -> dict[str, bytes]:
        taken = {key: b"another" for key in items if len(key.rpartition("_")[2]) <= self._longest}
        free = {key: value for key, value in items.items() if key not in taken}
        return taken | await super().claim(free, seconds=seconds)


class Same(StateKeys):
    """Keys whose first digests for a handle are all alike, as if all ids collided."""

    def __init__(self, alike: int) -> None:
        super().__init__([b"k" * 32])
        self._alike = alike

    def digest(self, purpose: str, *parts: str) -> bytes:
        return ALIKE if int(parts[-1]) < self._alike else super().digest(purpose, *parts)


def build(store: MemoryStore | None = None, keys: StateKeys | None = None, **options: Any) -> Handles:
    return Handles(store or MemoryStore(), keys or StateKeys([b"k" * 32]), **options)


async def refusal(handles: Handles, text: str, who: str = ADELE, kind: Kind = MESSAGE) -> str:
    with pytest.raises(ToolInputError) as refused:
        await handles.resolve(who, kind, text)
    return str(refused.value)


async def one(handles: Handles, item: str, who: str = ADELE, kind: Kind = MESSAGE) -> str:
    return (await handles.mint(who, [(kind, item)]))[kind, item]


async def test_a_long_id_is_shown_short_and_comes_back() -> None:
    handles = build()
    shown = await handles.mint(ADELE, [(MESSAGE, LONG + str(number)) for number in range(40)])
    for (_, item), handle in shown.items():
        assert re.fullmatch(r"msg_(?=.*[a-z])(?=.*[2-9])[2-9a-hjkmnp-z]{6}", handle)
        assert await handles.resolve(ADELE, MESSAGE, handle) == item


@pytest.mark.parametrize(
    "item",
    [
        pytest.param("a" * 40, id="forty letters"),
        pytest.param("5f9c2a0e-7a1b-4b5e-9d66-1f6a3a9a9a11", id="a GUID"),
        pytest.param("inbox", id="a well-known name"),
        pytest.param("", id="nothing"),
    ],
)
async def test_a_short_id_stays_as_it_is_both_ways(item: str) -> None:
    handles = build()
    assert await one(handles, item) == item
    assert await handles.resolve(ADELE, MESSAGE, item) == item


async def test_a_full_id_is_taken_as_it_is() -> None:
    assert await build().resolve(ADELE, MESSAGE, LONG) == LONG
    assert await build().resolve(ADELE, MESSAGE, f" {LONG}\n") == f" {LONG}\n"


READS_LIKE_A_HANDLE = st.from_regex(r"[ `]?(msg|evt|x)_[2-9a-hjkmnp-z]{6,8}[ `]?", fullmatch=True)
ANY_ID = st.text() | st.text(min_size=41, max_size=60) | READS_LIKE_A_HANDLE


@settings(max_examples=60)
@given(st.sets(st.tuples(st.sampled_from([MESSAGE, EVENT]), ANY_ID), max_size=5))
async def test_every_id_comes_back_exactly_whatever_it_looks_like(ids: set[tuple[Kind, str]]) -> None:
    handles = build()
    shown = await handles.mint(ADELE, ids)
    assert shown.keys() == ids
    for (kind, item), handle in shown.items():
        assert len(handle) <= 40
        assert await handles.resolve(ADELE, kind, handle) == item


async def test_an_id_with_half_a_surrogate_comes_back_too() -> None:
    handles = build()
    item = "\ud83d" * 50
    assert await handles.resolve(ADELE, MESSAGE, await one(handles, item)) == item


async def test_the_handle_is_the_same_in_every_call_and_process() -> None:
    first = await build().mint(ADELE, {(MESSAGE, LONG), (MESSAGE, LONG + "2")})
    assert await build().mint(ADELE, [(MESSAGE, LONG + "2"), (MESSAGE, LONG)]) == first
    assert len(set(first.values())) == 2


async def test_owner_kind_and_key_each_give_another_handle() -> None:
    handles = build()
    made = [
        await one(handles, LONG),
        await one(handles, LONG, who=DIEGO),
        await one(build(keys=StateKeys([b"n" * 32])), LONG),
        "msg_" + (await one(handles, LONG, kind=EVENT)).removeprefix("evt_"),
    ]
    assert len(set(made)) == 4


async def test_a_replica_resolves_what_another_one_minted() -> None:
    store = MemoryStore()
    handle = await one(build(store), LONG)
    assert await build(store).resolve(ADELE, MESSAGE, handle) == LONG


async def test_a_handle_outlives_a_change_of_keys() -> None:
    store = MemoryStore()
    handle = await one(build(store), LONG)
    assert await build(store, StateKeys([b"n" * 32, b"k" * 32])).resolve(ADELE, MESSAGE, handle) == LONG


async def test_one_principals_handle_means_nothing_to_another() -> None:
    handles = build()
    handle = await one(handles, LONG)
    told = await refusal(handles, handle, who=DIEGO)
    assert told == f"{handle} is not known here (any more). mail_list_messages lists messages again."


async def test_an_unknown_handle_names_the_tool_that_lists_again() -> None:
    told = await refusal(build(), "msg_4k7q2m")
    assert told == "msg_4k7q2m is not known here (any more). mail_list_messages lists messages again."


@pytest.mark.parametrize(
    ("noun", "told"),
    [
        pytest.param("policy", "x_list lists policies again.", id="y"),
        pytest.param("mailbox", "x_list lists mailboxes again.", id="x"),
        pytest.param("key", "x_list lists keys again.", id="vowel and y"),
    ],
)
async def test_several_of_a_kind_are_named_in_proper_english(noun: str, told: str) -> None:
    assert (await refusal(build(), "x_4k7q2m", kind=Kind("x", noun, "x_list"))).endswith(told)


async def test_the_handle_of_another_kind_is_told_apart() -> None:
    store = MemoryStore()
    handle = await one(build(store), LONG, kind=EVENT)
    assert await refusal(build(store), handle) == (
        f"{handle} does not stand for a message. mail_list_messages lists messages."
    )
    assert await refusal(build(store, kinds=[EVENT, MESSAGE]), handle) == (
        f"{handle} stands for an event, not for a message. mail_list_messages lists messages."
    )
    assert "an event" in await refusal(build(kinds=[EVENT, MESSAGE]), "evt_4k7q2m"), "expired, or made up"


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("msg_backup", id="a word"),
        pytest.param("msg_222222", id="digits alone"),
        pytest.param("msg_2024q3x", id="a nought"),
        pytest.param("msg_4k7q2", id="too short"),
        pytest.param("msg_4k7q2m9xt", id="too long"),
        pytest.param("old_4k7q2m", id="the prefix of no kind"),
        pytest.param("msg-4k7q2m", id="a dash"),
        pytest.param("msg_4k7q2m and more", id="words after it"),
        pytest.param("msg_" + "4k" * 100_000, id="endless"),
    ],
)
async def test_a_name_that_merely_resembles_a_handle_is_a_name(name: str) -> None:
    assert await build(kinds=[MESSAGE]).resolve(ADELE, MESSAGE, name) == name


@pytest.mark.parametrize(
    "wrapped",
    [
        pytest.param("`{}`", id="backticks"),
        pytest.param("<{}>", id="angle brackets"),
        pytest.param(' "{}",\n', id="quotes and a comma"),
        pytest.param("[{}].", id="brackets"),
        pytest.param("\u201c{}\u201d", id="curly quotes"),
    ],
)
async def test_what_models_put_around_a_handle_does_no_harm(wrapped: str) -> None:
    handles = build()
    handle = await one(handles, LONG)
    assert await handles.resolve(ADELE, MESSAGE, wrapped.format(handle)) == LONG
    assert await handles.resolve(ADELE, MESSAGE, wrapped.format(handle.upper())) == LONG


@pytest.mark.parametrize(
    ("longest", "letters"), [pytest.param(6, 7, id="six are taken"), pytest.param(7, 8, id="seven too")]
)
async def test_a_handle_that_is_taken_becomes_longer(longest: int, letters: int) -> None:
    handles = build(Crowded(longest))
    handle = await one(handles, LONG)
    assert len(handle) == len("msg_") + letters
    assert await handles.resolve(ADELE, MESSAGE, handle) == LONG


async def test_where_no_handle_is_to_be_had_the_full_id_is_shown() -> None:
    assert await one(build(Crowded(8)), LONG) == LONG


@pytest.mark.parametrize("alike", [pytest.param(1, id="one digest"), pytest.param(4, id="four digests")])
async def test_ids_that_collide_in_one_answer_all_come_back(alike: int) -> None:
    handles = build(keys=Same(alike))
    ids = [(MESSAGE, LONG + str(number)) for number in range(8)]
    shown = await handles.mint(ADELE, ids)
    assert {lettered(ALIKE, 6), lettered(ALIKE, 7), lettered(ALIKE, 8)} <= {each[4:] for each in shown.values()}
    assert len(set(shown.values())) == len(ids)
    assert [await handles.resolve(ADELE, MESSAGE, shown[each]) for each in ids] == [item for _, item in ids]
    assert await handles.mint(ADELE, ids[3:]) == {each: shown[each] for each in ids[3:]}, "they keep what they have"


async def test_a_handle_ends_thirty_days_after_its_last_use() -> None:
    clock = Clock()
    handles = build(MemoryStore(clock=clock))
    listed, read, idle = [await one(handles, LONG + name) for name in ("listed", "read", "idle")]
    clock.now += 20 * DAY
    await one(handles, LONG + "listed")
    await handles.resolve(ADELE, MESSAGE, read)
    clock.now += 20 * DAY
    assert await handles.resolve(ADELE, MESSAGE, listed) == LONG + "listed"
    assert await handles.resolve(ADELE, MESSAGE, read) == LONG + "read"
    assert "not known" in await refusal(handles, idle)


async def test_each_principal_keeps_those_used_last() -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    handles = build(store, most=10)
    others = await one(handles, LONG, who=DIEGO)
    made = []
    for number in range(30):
        clock.now += 1
        made.append(await one(handles, LONG + str(number)))
    assert await store.count("handle/") == 11
    assert await handles.resolve(ADELE, MESSAGE, made[-1]) == LONG + "29"
    assert "not known" in await refusal(handles, made[0])
    assert await handles.resolve(DIEGO, MESSAGE, others) == LONG


async def test_an_answer_of_more_than_the_bound_is_whole() -> None:
    handles = build(most=3)
    shown = await handles.mint(ADELE, [(MESSAGE, LONG + str(number)) for number in range(9)])
    for (_, item), handle in shown.items():
        assert await handles.resolve(ADELE, MESSAGE, handle) == item


async def test_the_bound_holds_roughly_where_it_is_looked_at_now_and_then() -> None:
    store = MemoryStore()
    handles = build(store, most=200)
    for page in range(40):
        await handles.mint(ADELE, [(MESSAGE, f"{LONG}{page} {row}") for row in range(25)])
    assert 150 <= await store.count("handle/") <= 260


async def test_nothing_is_written_where_nothing_is_long() -> None:
    store = MemoryStore()
    assert await build(store).mint(ADELE, []) == {}
    await build(store).mint(ADELE, [(MESSAGE, "inbox")])
    assert await store.count("") == 0


def test_letters_of_a_digest_have_no_doubles_to_the_eye() -> None:
    seen = {letter for number in range(300) for letter in lettered(number.to_bytes(2, "big") * 16, 12)}
    assert len(seen) == 31
    assert not seen & set("01oil")


def test_a_long_text_is_not_unwrapped() -> None:
    assert unwrapped("`" + "A" * 100) == "`" + "A" * 100


class Counting(MemoryStore):
    """A store that counts how many handles it was told of."""

    told = 0

    async def claim(self, items: Mapping[str, bytes], *, seconds: float | None = None) -> dict[str, bytes]:
        self.told += len(items)
        return await super().claim(items, seconds=seconds)


async def test_a_handle_shown_a_moment_ago_is_shown_again_without_the_store() -> None:
    store, clock = Counting(), Clock()
    handles = Handles(store, StateKeys([b"k" * 32]), fresh=60, clock=clock)
    shown = await handles.mint(ADELE, [(MESSAGE, LONG)])
    assert await handles.mint(ADELE, [(MESSAGE, LONG), (MESSAGE, "inbox")]) == {**shown, (MESSAGE, "inbox"): "inbox"}
    assert store.told == 1
    assert await handles.mint(DIEGO, [(MESSAGE, LONG)]) != shown
    assert store.told == 2
    clock.now += 60
    assert await handles.mint(ADELE, [(MESSAGE, LONG)]) == shown
    assert store.told == 3


async def test_what_the_store_has_lost_is_told_to_it_again() -> None:
    store = Counting()
    handles = Handles(store, StateKeys([b"k" * 32]), fresh=60, clock=Clock())
    [shown] = (await handles.mint(ADELE, [(MESSAGE, LONG)])).values()
    await store.trim("handle/", 0)
    with pytest.raises(ToolInputError, match="not known here"):
        await handles.resolve(ADELE, MESSAGE, shown)
    assert await handles.mint(ADELE, [(MESSAGE, LONG)]) == {(MESSAGE, LONG): shown}
    assert await handles.resolve(ADELE, MESSAGE, shown) == LONG


async def test_no_more_than_the_latest_handles_are_remembered() -> None:
    store = Counting()
    handles = Handles(store, StateKeys([b"k" * 32]), fresh=60, clock=Clock())
    many = [(MESSAGE, f"{LONG}{number}") for number in range(10_001)]
    await handles.mint(ADELE, many)
    await handles.mint(ADELE, many[:1])
    await handles.mint(ADELE, many[-1:])
    assert store.told == 10_002
