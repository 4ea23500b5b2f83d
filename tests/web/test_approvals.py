"""web/approvals.py: questions to the person, answered as a browser would: by the page server, some on a real socket."""

from __future__ import annotations

import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

import anyio
import httpx
import pytest

from errors import StartError, StorageError
from tests.web.test_approval_page import Asked
from web import ApprovalDesk, LocalPages

FOREVER = 60.0


class Person:
    """Has a browser or none, and notes what reached them and what they decided."""

    def __init__(self, *, has_browser: bool = True, in_time: bool = True) -> None:
        self.opened: list[str] = []
        self.decided: list[bool] = []
        self.now = 1000.0
        self._has_browser = has_browser
        self._in_time = in_time

    def open(self, url: str) -> bool:
        self.opened.append(url)
        return self._has_browser

    async def decide(self, is_yes: bool) -> bool:
        self.decided.append(is_yes)
        return self._in_time

    def clock(self) -> float:
        return self.now


class NoSocket(LocalPages):
    """The page server, reached without a port: what it answers is its own."""

    async def url(self) -> str:
        return "http://localhost:5000"


class Scene:
    """A desk that is open, and a browser in front of it."""

    def __init__(self, desk: ApprovalDesk, http: httpx.AsyncClient) -> None:
        self.desk = desk
        self.http = http

    async def seen(self, url: str) -> str:
        """The value that only whoever loads the page knows."""
        (value,) = re.findall(r'name="seen" value="([^"]+)"', (await self.http.get(url)).text)
        return str(value)

    async def press(self, url: str, choice: str) -> str:
        return heading(await self.http.post(url, data={"seen": await self.seen(url), "choice": choice}))


@asynccontextmanager
async def opened(person: Person, *, seconds: float = 600.0, most: int = 20) -> AsyncIterator[Scene]:
    pages = NoSocket()
    desk = ApprovalDesk(pages, person.open, seconds=seconds, most=most, clock=person.clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages)) as http:
        yield Scene(desk, http)


@asynccontextmanager
async def listening(open_page: Callable[[str], bool]) -> AsyncIterator[Scene]:
    """The same on a real socket."""
    pages = LocalPages()
    desk = ApprovalDesk(pages, open_page)
    async with pages.running(), httpx.AsyncClient(trust_env=False) as http:
        yield Scene(desk, http)


def heading(answer: httpx.Response) -> str:
    (found,) = re.findall(r"<h1>(.+?)</h1>", answer.text)
    return str(found)


# A question, and its answer.


@pytest.mark.parametrize(
    ("choice", "is_yes", "title"),
    [pytest.param("approve", True, "Approved", id="approve"), pytest.param("decline", False, "Declined", id="decline")],
)
async def test_the_person_reads_the_question_and_decides_once(choice: str, is_yes: bool, title: str) -> None:
    person = Person()
    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        assert heading(await scene.http.get(url)) == "Send a mail?"
        body = {"seen": await scene.seen(url), "choice": choice}
        assert heading(await scene.http.post(url, data=body)) == title
        again = [await scene.http.post(url, data=body | {"choice": each}) for each in ("approve", "decline")]
        assert [heading(answer) for answer in (*again, await scene.http.get(url))] == [title] * 3
        assert await scene.desk.settled("k", FOREVER)
    assert person.decided == [is_yes]


async def test_the_link_is_on_this_computer_and_cannot_be_guessed() -> None:
    person = Person()
    async with opened(person) as scene:
        links = [urlsplit(await scene.desk.show(str(key), Asked(), person.decide)) for key in range(3)]
    assert {link.hostname for link in links} == {"localhost"}
    tokens = {link.path.removeprefix("/approve/") for link in links}
    assert len(tokens) == 3
    assert all(re.fullmatch(r"[\w-]{32}", token) for token in tokens)


async def test_whoever_is_flooded_with_questions_gets_five_pages_and_the_links_of_the_others() -> None:
    person = Person()
    async with opened(person) as scene:
        links = [await scene.desk.show(str(key), Asked(), person.decide) for key in range(8)]
        assert person.opened == links[:5]
        assert [scene.desk.was_opened(str(key)) for key in range(8)] == [True] * 5 + [False] * 3
        assert await scene.press(links[7], "approve") == "Approved"
        assert await scene.press(links[0], "decline") == "Declined"
        assert await scene.desk.show("8", Asked(), person.decide) not in person.opened, "there are six still"
        for key in ("1", "2"):
            scene.desk.withdraw(key)
        assert await scene.desk.show("9", Asked(), person.decide) not in person.opened
        scene.desk.withdraw("3")
        scene.desk.withdraw("4")
        last = await scene.desk.show("10", Asked(), person.decide)
        assert last == person.opened[-1], "there is room again"
    assert len(person.opened) == 6


