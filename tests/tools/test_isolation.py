"""Nobody sees another's: ids, cursors, questions, caps, what was read, lists, progress, calls. People and keys."""

from __future__ import annotations

import gc
import json
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any, cast

import anyio
import anyio.lowlevel
import httpx2
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from _server_services import Rules
from errors import StorageError
from principal import Access, Level, Rights, Sender, sent_by
from tests.support import text_of
from tests.tools.approving import MAIL
from tests.tools.clients import AGREES, Person
from tests.tools.sampled import sample
from tests.tools.senders import URL, Boxes, House, clients_of_one_person, house, keys_of_one_app, people, sender
from tools import Policy, Toolset
from tools._news import News
from tools._render import Answer
from tools._seen import Seen, whose
from tools._services import Progress
from tools.account import account
from tools.mail import mail

TWO = [
    pytest.param(people, id="two people"),
    pytest.param(keys_of_one_app, id="two keys of one app"),
    pytest.param(clients_of_one_person, id="one person, two clients"),
]
Two = Callable[[], tuple[Sender, Sender]]
VERSION = "2026-07-28"

steps = Toolset("steps", "Long work.")


class Done(Answer):
    """What became of it."""

    name: str

    def says(self) -> str:
        return self.name


@steps.read(needs_token=False)
async def take(progress: Progress, name: str) -> Done:
    """Take some steps."""
    for number in range(1, 4):
        await anyio.lowlevel.checkpoint()
        await progress(number, number, f"step of {name}")
    return Done(name=name)


def of_mail() -> tuple[Toolset, ...]:
    """The mail and account tools that are called here: to bind all of them takes longer."""
    wanted = {"mail_list_messages", "mail_read_message", "mail_send_message", "account_whoami"}
    found = []
    for toolset in (mail, account):
        only = Toolset(toolset.name, toolset.description)
        only.tools = [each for each in toolset.tools if each.name in wanted]
        found.append(only)
    return tuple(found)


MAIL_TOOLS = of_mail()


async def said(client: Client, tool: str, /, **arguments: Any) -> str:
    return text_of(await client.call_tool(tool, arguments))


def handles_in(text: str) -> list[str]:
    return re.findall(r"\bmsg_[2-9a-z]{6,8}\b", text)


@pytest.mark.parametrize("two", TWO)
async def test_a_handle_and_a_cursor_of_one_are_nothing_to_the_other(two: Two) -> None:
    one, other = two()
    async with house(one, other, catalogue=MAIL_TOOLS) as home:
        home.callers.as_one = two is not people
        async with home.client(one) as mine, home.client(other) as theirs:
            listed = await said(mine, "mail_list_messages", limit=2)
            [cursor] = re.findall(r"next_[2-9a-z]{10}", listed)
            for handle in handles_in(listed):
                assert f"Text of {one.name}" in await said(mine, "mail_read_message", id=handle)
                assert "is not known here" in await said(theirs, "mail_read_message", id=handle)
            assert "This cursor is not known here" in await said(theirs, "mail_list_messages", cursor=cursor)
            assert f"Mail of {one.name}" in await said(mine, "mail_list_messages", cursor=cursor)
            shown = await said(theirs, "mail_list_messages", limit=2)
        assert f"Mail of {other.name}" in shown
        assert not set(handles_in(shown)) & set(handles_in(listed))
        assert not home.graph.foreign
        assert {each.who for each in home.records} == {one.who, other.who}


@pytest.mark.parametrize("two", TWO)
async def test_a_yes_and_what_was_read_count_for_one_alone(two: Two) -> None:
    one, other = two()
    reader, writer = Person(form=AGREES), Person(form=AGREES)
    elsewhere = {**MAIL, "to": ["eve@elsewhere.example"]}
    async with house(one, other, catalogue=MAIL_TOOLS, rules=Rules(Level.ASK)) as home:
        home.callers.as_one = two is not people
        async with home.client(one, reader) as mine, home.client(other, writer) as theirs:
            await said(mine, "mail_list_messages")
            await said(mine, "mail_send_message", **elsewhere)
            await said(theirs, "mail_send_message", **elsewhere)
    assert home.graph.sent == [one.name, other.name]
    assert "content from outside the tenant was read" in reader.forms[0]
    assert "content from outside" not in writer.forms[0]
    assert other.username in writer.forms[0]
    assert reader.forms[0].rpartition("request ")[2] != writer.forms[0].rpartition("request ")[2]


