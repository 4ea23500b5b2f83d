"""auth/inbound/jwks.py: keys are fetched seldom, by one for all, and are not trusted longer than they should be."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from typing import Any

import anyio
import httpx
import pytest

from auth.inbound.jwks import MAX_BYTES, KeySet
from errors import KeysUnavailable, NotAdmitted, StartError
from tests.auth.inbound.jwts import HOME, KID, LOGIN, STANDBY_KID, Chunks, Hand, KeyService, key_of, number, published

ADDRESS = f"{LOGIN}/{HOME}/discovery/v2.0/keys"
DAY = 24 * 3600


class Keys(KeySet):
    """A key set with the service that it is fetched from, and their clock."""

    def __init__(self, *entries: dict[str, Any], seconds: float = 5) -> None:
        self.service, self.clock = KeyService(*entries), Hand(1000)
        super().__init__(f"{LOGIN}/{HOME}/v2.0", ADDRESS, self.service.client, steady=self.clock, seconds=seconds)

    @property
    def fetches(self) -> int:
        return len(self.service.asked)

    async def outcome(self, kid: str = KID) -> str:
        try:
            await self.key(kid)
        except (NotAdmitted, KeysUnavailable) as error:
            return type(error).__name__
        return "found"


# How often


async def test_one_flight_serves_all_who_wait() -> None:
    keys, go = Keys(), anyio.Event()
    keys.service.before = go.wait
    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(keys.key, KID)
        await anyio.wait_all_tasks_blocked()
        go.set()
    assert keys.service.asked == [ADDRESS]


async def test_whoever_hangs_up_does_not_end_the_flight_of_the_others() -> None:
    keys, go, found = Keys(), anyio.Event(), []
    keys.service.before = go.wait

    async def wait_for_it() -> None:
        found.append(await keys.key(KID))

    async with anyio.create_task_group() as tasks:
        impatient = anyio.CancelScope()

        async def hang_up() -> None:
            with impatient:
                await keys.key(KID)

        tasks.start_soon(hang_up)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(wait_for_it)
        await anyio.wait_all_tasks_blocked()
        impatient.cancel()
        go.set()
    assert len(found) == keys.fetches == 1


async def test_a_fetch_that_is_cancelled_is_not_begun_again_at_once() -> None:
    keys = Keys()
    keys.service.before = anyio.sleep_forever
    for _ in range(5):
        task = asyncio.create_task(keys.outcome())
        await anyio.wait_all_tasks_blocked()
        task.cancel()
        await asyncio.wait([task])
    assert keys.fetches == 1
    keys.service.before = None
    keys.clock.now += 10
    assert await keys.outcome() == "found"


async def test_ten_thousand_unknown_ids_cost_one_fetch_more_and_leave_nothing_behind() -> None:
    keys = Keys()
    await keys.key(KID)
    keys.clock.now += 61
    for turn in range(10_000):
        with pytest.raises(NotAdmitted):
            await keys.key(f"random-{turn}")
    assert keys.fetches == 2
    assert len(keys._keys) == 2


async def test_unknown_ids_before_any_key_is_known_cost_one_fetch() -> None:
    keys = Keys()
    assert {await keys.outcome(f"random-{turn}") for turn in range(100)} == {"NotAdmitted"}
    assert keys.fetches == 1


async def test_a_new_key_is_found_within_a_minute() -> None:
    keys = Keys(published())
    await keys.key(KID)
    keys.service.entries.append(published("new", "standby"))
    assert await keys.outcome("new") == "NotAdmitted"
    keys.clock.now += 61
    assert await keys.outcome("new") == "found"
    assert keys.fetches == 2


# How long


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        pytest.param("max-age=3600, private", 3600, id="as it says"),
        pytest.param("private,max-age=7200", 7200, id="after something else"),
        pytest.param("max-age=1", 300, id="five minutes at least"),
        pytest.param("max-age=999999999", DAY, id="a day at most"),
        pytest.param("no-store", DAY, id="without a word"),
        pytest.param("x-max-age=400", DAY, id="another directive"),
        pytest.param("max-age=-5", DAY, id="nonsense"),
    ],
)
async def test_keys_are_kept_as_long_as_the_service_says_within_bounds(said: str, seconds: int) -> None:
    keys = Keys()
    keys.service.headers = {"Cache-Control": said}
    await keys.key(KID)
    keys.clock.now += seconds - 1
    await keys.key(KID)
    assert keys.fetches == 1
    keys.clock.now += 2
    await keys.key(KID)
    assert keys.fetches == 2


async def test_a_withdrawn_key_is_not_taken_past_its_age() -> None:
    keys = Keys()
    await keys.key(KID)
    keys.service.entries = [published(STANDBY_KID, "standby")]
    keys.clock.now += DAY + 1
    assert keys.at_hand(KID) is None
    assert await keys.outcome(KID) == "NotAdmitted"


async def test_a_key_that_is_published_again_stays_the_same_object_and_a_changed_one_does_not() -> None:
    keys = Keys()
    first = await keys.key(KID)
    keys.clock.now += DAY + 1
    assert await keys.key(KID) is first
    keys.service.entries = [published(name="standby")]
    keys.clock.now += DAY + 1
    assert await keys.key(KID) is not first


# When the service is out


async def test_stale_keys_serve_for_a_day_and_then_nobody_is_let_in() -> None:
    keys = Keys()
    await keys.key(KID)
    keys.service.fail()
    keys.clock.now += 2 * DAY - 1
    assert await keys.outcome() == "found"
    assert await keys.is_usable()
    keys.clock.now += 2
    assert await keys.outcome() == "KeysUnavailable"
    assert not await keys.is_usable()


async def test_an_outage_is_asked_about_once_a_minute_and_over_with_the_first_answer() -> None:
    keys = Keys()
    await keys.key(KID)
    keys.service.fail()
    keys.clock.now += DAY + 1
    for _ in range(100):
        await keys.key(KID)
    assert keys.fetches == 2
    keys.clock.now += 61
    keys.service.answer = None
    await keys.key(KID)
    assert keys.at_hand(KID)
    assert keys.fetches == 3


async def test_an_unknown_id_during_an_outage_is_neither_taken_nor_refused() -> None:
    keys = Keys()
    await keys.key(KID)
    keys.service.fail()
    keys.clock.now += 61
    assert await keys.outcome("new") == "KeysUnavailable"
    assert await keys.outcome(KID) == "found"


async def test_without_keys_the_caller_hears_when_to_come_again() -> None:
    keys = Keys()
    keys.service.fail()
    with pytest.raises(KeysUnavailable) as caught:
        await keys.key(KID)
    assert caught.value.retry_after == 10
    keys.clock.now += 9
    with pytest.raises(KeysUnavailable) as caught:
        await keys.key(KID)
    assert (caught.value.retry_after, keys.fetches) == (1, 1)
    keys.clock.now += 1
    keys.service.answer = None
    assert await keys.outcome() == "found"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        pytest.param("120", 120, id="as asked"),
        pytest.param("1", 10, id="ten seconds at least"),
        pytest.param("86400", 300, id="five minutes at most"),
        pytest.param("Sat, 01 Jan 2000 00:00:00 GMT", 10, id="a date that is over"),
        pytest.param("soon", 10, id="nonsense"),
    ],
)
async def test_the_service_may_ask_for_patience(said: str, seconds: int) -> None:
    keys = Keys()
    keys.service.fail(429, **{"Retry-After": said})
    with pytest.raises(KeysUnavailable) as caught:
        await keys.key(KID)
    assert caught.value.retry_after == seconds


async def test_asking_whether_it_is_ready_does_not_hammer_the_service() -> None:
    keys = Keys()
    keys.service.fail()
    assert not any([await keys.is_usable() for _ in range(1000)])
    assert keys.fetches == 1
    keys.clock.now += 10
    await keys.is_usable()
    assert keys.fetches == 2


# What comes in place of keys


def _answer(body: bytes, status: int = 200, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, headers=headers, stream=Chunks(body))


def _raising(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(_answer(b""), id="nothing"),
        pytest.param(_answer(b"<html>"), id="a page"),
        pytest.param(_answer(b"[]"), id="a list"),
        pytest.param(_answer(b"7"), id="a number"),
        pytest.param(_answer(b"{}"), id="no keys"),
        pytest.param(_answer(b'{"keys": {}}'), id="keys that are no list"),
        pytest.param(_answer(b'{"keys": []}'), id="an empty list"),
        pytest.param(_answer(b'{"keys": [1, null, "x", []]}'), id="entries that are none"),
        pytest.param(_answer(b"\xff\xfe\x00"), id="no text"),
        pytest.param(_answer(b"[" * 100_000), id="far too deep"),
        pytest.param(_answer(json.dumps({"keys": [published()]}).encode()[:-9]), id="half an answer"),
        pytest.param(_answer(json.dumps({"keys": [published("x")]}).encode() + b" " * MAX_BYTES), id="too much"),
        pytest.param(_answer(json.dumps({"keys": [published()]}).encode(), 404), id="another status"),
        pytest.param(_answer(b"", 302, Location="https://evil.example/keys"), id="a redirect"),
        pytest.param(_raising(httpx.ConnectError("no route")), id="no connection"),
        pytest.param(_raising(httpx.ReadTimeout("slow")), id="silence"),
        pytest.param(_raising(OSError("broken")), id="a broken network"),
        pytest.param(_raising(StartError("no such proxy")), id="a proxy that cannot be used"),
    ],
)
async def test_an_answer_without_keys_withdraws_none(
    answer: Callable[[httpx.Request], httpx.Response], caplog: pytest.LogCaptureFixture
) -> None:
    keys = Keys()
    await keys.key(KID)
    keys.service.answer = answer
    keys.clock.now += DAY + 1
    assert await keys.outcome() == "found"
    assert keys.at_hand(KID) is None
    assert keys.fetches == 2
    assert [record.levelname for record in caplog.records if record.name == "auth.inbound.jwks"] == ["WARNING"]


async def test_an_answer_of_endless_length_is_not_read_to_its_end() -> None:
    keys, body = Keys(), Chunks(*[b" " * 65536] * 100)
    keys.service.answer = lambda _: httpx.Response(200, stream=body)
    assert await keys.outcome() == "KeysUnavailable"
    assert body.sent == MAX_BYTES // 65536 + 1


async def test_a_packed_answer_is_not_unpacked() -> None:
    keys = Keys()
    packed = gzip.compress(json.dumps({"keys": [published()]}).encode())
    keys.service.answer = _answer(packed, 200, **{"Content-Encoding": "gzip"})
    assert await keys.outcome() == "KeysUnavailable"


async def test_a_service_that_does_not_answer_is_given_up_on() -> None:
    keys = Keys(seconds=0)
    keys.service.before = anyio.sleep_forever
    assert await keys.outcome() == "KeysUnavailable"


def test_keys_are_fetched_over_https_alone() -> None:
    with pytest.raises(ValueError, match="https"):
        KeySet("issuer", ADDRESS.replace("https", "http"), KeyService().client)


# Which keys


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(published(kty="EC"), id="another type"),
        pytest.param(published(kty="oct", k="c2VjcmV0"), id="a shared secret"),
        pytest.param(published(use="enc"), id="for encryption"),
        pytest.param(published(alg="PS256"), id="for another algorithm"),
        pytest.param(published(bits=1024, name="short"), id="too short"),
        pytest.param(published(n=number(2**16384 + 1)), id="too long"),
        pytest.param(published(n="!!!"), id="no number"),
        pytest.param(published(n="AAA\u00e9"), id="no text of base64"),
        pytest.param(published(n=number(key_of("home").public_key().public_numbers().n + 1)), id="an even modulus"),
        pytest.param(published(n="A" * 4096), id="a long number"),
        pytest.param(published(n=None), id="no modulus"),
        pytest.param(published(n=5), id="a modulus that is no text"),
        pytest.param(published(e="AQ"), id="an exponent of 1"),
        pytest.param(published(e="Aw"), id="an exponent of 3"),
        pytest.param(published(e=""), id="no exponent"),
        pytest.param(published(kid=5), id="an id that is no text"),
        pytest.param(published(issuer=f"{LOGIN}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"), id="of personal accounts"),
        pytest.param(published(issuer=f"https://login.microsoftonline.us/{HOME}/v2.0"), id="of another cloud"),
        pytest.param(published(issuer=None), id="an issuer that is no text"),
    ],
)
async def test_other_keys_are_left_out(entry: dict[str, Any]) -> None:
    keys = Keys(entry, published(STANDBY_KID, "standby"))
    assert await keys.outcome() == "NotAdmitted"
    assert await keys.outcome(STANDBY_KID) == "found"


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(published(), id="of the tenant"),
        pytest.param(published(issuer=f"{LOGIN}/{{tenantid}}/v2.0"), id="of every tenant"),
        pytest.param({name: value for name, value in published().items() if name not in ("issuer", "use")}, id="bare"),
        pytest.param(published(alg="RS256", x5t=KID, x5c=["AAAA"], cloud_instance_name="x"), id="with all there is"),
    ],
)
async def test_keys_that_sign_for_the_tenant_are_taken(entry: dict[str, Any]) -> None:
    assert await Keys(entry).outcome() == "found"
