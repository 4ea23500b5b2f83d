"""graph/kept.py: what was answered is good for a while, for nobody else, and never in the place of an error."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from errors import GraphUnavailable, SignInNeeded
from graph import Call, Reply
from graph.kept import (
    METADATA_SECONDS,
    MOST_BYTES,
    MOST_BYTES_IN_ALL,
    MOST_BYTES_OF_METADATA,
    MOST_ENTRIES,
    MOST_IDENTITIES,
    Kept,
)
from tests.virtual_time import VIRTUAL_TIME, VirtualTimeLoop

CALL = Call("GET", "me/mailboxSettings", headers=(("Accept", "application/json"),))
TAGGED = {"etag": 'W/"1"'}
NOT_MODIFIED = Reply(304, {})


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@dataclass
class Graph:
    """Gives the scripted answers, then numbered ones, and notes what it was asked."""

    script: deque[Reply | Exception] = field(default_factory=deque)
    asked: list[Call] = field(default_factory=list)
    seconds: float = 0.0

    async def __call__(self, call: Call) -> Reply:
        self.asked.append(call)
        number = len(self.asked)
        if self.seconds:
            await asyncio.sleep(self.seconds)
        answer = self.script.popleft() if self.script else reply(number)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def conditions(self) -> list[str | None]:
        """The If-None-Match of each call."""
        return [dict(call.headers).get("If-None-Match") for call in self.asked]


def reply(number: int, headers: Mapping[str, str] | None = None, status: int = 200) -> Reply:
    return Reply(status, headers or {}, b'{"n":%d}' % number)


@dataclass
class Office:
    kept: Kept = field(default_factory=Kept)
    graph: Graph = field(default_factory=Graph)

    async def read(self, whose: Hashable = "ines", call: Call = CALL, seconds: float = 60) -> int:
        answer = await self.kept.read(whose, call, seconds, self.graph)
        return int(answer.object()["n"])


@pytest.fixture
def office() -> Office:
    return Office()


async def test_an_answer_is_good_for_so_many_seconds(office: Office) -> None:
    assert await office.read() == 1
    await asyncio.sleep(59)
    assert await office.read() == 1
    await asyncio.sleep(1)
    assert await office.read() == 2
    assert office.graph.conditions == [None, None]


async def test_each_reader_says_how_old_an_answer_may_be(office: Office) -> None:
    assert await office.read() == 1
    await asyncio.sleep(10)
    assert [await office.read(seconds=11), await office.read(seconds=10), await office.read(seconds=11)] == [1, 2, 2]


async def test_its_age_counts_from_when_it_was_asked_for(office: Office) -> None:
    office.graph.seconds = 5
    assert await office.read(seconds=10) == 1
    await asyncio.sleep(5)
    assert await office.read(seconds=10) == 2


async def test_headers_are_not_kept_since_nobody_reads_them_again(office: Office) -> None:
    office.graph.script.append(reply(1, {"etag": 'W/"1"', "report": "x" * 5_000}))
    assert await office.read() == 1
    kept = await office.kept.read("ines", CALL, 60, office.graph)
    assert (kept.status, dict(kept.headers), kept.body) == (200, {}, b'{"n":1}')
    assert office.kept.size < 2_000


@pytest.mark.parametrize(
    ("first", "tag"),
    [
        pytest.param(Reply(200, TAGGED, b'{"n":1}'), 'W/"1"', id="in the header"),
        pytest.param(Reply(200, {}, b'{"n":1,"@odata.etag":"W/\\"2\\""}'), 'W/"2"', id="in the body"),
    ],
)
async def test_an_old_answer_with_a_tag_is_fetched_only_if_it_has_changed(
    office: Office, first: Reply, tag: str
) -> None:
    office.graph.script.extend([first, NOT_MODIFIED])
    assert await office.read() == 1
    await asyncio.sleep(60)
    assert await office.read() == 1
    await asyncio.sleep(59)
    assert await office.read() == 1
    await asyncio.sleep(1)
    assert await office.read() == 3
    assert office.graph.conditions == [None, tag, tag]
    assert dict(office.graph.asked[1].headers)["Accept"] == "application/json"
    await asyncio.sleep(60)
    await office.read()
    assert office.graph.conditions[3] is None


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"etag": 'W/"1"\r\nX: 1'}, id="two lines"),
        pytest.param({"etag": "*"}, id="any"),
        pytest.param({}, id="none"),
    ],
)
async def test_what_is_no_tag_is_not_sent_back(office: Office, headers: dict[str, str]) -> None:
    office.graph.script.append(reply(1, headers))
    await office.read()
    await asyncio.sleep(61)
    assert await office.read() == 2
    assert office.graph.conditions == [None, None]


async def test_an_answer_that_is_no_object_has_no_tag(office: Office) -> None:
    office.graph.script.append(Reply(200, {}, b"[1]"))
    await office.kept.read("ines", CALL, 60, office.graph)
    await asyncio.sleep(61)
    assert await office.read() == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503, 204, 206, 302])
async def test_only_a_full_success_is_kept(office: Office, status: int) -> None:
    office.graph.script.append(reply(1, TAGGED, status))
    assert (await office.kept.read("ines", CALL, 60, office.graph)).status == status
    assert await office.read() == 2
    assert office.graph.conditions == [None, None]


async def test_what_fails_to_be_confirmed_is_an_error_and_not_an_old_answer(office: Office) -> None:
    office.graph.script.extend([reply(1, TAGGED), GraphUnavailable("Unreachable", "No network."), reply(3, {}, 503)])
    await office.read()
    await asyncio.sleep(60)
    with pytest.raises(GraphUnavailable):
        await office.read()
    assert (await office.kept.read("ines", CALL, 60, office.graph)).status == 503
    assert await office.read() == 4
    assert office.graph.conditions == [None, 'W/"1"', 'W/"1"', None]


async def test_what_one_identity_was_answered_no_other_sees(office: Office) -> None:
    assert [await office.read("ines"), await office.read("jonas"), await office.read("ines")] == [1, 2, 1]


async def test_calls_that_differ_in_anything_are_kept_apart(office: Office) -> None:
    others = [Call("GET", CALL.path), Call("GET", CALL.path, "$select=x", headers=CALL.headers)]
    assert [await office.read(call=call) for call in (CALL, *others, CALL)] == [1, 2, 3, 1]


async def test_nothing_is_kept_for_nobody_in_particular(office: Office) -> None:
    assert [await office.read(None), await office.read(None)] == [1, 2]
    assert len(office.kept) == 0


async def test_a_write_has_everything_of_its_identity_forgotten(office: Office) -> None:
    await office.read("ines")
    await office.read("jonas")
    office.kept.forget("ines")
    office.kept.forget("nobody")
    assert [await office.read("ines"), await office.read("jonas")] == [3, 2]


async def test_an_answer_that_was_on_its_way_during_a_write_is_not_kept(office: Office) -> None:
    office.graph.seconds = 1
    reading = asyncio.create_task(office.read())
    await asyncio.sleep(0.5)
    office.kept.forget("ines")
    assert await reading == 1
    assert office.kept.size == 0
    assert await office.read() == 2
    assert await office.read() == 2


async def test_a_confirmation_that_was_on_its_way_during_a_write_is_not_kept_either(office: Office) -> None:
    office.graph.seconds = 1
    office.graph.script.extend([reply(1, TAGGED), NOT_MODIFIED])
    await office.read()
    await asyncio.sleep(60)
    reading = asyncio.create_task(office.read())
    await asyncio.sleep(0.5)
    office.kept.forget("ines")
    assert await reading == 1
    assert await office.read() == 3
    assert office.kept.size > 0


def large(size: int) -> bytes:
    return b"{%s}" % (b" " * (size - 2))


async def test_a_large_answer_is_not_kept(office: Office) -> None:
    office.graph.script.extend([Reply(200, {}, large(MOST_BYTES + 1)), Reply(200, {}, large(MOST_BYTES))])
    await office.kept.read("ines", CALL, 60, office.graph)
    assert office.kept.size == 0
    await office.kept.read("ines", CALL, 60, office.graph)
    assert MOST_BYTES < office.kept.size < MOST_BYTES + 2_000


async def test_of_one_identity_the_answers_go_first_that_were_not_used_for_longest(office: Office) -> None:
    calls = [Call("GET", f"me/{number}") for number in range(MOST_ENTRIES + 1)]
    for call in calls[:-1]:
        await office.read(call=call)
    await office.read(call=calls[0])
    await office.read(call=calls[-1])
    assert len(office.kept) == MOST_ENTRIES
    asked = len(office.graph.asked)
    await office.read(call=calls[0])
    assert len(office.graph.asked) == asked
    await office.read(call=calls[1])
    assert len(office.graph.asked) == asked + 1


async def test_identities_go_first_that_asked_for_nothing_for_longest(office: Office) -> None:
    for number in range(MOST_IDENTITIES):
        await office.read(number)
    await office.read(0)
    await office.read("one more")
    assert len(office.kept) == MOST_IDENTITIES
    asked = len(office.graph.asked)
    await office.read(0)
    assert len(office.graph.asked) == asked
    await office.read(1)
    assert len(office.graph.asked) == asked + 1


async def test_all_answers_together_have_a_bound(office: Office) -> None:
    most = MOST_BYTES_IN_ALL // MOST_BYTES
    office.kept._shelf("has nothing")
    for number in range(most + 5):
        office.graph.script.append(Reply(200, {}, large(MOST_BYTES)))
        await office.kept.read(number // 3, Call("GET", f"me/{number}"), 60, office.graph)
        assert office.kept.size <= MOST_BYTES_IN_ALL
    assert most - 5 <= len(office.kept) < most


METADATA = Reply(200, TAGGED, b"<edmx/>")


async def test_the_metadata_is_kept_for_a_day_for_everybody(office: Office) -> None:
    office.graph.script.extend([METADATA, Reply(200, {}, b"<beta/>"), NOT_MODIFIED])
    for _ in range(2):
        assert (await office.kept.metadata("v1.0", office.graph)).body == b"<edmx/>"
        assert (await office.kept.metadata("beta", office.graph)).body == b"<beta/>"
    assert [(call.path, call.version) for call in office.graph.asked] == [("$metadata", "v1.0"), ("$metadata", "beta")]
    await asyncio.sleep(METADATA_SECONDS)
    assert (await office.kept.metadata("v1.0", office.graph)).body == b"<edmx/>"
    assert office.graph.conditions == [None, None, 'W/"1"']
    await asyncio.sleep(METADATA_SECONDS - 1)
    assert (await office.kept.metadata("v1.0", office.graph)).body == b"<edmx/>"
    assert len(office.graph.asked) == 3


async def test_the_metadata_is_fetched_once_for_all_who_ask_at_the_same_time(office: Office) -> None:
    office.graph.seconds = 1
    office.graph.script.append(METADATA)
    bodies = await asyncio.gather(*(office.kept.metadata("v1.0", office.graph) for _ in range(5)))
    assert {each.body for each in bodies} == {b"<edmx/>"}
    assert len(office.graph.asked) == 1


async def test_nobody_gets_anothers_refusal_in_place_of_the_metadata(office: Office) -> None:
    async def has_to_sign_in(call: Call) -> Reply:
        await asyncio.sleep(1)
        raise SignInNeeded("Open the page.", url="https://login.example/a")

    office.graph.script.append(METADATA)
    mine, theirs = await asyncio.gather(
        office.kept.metadata("v1.0", has_to_sign_in), office.kept.metadata("v1.0", office.graph), return_exceptions=True
    )
    assert isinstance(mine, SignInNeeded)
    assert isinstance(theirs, Reply)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Reply(503, {}, b""), id="an error"),
        pytest.param(Reply(200, {}, b"<" * (MOST_BYTES_OF_METADATA + 1)), id="too large"),
    ],
)
async def test_metadata_that_is_not_to_be_kept_is_not(office: Office, answer: Reply) -> None:
    office.graph.script.extend([answer, METADATA])
    assert await office.kept.metadata("v1.0", office.graph) == answer
    assert (await office.kept.metadata("v1.0", office.graph)).body == b"<edmx/>"


class AnyUse(RuleBasedStateMachine):
    """Whatever is read and written in whatever order: no answer is another's, too old, or from before a write."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=VirtualTimeLoop)
        self.kept = Kept()
        self.truth: dict[tuple[str, str], int] = {}
        self.confirmed: dict[tuple[str, str], float] = {}
        self.hidden: set[tuple[str, str]] = set()
        self.is_out = False

    def teardown(self) -> None:
        self.runner.close()

    def now(self) -> float:
        return self.runner.get_loop().time()

    async def fetch(self, whose: str, call: Call) -> Reply:
        if self.is_out:
            raise GraphUnavailable("Unreachable", "No network.")
        version = self.truth.get((whose, call.path), 0)
        tag = f'"{whose}-{call.path}-{version}"'
        self.confirmed[whose, call.path] = self.now()
        self.hidden.discard((whose, call.path))
        if dict(call.headers).get("If-None-Match") == tag:
            return NOT_MODIFIED
        headers = {"etag": tag} if call.path != "untagged" else {}
        return Reply(200, headers, f'{{"whose":"{whose}","path":"{call.path}","version":{version}}}'.encode())

    @rule(
        whose=st.sampled_from(["ines", "jonas"]),
        path=st.sampled_from(["me", "folders", "untagged"]),
        seconds=st.sampled_from([1, 10, 100]),
    )
    def read(self, whose: str, path: str, seconds: float) -> None:
        async def fetch(call: Call) -> Reply:
            return await self.fetch(whose, call)

        try:
            answer = self.runner.run(self.kept.read(whose, Call("GET", path), seconds, fetch)).object()
        except GraphUnavailable:
            assert self.is_out
            return
        assert (answer["whose"], answer["path"]) == (whose, path)
        assert self.now() - self.confirmed[whose, path] < seconds
        if (whose, path) not in self.hidden:
            assert answer["version"] == self.truth.get((whose, path), 0)

    @rule(whose=st.sampled_from(["ines", "jonas"]), path=st.sampled_from(["me", "folders", "untagged"]))
    def write(self, whose: str, path: str) -> None:
        self.truth[whose, path] = self.truth.get((whose, path), 0) + 1
        self.kept.forget(whose)
        self.hidden -= {(whose, each) for each in ("me", "folders", "untagged")}

    @rule(whose=st.sampled_from(["ines", "jonas"]), path=st.sampled_from(["me", "folders", "untagged"]))
    def change_elsewhere(self, whose: str, path: str) -> None:
        """Somebody else changes it: old answers are as good as they are old."""
        self.truth[whose, path] = self.truth.get((whose, path), 0) + 1
        self.hidden.add((whose, path))

    @rule(seconds=st.sampled_from([0.5, 1, 9, 60]))
    def pass_time(self, seconds: float) -> None:
        self.runner.run(asyncio.sleep(seconds))

    @rule()
    def lose_network(self) -> None:
        self.is_out = True

    @precondition(lambda self: self.is_out)
    @rule()
    def find_network(self) -> None:
        self.is_out = False

    @invariant()
    def size_is_right(self) -> None:
        entries = [entry for shelf in self.kept._shelves.values() for entry in shelf.values()]
        assert self.kept.size == sum(entry.size for entry in entries)
        assert len(self.kept) == len(entries)


AnyUse.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyUse = AnyUse.TestCase
