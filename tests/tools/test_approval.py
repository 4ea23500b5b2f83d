"""tools/_approval.py: one yes is for one deed, however calls are repeated, doubled, changed, given up or left alone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequest, ElicitResult, InputRequiredResult

from graph import GraphClient
from storage import MemoryStore
from tests.graph.support import speaker
from tests.support import facts_of, small_tenant, text_of
from tests.tools.approving import EVE, JONAS, MAIL, Scene, is_done, said, scene
from tests.tools.clients import AGREES, Person, Said, at
from tests.tools.people import FakePeople
from tests.tools.serving import server_with
from tests.virtual_time import VIRTUAL_TIME
from tools import Approvals, Caps, Guard, Policy, Services, Taint, Toolset
from tools._plan import Plan, Preview, Step
from tools._policy import Verdict
from tools._render import Outcome

MODERN, LEGACY = "modern stream", "legacy stream"
BOTH = [pytest.param(LEGACY, id="older handshake"), pytest.param(MODERN, id="2026-07-28")]
SEND = "mail_send_message"

Call = Callable[[], Awaitable[Any]]


async def asked_raw(client: Client, tool: str = SEND, arguments: dict[str, Any] | None = None) -> InputRequiredResult:
    result = await client.session.call_tool(tool, arguments or MAIL, allow_input_required=True)
    assert isinstance(result, InputRequiredResult)
    return result


def answered(
    client: Client,
    asked: InputRequiredResult,
    tool: str = SEND,
    arguments: dict[str, Any] | None = None,
    *,
    answer: ElicitResult = AGREES,
    **changed: Any,
) -> Call:
    """The call as it is repeated with the person's answer, which whoever has both can send as often as they like."""
    answers: dict[str, Any] = dict.fromkeys(asked.input_requests or {}, answer)
    given: dict[str, Any] = {"input_responses": answers, "request_state": asked.request_state, **changed}
    return partial(client.session.call_tool, tool, arguments or MAIL, allow_input_required=True, **given)


def question_of(asked: InputRequiredResult) -> str:
    (request,) = (asked.input_requests or {}).values()
    assert isinstance(request, ElicitRequest)
    return request.params.message


# What a person reads.


@pytest.mark.parametrize("way", BOTH)
async def test_the_question_tells_who_to_whom_what_and_who_is_outside(way: str) -> None:
    person = Person(form=AGREES)
    async with scene() as tenant, tenant.client(way, person) as client:
        await said(client, **{**MAIL, "to": [JONAS, EVE]})
    (question,) = person.forms
    lines = question.splitlines()
    assert lines[0] == "Send this mail?"
    assert "As: ines.aldana@lindenhall.example" in lines
    assert "Subject: Minutes" in lines
    assert "| Here they are." in lines
    assert f"{EVE} (outside)" in question
    assert "Jonas Brandt <jonas.brandt@lindenhall.example>" in question
    assert any(line.startswith("Note: ") and EVE in line for line in lines)


@pytest.mark.parametrize("way", BOTH)
async def test_a_no_is_an_answer_like_any_other_and_no_error(way: str) -> None:
    person = Person()
    async with scene() as tenant, tenant.client(way, person) as client:
        for action, told in (("decline", "The person declined, so"), ("cancel", "The person closed the question")):
            person.form = ElicitResult.model_validate({"action": action})
            facts = facts_of(await client.call_tool(SEND, MAIL))
            assert facts["done"] is False
            assert facts["what"].startswith(told)
            assert "Do not repeat the call" in facts["what"]
        assert tenant.sent == 0


# The same yes again.


async def test_an_answer_that_is_posted_twice_sends_once_and_asks_again() -> None:
    async with scene() as tenant, tenant.client() as client:
        asked = await asked_raw(client)
        again = answered(client, asked)
        assert is_done(await again())
        second = await again()
        assert isinstance(second, InputRequiredResult), "the yes is spent: a new question, with a new reference"
        assert question_of(second) != question_of(asked)
        assert isinstance(await again(), InputRequiredResult)
        assert tenant.sent == 1


async def test_an_answer_that_is_posted_many_times_at_once_sends_once() -> None:
    results = []

    async def post(call: Call) -> None:
        results.append(await call())

    async with scene() as tenant, tenant.client() as client:
        again = answered(client, await asked_raw(client))
        async with anyio.create_task_group() as tasks:
            for _ in range(6):
                tasks.start_soon(post, again)
        assert tenant.sent == 1
    assert sum(not isinstance(each, InputRequiredResult) and is_done(each) for each in results) == 1


async def test_an_answer_nobody_was_asked_for_is_none() -> None:
    async with scene() as tenant, tenant.client() as client:
        asked = await asked_raw(client)
        assert isinstance(await answered(client, asked, request_state=None)(), InputRequiredResult)
        assert isinstance(await answered(client, asked, input_responses={})(), InputRequiredResult)
        other = {"another:question": AGREES}
        assert isinstance(await answered(client, asked, input_responses=other)(), InputRequiredResult)
        assert tenant.sent == 0


