"""tools/_listing.py and _seen.py: each caller's list of tools, and which of several accounts a call may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server import ServerRequestContext
from mcp.server.connection import Connection
from mcp.server.session import ServerSession
from mcp_types import CallToolResult

from _server_services import Rules
from errors import StorageError, ToolInputError
from principal import Identity, Level, Principal, Rights, names_of
from tests.support import facts_of, text_of
from tests.tools.clients import Person, at
from tests.tools.offering import AnApp, Granted, Offering
from tests.tools.people import FakePeople, person, server_for
from tests.tools.sampled import Read, sample
from tools import Listing, Side, Toolset
from tools._listing import description_of, named_account
from tools._news import News
from tools._seen import Seen
from tools.discovery import discovery

INES, JONAS = "ines@a.example", "jonas@a.example"
WITH_ARGUMENT = {
    *("account_whoami", "mail_list_messages", "mail_read_message"),
    *("mail_read_thread", "mail_send_message"),
}
DEADLINE = 20

ACROSS = [
    pytest.param("legacy stream", id="older handshake, stdio"),
    pytest.param("legacy http", id="older handshake, HTTP session"),
    pytest.param("legacy stateless", id="older handshake, stateless HTTP"),
    pytest.param("modern stream", id="2026-07-28, stdio"),
    pytest.param("modern http", id="2026-07-28, HTTP"),
]


async def arguments_listed(client: Client) -> dict[str, str]:
    """What each tool that has the argument says of it."""
    listed = {tool.name: tool.input_schema["properties"] for tool in (await client.list_tools()).tools}
    mine = {"account_login", "account_logout", "account_select"}
    return {
        name: properties["account"]["description"]
        for name, properties in listed.items()
        if "account" in properties and name not in mine
    }


alone = Toolset("alone", "Reaches nobody.")


@alone.read(needs_token=False)
async def look() -> Read:
    """Look at nothing."""
    return Read(count=0)


async def names_listed(client: Client) -> list[str]:
    return [tool.name for tool in (await client.list_tools()).tools]


async def called(people: FakePeople, arguments: Mapping[str, Any], tool: str = "mail_list_messages") -> CallToolResult:
    async with Client(server_for(people)) as client:
        return await client.call_tool(tool, dict(arguments))


# What is listed.


@pytest.mark.parametrize("way", ACROSS)
async def test_the_argument_is_listed_only_while_there_is_a_choice(way: str) -> None:
    people = FakePeople(INES)
    async with at(server_for(people), way, Person()) as client:
        assert await arguments_listed(client) == {}
        people.sign_in(JONAS)
        said = f"Which account: {INES} (default), {JONAS}."
        assert await arguments_listed(client) == dict.fromkeys(WITH_ARGUMENT, said)
        people.people.pop()
        assert await arguments_listed(client) == {}


async def test_the_argument_is_optional_and_costs_little() -> None:
    async with Client(server_for(FakePeople(INES, JONAS))) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    schema = tools["mail_list_messages"].input_schema
    assert schema["properties"]["account"].keys() == {"type", "description"}
    assert "account" not in schema.get("required", [])
    assert schema["additionalProperties"] is False


async def test_accounts_that_cannot_be_listed_do_not_take_the_tools_away() -> None:
    class Broken(FakePeople):
        async def listed(self) -> list[Any]:
            raise StorageError("The token cache cannot be read.")

    async with Client(server_for(Broken(INES))) as client:
        assert await arguments_listed(client) == {}
        assert "Mail of ines" in text_of(await client.call_tool("mail_list_messages", {}))
        refused = await client.call_tool("mail_list_messages", {"account": INES})
    assert text_of(refused) == "The token cache cannot be read."


def test_many_accounts_are_not_all_named_in_every_schema() -> None:
    listed = [person(f"p{number}@a.example", selected=number == 7) for number in range(9)]
    assert description_of(listed) == (
        "Which account: p7@a.example (default), p0@a.example, p1@a.example, p2@a.example, p3@a.example, "
        "4 more: account_list."
    )


def test_two_accounts_of_one_name_and_one_without_are_called_by_their_ids() -> None:
    listed = [person(INES, number="1"), person(INES.upper(), number="2"), person(""), person(JONAS)]
    assert list(names_of(listed)) == [listed[0].id, listed[1].id, listed[2].id, JONAS]
    assert named_account(listed[1].id, listed) is listed[1]
    with pytest.raises(ToolInputError, match="is not signed in here"):
        named_account(INES, listed)


def test_what_cannot_be_seen_in_a_name_is_not_shown() -> None:
    assert list(names_of([person("in\u202ees@a.example\n")])) == [INES]


# What a call does with it.


@pytest.mark.parametrize(
    ("account", "owner"),
    [
        pytest.param(JONAS, JONAS, id="username"),
        pytest.param(f" {JONAS.upper()} ", JONAS, id="in another case, with spaces"),
        pytest.param(person(JONAS).id, JONAS, id="id"),
        pytest.param(INES, INES, id="the default one"),
    ],
)
async def test_a_call_works_as_the_account_it_names(account: str, owner: str) -> None:
    result = await called(FakePeople(INES, JONAS), {"account": account, "limit": 5})
    assert f"Mail of {owner}" in text_of(result)
    who = await called(FakePeople(INES, JONAS), {"account": account}, "account_whoami")
    assert facts_of(who)["username"] == owner


async def test_a_call_that_names_nobody_works_as_the_default_account() -> None:
    assert f"Mail of {INES}" in text_of(await called(FakePeople(INES, JONAS), {}))


@pytest.mark.parametrize("way", ACROSS)
async def test_calls_at_the_same_time_do_not_see_the_account_of_one_another(way: str) -> None:
    told: dict[int, str] = {}
    async with at(server_for(FakePeople(INES, JONAS)), way, Person()) as client:

        async def call(number: int) -> None:
            arguments = {"account": JONAS} if number % 2 else {}
            told[number] = text_of(await client.call_tool("mail_list_messages", arguments))

        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(call, number)
    assert all(f"Mail of {JONAS if number % 2 else INES}" in text for number, text in told.items())


@pytest.mark.parametrize(
    ("people", "account", "said"),
    [
        pytest.param(
            FakePeople(INES, JONAS),
            "nobody@a.example",
            f"'nobody@a.example' is not signed in here. Signed in: {INES}, {JONAS}. account_login adds an account.",
            id="not one of several",
        ),
        pytest.param(
            FakePeople(INES),
            JONAS,
            "mail_list_messages has no argument account. It takes: folder, unread, limit, cursor. "
            f"Signed in is {INES}, and nobody else: leave it out.",
            id="not the only one",
        ),
        pytest.param(
            FakePeople(),
            JONAS,
            "mail_list_messages has no argument account. It takes: folder, unread, limit, cursor.",
            id="nobody is signed in",
        ),
        pytest.param(
            FakePeople(INES, JONAS),
            7,
            'account has to be a text. Example: "account": "ines@contoso.com". Correct them and call again.',
            id="a number",
        ),
        pytest.param(
            FakePeople(INES, JONAS),
            None,
            'account has to be a text. Example: "account": "ines@contoso.com". Correct them and call again.',
            id="null",
        ),
    ],
)
async def test_an_account_that_cannot_be_meant_is_refused(people: FakePeople, account: object, said: str) -> None:
    result = await called(people, {"account": account})
    assert result.is_error
    assert text_of(result).endswith(said)


async def test_the_only_account_may_be_named_though_it_is_not_asked_for() -> None:
    assert f"Mail of {INES}" in text_of(await called(FakePeople(INES), {"account": INES.upper()}))


async def test_a_tool_that_works_as_nobody_takes_no_account() -> None:
    result = await called(FakePeople(INES, JONAS), {"account": INES}, "account_list")
    assert text_of(result) == "account_list has no argument account. It takes: no arguments."


# What clients hear of a change.


@pytest.mark.parametrize(
    ("way", "promised"),
    [
        pytest.param("legacy stream", True, id="older handshake, stdio"),
        pytest.param("legacy http", True, id="older handshake, HTTP session"),
        pytest.param("legacy stateless", False, id="older handshake, stateless HTTP: no channel"),
        pytest.param("modern stream", True, id="2026-07-28, stdio"),
        pytest.param("modern http", True, id="2026-07-28, HTTP"),
    ],
)
async def test_news_of_the_list_are_promised_where_they_can_be_sent(way: str, promised: bool) -> None:
    async with at(server_for(FakePeople(INES)), way, Person()) as client:
        assert client.server_capabilities.tools
        assert client.server_capabilities.tools.list_changed is promised


async def test_an_app_has_one_account_and_a_list_that_changes_with_what_it_was_granted() -> None:
    offered, someone = (
        Offering((sample,), AnApp("Mail.Read"), side=Side(True, True), rules=Rules(mailbox=INES)),
        Person(),
    )
    async with at(offered.server(), "legacy stream", someone) as client:
        assert client.server_capabilities.tools
        assert client.server_capabilities.tools.list_changed
        assert await names_listed(client) == ["sample_look", "sample_mark", "sample_post", "sample_drop"]
        assert await arguments_listed(client) == {}
        facts_of(await client.call_tool("sample_look", {}))
        assert someone.changes == 1
        assert await names_listed(client) == ["sample_look", "sample_drop"]


async def test_a_list_that_depends_on_nobodys_token_stays() -> None:
    async with at(Offering((alone,)).server(), "legacy stream", Person()) as client:
        assert client.server_capabilities.tools
        assert not client.server_capabilities.tools.list_changed
    async with Client(Offering((alone,)).server()) as client:
        listed = await client.list_tools()
        assert (listed.ttl_ms, listed.cache_scope) == (3_600_000, "private")
        facts_of(await client.call_tool("alone_look", {}))


async def test_a_list_that_may_change_is_not_kept_by_the_client() -> None:
    people = FakePeople(INES)
    async with Client(server_for(people)) as client:
        listed = await client.list_tools()
        assert (listed.ttl_ms, listed.cache_scope) == (0, "private")
        people.sign_in(JONAS)
        assert set(await arguments_listed(client)) == WITH_ARGUMENT


async def test_over_one_pipe_the_older_handshake_hears_before_the_call_is_answered() -> None:
    people, someone = Granted(INES, JONAS, permissions=None), Person()
    async with at(server_for(people), "legacy stream", someone) as client:
        await client.list_tools()
        await client.call_tool("mail_list_messages", {})
        assert someone.changes == 0
        await client.call_tool("account_select", {"account": JONAS})
        assert someone.changes == 1
        await client.call_tool("account_logout", {})
        assert someone.changes == 2
        await client.call_tool("account_logout", {})
        assert someone.changes == 2


async def test_a_session_hears_what_another_has_changed() -> None:
    server, listener = server_for(FakePeople(INES, JONAS)), Person()
    with anyio.fail_after(DEADLINE):
        async with at(server, "legacy http", listener), at(server, "modern stream", Person()) as other:
            await other.list_tools()
            for each in (JONAS, INES) * 1000:  # the listener's stream may not be open yet
                if listener.changes:
                    break
                await other.call_tool("account_select", {"account": each})
    assert listener.changes


@pytest.mark.parametrize("way", [pytest.param("modern stream", id="stdio"), pytest.param("modern http", id="HTTP")])
async def test_whoever_subscribed_hears_of_the_change(way: str) -> None:
    people = FakePeople(INES)
    with anyio.fail_after(DEADLINE):
        async with at(server_for(people), way, Person()) as client:
            await client.list_tools()
            async with client.listen(tools_list_changed=True) as changes:
                people.sign_in(JONAS)
                await client.call_tool("account_list", {})
                await anext(aiter(changes))
            assert set(await arguments_listed(client)) == WITH_ARGUMENT


class _Stuck:
    """A channel to a client that reads no longer."""

    can_send_request = True

    def __init__(self) -> None:
        self.tried = 0

    async def notify(self, *message: object) -> None:
        self.tried += 1
        await anyio.sleep_forever()


async def test_a_client_that_reads_no_longer_holds_nobody_up() -> None:
    people, channel = FakePeople(INES), _Stuck()
    services: Any = SimpleNamespace(accounts=people, seen=Seen(), rights=Rights)
    listing = Listing(sample.tools, ["sample_look"], news=News(patience=0.01))
    connection = Connection.for_loop(channel)  # type: ignore[arg-type]
    session = ServerSession(channel, connection)  # type: ignore[arg-type]
    context = ServerRequestContext[Any, Any](
        session=session, lifespan_context=None, protocol_version="2025-11-25", method="initialize"
    )

    async def answer(_: object) -> dict[str, Any]:
        return {"capabilities": {"tools": {}}}

    await listing(context, answer)
    await listing.look(services)
    people.sign_in(JONAS)
    assert JONAS in (await listing.look(services)).description
    assert channel.tried == 1


# What a caller cannot use is not listed.


def seen(**permissions: tuple[str, ...] | None) -> Seen:
    """Accounts whose tokens were seen, with what they hold."""
    noted = Seen()
    for account, held in permissions.items():
        who = Principal("public", "t", account, "client")
        noted.note(None if account == "nobody" else account, Identity(who, account != "nobody", "", "", held))
    return noted


SIGNED_IN = [person("a", selected=True), person("b")]
BOTH = [replace(each, id=each.username) for each in SIGNED_IN]
PERSONAL = [replace(each, is_personal=True) for each in BOTH]
EVERY = {"sample_look", "sample_mark", "sample_post", "sample_burn", "sample_drop"}
OF_READING = {"sample_look", "sample_drop"}


@pytest.mark.parametrize(
    ("noted", "accounts", "rights", "shown"),
    [
        pytest.param(seen(), BOTH, Rights(), EVERY, id="nothing is known yet"),
        pytest.param(seen(a=("Mail.Read",)), BOTH, Rights(), EVERY, id="of one of two"),
        pytest.param(seen(a=("Mail.Read",), b=()), BOTH, Rights(), OF_READING, id="of both"),
        pytest.param(seen(a=("Mail.Read",), b=None), BOTH, Rights(), EVERY, id="one token does not tell"),
        pytest.param(seen(a=("Mail.ReadWrite", "Mail.Send")), BOTH[:1], Rights(), EVERY, id="a higher one"),
        pytest.param(seen(a=()), [], Rights(), EVERY, id="of somebody who has left"),
        pytest.param(seen(nobody=("Mail.Read",)), [], Rights(), OF_READING | {"sample_burn"}, id="of an app"),
        pytest.param(seen(), BOTH, Rights(level=Level.READ), OF_READING, id="a caller who may only read"),
        pytest.param(seen(), BOTH, Rights(tools=frozenset(["sample_mark"])), {"sample_mark"}, id="a key's tools"),
        pytest.param(seen(), BOTH, Rights(tools=frozenset()), set(), id="a key with no tools"),
    ],
)
def test_a_list_shows_what_the_caller_can_use(noted: Seen, accounts: Any, rights: Rights, shown: set[str]) -> None:
    assert EVERY - noted.hidden(sample.tools, accounts, rights) == shown


def test_whoever_may_use_few_tools_can_find_describe_and_call_them() -> None:
    few = Rights(level=Level.READ, tools=frozenset(["sample_look"]))
    assert Seen().hidden([*discovery.tools, *sample.tools], (), few) == EVERY - {"sample_look"}


def test_what_needs_a_work_account_is_listed_while_one_is_signed_in() -> None:
    toolset = Toolset("office", "At work.")
    toolset.read("Mail.Read", work_only=True)(look)
    assert Seen().hidden(toolset.tools, PERSONAL, Rights()) == {"office_look"}
    assert not Seen().hidden(toolset.tools, [*PERSONAL, BOTH[0]], Rights())


async def test_what_needs_a_work_account_is_refused_to_a_personal_one_that_calls_it() -> None:
    class AtHome(FakePeople):
        async def identity(self, account: str | None = None) -> Identity:
            found = await super().identity(account)
            consumers = "9188040d-6c67-4c5b-b112-36a304b66dad"
            return replace(found, principal=replace(found.principal, tenant_id=consumers))

    toolset = Toolset("office", "At work.")
    toolset.read("Mail.Read", work_only=True)(look)
    async with Client(server_for(AtHome(INES), catalogue=(toolset,))) as client:
        refused = await client.call_tool("office_look", {})
    assert refused.is_error
    assert text_of(refused) == f"office_look needs a work or school account, and {INES} is a personal one."


@pytest.mark.parametrize("way", [ACROSS[0], ACROSS[4]])
async def test_a_tool_whose_permission_is_missing_goes_after_the_first_call_and_says_which_when_called(
    way: str,
) -> None:
    people, someone = Granted(INES, permissions=("Mail.ReadWrite",)), Person()
    offered = Offering((sample,), people, link="https://login.example/agree")
    async with at(offered.server(), way, someone) as client:
        assert "sample_post" in await names_listed(client)
        facts_of(await client.call_tool("sample_look", {}))
        assert "sample_post" not in await names_listed(client)
        refused = await client.call_tool("sample_post", {"text": "x"})
        assert text_of(refused) == (
            "sample_post, of the toolset sample, needs Mail.Send, which was not granted. "
            "Whoever may agree to it does so here: https://login.example/agree"
        )
        if way == "legacy stream":
            assert someone.changes == 1
        people.permissions = ("Mail.ReadWrite", "Mail.Send")
        facts_of(await client.call_tool("sample_look", {}))
        assert "sample_post" in await names_listed(client)


async def test_two_callers_with_other_rights_see_other_lists_and_tell_each_other_nothing() -> None:
    offered, someone = Offering((sample,), Granted(INES, permissions=None)), Person()
    async with at(offered.server(), "legacy stream", someone) as client:
        for _ in range(2):
            offered.rights = Rights()
            assert set(await names_listed(client)) == EVERY
            offered.rights = Rights(tools=frozenset(["sample_look"]))
            assert await names_listed(client) == ["sample_look"]
            refused = await client.call_tool("sample_mark", {"id": "x"})
        assert text_of(refused) == "sample_mark is not among the tools that this caller may use."
        assert not offered.sent
    assert someone.changes == 0
