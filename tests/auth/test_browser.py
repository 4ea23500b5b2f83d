"""auth/browser.py: real MSAL and the emulator's Entra, a browser without scripts, and the page server on a socket."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import anyio
import httpx
import pytest
from anyio.lowlevel import checkpoint

from auth._flow import SignInRequest
from auth.browser import LIFETIME, BrowserAttempt, BrowserFlow
from errors import SignInError, SignInRefused, SignInUnavailable
from tests.auth.flows import SCOPES, Browser, Cloud, Ended
from web.local_pages import LocalPages

ASKED = SignInRequest(SCOPES)


async def forever(_: float) -> None:
    await anyio.sleep_forever()


@dataclass
class Stage:
    """Everything that one sign-in needs, running."""

    cloud: Cloud
    pages: LocalPages
    flow: BrowserFlow
    browser: Browser

    async def begun(self, request: SignInRequest = ASKED) -> BrowserAttempt:
        return await self.flow.begin(await self.cloud.application(), request)

    async def asked_of_entra(self, attempt: BrowserAttempt) -> dict[str, str]:
        address = await self.browser.sent_to(attempt.invitation.url)
        return dict(parse_qsl(urlsplit(address).query))


@asynccontextmanager
async def staged(redirect_uri: str = "http://localhost") -> AsyncIterator[Stage]:
    cloud, pages = Cloud(redirect_uris=(redirect_uri,)), LocalPages()
    flow = BrowserFlow(pages, redirect_uri, pause=forever)
    async with pages.running(), Browser(cloud) as browser:
        yield Stage(cloud, pages, flow, browser)


async def test_a_person_signs_in_and_the_page_says_who_it_is() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.jonas)
        answer = await stage.browser.hand_over(handover)
    assert answer.status_code == 200
    assert "You are signed in as" in answer.text
    assert stage.cloud.jonas.user_principal_name in answer.text
    assert ended.result["access_token"]
    assert ended.result["id_token_claims"]["preferred_username"] == stage.cloud.jonas.user_principal_name
    assert threading.get_ident() not in stage.cloud.wire.threads


async def test_the_invitation_is_short_and_holds_nothing_of_the_request() -> None:
    async with staged() as stage:
        attempt = await stage.begun()
        url = attempt.invitation.url
        assert attempt.invitation.text == (
            f"Sign-in needed: open {url} in a browser on this computer, then repeat the call."
        )
        assert url.startswith(f"{await stage.pages.url()}/sign-in/")
        assert len(url) < 60
        asked = await stage.asked_of_entra(attempt)
    assert asked["state"] not in url
    assert asked["nonce"] not in url


async def test_entra_is_asked_with_pkce_for_a_form_that_comes_back_here() -> None:
    async with staged() as stage:
        asked = await stage.asked_of_entra(await stage.begun())
        port = urlsplit(await stage.pages.url()).port
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_mode"] == "form_post"
    assert asked["redirect_uri"] == f"http://localhost:{port}"
    assert not {"prompt", "login_hint"} & asked.keys()


async def test_hint_choice_and_claims_reach_entra() -> None:
    claims = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
    async with staged() as stage:
        request = SignInRequest(SCOPES, claims=claims, hint="jonas.brandt@lindenhall.example", choose=True)
        asked = await stage.asked_of_entra(await stage.begun(request))
    assert asked["prompt"] == "select_account"
    assert asked["login_hint"] == "jonas.brandt@lindenhall.example"
    assert '"acrs"' in asked["claims"]


@pytest.mark.parametrize(
    ("registered", "sent"),
    [
        pytest.param("http://localhost", "http://localhost:{port}", id="bare"),
        pytest.param("http://localhost/", "http://localhost:{port}/", id="with a slash"),
        pytest.param("http://localhost/back/here", "http://localhost:{port}/back/here", id="with a path"),
        pytest.param("http://127.0.0.1/back", "http://127.0.0.1:{port}/back", id="an address"),
    ],
)
async def test_the_way_back_is_the_registered_one_with_the_port_of_the_pages(registered: str, sent: str) -> None:
    async with staged(registered) as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.ines)
        port = urlsplit(await stage.pages.url()).port
        assert handover.action == sent.format(port=port)
        assert (await stage.browser.hand_over(handover)).status_code == 200
    assert ended.result["access_token"]


async def test_a_way_back_that_names_its_port_keeps_it() -> None:
    async with staged("http://localhost:8400/back") as stage:
        asked = await stage.asked_of_entra(await stage.begun())
    assert asked["redirect_uri"] == "http://localhost:8400/back"


async def test_an_answer_in_the_query_is_taken_too() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.ines)
        answer = await stage.browser.http.get(f"{handover.action}/?{urlencode(handover.hidden)}")
    assert "You are signed in as" in answer.text
    assert ended.result["access_token"]


async def test_a_person_who_cancels_is_told_so_and_the_error_is_the_result() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        answer = await stage.browser.hand_over(await stage.browser.decided(attempt.invitation.url, None))
    assert answer.status_code == 400
    assert "You are not signed in" in answer.text
    assert "cancelled, or the permissions were declined" in answer.text
    assert "AADSTS65004" in answer.text
    assert ended.result["error"] == "access_denied"
    assert "access_token" not in ended.result
    assert stage.cloud.wire.forms == []


async def test_what_entra_says_is_shown_as_text_and_without_codes() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        handover = await stage.browser.decided(attempt.invitation.url, None)
        secret = "0.AXoA" + "x" * 60
        answer = await stage.browser.hand_over(
            handover, error="odd", error_description=f"AADSTS1: <script>alert(1)</script> code {secret}"
        )
    assert "Microsoft did not complete the sign-in." in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<script" not in answer.text
    assert secret not in answer.text


async def test_a_code_that_entra_does_not_take_is_told_and_is_the_result() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.ines)
        answer = await stage.browser.hand_over(handover, code="made-up")
    assert "You are not signed in" in answer.text
    assert ended.result["error"] == "invalid_grant"


async def test_trouble_while_redeeming_is_told_on_the_page_and_raised() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.ines)
        stage.cloud.wire.script = [SignInUnavailable("The sign-in service is away <today>.")]
        answer = await stage.browser.hand_over(handover)
    assert "The sign-in service is away &lt;today&gt;." in answer.text
    assert isinstance(ended.error, SignInUnavailable)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"state": "somebody-elses"}, id="a foreign state"),
        pytest.param({"state": ""}, id="no state"),
        pytest.param({"code": ""}, id="neither code nor error"),
    ],
)
async def test_an_answer_to_something_else_ends_nothing(changed: dict[str, str]) -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.ines)
        stray = await stage.browser.hand_over(handover, **changed)
        assert stray.status_code == 404
        assert "This link leads nowhere" in stray.text
        assert stage.cloud.wire.forms == []
        assert (await stage.browser.hand_over(handover)).status_code == 200
    assert ended.result["access_token"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("state={state}&code=a&code=b", id="a field twice"),
        pytest.param("state={state}&code=%ff", id="no UTF-8 in a field"),
        pytest.param("state={state}&code=a" + "&x=1" * 50, id="far too many fields"),
        pytest.param("", id="nothing"),
    ],
)
async def test_a_form_that_cannot_be_read_ends_nothing(body: str) -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt = await stage.begun()
        tasks.start_soon(Ended().watch, attempt)
        state = (await stage.asked_of_entra(attempt))["state"]
        answer = await stage.browser.http.post(await stage.pages.url(), content=body.format(state=state))
        assert answer.status_code == 404
        assert (await stage.browser.http.get(attempt.invitation.url)).status_code == 302, "the attempt goes on"
        tasks.cancel_scope.cancel()


async def test_a_form_that_is_no_text_ends_nothing() -> None:
    async with staged() as stage:
        await stage.begun()
        answer = await stage.browser.http.post(await stage.pages.url(), content=b"\xff\xfe")
        assert answer.status_code == 404


async def test_the_link_works_until_it_is_used_and_a_reload_redeems_nothing() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        first = await stage.browser.sent_to(attempt.invitation.url)
        assert await stage.browser.sent_to(attempt.invitation.url) == first
        handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.ines)
        await stage.browser.hand_over(handover)
        reload = await stage.browser.hand_over(handover)
        again = await stage.browser.http.get(attempt.invitation.url)
    assert reload.status_code == again.status_code == 404
    assert "If you have just signed in here, there is nothing left to do" in reload.text
    assert len(stage.cloud.wire.forms) == 1


async def test_a_second_tab_that_comes_meanwhile_sees_the_same_and_redeems_nothing() -> None:
    cloud, pages = Cloud(), LocalPages()
    local = httpx.ASGITransport(app=pages)
    answers: list[httpx.Response] = []
    async with pages.running(), Browser(cloud, local) as browser, anyio.create_task_group() as tasks:
        attempt = await BrowserFlow(pages, "http://localhost", pause=forever).begin(await cloud.application(), ASKED)
        tasks.start_soon(Ended().watch, attempt)
        handover = await browser.decided(attempt.invitation.url, cloud.ines)

        async def tab() -> None:
            answers.append(await browser.hand_over(handover))

        cloud.wire.go.clear()
        for _ in range(2):
            tasks.start_soon(tab)
        try:
            while not cloud.wire.forms:
                await checkpoint()
            await anyio.wait_all_tasks_blocked()
            assert answers == []
        finally:
            cloud.wire.go.set()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    assert len(cloud.wire.forms) == 1


async def test_of_two_different_answers_the_first_one_counts() -> None:
    cloud, pages = Cloud(), LocalPages()
    local = httpx.ASGITransport(app=pages)
    async with pages.running(), Browser(cloud, local) as browser, anyio.create_task_group() as tasks:
        attempt = await BrowserFlow(pages, "http://localhost", pause=forever).begin(await cloud.application(), ASKED)
        handover = await browser.decided(attempt.invitation.url, cloud.ines)
        for code in (handover.hidden["code"], "another"):
            tasks.start_soon(partial(browser.hand_over, handover, code=code))
            await anyio.wait_all_tasks_blocked()
        assert (await attempt.result())["access_token"]
        attempt.close(None)


async def test_a_sign_in_that_is_refused_afterwards_is_no_success_on_the_page() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt = await stage.begun()
        pages = list[str]()

        async def arrive() -> None:
            handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.jonas)
            pages.append((await stage.browser.hand_over(handover)).text)

        tasks.start_soon(arrive)
        assert (await attempt.result())["access_token"]
        attempt.close(SignInRefused("This server works for Ines alone. Nothing was kept."))
    assert "This server works for Ines alone. Nothing was kept." in pages[0]
    assert "You are signed in" not in pages[0]


async def test_two_sign_ins_at_once_do_not_get_into_each_others_way() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        first, second = await stage.begun(), await stage.begun()
        ended = Ended(), Ended()
        tasks.start_soon(ended[0].watch, first)
        tasks.start_soon(ended[1].watch, second)
        for attempt, person in ((second, stage.cloud.jonas), (first, stage.cloud.ines)):
            await stage.browser.hand_over(await stage.browser.decided(attempt.invitation.url, person))
    names = [each.result["id_token_claims"]["name"] for each in ended]
    assert names == ["Ines Aldana", "Jonas Brandt"]


async def test_nobody_coming_ends_the_attempt_after_a_quarter_of_an_hour() -> None:
    cloud, pages, asked = Cloud(), LocalPages(), list[float]()

    async def pause(seconds: float) -> None:
        asked.append(seconds)

    flow = BrowserFlow(pages, "http://localhost", pause=pause)
    async with pages.running(), Browser(cloud) as browser:
        attempt = await flow.begin(await cloud.application(), ASKED)
        with pytest.raises(SignInError, match=r"Nobody signed in within 15 minutes.*Repeat the call"):
            await attempt.result()
        attempt.close(None)
        assert (await browser.http.get(attempt.invitation.url)).status_code == 404
        assert (await browser.http.get(await pages.url())).status_code == 404
    assert asked == [LIFETIME] == [900]


async def test_giving_up_closes_the_way_in_and_the_way_back() -> None:
    async with staged() as stage:
        attempt = await stage.begun()
        with anyio.CancelScope() as scope:
            scope.cancel()
            await attempt.result()
        attempt.close(None)
        assert (await stage.browser.http.get(attempt.invitation.url)).status_code == 404
        post = await stage.browser.http.post(await stage.pages.url(), data={"state": "x", "code": "y"})
        assert post.status_code == 404
        assert "This link leads nowhere" in post.text
        await stage.begun()  # the paths are free again


async def test_a_browser_that_waits_when_the_server_gives_up_is_told_so() -> None:
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, answers = await stage.begun(), list[httpx.Response]()
        handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.ines)

        async def tab() -> None:
            answers.append(await stage.browser.hand_over(handover))

        stage.cloud.wire.go.clear()
        try:
            async with anyio.create_task_group() as waiting:
                waiting.start_soon(Ended().watch, attempt)
                tasks.start_soon(tab)
                while not stage.cloud.wire.forms:
                    await checkpoint()
                waiting.cancel_scope.cancel()
        finally:
            stage.cloud.wire.go.set()
    assert answers[0].status_code == 400
    assert "has stopped waiting" in answers[0].text


async def test_nothing_of_a_sign_in_is_in_a_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with staged() as stage, anyio.create_task_group() as tasks:
        attempt, ended = await stage.begun(), Ended()
        tasks.start_soon(ended.watch, attempt)
        handover = await stage.browser.decided(attempt.invitation.url, stage.cloud.ines)
        caplog.clear()  # the browser's own requests are in there: it is in this process
        await stage.browser.hand_over(handover)
    secrets = [handover.hidden["code"], stage.cloud.wire.forms[0]["code_verifier"], ended.result["access_token"]]
    assert all(secret and secret not in caplog.text + repr(attempt) for secret in secrets)


async def test_the_link_of_each_attempt_is_another_one() -> None:
    async with staged() as stage:
        links = {(await stage.begun()).invitation.url for _ in range(5)}
        states = {parse_qs(urlsplit(await stage.browser.sent_to(link)).query)["state"][0] for link in links}
    assert len(links) == len(states) == 5
