"""auth/device.py: real MSAL against the emulator's Entra, while the person types a code elsewhere."""

from __future__ import annotations

import logging
import threading

import anyio
import httpx
import pytest

from auth._flow import Attempt, SignInRequest
from auth.device import DeviceFlow
from errors import SignInError, SignInUnavailable
from tests.auth.flows import PAGES, SCOPES, Browser, Cloud, Pauses

ASKED = SignInRequest(SCOPES)


async def begun(cloud: Cloud, pauses: Pauses, request: SignInRequest = ASKED) -> Attempt:
    return await DeviceFlow(pauses, pauses.clock).begin(await cloud.application(), request)


def code_of(attempt: Attempt) -> str:
    assert attempt.invitation is not None
    return attempt.invitation.text.partition("enter the code ")[2].partition(",")[0]


def pending(error: str = "authorization_pending") -> httpx.Response:
    return httpx.Response(400, json={"error": error, "error_description": "AADSTS70016: not yet"})


async def test_the_invitation_names_the_page_and_the_code() -> None:
    attempt = await begun(Cloud(), Pauses())
    assert attempt.invitation is not None
    assert attempt.invitation.url == f"{PAGES}/devicelogin"
    code = code_of(attempt)
    assert code
    assert attempt.invitation.text == (
        f"Sign-in needed: open {PAGES}/devicelogin in a browser, enter the code {code}, then repeat the call."
    )


async def test_a_person_who_types_the_code_is_signed_in() -> None:
    cloud, pauses = Cloud(), Pauses()
    attempt = await begun(cloud, pauses)
    async with Browser(cloud) as browser:
        pauses.meanwhile[3] = lambda: browser.type_code(code_of(attempt), cloud.jonas)
        result = await attempt.result()
    assert result["id_token_claims"]["preferred_username"] == cloud.jonas.user_principal_name
    assert result["access_token"]
    assert pauses.taken == [5, 5, 5], "one look per interval, and the first one after it"
    assert len(cloud.wire.forms) == 3
    assert threading.get_ident() not in cloud.wire.threads


async def test_a_person_who_declines_ends_the_attempt() -> None:
    cloud, pauses = Cloud(), Pauses()
    attempt = await begun(cloud, pauses)
    async with Browser(cloud) as browser:
        pauses.meanwhile[2] = lambda: browser.type_code(code_of(attempt), None)
        result = await attempt.result()
    assert result["error"] == "authorization_declined"
    assert len(pauses.taken) == 2


async def test_nobody_typing_the_code_ends_the_attempt_when_it_expires() -> None:
    cloud, pauses = Cloud(), Pauses()
    attempt = await begun(cloud, pauses)
    with pytest.raises(SignInError, match=r"Nobody signed in.*Repeat the call") as caught:
        await attempt.result()
    assert code_of(attempt) not in str(caught.value)
    assert sum(pauses.taken) == 900


async def test_the_last_look_is_at_the_moment_of_expiry() -> None:
    cloud, pauses = Cloud(), Pauses()
    attempt = await begun(cloud, pauses)
    pauses.now += 898
    with pytest.raises(SignInError):
        await attempt.result()
    assert pauses.taken == [2]
    assert len(cloud.wire.forms) == 1


async def test_a_code_that_is_over_before_anybody_waits_is_never_looked_at() -> None:
    cloud, pauses = Cloud(), Pauses()
    attempt = await begun(cloud, pauses)
    pauses.now += 901
    with pytest.raises(SignInError):
        await attempt.result()
    assert cloud.wire.forms == []


async def test_entra_saying_that_the_code_has_expired_ends_the_attempt() -> None:
    cloud, pauses = Cloud(), Pauses()
    cloud.wire.script = [pending("expired_token")]
    result = await (await begun(cloud, pauses)).result()
    assert result["error"] == "expired_token"


async def test_slow_down_makes_every_later_pause_longer() -> None:
    cloud, pauses = Cloud(), Pauses()
    cloud.wire.script = [pending(), pending("slow_down"), pending(), pending("slow_down"), pending()]
    attempt = await begun(cloud, pauses)
    async with Browser(cloud) as browser:
        pauses.meanwhile[6] = lambda: browser.type_code(code_of(attempt), cloud.ines)
        assert (await attempt.result())["access_token"]
    assert pauses.taken == [5, 5, 10, 10, 15, 15]