async def test_questions_that_ran_out_take_no_page_from_others() -> None:
    person = Person()
    async with opened(person) as scene:
        for key in range(5):
            await scene.desk.show(str(key), Asked(), person.decide)
        person.now += 601
        assert await scene.desk.show("new", Asked(), person.decide) == person.opened[-1]
    assert len(person.opened) == 6


async def test_the_same_key_has_the_same_link_and_opens_one_page() -> None:
    person, urls = Person(), set[str]()

    async def show() -> None:
        urls.add(await scene.desk.show("k", Asked(), person.decide))

    async with opened(person) as scene:
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(show)
        await show()
        assert scene.desk.was_opened("k")
    assert person.opened == list(urls)


async def test_a_question_that_was_answered_can_be_put_again_under_a_new_link() -> None:
    person = Person()
    async with opened(person) as scene:
        first = await scene.desk.show("k", Asked(), person.decide)
        await scene.press(first, "decline")
        second = await scene.desk.show("k", Asked(), person.decide)
        assert second != first
        assert not await scene.desk.settled("k", 0)
        assert heading(await scene.http.get(first)) == "Declined"
        assert await scene.press(second, "approve") == "Approved"


async def test_without_a_browser_the_link_works_all_the_same() -> None:
    person = Person(has_browser=False)
    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        assert not scene.desk.was_opened("k")
        assert await scene.press(url, "approve") == "Approved"


async def test_whoever_gives_up_while_the_page_opens_leaves_the_question_open() -> None:
    launched, let_go = threading.Event(), threading.Event()

    def launch(url: str) -> bool:
        launched.set()
        return let_go.wait(10)

    person, pages = Person(), NoSocket()
    desk = ApprovalDesk(pages, launch)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.show, "k", Asked(), person.decide)
        await anyio.to_thread.run_sync(launched.wait, 10)
        tasks.cancel_scope.cancel()
    let_go.set()
    url = await desk.show("k", Asked(), person.decide)
    assert not desk.was_opened("k")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages)) as http:
        assert heading(await http.get(url)) == "Send a mail?"


# What does not decide.


async def test_looking_at_the_link_decides_nothing() -> None:
    person = Person()
    async with listening(person.open) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        for tail in ("", "?choice=approve&seen=x"):
            assert heading(await scene.http.get(url + tail)) == "Send a mail?"
            head = await scene.http.head(url + tail)
            assert (head.status_code, head.content) == (200, b"")
        assert not await scene.desk.settled("k", 0)
        assert await scene.press(url, "approve") == "Approved"
    assert person.decided == [True]


async def test_an_answer_without_the_page_is_refused_and_leaves_the_question_open() -> None:
    person = Person()
    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        seen = await scene.seen(url)
        other = await scene.seen(await scene.desk.show("other", Asked(), person.decide))
        bodies: list[str | bytes] = [
            "",
            "choice=approve",
            "choice=approve&seen=",
            f"choice=approve&seen={other}",
            f"choice=approve&seen={seen[:-1]}",
            "choice=approve&seen=%C3%A9",
            f"seen={seen}",
            f"seen={seen}&choice=maybe",
            f"seen={seen}&choice=decline&choice=approve",
            f"seen=x&seen={seen}&choice=approve",
            f"seen={seen}&choice=approve" + "&x=1" * 20,
            f"seen={seen}&choice=%FF",
            b"\xff",
        ]
        answers = [await scene.http.post(url, content=body) for body in bodies]
        assert {(answer.status_code, heading(answer)) for answer in answers} == {(400, "Nothing was decided")}
        assert person.decided == []
        assert await scene.press(url, "approve") == "Approved"


async def test_a_forged_link_leads_nowhere() -> None:
    person = Person()
    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        body = {"seen": await scene.seen(url), "choice": "approve"}
        base = url.rpartition("/")[0]
        for forged in (f"{base}/", f"{base}/{'A' * 32}", url + "A", url + "/", url[:-1], f"{base}/%00"):
            assert (await scene.http.get(forged)).status_code == 404
            assert (await scene.http.post(forged, data=body)).status_code == 404
    assert person.decided == []


