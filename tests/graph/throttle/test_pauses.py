"""graph/throttle/: what a refusal stops and for how long, and how a lane opens again. On a clock that jumps."""

from __future__ import annotations

import asyncio
import logging
from random import Random

import pytest

from graph.calls import Call, Caller
from graph.throttle.governor import LocalThrottle
from graph.throttle.limits import Demand, demand_of
from tests.graph.throttle.support import (
    ADELE,
    APP,
    DIEGO,
    OUTSIDER,
    Log,
    StrictGraph,
    all_of,
    demand,
    lane,
    mail,
    now,
    refusal,
    settled,
    taken,
    throttle,
)
from tests.virtual_time import VIRTUAL_TIME


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


def wanted(path: str, caller: Caller = ADELE, method: str = "GET") -> Demand:
    return demand_of(Call(method, path), caller)


@pytest.mark.parametrize(
    ("refused", "stopped", "going"),
    [
        pytest.param("me/messages", ["me/events", "me/sendMail", "users/ADELE%40contoso.com/photo"], [], id="mailbox"),
        pytest.param("me/messages", [], ["users/diego@contoso.com/messages"], id="another-mailbox"),
        pytest.param("me/messages", [], ["me", "users", "me/drive/root", "planner/tasks/1"], id="another-workload"),
        pytest.param("me/drive/root", ["sites/x", "drives/y/items/z"], ["me/messages", "me/insights/used"], id="files"),
        pytest.param("users", ["me", "groups/x", "me/memberOf"], ["me/messages", "me/drive/root"], id="directory"),
        pytest.param(
            "teams/a/channels/b/messages", ["teams/a/channels/b"], ["teams/a/channels/c", "teams/a"], id="channel"
        ),
        pytest.param("planner/tasks/1", ["planner/plans/2"], ["print/printers", "search/query"], id="unknown-workload"),
        pytest.param("me/onenote/pages", ["sites/x/onenote/pages"], ["me/drive/root"], id="notes"),
    ],
)
async def test_a_refusal_stops_what_it_was_about(refused: str, stopped: list[str], going: list[str]) -> None:
    gate = throttle()
    gate.heard(wanted(refused), 429, refusal(10))
    assert [path for path in stopped if gate.pause_left(wanted(path)) < 10] == []
    assert [path for path in going if gate.pause_left(wanted(path))] == []


@pytest.mark.parametrize(
    "path", [pytest.param("me/messages", id="mail"), pytest.param("planner/tasks/1", id="unknown-workload")]
)
@pytest.mark.parametrize(
    "caller", [pytest.param(DIEGO, id="another-user"), pytest.param(OUTSIDER, id="another-tenant")]
)
async def test_one_persons_refusal_does_not_stop_another(path: str, caller: Caller) -> None:
    gate = throttle()
    gate.heard(wanted(path), 429, refusal(10))
    assert gate.try_admit(wanted(path, caller), caller)


async def test_a_refused_tenant_does_not_stop_another() -> None:
    gate = throttle()
    gate.heard(wanted("users"), 429, refusal(10))
    assert gate.try_admit(wanted("users", DIEGO), DIEGO) is None
    assert gate.try_admit(wanted("users", OUTSIDER), OUTSIDER)


@pytest.mark.parametrize(
    ("scope", "stopped"),
    [
        pytest.param("", {"read", "write"}, id="none"),
        pytest.param("Tenant_Application/ReadWrite/app/tenant", {"read", "write"}, id="tenant"),
        pytest.param("Tenant_Application/Write/app/tenant", {"write"}, id="tenant-writes"),
        pytest.param("Application/ReadWrite/app/tenant", {"read", "write", "elsewhere"}, id="app"),
        pytest.param("Application/Write/app/tenant", {"write", "elsewhere-write"}, id="app-writes"),
        pytest.param("Something/New", {"read", "write"}, id="unknown"),
    ],
)
async def test_the_directory_says_for_whom_and_what_it_refuses(scope: str, stopped: set[str]) -> None:
    gate = throttle()
    write = wanted("users/x", method="PATCH")
    gate.heard(write, 429, refusal(10, x_ms_throttle_scope=scope))
    found = {
        "read": gate.pause_left(wanted("users")),
        "write": gate.pause_left(write),
        "elsewhere": gate.pause_left(wanted("users", OUTSIDER)),
        "elsewhere-write": gate.pause_left(wanted("users/x", OUTSIDER, "PATCH")),
    }
    expected = stopped | ({"elsewhere-write"} if "elsewhere" in stopped else set())
    assert {name for name, left in found.items() if left} == expected


