"""tools/_approval.py where the client cannot ask: a person says yes on a page of this computer, or nothing is done."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import anyio
import httpx
import pytest
from mcp import Client

from errors import NotApproved
from storage import MemoryStore
from tests.support import facts_of, text_of
from tests.tools.approving import EVE, JONAS, MAIL, Scene, is_done, scene
from tests.tools.clients import Person
from tests.web.test_approvals import NoSocket, heading
from tests.web.test_approvals import Person as Browser
from tests.web.test_approvals import Scene as Desk
from tools import Approvals, Services
from tools._approval import Asked, Waiting, Yes
from tools._plan import Preview
from web import ApprovalDesk, LocalPages

SEND = "mail_send_message"
LEGACY = "legacy stream"
CLIENTS = [
    pytest.param(LEGACY, None, id="older handshake, nothing declared"),
    pytest.param(LEGACY, {"url": {}}, id="older handshake, pages only"),
    pytest.param("modern stream", None, id="2026-07-28, nothing declared"),
]


class Office:
    """A server over stdio, a client that cannot ask, and a person with a browser beside it."""

    def __init__(self, tenant: Scene, client: Client, desk: Desk, browser: Browser) -> None:
        self.tenant = tenant
        self.client = client
        self.desk = desk
        self.browser = browser

    async def send(self, **changed: Any) -> str:
        return text_of(await self.client.call_tool(SEND, {**MAIL, **changed}))


@asynccontextmanager
async def office(
    way: str = LEGACY,
    elicitation: dict[str, Any] | None = None,
    *,
    browser: Browser | None = None,
    patience: float = 0.0,
    pages: LocalPages | None = None,
) -> AsyncIterator[Office]:
    browser, pages = browser or Browser(), pages or NoSocket()
    desk = ApprovalDesk(pages, browser.open, clock=browser.clock)

    def patient(made: Services) -> Services:
        return replace(made, approvals=Approvals(made.state.store, desk, patience=patience))

    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(pages)) as http,
        scene(adjusted=patient) as tenant,
        tenant.client(way, Person(), elicitation) as client,
    ):
        yield Office(tenant, client, Desk(desk, http), browser)


def link_in(text: str) -> str:
    (link,) = re.findall(r"http://localhost:\d+/approve/[\w-]{32}", text)
    return str(link)


# From the question to the deed.


@pytest.mark.parametrize(("way", "elicitation"), CLIENTS)
async def test_the_first_call_names_the_page_and_the_call_after_the_yes_sends_once(
    way: str, elicitation: dict[str, Any] | None
) -> None:
    async with office(way, elicitation) as here:
        result = await here.client.call_tool(SEND, MAIL)
        assert facts_of(result)["done"] is False
        first = text_of(result)
        assert f"{SEND} is NOT carried out yet" in first
        assert "call again with exactly the same arguments" in first
        assert "opened in their browser" in first
        assert link_in(await here.send()) == link_in(first), "it is waited for in vain, and named again"
        assert here.browser.opened == [link_in(first)]
        assert here.tenant.sent == 0
        assert await here.desk.press(link_in(first), "approve") == "Approved"
        assert here.tenant.sent == 0, "the page sends nothing by itself"
        assert is_done(await here.client.call_tool(SEND, MAIL))
        assert here.tenant.sent == 1
        assert "NOT carried out yet" in await here.send(), "a second one is a second question"
        assert here.tenant.sent == 1
        assert len(set(here.browser.opened)) == 2


async def test_a_flood_of_questions_opens_five_pages_and_names_the_link_of_each() -> None:
    async with office() as here:
        told = [await here.send(subject=str(number)) for number in range(6)]
        assert here.browser.opened == [link_in(each) for each in told[:5]]
        assert ["opened in their browser" in each for each in told] == [True] * 5 + [False]
        assert "they have to open it on this computer" in told[5]
        assert await here.desk.press(link_in(told[5]), "approve") == "Approved"
        assert is_done(await here.client.call_tool(SEND, {**MAIL, "subject": "5"}))
        assert here.tenant.sent == 1


async def test_a_yes_on_the_page_is_for_what_it_shows_and_for_no_other_arguments() -> None:
    async with office() as here:
        link = link_in(await here.send(to=[EVE]))
        page = await here.desk.http.get(link)
        for shown in ("Send this mail?", "ines.aldana@lindenhall.example", "Minutes", "Here they are.", EVE):
            assert shown in page.text
        assert 'class="outside"' in page.text
        await here.desk.press(link, "approve")
        for changed in ({"to": [JONAS]}, {"to": [EVE], "subject": "Other"}, {"to": [EVE], "cc": [JONAS]}):
            assert "NOT carried out yet" in await here.send(**changed)
        assert here.tenant.sent == 0


async def test_a_no_on_the_page_is_told_once_and_then_asked_anew() -> None:
    async with office() as here:
        first = link_in(await here.send())
        assert await here.desk.press(first, "decline") == "Declined"
        assert (await here.send()).startswith("The person declined")
        assert link_in(await here.send()) != first
        assert here.tenant.sent == 0


async def test_a_call_that_waits_goes_on_as_soon_as_the_person_agrees() -> None:
    told = list[str]()

    async def wait() -> None:
        told.append(await here.send())

    async with office(patience=60.0) as here:
        link = link_in(await here.send())
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await here.desk.press(link, "approve")
        assert "Sent to" in told[0]
        assert here.tenant.sent == 1


async def test_of_two_calls_that_wait_for_one_yes_one_is_carried_out() -> None:
    told = list[bool]()

    async def wait() -> None:
        told.append(is_done(await here.client.call_tool(SEND, MAIL)))

    async with office(patience=60.0) as here:
        link = link_in(await here.send())
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            tasks.start_soon(wait)
            await here.desk.press(link, "approve")
        assert here.tenant.sent == 1
    assert sorted(told) == [False, True]


# Where it does not go well.


async def test_a_page_that_was_left_alone_says_so_and_another_is_named_at_once() -> None:
    browser = Browser()
    async with office(browser=browser, patience=60.0) as here:
        first = link_in(await here.send())
        browser.now += 601
        assert heading(await here.desk.http.get(first)) == "This question has expired"
        assert link_in(await here.send()) != first
        assert here.tenant.sent == 0


async def test_without_a_browser_the_person_is_to_open_the_link_themselves() -> None:
    async with office(browser=Browser(has_browser=False)) as here:
        told = await here.send()
        assert "It did not open by itself" in told
        await here.desk.press(link_in(told), "approve")
        assert "Sent to" in await here.send()


async def test_where_no_page_can_be_opened_nothing_is_done() -> None:
    async with office(pages=LocalPages()) as here:
        result = await here.client.call_tool(SEND, MAIL)
        assert result.is_error
        assert "was not carried out" in text_of(result)
        assert "no page can be opened" in text_of(result)
        assert here.tenant.sent == 0


async def test_on_a_real_socket_it_is_the_same() -> None:
    pages, browser = LocalPages(), Browser()
    desk = ApprovalDesk(pages, browser.open)
    async with (
        pages.running(),
        httpx.AsyncClient(trust_env=False) as http,
        scene(pages=desk) as tenant,
        tenant.client(LEGACY, elicitation=None) as client,
    ):
        link = link_in(text_of(await client.call_tool(SEND, MAIL)))
        assert await Desk(desk, http).press(link, "approve") == "Approved"
        assert is_done(await client.call_tool(SEND, MAIL))
        assert tenant.sent == 1


# The approvals alone, on pages of the test's own.


class Page:
    """Pages that hold each question until the test answers it."""

    def __init__(self) -> None:
        self.links = 0
        self.open: dict[str, Callable[[bool], Awaitable[bool]]] = {}
        self.rows: list[list[tuple[str, str]]] = []
        self.withdrawn: list[str] = []
        self.answer: bool | None = None

    async def show(self, key: str, question: Any, decide: Callable[[bool], Awaitable[bool]]) -> str:
        if key not in self.open:
            self.links += 1
            self.rows.append(list(question.lines))
        self.open[key] = decide
        return f"link {self.links}"

    def was_opened(self, key: str) -> bool:
        return True

    async def settled(self, key: str, patience: float) -> bool:
        return self.answer is not None and await self.open.pop(key)(self.answer)

    def withdraw(self, key: str) -> None:
        self.withdrawn.append(key)


UNABLE = cast("Any", SimpleNamespace(client_capabilities=None))


def about(key: str, reason: str = "", *, call: str = "who/call") -> Asked:
    return Asked(f"who/{key}", "wipe", Preview("Wipe it?", (("Name", key),)), "ines", reason, call)


async def test_a_yes_counts_once_and_only_until_it_was_used() -> None:
    page, store = Page(), MemoryStore()
    approvals = Approvals(store, page)
    with pytest.raises(Waiting):
        await approvals.ask(about("a"), UNABLE)
    page.answer = True
    yes = await approvals.ask(about("a"), UNABLE)
    assert isinstance(yes, Yes)
    assert yes.was_waited_for
    await approvals.use(yes, "wipe")
    with pytest.raises(NotApproved, match="used already or is void"):
        await approvals.use(yes, "wipe")


async def test_a_question_that_another_replaces_is_withdrawn_and_the_person_is_told() -> None:
    page = Page()
    approvals = Approvals(MemoryStore(), page, patience=0)
    for key in ("a", "b"):
        with pytest.raises(Waiting):
            await approvals.ask(about(key), UNABLE)
    assert page.withdrawn == ["who/a"]
    assert [row[0][0] for row in page.rows] == ["As", "Changed"]
    assert not await page.open["who/a"](True), "an answer to the first comes too late"
    assert await page.open["who/b"](True)


async def test_a_yes_to_what_it_was_is_void_when_it_became_something_else_and_back() -> None:
    page = Page()
    approvals = Approvals(MemoryStore(), page, patience=0)
    with pytest.raises(Waiting):
        await approvals.ask(about("a"), UNABLE)
    assert await page.open["who/a"](True)
    for key in ("b", "a"):
        with pytest.raises(Waiting):
            await approvals.ask(about(key), UNABLE)


async def test_where_there_are_no_pages_a_replaced_question_is_void_all_the_same() -> None:
    store = MemoryStore()
    for key in ("a", "b"):
        with pytest.raises(NotApproved, match="over HTTP there is no other way yet"):
            await Approvals(store).ask(about(key), UNABLE)
    assert await store.count("approval/who/") == 1


async def test_other_calls_have_questions_of_their_own() -> None:
    page = Page()
    approvals = Approvals(MemoryStore(), page, patience=0)
    for key, call in (("a", "who/1"), ("b", "who/2"), ("c", ""), ("d", "")):
        with pytest.raises(Waiting):
            await approvals.ask(about(key, call=call), UNABLE)
    assert not page.withdrawn


async def test_a_yes_that_another_call_used_while_this_one_waited_is_none_for_it() -> None:
    class Used(Page):
        async def settled(self, key: str, patience: float) -> bool:
            return await store.delete(f"approval/{key}")

    page, store = Used(), MemoryStore()
    approvals = Approvals(store, page)
    with pytest.raises(Waiting):
        await approvals.ask(about("a"), UNABLE)
    with pytest.raises(NotApproved, match="used already or is void"):
        await approvals.ask(about("a"), UNABLE)


async def test_a_page_that_claims_an_answer_which_nobody_gave_approves_nothing() -> None:
    class Claiming(Page):
        async def settled(self, key: str, patience: float) -> bool:
            return True

    approvals = Approvals(MemoryStore(), Claiming())
    with pytest.raises(Waiting):
        await approvals.ask(about("a"), UNABLE)
    with pytest.raises(NotApproved, match="used already or is void"):
        await approvals.ask(about("a"), UNABLE)


async def test_of_links_that_were_named_only_the_latest_are_remembered() -> None:
    page = Page()
    approvals = Approvals(MemoryStore(), page, patience=0)
    for number in range(205):
        with pytest.raises(Waiting):
            await approvals.ask(about(str(number), call=""), UNABLE)
    assert len(approvals._told) == 200


async def test_the_reason_and_the_name_stand_on_the_page_and_forge_no_line() -> None:
    page = Page()
    asked = replace(about("a", "the policy wants it"), as_whom="ines\nNote: approved")
    with pytest.raises(Waiting):
        await Approvals(MemoryStore(), page).ask(asked, UNABLE)
    assert page.rows == [
        [("As", "ines Note: approved"), ("Name", "a"), ("Asked because", "the policy wants it")],
    ]
