"""auth/people.py: people stay signed in, each with their own tokens; by real MSAL against the emulator's Entra."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

import auth
from _server_demo import DemoTenant
from auth._keeper import Ask, TokenKeeper
from auth.accounts import claims_of
from auth.cache import FileTokenCache, Records
from auth.people import People
from emulator.tenant import Person
from errors import AppError, SignInError, SignInNeeded, SignInRefused, SignInUnavailable, StorageError, ToolInputError
from network import sync_client
from storage import PrivateFile
from tests.auth.support import APP, SCOPES, AtOnce, people_of, public_cloud

ASK = Ask.of(SCOPES)


class Turns:
    """The pauses between two looks of a device sign-in: each ends when the test says so."""

    def __init__(self) -> None:
        self._turns = anyio.Semaphore(0)

    async def __call__(self, seconds: float) -> None:
        await self._turns.acquire()

    def go_on(self) -> None:
        self._turns.release()


def second_person(cloud: DemoTenant) -> Person:
    everybody: dict[str, Person] = cloud.app.state.tenant.people
    return next(each for each in everybody.values() if each.display_name == "Jonas Brandt")


def file_cache(path: Path) -> FileTokenCache:
    return FileTokenCache(path, client_id=APP, warn=pytest.fail)


async def approve(cloud: DemoTenant, invitation: str, person: Person, decision: str = "accept") -> None:
    """What the person does with the code that they were shown."""
    code = invitation.partition("enter the code ")[2].partition(",")[0]
    fields = {"user_code": code, "person": person.id, "decision": decision}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=cloud), base_url="https://microsoft.com") as browser:
        await browser.post("/devicelogin", data=fields)


async def test_the_first_call_invites_and_the_second_waits_for_the_same_sign_in() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    people, tokens = people_of(cloud, auth.DeviceFlow(pause=turns), told=told), list[str]()

    async def call_again() -> None:
        tokens.append(await people.token(None, ASK))

    async with people.running(), anyio.create_task_group() as tasks:
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, ASK)
        assert told == [str(invited.value)]
        assert "enter the code" in told[0]
        assert invited.value.url == "https://microsoft.com/devicelogin"
        tasks.start_soon(call_again)
        tasks.start_soon(call_again)
        await anyio.wait_all_tasks_blocked()
        await approve(cloud, told[0], cloud.app.state.tenant.demo_person)
        turns.go_on()
    assert len(told) == 1
    assert len(tokens) == 2
    assert len(set(tokens)) == 1


async def test_a_call_that_waited_long_enough_is_told_the_same_once_more() -> None:
    cloud, told = public_cloud(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=Turns()), told=told, patience=0)
    async with people.running():
        texts = []
        for _ in range(3):
            with pytest.raises(SignInNeeded) as invited:
                await people.token(None, ASK)
            texts.append((str(invited.value), invited.value.sign_in))
        assert len(set(texts)) == 1
        assert not await people.settled(texts[0][1])
    assert len(told) == 1


async def test_a_sign_in_that_was_declined_is_told_once_and_the_next_call_starts_anew() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=told)
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, ASK)
        await approve(cloud, told[0], cloud.app.state.tenant.demo_person, "cancel")
        turns.go_on()
        assert await people.settled(invited.value.sign_in)
        with pytest.raises(SignInError, match=r"declined|cancelled") as declined:
            await people.token(None, ASK)
        assert not isinstance(declined.value, SignInNeeded)
        with pytest.raises(SignInNeeded):
            await people.token(None, ASK)
    assert len(set(told)) == 2


async def test_a_later_start_finds_the_sign_in_and_asks_entra_for_nothing(tmp_path: Path) -> None:
    cloud, path = public_cloud(), tmp_path / "cache.json"
    first = people_of(cloud, cache=file_cache(path))
    async with first.running():
        token = await first.token(None, ASK)
    later = people_of(cloud, cache=file_cache(path))
    cloud.app.state.entra.journal.clear()
    async with later.running():
        assert await later.token(None, ASK) == token
    assert cloud.app.state.entra.journal.count() == 0


async def test_two_processes_make_one_refresh(tmp_path: Path) -> None:
    cloud, path = public_cloud(), tmp_path / "cache.json"
    processes = [people_of(cloud, cache=file_cache(path)) for _ in range(2)]
    async with processes[0].running(), processes[1].running():
        old = await processes[0].token(None, ASK)
        assert await processes[1].token(None, ASK) == old
        cloud.app.state.entra.journal.clear()
        refused, tokens = Ask.of(SCOPES, refused=old), set[str]()

        async def renew(people: People) -> None:
            tokens.add(await people.token(None, refused))

        async with anyio.create_task_group() as tasks:
            for people in processes * 5:
                tasks.start_soon(renew, people)
    assert len(tokens) == 1
    assert old not in tokens
    assert cloud.app.state.entra.journal.count(grant="refresh_token") == 1


async def test_several_accounts_live_in_one_cache_and_each_gets_its_own_token(tmp_path: Path) -> None:
    cloud = public_cloud()
    flow = AtOnce(cloud)
    people = people_of(cloud, flow, file_cache(tmp_path / "cache.json"))
    ines, jonas = cloud.app.state.tenant.demo_person, second_person(cloud)
    async with people.running():
        await people.identity()
        flow.next = jonas
        assert (await people.login()).username == jonas.user_principal_name
        assert flow.requests[-1].choose
        listed = {each.username: each.is_selected for each in await people.listed()}
        assert listed == {ines.user_principal_name: False, jonas.user_principal_name: True}
        for account, person in ((ines.user_principal_name.upper(), ines), (None, jonas)):
            assert claims_of(await people.token(account, ASK))["oid"] == person.id
        assert (await people.select(ines.user_principal_name)).is_selected
        assert claims_of(await people.source().token(SCOPES))["oid"] == ines.id
        with pytest.raises(ToolInputError, match=r"Signed in: .*ines\.aldana"):
            await people.token("nobody@lindenhall.example", ASK)
        with pytest.raises(ToolInputError, match="is not signed in here"):
            await people.select("nobody@lindenhall.example")


async def test_the_selected_account_is_found_again_by_a_later_start(tmp_path: Path) -> None:
    cloud, path = public_cloud(), tmp_path / "cache.json"
    flow = AtOnce(cloud)
    people = people_of(cloud, flow, file_cache(path))
    async with people.running():
        await people.login()
        flow.next = second_person(cloud)
        await people.login()
        await people.select("ines.aldana@lindenhall.example")
    (selected,) = [each for each in await people_of(cloud, cache=file_cache(path)).listed() if each.is_selected]
    assert selected.username == "ines.aldana@lindenhall.example"


async def test_signing_out_removes_one_account_from_disk_and_memory(tmp_path: Path) -> None:
    cloud, path = public_cloud(), tmp_path / "cache.json"
    flow = AtOnce(cloud)
    people = people_of(cloud, flow, file_cache(path))
    async with people.running():
        token = await people.token(None, ASK)
        flow.next = second_person(cloud)
        await people.login()
        (gone,) = await people.logout("ines.aldana@lindenhall.example")
        assert gone.username == "ines.aldana@lindenhall.example"
        assert [each.username for each in await people.listed()] == ["jonas.brandt@lindenhall.example"]
        assert token not in path.read_text()
        assert gone.id not in path.read_text()
        assert await people.logout() != []
        assert await people.logout() == []
        flow.next = cloud.app.state.tenant.demo_person
        assert claims_of(await people.token(None, ASK))["oid"] == flow.next.id
    assert len(flow.requests) == 3


async def test_what_another_app_or_tenant_keeps_in_the_file_is_not_ours(tmp_path: Path) -> None:
    cloud, path = public_cloud(), tmp_path / "cache.json"
    people = people_of(cloud, cache=file_cache(path))
    async with people.running():
        await people.token(None, ASK)
    other_tenant = people_of(cloud, cache=file_cache(path), tenant="11111111-2222-4333-8444-555555555555")
    assert await other_tenant.listed() == []
    other_app = people_of(cloud, cache=file_cache(path))
    other_app._roster._app.client_id = "99999999-2222-4333-8444-555555555555"
    assert await other_app.listed() == []


async def test_signing_everybody_out_reaches_accounts_that_could_not_be_used_now(tmp_path: Path) -> None:
    cloud, path = public_cloud(), tmp_path / "cache.json"
    people = people_of(cloud, cache=file_cache(path))
    async with people.running():
        token = await people.token(None, ASK)
    for other in (
        people_of(cloud, cache=file_cache(path), expected="jonas.brandt@lindenhall.example"),
        people_of(cloud, cache=file_cache(path), tenant="11111111-2222-4333-8444-555555555555"),
    ):
        assert await other.listed() == []
    gone = await other.logout_everybody()
    assert [each.username for each in gone] == ["ines.aldana@lindenhall.example"]
    assert token not in path.read_text()
    assert "RefreshToken" not in path.read_text() or '"secret"' not in path.read_text()


async def test_a_sign_out_that_could_not_be_written_is_no_success(tmp_path: Path) -> None:
    told = list[str]()

    class Full(PrivateFile):
        is_full = False

        def replace(self, data: bytes) -> None:
            if type(self).is_full:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().replace(data)

    cloud = public_cloud()
    cache = FileTokenCache(tmp_path / "cache.json", client_id=APP, warn=told.append, file_type=Full)
    people = people_of(cloud, cache=cache)
    async with people.running():
        await people.token(None, ASK)
        assert people.are_kept
        Full.is_full = True
        with pytest.raises(StorageError, match=r"still in the token cache.*sign out again"):
            await people.logout()
        assert not people.are_kept
        Full.is_full = False
        assert await people.logout_everybody() == []
        assert people.are_kept


async def test_an_account_that_was_never_written_is_signed_out_without_complaint(tmp_path: Path) -> None:
    class Full(PrivateFile):
        def replace(self, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    told = list[str]()
    cloud = public_cloud()
    cache = FileTokenCache(tmp_path / "cache.json", client_id=APP, warn=told.append, file_type=Full)
    people = people_of(cloud, cache=cache)
    async with people.running():
        await people.token(None, ASK)
        assert not people.are_kept
        assert [each.username for each in await people.logout()] == ["ines.aldana@lindenhall.example"]
        assert await people.listed() == []
    assert len(told) == 1


async def test_only_the_expected_account_is_kept(tmp_path: Path) -> None:
    cloud, path = public_cloud(), tmp_path / "cache.json"
    flow = AtOnce(cloud, second_person(cloud))
    people = people_of(cloud, flow, file_cache(path), expected="Ines.Aldana@lindenhall.example")
    async with people.running():
        with pytest.raises(SignInRefused, match=r"jonas\.brandt.*ENTRA_EXPECTED_ACCOUNT.*Nothing was kept"):
            await people.token(None, ASK)
        assert not path.exists()
        flow.next = cloud.app.state.tenant.demo_person
        assert claims_of(await people.token(None, ASK))["oid"] == flow.next.id


async def test_an_outage_at_a_refresh_costs_nothing(tmp_path: Path) -> None:
    cloud, path = public_cloud(), tmp_path / "cache.json"
    people = people_of(cloud, cache=file_cache(path))
    weather = cloud.app.state.entra.weather
    async with people.running():
        old = await people.token(None, ASK)
        for trouble in (weather.outage, weather.throttle, weather.tear):
            trouble()
            with pytest.raises(SignInError):
                await people.token(None, Ask.of(SCOPES, refused=old))
            weather.clear()
        assert await people.token(None, Ask.of(SCOPES, refused=old)) != old


async def test_the_pause_that_entra_asks_for_reaches_the_caller() -> None:
    cloud = public_cloud()
    people = people_of(cloud)
    async with people.running():
        old = await people.token(None, ASK)
        cloud.app.state.entra.weather.throttle(retry_after=17)
        with pytest.raises(SignInUnavailable) as asked:
            await people.token(None, Ask.of(SCOPES, refused=old))
    assert asked.value.retry_after == 17


async def test_a_revoked_sign_in_asks_the_person_once_and_entra_no_more() -> None:
    cloud, told = public_cloud(), list[str]()
    turns = Turns()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=told, patience=0)
    entra, ines = cloud.app.state.entra, cloud.app.state.tenant.demo_person
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, ASK)
        await approve(cloud, told[0], ines)
        turns.go_on()
        people._attempts._patience = 20
        assert await people.settled(invited.value.sign_in)
        old = await people.token(None, ASK)
        entra.revoke_refresh_tokens(ines)
        entra.journal.clear()
        people._attempts._patience = 0
        for _ in range(3):
            with pytest.raises(SignInNeeded):
                await people.token(None, Ask.of(SCOPES, refused=old))
        assert entra.journal.count(grant="refresh_token") == 1, "a dead refresh token is not tried on every call"
    assert len(told) == 2


async def test_a_personal_account_refreshes_at_its_own_authority(tmp_path: Path) -> None:
    cloud = public_cloud(accounts="all")
    person = cloud.app.state.entra.add_personal("Pia Sand", "pia.sand@outlook.example")
    people = people_of(cloud, AtOnce(cloud, person), file_cache(tmp_path / "cache.json"), tenant="common")
    async with people.running():
        old = await people.token(None, ASK)
        assert await people.token(None, Ask.of(SCOPES, refused=old)) != old
        identity = await people.identity()
        (listed,) = await people.listed()
    assert identity.username == "pia.sand@outlook.example"
    assert identity.principal.tenant_id == "9188040d-6c67-4c5b-b112-36a304b66dad"
    assert identity.permissions is None
    assert listed.is_personal


async def test_a_sign_in_needs_the_server_to_be_running() -> None:
    with pytest.raises(SignInError, match="shutting down"):
        await people_of(public_cloud()).token(None, ASK)


async def test_a_flow_that_fails_unexpectedly_is_told_as_such_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        invitation = None

        async def begin(self, application: object, request: object) -> Broken:
            return self

        async def result(self) -> dict[str, object]:
            raise ZeroDivisionError

        def close(self, error: AppError | None) -> None:
            assert isinstance(error, SignInError)

    people = people_of(public_cloud(), Broken())
    async with people.running():
        with pytest.raises(SignInError, match="ended unexpectedly"):
            await people.token(None, ASK)
    assert "sign-in ended unexpectedly" in caplog.text


async def test_a_thousand_callers_of_one_account_make_one_token_request() -> None:
    cloud = public_cloud()
    people, tokens = people_of(cloud, keeper=TokenKeeper()), set[str]()
    async with people.running():
        old = await people.token(None, ASK)
        cloud.app.state.entra.journal.clear()

        async def ask() -> None:
            tokens.add(await people.token(None, Ask.of(SCOPES, refused=old)))

        async with anyio.create_task_group() as tasks:
            for _ in range(1_000):
                tasks.start_soon(ask)
    assert len(tokens) == 1
    assert cloud.app.state.entra.journal.count() == 1


async def test_a_sign_in_that_was_asked_for_is_told_by_the_next_call_and_only_once() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=told)
    ines = cloud.app.state.tenant.demo_person
    async with people.running():
        with pytest.raises(SignInNeeded) as invited:
            await people.login()
        await approve(cloud, told[0], ines)
        turns.go_on()
        assert await people.settled(invited.value.sign_in)
        assert await people.settled("an attempt of long ago")
        assert (await people.login()).username == ines.user_principal_name
        assert (await people.login(ines.user_principal_name)).username == ines.user_principal_name
        with pytest.raises(SignInNeeded):
            await people.login()
    assert len(told) == 2, "a third account is a new sign-in, a known one is not"


async def test_a_token_that_was_challenged_twice_is_not_renewed_in_silence() -> None:
    cloud, told = public_cloud(), list[str]()
    first = people_of(cloud)
    async with first.running():
        token = await first.token(None, ASK)
    people = people_of(cloud, auth.DeviceFlow(pause=Turns()), first._cache, told=told)
    cloud.app.state.entra.journal.clear()
    async with people.running():
        with pytest.raises(SignInNeeded):
            await people.token(None, Ask.of(SCOPES, claims='{"access_token":{}}', refused=token))
    assert cloud.app.state.entra.journal.count() == 0
    assert len(told) == 1


async def test_a_tenant_that_is_named_by_its_domain_finds_its_accounts(tmp_path: Path) -> None:
    cloud, path = public_cloud(), tmp_path / "cache.json"
    domain = cloud.app.state.tenant.domain
    people = people_of(cloud, cache=file_cache(path), tenant=domain)
    async with people.running():
        await people.token(None, ASK)
    again = people_of(cloud, cache=file_cache(path), tenant=domain)
    cloud.app.state.entra.journal.clear()
    async with again.running():
        await again.token(None, ASK)
    assert cloud.app.state.entra.journal.count() == 0


async def test_a_caller_that_gives_up_does_not_take_the_sign_in_with_it() -> None:
    cloud, turns, told = public_cloud(), Turns(), list[str]()
    people = people_of(cloud, auth.DeviceFlow(pause=turns), told=told)
    async with people.running(), anyio.create_task_group() as tasks:
        with pytest.raises(SignInNeeded) as invited:
            await people.token(None, ASK)
        tasks.start_soon(people.token, None, ASK)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    async with people.running():
        # The attempt ended with the server that it was begun under; the next one begins anew.
        with pytest.raises(SignInError):
            await people.token(None, ASK)
    assert invited.value.sign_in


class Watched(FileTokenCache):
    """A cache that notes which threads touch it."""

    threads: set[int]

    @contextmanager
    def opened(self) -> Iterator[Any]:
        self.threads.add(threading.get_ident())
        with super().opened() as cache:
            yield cache

    def records(self) -> Records:
        self.threads.add(threading.get_ident())
        return super().records()

    def selected(self) -> str | None:
        self.threads.add(threading.get_ident())
        return super().selected()

    def select(self, home_account_id: str | None) -> None:
        self.threads.add(threading.get_ident())
        super().select(home_account_id)


async def test_msal_and_the_file_are_never_touched_by_the_threads_of_the_event_loop(tmp_path: Path) -> None:
    cloud = public_cloud()
    cache = Watched(tmp_path / "cache.json", client_id=APP, warn=pytest.fail)
    cache.threads = set()
    seen, inner = set[int](), cloud.http

    class Noting(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            seen.add(threading.get_ident())
            with inner() as http:
                return http.send(request)

    cloud.http = lambda: sync_client(Noting())  # type: ignore[method-assign]
    people = people_of(cloud, cache=cache)
    async with people.running():
        old = await people.token(None, ASK)
        await people.token(None, Ask.of(SCOPES, refused=old))
        await people.select("ines.aldana@lindenhall.example")
        await people.logout()
    assert seen
    assert cache.threads
    assert threading.get_ident() not in seen | cache.threads