@pytest.mark.parametrize(
    ("trouble", "pauses_taken"),
    [
        pytest.param([SignInUnavailable("away")] * 2, [5, 10, 20], id="no answer"),
        pytest.param([httpx.ReadTimeout("too slow")], [5, 10], id="a timeout"),
        pytest.param([httpx.ConnectError("no route")], [5, 10], id="no network"),
        pytest.param([httpx.Response(200, text="<html>Welcome to the hotel")], [5, 10], id="a page of a hotel"),
        pytest.param([SignInUnavailable("busy", retry_after=42)], [5, 42], id="asked for patience"),
        pytest.param([SignInUnavailable("busy", retry_after=1)], [5, 10], id="asked for less than the interval"),
        pytest.param([SignInUnavailable("away")] * 6, [5, 10, 20, 40, 60, 60, 60], id="for long"),
        pytest.param([pending("temporarily_unavailable"), pending("server_error")], [5, 10, 20], id="said so"),
        pytest.param([SignInUnavailable("away"), pending(), SignInUnavailable("away")], [5, 10, 5, 10], id="recovers"),
    ],
)
async def test_trouble_that_passes_is_met_with_ever_longer_pauses(
    trouble: list[httpx.Response | Exception], pauses_taken: list[float]
) -> None:
    cloud, pauses = Cloud(), Pauses()
    cloud.wire.script = list(trouble)
    attempt = await begun(cloud, pauses)
    async with Browser(cloud) as browser:
        await browser.type_code(code_of(attempt), cloud.ines)
        assert (await attempt.result())["access_token"]
    assert pauses.taken == pauses_taken


async def test_trouble_that_does_not_pass_ends_with_the_code() -> None:
    cloud, pauses = Cloud(), Pauses()
    cloud.wire.script = [SignInUnavailable("away") for _ in range(40)]
    with pytest.raises(SignInUnavailable, match="away"):
        await (await begun(cloud, pauses)).result()
    assert sum(pauses.taken) == 900


async def test_claims_that_graph_wants_are_asked_for_at_both_ends() -> None:
    cloud, pauses = Cloud(), Pauses()
    claims = '{"access_token": {"acrs": {"essential": true, "value": "c1"}}}'
    cloud.wire.script = [pending("expired_token")]
    await (await begun(cloud, pauses, SignInRequest(SCOPES, claims=claims))).result()
    assert '"acrs"' in cloud.wire.forms[0]["claims"]


@pytest.mark.parametrize(
    "missing", [pytest.param(name, id=name) for name in ("user_code", "device_code", "verification_uri")]
)
async def test_a_code_that_lacks_a_part_invites_nobody(missing: str) -> None:
    whole = {"user_code": "ABC", "device_code": "secret", "verification_uri": "https://microsoft.com/devicelogin"}
    answer = {name: value for name, value in whole.items() if name != missing}

    class Half:
        """An application whose Entra forgets something."""

        def initiate_device_flow(self, scopes: list[str], claims_challenge: str | None) -> dict[str, str]:
            return answer

    attempt = await DeviceFlow().begin(Half(), ASKED)
    assert attempt.invitation is None
    assert await attempt.result() == answer


async def test_an_app_that_entra_does_not_know_gets_its_answer_as_the_result() -> None:
    cloud = Cloud()
    application = await cloud.application()
    application.client.client_id = "00000000-0000-4000-8000-000000000000"
    attempt = await DeviceFlow().begin(application, ASKED)
    assert attempt.invitation is None
    result = await attempt.result()
    assert result["error_codes"] == [700016]


async def test_the_device_code_is_in_no_record(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    cloud, pauses = Cloud(), Pauses()
    cloud.wire.script = [SignInUnavailable("away"), pending()]
    attempt = await begun(cloud, pauses)
    async with Browser(cloud) as browser:
        await browser.type_code(code_of(attempt), cloud.ines)
        await attempt.result()
    secret = cloud.wire.forms[0]["device_code"]
    assert secret
    assert secret not in caplog.text
    assert secret not in repr(attempt)
    assert secret not in repr(attempt.invitation)


async def test_whoever_gives_up_stops_the_looking() -> None:
    cloud, waiting = Cloud(), anyio.Event()

    async def pause(_: float) -> None:
        waiting.set()
        await anyio.sleep_forever()

    attempt = await DeviceFlow(pause).begin(await cloud.application(), ASKED)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(attempt.result)
        await waiting.wait()
        tasks.cancel_scope.cancel()
    assert cloud.wire.forms == []