async def test_another_site_cannot_answer_even_if_it_knew_everything() -> None:
    person = Person()
    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        body = {"seen": await scene.seen(url), "choice": "approve"}
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            assert (await scene.http.post(url, data=body, headers=headers)).status_code == 403
        assert person.decided == []
        own = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
        assert heading(await scene.http.post(url, data=body, headers=own)) == "Approved"


async def test_other_methods_and_large_forms_are_refused() -> None:
    person = Person()
    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        for method in ("PUT", "DELETE", "OPTIONS"):
            answer = await scene.http.request(method, url)
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
        assert (await scene.http.post(url, content=b"a" * 70_000)).status_code == 413
    assert person.decided == []


async def test_the_page_cannot_be_framed_kept_or_traced() -> None:
    person = Person()
    async with opened(person) as scene:
        headers = (await scene.http.get(await scene.desk.show("k", Asked(), person.decide))).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["content-security-policy"].count("'sha256-") == 2
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"


# Two at once, and trouble.


async def test_of_two_answers_at_once_the_first_counts_and_both_hear_of_it() -> None:
    let_go, decided, told = anyio.Event(), list[bool](), list[str]()

    async def decide(is_yes: bool) -> bool:
        decided.append(is_yes)
        await let_go.wait()
        return True

    async def tell(ask: Callable[[], Awaitable[httpx.Response]]) -> None:
        told.append(heading(await ask()))

    async with opened(Person()) as scene:
        url = await scene.desk.show("k", Asked(), decide)
        seen = await scene.seen(url)
        post = partial(scene.http.post, url)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tell, partial(post, data={"seen": seen, "choice": "decline"}))
            await anyio.wait_all_tasks_blocked()
            tasks.start_soon(tell, partial(post, data={"seen": seen, "choice": "approve"}))
            tasks.start_soon(tell, partial(scene.http.get, url))
            await anyio.wait_all_tasks_blocked()
            assert told == []
            let_go.set()
        assert await scene.desk.settled("k", 0)
    assert decided == [False]
    assert told == ["Declined"] * 3


async def test_many_answers_at_once_on_a_real_socket_decide_once() -> None:
    person, told = Person(), list[str]()

    async def tell(choice: str) -> None:
        told.append(heading(await scene.http.post(url, data={"seen": seen, "choice": choice})))

    async with listening(person.open) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        seen = await scene.seen(url)
        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(tell, "approve")
                tasks.start_soon(tell, "decline")
    (is_yes,) = person.decided
    assert told == ["Approved" if is_yes else "Declined"] * 20


async def test_an_answer_that_is_being_kept_is_neither_withdrawn_nor_settled() -> None:
    let_go = anyio.Event()

    async def decide(is_yes: bool) -> bool:
        await let_go.wait()
        return True

    async with opened(Person()) as scene:
        url = await scene.desk.show("k", Asked(), decide)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(scene.press, url, "approve")
            await anyio.wait_all_tasks_blocked()
            scene.desk.withdraw("k")
            assert not await scene.desk.settled("k", 0)
            let_go.set()
        assert await scene.desk.settled("k", 0)
        assert heading(await scene.http.get(url)) == "Approved"


async def test_an_answer_that_came_too_late_says_so() -> None:
    person = Person(in_time=False)
    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        assert await scene.press(url, "approve") == "Too late"
        assert heading(await scene.http.get(url)) == "Too late"
        assert not await scene.desk.settled("k", FOREVER)
    assert person.decided == [True]


