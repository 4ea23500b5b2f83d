"""tools/_access.py: level, policy, caps, a key's limits and what was read before decide each call together."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client

import server
from _server_demo import DemoTenant
from _server_services import Rules
from _server_wiring import scopes_of
from emulator import Tenant
from errors import NotAllowed
from graph import GraphClient
from principal import Access, Identity, Level, Principal, Rights
from server import build_server
from storage import MemoryStore
from tests.graph.support import speaker
from tests.support import demo_settings, facts_of, small_tenant, text_of
from tests.tools.approving import EVE, MAIL, Noted, is_done, scene, sent_in
from tests.tools.clients import AGREES, PAGES, Person, at
from tests.tools.people import FakePeople
from tests.tools.serving import server_with
from tools import Caps, Guard, Policy, Taint, Toolset, read_policy
from tools._access import Caller, Decision
from tools._plan import MOST_TARGETS, Plan, Preview, Step, Targets
from tools._policy import Recipient, Verdict
from tools._render import Outcome
from tools._services import Graph

SEND = "mail_send_message"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INSIDE, OUTSIDE = Recipient("jonas@a.example"), Recipient("eve@b.example", is_outside=True)


class Judging:
    """A tool of one class."""

    name, reaches_graph = "tool", True

    def __init__(self, access: Access) -> None:
        self._access = access

    def access_of(self, arguments: object, /) -> Access:
        return self._access


def guard(policy: Policy | None = None) -> Guard:
    store, policy = MemoryStore(), policy or Policy()
    taint = Taint(store, digest=lambda *parts: repr(parts).encode())
    return Guard(policy, Caps(store, policy.caps), taint, now=lambda: NOON)


async def decided(
    access: Access,
    rights: Rights | None = None,
    *,
    policy: Policy | None = None,
    targets: Targets = Targets(),  # noqa: B008
    mailbox: str = "",
) -> Decision | str:
    """The decision, or why there is none."""
    caller = Caller("who", None, rights or Rights(), mailbox)
    try:
        return await guard(policy).authorize(caller, Judging(access), {}, targets)
    except NotAllowed as refusal:
        return str(refusal)


# Levels.


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("access", Access)
async def test_a_level_lets_through_asks_or_refuses(level: Level, access: Access) -> None:
    decision = await decided(access, Rights(level))
    if access is Access.READ or level is Level.FULL:
        assert decision == Decision(access)
    elif level is Level.ASK:
        assert decision == Decision(access, needs_yes=access is not Access.WRITE)
    else:
        assert "the server only reads here" in str(decision)


@pytest.mark.parametrize(
    ("environ", "is_offered"),
    [
        pytest.param({"ACCESS": "full", "READ_ONLY": "true"}, False, id="read-only over full"),
        pytest.param({"ACCESS": "full"}, True, id="full"),
    ],
)
async def test_what_a_level_forbids_is_neither_offered_nor_carried_out(
    environ: dict[str, str], is_offered: bool
) -> None:
    async with serving(environ) as (tenant, client, person):
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert (SEND in names) is is_offered
        for dry in (True, False):  # what is not offered has no dry run either
            result = await client.call_tool(SEND, {**MAIL, "dry_run": dry})
            assert result.is_error is not is_offered
        assert sent_in(tenant) == is_offered
        assert not person.forms


# Daemons, and what a key is limited to.


def daemon(level: Level = Level.ASK) -> Rights:
    return Rights(level, is_daemon=True)


@pytest.mark.parametrize(
    ("rights", "access", "refusal"),
    [
        pytest.param(daemon(), Access.READ, "", id="reads"),
        pytest.param(daemon(), Access.WRITE, "", id="writes"),
        pytest.param(daemon(), Access.SEND, "give it full access", id="does not send"),
        pytest.param(daemon(), Access.DESTROY, "give it full access", id="does not destroy"),
        pytest.param(daemon(Level.FULL), Access.SEND, "", id="sends with full"),
        pytest.param(daemon(Level.FULL), Access.DESTROY, "", id="destroys with full"),
        pytest.param(daemon(Level.READ), Access.WRITE, "only reads", id="read-only outranks"),
    ],
)
async def test_behind_a_daemon_there_is_nobody_to_ask(rights: Rights, access: Access, refusal: str) -> None:
    decision = await decided(access, rights)
    told = decision if isinstance(decision, str) else ""
    assert bool(told) is bool(refusal)
    assert refusal in told


async def test_a_policy_that_approves_does_not_stand_in_for_a_daemons_full_access() -> None:
    policy = Policy(tools={"tool": Verdict.ALLOW})
    assert "give it full access" in str(await decided(Access.SEND, daemon(), policy=policy))
    assert isinstance(await decided(Access.SEND, daemon(Level.FULL), policy=policy), Decision)


async def test_a_policy_that_asks_stops_a_daemon_even_with_full_access() -> None:
    policy = Policy(tools={"tool": Verdict.ASK})
    told = str(await decided(Access.SEND, daemon(Level.FULL), policy=policy))
    assert "tools.always_asked" in told
    assert "can change the policy" in told


@pytest.mark.parametrize(
    ("rights", "targets", "mailbox", "refusal"),
    [
        pytest.param(Rights(tools=frozenset({"other"})), Targets(), "", "is not among the tools", id="tool"),
        pytest.param(Rights(tools=frozenset({"tool"})), Targets(), "", "", id="its tool"),
        pytest.param(Rights(mailboxes=frozenset({"a@a.example"})), Targets(), "A@a.example", "", id="its mailbox"),
        pytest.param(
            Rights(mailboxes=frozenset({"a@a.example"})), Targets(), "b@a.example", "the mailbox b@a", id="mailbox"
        ),
        pytest.param(
            Rights(mailboxes=frozenset()), Targets(mailboxes=("c@a.example",)), "", "the mailbox c@a", id="target"
        ),
        pytest.param(Rights(mailboxes=frozenset()), Targets(), "", "", id="no mailbox is used"),
        pytest.param(Rights(sites=frozenset({"x"})), Targets(sites=("x", "y")), "", "in the site y", id="site"),
    ],
)
@pytest.mark.parametrize("access", [Access.READ, Access.WRITE])
async def test_a_key_reaches_what_it_was_given(
    access: Access, rights: Rights, targets: Targets, mailbox: str, refusal: str
) -> None:
    decision = await decided(access, rights, targets=targets, mailbox=mailbox)
    told = decision if isinstance(decision, str) else ""
    assert bool(told) is bool(refusal)
    assert refusal in told


async def test_through_the_server_a_daemon_writes_and_sends_nothing() -> None:
    async with scene() as tenant, tenant.client() as client:
        tenant.rights = daemon()
        assert "give it full access" in text_of(await client.call_tool(SEND, MAIL))
        assert is_done(await client.call_tool("risky_file", {}))
        assert len(tenant.writes) == 1
        tenant.rights = replace(tenant.rights, tools=frozenset({SEND}))
        assert "is not among the tools" in text_of(await client.call_tool("risky_file", {}))
        tenant.rights = daemon(Level.FULL)
        assert is_done(await client.call_tool(SEND, MAIL))
        assert tenant.sent == 1


def test_a_caller_is_known_by_their_username() -> None:
    who = Principal("public", "t", "u", "c")
    assert Caller("").shown == ""
    assert Caller("", Identity(who, True, "Ines", "", None)).shown == "Ines"
    assert Caller("", Identity(who, True, "Ines", "ines@a.example", None)).shown == "ines@a.example"


@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize("level", [Level.ASK, Level.FULL])
async def test_what_is_never_approved_is_refused_and_be_it_a_read(access: Access, level: Level) -> None:
    told = str(await decided(access, Rights(level), policy=Policy(tools={"tool": Verdict.REFUSE})))
    assert "the policy never approves tool (tools.never_approved)" in told


async def test_through_the_server_a_read_that_is_never_approved_reads_nothing() -> None:
    rules = Rules(policy=Policy(tools={"risky_look": Verdict.REFUSE}))
    async with scene(rules=rules) as tenant, tenant.client() as client:
        asked_before = len(tenant.recorder.exchanges)
        result = await client.call_tool("risky_look", {})
        assert result.is_error
        assert "tools.never_approved" in text_of(result)
        assert len(tenant.recorder.exchanges) == asked_before


# How often.


@pytest.mark.parametrize("access", [Access.WRITE, Access.SEND, Access.DESTROY])
async def test_to_look_whether_there_is_room_takes_none(access: Access) -> None:
    judge, caller = guard(Policy(caps={access: 2})), Caller("who")
    for _ in range(3):
        await judge.refuse_without_room(caller, "tool", access, Targets())
        await judge.refuse_without_room(caller, "tool", access, Targets(count=2))
    with pytest.raises(NotAllowed, match="this call has 3 of them"):
        await judge.refuse_without_room(caller, "tool", access, Targets(count=3))
    await judge.spend(caller, "tool", access, Targets(count=2))
    with pytest.raises(NotAllowed, match="There is room again in"):
        await judge.refuse_without_room(caller, "tool", access, Targets())
    await judge.refuse_without_room(Caller("other"), "tool", access, Targets())


async def test_where_the_cap_is_reached_the_person_is_not_asked_in_vain() -> None:
    person, rules = Person(form=AGREES), Rules(policy=Policy(caps={Access.SEND: 1}))
    async with scene(rules=rules) as tenant, tenant.client(person=person) as client:
        assert is_done(await client.call_tool(SEND, MAIL))
        second = await client.call_tool(SEND, {**MAIL, "subject": "2"})
        assert second.is_error
        assert "The policy allows 1 send an hour (caps.send_per_hour)" in text_of(second)
        assert tenant.sent == 1
    assert len(person.forms) == 1


# How much at once.


@pytest.mark.parametrize("level", [Level.ASK, Level.FULL])
async def test_a_call_reaches_so_many_at_most(level: Level) -> None:
    most = await decided(Access.DESTROY, Rights(level), targets=Targets(count=MOST_TARGETS))
    more = await decided(Access.DESTROY, Rights(level), targets=Targets(count=MOST_TARGETS + 1))
    assert isinstance(most, Decision)
    assert "51 at once, and 50 is the most" in str(more)


async def test_many_targets_are_shown_as_a_list_and_too_many_are_refused() -> None:
    person = Person(form=AGREES)
    async with scene() as tenant, tenant.client(person=person) as client:
        refused = await client.call_tool("risky_wipe_many", {"names": [f"d{number}" for number in range(51)]})
        assert "51 at once" in text_of(refused)
        assert not tenant.writes
        assert is_done(await client.call_tool("risky_wipe_many", {"names": [f"d{number}" for number in range(50)]}))
    (question,) = person.forms
    assert "Note: They are gone for good.\n" in question
    assert "20: d19\n…: and 30 more\n" in question


# What was read before.


@pytest.mark.parametrize(
    ("level", "recipient", "needs_yes"),
    [
        pytest.param(Level.ASK, OUTSIDE, True, id="a new outsider"),
        pytest.param(Level.ASK, INSIDE, False, id="a colleague"),
        pytest.param(Level.FULL, OUTSIDE, False, id="full"),
    ],
)
@pytest.mark.parametrize("access", [Access.WRITE, Access.SEND])
async def test_after_an_outsider_was_read_a_new_outside_recipient_needs_a_yes(
    access: Access, level: Level, recipient: Recipient, needs_yes: bool
) -> None:
    judge = guard(Policy(tools={"tool": Verdict.ALLOW}))
    caller, targets = Caller("who", rights=Rights(level)), Targets((recipient,))
    assert not (await judge.authorize(caller, Judging(access), {}, targets)).needs_yes
    await judge.taint.mark("who", "mail_read_message")
    tainted = await judge.authorize(caller, Judging(access), {}, targets)
    assert tainted.needs_yes is needs_yes
    assert ("(mail_read_message), and a recipient outside is new" in tainted.reason) is needs_yes
    assert not (await judge.authorize(Caller("other"), Judging(access), {}, targets)).needs_yes
    await judge.taint.learn("who", {recipient.address})
    assert not (await judge.authorize(caller, Judging(access), {}, targets)).needs_yes


def approving(level: Level = Level.ASK) -> Rules:
    return Rules(level, Policy(tools={SEND: Verdict.ALLOW}))


async def test_through_the_server_reading_an_outsider_makes_the_next_send_to_one_a_question() -> None:
    person, to_eve = Person(form=AGREES), {**MAIL, "to": [EVE]}
    async with scene(rules=approving()) as tenant, tenant.client(person=person) as client:
        await client.call_tool("risky_look", {"outside": True})
        await client.call_tool(SEND, MAIL)
        assert not person.forms
        await client.call_tool(SEND, to_eve)
        assert len(person.forms) == 1
        assert "content from outside the tenant was read just now (risky_look)" in person.forms[0]
        await client.call_tool(SEND, {**to_eve, "subject": "Again"})
        assert len(person.forms) == 1, "she is known by now"
        assert tenant.sent == 3


async def test_the_accounts_of_a_caller_share_what_was_read_where_they_have_one_reader() -> None:
    judge, targets = guard(Policy(tools={"tool": Verdict.ALLOW})), Targets((OUTSIDE,))
    await judge.taint.mark(Caller("work", reader="me").reads_as, "mail_read_message")
    for caller, needs_yes in ((Caller("home", reader="me"), True), (Caller("work"), False), (Caller("home"), False)):
        assert (await judge.authorize(caller, Judging(Access.SEND), {}, targets)).needs_yes is needs_yes


pair = Toolset("pair", "Reads what outsiders wrote, and writes to them.")


@pair.read("Mail.Read")
async def look(graph: Graph) -> Noted:
    """Look."""
    return Noted(name=graph.user).marked(True)


@pair.send("Mail.Send")
async def tell(graph: Graph) -> Plan[Outcome]:
    """Tell somebody outside."""
    step = Step("POST", f"{graph.user}/sendMail", {})
    return Plan(Preview("Tell them?"), (step,), lambda _: Outcome(what="Told."), Targets((OUTSIDE,)))


@pytest.mark.parametrize(
    ("is_one_person", "questions"),
    [pytest.param(True, 1, id="one person's"), pytest.param(False, 0, id="several people's")],
)
async def test_through_the_server_what_one_account_read_makes_the_send_of_another_a_question(
    is_one_person: bool, questions: int
) -> None:
    person, people = Person(form=AGREES), FakePeople("ines@a.example", "ines@home.example")
    built = server_with(
        httpx.MockTransport(lambda _: httpx.Response(202)),
        people,
        lambda service, *_: GraphClient(service, speaker()),
        catalogue=(pair,),
        rules=Rules(policy=Policy(tools={"pair_tell": Verdict.ALLOW})),
        adjusted=lambda made: replace(made, is_one_person=is_one_person),
    )
    async with at(built, "modern stream", person, PAGES) as client:
        await client.call_tool("pair_look", {"account": "ines@a.example"})
        assert is_done(await client.call_tool("pair_tell", {"account": "ines@home.example"}))
    assert len(person.forms) == questions
    assert all("(pair_look), and a recipient outside is new" in form for form in person.forms)


async def test_with_full_access_nobody_is_asked_whatever_was_read() -> None:
    person = Person(form=AGREES)
    async with scene(rules=approving(Level.FULL)) as tenant, tenant.client(person=person) as client:
        await client.call_tool("risky_look", {"outside": True})
        assert is_done(await client.call_tool(SEND, {**MAIL, "to": [EVE]}))
        assert tenant.sent == 1
    assert not person.forms


# The policy file, from the settings to the tenant.


@asynccontextmanager
async def serving(environ: dict[str, str]) -> AsyncIterator[tuple[Tenant, Client, Person]]:
    """The whole server as it is built from settings."""
    tenant, person = small_tenant(), Person(form=AGREES)
    settings, cloud = demo_settings({"TOOLSETS": "mail", **environ}), DemoTenant(tenant)
    people = cloud.accounts(scopes_of(settings), sign_in=False, tell=lambda _: None)
    built = build_server(settings, people, transport=httpx.ASGITransport(app=cloud))
    async with at(built, "modern stream", person, PAGES) as client:
        yield tenant, client, person


def policy_file(folder: Path, text: str) -> Path:
    file = folder / "policy.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file


ALWAYS = 'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
ASKED = "asked"


@pytest.mark.parametrize(
    ("policy", "level", "recipient", "expected"),
    [
        pytest.param('[recipients]\ndeny = ["b.example"]', Level.FULL, OUTSIDE, "recipients.deny", id="deny"),
        pytest.param('[recipients]\ndeny = ["c.example"]', Level.FULL, OUTSIDE, "", id="deny others"),
        pytest.param('[recipients]\nallow = ["a.example"]', Level.FULL, OUTSIDE, "recipients.allow", id="allow"),
        pytest.param('[recipients]\nallow = ["a.example"]', Level.ASK, INSIDE, ASKED, id="allow, within"),
        pytest.param('[recipients]\noutside = "refuse"', Level.FULL, OUTSIDE, "recipients.outside", id="refuse"),
        pytest.param('[recipients]\noutside = "ask"', Level.FULL, OUTSIDE, ASKED, id="ask over full"),
        pytest.param('[recipients]\noutside = "ask"', Level.FULL, INSIDE, "", id="ask over full, within"),
        pytest.param('[recipients]\noutside = "allow"', Level.ASK, OUTSIDE, "", id="outside allow"),
        pytest.param(f"[quiet]\n{ALWAYS}", Level.FULL, INSIDE, "quiet.days", id="quiet"),
        pytest.param(f'[quiet]\n{ALWAYS}\nthen = "ask"', Level.FULL, INSIDE, ASKED, id="quiet asks over full"),
        pytest.param('[tools]\nalways_asked = ["tool"]', Level.FULL, INSIDE, ASKED, id="always asked over full"),
        pytest.param('[tools]\nalways_approved = ["tool"]', Level.ASK, OUTSIDE, "", id="always approved"),
        pytest.param('[tools]\nnever_approved = ["tool"]', Level.FULL, INSIDE, "tools.never", id="never approved"),
    ],
)
async def test_a_rule_of_the_policy_file_decides(
    tmp_path: Path, policy: str, level: Level, recipient: Recipient, expected: str
) -> None:
    rules = read_policy(policy_file(tmp_path, policy), {"tool": Access.SEND})
    decision = await decided(Access.SEND, Rights(level), policy=rules, targets=Targets((recipient,)))
    if isinstance(decision, Decision):
        assert (ASKED if decision.needs_yes else "") == expected
    else:
        assert expected
        assert expected in decision


async def test_through_the_server_the_policy_file_outranks_full_access(tmp_path: Path) -> None:
    file = policy_file(tmp_path, '[recipients]\ndeny = ["evil.example"]\noutside = "ask"\n[caps]\nsend_per_hour = 2')
    async with serving({"APPROVE_POLICY": str(file), "ACCESS": "full"}) as (tenant, client, person):
        denied = await client.call_tool(SEND, {**MAIL, "to": ["x@evil.example"]})
        assert "recipients.deny" in text_of(denied)
        for _ in range(3):
            assert not facts_of(await client.call_tool(SEND, {**MAIL, "dry_run": True}))["done"], "not counted"
        assert is_done(await client.call_tool(SEND, MAIL))
        assert not person.forms
        assert is_done(await client.call_tool(SEND, {**MAIL, "to": [EVE]}))
        assert len(person.forms) == 1
        third = text_of(await client.call_tool(SEND, {**MAIL, "subject": "3"}))
        assert "The policy allows 2 sends an hour (caps.send_per_hour), and 2 of them are used" in third
        assert sent_in(tenant) == 2


def test_a_policy_with_mistakes_stops_the_start_and_names_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[recipients]\nalow = ["a.example"]\n[tools]\nalways_asked = ["mail_send_mesage"]\n'
    file = policy_file(tmp_path, text)
    monkeypatch.setattr("os.environ", {"DEMO": "true"})
    assert server.main(["--approve-policy", str(file)]) == 2
    told = capsys.readouterr().err
    assert "alow is not a key of [recipients]. Did you mean allow?" in told
    assert "Did you mean mail_send_message?" in told


# Dry runs.


async def test_a_dry_run_shows_the_requests_and_the_preview_and_does_nothing() -> None:
    person, note = Person(form=AGREES), 'POST /me/messages\n{"subject": "x"}'
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("risky_file", {"subject": "x"}, note),
        ("risky_wipe", {"subject": "x"}, note),
        (SEND, MAIL, "POST /me/sendMail\n"),
    ]
    async with scene() as tenant, tenant.client(person=person) as client:
        for tool, arguments, request in calls:
            facts = facts_of(await client.call_tool(tool, {**arguments, "dry_run": True}))
            assert not facts["done"]
            assert facts["what"].startswith("Dry run: nothing was sent.")
            assert ("A person would be asked first" in facts["what"]) is (tool != "risky_file")
            assert facts["requests"][0].startswith(request)
            assert "Subject: " in facts["preview"]
        assert not tenant.writes
        assert not person.forms
        assert tenant.services is not None
        for kept in ("approval/", "known/", "cap/"):
            assert await tenant.services.state.store.count(kept) == 0


async def test_a_dry_run_is_refused_like_the_call_itself() -> None:
    async with scene(Level.READ) as tenant, tenant.client() as client:
        result = await client.call_tool("risky_wipe", {"dry_run": True})
        assert result.is_error
        assert "the server only reads here" in text_of(result)


def test_the_guard_tells_the_time_by_itself() -> None:
    store = MemoryStore()
    clock = Guard(Policy(), Caps(store, {}), Taint(store, digest=lambda *_: b""))._now()
    assert abs(clock.timestamp() - time.time()) < 60