async def test_a_refusal_of_reads_alone_lets_writes_go() -> None:
    gate = throttle()
    gate.heard(wanted("users"), 429, refusal(10, x_ms_throttle_scope="Tenant_Application/Read/app/tenant"))
    assert gate.pause_left(wanted("me")) >= 10
    assert gate.try_admit(wanted("users/x", method="PATCH"), ADELE)


@pytest.mark.parametrize(
    ("status", "headers", "least", "most"),
    [
        pytest.param(429, refusal(10), 10, 11, id="429"),
        pytest.param(503, refusal(10), 10, 11, id="503-with-a-time"),
        pytest.param(503, {}, 0, 0, id="503-without"),
        pytest.param(500, refusal(10), 0, 0, id="500"),
        pytest.param(200, refusal(10), 0, 0, id="200"),
        pytest.param(429, {}, 0.001, 1, id="429-without-a-time"),
        pytest.param(429, refusal(0), 0.001, 1, id="no-time-at-all"),
        pytest.param(429, refusal("soon"), 0.001, 1, id="nonsense"),
        pytest.param(429, refusal(-5), 0.001, 1, id="negative"),
        pytest.param(429, refusal(315_360_000), 3600, 3960, id="ten-years"),
    ],
)
async def test_a_pause_is_as_long_as_the_answer_says_and_a_little_more(
    status: int, headers: dict[str, str], least: float, most: float
) -> None:
    gate = throttle()
    gate.heard(mail(), status, headers)
    assert least <= gate.pause_left(mail()) <= most


async def test_refusals_without_a_time_wait_longer_from_one_to_the_next_up_to_a_minute() -> None:
    class Highest(Random):
        def random(self) -> float:
            return 1.0

    gate = LocalThrottle(Highest())
    waits = []
    for _ in range(9):
        for _ in range(3):  # under way at once
            gate.heard(mail(), 429, {})
        waits.append(gate.pause_left(mail()))
        await asyncio.sleep(waits[-1])
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60])
    gate.heard(mail(), 200, {})
    gate.heard(mail(), 429, {})
    assert gate.pause_left(mail()) == pytest.approx(1)


async def test_refusals_of_requests_that_were_under_way_count_as_one() -> None:
    gate = throttle()
    gate.heard(mail(), 429, {})
    drawn = gate.pause_left(mail())
    for _ in range(100):
        gate.heard(mail(), 429, {})
    assert gate.pause_left(mail()) == drawn <= 1
    gate.heard(mail(), 429, refusal(10))
    gate.heard(mail(), 429, refusal(5))
    assert 10 <= gate.pause_left(mail()) <= 11


async def test_answers_of_requests_that_were_under_way_do_not_open_a_paused_lane() -> None:
    gate = throttle()
    gate.heard(mail(), 429, refusal(10))
    for _ in range(20):
        gate.heard(mail(), 200, {})
    await asyncio.sleep(gate.pause_left(mail()))
    assert len(taken(gate, mail())) == 1


async def test_after_a_pause_one_goes_and_then_more_with_each_answer_until_all_slots_are_back() -> None:
    gate = throttle()
    gate.heard(mail(), 429, refusal(10))
    await asyncio.sleep(gate.pause_left(mail()))
    open_slots = []
    for _ in range(12):
        permits = taken(gate, mail())
        open_slots.append(len(permits))
        for permit in permits:
            permit.release()
        gate.heard(mail(), 200, {})
    assert open_slots == [1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4]


async def test_an_answer_lets_the_next_go_before_the_slot_is_given_back() -> None:
    gate = throttle()
    gate.heard(mail(), 429, refusal(10))
    first = await gate.admit(mail(), ADELE)
    waiting = asyncio.create_task(gate.admit(mail(), ADELE))
    await settled()
    assert not waiting.done()
    gate.heard(mail(), 200, {})
    assert (await waiting).slots == first.slots == 1


async def test_each_refusal_halves_what_is_open_and_leaves_one_at_least() -> None:
    gate = throttle()
    for _ in range(5):
        gate.heard(mail(), 429, refusal(1))
        await asyncio.sleep(gate.pause_left(mail()))
    assert len(taken(gate, mail())) == 1


async def test_a_lane_without_documented_slots_is_narrow_for_a_while_after_a_refusal() -> None:
    gate = throttle()
    wide = demand(lane("wide"))
    permits = taken(gate, wide, most=40)
    gate.heard(wide, 429, refusal(10))
    for permit in permits:
        permit.release()
    await asyncio.sleep(gate.pause_left(wide))
    (only,) = taken(gate, wide)
    only.release()
    answers = 0
    while len(now_open := taken(gate, wide)) < 1000:
        for permit in now_open:
            permit.release()
        gate.heard(wide, 200, {})
        answers += 1
    assert 500 < answers < 3000  # one by one up to 20, then one more with each round