async def test_an_answer_that_cannot_be_kept_is_told_and_logged_without_the_link(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tried: list[bool] = []

    async def decide(is_yes: bool) -> bool:
        tried.append(is_yes)
        raise StorageError("The disk is full.")

    async with opened(Person()) as scene:
        url = await scene.desk.show("k", Asked(), decide)
        seen = await scene.seen(url)
        answer = await scene.http.post(url, data={"seen": seen, "choice": "approve"})
        assert (answer.status_code, heading(answer)) == (500, "Your answer could not be kept")
        assert heading(await scene.http.post(url, data={"seen": seen, "choice": "approve"})) == heading(answer)
        assert "disk" not in answer.text
        assert not await scene.desk.settled("k", FOREVER)
    assert tried == [True]
    assert "The disk is full." in caplog.text
    assert url.rpartition("/")[2] not in caplog.text
    assert seen not in caplog.text


# How long a question lives.


async def test_a_question_expires_and_can_be_put_again() -> None:
    person = Person()
    async with opened(person, seconds=600) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        body = {"seen": await scene.seen(url), "choice": "approve"}
        person.now += 590
        assert "within 1 minute." in (await scene.http.get(url)).text
        person.now += 10
        answer = await scene.http.post(url, data=body)
        assert (answer.status_code, heading(answer)) == (410, "This question has expired")
        assert heading(await scene.http.get(url)) == "This question has expired"
        assert not await scene.desk.settled("k", FOREVER)
        assert await scene.desk.show("k", Asked(), person.decide) != url
    assert person.decided == []


async def test_whoever_waits_for_a_question_waits_no_longer_than_it_lives() -> None:
    person = Person()
    async with opened(person, seconds=0.01) as scene:
        await scene.desk.show("k", Asked(), person.decide)
        assert not await scene.desk.settled("k", FOREVER)


async def test_whoever_waits_hears_at_once_what_was_decided() -> None:
    person, results = Person(), list[bool]()

    async def wait() -> None:
        results.append(await scene.desk.settled("k", FOREVER))

    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            tasks.start_soon(wait)
            await scene.press(url, "decline")
    assert results == [True, True]


async def test_a_question_that_was_withdrawn_says_so_and_ends_the_waiting() -> None:
    person = Person()
    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        body = {"seen": await scene.seen(url), "choice": "approve"}
        scene.desk.withdraw("k")
        scene.desk.withdraw("k")
        answers = [await scene.http.get(url), await scene.http.post(url, data=body)]
        assert [heading(answer) for answer in answers] == ["This question was withdrawn"] * 2
        assert not await scene.desk.settled("k", FOREVER)
    assert person.decided == []


async def test_a_decision_outlives_a_withdrawal() -> None:
    person = Person()
    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        await scene.press(url, "approve")
        scene.desk.withdraw("k")
        assert heading(await scene.http.get(url)) == "Approved"


async def test_of_too_many_questions_the_oldest_is_withdrawn() -> None:
    person = Person()
    async with opened(person, most=2) as scene:
        first, second, third = [await scene.desk.show(key, Asked(), person.decide) for key in "abc"]
        assert heading(await scene.http.get(first)) == "This question was withdrawn"
        assert await scene.press(second, "approve") == "Approved"
        await scene.desk.show("d", Asked(), person.decide)
        assert heading(await scene.http.get(third)) == "Send a mail?", "what was answered leaves room"


async def test_of_what_has_ended_only_so_much_is_remembered() -> None:
    person = Person(has_browser=False)
    async with opened(person, most=1) as scene:
        urls = [await scene.desk.show(str(number), Asked(), person.decide) for number in range(203)]
        assert (await scene.http.get(urls[0])).status_code == 404
        assert not await scene.desk.settled("0", FOREVER)
        assert (await scene.http.get(urls[10])).status_code == 410


async def test_a_key_that_nobody_asked_about_is_neither_open_nor_decided() -> None:
    desk = ApprovalDesk(LocalPages(), Person().open)
    desk.withdraw("k")
    assert not desk.was_opened("k")
    assert not await desk.settled("k", FOREVER)


# The end of the server.


async def test_an_answer_that_the_end_of_the_server_cuts_short_does_not_count() -> None:
    begun, person = anyio.Event(), Person()

    async def decide(is_yes: bool) -> bool:
        begun.set()
        await anyio.sleep_forever()
        return True

    async with opened(person) as scene:
        url = await scene.desk.show("k", Asked(), decide)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(scene.press, url, "approve")
            await begun.wait()
            tasks.cancel_scope.cancel()
        assert heading(await scene.http.get(url)) == "Your answer could not be kept"
        assert not await scene.desk.settled("k", FOREVER)


async def test_the_end_of_the_server_closes_the_page_and_decides_nothing() -> None:
    person = Person()
    async with listening(person.open) as scene:
        url = await scene.desk.show("k", Asked(), person.decide)
        seen = await scene.seen(url)
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError):
            await http.post(url, data={"seen": seen, "choice": "approve"})
    assert person.decided == []


async def test_no_question_is_put_once_the_server_ends() -> None:
    person = Person()
    desk = ApprovalDesk(LocalPages(), person.open)
    with pytest.raises(StartError, match="shutting down"):
        await desk.show("k", Asked(), person.decide)
    assert person.opened == []
    assert not await desk.settled("k", FOREVER)
