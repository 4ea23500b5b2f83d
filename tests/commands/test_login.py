"""commands/login.py: a person signs in at the terminal, told each step once."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx
import pytest

import auth
from _server_demo import DemoTenant
from auth.cache import FileTokenCache
from commands import login
from errors import SignInError, SignInNeeded, SignInRefused
from principal import Identity, SignedIn
from settings import Settings
from tests.auth.support import AtOnce, people_of, public_cloud
from tests.auth.support import settings_for as settings_of
from tests.commands.support import APP, WAYS_WITHOUT_A_PERSON, Paper, identity_of, settings_with, signed_in

INES = signed_in("ines@lindenhall.example", selected=True)
JONAS = signed_in("jonas@lindenhall.example")
CODE = "Sign-in needed: open https://microsoft.com/devicelogin in a browser, enter the code ABC, then repeat the call."
PAGE = "http://localhost:4000/sign-in/abc"


class Scripted:
    """People whose login has the given outcomes, one after the other; the last one stays."""

    def __init__(self, *outcomes: Identity | Exception, before: Sequence[SignedIn] = (), waits: int = 0) -> None:
        self.outcomes = list(outcomes)
        self.before = before
        self.waits = waits
        self.asked_for: list[str | None] = []
        self.is_running = False
        self.is_kept = True
        self.tell: Callable[[str], None] = lambda _: None

    def __call__(self, tell: Callable[[str], None]) -> Scripted:
        self.tell = tell
        return self

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.is_running = True
        yield
        self.is_running = False

    @property
    def are_kept(self) -> bool:
        return self.is_kept

    async def listed(self) -> Sequence[SignedIn]:
        return self.before

    async def login(self, account: str | None = None) -> Identity:
        self.asked_for.append(account)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, SignInNeeded) and len(self.asked_for) == 1:
            self.tell(str(outcome))
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def settled(self, sign_in: str) -> bool:
        await anyio.lowlevel.checkpoint()
        self.waits -= 1
        return self.waits < 0


def needed(url: str = "https://microsoft.com/devicelogin", sign_in: str = "one") -> SignInNeeded:
    return SignInNeeded(CODE, url=url, sign_in=sign_in)


async def outcome_of(
    people: Scripted,
    settings: Settings | None = None,
    account: str | None = None,
    open_page: Callable[[str], bool] = lambda _: False,
) -> tuple[int, Paper]:
    paper = Paper()
    with anyio.fail_after(10):
        status = await login(settings or settings_with(), people, paper.output, account=account, open_page=open_page)
    assert not people.is_running
    return status, paper


async def test_who_signed_in_is_the_result_and_all_else_is_told_beside_it(tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    cache.touch()
    settings = settings_with(ENTRA_TOKEN_CACHE_PATH=str(cache))
    people = Scripted(needed(), identity_of(INES, "Ines Aldana"), waits=1)
    status, paper = await outcome_of(people, settings)
    assert status == 0
    assert paper.shown == [f"Signed in as Ines Aldana <ines@lindenhall.example>, tenant {INES.tenant_id}."]
    assert paper.told[0] == CODE.replace(", then repeat the call", "")
    assert "Waiting for the sign-in" in paper.told[1]
    assert "Still waiting" in paper.told[2]
    assert f"kept in {cache}" in paper.told[3]
    assert paper.told[4].startswith("Next: ")


async def test_a_sign_in_that_could_not_be_kept_is_told_as_such(tmp_path: Path) -> None:
    settings = settings_with(ENTRA_TOKEN_CACHE_PATH=str(tmp_path / "absent.json"))
    people = Scripted(identity_of(INES))
    people.is_kept = False
    status, paper = await outcome_of(people, settings)
    assert status == 0
    assert any("could not be kept" in text for text in paper.told)
    assert not any("Next:" in text for text in paper.told)


@pytest.mark.parametrize(
    ("way", "url", "opened"),
    [
        pytest.param("auto", PAGE, [PAGE], id="a page of this computer"),
        pytest.param("browser", PAGE, [PAGE], id="the browser was asked for"),
        pytest.param("auto", "https://microsoft.com/devicelogin", [], id="a code for any device"),
        pytest.param("device", "http://127.0.0.1:4000/devicelogin", [], id="a code although the page is here"),
        pytest.param("auto", "", [], id="no page at all"),
    ],
)
async def test_the_browser_opens_only_for_a_page_of_this_computer(way: str, url: str, opened: list[str]) -> None:
    seen: list[str] = []
    threads: set[int] = set()

    def open_page(page: str) -> bool:
        seen.append(page)
        threads.add(threading.get_ident())
        return True

    people = Scripted(needed(url), identity_of(INES))
    status, paper = await outcome_of(people, settings_with(ENTRA_SIGN_IN=way), open_page=open_page)
    assert status == 0
    assert seen == opened
    assert threading.get_ident() not in threads
    assert any("opening in your browser" in text for text in paper.told) == bool(opened)


async def test_a_browser_that_does_not_open_is_not_promised() -> None:
    _, paper = await outcome_of(Scripted(needed(PAGE), identity_of(INES)), open_page=lambda _: False)
    assert not any("opening" in text for text in paper.told)
    assert CODE.replace(", then repeat the call", "") in paper.told


async def test_whoever_signs_in_instead_is_named() -> None:
    people = Scripted(needed(), identity_of(JONAS))
    status, paper = await outcome_of(people, account=INES.username)
    assert status == 0
    assert people.asked_for == [INES.username] * 2
    (note,) = [text for text in paper.told if text.startswith("Note: ")]
    assert INES.username in note
    assert JONAS.username in note


@pytest.mark.parametrize(
    "account",
    [
        pytest.param("INES@lindenhall.example", id="in other letters"),
        pytest.param(INES.id, id="by its id"),
        pytest.param(INES.id.rpartition(".")[0], id="by the user's id"),
    ],
)
async def test_the_account_that_was_meant_gets_no_note(account: str) -> None:
    _, paper = await outcome_of(Scripted(identity_of(INES)), account=account)
    assert not any(text.startswith("Note: ") for text in paper.told)


async def test_an_account_that_was_signed_in_before_is_told_so() -> None:
    _, paper = await outcome_of(Scripted(identity_of(INES), before=[INES]), account=INES.username)
    assert paper.shown[0].endswith("already, and the sign-in still works.")
    _, paper = await outcome_of(Scripted(identity_of(INES), before=[JONAS]), account=INES.username)
    assert "already" not in paper.shown[0]


async def test_names_cannot_steer_the_terminal() -> None:
    hostile = identity_of(signed_in("\x1b[2Jevil\u202e@x.example"), "Name\r\nSigned in as root")
    _, paper = await outcome_of(Scripted(hostile))
    assert paper.shown[0].isprintable()


async def test_an_account_without_a_name_is_still_a_success() -> None:
    _, paper = await outcome_of(Scripted(identity_of(signed_in(""))))
    assert "does not tell its name" in paper.shown[0]


async def test_a_sign_in_that_is_refused_says_why_and_fails() -> None:
    refused = SignInRefused("jonas signed in, but this server works for ines alone.")
    status, paper = await outcome_of(Scripted(needed(), refused))
    assert (status, paper.shown) == (1, [])
    assert paper.told[-1] == str(refused)


async def test_a_sign_in_that_ran_out_of_time_ends_and_does_not_begin_anew() -> None:
    people = Scripted(needed(), needed(sign_in="two"))
    status, paper = await outcome_of(people)
    assert status == 1
    assert len(people.asked_for) == 2
    assert "not completed in time" in paper.told[-1]


async def test_the_same_sign_in_is_asked_for_once() -> None:
    people = Scripted(needed(), needed(), needed(), identity_of(INES))
    status, paper = await outcome_of(people)
    assert status == 0
    assert sum("Waiting for the sign-in" in text for text in paper.told) == 1


@pytest.mark.parametrize(
    ("environ", "remedy"), [pytest.param(*case, id=name) for name, case in WAYS_WITHOUT_A_PERSON.items()]
)
async def test_where_nobody_signs_in_it_says_what_to_do_instead(environ: dict[str, str], remedy: str) -> None:
    people = Scripted(SignInError("never asked"))
    status, paper = await outcome_of(people, settings_with(**environ))
    assert status == 2
    assert remedy in paper.told[0]
    assert people.asked_for == []


async def test_an_interrupted_sign_in_says_that_nothing_changed() -> None:
    paper = Paper()
    people = Scripted(needed(), needed())
    people.waits = 10**9

    async def never(sign_in: str) -> bool:
        await anyio.sleep_forever()
        return True

    people.settled = never  # type: ignore[method-assign]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: login(settings_with(), people, paper.output, open_page=lambda _: False))
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert paper.shown == []
    assert paper.told[-1] == "Stopped. Nobody was signed in, and nothing was changed."


# With the real engine, real MSAL and the emulator's Entra.


async def test_the_whole_way_by_a_code_is_kept_for_the_next_start(tmp_path: Path) -> None:
    cloud, paper, path = public_cloud(), Paper(), tmp_path / "cache.json"
    settings = settings_of(cloud, ENTRA_TOKEN_CACHE_PATH=str(path), ENTRA_SIGN_IN="device")
    go_on = anyio.Event()

    async def pause(seconds: float) -> None:
        await go_on.wait()

    def made(tell: Callable[[str], None]) -> auth.People:
        cache = FileTokenCache(path, client_id=APP, warn=pytest.fail)
        return people_of(cloud, auth.DeviceFlow(pause=pause), cache=cache, told=Handed(tell))

    statuses: list[int] = []

    async def run() -> None:
        statuses.append(await login(settings, made, paper.output, open_page=lambda _: False))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        while len(paper.told) < 2:
            await anyio.wait_all_tasks_blocked()
        await accepted(cloud, paper.told[0])
        go_on.set()
    assert statuses == [0]
    assert "Ines Aldana" in paper.shown[0]
    assert "repeat the call" not in paper.told[0]
    later = people_of(cloud, cache=FileTokenCache(path, client_id=APP, warn=pytest.fail))
    assert [each.username for each in await later.listed()] == [cloud.app.state.tenant.demo_person.user_principal_name]


class Handed(list[str]):
    """A list that hands on what is put into it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def append(self, text: str) -> None:
        self._tell(text)


async def accepted(cloud: DemoTenant, invitation: str) -> None:
    """What the person does with the code that they were shown."""
    code = invitation.partition("enter the code ")[2].rstrip(".")
    fields = {"user_code": code, "person": cloud.app.state.tenant.demo_person.id, "decision": "accept"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=cloud), base_url="https://microsoft.com") as browser:
        await browser.post("/devicelogin", data=fields)


async def test_an_account_that_is_not_expected_is_refused_and_not_kept(tmp_path: Path) -> None:
    cloud, paper, path = public_cloud(), Paper(), tmp_path / "cache.json"
    cache = FileTokenCache(path, client_id=APP, warn=pytest.fail)
    people = people_of(cloud, AtOnce(cloud), cache=cache, expected="jonas.brandt@lindenhall.example")
    status = await login(settings_of(cloud), lambda _: people, paper.output, open_page=lambda _: False)
    assert status == 1
    assert "ENTRA_EXPECTED_ACCOUNT" in paper.told[-1]
    assert not path.exists()