@pytest.mark.parametrize("two", TWO)
async def test_the_cap_of_one_is_room_for_the_other(two: Two) -> None:
    one, other = two()
    full = Rights(Level.FULL)
    one, other = replace(one, rights=full), replace(other, rights=full)
    rules = Rules(Level.FULL, Policy(caps={Access.SEND: 1}))
    async with house(one, other, catalogue=MAIL_TOOLS, rules=rules) as home:
        home.callers.as_one = two is not people
        async with home.client(one) as mine, home.client(other) as theirs:
            await said(mine, "mail_send_message", **MAIL)
            assert "1 of them are used" in await said(mine, "mail_send_message", **MAIL)
            await said(theirs, "mail_send_message", **MAIL)
    assert home.graph.sent == [one.name, other.name]


async def test_behind_a_key_nobody_is_asked_though_its_client_could() -> None:
    daemon = replace(keys_of_one_app()[0], rights=Rights(Level.ASK, is_daemon=True))
    someone = Person(form=AGREES)
    async with house(daemon, catalogue=MAIL_TOOLS) as home, home.client(daemon, someone) as client:
        refused = await said(client, "mail_send_message", **MAIL)
    assert "none is behind this caller" in refused
    assert not someone.forms
    assert not home.graph.sent


async def test_an_older_client_without_a_session_is_told_why_nobody_can_be_asked() -> None:
    ines, someone = people()[0], Person(form=AGREES)
    async with house(ines, catalogue=MAIL_TOOLS) as home, home.client(ines, someone, era="legacy") as client:
        refused = await said(client, "mail_send_message", **MAIL)
        assert f"Mail of {ines.name}" in await said(client, "mail_list_messages")
    assert "no session in which a question could reach it" in refused
    assert not someone.forms
    assert not home.graph.sent


async def test_what_one_may_do_hides_and_forbids_nothing_for_the_other() -> None:
    reads = replace(sender("red"), rights=Rights(Level.READ, tools=frozenset({"sample_look", "sample_mark"})))
    does = sender("blue")
    async with (
        house(reads, does, catalogue=(sample,)) as home,
        home.client(reads) as mine,
        home.client(does) as theirs,
    ):
        assert await names(mine) == ["sample_look"]
        assert "it would change something" in await said(mine, "sample_mark", id="x")
        assert "not among the tools" in await said(mine, "sample_post", text="x")
        assert len(await names(theirs)) == 5
    assert not home.graph.sent


async def test_what_one_was_granted_hides_nothing_for_the_other() -> None:
    one, other = keys_of_one_app()
    async with house(one, other, catalogue=(sample,)) as home:
        home.callers.as_one = True
        home.callers.granted = {one.name: ("Mail.Read",)}
        async with home.client(one) as mine, home.client(other) as theirs:
            await said(mine, "sample_look")
            await said(theirs, "sample_look")
            assert await names(mine) == ["sample_look", "sample_drop"]
            assert len(await names(theirs)) == 5


async def test_whoever_sends_a_request_has_no_account_to_choose() -> None:
    ines = people()[0]
    async with house(ines, catalogue=MAIL_TOOLS) as home, home.client(ines) as client:
        assert len(await home.callers.listed()) == 2
        for tool in (await client.list_tools()).tools:
            assert "account" not in tool.input_schema["properties"]
        refused = await said(client, "mail_list_messages", account="second@a.example")
        assert "has no argument account" in refused
        assert "second@a.example" not in refused
        assert f"Mail of {ines.name}" in await said(client, "mail_list_messages")


async def test_the_profile_of_each_is_read_once_and_shown_to_no_other() -> None:
    one, other = people()
    async with (
        house(one, other, catalogue=MAIL_TOOLS) as home,
        home.client(one) as mine,
        home.client(other) as theirs,
    ):
        for _ in range(3):
            assert f"Job of {one.name}" in await said(mine, "account_whoami")
            assert f"Job of {other.name}" in await said(theirs, "account_whoami")
    assert sorted(home.graph.asked) == [f"{one.name} GET me", f"{other.name} GET me"]


# Streams.


def asking(method: str, number: int = 1, /, **params: Any) -> dict[str, Any]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    given = {**params, "_meta": {**meta, **params.get("_meta", {})}}
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": given}


