"""What is one caller's is nobody else's: sessions, answers, states, short ids, cursors, cancellations."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest

from emulator.tenant import Person
from principal import Sender
from tests.http.edge import LEGACY, SENDS, URL, Edge, answer_in, edge, text_in
from tests.http.scene import DAEMON, HttpCloud
from tests.support import text_of
from tests.tools.senders import Boxes
from tools import Toolset
from tools._render import Answer
from tools._services import Graph

LISTS = "mail_list_messages"
SAYS = "desk_say"
CALL = ("tools/call", {"name": LISTS, "arguments": {"limit": 2}})
AGREES = {"action": "accept", "content": {"approve": True}}
MAIL: dict[str, Any] = {"to": ["jonas.brandt@lindenhall.example"], "subject": "Minutes", "text": "Here they are."}


desk = Toolset("desk", "A tool that costs little.")


class Said(Answer):
    """Whose words these are."""

    name: str

    def says(self) -> str:
        return f"{self.name} says so"


@desk.read("User.Read")
async def say(graph: Graph) -> Said:
    """Say who asks."""
    return Said(name=(await graph.get("me", {"$select": "displayName"}))["displayName"])


@pytest.fixture(scope="module")
def cloud() -> HttpCloud:
    """One for all: to make its keys takes longer than most tests."""
    return HttpCloud()


@pytest.fixture
async def service(cloud: HttpCloud) -> AsyncIterator[Edge]:
    cloud.now = time.time
    async with edge(cloud) as running:
        yield running


@pytest.fixture
def ines(cloud: HttpCloud) -> str:
    return cloud.token()


@pytest.fixture
def jonas(cloud: HttpCloud) -> str:
    return cloud.token(_jonas(cloud))


def _jonas(cloud: HttpCloud) -> Person:
    return next(each for each in cloud.tenant.people.values() if each.display_name == "Jonas Brandt")


@pytest.mark.parametrize("verb", ["POST", "GET", "DELETE"])
@pytest.mark.parametrize(
    "whose", [pytest.param("jonas", id="another person"), pytest.param("client", id="same person")]
)
async def test_a_session_does_not_exist_for_anybody_else(
    service: Edge, ines: str, jonas: str, verb: str, whose: str
) -> None:
    other = jonas if whose == "jonas" else service.cloud.token(service.cloud.ines, client=DAEMON)
    session = await service.session(ines)
    foreign = await service.within(other, session, *CALL, 1, verb=verb)
    unknown = await service.within(other, "0" * 32, *CALL, 1, verb=verb)
    assert foreign.status_code == 404
    assert (foreign.content, foreign.headers) == (unknown.content, unknown.headers)
    assert not service.graph.asked
    assert "Mail of Ines Aldana" in text_in(await service.within(ines, session, *CALL, 2))


async def test_a_session_is_no_proof_of_anything(service: Edge, ines: str) -> None:
    session = await service.session(ines)
    for token in ("", "garbage"):
        assert (await service.within(token, session, *CALL, 1)).status_code == 401


async def test_a_session_goes_on_with_a_new_token_of_the_same_person_and_ends_when_they_say(
    service: Edge, ines: str
) -> None:
    session = await service.session(ines)
    assert len(session) == 32
    again = service.cloud.token()
    assert "Mail of Ines Aldana" in text_in(await service.within(again, session, *CALL, 1))
    assert (await service.within(again, session, "", verb="DELETE")).status_code == 200
    assert (await service.within(again, session, *CALL, 2)).status_code == 404


async def test_no_two_sessions_have_the_same_id(service: Edge, ines: str) -> None:
    assert len({await service.session(ines) for _ in range(10)}) == 10


async def test_nothing_keeps_a_token_longer_than_its_request(service: Edge, ines: str, jonas: str) -> None:
    for token in (ines, jonas):
        session = await service.session(token)
        await service.within(token, session, *CALL, 1)
        await service.calls(token, LISTS)
    gc.collect()
    assert not [each.name for each in gc.get_objects() if type(each) is Sender and each.token]


def people_in(cloud: HttpCloud, count: int) -> list[Person]:
    known = [each for each in cloud.tenant.people.values() if each.display_name.startswith("Colleague ")]
    return known or [cloud.tenant.add_person(f"Colleague {number:03}") for number in range(count)]


@pytest.mark.parametrize(
    ("clients", "is_older"), [pytest.param(200, False, id="this era"), pytest.param(20, True, id="older clients")]
)
async def test_of_many_clients_with_the_same_number_each_gets_its_own_answer(
    cloud: HttpCloud, clients: int, is_older: bool
) -> None:
    graph, answers = Boxes(), dict[int, tuple[str, str]]()
    people = people_in(cloud, 20)

    async def ask(running: Edge, number: int, token: str, session: str) -> None:
        said = ("tools/call", {"name": SAYS, "arguments": {}}, 1)
        called = partial(running.within, token, session, *said) if session else partial(running.calls, token, SAYS)
        answers[number] = (people[number % len(people)].display_name, text_in(await called()))

    async with edge(cloud, catalogue=(desk,), graph=graph) as running:
        tokens = [cloud.token(each) for each in people]
        sessions = [await running.session(tokens[n % len(people)]) if is_older else "" for n in range(clients)]
        graph.held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            for number, session in enumerate(sessions):
                tasks.start_soon(ask, running, number, tokens[number % len(people)], session)
            await anyio.wait_all_tasks_blocked()
            assert not answers
            graph.held.set()
    assert len(answers) == clients
    for name, text in answers.values():
        assert text == f"{name} says so"
    assert not graph.foreign


async def test_what_was_asked_of_one_cannot_be_answered_by_another(service: Edge, ines: str, jonas: str) -> None:
    asked = answer_in(await service.calls(ines, SENDS, arguments=MAIL))["result"]
    answered = {
        "arguments": MAIL,
        "requestState": asked["requestState"],
        "inputResponses": dict.fromkeys(asked["inputRequests"], AGREES),
    }
    stolen = await service.calls(jonas, SENDS, **answered)
    assert answer_in(stolen)["error"]["data"] == {"reason": "invalid_request_state"}
    assert not service.graph.sent
    state = answered["requestState"]
    forged = {**answered, "requestState": f"{state[:60]}{'A' if state[60] != 'A' else 'B'}{state[61:]}"}
    assert answer_in(await service.calls(ines, SENDS, **forged))["error"]["code"] == -32602
    assert not answer_in(await service.calls(ines, SENDS, **answered))["result"].get("isError")
    assert service.graph.sent == ["Ines Aldana"]


@pytest.mark.parametrize("era", [pytest.param("auto", id="this era"), pytest.param("legacy", id="older clients")])
async def test_short_ids_and_cursors_of_one_mean_nothing_to_another(
    service: Edge, ines: str, jonas: str, era: str
) -> None:
    async with service.client(ines, era) as mine, service.client(jonas, era) as theirs:
        listed = text_of(await mine.call_tool(LISTS, {"limit": 2}))
        (cursor,) = re.findall(r"next_[2-9a-z]{10}", listed)
        handle = re.findall(r"\bmsg_[2-9a-z]{6,8}\b", listed)[0]
        stolen = text_of(await theirs.call_tool("mail_read_message", {"id": handle}))
        assert "is not known here" in stolen
        assert "not known here" in text_of(await theirs.call_tool(LISTS, {"cursor": cursor}))
        assert "Text of Ines Aldana" in text_of(await mine.call_tool("mail_read_message", {"id": handle}))
    assert not service.graph.foreign


async def test_nobody_cancels_a_call_of_another_that_has_the_same_number(
    cloud: HttpCloud, ines: str, jonas: str
) -> None:
    graph, answers = Boxes(), dict[str, httpx.Response]()
    cancels = ("notifications/cancelled", {"requestId": 7})

    async with edge(cloud, graph=graph) as running:
        mine, theirs = await running.session(ines), await running.session(jonas)
        graph.held = anyio.Event()

        async def call(token: str, session: str) -> None:
            answers[session] = await running.within(token, session, *CALL, 7)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call, ines, mine)
            tasks.start_soon(call, jonas, theirs)
            await anyio.wait_all_tasks_blocked()
            assert (await running.within(jonas, mine, *cancels)).status_code == 404
            assert (await running.within(jonas, theirs, *cancels)).status_code == 202
            await anyio.wait_all_tasks_blocked()
            assert mine not in answers
            graph.held.set()
    assert "Mail of Ines Aldana" in text_in(answers[mine])
    assert "Mail of" not in answers[theirs].text


async def test_a_client_without_a_session_belongs_to_nobody(cloud: HttpCloud, ines: str, jonas: str) -> None:
    """Older clients, where the server keeps no sessions: each request says by itself who it is."""
    async with edge(cloud, stateless=True) as running:
        for token, name in ((ines, "Ines Aldana"), (jonas, "Jonas Brandt")):
            async with running.http(token, **{"MCP-Protocol-Version": LEGACY}) as http:
                message = {"jsonrpc": "2.0", "id": 1, "method": CALL[0], "params": CALL[1]}
                answer = await http.post(URL, json=message)
            assert f"Mail of {name}" in text_in(answer)
            assert "mcp-session-id" not in answer.headers
