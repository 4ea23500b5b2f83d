"""graph/batch/: reads that come together share a `$batch`, and none of them feels the others. A jumping clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from errors import GraphUnavailable, SignInNeeded
from graph import Call, Reply, Speaker, deadline
from graph.auth import Signer
from graph.breaker import FAILURES
from graph.retry import MOST_TRIES
from graph.service import GraphService
from tests.graph.fake_graph import ROUND_TRIP, WORK, FakeGraph, Refusal, now, service_of
from tests.graph.support import speaker
from tests.virtual_time import VIRTUAL_TIME

INES, JONAS = speaker(user="ines"), speaker(user="jonas")
PAUSE = Refusal(429, {"Retry-After": "2"})


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


@pytest.fixture
def graph() -> FakeGraph:
    return FakeGraph()


def message(number: object) -> Call:
    return Call("GET", f"me/messages/{number}", "$select=id", headers=(("Accept", "application/json"),))


def messages(count: int) -> list[Call]:
    return [message(number) for number in range(count)]


async def read(service: GraphService, calls: Sequence[Call], who: Speaker = INES) -> list[Reply]:
    return await asyncio.gather(*(service.batcher.read(call, who) for call in calls))


def paths(replies: Sequence[Reply]) -> list[str]:
    return [reply.object()["path"] for reply in replies]


def targets(calls: Sequence[Call]) -> list[str]:
    return [call.target for call in calls]


async def test_a_read_that_is_alone_goes_at_once_and_plainly(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        (reply,) = await read(service, [message(1)])
    assert paths([reply]) == targets([message(1)])
    (asked,) = graph.asked
    assert (asked.at, asked.is_batch, asked.headers["accept"]) == (0, False, "application/json")


async def test_forty_reads_are_two_requests_and_each_has_its_own_answer(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        replies = await read(service, messages(40))
    assert paths(replies) == targets(messages(40))
    assert graph.sizes == [20, 20]
    assert graph.most_at_once == 4
    assert now() == pytest.approx(2 * (ROUND_TRIP + 5 * WORK), abs=0.01)


async def test_reads_that_come_within_the_window_go_together(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        first = asyncio.create_task(read(service, messages(2)))
        await asyncio.sleep(0.002)
        await read(service, [message("late")])
        await first
    assert graph.sizes == [3]
    assert graph.asked[0].at == pytest.approx(0.003)


async def test_a_full_batch_does_not_wait_for_more(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        await read(service, messages(20))
    assert graph.asked[0].at == 0


async def test_a_read_that_has_had_no_company_for_the_window_goes_plainly(graph: FakeGraph) -> None:
    async with service_of(graph) as service:
        first = asyncio.create_task(read(service, [message("first")]))
        await asyncio.sleep(0.05)
        await read(service, [message("second")])
        await first
    assert [(asked.is_batch, asked.at) for asked in graph.asked] == [(False, 0), (False, pytest.approx(0.053))]


@pytest.mark.parametrize(
    ("others", "who"),
    [
        pytest.param(message("theirs"), JONAS, id="another person's"),
        pytest.param(message("theirs"), speaker(user="ines", key="as somebody else"), id="another sign-in's"),
        pytest.param(Call("GET", "me/messages/1", version="beta"), INES, id="another version's"),
        pytest.param(Call("GET", "users/jonas/messages/1"), INES, id="another mailbox's"),
        pytest.param(Call("GET", "users/x"), INES, id="another service's"),
    ],
)
async def test_only_reads_with_the_same_identity_version_and_limits_share_a_batch(
    graph: FakeGraph, others: Call, who: Speaker
) -> None:
    async with service_of(graph) as service:
        await asyncio.gather(read(service, messages(2)), read(service, [others], who))
    assert sorted(graph.sizes) == [1, 2]


async def test_reads_of_nobody_in_particular_are_never_joined(graph: FakeGraph) -> None:
    nobody = Speaker(INES.auth, INES.caller, None)
    async with service_of(graph) as service:
        await read(service, messages(3), nobody)
    assert graph.sizes == [1, 1, 1]


@pytest.mark.parametrize("status", [404, 403, 302, 304, 410, 412, 500])
async def test_what_a_part_is_answered_reaches_its_reader_alone_and_as_it_is(graph: FakeGraph, status: int) -> None:
    graph.refuse(message(1).target, Refusal(status, {"ETag": 'W/"1"', "request-id": "abc"}))
    async with service_of(graph) as service:
        replies = await read(service, messages(3))
    assert [reply.status for reply in replies] == [200, status, 200]
    assert (replies[1].headers["etag"], replies[1].headers["request-id"]) == ('W/"1"', "abc")
    assert json.loads(replies[1].body)["error"]["code"] == "Some"
    assert graph.sizes == [3]


async def test_the_trace_of_a_part_without_one_is_that_of_its_batch(graph: FakeGraph) -> None:
    replies = [{"id": "1", "status": 404}, {"id": "2", "status": 404, "headers": {"Request-Id": "own"}}]
    graph.batches.append(httpx.Response(200, headers={"request-id": "whole"}, json={"responses": replies}))
    async with service_of(graph) as service:
        found = await read(service, messages(2))
    assert [reply.headers["request-id"] for reply in found] == ["whole", "own"]


async def test_a_part_that_is_throttled_is_tried_again_by_itself_after_the_pause(graph: FakeGraph) -> None:
    graph.refuse(message(1).target, PAUSE)
    async with service_of(graph) as service:
        tasks = [asyncio.create_task(service.batcher.read(call, INES)) for call in messages(3)]
        await asyncio.wait(tasks[:1])
        assert now() < 1
        assert [task.done() for task in tasks] == [True, False, True]
        assert (await tasks[1]).is_success
    assert graph.sizes == [3, 1]
    assert 2 <= graph.asked[1].at < 3


@pytest.mark.parametrize("status", [502, 503, 504])
async def test_a_part_that_met_an_outage_is_tried_again_a_few_times(graph: FakeGraph, status: int) -> None:
    graph.refuse(message(0).target, *[status] * 2)
    graph.refuse(message(1).target, *[status] * 50)
    async with service_of(graph) as service:
        with deadline.within(600):
            replies = await read(service, messages(3))
    assert [reply.status for reply in replies] == [200, status, 200]
    assert graph.done.count(f"GET {message(2).target}") == 1
    asked = [path for request in graph.asked for path in request.paths]
    assert asked.count(message(1).target) >= MOST_TRIES - 1


async def test_a_refusal_whose_pause_outlasts_the_deadline_is_the_last_word(graph: FakeGraph) -> None:
    graph.refuse(message(1).target, Refusal(429, {"Retry-After": "100"}))
    async with service_of(graph) as service:
        with deadline.within(20):
            replies = await read(service, messages(3))
    assert [reply.status for reply in replies] == [200, 429, 200]
    assert now() < 1


async def test_a_conflict_that_passes_is_tried_again(graph: FakeGraph) -> None:
    graph.refuse("users/1", Refusal(409, code="Directory_ConcurrencyViolation"))
    graph.refuse("users/2", Refusal(409, code="Conflict"))
    async with service_of(graph) as service:
        replies = await read(service, [Call("GET", f"users/{number}") for number in range(3)])
    assert [reply.status for reply in replies] == [200, 200, 409]


@pytest.mark.parametrize(
    ("distorted", "again"),
    [
        pytest.param(lambda replies: replies[::-1], 0, id="shuffled"),
        pytest.param(lambda replies: [*replies, replies[0]], 0, id="twice the same"),
        pytest.param(lambda replies: [*replies, {**replies[0], "id": "99"}], 0, id="to nobody's question"),
        pytest.param(lambda replies: replies[1:], 1, id="one missing"),
        pytest.param(lambda replies: [*replies, {**replies[0], "status": 404}], 1, id="twice and different"),
        pytest.param(lambda replies: [*replies[1:], {"id": "1", "status": "ok"}], 1, id="without a status"),
        pytest.param(lambda replies: [*replies[1:], "torn"], 1, id="not an object"),
    ],
)
async def test_each_reader_has_its_own_answer_however_the_replies_come(
    graph: FakeGraph, distorted: object, again: int
) -> None:
    graph.distort = distorted  # type: ignore[assignment]
    async with service_of(graph) as service:
        replies = await read(service, messages(4))
    assert paths(replies) == targets(messages(4))
    assert graph.sizes == [4, *[1] * again]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.Response(400, json={"error": {"code": "BadRequest"}}), id="not understood"),
        pytest.param(httpx.Response(403, json={}), id="forbidden"),
        pytest.param(httpx.Response(404), id="not there"),
        pytest.param(httpx.Response(405), id="not allowed"),
        pytest.param(httpx.Response(302, headers={"Location": "https://evil.example/"}), id="elsewhere"),
        pytest.param(httpx.Response(200, text="<html>"), id="a page"),
        pytest.param(httpx.Response(200, json=[1]), id="no object"),
        pytest.param(httpx.Response(200, json={"value": []}), id="no batch"),
        pytest.param(httpx.Response(200, json={"responses": []}), id="no replies"),
    ],
)
async def test_where_graph_takes_no_batches_reads_go_one_by_one_for_ten_minutes(
    graph: FakeGraph, answer: httpx.Response, caplog: pytest.LogCaptureFixture
) -> None:
    graph.batches.append(answer)
    async with service_of(graph) as service:
        assert paths(await read(service, messages(3))) == targets(messages(3))
        assert paths(await read(service, messages(3))) == targets(messages(3))
        await read(service, messages(2), JONAS)
        assert sorted(graph.sizes) == [1] * 6 + [2, 3]
        await asyncio.sleep(601)
        await read(service, messages(3))
    assert graph.sizes[-1] == 3
    assert [record.message for record in caplog.records].count("graph takes no batches: calls go one by one") == 1


async def test_that_graph_takes_no_batches_is_learned_once(graph: FakeGraph, caplog: pytest.LogCaptureFixture) -> None:
    graph.batches.extend([httpx.Response(400), httpx.Response(400)])
    async with service_of(graph) as service:
        await asyncio.gather(read(service, messages(2)), read(service, [Call("GET", f"users/{n}") for n in range(2)]))
    assert sorted(graph.sizes) == [1, 1, 1, 1, 2, 2]
    assert len([record for record in caplog.records if "no batches" in record.message]) == 1


async def test_reads_that_wait_when_batches_turn_out_to_be_useless_go_one_by_one(graph: FakeGraph) -> None:
    graph.batches.append(httpx.Response(400))
    async with service_of(graph) as service:
        replies = await read(service, messages(50))
    assert paths(replies) == targets(messages(50))
    assert graph.sizes.count(1) >= 30
    assert len(graph.done) == 50


@pytest.mark.parametrize(
    ("status", "requests"),
    [pytest.param(401, 2, id="sign-in, asked with another token"), pytest.param(503, MOST_TRIES, id="outage")],
)
async def test_what_a_batch_as_a_whole_is_told_in_the_end_all_readers_are_told(
    graph: FakeGraph, status: int, requests: int
) -> None:
    graph.batches.extend(httpx.Response(status, json={}) for _ in range(9))
    async with service_of(graph) as service:
        with deadline.within(600):
            replies = await read(service, messages(3))
    assert [reply.status for reply in replies] == [status] * 3
    assert len(graph.asked) == requests


async def test_a_batch_that_breaks_graph_is_taken_apart(graph: FakeGraph) -> None:
    graph.batches.append(httpx.Response(500, json={}))
    async with service_of(graph) as service:
        assert paths(await read(service, messages(3))) == targets(messages(3))
        await read(service, messages(2))
    assert graph.sizes == [3, 1, 1, 1, 2]


async def test_answers_that_are_too_large_together_are_asked_for_one_by_one(graph: FakeGraph) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 1024 * 1024

    graph.batches.append(httpx.Response(200, content=endless()))
    async with service_of(graph) as service:
        assert paths(await read(service, messages(3))) == targets(messages(3))
        await read(service, messages(2))
    assert graph.sizes == [3, 1, 1, 1, 2]


async def test_a_batch_that_is_lost_is_sent_again(graph: FakeGraph) -> None:
    graph.batches.extend([httpx.ReadError("gone"), httpx.ConnectError("no")])
    async with service_of(graph) as service:
        assert paths(await read(service, messages(3))) == targets(messages(3))
    assert graph.sizes == [3, 3, 3]


async def test_while_graph_is_out_all_readers_hear_of_it_with_an_error_of_their_own(graph: FakeGraph) -> None:
    graph.batches.extend(httpx.ConnectError("no") for _ in range(FAILURES * 9))
    async with service_of(graph) as service:
        errors = await asyncio.gather(
            *(service.batcher.read(call, INES) for call in messages(3)), return_exceptions=True
        )
    assert [type(error) for error in errors] == [GraphUnavailable] * 3
    assert len({id(error) for error in errors}) == 3


async def test_whoever_has_to_sign_in_first_is_told_so_in_each_read(graph: FakeGraph) -> None:
    class Nobody(Signer):
        def auth_flow(self, request: httpx.Request) -> object:  # type: ignore[override]
            raise SignInNeeded("Sign in.", url="https://x.example")

    who = Speaker(Nobody(), INES.caller, "nobody yet")
    async with service_of(graph) as service:
        errors = await asyncio.gather(
            *(service.batcher.read(call, who) for call in messages(3)), return_exceptions=True
        )
    assert [str(error) for error in errors] == ["Sign in."] * 3
    assert {error.url for error in errors if isinstance(error, SignInNeeded)} == {"https://x.example"}


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(Call("POST", "me/messages", body=b"{}"), id="a write"),
        pytest.param(Call("HEAD", "me"), id="a HEAD"),
        pytest.param(Call("GET", "me", body=b"{}"), id="a body"),
        pytest.param(Call("GET", "me/photo/$value", headers=(("accept", "image/jpeg"),)), id="an image"),
    ],
)
async def test_what_is_no_read_of_json_is_refused(graph: FakeGraph, call: Call) -> None:
    async with service_of(graph) as service:
        with pytest.raises(ValueError, match="Only a GET"):
            await service.batcher.read(call, INES)
    assert not graph.asked


CHALLENGE = {"WWW-Authenticate": 'Bearer realm="", error="insufficient_claims", claims="e30="'}


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(Refusal(401, CHALLENGE), id="a challenge"),
        pytest.param(Refusal(401), id="an old token"),
        pytest.param(Refusal(403, CHALLENGE), id="a policy"),
    ],
)
async def test_a_part_that_is_refused_for_its_token_is_sent_by_itself_where_that_is_answered(
    graph: FakeGraph, refusal: Refusal
) -> None:
    graph.refuse(message(1).target, refusal)
    async with service_of(graph) as service:
        replies = await read(service, messages(3))
    assert [reply.status for reply in replies] == [200, 200, 200]
    assert graph.sizes == [3, 1]