async def posted(home: House, who: Sender, message: dict[str, Any]) -> str:
    """What comes back for a message of this era, of a stream all of it."""
    headers = {
        "authorization": who.name,
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": VERSION,
        "mcp-method": message["method"],
        **({"mcp-name": message["params"]["name"]} if "name" in message["params"] else {}),
    }
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=home.app), headers=headers) as http:
        return (await http.post(URL, json=message)).text


async def test_progress_goes_to_whoever_asked_though_both_call_it_the_same() -> None:
    one, other = people()
    told: dict[str, str] = {}
    async with house(one, other, catalogue=(steps,)) as home:

        async def call(who: Sender) -> None:
            asked = asking(
                "tools/call", name="steps_take", arguments={"name": who.name}, _meta={"progressToken": "same"}
            )
            told[who.name] = await posted(home, who, asked)

        async with anyio.create_task_group() as tasks:
            for who in (one, other):
                tasks.start_soon(call, who)
    for mine, theirs in ((one, other), (other, one)):
        assert f"step of {mine.name}" in told[mine.name]
        assert theirs.name not in told[mine.name]


async def test_nobody_cancels_the_call_of_another() -> None:
    one, other = people()
    graph = Boxes(held=anyio.Event())
    answers: list[str] = []
    async with house(one, other, catalogue=MAIL_TOOLS, graph=graph) as home:

        async def call() -> None:
            answers.append(await posted(home, one, asking("tools/call", 7, name="mail_list_messages", arguments={})))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(call)
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            for shown in ({"mcp-protocol-version": VERSION, "mcp-method": "notifications/cancelled"}, {}):
                cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
                headers = {"authorization": other.name, "accept": "application/json, text/event-stream", **shown}
                async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=home.app), headers=headers) as http:
                    assert (await http.post(URL, json=cancelled)).status_code == 202
            assert not answers
            assert graph.held
            graph.held.set()
    assert f"Mail of {one.name}" in answers[0]


async def test_only_the_streams_of_whoever_it_concerns_hear_that_a_list_has_changed() -> None:
    one, other = keys_of_one_app()
    heard: dict[str, list[bytes]] = {one.name: [], other.name: []}
    async with house(one, other, catalogue=(sample,)) as home, anyio.create_task_group() as tasks:

        async def listen(who: Sender) -> None:
            message = json.dumps(asking("subscriptions/listen", notifications={"toolsListChanged": True})).encode()
            await home.app(_scope(who, "subscriptions/listen"), _sends(message), _notes(heard[who.name]))

        for who in (one, other):
            tasks.start_soon(listen, who)
        while not all(any(b"acknowledged" in chunk for chunk in chunks) for chunks in heard.values()):
            await anyio.lowlevel.checkpoint()
        async with home.client(one) as mine, home.client(other) as theirs:
            await names(mine)
            await names(theirs)
            home.callers.granted = {one.name: ("Mail.Read",)}
            await said(mine, "sample_look")
            await said(theirs, "sample_look")
        while not any(b"list_changed" in chunk for chunk in heard[one.name]):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert not any(b"list_changed" in chunk for chunk in heard[other.name])


async def names(client: Client) -> list[str]:
    return [tool.name for tool in (await client.list_tools()).tools]


def _scope(who: Sender, method: str) -> dict[str, Any]:
    headers = {
        "authorization": who.name,
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": VERSION,
        "mcp-method": method,
    }
    listed = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "path": "/mcp", "query_string": b"", "headers": listed}


def _sends(body: bytes) -> Any:
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not left:
            await anyio.sleep_forever()
        return left.pop()

    return receive


def _notes(chunks: list[bytes]) -> Any:
    async def send(message: dict[str, Any]) -> None:
        chunks.append(message.get("body", b""))

    return send


def test_streams_are_bounded_for_each_and_forgotten_when_they_end() -> None:
    one, other = people()
    news = News(most=2)
    with sent_by(one):
        ended = [news.subscribe(lambda _: None) for _ in range(2)]
        with pytest.raises(MCPError, match="You have 2 subscriptions open"):
            news.check_room()
    with sent_by(other):
        news.check_room()
        news.subscribe(lambda _: None)
    assert len(news) == 3
    for end in (*ended, *ended):
        end()
    assert len(news) == 1
    with sent_by(one):
        news.check_room()


class _Session:
    """A session of the older protocol."""

    def __init__(self) -> None:
        self.told = 0

    async def send_tool_list_changed(self) -> None:
        self.told += 1