async def test_a_batch_takes_what_slots_there_are_after_a_refusal() -> None:
    gate = throttle()
    gate.heard(mail(), 429, refusal(10))
    batch = await gate.admit(mail().times(20), ADELE)
    assert batch.slots == 1


async def test_a_budget_that_is_used_up_pauses_files_until_it_is_renewed() -> None:
    gate = throttle()
    files = wanted("me/drive/root")
    gate.heard(files, 200, {"ratelimit-limit": "1200", "ratelimit-remaining": "7", "ratelimit-reset": "20"})
    assert gate.pause_left(files) == 0
    gate.heard(files, 200, {"ratelimit-limit": "1200", "ratelimit-remaining": "0", "ratelimit-reset": "20"})
    gate.heard(files, 200, {"ratelimit-limit": "1200", "ratelimit-remaining": "0", "ratelimit-reset": "20"})
    assert 20 <= gate.pause_left(files) <= 22
    await asyncio.sleep(gate.pause_left(files))
    assert len(taken(gate, files)) == 1


async def test_an_absurd_time_of_a_budget_is_capped() -> None:
    gate = throttle()
    gate.heard(wanted("me/drive/root"), 200, {"ratelimit-remaining": "0", "ratelimit-reset": "315360000"})
    assert 3600 <= gate.pause_left(wanted("me/drive/root")) <= 3960


@pytest.mark.parametrize(
    "reset",
    [pytest.param("", id="missing"), pytest.param("soon", id="nonsense"), pytest.param("nan", id="not-a-number")],
)
async def test_a_budget_without_a_usable_time_pauses_nothing(reset: str) -> None:
    gate = throttle()
    gate.heard(wanted("me/drive/root"), 200, {"ratelimit-remaining": "0", "ratelimit-reset": reset})
    assert gate.pause_left(wanted("me/drive/root")) == 0


@pytest.mark.parametrize(
    ("share", "expected"),
    [pytest.param("0.9", 64, id="below"), pytest.param("1.0", 10, id="reached"), pytest.param("1.8", 10, id="above")],
)
async def test_a_directory_over_its_budget_gets_half_of_the_requests_for_a_while(share: str, expected: int) -> None:
    gate = throttle()
    people = wanted("users/x", APP)
    permits = taken(gate, people, most=20)
    for _ in range(3):
        gate.heard(people, 200, {"x-ms-throttle-limit-percentage": share})
    for permit in permits:
        permit.release()
    assert len(taken(gate, people)) == expected


async def test_a_directory_that_was_over_its_budget_opens_again() -> None:
    gate = throttle()
    people = wanted("users/x", APP)
    gate.heard(people, 200, {"x-ms-throttle-limit-percentage": "1.2"})
    gate.heard(people, 200, {})
    (permit,) = taken(gate, people)
    permit.release()
    await asyncio.sleep(10)
    for _ in range(3000):
        gate.heard(people, 200, {})
    assert len(taken(gate, people)) == 64


async def test_a_pause_is_logged_without_saying_whose_mailbox_it_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "graph.throttle"):
        gate = throttle()
        gate.heard(mail(), 429, refusal(10))
        gate.heard(mail(), 429, refusal(11))
    (record,) = caplog.records
    assert record.__dict__["lane"] == "outlook"
    assert "adele" not in str(record.__dict__)


# A storm.


async def test_a_storm_of_200_callers_decays_and_does_not_come_back_as_one_when_the_pause_ends() -> None:
    gate = throttle()
    graph = StrictGraph(gate, seconds=0.5)
    graph.answer = lambda: (429, refusal(5)) if now() < 1 else (200, {})
    callers = [Caller("contoso", f"user{number}") for number in range(200)]
    await all_of(*(graph.call(wanted("users/x", caller), caller) for caller in callers))
    sent = graph.log.per_second()
    assert sent[0] == graph.refused == 64
    assert sum(sent[1:5]) == 0
    assert sent[5] <= 4
    assert sent[5] < sent[6] < sent[7]
    assert graph.log.peak == 64
    assert sum(sent) == 264


async def test_a_service_that_takes_ten_at_once_is_asked_for_about_that_many() -> None:
    gate = throttle()
    shared = demand(lane("shared"))
    graph = StrictGraph(gate, seconds=0.2)
    graph.answer = lambda: (429, refusal(1)) if graph.log.under_way > 10 else (200, {})
    callers = [Caller("contoso", f"user{number}") for number in range(200)]

    async def busy(caller: Caller) -> None:
        for _ in range(10):
            await graph.call(shared, caller)

    await all_of(*(busy(caller) for caller in callers))
    late = Log([(at, units) for at, units in graph.log.times if at > 10])
    assert graph.refused - 190 < 0.03 * len(late.times)
    assert len(graph.log.times) - graph.refused == 2000
    assert now() < 3 * 2000 * 0.2 / 10
