"""graph/batch/: explicit batches of any calls. Each call has its own outcome, and no write is done twice."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from errors import GraphError, GraphThrottled, GraphUnauthorized, GraphUnavailable, GraphUncertain, SignInNeeded
from graph import Call, Reply, Speaker, deadline
from graph.auth import Signer
from graph.retry import MOST_TRIES
from tests.graph.fake_graph import ANSWER_LOST, FakeGraph, Refusal, is_free, now, service_of
from tests.graph.support import speaker
from tests.virtual_time import VIRTUAL_TIME

INES = speaker(user="ines")
JSON = (("Content-Type", "application/json"),)
PAUSE = Refusal(429, {"Retry-After": "2"})
LOST_OUTRIGHT = httpx.ReadError("gone")


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.fixture
def graph() -> FakeGraph:
    return FakeGraph()


def read(number: object) -> Call:
    return Call("GET", f"me/messages/{number}")


def write(number: object, *, method: str = "POST", repeatable: bool = False) -> Call:
    return Call(method, f"me/messages/{number}/x", headers=JSON, body=b'{"a":1}', repeatable=repeatable)


async def sent(graph: FakeGraph, *calls: Call, in_order: bool = False, who: Speaker = INES) -> list[object]:
    """What became of each: the path of its answer, its status, or the kind of its error."""
    async with service_of(graph) as service:
        return shown(await service.batcher.batch(calls, who, in_order=in_order))


def shown(outcomes: list[Reply | GraphError]) -> list[object]:
    found: list[object] = []
    for each in outcomes:
        if isinstance(each, Reply):
            found.append(each.object()["path"] if each.is_success else each.status)
        else:
            found.append(type(each))
    return found


def targets(*calls: Call) -> list[object]:
    return [call.target for call in calls]


async def test_any_number_of_calls_of_any_kind_are_answered_in_their_order(graph: FakeGraph) -> None:
    calls = [call for number in range(30) for call in (read(number), write(number), Call("GET", f"users/{number}"))]
    assert await sent(graph, *calls) == targets(*calls)
    assert sorted(graph.sizes) == [10, 20, 20, 20, 20]
    assert sorted(graph.done) == sorted(f"{call.method} {call.target}" for call in calls)


async def test_one_call_goes_plainly_and_none_not_at_all(graph: FakeGraph) -> None:
    assert await sent(graph, write(1)) == targets(write(1))
    assert await sent(graph) == []
    assert await sent(graph, in_order=True) == []
    assert [asked.is_batch for asked in graph.asked] == [False]


@pytest.mark.parametrize("count", [1, 3, 4, 20, 100])
async def test_a_mailbox_never_has_more_than_four_at_once(graph: FakeGraph, count: int) -> None:
    await sent(graph, *map(write, range(count)))
    assert graph.most_at_once <= 4
    assert len(graph.done) == count


async def test_a_mailbox_never_has_more_than_four_at_once_among_other_calls(graph: FakeGraph) -> None:
    calls = [call for number in range(50) for call in (write(number), Call("GET", f"users/{number}"))]
    assert await sent(graph, *calls) == targets(*calls)
    assert graph.most_at_once <= 4


async def test_a_batch_is_never_more_than_the_limits_let_through_together(graph: FakeGraph) -> None:
    await sent(graph, *(Call("GET", f"teams/t/channels/c/messages/{number}") for number in range(10)))
    assert graph.sizes == [4, 4, 2]


async def test_calls_of_two_versions_are_not_mixed(graph: FakeGraph) -> None:
    calls = [Call("GET", f"users/{number}", version=version) for number in range(3) for version in ("v1.0", "beta")]
    assert await sent(graph, *calls) == targets(*calls)
    assert graph.sizes == [3, 3]


async def test_a_refusal_of_one_part_is_the_outcome_of_that_one(graph: FakeGraph) -> None:
    graph.refuse(write(1).target, 412)
    graph.refuse(read(2).target, 404)
    assert await sent(graph, write(0), write(1), read(2)) == [write(0).target, 412, 404]


async def test_throttled_parts_of_any_method_are_tried_again_without_the_others(graph: FakeGraph) -> None:
    calls = [write(0), write(1), read(2), write(3)]
    for call in calls[1:3]:
        graph.refuse(call.target, PAUSE)
    assert await sent(graph, *calls) == targets(*calls)
    assert sorted(graph.done) == sorted(f"{call.method} {call.target}" for call in calls)
    assert graph.sizes[0] == 4
    assert sum(graph.sizes[1:]) == 2
    assert 2 <= graph.asked[1].at < 3


async def test_after_an_outage_of_one_part_only_what_may_be_is_tried_again(graph: FakeGraph) -> None:
    calls = [write(0), write(1, repeatable=True), read(2), read(3)]
    for call in calls[:3]:
        graph.refuse(call.target, 503)
    assert await sent(graph, *calls) == [503, *targets(*calls[1:])]


async def test_there_is_an_end_to_trying(graph: FakeGraph) -> None:
    graph.refuse(read(0).target, *[504] * 99)
    graph.refuse(read(1).target, *[PAUSE] * 99)
    with deadline.within(500):
        assert await sent(graph, read(0), read(1), read(2)) == [504, 429, read(2).target]
    assert MOST_TRIES <= len(graph.asked) < 40


async def test_parts_that_keep_failing_together_are_tried_as_often_as_one_alone(graph: FakeGraph) -> None:
    for number in range(3):
        graph.refuse(read(number).target, *[503] * 99)
    with deadline.within(500):
        assert await sent(graph, *map(read, range(3))) == [503] * 3
    assert graph.sizes == [3] * MOST_TRIES


@pytest.mark.parametrize("trouble", [ANSWER_LOST, LOST_OUTRIGHT], ids=["after it was done", "before"])
async def test_a_write_whose_batch_was_lost_is_uncertain_and_a_read_is_read_again(
    graph: FakeGraph, trouble: Exception
) -> None:
    graph.batches.append(trouble)
    calls = [write(0), read(1), write(2, repeatable=True)]
    assert await sent(graph, *calls) == [GraphUncertain, *targets(*calls[1:])]
    assert graph.done.count(f"POST {write(0).target}") == (trouble is ANSWER_LOST)
    assert graph.sizes == [3, 1, 1]


async def test_what_is_sent_again_after_a_loss_says_so(graph: FakeGraph) -> None:
    graph.batches.append(ANSWER_LOST)
    graph.refuse(write(1).target, Refusal(200), 404)
    calls = [write(0), write(1, repeatable=True)]
    async with service_of(graph) as service:
        outcomes = await service.batcher.batch(calls, INES)
    assert isinstance(outcomes[1], Reply)
    assert (outcomes[1].status, outcomes[1].is_after_loss) == (404, True)


async def test_a_batch_of_what_may_be_repeated_is_sent_again_as_a_whole(graph: FakeGraph) -> None:
    graph.batches.append(ANSWER_LOST)
    calls = [write(0, repeatable=True), read(1)]
    assert await sent(graph, *calls) == targets(*calls)
    assert graph.sizes == [2, 2]


async def test_a_second_try_that_fails_leaves_a_write_uncertain(graph: FakeGraph) -> None:
    class Lost(FakeGraph):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            if self.asked:
                raise httpx.ConnectError("no")
            return await super().__call__(request)

    lost = Lost()
    lost.batches.append(ANSWER_LOST)
    outcomes = await sent(lost, write(0), write(1, repeatable=True), read(2))
    assert outcomes == [GraphUncertain, GraphUncertain, GraphUnavailable]


@pytest.mark.parametrize("status", [500, 503, 504])
async def test_a_batch_that_fails_as_a_whole_may_have_been_done(graph: FakeGraph, status: int) -> None:
    graph.batches.append(httpx.Response(status, json={}))
    assert await sent(graph, write(0), read(1)) == [GraphUncertain, read(1).target]


async def test_an_outage_that_lasts_is_told_to_all(graph: FakeGraph) -> None:
    graph.batches.extend(httpx.Response(503, json={}) for _ in range(20))
    assert await sent(graph, read(0), write(1, repeatable=True)) == [503, 503]
    assert graph.sizes == [2] * MOST_TRIES


async def test_a_batch_that_may_not_be_sent_is_told_to_all(graph: FakeGraph) -> None:
    graph.batches.extend(httpx.Response(401, json={}) for _ in range(2))
    assert await sent(graph, write(0), read(1)) == [401, 401]


async def test_a_write_whose_answer_is_missing_is_uncertain(graph: FakeGraph) -> None:
    graph.distort = lambda replies: replies[2:]
    assert await sent(graph, write(0), read(1), write(2)) == [GraphUncertain, read(1).target, write(2).target]


async def test_answers_that_are_too_large_leave_writes_uncertain(graph: FakeGraph) -> None:
    graph.distort = lambda replies: [*replies, {"id": "x", "body": " " * (17 * 1024 * 1024)}]

    class Streamed(FakeGraph):
        async def _batch(self, parts: list[dict[str, object]]) -> httpx.Response:
            whole = await super()._batch(parts)

            async def body() -> object:
                yield whole.content

            return httpx.Response(200, content=body())  # type: ignore[arg-type]

    streamed = Streamed()
    streamed.distort = graph.distort
    assert await sent(streamed, write(0), read(1)) == [GraphUncertain, read(1).target]


@pytest.mark.parametrize("status", [400, 404, 405])
async def test_where_graph_takes_no_batches_calls_go_one_by_one(graph: FakeGraph, status: int) -> None:
    graph.batches.append(httpx.Response(status, json={}))
    calls = [write(0), read(1), write(2)]
    async with service_of(graph) as service:
        assert shown(await service.batcher.batch(calls, INES)) == targets(*calls)
        assert shown(await service.batcher.batch(calls, INES)) == targets(*calls)
        assert graph.sizes == [3, *[1] * 6]
        assert shown(await service.batcher.batch(calls, INES, in_order=True)) == targets(*calls)
    assert graph.sizes == [3, *[1] * 9]


async def test_an_answer_that_is_no_batch_leaves_writes_uncertain_and_turns_batches_off(graph: FakeGraph) -> None:
    graph.batches.append(httpx.Response(200, text="<html>"))
    async with service_of(graph) as service:
        assert shown(await service.batcher.batch([write(0), read(1)], INES)) == [GraphUncertain, read(1).target]
        await service.batcher.batch([read(2), read(3)], INES)
    assert graph.sizes == [2, 1, 1, 1]


async def test_a_pause_that_outlasts_the_deadline_is_told_to_all(graph: FakeGraph) -> None:
    graph.refuse(read(0).target, Refusal(429, {"Retry-After": "100"}))
    async with service_of(graph) as service:
        with deadline.within(20):
            assert shown(await service.batcher.batch([read(0), read(1)], INES)) == [429, read(1).target]
            outcomes = await service.batcher.batch([write(2), write(3)], INES)
        assert shown(outcomes) == [GraphThrottled] * 2
        assert outcomes[0] is not outcomes[1]
        assert now() < 1


async def test_a_batch_has_one_deadline_in_all(graph: FakeGraph) -> None:
    graph.refuse(read(0).target, *[Refusal(429, {"Retry-After": "25"})] * 99)
    graph.refuse(read(1).target, *[Refusal(429, {"Retry-After": "25"})] * 99)
    await sent(graph, read(0), read(1))
    assert 25 < now() <= 60


async def test_steps_in_order_wait_for_each_other(graph: FakeGraph) -> None:
    calls = [write(number) for number in range(45)]
    assert await sent(graph, *calls, in_order=True) == targets(*calls)
    assert graph.done == [f"POST {call.target}" for call in calls]
    assert (graph.sizes, graph.most_at_once) == ([20, 20, 5], 1)


async def test_steps_behind_one_that_fails_are_not_done_and_told_so(graph: FakeGraph) -> None:
    graph.refuse(write(5).target, 409)
    calls = [write(number) for number in range(45)]
    outcomes = await sent(graph, *calls, in_order=True)
    assert outcomes == [*targets(*calls[:5]), 409, *[424] * 39]
    assert len(graph.done) == 5
    assert graph.sizes == [20]


async def test_the_answer_to_a_step_that_was_not_done_reads_as_an_error(graph: FakeGraph) -> None:
    graph.refuse(write(0).target, 409)
    async with service_of(graph) as service:
        outcomes = await service.batcher.batch([write(number) for number in range(25)], INES, in_order=True)
    last = outcomes[-1]
    assert isinstance(last, Reply)
    assert json.loads(last.body)["error"]["code"] == "FailedDependency"
    with pytest.raises(GraphError, match="not done"):
        last.checked()


async def test_steps_go_on_from_the_one_that_was_throttled(graph: FakeGraph) -> None:
    graph.refuse(write(2).target, PAUSE)
    calls = [write(number) for number in range(4)]
    assert await sent(graph, *calls, in_order=True) == targets(*calls)
    assert graph.done == [f"POST {call.target}" for call in calls]
    assert [len(asked.paths) for asked in graph.asked] == [4, 2]
    assert graph.asked[1].at >= 2


async def test_steps_of_two_versions_stay_in_order(graph: FakeGraph) -> None:
    calls = [Call("GET", f"users/{number}", version="beta" if number % 3 else "v1.0") for number in range(6)]
    assert await sent(graph, *calls, in_order=True) == targets(*calls)
    assert graph.sizes == [1, 2, 1, 2]


@pytest.mark.parametrize("trouble", [ANSWER_LOST, LOST_OUTRIGHT], ids=["after they were done", "before"])
async def test_steps_whose_answers_were_lost_are_uncertain_and_the_rest_is_not_done(
    graph: FakeGraph, trouble: Exception
) -> None:
    graph.batches.append(trouble)
    calls = [write(0), read(1), write(2)]
    assert await sent(graph, *calls, in_order=True) == [GraphUncertain, 424, GraphUncertain]
    assert graph.sizes == [3]


async def test_a_step_that_is_only_read_is_read_again_when_its_answer_is_missing(graph: FakeGraph) -> None:
    graph.distort = lambda replies: replies[1:]
    calls = [read(0), write(1), write(2)]
    assert await sent(graph, *calls, in_order=True) == targets(*calls)


async def test_a_step_whose_answer_is_missing_ends_the_chain_with_what_is_known_of_the_rest(graph: FakeGraph) -> None:
    graph.distort = lambda replies: replies[1:]
    assert await sent(graph, write(0), write(1), in_order=True) == [GraphUncertain, write(1).target]


async def test_steps_that_go_one_by_one_end_with_the_first_that_fails(graph: FakeGraph) -> None:
    graph.batches.append(httpx.Response(405))
    graph.refuse(write(1).target, 409)
    assert await sent(graph, *map(write, range(3)), in_order=True) == [write(0).target, 409, 424]
    assert graph.sizes == [3, 1, 1]


class SignsIn(Signer):
    """Has a token for so many requests."""

    def __init__(self, requests: int) -> None:
        self._left = requests

    async def async_auth_flow(self, request: httpx.Request) -> object:  # type: ignore[override]
        self._left -= 1
        if self._left < 0:
            raise SignInNeeded("Sign in first.")
        yield request


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("count", [1, 3, 45])
async def test_whoever_has_to_sign_in_first_is_told_so(graph: FakeGraph, count: int, in_order: bool) -> None:
    nobody = Speaker(SignsIn(0), INES.caller, "nobody yet")
    with pytest.raises(SignInNeeded, match=r"Sign in first\."):
        await sent(graph, *map(write, range(count)), in_order=in_order, who=nobody)


@pytest.mark.parametrize("in_order", [True, False])
async def test_a_sign_in_that_ends_halfway_does_not_hide_what_was_done(graph: FakeGraph, in_order: bool) -> None:
    somebody = Speaker(SignsIn(1), INES.caller, "somebody")
    outcomes = await sent(graph, *map(write, range(25)), in_order=in_order, who=somebody)
    assert outcomes[:20] == targets(*map(write, range(20)))
    assert outcomes[20:] == [GraphUnauthorized] * 5


@pytest.mark.parametrize("in_order", [True, False])
async def test_a_batch_that_is_cancelled_sends_nothing_more(graph: FakeGraph, in_order: bool) -> None:
    async with service_of(graph) as service:
        task = asyncio.create_task(service.batcher.batch([*map(write, range(60))], INES, in_order=in_order))
        await asyncio.sleep(0.15)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(10)
        assert shown(await service.batcher.batch([read(0), read(1)], INES)) == targets(read(0), read(1))
    assert graph.sizes == [20, 2]


async def test_a_call_that_cannot_be_put_into_a_batch_is_a_mistake_that_holds_nothing_up(graph: FakeGraph) -> None:
    untyped = Call("POST", "me/messages/1", body=b"{}")
    async with service_of(graph) as service:
        with pytest.raises(ValueError, match="Content-Type"):
            await service.batcher.batch([untyped, read(1)], INES)
        with pytest.raises(ValueError, match="Content-Type"):
            await service.batcher.batch([*map(read, range(30)), untyped], INES)
        assert len(await service.batcher.batch([*map(read, range(20))], INES)) == 20


@pytest.mark.parametrize("in_order", [pytest.param(False, id="at once"), pytest.param(True, id="in order")])
async def test_a_call_that_is_refused_for_its_token_is_sent_by_itself(graph: FakeGraph, in_order: bool) -> None:
    calls = [write(number) for number in range(4)]
    graph.refuse(calls[1].target, Refusal(401))
    assert await sent(graph, *calls, in_order=in_order) == targets(*calls)
    assert sorted(graph.done) == sorted(f"POST {target}" for target in targets(*calls))


@pytest.mark.parametrize("in_order", [pytest.param(False, id="at once"), pytest.param(True, id="in order")])
@pytest.mark.parametrize(("method", "status"), [("DELETE", 404), ("PATCH", 412)])
async def test_a_part_tried_again_after_an_outage_remembers_that_it_may_have_been_done(
    graph: FakeGraph, method: str, status: int, in_order: bool
) -> None:
    call = write(1, method=method, repeatable=True)
    graph.refuse(call.target, 504, status)
    async with service_of(graph) as service:
        found = await service.batcher.batch([read(0), call], INES, in_order=in_order)
    replies = [(each.status, each.is_after_loss) for each in found if isinstance(each, Reply)]
    assert replies == [(200, False), (status, True)]


async def test_parts_tried_again_together_after_an_outage_remember_it_too(graph: FakeGraph) -> None:
    calls = [write(number, method="DELETE", repeatable=True) for number in range(3)]
    for call in calls:
        graph.refuse(call.target, 504, 404)
    async with service_of(graph) as service:
        found = await service.batcher.batch(calls, INES)
    assert [(each.status, each.is_after_loss) for each in found if isinstance(each, Reply)] == [(404, True)] * 3
    assert graph.sizes == [3, 3]


async def test_a_part_that_cannot_be_tried_again_after_an_outage_is_uncertain(graph: FakeGraph) -> None:
    calls = [write(0, repeatable=True), write(1, repeatable=True), read(2)]
    for call in calls:
        graph.refuse(call.target, 504)
    async with service_of(graph) as service:
        signer = SignsIn(1)
        found = shown(await service.batcher.batch(calls, Speaker(signer, INES.caller, "ines")))
    assert found == [GraphUncertain, GraphUncertain, GraphUnauthorized]


async def test_a_batch_refused_after_a_lost_try_may_have_been_done(graph: FakeGraph) -> None:
    graph.batches.extend([httpx.Response(504, json={}), httpx.Response(400, json={})])
    calls = [write(number, method="DELETE", repeatable=True) for number in range(2)]
    for call in calls:
        graph.refuse(call.target, 404)
    async with service_of(graph) as service:
        found = await service.batcher.batch(calls, INES)
    assert [(each.status, each.is_after_loss) for each in found if isinstance(each, Reply)] == [(404, True)] * 2


@pytest.mark.parametrize("status", [408, 499])
@pytest.mark.parametrize("in_order", [pytest.param(False, id="at once"), pytest.param(True, id="in order")])
async def test_a_batch_somebody_gave_up_waiting_for_is_not_sent_again(
    graph: FakeGraph, status: int, in_order: bool
) -> None:
    graph.batches.append(httpx.Response(status))
    assert await sent(graph, write(0), write(1), in_order=in_order) == [GraphUncertain] * 2
    assert graph.sizes == [2]


async def test_a_write_that_later_steps_followed_is_not_repeated_behind_them(graph: FakeGraph) -> None:
    graph.distort = lambda replies: replies[1:]
    calls = [write(number, method="PUT", repeatable=True) for number in range(2)]
    assert await sent(graph, *calls, in_order=True) == [GraphUncertain, calls[1].target]
    assert graph.done == [f"PUT {call.target}" for call in calls]


async def test_the_last_write_is_repeated_when_its_answer_is_missing(graph: FakeGraph) -> None:
    graph.distort = lambda replies: replies[:1]
    calls = [write(number, method="PUT", repeatable=True) for number in range(2)]
    assert await sent(graph, *calls, in_order=True) == targets(*calls)
    assert graph.done[1:] == [f"PUT {calls[1].target}"] * 2


@pytest.mark.parametrize("in_order", [pytest.param(False, id="at once"), pytest.param(True, id="in order")])
async def test_what_graph_refuses_to_a_caller_without_a_key_is_no_matter_of_the_next(
    graph: FakeGraph, in_order: bool
) -> None:
    nobody = Speaker(INES.auth, INES.caller, None)
    graph.batches.append(httpx.Response(400, json={}))
    async with service_of(graph) as service:
        for _ in range(2):
            found = shown(await service.batcher.batch([write(0), read(1)], nobody, in_order=in_order))
            assert found == targets(write(0), read(1))
    assert graph.sizes == [2, 1, 1, 2]


async def test_while_a_mailbox_is_narrow_parts_go_by_themselves(graph: FakeGraph) -> None:
    graph.refuse(read("first").target, PAUSE)
    async with service_of(graph) as service:
        await service.sender.send(read("first"), INES)
        graph.most_at_once = 0
        calls = [write(number) for number in range(4)]
        assert shown(await service.batcher.batch(calls, INES)) == targets(*calls)
        assert is_free(service)
    assert graph.sizes == [1] * 6
    assert graph.most_at_once < 4


async def test_while_a_mailbox_is_narrow_mails_are_counted_once(graph: FakeGraph) -> None:
    graph.refuse("me/messages/first", PAUSE)
    async with service_of(graph) as service:
        await service.sender.send(read("first"), INES)
        started, mails = now(), [Call("POST", "me/sendMail", headers=JSON, body=b"{}") for _ in range(20)]
        assert shown(await service.batcher.batch(mails, INES)) == ["me/sendMail"] * 20
        assert now() - started < 10
