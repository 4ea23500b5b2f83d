"""auth/attempts.py: one sign-in at a time, ended for good when it ends, whoever waited, declined or went away."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest

import auth
from auth._keeper import Ask
from auth._worker import _shared_slots, in_worker
from auth.attempts import Attempts
from auth.cache import MemoryTokenCache
from errors import AppError, SignInError, SignInNeeded
from principal import SignedIn
from storage import LockTimeout
from tests.auth.support import SCOPES, AtOnce, people_of, public_cloud
from tests.auth.test_people import Turns, approve, second_person

ASK = Ask.of(SCOPES)


async def test_somebody_else_signing_in_is_told_and_is_not_worked_as() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    ines, jonas = cloud.app.state.tenant.demo_person, second_person(cloud)
    first = people_of(cloud)
    async with first.running():
        old = await first.token(None, ASK)
    people = people_of(cloud, auth.DeviceFlow(pause=turns), first._cache, told=told)
    cloud.app.state.entra.revoke_sessions(ines)
    async with people.running():
        with pytest.raises(SignInNeeded):
            await people.token(None, Ask.of(SCOPES, refused=old))
        errors = list[AppError]()

        async def wait() -> None:
            with pytest.raises(SignInError) as told_apart:
                await people.token(None, Ask.of(SCOPES, refused=old))
            errors.append(told_apart.value)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            await approve(cloud, told[-1], jonas)
            turns.go_on()
    assert "jonas.brandt@lindenhall.example signed in" in str(errors[0])
    assert "this call works as ines.aldana@lindenhall.example" in str(errors[0])


async def test_whoever_keeps_signing_in_as_somebody_else_is_told_and_not_asked_for_ever() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    ines, jonas = cloud.app.state.tenant.demo_person, second_person(cloud)
    first = people_of(cloud)
    async with first.running():
        old = await first.token(None, ASK)
    people = people_of(cloud, auth.DeviceFlow(pause=turns), first._cache, told=told)
    cloud.app.state.entra.revoke_sessions(ines)
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, Ask.of(SCOPES, refused=old))
        await approve(cloud, told[-1], jonas)
        turns.go_on()
        assert await people.settled(invited.value.sign_in)
        with pytest.raises(SignInError, match=r"jonas\.brandt\S* signed in, but this call works as ines") as told_apart:
            await people.token(ines.user_principal_name, Ask.of(SCOPES, refused=old))
        assert not isinstance(told_apart.value, SignInNeeded)
        with pytest.raises(SignInNeeded):
            await people.token(ines.user_principal_name, Ask.of(SCOPES, refused=old))
    assert len(told) == 2


async def test_an_account_that_was_asked_for_by_another_of_its_names_is_an_answer() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=told)
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.login("ines@alias.example")
        await approve(cloud, told[0], cloud.app.state.tenant.demo_person)
        turns.go_on()
        assert await people.settled(invited.value.sign_in)
        assert (await people.login("ines@alias.example")).username == "ines.aldana@lindenhall.example"
    assert len(told) == 1


async def test_who_declined_may_think_again_at_once() -> None:
    cloud, told = public_cloud(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=Turns()), told=told)
    async with people.running():
        for _ in range(2):
            with pytest.raises(SignInNeeded) as invited:
                await people.token(None, ASK)
            await people.give_up(invited.value.sign_in)
    assert len(set(told)) == 2


async def test_a_question_that_nobody_was_asked_is_put_by_the_next_call() -> None:
    cloud = public_cloud()
    people, urls = people_of(cloud, auth.DeviceFlow(pause=Turns()), patience=0), list[str]()
    async with people.running():
        for unasked in (True, False, False):
            with pytest.raises(SignInNeeded) as invited:
                await people.token(None, ASK)
            urls.append(invited.value.url)
            people.unasked("another attempt")
            if unasked:
                people.unasked(invited.value.sign_in)
        assert people._attempts._pending
        people._attempts._pending.asked_at -= 121
        with pytest.raises(SignInNeeded) as again:
            await people.token(None, ASK)
    page = "https://microsoft.com/devicelogin"
    assert urls == [page, page, ""]
    assert again.value.url == page, "after two minutes it is put again"


async def test_a_decline_that_comes_while_the_sign_in_is_kept_is_too_late() -> None:
    cloud, cache = public_cloud(), Busy()
    turns, told = Turns(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), cache, told=told)
    cache.gate = threading.Event()
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, ASK)
        await approve(cloud, told[0], cloud.app.state.tenant.demo_person)
        turns.go_on()
        pending = people._attempts._pending
        assert pending
        with anyio.fail_after(20):
            while not pending.has_answer:
                await anyio.lowlevel.checkpoint()
        await people.give_up(invited.value.sign_in)
        cache.gate.set()
        assert await people.settled(invited.value.sign_in)
        assert await people.token(None, ASK)


async def test_a_declined_sign_in_ends_for_all_who_wait_and_the_next_call_begins_anew() -> None:
    cloud, told = public_cloud(), list[str]()
    people, errors = people_of(cloud, auth.DeviceFlow(pause=Turns()), told=told), list[str]()
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, ASK)

        async def wait() -> None:
            with pytest.raises(SignInError, match="declined to sign in"):
                await people.token(None, ASK)
            errors.append("declined")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            tasks.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            await people.give_up("another attempt")
            await people.give_up(invited.value.sign_in)
        assert errors == ["declined"] * 2
        with pytest.raises(SignInNeeded):
            await people.token(None, ASK)
    assert len(set(told)) == 2


async def test_only_the_call_that_began_a_sign_in_opens_its_page() -> None:
    cloud = public_cloud()
    people, urls = people_of(cloud, auth.DeviceFlow(pause=Turns()), patience=0), list[str]()
    async with people.running():
        for _ in range(3):
            with pytest.raises(SignInNeeded) as invited:
                await people.token(None, ASK)
            urls.append(invited.value.url)
    assert urls == ["https://microsoft.com/devicelogin", "", ""]


async def test_a_sign_in_that_a_tool_began_counts_for_account_login() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=told, patience=0)
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, ASK)
        with pytest.raises(SignInNeeded):
            await people.login()
        await approve(cloud, told[0], cloud.app.state.tenant.demo_person)
        turns.go_on()
        people._attempts._patience = 20
        assert await people.settled(invited.value.sign_in)
        assert (await people.login()).username == "ines.aldana@lindenhall.example"
    assert len(told) == 1


async def test_news_is_no_answer_for_another_account_nor_for_one_that_left() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=told)
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.login()
        await approve(cloud, told[0], cloud.app.state.tenant.demo_person)
        turns.go_on()
        assert await people.settled(invited.value.sign_in)
        with pytest.raises(SignInNeeded):
            await people.login("jonas.brandt@lindenhall.example")
    assert len(told) == 2


async def test_a_failure_that_nobody_heard_of_is_no_answer_to_a_call_long_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=told)
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, ASK)
        await approve(cloud, told[0], cloud.app.state.tenant.demo_person, "cancel")
        turns.go_on()
        assert await people.settled(invited.value.sign_in)
        assert people._attempts._pending
        people._attempts._pending.stale_at -= 61
        with pytest.raises(SignInNeeded):
            await people.token(None, ASK)
    assert len(told) == 2


class Busy(MemoryTokenCache):
    """A cache that somebody else has for a while."""

    refusals = 0
    gate: threading.Event | None = None

    @contextmanager
    def opened(self) -> Iterator[Any]:
        if self.gate:
            self.gate.wait(20)
        if self.refusals:
            self.refusals -= 1
            raise LockTimeout("Another sign-in is still under way. Try again in a moment.")
        with super().opened() as cache:
            yield cache


async def test_a_sign_in_is_not_thrown_away_because_the_cache_is_busy() -> None:
    cloud, cache = public_cloud(), Busy()
    cache.refusals = 3
    people = people_of(cloud, cache=cache)
    async with people.running():
        assert (await people.login()).username == "ines.aldana@lindenhall.example"


class Slow(MemoryTokenCache):
    """A cache whose next user lingers after leaving it."""

    lingers: threading.Event | None = None
    is_left = False

    @contextmanager
    def opened(self) -> Iterator[Any]:
        with super().opened() as cache:
            yield cache
        lingers, self.lingers = self.lingers, None
        if lingers:
            self.is_left = True
            lingers.wait(20)


async def test_silence_that_failed_while_the_person_signed_in_is_tried_again_and_asks_nobody_twice() -> None:
    cloud, turns, told, cache = public_cloud(), Turns(), list[str](), Slow()
    ines, tokens = cloud.app.state.tenant.demo_person, list[str]()
    first = people_of(cloud, cache=cache)
    async with first.running():
        old = await first.token(None, ASK)
    people = people_of(cloud, auth.DeviceFlow(pause=turns), cache, told=told)
    cloud.app.state.entra.revoke_sessions(ines)
    refused = Ask.of(SCOPES, claims='{"access_token":{}}')

    async def call() -> None:
        tokens.append(await people.token(None, refused))

    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, refused)
        async with anyio.create_task_group() as tasks:
            lingers = cache.lingers = threading.Event()
            tasks.start_soon(call)
            with anyio.fail_after(20):
                while not cache.is_left:
                    await anyio.lowlevel.checkpoint()
            await approve(cloud, told[0], ines)
            turns.go_on()
            assert await people.settled(invited.value.sign_in)
            lingers.set()
    assert len(told) == 1
    assert tokens
    assert old not in tokens


async def test_a_renewal_that_finds_the_cache_busy_leaves_the_old_token_in_use() -> None:
    cloud, cache = public_cloud(), Busy()
    people = people_of(cloud, cache=cache)
    async with people.running():
        token = await people.token(None, ASK)
        (kept,) = next(iter(people._keeper._kept.values())).values()
        kept.until -= max(0.0, kept.until - people._keeper._clock() - 200)
        cache.refusals = 1
        assert await people.token(None, ASK) == token


async def test_a_page_that_cannot_be_shown_does_not_end_the_server(caplog: pytest.LogCaptureFixture) -> None:
    class Unprintable(AtOnce):
        async def begin(self, application: Any, request: auth.SignInRequest) -> Any:
            attempt = await super().begin(application, request)
            attempt.close = self._broken
            return attempt

        def _broken(self, error: AppError | None) -> None:
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    cloud = public_cloud()
    people = people_of(cloud, Unprintable(cloud))
    async with people.running():
        assert (await people.login()).username == "ines.aldana@lindenhall.example"
        assert await people.token(None, ASK)
    assert "could not be shown" in caplog.text


async def test_the_default_that_changes_under_a_call_does_not_change_the_call() -> None:
    cloud = public_cloud()
    flow = AtOnce(cloud)
    people = people_of(cloud, flow)
    async with people.running():
        await people.login()
        source = people.source()
        first = await source.token(SCOPES)
        flow.next = second_person(cloud)
        await people.login()
        assert await source.token(SCOPES) == first
        assert await people.source().token(SCOPES) != first


async def test_accounts_can_be_listed_while_renewals_wait_for_the_cache() -> None:
    cloud = public_cloud()
    people = people_of(cloud)
    async with people.running():
        await people.login()
        # All the places for work that may block are taken.
        slots = _shared_slots()
        for number in range(int(slots.total_tokens)):
            slots.acquire_on_behalf_of_nowait(number)
        with anyio.fail_after(5):
            assert len(await people.listed()) == 1
        for number in range(int(slots.total_tokens)):
            slots.release_on_behalf_of(number)


async def test_callers_that_come_and_go_do_not_pile_up_threads() -> None:
    gate, running = threading.Event(), list[int]()

    def work() -> None:
        running.append(1)
        gate.wait(20)

    slots = _shared_slots()
    most = int(slots.total_tokens)
    for _ in range(most + 20):
        with anyio.move_on_after(0.005):
            await in_worker(work)
    assert len(running) <= most
    assert slots.borrowed_tokens == most
    gate.set()
    with anyio.fail_after(20):
        while slots.borrowed_tokens:
            await anyio.lowlevel.checkpoint()


async def test_a_caller_that_leaves_before_its_thread_began_gives_its_place_back() -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await in_worker(lambda: None)
    assert _shared_slots().borrowed_tokens == 0


def test_an_attempt_begins_only_while_the_server_runs() -> None:
    app = auth.PublicApp("c", "https://login.microsoftonline.com", "t", lambda: pytest.fail("asked the network"))

    def store(*_: Any) -> SignedIn:
        raise AssertionError

    attempts = Attempts(app, auth.DeviceFlow(), store, logging.getLogger().info, 0)
    with pytest.raises(SignInError, match="shutting down"):
        anyio.run(attempts.signed_in, auth.SignInRequest(SCOPES))
