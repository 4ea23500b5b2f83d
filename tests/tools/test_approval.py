"""tools/_approval.py: one yes is for one deed, however calls are repeated, doubled, changed, given up or left alone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequest, ElicitResult, InputRequiredResult

from _server_services import Rules
from errors import StorageError
from graph import GraphClient
from principal import Access
from storage import MemoryStore
from tests.graph.support import speaker
from tests.support import facts_of, small_tenant, text_of
from tests.tools.approving import EVE, JONAS, MAIL, Noted, Scene, is_done, said, scene
from tests.tools.clients import AGREES, Person, Said, at
from tests.tools.people import FakePeople
from tests.tools.serving import server_with
from tests.virtual_time import VIRTUAL_TIME
from tools import Approvals, Caps, Cursors, Guard, Handles, Ids, Policy, Services, Taint, Toolset
from tools._kinds import Kind
from tools._plan import Plan, Preview, Step, Targets
from tools._policy import Recipient, Verdict
from tools._render import Outcome
from tools._services import Graph

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


# Done is done, whatever the store does afterwards.

MESSAGE = Kind("msg", "message", "quick_list")
LONG = "AAMkAGI2" * 18


class Kept(Outcome):
    """What came of it, with an id that is too long to be shown."""

    id: Annotated[str, MESSAGE] = ""


after = Toolset("after", "Something is kept of what it did.")


@after.write("Mail.Read")
async def keep(graph: Graph) -> Plan[Kept]:
    """Keep something, for somebody."""
    targets = Targets((Recipient(JONAS),))
    step = Step("POST", "me/keep")
    return Plan(Preview("Keep it?"), (step,), lambda _: Kept(what="Kept.", id=LONG).marked(True), targets)


class Failing(MemoryStore):
    """A store on a disk that is full once something was written in Graph."""

    def __init__(self, graph: Dropping, *, fails: str) -> None:
        super().__init__()
        self.refused = list[str]()
        self._graph = graph
        self._fails = fails

    async def claim(self, items: Mapping[str, bytes], *, seconds: float | None = None) -> dict[str, bytes]:
        self._check(next(iter(items)))
        return await super().claim(items, seconds=seconds)

    async def put(self, key: str, value: bytes, *, seconds: float | None = None) -> None:
        self._check(key)
        await super().put(key, value, seconds=seconds)

    def _check(self, key: str) -> None:
        if self._graph.writes and key.startswith(self._fails):
            self.refused.append(key)
            raise StorageError("The disk is full.")


@pytest.mark.parametrize(
    "fails",
    [
        pytest.param("known/", id="whom it reached"),
        pytest.param("taint/", id="that outsiders were read"),
        pytest.param("handle/", id="what its ids stand for"),
    ],
)
async def test_what_was_done_is_told_as_done_when_the_store_fails_afterwards(
    fails: str, caplog: pytest.LogCaptureFixture
) -> None:
    people, graph = FakePeople("ines@a.example"), Dropping()
    store = Failing(graph, fails=fails)

    def failing(made: Services) -> Services:
        keys = made.state.keys
        taint = Taint(store, digest=keys.digest)
        ids = Ids(Handles(store, keys, kinds=[MESSAGE]), Cursors(store, keys))
        return replace(made, guard=Guard(Policy(), Caps(store, {}), taint), ids=ids)

    server = server_with(
        httpx.MockTransport(graph),
        people,
        lambda service, *_: GraphClient(service, speaker()),
        catalogue=(after,),
        adjusted=failing,
    )
    async with at(server, MODERN, Person()) as client:
        facts = facts_of(await client.call_tool("after_keep", {}))
    assert facts["done"] is True
    assert facts["what"] == "Kept."
    assert (facts["id"] == LONG) is (fails != "known/"), "a full id is as good as a handle"
    assert len(graph.writes) == 1
    assert len(store.refused) == 1
    assert "what was done could not be noted" in caplog.text


# What cannot be shown cannot be agreed to.

bare = Toolset("bare", "It does things itself, without a plan of them.")


@bare.write("Mail.Read")
async def change(graph: Graph) -> Noted:
    """Change something at once."""
    await graph.post(f"{graph.user}/changed", {})
    return Noted(name="Changed.")


@pytest.mark.parametrize(
    ("verdict", "is_carried_out"),
    [
        pytest.param(Verdict.ALLOW, True, id="nobody has to be asked"),
        pytest.param(Verdict.ASK, False, id="a yes needed"),
    ],
)
async def test_what_has_no_plan_is_not_carried_out_where_a_yes_is_needed(
    verdict: Verdict, is_carried_out: bool
) -> None:
    people, graph, person = FakePeople("ines@a.example"), Dropping(), Person(form=AGREES)
    server = server_with(
        httpx.MockTransport(graph),
        people,
        lambda service, *_: GraphClient(service, speaker()),
        catalogue=(bare,),
        rules=Rules(policy=Policy(tools={"bare_change": verdict})),
    )
    async with at(server, MODERN, person) as client:
        result = await client.call_tool("bare_change", {})
    assert result.is_error is not is_carried_out
    assert len(graph.writes) == is_carried_out
    assert is_carried_out or "a person has to agree to it, and it cannot be shown to them" in text_of(result)
    assert not person.forms


@pytest.mark.parametrize("access", [Access.SEND, Access.DESTROY])
async def test_what_sends_or_destroys_without_a_plan_is_never_carried_out_unasked(access: Access) -> None:
    people, graph, graver = FakePeople("ines@a.example"), Dropping(), Toolset("bare", "The same, and graver.")
    graver.tools = [replace(bare.tools[0], access=access)]
    server = server_with(
        httpx.MockTransport(graph),
        people,
        lambda service, *_: GraphClient(service, speaker()),
        catalogue=(graver,),
    )
    async with at(server, MODERN, Person(form=AGREES)) as client:
        result = await client.call_tool("bare_change", {})
    assert result.is_error
    assert "bare_change was not carried out: a person has to agree to it" in text_of(result)
    assert not graph.writes
