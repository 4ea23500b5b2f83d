"""graph/sending.py: what is tried again, when, and what a call comes to. On a clock that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import httpx
import pytest

from errors import GraphThrottled, GraphTooLarge, GraphUnavailable, GraphUncertain
from graph import Call, Reply, deadline
from graph.auth import Signer
from graph.breaker import FAILURES
from graph.retry import MOST_TRIES
from graph.service import GraphService
from tests.graph.support import service_on, speaker
from tests.virtual_time import VIRTUAL_TIME

Answer = httpx.Response | Exception
READ = Call("GET", "reports/x")
POST = Call("POST", "reports", body=b"{}")
SAFE_POST = Call("POST", "reports", body=b"{}", repeatable=True)


@pytest.fixture
def anyio_backend() -> object:
    return VIRTUAL_TIME


def status(code: int, **headers: str) -> httpx.Response:
    spelled = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(code, headers=spelled, json={"error": {"code": "Some", "message": "Text."}})


OK = httpx.Response(200, json={"id": "1"})
UNSENT = httpx.ConnectError("no")
LOST = httpx.ReadError("gone")


class Graph:
    """Answers as scripted, the last answer for good, and notes when it was asked, and by which id."""

    def __init__(self, *answers: Answer) -> None:
        self._answers: Iterator[Answer] = iter(answers)
        self._last = answers[-1]
        self.times: list[float] = []
        self.ids: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.times.append(asyncio.get_running_loop().time())
        self.ids.add(request.headers["client-request-id"])
        answer = next(self._answers, self._last)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def sent(graph: Graph | Callable[[httpx.Request], httpx.Response], call: Call = READ) -> Reply:
    async with service_on(graph) as service:
        return await service.sender.send(call, speaker())


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(status(429, retry_after="3"), id="throttled"),
        pytest.param(status(429), id="throttled without a time"),
        pytest.param(status(503), id="503"),
        pytest.param(status(503, retry_after="3"), id="503 with a time"),
        pytest.param(status(502), id="502"),
        pytest.param(status(504), id="504"),
        pytest.param(UNSENT, id="no connection"),
        pytest.param(LOST, id="lost"),
        pytest.param(httpx.RemoteProtocolError("torn"), id="torn"),
        pytest.param(httpx.ReadTimeout("slow"), id="silent"),
    ],
)
async def test_a_read_is_tried_again_under_the_same_id_until_it_is_answered(trouble: Answer) -> None:
    graph = Graph(trouble, trouble, OK)
    assert (await sent(graph)).status == 200
    assert (len(graph.times), len(graph.ids)) == (3, 1)


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [
        pytest.param(status(429, retry_after="3"), 3, id="throttled: not taken"),
        pytest.param(UNSENT, 3, id="no connection: not taken"),
        pytest.param(httpx.ConnectTimeout("no"), 3, id="slow to connect: not taken"),
        pytest.param(httpx.PoolTimeout("no"), 3, id="no room: not taken"),
        pytest.param(status(503), 1, id="503"),
        pytest.param(status(502), 1, id="502"),
        pytest.param(LOST, 1, id="lost"),
        pytest.param(httpx.WriteError("gone"), 1, id="lost while it was sent"),
    ],
)
async def test_a_write_is_tried_again_only_where_graph_surely_did_not_take_it(trouble: Answer, tries: int) -> None:
    graph = Graph(trouble, trouble, OK)
    with suppress(GraphUncertain):
        assert (await sent(graph, POST)).status in (200, 502, 503)
    assert len(graph.times) == tries


async def test_a_write_whose_answer_was_lost_says_what_to_do_and_by_which_id_graph_knows_it() -> None:
    graph = Graph(LOST)
    with pytest.raises(GraphUncertain, match="Look whether it was before doing it again") as caught:
        await sent(graph, POST)
    assert graph.ids.pop() in str(caught.value)


async def test_a_write_that_does_no_harm_twice_is_tried_again_and_says_so() -> None:
    graph = Graph(LOST, status(409))
    reply = await sent(graph, SAFE_POST)
    assert (reply.status, reply.is_after_loss, len(graph.times)) == (409, True, 2)


async def test_a_refusal_that_graph_calls_passing_is_tried_again() -> None:
    clash = httpx.Response(409, json={"error": {"code": "Directory_ConcurrencyViolation", "message": "Busy."}})
    graph = Graph(clash, OK)
    assert (await sent(graph, POST)).status == 200


@pytest.mark.parametrize(
    "code", [pytest.param(code, id=str(code)) for code in (400, 403, 404, 409, 412, 500, 501, 507)]
)
async def test_a_refusal_is_not_tried_again(code: int) -> None:
    graph = Graph(status(code))
    assert (await sent(graph)).status == code
    assert len(graph.times) == 1


async def test_retry_after_is_obeyed() -> None:
    graph = Graph(status(429, retry_after="7"), OK)
    await sent(graph)
    assert 7 <= graph.times[1] - graph.times[0] <= 7 * 1.1


@pytest.mark.parametrize(
    "absurd",
    [pytest.param(text, id=text) for text in ("-5", "soon", "nan", "1e999", "Tue, 99 Foo 2020 00:00:00 GMT")],
)
async def test_an_absurd_retry_after_is_no_reason_to_wait_for_ever(absurd: str) -> None:
    graph = Graph(status(429, retry_after=absurd), OK)
    await sent(graph)
    assert graph.times[1] < 30


async def test_a_wait_beyond_the_deadline_ends_at_once_with_what_graph_asked_for() -> None:
    graph = Graph(status(429, retry_after="300"))
    with deadline.within(20):
        reply = await sent(graph)
    assert (reply.status, asyncio.get_running_loop().time()) == (429, 0)
    with pytest.raises(GraphThrottled, match="300 seconds"):
        reply.checked()


async def test_who_comes_during_a_pause_that_is_too_long_for_it_is_told_so_and_nothing_is_sent() -> None:
    graph = Graph(status(429, retry_after="300"))
    async with service_on(graph) as service:
        with deadline.within(20):
            await service.sender.send(READ, speaker())
            with pytest.raises(GraphThrottled, match=r"3[0-9]{2} seconds"):
                await service.sender.send(READ, speaker())
    assert len(graph.times) == 1


async def test_trouble_that_does_not_end_is_an_error_after_some_tries() -> None:
    graph = Graph(LOST)
    with pytest.raises(GraphUnavailable, match="cannot be reached"):
        await sent(graph)
    assert len(graph.times) == MOST_TRIES


async def test_the_pauses_between_tries_differ() -> None:
    graph = Graph(status(502))
    await sent(graph)
    pauses = [round(after - before, 3) for before, after in zip(graph.times, graph.times[1:], strict=False)]
    assert len(set(pauses)) == len(pauses) == MOST_TRIES - 1


class Silent(httpx.AsyncBaseTransport):
    """Takes every request and never answers."""

    def __init__(self) -> None:
        self.count = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        await asyncio.Event().wait()
        raise AssertionError


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        pytest.param(READ, GraphUnavailable, id="a read"),
        pytest.param(POST, GraphUncertain, id="a write"),
        pytest.param(SAFE_POST, GraphUncertain, id="a write that may be repeated"),
    ],
)
async def test_the_deadline_ends_a_call_and_a_write_that_was_in_the_air_is_uncertain(
    call: Call, kind: type[GraphUnavailable]
) -> None:
    async with service_on(Silent()) as service:
        with deadline.within(5), pytest.raises(kind) as caught:
            await service.sender.send(call, speaker())
        assert asyncio.get_running_loop().time() == 5
    assert type(caught.value) is kind


async def broken(service: GraphService) -> None:
    for _ in range(FAILURES):
        with pytest.raises(GraphUnavailable):
            await service.sender.send(POST, speaker())


async def test_an_outage_makes_calls_fail_at_once_until_graph_answers_again() -> None:
    graph = Graph(*[LOST] * FAILURES, OK)
    async with service_on(graph) as service:
        await broken(service)
        asked = len(graph.times)
        with pytest.raises(GraphUnavailable, match="times in a row"):
            await service.sender.send(POST, speaker())
        assert len(graph.times) == asked
        await asyncio.sleep(6)
        assert (await service.sender.send(POST, speaker())).status == 200
        assert (await service.sender.send(POST, speaker())).status == 200


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(status(429, retry_after="0"), id="429"),
        pytest.param(status(400), id="400"),
        pytest.param(status(404), id="404"),
        pytest.param(status(503, retry_after="0"), id="503 with a time"),
        pytest.param(status(500), id="500"),
    ],
)
async def test_what_graph_refuses_is_no_outage(refusal: httpx.Response) -> None:
    graph = Graph(*[refusal] * (FAILURES * 3), OK)
    async with service_on(graph) as service:
        while len(graph.times) <= FAILURES * 3:
            with suppress(GraphThrottled):
                await service.sender.send(POST, speaker())
        assert (await service.sender.send(POST, speaker())).status == 200


async def test_a_token_that_cannot_be_had_is_told_and_leaves_no_slot_taken() -> None:
    class NoToken(Signer):
        async def async_auth_flow(self, request: httpx.Request):  # type: ignore[no-untyped-def]  # noqa: ANN202
            raise LookupError("no token")
            yield request

    graph = Graph(OK)
    who = speaker()
    async with service_on(graph) as service:
        for _ in range(300):
            with pytest.raises(LookupError):
                await service.sender.send(READ, type(who)(NoToken(), who.caller, who.key))
        assert (await service.sender.send(READ, who)).status == 200


async def test_a_caller_who_leaves_does_not_free_the_slot_of_what_graph_still_does() -> None:
    """Four at a time per mailbox: who gives up on one does not thereby send a fifth."""
    silent = Silent()
    mail = Call("GET", "me/messages/x")
    async with service_on(silent) as service:
        leavers = [asyncio.create_task(service.sender.send(mail, speaker())) for _ in range(4)]
        await asyncio.sleep(1)
        for leaver in leavers:
            leaver.cancel()
        await asyncio.gather(*leavers, return_exceptions=True)
        fifth = asyncio.create_task(service.sender.send(mail, speaker()))
        await asyncio.sleep(1)
        assert silent.count == 4
        await asyncio.sleep(20)  # by now the connection was given up
        assert silent.count == 5
        fifth.cancel()
        await asyncio.gather(fifth, return_exceptions=True)


async def test_a_call_is_logged_without_whose_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="graph.sending")
    await sent(Graph(LOST, OK), Call("GET", "users/ines%40x.example/messages", "$select=id"))
    first, second = (record.__dict__ for record in caplog.records)
    assert (first["path"], first["status"]) == ("/v1.0/users/*/messages", 0)
    assert (second["path"], second["status"], second["tries"]) == ("/v1.0/users/*/messages", 200, 2)
    assert "select" not in str(second["path"])


async def test_a_write_whose_answer_is_too_long_may_have_been_done() -> None:
    graph = Graph(httpx.Response(201, content=chunks(20)))
    with pytest.raises(GraphUncertain):
        await sent(graph, POST)
    with pytest.raises(GraphTooLarge):
        await sent(Graph(httpx.Response(200, content=chunks(20))))


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 1024 * 1024


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param("me/mailFolders/inbox/messages", "me/mailFolders/inbox/messages", id="words"),
        pytest.param("users/ines%40x.example/events", "users/*/events", id="whose"),
        pytest.param("users('ines@x.example')/events", "*/events", id="whose, in brackets"),
        pytest.param("me/drive/root:/Private/Pay.xlsx:/content", "me/drive/root:/*:/content", id="a file"),
        pytest.param("me/drive/root/search(q='divorce')", "me/drive/root/*", id="what was looked for"),
        pytest.param("groups/1f0c-22/members/$count", "groups/*/members/$count", id="an id"),
        pytest.param("$batch", "$batch", id="a batch"),
    ],
)
async def test_the_log_says_what_was_done_and_not_with_what(
    path: str, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="graph.sending")
    await sent(Graph(OK), Call("GET", path))
    assert caplog.records[0].__dict__["path"] == f"/v1.0/{shown}"


async def test_a_connection_that_ends_with_many_calls_is_no_outage() -> None:
    """Each of them is tried again, and nobody is told that Graph is out."""
    lost = iter([True] * 3 * FAILURES)

    async def handler(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(1)
        if next(lost, False):
            raise LOST
        return OK

    async with service_on(httpx.MockTransport(handler)) as service:
        calls = [Call("GET", f"groups/{number}") for number in range(3 * FAILURES)]
        replies = await asyncio.gather(*(service.sender.send(call, speaker()) for call in calls))
    assert {reply.status for reply in replies} == {200}


async def test_nothing_is_sent_once_the_time_is_over() -> None:
    graph = Graph(OK)
    async with service_on(graph) as service:
        with deadline.within(0), pytest.raises(GraphUnavailable):
            await service.sender.send(POST, speaker())
    assert graph.times == []