async def test_a_declined_question_cannot_be_agreed_to_afterwards() -> None:
    async with scene() as tenant, tenant.client() as client:
        asked = await asked_raw(client)
        no = await answered(client, asked, answer=ElicitResult(action="decline"))()
        assert facts_of(no)["done"] is False
        assert isinstance(await answered(client, asked)(), InputRequiredResult)
        assert tenant.sent == 0


async def test_a_forged_state_is_refused() -> None:
    async with scene() as tenant, tenant.client() as client:
        asked = await asked_raw(client)
        state = str(asked.request_state)
        other = "A" if state[-2] != "A" else "B"
        made_up = '{"v":3,"outcomes":{"tools._approval:approval":{"action":"accept","data":{"approve":true}}}}'
        for forged in (f"{state[:-2]}{other}{state[-1]}", state[: len(state) // 2], made_up, "v1.", ""):
            with pytest.raises(MCPError, match="requestState"):
                await answered(client, asked, request_state=forged)()
        assert tenant.sent == 0


async def test_a_yes_is_for_no_other_call() -> None:
    others = [
        (SEND, {**MAIL, "to": [EVE]}),
        (SEND, {**MAIL, "bcc": [EVE]}),
        (SEND, {**MAIL, "text": "Here they are"}),
        ("risky_wipe", {"subject": "Minutes"}),
    ]
    async with scene() as tenant, tenant.client() as client:
        asked = await asked_raw(client)
        for tool, arguments in others:
            with pytest.raises(MCPError, match="requestState"):
                await answered(client, asked, tool, arguments)()
        assert not tenant.writes


# Doubled, given up, and left alone.


async def test_two_calls_that_are_the_same_share_one_question_and_one_deed() -> None:
    async def agree(question: str) -> Said:
        if len(person.forms) == 1:
            await second_asked.wait()
        else:
            second_asked.set()
        return AGREES

    async def call() -> None:
        told.append(is_done(await client.call_tool(SEND, MAIL)))

    told, second_asked, person = list[bool](), anyio.Event(), Person(form=agree)
    async with scene() as tenant, tenant.client(LEGACY, person) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            tasks.start_soon(call)
        assert tenant.sent == 1
    assert sorted(told) == [False, True]
    assert len(set(person.forms)) == 1, "both name the same request"


async def test_a_call_that_is_given_up_does_nothing_and_the_next_asks_anew() -> None:
    reached = anyio.Event()

    async def think(question: str) -> Said:
        reached.set()
        await anyio.sleep_forever()
        raise AssertionError

    person = Person(form=think)
    async with scene() as tenant, tenant.client(LEGACY, person) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, SEND, MAIL)
            await reached.wait()
            tasks.cancel_scope.cancel()
        assert tenant.sent == 0
        person.form = AGREES
        assert is_done(await client.call_tool(SEND, MAIL))
        assert tenant.sent == 1


async def test_a_client_that_fails_to_ask_is_told_apart_from_a_person_who_declines() -> None:
    async with scene() as tenant, tenant.client(LEGACY, Person(form=ElicitResult(action="accept"))) as client:
        result = await client.call_tool(SEND, MAIL)
        assert result.is_error
        assert "did not put the question to the person" in text_of(result)
        assert tenant.sent == 0


# What was agreed to is not what it would be now.


def naming(tenant: Scene, *names: str) -> Callable[[str], Awaitable[Said]]:
    """Somebody who agrees each time, while the target becomes another meanwhile."""
    left = list(names)

    async def agree(question: str) -> Said:
        if left:
            tenant.tenant.demo_person.update({"displayName": left.pop(0)})
        return AGREES

    return agree


@pytest.mark.parametrize("way", BOTH)
async def test_what_has_changed_while_the_person_read_is_asked_about_again(way: str) -> None:
    person = Person()
    async with scene(tenant=small_tenant()) as tenant, tenant.client(way, person) as client:
        person.form = naming(tenant, "Ines Aldana-Brandt")
        assert await said(client, "risky_wipe") == "Done: wiped"
        first, second = person.forms
        assert "Whose: Ines Aldana\n" in first
        assert "Whose: Ines Aldana-Brandt\n" in second
        assert len(tenant.writes) == 1


async def test_what_keeps_changing_is_not_done() -> None:
    person = Person()
    async with scene(tenant=small_tenant()) as tenant, tenant.client(LEGACY, person) as client:
        person.form = naming(tenant, *"ABCDE")
        assert "what it would do keeps changing" in await said(client, "risky_wipe")
        assert not tenant.writes


class Clock:
    """What time the server believes it is."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now

    def for_approvals(self, services: Services) -> Services:
        return replace(services, approvals=Approvals(MemoryStore(clock=self)))

    def for_taint(self, services: Services) -> Services:
        store, policy = services.state.store, Policy(tools={SEND: Verdict.ALLOW})
        taint = Taint(store, digest=services.state.keys.digest, clock=self)
        return replace(services, guard=Guard(policy, Caps(store, {}), taint))


@pytest.mark.parametrize(
    ("seconds", "sends"),
    [pytest.param(599, 1, id="in time"), pytest.param(601, 0, id="too late")],
)
async def test_a_question_stands_for_ten_minutes(seconds: float, sends: int) -> None:
    clock = Clock()
    async with scene(adjusted=clock.for_approvals) as tenant, tenant.client() as client:
        asked = await asked_raw(client)
        clock.now += seconds
        result = await answered(client, asked)()
        assert isinstance(result, InputRequiredResult) is not bool(sends)
        assert tenant.sent == sends


async def test_a_call_that_is_repeated_keeps_the_question_open_for_the_full_time() -> None:
    clock = Clock()
    async with scene(adjusted=clock.for_approvals) as tenant, tenant.client() as client:
        await asked_raw(client)
        clock.now += 500
        second = await asked_raw(client)
        clock.now += 500
        assert is_done(await answered(client, second)())
        assert tenant.sent == 1


@pytest.mark.parametrize("way", BOTH)
async def test_a_reason_that_grows_older_while_the_person_reads_is_not_another_question(way: str) -> None:
    clock = Clock()

    async def agree_later(question: str) -> Said:
        clock.now += 130
        return AGREES

    person = Person(form=agree_later)
    async with scene(adjusted=clock.for_taint) as tenant, tenant.client(way, person) as client:
        await said(client, "risky_look", outside=True)
        clock.now += 60
        assert is_done(await client.call_tool(SEND, {**MAIL, "to": [EVE]}))
        assert tenant.sent == 1
    (question,) = person.forms
    assert "content from outside the tenant was read 1 minute ago (risky_look)" in question


async def test_a_question_of_another_version_of_the_server_is_put_anew() -> None:
    keys = list[str]()

    class Older(MemoryStore):
        async def get(self, key: str) -> bytes | None:
            found = await super().get(key)
            if key.startswith("approval/") and key not in keys:
                keys.append(key)
                await self.put(key, b'["older", "approved"]')
                return await super().get(key)
            return found

    store = Older()
    async with (
        scene(adjusted=lambda made: replace(made, approvals=Approvals(store))) as tenant,
        tenant.client() as client,
    ):
        await asked_raw(client)
        assert len(keys) == 1
        assert tenant.sent == 0


async def test_a_store_in_which_every_question_is_lost_sends_nothing() -> None:
    class Losing(MemoryStore):
        async def swap(self, *_: Any, **__: Any) -> bool:
            return False

    async with (
        scene(adjusted=lambda made: replace(made, approvals=Approvals(Losing()))) as tenant,
        tenant.client() as client,
    ):
        assert "keeps changing under this call" in await said(client)
        assert tenant.sent == 0


# Another principal, and nobody there: without the demo tenant.

quick = Toolset("quick", "One thing.")


@quick.destroy("Mail.Read")
async def drop(name: str = "it") -> Plan[Outcome]:
    """Drop something."""
    return Plan(Preview("Drop it?", (("Name", name),)), (Step("POST", "me/drop"),), lambda _: Outcome(what="Dropped."))


class Dropping:
    """A Graph that takes everything."""

    def __init__(self) -> None:
        self.writes: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.writes.append(request)
        return httpx.Response(200, json={})


@asynccontextmanager
async def quick_client(people: FakePeople, graph: Dropping, way: str, person: Person) -> AsyncIterator[Client]:
    server = server_with(
        httpx.MockTransport(graph), people, lambda service, *_: GraphClient(service, speaker()), catalogue=(quick,)
    )
    async with at(server, way, person) as client:
        yield client


async def test_a_yes_of_one_account_is_none_for_another() -> None:
    people, graph = FakePeople("ines@a.example", "jonas@a.example"), Dropping()
    async with quick_client(people, graph, MODERN, Person()) as client:
        asked = await asked_raw(client, "quick_drop", {"name": "x"})
        await people.select(people.people[1].id)
        other = await answered(client, asked, "quick_drop", {"name": "x"})()
        assert isinstance(other, InputRequiredResult)
        assert "As: jonas@a.example" in question_of(other)
        assert not graph.writes
        await people.select(people.people[0].id)
        assert is_done(await answered(client, asked, "quick_drop", {"name": "x"})())
    assert len(graph.writes) == 1


class TestSilence:
    """Nobody answers for hours."""

    @pytest.fixture
    def anyio_backend(self) -> object:
        return VIRTUAL_TIME

    async def test_a_person_who_never_answers_is_waited_for_ten_minutes(self) -> None:
        async def nothing(question: str) -> Said:
            await anyio.sleep_forever()
            raise AssertionError

        people, graph = FakePeople("ines@a.example"), Dropping()
        async with quick_client(people, graph, LEGACY, Person(form=nothing)) as client:
            began = anyio.current_time()
            result = await client.call_tool("quick_drop", {})
            assert anyio.current_time() - began == pytest.approx(600, abs=1)
        assert result.is_error
        assert "they did not answer in time" in text_of(result)
        assert not graph.writes