async def test_sessions_of_the_older_protocol_hear_what_concerns_whoever_opened_them() -> None:
    one, other = keys_of_one_app()
    news, sessions = News(), [_Session() for _ in range(3)]
    for who, session in zip((one, one, other), sessions, strict=True):
        with sent_by(who):
            news.join(cast("Any", session))
    with sent_by(one):
        await news.list_changed()
    assert [session.told for session in sessions] == [1, 1, 0]
    del session, sessions
    gc.collect()
    assert len(news) == 0


async def test_a_stream_too_many_is_refused_before_it_opens() -> None:
    ines = people()[0]
    async with house(ines, catalogue=(sample,)) as home:
        with sent_by(ines):
            for _ in range(64):
                home.server._subscriptions.subscribe(lambda _: None)
        message = asking("subscriptions/listen", notifications={"toolsListChanged": True})
        assert "You have 64 subscriptions open" in await posted(home, ines, message)


async def test_what_is_remembered_of_callers_is_bounded() -> None:
    seen = Seen(most=3)
    callers = [sender(f"caller{number}") for number in range(5)]
    async with house(*callers, catalogue=(sample,)) as home:
        for each in callers:
            home.callers.granted[each.name] = ()
            with sent_by(each):
                seen.note(None, await home.callers.identity())
    assert len(seen) == 3
    for each, is_known in zip(callers, (False, False, True, True, True), strict=True):
        with sent_by(each):
            assert whose() == each.who
            assert bool(seen.hidden(sample.tools, (), Rights())) is is_known


# Everybody at once.


@pytest.mark.parametrize("seed", [1, 2])
async def test_of_twenty_callers_in_any_order_and_trouble_nobody_gets_a_trace_of_another(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    random = Random(seed)  # noqa: S311 - the same disorder each time
    callers = [sender(f"caller{number:02}x") for number in range(20)]
    answers: list[tuple[str, str]] = []
    graph = Boxes(random, trouble=0.1)
    async with house(*callers, catalogue=(*MAIL_TOOLS, steps), graph=graph) as home:

        async def works(who: Sender) -> None:
            handles = ["msg_4k7q2m"]
            for _ in range(6):
                tool, arguments = random.choice(
                    [
                        ("mail_list_messages", {"limit": 2}),
                        ("mail_list_messages", {}),
                        ("mail_read_message", {"id": random.choice(handles)}),
                        ("account_whoami", {}),
                        ("steps_take", {"name": who.name}),
                    ]
                )
                message = asking("tools/call", 1, name=tool, arguments=arguments, _meta={"progressToken": 1})
                text = await given_up(home, who, message) if random.random() < 0.2 else await posted(home, who, message)
                answers.append((who.name, text))
                handles += handles_in(text)

        async with anyio.create_task_group() as tasks:
            for each in callers:
                tasks.start_soon(works, each)
    assert len(answers) == 120
    for name, text in answers:
        assert set(re.findall(r"caller\d\dx", text)) <= {name}
        assert "Traceback" not in text
    assert sum(name in text for name, text in answers) > 40
    assert not graph.foreign
    assert {each.who for each in home.records} <= {each.who for each in callers}
    ours = [each for each in caplog.records if each.name.partition(".")[0] in ("tools", "graph", "storage", "server")]
    assert ours
    assert not re.search(r"caller\d\dx", "\n".join(str(each.__dict__) for each in ours))


async def given_up(home: House, who: Sender, message: dict[str, Any]) -> str:
    """The answer to a call whose client leaves, mostly before there is one."""
    found = ""
    with anyio.CancelScope() as scope, suppress(MCPError):
        async with anyio.create_task_group() as tasks:

            async def call() -> None:
                nonlocal found
                found = await posted(home, who, message)
                scope.cancel()

            tasks.start_soon(call)
            for _ in range(home.graph.random.randrange(40) if home.graph.random else 0):
                await anyio.lowlevel.checkpoint()
            scope.cancel()
    return found


async def test_a_store_that_fails_is_told_without_where_it_lies(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object, **__: object) -> dict[str, bytes]:
        raise StorageError("/srv/graphward/state.db cannot be used (disk is full).")

    ines, jonas = people()
    async with house(ines, jonas, catalogue=(mail,)) as built, built.client(ines) as client:
        monkeypatch.setattr(built.services.state.store, "claim", failing)
        answer = text_of(await client.call_tool("mail_list_messages", {}))
    assert "Try again later" in answer
    assert "state.db" not in answer
    assert any("state.db" in str(vars(record)) for record in caplog.records)
